"""Which vendor a person works for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.access import remembered
from accounts.actors import LinkHolder, System
from accounts.permissions import GRANTS, VENDOR_ROLES, Act

if TYPE_CHECKING:
    from accounts.actors import Actor


def sees_every_vendor(by: Actor, act: Act | None = None) -> bool:
    """Whether `by` views vendors at large (and there may do `act`) through a role on the operator's side.

    What a role on the vendor's side grants holds for the own company alone, whatever the act.
    """
    if isinstance(by, System):
        return True
    granted = frozenset().union(*(GRANTS[role] for role in by.roles - VENDOR_ROLES)) if by.is_active else frozenset()
    return {Act.VIEW_VENDORS, act or Act.VIEW_VENDORS} <= granted


def vendor_ids_of(by: Actor, act: Act | None = None, role: str | None = None) -> frozenset[int]:
    """The vendors that `by` works for now; with `act` or `role`, only through such memberships."""
    if isinstance(by, System) or not by.is_active:
        return frozenset()
    if isinstance(by, LinkHolder):
        held = role in (None, *by.roles) and (act is None or act in by.acts)
        return frozenset({by.vendor_id}) if held else frozenset()
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
