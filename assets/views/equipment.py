"""Equipment as a store looks it up: the list, and one unit."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from accounts.guards import requires
from accounts.pages import page_or_partial
from accounts.paging import page_of
from accounts.permissions import Act, may
from accounts.words import MONTHS, Mark
from assets.models import Asset, AssetStatus, Site
from assets.models.asset import AssetQuerySet

MOST_SITES = 100
MARKS = {
    AssetStatus.IN_SERVICE: Mark("In service", "done", "circle-check"),
    AssetStatus.DEGRADED: Mark("Degraded", "wait", "triangle-alert"),
    AssetStatus.DOWN: Mark("Down", "bad", "circle-x"),
    AssetStatus.RETIRED: Mark("Retired", "off", "archive"),
}


def _visible(request: HttpRequest) -> AssetQuerySet:
    return Asset.objects.visible_to(request.user, Act.VIEW_ASSETS).for_table()


def _find(request: HttpRequest, tag: str) -> Asset:
    return get_object_or_404(_visible(request), tag__iexact=tag)


@requires(Act.VIEW_ASSETS)
def equipment(request: HttpRequest) -> HttpResponse:
    """The units of this person's stores, by tag."""
    sites = list(Site.objects.visible_to(request.user, Act.VIEW_ASSETS).trading().order_by("code")[:MOST_SITES])
    words, code = request.GET.get("q", "").strip()[:100], request.GET.get("site", "")
    units = _visible(request).in_use()
    if site := next((one for one in sites if one.code == code), None):
        units = units.filter(site=site)
    if words:
        units = units.filter(Q(tag__icontains=words) | Q(name__icontains=words) | Q(category__name__icontains=words))
    page = page_of(units, by="tag", asked=request.GET)
    context = {
        "page": page,
        "lines": [(unit, MARKS[AssetStatus(unit.condition)]) for unit in page.rows],
        "sites": sites,
        "site": site,
        "words": words,
        "filtered": bool(words or site),
    }
    return page_or_partial(request, "assets/equipment.html", context, partials={"equipment"})


@requires(Act.VIEW_ASSETS)
def unit(request: HttpRequest, tag: str) -> HttpResponse:
    """One unit: what it is, what covers it, what was reported for it."""
    found = _find(request, tag)
    today = timezone.now().astimezone(ZoneInfo(found.site.time_zone)).date()
    context = {
        "unit": found,
        "mark": MARKS[AssetStatus(found.condition)],
        "warranty": _warranty(found, today),
        "may_see_requests": may(request.user, Act.VIEW_REQUESTS),
        "may_report": may(request.user, Act.REPORT) and found.condition != AssetStatus.RETIRED,
    }
    return page_or_partial(request, "assets/unit.html", context)


def _warranty(found: Asset, today: date) -> str:
    running = found.warranties.filter(starts_on__lte=today, ends_on__gte=today).order_by("ends_on").first()
    if running is None:
        return "No warranty covers it now"
    ends = running.ends_on
    return f"{running.covers} covered by {running.provider_name} until {ends.day} {MONTHS[ends.month - 1]} {ends.year}"
