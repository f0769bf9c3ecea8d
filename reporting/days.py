"""Days counted again: what the triggers noted as touched is rebuilt from the work itself, whole days at a time."""

from __future__ import annotations

from django.db import connection, transaction

BATCH = 400

REPEAT_DAYS = 30

# Completed work with whether it was right the first time: one trip, never sent back, no repeat within 30 days.
TRIPS = "(SELECT count(*) FROM workorders_visit v WHERE v.work_order_id = w.id AND v.state = 'left')"
STAYED = f"""NOT EXISTS (
        SELECT FROM workorders_workorder again
        WHERE again.site_id = w.site_id AND again.id <> w.id AND again.status <> 'canceled'
            AND again.reported_at > w.completed_at
            AND again.reported_at <= w.completed_at + interval '{REPEAT_DAYS} days'
            AND (again.asset_id = w.asset_id AND again.trade_id = w.trade_id
                OR again.problem_type_id = w.problem_type_id))"""


def fixed(trips: str) -> str:
    """SQL whether work was right the first time, where `trips` says how many trips it took."""
    return f"w.rework_count = 0 AND {trips} = 1 AND {STAYED}"


FIXED = fixed(TRIPS)

# An instant belongs to the local day of its site; the wide window lets the index do most of the work.
_ON_DAY = """
    {instant} >= d.day_on::timestamp AT TIME ZONE 'UTC' - interval '15 hours'
    AND {instant} < (d.day_on + 1)::timestamp AT TIME ZONE 'UTC' + interval '15 hours'
    AND ({instant} AT TIME ZONE s.time_zone)::date = d.day_on
"""


def _on_day(instant: str) -> str:
    return _ON_DAY.format(instant=instant)


_WORK = "JOIN workorders_workorder w ON w.region_id = d.region_id JOIN assets_site s ON s.id = w.site_id"
_DAYS = "unnest(%(days)s::date[], %(regions)s::bigint[]) AS d (day_on, region_id)"

_COUNTS = f"""
INSERT INTO reporting_dayrollup
    (day_on, region_id, kind, reported, completed, fixed_first_time, clocks_ended, clocks_met)
SELECT day_on, region_id, kind, sum(reported), sum(completed), sum(fixed), sum(ended), sum(met) FROM (
    SELECT d.day_on, d.region_id, w.kind, 1 AS reported, 0 AS completed, 0 AS fixed, 0 AS ended, 0 AS met
    FROM {_DAYS} {_WORK} WHERE {_on_day("w.reported_at")}
    UNION ALL
    SELECT d.day_on, d.region_id, w.kind, 0, 1, CASE WHEN {FIXED} THEN 1 ELSE 0 END, 0, 0
    FROM {_DAYS} {_WORK} WHERE {_on_day("w.completed_at")}
    UNION ALL
    SELECT d.day_on, d.region_id, w.kind, 0, 0, 0, 1, CASE WHEN c.stopped_at <= c.due_at THEN 1 ELSE 0 END
    FROM {_DAYS} {_WORK} JOIN workorders_clock c ON c.work_order_id = w.id AND c.state = 'stopped'
    WHERE {_on_day("c.stopped_at")}
) facts GROUP BY day_on, region_id, kind
"""

BUCKET = "floor(10 * ln(greatest(extract(epoch FROM {length}) / 60, 1)))::smallint"

_DURATIONS = "INSERT INTO reporting_dayduration (day_on, region_id, kind, stretch, bucket, number)" + (
    "\nUNION ALL\n".join(
        f"""
SELECT d.day_on, d.region_id, w.kind, '{stretch}', {BUCKET.format(length=f"w.{ends} - w.reported_at")}, count(*)
FROM {_DAYS} {_WORK} WHERE {_on_day(f"w.{ends}")} AND w.{ends} >= w.reported_at GROUP BY 1, 2, 3, 5
"""
        for stretch, ends in (
            ("response", "accepted_at"),
            ("arrival", "first_check_in_at"),
            ("resolution", "completed_at"),
        )
    )
)

_SPEND = f"""
INSERT INTO reporting_dayspend (day_on, region_id, kind, currency, amount)
SELECT d.day_on, d.region_id, w.kind, i.currency, sum(i.total_amount)
FROM {_DAYS} {_WORK} JOIN workorders_invoice i ON i.work_order_id = w.id AND i.state IN ('approved', 'exported', 'paid')
WHERE {_on_day("i.decided_at")}
GROUP BY 1, 2, 3, 4
"""

_TABLES = ("reporting_dayrollup", "reporting_dayduration", "reporting_dayspend")


def rebuild_dirty_days(*, limit: int = BATCH) -> int:
    """Count up to `limit` touched days again; how many were. Safe to run twice and beside itself.

    A day that is touched while it is counted is noted anew by that change, and counted again in the next round.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # One at a time: two that count the same day at once would both write it.
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended('reporting_days', 0))")
        if cursor.fetchone() != (True,):
            return 0
        cursor.execute(
            "DELETE FROM reporting_dirtyday USING (SELECT DISTINCT day_on, region_id FROM reporting_dirtyday"
            " ORDER BY day_on, region_id LIMIT %s) oldest WHERE reporting_dirtyday.day_on = oldest.day_on"
            " AND reporting_dirtyday.region_id = oldest.region_id"
            " RETURNING oldest.day_on, oldest.region_id",
            [limit],
        )
        touched = sorted(set(cursor.fetchall()))
        if not touched:
            return 0
        days = {"days": [day for day, _ in touched], "regions": [region for _, region in touched]}
        for table in _TABLES:
            cursor.execute(
                f"DELETE FROM {table} t USING {_DAYS} WHERE t.day_on = d.day_on AND t.region_id = d.region_id", days
            )
        for counting in (_COUNTS, _DURATIONS, _SPEND):
            cursor.execute(counting, days)
    return len(touched)
