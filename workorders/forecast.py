"""The forecast: planned work of the coming weeks that nobody could be sent to, because papers end before its day.

Three things are laid over one another: the days of the maintenance plans, where each vendor goes, and until when its
papers and rates are good. What is told of a day counts the papers that are valid on that day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from accounts.together import together
from vendors.pool import Cell, Place, Remedy, foresee
from workorders import recurrence
from workorders.models import PlanTarget, Status, WorkOrder

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from assets.models import Site

UNSENT = (Status.NEW, Status.READY)
"""Work that somebody has yet to be asked for."""


class Job(NamedTuple):
    """One piece of planned work: on which day what is due where. `number` where its work order is made already."""

    on: date
    site_id: int
    code: str
    site: str
    trade_id: int
    trade: str
    icon: str
    plan_id: int
    plan: str
    unit: str
    number: str = ""

    @property
    def place(self) -> Place:
        return self.site_id, self.trade_id, self.on


class Lost(NamedTuple):
    """A job that nobody could be sent to, and why. `today` is whether nobody could go there today either."""

    job: Job
    cell: Cell
    today: bool


@dataclass(frozen=True)
class Forecast:
    """All planned jobs of a time by number, those without anybody by day, and the papers that would help."""

    planned: int
    lost: list[Lost]
    remedies: list[Remedy]

    @property
    def newly(self) -> int:
        """How many are lost by what ends until then, and not by a gap that there is today."""
        return sum(not one.today for one in self.lost)


TARGET = (
    "plan__rule", "anchor_on", "next_due_on", "asset__site_id", "asset__site__code", "asset__site__name",
    "plan__trade_id", "plan__trade__name", "plan__trade__icon", "plan_id", "plan__name", "asset__name",
)  # fmt: skip
ORDER = (
    "planned_on", "site_id", "site__code", "site__name", "trade_id", "trade__name", "trade__icon", "plan_id",
    "plan__name", "asset__name", "number",
)  # fmt: skip


def forecast(*, sites: QuerySet[Site], today: date, until: date, also: QuerySet[Any] | None = None) -> Forecast:
    """Planned work at `sites` from `today` until `until` (that day included) that nobody could be sent to.

    Days of plans that are not made yet count, and work orders made of plans that nobody was asked for. `also` is one
    more question that the caller wants asked in the same trip.
    """
    targets = PlanTarget.objects.filter(
        next_due_on__lte=until, plan__retired_at=None, asset__site__in=sites.values("pk")
    ).exclude(asset__condition="retired")
    made = WorkOrder.objects.open().filter(
        plan__isnull=False, planned_on__lte=until, status__in=UNSENT, site__in=sites.values("pk")
    )
    coming, waiting = targets.order_by("pk").values_list(*TARGET), made.order_by("pk").values_list(*ORDER)
    together(coming, waiting, *([also] if also is not None else ()))
    jobs = [Job(max(row[0], today), *row[1:]) for row in waiting]
    jobs += [job for row in coming for job in _days(row, today, until)]
    jobs.sort(key=lambda job: (job.on, job.code, job.trade, job.plan))
    places = [job.place for job in jobs]
    seen = foresee(places)
    cells = {(cell.site_id, cell.trade_id, cell.on): cell for cell in seen.cells}
    now = _today_too(cells, today)
    lost = [Lost(job, cells[job.place], job.place[:2] in now) for job in jobs if job.place in cells]
    return Forecast(len(jobs), lost, seen.remedies)


def _today_too(cells: dict[Place, Cell], today: date) -> set[tuple[int, int]]:
    """At which of these sites and trades nobody could go today either."""
    places = {(site, trade, today) for site, trade, _ in cells}
    return {(cell.site_id, cell.trade_id) for cell in foresee(places).cells}


def _days(row: tuple[Any, ...], today: date, until: date) -> Iterator[Job]:
    """The days of one target of a plan."""
    rule, anchor, first, *facts = row
    for day in recurrence.dates(rule, anchor, since=first):
        if day > until:
            return
        yield Job(max(day, today), *facts)
