"""A changed promise or calendar moves the clocks of open work, and says what was due before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.outbox import ledgers, settle
from assets import places
from tests.cast import Cast
from tests.factories.workorders import Story
from workorders import reckoning, settings
from workorders.catalog import load_targets
from workorders.models import Clock, ClockChange, Milestone, SlaTarget

pytestmark = pytest.mark.django_db


def test_another_target_moves_the_clocks_of_open_work_from_their_start(cast: Cast) -> None:
    load_targets()
    story = Story(cast).reported()
    row = story.work_order
    clock = Clock.objects.get(work_order=row, milestone=Milestone.COMPLETION)
    target = SlaTarget.objects.get(priority=row.priority, milestone=Milestone.COMPLETION)
    settings.keep_target(
        target=target, by=cast.admin, now=story.later(), milestone=target.milestone, priority=target.priority,
        trade=None, tier="", minutes=target.minutes * 2, clock_type="elapsed",
    )  # fmt: skip
    settle(now=story.now, ledgers=ledgers())
    reckoning.carry_on(now=story.now)
    moved = Clock.objects.get(pk=clock.pk)
    assert moved.due_at == row.reported_at + timedelta(minutes=target.minutes * 2)
    change = ClockChange.objects.get(clock=clock)
    assert (change.was_due_at, change.now_due_at) == (clock.due_at, moved.due_at)


def test_other_opening_hours_move_the_clocks_of_that_site_only(cast: Cast) -> None:
    load_targets()
    here = Story(cast).reported()
    there = Story(cast).reported(by=cast.sibling_store, site=cast.harbor, asset=None)
    due = {
        row.pk: Clock.objects.get(work_order=row, milestone=Milestone.COMPLETION).due_at
        for row in (here.work_order, there.work_order)
    }
    mornings = [(day, 540, 720) for day in range(7)]
    places.set_hours(site=cast.hilltop, openings=mornings, by=cast.admin, now=here.later())
    settle(now=here.now, ledgers=ledgers())
    reckoning.carry_on(now=here.now)
    now_due = {
        row.pk: Clock.objects.get(work_order=row, milestone=Milestone.COMPLETION).due_at
        for row in (here.work_order, there.work_order)
    }
    assert now_due[here.work_order.pk] > due[here.work_order.pk]
    assert now_due[there.work_order.pk] == due[there.work_order.pk]
