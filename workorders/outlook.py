"""What would become of a report, said before it is sent: how soon, and by when somebody should be there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from accounts.actors import CLOCK
from accounts.prepared import KEY, prepared
from accounts.together import Asking
from assets.models import CriticalityQuestion, Priority, PriorityMeaning, ProblemType, SelfHelpStep
from workorders import sla
from workorders.models import Milestone, WorkOrder
from workorders.priority import priority_of

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from assets.models import Site, Trade


LONGEST_KEY = 18
"""Digits of a number that can be a key at all."""


@dataclass(frozen=True)
class Outlook:
    """The priority with its reasons (the deciding one first), when somebody should be there, and what it means."""

    priority: Priority
    reasons: list[str]
    on_site_by: datetime | None
    meaning: str


def outlook(
    *,
    now: datetime,
    site: Site,
    trade: Trade,
    problem_type: ProblemType | None = None,
    answers: Mapping[CriticalityQuestion, bool] | None = None,
) -> Outlook:
    """What `intake.report` would set for this report at `now`. Writes nothing."""
    priority, reasons = priority_of(problem_type, answers or {})
    imagined = WorkOrder(site=site, trade=trade, priority=priority, reported_at=now)
    clocks = {clock.milestone: clock for clock in sla.prepare(imagined, now=now)}
    arrival = clocks.get(Milestone.ARRIVAL)
    return Outlook(
        priority, reasons, arrival.due_at if arrival else None, PriorityMeaning.objects.visible_to(CLOCK).of(priority)
    )


def asked_about(problem: str) -> Asking[tuple[list[CriticalityQuestion], list[SelfHelpStep]]]:
    """What is asked and advised where a problem type (its key, as a form sent it) is reported."""
    if not problem.isdecimal() or len(problem) > LONGEST_KEY:
        return [], []
    questions = _questions(CriticalityQuestion.objects.all(), problem=int(problem))
    steps = _steps(SelfHelpStep.objects.all(), problem=int(problem))
    yield questions, steps
    return list(questions), list(steps)


@prepared(problem=KEY)
def _questions(rows: QuerySet[CriticalityQuestion], *, problem: Any) -> QuerySet[CriticalityQuestion]:
    return rows.filter(problem_type=problem, retired_at=None)


@prepared(problem=KEY)
def _steps(rows: QuerySet[SelfHelpStep], *, problem: Any) -> QuerySet[SelfHelpStep]:
    return rows.filter(problem_type=problem)
