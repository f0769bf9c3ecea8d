"""The gap list at the desk: where nobody could be sent, why, and what each vendor lacks there."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts import events
from accounts.guards import requires
from accounts.pages import page_or_partial
from accounts.permissions import Act, may
from accounts.tables import as_csv
from assets.models import Priority, Responsible, Site, Trade
from vendors.eligibility import consider_vendors
from vendors.filters import GapsForm
from vendors.gaps import PAGE, REASONS, every_gap
from vendors.gaps import gaps as gaps_of
from vendors.models import ComplianceDocument, DocumentState
from vendors.pool import SAID

HEADER = (
    "Site",
    "Site name",
    "Region",
    "Trade",
    "Why",
    "Vendors that cover it",
    *(f"Of these {one}" for one in SAID.values()),
)


def _asked(request: HttpRequest, given: QueryDict) -> tuple[GapsForm, dict[str, Any]]:
    """The form of the page, and what it narrows the list to; what cannot be read narrows nothing."""
    form = GapsForm(given, by=request.user)
    chosen = form.cleaned_data if form.is_valid() else {}
    sites = Site.objects.visible_to(request.user, Act.VIEW_VENDORS).trading()
    trades = Trade.objects.visible_to(request.user).active()
    if region := chosen.get("region"):
        sites = sites.filter(region__path__startswith=region.path)
    if trade := chosen.get("trade"):
        trades = trades.filter(pk=trade.pk)
    return form, {"sites": sites, "trades": trades, "on": timezone.localdate(), "why": chosen.get("why", "")}


@require_safe
@requires(Act.VIEW_VENDORS)
def gaps(request: HttpRequest) -> HttpResponse:
    """Every site and trade without a vendor that could be sent today, by site."""
    form, asked = _asked(request, request.GET)
    number = request.GET.get("page", "")
    page = max(1, int(number)) if number.isdecimal() and len(number) < 6 else 1
    found = gaps_of(**asked, page=page)
    first = (page - 1) * PAGE
    context = {
        "form": form,
        "gaps": found,
        "lines": [(gap, Responsible(gap.answers).label if gap.answers else "") for gap in found.rows],
        "reasons": [(name, label, found.by_reason[name], _link(request, why=name)) for name, label in REASONS.items()],
        "why": asked["why"],
        "everything": _link(request, why=""),
        "said": f"{first + 1:,} to {first + len(found.rows):,} of {found.total:,}" if found.rows else "",
        "previous": _link(request, page=str(page - 1)) if page > 1 else "",
        "next": _link(request, page=str(page + 1)) if first + len(found.rows) < found.total else "",
        "filtered": any(request.GET.get(name) for name in form.fields),
        "tab": "gaps",
        "waiting": waiting(request),
        "may_export": may(request.user, Act.EXPORT),
    }
    return page_or_partial(request, "vendors/gaps.html", context, partials=("gap-results",))


def waiting(request: HttpRequest) -> int:
    """How many papers wait for a review, for the head of the pages of compliance."""
    papers = ComplianceDocument.objects.visible_to(request.user, Act.VIEW_VENDORS)
    return papers.filter(state=DocumentState.PENDING).count()


def _link(request: HttpRequest, **changed: str) -> str:
    """This page with something changed in its address; another choice begins at the first page."""
    asked = request.GET.copy()
    asked.pop("page", None)
    for name, value in changed.items():
        if value:
            asked[name] = value
        else:
            asked.pop(name, None)
    return f"?{asked.urlencode()}"


@require_POST
@requires(Act.EXPORT)
def gaps_file(request: HttpRequest) -> HttpResponseBase:
    """The whole list as chosen, as CSV; that it was taken out stands in the log."""
    _, asked = _asked(request, request.POST)
    now = timezone.now()
    events.record(stream="exports", verb="gaps.exported", by=request.user, now=now, data={"why": asked["why"]})
    rows = (
        (gap.code, gap.site, gap.region, gap.trade, gap.cell.sentence, gap.cell.covering,
         *(getattr(gap.cell, name) for name in SAID))
        for gap in every_gap(**asked)
    )  # fmt: skip
    response = StreamingHttpResponse(as_csv(HEADER, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="gaps-{timezone.localtime(now):%Y-%m-%d}.csv"'
    return response


@require_safe
@requires(Act.VIEW_VENDORS)
def gap(request: HttpRequest, code: str, trade: str) -> HttpResponse:
    """One site and trade: every vendor of the trade, nearest to being sent first, with what it lacks."""
    site = get_object_or_404(
        Site.objects.visible_to(request.user, Act.VIEW_VENDORS).select_related("region"), code__iexact=code
    )
    craft = get_object_or_404(Trade.objects.visible_to(request.user), code__iexact=trade)
    today = timezone.localdate()
    considered = consider_vendors(site=site, trade=craft, priority=Priority.P3, on=today)
    lines = [(one, [check for check in one.failed if check.blocks]) for one in considered]
    lines.sort(key=lambda line: (_covers(line[1]), len(line[1]), line[0].vendor.name.casefold()))
    context = {
        "site": site,
        "trade": craft,
        "lines": lines,
        "able": sum(not lacks for _, lacks in lines),
        "today": today,
        "tab": "gaps",
        "waiting": waiting(request),
        "may_manage": may(request.user, Act.MANAGE_VENDORS),
    }
    return page_or_partial(request, "vendors/gap.html", context)


def _covers(lacks: list[Any]) -> bool:
    """False, and so earlier, where only something other than the coverage is missing."""
    return any(check.name == "coverage" for check in lacks)
