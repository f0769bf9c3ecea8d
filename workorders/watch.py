"""What the house notices by itself: offers nobody answers, visits nobody ends or begins, holds nobody ends, work
nobody confirms.

Each sweep looks at the state of the rows and takes one work order at a time (offers in sets, `expiry`), leaving out
those that somebody holds; running it twice, or eight at once, says and does everything once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef

from accounts.actors import CLOCK
from accounts.thresholds import Threshold, declare
from assets.hours import Hours, hours_of_sites
from workorders import expiry, lifecycle, offers, visits
from workorders.models import Event, Offer, Outcome, Status, Visit, VisitState, WorkOrder
from workorders.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger(__name__)

LATE_AFTER = declare("visits.check_out_late", 4, "hours", "After check-in, the technician is reminded to check out")
LATE_AFTER_CLOSING = declare("visits.check_out_after_closing", 1, "hours", "The same, after the site closes")
VENDOR_AFTER = declare("visits.check_out_vendor", 1, "hours", "After the technician, the vendor is reminded")
FACILITIES_AFTER = declare("visits.check_out_facilities", 2, "hours", "After the technician, facilities is told")
CLOSED_AFTER = declare("visits.check_out_estimated", 12, "hours", "After check-in, the visit is closed as estimated")
NOT_COME_AFTER = declare("visits.appointment_late", 30, "minutes", "After the window, the vendor is reminded to come")
NOT_COME_FACILITIES = declare("visits.appointment_facilities", 60, "minutes", "After the window, facilities is told")
REMIND_AFTER = declare("silence.remind", 3, "days", "After completion, the store is reminded to confirm")
VERIFY_AFTER = declare("silence.verify", 5, "days", "After completion, silence counts as a yes")

BATCH = 500
HOLD_OVER = "workorder.hold_over"
VERIFY_REMINDER = "workorder.verify_reminder"


@contextmanager
def _held(work_order_id: int) -> Iterator[WorkOrder | None]:
    """The row locked in a transaction of its own; None when somebody else is at it."""
    with transaction.atomic():
        rows = WorkOrder.objects.select_for_update(of=("self",), skip_locked=True).select_related("site")
        yield rows.filter(pk=work_order_id).first()


def _each[Row: (Offer, Visit, WorkOrder)](rows: Iterable[Row], act: Callable[[Row], object]) -> int:
    """Do `act` on each row; how many it did something for. One that is refused or fails leaves the others alone."""
    done = 0
    for row in rows:
        try:
            done += bool(act(row))
        except Refused as refused:
            log.info("%s %s was left alone: %s", type(row).__name__, row.pk, refused.sentence)
        except Exception:
            log.exception("%s %s could not be dealt with", type(row).__name__, row.pk)
    return done


# Offers


def expire_offers(*, now: datetime) -> int:
    """End the offers whose time is over; how many.

    Where that fails in sets, one after another: one bad row bars no other.
    """
    try:
        return expiry.sweep(now=now)
    except DatabaseError:
        log.exception("Offers could not be ended in sets")
        due = Offer.objects.expired(now).select_related("work_order", "vendor").order_by("expires_at", "pk")[:BATCH]
        return _each(due, lambda offer: offers.expire(offer, now=now))


# Visits


def sweep_missed(*, now: datetime) -> int:
    """Remind of visits that nobody ended or began, and close those that nobody will; how many visits it touched."""
    return _forgotten(now) + _not_begun(now)


def _forgotten(now: datetime) -> int:
    """Visits still open: the technician, the vendor, facilities are told in turn; at last it is closed as estimated."""
    rows = list(Visit.objects.on_site().select_related("work_order__site").order_by("checked_in_at"))
    hours = hours_of_sites({row.work_order.site_id: row.work_order.site for row in rows}.values()) if rows else {}
    close = CLOSED_AFTER.span()
    # Past appointments (1, 2) are behind a visit that has begun: these levels follow.
    steps = _steps(11, ("technician", None), ("vendor", VENDOR_AFTER), ("facilities", FACILITIES_AFTER))

    def look(visit: Visit) -> bool:
        first = _leaves_late(visit, hours[visit.work_order.site_id])
        told = _tell(visit, VisitState.ON_SITE, "visit.check_out_late", first, steps, now)
        if visit.checked_in_at is not None and now >= visit.checked_in_at + close:
            visits.check_out(
                visit, by=CLOCK, now=now, outcome=Outcome.RETURN_NEEDED, is_estimated=True,
                note="Nobody checked out. Closed by the house; the time of leaving is not known.",
            )  # fmt: skip
            return True
        return told

    return _each(rows, look)


def _leaves_late(visit: Visit, hours: Hours) -> datetime:
    """When a check-out counts as forgotten: hours after the check-in, or a while after the site closed, if sooner."""
    arrived = visit.checked_in_at
    assert arrived is not None, "the database refuses a visit on site without a check-in"  # noqa: S101
    late = arrived + LATE_AFTER.span()
    closes = hours.closes_at(arrived)
    return late if closes is None else min(late, closes + LATE_AFTER_CLOSING.span())


def _not_begun(now: datetime) -> int:
    """Appointments whose window is over without a check-in: the vendor is reminded, then facilities told."""
    rows = (
        Visit.objects.filter(
            is_dated=True,
            state=VisitState.PLANNED,
            work_order__status=Status.SCHEDULED,
            planned_end_at__lte=now - NOT_COME_AFTER.span(),
            reminded__lt=2,
        )
        .select_related("work_order")
        .order_by("planned_end_at")[:BATCH]
    )
    steps = _steps(1, ("vendor", NOT_COME_AFTER), ("facilities", NOT_COME_FACILITIES))
    return _each(
        rows,
        lambda visit: _tell(
            visit, VisitState.PLANNED, "visit.appointment_missed", visit.planned_end_at, steps, now
        ),
    )  # fmt: skip


type Steps = list[tuple[int, str, timedelta]]
"""Level as it is kept on the visit, who is told, and how long after the first moment."""


def _steps(start: int, *levels: tuple[str, Threshold | None]) -> Steps:
    return [
        (number, who, wait.span() if wait else timedelta(0)) for number, (who, wait) in enumerate(levels, start=start)
    ]


def _tell(visit: Visit, state: str, verb: str, first: datetime, steps: Steps, now: datetime) -> bool:
    """Append one event per level that is reached and was not told; True when there was any."""
    reached = [step for step in steps if step[0] > visit.reminded and now >= first + step[2]]
    if not reached:
        return False
    with _held(visit.work_order_id) as row:
        fresh = Visit.objects.select_for_update(of=("self",)).select_related("vendor").get(pk=visit.pk)
        if row is None or fresh.state != state or fresh.reminded != visit.reminded:
            return False
        for number, who, _ in reached:
            data = {"visit": fresh.pk, "level": who, "since": first.isoformat()}
            lifecycle.append(row, verb, by=CLOCK, now=now, data=data, vendor=fresh.vendor)
            fresh.reminded = number
        fresh.save(update_fields=["reminded"])
    return True


# Holds


def sweep_holds(*, now: datetime) -> int:
    """Ask about work that is on hold beyond the day that was said, once per hold; how many."""
    asked = Event.objects.filter(work_order=OuterRef("pk"), verb=HOLD_OVER, at__gte=OuterRef("held_at"))
    over = WorkOrder.objects.open().filter(~Exists(asked), status=Status.ON_HOLD, hold_until_at__lte=now)
    return _each(over.order_by("hold_until_at")[:BATCH], lambda row: _ask_about(row, now))


def _ask_about(work_order: WorkOrder, now: datetime) -> bool:
    with _held(work_order.pk) as row:
        if row is None or row.status != Status.ON_HOLD or row.hold_until_at is None or row.hold_until_at > now:
            return False
        if row.events.filter(verb=HOLD_OVER, at__gte=row.held_at).exists():
            return False
        reason = row.hold_reason
        data = {"reason": reason.label if reason else "", "until": row.hold_until_at.isoformat()}
        lifecycle.append(
            row, HOLD_OVER, by=CLOCK, now=now, data=data, vendor=row.vendor if reason and reason.vendor_sees else None
        )
    return True


# Silence


def verify_silent(*, now: datetime) -> int:
    """Remind of completed work that nobody confirms; after longer silence take it as confirmed. How many of both."""
    remind, verify = REMIND_AFTER.span(), VERIFY_AFTER.span()
    waiting = WorkOrder.objects.filter(status=Status.COMPLETED).order_by("completed_at")
    silent = waiting.filter(completed_at__lte=now - verify)[:BATCH]
    done = _each(silent, lambda row: lifecycle.verify(row, by=CLOCK, now=now, by_silence=True))
    # Work that was rejected and completed again is reminded of again.
    reminded = Event.objects.filter(work_order=OuterRef("pk"), verb=VERIFY_REMINDER, at__gte=OuterRef("completed_at"))
    unasked = waiting.filter(~Exists(reminded), completed_at__lte=now - remind, completed_at__gt=now - verify)[:BATCH]
    return done + _each(unasked, lambda row: _remind(row, now, verify))


def _remind(work_order: WorkOrder, now: datetime, verify: timedelta) -> bool:
    with _held(work_order.pk) as row:
        if row is None or row.status != Status.COMPLETED or row.completed_at is None:
            return False
        if row.events.filter(verb=VERIFY_REMINDER, at__gte=row.completed_at).exists():
            return False
        data = {"verifies_at": (row.completed_at + verify).isoformat()}
        lifecycle.append(row, VERIFY_REMINDER, by=CLOCK, now=now, data=data)
    return True
