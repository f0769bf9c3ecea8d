"""One move for many rows of the queue: asked once, made for each by itself, told row by row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.guards import requires
from accounts.once import FIELD, KeyRefused, once
from accounts.permissions import Act, may
from workorders import dispatch, lifecycle, merging, ownership
from workorders.filters import QueueFilter
from workorders.forms import desk as forms
from workorders.labels import MARKS
from workorders.models import Move, Status, WorkOrder
from workorders.models.status import RULES
from workorders.refusals import Incomplete, Refused
from workorders.views.deeds import send

if TYPE_CHECKING:
    from accounts.models import User

MOST_AT_ONCE = 500
"""Rows of one bulk move. More is a report or an import, not a decision of a person who has looked."""

SHOWN = 20
"""Rows that are named one by one before a move is made."""

type Doing = Callable[[WorkOrder, User, datetime, dict[str, Any]], str]


def _accept(row: WorkOrder, by: User, now: datetime, facts: dict[str, Any]) -> str:
    return _stands(lifecycle.triage(row, by=by, now=now))


def _hold(row: WorkOrder, by: User, now: datetime, facts: dict[str, Any]) -> str:
    return _stands(lifecycle.hold(row, by=by, now=now, **facts))


def _resume(row: WorkOrder, by: User, now: datetime, facts: dict[str, Any]) -> str:
    return _stands(lifecycle.resume(row, by=by, now=now))


def _cancel(row: WorkOrder, by: User, now: datetime, facts: dict[str, Any]) -> str:
    return _stands(lifecycle.cancel(row, by=by, now=now, **facts))


def _prioritize(row: WorkOrder, by: User, now: datetime, facts: dict[str, Any]) -> str:
    return f"P{lifecycle.set_priority(row, by=by, now=now, **facts).priority}"


def _give(row: WorkOrder, by: User, now: datetime, facts: dict[str, Any]) -> str:
    owner = ownership.assign(row, by=by, now=now, **facts).owner
    return owner.name if owner else "Nobody"


def _merge(row: WorkOrder, by: User, now: datetime, facts: dict[str, Any]) -> str:
    into = facts["into"]
    if row.pk == into.pk:
        return "Stays"
    merging.merge(row, into, by=by, now=now)
    return f"Merged into {into.number}"


def _offer(row: WorkOrder, by: User, now: datetime, facts: dict[str, Any]) -> str:
    best = dispatch.consider(work_order=row, now=now, by=by).best()
    if best is None:
        raise Incomplete({"": "No vendor qualifies. Open it to see who was considered."})
    amount = facts["nte_amount"] if row.authorized_amount is None else None
    send(row, by, now, {"message": facts["message"], "nte_amount": amount}, vendor=best.vendor.pk)
    return f"Offered to {best.vendor.name}"


def _stands(row: WorkOrder) -> str:
    return MARKS[Status(row.status)].label


@dataclass(frozen=True)
class Bulk:
    """A move for several rows: its words, what is asked once for all, and what is done to each."""

    name: str
    label: str
    form: type[forms.MoveForm]
    do: Doing
    act: Act
    icon: str
    key: str = ""
    several: bool = False
    """Its form needs all rows, not one of them."""

    @property
    def asks(self) -> bool:
        return self.form is not forms.PlainForm


BULK = {
    bulk.name: bulk
    for bulk in (
        Bulk("triage", "Accept", forms.PlainForm, _accept, RULES[Move.TRIAGE].act, "check", "1"),
        Bulk("offer", "Offer to best", forms.BestForm, _offer, RULES[Move.OFFER].act, "send", "o"),
        Bulk("merge", "Merge", forms.SurvivorForm, _merge, RULES[Move.MERGE].act, "copy", "2", several=True),
        Bulk("hold", "Hold", forms.HoldForm, _hold, RULES[Move.HOLD].act, "circle-pause", "h"),
        Bulk("resume", "Resume", forms.PlainForm, _resume, RULES[Move.RESUME].act, "arrow-right", "r"),
        Bulk("assign", "Owner", forms.OwnerForm, _give, Act.EDIT_WORK, "user", "a", several=True),
        Bulk("priority", "Priority", forms.PriorityForm, _prioritize, Act.TRIAGE, "signal", "p"),
        Bulk("cancel", "Cancel", forms.WordsForm, _cancel, RULES[Move.CANCEL].act, "ban", "4"),
    )
}


def offered_to(by: User) -> list[Bulk]:
    """The moves that a person's roles allow at all; where, each row says for itself."""
    return [bulk for bulk in BULK.values() if may(by, bulk.act)]


class Result(NamedTuple):
    """What came of one row of a bulk move."""

    row: WorkOrder
    done: bool
    sentence: str


@require_POST
@requires(Act.VIEW_DESK)
def bulk(request: HttpRequest) -> HttpResponse:
    """One move for every selected row, each by itself: what was done, what was not, and why."""
    here = request.POST.get("here", "")
    back = here if here.startswith(reverse("workorders:queue")) else reverse("workorders:queue")
    asked = BULK.get(request.POST.get("do", ""))
    rows = _chosen(request, back)
    if asked is None or not rows:
        messages.warning(request, "Select at least one work order first.")
        return redirect(back)
    given = request.POST if "ready" in request.POST or not asked.asks else None
    options: dict[str, Any] = {"row": rows[0], "by": request.user, **({"rows": rows} if asked.several else {})}
    form = asked.form(given, **options)
    context: dict[str, Any] = {"bulk": asked, "label": asked.label, "rows": rows, "back": back}
    if asked.asks and not form.is_valid():
        context |= {"form": form, "named": rows[:SHOWN], "more": len(rows) - SHOWN}
        return render(request, "workorders/desk/bulk.html", context, status=422 if form.is_bound else 200)
    form.full_clean()
    facts = {fact: value for fact, value in form.facts.items() if fact != "version"}
    results = [_one(request, asked, row, facts) for row in rows]
    done = sum(one.done for one in results)
    context |= {"refused": [one for one in results if not one.done], "results": results, "done": done}
    return render(request, "workorders/desk/bulk_done.html", context)


def _chosen(request: HttpRequest, back: str) -> list[WorkOrder]:
    """The rows that were selected, or as many of the whole view as one move takes."""
    rows = WorkOrder.objects.visible_to(request.user, Act.VIEW_DESK).select_related(
        "site__region", "hold_reason", "asset__category", "trade", "problem_type", "vendor", "owner"
    )
    if "whole" in request.POST:
        asked = QueueFilter(QueryDict(urlsplit(back).query), by=request.user, now=timezone.now())
        return list(rows.filter(pk__in=asked.qs.by_due().values("pk")[:MOST_AT_ONCE]).by_due())
    chosen = [int(pk) for pk in request.POST.getlist("wo")[:MOST_AT_ONCE] if pk.isdecimal()]
    found = {row.pk: row for row in rows.filter(pk__in=chosen)}
    return [found[pk] for pk in dict.fromkeys(chosen) if pk in found]


def _one(request: HttpRequest, asked: Bulk, row: WorkOrder, facts: dict[str, Any]) -> Result:
    """The move for one row, in a transaction of its own; asked again, it says what came of it the first time."""
    now = timezone.now()
    key = f"{request.POST.get(FIELD, '')}:{row.pk}"
    try:
        said = once(
            key=key, by=request.user, action=f"bulk.{asked.name}", now=now,
            act=lambda: asked.do(row, request.user, now, facts),
        )  # fmt: skip
    except Refused as refusal:
        return Result(row, False, refusal.sentence)
    except KeyRefused as refusal:
        return Result(row, False, str(refusal))
    return Result(row, True, said)
