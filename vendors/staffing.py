"""Who works for a vendor: placing its dispatchers and technicians, and the vendor's own hand on its own people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Expression, QuerySet

from accounts import people
from accounts.actors import Actor, person
from accounts.events import record
from accounts.models import User
from accounts.models.role import Membership, MembershipQuerySet, Role
from accounts.people import NotForOneself, stream_of
from accounts.permissions import VENDOR_ROLES, Act
from vendors.models import Vendor, VendorScope
from vendors.scope import vendor_ids_of


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


class NotYourCompany(Exception):
    """The person has no say over the people of this vendor."""


def hire(*, vendor: Vendor, email: str, name: str, role: str, by: Actor, now: datetime) -> User:
    """A vendor's dispatcher invites somebody of the own company: mailed a link, employed with `role`.

    Raises NotYourCompany, NotAVendorRole, and AlreadyHere when the address signs in already.
    """
    _own(vendor, by)
    if role not in VENDOR_ROLES:
        raise NotAVendorRole("Choose technician or dispatcher.")
    with transaction.atomic():
        user = people.invite(email=email, name=name, by=by, now=now)
        membership = people.grant(user=user, role=role, by=by, now=now)
        employ(membership=membership, vendor=vendor, by=by, now=now)
    return user


def dismiss(*, membership: Membership, by: Actor, now: datetime) -> None:
    """End the role of somebody of the own company: its jobs are out of sight from now on.

    Raises NotYourCompany, NotForOneself, NotHeld.
    """
    scope = VendorScope.objects.select_related("vendor").filter(membership=membership).first()
    if scope is None:
        raise NotYourCompany("This person does not work for your company.")
    _own(scope.vendor, by)
    people.end(membership=membership, by=by, now=now)


def _own(vendor: Vendor, by: Actor) -> None:
    if vendor.pk not in vendor_ids_of(by, Act.MANAGE_OWN_VENDOR):
        raise NotYourCompany("You can only manage the people of your own company.")


def staff_of(vendor_ids: Iterable[int], *, now: datetime) -> QuerySet[Membership]:
    """The roles that people hold at these vendors at `now`, by name; each with its user and `vendor_scope`."""
    held = at_vendors(Membership.objects.all(), vendor_ids, now=now)
    return held.select_related("user", "vendor_scope")


def at_vendors(
    rows: MembershipQuerySet, vendor_ids: Iterable[int] | Expression, *, now: datetime | Expression
) -> QuerySet[Membership]:
    """Of `rows` those that are held at these vendors at `now`, by name."""
    held = rows.current(now).filter(vendor_scope__vendor_id__in=vendor_ids, role__in=VENDOR_ROLES, user__is_active=True)
    return held.order_by("user__name", "user_id", "pk")


def technicians_of(vendor_ids: Iterable[int], *, now: datetime) -> dict[int, list[User]]:
    """Whom each of these vendors can send: its technicians by name."""
    return crews_among(staff_of(vendor_ids, now=now))


def crews_among(staff: Iterable[Membership]) -> dict[int, list[User]]:
    """The technicians among `staff`, which is in the order of names, by their vendor."""
    crew: dict[int, list[User]] = {}
    for membership in staff:
        if membership.role == Role.TECHNICIAN:
            crew.setdefault(membership.vendor_scope.vendor_id, []).append(membership.user)
    return crew


def dispatchers(vendor: Vendor, now: datetime) -> list[User | str]:
    """Who is written to about a vendor: its dispatchers, else the company's address for offers.

    Whoever was invited and has not come in yet is an address so far: no page opens for him behind the sign-in.
    """
    held = Membership.objects.current(now).filter(role=Role.DISPATCHER, vendor_scope__vendor=vendor)
    people = User.objects.filter(memberships__in=held, is_active=True).distinct()
    return [one.email if one.is_invited else one for one in people] or [vendor.email]
