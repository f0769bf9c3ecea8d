"""When a vendor could come: windows in the site's hours in which one of its technicians is free."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from accounts.models import User
    from assets.hours import Hours, Period

HALF_HOUR = timedelta(minutes=30)
WINDOW = timedelta(hours=2)
LEAD = timedelta(minutes=30)
"""Nobody is there sooner than this."""
AHEAD = timedelta(days=7)
MOST = 3


class Slot(NamedTuple):
    """One window to choose: who is free then (nobody when the vendor has named no technicians), too late or not."""

    start_at: datetime
    end_at: datetime
    technician: User | None
    is_late: bool


def next_half_hour(instant: datetime) -> datetime:
    """The full or half hour that follows `instant`: what a proposed time begins with."""
    rest = timedelta(minutes=instant.minute % 30, seconds=instant.second, microseconds=instant.microsecond)
    return instant - rest + HALF_HOUR


def suggest(
    *,
    now: datetime,
    hours: Hours | None,
    arrive_by_at: datetime | None,
    crew: Sequence[User],
    booked: Mapping[int, Sequence[Period]],
    most: int = MOST,
) -> list[Slot]:
    """The first windows of two hours within the site's `hours` (None: around the clock) in which somebody is free.

    `booked` are the periods promised to others, by technician. Windows do not overlap; each goes to the first of
    `crew` who is free, so that the order of names decides. Nothing beyond seven days.
    """
    return list(islice(_free(now, hours, arrive_by_at, crew, booked), most))


def _free(
    now: datetime, hours: Hours | None, arrive_by_at: datetime | None, crew: Sequence[User],
    booked: Mapping[int, Sequence[Period]],
) -> Iterator[Slot]:  # fmt: skip
    last = now + AHEAD
    start = next_half_hour(now + LEAD)
    for opens, closes in [(start, last)] if hours is None else hours.openings(start):
        if opens >= last:
            return
        at = opens if opens == start else _on_the_grid(opens)
        while at + WINDOW <= closes and at < last:
            who = next((one for one in crew if _is_free(booked.get(one.pk, ()), at, at + WINDOW)), None)
            if crew and who is None:
                at += HALF_HOUR
                continue
            yield Slot(at, at + WINDOW, who, arrive_by_at is not None and at > arrive_by_at)
            at += WINDOW


def _on_the_grid(instant: datetime) -> datetime:
    """`instant` itself when it is a full or half hour, else the next one."""
    whole = instant.minute % 30 == 0 and not instant.second and not instant.microsecond
    return instant if whole else next_half_hour(instant)


def _is_free(periods: Sequence[Period], start: datetime, end: datetime) -> bool:
    return all(until <= start or since >= end for since, until in periods)
