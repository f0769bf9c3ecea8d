"""Papers on the day of the visit: whether the vendor that has a job may still do it then, and saying once that it may
not.

A vendor is checked when it is asked (`dispatch`). What ends afterwards, and a visit that is set for a day on which
something has ended, shows here. No job is taken from anybody by itself: facilities decides.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from accounts.actors import CLOCK
from accounts.together import Asking, ask
from vendors.papers import folder_of, local_day
from workorders import lifecycle
from workorders.models import Status, WorkOrder
from workorders.models.status import WITH_VENDOR

if TYPE_CHECKING:
    from workorders.models import Event

LAPSED = "vendor.lapsed"
"""The vendor's papers do not hold on the day of the job; the data says which day, and what is wrong in sentences."""

STILL_TO_DO = WITH_VENDOR | {Status.ON_HOLD}


class Lapse(NamedTuple):
    """What keeps the vendor of a job from doing it on the local day `on`, a sentence each."""

    on: date
    sentences: list[str]


def asked_lapse(row: WorkOrder, *, now: datetime) -> Asking[Lapse | None]:
    """What is wrong with the papers of the vendor that has `row`, on the day of the appointment or, past it, today.

    None while they hold, and where no vendor has work ahead of it. Needs `site`, `trade` and `vendor` at hand.
    """
    if row.vendor is None or row.status not in STILL_TO_DO:
        return None
    folder = yield from folder_of(row.vendor, row.site, row.trade)
    zone = ZoneInfo(row.site.time_zone)
    on = now.astimezone(zone).date()
    if row.scheduled_start_at:
        on = max(on, row.scheduled_start_at.astimezone(zone).date())
    barred = folder.blocking(on)
    return Lapse(on, [check.sentence for check in barred]) if barred else None


def flag(work_order: WorkOrder, *, now: datetime, document: int | None = None) -> Event | None:
    """Write down that the vendor may not do the job on its day, where that is so; once for each day and what is wrong,
    and once for the `document` whose end is the reason."""
    with transaction.atomic():
        row = lifecycle.lock(work_order)
        lapse = ask(asked_lapse(row, now=now))
        if lapse is None:
            return None
        day = lapse.on.isoformat()
        said = Q(data__day=day, data__sentences=lapse.sentences)
        if document is not None:
            said |= Q(data__document=document)
        if row.events.filter(said, verb=LAPSED, vendor=row.vendor).exists():
            return None
        data = {"document": document, "day": day, "on": local_day(lapse.on), "sentences": lapse.sentences}
        return lifecycle.append(row, LAPSED, by=CLOCK, now=now, data=data, vendor=row.vendor)
