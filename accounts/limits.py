"""Counting what comes in from outside, so that nobody floods or guesses."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

from django.core.cache import cache

HOUR = timedelta(hours=1)


def count(kind: str, what: str, *, now: datetime, window: timedelta = HOUR) -> int:
    """Count one more of `kind` for `what` and say how many there were in this window.

    What is counted is kept as a digest and forgotten with the window.
    """
    key, seconds = _key(kind, what, now, window), window.total_seconds()
    cache.add(key, 0, seconds)
    return int(cache.incr(key))


def counted(kind: str, what: str, *, now: datetime, window: timedelta = HOUR) -> int:
    """How many of `kind` were counted for `what` in this window."""
    return int(cache.get(_key(kind, what, now, window), 0))


def _key(kind: str, what: str, now: datetime, window: timedelta) -> str:
    part = int(now.timestamp() // window.total_seconds())
    return f"{kind}:{sha256(what.encode()).hexdigest()[:32]}:{part}"
