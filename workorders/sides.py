"""On which side of the table a person stands for one work order; who works for a vendor may be its store elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.permissions import Act
from assets.scope import scope_of
from vendors.scope import vendor_ids_of

if TYPE_CHECKING:
    from accounts.actors import Actor
    from accounts.models import User
    from vendors.models import Vendor
    from workorders.models import WorkOrder


def on_our_side(row: WorkOrder, by: Actor, act: Act | None = None) -> bool:
    """Whether a role on the operator's side reaches this very work order; with `act`, one that grants the act."""
    place = {name: getattr(row, name) for name in ("region_id", "site_id", "trade_id")}
    return scope_of(by, act).covers(**place)


def as_vendor(row: WorkOrder, by: Actor, act: Act) -> bool:
    """Whether `by` does `act` here for a company only."""
    return bool(vendor_ids_of(by, act)) and not on_our_side(row, by, act)


def technician_of(user: User, vendor: Vendor) -> bool:
    """Whether `user` works for `vendor` and may be sent."""
    return vendor.pk in vendor_ids_of(user, Act.CHECK_IN)
