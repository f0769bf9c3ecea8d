"""Pages of what it all meant."""

from django.urls import URLPattern, URLResolver, path

from reporting.views import dashboard, intake

app_name = "reporting"

urlpatterns: list[URLPattern | URLResolver] = [
    path("dashboard", dashboard.dashboard, name="dashboard"),
    path("reports/intake", intake.intake, name="intake_quality"),
]
