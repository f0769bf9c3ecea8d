"""What waiting costs: an amount per hour, over the opening hours of the site, or around the clock with stock at risk.

A work order keeps what is counted so far and since when the present rate holds, so that a unit that failed halfway is
reckoned at both rates, each for its time.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from accounts.money import cents
from assets.hours import Hours, hours_of, worked
from workorders.priority import cost_per_hour

if TYPE_CHECKING:
    from workorders.models import WorkOrder

SECONDS_OF_AN_HOUR = 3600


def so_far(row: WorkOrder, *, now: datetime, hours: Hours | None) -> Decimal:
    """What the delay of `row` has cost until `now`, or until the work was done or called off.

    `hours` are the opening hours of its site; they may be None where `follows_hours` says that they do not matter.
    """
    since = row.delay_counted_at or row.reported_at
    until = min((at for at in (row.completed_at, row.canceled_at, now) if at is not None), default=now)
    if not row.cost_per_hour_amount or until <= since:
        return row.delay_counted_amount
    length = worked(since, until, hours if follows_hours(row) else None)
    spent = row.cost_per_hour_amount * Decimal(length.total_seconds()) / SECONDS_OF_AN_HOUR
    return cents(row.delay_counted_amount + spent)


def waits(row: WorkOrder) -> bool:
    """Whether the delay still goes on: the work is neither done nor called off."""
    return row.completed_at is None and row.canceled_at is None


def follows_hours(row: WorkOrder) -> bool:
    """Whether an hour counts only while the site is open: nobody buys from a closed store, but food spoils there."""
    return bool(row.cost_per_hour_amount) and not row.stock_at_risk


def reprice(row: WorkOrder, *, now: datetime, stock_at_risk: bool | None = None) -> None:
    """Count what has passed at the rate that held, then set the rate from unit, problem and how it is doing now.

    For a locked row that the caller saves.
    """
    row.delay_counted_amount = so_far(row, now=now, hours=hours_of(row.site) if follows_hours(row) else None)
    row.delay_counted_at = now
    if stock_at_risk is not None:
        row.stock_at_risk = stock_at_risk
    row.cost_per_hour_amount = cost_per_hour(row.asset, row.problem_type, row.working)
