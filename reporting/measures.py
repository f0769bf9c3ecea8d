"""Measures: one number each, with the population that it is of.

Whoever sees whole regions reads counted days; whoever sees single sites or trades gets the same counted live, because
a sum of a region would tell of the rest. Days are local days of the sites; a stretch belongs to the day it ends on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import exp
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import (
    Count,
    DateField,
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    OuterRef,
    Q,
    Subquery,
    Sum,
)
from django.db.models.functions import Cast, TruncMonth, TruncWeek

from accounts.permissions import Act
from accounts.together import Asking, side_by_side, totals
from assets.scope import scope_of
from reporting.days import REPEAT_DAYS
from reporting.models import DayDuration, DayRollup, DaySpend, Stretch
from workorders.models import Clock, ClockState, Invoice, Kind, Status, Visit, WorkOrder
from workorders.models.spend import OWED

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.actors import Actor

AGES = ((1, "Up to a day"), (3, "1 to 3 days"), (7, "3 to 7 days"), (30, "1 to 4 weeks"), (None, "Over 4 weeks"))
ENDS = {
    Stretch.RESPONSE: "accepted_at", Stretch.ARRIVAL: "first_check_in_at", Stretch.RESOLUTION: "completed_at",
}  # fmt: skip


@dataclass(frozen=True)
class Measure:
    """A share (0 to 1), a length of time or a count, how many it is of, and whose number it is in a sentence."""

    value: Decimal | timedelta | int | None
    number: int
    population: str


@dataclass
class Period:
    """What happened from `since_on` up to `until_on` (not included), for the kinds of work asked for."""

    since_on: date
    until_on: date
    reported: int = 0
    completed: int = 0
    completed_reactive: int = 0
    fixed_first_time: int = 0
    clocks_ended: int = 0
    clocks_met: int = 0
    medians: dict[str, Measure] = field(default_factory=dict)

    @property
    def sla_compliance(self) -> Measure:
        return Measure(
            _share(self.clocks_met, self.clocks_ended), self.clocks_ended,
            f"{self.clocks_ended} targets that ended or ran out; met when stopped by their due time.",
        )  # fmt: skip

    @property
    def first_time_fix(self) -> Measure:
        return Measure(
            _share(self.fixed_first_time, self.completed_reactive), self.completed_reactive,
            f"{self.completed_reactive} reactive jobs completed; fixed with one trip, not sent back, no repeat within"
            " 30 days. The last 30 days are provisional.",
        )  # fmt: skip


def _share(part: int, whole: int) -> Decimal | None:
    return (Decimal(part) / whole).quantize(Decimal("0.0001")) if whole else None


def period(
    by: Actor, *, since_on: date, until_on: date, now: datetime, kinds: Iterable[str] = tuple(Kind.values)
) -> Asking[Period]:
    """Counts, compliance and medians of the days from `since_on` up to `until_on` that `by` may read about."""
    (found,) = yield from periods(by, [(since_on, until_on)], now=now, kinds=kinds)
    return found


def periods(
    by: Actor, stretches: Iterable[tuple[date, date]], *, now: datetime, kinds: Iterable[str] = tuple(Kind.values)
) -> Asking[list[Period]]:
    """The same for several stretches of days; counted days are read once for all of them."""
    kinds = list(kinds)
    found = [Period(since_on, until_on) for since_on, until_on in stretches]
    counting = [_from_days(found, by, kinds)] if _sees_whole_regions(by) else [_live(one, by, kinds) for one in found]
    *_, late = yield from side_by_side(*counting, _late(found, by, kinds, now))
    for one, number in zip(found, late, strict=False):
        one.clocks_ended += number
    return found


def _late(found: list[Period], by: Actor, kinds: list[str], now: datetime) -> Asking[tuple[int, ...]]:
    """How many targets of each period still run past their due time: missed, though no day has counted them."""
    running = Clock.objects.running().filter(due_at__lte=now, work_order__in=_work(by).filter(kind__in=kinds))
    running = running.alias(day=_local_day("due_at", "work_order__site"))
    late = totals(
        running, **{f"late_{place}": Count("pk", filter=_within("day", one)) for place, one in enumerate(found)}
    )
    yield [late]
    return next(iter(late), ())


def _within(day: str, period: Period) -> Q:
    return Q(**{f"{day}__gte": period.since_on, f"{day}__lt": period.until_on})


def _work(by: Actor) -> QuerySet[WorkOrder]:
    return WorkOrder.objects.visible_to(by, Act.VIEW_REPORTS)


def _sees_whole_regions(by: Actor) -> bool:
    scope = scope_of(by, Act.VIEW_REPORTS)
    return scope.everything or all(not reach.trade_ids and not reach.site_ids for reach in scope.reaches)


def _from_days(found: list[Period], by: Actor, kinds: list[str]) -> Asking[None]:
    columns = {
        "reported": ("reported", Q()),
        "completed": ("completed", Q()),
        "completed_reactive": ("completed", Q(kind=Kind.REACTIVE)),
        "fixed_first_time": ("fixed_first_time", Q(kind=Kind.REACTIVE)),
        "clocks_ended": ("clocks_ended", Q()),
        "clocks_met": ("clocks_met", Q()),
    }
    inside = {place: _within("day_on", one) for place, one in enumerate(found)}
    any_of = {
        "kind__in": kinds,
        "day_on__gte": min(one.since_on for one in found),
        "day_on__lt": max(one.until_on for one in found),
    }
    counted = totals(
        DayRollup.objects.visible_to(by).filter(**any_of),
        **{
            f"{name}_{place}": Sum(column, filter=condition & inside[place], default=0)
            for place in inside
            for name, (column, condition) in columns.items()
        },
    )
    numbers = {f"number_{place}": Sum("number", filter=inside[place], default=0) for place in inside}
    lengths = DayDuration.objects.visible_to(by).filter(**any_of)
    buckets_of = lengths.values_list("stretch", "bucket").annotate(**numbers)
    yield counted, buckets_of
    sums = iter(next(iter(counted), (0,) * len(columns) * len(found)))
    for place, one in enumerate(found):
        for name in columns:
            setattr(one, name, next(sums))
        for stretch in Stretch:
            buckets = {bucket: counts[place] for kind, bucket, *counts in buckets_of if kind == stretch}
            one.medians[stretch] = _median_measure(stretch, median(buckets), sum(buckets.values()))


def _median_measure(stretch: Stretch, minutes: float | None, number: int) -> Measure:
    value = None if minutes is None else timedelta(minutes=round(minutes))
    return Measure(value, number, f"Median of {number} work orders, {stretch.label.lower()}, around the clock.")


def median(buckets: dict[int, int]) -> float | None:
    """The middle of a histogram in minutes; inside its bucket the lengths are taken as evenly spread by logarithm."""
    total = sum(buckets.values())
    if not total:
        return None
    left = total / 2
    for bucket in sorted(buckets):
        if left <= buckets[bucket]:
            return exp((bucket + left / buckets[bucket]) / 10)
        left -= buckets[bucket]
    raise AssertionError("A histogram has a middle.")


def _local_day(instant: str, site: str = "site") -> Cast:
    """The day of an instant on the wall of its site."""
    wall = Func(F(f"{site}__time_zone"), F(instant), function="timezone", output_field=DateTimeField())
    return Cast(wall, DateField())


def _live(found: Period, by: Actor, kinds: list[str]) -> Asking[None]:
    work = _work(by).filter(kind__in=kinds)

    def ended(instant: str) -> QuerySet[WorkOrder]:
        return work.filter(**{f"{instant}__isnull": False}).alias(day=_local_day(instant)).filter(
            day__gte=found.since_on, day__lt=found.until_on
        )  # fmt: skip

    def number(rows: QuerySet[Any]) -> QuerySet[Any]:
        return totals(rows, number=Count("pk"))

    done = ended("completed_at")
    reactive = done.filter(kind=Kind.REACTIVE)
    counts = {
        "reported": number(ended("reported_at")),
        "completed": number(done),
        "completed_reactive": number(reactive),
        "fixed_first_time": number(_fixed(reactive)),
    }
    clocks = totals(
        Clock.objects.filter(state=ClockState.STOPPED, work_order__in=work)
        .alias(day=_local_day("stopped_at", "work_order__site"))
        .filter(day__gte=found.since_on, day__lt=found.until_on),
        ended=Count("pk"),
        met=Count("pk", filter=Q(stopped_at__lte=F("due_at"))),
    )
    lengths = {
        stretch: ended(instant).filter(**{f"{instant}__gte": F("reported_at")})
        .annotate(length=_length(instant)).values_list("length", flat=True)
        for stretch, instant in ENDS.items()
    }  # fmt: skip
    yield (*counts.values(), clocks, *lengths.values())
    for name, (counted,) in ((name, next(iter(rows), (0,))) for name, rows in counts.items()):
        setattr(found, name, counted)
    found.clocks_ended, found.clocks_met = next(iter(clocks), (0, 0))
    for stretch, rows in lengths.items():
        spans = sorted(rows)
        middle = _middle([length.total_seconds() / 60 for length in spans])
        found.medians[stretch] = _median_measure(stretch, middle, len(spans))


def _fixed(done: QuerySet[WorkOrder]) -> QuerySet[WorkOrder]:
    """Those of completed work that were right the first time."""
    trips = Visit.objects.made().filter(work_order=OuterRef("pk")).values("work_order").annotate(number=Count("pk"))
    again = (
        WorkOrder.objects.exclude(status=Status.CANCELED)
        .exclude(pk=OuterRef("pk"))
        .filter(site=OuterRef("site"), reported_at__gt=OuterRef("completed_at"))
        .filter(reported_at__lte=OuterRef("completed_at") + timedelta(days=REPEAT_DAYS))
        .filter(Q(asset=OuterRef("asset"), trade=OuterRef("trade")) | Q(problem_type=OuterRef("problem_type")))
    )
    once = done.filter(rework_count=0).alias(trips=Subquery(trips.values("number"))).filter(trips=1)
    return once.exclude(Exists(again))


def _length(instant: str) -> ExpressionWrapper:
    return ExpressionWrapper(F(instant) - F("reported_at"), output_field=DurationField())


def _middle(values: list[float]) -> float | None:
    if not values:
        return None
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


class Week(NamedTuple):
    """Seven days from a Monday on: what came in and what was done."""

    since_on: date
    reported: int
    completed: int


def weeks(
    by: Actor, *, since_on: date, until_on: date, kinds: Iterable[str] = tuple(Kind.values)
) -> Asking[list[Week]]:
    """Reported and completed by week; every week is there that begins from `since_on` (a Monday) up to `until_on`."""
    kinds = list(kinds)
    reported: dict[date, int] = {}
    completed: dict[date, int] = {}
    if _sees_whole_regions(by):
        days = DayRollup.objects.visible_to(by).filter(day_on__gte=since_on, day_on__lt=until_on, kind__in=kinds)
        rows = days.values_list(TruncWeek("day_on")).annotate(Sum("reported"), Sum("completed"))
        yield [rows]
        for monday, came, done in rows:
            reported[monday], completed[monday] = came, done
    else:
        work = _work(by).filter(kind__in=kinds)
        inside = []
        for instant in ("reported_at", "completed_at"):
            ended = work.filter(**{f"{instant}__isnull": False}).alias(day=_local_day(instant))
            ended = ended.filter(day__gte=since_on, day__lt=until_on).order_by()
            inside.append(ended.values_list(TruncWeek("day")).annotate(Count("pk")))
        yield inside
        for counted, numbers in zip((reported, completed), inside, strict=True):
            counted.update(numbers)
    mondays = [since_on + timedelta(days=7 * number) for number in range(-(-(until_on - since_on).days // 7))]
    return [Week(monday, reported.get(monday, 0), completed.get(monday, 0)) for monday in mondays]


# How things stand now, always live


def open_by_age(by: Actor, *, now: datetime) -> Asking[list[tuple[str, int]]]:
    """Open work by how long ago it was reported; a step's lower bound is not part of it."""
    steps: dict[str, Count] = {}
    floor = now + timedelta(days=36500)
    for index, (days, _) in enumerate(AGES):
        ceiling = floor if index == 0 else now - timedelta(days=AGES[index - 1][0] or 0)
        old = Q(reported_at__lt=ceiling)
        young = Q() if days is None else Q(reported_at__gte=now - timedelta(days=days))
        steps[f"step_{index}"] = Count("pk", filter=old & young)
    counts = totals(WorkOrder.objects.visible_to(by, Act.VIEW_DESK).open(), **steps)
    yield [counts]
    numbers = next(iter(counts), (0,) * len(AGES))
    return [(label, number) for (_, label), number in zip(AGES, numbers, strict=True)]


def spend_by_month(by: Actor, *, since_on: date, until_on: date) -> Asking[list[tuple[date, str, Decimal]]]:
    """Approved bills by month of approval and currency, tax included; currencies are never added up."""
    rows: QuerySet[Any]
    if _sees_whole_regions(by):
        days = DaySpend.objects.visible_to(by, Act.VIEW_SPEND).filter(day_on__gte=since_on, day_on__lt=until_on)
        rows = days.values_list(TruncMonth("day_on"), "currency").annotate(Sum("amount"))
    else:
        bills = Invoice.objects.visible_to(by, Act.VIEW_SPEND).filter(state__in=OWED)
        bills = bills.alias(day=_local_day("decided_at", "work_order__site"))
        bills = bills.filter(day__gte=since_on, day__lt=until_on)
        rows = bills.values_list(TruncMonth("day"), "currency").annotate(Sum("total_amount"))
    yield [rows]
    return sorted((month, currency, amount) for month, currency, amount in rows)
