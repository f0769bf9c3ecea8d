"""Building the demo company: regions, stores, equipment, vendors with their papers and rates, and people."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.hashers import make_password

from accounts import people
from accounts.actors import System
from accounts.models import Role, User
from assets.models import (
    Area,
    Asset,
    AssetCategory,
    Region,
    Responsibility,
    Responsible,
    Site,
    SiteHours,
    Trade,
    Warranty,
)
from assets.postings import post
from config.demo.names import (
    AREAS,
    COMPANIES,
    DISTRICTS,
    DIVISIONS,
    EQUIPMENT,
    ORGANIZATION,
    PASSWORD,
    TOWNS,
    WITHOUT_ACCOUNT,
    names,
)
from vendors.models import (
    ComplianceDocument,
    Coverage,
    DocumentKind,
    DocumentState,
    NegotiatedTarget,
    RateCard,
    Requirement,
    Vendor,
    VendorTrade,
    WarrantyProvider,
)
from vendors.staffing import employ

BUILDER = System("Set-up", via="import")
DOMAIN = "marlowfinch.example"
STREETS = ("Main St", "Pacific Ave", "Commerce Way", "Mill Rd")


@dataclass
class Company:
    """The demo company in memory: everything the play reaches for, by name."""

    start: datetime
    chance: random.Random
    regions: dict[str, Region] = field(default_factory=dict)
    sites: list[Site] = field(default_factory=list)
    vendors: dict[str, Vendor] = field(default_factory=dict)
    managers: dict[int, User] = field(default_factory=dict)
    facilities: dict[str, User] = field(default_factory=dict)
    finance: dict[str, User] = field(default_factory=dict)
    dispatchers: dict[int, User] = field(default_factory=dict)
    technicians: dict[int, list[User]] = field(default_factory=dict)
    sign_ins: list[dict[str, Any]] = field(default_factory=list)
    _names: Iterator[str] = field(default_factory=names)
    _hash: str = ""

    def division(self, site: Site) -> str:
        return {code: division for code, _, division in DISTRICTS}[site.region.code]

    def person(
        self,
        role: str,
        where: str,
        apply: Callable[[Any], object],
        *,
        domain: str = DOMAIN,
        limit: int = 0,
        title: str = "",
    ) -> User:
        """One more person with a role, posted or employed by `apply`, and noted for the manifest."""
        name = next(self._names)
        self._hash = self._hash or make_password(PASSWORD)
        user = User.objects.create(
            email=f"{name.lower().replace(' ', '.')}@{domain}",
            name=name,
            password=self._hash,
            joined_at=self.start,
            job_title=title,
            time_zone="America/Los_Angeles",
        )
        membership = people.grant(user=user, role=role, by=BUILDER, now=self.start)
        apply(membership)
        if limit:
            limits = dict.fromkeys(people.LIMITS, Decimal(limit))
            people.set_limits(user=user, limits=limits, by=BUILDER, now=self.start)
        self.sign_ins.append(
            {"name": name, "email": user.email, "role": str(role), "scope": where, "password": PASSWORD}
        )
        return User.objects.get(pk=user.pk)


def build(*, start: datetime, sites: int, chance: random.Random, step: Callable[[str], None]) -> Company:
    """Make the company as it stands on its first day. Deterministic for one `chance`."""
    company = Company(start=start, chance=chance)
    _regions(company)
    step("Stores and their equipment")
    for number in range(sites):
        _site(company, number)
    step("Vendors, rates and papers")
    for row in COMPANIES:
        _vendor(company, row)
    _requirements()
    _warranties(company)
    step("People and roles")
    _people(company)
    return company


def _regions(company: Company) -> None:
    root = Region.objects.create(code="MF", name=ORGANIZATION, level="Company")
    company.regions["MF"] = root
    for code, name in DIVISIONS:
        company.regions[code] = Region.objects.create(parent=root, code=code, name=name, level="Division")
    for code, name, division in DISTRICTS:
        parent = company.regions[division]
        company.regions[code] = Region.objects.create(parent=parent, code=code, name=name, level="District")
    for region in company.regions.values():
        region.refresh_from_db()


def _site(company: Company, number: int) -> None:
    town = TOWNS[number % len(TOWNS)]
    lap = number // len(TOWNS)
    restaurant = number % 3 == 2
    code = f"{'K' if restaurant else 'M'}-{114 + number}"
    chance = company.chance
    site = Site.objects.create(
        code=code,
        name=town.name if not lap else f"{town.name} {lap + 1}",
        region=company.regions[town.district],
        address_line=f"{chance.randint(100, 9800)} {chance.choice(STREETS)}",
        city=town.name.split(" ")[0],
        state=town.state,
        postal_code=f"{chance.randint(10000, 99999)}",
        phone=f"+1 253 555 {chance.randint(100, 9999):04}",
        latitude=Decimal(town.latitude) + Decimal(lap) / 50,
        longitude=Decimal(town.longitude) + Decimal(lap) / 50,
        time_zone=town.zone,
        cost_center=f"CC-{4000 + number}",
        tier="A" if number % 4 == 0 else "B",
        floor_area_m2=chance.randint(280, 520) if restaurant else chance.randint(1800, 4200),
        access_note="Ring at the dock door behind the building.",
    )
    opens, closes = (630, 1380) if restaurant else (420, 1320)
    SiteHours.objects.bulk_create(
        SiteHours(site=site, weekday=day, opens_minute=opens, closes_minute=closes) for day in range(7)
    )
    areas = {name: Area.objects.create(site=site, name=name) for name in AREAS}
    categories = {category.name: category for category in AssetCategory.objects.all()}
    counts: dict[str, int] = {}
    for kit in EQUIPMENT:
        counts[kit.prefix] = counts.get(kit.prefix, 0) + 1
        age = timedelta(days=365 * kit.age + chance.randint(0, 300))
        Asset.objects.create(
            tag=f"{kit.prefix}-{114 + number}-{counts[kit.prefix]:02}",
            name=kit.name,
            category=categories[kit.category],
            site=site,
            area=areas[kit.area],
            make=kit.make,
            model=f"{kit.make[:2].upper()}{chance.randint(100, 999)}",
            serial=f"{chance.randint(10**7, 10**8 - 1)}",
            installed_on=(company.start - age).date(),
            purchase_cost_amount=Decimal(kit.cost) * Decimal("0.85"),
            replacement_cost_amount=Decimal(kit.cost),
        )
    if number % 5 == 3:
        Responsibility.objects.create(
            site=site,
            trade=Trade.objects.get(code="plumbing"),
            who=Responsible.LANDLORD,
            contact_name="Parkside Property",
            contact_email="repairs@parkside.example",
            lease_note="Lease section 9: pipes in walls and floors.",
        )
    company.sites.append(site)


def _vendor(company: Company, row: Any) -> None:
    base = next(town for town in TOWNS if town.name == row.base)
    chance, today = company.chance, company.start.date()
    vendor = Vendor.objects.create(
        code=row.code,
        name=row.name,
        kind=row.kind,
        standing=row.standing,
        email=f"dispatch@{_domain(row.name)}",
        phone=f"+1 253 555 {chance.randint(100, 9999):04}",
        takes_emergencies=True,
        city=base.name.split(" ")[0],
        state=base.state,
        latitude=Decimal(base.latitude),
        longitude=Decimal(base.longitude),
        time_zone=base.zone,
        created_at=company.start,
    )
    labor = Decimal(row.labor)
    for trade in Trade.objects.filter(code__in=row.trades):
        VendorTrade.objects.create(vendor=vendor, trade=trade)
        for rank, division in enumerate(row.divisions, start=1):
            Coverage.objects.create(
                vendor=vendor,
                trade=trade,
                region=company.regions[division],
                rank=rank if row.standing == "preferred" else None,
            )
        RateCard.objects.create(
            vendor=vendor,
            trade=trade,
            starts_on=today - timedelta(days=200),
            labor_regular_amount=labor,
            labor_overtime_amount=labor * Decimal("1.5"),
            labor_emergency_amount=labor * Decimal("1.75"),
            labor_holiday_amount=labor * 2,
            helper_amount=labor * Decimal("0.6"),
            trip_amount=Decimal(0) if row.kind == "internal" else Decimal(65),
            minimum_hours=Decimal("1.00"),
            parts_markup_percent=Decimal(0) if row.kind == "internal" else Decimal(20),
            tax_percent=Decimal("0"),
        )
    for priority, response, arrival in ((1, 30, 180), (2, 90, 420)):
        NegotiatedTarget.objects.create(
            vendor=vendor, priority=priority, response_minutes=response, arrival_minutes=arrival
        )
    if row.kind != "internal":
        _papers(vendor, today, chance)
    company.vendors[row.code] = vendor


def _domain(name: str) -> str:
    return f"{name.split(' ')[0].lower()}.example"


def _papers(vendor: Vendor, today: date, chance: random.Random) -> None:
    reviewed = vendor.created_at
    limits = ((DocumentKind.GENERAL_LIABILITY, 2_000_000), (DocumentKind.WORKERS_COMPENSATION, 1_000_000))
    for kind, limit in limits:
        ComplianceDocument.objects.create(
            vendor=vendor,
            kind=kind,
            issuer=chance.choice(["Evergreen Mutual", "Sierra Casualty", "Union Pacific Life"]),
            reference=f"{chance.randint(10**6, 10**7 - 1)}",
            limit_amount=limit,
            starts_on=today - timedelta(days=120),
            ends_on=today + timedelta(days=240 + chance.randint(-60, 160)),
            state=DocumentState.VERIFIED,
            uploaded_at=reviewed,
            reviewed_at=reviewed,
        )


def _requirements() -> None:
    for kind, limit in ((DocumentKind.GENERAL_LIABILITY, 1_000_000), (DocumentKind.WORKERS_COMPENSATION, 500_000)):
        Requirement.objects.create(kind=kind, minimum_limit_amount=limit)


def _warranties(company: Company) -> None:
    """Young equipment is under warranty; behind one in two stands a vendor of ours."""
    young = Asset.objects.filter(installed_on__gte=(company.start - timedelta(days=730)).date()).order_by("pk")
    providers = list(company.vendors.values())
    for number, asset in enumerate(young):
        warranty = Warranty.objects.create(
            asset=asset,
            provider_name=f"{asset.make} factory service",
            provider_phone="+1 800 555 0142",
            starts_on=asset.installed_on,
            ends_on=asset.installed_on + timedelta(days=365 * 5),
            reference=f"W-{asset.pk:05}",
        )
        behind = next((one for one in providers if one.trades.filter(trade=asset.category.trade).exists()), None)
        if behind and number % 2 == 0:
            WarrantyProvider.objects.create(warranty=warranty, vendor=behind)


def _people(company: Company) -> None:
    start = company.start

    def at(**where: Any) -> Callable[[Any], object]:
        return lambda membership: post(membership=membership, by=BUILDER, now=start, **where)

    def of(vendor: Vendor) -> Callable[[Any], object]:
        return lambda membership: employ(membership=membership, vendor=vendor, by=BUILDER, now=start)

    regions = company.regions
    for title in ("Facilities administrator", "Compliance lead"):
        company.person(Role.ADMINISTRATOR, "Everything", lambda membership: None, title=title)
    company.facilities["MF"] = company.person(
        Role.FACILITIES_MANAGER, ORGANIZATION, at(regions=[regions["MF"]]), limit=25_000, title="Director of facilities"
    )
    for code, name in DIVISIONS:
        for _ in range(2):
            company.facilities[code] = company.person(
                Role.FACILITIES_MANAGER, name, at(regions=[regions[code]]), limit=5_000, title="Facilities manager"
            )
        for _ in range(2):
            company.finance[code] = company.person(
                Role.FINANCE, name, at(regions=[regions[code]]), limit=10_000, title="Accounts payable"
            )
    for _ in range(2):
        company.person(Role.AUDITOR, "Everything", lambda membership: None, title="Internal audit")
    for code, name, _ in DISTRICTS[:2]:
        for _ in range(2):
            company.person(
                Role.DISTRICT_MANAGER, name, at(regions=[regions[code]]), limit=1_500, title="District manager"
            )
    for number, site in enumerate(company.sites):
        company.managers[site.pk] = company.person(
            Role.STORE_MANAGER, site.code, at(sites=[site]), title="Store manager"
        )
        if number < 2:
            company.person(Role.STORE_MANAGER, site.code, at(sites=[site]), title="Assistant manager")
    for number, vendor in enumerate(company.vendors.values()):
        domain = _domain(vendor.name)
        company.technicians[vendor.pk] = []
        if vendor.code in WITHOUT_ACCOUNT:
            continue
        pairs = 2 if number < 3 else 1
        for _ in range(pairs):
            company.dispatchers[vendor.pk] = company.person(Role.DISPATCHER, vendor.name, of(vendor), domain=domain)
        company.technicians[vendor.pk] = [
            company.person(Role.TECHNICIAN, vendor.name, of(vendor), domain=domain) for _ in range(2)
        ]
