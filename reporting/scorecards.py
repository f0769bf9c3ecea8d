"""Scorecards: how well each vendor did in each trade, over the last 90 and 365 days, in one statement per window.

Six parts between 0 and 1, each with its own population (`reporting/facts.py`); a vendor's own result is
100 × Σ weight × part ÷ Σ weight over the parts that have data, so that no data never counts as 0. With few jobs that
says little: the score is drawn toward the trade's mean (each vendor counted by its jobs) as if so many average jobs had
come before: (jobs × own + prior × mean) ÷ (jobs + prior). Parts are rounded half up to four decimals, own result, mean
and score to two, each before the next uses it, so that a person gets the same from what the page shows. The range is
where the score would lie in 19 of 20 such vendors: 1.96 × √(p (1 − p) ÷ (jobs + prior)), p the score as a share.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from accounts.thresholds import declare, values_of
from reporting import facts
from reporting.days import FIXED, fixed
from reporting.models import TouchedScore

WINDOWS = (90, 365)
PRIOR_JOBS = declare("scorecard.prior_jobs", 5, "jobs", "Average jobs that every score begins with")
WEIGHTS = {
    "sla": declare("scorecard.weight_sla", 30, "points", "Scorecard: SLA compliance", maximum=100),
    "first_time_fix": declare(
        "scorecard.weight_first_time_fix", 25, "points", "Scorecard: first-time fix", maximum=100
    ),
    "acceptance": declare("scorecard.weight_acceptance", 10, "points", "Scorecard: acceptance in time", maximum=100),
    "rating": declare("scorecard.weight_rating", 15, "points", "Scorecard: store rating", maximum=100),
    "invoices": declare(
        "scorecard.weight_invoices", 10, "points", "Scorecard: invoices passing first time", maximum=100
    ),
    "documentation": declare("scorecard.weight_documentation", 10, "points", "Scorecard: documentation", maximum=100),
}
TELLING = declare(
    "scorecard.median_from", 5, "vendors", "Vendors of a trade from which each may know its median", minimum=3
)
STALE = timedelta(hours=12)
"""A card that says the same as before is dated anew after so long: its list is of the days before that date."""
BATCH = 500

_TOUCHED = "SELECT * FROM unnest(%(vendors)s::bigint[], %(trades)s::bigint[])"
_ONLY = f"AND {{vendor}} = ANY(%(vendors)s::bigint[]) AND ({{vendor}}, w.trade_id) IN ({_TOUCHED})"
_TRIPS = """LEFT JOIN (SELECT work_order_id, count(*) AS number FROM workorders_visit WHERE state = 'left' GROUP BY 1)
    trips ON trips.work_order_id = w.id"""


_BESIDE = ("sla", "acceptance", "invoices")
"""The parts that are not columns of the work itself."""


def _of_some(name: str) -> str:
    """SQL that sums one part of the touched vendors, from their work to its rows."""
    part = facts.PARTS[name]
    source = part.source
    return f"""
    SELECT {source.vendor} AS vendor_id, w.trade_id, '{name}' AS part, count(*) AS number, sum({part.share}) AS good
    FROM {source.joined}
    WHERE {part.counts} AND {source.left_in} {_ONLY.format(vendor=source.vendor)}
    GROUP BY 1, 2"""


def _of_all() -> str:
    """SQL that sums these parts of all vendors: each table is read once, and the work once for all of them."""
    tables = {"sla": "workorders_clock c", "acceptance": "workorders_offer o", "invoices": "workorders_invoice i"}
    vendors = {"sla": "NULL::bigint", "acceptance": "o.vendor_id", "invoices": "i.vendor_id"}
    rows = " UNION ALL ".join(
        f"SELECT work_order_id, {vendors[name]} AS vendor_id, {'c.milestone' if name == 'sla' else "''"} AS milestone,"
        f" '{name}' AS part, {facts.PARTS[name].share} AS share FROM {tables[name]} WHERE {facts.PARTS[name].counts}"
        for name in _BESIDE
    )
    return f"""
    SELECT vendor_id, trade_id, part, count(*) AS number, sum(share) AS good FROM (
        SELECT coalesce(one.vendor_id, w.vendor_id) AS vendor_id, w.trade_id, w.id, one.milestone, part, share
        FROM ({rows}) one JOIN workorders_workorder w ON w.id = one.work_order_id) one
    WHERE vendor_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM reporting_exclusion x WHERE x.work_order_id = one.id AND x.vendor_id = one.vendor_id
            AND x.put_back_at IS NULL AND x.milestone IN ('', one.milestone))
    GROUP BY 1, 2, 3"""


def statement(table: str, *, touched: bool) -> str:
    """How the scorecards of a window are reckoned, all or the touched ones, into `table`: one look at the work."""
    only = _ONLY if touched else ""
    right = FIXED if touched else fixed("trips.number")
    beside = " UNION ALL ".join(_of_some(name) for name in _BESIDE) if touched else _of_all()
    others = (
        f"""SELECT trade_id, own, jobs FROM vendors_scorecard
        WHERE window_days = %(window)s AND trade_id = ANY(%(trades)s::bigint[])
            AND (vendor_id, trade_id) NOT IN ({_TOUCHED})"""
        if touched
        else "SELECT trade_id, own, jobs FROM own WHERE false"
    )
    return f"""
WITH work AS (
    SELECT w.vendor_id, w.trade_id,
        count(*) FILTER (WHERE {facts.DONE}) AS jobs,
        count(*) FILTER (WHERE {facts.DONE} AND {facts.DOCUMENTED}) AS documented,
        count(*) FILTER (WHERE {facts.DONE} AND {facts.REACTIVE}) AS repairs,
        count(*) FILTER (WHERE {facts.DONE} AND {facts.REACTIVE} AND {right}) AS fixed,
        count(*) FILTER (WHERE {facts.RATED}) AS rated,
        sum({facts.PARTS["rating"].share}) FILTER (WHERE {facts.RATED}) AS liked,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM w.first_check_in_at - w.accepted_at) / 60)
            FILTER (WHERE {facts.DONE} AND w.first_check_in_at >= w.accepted_at) AS arrival_minutes
    FROM workorders_workorder w {"" if touched else _TRIPS}
    WHERE w.vendor_id IS NOT NULL AND ({facts.DONE} OR {facts.RATED}) AND {facts.WORK.left_in}
        {only.format(vendor="w.vendor_id")}
    GROUP BY 1, 2
), counted AS (
    SELECT vendor_id, trade_id, part, number, good FROM work CROSS JOIN LATERAL (VALUES
        ('documentation', jobs, documented::numeric), ('first_time_fix', repairs, fixed::numeric),
        ('rating', rated, liked)) AS counts (part, number, good)
    WHERE number > 0
    UNION ALL {beside}
), weighed AS (
    SELECT vendor_id, trade_id, part, number, weight, round(good / number, 4) AS share
    FROM counted JOIN unnest(%(names)s::text[], %(weights)s::numeric[]) AS w (name, weight) ON w.name = part
    WHERE weight > 0
), own AS (
    SELECT vendor_id, trade_id, round(100 * sum(weight * share) / sum(weight), 2) AS own,
        coalesce(min(jobs), 0) AS jobs,
        jsonb_object_agg(part, jsonb_build_object('share', share, 'number', number, 'weight', weight))
            || jsonb_build_object('arrival_minutes', round(min(arrival_minutes))) AS parts
    FROM weighed LEFT JOIN work USING (vendor_id, trade_id) GROUP BY 1, 2
), others AS (
    {others}
), means AS (
    SELECT trade_id, round(coalesce(sum(own * jobs) / nullif(sum(jobs), 0), avg(own)), 2) AS mean, count(*) AS peers
    FROM (SELECT trade_id, own, jobs FROM own UNION ALL SELECT trade_id, own, jobs FROM others) every
    GROUP BY 1
), drawn AS (
    SELECT own.*, mean, peers, CASE WHEN jobs + %(prior)s = 0 THEN own
        ELSE (jobs * own + %(prior)s * mean) / (jobs + %(prior)s) END / 100 AS p
    FROM own JOIN means USING (trade_id)
), ranged AS (
    SELECT drawn.*, 1.96 * sqrt(p * (1 - p) / greatest(jobs + %(prior)s, 1)) AS half FROM drawn
), cards AS (
    SELECT vendor_id, trade_id, round(100 * p, 2) AS score, round(100 * greatest(p - half, 0), 2) AS low,
        round(100 * least(p + half, 1), 2) AS high, jobs, own, mean, %(prior)s::int AS prior_jobs, parts,
        peers >= %(telling)s AS is_comparable
    FROM ranged
)
{table}"""


# Only what says something new is written, and what has said the same for long is dated anew.
_KEEP = """, compared AS (
    SELECT cards.*, was.computed_at,
        (was.score, was.jobs, was.own, was.mean, was.prior_jobs, was.is_comparable, was.parts) IS DISTINCT FROM
        (cards.score, cards.jobs, cards.own, cards.mean, cards.prior_jobs, cards.is_comparable, cards.parts) AS is_new
    FROM cards LEFT JOIN vendors_scorecard was ON was.vendor_id = cards.vendor_id AND was.trade_id = cards.trade_id
        AND was.window_days = %(window)s
), written AS (
    INSERT INTO vendors_scorecard
        (vendor_id, trade_id, window_days, score, low, high, jobs, own, mean, prior_jobs, is_comparable, parts,
        computed_at)
    SELECT vendor_id, trade_id, %(window)s, score, low, high, jobs, own, mean, prior_jobs, is_comparable, parts,
        %(now)s
    FROM compared WHERE is_new OR computed_at < %(stale)s
    ON CONFLICT (trade_id, vendor_id, window_days) DO UPDATE SET score = excluded.score, low = excluded.low,
        high = excluded.high, jobs = excluded.jobs, own = excluded.own, mean = excluded.mean,
        prior_jobs = excluded.prior_jobs, is_comparable = excluded.is_comparable, parts = excluded.parts,
        computed_at = excluded.computed_at
), gone AS (
    DELETE FROM vendors_scorecard card
    WHERE card.window_days = %(window)s {touched} AND NOT EXISTS (
        SELECT FROM cards WHERE cards.vendor_id = card.vendor_id AND cards.trade_id = card.trade_id)
    RETURNING card.id
)
SELECT (SELECT count(*) FROM compared WHERE is_new) + (SELECT count(*) FROM gone)
"""
_ALL = statement(_KEEP.format(touched=""), touched=False)
_SOME = statement(_KEEP.format(touched=f"AND (card.vendor_id, card.trade_id) IN ({_TOUCHED})"), touched=True)


def settings_now() -> dict[str, Any]:
    """The weights in force, and how much a score is drawn."""
    return values_of(PRIOR_JOBS, TELLING, *WEIGHTS.values())


def asked(found: dict[str, Any], *, window: int, now: datetime) -> dict[str, Any]:
    """What the statements ask for, under the settings `found`: the days of the window that end with `now`."""
    return {
        "window": window,
        "now": now,
        "since": now - timedelta(days=window),
        "stale": now - STALE,
        "telling": found[TELLING.name],
        "prior": Decimal(found[PRIOR_JOBS.name]),
        "names": list(WEIGHTS),
        "weights": [Decimal(found[threshold.name]) for threshold in WEIGHTS.values()],
    }


def score_vendors(*, now: datetime) -> int:
    """Write the scorecards of all vendors and windows as of `now`; how many changed. One without data any more goes."""
    found = settings_now()
    number = 0
    with transaction.atomic(), connection.cursor() as cursor:
        _wait_for_turn(cursor)
        for window in WINDOWS:
            cursor.execute(_ALL, asked(found, window=window, now=now))
            number += cursor.fetchone()[0]
    return number


def rescore(pairs: Collection[tuple[int, int]], *, now: datetime) -> int:
    """Write the scorecards of these vendors in these trades anew; how many changed.

    The mean of the trade is reckoned with what they have now; the others keep the mean they were drawn to until all
    are written in the night. While all are being written, the pairs are noted for the next round instead.
    """
    if not pairs:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        if not _has_turn(cursor):
            note(pairs)
            return 0
        return _rescore(cursor, pairs, now)


def note(pairs: Collection[tuple[int, int]]) -> None:
    """Have the scorecards of these vendors in these trades written anew with the next round."""
    TouchedScore.objects.bulk_create(TouchedScore(vendor_id=vendor, trade_id=trade) for vendor, trade in pairs)


def _rescore(cursor: Any, pairs: Collection[tuple[int, int]], now: datetime) -> int:
    found = settings_now()
    touched = {"vendors": [vendor for vendor, _ in pairs], "trades": [trade for _, trade in pairs]}
    number = 0
    for window in WINDOWS:
        cursor.execute(_SOME, asked(found, window=window, now=now) | touched)
        number += cursor.fetchone()[0]
    return number


def score_touched(*, now: datetime, limit: int = BATCH) -> int:
    """Write the scorecards anew that something was noted for since; how many pairs of vendor and trade. Safe to run
    twice and beside itself: what is noted while they are written waits for the next round."""
    with transaction.atomic(), connection.cursor() as cursor:
        if not _has_turn(cursor):
            return 0
        cursor.execute(
            "WITH oldest AS (SELECT DISTINCT vendor_id, trade_id FROM reporting_touchedscore LIMIT %s)"
            " DELETE FROM reporting_touchedscore t USING oldest WHERE t.vendor_id = oldest.vendor_id"
            " AND t.trade_id = oldest.trade_id RETURNING t.vendor_id, t.trade_id",
            [limit],
        )
        pairs = sorted(set(cursor.fetchall()))
        if pairs:
            _rescore(cursor, pairs, now)
    return len(pairs)


TURN = "hashtextextended('reporting_scores', 0)"


def _wait_for_turn(cursor: Any) -> None:
    """Two that write the same cards in another order would wait for each other without end; and a look at the work of
    a whole year may take longer than a statement of a page may."""
    cursor.execute(
        f"SELECT pg_advisory_xact_lock({TURN}), set_config('statement_timeout', '0', true),"
        " set_config('work_mem', '64MB', true)"
    )


def _has_turn(cursor: Any) -> bool:
    cursor.execute(f"SELECT pg_try_advisory_xact_lock({TURN})")
    return bool(cursor.fetchone()[0])
