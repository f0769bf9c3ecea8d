"""Our own crews at work: the hours that a day has left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import DateTimeField

from accounts.prepared import KEY, KEYS, each, prepared
from accounts.together import Asking, rows_of, side_by_side
from vendors.models import VendorKind
from vendors.papers import Check, local_day
from vendors.shifts import asked_rotas
from workorders.models import Visit, VisitState, WorkOrder

if TYPE_CHECKING:
    from django.db.models import QuerySet

AHEAD = (VisitState.PLANNED, VisitState.ON_SITE)


@dataclass(frozen=True)
class CrewDay:
    """One crew on one day: the hours of its shifts, and those that planned visits take of them."""

    day: date
    is_kept: bool
    shift: timedelta
    booked: timedelta

    def check(self, hours: Decimal, *, blocks: bool) -> Check:
        """Whether a job of `hours` still fits."""
        on = local_day(self.day)
        if not self.is_kept:
            return Check("shift_hours", True, "No shifts are entered, so hours are not counted.", blocks)
        if not self.shift:
            return Check("shift_hours", False, f"Does not work on {on}.", blocks)
        fits = self.booked + timedelta(hours=float(hours)) <= self.shift
        words = f"{_hours(self.booked)} of {_hours(self.shift)} shift hours are booked on {on}"
        return Check(
            "shift_hours", fits, f"{words}." if fits else f"{words}, {hours.normalize():f} more needed.", blocks
        )


def _hours(span: timedelta) -> str:
    return f"{Decimal(span // timedelta(minutes=1)) / 60:.2f}".rstrip("0").rstrip(".")


def asked_hours(
    vendor_ids: Collection[int], *, day: date, now: datetime, besides: WorkOrder
) -> Asking[dict[int, CrewDay]]:
    """How full the local `day` is for those of these vendors that are crews of our own; `besides` does not count."""
    if not vendor_ids:
        return {}
    # A day anywhere lies within these instants; what is the crew's own day is cut out below.
    earliest = datetime.combine(day, time(), UTC) - timedelta(hours=14)
    latest = earliest + timedelta(hours=52)
    rotas, planned = yield from side_by_side(
        asked_rotas(vendor_ids, now=now),
        rows_of(
            _planned(Visit.objects.all(), vendors=list(vendor_ids), after=earliest, before=latest, besides=besides.pk)
        ),
    )
    booked: dict[int, timedelta] = defaultdict(timedelta)
    for vendor_id, begins, ends in planned:
        begin, end = rotas[vendor_id].bounds(day)
        booked[vendor_id] += max(min(ends, end) - max(begins, begin), timedelta(0))
    return {pk: CrewDay(day, rota.is_kept, rota.hours_on(day), booked[pk]) for pk, rota in rotas.items()}


@prepared(vendors=KEYS, after=DateTimeField(), before=DateTimeField(), besides=KEY)
def _planned(rows: QuerySet[Visit], vendors: Any, after: Any, before: Any, besides: Any) -> QuerySet[Any]:
    visits = rows.filter(
        vendor__in=each(vendors), vendor__kind=VendorKind.INTERNAL, state__in=AHEAD, is_dated=True,
        planned_start_at__lt=before, planned_end_at__gt=after,
    ).exclude(work_order=besides)  # fmt: skip
    return visits.values_list("vendor_id", "planned_start_at", "planned_end_at")
