"""Business time, held against a walk minute by minute that knows nothing of how the rule does it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.hours import ALL_WEEK, Hours, due, hours_of, hours_of_sites, merged, worked
from assets.models import Calendar, CalendarHours, Holiday, Region, Site, SiteHours

NEW_YORK = "America/New_York"
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
STORE_WEEK = (*[((540, 1260),)] * 6, ())
STORE = Hours(NEW_YORK, STORE_WEEK)


def local(year: int, month: int, day: int, hour: int = 0, minute: int = 0, zone: str = NEW_YORK) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)


# The oracle


def open_minutes(hours: Hours, start: datetime, minutes: int) -> list[bool]:
    """For each minute from `start`: has the wall clock reached an opening of its day and not yet its closing?

    What the clock has shown counts, so an hour that it shows a second time opens nothing again.
    """
    zone = ZoneInfo(hours.time_zone)
    begin = start - timedelta(days=3)
    seen: dict[date, int] = {}
    result = []
    for step in range(3 * 1440 + minutes):
        wall = (begin + step * MINUTE).astimezone(zone)
        day = wall.date()
        seen[day] = max(seen.get(day, -1), wall.hour * 60 + wall.minute)
        is_open = day not in hours.closed_on and any(
            opens <= seen[day] < closes for opens, closes in hours.weekly[day.weekday()]
        )
        result.append(is_open)
    return result[3 * 1440 :]


def slow_due(start: datetime, minutes: int, hours: Hours, pauses: list[tuple[datetime, datetime]]) -> datetime:
    left = minutes
    for step, is_open in enumerate(open_minutes(hours, start, 40 * 1440)):
        at = start + step * MINUTE
        if left == 0:
            return at
        if is_open and not any(begin <= at < end for begin, end in pauses):
            left -= 1
            if left == 0:
                return at + MINUTE
    raise AssertionError("the oracle walked forty days without an end")


openings = st.lists(
    st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda pair: pair[0] < pair[1]), max_size=2
).map(lambda rows: tuple((begin, end) for begin, end in _flat(rows)))


def _flat(rows: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Two rows of one day made one where they touch, on a scale of minutes of some day."""
    zero = datetime(2026, 1, 1, tzinfo=UTC)
    periods = merged([(zero + begin * MINUTE, zero + end * MINUTE) for begin, end in rows])
    return [(int((begin - zero) / MINUTE), int((end - zero) / MINUTE)) for begin, end in periods]


weeks = st.lists(openings, min_size=7, max_size=7).map(tuple).filter(lambda week: sum(map(len, week)) > 3)
zones = st.sampled_from([NEW_YORK, "Australia/Lord_Howe", "America/Santiago", "America/Havana", "Asia/Kathmandu"])
# Around the changes of clocks of 2026 in those zones, north and south.
changes = [datetime(2026, month, day, tzinfo=UTC) for month, day in ((3, 6), (4, 3), (9, 4), (10, 2), (10, 30))]
starts = st.builds(lambda day, minute: day + minute * MINUTE, st.sampled_from(changes), st.integers(0, 3 * 1440))


@settings(max_examples=40, deadline=None)
@given(
    weekly=weeks,
    zone=zones,
    start=starts,
    minutes=st.integers(1, 1800),
    shut=st.sets(st.integers(0, 9), max_size=3),
    rests=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 1500)), max_size=3),
)
def test_due_and_worked_agree_with_a_walk_minute_by_minute(
    weekly: tuple, zone: str, start: datetime, minutes: int, shut: set[int], rests: list[tuple[int, int]]
) -> None:
    hours = Hours(zone, weekly, frozenset(start.date() + timedelta(days=day) for day in shut))
    pauses = [(start + at * MINUTE, start + (at + length) * MINUTE) for at, length in rests]

    expected = slow_due(start, minutes, hours, pauses)

    assert due(start, minutes * MINUTE, hours, pauses) == expected
    assert worked(start, expected, hours, pauses) == minutes * MINUTE


@settings(max_examples=40, deadline=None)
@given(weekly=weeks, zone=zones, start=starts, one=st.integers(0, 3000), two=st.integers(0, 3000))
def test_two_walks_in_a_row_are_one_walk(weekly: tuple, zone: str, start: datetime, one: int, two: int) -> None:
    hours = Hours(zone, weekly)

    assert due(due(start, one * MINUTE, hours), two * MINUTE, hours) == due(start, (one + two) * MINUTE, hours)


# The examples of the trade


def test_ten_hours_from_friday_evening_end_on_saturday() -> None:
    assert due(local(2026, 3, 6, 19, 30), 10 * HOUR, STORE) == local(2026, 3, 7, 17, 30)


def test_fourteen_hours_skip_the_closed_sunday_on_which_clocks_change() -> None:
    assert due(local(2026, 3, 6, 19, 30), 14 * HOUR, STORE) == local(2026, 3, 9, 9, 30)


def test_elapsed_hours_are_real_hours_when_clocks_go_back() -> None:
    assert due(local(2026, 10, 31, 22), 8 * HOUR, None) == local(2026, 11, 1, 5)


# Edges


def test_a_span_that_ends_with_the_closing_ends_at_the_closing() -> None:
    assert due(local(2026, 3, 6, 19, 30), timedelta(hours=1, minutes=30), STORE) == local(2026, 3, 6, 21)


def test_no_span_ends_where_it_starts_even_at_night() -> None:
    assert due(local(2026, 3, 8, 3), timedelta(0), STORE) == local(2026, 3, 8, 3)


def test_a_holiday_is_walked_over() -> None:
    closed = Hours(NEW_YORK, STORE_WEEK, frozenset({date(2026, 3, 7)}))

    assert due(local(2026, 3, 6, 19, 30), 10 * HOUR, closed) == local(2026, 3, 9, 17, 30)


def test_a_site_that_never_shuts_counts_real_time() -> None:
    assert due(local(2026, 3, 7, 22), 8 * HOUR, Hours(NEW_YORK)) == local(2026, 3, 8, 7)


def test_an_opening_that_the_clock_jumps_over_is_the_moment_of_the_jump() -> None:
    night = Hours(NEW_YORK, (*[()] * 6, ((150, 600),)))  # Sunday from 02:30, which March 8 does not have

    assert due(local(2026, 3, 8), HOUR, night) == local(2026, 3, 8, 4)


def test_worked_time_is_nothing_backwards_and_nothing_at_night() -> None:
    assert worked(local(2026, 3, 6, 12), local(2026, 3, 6, 11), STORE) == timedelta(0)
    assert worked(local(2026, 3, 6, 22), local(2026, 3, 7, 8), STORE) == timedelta(0)


def test_a_pause_is_left_out_once_however_often_it_is_named() -> None:
    pause = (local(2026, 3, 6, 10), local(2026, 3, 6, 12))

    assert due(local(2026, 3, 6, 9), 2 * HOUR, STORE, [pause, pause]) == local(2026, 3, 6, 13)


def test_the_closing_of_a_night_that_goes_past_midnight_is_in_the_next_day() -> None:
    bar = Hours(NEW_YORK, (((0, 120), (1080, 1440)),) * 7)

    assert bar.closes_at(local(2026, 3, 3, 20)) == local(2026, 3, 4, 2)
    assert bar.closes_at(local(2026, 3, 3, 12)) is None
    assert Hours(NEW_YORK).closes_at(local(2026, 3, 3, 12)) is None
    assert bar.is_open(local(2026, 3, 4, 1, 59))
    assert not bar.is_open(local(2026, 3, 4, 2))


def test_hours_are_told_in_words() -> None:
    assert STORE.in_words() == "Mon–Sat 09:00–21:00, Sun closed (America/New_York)"
    assert (
        Hours("UTC", closed_on=frozenset({date(2026, 1, 1)})).in_words() == "Around the clock (UTC), closed on holidays"
    )


# Loading


@pytest.fixture
def region(db: None) -> Region:
    return Region.objects.create(code="TOP", name="Company")


def site_at(region: Region, code: str, **fields: object) -> Site:
    return Site.objects.create(code=code, name=code, region=region, **fields)


def test_own_hours_win_over_the_calendar_whose_holidays_still_close(region: Region) -> None:
    calendar = Calendar.objects.create(name="Stores")
    CalendarHours.objects.create(calendar=calendar, weekday=0, opens_minute=480, closes_minute=1200)
    Holiday.objects.create(calendar=calendar, day_on=date(2026, 12, 25), name="Christmas")
    own = site_at(region, "A", calendar=calendar)
    SiteHours.objects.create(site=own, weekday=1, opens_minute=540, closes_minute=600)
    SiteHours.objects.create(site=own, weekday=1, opens_minute=590, closes_minute=660)
    shared, always = site_at(region, "B", calendar=calendar), site_at(region, "C")

    loaded = hours_of_sites([own, shared, always])

    assert loaded[own.pk].weekly == ((), ((540, 660),), *[()] * 5)
    assert loaded[own.pk].closed_on == frozenset({date(2026, 12, 25)})
    assert loaded[shared.pk].weekly[0] == ((480, 1200),)
    assert loaded[always.pk].weekly == ALL_WEEK
    assert hours_of(always).always


def test_a_calendar_of_holidays_alone_closes_only_those_days(region: Region) -> None:
    calendar = Calendar.objects.create(name="Holidays only")
    Holiday.objects.create(calendar=calendar, day_on=date(2026, 1, 1), name="New Year")
    site = site_at(region, "A", calendar=calendar)

    assert due(local(2025, 12, 31, 23), 2 * HOUR, hours_of(site)) == local(2026, 1, 2, 1)


def test_many_sites_cost_as_many_queries_as_one(region: Region, django_assert_num_queries: object) -> None:
    calendar = Calendar.objects.create(name="Stores")
    sites = [site_at(region, f"S{number}", calendar=calendar) for number in range(30)]

    with django_assert_num_queries(1):  # type: ignore[operator]
        hours_of_sites(sites[:1])
    with django_assert_num_queries(1):  # type: ignore[operator]
        hours_of_sites(sites)
