"""Who may be sent: every vendor of a trade, with the checks it passes and fails, each in a sentence.

Two queries, whatever the number of vendors (see `facts`). What only the work itself knows (how many jobs a vendor has,
which it declined) is handed in or added by the app above. Where a trade has thousands of vendors, `reach` tells first
which of them the place can be reached by, so that only those are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from math import asin, cos, radians, sin, sqrt
from typing import TYPE_CHECKING, NamedTuple

from accounts.together import Asking, ByHand
from accounts.words import distance, long_way
from assets.hours import week_of
from assets.models import Priority
from vendors.facts import Known, Place, Score, look_up, position_of
from vendors.models import DISPATCHABLE, RateCard, Requirement, Standing, Vendor
from vendors.papers import Check, Checked, check_papers, local_day, requirements_of

if TYPE_CHECKING:
    from assets.models import Site, Trade

EARTH_RADIUS_KM = 6371.0088


@dataclass
class Assessment(Checked):
    """One vendor as it stands for a job: what was checked, and the facts that a ranking needs.

    `rank` is the operator's fixed order at this place (1 first), `distance_km` runs from the vendor's base,
    `arrival_minutes` is what was negotiated for this trade and priority, `open_jobs` what the caller said.
    """

    vendor: Vendor
    checks: list[Check]
    rank: int | None
    distance_km: float | None
    rate_card: RateCard | None
    arrival_minutes: int | None
    scorecard: Score | None
    open_jobs: int = 0

    @property
    def eligible(self) -> bool:
        return not self.blocking


class Reach(NamedTuple):
    """Who of a trade is looked at for a place: all who reach it, the first of the others, and how many more are left
    out."""

    vendor_ids: frozenset[int]
    left_out: int


def reach(site: Site, trade: Trade, *, others: int) -> Asking[Reach]:
    """The vendors of `trade` whose coverage speaks of `site` or comes near it, and the first `others` of the rest.

    A radius is taken a kilometer wide of the mark: what it really covers is checked one by one.
    """
    position = position_of(site)
    latitude, longitude = position if position else (None, None)
    question = ByHand(
        _REACHING, trade=trade.pk, site=site.pk, regions=site.region.ancestor_ids(), latitude=latitude,
        longitude=longitude, others=others,
    )  # fmt: skip
    yield [question]
    near, rest, number = question.answer
    chosen = frozenset(near) | frozenset(rest)
    return Reach(chosen, number - len(chosen))


# How far a vendor is by the law of cosines; nothing is near where either position is unknown. What is asked of one
# vendor after another stands as an expression, which is looked up by its key: joined, whole tables would be read.
_REACHING = f"""
WITH near AS MATERIALIZED (
    SELECT vendor_id FROM vendors_coverage
    WHERE trade_id = %(trade)s AND region_id = ANY(%(regions)s::bigint[])
    UNION SELECT vendor_id FROM vendors_coverage WHERE trade_id = %(trade)s AND site_id = %(site)s
    UNION SELECT c.vendor_id FROM vendors_coverage c
    WHERE c.trade_id = %(trade)s AND c.radius_km IS NOT NULL AND c.radius_km + 1 >= (
        SELECT {EARTH_RADIUS_KM} * acos(least(greatest(
            sin(radians(v.latitude::float8)) * sin(radians(%(latitude)s::float8))
            + cos(radians(v.latitude::float8)) * cos(radians(%(latitude)s::float8))
                * cos(radians(v.longitude::float8 - %(longitude)s::float8)), -1), 1))
        FROM vendors_vendor v WHERE v.id = c.vendor_id)
)
SELECT json_build_array(
    ARRAY(SELECT near.vendor_id FROM near WHERE (
        SELECT true FROM vendors_vendortrade t WHERE t.trade_id = %(trade)s AND t.vendor_id = near.vendor_id)),
    ARRAY(SELECT t.vendor_id FROM vendors_vendortrade t
        WHERE t.trade_id = %(trade)s AND NOT EXISTS (SELECT FROM near WHERE near.vendor_id = t.vendor_id)
        ORDER BY t.vendor_id LIMIT %(others)s),
    (SELECT count(*) FROM vendors_vendortrade WHERE trade_id = %(trade)s)
)
"""


def consider_vendors(
    *,
    site: Site,
    trade: Trade,
    priority: int,
    on: date,
    open_jobs: Mapping[int, int] | None = None,
    also: Collection[int] = (),
    binding: Collection[int] = (),
    only: Collection[int] | None = None,
    requirements: Iterable[Requirement] | None = None,
    at: datetime | None = None,
) -> list[Assessment]:
    """Every vendor of `trade`, in `also` or in `binding`, checked for a job at `site` on the local day `on`.

    An emergency is for the instant `at`: an office that is open then will do. For an hour that nobody knows (None)
    it must be a vendor that answers at any hour.
    `open_jobs` says how many jobs a vendor has now (missing: none). For a vendor in `binding` (a warranty, a
    lease, a recall names it) trade, coverage, rates and capacity are told but do not keep it out. `only` looks at
    these of the trade alone (see `reach`); `requirements` are the papers that the work needs, where they are known.
    Sorted by name.
    """
    needed = list(requirements_of(site, trade) if requirements is None else requirements)
    place = Place(
        site, trade, priority, on, needed, frozenset(also), frozenset(binding),
        None if only is None else frozenset(only), at,
    )  # fmt: skip
    return [assess(known, place, open_jobs or {}) for known in look_up(place)]


def distance_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Great-circle distance in kilometers between two positions in degrees (haversine formula, mean radius)."""
    up, along = radians(other_latitude - latitude) / 2, radians(other_longitude - longitude) / 2
    share = sin(up) ** 2 + cos(radians(latitude)) * cos(radians(other_latitude)) * sin(along) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(share)))


def assess(known: Known, place: Place, open_jobs: Mapping[int, int]) -> Assessment:
    """One vendor held against everything that a job at `place` asks for; see `consider_vendors`."""
    vendor, card, pk = known.vendor, known.rate_card, known.vendor.pk
    blocks, jobs = pk not in place.binding, open_jobs.get(pk, 0)
    base = position_of(vendor)
    away = distance_km(*base, *place.position) if base and place.position else None
    coverage, rank = _coverage(known, place, away, blocks=blocks)
    checks = [
        _standing(vendor),
        _trade(place, known.has_trade, blocks=blocks),
        coverage,
        *check_papers(vendor.kind, known.papers, place.requirements, place.site, place.on),
        _rates(card, place, blocks=blocks),
        _capacity(vendor, jobs, blocks=blocks),
        _emergency(known, place),
        _do_not_dispatch(vendor),
    ]
    return Assessment(vendor, checks, rank, away, card, known.arrival_minutes, known.scorecard, jobs)


def _standing(vendor: Vendor) -> Check:
    words = Standing(vendor.standing).label.lower()
    if vendor.standing in DISPATCHABLE:
        return Check("active", True, f"Active: {words}.")
    return Check("active", False, f"Not active: {words}.")


def _trade(place: Place, has_trade: bool, *, blocks: bool) -> Check:
    words = "Works in" if has_trade else "Does not work in"
    return Check("trade", has_trade, f"{words} {place.trade.name}.", blocks)


def _coverage(known: Known, place: Place, away: float | None, *, blocks: bool) -> tuple[Check, int | None]:
    """Whether the site is covered and by what, in the units of the vendor; and the fixed rank that goes with it."""
    code = place.site.code
    if known.is_excluded:
        return Check("coverage", False, f"Leaves out {code}.", blocks), None
    if known.by_site:
        return Check("coverage", True, f"Covers {code}.", blocks), known.near_rank
    if known.region_name is not None:
        return Check("coverage", True, f"Covers {known.region_name}.", blocks), known.near_rank
    if known.radius_km is None:
        return Check("coverage", False, f"Does not cover {code}.", blocks), None
    reach = long_way(known.radius_km, known.vendor.country)
    if away is None:
        return Check("coverage", False, f"Covers {reach} around its base; where {code} is is not known.", blocks), None
    far = distance(away * 1000, known.vendor.country)
    if away > known.radius_km:
        return Check("coverage", False, f"{code} is {far} away, beyond its {reach}.", blocks), None
    return Check("coverage", True, f"{code} is {far} away, within its {reach}.", blocks), known.radius_rank


def _rates(card: RateCard | None, place: Place, *, blocks: bool) -> Check:
    if card is None:
        return Check("rate_card", False, f"No rate card for {place.trade.name} on {local_day(place.on)}.", blocks)
    if card.currency != place.site.currency:
        words = f"Charges in {card.currency}, the site pays in {place.site.currency}."
        return Check("rate_card", False, words, blocks)
    return Check("rate_card", True, f"Rate card in force since {local_day(card.starts_on)}.", blocks)


def _capacity(vendor: Vendor, open_jobs: int, *, blocks: bool) -> Check:
    limit = vendor.capacity_open_jobs
    if limit is None:
        return Check("capacity", True, f"{open_jobs} open job{'' if open_jobs == 1 else 's'}, no limit set.", blocks)
    return Check("capacity", open_jobs < limit, f"{open_jobs} of {limit} open jobs.", blocks)


def _emergency(known: Known, place: Place) -> Check:
    """Whether somebody answers at that hour; what the office hours said is told, for they may change."""
    if place.priority != Priority.P1:
        return Check("emergency", True, "Not an emergency.")
    if known.vendor.takes_emergencies:
        return Check("emergency", True, "Answers emergencies at any hour.")
    hours = week_of(known.office_hours, known.vendor.time_zone)
    if place.at is None or hours is None:
        return Check("emergency", False, "Does not take emergencies.")
    at = f"at {place.at.astimezone(hours.zone):%a %H:%M}"
    if hours.is_open(place.at):
        return Check("emergency", True, f"Its office is open {at}: {hours.in_words()}.")
    closed = f"Its office is closed {at}: {hours.in_words()}."
    return Check("emergency", False, f"Does not take emergencies out of hours. {closed}")


def _do_not_dispatch(vendor: Vendor) -> Check:
    if vendor.do_not_dispatch_since_at is None:
        return Check("not_barred", True, "Not barred.")
    return Check("not_barred", False, f"Do not dispatch: {vendor.do_not_dispatch_reason}")
