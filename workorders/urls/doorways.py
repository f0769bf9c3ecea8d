"""Regions of the pages of places, equipment and vendors."""

from django.urls import URLPattern, path

from workorders.views import doorways, forecast, vendor_record

urlpatterns: list[URLPattern] = [
    path("sites/<str:code>/open-work", doorways.site_work, name="site_work"),
    path("assets/<str:tag>/open-work", doorways.asset_work, name="asset_work"),
    path("assets/<str:tag>/history", doorways.asset_history, name="asset_history"),
    path("assets/<str:tag>/figures", doorways.asset_figures, name="asset_figures"),
    path("assets/<str:tag>/planned", doorways.asset_plans, name="asset_plans"),
    path("vendors/<str:code>/open-jobs", doorways.vendor_work, name="vendor_work"),
    path("compliance/forecast", forecast.forecast, name="forecast"),
    path("vendors/<str:code>/jobs", vendor_record.jobs, name="vendor_jobs"),
    path("vendors/<str:code>/links", vendor_record.mailed, name="vendor_links"),
    path("vendors/<str:code>/links/end", vendor_record.mailed_end, name="vendor_links_end"),
    path("vendors/<str:code>/invoices", vendor_record.bills, name="vendor_bills"),
]
