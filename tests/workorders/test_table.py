"""Every status, every move, every role: what the business says, written here a second time by hand."""

from __future__ import annotations

import pytest
from django.db import transaction

from accounts.actors import CLOCK
from accounts.models import Role
from tests.cast import Cast
from tests.factories.workorders import Story
from workorders import lifecycle
from workorders.lifecycle import available_moves, moving
from workorders.models import Move, Status
from workorders.refusals import NotAllowed, NotNow

pytestmark = pytest.mark.django_db

# From the table of the business: move, from, to.
TABLE = {
    "report": ("", "new"),
    "triage": ("new", "ready"),
    "offer": ("ready", "offered"),
    "accept": ("offered", "scheduled"),
    "agree": ("offered", "scheduled"),
    "decline": ("offered", "ready offered"),
    "expire": ("offered", "ready offered"),
    "withdraw": ("offered", "ready offered"),
    "reschedule": ("scheduled", "scheduled"),
    "check_in": ("scheduled", "in_progress"),
    "check_out": ("in_progress", "scheduled on_hold completed"),
    "hold": ("new ready scheduled in_progress", "on_hold"),
    "resume": ("on_hold", "new ready scheduled in_progress"),
    "complete": ("in_progress scheduled", "completed"),
    "verify": ("completed", "verified"),
    "reject": ("completed", "scheduled"),
    "close": ("verified", "closed"),
    "cancel": ("new ready offered scheduled in_progress on_hold", "canceled"),
    "withdraw_request": ("new", "canceled"),
    "merge": ("new ready", "canceled"),
    "unmerge": ("canceled", "new ready"),
    "reassign": ("offered scheduled on_hold", "ready"),
    "recall": ("verified closed", "verified closed"),
}
FM, STORE, DISTRICT = Role.FACILITIES_MANAGER, Role.STORE_MANAGER, Role.DISTRICT_MANAGER
DISPATCHER, TECHNICIAN, FINANCE = Role.DISPATCHER, Role.TECHNICIAN, Role.FINANCE
WHO = {
    "report": {STORE, DISTRICT},
    "triage": {FM},
    "offer": {FM},
    "accept": {DISPATCHER},
    "agree": {FM},
    "decline": {DISPATCHER},
    "expire": set(),
    "withdraw": {FM},
    "reschedule": {FM, DISPATCHER},
    "check_in": {TECHNICIAN},
    "check_out": {TECHNICIAN},
    "hold": {FM, DISPATCHER, TECHNICIAN},
    "resume": {FM, DISPATCHER, TECHNICIAN},
    "complete": {DISPATCHER, TECHNICIAN},
    "verify": {FM, STORE, DISTRICT},
    "reject": {FM, STORE, DISTRICT},
    "close": {FINANCE},
    "cancel": {FM},
    "withdraw_request": {STORE, DISTRICT},
    "merge": {FM},
    "unmerge": {FM},
    "reassign": {FM},
    "recall": {FM, STORE, DISTRICT},
}
# Accept and decline for a crew of our own, which the offers see to; the house never declines.
BY_THE_CLOCK = {
    "triage",
    "offer",
    "accept",
    "decline",
    "agree",
    "expire",
    "withdraw",
    "check_out",
    "verify",
    "reject",
    "close",
    "recall",
    "report",
}
# Who of the vendor's side knows of the work at each point of this story.
VENDOR_SEES = {
    "new": set(), "ready": set(), "offered": {DISPATCHER}, "scheduled": {DISPATCHER, TECHNICIAN},
    "in_progress": {DISPATCHER, TECHNICIAN}, "on_hold": set(), "completed": {DISPATCHER}, "verified": {DISPATCHER},
    "closed": {DISPATCHER}, "canceled": set(),
}  # fmt: skip


class _TakeBack(Exception):
    pass


def test_the_table_names_every_move_and_status() -> None:
    assert set(TABLE) == {str(move) for move in Move} == set(WHO)
    assert set(VENDOR_SEES) == set(Status.values)


@pytest.mark.parametrize("status", Status.values)
def test_what_can_happen_is_what_the_table_says(cast: Cast, status: str) -> None:
    people = cast.of_every_role()
    story = Story(cast).at(status)
    row = story.fresh().work_order
    wrong = []
    for name, (before, after) in TABLE.items():
        for role, person in [*people.items(), ("clock", CLOCK)]:
            on_the_job = role not in (DISPATCHER, TECHNICIAN) or role in VENDOR_SEES[status]
            allowed = name in BY_THE_CLOCK if role == "clock" else role in WHO[name] and on_the_job
            expected = "not allowed" if not allowed else "done" if status in before.split() else "too late"
            for target in after.split():
                outcome = _try(row, Move(name), target, person, story)
                if outcome != expected:
                    wrong.append(
                        f"{name} from {status} to {target} by {role or 'a stranger'}: {outcome}, not {expected}"
                    )
    assert not wrong, "\n".join(wrong)


def _try(row, move, target, person, story) -> str:
    try:
        with transaction.atomic():
            try:
                with moving(row, move, by=person, now=story.now) as step:
                    step.to(target)
                    raise _TakeBack
            except NotAllowed:
                return "not allowed"
            except NotNow:
                return "too late"
    except _TakeBack:
        return "done"
    return "nothing"


@pytest.mark.parametrize("status", Status.values)
def test_buttons_are_drawn_from_the_same_table(cast: Cast, status: str) -> None:
    people = cast.of_every_role()
    row = Story(cast).at(status).fresh().work_order
    for role, person in people.items():
        sees = role not in (DISPATCHER, TECHNICIAN) or role in VENDOR_SEES[status]
        expected = {
            name for name, (before, _) in TABLE.items() if status in before.split() and role in WHO[name] and sees
        }
        assert {str(move) for move in available_moves(row, person)} == expected, (status, role)


def test_a_move_cannot_end_where_the_table_does_not_say(cast: Cast) -> None:
    row = Story(cast).reported().work_order
    with (
        pytest.raises(AssertionError, match="cannot lead to"),
        moving(row, Move.TRIAGE, by=cast.fm, now=row.reported_at) as step,
    ):
        step.to(Status.CLOSED)


def test_nobody_acts_on_the_work_of_another_region(cast: Cast) -> None:
    row = Story(cast).reported().work_order
    with pytest.raises(NotAllowed), moving(row, Move.TRIAGE, by=cast.foreign_fm, now=row.reported_at):
        pass


def test_somebody_who_looked_at_an_older_version_is_told(cast: Cast) -> None:
    story = Story(cast).ready()
    with pytest.raises(NotNow, match="changed while you were looking"):
        lifecycle.cancel(story.work_order, by=cast.fm, now=story.now, reason="Old view", version=1)
