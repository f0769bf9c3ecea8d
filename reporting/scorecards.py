"""Scorecards: how well each vendor did in each trade, over the last 90 and 365 days, in one statement.

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
from typing import Any

from django.db import connection, transaction

from accounts.thresholds import declare, values_of
from reporting import facts, tallies
from reporting.models import TouchedScore
from reporting.tallies import WINDOWS

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

_PARTS = list(facts.PARTS.items())
_SHARES = ", ".join(
    f"(20000 * {name}_good + {part.best} * {name}) / nullif({2 * part.best} * {name}, 0) AS {name}_share"
    for name, part in _PARTS
)
_POINTS = " + ".join(f"coalesce(%(weight_{name})s::bigint * {name}_share, 0)" for name, _ in _PARTS)
_WEIGHT = " + ".join(f"CASE WHEN {name} > 0 THEN %(weight_{name})s::bigint ELSE 0 END" for name, _ in _PARTS)
_MADE_OF = ", ".join([*(f"{name}, {name}_good, %(weight_{name})s::bigint" for name, _ in _PARTS), "way"])
_ROWS = ", ".join(f"('{name}', {name}_share, {name}, %(weight_{name})s::bigint)" for name, _ in _PARTS)
PARTS = f"""(
        SELECT jsonb_object_agg(name, jsonb_build_object('share', round(share / 10000.0, 4), 'number', number,
            'weight', weight)) FROM (VALUES {_ROWS}) parts (name, share, number, weight)
        WHERE number > 0 AND weight > 0) || jsonb_build_object('arrival_minutes', minutes)"""


def statement(table: str, *, touched: bool) -> str:
    """How the scorecards of every window are reckoned, of all or of the touched vendors, into `table`; in whole
    hundredths of points, and of shares, until `figures` says them."""
    others = (
        f"""UNION ALL SELECT trade_id, window_days, round(100 * own)::bigint, jobs FROM vendors_scorecard
        WHERE trade_id = ANY(%(trades)s::bigint[]) AND (vendor_id, trade_id) NOT IN ({tallies.TOUCHED})"""
        if touched
        else ""
    )
    return f"""
WITH work AS MATERIALIZED ({tallies.work(touched=touched)}
), shared AS (
    SELECT *, {_SHARES}, {_WEIGHT} AS weight FROM ({tallies.counted(touched=touched)} OFFSET 0) counted OFFSET 0
), own AS (
    SELECT shared.*, documentation AS jobs, (2 * ({_POINTS}) + weight) / (2 * weight) AS own_100,
        hash_array_extended(ARRAY[{_MADE_OF}]::bigint[], 0) AS made_of
    FROM shared WHERE weight > 0
), means AS (
    SELECT trade_id, window_days, count(*) >= %(telling)s AS is_comparable, (CASE
        WHEN sum(jobs) > 0 THEN div(2 * sum(own_100 * jobs) + sum(jobs), 2 * sum(jobs))
        ELSE div(2 * sum(own_100) + count(*), 2 * count(*)) END)::bigint AS mean_100
    FROM (SELECT trade_id, window_days, own_100, jobs FROM own {others}) every GROUP BY 1, 2
), drawn AS (
    SELECT own.*, mean_100, is_comparable, CASE WHEN jobs + %(prior)s::bigint = 0 THEN own_100
        ELSE (2 * (jobs * own_100 + %(prior)s::bigint * mean_100) + jobs + %(prior)s::bigint)
            / (2 * (jobs + %(prior)s::bigint)) END AS score_100
    FROM own JOIN means USING (trade_id, window_days)
)
{table}"""


def figures(rows: str) -> str:
    """SQL of the cards of `rows` (`drawn`, or of its columns) as they are kept, with the range of each."""
    return f"""
    SELECT {rows}.*, round(score_100 / 100.0, 2) AS score, round(own_100 / 100.0, 2) AS own,
        round(mean_100 / 100.0, 2) AS mean, %(prior)s::int AS prior_jobs,
        round((100 * greatest(p - half, 0))::numeric, 2) AS low, round((100 * least(p + half, 1))::numeric, 2) AS high
    FROM {rows} CROSS JOIN LATERAL (SELECT CASE WHEN jobs + %(prior)s::bigint = 0 THEN own_100::float8
        ELSE (jobs * own_100 + %(prior)s::bigint * mean_100)::float8 / (jobs + %(prior)s::bigint) END
        / 10000 AS p) share
    CROSS JOIN LATERAL (SELECT 1.96 * sqrt(p * (1 - p) / greatest(jobs + %(prior)s::bigint, 1)) AS half) range"""


def minutes(rows: str) -> str:
    """SQL of the median way to the jobs of the cards of `rows`, in minutes."""
    return f"""
    SELECT vendor_id, trade_id, window_days,
        round(percentile_cont(0.5) WITHIN GROUP (ORDER BY work.way) / 60) AS minutes
    FROM {rows} JOIN work USING (vendor_id, trade_id)
    WHERE work.way IS NOT NULL AND done_at > %(now)s - window_days * interval '24 hours'
    GROUP BY 1, 2, 3"""


# What is made of the same as before is not reckoned further, and only what says something new is written; what has said
# the same for long is dated anew.
_KEEP = f""", compared AS (
    SELECT drawn.*, was.id AS card_id, was.computed_at, was.made_of IS DISTINCT FROM drawn.made_of AS is_fresh,
        (was.made_of, was.score, was.mean, was.prior_jobs, was.is_comparable) IS DISTINCT FROM
        (drawn.made_of, round(score_100 / 100.0, 2), round(mean_100 / 100.0, 2), %(prior)s::int, drawn.is_comparable)
        AS is_new
    FROM drawn FULL JOIN (SELECT * FROM vendors_scorecard card {{touched}}) was
        ON was.vendor_id = drawn.vendor_id AND was.trade_id = drawn.trade_id AND was.window_days = drawn.window_days
), fresh AS (
    SELECT * FROM compared WHERE is_fresh AND vendor_id IS NOT NULL
), ways AS ({minutes("fresh")}
), changed AS (
    SELECT * FROM compared WHERE vendor_id IS NOT NULL AND (is_new OR computed_at < %(stale)s)
), cards AS ({figures("changed")}
), written AS (
    INSERT INTO vendors_scorecard
        (vendor_id, trade_id, window_days, score, low, high, jobs, own, mean, prior_jobs, is_comparable, parts, made_of,
        computed_at)
    SELECT vendor_id, trade_id, window_days, score, low, high, jobs, own, mean, prior_jobs, is_comparable,
        {PARTS}, made_of, %(now)s
    FROM cards LEFT JOIN ways USING (vendor_id, trade_id, window_days) WHERE is_fresh
    ON CONFLICT (trade_id, vendor_id, window_days) DO UPDATE SET score = excluded.score, low = excluded.low,
        high = excluded.high, jobs = excluded.jobs, own = excluded.own, mean = excluded.mean,
        prior_jobs = excluded.prior_jobs, is_comparable = excluded.is_comparable, parts = excluded.parts,
        made_of = excluded.made_of, computed_at = excluded.computed_at
), redrawn AS (
    UPDATE vendors_scorecard card SET score = cards.score, low = cards.low, high = cards.high, mean = cards.mean,
        prior_jobs = cards.prior_jobs, is_comparable = cards.is_comparable, computed_at = %(now)s
    FROM cards WHERE card.id = cards.card_id AND NOT cards.is_fresh
), gone AS (
    DELETE FROM vendors_scorecard card USING compared
    WHERE card.id = compared.card_id AND compared.vendor_id IS NULL RETURNING card.id
)
SELECT (SELECT count(*) FROM compared WHERE is_new AND vendor_id IS NOT NULL) + (SELECT count(*) FROM gone)
"""
_ALL = statement(_KEEP.format(touched=""), touched=False)
_SOME = statement(_KEEP.format(touched=f"WHERE (card.vendor_id, card.trade_id) IN ({tallies.TOUCHED})"), touched=True)


def settings_now() -> dict[str, Any]:
    """The weights in force, and how much a score is drawn."""
    return values_of(PRIOR_JOBS, TELLING, *WEIGHTS.values())


def asked(found: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    """What the statements ask for, under the settings `found`: the days of the windows that end with `now`."""
    return {
        "now": now,
        "since": now - timedelta(days=max(WINDOWS)),
        **{f"since_{days}": now - timedelta(days=days) for days in WINDOWS},
        "stale": now - STALE,
        "telling": found[TELLING.name],
        "prior": found[PRIOR_JOBS.name],
        **{f"weight_{name}": found[threshold.name] for name, threshold in WEIGHTS.items()},
    }


def score_vendors(*, now: datetime) -> int:
    """Write the scorecards of all vendors and windows as of `now`; how many changed. One without data any more goes."""
    found = settings_now()
    with transaction.atomic(), connection.cursor() as cursor:
        _wait_for_turn(cursor)
        cursor.execute(_ALL, asked(found, now=now))
        return int(cursor.fetchone()[0])


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
    touched = {"vendors": [vendor for vendor, _ in pairs], "trades": [trade for _, trade in pairs]}
    cursor.execute(_SOME, asked(settings_now(), now=now) | touched)
    return int(cursor.fetchone()[0])


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
    a whole year may take longer than a statement of a page may. Compiling what runs for a second costs more than it
    gains."""
    cursor.execute(
        f"SELECT pg_advisory_xact_lock({TURN}), set_config('statement_timeout', '0', true),"
        " set_config('work_mem', '64MB', true), set_config('jit', 'off', true)"
    )


def _has_turn(cursor: Any) -> bool:
    cursor.execute(f"SELECT pg_try_advisory_xact_lock({TURN})")
    return bool(cursor.fetchone()[0])
