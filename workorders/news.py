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

LATE = 50
"""So many events may become visible after one with a higher number."""

SLACK = timedelta(minutes=1)


def newest() -> int:
    """The number of the last event of all: as long as it is the same, nothing has happened anywhere."""
    return Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def since(seen: int, opened_at: datetime) -> QuerySet[Event]:
    """The events after number `seen`; 0: after a page was opened."""
    return Event.objects.filter(pk__gt=seen - LATE) if seen else Event.objects.filter(at__gt=opened_at - SLACK)


def touched(events: QuerySet[Event], pks: Collection[int]) -> set[int]:
    """Which of the work orders `pks` the events are about."""
    return set(events.filter(work_order__in=pks).values_list("work_order_id", flat=True)) if pks else set()


def last_by_others(events: QuerySet[Event], pks: Collection[int], *, by: User) -> str:
    """The last thing that somebody else did to one of `pks`, which `by` sees, in a sentence; empty without any."""
    if not pks:
        return ""
    seen = WorkOrder.objects.visible_to(by).filter(pk__in=pks)
    theirs = events.filter(work_order__in=seen).exclude(actor=by).exclude(verb="comment.written")
    event = theirs.select_related("work_order").order_by("-pk").first()
    if event is None:
        return ""
    words = sentence_of(event)[0]
    return f"{event.work_order.number}: {words if event.verb in HOUSE_SPEAKS else f'{event.actor_name} {words}'}"
