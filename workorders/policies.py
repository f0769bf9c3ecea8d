"""What follows a change of policy or calendar: the clocks of open work are to be walked anew."""

from __future__ import annotations

from datetime import datetime

from accounts.models import LogEvent
from accounts.outbox import Ledger
from assets.models import Site
from workorders import reckoning

CLOCK_FACTS = {"time_zone", "calendar", "tier"}


def targets_changed(event: LogEvent, now: datetime) -> None:
    """Another promise: every open work order is reckoned by it, from its original start."""
    reckoning.ask_for(event, because="SLA targets changed", now=now)


def hours_changed(event: LogEvent, now: datetime) -> None:
    """Other opening hours: the open work of the site is walked over them."""
    site = _site(event)
    if site is not None:
        reckoning.ask_for(event, because="Opening hours changed", now=now, sites=[site])


def site_changed(event: LogEvent, now: datetime) -> None:
    """Only another time zone, calendar or tier moves a clock; a new phone number does not."""
    site = _site(event)
    if site is not None and CLOCK_FACTS & set(event.data.get("changed", {})):
        reckoning.ask_for(event, because="The site's calendar changed", now=now, sites=[site])


def calendar_changed(event: LogEvent, now: datetime) -> None:
    """Named hours or holidays changed: the sites that keep this calendar."""
    kept_by = list(Site.objects.filter(calendar__isnull=False))
    if kept_by:
        reckoning.ask_for(event, because="A calendar changed", now=now, sites=kept_by)


def _site(event: LogEvent) -> Site | None:
    noun, _, pk = event.stream.partition(":")
    return Site.objects.filter(pk=pk).first() if noun == "site" and pk.isdigit() else None


POLICIES = Ledger(
    model=LogEvent,
    follows={
        "sla_target.added": (targets_changed,),
        "sla_target.changed": (targets_changed,),
        "sla_target.removed": (targets_changed,),
        "site.hours_set": (hours_changed,),
        "site.changed": (site_changed,),
        "calendar.hours_set": (calendar_changed,),
    },
)
