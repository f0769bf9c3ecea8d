"""What has happened to work since somebody looked: for pages that stay open while others act."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from workorders.labels import HOUSE_SPEAKS, sentence_of
from workorders.models import Event, WorkOrder

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.models import User

SLACK = timedelta(seconds=15)
"""An act may take so long from its instant until others can see it."""


def since(instant: datetime, *, by: User) -> QuerySet[Event]:
    """What has happened since then to the work that `by` sees; what happens elsewhere is no news."""
    seen = WorkOrder.objects.visible_to(by)
    return Event.objects.filter(at__gt=instant - SLACK, work_order__in=seen)


def is_any(events: QuerySet[Event]) -> bool:
    """Whether anything has happened, asked newest first.

    A statement that is kept is planned without its instant, and a third of all events is taken to be younger: without
    an order the database would look for the first of them from the beginning of history, every few seconds.
    """
    return events.order_by("-at").values_list("pk").first() is not None


def touched(events: QuerySet[Event], pks: Collection[int]) -> set[int]:
    """Which of the work orders `pks` the events are about."""
    return set(events.filter(work_order__in=pks).values_list("work_order_id", flat=True)) if pks else set()


def last_by_others(events: QuerySet[Event], pks: Collection[int], *, by: User) -> str:
    """The last thing that somebody else did to one of `pks`, in a sentence; empty without any."""
    if not pks:
        return ""
    theirs = events.filter(work_order__in=pks).exclude(actor=by).exclude(verb="comment.written")
    event = theirs.select_related("work_order").order_by("-at", "-pk").first()
    if event is None:
        return ""
    words = sentence_of(event)[0]
    return f"{event.work_order.number}: {words if event.verb in HOUSE_SPEAKS else f'{event.actor_name} {words}'}"
