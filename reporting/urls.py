"""Pages of what it all meant."""

from django.urls import URLPattern, URLResolver, path

from reporting.views import dashboard, intake, own_score, scores

app_name = "reporting"

urlpatterns: list[URLPattern | URLResolver] = [
    path("dashboard", dashboard.dashboard, name="dashboard"),
    path("reports/intake", intake.intake, name="intake_quality"),
    path("vendors/<str:code>/score", scores.score, name="vendor_score"),
    path("vendors/<str:code>/score/exclude/<str:number>", scores.exclude, name="score_exclude"),
    path("vendors/<str:code>/score/exclusions/<int:pk>/put-back", scores.put_back, name="score_put_back"),
    path("vendors/<str:code>/score/<slug:name>", scores.part, name="vendor_score_part"),
    path("vendors/<str:code>/score/<slug:name>/csv", scores.part_csv, name="score_part_csv"),
    path("vendors/<str:code>/trial", scores.trial, name="vendor_trial"),
    path("vendors/<str:code>/trial/verdict", scores.verdict, name="trial_verdict"),
    path("company/score", own_score.score, name="own_score"),
    path("company/score/reply", own_score.reply, name="own_score_reply"),
    path("company/score/<slug:name>", own_score.part, name="own_score_part"),
]
