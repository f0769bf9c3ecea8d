"""What a company says about itself: how to reach it. Rates, coverage and standing are not its own to change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.actors import Actor
from accounts.events import record
from accounts.permissions import Act
from vendors.models import Vendor
from vendors.scope import vendor_ids_of
from vendors.staffing import NotYourCompany

OWN = (
    "email", "phone", "emergency_phone", "takes_emergencies", "address_line", "city", "state", "postal_code",
)  # fmt: skip
"""The facts that a vendor's dispatcher may correct."""


class NothingAsked(Exception):
    """A wish without words."""


def ask_for_rates(*, vendor: Vendor, by: Actor, now: datetime, words: str) -> None:
    """Tell facilities what should change in the agreed rates; they stay as they are until an administrator changes
    them. Raises NotYourCompany, NothingAsked."""
    if vendor.pk not in vendor_ids_of(by, Act.MANAGE_OWN_VENDOR):
        raise NotYourCompany("You can only ask for your own company.")
    if not words.strip():
        raise NothingAsked("Say what should change, and from when.")
    with transaction.atomic():
        record(
            stream=f"vendor:{vendor.pk}", verb="rates.change_asked", by=by, now=now, data={"vendor": vendor.pk},
            note=words.strip()[:1000],
        )  # fmt: skip


def correct(*, vendor: Vendor, by: Actor, now: datetime, **facts: Any) -> Vendor:
    """Correct facts of the own company, any of `OWN`; each change is kept with what it was. Raises NotYourCompany."""
    if vendor.pk not in vendor_ids_of(by, Act.MANAGE_OWN_VENDOR):
        raise NotYourCompany("You can only change your own company.")
    if unknown := set(facts) - set(OWN):
        raise TypeError(f"Not a company's own to change: {', '.join(sorted(unknown))}")
    with transaction.atomic():
        row = Vendor.objects.select_for_update().get(pk=vendor.pk)
        changes = {name: [getattr(row, name), value] for name, value in facts.items() if getattr(row, name) != value}
        if changes:
            for name, (_, after) in changes.items():
                setattr(row, name, after)
            row.save(update_fields=list(changes))
            record(stream=f"vendor:{row.pk}", verb="vendor.corrected", by=by, now=now, data=changes)
    return row
