"""The site map. Each app keeps its own addresses; here is only who stands where."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("assets.urls")),
    path("", include("vendors.urls")),
    path("", include("workorders.urls")),
    path("", include("reporting.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
