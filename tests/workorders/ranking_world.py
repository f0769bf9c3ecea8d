"""Vendors of a made-up trade at Hilltop, each said in a few words, for tables of cases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from accounts.actors import CLOCK
from assets.models import Trade
from tests.cast import Cast
from tests.factories.assets import TradeFactory
from tests.factories.clock import NOW
from tests.factories.work import WorkOrderFactory
from tests.factories.workorders import reason
from vendors.models import (
    ComplianceDocument,
    Coverage,
    NegotiatedTarget,
    RateCard,
    Requirement,
    Scorecard,
    Vendor,
    VendorHours,
    VendorTrade,
)
from workorders import dispatch
from workorders.models import DispatchPolicy, Offer, Screening, Under, WorkOrder

TODAY = date(2026, 7, 14)
DOOR, KM_40, KM_139 = ("47.252900", "-122.444300"), ("47.604000", "-122.330000"), ("48.500000", "-122.444300")
"""Bases of vendors: at Hilltop, 40.0 km and 138.7 km from it."""

OFFICE = tuple((day, 7 * 60, 17 * 60) for day in range(5))
"""Open on weekdays from seven to five; the stories play on a Tuesday, at noon in New York."""

USUAL: dict[str, Any] = {
    "standing": "approved", "trade": True, "covers": "north", "rank": None, "labor": "95.00", "trip": "75.00",
    "card": (date(2026, 1, 1), None, "USD"), "least_hours": "1.00", "papers": (), "base": None, "capacity": None,
    "jobs": 0, "emergencies": False, "barred": "", "asked": "", "score": None, "usual": None, "agreed": None,
    "forced": "", "kind": "external", "taken": 0, "trial_jobs": 5, "hours": (), "zone": "America/New_York",
}  # fmt: skip


class World:
    """One work order and the vendors of its trade, by name."""

    def __init__(self, cast: Cast, priority: int = 3, **policy: Any) -> None:
        self.cast = cast
        self.trade: Trade = TradeFactory(name="Cooling")
        self.row: WorkOrder = WorkOrderFactory(site=cast.hilltop, trade=self.trade, priority=priority)
        if policy:
            DispatchPolicy.objects.create(trade=self.trade, **policy)

    def needs(self, kind: str = "general_liability", limit: int = 0, *, blocks: bool = True) -> None:
        Requirement.objects.create(kind=kind, trade=self.trade, minimum_limit_amount=limit, blocks=blocks)

    def vendor(self, name: str, **given: Any) -> Vendor:
        facts = USUAL | given
        latitude, longitude = facts["base"] or (None, None)
        made = Vendor.objects.create(
            code=f"{name[:8]}{self.trade.pk}", name=name, email="v@example.com", standing=facts["standing"],
            kind=facts["kind"], created_at=NOW, latitude=latitude and Decimal(latitude),
            longitude=longitude and Decimal(longitude), capacity_open_jobs=facts["capacity"],
            takes_emergencies=facts["emergencies"], trial_jobs=facts["trial_jobs"], time_zone=facts["zone"],
            do_not_dispatch_since_at=NOW if facts["barred"] else None, do_not_dispatch_reason=facts["barred"],
        )  # fmt: skip
        if facts["trade"]:
            VendorTrade.objects.create(vendor=made, trade=self.trade)
        VendorHours.objects.bulk_create(
            VendorHours(vendor=made, weekday=day, opens_minute=opens, closes_minute=closes)
            for day, opens, closes in facts["hours"]
        )
        self._covered(made, facts)
        self._rated(made, facts)
        self._known(made, facts)
        self._asked(made, facts)
        for document in facts["papers"]:
            ComplianceDocument.objects.create(
                vendor=made, uploaded_at=NOW, reviewed_at=NOW,
                **{"kind": "general_liability", "state": "verified", "starts_on": date(2026, 1, 1)} | document,
            )  # fmt: skip
        return made

    def _covered(self, made: Vendor, facts: Mapping[str, Any]) -> None:
        cast = self.cast
        places: dict[str, dict[str, Any]] = {
            "north": {"region": cast.north}, "company": {"region": cast.company}, "south": {"region": cast.south},
            "site": {"site": cast.hilltop}, "sibling": {"site": cast.harbor},
            "not here": {"site": cast.hilltop, "is_excluded": True},
        }  # fmt: skip
        for word in filter(None, facts["covers"].split(", ")):
            place = places.get(word) or {"radius_km": int(word.removesuffix(" km"))}
            ranked = {} if place.get("is_excluded") else {"rank": facts["rank"]}
            Coverage.objects.create(vendor=made, trade=self.trade, **place, **ranked)

    def _rated(self, made: Vendor, facts: Mapping[str, Any]) -> None:
        if facts["card"]:
            starts_on, ends_on, currency = facts["card"]
            labor = Decimal(facts["labor"])
            RateCard.objects.create(
                vendor=made, trade=self.trade, starts_on=starts_on, ends_on=ends_on, currency=currency,
                labor_regular_amount=labor, labor_overtime_amount=labor, labor_emergency_amount=labor * 2,
                labor_holiday_amount=labor * 2, trip_amount=Decimal(facts["trip"]),
                minimum_hours=Decimal(facts["least_hours"]),
            )  # fmt: skip
        if facts["agreed"]:
            NegotiatedTarget.objects.create(
                vendor=made, priority=self.row.priority, arrival_minutes=facts["agreed"]
            )  # fmt: skip

    def _known(self, made: Vendor, facts: Mapping[str, Any]) -> None:
        if facts["score"] is not None:
            Scorecard.objects.create(
                vendor=made, trade=self.trade, window_days=365, score=Decimal(facts["score"]), low=0, high=100, jobs=9,
                parts={"arrival_minutes": facts["usual"]}, computed_at=NOW,
            )  # fmt: skip
        for _ in range(facts["jobs"]):
            WorkOrderFactory(site=self.cast.harbor, trade=self.trade, vendor=made)

    def _asked(self, made: Vendor, facts: Mapping[str, Any]) -> None:
        if facts["asked"]:
            self._offer(made, self.row, facts["asked"])
        for _ in range(facts["taken"]):
            done = WorkOrderFactory(site=self.cast.harbor, trade=self.trade, status="canceled", canceled_at=NOW,
                                    cancel_reason="Over")  # fmt: skip
            self._offer(made, done, "finished")
        if facts["forced"]:
            Screening.objects.create(
                work_order=self.row, step=facts["forced"], found=True, send_to=made, made_at=NOW,
                sentence=f"Named by {facts['forced']}.",
            )  # fmt: skip

    def _offer(self, made: Vendor, row: WorkOrder, state: str) -> None:
        no = reason(Under.DECLINE, "Too far") if state == "declined" else None
        Offer.objects.create(
            work_order=row, vendor=made, state=state, offered_at=NOW, expires_at=NOW + timedelta(hours=1),
            answered_at=NOW if state in ("accepted", "declined", "finished") else None, decline_reason=no,
        )  # fmt: skip

    def considered(self, on: date | None = None) -> dispatch.Consideration:
        row = WorkOrder.objects.get(pk=self.row.pk)
        return dispatch.consider(row, now=NOW, by=CLOCK, on=on)
