"""The gap list: every site and trade to which nobody could be sent, before somebody needs one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import connection

from accounts.together import together
from vendors.pool import COLUMNS, FAULTS, SAID, STANDINGS, WEIGHED, Cell, written

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from assets.models import Site, Trade

REASONS = {"uncovered": "Nobody covers it"} | {name: f"Covered, {said}" for name, said in SAID.items()}
"""Why nobody can be sent: by the name that narrows the list, in words."""

PAGE = 50
MANY = 2_000


@dataclass(frozen=True)
class Gap:
    """One site and trade without anybody, with the words of its row. `answers` is who answers for it, if not us."""

    cell: Cell
    code: str
    site: str
    region: str
    trade: str
    trade_code: str
    icon: str
    answers: str


@dataclass(frozen=True)
class Gaps:
    """One page of the list: its rows, how many there are in all, and how many by trade and by reason."""

    rows: list[Gap]
    total: int
    by_trade: Mapping[int, int]
    by_reason: Mapping[str, int]


_WANTED = """WITH wanted AS MATERIALIZED (
    SELECT s.id AS site_id, t.id AS trade_id, %(on)s::date AS on_day, 1 AS jobs
    FROM assets_site s CROSS JOIN assets_trade t
    WHERE s.id = ANY({sites}) AND t.id = ANY({trades})
)"""
_LINES = f"""
SELECT {COLUMNS}, s.code, s.name, r.name, t.name, t.code, t.icon, coalesce(a.who, '')
FROM gap g JOIN assets_site s ON s.id = g.site_id JOIN assets_region r ON r.id = s.region_id
JOIN assets_trade t ON t.id = g.trade_id
LEFT JOIN assets_responsibility a ON a.site_id = g.site_id AND a.trade_id = g.trade_id AND a.category_id IS NULL
    AND a.who <> 'us'
WHERE %(why)s::text = '' OR CASE WHEN g.covering = 0 THEN %(why)s::text = 'uncovered' ELSE CASE %(why)s::text
    {" ".join(f"WHEN '{fault}' THEN g.{fault} > 0" for fault in FAULTS)} ELSE false END END
ORDER BY s.code, t.sort_order, t.name, t.id
"""
_TOLD = """
SELECT (SELECT json_object_agg(trade_id, n) FROM (SELECT trade_id, count(*) AS n FROM gap GROUP BY 1) one)::text,
    (SELECT json_build_object('all', count(*), 'uncovered', count(*) FILTER (WHERE covering = 0), {faults})
        FROM gap)::text
"""
TOLD = _TOLD.format(
    faults=", ".join(f"'{fault}', count(*) FILTER (WHERE covering > 0 AND {fault} > 0)" for fault in FAULTS)
)


def gaps(*, sites: QuerySet[Site], trades: QuerySet[Trade], on: date, why: str = "", page: int = 1) -> Gaps:
    """One page of the sites and trades among these to which nobody could be sent on `on`.

    `why` narrows to a reason: nobody covers it ("uncovered"), or of those that do one fails by standing, papers,
    rates or capacity.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_wanted(sites, trades)}{WEIGHED}, line AS (SELECT row_to_json(one) AS row FROM ({_LINES} LIMIT {PAGE}"
            f" OFFSET %(skip)s) one (site_id, trade_id, on_day, covering, able, {', '.join(FAULTS)}, code, site,"
            f" region, trade, trade_code, icon, answers)) {TOLD}, (SELECT json_agg(row) FROM line)::text",
            STANDINGS | {"on": on, "why": why, "skip": (max(page, 1) - 1) * PAGE},
        )
        by_trade, by_reason, lines = (json.loads(told or "{}") for told in cursor.fetchone())
    total = by_reason.pop("all")
    rows = [_gap([date.fromisoformat(v) if k == "on_day" else v for k, v in line.items()]) for line in lines]
    by_trade = {int(trade): number for trade, number in by_trade.items()}
    return Gaps(rows, by_reason.get(why, 0) if why else total, by_trade, by_reason)


def every_gap(*, sites: QuerySet[Site], trades: QuerySet[Trade], on: date, why: str = "") -> Iterator[Gap]:
    """The whole list, row by row."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_wanted(sites, trades)}{WEIGHED}{_LINES}", STANDINGS | {"on": on, "why": why})
        while rows := cursor.fetchmany(MANY):
            yield from map(_gap, rows)


def _gap(row: Any) -> Gap:
    facts = len(Cell._fields)
    return Gap(Cell(*row[:facts]), *row[facts:])


def _wanted(sites: QuerySet[Site], trades: QuerySet[Trade]) -> str:
    where, what = sites.values_list("pk", flat=True), trades.values_list("pk", flat=True)
    together(where, what)
    return _WANTED.format(sites=written(where, "bigint"), trades=written(what, "bigint"))
