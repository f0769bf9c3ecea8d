"""The authorization ledger itself: entries are added to a locked row, never changed, and their sum is the NTE."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from accounts.actors import person
from workorders.models import Authorization, Grounds, WorkOrder
from workorders.models.spend import OWED

if TYPE_CHECKING:
    from accounts.actors import Actor


def enter(
    row: WorkOrder, *, amount: Decimal, grounds: str, by: Actor, now: datetime, reason: str = ""
) -> Authorization:
    """Add a ledger entry to a locked row so that its sum becomes `amount`; the caller saves the row."""
    entry = entry_of(row, amount=amount, grounds=grounds, by=by, now=now, reason=reason)
    entry.save()
    return entry


def entry_of(
    row: WorkOrder, *, amount: Decimal, grounds: str, by: Actor, now: datetime, reason: str = ""
) -> Authorization:
    """The ledger entry by which the sum of a row becomes `amount`; the caller saves the row, then the entry."""
    entry = Authorization(
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


def owed(row: WorkOrder) -> Decimal:
    """What is approved already, before tax."""
    return sum((invoice.subtotal_amount for invoice in row.invoices.filter(state__in=OWED)), Decimal(0))


def withhold(row: WorkOrder, *, by: Actor, now: datetime, reason: str) -> None:
    """Rejected work: nothing more is authorized until it is completed again. No limit stays no limit."""
    approved = owed(row)
    if row.authorized_amount is not None and row.authorized_amount > approved:
        enter(row, amount=approved, grounds=Grounds.REJECTION, by=by, now=now, reason=reason)


def restore(row: WorkOrder, *, by: Actor, now: datetime) -> None:
    """Completed again: what was withheld is authorized once more, unless somebody decided otherwise meanwhile."""
    last = row.authorizations.order_by("-pk").first()
    if last is not None and last.grounds == Grounds.REJECTION:
        enter(row, amount=last.resulting_amount - last.change_amount, grounds=Grounds.RESTORED, by=by, now=now)
