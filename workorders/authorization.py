"""What may be spent on a work order: an append-only ledger whose sum is the not-to-exceed amount (NTE), before tax."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction

from accounts.actors import LinkHolder, System
from accounts.permissions import Act
from accounts.words import money
from workorders import lifecycle
from workorders.ledger import enter, owed
from workorders.models import Grounds, Status, WorkOrder
from workorders.refusals import Incomplete, NotAllowed, NotNow, OverLimit

__all__ = ["authorize", "check_limit", "enter", "in_words"]

if TYPE_CHECKING:
    from accounts.actors import Actor


def authorize(
    work_order: WorkOrder,
    *,
    amount: Decimal,
    by: Actor,
    now: datetime,
    grounds: str = Grounds.SET,
    reason: str = "",
    version: int | None = None,
    field: str = "amount",
) -> WorkOrder:
    """Set the NTE of work that is not closed to `amount` (the work order's currency, before tax).

    A bill that needs more comes after the work, so it may be raised until the end. A recall for which something is
    authorized after all can be billed.

    Raises OverLimit above the person's own NTE limit, Incomplete for a negative amount or one below what is
    approved already (both name `field`), NotAllowed, NotNow.
    """
    with transaction.atomic():
        row = lifecycle.lock(work_order)
        if not lifecycle.allowed(row, Act.AUTHORIZE, by):
            raise NotAllowed("You cannot decide about money here.")
        if row.status == Status.CLOSED or (version is not None and version != row.version):
            raise NotNow(f"{row.number} is now “{row.get_status_display()}” or was changed by somebody else.", row)
        check_limit(amount, by, currency=row.currency, field=field)
        if amount < (approved := owed(row)):
            raise Incomplete({field: f"{money(approved, row.currency)} is approved already. Enter at least that."})
        before = row.authorized_amount
        if before == amount:
            return row
        enter(row, amount=amount, grounds=grounds, reason=reason, by=by, now=now)
        if row.recall_of_id:
            row.is_billable = amount > 0
        row.version += 1
        row.save()
        data = {
            "before": {"authorized": None if before is None else str(before)},
            "after": {"authorized": str(amount)},
            "grounds": str(grounds),
        }
        lifecycle.append(row, "workorder.authorized", by=by, now=now, data=data, note=reason, vendor=row.vendor)
    return row


def check_limit(amount: Decimal, by: Actor, *, currency: str = "USD", field: str = "amount") -> None:
    """Raise unless `by` may decide about `amount` by his own NTE limit."""
    if amount < 0:
        raise Incomplete({field: "Enter an amount of zero or more, like 450.00."})
    if isinstance(by, LinkHolder):
        raise OverLimit("Ask facilities to raise the amount.", field)
    if not isinstance(by, System) and amount > by.nte_limit_amount:
        raise OverLimit(
            f"Your limit is {money(by.nte_limit_amount, currency)}. Ask somebody with a higher limit.", field
        )


def in_words(amount: Decimal | None, currency: str) -> str:
    """The NTE as people read it: no limit set, nothing authorized, or the sum."""
    if amount is None:
        return "No limit set"
    return "Nothing authorized" if amount == 0 else money(amount, currency)
