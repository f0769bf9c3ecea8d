"""The store's pages: what is open, what needs the store, one request and what can be said about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.guards import requires
from accounts.models import Role
from accounts.once import fresh_key
from accounts.pages import page_or_partial
from accounts.paging import page_of
from accounts.permissions import Act, may
from accounts.together import ask
from accounts.words import when
from assets.models import Priority, Site
from workorders import conversation, intake, labels, lifecycle
from workorders.forms.store import RATINGS, ConfirmForm, MessageForm, ReasonForm, RequestFilter, WorseForm
from workorders.models import RULES, Attachment, AttachmentKind, Move, Status, Visit, WorkOrder
from workorders.models.status import DONE, OPEN
from workorders.models.work_order import WorkOrderQuerySet
from workorders.search import matching
from workorders.views.answers import answered

SHOWN_OPEN = 50
SHOWN_DONE = 5
PER_PAGE = 25
STAGES = ("reported", "planned", "contractor found", "on site", "your check", "done")
"""The six stages in the words of a store, each the one that is going on."""
FRESH = timedelta(minutes=15)
QUESTION = "information"
"""The hold reason under which facilities asks the store something."""
ANSWERING = (Role.STORE_MANAGER, Role.DISTRICT_MANAGER)
"""Who answers for a store."""

NOT_YET_DONE = OPEN - {Status.COMPLETED}


@dataclass(frozen=True)
class Line:
    """A request in a list, in strings that are ready to show."""

    url: str
    number: str
    title: str
    icon: str
    tone: str
    sentence: str
    place: str
    facts: str
    stage: int
    is_open: bool
    to_confirm: bool
    finished: str
    question: str
    version: int
    key: str


def _lines(rows: Iterable[WorkOrder], now: datetime, *, several_sites: bool) -> list[Line]:
    return [_line(row, now, several_sites) for row in rows]


def _line(row: WorkOrder, now: datetime, several_sites: bool) -> Line:
    tz = ZoneInfo(row.site.time_zone)
    urgency = Priority(row.priority).label.partition(" ")[2]
    return Line(
        url=reverse("workorders:request", args=[row.number]),
        number=row.number,
        title=row.title,
        icon=row.trade.icon,
        tone=labels.mark_of(row).tone,
        sentence=_sentence(row, now),
        place=str(row.site) if several_sites else "",
        facts=f"{urgency}, reported {when(row.reported_at, tz, now)}",
        stage=min(labels.stage_of(row) + 1, len(STAGES)),
        is_open=row.is_open,
        to_confirm=row.status == Status.COMPLETED,
        finished=_finished(row, tz, now) if row.completed_at else "",
        question="" if row.is_answered else _question(row),
        version=row.version,
        key=fresh_key(),
    )


def _sentence(row: WorkOrder, now: datetime) -> str:
    if _question(row):
        return "Facilities has your answer" if row.is_answered else "Facilities waits for your answer"
    return labels.store_sentence(row, now)


def _finished(row: WorkOrder, tz: ZoneInfo, now: datetime) -> str:
    who = row.vendor.name if row.vendor else "The contractor"
    return f"{who} finished {when(row.completed_at, tz, now)}"


def _visible(request: HttpRequest) -> WorkOrderQuerySet:
    """Requests of this person's stores, with what a line shows."""
    visits = Visit.objects.visible_to(request.user).ahead().select_related("technician")
    rows = WorkOrder.objects.visible_to(request.user, Act.VIEW_REQUESTS)
    return rows.with_answers(ANSWERING).for_table().prefetch_related(Prefetch("visits", visits))


def _question(row: WorkOrder) -> str:
    """What facilities asks the store, as long as it is on hold for that."""
    return row.hold_note if row.status == Status.ON_HOLD and row.hold_reason.code == QUESTION else ""


def _sites(request: HttpRequest) -> list[Site]:
    return list(Site.objects.visible_to(request.user, Act.VIEW_REQUESTS).trading().order_by("code")[:100])


def _needs_store(rows: WorkOrderQuerySet) -> WorkOrderQuerySet:
    asked = Q(status=Status.ON_HOLD, hold_reason__code=QUESTION, is_answered=False)
    return rows.open().filter(Q(status=Status.COMPLETED) | asked)


# Home and list


@requires(Act.VIEW_REQUESTS)
def home(request: HttpRequest) -> HttpResponse:
    """What is open, what needs me."""
    now = timezone.now()
    rows = _visible(request)
    several = len(_sites(request)) > 1
    over = rows.filter(status__in=DONE - {Status.COMPLETED}).order_by("-reported_at", "-pk")
    open_first = rows.open().by_due().values("pk")[: SHOWN_OPEN + 1]
    both = list(rows.filter(pk__in=open_first.union(over.values("pk")[:SHOWN_DONE], all=True)).by_due())
    lines = _lines((row for row in both if row.is_open), now, several_sites=several)
    done = sorted((row for row in both if not row.is_open), key=lambda row: (row.reported_at, row.pk), reverse=True)
    needs = [line for line in lines if line.question or line.to_confirm]
    running = [line for line in lines if line not in needs]
    context = {
        "now": now,
        "needs": needs,
        "running": running[:SHOWN_OPEN],
        "is_more": len(lines) > SHOWN_OPEN,
        "done": _lines(done, now, several_sites=several),
        "ratings": RATINGS,
        "may_report": may(request.user, Act.REPORT),
    }
    return page_or_partial(request, "workorders/store/home.html", context, partials={"store-work"})


@requires(Act.VIEW_REQUESTS)
def requests(request: HttpRequest) -> HttpResponse:
    """Every request of the stores, newest first."""
    now = timezone.now()
    sites = _sites(request)
    form = RequestFilter(request.GET, sites=sites)
    form.is_valid()
    chosen = form.cleaned_data
    show = chosen.get("show") or ("all" if chosen.get("unit") or chosen.get("q") else "open")
    rows = _shown(_visible(request), show)
    if site := chosen.get("site"):
        rows = rows.filter(site=site)
    if unit := chosen.get("unit"):
        rows = rows.filter(asset__tag__iexact=unit)
    if words := chosen.get("q"):
        rows = matching(rows, words)
    kept = {name: request.GET[name] for name in ("show", "site", "unit", "q") if request.GET.get(name)}
    page = page_of(rows, by="-reported_at", asked=request.GET, size=PER_PAGE)
    context = {
        "now": now,
        "form": form,
        "lines": _lines(page.rows, now, several_sites=len(sites) > 1),
        "show": show,
        "tabs": [(key, label, "?" + urlencode(kept | {"show": key})) for key, label in RequestFilter.SHOWS],
        "several_sites": len(sites) > 1,
        "unit": unit,
        "filtered": bool(kept.keys() - {"show"}),
        "page": page,
    }
    return page_or_partial(request, "workorders/store/requests.html", context, partials={"requests", "unit-work"})


def _shown(rows: WorkOrderQuerySet, show: str) -> WorkOrderQuerySet:
    if show == "yours":
        return _needs_store(rows)
    if show == "open":
        return rows.open()
    return rows.filter(is_open=False) if show == "done" else rows


# One request


def _find(request: HttpRequest, number: str) -> WorkOrder:
    rows = _visible(request).select_related("area", "resolution", "merged_into", "recall_of")
    return get_object_or_404(rows.with_questions(), number=number)


@requires(Act.VIEW_REQUESTS)
def request_page(request: HttpRequest, number: str) -> HttpResponse:
    """Follow one request."""
    return _page(request, _find(request, number))


def _page(request: HttpRequest, row: WorkOrder, *, status: int = 200, **bound: forms.Form) -> HttpResponse:
    """The page of `row`; `bound` are forms that came back with faults, under the name of their section."""
    now = timezone.now()
    moves = {move for move, rule in RULES.items() if row.status in rule.before and may(request.user, rule.act)}
    photos = _photos(request, row)
    entries, is_more = ask(labels.timeline_of(row, request.user, limit=None if "all" in request.GET else labels.SHOWN))
    visits = list(row.visits.all())
    context = {
        "now": now,
        "row": row,
        "mark": labels.mark_of(row),
        "sentence": _sentence(row, now),
        "stage": (stage := min(labels.stage_of(row) + 1, len(STAGES))),
        "stage_label": STAGES[stage - 1],
        "urgency": row.priority,
        "is_fresh": row.status == Status.NEW and row.requester_id == request.user.pk and now - row.reported_at < FRESH,
        "question": _question(row),
        "coming": visits[0] if visits and row.status in (Status.SCHEDULED, Status.IN_PROGRESS) else None,
        "before_photos": [photo for photo in photos if photo["is_image"] and photo["kind"] != AttachmentKind.AFTER],
        "after_photos": [photo for photo in photos if photo["is_image"] and photo["kind"] == AttachmentKind.AFTER],
        "papers": [photo for photo in photos if not photo["is_image"]],
        "entries": entries,
        "more_url": "?all=1" if is_more else "",
        "may_confirm": Move.VERIFY in moves,
        "may_cancel": Move.WITHDRAW_REQUEST in moves,
        "may_recall": Move.RECALL in moves and intake.in_recall_window(row, now=now),
        "may_add": row.status in NOT_YET_DONE and may(request.user, Act.REPORT),
        "may_say": may(request.user, Act.COMMENT),
        "confirm": bound.get("confirm") or ConfirmForm(initial={"version": row.version}, label_suffix=""),
        "reject": bound.get("reject") or _reject_form(row),
        "cancel": bound.get("cancel") or _cancel_form(row),
        "recall": bound.get("recall") or _recall_form(row),
        "worse": bound.get("worse") or WorseForm(to_ask=row.to_ask),  # type: ignore[attr-defined]
        "message": bound.get("message") or MessageForm(row=row, by=request.user),
        "failed": next(iter(bound.values()), None),
        "keys": {name: fresh_key() for name in ("confirm", "reject", "cancel", "recall", "worse", "message")},
    }
    return page_or_partial(request, "workorders/store/request.html", context, status=status)


def _photos(request: HttpRequest, row: WorkOrder) -> list[dict[str, Any]]:
    found = Attachment.objects.visible_to(request.user).filter(work_order=row).select_related("file")
    return [
        {
            "url": (url := reverse("workorders:attachment", args=[one.pk])),
            "thumb_url": f"{url}?thumb=1",
            "caption": one.caption or ("" if one.kind == AttachmentKind.PROBLEM else one.get_kind_display()),
            "what": one.get_kind_display(),
            "name": one.file.name,
            "kind": one.kind,
            "is_image": one.file.is_image,
        }
        for one in found
    ]


def _reject_form(row: WorkOrder, data: Any = None) -> ReasonForm:
    return ReasonForm(
        data, label="What is still wrong?", untold="Say what is still wrong.", prefix="reject",
        initial={"version": row.version},
    )  # fmt: skip


def _cancel_form(row: WorkOrder, data: Any = None) -> ReasonForm:
    return ReasonForm(
        data, label="Why is it no longer needed?", untold="Say why it is no longer needed.", prefix="cancel",
        initial={"version": row.version},
    )  # fmt: skip


def _recall_form(row: WorkOrder, data: Any = None) -> ReasonForm:
    return ReasonForm(
        data, label="What failed again?", untold="Say what failed again.", prefix="recall",
        initial={"version": row.version},
    )  # fmt: skip


# What the store says about it


def _said(
    request: HttpRequest, row: WorkOrder, name: str, form: Any, do: Callable[[dict[str, Any]], str], sentence: str
) -> HttpResponse:
    """Run one rule with what `form` holds: done and on, or the page again with the faults in section `name`."""
    if form.is_valid():
        back = reverse("workorders:request", args=[row.number])
        answer = answered(
            request, action=f"request.{name}", act=lambda: do(form.cleaned_data), back=back, sentence=sentence,
            form=form,
        )  # fmt: skip
        if answer:
            return answer
    return _page(request, row, status=422, **{name: form})


@requires(Act.CONFIRM)
@require_POST
def request_confirm(request: HttpRequest, number: str) -> HttpResponse:
    """Yes, it works."""
    row = _find(request, number)

    def do(given: dict[str, Any]) -> str:
        lifecycle.verify(
            row, by=request.user, now=timezone.now(), rating=given["rating"], comment=given["comment"],
            version=given["version"],
        )  # fmt: skip
        return reverse("workorders:request", args=[row.number])

    form = ConfirmForm(request.POST, label_suffix="")
    return _said(request, row, "confirm", form, do, f"Thank you. {row.number} is confirmed.")


@requires(Act.CONFIRM)
@require_POST
def request_reject(request: HttpRequest, number: str) -> HttpResponse:
    """Not fixed: back to the same contractor."""
    row = _find(request, number)

    def do(given: dict[str, Any]) -> str:
        lifecycle.reject(row, by=request.user, now=timezone.now(), reason=given["reason"], version=given["version"])
        return reverse("workorders:request", args=[row.number])

    return _said(request, row, "reject", _reject_form(row, request.POST), do, "Sent back. They come again.")


@requires(Act.WITHDRAW_REQUEST)
@require_POST
def request_cancel(request: HttpRequest, number: str) -> HttpResponse:
    """The store takes a new request back."""
    row = _find(request, number)

    def do(given: dict[str, Any]) -> str:
        lifecycle.withdraw_request(
            row, by=request.user, now=timezone.now(), reason=given["reason"], version=given["version"]
        )
        return reverse("workorders:request", args=[row.number])

    return _said(request, row, "cancel", _cancel_form(row, request.POST), do, f"{row.number} is canceled.")


@requires(Act.RECALL)
@require_POST
def request_recall(request: HttpRequest, number: str) -> HttpResponse:
    """It failed again: a new request, first to the same contractor."""
    row = _find(request, number)

    def do(given: dict[str, Any]) -> str:
        new = intake.recall(row, by=request.user, now=timezone.now(), reason=given["reason"])
        return reverse("workorders:request", args=[new.number])

    return _said(request, row, "recall", _recall_form(row, request.POST), do, "Sent. This is the new request.")


@requires(Act.REPORT)
@require_POST
def request_worse(request: HttpRequest, number: str) -> HttpResponse:
    """It got worse."""
    row = _find(request, number)

    def do(given: dict[str, Any]) -> str:
        intake.join(
            row, by=request.user, now=timezone.now(), worse=True, words=given["words"], photos=given["photos"],
            answers=intake.answered(row, form.answered_yes),
        )  # fmt: skip
        return reverse("workorders:request", args=[row.number])

    form = WorseForm(request.POST, request.FILES, to_ask=row.to_ask)  # type: ignore[attr-defined]
    return _said(request, row, "worse", form, do, "Added. Facilities sees it.")


@requires(Act.COMMENT)
@require_POST
def request_message(request: HttpRequest, number: str) -> HttpResponse:
    """A message to facilities, or to everyone on the job."""
    row = _find(request, number)

    def do(given: dict[str, Any]) -> str:
        conversation.say(
            row, by=request.user, now=timezone.now(), body=given["body"], audience=given["audience"],
            photos=given["photos"],
        )  # fmt: skip
        return reverse("workorders:request", args=[row.number]) + "#activity"

    return _said(
        request, row, "message", MessageForm(request.POST, request.FILES, row=row, by=request.user), do, "Sent."
    )
