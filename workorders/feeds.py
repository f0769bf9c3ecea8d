"""The calendar feed: what a person may see of visits, under a secret address that any calendar reads.

The address is a secret of its own: no session and no password stand behind it. It shows no more than the pages do, it
shows nothing any more once the person's role has ended, and it leaves out what lets somebody in at the site (access
notes, phone numbers), because calendars are kept by others.
"""

from __future__ import annotations

import hashlib
import secrets
import zoneinfo
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from icalendar import Calendar
from icalendar import Event as Entry

from accounts.events import record
from accounts.people import stream_of
from accounts.permissions import VENDOR_ROLES, Act, may
from vendors.scope import vendor_ids_of
from workorders.models import CalendarFeed, Visit, VisitState
from workorders.readers import page_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import User

BEHIND = timedelta(days=31)
AHEAD = timedelta(days=366)
MOST = 500
LEAST = timedelta(minutes=30)
"""What a visit takes at least in a calendar: one for an exact time would be invisible."""
SHOWN = (VisitState.PLANNED, VisitState.ON_SITE, VisitState.MISSED, VisitState.LEFT)


def make(*, by: User, now: datetime) -> str:
    """A new secret for the person's feed; an earlier one stops. It is returned this once and not kept."""
    key = secrets.token_urlsafe(32)
    with transaction.atomic():
        CalendarFeed.objects.visible_to(by).open().update(stopped_at=now)
        CalendarFeed.objects.create(user=by, key_hash=_hashed(key), made_at=now)
        record(stream=stream_of(by), verb="calendar.made", by=by, now=now, data={})
    return key


def stop(*, by: User, now: datetime) -> None:
    """From now on nothing is read under the person's address."""
    with transaction.atomic():
        if CalendarFeed.objects.visible_to(by).open().update(stopped_at=now):
            record(stream=stream_of(by), verb="calendar.stopped", by=by, now=now, data={})


def owner_of(key: str) -> User | None:
    """Whose feed is read under `key`; nobody's when it was stopped, or its person may see no work any more."""
    feed = CalendarFeed.objects.open().select_related("user").filter(key_hash=_hashed(key)).first()
    return feed.user if feed and feed.user.is_active and may(feed.user, Act.VIEW_WORK) else None


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def visits_for(user: User, *, now: datetime) -> Iterable[Visit]:
    """The visits of a month back and a year ahead that `user` sees: a technician's own, a company's, a site's.

    Of work that has gone to another company nothing is left, whoever made which trip.
    """
    seen = Visit.objects.visible_to(user).filter(
        is_dated=True, state__in=SHOWN, planned_start_at__gt=now - BEHIND, planned_start_at__lt=now + AHEAD
    )
    if user.roles & VENDOR_ROLES and not user.roles - VENDOR_ROLES:
        seen = seen.filter(work_order__vendor_id__in=vendor_ids_of(user))
        if not may(user, Act.ASSIGN_TECHNICIAN):
            seen = seen.filter(Q(pk__in=seen.of_person(user).values("pk")))
    return seen.select_related("technician", "vendor", "work_order__site", "offer").order_by("-planned_start_at")[:MOST]


def as_calendar(user: User, visits: Iterable[Visit]) -> bytes:
    """The visits as an iCalendar file (RFC 5545). The same visits are the same bytes."""
    calendar = Calendar()
    calendar.add("prodid", "-//Mainstay//Visits//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"{settings.ORGANIZATION} visits")
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for visit in sorted(visits, key=lambda one: (one.planned_start_at, one.pk)):
        calendar.add_component(_entry(user, visit))
    return calendar.to_ical()


def _entry(user: User, visit: Visit) -> Entry:
    row, site = visit.work_order, visit.work_order.site
    at_vendor = bool(user.roles & VENDOR_ROLES) and not user.roles - VENDOR_ROLES
    who = visit.technician.name if visit.technician else "" if at_vendor else visit.vendor.name
    entry = Entry()
    entry.add("uid", f"visit-{visit.pk}@mainstay")
    # What has changed since is no secret that the stamp may betray: it is when the vendor took the job.
    entry.add("dtstamp", visit.offer.answered_at or visit.offer.offered_at)
    entry.add("dtstart", visit.planned_start_at.astimezone(zoneinfo.ZoneInfo("UTC")))
    end = max(visit.planned_end_at, visit.planned_start_at + LEAST)
    entry.add("dtend", end.astimezone(zoneinfo.ZoneInfo("UTC")))
    entry.add("summary", ", ".join(words for words in (f"{site.code} {row.title}", who) if words))
    entry.add("location", ", ".join(words for words in (site.name, site.address_line, site.city, site.state) if words))
    url = f"{settings.BASE_URL}{page_of(row, user)}"
    entry.add("description", f"{row.number}, {visit.get_state_display().lower()}. {url}")
    entry.add("url", url)
    return entry
