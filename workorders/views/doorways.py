"""What the pages of sites, assets and vendors show of the work: regions that those pages load by name."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.guards import requires
from accounts.pages import page_or_partial
from accounts.paging import page_of
from accounts.permissions import Act, may
from assets.models import Asset, Site
from vendors.models import Vendor
from workorders import record, recurrence
from workorders.labels import due_of, mark_of
from workorders.models import Plan, WorkOrder
from workorders.models.work_order import WorkOrderQuerySet

SHOWN = 20


@require_safe
@requires(Act.VIEW_DESK)
def site_work(request: HttpRequest, code: str) -> HttpResponse:
    site = get_object_or_404(Site.objects.visible_to(request.user, Act.VIEW_SITES), code__iexact=code)
    orders = WorkOrder.objects.visible_to(request.user).filter(site=site)
    return _open(request, orders, "site-work", f"Open work at {site}", resolve_url("assets:site", site.code))


@require_safe
@requires(Act.VIEW_ASSETS)
def asset_work(request: HttpRequest, tag: str) -> HttpResponse:
    asset = _asset(request, tag)
    orders = record.work_on(asset, request.user)
    return _open(request, orders, "asset-work", f"Open work on {asset}", resolve_url("assets:asset", asset.tag))


@require_safe
@requires(Act.VIEW_VENDORS)
def vendor_work(request: HttpRequest, code: str) -> HttpResponse:
    vendor = get_object_or_404(Vendor.objects.visible_to(request.user, Act.VIEW_VENDORS), code__iexact=code)
    orders = WorkOrder.objects.visible_to(request.user).filter(vendor=vendor)
    back = resolve_url("vendors:vendor", vendor.code)
    return _open(request, orders, "vendor-work", f"Open jobs of {vendor.name}", back)


def _open(request: HttpRequest, orders: WorkOrderQuerySet, region: str, heading: str, back: str) -> HttpResponse:
    """The open ones, soonest due first."""
    now = timezone.now()
    rows = list(orders.open().for_table().by_due()[: SHOWN + 1])
    context = {
        "heading": heading,
        "back_url": back,
        "region": region,
        "lines": [(row, mark_of(row), due_of(row, now)) for row in rows[:SHOWN]],
        "has_more": len(rows) > SHOWN,
        "now": now,
    }
    return page_or_partial(request, "workorders/doorways/open.html", context, partials={region: "region"})


@require_safe
@requires(Act.VIEW_ASSETS)
def asset_history(request: HttpRequest, tag: str) -> HttpResponse:
    """Every piece of work on a unit, the newest first: who came, what it was, what was advised, what it cost."""
    asset = _asset(request, tag)
    everything = record.with_record(record.work_on(asset, request.user), request.user)
    page = page_of(everything, by="-reported_at", asked=request.GET, size=SHOWN)
    context = {
        "asset": asset,
        "page": page,
        "lines": [(row, mark_of(row)) for row in page.rows],
        "here": resolve_url("workorders:asset_history", asset.tag),
        "may_see_spend": may(request.user, Act.VIEW_SPEND),
        "now": timezone.now(),
    }
    return page_or_partial(request, "workorders/doorways/history.html", context, partials=("asset-history",))


@require_safe
@requires(Act.VIEW_ASSETS)
def asset_figures(request: HttpRequest, tag: str) -> HttpResponse:
    asset = _asset(request, tag)
    found = record.figures(asset, request.user, timezone.now())
    replacement = asset.replacement_cost_amount
    context = {
        "asset": asset,
        "figures": found,
        "share_of_replacement": int(found.spent_amount / replacement * 100) if replacement else None,
        "may_see_spend": may(request.user, Act.VIEW_SPEND),
    }
    return page_or_partial(request, "workorders/doorways/figures.html", context, partials=("asset-figures",))


@require_safe
@requires(Act.VIEW_ASSETS)
def asset_plans(request: HttpRequest, tag: str) -> HttpResponse:
    asset = _asset(request, tag)
    plans = Plan.objects.visible_to(request.user, Act.VIEW_ASSETS).active()
    targets = asset.plan_targets.filter(plan__in=plans).select_related("plan").order_by("next_due_on")
    context = {
        "asset": asset,
        "lines": [(target, recurrence.in_words(target.plan.rule, target.anchor_on)) for target in targets],
    }
    return page_or_partial(request, "workorders/doorways/plans.html", context, partials=("asset-plans",))


def _asset(request: HttpRequest, tag: str) -> Asset:
    return get_object_or_404(
        Asset.objects.visible_to(request.user, Act.VIEW_ASSETS).select_related("site"), tag__iexact=tag
    )
