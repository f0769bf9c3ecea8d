"""Doors for the queue and for `manage.py tick`: each reads the clock and calls one rule. Safe to run twice."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from vendors import compliance


def sweep_documents(as_of_iso: str | None = None) -> int:
    """End papers that are over and remind of those that soon will be."""
    return compliance.sweep_documents(now=datetime.fromisoformat(as_of_iso) if as_of_iso else timezone.now())
