"""What the vendor that has a job agreed to: how soon it answers, is on site and is done.

Our clocks run by what the house promised its stores, whoever does the work. Whether a vendor was in time is measured by
what was negotiated with it, where anything was: around the clock, the answer since it was asked, the rest since it
accepted, and standing still when our clock does. Planned work is for its day, whatever was negotiated.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import F, Q

from accounts.together import Asking, ask, rows_of, side_by_side
from assets.hours import Period, due
from vendors.models import NegotiatedTarget
from workorders.models import Clock, Milestone, Pause, WorkOrder

if TYPE_CHECKING:
    from workorders.models import Offer

MINUTES = {
    Milestone.RESPONSE: "response_minutes",
    Milestone.ARRIVAL: "arrival_minutes",
    Milestone.COMPLETION: "completion_minutes",
}


def asked_minutes(row: WorkOrder, *, vendor_id: int | None) -> Asking[dict[str, int]]:
    """What the vendor agreed to for work like `row`, in minutes by milestone: for its trade before any trade."""
    if vendor_id is None:
        return {}
    of_vendor = NegotiatedTarget.objects.filter(vendor=vendor_id, priority=row.priority)
    targets = yield from rows_of(
        of_vendor.filter(Q(trade=row.trade_id) | Q(trade=None)).order_by(F("trade").asc(nulls_last=True))
    )
    is_planned = row.planned_on is not None or row.window_closes_on is not None
    found: dict[str, int] = {}
    for target in targets:  # that of the trade first
        for milestone, column in MINUTES.items():
            minutes = getattr(target, column)
            if minutes is not None and (milestone == Milestone.RESPONSE or not is_planned):
                found.setdefault(milestone, minutes)
    return found


def agree(clock: Clock, minutes: int | None, since: datetime | None, gaps: Sequence[Period]) -> None:
    """The vendor agreed to reach the clock's milestone `minutes` after `since`, the `gaps` left out; or (None) to
    nothing."""
    if minutes is None or since is None:
        clock.agreed_from_at = clock.agreed_minutes = clock.agreed_due_at = None
    else:
        clock.agreed_from_at, clock.agreed_minutes = since, minutes
        clock.agreed_due_at = due(since, timedelta(minutes=minutes), None, gaps)


def gaps_of(clock: Clock, pauses: Sequence[Pause]) -> list[Period]:
    """When the clock stood still, as far as that has ended."""
    own = [pause for pause in pauses if clock.milestone in pause.milestones]
    return [(pause.started_at, pause.ended_at) for pause in own if pause.ended_at is not None]


def hold_to(offer: Offer, row: WorkOrder, *, now: datetime) -> None:
    """The vendor of `offer` takes the job: from here its own measure goes by what it agreed to.

    Inside the transaction of the acceptance, before the response clock stops. Whatever another vendor had agreed to is
    over, and what was reached before is not this one's doing.
    """
    minutes, clocks, pauses = ask(
        side_by_side(
            asked_minutes(row, vendor_id=offer.vendor_id),
            rows_of(Clock.objects.filter(work_order=row.pk, milestone__in=MINUTES)),
            rows_of(Pause.objects.filter(work_order=row.pk)),
        )
    )
    for clock in clocks:
        had = clock.agreed_minutes
        since = offer.offered_at if clock.milestone == Milestone.RESPONSE else now
        ahead = clock.stopped_at is None
        agree(clock, minutes.get(clock.milestone) if ahead else None, since, gaps_of(clock, pauses))
        if had is not None or clock.agreed_minutes is not None:
            clock.save(update_fields=["agreed_from_at", "agreed_minutes", "agreed_due_at"])
