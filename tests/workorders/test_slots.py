"""When a vendor could come: the windows that are suggested with an offer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from assets.hours import Hours
from workorders.slots import suggest

TACOMA = "America/Los_Angeles"
NINE_TO_FIVE = Hours(time_zone=TACOMA, weekly=(((9 * 60, 17 * 60),),) * 5 + ((), ()))


def at(text: str) -> datetime:
    """A local time at the site, which is eight hours behind in winter: "Mon 10:10" of the week of 12 January 2026."""
    day, _, clock = text.partition(" ")
    number = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun").index(day)
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 1, 12 + number, 8, tzinfo=UTC) + timedelta(hours=hour, minutes=minute)


class Person:
    def __init__(self, pk: int) -> None:
        self.pk = pk


ANN, BEA = Person(1), Person(2)


def starts(now: str, *, hours: Hours | None = NINE_TO_FIVE, crew=(ANN,), booked=None, by: str = "Fri 17:00"):
    found = suggest(now=at(now), hours=hours, arrive_by_at=at(by), crew=crew, booked=booked or {})
    return [(slot.start_at, slot.technician, slot.is_late) for slot in found]


def test_the_first_is_on_the_half_hour_and_leaves_time_to_get_there():
    assert starts("Mon 10:10")[0] == (at("Mon 11:00"), ANN, False)


def test_windows_follow_one_another_and_end_before_the_site_closes():
    assert [one[0] for one in starts("Mon 12:20")] == [at("Mon 13:00"), at("Mon 15:00"), at("Tue 9:00")]


def test_nobody_is_sent_to_a_closed_site():
    assert starts("Fri 18:00", by="Sun 17:00")[0][0] == at("Mon 9:00") + timedelta(days=7)


def test_what_is_urgent_does_not_wait_for_the_site_to_open():
    assert starts("Sat 22:10", hours=None)[0][0] == at("Sat 23:00")


def test_somebody_who_is_booked_then_is_not_offered_and_a_colleague_is():
    booked = {1: [(at("Mon 11:00"), at("Mon 13:00"))]}
    assert starts("Mon 10:10", crew=(ANN, BEA), booked=booked)[0] == (at("Mon 11:00"), BEA, False)
    assert starts("Mon 10:10", booked=booked)[0] == (at("Mon 13:00"), ANN, False)


def test_a_visit_that_ends_as_the_window_begins_is_no_clash():
    assert starts("Mon 10:10", booked={1: [(at("Mon 9:00"), at("Mon 11:00"))]})[0][0] == at("Mon 11:00")


def test_what_comes_after_the_time_to_be_there_says_so():
    assert [late for _, _, late in starts("Mon 10:10", by="Mon 12:00")] == [False, True, True]


def test_a_vendor_without_named_technicians_still_has_windows():
    assert starts("Mon 10:10", crew=())[0] == (at("Mon 11:00"), None, False)


@pytest.mark.parametrize("crew", [(ANN,), (ANN, BEA)])
def test_when_everybody_is_booked_for_the_week_nothing_is_suggested(crew):
    booked = {one.pk: [(at("Mon 0:00"), at("Mon 0:00") + timedelta(days=30))] for one in crew}
    assert starts("Mon 10:10", crew=crew, booked=booked) == []
