"""Work that began elsewhere, taken over with the history it had there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.actors import IMPORTER
from accounts.events import actor_columns
from workorders import lifecycle
from workorders.models import Clock, ClockState, ClockType, Event, Milestone, WorkOrder


@dataclass(frozen=True)
class History:
    """One work order not stored yet, the status it had elsewhere (new, closed or canceled), and its instants."""

    order: WorkOrder
    stands_at: str
    promised_at: datetime | None
    ended_at: datetime


def take_over(histories: Sequence[History], *, now: datetime) -> list[WorkOrder]:
    """Store imported work in sets: rows, one event each, and a completion clock where a time was promised.

    The clock keeps the promise and when the work was done, so that met and missed are reported as for our own.
    """
    rows = lifecycle.begin_at([(one.order, one.stands_at, one.ended_at) for one in histories])
    Clock.objects.bulk_create(
        _promised(row, one.promised_at)
        for row, one in zip(rows, histories, strict=True)
        if one.promised_at is not None and one.promised_at >= row.reported_at
    )
    Event.objects.bulk_create(
        Event(
            work_order=row,
            verb="workorder.imported",
            at=now,
            data={"reference": row.reference, "after": row.status},
            **actor_columns(IMPORTER),
        )
        for row in rows
    )
    return rows


def _promised(row: WorkOrder, due_at: datetime) -> Clock:
    done = row.completed_at
    length = due_at - row.reported_at
    return Clock(
        work_order=row,
        milestone=Milestone.COMPLETION,
        state=ClockState.STOPPED if done else ClockState.RUNNING if row.is_open else ClockState.DROPPED,
        started_at=row.reported_at,
        minutes=int(length.total_seconds() // 60),
        clock_type=ClockType.ELAPSED,
        due_at=due_at,
        stopped_at=done,
    )
