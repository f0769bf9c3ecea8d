"""Two reports of the same thing become one: the survivor takes over the people, messages and photos of the other.

A merge can be taken back for an hour: whatever moved goes back to where it came from, and the clocks run on from their
original start.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from accounts.models import User
from accounts.permissions import Act
from accounts.thresholds import declare
from workorders import lifecycle, sla
from workorders.models import Attachment, Comment, Watcher, WorkOrder
from workorders.models.status import Move, Status
from workorders.refusals import Incomplete, InTheWay, NotAllowed, NotNow

if TYPE_CHECKING:
    from accounts.actors import Actor

UNDO = declare("merge.undo_minutes", 60, "minutes", "Minutes in which a merge can be undone", maximum=1440)


@dataclass(frozen=True)
class Preview:
    """What would move, and what the one who merges should know; `refusal` says why it cannot be done at all."""

    people: list[str]
    comments: int
    files: int
    differences: list[str]
    refusal: str = ""


def preview(work_order: WorkOrder, into: WorkOrder, *, by: Actor) -> Preview:
    """What `merge` would do with the two as they stand. Changes nothing."""
    refusal = ""
    try:
        _fit(work_order, into, by)
    except (Incomplete, NotNow, NotAllowed) as refused:
        refusal = str(refused)
    people = User.objects.filter(pk__in=_people(work_order)).order_by("name")
    return Preview(
        people=[person.name for person in people],
        comments=Comment.objects.visible_to(by).filter(work_order=work_order).count(),
        files=Attachment.objects.visible_to(by).filter(work_order=work_order, visit=None).count(),
        differences=_differences(work_order, into),
        refusal=refusal,
    )


def _differences(row: WorkOrder, into: WorkOrder) -> list[str]:
    told = []
    if row.priority < into.priority:
        told.append(f"{row.number} is P{row.priority}. {into.number} stays P{into.priority} unless you change it.")
    if row.trade_id != into.trade_id:
        told.append(f"{row.number} is {row.trade.name}, {into.number} is {into.trade.name}.")
    if row.asset and into.asset and row.asset_id != into.asset_id:
        told.append(f"{row.number} names {row.asset.tag}, {into.number} names {into.asset.tag}.")
    if into.vendor:
        told.append(f"{into.vendor.name} has {into.number} and reads what everyone on the job may read.")
    return told


def _fit(row: WorkOrder, into: WorkOrder, by: Actor) -> None:
    """Raises why `row` cannot end as a repeat of `into`."""
    if into.pk == row.pk:
        raise Incomplete({"into": "A work order cannot be merged into itself."})
    if row.merged_into:
        raise NotNow(f"{row.number} is merged already, into {row.merged_into.number}.", row)
    if into.merged_into_id == row.pk:
        raise Incomplete({"into": f"{into.number} was merged into {row.number} itself. Undo that first."})
    if into.merged_into:
        raise Incomplete({"into": f"{into.number} is merged into {into.merged_into.number}. Choose that one."})
    if not lifecycle.allowed(into, Act.MERGE, by):
        raise NotAllowed(f"You cannot merge into {into.number}.")
    if into.site_id != row.site_id:
        raise Incomplete({"into": f"{into.number} is at another site."})
    if not into.is_open:
        raise NotNow(f"{into.number} is now “{into.get_status_display()}”; choose open work.", into)


def merge(work_order: WorkOrder, into: WorkOrder, *, by: Actor, now: datetime, version: int | None = None) -> WorkOrder:
    """End `work_order` as a repeat of `into`: requester, watchers, messages and photos move to the survivor.

    Raises Incomplete when the two cannot be one, NotNow when either has moved on, NotAllowed.
    """
    with transaction.atomic():
        row, survivor = _both(work_order.pk, into.pk)
        _fit(row, survivor, by)
        with lifecycle.moving(work_order, Move.MERGE, by=by, now=now, version=version) as step:
            row = step.work_order
            moved = _move_thread(row, survivor, now)
            counts = {name: len(ids) for name, ids in moved.items()}
            row.merged_into = survivor
            step.data |= {"into": survivor.number, "moved": counts, "ids": moved}
            step.note = f"Same as {survivor.number}"
            lifecycle.end(row, f"Same as {survivor.number}", by=by, now=now)
        lifecycle.append(
            survivor, "workorder.absorbed", by=by, now=now,
            data={"work_order": row.number, "moved": counts}, note=row.description,
        )  # fmt: skip
    return step.work_order


def _both(pk: int, other: int) -> tuple[WorkOrder, WorkOrder]:
    """Both rows, locked. Two merges that cross would wait for each other for ever if each locked its own first."""
    rows = WorkOrder.objects.select_for_update(of=("self",)).select_related("merged_into").filter(pk__in=[pk, other])
    found = {row.pk: row for row in rows.order_by("pk")}
    return found[pk], found[other]


def _people(row: WorkOrder) -> set[int]:
    people = set(row.watchers.values_list("user_id", flat=True))
    return people | ({row.requester_id} if row.requester_id is not None else set())


def _move_thread(row: WorkOrder, survivor: WorkOrder, now: datetime) -> dict[str, list[int]]:
    """Move what hangs on `row`; returns the ids of who watches the survivor only since now, and of what moved."""
    new = sorted(_people(row) - set(survivor.watchers.values_list("user_id", flat=True)))
    Watcher.objects.bulk_create([Watcher(work_order=survivor, user_id=person, since_at=now) for person in new])
    comments = Comment.objects.filter(work_order=row)
    # What belongs to a trip stays with it.
    files = Attachment.objects.filter(work_order=row, visit=None)
    moved = {
        "watchers": new,
        "comments": list(comments.order_by("pk").values_list("pk", flat=True)),
        "photos": list(files.order_by("pk").values_list("pk", flat=True)),
    }
    comments.update(work_order=survivor)
    files.update(work_order=survivor)
    return moved


# Taken back


def undo_until(row: WorkOrder) -> datetime | None:
    """Until when the merge of `row` can be undone; None where it is not merged."""
    return row.canceled_at + UNDO.span() if row.merged_into_id and row.canceled_at else None


def unmerge(work_order: WorkOrder, *, by: Actor, now: datetime, version: int | None = None) -> WorkOrder:
    """Take a merge back within the hour: the work order stands where it stood, with what was moved away from it.

    Raises NotNow when it is not merged, too late, or its survivor was merged since; NotAllowed.
    """
    with transaction.atomic():
        if work_order.merged_into_id is None:
            raise InTheWay(f"{work_order.number} is not merged into anything.", work_order)
        row, survivor = _both(work_order.pk, work_order.merged_into_id)
        until = undo_until(row)
        if until is None:
            raise NotNow(f"{row.number} is not merged any more.", row)
        if not lifecycle.allowed(survivor, Act.MERGE, by):
            raise NotAllowed(f"You cannot take anything out of {survivor.number}.")
        if now > until:
            raise InTheWay(
                f"A merge can be undone for {UNDO.value()} minutes, and they are over. Report {row.number} anew.", row
            )
        if survivor.merged_into:
            raise InTheWay(
                f"{survivor.number} was merged into {survivor.merged_into.number} since. Undo that first.", row
            )
        with lifecycle.moving(work_order, Move.UNMERGE, by=by, now=now, version=version) as step:
            row = step.work_order
            merged = row.events.filter(verb="workorder.merged").latest("position").data
            _move_back(row, survivor, merged["ids"])
            step.to(Status(merged["before"]))
            row.merged_into, row.canceled_at, row.cancel_reason = None, None, ""
            step.data["from"] = survivor.number
            sla.reckon(row, because=f"Not the same as {survivor.number}", by=by, now=now)
        lifecycle.append(survivor, "workorder.separated", by=by, now=now, data={"work_order": row.number})
    return step.work_order


def _move_back(row: WorkOrder, survivor: WorkOrder, ids: dict[str, Any]) -> None:
    Watcher.objects.filter(work_order=survivor, user__in=ids["watchers"]).delete()
    Comment.objects.filter(work_order=survivor, pk__in=ids["comments"]).update(work_order=row)
    Attachment.objects.filter(work_order=survivor, pk__in=ids["photos"]).update(work_order=row)
