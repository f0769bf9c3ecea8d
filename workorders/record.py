"""The record of a unit and of a place: what was done there, what it cost, how long it stood still."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import OuterRef, Prefetch, Q, Subquery, Sum
from django.db.models.functions import ExtractYear

from workorders.models import Attachment, Invoice, Kind, PartUsed, Status, Visit, Working, WorkOrder

if TYPE_CHECKING:
    from accounts.actors import Actor
    from assets.models import Asset
    from workorders.models.work_order import WorkOrderQuerySet

YEAR = timedelta(days=365)
FAILURES = (Kind.REACTIVE, Kind.RECALL)


def work_on(asset: Asset, by: Actor) -> WorkOrderQuerySet:
    """All work on a unit, and on those merged into it, that `by` may see."""
    mine = Q(asset=asset) | Q(asset__merged_into=asset)
    return WorkOrder.objects.visible_to(by).filter(mine)


def with_record(orders: WorkOrderQuerySet, by: Actor) -> WorkOrderQuerySet:
    """What a line of history shows: cause, resolution, the trips with their parts, photos, and what was paid."""
    paid = Invoice.objects.visible_to(by).owed().filter(work_order=OuterRef("pk")).order_by().values("work_order")
    made = Visit.objects.visible_to(by).made().select_related("technician").order_by("checked_in_at")
    return (
        orders.for_table()
        .select_related("root_cause", "resolution")
        .annotate(paid_amount=Subquery(paid.annotate(total=Sum("subtotal_amount")).values("total")))
        .prefetch_related(
            Prefetch("visits", made.prefetch_related(Prefetch("parts", PartUsed.objects.all())), "trips"),
            Prefetch("attachments", Attachment.objects.visible_to(by).filter(visit__isnull=False), "pictures"),
        )
    )


@dataclass(frozen=True)
class YearOfSpend:
    """What was paid for a unit in one year, before tax; `share` of the dearest year, 0 to 100."""

    year: int
    amount: Decimal
    share: int


@dataclass(frozen=True)
class Figures:
    """A unit in numbers. Amounts are before tax; lengths are calendar time."""

    orders: int
    failures: int
    down: timedelta
    between_failures: timedelta | None
    spent_amount: Decimal
    years: list[YearOfSpend]


def figures(asset: Asset, by: Actor, now: datetime) -> Figures:
    """The last twelve months of a unit: work, failures, time down, days between failures; and its spend by year.

    Down is the time from report to completion of work reported as "not working at all", counted within the year.
    Days between failures are the twelve months over the failures, told from two on.
    """
    since = now - YEAR
    rows = list(
        work_on(asset, by)
        .exclude(status=Status.CANCELED)
        .filter(Q(reported_at__gte=since) | Q(completed_at__gte=since) | Q(is_open=True))
        .values_list("kind", "working", "reported_at", "completed_at")
    )
    recent = [row for row in rows if row[2] >= since]
    failures = sum(kind in FAILURES for kind, *_ in recent)
    down = sum(
        (
            (completed or now) - max(reported, since)
            for _, working, reported, completed in rows
            if working == Working.DOWN
        ),
        timedelta(0),
    )
    years = _spend_by_year(asset, by)
    return Figures(
        orders=len(recent),
        failures=failures,
        down=down,
        between_failures=YEAR / failures if failures > 1 else None,
        spent_amount=sum((year.amount for year in years), Decimal(0)),
        years=years,
    )


def _spend_by_year(asset: Asset, by: Actor) -> list[YearOfSpend]:
    mine = Q(work_order__asset=asset) | Q(work_order__asset__merged_into=asset)
    sums = (
        Invoice.objects.visible_to(by)
        .owed()
        .filter(mine, currency=asset.currency)
        .order_by()
        .annotate(year=ExtractYear("invoice_on"))
        .values("year")
        .annotate(amount=Sum("subtotal_amount"))
        .order_by("-year")
        .values_list("year", "amount")
    )
    found = list(sums)
    most = max((amount for _, amount in found), default=Decimal(0))
    return [YearOfSpend(year, amount, int(amount / most * 100) if most else 0) for year, amount in found]
