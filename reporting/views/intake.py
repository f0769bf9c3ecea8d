"""Intake quality: how right reports come in, by problem type and by site."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.guards import requires
from accounts.permissions import Act
from accounts.together import ask
from reporting.intake_quality import quality

PERIODS = {"30": "30 days", "90": "90 days", "365": "12 months"}
USUAL = "90"


@require_GET
@requires(Act.VIEW_REPORTS)
def intake(request: HttpRequest) -> HttpResponse:
    """What had to be corrected, and what the wrong trade cost."""
    now = timezone.now()
    asked = request.GET.get("days", USUAL)
    days = asked if asked in PERIODS else USUAL
    found = ask(quality(request.user, since=now - timedelta(days=int(days)), until=now))
    tables = [("By problem, as reported", "Problem", found.problems), ("By site", "Site", found.sites)]
    context = {"found": found, "tables": tables, "days": days, "periods": PERIODS.items(), "said": PERIODS[days]}
    return render(request, "reporting/intake.html", context)
