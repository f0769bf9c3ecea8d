"""Where the pages of the work are, by audience."""

from workorders.urls import desk, field, money, portal, store

app_name = "workorders"
# Bills before jobs: jobs/invoices must not be taken for the number of a job.
urlpatterns = [*store.urlpatterns, *desk.urlpatterns, *field.urlpatterns, *money.urlpatterns, *portal.urlpatterns]
