"""Work that counts in a score, written straight into the tables: many vendors with a few facts each, in no time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.db import transaction

from assets.models import Site, Trade
from tests.factories.workorders import papers
from vendors.models import Vendor
from workorders.models import Clock, Invoice, InvoiceLine, Offer, Source, Visit, WorkOrder

HOUR = timedelta(hours=1)
_numbers = count(1)


@dataclass
class Past:
    """Writes what a vendor did in a trade at a site, so many days before `now`."""

    vendor: Vendor
    site: Site
    trade: Trade
    now: datetime

    def order(self, *, days: float, **facts: Any) -> WorkOrder:
        at = self.now - timedelta(days=days)
        return WorkOrder.objects.create(
            **{
                "site": self.site, "region": self.site.region, "trade": self.trade, "title": "Cooler too warm",
                "description": "Warm.", "source": Source.PORTAL, "priority": 3, "reported_at": at - 5 * HOUR,
                "due_at": at, **facts,
            }
        )  # fmt: skip

    def offer(self, *, days: float, accepted: bool = True, in_time: bool = True, row: WorkOrder | None = None) -> Offer:
        at = self.now - timedelta(days=days) - 4 * HOUR
        return Offer.objects.create(
            work_order=row or self.order(days=days), vendor=self.vendor, offered_at=at, expires_at=at + HOUR,
            state="finished" if accepted else "expired", answered_at=at + (HOUR / 2 if in_time else 2 * HOUR),
        )  # fmt: skip

    def job(
        self, *, days: float = 10, trips: int = 1, rework: int = 0, documented: bool = True, rating: int | None = None,
        met: Sequence[bool] = (), bill: str = "", offered: float | None = None, in_time: bool = True,
        kind: str = "reactive", rated: float | None = None,
    ) -> WorkOrder:  # fmt: skip
        """A job done so many days ago: `met` are its clocks, `bill` is "clean", "raised" or "corrected"."""
        at = self.now - timedelta(days=days)
        told = {name: papers()[name] for name in ("root_cause", "resolution")} if documented else {}
        verified = self.now - timedelta(days=days - 0.5 if rated is None else rated)
        row = self.order(
            days=days, kind=kind, status="closed", vendor=self.vendor, accepted_at=at - 3 * HOUR,
            first_check_in_at=at - HOUR, completed_at=at, verified_at=verified, closed_at=verified, rating=rating,
            rework_count=rework, nothing_recommended=documented, **told,
        )  # fmt: skip
        offer = self.offer(days=days if offered is None else offered, row=row, in_time=in_time)
        for trip in range(trips):
            Visit.objects.create(
                work_order=row, vendor=self.vendor, offer=offer, state="left", planned_start_at=at - HOUR,
                planned_end_at=at, checked_in_at=at - HOUR + trip * HOUR / 4,
                checked_out_at=at - HOUR + (trip + 1) * HOUR / 4, outcome="resolved",
            )  # fmt: skip
        for milestone, kept in zip(("response", "arrival", "completion"), met, strict=False):
            self.clock(row, milestone, kept, at=at)
        if bill:
            self.bill(row, bill, at=at + HOUR)
        return row

    def clock(self, row: WorkOrder, milestone: str, met: bool | None, *, at: datetime) -> Clock:
        """One that ended in time or late; None: it runs, and was due at `at`."""
        return Clock.objects.create(
            work_order=row, milestone=milestone, state="running" if met is None else "stopped",
            started_at=at - 5 * HOUR, minutes=60, clock_type="elapsed", due_at=at if met is not False else at - HOUR,
            stopped_at=None if met is None else at,
        )  # fmt: skip

    def bill(self, row: WorkOrder, how: str, *, at: datetime, amount: str = "100.00") -> Invoice:
        finding = {"code": "rate", "severity": "warn", "sentence": "Above the rate."}
        with transaction.atomic():
            made = Invoice.objects.create(
                work_order=row, vendor=self.vendor, state="submitted", number=f"B-{next(_numbers)}", currency="USD",
                invoice_on=at.date(), drafted_at=at, submitted_at=at, subtotal_amount=amount, total_amount=amount,
                findings=[finding] if how == "raised" else [], revision=2 if how == "corrected" else 1,
            )  # fmt: skip
            InvoiceLine.objects.create(
                invoice=made, kind="other", description="Work", quantity=1, unit_amount=amount, amount=amount
            )
        return made
