"""Where a technician says to be, against where the site is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from accounts.thresholds import declare
from workorders.models import Verdict

if TYPE_CHECKING:
    from assets.models import Site
    from workorders.models import Visit

EARTH_M = 6_371_008.8
TOO_VAGUE = declare("position.vague_m", 5000, "meters", "Accuracy above which a position is not believed", minimum=100)
TOO_FAST = declare("position.fast_kmh", 300, "km/h", "Speed between two check-ins that is not believed", minimum=50)


@dataclass(frozen=True)
class Position:
    """What the browser said: degrees (WGS 84) and its own accuracy in meters."""

    latitude: Decimal
    longitude: Decimal
    accuracy_m: int


def distance_m(one: tuple[Decimal | None, Decimal | None], other: tuple[Decimal | None, Decimal | None]) -> float:
    """Great-circle distance in meters (haversine, mean earth radius). Both places must be known."""
    lat1, lon1, lat2, lon2 = (math.radians(float(x or 0)) for x in (*one, *other))
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(h)))


def judge(site: Site, position: Position | None) -> tuple[Verdict, int | None]:
    """Inside (distance ≤ radius), uncertain (distance less accuracy ≤ radius), outside, unavailable; and how far.

    A site without a position of its own cannot tell: unavailable.
    """
    if position is None or not site.has_position:
        return Verdict.UNAVAILABLE, None
    away = distance_m((site.latitude, site.longitude), (position.latitude, position.longitude))
    if away <= site.geofence_radius_m:
        return Verdict.INSIDE, round(away)
    if away - position.accuracy_m <= site.geofence_radius_m:
        return Verdict.UNCERTAIN, round(away)
    return Verdict.OUTSIDE, round(away)


def implausible(site: Site, position: Position | None, *, earlier: Visit | None, now: datetime) -> list[str]:
    """Codes of what makes a position hard to believe; such a check-in is flagged, never refused for it."""
    if position is None:
        return []
    flags = []
    if site.has_position and (position.latitude, position.longitude) == (site.latitude, site.longitude):
        flags.append("exact_center")
    if position.accuracy_m == 0 or position.accuracy_m > TOO_VAGUE.value():
        flags.append("accuracy")
    if earlier is not None and earlier.in_latitude is not None:
        there = (earlier.in_latitude, earlier.in_longitude)
        here = (position.latitude, position.longitude)
        if there == here and earlier.in_accuracy_m == position.accuracy_m:
            flags.append("same_body")
        since = earlier.checked_out_at or earlier.checked_in_at or now
        hours = max((now - since).total_seconds(), 1) / 3600
        if distance_m(there, here) / 1000 / hours > TOO_FAST.value():
            flags.append("too_fast")
    return flags
