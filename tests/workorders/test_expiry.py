"""Offers that nobody answered, ended in sets: row by row what ending one after another would have made of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.actors import CLOCK
from accounts.ledger import broken_links
from accounts.models import Unsettled, User
from assets.models import Calendar, CalendarHours, Holiday, Site, SiteHours, Trade
from reporting.models import DirtyDay
from tests.cast import Cast
from tests.factories.assets import SiteFactory
from tests.factories.vendors import VendorFactory
from tests.factories.work import WorkOrderFactory
from tests.factories.workorders import Story, reason
from vendors.models import Vendor
from workorders import expiry, lifecycle, offers, sla, watch
from workorders.catalog import load_targets
from workorders.models import (
    Clock,
    ClockChange,
    ClockState,
    Event,
    Milestone,
    Offer,
    OfferMode,
    OfferState,
    Proposal,
    ProposalState,
    Reason,
    SlaTarget,
    Status,
    Under,
    WorkOrder,
)
from workorders.refusals import Refused

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def slow_sweep(now: datetime) -> int:
    """One after another through the rule that ends one offer, the oldest first."""
    ended = 0
    for offer in Offer.objects.expired(now).select_related("work_order", "vendor").order_by("expires_at", "pk"):
        with suppress(Refused):
            offers.expire(offer, now=now)
            ended += 1
    return ended


# Any world of offers


@dataclass
class Asked:
    """One offer of one work order."""

    ends_in: int
    state: str
    proposal: str


@dataclass
class Job:
    """One work order, what became of its response clock, and who is asked."""

    place: int
    trade: int
    priority: int
    age: int
    status: str
    clock: str
    told: int
    stands_still: bool
    asked: list[Asked] = field(default_factory=list)


ASKED = st.builds(
    Asked,
    ends_in=st.sampled_from([-2000, -61, -1, 0, 0, 0, 1, 500]),
    state=st.sampled_from(["open", "open", "open", "declined", "withdrawn", "expired"]),
    proposal=st.sampled_from(["", "", "open", "refused"]),
)
JOBS = st.lists(
    st.builds(
        Job,
        place=st.integers(0, 2),
        trade=st.integers(0, 1),
        priority=st.integers(1, 4),
        age=st.integers(3000, 9000),
        status=st.sampled_from(["offered", "offered", "offered", "offered", "ready", "canceled"]),
        clock=st.sampled_from(["", "running", "paused", "stopped", "dropped"]),
        told=st.integers(0, 5),
        stands_still=st.booleans(),
        asked=st.lists(ASKED, min_size=1, max_size=3),
    ),
    min_size=1,
    max_size=7,
)


@pytest.fixture
def sites(cast: Cast) -> list[Site]:
    """One with hours of its own, one with those of a calendar and its holidays, one that never shuts."""
    load_targets()
    SlaTarget.objects.create(milestone="response", priority=4, tier="A", minutes=77, clock_type="elapsed")
    for weekday in range(6):
        SiteHours.objects.create(site=cast.hilltop, weekday=weekday, opens_minute=540, closes_minute=1260)
    calendar = Calendar.objects.create(name="Stores")
    CalendarHours.objects.create(calendar=calendar, weekday=2, opens_minute=0, closes_minute=600)
    Holiday.objects.create(calendar=calendar, day_on=date(2026, 7, 15), name="Founders' day")
    cast.harbor.calendar, cast.harbor.time_zone, cast.harbor.tier = calendar, "America/New_York", "A"
    cast.harbor.save()
    return [cast.hilltop, cast.harbor, SiteFactory.create()]


@pytest.fixture
def vendors(cast: Cast) -> list[Vendor]:
    return [cast.cascade, cast.summit, VendorFactory.create()]


@pytest.fixture
def trades(cast: Cast) -> list[Trade]:
    return [cast.refrigeration, cast.plumbing]


@pytest.fixture
def too_far(db: None) -> Reason:
    return reason(Under.DECLINE, "Too far")


type Land = tuple[list[Site], list[Trade], list[Vendor], Reason, User]


@pytest.fixture
def land(cast: Cast, sites: list[Site], trades: list[Trade], vendors: list[Vendor], too_far: Reason) -> Land:
    """Where all of it takes place: what an example makes is taken back after it, and this stays."""
    return sites, trades, vendors, too_far, cast.fm


def lay_out(jobs: list[Job], land: Land, now: datetime) -> None:
    sites, trades, vendors, too_far, by = land
    for job in jobs:
        reported = now - job.age * MINUTE
        what = {"site": sites[job.place], "trade": trades[job.trade], "priority": job.priority}
        row = WorkOrderFactory(**what, reported_at=reported, status="offered")
        sla.start(row, now=reported)
        row.save()
        response = Clock.objects.filter(work_order=row, milestone=Milestone.RESPONSE)
        if job.clock:
            ended = reported + 500 * MINUTE if job.clock == "stopped" else None
            response.update(state=job.clock, told=job.told, stopped_at=ended, breached_at=reported)
        else:
            response.delete()
        if job.stands_still:
            sla.pause(row, ["response", "arrival"], reason="Weather", by=by, now=now - HOUR)
            row.save()
        lifecycle.append(row, "workorder.offered", by=by, now=reported, note="Asked")
        for asked, vendor in zip(job.asked, vendors, strict=False):
            answered = {"answered_at": now, "decline_reason": too_far} if asked.state == "declined" else {}
            offer = Offer.objects.create(
                work_order=row, vendor=vendor, state=asked.state, offered_at=reported, mode=OfferMode.BROADCAST,
                expires_at=now + asked.ends_in * MINUTE, explanation={"why": "not"}, **answered,
            )  # fmt: skip
            if asked.proposal:
                refused = {"answered_at": now - DAY, "answer": "No"} if asked.proposal == "refused" else {}
                Proposal.objects.create(
                    offer=offer, start_at=now, end_at=now + HOUR, note="Busy", made_at=reported, state=asked.proposal,
                    **refused,
                )  # fmt: skip
        canceled = {"canceled_at": now, "cancel_reason": "Not needed"} if job.status == "canceled" else {}
        # Due at a moment that no clock says: where it is said anew, that shows.
        WorkOrder.objects.filter(pk=row.pk).update(status=job.status, due_at=now + 7 * MINUTE, **canceled)


def everything() -> dict[str, list[Any]]:
    """Every row that a sweep may touch, without the keys that rows got on the way."""
    waiting = Unsettled.objects.filter(ledger="workorders_event").order_by("event_id")
    unsettled = list(waiting.values_list("event_id", flat=True))
    told = Event.objects.in_bulk(unsettled)
    return {
        "work orders": list(WorkOrder.objects.order_by("pk").values()),
        "offers": list(Offer.objects.order_by("pk").values()),
        "proposals": list(Proposal.objects.order_by("pk").values()),
        "clocks": [without(row) for row in Clock.objects.order_by("work_order", "milestone").values()],
        "changes": [
            without(row, "clock_id")
            for row in ClockChange.objects.order_by("clock__work_order", "clock__milestone", "made_at").values()
        ],
        "events": [without(row) for row in Event.objects.order_by("work_order", "position").values()],
        "in line": [(told[pk].work_order_id, told[pk].position, told[pk].verb) for pk in unsettled],
        "days": sorted(set(DirtyDay.objects.values_list("day_on", "region_id"))),
    }


def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in {"id", *names}}


class Undone(Exception):
    """Takes back what was tried."""


def made_of(act: Callable[[], object]) -> tuple[object, dict[str, list[Any]]]:
    """What `act` answers and makes of every row; nothing of it stays."""
    with suppress(Undone), transaction.atomic():
        answer, rows = act(), everything()
        assert not list(broken_links("workorders_event", "work_order_id"))
        raise Undone
    return answer, rows


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(jobs=JOBS, batch=st.sampled_from([1, 2, 3, 5000]), unpromised=st.sampled_from([0, 2, 3]))
def test_the_sweep_in_sets_makes_of_every_row_what_a_loop_would(
    land: Land, now: datetime, jobs: list[Job], batch: int, unpromised: int
) -> None:
    with suppress(Undone), transaction.atomic():
        SlaTarget.objects.filter(milestone="response", priority=unpromised).delete()
        lay_out(jobs, land, now)

        by_one, by_one_rows = made_of(lambda: slow_sweep(now))
        in_sets, in_sets_rows = made_of(lambda: expiry.sweep(now=now, batch=batch))

        assert in_sets == by_one
        for name, rows in by_one_rows.items():
            assert in_sets_rows[name] == rows, name
        raise Undone


# Told as stories


def test_of_a_broadcast_the_last_silence_gives_the_work_back(cast: Cast) -> None:
    story = Story(cast).ready()
    asked = [cast.cascade, cast.summit]
    made = offers.broadcast(
        story.work_order, vendors=asked, by=cast.fm, now=story.later(), nte_amount=500, override_reason="Both know it"
    )
    before, ends = story.fresh().work_order.version, made[0].expires_at

    assert expiry.sweep(now=ends) == 2
    assert expiry.sweep(now=ends + DAY) == 0

    row = story.fresh().work_order
    assert (row.status, row.version) == (Status.READY, before + 2)
    told = row.events.filter(verb="workorder.offer_expired").order_by("position")
    assert [(event.vendor, event.data["after"]) for event in told] == [
        (cast.cascade, "offered"),
        (cast.summit, "ready"),
    ]
    assert not list(broken_links("workorders_event", "work_order_id"))


def test_as_long_as_somebody_is_asked_the_work_stays_offered(cast: Cast) -> None:
    story = Story(cast).offered()
    late = story.offer
    late.pk, late.vendor, late.expires_at = None, cast.summit, late.expires_at + DAY
    late._state.adding = True
    late.save(force_insert=True)
    due, clocks = story.work_order.due_at, list(story.work_order.clocks.values())

    assert expiry.sweep(now=late.expires_at - DAY) == 1

    row = story.fresh().work_order
    assert (row.status, row.due_at, list(row.clocks.values())) == (Status.OFFERED, due, clocks)


def test_a_proposal_ends_with_its_offer_and_the_answer_is_waited_for_anew(cast: Cast) -> None:
    load_targets()
    story = Story(cast).offered()
    ends = story.offer.expires_at
    asked = Proposal.objects.create(
        offer=story.offer, start_at=ends + DAY, end_at=ends + DAY, note="Busy", made_at=story.now
    )

    assert watch.expire_offers(now=ends) == 1

    asked.refresh_from_db()
    assert (asked.state, asked.answered_at) == (ProposalState.LAPSED, ends)
    clock = story.work_order.clocks.get(milestone=Milestone.RESPONSE)
    assert (clock.state, clock.started_at, clock.told) == (ClockState.RUNNING, ends, 0)
    assert clock.changes.last().because == sla.NEXT_VENDOR


def test_one_turn_takes_all_that_is_due(cast: Cast, now: datetime) -> None:
    rows = WorkOrderFactory.create_batch(12, site=cast.hilltop, trade=cast.refrigeration, status="offered")
    Offer.objects.bulk_create(
        Offer(work_order=row, vendor=cast.cascade, offered_at=now, expires_at=now + HOUR) for row in rows
    )

    assert expiry.sweep(now=now + HOUR, batch=5) == 12
    assert not Offer.objects.open().exists()
    assert not WorkOrder.objects.filter(status=Status.OFFERED).exists()
    assert Event.objects.filter(verb="workorder.offer_expired", actor_name=CLOCK.name).count() == 12


def test_nothing_expired_costs_one_query(cast: Cast, now: datetime, django_assert_num_queries: Any) -> None:
    Story(cast).offered()
    with django_assert_num_queries(1):
        assert expiry.sweep(now=now) == 0


def test_the_number_of_statements_does_not_grow_with_the_offers(
    cast: Cast, now: datetime, django_assert_num_queries: Any
) -> None:
    load_targets()
    for number in (2, 20):
        rows = WorkOrderFactory.create_batch(number, site=cast.hilltop, trade=cast.refrigeration, status="offered")
        Offer.objects.bulk_create(
            Offer(work_order=row, vendor=cast.cascade, offered_at=now, expires_at=now + HOUR) for row in rows
        )
        with django_assert_num_queries(10):
            assert expiry.sweep(now=now + HOUR) == number


def test_where_sets_fail_one_after_another_still_ends(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise DatabaseError("no luck")

    story = Story(cast).offered()
    monkeypatch.setattr(lifecycle, "went", fail)

    assert watch.expire_offers(now=story.offer.expires_at) == 1
    assert story.offer.state == OfferState.EXPIRED
    assert "could not be ended in sets" in caplog.text


def test_a_move_that_the_table_does_not_know_is_taken_back(cast: Cast) -> None:
    story = Story(cast).ready()
    with pytest.raises(AssertionError), transaction.atomic():
        lifecycle.went(lifecycle.Move.EXPIRE, [story.work_order.pk], moves=[1], after=[Status.READY])
    with pytest.raises(AssertionError), transaction.atomic():
        lifecycle.went(lifecycle.Move.OFFER, [story.work_order.pk], moves=[1], after=[Status.NEW])
    assert story.fresh().work_order.status == Status.READY


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_work_that_somebody_holds_is_left_for_the_next_time(cast: Cast) -> None:
    story = Story(cast).offered()
    offer = story.offer
    held, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                lifecycle.lock(story.work_order)
                held.set()
                may_end.wait(timeout=30)
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(timeout=30)
    assert expiry.sweep(now=offer.expires_at) == 0
    may_end.set()
    thread.join(timeout=30)
    assert expiry.sweep(now=offer.expires_at) == 1
