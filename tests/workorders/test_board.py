"""The vendor's board: what cannot be kept side by side, and the page of days and technicians."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.once import fresh_key
from tests.factories.clock import NOW
from tests.factories.workorders import Story
from workorders import lifecycle, offers, visits
from workorders.board import warnings_of
from workorders.models import Visit

BOARD = "/jobs/schedule"


@pytest.fixture(autouse=True)
def present():
    with time_machine.travel(NOW + timedelta(minutes=30)):
        yield


def trip(cast: Any, start: timedelta, length: timedelta = timedelta(hours=1), *, who: Any = None, site: Any = None,
         dated: bool = True) -> Visit:  # fmt: skip
    """A planned trip that begins so long after the story's beginning."""
    facts = {"site": site, "asset": None, "by": cast.sibling_store} if site else {}
    story = Story(cast, facts=facts).offered()
    row = offers.accept(
        story.offer, by=cast.dispatcher, now=story.later(), start_at=NOW + start, end_at=NOW + start + length,
        technician=who,
    )  # fmt: skip
    visit = row.visits.get()
    if not dated:
        Visit.objects.filter(pk=visit.pk).update(is_dated=False)
    return Visit.objects.select_related("work_order__site", "technician").get(pk=visit.pk)


def day_of(visit: Visit) -> str:
    return visit.planned_start_at.astimezone(ZoneInfo("America/New_York")).strftime("%Y-%m-%d")


HOUR = timedelta(hours=1)


class TestWarnings:
    def test_two_visits_at_the_same_time_warn_both(self, cast):
        first = trip(cast, 2 * HOUR, 2 * HOUR, who=cast.technician)
        second = trip(cast, 3 * HOUR, 2 * HOUR, who=cast.technician)
        told = warnings_of([first, second], kmh=50)
        assert [one.is_clash for one in told[first.pk] + told[second.pk]] == [True, True]
        assert second.work_order.number in told[first.pk][0].sentence

    def test_different_people_and_times_that_only_touch_do_not(self, cast):
        first = trip(cast, 2 * HOUR, who=cast.technician)
        assert not warnings_of([first, trip(cast, 2 * HOUR, who=cast.colleague)], kmh=50)
        assert not warnings_of([first, trip(cast, 3 * HOUR, who=cast.technician)], kmh=50)

    def test_a_promise_for_an_exact_time_takes_half_an_hour_all_the_same(self, cast):
        first = trip(cast, 2 * HOUR, timedelta(0), who=cast.technician)
        second = trip(cast, 2 * HOUR + timedelta(minutes=29), who=cast.technician)
        assert len(warnings_of([first, second], kmh=50)[first.pk]) == 1

    def test_too_little_time_for_the_way_warns_the_later_one(self, cast):
        type(cast.harbor).objects.filter(pk=cast.harbor.pk).update(
            latitude=cast.hilltop.latitude + Decimal("0.5"), longitude=cast.hilltop.longitude
        )  # 55.6 km to the north: an hour and 6 minutes at 50 km/h
        first = trip(cast, 2 * HOUR, who=cast.technician)
        soon, later = 4 * HOUR, 4 * HOUR + timedelta(minutes=7)
        near = trip(cast, soon, who=cast.technician, site=cast.harbor)
        assert warnings_of([first, near], kmh=50)[near.pk][0].sentence.startswith("Only 1 h for a way of about 1 h 6 m")
        assert first.pk not in warnings_of([first, near], kmh=50)
        far = trip(cast, later, who=cast.technician, site=cast.harbor)
        assert not warnings_of([first, far], kmh=50)

    def test_what_is_over_undated_or_nobodys_warns_nobody(self, cast):
        first = trip(cast, 2 * HOUR, who=cast.technician)
        assert not warnings_of([first, trip(cast, 2 * HOUR)], kmh=50)
        assert not warnings_of([first, trip(cast, 2 * HOUR, who=cast.technician, dated=False)], kmh=50)
        done = trip(cast, 2 * HOUR, who=cast.technician)
        done.state = "left"
        assert not warnings_of([first, done], kmh=50)


class TestPage:
    def test_the_week_has_those_without_a_technician_first_then_everybody_by_name(self, cast, enter):
        visit = trip(cast, 2 * HOUR)
        assert cast.technician
        assert cast.colleague
        text = enter(cast.dispatcher).get(BOARD, {"day": day_of(visit)}).content.decode()
        places = [text.index(name) for name in ("No technician yet", cast.technician.name, cast.colleague.name)]
        assert places[1] != -1
        board = text[text.index('class="board"') :]
        names = [board.index(name) for name in ("No technician yet", cast.technician.name, cast.colleague.name)]
        assert names == sorted(names)
        assert visit.work_order.title in board

    def test_one_day_and_one_technician_are_asked_for_in_the_address(self, cast, enter):
        mine = trip(cast, 2 * HOUR, who=cast.technician)
        theirs = trip(cast, 2 * HOUR, who=cast.colleague)
        client = enter(cast.dispatcher)
        asked = {"view": "day", "day": day_of(mine), "who": str(cast.technician.pk)}
        text = client.get(BOARD, asked).content.decode()
        assert mine.work_order.number in text
        assert theirs.work_order.number not in text
        nobody = client.get(BOARD, asked | {"who": "none"}).content.decode()
        assert mine.work_order.number not in nobody

    @pytest.mark.parametrize(
        "asked", [{"view": "year"}, {"day": "yesterday"}, {"day": "9999-12-31"}, {"who": "x"}, {"who": "9" * 11}]
    )
    def test_an_address_that_makes_no_sense_shows_what_is_usual(self, cast, enter, asked):
        assert enter(cast.dispatcher).get(BOARD, asked).status_code == 200

    def test_assigning_on_the_board_leads_back_to_the_same_board(self, cast, enter):
        visit = trip(cast, 2 * HOUR)
        given = {
            "operation": fresh_key(), "technician": str(cast.technician.pk), "view": "day", "day": day_of(visit),
            "who": "none",
        }  # fmt: skip
        page = enter(cast.dispatcher).post(reverse("workorders:job_assign", args=[visit.work_order.number]), given)
        assert page.status_code == 302
        assert page["Location"] == f"{BOARD}?view=day&day={day_of(visit)}&who=none"
        assert Visit.objects.get(pk=visit.pk).technician == cast.technician

    def test_the_way_back_is_never_to_another_place(self, cast, enter):
        visit = trip(cast, 2 * HOUR)
        given = {
            "operation": fresh_key(), "technician": str(cast.technician.pk), "view": "//evil.example", "day": "x",
            "who": "https://evil.example",
        }  # fmt: skip
        page = enter(cast.dispatcher).post(reverse("workorders:job_assign", args=[visit.work_order.number]), given)
        assert page["Location"].startswith(f"{BOARD}?view=week&day=")
        assert "evil" not in page["Location"]

    def test_a_clash_is_said_on_the_card(self, cast, enter):
        first = trip(cast, 2 * HOUR, who=cast.technician)
        trip(cast, 2 * HOUR, who=cast.technician)
        assert "At the same time as" in enter(cast.dispatcher).get(BOARD, {"day": day_of(first)}).content.decode()

    def test_a_trip_without_a_time_waits_beside_the_board(self, cast, enter):
        visit = trip(cast, 2 * HOUR, who=cast.technician, dated=False)
        text = enter(cast.dispatcher).get(BOARD).content.decode()
        assert "Time to be agreed" in text
        assert visit.work_order.number in text

    def test_a_technician_sees_the_own_trips_and_assigns_nobody(self, cast, enter):
        mine, theirs = trip(cast, 2 * HOUR, who=cast.technician), trip(cast, 2 * HOUR, who=cast.colleague)
        text = enter(cast.technician).get(BOARD, {"day": day_of(mine)}).content.decode()
        assert mine.work_order.number in text
        assert theirs.work_order.number not in text
        assert "Assign" not in text

    def test_of_a_job_that_has_gone_only_the_own_visit_is_told(self, cast, enter):
        story = Story(cast).on_site()
        own = story.visit
        visits.check_out(own, by=cast.technician, now=story.later(), outcome="return_needed", note="Two people")
        lifecycle.reassign(story.fresh().work_order, by=cast.fm, now=story.later(), reason="Too slow")
        again = Story(cast, now=story.now, row=story.fresh().work_order).offered(cast.summit)
        offers.accept(
            again.offer, by=cast.rival, now=again.later(), start_at=again.now + HOUR, end_at=again.now + 2 * HOUR
        )
        text = enter(cast.dispatcher).get(BOARD, {"day": day_of(own)}).content.decode()
        assert story.work_order.number in text
        assert "No longer yours" in text
        assert story.work_order.title not in text
        assert "Scheduled" not in text

    @pytest.mark.parametrize("view", ["day", "week"])
    def test_one_trip_or_many_cost_the_same(self, cast, enter, view):
        client = enter(cast.dispatcher)
        visit = trip(cast, 2 * HOUR, who=cast.technician)
        asked = {"view": view, "day": day_of(visit)}
        client.get(BOARD, asked)
        with CaptureQueriesContext(connection) as one:
            client.get(BOARD, asked)
        for number in range(5):
            trip(cast, (number + 2) * HOUR, who=cast.technician if number % 2 else None)
        with CaptureQueriesContext(connection) as many:
            assert client.get(BOARD, asked).status_code == 200
        assert len(one) == len(many) <= 8
