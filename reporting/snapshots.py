"""Each month's end kept: every vendor's score as it was then, with the weights of then. Written once, never changed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from psycopg.types.json import Jsonb

from reporting import scorecards
from reporting.models import Snapshot

MONTHS_BACK = 12
"""How far what was missed is made up for, and how far a new house looks back."""

_TAKE = scorecards.statement(
    f""", ways AS ({scorecards.minutes("drawn")}), cards AS ({scorecards.figures("drawn")})
INSERT INTO reporting_snapshot (month_on, vendor_id, trade_id, window_days, score, low, high, jobs, own, mean,
    prior_jobs, is_comparable, parts, weights, taken_at)
SELECT %(month)s, vendor_id, trade_id, window_days, score, low, high, jobs, own, mean, prior_jobs, is_comparable,
    {scorecards.PARTS}, %(all_weights)s, %(taken)s
FROM cards LEFT JOIN ways USING (vendor_id, trade_id, window_days) ON CONFLICT DO NOTHING""",
    touched=False,
)


def take_snapshots(*, now: datetime) -> int:
    """Keep the scores of the oldest month that has ended (in UTC) and is not kept yet; how many. Safe to run twice.

    A month that was missed is reckoned from the work of then, under the weights of now; asked again it takes the next.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('reporting_snapshots', 0)),"
            " set_config('statement_timeout', '0', true)"
        )
        kept = Snapshot.objects.aggregate(last=Max("month_on"))["last"]
        found = scorecards.settings_now()
        for back in range(MONTHS_BACK, 0, -1):
            month = month_of(now, back)
            if kept is not None and month <= kept:
                continue
            number = _take(cursor, month, month_of(now, back - 1), found, now)
            if number:
                return number
    return 0


def _take(cursor: Any, month: date, following: date, found: dict[str, Any], now: datetime) -> int:
    ends = datetime(following.year, following.month, 1, tzinfo=UTC)
    weights = {name: found[threshold.name] for name, threshold in scorecards.WEIGHTS.items()}
    asked = scorecards.asked(found, now=ends)
    cursor.execute(_TAKE, asked | {"month": month, "all_weights": Jsonb(weights), "taken": now})
    return int(cursor.rowcount)


def month_of(now: datetime, back: int) -> date:
    """The first day of the month in UTC that was so many months ago."""
    day = now.astimezone(UTC)
    years, month = divmod(day.year * 12 + day.month - 1 - back, 12)
    return date(years, month + 1, 1)
