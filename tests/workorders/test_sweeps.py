"""What the house notices by itself, once each, whatever runs twice or at the same time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connections

from accounts.ledger import broken_links
from assets.models import SiteHours
from tests.cast import Cast
from tests.factories.clock import NOW
from tests.factories.work import WorkOrderFactory
from tests.factories.workorders import Story, reason
from workorders import lifecycle, sla, tasks, visits, watch
from workorders.catalog import load_targets
from workorders.models import Clock, ClockState, Event, OfferState, Status, Under, Visit, VisitState, WorkOrder

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def levels(verb: str) -> list[str]:
    return [event.data["level"] for event in Event.objects.filter(verb=verb).order_by("pk")]


# A visit that nobody ends


def test_a_forgotten_check_out_is_told_step_by_step_and_closed_at_last(cast: Cast) -> None:
    story = Story(cast).on_site()
    arrived = story.visit.checked_in_at
    assert arrived is not None

    told = []
    for hours in (3.9, 4, 4, 5, 6, 11.9):
        watch.sweep_missed(now=arrived + timedelta(hours=hours))
        told.append(len(levels("visit.check_out_late")))
    watch.sweep_missed(now=arrived + 12 * HOUR)

    assert told == [0, 1, 1, 2, 3, 3]
    assert levels("visit.check_out_late") == ["technician", "vendor", "facilities"]
    visit = Visit.objects.get(pk=story.work_order.visits.order_by("pk")[0].pk)
    assert (visit.state, visit.is_estimated, visit.checked_out_at) == (VisitState.LEFT, True, arrived + 12 * HOUR)
    assert story.fresh().work_order.status == Status.SCHEDULED
    assert watch.sweep_missed(now=arrived + 13 * HOUR) == 0, "nobody promised to come back at that moment"


def test_the_closing_of_the_site_counts_when_it_is_sooner(cast: Cast) -> None:
    for weekday in range(7):
        SiteHours.objects.create(site=cast.hilltop, weekday=weekday, opens_minute=0, closes_minute=720)
    story = Story(cast).on_site()  # shortly before noon in Tacoma
    arrived = story.visit.checked_in_at
    assert arrived is not None
    closes = NOW.replace(hour=19)

    assert watch.sweep_missed(now=closes + 59 * MINUTE) == 0
    assert watch.sweep_missed(now=closes + HOUR) == 1
    assert closes + HOUR < arrived + 4 * HOUR


def test_a_sweep_that_was_away_still_tells_everybody(cast: Cast) -> None:
    story = Story(cast).on_site()

    watch.sweep_missed(now=story.now + 4 * DAY)

    assert levels("visit.check_out_late") == ["technician", "vendor", "facilities"]
    assert not Visit.objects.on_site().exists()


def test_whoever_checks_out_in_time_hears_nothing(cast: Cast) -> None:
    story = Story(cast).completed()

    assert watch.sweep_missed(now=story.now + DAY) == 0


# An appointment that nobody keeps


def test_a_missed_appointment_reminds_the_vendor_then_facilities(cast: Cast) -> None:
    story = Story(cast).scheduled()
    end = story.visit.planned_end_at

    done = [watch.sweep_missed(now=end + minutes * MINUTE) for minutes in (29, 30, 45, 60, 90)]

    assert done == [0, 1, 0, 1, 0]
    assert levels("visit.appointment_missed") == ["vendor", "facilities"]
    assert {event.vendor for event in Event.objects.filter(verb="visit.appointment_missed")} == {cast.cascade}


def test_a_late_technician_may_still_come_and_a_new_time_is_watched_anew(cast: Cast) -> None:
    story = Story(cast).scheduled()
    late = story.visit.planned_end_at + 2 * HOUR
    watch.sweep_missed(now=late)
    visits.reschedule(
        story.work_order, start_at=late + HOUR, end_at=late + 2 * HOUR, reason="Traffic", by=cast.dispatcher, now=late
    )

    assert watch.sweep_missed(now=late + 2 * HOUR) == 0
    assert watch.sweep_missed(now=late + 3 * HOUR) == 1
    story.now = late + 3 * HOUR
    assert story.fresh().on_site().work_order.status == Status.IN_PROGRESS


def test_work_on_hold_misses_no_appointment(cast: Cast) -> None:
    story = Story(cast).scheduled().on_hold()

    assert watch.sweep_missed(now=story.now + DAY) == 0


def test_an_appointment_that_passes_while_on_hold_binds_nobody(cast: Cast) -> None:
    story = Story(cast).scheduled().on_hold()
    story.now = story.visit.planned_end_at + 5 * MINUTE
    row = lifecycle.resume(story.work_order, by=cast.fm, now=story.now)

    assert [watch.sweep_missed(now=story.now + span) for span in (31 * MINUTE, 2 * HOUR, DAY)] == [0, 0, 0]
    assert (row.status, row.scheduled_start_at, story.visit.is_dated) == (Status.SCHEDULED, None, False)
    assert row.first_appointment_at is not None

    start = story.now + HOUR
    visits.reschedule(row, start_at=start, end_at=start, reason="Agreed", by=cast.dispatcher, now=story.now)
    assert watch.sweep_missed(now=start + 30 * MINUTE) == 1, "the new one is kept"


def test_an_appointment_that_is_still_ahead_is_kept_over_a_hold(cast: Cast) -> None:
    story = Story(cast).scheduled()
    start, end = story.work_order.scheduled_start_at, story.work_order.scheduled_end_at
    assert start and end
    story.on_hold()
    row = lifecycle.resume(story.work_order, by=cast.fm, now=start + MINUTE)

    assert (row.scheduled_start_at, row.scheduled_end_at, story.visit.is_dated) == (start, end, True)
    assert watch.sweep_missed(now=end + 30 * MINUTE) == 1


def test_what_was_said_of_a_missed_appointment_is_not_carried_past_a_hold(cast: Cast) -> None:
    story = Story(cast).scheduled()
    story.now = story.visit.planned_end_at + 30 * MINUTE
    assert watch.sweep_missed(now=story.now) == 1
    story.on_hold()
    lifecycle.resume(story.work_order, by=cast.fm, now=story.later())

    assert watch.sweep_missed(now=story.later(hours=3)) == 0
    assert levels("visit.appointment_missed") == ["vendor"]


@pytest.mark.parametrize("outcome", ["return_needed", "parts_needed"])
def test_a_return_trip_is_waited_for_only_once_its_time_is_agreed(cast: Cast, outcome: str) -> None:
    story = Story(cast).on_site()
    row = visits.check_out(story.visit, by=cast.technician, now=story.later(), outcome=outcome, note="The motor")
    if row.status == Status.ON_HOLD:
        row = lifecycle.resume(row, by=cast.dispatcher, now=story.later(days=3))
    assert (row.status, row.scheduled_start_at) == (Status.SCHEDULED, None)
    assert watch.sweep_missed(now=story.later(days=1)) == 0


# A hold that lasts longer than was said


def test_a_hold_past_its_date_is_asked_about_once_and_goes_on(cast: Cast) -> None:
    story = Story(cast).scheduled()
    parts = reason(Under.HOLD, "Parts", vendor_may_choose=True)
    until = story.now + DAY
    lifecycle.hold(story.work_order, by=cast.fm, now=story.later(), reason=parts, until_at=until)

    assert [watch.sweep_holds(now=until + span) for span in (-MINUTE, timedelta(0), MINUTE, DAY)] == [0, 1, 0, 0]
    event = Event.objects.get(verb=watch.HOLD_OVER)
    assert (event.actor_name, event.vendor) == ("Mainstay", cast.cascade)
    assert story.fresh().work_order.status == Status.ON_HOLD

    row = lifecycle.resume(story.work_order, by=cast.dispatcher, now=until + DAY)
    assert watch.sweep_holds(now=until + 2 * DAY) == 0
    lifecycle.hold(row, by=cast.fm, now=until + 2 * DAY, reason=parts, until_at=until + 3 * DAY)
    assert watch.sweep_holds(now=until + 3 * DAY) == 1, "another hold is another question"


def test_a_hold_that_is_not_the_vendors_to_know_is_asked_about_behind_its_back(cast: Cast) -> None:
    story = Story(cast).scheduled()
    secret = reason(Under.HOLD, "Dispute", vendor_sees=False)
    until = story.now + DAY
    lifecycle.hold(story.work_order, by=cast.fm, now=story.later(), reason=secret, until_at=until)

    assert watch.sweep_holds(now=until) == 1
    assert Event.objects.get(verb=watch.HOLD_OVER).vendor is None


# Silence


def test_silence_is_reminded_of_once_and_taken_as_a_yes_on_the_fifth_day(cast: Cast) -> None:
    story = Story(cast).completed()
    done = story.now

    counts = [watch.verify_silent(now=done + timedelta(days=days)) for days in (2.9, 3, 3, 4, 5, 6)]

    assert counts == [0, 1, 0, 0, 1, 0]
    row = story.fresh().work_order
    assert (row.status, row.verified_by_silence, row.rating) == (Status.VERIFIED, True, None)
    assert Event.objects.filter(verb=watch.VERIFY_REMINDER).count() == 1
    assert Event.objects.get(verb="workorder.verified").actor_name == "Mainstay"


def test_work_that_was_rejected_and_done_again_is_reminded_of_again(cast: Cast) -> None:
    story = Story(cast).completed()
    watch.verify_silent(now=story.now + 3 * DAY)
    story.now += 3 * DAY
    story.row = lifecycle.reject(story.work_order, by=cast.store, now=story.later(), reason="Still warm")
    story.completed()

    assert watch.verify_silent(now=story.now + 3 * DAY) == 1
    assert Event.objects.filter(verb=watch.VERIFY_REMINDER).count() == 2


# Offers


def test_an_offer_past_its_time_expires_once(cast: Cast) -> None:
    story = Story(cast).offered()
    expires = story.offer.expires_at

    counts = [watch.expire_offers(now=at) for at in (expires - MINUTE, expires, expires + MINUTE)]

    assert counts == [0, 1, 0]
    assert story.offer.state == OfferState.EXPIRED
    assert story.fresh().work_order.status == Status.READY


def test_one_that_cannot_be_dealt_with_leaves_the_others_alone(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = Story(cast).completed(), Story(cast, now=NOW + DAY).completed()
    verify = lifecycle.verify

    def stumble(row: WorkOrder, **facts: object) -> WorkOrder:
        if row.pk == first.work_order.pk:
            raise RuntimeError("no luck")
        return verify(row, **facts)  # type: ignore[arg-type]

    monkeypatch.setattr(lifecycle, "verify", stumble)

    assert watch.verify_silent(now=NOW + 10 * DAY) == 1
    assert second.fresh().work_order.status == Status.VERIFIED
    assert "could not be dealt with" in caplog.text


# The doors


@pytest.mark.parametrize(
    "task",
    [
        tasks.expire_offers,
        tasks.sweep_clocks,
        tasks.sweep_visits,
        tasks.sweep_holds,
        tasks.verify_silent,
        tasks.generate_plans,
    ],
)
def test_every_task_may_run_with_nothing_to_do(task: Callable[[str | None], int]) -> None:
    assert task(None) == 0
    assert task(NOW.isoformat()) == 0


# At the same time


def together(count: int, act: Callable[[int], object]) -> list[BaseException]:
    """Run `act` in threads that start at one moment, each on a connection of its own."""
    barrier, failed = Barrier(count), []

    def one(number: int) -> None:
        try:
            barrier.wait()
            act(number)
        except BaseException as problem:
            failed.append(problem)
        finally:
            connections.close_all()

    threads = [Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_eight_sweeps_and_moves_at_once_tell_each_mark_once_and_break_no_chain(cast: Cast) -> None:
    load_targets()
    rows = []
    for _ in range(60):
        row = WorkOrderFactory(site=cast.hilltop, trade=cast.refrigeration, priority=1)
        sla.start(row, now=NOW)
        row.save()
        rows.append(row)
    fm = cast.fm
    at = NOW + 3 * HOUR

    def act(number: int) -> None:
        if number % 2:
            for row in rows[number // 2 :: 4]:
                lifecycle.triage(row, by=fm, now=at)
        else:
            sla.sweep(now=at, batch=7)

    assert together(8, act) == []
    sla.sweep(now=at)

    marks = Event.objects.filter(verb__startswith="clock.").values_list(
        "work_order_id", "data__milestone", "data__percent"
    )
    assert len(marks) == len(set(marks)) == 60 * (5 + 5 + 1), "triage and response past 150 %, arrival past half"
    assert not list(broken_links("workorders_event", "work_order_id"))
    assert Clock.objects.filter(milestone="triage", state=ClockState.STOPPED).count() == 60


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_eight_watchers_at_once_remind_once(cast: Cast) -> None:
    story = Story(cast).completed()
    other = Story(cast, now=NOW + DAY).on_site()
    at: datetime = other.now + 5 * HOUR + 2 * DAY

    assert together(8, lambda number: (watch.verify_silent(now=at), watch.sweep_missed(now=at))) == []

    assert Event.objects.filter(verb=watch.VERIFY_REMINDER, work_order=story.work_order).count() == 1
    assert levels("visit.check_out_late") == ["technician", "vendor", "facilities"]
    assert Event.objects.filter(verb="workorder.checked_out").count() == 1
