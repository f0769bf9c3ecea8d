"""Who looks after a work order at the desk: one facilities manager, so that nobody thinks another does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from accounts.models import Role
from accounts.permissions import Act
from assets.reach import holders
from workorders import lifecycle
from workorders.models import WorkOrder
from workorders.refusals import Incomplete, NotAllowed, NotNow

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.actors import Actor
    from accounts.models import User


def candidates(rows: Iterable[WorkOrder], now: datetime) -> QuerySet[User]:
    """Facilities managers whose region holds at least one of `rows`, by name."""
    return holders({row.site for row in rows}, Role.FACILITIES_MANAGER, now)


def assign(
    work_order: WorkOrder, *, owner: User | None, by: Actor, now: datetime, version: int | None = None
) -> WorkOrder:
    """Make `owner` the one who looks after open work; None takes it from whoever has it.

    Raises NotAllowed, NotNow when it is over or was changed meanwhile, Incomplete when `owner` cannot act here.
    """
    with transaction.atomic():
        row = lifecycle.lock(work_order)
        if not lifecycle.allowed(row, Act.EDIT_WORK, by):
            raise NotAllowed(f"You cannot say who looks after {row.number}.")
        if not row.is_open or (version is not None and version != row.version):
            raise NotNow(f"{row.number} is now “{row.get_status_display()}” or was changed by somebody else.", row)
        if owner is not None and not lifecycle.allowed(row, Act.EDIT_WORK, owner):
            raise Incomplete({"owner": f"{owner.name} does not look after {row.number}. Choose somebody else."})
        before = row.owner
        if before == owner:
            return row
        row.owner = owner
        row.version += 1
        row.save(update_fields=["owner", "version"])
        data = {
            "before": {"owner": before.name if before else None},
            "after": {"owner": owner.name if owner else None},
            "owner": owner.pk if owner else None,
            "name": owner.name if owner else "nobody",
        }
        lifecycle.append(row, "workorder.assigned", by=by, now=now, data=data)
    return row
