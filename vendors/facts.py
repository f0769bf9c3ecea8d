"""What the database knows of vendors for a job: themselves, rates, papers, coverage, scores and office hours.

One statement, whatever the number of vendors. What is asked of one vendor after another stands as an expression or in a
LATERAL, so that it is looked up by its key: joined otherwise, the planner would read whole tables for ninety vendors.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection

from assets.models import Priority
from vendors.models import RateCard, Requirement, Vendor
from vendors.papers import Paper

if TYPE_CHECKING:
    from assets.models import Site, Trade

SCORECARD_WINDOW_DAYS = 365


@dataclass(frozen=True)
class Place:
    """What is the same for all vendors of one consideration; see `eligibility.consider_vendors`."""

    site: Site
    trade: Trade
    priority: int
    on: date
    requirements: list[Requirement]
    also: frozenset[int] = frozenset()
    binding: frozenset[int] = frozenset()
    only: frozenset[int] | None = None
    at: datetime | None = None
    position: tuple[float, float] | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "position", position_of(self.site))


def position_of(one: Site | Vendor) -> tuple[float, float] | None:
    """Where a site or the base of a vendor is, in degrees, if that is known."""
    if one.latitude is None or one.longitude is None:
        return None
    return float(one.latitude), float(one.longitude)


class Score(NamedTuple):
    """What the scorecard said: 0 to 100, from how many jobs, and the parts it was made of."""

    score: Decimal
    jobs: int
    parts: dict[str, Any]


class Known(NamedTuple):
    """One vendor, and what is known of it for a job at a place.

    `radius_km` and what follows say by what the place is covered: the widest radius, the nearest region, the rank given
    at a site or region, and the rank given with a radius. `arrival_minutes` is what was negotiated. `office_hours`
    (weekday, opening and closing minute) are looked up where an emergency depends on them.
    """

    vendor: Vendor
    rate_card: RateCard | None
    papers: list[Paper]
    scorecard: Score | None
    office_hours: list[tuple[int, int, int]]
    has_trade: bool
    is_excluded: bool
    by_site: bool
    radius_km: Decimal | None
    region_name: str | None
    near_rank: int | None
    radius_rank: int | None
    arrival_minutes: int | None


# All but what only a search reads; each name is looked for in them once per vendor.
_VENDOR = dict.fromkeys(field.attname for field in Vendor._meta.concrete_fields if field.name != "search")
_CARD = [field.attname for field in RateCard._meta.concrete_fields]

# One row per vendor: itself, its rate card, how it covers the place, papers, scorecard and negotiated arrival.
# A rank of the site goes before one of its region, a region's before one further up, a region's before a radius.
_SELECT = f"""
SELECT {", ".join(f"v.{name}" for name in _VENDOR)}, {", ".join(f"card.{name}" for name in _CARD)},
    (SELECT json_agg(json_build_array(d.kind, d.state, d.limit_amount, d.starts_on, d.ends_on, d.jurisdiction))::text
        FROM vendors_compliancedocument d WHERE d.vendor_id = v.id AND d.kind = ANY(%(kinds)s::text[])
            AND (d.trade_id IS NULL OR d.trade_id = %(trade)s)),
    score.score, score.jobs, score.parts::text,
    (SELECT json_agg(json_build_array(h.weekday, h.opens_minute, h.closes_minute))::text
        FROM vendors_vendorhours h WHERE %(emergency)s AND NOT v.takes_emergencies AND h.vendor_id = v.id),
    (SELECT true FROM vendors_vendortrade t WHERE t.trade_id = %(trade)s AND t.vendor_id = v.id) IS NOT NULL,
    coalesce(covering.is_excluded, false), coalesce(covering.by_site, false),
    covering.radius_km, covering.region_name, covering.near_rank, covering.radius_rank,
    (SELECT t.arrival_minutes FROM vendors_negotiatedtarget t
        WHERE t.vendor_id = v.id AND t.priority = %(priority)s AND t.arrival_minutes IS NOT NULL
            AND (t.trade_id IS NULL OR t.trade_id = %(trade)s)
        ORDER BY t.trade_id NULLS LAST LIMIT 1)
FROM vendors_vendor v
LEFT JOIN LATERAL (
    SELECT bool_or(c.is_excluded) AS is_excluded,
        bool_or(c.site_id IS NOT NULL AND NOT c.is_excluded) AS by_site,
        max(c.radius_km) AS radius_km,
        (array_agg(r.name ORDER BY r.path_depth DESC) FILTER (WHERE r.id IS NOT NULL))[1] AS region_name,
        (array_agg(c.rank ORDER BY c.site_id NULLS LAST, r.path_depth DESC NULLS LAST)
            FILTER (WHERE c.rank IS NOT NULL AND c.radius_km IS NULL))[1] AS near_rank,
        max(c.rank) FILTER (WHERE c.radius_km IS NOT NULL) AS radius_rank
    FROM vendors_coverage c LEFT JOIN assets_region r ON r.id = c.region_id
    WHERE c.vendor_id = v.id AND c.trade_id = %(trade)s
        AND (c.site_id = %(site)s OR c.region_id = ANY(%(regions)s::bigint[]) OR c.radius_km IS NOT NULL)
) covering ON true
LEFT JOIN vendors_ratecard card ON card.vendor_id = v.id AND card.trade_id = %(trade)s
    AND card.starts_on <= %(day)s AND (card.ends_on IS NULL OR card.ends_on > %(day)s)
LEFT JOIN vendors_scorecard score ON score.vendor_id = v.id AND score.trade_id = %(trade)s
    AND score.window_days = %(window)s
WHERE v.id = ANY(%(vendors)s::bigint[]) {{besides}}
ORDER BY v.name, v.id
"""
_OF_THESE = _SELECT.format(besides="")
_OF_THE_TRADE = _SELECT.format(
    besides="OR v.id IN (SELECT t.vendor_id FROM vendors_vendortrade t WHERE t.trade_id = %(trade)s)"
)


def look_up(place: Place) -> list[Known]:
    """The vendors to consider for a job, by name, with what is known of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            _OF_THE_TRADE if place.only is None else _OF_THESE,
            {
                "trade": place.trade.pk,
                "site": place.site.pk,
                "regions": place.site.region.ancestor_ids(),
                "vendors": sorted(place.also | place.binding | (place.only or frozenset())),
                "kinds": sorted({requirement.kind for requirement in place.requirements}),
                "day": place.on,
                "window": SCORECARD_WINDOW_DAYS,
                "priority": place.priority,
                "emergency": place.priority == Priority.P1 and place.at is not None,
            },
        )
        rows = cursor.fetchall()
    return [_known(row, connection.alias) for row in rows]


def _known(row: tuple[Any, ...], alias: str) -> Known:
    own, charged = row[: len(_VENDOR)], row[len(_VENDOR) : len(_VENDOR) + len(_CARD)]
    papers, score, jobs, parts, hours, *others = row[len(_VENDOR) + len(_CARD) :]
    vendor = Vendor.from_db(alias, _VENDOR, own)
    vendor.custom = _plain(vendor.custom)  # the driver leaves it as text
    return Known(
        vendor,
        None if charged[0] is None else RateCard.from_db(alias, _CARD, charged),
        [
            Paper(kind, state, _amount(limit), date.fromisoformat(starts), ends and date.fromisoformat(ends), where)
            for kind, state, limit, starts, ends, where in _exact(papers or "[]")
        ],
        None if score is None else Score(score, jobs, _exact(parts)),
        _plain(hours or "[]"),
        *others,
    )


_plain = json.JSONDecoder().decode
_exact = json.JSONDecoder(parse_float=Decimal).decode
"""JSON from the database with its decimals kept exact."""


def _amount(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)
