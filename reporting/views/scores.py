"""A vendor's score at the desk: what it is made of, the work behind each number, what is left out, and its trial."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import events
from accounts.actors import Actor
from accounts.guards import requires
from accounts.pages import moved, page_or_partial
from accounts.permissions import Act, may
from accounts.thresholds import asked_of
from accounts.together import ask, rows_of, side_by_side
from accounts.views.editing import edit, sent
from reporting import drilldown, exclusions, report_card, trials
from reporting.forms import ExclusionForm, VerdictForm
from reporting.models import Exclusion, Reply
from reporting.models.score import OfVendorQuerySet
from vendors.models import Scorecard, Standing, Vendor
from vendors.trials import decide_trial
from vendors.views.record import head
from workorders.models import WorkOrder

WINDOWS = {"90": "90 days", "365": "12 months"}
USUAL = "90"
REPLIES = 10


class Asked(NamedTuple):
    """Which card of a vendor is asked for, and which there are."""

    days: str
    cards: list[Scorecard]
    card: Scorecard | None


def cards_of(vendor: Vendor, by: Actor) -> Any:
    """The vendor's cards of every trade and window, that with the most jobs first."""
    return (
        Scorecard.objects.visible_to(by).filter(vendor=vendor).select_related("trade").order_by("-jobs", "trade__name")
    )


def chosen(request: HttpRequest, cards: Iterable[Scorecard]) -> Asked:
    """The card that the address asks for; where it says nothing or nonsense, 90 days of the trade with most jobs."""
    days = request.GET.get("days", "")
    days = days if days in WINDOWS else USUAL
    own = [card for card in cards if card.window_days == int(days)]
    trade = request.GET.get("trade", "")
    return Asked(days, own, next((card for card in own if card.trade.code == trade), own[0] if own else None))


@require_safe
@requires(Act.VIEW_VENDORS)
def score(request: HttpRequest, code: str) -> HttpResponse:
    """One vendor's score: what it is made of, beside target, past and trade, and how it was reckoned."""
    vendor, _, _, frame = head(request, code, "score")
    left_out = Exclusion.objects.visible_to(request.user).filter(
        work_order__in=WorkOrder.objects.visible_to(request.user)
    ).select_related("work_order__site", "work_order__trade", "excluded_by")  # fmt: skip
    context = score_context(request, vendor, left_out)
    context |= {
        **frame,
        "replies": _in_sight(request, context["replies"]),
        "may_judge": may(request.user, Act.JUDGE_VENDORS),
    }
    return render(request, "reporting/score.html", context)


def score_context(
    request: HttpRequest, vendor: Vendor, left_out: OfVendorQuerySet[Exclusion], *, to_vendor: bool = False
) -> dict[str, Any]:
    """What a page of a score shows, at the desk and in the portal: the card that is asked for, told, what the vendor
    says to it, and those of `left_out` that are in force."""
    cards, targets, replies, out = ask(
        side_by_side(
            rows_of(cards_of(vendor, request.user)),
            asked_of(*report_card.TARGETS.values()),
            rows_of(Reply.objects.visible_to(request.user).filter(vendor=vendor).select_related(
                "author", "work_order")[:REPLIES]),
            rows_of(left_out.in_force().filter(vendor=vendor)),
        )
    )  # fmt: skip
    asked = chosen(request, cards)
    card, told = asked.card, None
    if card:
        told = report_card.told(card, report_card.around(card), targets=targets, to_vendor=to_vendor)
    return {
        "asked": asked,
        "windows": WINDOWS.items(),
        "told": told,
        "query": f"?trade={card.trade.code}&days={asked.days}" if card else "",
        "replies": replies,
        "left_out": out,
    }


def _in_sight(request: HttpRequest, replies: list[Reply]) -> list[Reply]:
    """What was said about work that this person does not see is not told."""
    about = {reply.work_order_id for reply in replies if reply.work_order_id}
    seen = set(WorkOrder.objects.visible_to(request.user).filter(pk__in=about).values_list("pk", flat=True)) \
        if about else set()  # fmt: skip
    return [reply for reply in replies if not reply.work_order_id or reply.work_order_id in seen]


@require_safe
@requires(Act.VIEW_VENDORS)
def part(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """The work behind one number."""
    vendor, _, _, frame = head(request, code, "score")
    card = opened_card(request, vendor, name)
    context = {
        **frame,
        **opened_context(request, card, name),
        "back_url": f"{resolve_url('reporting:vendor_score', vendor.code)}?trade={card.trade.code}"
        f"&days={card.window_days}",
        "here": resolve_url("reporting:vendor_score_part", vendor.code, name),
        "may_judge": may(request.user, Act.JUDGE_VENDORS),
        "may_export": may(request.user, Act.EXPORT),
    }
    return page_or_partial(request, "reporting/score_part.html", context, partials=("score-rows",))


def opened_card(request: HttpRequest, vendor: Vendor, name: str) -> Scorecard:
    """The card whose number `name` is opened, else 404."""
    card = chosen(request, cards_of(vendor, request.user)).card
    if name not in drilldown.OPENED or card is None:
        raise Http404
    return card


def opened_context(request: HttpRequest, card: Scorecard, name: str) -> dict[str, Any]:
    """What a page of rows shows, at the desk and in the portal."""
    opened = drilldown.opened(card, name, by=request.user, asked=request.GET.dict())
    title = report_card.TITLES.get(name, "Jobs done")
    return {
        "card": card,
        "name": name,
        "title": title,
        "counts": name != drilldown.JOBS,
        "opened": opened,
        "only": request.GET.get("only", ""),
        "choices": [("", "All", opened.number), (drilldown.FULL, "Good", opened.number - opened.less),
                    (drilldown.LESS, "Cost points", opened.less)],
        "query": f"trade={card.trade.code}&days={card.window_days}",
        "now": timezone.now(),
    }  # fmt: skip


@require_POST
@requires(Act.EXPORT)
def part_csv(request: HttpRequest, code: str, name: str) -> HttpResponseBase:
    """The work behind one number as a file, and a line in the log that it was taken out."""
    vendor = head(request, code, "score").vendor
    card = opened_card(request, vendor, name)
    now, only = timezone.now(), request.GET.get("only", "")
    events.record(
        stream="exports", verb="score.exported", by=request.user, now=now,
        data={"vendor": vendor.code, "trade": card.trade.code, "part": name, "days": card.window_days},
    )  # fmt: skip
    lines = drilldown.as_csv(card, name, by=request.user, only=only)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{vendor.code.lower()}-{name}-{now:%Y-%m-%d}.csv"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.JUDGE_VENDORS)
def exclude(request: HttpRequest, code: str, number: str) -> HttpResponse:
    """Leave one job, or one of its clocks, out of the score."""
    vendor = head(request, code, "score").vendor
    work_order = get_object_or_404(WorkOrder.objects.visible_to(request.user, Act.JUDGE_VENDORS), number=number)
    back = f"{resolve_url('reporting:vendor_score', vendor.code)}?trade={work_order.trade.code}"
    return edit(
        request, ExclusionForm(sent(request), initial={"milestone": request.GET.get("milestone", "")}),
        lambda form: exclusions.exclude(
            vendor=vendor, work_order=work_order, by=request.user, now=timezone.now(), **form.cleaned_data
        ),
        heading=f"Leave {work_order.number} out", crumbs=[
            ("Vendors", resolve_url("vendors:vendors")), (vendor.name, resolve_url("vendors:vendor", vendor.code)),
            ("Score", back),
        ], back=back, said=f"{work_order.number} is left out; the score is written anew.", action="Leave out",
        note=f"{work_order.title}. It no longer counts in the score of {vendor.name} until somebody puts it back.",
    )  # fmt: skip


@require_POST
@requires(Act.JUDGE_VENDORS)
def put_back(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """Let it count again."""
    vendor = head(request, code, "score").vendor
    seen = WorkOrder.objects.visible_to(request.user, Act.JUDGE_VENDORS)
    rows = Exclusion.objects.visible_to(request.user).filter(vendor=vendor, work_order__in=seen)
    row = get_object_or_404(rows.select_related("work_order__trade"), pk=pk)
    exclusions.put_back(exclusion=row, by=request.user, now=timezone.now())
    back = f"{resolve_url('reporting:vendor_score', vendor.code)}?trade={row.work_order.trade.code}"
    return moved(request, back, f"{row.work_order.number} counts again.")


# The trial


@require_safe
@requires(Act.VIEW_VENDORS)
def trial(request: HttpRequest, code: str) -> HttpResponse:
    """The first jobs of a vendor, read early, and beside the vendors that are there."""
    vendor, now, _, frame = head(request, code, "trial")
    context = {
        **frame,
        "trial": trials.read(vendor, by=request.user, now=now),
        "on_trial": vendor.standing == Standing.TRIAL,
    }
    return render(request, "reporting/trial.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_VENDORS)
def verdict(request: HttpRequest, code: str) -> HttpResponse:
    """Say what comes of a trial."""
    vendor = head(request, code, "trial").vendor
    page = resolve_url("reporting:vendor_trial", vendor.code)
    return edit(
        request, VerdictForm(sent(request)),
        lambda form: decide_trial(vendor=vendor, by=request.user, now=timezone.now(), **form.cleaned_data),
        heading="Verdict on the trial", crumbs=[
            ("Vendors", resolve_url("vendors:vendors")), (vendor.name, resolve_url("vendors:vendor", vendor.code)),
            ("Trial", page),
        ], back=page, said="The verdict is kept, and the vendor is told.", action="Decide",
    )  # fmt: skip
