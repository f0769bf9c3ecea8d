"""Leaving a job, or one clock of it, out of a vendor's score, putting it back, and what the vendor says to it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from accounts.actors import Actor, person
from accounts.changes import Faulty, NotAllowed, allow
from accounts.events import record
from accounts.permissions import Act
from reporting import facts, scorecards
from reporting.models import Exclusion, Reply
from vendors.roster import stream_of
from vendors.scope import vendor_ids_of

if TYPE_CHECKING:
    from vendors.models import Vendor
    from workorders.models import WorkOrder

ALREADY = "This is left out already."


def exclude(
    *, vendor: Vendor, work_order: WorkOrder, reason: str, by: Actor, now: datetime, milestone: str = ""
) -> Exclusion:
    """Leave `work_order` out of the score of `vendor`, or only its clock `milestone`. The score is written anew.

    Raises NotAllowed, and Faulty without a reason or where it is left out already.
    """
    allow(by, Act.JUDGE_VENDORS)
    faults = {}
    if not reason.strip():
        faults["reason"] = "Say why; the vendor reads it."
    if milestone and milestone not in facts.MILESTONES:
        faults["milestone"] = "Choose the whole job or one of its clocks."
    if faults:
        raise Faulty(faults)
    try:
        with transaction.atomic():
            made = Exclusion.objects.create(
                vendor=vendor, work_order=work_order, milestone=milestone, reason=reason.strip()[:300],
                excluded_at=now, excluded_by=person(by),
            )  # fmt: skip
            _told(made, "score.excluded", by, now, made.reason)
    except IntegrityError as error:
        raise Faulty({"milestone": ALREADY}) from error
    return made


def put_back(*, exclusion: Exclusion, by: Actor, now: datetime) -> Exclusion:
    """Let what was left out count again. Raises NotAllowed; what counts again already stays as it is."""
    allow(by, Act.JUDGE_VENDORS)
    with transaction.atomic():
        fresh = Exclusion.objects.select_for_update(of=("self",)).select_related("vendor", "work_order").get(
            pk=exclusion.pk
        )  # fmt: skip
        if fresh.put_back_at is None:
            fresh.put_back_at, fresh.put_back_by = now, person(by)
            fresh.save(update_fields=["put_back_at", "put_back_by"])
            _told(fresh, "score.put_back", by, now, fresh.reason)
    return fresh


def _told(row: Exclusion, verb: str, by: Actor, now: datetime, note: str) -> None:
    """Write it into the vendor's log, and the score anew with it."""
    data = {
        "vendor": row.vendor_id, "work_order": row.work_order.number, "milestone": row.milestone,
        "clock": row.get_milestone_display() if row.milestone else "",
    }  # fmt: skip
    record(stream=stream_of(row.vendor), verb=verb, by=by, now=now, data=data, note=note)
    scorecards.rescore([(row.vendor_id, row.work_order.trade_id)], now=now)


def reply(*, vendor: Vendor, body: str, by: Actor, now: datetime, work_order: WorkOrder | None = None) -> Reply:
    """What the vendor's own people say to its score, or to one job in it. Raises NotAllowed, Faulty."""
    if vendor.pk not in vendor_ids_of(by, Act.MANAGE_OWN_VENDOR):
        raise NotAllowed("Only the company itself replies to its score.")
    if not body.strip():
        raise Faulty({"body": "Write what facilities should know."})
    with transaction.atomic():
        made = Reply.objects.create(
            vendor=vendor, work_order=work_order, body=body.strip()[:2000], author=person(by), written_at=now
        )
        data = {"vendor": vendor.pk, "work_order": work_order.number if work_order else ""}
        record(stream=stream_of(vendor), verb="score.replied", by=by, now=now, data=data, note=made.body)
    return made
