"""The pool seen from above: for many places, trades and days at once, how many vendors could go, and why the rest not.

One statement in sets, whatever the number of sites and vendors; `eligibility.consider_vendors` asked of each place is
its oracle in the tests. What only the moment knows (how busy a vendor is, what it declined, whether its office is open
at the hour of an emergency) is left out: a vendor counts as soon as it takes jobs at all. Vendors are weighed once per
kind of place (region, state and currency of a site); only radius, single sites and sites left out are looked at site by
site.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

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


# `wanted` (site_id, trade_id, on_day, jobs) goes before; everything here is weighed for what stands there. Rows are
# joined by one number each (a turn is a kind of place with a trade and a day): the planner knows nothing about what is
# worked out on the way, and of several columns together it would expect next to nothing and compare all with all.
_WEIGHED = """
, site AS MATERIALIZED (
    SELECT s.id, dense_rank() OVER (ORDER BY s.region_id, lower(s.state), s.currency) AS place, s.region_id,
        lower(s.state) AS state, s.currency, s.latitude::float8 AS latitude, s.longitude::float8 AS longitude
    FROM assets_site s WHERE s.id IN (SELECT site_id FROM wanted)
), asked AS MATERIALIZED (
    SELECT row_number() OVER () AS a, dense_rank() OVER (ORDER BY s.place, w.trade_id, w.on_day) AS t,
        w.site_id::bigint * {many} + w.trade_id AS st, w.*, s.place
    FROM wanted w JOIN site s ON s.id = w.site_id
), turn AS MATERIALIZED (
    SELECT DISTINCT t, place::bigint * {many} + trade_id AS pt, place, trade_id, on_day FROM asked
), place AS MATERIALIZED (
    SELECT DISTINCT place, region_id, state, currency FROM site
), above AS MATERIALIZED (
    SELECT p.place, part::bigint AS region_id
    FROM place p JOIN assets_region r ON r.id = p.region_id
    CROSS JOIN unnest(string_to_array(rtrim(r.path, '.'), '.')) AS part
), covered AS MATERIALIZED (
    SELECT c.vendor_id, c.trade_id, c.region_id, c.site_id, c.radius_km, c.is_excluded
    FROM vendors_coverage c JOIN vendors_vendortrade t ON t.vendor_id = c.vendor_id AND t.trade_id = c.trade_id
    WHERE c.trade_id IN (SELECT trade_id FROM turn)
), by_region AS MATERIALIZED (
    SELECT DISTINCT a.place, c.trade_id, c.vendor_id FROM covered c JOIN above a ON a.region_id = c.region_id
), reach AS MATERIALIZED (
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
    SELECT s.id AS site_id, s.place, c.trade_id, c.vendor_id
    FROM covered c JOIN site s ON s.id = c.site_id WHERE c.is_excluded
), by_site AS MATERIALIZED (
    (
        SELECT s.id AS site_id, s.place, c.trade_id, c.vendor_id
        FROM covered c JOIN site s ON s.id = c.site_id WHERE NOT c.is_excluded
        UNION SELECT n.site_id, n.place, c.trade_id, c.vendor_id
        FROM covered c JOIN near n ON n.vendor_id = c.vendor_id AND n.radius_km = c.radius_km
    ) EXCEPT SELECT site_id, place, trade_id, vendor_id FROM left_out
), weighed AS MATERIALIZED (
    SELECT t.t, t.t * {many} + one.vendor_id AS tv, t.pt, t.place, t.trade_id, t.on_day, one.vendor_id, one.regional
    FROM (
        SELECT place::bigint * {many} + trade_id AS pt, vendor_id, bool_or(regional) AS regional
        FROM (SELECT place, trade_id, vendor_id, true AS regional FROM by_region
            UNION ALL SELECT DISTINCT place, trade_id, vendor_id, false FROM by_site) every
        GROUP BY 1, 2
    ) one JOIN turn t ON t.pt = one.pt
), needed AS MATERIALIZED (
    SELECT t.pt, q.id AS requirement_id, q.kind, q.applies_to_internal
    FROM (SELECT DISTINCT pt, place, trade_id FROM turn) t
    JOIN vendors_requirement q ON q.blocks AND (q.trade_id IS NULL OR q.trade_id = t.trade_id)
        AND (q.region_id IS NULL OR q.region_id IN (SELECT a.region_id FROM above a WHERE a.place = t.place))
), held AS MATERIALIZED (
    SELECT q.id::bigint * {many} + d.vendor_id AS qv, d.trade_id, d.starts_on,
        coalesce(d.ends_on, 'infinity') AS ends_on,
        CASE WHEN d.kind = 'license' THEN lower(d.jurisdiction) ELSE '' END AS state
    FROM vendors_requirement q JOIN vendors_compliancedocument d ON d.kind = q.kind AND d.state = 'verified'
        AND coalesce(d.limit_amount, 0) >= q.minimum_limit_amount
    WHERE q.blocks
), lacking AS MATERIALIZED (
    SELECT w.tv, array_agg(DISTINCT n.kind) FILTER (WHERE n.kind IS NOT NULL AND h.qv IS NULL) AS kinds
    FROM weighed w JOIN place p ON p.place = w.place JOIN vendors_vendor v ON v.id = w.vendor_id
    LEFT JOIN needed n ON n.pt = w.pt AND (v.kind <> 'internal' OR n.applies_to_internal)
    LEFT JOIN held h ON h.qv = n.requirement_id::bigint * {many} + w.vendor_id
        AND (h.trade_id IS NULL OR h.trade_id = w.trade_id) AND (h.state = '' OR h.state = p.state)
        AND h.starts_on <= w.on_day AND h.ends_on >= w.on_day
    GROUP BY w.tv
), judged AS MATERIALIZED (
    SELECT w.t, w.tv, w.vendor_id, w.regional, l.kinds,
        v.standing = ANY(%(standings)s::text[]) AND v.do_not_dispatch_since_at IS NULL AS standing,
        l.kinds IS NULL AS papers, coalesce(card.currency = p.currency, false) AS rates,
        coalesce(v.capacity_open_jobs > 0, true) AS capacity
    FROM weighed w JOIN lacking l ON l.tv = w.tv JOIN place p ON p.place = w.place
    JOIN vendors_vendor v ON v.id = w.vendor_id
    LEFT JOIN vendors_ratecard card ON card.vendor_id = w.vendor_id AND card.trade_id = w.trade_id
        AND card.starts_on <= w.on_day AND (card.ends_on IS NULL OR card.ends_on > w.on_day)
), by_turn AS MATERIALIZED (
    SELECT j.t, {counts} FROM judged j WHERE j.regional GROUP BY 1
), swayed AS MATERIALIZED (
    -- site by site: who comes besides by a radius or by name, and who of the region is left out
    SELECT a.a, one.sign, j.* FROM (
        SELECT site_id::bigint * {many} + trade_id AS st, vendor_id, 1 AS sign FROM by_site
        UNION ALL SELECT site_id::bigint * {many} + trade_id, vendor_id, -1 FROM left_out
    ) one JOIN asked a ON a.st = one.st JOIN judged j ON j.tv = a.t * {many} + one.vendor_id
    WHERE j.regional = (one.sign < 0)
), shift AS MATERIALIZED (
    SELECT j.a, {shifts} FROM swayed j GROUP BY 1
), cell AS MATERIALIZED (
    SELECT a.a, a.t, a.site_id, a.trade_id, a.on_day, a.jobs, {sums}
    FROM asked a LEFT JOIN by_turn b ON b.t = a.t LEFT JOIN shift s ON s.a = a.a
), gap AS MATERIALIZED (
    SELECT * FROM cell WHERE able = 0
)
"""
_TOLD_APART = {"covering": "true", "able": "j.standing AND j.papers AND j.rates AND j.capacity"} | {
    fault: f"NOT j.{fault}" for fault in FAULTS
}
STANDINGS = {"standings": sorted(DISPATCHABLE)}
MANY = 100_000_000
"""More than there are of anything: two keys of one number."""
WEIGHED = _WEIGHED.format(
    earth=EARTH_RADIUS_KM,
    many=MANY,
    counts=", ".join(f"count(*) FILTER (WHERE {test}) AS {name}" for name, test in _TOLD_APART.items()),
    shifts=", ".join(f"coalesce(sum(j.sign) FILTER (WHERE {test}), 0) AS {name}" for name, test in _TOLD_APART.items()),
    sums=", ".join(f"(coalesce(b.{name}, 0) + coalesce(s.{name}, 0)) AS {name}" for name in _TOLD_APART),
)
COLUMNS = "g.site_id, g.trade_id, g.on_day, g.covering, g.able, g.standing, g.papers, g.rates, g.capacity"
type Place = tuple[int, int, date]
"""A site, a trade and a local day."""

# Those asked about one by one: jobs of a calendar.
ASKED = """WITH wanted AS MATERIALIZED (
    SELECT site_id, trade_id, on_day, count(*) AS jobs
    FROM unnest({sites}, {trades}, {days}) AS one(site_id, trade_id, on_day)
    GROUP BY 1, 2, 3
)"""

# Who would go but for one kind of paper, and where nobody else goes.
_CLOSE = f""", close AS (
    SELECT g.jobs, g.site_id, g.trade_id, g.on_day, one.vendor_id, one.kinds[1] AS kind
    FROM (
        SELECT g.a, g.a * {MANY} + j.vendor_id AS av, j.* FROM gap g JOIN judged j ON j.t = g.t WHERE j.regional
        UNION ALL SELECT a, a * {MANY} + vendor_id, t, tv, vendor_id, regional, kinds, standing, papers, rates, capacity
        FROM swayed WHERE sign > 0
    ) one JOIN gap g ON g.a = one.a
    LEFT JOIN (SELECT a * {MANY} + vendor_id AS av FROM swayed WHERE sign < 0) gone ON gone.av = one.av
    WHERE one.standing AND one.rates AND one.capacity AND cardinality(one.kinds) = 1 AND gone.av IS NULL
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


def written(values: Iterable[int | date], kind: str) -> str:
    """Keys or days as an array written out in SQL: as a parameter the planner would forget how many they are."""
    return f"'{{{','.join(str(value) for value in values)}}}'::{kind}[]"


def _asked(places: Iterable[Place]) -> str:
    rows = list(places)
    return ASKED.format(
        sites=written((int(site) for site, _, _ in rows), "bigint"),
        trades=written((int(trade) for _, trade, _ in rows), "bigint"),
        days=written((day for _, _, day in rows), "date"),
    )


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
        cursor.execute(f"{_asked(places)}{WEIGHED}{_CLOSE} {_TOLD}", STANDINGS)
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
            f"{_asked(places)}{WEIGHED}{_CLOSE} SELECT site_id, trade_id, on_day, v.code, v.name, c.kind"
            " FROM close c JOIN vendors_vendor v ON v.id = c.vendor_id ORDER BY v.name, c.kind",
            STANDINGS,
        )
        for site, trade, day, *who in cursor.fetchall():
            found.setdefault((site, trade, day), []).append(tuple(who))
    return found
