"""Scorecards: how well each vendor did in each trade, over the last 90 and 365 days, in one statement per window.

Six parts between 0 and 1, each with its own population; score = 100 × Σ weight × part ÷ Σ weight over the parts that
have data, so that no data never counts as 0. With few jobs a score says little: it is drawn toward the trade's mean
(each vendor counted by its jobs) as if five average jobs had come before. The range is where the score would lie in
19 of 20 such vendors: 1.96 × √(p (1 − p) ÷ (jobs + 5)), p the score as a share.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction

from accounts.thresholds import declare, values_of
from reporting.days import FIXED

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

# Per vendor and trade: how many, and how many of them were good, for each part.
_SCORE = f"""
WITH facts AS (
    SELECT w.vendor_id, w.trade_id, 'sla' AS part, count(*)::numeric AS number,
        count(*) FILTER (WHERE c.stopped_at <= c.due_at)::numeric AS good
    FROM workorders_clock c JOIN workorders_workorder w ON w.id = c.work_order_id
    WHERE w.vendor_id IS NOT NULL AND c.milestone IN ('response', 'arrival', 'completion')
        AND (c.state = 'stopped' AND c.stopped_at > %(since)s AND c.stopped_at <= %(now)s
            OR c.state = 'running' AND c.due_at > %(since)s AND c.due_at <= %(now)s)
    GROUP BY 1, 2
    UNION ALL
    SELECT w.vendor_id, w.trade_id, 'first_time_fix', count(*), count(*) FILTER (WHERE {FIXED})
    FROM workorders_workorder w
    WHERE w.vendor_id IS NOT NULL AND w.kind = 'reactive' AND w.completed_at > %(since)s AND w.completed_at <= %(now)s
    GROUP BY 1, 2
    UNION ALL
    SELECT o.vendor_id, w.trade_id, 'acceptance', count(*),
        count(*) FILTER (WHERE o.state IN ('accepted', 'finished') AND o.answered_at <= o.expires_at)
    FROM workorders_offer o JOIN workorders_workorder w ON w.id = o.work_order_id
    WHERE o.state IN ('accepted', 'finished', 'declined', 'expired') AND o.offered_at > %(since)s
        AND o.offered_at <= %(now)s
    GROUP BY 1, 2
    UNION ALL
    SELECT w.vendor_id, w.trade_id, 'rating', count(*), sum((w.rating - 1) / 4.0)
    FROM workorders_workorder w
    WHERE w.vendor_id IS NOT NULL AND w.rating IS NOT NULL AND w.verified_at > %(since)s AND w.verified_at <= %(now)s
    GROUP BY 1, 2
    UNION ALL
    SELECT i.vendor_id, w.trade_id, 'invoices', count(*), count(*) FILTER (WHERE i.findings = '[]' AND i.revision = 1)
    FROM workorders_invoice i JOIN workorders_workorder w ON w.id = i.work_order_id
    WHERE i.submitted_at > %(since)s AND i.submitted_at <= %(now)s AND i.state <> 'void'
    GROUP BY 1, 2
    UNION ALL
    SELECT w.vendor_id, w.trade_id, 'documentation', count(*), count(*) FILTER (
        WHERE w.root_cause_id IS NOT NULL AND w.resolution_id IS NOT NULL
        AND (w.recommendation <> '' OR w.nothing_recommended))
    FROM workorders_workorder w
    WHERE w.vendor_id IS NOT NULL AND w.completed_at > %(since)s AND w.completed_at <= %(now)s
    GROUP BY 1, 2
), weighed AS (
    SELECT facts.*, weight FROM facts JOIN unnest(%(names)s::text[], %(weights)s::numeric[]) AS w (name, weight)
        ON w.name = facts.part
    WHERE weight > 0
), raw AS (
    SELECT vendor_id, trade_id, sum(weight * good / number) / sum(weight) AS share,
        jsonb_object_agg(part, jsonb_build_object('share', round(good / number, 4), 'number', number, 'weight', weight))
            AS parts
    FROM weighed GROUP BY 1, 2
), done AS (
    SELECT w.vendor_id, w.trade_id, count(*) AS jobs,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM w.first_check_in_at - w.accepted_at) / 60)
            FILTER (WHERE w.first_check_in_at >= w.accepted_at) AS arrival_minutes
    FROM workorders_workorder w
    WHERE w.vendor_id IS NOT NULL AND w.completed_at > %(since)s AND w.completed_at <= %(now)s
    GROUP BY 1, 2
), counted AS (
    SELECT raw.*, coalesce(done.jobs, 0) AS jobs, done.arrival_minutes,
        coalesce(sum(raw.share * done.jobs) OVER trade / nullif(sum(done.jobs) OVER trade, 0),
            avg(raw.share) OVER trade) AS mean
    FROM raw LEFT JOIN done USING (vendor_id, trade_id)
    WINDOW trade AS (PARTITION BY raw.trade_id)
), shrunk AS (
    SELECT counted.*, CASE WHEN jobs + %(prior)s = 0 THEN share
        ELSE (jobs * share + %(prior)s * mean) / (jobs + %(prior)s) END AS p
    FROM counted
), ranged AS (
    SELECT shrunk.*, 1.96 * sqrt(p * (1 - p) / greatest(jobs + %(prior)s, 1)) AS half FROM shrunk
), written AS (
    INSERT INTO vendors_scorecard (vendor_id, trade_id, window_days, score, low, high, jobs, parts, computed_at)
    SELECT vendor_id, trade_id, %(window)s, round(100 * p, 2), round(100 * greatest(p - half, 0), 2),
        round(100 * least(p + half, 1), 2), jobs,
        parts || jsonb_build_object('arrival_minutes', round(arrival_minutes)), %(now)s
    FROM ranged
    ON CONFLICT (trade_id, vendor_id, window_days) DO UPDATE SET score = excluded.score, low = excluded.low,
        high = excluded.high, jobs = excluded.jobs, parts = excluded.parts, computed_at = excluded.computed_at
        WHERE (vendors_scorecard.score, vendors_scorecard.jobs, vendors_scorecard.parts)
            IS DISTINCT FROM (excluded.score, excluded.jobs, excluded.parts)
    RETURNING id
), gone AS (
    DELETE FROM vendors_scorecard card
    WHERE card.window_days = %(window)s AND NOT EXISTS (
        SELECT FROM raw WHERE raw.vendor_id = card.vendor_id AND raw.trade_id = card.trade_id)
    RETURNING card.id
)
SELECT (SELECT count(*) FROM written) + (SELECT count(*) FROM gone)
"""


def score_vendors(*, now: datetime) -> int:
    """Write the scorecards of all vendors and windows as of `now`; how many changed. One without data any more goes."""
    values = values_of(PRIOR_JOBS, *WEIGHTS.values())
    number = 0
    with transaction.atomic(), connection.cursor() as cursor:
        for window in WINDOWS:
            cursor.execute(
                _SCORE,
                {
                    "window": window,
                    "now": now,
                    "since": now - timedelta(days=window),
                    "prior": Decimal(values[PRIOR_JOBS.name]),
                    "names": list(WEIGHTS),
                    "weights": [Decimal(values[threshold.name]) for threshold in WEIGHTS.values()],
                },
            )
            number += cursor.fetchone()[0]
    return number
