"""Two reports of the same thing become one: the survivor takes over the people, messages and photos of the other."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from accounts.permissions import Act
from workorders import lifecycle
from workorders.models import Attachment, Comment, Watcher, WorkOrder
from workorders.models.status import Move
from workorders.refusals import Incomplete, NotAllowed, NotNow

if TYPE_CHECKING:
    from accounts.actors import Actor


def merge(work_order: WorkOrder, into: WorkOrder, *, by: Actor, now: datetime, version: int | None = None) -> WorkOrder:
    """End `work_order` as a repeat of `into`: requester, watchers, messages and photos move to the survivor.

    Raises Incomplete when the two cannot be one, NotNow when either has moved on.
    """
    if into.pk == work_order.pk:
        raise Incomplete({"into": "A work order cannot be merged into itself."})
    with transaction.atomic():
        # Two merges that cross would wait for each other for ever if each locked its own first.
        rows = WorkOrder.objects.select_for_update(of=("self",)).filter(pk__in=[work_order.pk, into.pk])
        survivor = {row.pk: row for row in rows.order_by("pk")}[into.pk]
        if not lifecycle.allowed(survivor, Act.MERGE, by):
            raise NotAllowed(f"You cannot merge into {survivor.number}.")
        if survivor.site_id != work_order.site_id:
            raise Incomplete({"into": f"{survivor.number} is at another site."})
        if not survivor.is_open:
            raise NotNow(f"{survivor.number} is now “{survivor.get_status_display()}”; choose open work.", survivor)
        with lifecycle.moving(work_order, Move.MERGE, by=by, now=now, version=version) as step:
            row = step.work_order
            moved = _move_thread(row, survivor, now)
            row.merged_into = survivor
            step.data |= {"into": survivor.number, "moved": moved}
            step.note = f"Same as {survivor.number}"
            lifecycle.end(row, f"Same as {survivor.number}", by=by, now=now)
        lifecycle.append(
            survivor, "workorder.absorbed", by=by, now=now,
            data={"work_order": row.number, "moved": moved}, note=row.description,
        )  # fmt: skip
    return step.work_order


def _move_thread(row: WorkOrder, survivor: WorkOrder, now: datetime) -> dict[str, int]:
    people = set(row.watchers.values_list("user_id", flat=True))
    if row.requester_id is not None:
        people.add(row.requester_id)
    Watcher.objects.bulk_create(
        [Watcher(work_order=survivor, user_id=person, since_at=now) for person in people],
        ignore_conflicts=True,
    )
    return {
        "watchers": len(people),
        "comments": Comment.objects.filter(work_order=row).update(work_order=survivor),
        # What belongs to a trip stays with it.
        "photos": Attachment.objects.filter(work_order=row, visit=None).update(work_order=survivor),
    }
