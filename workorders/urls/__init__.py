"""Where the pages of the work are, by audience."""

from workorders.urls import calendar, desk, doorways, field, link, mail, money, plans, portal, scan, store

app_name = "workorders"
# Bills before jobs: jobs/invoices must not be taken for the number of a job.
urlpatterns = [
    *store.urlpatterns,
    *desk.urlpatterns,
    *field.urlpatterns,
    *mail.urlpatterns,
    *money.urlpatterns,
    *portal.urlpatterns,
    *plans.urlpatterns,
    *scan.urlpatterns,
    *link.urlpatterns,
    *doorways.urlpatterns,
    *calendar.urlpatterns,
]
