"""Doors for the queue and for `manage.py tick`: each reads the clock and calls one rule. Safe to run twice."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from reporting import days, scorecards, snapshots


def rebuild_dirty_days(as_of_iso: str | None = None) -> int:
    """Count the days again that changed; nothing about it depends on the hour."""
    return days.rebuild_dirty_days()


def score_vendors(as_of_iso: str | None = None) -> int:
    """Write every vendor's scorecards anew."""
    return scorecards.score_vendors(now=_now(as_of_iso))


def score_touched(as_of_iso: str | None = None) -> int:
    """Write the scorecards anew that something has happened to."""
    return scorecards.score_touched(now=_now(as_of_iso))


def take_snapshots(as_of_iso: str | None = None) -> int:
    """Keep the scores of a month that is over."""
    return snapshots.take_snapshots(now=_now(as_of_iso))


def _now(as_of_iso: str | None) -> datetime:
    return datetime.fromisoformat(as_of_iso) if as_of_iso else timezone.now()
