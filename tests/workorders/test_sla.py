"""Clocks: what they promise, when they stand still, what is told of them, and what can be proved afterwards."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.events import record
from accounts.ledger import broken_links
from accounts.models import Unsettled
from assets.hours import due, hours_of, worked
from assets.models import Calendar, Holiday, SiteHours
from tests.cast import Cast
from tests.factories.work import WorkOrderFactory
from workorders import reckoning, sla
from workorders.catalog import load_targets
from workorders.models import Clock, ClockState, Event, Milestone, Pause, SlaTarget, WorkOrder

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def targets(db: None) -> None:
    load_targets()


def clocks_of(work_order: WorkOrder) -> dict[str, Clock]:
    return {clock.milestone: clock for clock in Clock.objects.filter(work_order=work_order)}


def reported(cast: Cast, now: datetime, **fields: object) -> WorkOrder:
    work_order = WorkOrderFactory(site=cast.hilltop, trade=cast.refrigeration, reported_at=now, **fields)
    sla.start(work_order, now=now)
    work_order.save()
    return work_order


def open_nine_to_nine(cast: Cast, weekdays: range = range(7)) -> None:
    for weekday in weekdays:
        SiteHours.objects.create(site=cast.hilltop, weekday=weekday, opens_minute=540, closes_minute=1260)


# What is promised


def test_a_report_starts_the_four_clocks_of_its_priority(cast: Cast, now: datetime) -> None:
    work_order = reported(cast, now, priority=1)

    assert {name: clock.due_at - now for name, clock in clocks_of(work_order).items()} == {
        "triage": timedelta(minutes=15),
        "response": timedelta(minutes=30),
        "arrival": 4 * HOUR,
        "completion": 24 * HOUR,
    }
    assert work_order.due_at == now + timedelta(minutes=15)


def test_standard_work_counts_opening_hours(cast: Cast, now: datetime) -> None:
    open_nine_to_nine(cast)
    evening = now + 10 * HOUR  # 19:00 in Tacoma

    work_order = reported(cast, evening, priority=3)

    assert clocks_of(work_order)["triage"].due_at == evening + 16 * HOUR  # two this evening, two from nine


def test_a_target_for_trade_and_tier_wins_over_trade_over_tier_over_all(cast: Cast, now: datetime) -> None:
    cast.hilltop.tier = "flagship"
    cast.hilltop.save()

    def minutes() -> int:
        return sla.targets_for(WorkOrderFactory.build(site=cast.hilltop, trade=cast.plumbing, priority=1))[
            Milestone.ARRIVAL
        ].minutes

    seen = [minutes()]
    for number, narrowed in enumerate(
        ({"tier": "flagship"}, {"trade": cast.plumbing}, {"trade": cast.plumbing, "tier": "flagship"}), start=1
    ):
        SlaTarget.objects.create(milestone="arrival", priority=1, minutes=number, clock_type="elapsed", **narrowed)
        seen.append(minutes())

    assert seen == [240, 1, 2, 3]


def test_work_without_any_target_is_due_in_a_week(cast: Cast, now: datetime) -> None:
    SlaTarget.objects.all().delete()

    work_order = reported(cast, now)

    assert work_order.due_at == now + 7 * DAY


def test_planned_work_is_promised_for_its_day(cast: Cast, now: datetime) -> None:
    work_order = reported(cast, now, priority=4, planned_on=date(2026, 7, 20), window_closes_on=date(2026, 7, 30))
    end = datetime(2026, 7, 21, tzinfo=ZoneInfo("America/Los_Angeles"))

    clocks = clocks_of(work_order)

    assert clocks["arrival"].due_at == clocks["completion"].due_at == end
    assert clocks["completion"].clock_type == "elapsed"
    assert clocks["triage"].due_at == now + 8 * HOUR


def test_planned_work_that_was_made_too_late_is_promised_for_its_window(cast: Cast, now: datetime) -> None:
    work_order = reported(cast, now, priority=4, planned_on=date(2026, 7, 10), window_closes_on=date(2026, 7, 20))

    assert clocks_of(work_order)["completion"].due_at == datetime(2026, 7, 21, tzinfo=ZoneInfo("America/Los_Angeles"))


# How clocks end


def test_reaching_a_milestone_stops_its_clock_and_the_next_one_is_waited_for(cast: Cast, now: datetime) -> None:
    work_order = reported(cast, now, priority=1)

    sla.stop(work_order, Milestone.TRIAGE, now=now + timedelta(minutes=5))

    clock = clocks_of(work_order)["triage"]
    assert clock.state == ClockState.STOPPED
    assert sla.met(clock, now=now + DAY) is True
    assert work_order.due_at == now + timedelta(minutes=30)


def test_met_is_said_by_the_timestamps_at_the_very_instant_too(cast: Cast, now: datetime) -> None:
    on_time, late = reported(cast, now, priority=1), reported(cast, now, priority=1)

    sla.stop(on_time, Milestone.TRIAGE, now=now + timedelta(minutes=15))
    sla.stop(late, Milestone.TRIAGE, now=now + timedelta(minutes=15, microseconds=1))

    assert sla.met(clocks_of(on_time)["triage"], now=now) is True
    assert sla.met(clocks_of(late)["triage"], now=now) is False


def test_a_running_clock_is_missed_once_it_is_past_due(cast: Cast, now: datetime) -> None:
    clock = clocks_of(reported(cast, now, priority=1))["triage"]

    assert sla.met(clock, now=now + timedelta(minutes=15)) is None
    assert sla.met(clock, now=now + timedelta(minutes=16)) is False


def test_completed_work_is_no_longer_waited_for_at_any_milestone(cast: Cast, now: datetime) -> None:
    work_order = reported(cast, now, priority=1)

    sla.stop(work_order, Milestone.COMPLETION, now=now + HOUR)

    assert {clock.state for clock in clocks_of(work_order).values()} == {ClockState.STOPPED, ClockState.DROPPED}
    assert work_order.due_at == now + 7 * DAY


def test_dropped_clocks_are_neither_met_nor_missed(cast: Cast, now: datetime) -> None:
    work_order = reported(cast, now, priority=1)

    sla.drop(work_order, now=now + 2 * HOUR)

    assert {sla.met(clock, now=now + DAY) for clock in clocks_of(work_order).values()} == {None}


def test_after_a_decline_response_starts_anew_and_the_others_run_on(cast: Cast, now: datetime) -> None:
    work_order = reported(cast, now, priority=1)
    arrival = clocks_of(work_order)["arrival"].due_at

    sla.restart_response(work_order, now=now + HOUR)

    clocks = clocks_of(work_order)
    assert clocks["response"].due_at == now + HOUR + timedelta(minutes=30)
    assert clocks["arrival"].due_at == arrival
    assert clocks["response"].changes.get().because == "Waiting for the next vendor"


# Pauses


def test_a_pause_moves_the_due_instant_and_the_old_one_is_kept(cast: Cast, now: datetime) -> None:
    work_order = reported(cast, now, priority=1)
    was = clocks_of(work_order)["completion"].due_at

    sla.pause(work_order, ["arrival", "completion"], reason="Waiting for a quote", by=cast.fm, now=now + HOUR)
    assert clocks_of(work_order)["completion"].state == ClockState.PAUSED
    assert clocks_of(work_order)["triage"].state == ClockState.RUNNING
    sla.resume(work_order, by=cast.fm, now=now + 6 * HOUR)

    clocks = clocks_of(work_order)
    assert clocks["completion"].due_at == was + 5 * HOUR
    assert clocks["triage"].due_at == now + timedelta(minutes=15)
    change = clocks["completion"].changes.get()
    assert (change.was_due_at, change.now_due_at, change.made_by) == (was, was + 5 * HOUR, cast.fm)
    assert change.because == "Stood still: Waiting for a quote"


def test_a_pause_in_the_night_costs_a_business_clock_nothing(cast: Cast, now: datetime) -> None:
    open_nine_to_nine(cast)
    work_order = reported(cast, now, priority=3)
    was = clocks_of(work_order)["completion"].due_at

    sla.pause(work_order, ["completion"], reason="Access", by=cast.fm, now=now + 13 * HOUR)
    sla.resume(work_order, by=cast.fm, now=now + 20 * HOUR)

    assert clocks_of(work_order)["completion"].due_at == was


def test_rejected_work_runs_on_from_where_it_stood(cast: Cast, now: datetime) -> None:
    work_order = reported(cast, now, priority=1)
    sla.stop(work_order, Milestone.COMPLETION, now=now + 10 * HOUR)

    sla.run_on(work_order, by=cast.store, now=now + 40 * HOUR)

    clock = clocks_of(work_order)["completion"]
    assert clock.state == ClockState.RUNNING
    assert clock.due_at == now + 40 * HOUR + 14 * HOUR
    assert work_order.due_at == clock.due_at
    assert Pause.objects.get().reason == "Completed, then rejected"


def test_what_was_late_before_a_pause_stays_late(cast: Cast, now: datetime) -> None:
    work_order = reported(cast, now, priority=1)
    sla.pause(work_order, ["triage", "arrival"], reason="Weather", by=cast.fm, now=now + HOUR)

    clocks = clocks_of(work_order)

    assert sla.met(clocks["triage"], now=now + DAY) is False
    assert sla.met(clocks["arrival"], now=now + DAY) is None


# Changes


def test_another_priority_is_reckoned_from_the_original_start_with_the_pauses_so_far(cast: Cast, now: datetime) -> None:
    work_order = reported(cast, now, priority=2)
    sla.pause(work_order, ["completion"], reason="Weather", by=cast.fm, now=now + HOUR)
    sla.resume(work_order, by=cast.fm, now=now + 3 * HOUR)
    sla.stop(work_order, Milestone.TRIAGE, now=now + 3 * HOUR)
    work_order.priority = 1

    sla.reckon(work_order, because="Food is at risk", by=cast.fm, now=now + 4 * HOUR)

    clocks = clocks_of(work_order)
    assert clocks["completion"].due_at == now + 26 * HOUR
    assert clocks["triage"].minutes == 60, "what has ended keeps the promise it ended under"
    assert clocks["completion"].changes.last().because == "Food is at risk"


def test_a_target_that_goes_drops_its_clock_and_one_that_comes_starts_it(cast: Cast, now: datetime) -> None:
    work_order = reported(cast, now, priority=2)
    SlaTarget.objects.filter(priority=2, milestone="response").delete()
    sla.reckon(work_order, because="Policy", by=cast.admin, now=now + HOUR)
    assert clocks_of(work_order)["response"].state == ClockState.DROPPED

    SlaTarget.objects.create(priority=2, milestone="response", minutes=90, clock_type="elapsed")
    sla.reckon(work_order, because="Policy", by=cast.admin, now=now + HOUR)

    assert clocks_of(work_order)["response"].state == ClockState.RUNNING
    assert clocks_of(work_order)["response"].due_at == now + timedelta(minutes=90)


def test_new_opening_hours_are_reckoned_into_all_open_work_of_the_site(cast: Cast, now: datetime) -> None:
    here, elsewhere = reported(cast, now), WorkOrderFactory(site=cast.harbor, trade=cast.plumbing)
    sla.start(elsewhere, now=now)
    elsewhere.save()
    open_nine_to_nine(cast)

    cause = record(stream="site:1", verb="site.noted", by=cast.admin, now=now)
    reckoning.ask_for(cause, because="New opening hours", now=now, sites=[cast.hilltop])
    assert reckoning.carry_on(now=now) == 1

    clocks = clocks_of(here)
    assert clocks["completion"].due_at == due(now, 40 * HOUR, hours_of(cast.hilltop))
    assert clocks["completion"].changes.get().because == "New opening hours"
    here.refresh_from_db()
    assert here.due_at == clocks["triage"].due_at
    assert not clocks_of(elsewhere)["completion"].changes.exists()


def test_a_clock_proves_itself(cast: Cast, now: datetime) -> None:
    open_nine_to_nine(cast, range(6))
    calendar = Calendar.objects.create(name="Stores")
    Holiday.objects.create(calendar=calendar, day_on=date(2026, 7, 15), name="Founders' day")
    cast.hilltop.calendar = calendar
    cast.hilltop.save()
    work_order = reported(cast, now, priority=3)
    sla.pause(work_order, ["completion"], reason="Weather", by=cast.fm, now=now + HOUR)
    sla.resume(work_order, by=cast.fm, now=now + 3 * HOUR)

    evidence = sla.as_evidence(clocks_of(work_order)["completion"])

    assert evidence.calendar == "Mon–Sat 09:00–21:00, Sun closed (America/Los_Angeles), closed on holidays"
    assert [(pause.reason, pause.started_by, pause.ended_by) for pause in evidence.pauses] == [
        ("Weather", cast.fm, cast.fm)
    ]
    assert [change.because for change in evidence.changes] == ["Stood still: Weather"]
    gaps = [(pause.started_at, pause.ended_at) for pause in evidence.pauses]
    assert due(evidence.started_at, evidence.minutes * timedelta(minutes=1), hours_of(cast.hilltop), gaps) == (
        evidence.due_at
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(
            st.integers(1, 900), st.sampled_from(["pause", "resume", "reckon", "p1", "p3", "reject", "response"])
        ),
        max_size=9,
    )
)
def test_whatever_happens_the_due_instant_is_the_target_walked_from_the_start_without_the_pauses(
    cast: Cast, now: datetime, steps: list[tuple[int, str]]
) -> None:
    if not cast.hilltop.hours.exists():
        open_nine_to_nine(cast, range(6))
    work_order, at = reported(cast, now, priority=3), now
    for minutes, step in steps:
        at += timedelta(minutes=minutes)
        match step:
            case "pause":
                sla.pause(work_order, ["completion"], reason="x", by=cast.fm, now=at)
            case "resume":
                sla.resume(work_order, by=cast.fm, now=at)
            case "reject":
                sla.stop(work_order, Milestone.COMPLETION, now=at)
                at += timedelta(minutes=minutes)
                sla.run_on(work_order, by=cast.fm, now=at)
            case "response":
                sla.restart_response(work_order, now=at)
            case _:
                work_order.priority = {"p1": 1, "p3": 3}.get(step, work_order.priority)
                sla.reckon(work_order, because=step, by=cast.fm, now=at)
    sla.resume(work_order, by=cast.fm, now=at)

    clock = clocks_of(work_order)["completion"]
    gaps = [(pause.started_at, pause.ended_at) for pause in work_order.pauses.all()]
    calendar = hours_of(cast.hilltop) if work_order.priority == 3 else None
    minutes = {1: 24, 3: 40}[work_order.priority] * 60
    assert clock.due_at == due(now, timedelta(minutes=minutes), calendar, gaps)
    assert worked(now, clock.due_at, calendar, gaps) == timedelta(minutes=minutes)
    assert work_order.due_at == min(
        [one.due_at for one in clocks_of(work_order).values() if one.state in sla.LIVE],
        default=now + 7 * DAY,
    )


# The sweep


def told(work_order: WorkOrder) -> list[tuple[str, str, int]]:
    events = Event.objects.filter(work_order=work_order, verb__startswith="clock.").order_by("position")
    return [(event.verb, event.data["milestone"], event.data["percent"]) for event in events]


def slow_sweep(now: datetime) -> list[tuple[int, str, int]]:
    """What is to be told, found clock by clock and mark by mark, from the rows before the sweep."""
    found = []
    for clock in Clock.objects.all():
        for place, at in enumerate(clock.marks):
            if place >= clock.told and at < now:
                found.append((clock.work_order_id, clock.milestone, sla.MARKS[place]))
    return sorted(found)


def test_each_mark_is_told_once_whatever_runs_twice(cast: Cast, now: datetime) -> None:
    work_order = reported(cast, now, priority=1)
    SlaTarget.objects.exclude(milestone="triage").delete()
    sla.reckon(work_order, because="only triage", by=cast.fm, now=now)

    for minutes in (7, 8, 8, 12, 14, 16, 16, 23, 60):
        sla.sweep(now=now + timedelta(minutes=minutes))

    assert told(work_order) == [
        ("clock.warned", "triage", 50),
        ("clock.warned", "triage", 75),
        ("clock.warned", "triage", 90),
        ("clock.breached", "triage", 100),
        ("clock.overrun", "triage", 150),
    ]
    assert sla.sweep(now=now + DAY) == 0
    assert clocks_of(work_order)["triage"].breached_at == now + timedelta(minutes=16)


def test_a_sweep_that_was_away_loses_nothing_and_says_what_is_superseded(cast: Cast, now: datetime) -> None:
    work_order = reported(cast, now, priority=1)

    sla.sweep(now=now + 30 * DAY)

    assert len(told(work_order)) == 20
    latest = [event.data["percent"] for event in Event.objects.filter(data__superseded=False)]
    assert latest == [150, 150, 150, 150]
    assert not list(broken_links("workorders_event", "work_order_id"))
    assert Unsettled.objects.filter(ledger="workorders_event").count() == 20


def test_a_breach_is_told_also_when_the_clock_stopped_before_the_sweep_came(cast: Cast, now: datetime) -> None:
    work_order = reported(cast, now, priority=1)

    sla.stop(work_order, Milestone.TRIAGE, now=now + timedelta(minutes=16))
    sla.sweep(now=now + timedelta(minutes=17))

    triage = [(verb, percent) for verb, milestone, percent in told(work_order) if milestone == "triage"]
    assert triage[-1] == ("clock.breached", 100)
    assert Event.objects.filter(data__milestone="triage", data__ended=True).count() == 4
    sla.sweep(now=now + DAY)
    assert ("clock.overrun", "triage", 150) not in told(work_order)


def test_a_paused_clock_is_silent_until_it_runs_again(cast: Cast, now: datetime) -> None:
    work_order = reported(cast, now, priority=1)
    sla.pause(work_order, Milestone.values, reason="Weather", by=cast.fm, now=now + timedelta(minutes=10))

    sla.sweep(now=now + DAY)
    assert told(work_order) == [("clock.warned", "triage", 50)]

    sla.resume(work_order, by=cast.fm, now=now + DAY)
    sla.sweep(now=now + DAY + timedelta(minutes=6))
    assert [row for row in told(work_order) if row[1] == "triage"][-1] == ("clock.breached", "triage", 100)


def test_a_promise_that_was_broken_and_then_lengthened_is_watched_again(cast: Cast, now: datetime) -> None:
    work_order = reported(cast, now, priority=1)
    sla.sweep(now=now + 5 * HOUR)
    assert ("clock.breached", "arrival", 100) in told(work_order)
    work_order.priority = 2

    sla.reckon(work_order, because="Not that urgent", by=cast.fm, now=now + 5 * HOUR)
    assert clocks_of(work_order)["arrival"].breached_at is None
    sla.sweep(now=now + 9 * HOUR)

    assert told(work_order).count(("clock.breached", "arrival", 100)) == 2


def test_the_sweep_in_sets_tells_what_a_loop_would(cast: Cast, now: datetime) -> None:
    open_nine_to_nine(cast, range(6))
    for number in range(12):
        work_order = reported(cast, now - number * 5 * HOUR, priority=number % 4 + 1)
        if number % 3 == 1:
            sla.pause(work_order, ["arrival", "completion"], reason="Parts", by=cast.fm, now=now - number * HOUR)
        if number % 5 == 2:
            sla.stop(work_order, Milestone.TRIAGE, now=now - HOUR)

    for at in (now, now + 3 * HOUR, now + 2 * DAY, now + 40 * DAY):
        expected = slow_sweep(at)
        before = set(Event.objects.values_list("pk", flat=True))
        sla.sweep(now=at, batch=5)
        fresh = Event.objects.exclude(pk__in=before)
        assert (
            sorted((event.work_order_id, event.data["milestone"], event.data["percent"]) for event in fresh) == expected
        )
    assert not Clock.objects.to_mark(now + 40 * DAY).exists()


def test_nothing_due_costs_one_query(cast: Cast, now: datetime, django_assert_num_queries: object) -> None:
    reported(cast, now, priority=1)

    with django_assert_num_queries(1):  # type: ignore[operator]
        assert sla.sweep(now=now) == 0
