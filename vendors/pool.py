"""The pool seen from above: for many places, trades and days at once, how many vendors could go, and why the rest not.

One statement in sets, whatever the number of sites and vendors; `eligibility.consider_vendors` asked of each place is
its oracle in the tests. What only the moment knows (how busy a vendor is, what it declined) is left out: a vendor
counts as soon as it takes jobs at all. Vendors are weighed once per kind of place (region, state and currency of a
site); only radius, single sites and sites left out are looked at site by site.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from django.db import connection

from vendors.eligibility import EARTH_RADIUS_KM
from vendors.models import DISPATCHABLE

FAULTS = ("standing", "papers", "rates", "capacity")
"""Why a vendor that covers a place cannot go there."""

SAID = {
    "standing": "not active or barred",
    "papers": "without valid papers",
    "rates": "without rates in force",
    "capacity": "taking no jobs",
}


class Cell(NamedTuple):
    """One site and trade on one day: how many vendors cover it, how many could go, and how many fail by what."""

    site_id: int
    trade_id: int
    on: date
    covering: int
    able: int
    standing: int
    papers: int
    rates: int
    capacity: int

    @property
    def faults(self) -> list[tuple[str, int]]:
        """What keeps those that cover it out, the most frequent first."""
        found = [(name, int(getattr(self, name))) for name in FAULTS]
        return sorted(((name, number) for name, number in found if number), key=lambda fault: -fault[1])

    @property
    def sentence(self) -> str:
        """Why nobody can go."""
        if not self.covering:
            return "Nobody covers it."
        said = ", ".join(f"{number} {SAID[name]}" for name, number in self.faults)
        return f"{'1 vendor covers' if self.covering == 1 else f'{self.covering} vendors cover'} it: {said}."


# `wanted` (site_id, trade_id, on_day, jobs) goes before; everything here is weighed for what stands there.
_WEIGHED = """
, place AS MATERIALIZED (
    SELECT row_number() OVER () AS place, one.* FROM (
        SELECT DISTINCT s.region_id, lower(s.state) AS state, s.currency
        FROM assets_site s WHERE s.id IN (SELECT site_id FROM wanted)
    ) one
), site AS MATERIALIZED (
    SELECT s.id, p.place, s.latitude::float8 AS latitude, s.longitude::float8 AS longitude
    FROM assets_site s JOIN place p ON p.region_id = s.region_id AND p.state = lower(s.state)
        AND p.currency = s.currency
    WHERE s.id IN (SELECT site_id FROM wanted)
), above AS MATERIALIZED (
    SELECT p.place, part::bigint AS region_id
    FROM place p JOIN assets_region r ON r.id = p.region_id
    CROSS JOIN unnest(string_to_array(rtrim(r.path, '.'), '.')) AS part
), turn AS MATERIALIZED (
    SELECT DISTINCT s.place, w.trade_id, w.on_day FROM wanted w JOIN site s ON s.id = w.site_id
), covered AS (
    SELECT c.vendor_id, c.trade_id, c.region_id, c.site_id, c.radius_km, c.is_excluded
    FROM vendors_coverage c JOIN vendors_vendortrade t ON t.vendor_id = c.vendor_id AND t.trade_id = c.trade_id
    WHERE c.trade_id IN (SELECT trade_id FROM turn)
), by_region AS MATERIALIZED (
    SELECT DISTINCT a.place, c.trade_id, c.vendor_id FROM covered c JOIN above a ON a.region_id = c.region_id
), reach AS (
    SELECT v.id AS vendor_id, c.radius_km, v.latitude::float8 AS latitude, v.longitude::float8 AS longitude, band
    FROM (SELECT DISTINCT vendor_id, radius_km FROM covered WHERE radius_km IS NOT NULL) c
    JOIN vendors_vendor v ON v.id = c.vendor_id AND v.latitude IS NOT NULL
    CROSS JOIN LATERAL generate_series(
        floor(v.latitude - c.radius_km / 110.0)::int, floor(v.latitude + c.radius_km / 110.0)::int) AS band
), near AS MATERIALIZED (
    SELECT s.id AS site_id, s.place, r.vendor_id, r.radius_km
    FROM reach r JOIN site s ON floor(s.latitude)::int = r.band
    WHERE 2 * {earth} * asin(least(1, sqrt(
        sin(radians(s.latitude - r.latitude) / 2) ^ 2 + cos(radians(r.latitude)) * cos(radians(s.latitude))
            * sin(radians(s.longitude - r.longitude) / 2) ^ 2))) <= r.radius_km
), left_out AS MATERIALIZED (
    SELECT c.site_id, c.trade_id, c.vendor_id FROM covered c WHERE c.is_excluded
), by_site AS MATERIALIZED (
    SELECT one.* FROM (
        SELECT s.id AS site_id, s.place, c.trade_id, c.vendor_id
        FROM covered c JOIN site s ON s.id = c.site_id WHERE NOT c.is_excluded
        UNION SELECT n.site_id, n.place, c.trade_id, c.vendor_id
        FROM covered c JOIN near n ON n.vendor_id = c.vendor_id AND n.radius_km = c.radius_km
    ) one
    WHERE NOT EXISTS (SELECT FROM by_region b
            WHERE b.place = one.place AND b.trade_id = one.trade_id AND b.vendor_id = one.vendor_id)
        AND NOT EXISTS (SELECT FROM left_out o
            WHERE o.site_id = one.site_id AND o.trade_id = one.trade_id AND o.vendor_id = one.vendor_id)
), weighed AS MATERIALIZED (
    SELECT one.place, one.trade_id, one.vendor_id, t.on_day
    FROM (SELECT place, trade_id, vendor_id FROM by_region UNION SELECT place, trade_id, vendor_id FROM by_site) one
    JOIN turn t ON t.place = one.place AND t.trade_id = one.trade_id
), needed AS MATERIALIZED (
    SELECT t.place, t.trade_id, q.id AS requirement_id, q.kind, q.applies_to_internal
    FROM (SELECT DISTINCT place, trade_id FROM turn) t
    JOIN vendors_requirement q ON q.blocks AND (q.trade_id IS NULL OR q.trade_id = t.trade_id)
        AND (q.region_id IS NULL OR q.region_id IN (SELECT a.region_id FROM above a WHERE a.place = t.place))
), held AS MATERIALIZED (
    SELECT q.id AS requirement_id, d.vendor_id, d.trade_id, d.starts_on, coalesce(d.ends_on, 'infinity') AS ends_on,
        CASE WHEN d.kind = 'license' THEN lower(d.jurisdiction) ELSE '' END AS state
    FROM vendors_requirement q JOIN vendors_compliancedocument d ON d.kind = q.kind AND d.state = 'verified'
        AND coalesce(d.limit_amount, 0) >= q.minimum_limit_amount
    WHERE q.blocks
), lacking AS MATERIALIZED (
    SELECT w.place, w.trade_id, w.on_day, w.vendor_id, array_agg(DISTINCT n.kind) AS kinds
    FROM weighed w JOIN place p USING (place) JOIN vendors_vendor v ON v.id = w.vendor_id
    JOIN needed n ON n.place = w.place AND n.trade_id = w.trade_id AND (v.kind <> 'internal' OR n.applies_to_internal)
    WHERE NOT EXISTS (SELECT FROM held h WHERE h.requirement_id = n.requirement_id AND h.vendor_id = w.vendor_id
        AND (h.trade_id IS NULL OR h.trade_id = w.trade_id) AND (h.state = '' OR h.state = p.state)
        AND h.starts_on <= w.on_day AND h.ends_on >= w.on_day)
    GROUP BY 1, 2, 3, 4
), judged AS MATERIALIZED (
    SELECT w.place, w.trade_id, w.on_day, w.vendor_id, l.kinds,
        v.standing = ANY(%(standings)s::text[]) AND v.do_not_dispatch_since_at IS NULL AS standing,
        l.kinds IS NULL AS papers, coalesce(card.currency = p.currency, false) AS rates,
        coalesce(v.capacity_open_jobs > 0, true) AS capacity
    FROM weighed w JOIN place p USING (place) JOIN vendors_vendor v ON v.id = w.vendor_id
    LEFT JOIN lacking l USING (place, trade_id, on_day, vendor_id)
    LEFT JOIN vendors_ratecard card ON card.vendor_id = w.vendor_id AND card.trade_id = w.trade_id
        AND card.starts_on <= w.on_day AND (card.ends_on IS NULL OR card.ends_on > w.on_day)
), by_place AS MATERIALIZED (
    SELECT j.place, j.trade_id, j.on_day, {counts}
    FROM judged j JOIN by_region USING (place, trade_id, vendor_id) GROUP BY 1, 2, 3
), more AS MATERIALIZED (
    SELECT b.site_id, j.trade_id, j.on_day, {counts}
    FROM by_site b JOIN judged j USING (place, trade_id, vendor_id) GROUP BY 1, 2, 3
), less AS MATERIALIZED (
    SELECT o.site_id, j.trade_id, j.on_day, {counts}
    FROM left_out o JOIN site s ON s.id = o.site_id JOIN by_region b ON b.place = s.place AND b.trade_id = o.trade_id
        AND b.vendor_id = o.vendor_id
    JOIN judged j ON j.place = s.place AND j.trade_id = o.trade_id AND j.vendor_id = o.vendor_id
    GROUP BY 1, 2, 3
), cell AS MATERIALIZED (
    SELECT w.site_id, w.trade_id, w.on_day, w.jobs, {sums}
    FROM wanted w JOIN site s ON s.id = w.site_id
    LEFT JOIN by_place p ON p.place = s.place AND p.trade_id = w.trade_id AND p.on_day = w.on_day
    LEFT JOIN more m ON m.site_id = w.site_id AND m.trade_id = w.trade_id AND m.on_day = w.on_day
    LEFT JOIN less l ON l.site_id = w.site_id AND l.trade_id = w.trade_id AND l.on_day = w.on_day
), gap AS MATERIALIZED (
    SELECT * FROM cell WHERE able = 0
)
"""
_COUNTS = ", ".join([
    "count(*) AS covering",
    "count(*) FILTER (WHERE j.standing AND j.papers AND j.rates AND j.capacity) AS able",
    *(f"count(*) FILTER (WHERE NOT j.{fault}) AS {fault}" for fault in FAULTS),
])  # fmt: skip
_SUMS = ", ".join(
    f"(coalesce(p.{name}, 0) + coalesce(m.{name}, 0) - coalesce(l.{name}, 0)) AS {name}"
    for name in ("covering", "able", *FAULTS)
)
WEIGHED = _WEIGHED.format(earth=EARTH_RADIUS_KM, counts=_COUNTS, sums=_SUMS)
COLUMNS = "g.site_id, g.trade_id, g.on_day, g.covering, g.able, g.standing, g.papers, g.rates, g.capacity"
type Place = tuple[int, int, date]
"""A site, a trade and a local day."""

# Those asked about one by one: jobs of a calendar.
ASKED = """WITH wanted AS MATERIALIZED (
    SELECT site_id, trade_id, on_day, count(*) AS jobs
    FROM unnest(%(sites)s::bigint[], %(trades)s::bigint[], %(days)s::date[]) AS one(site_id, trade_id, on_day)
    GROUP BY 1, 2, 3
)"""

# Who would go but for one kind of paper, and where nobody else goes.
_CLOSE = """, close AS (
    SELECT g.jobs, g.site_id, g.trade_id, g.on_day, j.vendor_id, j.kinds[1] AS kind
    FROM gap g JOIN site s ON s.id = g.site_id
    JOIN judged j ON j.place = s.place AND j.trade_id = g.trade_id AND j.on_day = g.on_day
    WHERE j.standing AND j.rates AND j.capacity AND cardinality(j.kinds) = 1
        AND (EXISTS (SELECT FROM by_region b
                WHERE b.place = s.place AND b.trade_id = g.trade_id AND b.vendor_id = j.vendor_id)
            OR EXISTS (SELECT FROM by_site b
                WHERE b.site_id = g.site_id AND b.trade_id = g.trade_id AND b.vendor_id = j.vendor_id))
        AND NOT EXISTS (SELECT FROM left_out o
            WHERE o.site_id = g.site_id AND o.trade_id = g.trade_id AND o.vendor_id = j.vendor_id)
)
"""


class Remedy(NamedTuple):
    """A paper of one vendor that alone would let it go to `jobs` of the jobs that nobody can go to.

    `ends_on` is the last day of the longest that was ever verified of this kind, if there was one.
    """

    code: str
    name: str
    kind: str
    jobs: int
    ends_on: date | None


class Foresight(NamedTuple):
    """What was asked about and cannot be done: where and when nobody could go, and what would help."""

    cells: list[Cell]
    remedies: list[Remedy]


def _asked(places: Iterable[Place]) -> dict[str, Any]:
    rows = list(places)
    return {
        "sites": [site for site, _, _ in rows],
        "trades": [trade for _, trade, _ in rows],
        "days": [day for _, _, day in rows],
        "standings": sorted(DISPATCHABLE),
    }


_TOLD = f"""SELECT
    (SELECT json_agg(json_build_array({COLUMNS}) ORDER BY g.on_day, g.site_id, g.trade_id) FROM gap g)::text,
    (SELECT json_agg(json_build_array(v.code, v.name, one.kind, one.jobs, (
            SELECT max(d.ends_on) FROM vendors_compliancedocument d
            WHERE d.vendor_id = v.id AND d.kind = one.kind AND d.state IN ('verified', 'expired')
        )) ORDER BY one.jobs DESC, v.name, one.kind)
    FROM (SELECT vendor_id, kind, sum(jobs)::int AS jobs FROM close GROUP BY 1, 2) one
    JOIN vendors_vendor v ON v.id = one.vendor_id)::text
"""


def foresee(places: Iterable[Place]) -> Foresight:
    """Where and when nobody could go, and why, in the order of the days; and which single paper of whom would bring
    somebody to how many of these jobs, most first. A place that is named twice is two jobs."""
    with connection.cursor() as cursor:
        cursor.execute(f"{ASKED}{WEIGHED}{_CLOSE} {_TOLD}", _asked(places))
        cells, remedies = (json.loads(told or "[]") for told in cursor.fetchone())
    return Foresight(
        [Cell(site, trade, date.fromisoformat(day), *numbers) for site, trade, day, *numbers in cells],
        [
            Remedy(code, name, kind, jobs, ends and date.fromisoformat(ends))
            for code, name, kind, jobs, ends in remedies
        ],
    )


def one_paper_short(places: Iterable[Place]) -> dict[Place, list[tuple[str, str, str]]]:
    """Of each place to which nobody goes: the vendors that would with one more kind of paper (code, name, kind)."""
    found: dict[Place, list[tuple[str, str, str]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"{ASKED}{WEIGHED}{_CLOSE} SELECT site_id, trade_id, on_day, v.code, v.name, c.kind"
            " FROM close c JOIN vendors_vendor v ON v.id = c.vendor_id ORDER BY v.name, c.kind",
            _asked(places),
        )
        for site, trade, day, *who in cursor.fetchall():
            found.setdefault((site, trade, day), []).append(tuple(who))
    return found
