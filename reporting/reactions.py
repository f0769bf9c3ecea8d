"""What follows a fact for the scores: they are written anew, and those whom it concerns are told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from accounts import notices
from accounts.actors import CLOCK
from accounts.hurry import soon
from accounts.models import LogEvent
from accounts.outbox import Ledger
from reporting import scorecards, trials
from reporting.days import REPEAT_DAYS
from vendors.models import Standing, Vendor
from vendors.reactions import T_SCORE, administrators
from vendors.staffing import dispatchers
from workorders.models import Event, WorkOrder


def touch(event: Event, now: datetime) -> None:
    """The scores of whoever had a part in this are written anew with the next round."""
    row = event.work_order
    _write_anew({(vendor, row.trade_id) for vendor in (event.vendor_id, row.vendor_id) if vendor})


def touch_before(event: Event, now: datetime) -> None:
    """The scores of whoever did the work that this repeats, or no longer repeats, are written anew with the next
    round."""
    row = event.work_order
    same = Q(problem_type=row.problem_type_id) if row.problem_type_id else Q()
    if row.asset_id:
        same |= Q(asset=row.asset_id, trade=row.trade_id)
    if not same:
        return
    done = WorkOrder.objects.visible_to(CLOCK).filter(
        same, site=row.site_id, vendor__isnull=False, completed_at__lt=row.reported_at,
        completed_at__gte=row.reported_at - timedelta(days=REPEAT_DAYS),
    )  # fmt: skip
    _write_anew(set(done.exclude(pk=row.pk).values_list("vendor_id", "trade_id")))


def _write_anew(pairs: set[tuple[int, int]]) -> None:
    if pairs:
        scorecards.note(pairs)
        soon("score_touched")


def read_trial(event: Event, now: datetime) -> None:
    """After each job of a vendor on trial its reading goes to whoever decides; after the last one it is to decide."""
    vendor = event.work_order.vendor
    if vendor is None or vendor.standing != Standing.TRIAL:
        return
    trial = trials.read(vendor, by=CLOCK, now=now)
    reading = next((one for one in trial.readings if one.work_order == event.work_order), None)
    if reading is None or trial.done > trial.jobs:
        return
    asks = "The trial is over. Approve it, go on with a few more jobs, or stop." if trial.is_over else ""
    _tell(
        event, now, readers=administrators(now), path=f"/vendors/{vendor.code}/trial",
        subject=f"Trial of {vendor.name}: " + ("decide" if trial.is_over else f"job {trial.done} of {trial.jobs}"),
        body=f"{event.work_order.number} is done.\n\nAnswered after {reading.response.words}\n"
        f"On site: {reading.arrival.words}\nFixed at the first visit: {reading.fix.words}\n"
        f"Documented: {reading.papers.words}\nPrice: {reading.price.words}\n\n{asks}".rstrip(),
    )  # fmt: skip


def _tell(event: Any, now: datetime, *, readers: list[Any], subject: str, body: str, path: str) -> None:
    notices.plan(
        event_key=notices.key_of(event), topic=T_SCORE, readers=readers, subject=subject, body=body, path=path,
        action="Open the score", now=now,
    )  # fmt: skip


def _what(event: Any) -> str:
    clock = event.data.get("clock")
    return f"{event.data['work_order']}, {clock.lower()}" if clock else str(event.data["work_order"])


def excluded(event: Any, now: datetime) -> None:
    """The company knows what no longer counts, and why."""
    vendor = Vendor.objects.get(pk=event.data["vendor"])
    _tell(
        event, now, readers=dispatchers(vendor, now), subject=f"{_what(event)} no longer counts in your score",
        body=f"{_what(event)} is left out of your score: {event.note}\n\nThere is nothing to do.",
        path="/company/score",
    )  # fmt: skip


def put_back(event: Any, now: datetime) -> None:
    """The company knows what counts again."""
    vendor = Vendor.objects.get(pk=event.data["vendor"])
    _tell(
        event, now, readers=dispatchers(vendor, now), subject=f"{_what(event)} counts in your score again",
        body=f"{_what(event)} counts in your score again.\n\nIf that is not right, reply on the page of your score.",
        path="/company/score",
    )  # fmt: skip


def replied(event: Any, now: datetime) -> None:
    """Whoever keeps the vendors reads what the company says."""
    vendor = Vendor.objects.get(pk=event.data["vendor"])
    about = event.data["work_order"] or "its score"
    _tell(
        event, now, readers=administrators(now), subject=f"{vendor.name} replies about {about}",
        body=f"{vendor.name} writes about {about}:\n\n{event.note}", path=f"/vendors/{vendor.code}/score",
    )  # fmt: skip


MOVES_A_SCORE = (
    "workorder.accepted", "workorder.declined", "workorder.offer_expired", "workorder.checked_in",
    "workorder.completed", "workorder.verified", "workorder.rejected", "workorder.reassigned", "workorder.corrected",
    "invoice.submitted", "invoice.returned", "invoice.voided",
)  # fmt: skip
MAKES_A_REPEAT = (
    "workorder.reported", "workorder.triaged", "workorder.canceled", "workorder.request_withdrawn", "workorder.merged",
    "workorder.unmerged",
)  # fmt: skip
LEDGER = Ledger(
    model=Event,
    follows=dict.fromkeys(MOVES_A_SCORE, (touch,))
    | dict.fromkeys(MAKES_A_REPEAT, (touch_before,))
    | {"workorder.verified": (touch, read_trial), "workorder.corrected": (touch, touch_before)},
    related=("work_order", "work_order__vendor", "vendor"),
)
VENDORS = Ledger(
    model=LogEvent,
    follows={"score.excluded": (excluded,), "score.put_back": (put_back,), "score.replied": (replied,)},
)
