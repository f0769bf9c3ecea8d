"""Business time: when a site is open, and how far a length of time reaches over its opening hours.

Everything is reckoned in the site's own time zone. A wall time that a change of clocks skips is taken as the
moment of the change; one that happens twice is taken the first time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject

from accounts.together import Asking, ask
from assets.models import CalendarHours, Holiday, Site, SiteHours
from assets.models.site import HoursShape

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
FOREVER = datetime.max.replace(tzinfo=UTC)
MINUTES_OF_A_DAY = 1440
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

type Period = tuple[datetime, datetime]
"""From one instant to another; the end does not count."""

type Openings = tuple[tuple[int, int], ...]
"""Minutes since local midnight, from and to, of one weekday."""

ALL_WEEK: tuple[Openings, ...] = (((0, MINUTES_OF_A_DAY),),) * 7


@dataclass(frozen=True)
class Hours:
    """The opening hours of a site: a weekly table in a time zone, and the local days it stays shut."""

    time_zone: str = "UTC"
    weekly: tuple[Openings, ...] = ALL_WEEK
    closed_on: frozenset[date] = field(default_factory=frozenset)
    name: str = ""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def always(self) -> bool:
        return self.weekly == ALL_WEEK and not self.closed_on

    def local_day(self, at: datetime) -> date:
        """The date on the site's wall at the instant `at`."""
        return at.astimezone(self.zone).date()

    def day_starts_at(self, day: date) -> datetime:
        """The instant at which the local day begins."""
        return _instant(self.time_zone, day, 0)

    def openings(self, since: datetime) -> Iterator[Period]:
        """Open periods from `since` on, in order; the first one may be cut by it. Without end."""
        if self.always:
            yield since, FOREVER
            return
        # A day earlier, because around a change of the date line the local day may be the one before.
        day = self.local_day(since) - DAY
        while True:
            if day not in self.closed_on:
                for opens, closes in self.weekly[day.weekday()]:
                    begin = max(_instant(self.time_zone, day, opens), since)
                    end = _instant(self.time_zone, day, closes)
                    if begin < end:
                        yield begin, end
            day += DAY

    def is_open(self, at: datetime) -> bool:
        begin, _ = next(self.openings(at))
        return begin == at

    def closes_at(self, at: datetime) -> datetime | None:
        """When the site next shuts if it is open at `at`: None when it is shut, or never shuts."""
        end = None
        for begin, until in self.openings(at):
            if begin != (end or at):
                break
            if until - at > timedelta(days=8):
                return None
            end = until
        return end

    def in_words(self) -> str:
        """The table as a person would write it: "Mon–Sat 09:00–21:00, Sun closed (America/New_York)"."""
        if self.weekly == ALL_WEEK:
            words = "Around the clock"
        else:
            parts = []
            for openings, days in groupby(range(7), key=self.weekly.__getitem__):
                run = [WEEKDAYS[day] for day in days]
                label = run[0] if len(run) == 1 else f"{run[0]}–{run[-1]}"
                parts.append(f"{label} {_in_words(openings)}")
            words = ", ".join(parts)
        return f"{words} ({self.time_zone})" + (", closed on holidays" if self.closed_on else "")


def _in_words(openings: Openings) -> str:
    return (
        " and ".join(
            f"{opens // 60:02}:{opens % 60:02}–{closes // 60:02}:{closes % 60:02}" for opens, closes in openings
        )
        or "closed"
    )


@lru_cache(maxsize=16384)
def _instant(time_zone: str, day: date, minute: int) -> datetime:
    """The first instant at which the site's clock shows `minute` of `day` or later."""
    zone = ZoneInfo(time_zone)
    wall = datetime.combine(day, time()) + minute * MINUTE
    first = wall.replace(tzinfo=zone).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == wall:
        return first
    # The clock never shows it: it jumps over it, somewhere between these two readings of it.
    before, after = sorted((first, wall.replace(tzinfo=zone, fold=1).astimezone(UTC)))
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).replace(tzinfo=None) < wall:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


# Walking


def due(start: datetime, span: timedelta, hours: Hours | None, pauses: Iterable[Period] = ()) -> datetime:
    """The instant at which `span` of open time has passed since `start`, pauses left out.

    Without `hours` time runs around the clock. A span that ends with the closing ends at the closing, not at
    the next opening; no span at all ends where it starts.
    """
    if span <= timedelta(0):
        return start
    left = span
    for begin, end in _counted(start, hours, pauses):
        if end - begin >= left:
            return begin + left
        left -= end - begin
    raise OverflowError("The walk went past the end of time.")


def worked(start: datetime, end: datetime, hours: Hours | None, pauses: Iterable[Period] = ()) -> timedelta:
    """How much open time lies between two instants, pauses left out; nothing when `end` is before `start`."""
    total = timedelta(0)
    for begin, until in _counted(start, hours, pauses):
        if begin >= end:
            break
        total += min(until, end) - begin
    return total


def _counted(start: datetime, hours: Hours | None, pauses: Iterable[Period]) -> Iterator[Period]:
    """Open periods since `start` with the pauses cut out of them."""
    gaps = merged(pauses)
    for begin, end in [(start, FOREVER)] if hours is None else hours.openings(start):
        at = begin
        for pause_begin, pause_end in gaps:
            if pause_end <= at or pause_begin >= end:
                continue
            if pause_begin > at:
                yield at, pause_begin
            at = min(pause_end, end)
        if at < end:
            yield at, end


def merged(periods: Iterable[Period]) -> list[Period]:
    """The same time in order and without overlaps."""
    result: list[Period] = []
    for begin, end in sorted(periods):
        if begin >= end:
            continue
        if result and begin <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((begin, end))
    return result


# Loading


def hours_of(site: Site) -> Hours:
    """The opening hours of one site."""
    return hours_of_sites([site])[site.pk]


def hours_of_sites(sites: Iterable[Site]) -> dict[int, Hours]:
    """The opening hours of many sites by id, in one query."""
    return ask(asked_hours(sites))


def asked_hours(sites: Iterable[Site]) -> Asking[dict[int, Hours]]:
    """The opening hours of many sites by id.

    A site's own hours win over those of its calendar; without either it is always open. The holidays of its
    calendar close it in both cases. Hours past midnight are rows of the next day.
    """
    sites = list(sites)
    calendar_ids = {site.calendar_id for site in sites if site.calendar_id}
    hours = SiteHours.objects.filter(site__in=[site.pk for site in sites])
    shared = CalendarHours.objects.filter(calendar__in=calendar_ids)
    days = Holiday.objects.filter(calendar__in=calendar_ids).values_list("calendar_id", "day_on", "calendar__name")
    openings = ("weekday", "opens_minute", "closes_minute")
    own_rows, named_rows = hours.values_list("site_id", *openings), shared.values_list("calendar_id", *openings)
    yield own_rows, named_rows, days
    own, named = _tables(own_rows), _tables(named_rows)
    holidays: dict[int, set[date]] = defaultdict(set)
    names: dict[int, str] = {}
    for calendar_id, day, name in days:
        holidays[calendar_id].add(day)
        names[calendar_id] = name
    # One value for all sites of a calendar: a walk over it can be remembered once for all of them.
    closed = {calendar_id: frozenset(days) for calendar_id, days in holidays.items()}
    result = {}
    for site in sites:
        weekly = own.get(site.pk) or named.get(site.calendar_id or 0) or ALL_WEEK
        result[site.pk] = Hours(
            time_zone=site.time_zone,
            weekly=weekly,
            closed_on=closed.get(site.calendar_id or 0, frozenset()),
            name=names.get(site.calendar_id or 0, ""),
        )
    return result


def as_columns(site: str = "site") -> dict[str, ArraySubquery]:
    """The opening hours of the site that each row of another query names under `site`, as columns for `hours_from`."""
    opening = {"weekday": "weekday", "opens": "opens_minute", "closes": "closes_minute"}
    own = SiteHours.objects.filter(site=OuterRef(f"{site}_id"))
    calendar = {"calendar": OuterRef(f"{site}__calendar_id")}
    return {
        "own_hours": ArraySubquery(own.values(as_json=JSONObject(**opening))),
        "named_hours": ArraySubquery(CalendarHours.objects.filter(**calendar).values(as_json=JSONObject(**opening))),
        "holidays": ArraySubquery(Holiday.objects.filter(**calendar).values("day_on")),
    }


def hours_from(row: Any, time_zone: str) -> Hours:
    """The opening hours that a row brought along in the columns of `as_columns`."""
    rows = row.own_hours or row.named_hours
    tables = _tables((0, one["weekday"], one["opens"], one["closes"]) for one in rows)
    return Hours(time_zone=time_zone, weekly=tables.get(0, ALL_WEEK), closed_on=frozenset(row.holidays))


def week_in_words(rows: Iterable[HoursShape], time_zone: str) -> str:
    """Weekly hours as a person would write them; nothing where none are entered."""
    hours = week_of(((row.weekday, row.opens_minute, row.closes_minute) for row in rows), time_zone)
    return hours.in_words() if hours else ""


def week_of(openings: Iterable[tuple[int, int, int]], time_zone: str) -> Hours | None:
    """Weekly hours from openings (weekday, from and to in minutes since midnight); None where none are entered."""
    tables = _tables((0, *opening) for opening in openings)
    return Hours(time_zone=time_zone, weekly=tables[0]) if tables else None


def _tables(rows: Iterable[tuple[int, int, int, int]]) -> dict[int, tuple[Openings, ...]]:
    """Weekly tables by owner, overlapping rows of a day made one."""
    days: dict[int, list[list[tuple[int, int]]]] = defaultdict(lambda: [[] for _ in range(7)])
    for owner, weekday, opens, closes in rows:
        days[owner][weekday].append((opens, closes))
    return {owner: tuple(_joined(openings) for openings in week) for owner, week in days.items()}


def _joined(openings: Sequence[tuple[int, int]]) -> Openings:
    result: list[tuple[int, int]] = []
    for opens, closes in sorted(openings):
        if result and opens <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], closes))
        else:
            result.append((opens, closes))
    return tuple(result)
