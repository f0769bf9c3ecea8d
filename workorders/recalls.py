"""An open report turns out to be a recall: what was fixed lately has failed again, so who fixed it puts it right."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction

from accounts.permissions import Act
from accounts.words import ago, money
from workorders import ledger, lifecycle, screening
from workorders.models import Grounds, Kind, ScreeningStep, WorkOrder
from workorders.models.status import BILLABLE, UNDISPATCHED
from workorders.refusals import InTheWay, NotAllowed, NotNow

if TYPE_CHECKING:
    from accounts.actors import Actor


def cause_of(row: WorkOrder) -> WorkOrder:
    """The finished work that screening found, which this may be a recall of.

    Raises NotNow where there is none, it was called back already, or this is a recall or on its way to a vendor.
    """
    if row.status not in UNDISPATCHED:
        raise NotNow(f"{row.number} is now “{row.get_status_display()}”. Take it back first to make it a recall.", row)
    if row.recall_of_id:
        raise InTheWay(f"{row.number} is a recall already.", row)
    found = row.screenings.filter(step=ScreeningStep.REPEAT, found=True, related__status__in=BILLABLE)
    repeat = found.select_related("related__vendor").order_by("pk").first()
    if repeat is None or repeat.related is None:
        raise InTheWay("Nothing that was completed lately is the same. A recall needs what failed again.", row)
    old = repeat.related
    if earlier := old.recalls.open().first():
        raise InTheWay(f"{old.number} was called back already: {earlier.number} is open. Merge into that one.", row)
    return old


def effects(row: WorkOrder, *, now: datetime) -> list[str]:
    """What `make_recall` would do, in sentences. Raises as `cause_of`."""
    old = cause_of(row)
    who = old.vendor.name if old.vendor else ""
    done = f"{old.number} {old.title} was completed{f' {ago(old.completed_at, now)}' if old.completed_at else ''}"
    spent = f" Now it is {money(row.authorized_amount, row.currency)}." if row.authorized_amount else ""
    return [
        f"{done} by {who}. {who} is asked first." if who else f"{done}, by nobody who could be asked first.",
        f"Nothing is authorized for it.{spent}",
        "It is not billed, unless you set an amount again.",
        f"It counts as a recall of {old.number}{f', also in the score of {who}' if who else ''}.",
    ]


def make_recall(work_order: WorkOrder, *, by: Actor, now: datetime, version: int | None = None) -> WorkOrder:
    """Turn a report that no vendor has yet into a recall of the work that screening found: nothing authorized, not
    billable, first to the same vendor.

    Raises NotAllowed, NotNow when it was changed, and as `cause_of`.
    """
    with transaction.atomic():
        # What was done before is locked before what came after it, as a recall from the other side does.
        old = lifecycle.lock(cause_of(work_order))
        row = lifecycle.lock(work_order)
        if not lifecycle.allowed(row, Act.TRIAGE, by):
            raise NotAllowed("You cannot decide that this is a recall.")
        if version is not None and version != row.version:
            raise NotNow(f"{row.number} was changed while you were looking. Check it and try again.", row)
        cause_of(row)
        row.kind, row.recall_of, row.is_billable = Kind.RECALL, old, False
        if row.authorized_amount != 0:
            ledger.enter(row, amount=Decimal(0), grounds=Grounds.RECALL, by=by, now=now, reason=old.number)
        row.version += 1
        row.save()
        screening.anew(row, by=by, now=now)
        lifecycle.append(row, "workorder.made_recall", by=by, now=now, data={"recall_of": old.number})
        lifecycle.append(old, "workorder.recalled", by=by, now=now, data={"recall": row.number})
    return row
