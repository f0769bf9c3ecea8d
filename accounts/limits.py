"""Counting what comes in from outside, so that nobody floods or guesses.

Counted by the database in one statement: two that come at the same instant, in whichever process, are never the same
number. A count stands where the caller's work is refused afterwards, unless the caller's own transaction is undone.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from django.db import connection

from accounts.models.tally import Tally

HOUR = timedelta(hours=1)


def count(kind: str, what: str, *, now: datetime, window: timedelta = HOUR) -> int:
    """Count one more of `kind` for `what` and say how many there were in this window.

    What is counted is kept as a digest, and forgotten by the first `purge` after the window.
    """
    part = _part(now, window)
    ends_at = datetime.fromtimestamp((part + 1) * window.total_seconds(), tz=UTC)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Tally._meta.db_table} AS known (key, count, ends_at) VALUES (%s, 1, %s)"
            " ON CONFLICT (key) DO UPDATE SET count = known.count + 1 RETURNING count",
            [_key(kind, what, part), ends_at],
        )
        return int(cursor.fetchone()[0])


def counted(kind: str, what: str, *, now: datetime, window: timedelta = HOUR) -> int:
    """How many of `kind` were counted for `what` in this window."""
    known = Tally.objects.filter(key=_key(kind, what, _part(now, window)))
    return known.values_list("count", flat=True).first() or 0


def forget(*, now: datetime) -> int:
    """Drop the counts of windows that are over. How many there were."""
    return Tally.objects.filter(ends_at__lte=now).delete()[0]


def _part(now: datetime, window: timedelta) -> int:
    """Windows follow each other without a gap, the first since 1970."""
    return int(now.timestamp() // window.total_seconds())


def _key(kind: str, what: str, part: int) -> str:
    return f"{kind}:{sha256(what.encode()).hexdigest()[:32]}:{part}"
