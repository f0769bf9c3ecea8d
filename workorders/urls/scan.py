"""What a label opens."""

from django.urls import URLPattern, path

from workorders.views import scan

urlpatterns: list[URLPattern] = [
    path("q/<uuid:code>", scan.scan, name="scan"),
    path("q/<uuid:code>/done", scan.scan_done, name="scan_done"),
]
