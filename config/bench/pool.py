"""The pool of vendors seen from above: where nobody can be sent, planned work without anybody, and papers that end.

A land of its own is laid out for it, as large at every size: 5,000 sites in twelve trades, a thousand vendors with
regions, radii, single sites and sites left out, rates and papers. Nothing in it is in use: its sites and trades are
retired, so that no other page is any longer for it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection

from assets.models import Region, Site, Trade
from config.bench.load import fill, instant
from config.bench.measure import House, Wrong, undone
from vendors import compliance
from vendors.gaps import PAGE, gaps
from vendors.models import ComplianceDocument, Vendor
from vendors.pool import foresee

SITES, TRADES, VENDORS, DISTRICTS = 5_000, 12, 1_000, 40
JOBS = 9_000
ENDING = 500
"""Papers that come to their end at once: as many as one turn of the sweep takes."""

TOLD_APART = """
SELECT count(*) FROM (
    SELECT DISTINCT s.id, t.id, s.region_id, s.currency FROM assets_site s, assets_trade t
    WHERE s.code LIKE 'G-%' AND t.code LIKE 'g-%'
) pair (site, trade, region, currency)
"""


def land(house: House) -> None:
    """Lay out the land, once."""
    if Region.objects.filter(code="GAPS").exists():
        return
    now = house.company.now
    root = Region.objects.create(code="GAPS", name="Land of gaps", level="Company")
    for place in range(DISTRICTS):
        Region.objects.create(code=f"G{place}", name=f"Land {place}", level="District", parent=root)
    region = f"(SELECT id FROM assets_region WHERE code = 'G' || g %% {DISTRICTS})"
    fill(
        "assets.Trade", f"generate_series(1, {TRADES}) g", code="'g-' || g", name="'Land trade ' || g", icon="'wrench'",
        retired_at=instant(now),
    )  # fmt: skip
    fill(
        "assets.Site", f"generate_series(1, {SITES}) g", code="'G-' || g", name="'Land store ' || g", currency="'USD'",
        state="CASE WHEN g %% 3 = 0 THEN 'AZ' ELSE 'WA' END", time_zone="'America/Los_Angeles'", region_id=region,
        latitude="33 + (g %% 97) / 7.0", longitude="-122 + (g %% 89) / 5.0", retired_at=instant(now),
    )  # fmt: skip
    fill(
        "vendors.Vendor", f"generate_series(1, {VENDORS}) g", code="'G-' || g", name="'Land vendor ' || g",
        email="'g' || g || '@example.com'", standing="CASE WHEN g %% 20 = 0 THEN 'suspended' ELSE 'approved' END",
        latitude="33 + (g %% 97) / 7.0", longitude="-122 + (g %% 89) / 5.0", time_zone="'America/Los_Angeles'",
        created_at=instant(now - timedelta(days=400)),
    )  # fmt: skip
    held = """(SELECT v.id AS vendor, t.id AS trade, substr(v.code, 3)::int AS g, substr(t.code, 3)::int AS k
        FROM vendors_vendor v JOIN assets_trade t ON t.code LIKE 'g-%%' AND v.code LIKE 'G-%%'
        AND (substr(v.code, 3)::int + substr(t.code, 3)::int) %% 4 = 0) h"""
    own = {"vendor_id": "vendor", "trade_id": "trade"}
    fill("vendors.VendorTrade", held, **own)
    # Of ten vendors seven go to a district, two as far as they drive, one to single sites.
    fill(
        "vendors.Coverage", f"{held} WHERE g %% 10 < 7", **own,
        region_id="(SELECT id FROM assets_region WHERE code = 'G' || g %% 37)", rank="1 + g %% 5",
    )  # fmt: skip
    fill("vendors.Coverage", f"{held} WHERE g %% 10 IN (7, 8)", **own, radius_km="30 + g %% 90")
    site = f"(SELECT id FROM assets_site WHERE code = 'G-' || 1 + (g * 13 + k) %% {SITES})"
    fill("vendors.Coverage", f"{held} WHERE g %% 10 = 9", **own, site_id=site)
    fill("vendors.Coverage", f"{held} WHERE g %% 10 IN (0, 7)", **own, site_id=site, is_excluded="true")
    fill(
        "vendors.RateCard", f"{held} WHERE g %% 50 <> 1", **own, starts_on=f"{instant(now)}::date - 300",
        labor_regular_amount="90", labor_overtime_amount="135", labor_emergency_amount="150",
        labor_holiday_amount="180",
    )  # fmt: skip
    fill(
        "vendors.ComplianceDocument",
        "vendors_vendor v, (VALUES ('general_liability', 0), ('workers_compensation', 900)) m (kind, more)"
        " WHERE v.code LIKE 'G-%%'",
        vendor_id="v.id", kind="m.kind", state="'verified'", limit_amount="1000000",
        starts_on=f"{instant(now)}::date - 100", ends_on=f"{instant(now)}::date - 20 + more + (v.id * 7 %% 200)::int",
        uploaded_at=instant(now), reviewed_at=instant(now),
    )  # fmt: skip
    for kind in ("'general_liability'", "'workers_compensation'"):
        fill(
            "vendors.Requirement", "assets_region r WHERE r.code = 'GAPS'", kind=kind, region_id="r.id",
            minimum_limit_amount="500000",
        )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def pairs(house: House) -> Callable[[], Any]:
    """The floor: every site beside every trade, told apart once."""
    land(house)

    def do() -> None:
        with connection.cursor() as cursor:
            cursor.execute(TOLD_APART)
            if cursor.fetchone() != (SITES * TRADES,):
                raise Wrong("The land has another size.")

    return do


def gap_list(house: House) -> Callable[[], Any]:
    """One page of the gap list of the whole land, with its counts."""
    land(house)
    sites, trades = Site.objects.filter(code__startswith="G-"), Trade.objects.filter(code__startswith="g-")

    def do() -> None:
        found = gaps(sites=sites, trades=trades, on=house.company.now.date())
        if not found.by_reason["uncovered"] or not found.by_reason["papers"] or len(found.rows) != PAGE:
            raise Wrong(f"There are {found.total} gaps.")

    return do


def ahead(house: House) -> Callable[[], Any]:
    """Planned jobs of a month over the land: which have nobody on their day, and what would help."""
    land(house)
    sites = list(Site.objects.filter(code__startswith="G-").order_by("pk").values_list("pk", flat=True))
    trades = list(Trade.objects.filter(code__startswith="g-").order_by("pk").values_list("pk", flat=True))
    today = house.company.now.date()
    jobs = [
        (sites[job * 7 % SITES], trades[job % TRADES], today + timedelta(days=job * 11 % 30)) for job in range(JOBS)
    ]

    def do() -> None:
        found = foresee(jobs)
        if not found.cells or not found.remedies:
            raise Wrong("Somebody can be sent everywhere.")

    return do


def ended(house: House) -> Callable[[], Any]:
    """One turn of the sweep of papers on a day on which many are over. Nothing of it stays."""
    land(house)

    def sweep(house: House) -> int:
        own = Vendor.objects.filter(code__startswith="G-")
        ending = (
            ComplianceDocument.objects.filter(vendor__in=own, state="verified").order_by("-pk").values("pk")[:ENDING]
        )
        ComplianceDocument.objects.filter(pk__in=ending).update(ends_on=house.company.now.date() - timedelta(days=3))
        done = compliance.sweep_documents(now=house.company.now)
        if done != ENDING:
            raise Wrong(f"{done} papers were ended or reminded of, not {ENDING}.")
        return done

    return undone(sweep)(house)


def nothing_ends(house: House) -> Callable[[], Any]:
    """The same turn when everything is said already."""
    land(house)
    while compliance.sweep_documents(now=house.company.now):
        pass
    return lambda: compliance.sweep_documents(now=house.company.now)
