"""Who may be sent: every vendor of a trade, with the checks it passes and fails, each in a sentence.

Two queries, whatever the number of vendors. What only the work itself knows (how many jobs a vendor has, which
it declined) is handed in or added by the app above. Where a trade has thousands of vendors, `reach` tells first which
of them the place can be reached by, so that only those are looked at one by one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from math import asin, cos, radians, sin, sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Count, Exists, F, FloatField, OuterRef, Q
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import ACos, Cast, Cos, Greatest, Least, Radians, Sin

from accounts.together import Asking, totals
from accounts.words import distance, long_way
from assets.hours import week_of
from assets.models import Priority
from vendors.models import DISPATCHABLE, Coverage, RateCard, Requirement, Vendor, VendorTrade
from vendors.papers import Check, Checked, Paper, check_papers, local_day, requirements_of

if TYPE_CHECKING:
    from assets.models import Site, Trade

EARTH_RADIUS_KM = 6371.0088
SCORECARD_WINDOW_DAYS = 365


class Score(NamedTuple):
    """What the scorecard said: 0 to 100, from how many jobs, and the parts it was made of."""

    score: Decimal
    jobs: int
    parts: dict[str, Any]


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
    places = Q(site=site) | Q(region__in=site.region.ancestor_ids())
    covering = Coverage.objects.filter(trade=trade)
    if site.latitude is not None and site.longitude is not None:
        covering = covering.annotate(away=_away_in_sql(float(site.latitude), float(site.longitude)))
        places |= Q(radius_km__isnull=False, away__lte=F("radius_km") + 1)
    of_trade = VendorTrade.objects.filter(trade=trade)
    near = covering.filter(places, Exists(of_trade.filter(vendor=OuterRef("vendor")))).values("vendor_id")
    near_ids = near.distinct().values_list("vendor_id", flat=True)
    rest = of_trade.exclude(vendor__in=near).order_by("vendor_id").values_list("vendor_id", flat=True)[:others]
    number = totals(of_trade, number=Count("pk"))
    yield near_ids, rest, number
    chosen = frozenset(near_ids) | frozenset(rest)
    return Reach(chosen, sum(count for (count,) in number) - len(chosen))


def _away_in_sql(latitude: float, longitude: float) -> CombinedExpression:
    """Kilometers between the vendor of a row and a position, by the law of cosines."""
    own_latitude, own_longitude = (Radians(Cast(f"vendor__{name}", FloatField())) for name in ("latitude", "longitude"))
    up = Sin(own_latitude) * sin(radians(latitude))
    along = Cos(own_latitude) * cos(radians(latitude)) * Cos(own_longitude - radians(longitude))
    return ACos(Least(Greatest(up + along, -1.0), 1.0, output_field=FloatField())) * EARTH_RADIUS_KM


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
    place = _Place(
        site, trade, priority, on, needed, open_jobs or {}, frozenset(also), frozenset(binding),
        None if only is None else frozenset(only), at,
    )  # fmt: skip
    return [_assess(row, place) for row in _rows(place)]


def distance_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Great-circle distance in kilometers between two positions in degrees (haversine formula, mean radius)."""
    up, along = radians(other_latitude - latitude) / 2, radians(other_longitude - longitude) / 2
    share = sin(up) ** 2 + cos(radians(latitude)) * cos(radians(other_latitude)) * sin(along) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(share)))


@dataclass(frozen=True)
class _Place:
    """What is the same for all vendors of one consideration."""

    site: Site
    trade: Trade
    priority: int
    on: date
    requirements: list[Requirement]
    open_jobs: Mapping[int, int]
    also: frozenset[int]
    binding: frozenset[int]
    only: frozenset[int] | None
    at: datetime | None
    position: tuple[float, float] | None = field(init=False)

    def __post_init__(self) -> None:
        latitude, longitude = self.site.latitude, self.site.longitude
        known = latitude is not None and longitude is not None
        position = (float(latitude), float(longitude)) if known else None  # type: ignore[arg-type]
        object.__setattr__(self, "position", position)


# All but what only a search reads.
_VENDOR_COLUMNS = ", ".join(f"v.{field.column}" for field in Vendor._meta.concrete_fields if field.name != "search")

# One row per vendor: itself, how it covers the place, its rate card, papers, scorecard and negotiated arrival.
# A rank of the site goes before one of its region, a region's before one further up, a region's before a radius.
_FACTS = f"""
WITH considered AS (
    SELECT vendor_id FROM vendors_vendortrade WHERE trade_id = %(trade)s AND %(only)s::bigint[] IS NULL
    UNION SELECT unnest(%(also)s::bigint[])
), covering AS (
    SELECT c.vendor_id,
        bool_or(c.is_excluded) AS is_excluded,
        bool_or(c.site_id IS NOT NULL AND NOT c.is_excluded) AS by_site,
        max(c.radius_km) AS radius_km,
        (array_agg(r.name ORDER BY r.path_depth DESC) FILTER (WHERE r.id IS NOT NULL))[1] AS region_name,
        (array_agg(c.rank ORDER BY c.site_id NULLS LAST, r.path_depth DESC NULLS LAST)
            FILTER (WHERE c.rank IS NOT NULL AND c.radius_km IS NULL))[1] AS near_rank,
        max(c.rank) FILTER (WHERE c.radius_km IS NOT NULL) AS radius_rank
    FROM vendors_coverage c JOIN considered USING (vendor_id) LEFT JOIN assets_region r ON r.id = c.region_id
    WHERE c.trade_id = %(trade)s
        AND (c.site_id = %(site)s OR c.region_id = ANY(%(regions)s::bigint[]) OR c.radius_km IS NOT NULL)
    GROUP BY c.vendor_id
), papers AS (
    SELECT d.vendor_id, jsonb_agg(jsonb_build_array(
        d.kind, d.state, d.limit_amount, d.starts_on, d.ends_on, d.jurisdiction)) AS papers
    FROM vendors_compliancedocument d JOIN considered USING (vendor_id)
    WHERE d.kind = ANY(%(kinds)s::text[]) AND (d.trade_id IS NULL OR d.trade_id = %(trade)s)
    GROUP BY d.vendor_id
)
SELECT {_VENDOR_COLUMNS},
    EXISTS (SELECT FROM vendors_vendortrade t WHERE t.trade_id = %(trade)s AND t.vendor_id = v.id) AS has_trade,
    coalesce(covering.is_excluded, false) AS is_excluded, coalesce(covering.by_site, false) AS by_site,
    covering.radius_km, covering.region_name, covering.near_rank, covering.radius_rank,
    to_jsonb(card)::text AS card, papers.papers::text AS papers,
    score.score AS score, score.jobs AS score_jobs, score.parts::text AS score_parts,
    target.arrival_minutes AS arrival_minutes, office.hours::text AS office_hours
FROM considered
JOIN vendors_vendor v ON v.id = considered.vendor_id
LEFT JOIN covering ON covering.vendor_id = v.id
LEFT JOIN papers ON papers.vendor_id = v.id
LEFT JOIN vendors_ratecard card ON card.vendor_id = v.id AND card.trade_id = %(trade)s
    AND card.starts_on <= %(day)s AND (card.ends_on IS NULL OR card.ends_on > %(day)s)
LEFT JOIN vendors_scorecard score ON score.vendor_id = v.id AND score.trade_id = %(trade)s
    AND score.window_days = %(window)s
LEFT JOIN LATERAL (
    SELECT t.arrival_minutes FROM vendors_negotiatedtarget t
    WHERE t.vendor_id = v.id AND t.priority = %(priority)s AND t.arrival_minutes IS NOT NULL
        AND (t.trade_id IS NULL OR t.trade_id = %(trade)s)
    ORDER BY t.trade_id NULLS LAST LIMIT 1
) target ON true
LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_array(h.weekday, h.opens_minute, h.closes_minute)) AS hours
    FROM vendors_vendorhours h WHERE %(emergency)s AND NOT v.takes_emergencies AND h.vendor_id = v.id
) office ON true
ORDER BY v.name, v.id
"""


def _rows(place: _Place) -> Iterable[Any]:
    return Vendor.objects.raw(
        _FACTS,
        {
            "trade": place.trade.pk,
            "site": place.site.pk,
            "regions": place.site.region.ancestor_ids(),
            "also": sorted(place.also | place.binding | (place.only or frozenset())),
            "only": None if place.only is None else [],
            "kinds": sorted({requirement.kind for requirement in place.requirements}),
            "day": place.on,
            "window": SCORECARD_WINDOW_DAYS,
            "priority": place.priority,
            "emergency": place.priority == Priority.P1 and place.at is not None,
        },
    )


def _exact(text: str | None) -> Any:
    """JSON from the database with its decimals kept exact."""
    return None if text is None else json.loads(text, parse_float=Decimal)


def _assess(row: Any, place: _Place) -> Assessment:
    vendor: Vendor = row
    is_binding = vendor.pk in place.binding
    away = _away(vendor, place)
    card = _card(row.card)
    open_jobs = place.open_jobs.get(vendor.pk, 0)
    papers = [
        Paper(kind, state, _amount(limit), date.fromisoformat(starts), ends and date.fromisoformat(ends), where)
        for kind, state, limit, starts, ends, where in _exact(row.papers) or ()
    ]
    coverage, rank = _coverage(row, place, away, blocks=not is_binding)
    checks = [
        _standing(vendor),
        _trade(vendor, place, row.has_trade, blocks=not is_binding),
        coverage,
        *check_papers(vendor.kind, papers, place.requirements, place.site, place.on),
        _rates(card, place, blocks=not is_binding),
        _capacity(vendor, open_jobs, blocks=not is_binding),
        _emergency(row, place),
        _do_not_dispatch(vendor),
    ]
    score = None if row.score is None else Score(row.score, row.score_jobs, _exact(row.score_parts) or {})
    return Assessment(vendor, checks, rank, away, card, row.arrival_minutes, score, open_jobs)


def _amount(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)


def _card(text: str | None) -> RateCard | None:
    values = _exact(text)
    if values is None:
        return None
    for name in ("starts_on", "ends_on"):
        values[name] = values[name] and date.fromisoformat(values[name])
    return RateCard(**values)


def _away(vendor: Vendor, place: _Place) -> float | None:
    if place.position is None or vendor.latitude is None or vendor.longitude is None:
        return None
    return distance_km(float(vendor.latitude), float(vendor.longitude), *place.position)


def _standing(vendor: Vendor) -> Check:
    if vendor.standing in DISPATCHABLE:
        return Check("active", True, f"Active: {vendor.get_standing_display().lower()}.")
    return Check("active", False, f"Not active: {vendor.get_standing_display().lower()}.")


def _trade(vendor: Vendor, place: _Place, has_trade: bool, *, blocks: bool) -> Check:
    words = "Works in" if has_trade else "Does not work in"
    return Check("trade", has_trade, f"{words} {place.trade.name}.", blocks)


def _coverage(row: Any, place: _Place, away: float | None, *, blocks: bool) -> tuple[Check, int | None]:
    """Whether the site is covered and by what, in the units of the vendor; and the fixed rank that goes with it."""
    code = place.site.code
    if row.is_excluded:
        return Check("coverage", False, f"Leaves out {code}.", blocks), None
    if row.by_site:
        return Check("coverage", True, f"Covers {code}.", blocks), row.near_rank
    if row.region_name is not None:
        return Check("coverage", True, f"Covers {row.region_name}.", blocks), row.near_rank
    if row.radius_km is None:
        return Check("coverage", False, f"Does not cover {code}.", blocks), None
    reach = long_way(row.radius_km, row.country)
    if away is None:
        return Check("coverage", False, f"Covers {reach} around its base; where {code} is is not known.", blocks), None
    far = distance(away * 1000, row.country)
    if away > row.radius_km:
        return Check("coverage", False, f"{code} is {far} away, beyond its {reach}.", blocks), None
    return Check("coverage", True, f"{code} is {far} away, within its {reach}.", blocks), row.radius_rank


def _rates(card: RateCard | None, place: _Place, *, blocks: bool) -> Check:
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


def _emergency(row: Any, place: _Place) -> Check:
    """Whether somebody answers at that hour; what the office hours said is told, for they may change."""
    if place.priority != Priority.P1:
        return Check("emergency", True, "Not an emergency.")
    if row.takes_emergencies:
        return Check("emergency", True, "Answers emergencies at any hour.")
    hours = week_of(_exact(row.office_hours) or (), row.time_zone)
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
