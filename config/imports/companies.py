"""Vendors from a file, with their trades and the regions they cover."""

from __future__ import annotations

from typing import Any

from config.imports import fields
from config.imports.importer import Importer, differs
from config.imports.places import region_named, regions, trade_named, trades
from config.imports.source import Row
from vendors.models import Coverage, Standing, Vendor, VendorKind, VendorTrade


class Vendors(Importer):
    noun = "vendors"
    key = "code"
    creatable = frozenset({"regions", "trades"})
    fields = {
        "code": fields.text(20, required=True),
        "name": fields.text(120, required=True),
        "email": fields.email(required=True),
        "kind": fields.choice(VendorKind.values, empty=VendorKind.EXTERNAL),
        "standing": fields.choice(Standing.values, empty=Standing.PROSPECT),
        "phone": fields.text(32),
        "emergency_phone": fields.text(32),
        "address_line": fields.text(200),
        "city": fields.text(80),
        "state": fields.text(40),
        "postal_code": fields.text(16),
        "country": fields.country(),
        "time_zone": fields.time_zone("America/New_York"),
        "trades": fields.words(),
        "regions": fields.words(),
    }

    def remember(self) -> None:
        self.regions, self.trades = regions(), trades()
        self.known = {vendor.code.upper(): vendor for vendor in Vendor.objects.all()}

    def store(self, batch: list[tuple[Row, dict[str, Any]]]) -> None:
        names = [name for name in self.fields if name not in ("code", "trades", "regions")]
        for row, values in batch:
            found_trades = [trade_named(self, self.trades, row, name) for name in values["trades"]]
            found_regions = [region_named(self, self.regions, row, name) for name in values["regions"]]
            if None in found_trades or None in found_regions:
                continue
            facts = {name: values[name] for name in names}
            vendor = self.known.get(values["code"].upper())
            if vendor is None:
                vendor = Vendor.objects.create(
                    code=values["code"], created_at=self.now, custom=values["custom"], **facts
                )
                self.report.new += 1
                self._covers(vendor, found_trades, found_regions)
            elif differs(vendor, facts, names):
                for name, value in facts.items():
                    setattr(vendor, name, value)
                vendor.save()
                self.report.changed += 1
                self._covers(vendor, found_trades, found_regions)
            elif self._covers(vendor, found_trades, found_regions):
                self.report.changed += 1
            else:
                self.report.unchanged += 1

    def _covers(self, vendor: Vendor, of: list[Any], where: list[Any]) -> bool:
        """Add the trades and the coverage that are missing; whether any was."""
        missing = False
        for trade in of:
            missing |= VendorTrade.objects.get_or_create(vendor=vendor, trade=trade)[1]
            for region in where:
                missing |= Coverage.objects.get_or_create(vendor=vendor, trade=trade, region=region)[1]
        return missing
