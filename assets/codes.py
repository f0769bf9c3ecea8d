"""Giving a unit or a site another code, when its label was lost or somebody has copied it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction

from accounts.actors import Actor
from accounts.changes import allow
from accounts.events import record
from accounts.permissions import Act
from assets import inventory, places
from assets.models import Asset, OldCode, Site


def replace_code(place: Asset | Site, *, by: Actor, now: datetime) -> UUID:
    """Let a new code stand for `place`; whoever scans the old one is told that it counts no longer. The new code.

    Raises NotAllowed.
    """
    if isinstance(place, Asset):
        inventory.allow_at(place.site, by)
        noun, stream, old = "asset", inventory.stream_of(place), OldCode(asset=place)
    else:
        allow(by, Act.MANAGE_SITES)
        noun, stream, old = "site", places.stream_of(place), OldCode(site=place)
    with transaction.atomic():
        row = type(place)._base_manager.select_for_update(of=("self",)).get(pk=place.pk)
        old.code, old.replaced_at = row.scan_code, now
        old.save()
        row.scan_code = uuid4()
        row.save(update_fields=["scan_code"])
        record(stream=stream, verb=f"{noun}.code_replaced", by=by, now=now, data={"name": str(row)})
    return row.scan_code
