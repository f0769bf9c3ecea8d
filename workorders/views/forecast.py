"""The forecast at the desk: planned work without anybody to send, and which paper of whom would save how much."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.guards import requires
from accounts.pages import page_or_partial
from accounts.permissions import Act
from accounts.together import totals
from assets.models import Site
from vendors.models import ComplianceDocument, DocumentKind
from vendors.papers import PAPERS
from vendors.pool import one_paper_short
from workorders import forecast as rules

AHEAD = {"30": "30 days", "60": "60 days", "90": "90 days"}
USUAL = "30"
PAGE = 50
REMEDIES = 20


@require_safe
@requires(Act.VIEW_VENDORS)
def forecast(request: HttpRequest) -> HttpResponse:
    """Planned jobs of the coming weeks that nobody could be sent to, by day; narrowed to what one paper would save."""
    days = request.GET.get("days", "")
    days = days if days in AHEAD else USUAL
    today = timezone.localdate()
    until = today + timedelta(days=int(days))
    sites = Site.objects.visible_to(request.user, Act.VIEW_VENDORS).trading()
    waiting = totals(
        ComplianceDocument.objects.visible_to(request.user, Act.VIEW_VENDORS).waiting(), number=Count("pk")
    )
    found = rules.forecast(sites=sites, today=today, until=until, also=waiting)
    vendor, paper = request.GET.get("vendor", ""), request.GET.get("paper", "")
    chosen = next((one for one in found.remedies if (one.code, one.kind) == (vendor, paper)), None)
    number = request.GET.get("page", "")
    page = max(1, int(number)) if number.isdecimal() and len(number) < 6 else 1
    shown = found.lost if chosen else found.lost[(page - 1) * PAGE : page * PAGE]
    short = one_paper_short({one.job.place for one in shown})
    if chosen:
        saved = [one for one in shown if (chosen.code, chosen.name, chosen.kind) in short.get(one.job.place, ())]
        total, shown = len(saved), saved[(page - 1) * PAGE : page * PAGE]
    else:
        total = len(found.lost)
    first = (page - 1) * PAGE
    context = {
        "days": days,
        "periods": list(AHEAD.items()),
        "today": today,
        "until": until,
        "found": found,
        "total": total,
        "chosen": chosen and (chosen, _named(chosen.kind)),
        "remedies": [(one, _named(one.kind)) for one in found.remedies[:REMEDIES]],
        "lines": [
            (one, [(code, name, _named(kind)) for code, name, kind in short.get(one.job.place, ())]) for one in shown
        ],
        "said": f"{first + 1:,} to {first + len(shown):,} of {total:,}" if shown else "",
        "previous": _link(request, page - 1) if page > 1 else "",
        "next": _link(request, page + 1) if first + len(shown) < total else "",
        "tab": "forecast",
        "waiting": sum(number for (number,) in waiting),
    }
    return page_or_partial(request, "workorders/desk/forecast.html", context, partials=("forecast-jobs",))


def _named(kind: str) -> str:
    return PAPERS[DocumentKind(kind)]


def _link(request: HttpRequest, page: int) -> str:
    asked: Any = request.GET.copy()
    asked["page"] = str(page)
    return f"?{asked.urlencode()}"
