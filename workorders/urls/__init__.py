"""Where the pages of the work are, by audience."""

from workorders.urls import desk, field, money, portal, store

app_name = "workorders"
urlpatterns = [*store.urlpatterns, *desk.urlpatterns, *field.urlpatterns, *portal.urlpatterns, *money.urlpatterns]
