"""Doors for the queue and for `manage.py tick`: each reads the clock and calls one rule. Safe to run twice."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts import delivery, files, limits, outbox
from accounts.models.operation import Operation
from accounts.thresholds import declare

KEYS_KEPT = declare("operations.kept", 30, "days", "How long a form's one-time key is remembered", minimum=1)


def _present(as_of_iso: str | None) -> datetime:
    return datetime.fromisoformat(as_of_iso) if as_of_iso else timezone.now()


def settle(as_of_iso: str | None = None) -> int:
    """Run what follows the events that wait."""
    return outbox.settle(now=_present(as_of_iso), ledgers=outbox.ledgers())


def deliver(as_of_iso: str | None = None) -> int:
    """Send the notices that are due."""
    return delivery.deliver(now=_present(as_of_iso))


def purge(as_of_iso: str | None = None) -> int:
    """Forget one-time keys, sessions and counts that are over, and files that no row knows."""
    now = _present(as_of_iso)
    gone, _ = Operation.objects.filter(made_at__lt=now - KEYS_KEPT.span()).delete()
    ended, _ = Session.objects.filter(expire_date__lt=now).delete()
    return gone + ended + limits.forget(now=now) + files.sweep(older_than=now - timedelta(days=1))
