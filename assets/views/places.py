"""Sites at the desk: the list, one site, and its facts under the administrator's hand."""

from __future__ import annotations

from copy import copy
from decimal import Decimal
from math import cos, hypot, radians
from typing import Any

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import requires
from accounts.log import told
from accounts.models import LogEvent
from accounts.pages import moved, page_or_partial
from accounts.paging import page_of
from accounts.permissions import Act, may
from accounts.versions import versions_of
from accounts.views.editing import edit, sent
from assets import places as rules
from assets.filters import SiteFilter
from assets.forms import AreaForm, HoursForm, ResponsibilityForm, SiteForm
from assets.hours import hours_of
from assets.maps import Picture, Ring, Spot, draw
from assets.models import Area, Responsibility, Site

HISTORY = 15
AROUND = Decimal(1)
"""Degrees around a site within which others are shown."""
MOST_AROUND = 300
NEAR_NAMED = 4


@require_safe
@requires(Act.VIEW_SITES)
def sites(request: HttpRequest) -> HttpResponse:
    """Every site in sight, by code."""
    everything = Site.objects.visible_to(request.user, Act.VIEW_SITES).for_table()
    chosen = SiteFilter(request.GET, everything, request=request)
    context = {
        "filter": chosen,
        "page": page_of(chosen.qs, by="code", asked=request.GET),
        "filtered": any(request.GET.get(name) for name in chosen.filters),
        "may_manage": may(request.user, Act.MANAGE_SITES),
    }
    return page_or_partial(request, "assets/sites.html", context, partials=("site-results",))


@require_safe
@requires(Act.VIEW_SITES)
def site(request: HttpRequest, code: str) -> HttpResponse:
    """One site: where it is, when it is open, how to get in, who answers for what."""
    found = get_object_or_404(
        Site.objects.visible_to(request.user, Act.VIEW_SITES).select_related("region", "calendar"), code__iexact=code
    )
    now, hours = timezone.now(), hours_of(found)
    history = LogEvent.objects.visible_to(request.user).about(rules.stream_of(found)).order_by("-pk")[:HISTORY]
    around = _around(request, found)
    context = {
        "site": found,
        "map": _map(found, around),
        "near": around[:NEAR_NAMED],
        "hours": hours.in_words(),
        "is_open": hours.is_open(now),
        "areas": found.areas.filter(retired_at=None),
        "responsibilities": found.responsibilities.select_related("trade", "category").order_by("trade__name"),
        "entries": [told(event) for event in history],
        "may_manage": may(request.user, Act.MANAGE_SITES),
        "may_see_desk": may(request.user, Act.VIEW_DESK),
        "may_report": may(request.user, Act.REPORT_FOR_SITE) and found.retired_at is None,
        "now": now,
    }
    return page_or_partial(request, "assets/site.html", context)


def _around(request: HttpRequest, site: Site) -> list[Site]:
    """The other sites in sight within some hours' drive, the nearest first."""
    if site.latitude is None or site.longitude is None:
        return []
    up, along = site.latitude, site.longitude
    near = Site.objects.visible_to(request.user, Act.VIEW_SITES).trading().exclude(pk=site.pk)
    box = near.filter(latitude__range=(up - AROUND, up + AROUND), longitude__range=(along - AROUND, along + AROUND))
    shrunk = cos(radians(float(up)))  # a degree of longitude is shorter the farther north it lies

    def away(one: Site) -> float:
        return hypot(float((one.latitude or 0) - up), float((one.longitude or 0) - along) * shrunk)

    return sorted(box.only("code", "name", "latitude", "longitude")[:MOST_AROUND], key=away)


def _map(site: Site, around: list[Site]) -> Picture | None:
    """The site with its check-in area, among the others."""
    if site.latitude is None or site.longitude is None:
        return None
    up, along = float(site.latitude), float(site.longitude)
    spots = [Spot(float(one.latitude or 0), float(one.longitude or 0), "other", str(one)) for one in around]
    return draw(
        title=f"Where {site} is", said=f"{site.address or site}. Other sites around it: {len(around)}.",
        spots=[*spots, Spot(up, along, "site", str(site))], rings=[Ring(up, along, site.geofence_radius_m)],
        country=site.country, words={"site": "This site", "other": "Others in sight"},
    )  # fmt: skip


def _find(request: HttpRequest, code: str) -> Site:
    return get_object_or_404(Site.objects.visible_to(request.user, Act.MANAGE_SITES), code__iexact=code)


def _trail(found: Site) -> list[tuple[str, str]]:
    return [("Sites", resolve_url("assets:sites")), (found.code, resolve_url("assets:site", found.code))]


def _versions(found: Site, form: BaseForm, noun: str) -> dict[str, Any]:
    """What the areas, or those who answer, of a site were before; a row that has gone is told of too."""
    labels = {name: str(field.label or name.replace("_", " ").capitalize()) for name, field in form.fields.items()}
    labels["retired_at"] = "Offered no longer since"
    return {"versions": versions_of(rules.stream_of(found), labels, noun=noun) or None}


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_SITES)
def site_new(request: HttpRequest) -> HttpResponse:
    made = Site()
    form = SiteForm(sent(request), instance=Site(), by=request.user)
    return edit(
        request, form,
        lambda form: rules.keep_site(site=made, by=request.user, now=timezone.now(), **form.cleaned_data),
        heading="New site", crumbs=[("Sites", resolve_url("assets:sites"))],
        back=lambda: resolve_url("assets:site", made.code), said="The site is entered.", action="Add site",
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_SITES)
def site_edit(request: HttpRequest, code: str) -> HttpResponse:
    found = _find(request, code)
    form = SiteForm(sent(request), instance=copy(found), by=request.user)
    return edit(
        request, form,
        lambda form: rules.keep_site(site=found, by=request.user, now=timezone.now(), **form.cleaned_data),
        heading=f"Edit {found.code}", crumbs=_trail(found),
        back=lambda: resolve_url("assets:site", form.cleaned_data["code"]), said="Saved.",
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_SITES)
def site_hours(request: HttpRequest, code: str) -> HttpResponse:
    found = _find(request, code)
    form = HoursForm(sent(request), rows=found.hours.order_by("weekday", "opens_minute"))
    return edit(
        request, form,
        lambda form: rules.set_hours(site=found, openings=form.openings, by=request.user, now=timezone.now()),
        heading="Opening hours", crumbs=_trail(found), back=resolve_url("assets:site", found.code),
        said="The hours are set.",
        note="Like 09:00\N{EN DASH}21:00, several with a comma, nothing where it is closed. "
        "With no hours at all the calendar counts; without one the site is taken as always open.",
    )  # fmt: skip


@require_POST
@requires(Act.MANAGE_SITES)
def site_retire(request: HttpRequest, code: str, way: str) -> HttpResponse:
    found = _find(request, code)
    act = rules.retire_site if way == "retire" else rules.reopen_site
    act(site=found, by=request.user, now=timezone.now())
    said = "is retired" if way == "retire" else "trades again"
    return moved(request, resolve_url("assets:site", found.code), f"{found.code} {said}.")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_SITES)
def area(request: HttpRequest, code: str, pk: int | None = None) -> HttpResponse:
    """A new area of a site, or another name for one."""
    found = _find(request, code)
    row = get_object_or_404(found.areas, pk=pk) if pk else Area(site=found)
    form = AreaForm(sent(request), instance=copy(row))
    return edit(
        request, form,
        lambda form: rules.keep_area(area=row, by=request.user, now=timezone.now(), **form.cleaned_data),
        heading="Area", crumbs=_trail(found), back=resolve_url("assets:site", found.code), said="Saved.",
        template="edit_versions.html", extra=_versions(found, form, "area"),
    )  # fmt: skip


@require_POST
@requires(Act.MANAGE_SITES)
def area_retire(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    found = _find(request, code)
    rules.retire_area(area=get_object_or_404(found.areas, pk=pk), by=request.user, now=timezone.now())
    return moved(request, resolve_url("assets:site", found.code), "The area is offered no longer.")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_SITES)
def responsibility(request: HttpRequest, code: str, pk: int | None = None) -> HttpResponse:
    """Who answers for a trade at a site, when it is not simply us."""
    found = _find(request, code)
    row = get_object_or_404(found.responsibilities, pk=pk) if pk else Responsibility(site=found)
    form = ResponsibilityForm(sent(request), instance=copy(row), by=request.user)
    return edit(
        request, form,
        lambda form: rules.keep_responsibility(
            responsibility=row, by=request.user, now=timezone.now(), **form.cleaned_data
        ),
        heading="Who answers for what", crumbs=_trail(found), back=resolve_url("assets:site", found.code),
        said="Saved.", template="edit_versions.html", extra=_versions(found, form, "responsibility"),
    )  # fmt: skip


@require_POST
@requires(Act.MANAGE_SITES)
def responsibility_remove(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    found = _find(request, code)
    row = get_object_or_404(found.responsibilities, pk=pk)
    rules.remove_responsibility(responsibility=row, by=request.user, now=timezone.now())
    return moved(request, resolve_url("assets:site", found.code), "Removed. It is ours now.")
