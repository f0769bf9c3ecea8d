"""Keeping the catalog of trouble: trades, problem types with their questions and self-help, and calendars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from accounts.actors import Actor
from accounts.changes import Faulty, allow, keep
from accounts.events import record
from accounts.permissions import Act
from assets.models import (
    Calendar,
    CalendarHours,
    CriticalityQuestion,
    Holiday,
    ProblemType,
    SelfHelpStep,
    Trade,
)
from assets.places import Opening

type Question = tuple[str, int, bool]
"""Its words, the priority that a yes raises to, and whether a yes puts stock at risk."""


def keep_trade(*, trade: Trade, by: Actor, now: datetime, **facts: Any) -> Trade:
    """Enter a trade or change one. Raises NotAllowed, Faulty."""
    allow(by, Act.MANAGE_SETTINGS)
    return keep(trade, facts, stream=lambda row: f"trade:{row.pk}", noun="trade", by=by, now=now)


def keep_problem(
    *,
    problem: ProblemType,
    questions: Sequence[Question],
    steps: Sequence[str],
    by: Actor,
    now: datetime,
    **facts: Any,
) -> ProblemType:
    """Enter a problem type or change one, with its questions and self-help in their order.

    A question that is left out is asked no longer; answers given to it stay. Raises NotAllowed, Faulty.
    """
    allow(by, Act.MANAGE_SETTINGS)
    with transaction.atomic():
        kept = keep(problem, facts, stream=lambda row: f"problem:{row.pk}", noun="problem", by=by, now=now)
        before = _asked(kept)
        known = {row.text: row for row in kept.questions.all()}
        for number, (text, level, stock) in enumerate(questions, start=1):
            row = known.pop(text, None) or CriticalityQuestion(problem_type=kept, text=text)
            row.level_if_yes, row.puts_stock_at_risk, row.sort_order, row.retired_at = level, stock, number * 10, None
            row.save()
        for row in known.values():
            if row.retired_at is None:
                row.retired_at = now
                row.save(update_fields=["retired_at"])
        kept.self_help.all().delete()
        SelfHelpStep.objects.bulk_create(
            SelfHelpStep(problem_type=kept, text=text, sort_order=number * 10)
            for number, text in enumerate(steps, start=1)
        )
        if before != (after := _asked(kept)):
            data = {"name": kept.name, "before": before, "after": after}
            record(stream=f"problem:{kept.pk}", verb="problem.asks", by=by, now=now, data=data)
    return kept


def retire_problem(*, problem: ProblemType, retired_at: datetime | None, by: Actor, now: datetime) -> ProblemType:
    """Offer a problem type no longer, or again (`retired_at` None); work that names it stays. Raises NotAllowed."""
    allow(by, Act.MANAGE_SETTINGS)
    facts = {"retired_at": retired_at}
    return keep(problem, facts, stream=lambda row: f"problem:{row.pk}", noun="problem", by=by, now=now)


def _asked(problem: ProblemType) -> dict[str, list[str]]:
    """What a problem type asks and advises, as the log keeps it."""
    asked = problem.questions.filter(retired_at=None)
    return {
        "questions": [f"P{row.level_if_yes} {row.text}" for row in asked],
        "steps": [row.text for row in problem.self_help.all()],
    }


def keep_calendar(
    *,
    calendar: Calendar,
    openings: Iterable[Opening],
    holidays: Iterable[tuple[date, str]],
    by: Actor,
    now: datetime,
    **facts: Any,
) -> Calendar:
    """Name a calendar and set its weekly hours and the days it is closed. Raises NotAllowed, Faulty."""
    allow(by, Act.MANAGE_SETTINGS)
    hours = [
        CalendarHours(weekday=weekday, opens_minute=opens, closes_minute=closes) for weekday, opens, closes in openings
    ]
    if any(not 0 <= row.opens_minute < row.closes_minute <= 1440 for row in hours):
        raise Faulty({"": "Hours end after they begin, within a day."})
    days = dict(holidays)
    with transaction.atomic():
        kept = keep(calendar, facts, stream=lambda row: f"calendar:{row.pk}", noun="calendar", by=by, now=now)
        before = _kept_hours(kept)
        kept.hours.all().delete()
        kept.holidays.all().delete()
        for row in hours:
            row.calendar = kept
        CalendarHours.objects.bulk_create(hours)
        Holiday.objects.bulk_create(Holiday(calendar=kept, day_on=day, name=name) for day, name in days.items())
        if before != (after := _kept_hours(kept)):
            data = {"name": kept.name, "before": before, "after": after}
            record(stream=f"calendar:{kept.pk}", verb="calendar.hours_set", by=by, now=now, data=data)
    return kept


def _kept_hours(calendar: Calendar) -> dict[str, list[str]]:
    return {
        "hours": [str(row) for row in calendar.hours.order_by("weekday", "opens_minute")],
        "closed": [str(row) for row in calendar.holidays.order_by("day_on")],
    }
