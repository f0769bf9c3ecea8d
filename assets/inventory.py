"""Keeping equipment: what a unit is, what covers it, and when it goes out of use."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.actors import Actor
from accounts.changes import Faulty, NotAllowed, allow, keep, remove
from accounts.permissions import Act
from assets.models import Asset, AssetStatus, Site, Warranty


def stream_of(asset: Asset) -> str:
    """The chain of the log that tells what happened to a unit's facts."""
    return f"asset:{asset.pk}"


def keep_asset(*, asset: Asset, by: Actor, now: datetime, **facts: Any) -> Asset:
    """Enter a new unit or change one; at another site it takes its whole history with it.

    Raises NotAllowed for a site that `by` does not look after, and Faulty.
    """
    site = facts.get("site") or asset.site
    allow_at(site, by)
    if asset.pk:
        allow_at(asset.site, by)
    faults = {}
    area = facts.get("area", asset.area)
    if area and area.site_id != site.pk:
        faults["area"] = f"{area.name} is not an area of {site.code}."
    parent = facts.get("parent", asset.parent)
    if parent and parent.site_id != site.pk:
        faults["parent"] = f"{parent.tag} is at another site."
    if parent and asset.pk and asset.pk in _above(parent):
        faults["parent"] = f"{parent.tag} is itself a part of this unit."
    if faults:
        raise Faulty(faults)
    return keep(asset, facts, stream=stream_of, noun="asset", by=by, now=now)


def retire_asset(*, asset: Asset, by: Actor, now: datetime) -> Asset:
    """Take a unit out of use. Nothing more is reported for it; its history stays. Raises NotAllowed."""
    return keep_asset(asset=asset, by=by, now=now, condition=AssetStatus.RETIRED)


def return_asset(*, asset: Asset, by: Actor, now: datetime) -> Asset:
    """Put a retired unit back into service. Raises NotAllowed."""
    return keep_asset(asset=asset, by=by, now=now, condition=AssetStatus.IN_SERVICE)


def keep_warranty(*, warranty: Warranty, by: Actor, now: datetime, **facts: Any) -> Warranty:
    """Write down what covers a unit, from which day through which. Raises NotAllowed, Faulty."""
    allow_at(warranty.asset.site, by)
    return keep(warranty, facts, stream=lambda row: stream_of(row.asset), noun="warranty", by=by, now=now)


def remove_warranty(*, warranty: Warranty, by: Actor, now: datetime) -> None:
    """Take out a warranty that was entered by mistake. Raises NotAllowed."""
    allow_at(warranty.asset.site, by)
    remove(warranty, stream=stream_of(warranty.asset), noun="warranty", by=by, now=now)


def allow_at(site: Site, by: Actor) -> None:
    """Raises NotAllowed for one who does not keep the equipment of this site."""
    allow(by, Act.MANAGE_ASSETS)
    if not Site.objects.visible_to(by, Act.MANAGE_ASSETS).filter(pk=site.pk).exists():
        raise NotAllowed("You do not look after this site.")


def _above(asset: Asset) -> set[int]:
    """A unit and everything it is a part of."""
    found: set[int] = set()
    walking: Asset | None = asset
    while walking and walking.pk not in found:
        found.add(walking.pk)
        walking = walking.parent
    return found
