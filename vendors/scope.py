"""Which vendor a person works for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.access import remembered
from accounts.actors import System
from accounts.permissions import GRANTS, VENDOR_ROLES

if TYPE_CHECKING:
    from accounts.actors import Actor
    from accounts.permissions import Act


def vendor_ids_of(by: Actor, act: Act | None = None, role: str | None = None) -> frozenset[int]:
    """The vendors that `by` works for now; with `act` or `role`, only through such memberships."""
    if isinstance(by, System) or not by.is_active:
        return frozenset()
    vendors = remembered(by, "vendors", lambda: _vendors(by.pk))
    return frozenset(
        vendors[membership.pk]
        for membership in by.current_memberships
        if membership.pk in vendors
        and membership.role in VENDOR_ROLES
        and (role is None or membership.role == role)
        and (act is None or act in GRANTS[membership.role])
    )


def _vendors(user_id: int) -> dict[int, int]:
    from vendors.models import VendorScope

    return dict(VendorScope.objects.filter(membership__user_id=user_id).values_list("membership_id", "vendor_id"))
