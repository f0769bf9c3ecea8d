"""What a due chip says while the clock stands still."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cast import Cast
from tests.factories.workorders import Story, reason
from workorders import lifecycle
from workorders.catalog import load_targets
from workorders.labels import due_of
from workorders.models import Milestone, Under

pytestmark = pytest.mark.django_db


def test_time_on_hold_does_not_run_down_the_chip(cast: Cast) -> None:
    load_targets()
    story = Story(cast).ready()
    waiting = reason(Under.HOLD, "Landlord decides", pauses=list(Milestone.values))
    row = lifecycle.hold(story.work_order, by=cast.fm, now=story.now, reason=waiting)
    at_once, weeks_later = due_of(row, story.now), due_of(row, story.now + timedelta(days=30))
    assert at_once == weeks_later
    assert at_once and at_once.state == "paused"
    row = lifecycle.resume(row, by=cast.fm, now=story.later(days=30))
    assert row.held_at is None
    running = due_of(row, story.now)
    assert running and running.state in ("ok", "risk")
