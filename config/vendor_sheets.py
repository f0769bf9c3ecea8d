"""The vendors as sheets: who they are, where they go, what they charge, how fast they agreed to be, their papers, and
the papers that work needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from assets.models import Priority, Region, Site
from config.imports import fields
from config.imports.fields import Field, Unreadable
from config.imports.importer import Report
from config.imports.places import regions as known_regions
from config.imports.places import trades as known_trades
from config.imports.source import Mapping as FileMapping
from config.imports.source import Row
from config.sheets import YES_NO, Sheet, priority, yes_no
from vendors import compliance, roster
from vendors.models import (
    ComplianceDocument,
    Coverage,
    DocumentKind,
    DocumentState,
    NegotiatedTarget,
    RateCard,
    Requirement,
    Standing,
    Vendor,
    VendorKind,
)

MOST = "9999999999"
AMOUNT = fields.number(low="0", high=MOST)
ZERO = Field(AMOUNT.read, empty=Decimal("0.00"))
MINUTES = fields.whole(high=1_000_000)
BECAUSE = "Set by a file."


def _numbers(said: str, mapping: FileMapping) -> dict[str, str]:
    found = {}
    for part in filter(None, map(str.strip, said.split(";"))):
        name, colon, what = (piece.strip() for piece in part.partition(":"))
        if not (name and colon and what):
            raise Unreadable("has a number without a name: write GL account: 6110; Our code: 42")
        found[name] = what
    return found


class _OfVendors(Sheet):
    """A list whose rows belong to vendors, trades and places, all named by their codes."""

    def remember(self) -> None:
        super().remember()
        self.vendors = {vendor.code.upper(): vendor for vendor in Vendor.objects.visible_to(self.by)}
        self.trades = known_trades()
        self.regions: dict[str, Region] = known_regions()
        self.sites = {site.code.upper(): site for site in Site.objects.visible_to(self.by)}

    def found(self, row: Row, facts: dict[str, Any], *names: str) -> bool:
        """Turn the codes under `names` into rows; whether all are known, each other told as a fault."""
        known = {
            "vendor": (self.vendors, "is not a vendor's code"),
            "trade": (self.trades, "is not a trade's code or name"),
            "region": (self.regions, "is not a region's name or code"),
            "site": (self.sites, "is not a site's code"),
        }
        sound = True
        for name in names:
            said = facts.get(name) or ""
            rows, fault = known[name]
            facts[name] = rows.get(said.upper()) if said else None  # type: ignore[attr-defined]
            if said and facts[name] is None:
                self.wrong(row, name, said, fault)
                sound = False
        return sound


class Vendors(_OfVendors):
    noun, label, keys = "vendors", "Vendors", ("code",)
    fields = {
        "code": fields.text(20, required=True),
        "name": fields.text(120, required=True),
        "email": fields.email(required=True),
        "kind": fields.choice(VendorKind.values, empty=VendorKind.EXTERNAL),
        "standing": fields.choice(Standing.values, empty=""),
        "trades": fields.words(),
        "phone": fields.text(32),
        "emergency_phone": fields.text(32),
        "takes_emergencies": YES_NO,
        "address_line": fields.text(200),
        "city": fields.text(80),
        "state": fields.text(40),
        "postal_code": fields.text(16),
        "country": fields.country(),
        "latitude": fields.number(low="-90", high="90", places=6),
        "longitude": fields.number(low="-180", high="180", places=6),
        "time_zone": fields.time_zone("America/New_York"),
        "currency": Field(fields.text(3).read, empty="USD"),
        "capacity_open_jobs": fields.whole(high=100_000),
        "trial_jobs": Field(fields.whole(high=1_000).read, empty=5),
        "since_on": fields.day(),
        "numbers": Field(_numbers, empty={}),
        "do_not_dispatch": fields.text(300),
    }

    def keep(self, row: Row, facts: dict[str, Any]) -> str | None:
        trades = []
        for name in facts.get("trades", ()):
            if name.upper() not in self.trades:
                self.wrong(row, "trades", name, "is not a trade's code or name")
                return None
            trades.append(self.trades[name.upper()])
        by, now = self.by, self.now
        given = {name: value for name, value in facts.items() if name not in ("standing", "trades", "do_not_dispatch")}
        if "numbers" in given:
            given["custom"] = given.pop("numbers")
        vendor = roster.keep_vendor(vendor=self.vendors.get(facts["code"].upper()) or Vendor(), by=by, now=now, **given)
        self.vendors[vendor.code.upper()] = vendor
        if "trades" in facts:
            roster.set_trades(vendor=vendor, trades=trades, by=by, now=now)
        if facts.get("standing"):
            roster.set_standing(vendor=vendor, standing=facts["standing"], reason=BECAUSE, by=by, now=now)
        if facts.get("do_not_dispatch"):
            roster.bar(vendor=vendor, reason=facts["do_not_dispatch"], by=by, now=now)
        elif "do_not_dispatch" in facts:
            roster.let_in(vendor=vendor, by=by, now=now)
        return roster.stream_of(vendor)

    def lines(self) -> Iterator[Mapping[str, Any]]:
        plain = [name for name in self.fields if name not in ("trades", "numbers", "do_not_dispatch")]
        for vendor in Vendor.objects.visible_to(self.by).prefetch_related("trades__trade").order_by("code"):
            yield {name: getattr(vendor, name) for name in plain} | {
                "trades": sorted(held.trade.code for held in vendor.trades.all()),
                "numbers": [f"{name}: {said}" for name, said in vendor.custom.items()],
                "do_not_dispatch": vendor.do_not_dispatch_reason,
            }


class Coverages(_OfVendors):
    noun, label, keys = "coverage", "Coverage of vendors", ("vendor", "trade", "region", "site")
    fields = {
        "vendor": fields.text(20, required=True),
        "trade": fields.text(80, required=True),
        "region": fields.text(120),
        "site": fields.text(20),
        "radius_km": fields.number(low="1", high="20000", places=3),
        "rank": fields.whole(low=1, high=30_000),
        "is_excluded": YES_NO,
    }

    def run(self, rows: Iterable[Row]) -> Report:
        """Sites that are left out come after what covers them, wherever they stand in the file."""
        return super().run(sorted(rows, key=lambda row: row.cells.get("is_excluded", "").strip().lower() == "yes"))

    def keep(self, row: Row, facts: dict[str, Any]) -> str | None:
        if not self.found(row, facts, "vendor", "trade", "region", "site"):
            return None
        vendor = facts.pop("vendor")
        own = vendor.coverage.filter(trade=facts["trade"])
        if facts["region"] or facts["site"]:
            existing = own.filter(region=facts["region"], site=facts["site"]).first()
        else:
            existing = own.filter(radius_km__isnull=False).first()
        facts.setdefault("radius_km", existing.radius_km if existing else None)
        roster.keep_coverage(coverage=existing or Coverage(vendor=vendor), by=self.by, now=self.now, **facts)
        return roster.stream_of(vendor)

    def lines(self) -> Iterator[Mapping[str, Any]]:
        rows = Coverage.objects.filter(vendor__in=Vendor.objects.visible_to(self.by))
        rows = rows.select_related("vendor", "trade", "region", "site").order_by("vendor__code", "trade__code", "pk")
        for row in rows.iterator(chunk_size=2000):
            radius = "" if row.radius_km is None else f"{row.radius_km.normalize():f}"
            yield {
                "vendor": row.vendor.code, "trade": row.trade.code, "region": row.region.code if row.region else "",
                "site": row.site.code if row.site else "", "radius_km": radius, "rank": row.rank,
                "is_excluded": row.is_excluded,
            }  # fmt: skip


class Rates(_OfVendors):
    noun, label, keys = "rates", "Rates of vendors", ("vendor", "trade", "starts_on")
    fields = {
        "vendor": fields.text(20, required=True),
        "trade": fields.text(80, required=True),
        "starts_on": fields.day(required=True),
        "ends_on": fields.day(),
        "currency": Field(fields.text(3).read, empty="USD"),
        "labor_regular_amount": AMOUNT,
        "labor_overtime_amount": AMOUNT,
        "labor_emergency_amount": AMOUNT,
        "labor_holiday_amount": AMOUNT,
        "helper_amount": ZERO,
        "trip_amount": ZERO,
        "minimum_hours": Field(fields.number(low="0", high="99").read, empty=Decimal("1.00")),
        "rounding_minutes": Field(fields.whole(low=1, high=1440).read, empty=15),
        "parts_markup_percent": Field(fields.number(low="0", high="999").read, empty=Decimal("0.00")),
        "tax_percent": Field(fields.number(low="0", high="999", places=3).read, empty=Decimal("0.000")),
    }

    def keep(self, row: Row, facts: dict[str, Any]) -> str | None:
        if not self.found(row, facts, "vendor", "trade"):
            return None
        vendor = facts.pop("vendor")
        existing = vendor.rate_cards.filter(trade=facts["trade"], starts_on=facts["starts_on"]).first()
        facts.setdefault("ends_on", existing.ends_on if existing else None)
        card = existing or RateCard(vendor=vendor, currency=vendor.currency)
        roster.keep_rate_card(card=card, by=self.by, now=self.now, **facts)
        return roster.stream_of(vendor)

    def lines(self) -> Iterator[Mapping[str, Any]]:
        rows = RateCard.objects.filter(vendor__in=Vendor.objects.visible_to(self.by)).select_related("vendor", "trade")
        plain = [name for name in self.fields if name not in ("vendor", "trade")]
        for row in rows.order_by("vendor__code", "trade__code", "starts_on").iterator(chunk_size=2000):
            yield {name: getattr(row, name) for name in plain} | {"vendor": row.vendor.code, "trade": row.trade.code}


class AgreedTimes(_OfVendors):
    noun, label, keys = "agreed-times", "Agreed times of vendors", ("vendor", "priority", "trade")
    fields = {
        "vendor": fields.text(20, required=True),
        "priority": Field(priority, required=True),
        "trade": fields.text(80),
        "response_minutes": MINUTES,
        "arrival_minutes": MINUTES,
        "completion_minutes": MINUTES,
    }

    def keep(self, row: Row, facts: dict[str, Any]) -> str | None:
        if not self.found(row, facts, "vendor", "trade"):
            return None
        vendor = facts.pop("vendor")
        existing = vendor.targets.filter(trade=facts["trade"], priority=facts["priority"]).first()
        target = existing or NegotiatedTarget(vendor=vendor)
        roster.keep_target(target=target, by=self.by, now=self.now, **facts)
        return roster.stream_of(vendor)

    def lines(self) -> Iterator[Mapping[str, Any]]:
        rows = NegotiatedTarget.objects.filter(vendor__in=Vendor.objects.visible_to(self.by))
        rows = rows.select_related("vendor", "trade").order_by("vendor__code", "priority", "trade__code")
        for row in rows:
            yield {
                "vendor": row.vendor.code, "priority": Priority(row.priority).short,
                "trade": row.trade.code if row.trade else "", "response_minutes": row.response_minutes,
                "arrival_minutes": row.arrival_minutes, "completion_minutes": row.completion_minutes,
            }  # fmt: skip


class Papers(_OfVendors):
    noun, label, keys = "papers", "Papers of vendors", ("vendor", "kind", "trade", "reference", "starts_on")
    fields = {
        "vendor": fields.text(20, required=True),
        "kind": Field(fields.choice(DocumentKind.values, empty="").read, required=True),
        "trade": fields.text(80),
        "issuer": fields.text(120),
        "reference": fields.text(80),
        "jurisdiction": fields.text(40),
        "limit_amount": fields.number(low="0", high="999999999999"),
        "starts_on": fields.day(required=True),
        "ends_on": fields.day(),
        "state": fields.choice(DocumentState.values, empty=DocumentState.PENDING),
    }

    def keep(self, row: Row, facts: dict[str, Any]) -> str | None:
        if not self.found(row, facts, "vendor", "trade"):
            return None
        vendor = facts.pop("vendor")
        compliance.take_over(vendor=vendor, by=self.by, now=self.now, **facts)
        return roster.stream_of(vendor)

    def lines(self) -> Iterator[Mapping[str, Any]]:
        rows = ComplianceDocument.objects.visible_to(self.by).select_related("vendor", "trade")
        plain = [name for name in self.fields if name not in ("vendor", "trade")]
        for row in rows.order_by("vendor__code", "kind", "starts_on", "pk").iterator(chunk_size=2000):
            yield {name: getattr(row, name) for name in plain} | {
                "vendor": row.vendor.code, "trade": row.trade.code if row.trade else "",
            }  # fmt: skip


class Requirements(_OfVendors):
    noun, label, keys = "requirements", "Required papers", ("kind", "trade", "region")
    fields = {
        "kind": Field(fields.choice(DocumentKind.values, empty="").read, required=True),
        "trade": fields.text(80),
        "region": fields.text(120),
        "minimum_limit_amount": Field(fields.number(low="0", high="999999999999").read, empty=Decimal("0.00")),
        "blocks": Field(yes_no, empty=True),
        "applies_to_internal": YES_NO,
    }

    def keep(self, row: Row, facts: dict[str, Any]) -> str | None:
        if not self.found(row, facts, "trade", "region"):
            return None
        named = {name: facts[name] for name in ("kind", "trade", "region")}
        existing = Requirement.objects.filter(**named).first()
        roster.keep_requirement(requirement=existing or Requirement(), by=self.by, now=self.now, **facts)
        return roster.REQUIREMENTS

    def lines(self) -> Iterator[Mapping[str, Any]]:
        rows = Requirement.objects.visible_to(self.by).select_related("trade", "region")
        for row in rows.order_by("kind", "trade__code", "region__code"):
            yield {
                "kind": row.kind, "trade": row.trade.code if row.trade else "",
                "region": row.region.code if row.region else "", "minimum_limit_amount": row.minimum_limit_amount,
                "blocks": row.blocks, "applies_to_internal": row.applies_to_internal,
            }  # fmt: skip


VENDOR_SHEETS: dict[str, type[Sheet]] = {
    kind.noun: kind for kind in (Vendors, Coverages, Rates, AgreedTimes, Papers, Requirements)
}
