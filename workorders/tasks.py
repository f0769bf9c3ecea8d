"""Doors for the queue and for `manage.py tick`: each reads the clock and calls one rule. Safe to run twice."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from workorders import mailbox, plans, reckoning, sla, watch


def _present(as_of_iso: str | None) -> datetime:
    return datetime.fromisoformat(as_of_iso) if as_of_iso else timezone.now()


def fetch_mail(as_of_iso: str | None = None) -> int:
    """Take in the mail that lies unread in the mailbox."""
    return mailbox.collect(now=_present(as_of_iso))


def expire_offers(as_of_iso: str | None = None) -> int:
    """End offers that nobody answered."""
    return watch.expire_offers(now=_present(as_of_iso))


def sweep_clocks(as_of_iso: str | None = None) -> int:
    """Tell of the marks that clocks have passed."""
    return sla.sweep(now=_present(as_of_iso))


def reckon_clocks(as_of_iso: str | None = None) -> int:
    """Walk clocks anew where a promise or a calendar has changed."""
    return reckoning.carry_on(now=_present(as_of_iso))


def sweep_visits(as_of_iso: str | None = None) -> int:
    """Remind of visits that nobody ended or began."""
    return watch.sweep_missed(now=_present(as_of_iso))


def sweep_holds(as_of_iso: str | None = None) -> int:
    """Ask about work that is on hold for longer than was said."""
    return watch.sweep_holds(now=_present(as_of_iso))


def verify_silent(as_of_iso: str | None = None) -> int:
    """Take long silence about completed work as a yes."""
    return watch.verify_silent(now=_present(as_of_iso))


def generate_plans(as_of_iso: str | None = None) -> int:
    """Make the planned work that is due, and record what was missed."""
    now = _present(as_of_iso)
    return plans.generate(now=now) + plans.close_windows(now=now)
