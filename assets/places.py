"""Keeping sites: their facts, opening hours, areas, and who answers for what there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.actors import Actor
from accounts.changes import Faulty, allow, keep, remove
from accounts.events import record
from accounts.permissions import Act
from assets.models import Area, Responsibility, Site, SiteHours, Weekday
from assets.models.site import HoursShape

type Opening = tuple[int, int, int]
"""A weekday (Monday is 0), and minutes since local midnight from and to."""


def stream_of(site: Site) -> str:
    """The chain of the log that tells what happened to a site's facts."""
    return f"site:{site.pk}"


def keep_site(*, site: Site, by: Actor, now: datetime, **facts: Any) -> Site:
    """Enter a new site or change the facts of one. Raises NotAllowed, Faulty."""
    allow(by, Act.MANAGE_SITES)
    return keep(site, facts, stream=stream_of, noun="site", by=by, now=now)


def retire_site(*, site: Site, by: Actor, now: datetime) -> Site:
    """Nothing more can be reported for it; what happened there stays. Raises NotAllowed."""
    return keep_site(site=site, by=by, now=now, retired_at=now)


def reopen_site(*, site: Site, by: Actor, now: datetime) -> Site:
    """It trades again. Raises NotAllowed."""
    return keep_site(site=site, by=by, now=now, retired_at=None)


def check_hours(rows: Sequence[HoursShape]) -> None:
    """Weekly hours in order of day and time. Raises Faulty for some that overlap or end before they begin."""
    for number, row in enumerate(rows):
        if not 0 <= row.opens_minute < row.closes_minute <= 1440:
            raise Faulty({f"day_{row.weekday}": f"{Weekday(row.weekday).label}: the hours end before they begin."})
        before = rows[number - 1] if number else None
        if before and before.weekday == row.weekday and before.closes_minute > row.opens_minute:
            raise Faulty({f"day_{row.weekday}": f"{Weekday(row.weekday).label}: the hours overlap."})


def set_hours(*, site: Site, openings: Iterable[Opening], by: Actor, now: datetime) -> None:
    """Put a new weekly table of opening hours in place of the old one; none at all leaves it to the calendar.

    Raises NotAllowed, and Faulty for hours that overlap or end before they begin.
    """
    allow(by, Act.MANAGE_SITES)
    rows = [
        SiteHours(site=site, weekday=weekday, opens_minute=opens, closes_minute=closes)
        for weekday, opens, closes in sorted(openings)
    ]
    check_hours(rows)
    with transaction.atomic():
        Site.objects.select_for_update(of=("self",)).get(pk=site.pk)
        old = [str(row) for row in site.hours.order_by("weekday", "opens_minute")]
        new = [str(row) for row in rows]
        if old == new:
            return
        site.hours.all().delete()
        SiteHours.objects.bulk_create(rows)
        record(
            stream=stream_of(site), verb="site.hours_set", by=by, now=now, data={"before": old, "after": new}
        )  # fmt: skip


def keep_area(*, area: Area, by: Actor, now: datetime, **facts: Any) -> Area:
    """Name a place inside a site, or rename it. Raises NotAllowed, Faulty."""
    allow(by, Act.MANAGE_SITES)
    return keep(area, facts, stream=lambda row: stream_of(row.site), noun="area", by=by, now=now)


def retire_area(*, area: Area, by: Actor, now: datetime) -> Area:
    """Offer the area no longer; equipment and work in it keep it. Raises NotAllowed."""
    return keep_area(area=area, by=by, now=now, retired_at=now)


def keep_responsibility(*, responsibility: Responsibility, by: Actor, now: datetime, **facts: Any) -> Responsibility:
    """Write down who answers for a trade at a site. Raises NotAllowed, and Faulty for a category of another trade."""
    allow(by, Act.MANAGE_SITES)
    category, trade = facts.get("category"), facts.get("trade")
    if category and trade and category.trade_id != trade.pk:
        raise Faulty({"category": f"{category.name} belongs to another trade."})
    return keep(
        responsibility, facts, stream=lambda row: stream_of(row.site), noun="responsibility", by=by, now=now
    )  # fmt: skip


def remove_responsibility(*, responsibility: Responsibility, by: Actor, now: datetime) -> None:
    """From now on it is simply ours. Raises NotAllowed."""
    allow(by, Act.MANAGE_SITES)
    remove(responsibility, stream=stream_of(responsibility.site), noun="responsibility", by=by, now=now)
