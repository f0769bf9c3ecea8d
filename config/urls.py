"""The site map. Each app keeps its own addresses; here is only who stands where."""

from django.contrib import admin
from django.urls import include, path

from config.views import health, home, operations, search, settings

composed = [
    path("search", search.everything, name="search"),
    path("settings", settings.index, name="settings"),
    path("settings/thresholds", settings.thresholds, name="thresholds"),
    path("settings/thresholds/<str:name>", settings.threshold, name="threshold"),
    path("settings/<slug:name>/sheet", settings.sheet, name="sheet"),
    path("settings/<slug:name>/sheet.csv", settings.sheet_file, name="sheet_file"),
    path("settings/<slug:name>", settings.catalog, name="catalog"),
    path("settings/<slug:name>/new", settings.entry, name="catalog_new"),
    path("settings/<slug:name>/<int:pk>", settings.entry, name="catalog_entry"),
    path("settings/<slug:name>/<int:pk>/remove", settings.entry_remove, name="catalog_remove"),
    path("settings/<slug:name>/<int:pk>/retire", settings.entry_retire, {"back": False}, name="catalog_retire"),
    path("settings/<slug:name>/<int:pk>/return", settings.entry_retire, {"back": True}, name="catalog_return"),
    path("operations", operations.operations, name="operations"),
    path("operations/jobs/<slug:name>/run", operations.run_job, name="run_job"),
    path("operations/events/<int:pk>/replay", operations.replay_event, name="replay_event"),
    path("operations/notices/<int:pk>/replay", operations.replay_notice, name="replay_notice"),
]

urlpatterns = [
    path("", home.home, name="home"),
    path("", include((composed, "config"))),
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
    path("", include("accounts.urls")),
    path("", include("assets.urls")),
    path("", include("vendors.urls")),
    path("", include("workorders.urls")),
    path("", include("reporting.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "config.views.errors.bad_request"
handler403 = "config.views.errors.not_allowed"
handler404 = "config.views.errors.not_found"
handler500 = "config.views.errors.broken"
