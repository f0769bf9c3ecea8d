"""Which vendor a dispatcher or technician works for."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.actors import Actor, person
from accounts.events import record
from accounts.models.role import Membership
from accounts.people import NotForOneself, stream_of
from accounts.permissions import VENDOR_ROLES
from vendors.models import Vendor, VendorScope


class NotAVendorRole(Exception):
    """The role belongs to the operator's side; it applies at regions and sites instead."""


def employ(*, membership: Membership, vendor: Vendor, by: Actor, now: datetime) -> VendorScope:
    """Let a dispatcher's or technician's role apply to `vendor`, in place of an earlier one.

    Raises NotForOneself and NotAVendorRole.
    """
    if person(by) == membership.user:
        raise NotForOneself("You cannot change where your own roles apply. Ask somebody else.")
    if membership.role not in VENDOR_ROLES:
        raise NotAVendorRole(f"{membership.get_role_display()} is not a role of a vendor's people.")
    with transaction.atomic():
        scope, _ = VendorScope.objects.update_or_create(membership=membership, defaults={"vendor": vendor})
        record(
            stream=stream_of(membership.user),
            verb="role.placed",
            by=by,
            now=now,
            data={"role": membership.role, "membership": membership.pk, "vendor": vendor.name},
        )
    membership.user.refresh_from_db(fields=["access_version"])
    return scope
