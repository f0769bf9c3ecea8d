"""After a change of promises the clocks of all open work are walked anew: in batches, once each, whatever breaks."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connections

from accounts.events import record
from accounts.models import LogEvent
from tests.cast import Cast
from tests.factories.clock import NOW
from tests.factories.work import WorkOrderFactory
from tests.factories.workorders import Story
from workorders import lifecycle, reckoning, sla
from workorders.models import Clock, ClockChange, ClockState, ClockType, Pause, Reckoning, SlaTarget, WorkOrder

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
LATER = NOW + 6 * HOUR


def promise(priority: int, minutes: int) -> None:
    """Completion within so many minutes, around the clock."""
    SlaTarget.objects.update_or_create(
        milestone="completion", priority=priority, defaults={"minutes": minutes, "clock_type": ClockType.ELAPSED}
    )


def seven(cast: Cast) -> list[WorkOrder]:
    """Open work of two priorities, one of it paused for an hour and one paused still."""
    promise(2, 600)
    promise(3, 1200)
    rows = []
    for number in range(7):
        row = WorkOrderFactory(
            site=cast.hilltop, trade=cast.plumbing, priority=2 + number % 2, reported_at=NOW + number * HOUR / 4
        )
        sla.start(row, now=row.reported_at)
        row.save()
        rows.append(row)
    for row in rows[:2]:
        sla.pause(row, ["completion"], reason="Weather", by=cast.fm, now=NOW + HOUR)
        row.save()
    sla.resume(rows[0], by=cast.fm, now=NOW + 2 * HOUR)
    rows[0].save()
    return rows


def recounted(minutes: dict[int, int]) -> dict[int, datetime]:
    """When each open work order is due, counted by hand: its report, the promise, and what it stood still."""
    due = {}
    for row in WorkOrder.objects.filter(is_open=True):
        stood = sum(
            (pause.ended_at - pause.started_at for pause in Pause.objects.filter(work_order=row) if pause.ended_at),
            timedelta(0),
        )
        due[row.pk] = row.reported_at + timedelta(minutes=minutes[row.priority]) + stood
    return due


def said() -> dict[int, datetime]:
    return dict(
        Clock.objects.filter(work_order__is_open=True, milestone="completion").values_list("work_order_id", "due_at")
    )


def asked(cast: Cast) -> LogEvent:
    cause = record(stream="sla_targets", verb="sla_target.noted", by=cast.admin, now=LATER)
    reckoning.ask_for(cause, because="SLA targets changed", now=LATER)
    return cause


def test_every_open_work_order_is_reckoned_as_one_would_by_hand(cast: Cast) -> None:
    seven(cast)
    over = Story(cast).canceled().work_order
    assert said() == recounted({2: 600, 3: 1200})
    before = {clock.pk: clock.due_at for clock in Clock.objects.filter(work_order=over)}
    promise(2, 900)
    promise(3, 300)
    asked(cast)

    assert [reckoning.carry_on(now=LATER, batch=3, batches=1) for _ in range(5)] == [3, 3, 1, 0, 0]

    assert said() == recounted({2: 900, 3: 300})
    assert {row.pk: row.due_at for row in WorkOrder.objects.open()} == said()
    assert ClockChange.objects.filter(because="SLA targets changed").count() == 7
    assert {clock.pk: clock.due_at for clock in Clock.objects.filter(work_order=over)} == before
    done = Reckoning.objects.get()
    assert (done.done_count, done.finished_at) == (7, LATER)


def test_a_run_that_breaks_keeps_whole_batches_and_the_next_goes_on(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    seven(cast)
    promise(2, 900)
    promise(3, 300)
    asked(cast)
    reckon, calls = sla.reckon, []

    def break_at_the_sixth(row: WorkOrder, **facts: object) -> None:
        calls.append(row.pk)
        if len(calls) == 6:
            raise RuntimeError("killed")
        reckon(row, **facts)  # type: ignore[arg-type]

    monkeypatch.setattr(sla, "reckon", break_at_the_sixth)
    with pytest.raises(RuntimeError):
        reckoning.carry_on(now=LATER, batch=2)
    assert ClockChange.objects.filter(because="SLA targets changed").count() == 4, "the broken batch left nothing"
    monkeypatch.undo()
    assert reckoning.carry_on(now=LATER, batch=2) == 3
    assert said() == recounted({2: 900, 3: 300})
    assert ClockChange.objects.filter(because="SLA targets changed").count() == 7


def test_asking_again_for_the_same_cause_or_walking_twice_changes_nothing(cast: Cast) -> None:
    seven(cast)
    promise(2, 900)
    cause = asked(cast)
    assert reckoning.carry_on(now=LATER) == 7
    reckoning.ask_for(cause, because="SLA targets changed", now=LATER)
    assert reckoning.carry_on(now=LATER) == 0
    changes = ClockChange.objects.count()
    asked(cast)
    assert reckoning.carry_on(now=LATER) == 7
    assert ClockChange.objects.count() == changes


def test_work_that_ends_meanwhile_keeps_the_promise_it_ended_under(cast: Cast) -> None:
    rows = seven(cast)
    promise(2, 900)
    asked(cast)
    assert reckoning.carry_on(now=LATER, batch=2, batches=1) == 2
    lifecycle.cancel(rows[4], by=cast.fm, now=LATER, reason="Not needed")
    assert reckoning.carry_on(now=LATER, batch=2) == 4
    assert Clock.objects.get(work_order=rows[4], milestone="completion").state == ClockState.DROPPED


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_four_at_once_go_through_everything_once(cast: Cast) -> None:
    seven(cast)
    promise(2, 900)
    promise(3, 300)
    asked(cast)
    barrier, failed, done = Barrier(4), [], []

    def run() -> None:
        try:
            barrier.wait()
            done.append(reckoning.carry_on(now=LATER, batch=1, batches=20))
        except BaseException as problem:
            failed.append(problem)
        finally:
            connections.close_all()

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sum(done) + reckoning.carry_on(now=LATER) == 7
    assert said() == recounted({2: 900, 3: 300})
    assert ClockChange.objects.filter(because="SLA targets changed").count() == 7
