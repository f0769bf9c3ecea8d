"""Equipment at the desk: the list, one unit with its history, and its facts under a manager's hand."""

from __future__ import annotations

from copy import copy
from datetime import date
from zoneinfo import ZoneInfo

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
from accounts.views.editing import edit, sent
from accounts.words import Mark
from assets import inventory as rules
from assets.filters import AssetFilter
from assets.forms import AssetForm, WarrantyForm
from assets.models import Asset, AssetStatus, Site, Warranty
from assets.views.equipment import MARKS

HISTORY = 15


@require_safe
@requires(Act.VIEW_ASSETS)
def assets(request: HttpRequest) -> HttpResponse:
    """Every unit in sight, by tag."""
    everything = Asset.objects.visible_to(request.user, Act.VIEW_ASSETS).for_table()
    chosen = AssetFilter(request.GET, everything, request=request)
    page = page_of(chosen.qs, by="tag", asked=request.GET)
    context = {
        "filter": chosen,
        "page": page,
        "lines": [(unit, MARKS[AssetStatus(unit.condition)]) for unit in page.rows],
        "filtered": any(request.GET.get(name) for name in chosen.filters),
        "may_manage": may(request.user, Act.MANAGE_ASSETS),
    }
    return page_or_partial(request, "assets/assets.html", context, partials=("asset-results",))


@require_safe
@requires(Act.VIEW_ASSETS)
def asset(request: HttpRequest, tag: str) -> HttpResponse:
    """One unit: what it is, what covers it; what was done to it comes through the doors of the apps above."""
    found = get_object_or_404(
        Asset.objects.visible_to(request.user, Act.VIEW_ASSETS).for_table().select_related("parent", "merged_into"),
        tag__iexact=tag,
    )
    now = timezone.now()
    today = now.astimezone(ZoneInfo(found.site.time_zone)).date()
    history = LogEvent.objects.visible_to(request.user).about(rules.stream_of(found)).order_by("-pk")[:HISTORY]
    manages = Site.objects.visible_to(request.user, Act.MANAGE_ASSETS).filter(pk=found.site_id)
    context = {
        "asset": found,
        "mark": MARKS[AssetStatus(found.condition)],
        "age": _years(found.installed_on, today),
        "warranties": [(row, _cover(row, today)) for row in found.warranties.select_related("trade")],
        "parts": found.parts.in_use(),
        "entries": [told(event) for event in history],
        "may_manage": may(request.user, Act.MANAGE_ASSETS) and manages.exists(),
        "may_see_spend": may(request.user, Act.VIEW_SPEND),
        "may_report": may(request.user, Act.REPORT_FOR_SITE) and found.condition != AssetStatus.RETIRED,
        "now": now,
    }
    return page_or_partial(request, "assets/asset.html", context)


def _years(since: date | None, today: date) -> str:
    return f"{(today - since).days / 365.25:.1f}" if since else ""


def _cover(row: Warranty, today: date) -> Mark:
    if row.ends_on < today:
        return Mark("Ended", "off", "archive")
    return Mark("Covers it", "done", "shield-check") if row.starts_on <= today else Mark("Not yet", "wait", "clock")


def _find(request: HttpRequest, tag: str) -> Asset:
    return get_object_or_404(
        Asset.objects.visible_to(request.user, Act.MANAGE_ASSETS).select_related("site", "area", "parent"),
        tag__iexact=tag,
    )


def _trail(found: Asset) -> list[tuple[str, str]]:
    return [("Assets", resolve_url("assets:assets")), (found.tag, resolve_url("assets:asset", found.tag))]


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_ASSETS)
def asset_new(request: HttpRequest) -> HttpResponse:
    made = Asset()
    form = AssetForm(sent(request), instance=Asset(), by=request.user, initial={"site": request.GET.get("site", "")})
    return edit(
        request, form,
        lambda form: rules.keep_asset(asset=made, by=request.user, now=timezone.now(), **form.cleaned_data),
        heading="New asset", crumbs=[("Assets", resolve_url("assets:assets"))],
        back=lambda: resolve_url("assets:asset", made.tag), said="The asset is entered.", action="Add asset",
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_ASSETS)
def asset_edit(request: HttpRequest, tag: str) -> HttpResponse:
    found = _find(request, tag)
    form = AssetForm(sent(request), instance=copy(found), by=request.user)
    return edit(
        request, form,
        lambda form: rules.keep_asset(asset=found, by=request.user, now=timezone.now(), **form.cleaned_data),
        heading=f"Edit {found.tag}", crumbs=_trail(found),
        back=lambda: resolve_url("assets:asset", form.cleaned_data["tag"]), said="Saved.",
    )  # fmt: skip


@require_POST
@requires(Act.MANAGE_ASSETS)
def asset_retire(request: HttpRequest, tag: str, way: str) -> HttpResponse:
    found = _find(request, tag)
    act = rules.retire_asset if way == "retire" else rules.return_asset
    act(asset=found, by=request.user, now=timezone.now())
    said = "is retired. Its history stays" if way == "retire" else "is in service again"
    return moved(request, resolve_url("assets:asset", found.tag), f"{found.tag} {said}.")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_ASSETS)
def warranty(request: HttpRequest, tag: str, pk: int | None = None) -> HttpResponse:
    """A new warranty of a unit, or the facts of one."""
    found = _find(request, tag)
    row = get_object_or_404(found.warranties, pk=pk) if pk else Warranty(asset=found)
    return edit(
        request, WarrantyForm(sent(request), instance=copy(row), by=request.user),
        lambda form: rules.keep_warranty(warranty=row, by=request.user, now=timezone.now(), **form.cleaned_data),
        heading="Warranty", crumbs=_trail(found), back=resolve_url("assets:asset", found.tag), said="Saved.",
    )  # fmt: skip


@require_POST
@requires(Act.MANAGE_ASSETS)
def warranty_remove(request: HttpRequest, tag: str, pk: int) -> HttpResponse:
    found = _find(request, tag)
    row = get_object_or_404(found.warranties, pk=pk)
    rules.remove_warranty(warranty=row, by=request.user, now=timezone.now())
    return moved(request, resolve_url("assets:asset", found.tag), "The warranty is removed.")
