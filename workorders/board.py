"""The vendor's board: who goes where on which day, and which trips cannot both be kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from accounts.thresholds import declare
from accounts.words import span
from vendors.eligibility import distance_km
from workorders.models import VisitState

if TYPE_CHECKING:
    from workorders.models import Visit

SPEED = declare(
    "schedule.travel_kmh", 50, "km/h", "Speed at which the board reckons with the way between two visits", minimum=10
)
LEAST = timedelta(minutes=30)
"""What a visit takes at least, also one that is promised for an exact time."""
TO_COME = (VisitState.PLANNED, VisitState.ON_SITE)


class Snag(NamedTuple):
    """Why a trip may not be kept beside another one of the same person: at the same time, or too far apart for it."""

    sentence: str
    is_clash: bool


def warnings_of(visits: Iterable[Visit], *, kmh: int) -> dict[int, list[Snag]]:
    """What stands in the way of each visit, by its id; only of trips that are still to come and have a time.

    The way between two sites is a straight line at `kmh`: less than that is surely too little. Needs the visits'
    `work_order__site`.
    """
    told: dict[int, list[Snag]] = defaultdict(list)
    people: dict[int, list[Visit]] = defaultdict(list)
    for visit in visits:
        if visit.technician_id and visit.is_dated and visit.state in TO_COME:
            people[visit.technician_id].append(visit)
    for trips in people.values():
        trips.sort(key=lambda one: (one.planned_start_at, one.pk))
        for place, first in enumerate(trips):
            end = _ends(first)
            for later in trips[place + 1 :]:
                if later.planned_start_at < end:
                    told[first.pk].append(Snag(f"At the same time as {_named(later)}", True))
                    told[later.pk].append(Snag(f"At the same time as {_named(first)}", True))
                    continue
                way, gap = _way(first, later, kmh), later.planned_start_at - end
                if way > gap:
                    words = f"{span(gap)} for a way of about {span(way)}"
                    told[later.pk].append(Snag(f"Only {words} from {_named(first)}", False))
                break
    return told


def _ends(visit: Visit) -> datetime:
    return max(visit.planned_end_at, visit.planned_start_at + LEAST)


def _named(visit: Visit) -> str:
    return f"{visit.work_order.number}, {visit.work_order.site.code}"


def _way(one: Visit, other: Visit, kmh: int) -> timedelta:
    """The shortest time in which somebody gets from one site to the other; none where a place is not known."""
    here, there = one.work_order.site, other.work_order.site
    places = (here.latitude, here.longitude, there.latitude, there.longitude)
    if here.pk == there.pk or any(place is None for place in places):
        return timedelta(0)
    return timedelta(hours=distance_km(*(float(place) for place in places if place is not None)) / kmh)
