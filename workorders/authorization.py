"""What may be spent on a work order: an append-only ledger whose sum is the not-to-exceed amount (NTE), before tax."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction

from accounts.actors import System, person
from accounts.permissions import Act
from workorders import lifecycle
from workorders.models import Authorization, Grounds, WorkOrder
from workorders.models.spend import OWED
from workorders.refusals import Incomplete, NotAllowed, NotNow, OverLimit

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
) -> WorkOrder:
    """Set the NTE of open work to `amount` (the work order's currency, before tax).

    Raises OverLimit above the person's own NTE limit, Incomplete for a negative amount or one below what is
    approved already, NotAllowed, NotNow.
    """
    with transaction.atomic():
        row = lifecycle.lock(work_order)
        if not lifecycle.allowed(row, Act.AUTHORIZE, by):
            raise NotAllowed("You cannot decide about money here.")
        if not row.is_open or (version is not None and version != row.version):
            raise NotNow(f"{row.number} is now “{row.get_status_display()}” or was changed by somebody else.", row)
        check_limit(amount, by)
        owed = sum((invoice.subtotal_amount for invoice in row.invoices.filter(state__in=OWED)), Decimal(0))
        if amount < owed:
            raise Incomplete({"amount": f"{owed:,.2f} is approved already. Enter at least that."})
        before = row.authorized_amount
        if before == amount:
            return row
        enter(row, amount=amount, grounds=grounds, reason=reason, by=by, now=now)
        row.version += 1
        row.save()
        data = {
            "before": {"authorized": None if before is None else str(before)},
            "after": {"authorized": str(amount)},
            "grounds": str(grounds),
        }
        lifecycle.append(row, "workorder.authorized", by=by, now=now, data=data, note=reason, vendor=row.vendor)
    return row


def check_limit(amount: Decimal, by: Actor, field: str = "amount") -> None:
    """Raise unless `by` may decide about `amount` by his own NTE limit."""
    if amount < 0:
        raise Incomplete({field: "Enter an amount of zero or more, like 450.00."})
    if not isinstance(by, System) and amount > by.nte_limit_amount:
        raise OverLimit(f"Your limit is {by.nte_limit_amount:,.2f}. Ask somebody with a higher limit.", field)


def enter(
    row: WorkOrder, *, amount: Decimal, grounds: str, by: Actor, now: datetime, reason: str = ""
) -> Authorization:
    """Add a ledger entry to a locked row so that its sum becomes `amount`; the caller saves the row."""
    entry = Authorization.objects.create(
        work_order=row,
        grounds=grounds,
        change_amount=amount - (row.authorized_amount or Decimal(0)),
        resulting_amount=amount,
        currency=row.currency,
        reason=reason[:300],
        made_by=person(by),
        made_at=now,
    )
    row.authorized_amount = amount
    return entry


def in_words(amount: Decimal | None, currency: str) -> str:
    """The NTE as people read it: no limit set, nothing authorized, or the sum."""
    from accounts.words import money

    if amount is None:
        return "No limit set"
    return "Nothing authorized" if amount == 0 else money(amount, currency)
