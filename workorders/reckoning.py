"""A promise or a calendar has changed: the clocks of all open work are walked anew, a batch at a time.

Each batch is a transaction that ends with how far it came, so that nobody waits long for a row, and whoever is killed
leaves what the next run goes on with. Walking a clock twice by the same promise changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from accounts.actors import CLOCK
from accounts.hurry import soon
from assets.hours import hours_of_sites
from workorders import sla
from workorders.models import Reckoning, WorkOrder

if TYPE_CHECKING:
    from accounts.models import LogEvent
    from assets.models import Site

BATCH = 50
BATCHES = 10
"""As many in one run as end well before the queue's time limit."""


def ask_for(cause: LogEvent, *, because: str, now: datetime, sites: Iterable[Site] | None = None) -> Reckoning:
    """Note that the open work of `sites`, or all of it, is to be reckoned; for one cause once."""
    where = None if sites is None else sorted(site.pk for site in sites)
    asked, _ = Reckoning.objects.get_or_create(
        cause=cause, defaults={"because": because, "site_ids": where, "asked_at": now}
    )
    soon("reckon_clocks")
    return asked


def carry_on(*, now: datetime, batch: int = BATCH, batches: int = BATCHES) -> int:
    """Go on with what was asked for first; how many work orders were gone through."""
    total = 0
    for _ in range(batches):
        done = _batch(now, batch)
        if done is None:
            break
        total += done
    return total


def _batch(now: datetime, size: int) -> int | None:
    """The next work orders of the oldest reckoning that nobody is at; None when there is none."""
    with transaction.atomic():
        asked = Reckoning.objects.unfinished().select_for_update(skip_locked=True).first()
        if asked is None:
            return None
        concerned = WorkOrder.objects.open().filter(pk__gt=asked.after_id)
        if asked.site_ids is not None:
            concerned = concerned.filter(site__in=asked.site_ids)
        ids = list(concerned.order_by("pk").values_list("pk", flat=True)[:size])
        if ids:
            _reckon(ids, asked.because, now)
            asked.after_id, asked.done_count = ids[-1], asked.done_count + len(ids)
        else:
            asked.finished_at = now
        asked.save(update_fields=["after_id", "done_count", "finished_at"])
        return len(ids)


def _reckon(ids: list[int], because: str, now: datetime) -> None:
    # In the order of the keys, as every rule locks that takes several.
    rows = WorkOrder.objects.open().filter(pk__in=ids).select_for_update(of=("self",)).select_related("site")
    locked = list(rows.order_by("pk"))
    hours = hours_of_sites({row.site_id: row.site for row in locked}.values()) if locked else {}
    targets = sla.TargetTable()
    for row in locked:
        sla.reckon(row, because=because, by=CLOCK, now=now, hours=hours[row.site_id], targets=targets)
        row.save(update_fields=["due_at"])
