"""What a vendor agreed to: its own measure, beside what we promised our stores."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from assets.models import Priority
from reporting import drilldown, scorecards
from tests.cast import Cast
from tests.factories.clock import NOW
from tests.factories.workorders import Story, reason
from vendors.models import NegotiatedTarget, Scorecard
from workorders import lifecycle, offers, visits
from workorders.agreed import agree
from workorders.models import Clock, Outcome, SlaTarget, Under, WorkOrder

type Enter = Callable[[User], Client]

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def promised(db: None) -> None:
    """We promise our stores an answer in 2 h, somebody on site in 8 h, and that it is done in 40 h."""
    for milestone, hours in (("response", 2), ("arrival", 8), ("completion", 40)):
        for priority in Priority.values:
            SlaTarget.objects.create(milestone=milestone, priority=priority, minutes=hours * 60, clock_type="elapsed")


def agreed_of(work_order: WorkOrder) -> dict[str, datetime | None]:
    return dict(Clock.objects.filter(work_order=work_order).values_list("milestone", "agreed_due_at"))


def agreed(cast: Cast, **facts: object) -> NegotiatedTarget:
    return NegotiatedTarget.objects.create(**{"vendor": cast.cascade, "priority": Priority.P3} | facts)


def test_the_answer_counts_since_it_was_asked_and_the_rest_since_it_accepted(cast: Cast) -> None:
    agreed(cast, response_minutes=30, arrival_minutes=240, completion_minutes=600)
    story = Story(cast).scheduled()
    accepted = story.work_order.accepted_at
    assert accepted is not None
    asked = story.offer.offered_at
    assert agreed_of(story.work_order) == {
        "response": asked + HOUR / 2, "arrival": accepted + 4 * HOUR, "completion": accepted + 10 * HOUR,
    }  # fmt: skip
    # What the stores were promised is as it was.
    assert Clock.objects.get(work_order=story.work_order, milestone="arrival").due_at == NOW + 8 * HOUR


def test_what_was_agreed_for_the_trade_goes_before_what_was_agreed_for_any(cast: Cast) -> None:
    agreed(cast, arrival_minutes=600, completion_minutes=900)
    agreed(cast, trade=cast.refrigeration, arrival_minutes=120)
    agreed(cast, trade=cast.plumbing, arrival_minutes=10, response_minutes=10)
    agreed(cast, vendor=cast.summit, response_minutes=5)
    agreed(cast, priority=Priority.P1, response_minutes=5)
    story = Story(cast).scheduled()
    accepted = story.work_order.accepted_at
    assert accepted is not None
    assert agreed_of(story.work_order) == {
        "response": None, "arrival": accepted + 2 * HOUR, "completion": accepted + 15 * HOUR,
    }  # fmt: skip


def test_it_stands_still_while_our_clock_does(cast: Cast) -> None:
    agreed(cast, arrival_minutes=240, completion_minutes=600)
    story = Story(cast).scheduled()
    accepted = story.work_order.accepted_at
    assert accepted is not None
    why = reason(Under.HOLD, "Our request", pauses=["arrival"])
    lifecycle.hold(story.work_order, by=cast.fm, now=story.later(), reason=why)
    lifecycle.resume(story.work_order, by=cast.fm, now=story.later(hours=3))
    assert agreed_of(story.work_order) == {
        "response": None, "arrival": accepted + 7 * HOUR, "completion": accepted + 10 * HOUR,
    }  # fmt: skip


def test_another_priority_brings_what_was_agreed_for_it_from_the_same_start(cast: Cast) -> None:
    agreed(cast, arrival_minutes=240, completion_minutes=600)
    agreed(cast, priority=Priority.P2, arrival_minutes=60)
    story = Story(cast).scheduled()
    accepted = story.work_order.accepted_at
    assert accepted is not None
    lifecycle.set_priority(story.work_order, by=cast.fm, now=story.later(), priority=Priority.P2, reason="It got worse")
    assert agreed_of(story.work_order) == {"response": None, "arrival": accepted + HOUR, "completion": None}


def test_the_next_vendor_is_not_held_to_what_the_one_before_agreed_to(cast: Cast) -> None:
    agreed(cast, response_minutes=30, arrival_minutes=240, completion_minutes=600)
    agreed(cast, vendor=cast.summit, completion_minutes=60)
    story = Story(cast).scheduled()
    lifecycle.reassign(story.work_order, by=cast.fm, now=story.later(), reason="They cannot come")
    assert agreed_of(story.fresh().work_order)["response"] is None
    story.offered(vendor=cast.summit)
    now = story.later()
    row = offers.accept(story.offer, by=cast.rival, now=now, start_at=now + HOUR, end_at=now + 2 * HOUR)
    assert agreed_of(row) == {"response": None, "arrival": None, "completion": now + HOUR}


def test_nobody_is_held_to_an_arrival_that_another_vendor_made(cast: Cast) -> None:
    agreed(cast, arrival_minutes=240)
    agreed(cast, vendor=cast.summit, arrival_minutes=60, completion_minutes=60)
    story = Story(cast).on_site()
    note = "Part is not here"
    visits.check_out(
        story.visit, by=cast.technician, now=story.later(), outcome=Outcome.RETURN_NEEDED, note=note
    )  # fmt: skip
    lifecycle.reassign(story.fresh().work_order, by=cast.fm, now=story.later(), reason="They have no parts")
    story.fresh().offered(vendor=cast.summit)
    now = story.later()
    row = offers.accept(story.offer, by=cast.rival, now=now, start_at=now + HOUR, end_at=now + 2 * HOUR)
    assert agreed_of(row) == {"response": None, "arrival": None, "completion": now + HOUR}


def test_planned_work_is_for_its_day_whatever_was_negotiated(cast: Cast) -> None:
    agreed(cast, response_minutes=30, arrival_minutes=240, completion_minutes=600)
    story = Story(cast).offered()
    WorkOrder.objects.filter(pk=story.work_order.pk).update(planned_on=NOW.date() + timedelta(days=20))
    story.fresh().scheduled()
    assert agreed_of(story.work_order) == {
        "response": story.offer.offered_at + HOUR / 2, "arrival": None, "completion": None,
    }  # fmt: skip


@pytest.mark.parametrize(("minutes", "share", "words"), [
    (30, "0.6667", "Arrival as agreed: 30 min late"), (240, "1", "Arrival as agreed: in time, 3 h to spare"),
])  # fmt: skip
def test_the_score_goes_by_what_was_agreed_and_says_so(cast: Cast, minutes: int, share: str, words: str) -> None:
    agreed(cast, arrival_minutes=minutes)
    story = Story(cast).completed()  # on site an hour after it accepted: in time for the store
    scorecards.score_vendors(now=story.now + HOUR)
    card = Scorecard.objects.get(vendor=cast.cascade, window_days=90)
    assert (card.parts["sla"]["number"], Decimal(str(card.parts["sla"]["share"]))) == (3, Decimal(share))
    assert words in {row.words for row in drilldown.opened(card, "sla", by=cast.fm, asked={}).rows}


def test_both_sides_read_on_the_job_by_when_the_vendor_agreed(cast: Cast, enter: Enter) -> None:
    agreed(cast, arrival_minutes=240)
    story = Story(cast, now=timezone.now()).scheduled()
    desk = enter(cast.fm).get(f"/work-orders/{story.work_order.number}").content.decode()
    job = enter(cast.dispatcher).get(f"/jobs/{story.work_order.number}").content.decode()
    assert desk.count("vendor agreed by") == job.count("Arrival agreed") == 1


def test_no_time_is_agreed_that_no_calendar_reaches(cast: Cast, enter: Enter) -> None:
    answer = enter(cast.admin).post(
        f"/vendors/{cast.cascade.code}/targets/new", {"priority": 3, "arrival_minutes": 2_000_000_000}
    )
    assert answer.status_code == 422
    assert "at most 1,000,000 minutes" in answer.content.decode()


def by_the_minute(since: datetime, minutes: int, gaps: list[tuple[datetime, datetime]]) -> datetime:
    """The slow way: a minute counts unless it lies in a gap."""
    at = since
    while minutes:
        if not any(start <= at < end for start, end in gaps):
            minutes -= 1
        at += timedelta(minutes=1)
    return at


@given(
    minutes=st.integers(1, 300),
    gaps=st.lists(st.tuples(st.integers(-120, 400), st.integers(1, 120)), max_size=4),
)
def test_what_was_agreed_is_walked_as_minute_by_minute(minutes: int, gaps: list[tuple[int, int]]) -> None:
    stood = [
        (NOW + timedelta(minutes=start), NOW + timedelta(minutes=start + length)) for start, length in sorted(gaps)
    ]
    clock = Clock()
    agree(clock, minutes, NOW, stood)
    assert clock.agreed_due_at == by_the_minute(NOW, minutes, stood)
    agree(clock, None, NOW, stood)
    assert (clock.agreed_from_at, clock.agreed_minutes, clock.agreed_due_at) == (None, None, None)
