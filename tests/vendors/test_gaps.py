"""Where nobody could be sent, before somebody needs one; held against the rule of eligibility, place by place."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.models import Region, Site, Trade
from tests.cast import Cast
from tests.factories.assets import RegionFactory, SiteFactory, TradeFactory
from tests.factories.clock import NOW
from tests.factories.vendors import RateCardFactory, VendorFactory
from vendors.eligibility import consider_vendors
from vendors.gaps import Gap, every_gap, gaps
from vendors.models import (
    ComplianceDocument,
    Coverage,
    DocumentKind,
    Requirement,
    Standing,
    Vendor,
    VendorHours,
    VendorTrade,
)
from vendors.pool import foresee, one_paper_short

TODAY = date(2026, 7, 14)


def found(on: date = TODAY, why: str = "") -> list[Gap]:
    return list(every_gap(sites=Site.objects.all(), trades=Trade.objects.all().active(), on=on, why=why))


def names(on: date = TODAY, why: str = "") -> list[tuple[str, str]]:
    return [(gap.code, gap.trade) for gap in found(on, why)]


def sentence(code: str) -> str:
    return next(gap.cell.sentence for gap in found() if gap.code == code)


@pytest.fixture
def insured(cast: Cast) -> ComplianceDocument:
    """Cascade alone, at Hilltop and Desert, in refrigeration, insured as the work needs."""
    assert cast.hilltop and cast.desert
    VendorTrade.objects.filter(trade=cast.plumbing).delete()
    assert cast.cascade.trades.filter(trade=cast.refrigeration).exists()
    Trade.objects.exclude(pk=cast.refrigeration.pk).filter(pk=cast.plumbing.pk).update(retired_at=NOW)
    Requirement.objects.create(kind=DocumentKind.GENERAL_LIABILITY, minimum_limit_amount=1_000_000)
    return ComplianceDocument.objects.create(
        vendor=cast.cascade, kind=DocumentKind.GENERAL_LIABILITY, state="verified", uploaded_at=NOW, reviewed_at=NOW,
        starts_on=date(2026, 1, 1), ends_on=date(2026, 7, 31), limit_amount=1_000_000,
    )  # fmt: skip


def of_refrigeration(cast: Cast, on: date = TODAY) -> list[str]:
    only = Trade.objects.filter(pk=cast.refrigeration.pk)
    return [gap.code for gap in every_gap(sites=Site.objects.all(), trades=only, on=on)]


def test_a_place_that_nobody_covers_is_a_gap_and_says_so(cast: Cast) -> None:
    assert cast.hilltop and cast.desert and cast.refrigeration
    VendorFactory(trades=[cast.refrigeration], regions=[cast.north])
    assert names() == [("M-201", "Refrigeration")]
    assert sentence("M-201") == "Nobody covers it."


def test_a_paper_that_ends_opens_the_gap_the_day_after(cast: Cast, insured: ComplianceDocument) -> None:
    assert of_refrigeration(cast, date(2026, 7, 31)) == []
    assert of_refrigeration(cast, date(2026, 8, 1)) == ["M-114", "M-201"]


def test_each_vendor_that_covers_a_place_is_told_with_its_fault(cast: Cast, insured: ComplianceDocument) -> None:
    Vendor.objects.filter(pk=cast.cascade.pk).update(standing=Standing.SUSPENDED)
    unpaid = VendorFactory(trades=[cast.refrigeration], regions=[cast.north])
    unpaid.rate_cards.update(ends_on=date(2026, 7, 1))
    assert (
        sentence("M-114")
        == "2 vendors cover it: 1 not active or barred, 1 without valid papers, 1 without rates in force."
    )
    assert sentence("M-201") == "1 vendor covers it: 1 not active or barred."


def test_a_site_left_out_is_a_gap_though_its_region_is_covered(cast: Cast, insured: ComplianceDocument) -> None:
    Coverage.objects.create(vendor=cast.cascade, trade=cast.refrigeration, site=cast.hilltop, is_excluded=True)
    assert of_refrigeration(cast) == ["M-114"]
    assert sentence("M-114") == "Nobody covers it."


def test_a_site_that_trades_no_more_is_nobodys_gap_here(cast: Cast) -> None:
    assert cast.refrigeration
    Site.objects.filter(pk=cast.hilltop.pk).update(retired_at=NOW)
    trading = Site.objects.all().trading()
    assert not list(every_gap(sites=trading, trades=Trade.objects.all().active(), on=TODAY))


def test_the_page_counts_by_trade_and_by_reason_and_narrows_by_both(cast: Cast) -> None:
    assert cast.hilltop and cast.harbor and cast.desert and cast.cascade
    Vendor.objects.update(standing=Standing.PROSPECT)
    Coverage.objects.filter(region=cast.south).delete()
    page = gaps(sites=Site.objects.all(), trades=Trade.objects.all().active(), on=TODAY)
    assert page.total == 6
    assert page.by_trade == {cast.refrigeration.pk: 3, cast.plumbing.pk: 3}
    assert page.by_reason == {"uncovered": 2, "standing": 4, "papers": 0, "rates": 0, "capacity": 0}
    narrow = gaps(sites=Site.objects.all(), trades=Trade.objects.all().active(), on=TODAY, why="uncovered")
    assert narrow.total == 2
    assert {row.code for row in narrow.rows} == {"M-201"}
    assert names(why="standing") == [
        (code, trade) for code in ("M-114", "M-115") for trade in ("Plumbing", "Refrigeration")
    ]


def test_a_list_longer_than_a_page_comes_in_pages(cast: Cast) -> None:
    assert cast.refrigeration
    SiteFactory.create_batch(60, region=cast.north)
    first, second = (
        gaps(sites=Site.objects.all(), trades=Trade.objects.all().active(), on=TODAY, page=page).rows for page in (1, 2)
    )
    assert (len(first), len(second)) == (50, 10)
    assert [row.code for row in first + second] == [gap.code for gap in found()]


def test_one_paper_short_names_the_paper_that_would_help(cast: Cast, insured: ComplianceDocument) -> None:
    later = date(2026, 8, 3)
    jobs = [(cast.hilltop.pk, cast.refrigeration.pk, later)] * 2 + [(cast.desert.pk, cast.refrigeration.pk, TODAY)]
    seen = foresee(jobs)
    assert [(cell.site_id, cell.on) for cell in seen.cells] == [(cast.hilltop.pk, later)]
    assert [tuple(one) for one in seen.remedies] == [
        ("CASC", "Cascade Refrigeration", DocumentKind.GENERAL_LIABILITY, 2, insured.ends_on)
    ]
    assert one_paper_short(jobs) == {jobs[0]: [("CASC", "Cascade Refrigeration", DocumentKind.GENERAL_LIABILITY)]}
    Requirement.objects.create(kind=DocumentKind.AUTO)
    assert [(one.kind, one.jobs) for one in foresee(jobs).remedies] == [(DocumentKind.AUTO, 1)]  # Hilltop lacks two
    assert foresee([]) == ([], [])


# Against the rule, place by place


class World:
    """A company of a few places and vendors by chance, with everything that decides who may go."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        root = RegionFactory(code="R")
        halves = [RegionFactory(parent=root) for _ in range(2)]
        self.regions: list[Region] = [root, *halves, *(RegionFactory(parent=half) for half in halves)]
        self.trades: list[Trade] = [TradeFactory() for _ in range(2)]
        self.sites: list[Site] = [self.site() for _ in range(4)]
        self.vendors = [self.vendor() for _ in range(4)]
        for _ in range(chance.randint(0, 3)):
            self.requirement()

    def site(self) -> Site:
        known = self.chance.random() < 0.8
        return SiteFactory(
            region=self.chance.choice(self.regions), state=self.chance.choice(["WA", "wa", "AZ", ""]),
            currency=self.chance.choice(["USD", "USD", "USD", "CAD"]),
            latitude=Decimal(self.chance.randint(46_000, 49_000)) / 1000 if known else None,
            longitude=Decimal(self.chance.randint(-123_000, -119_000)) / 1000 if known else None,
        )  # fmt: skip

    def vendor(self) -> Vendor:
        chance, known = self.chance, self.chance.random() < 0.8
        barred = chance.random() < 0.1
        vendor: Vendor = VendorFactory(
            standing=chance.choice([*["approved"] * 5, "trial", "prospect", "suspended"]),
            kind=chance.choice(["external", "external", "internal"]),
            do_not_dispatch_since_at=NOW if barred else None, do_not_dispatch_reason="Fines" if barred else "",
            capacity_open_jobs=chance.choice([None, None, None, 4, 0]), takes_emergencies=chance.random() < 0.5,
            latitude=Decimal(chance.randint(46_000, 49_000)) / 1000 if known else None,
            longitude=Decimal(chance.randint(-123_000, -119_000)) / 1000 if known else None,
        )  # fmt: skip
        if chance.random() < 0.5:
            VendorHours.objects.create(vendor=vendor, weekday=chance.randint(0, 6), opens_minute=0, closes_minute=60)
        for trade in self.trades:
            if chance.random() < 0.8:
                VendorTrade.objects.create(vendor=vendor, trade=trade)
            if chance.random() < 0.9:
                ends = chance.choice([None, None, TODAY, TODAY + timedelta(days=1)])
                RateCardFactory(vendor=vendor, trade=trade, ends_on=ends)
            for region in chance.sample(self.regions, chance.choice([0, 1, 1, 2])):
                Coverage.objects.create(vendor=vendor, trade=trade, region=region)
            for site in chance.sample(self.sites, chance.choice([0, 0, 1, 2])):
                Coverage.objects.create(vendor=vendor, trade=trade, site=site, is_excluded=chance.random() < 0.5)
            if chance.random() < 0.4:
                Coverage.objects.create(
                    vendor=vendor, trade=trade, radius_km=chance.choice([20, Decimal("80.467"), 250])
                )
        for kind in (DocumentKind.GENERAL_LIABILITY, DocumentKind.LICENSE):
            for _ in range(chance.choice([0, 1, 1, 2])):
                self.document(vendor, kind)
        return vendor

    def document(self, vendor: Vendor, kind: str) -> None:
        chance = self.chance
        state = chance.choice([*["verified"] * 4, "pending", "rejected", "expired"])
        ComplianceDocument.objects.create(
            vendor=vendor, kind=kind, state=state, uploaded_at=NOW, reviewed_at=NOW,
            rejected_because="Blurred" if state == "rejected" else "", trade=chance.choice([None, *self.trades]),
            limit_amount=chance.choice([None, 500_000, 1_000_000]),
            jurisdiction=chance.choice(["", "WA", "az"]), starts_on=TODAY - timedelta(days=chance.choice([30, 0, -1])),
            ends_on=chance.choice([None, TODAY + timedelta(days=9), TODAY + timedelta(days=2)]),
        )  # fmt: skip

    def requirement(self) -> None:
        chance = self.chance
        asked = {
            "kind": chance.choice([DocumentKind.GENERAL_LIABILITY, DocumentKind.LICENSE]),
            "trade": chance.choice([None, *self.trades]),
            "region": chance.choice([None, *self.regions]),
        }
        if not Requirement.objects.filter(**asked).exists():
            Requirement.objects.create(
                **asked, minimum_limit_amount=chance.choice([0, 500_000, 750_000]), blocks=chance.random() < 0.8,
                applies_to_internal=chance.random() < 0.5,
            )  # fmt: skip


FAULT_OF = {
    "active": "standing", "not_barred": "standing", "documents": "papers", "limits": "papers", "rate_card": "rates",
    "capacity": "capacity",
}  # fmt: skip


def slowly(world: World, on: date) -> dict[tuple[int, int], Counter[str]]:
    """The same list by asking for every site and trade who may go; with how many fail by what."""
    gaps: dict[tuple[int, int], Counter[str]] = {}
    for site in Site.objects.select_related("region"):
        for trade in world.trades:
            considered = consider_vendors(site=site, trade=trade, priority=3, on=on)
            if any(one.eligible for one in considered):
                continue
            faults: Counter[str] = Counter(covering=0)
            for one in considered:
                failed = {check.name for check in one.failed if check.blocks}
                if "coverage" not in failed:
                    faults.update(["covering", *{FAULT_OF[name] for name in failed}])
            gaps[site.pk, trade.pk] = faults
    return gaps


def told(gap: Gap) -> Counter[str]:
    return Counter({name: getattr(gap.cell, name) for name in ("covering", *FAULT_OF.values())})


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), later=st.integers(0, 12))
def test_the_gap_list_is_what_the_rule_says_of_every_place(db: None, seed: int, later: int) -> None:
    on = TODAY + timedelta(days=later)
    with transaction.atomic():
        world = World(random.Random(seed))
        expected = slowly(world, on)
        listed = {(gap.cell.site_id, gap.cell.trade_id): told(gap) for gap in found(on)}
        places = [(site.pk, trade.pk, on) for site in world.sites for trade in world.trades]
        mixed = [*places, *((site, trade, TODAY) for site, trade, _ in places)]
        by_calendar = {(cell.site_id, cell.trade_id) for cell in foresee(mixed).cells if cell.on == on}
        transaction.set_rollback(True)
    assert {place: +faults for place, faults in listed.items()} == {place: +f for place, f in expected.items()}
    assert by_calendar == expected.keys()


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_a_remedy_is_a_paper_that_really_fills_the_gap(db: None, seed: int) -> None:
    with transaction.atomic():
        world = World(random.Random(seed))
        places = [(site.pk, trade.pk, TODAY) for site in world.sites for trade in world.trades]
        short = one_paper_short(places)
        gone = {(cell.site_id, cell.trade_id, cell.on) for cell in foresee(places).cells}
        still = {}
        for place, papers in short.items():
            code, _, kind = papers[0]
            with transaction.atomic():
                ComplianceDocument.objects.create(
                    vendor=Vendor.objects.get(code=code), kind=kind, state="verified", uploaded_at=NOW,
                    reviewed_at=NOW, starts_on=TODAY, limit_amount=10**9,
                )  # fmt: skip
                still[place] = foresee([place]).cells
                transaction.set_rollback(True)
        counted = Counter((code, kind) for papers in short.values() for code, _, kind in papers)
        summed = {(one.code, one.kind): one.jobs for one in foresee(places).remedies}
        transaction.set_rollback(True)
    assert short.keys() <= gone
    assert not any(still.values())
    assert summed == counted
