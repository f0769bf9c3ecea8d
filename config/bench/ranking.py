"""Who should go, where a trade has thousands of vendors: a trade of a thousand and one of ten thousand, of which as
many reach the place. What the others cost is what is measured.

Trades, sites and regions of it are retired, so that no other page is any longer for them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.actors import CLOCK
from assets.models import Region, Site, Trade
from config.bench.load import fill, instant
from config.bench.measure import House, Wrong
from workorders import dispatch
from workorders.models import WorkOrder

REACHING = 40
"""Vendors that the place is covered by, in both trades; every fifth of them by a radius."""


def field(house: House, number: int) -> Trade:
    """Lay out a trade of `number` vendors, once."""
    code = f"rank-{number}"
    if (known := Trade.objects.filter(code=code).first()) is not None:
        return known
    now = house.company.now
    near, _ = Region.objects.get_or_create(code="RANKNEAR", defaults={"name": "Near", "retired_at": now})
    far, _ = Region.objects.get_or_create(code="RANKFAR", defaults={"name": "Far", "retired_at": now})
    Site.objects.get_or_create(
        code="RANK", defaults={
            "name": "Place to rank for", "region": near, "latitude": Decimal(47), "longitude": Decimal(-122),
            "time_zone": "America/Los_Angeles", "currency": "USD", "retired_at": now,
        },
    )  # fmt: skip
    trade = Trade.objects.create(code=code, name=f"Craft of {number}", retired_at=now)
    fill(
        "vendors.Vendor", f"generate_series(1, {number}) g", code=f"'R{number}-' || g",
        name=f"'Ranked ' || md5(g::text) || {number}", email="'r' || g || '@example.com'", standing="'approved'",
        latitude=f"CASE WHEN g <= {REACHING} THEN 47.1 ELSE 30 + (g %% 97) / 12.0 END",
        longitude="-122 + (g %% 7) / 100.0", time_zone="'America/Los_Angeles'",
        created_at=instant(now - timedelta(days=400)),
    )  # fmt: skip
    held = f"""(SELECT id AS vendor, substr(code, {len(str(number)) + 3})::int AS g FROM vendors_vendor
        WHERE code LIKE 'R{number}-%%') h"""
    own = {"vendor_id": "vendor", "trade_id": str(trade.pk)}
    fill("vendors.VendorTrade", held, **own)
    fill(
        "vendors.Coverage", f"{held} WHERE g %% 5 <> 0", **own,
        region_id=f"CASE WHEN g <= {REACHING} THEN {near.pk} ELSE {far.pk} END",
    )  # fmt: skip
    fill("vendors.Coverage", f"{held} WHERE g %% 5 = 0", **own, radius_km="60")
    fill(
        "vendors.RateCard", held, **own, starts_on=f"{instant(now)}::date - 300", labor_regular_amount="60 + g %% 50",
        labor_overtime_amount="135", labor_emergency_amount="150", labor_holiday_amount="180",
    )  # fmt: skip
    fill(
        "vendors.Scorecard", held, **own, window_days="365", score="g %% 101", low="0", high="100", jobs="20",
        parts="'{\"arrival_minutes\": 90}'::jsonb", computed_at=instant(now),
    )  # fmt: skip
    fill(
        "vendors.ComplianceDocument", held, vendor_id="vendor", kind="'general_liability'", state="'verified'",
        limit_amount="1000000", starts_on=f"{instant(now)}::date - 100", uploaded_at=instant(now),
        reviewed_at=instant(now),
    )  # fmt: skip
    fill("vendors.Requirement", f"assets_trade t WHERE t.id = {trade.pk}", kind="'general_liability'", trade_id="t.id")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return trade


def rank(number: int) -> Callable[[House], Callable[[], Any]]:
    """Put the vendors of a trade of `number` in order for one job."""

    def make(house: House) -> Callable[[], Any]:
        trade = field(house, number)
        # Whoever was asked before is considered besides those of the trade.
        row = WorkOrder.objects.select_related("plan").filter(offers=None).order_by("pk")[0]
        row.trade, row.site = trade, Site.objects.select_related("region").get(code="RANK")

        def do() -> None:
            found = dispatch.consider(row, now=house.company.now, by=CLOCK)
            if len(found.eligible) != REACHING or found.out_of_reach + len(found.candidates) != number:
                raise Wrong(f"{len(found.eligible)} of {len(found.candidates)} vendors could go.")

        return do

    return make
