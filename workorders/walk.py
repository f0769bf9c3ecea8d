"""From one work order to the next in the order of a queue, without going back to it.

Neighbors are found by key, never by counting rows off, so that the millionth is as near as the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count

from accounts.together import Asking, totals
from workorders import queue
from workorders.models import WorkOrder

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from workorders.models.work_order import WorkOrderQuerySet

AROUND = 20
"""Rows shown in front of a work order, on the page of the queue that somebody comes back to."""


@dataclass(frozen=True)
class Neighbor:
    """The number of a work order in a queue, and the key of its place there."""

    number: str
    at: str


@dataclass(frozen=True)
class Place:
    """Where a work order stands in a queue: its key, its neighbors, "4 of 9", and behind which key its page begins."""

    at: str
    previous: Neighbor | None
    next: Neighbor | None
    said: str
    after: str


def place_of(row: WorkOrder, rows: WorkOrderQuerySet, *, order: queue.Order, at: str = "") -> Asking[Place | None]:
    """The place of `row` among `rows`; `at` is where it stood when it was opened, should it have moved since.

    None where it has no place: work that is over is in no order by due time.
    """
    own = queue.key_of(row, order)
    beside = queue.beside(rows, order=order, key=at)
    if beside is None:
        at, beside = own, queue.beside(rows, order=order, key=own)
    if beside is None:
        return None
    before, behind = beside
    columns = [column.removeprefix("-") for column in order.columns]
    above = before.exclude(pk=row.pk).values_list("number", *columns)[: AROUND + 1]
    below = behind.exclude(pk=row.pk).values_list("number", *columns)[:1]
    here = rows.filter(pk=row.pk).order_by("pk").values_list("pk")
    counts = _counted(before), _counted(rows)
    yield above, below, here, *counts
    (many_before,), (total,) = (next(iter(count), (0,)) for count in counts)
    return Place(
        at=at,
        previous=_neighbor(above),
        next=_neighbor(below),
        said=_said(many_before, total, is_here=bool(here)),
        after=queue.spelled(above[AROUND][1:]) if len(above) > AROUND else "",
    )


def _counted(rows: QuerySet[WorkOrder]) -> Any:
    """How many, up to one more than is ever told."""
    some = rows.order_by().values("pk")[: queue.MOST + 1]
    return totals(WorkOrder.objects.filter(pk__in=some), number=Count("pk"))


def _neighbor(rows: QuerySet[Any]) -> Neighbor | None:
    return next((Neighbor(number, queue.spelled(key)) for number, *key in rows), None)


def _said(before: int, total: int, *, is_here: bool) -> str:
    if is_here:
        return f"{queue.said(before + 1)} of {queue.said(total)}"
    return f"Out of this view, {queue.said(total) if total else 'none'} left"
