"""What the demo company's vendors are known by, where each goes, and the papers that tell a story: one that ends soon
and takes planned work with it, some that wait for a review, and places for which nobody has what is needed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile
from fpdf import FPDF

from accounts.words import in_km
from assets.models import Site, Trade, Weekday
from config.demo.company import Company
from vendors import compliance
from vendors.models import (
    ComplianceDocument,
    Contact,
    Coverage,
    DocumentKind,
    DocumentState,
    Requirement,
    Vendor,
    VendorHours,
)

OPENS, CLOSES = 7 * 60, 17 * 60
ENDS_IN = timedelta(days=9)
"""After the last day of the play the insurance of the only cooling company of the Southwest ends."""
AROUND_KM = in_km(Decimal(160), "US")
"""How far the plumbers of Portland drive: to Seattle, and not to Spokane."""


def furnish(company: Company, *, until: datetime) -> None:
    """What the vendors are known by and where they go, before the play begins."""
    for number, vendor in enumerate(company.vendors.values()):
        vendor.since_on = date(2017 + number % 8, 1 + number % 12, 1)
        vendor.emergency_phone = f"+1 800 555 {1000 + number * 37:04}"
        vendor.custom = {"Our vendor number": f"V-{2040 + number * 7}", "GL account": f"6110-{10 + number}"}
        vendor.save(update_fields=["since_on", "emergency_phone", "custom"])
        VendorHours.objects.bulk_create(
            VendorHours(vendor=vendor, weekday=day, opens_minute=OPENS, closes_minute=CLOSES)
            for day in (*range(Weekday.SATURDAY),)
        )
        domain = vendor.email.partition("@")[2]
        Contact.objects.create(vendor=vendor, name="Accounts", duty="Billing", email=f"billing@{domain}")
    _coverage(company)
    _papers(company, until)


def _coverage(company: Company) -> None:
    """A radius, single sites, a site left out; and in the Southwest one company alone for everything cold."""
    inland, blue, desert = company.vendors["INLC"], company.vendors["BLUE"], company.vendors["DESR"]
    southwest = company.regions["SW"]
    inland.coverage.filter(region=southwest).delete()
    plumbing, kitchen = Trade.objects.get(code="plumbing"), Trade.objects.get(code="kitchen")
    blue.coverage.filter(trade=plumbing).delete()
    Coverage.objects.create(vendor=blue, trade=plumbing, radius_km=AROUND_KM)
    for rank, site in enumerate(Site.objects.filter(region__code="IE").order_by("code")[:1], start=1):
        Coverage.objects.create(vendor=blue, trade=plumbing, site=site, rank=rank)
    for site in Site.objects.filter(region__code="MT").order_by("code")[:1]:
        Coverage.objects.create(vendor=desert, trade=kitchen, site=site, is_excluded=True)


def _papers(company: Company, until: datetime) -> None:
    """Insurance that ends soon, and a license that is asked for in Arizona and held in Nevada."""
    sonora, sure = company.vendors["SONO"], company.vendors["SURE"]
    sonora.documents.filter(kind=DocumentKind.GENERAL_LIABILITY).update(ends_on=until.date() + ENDS_IN)
    pest = Trade.objects.get(code="pest")
    Requirement.objects.create(kind=DocumentKind.LICENSE, trade=pest, region=company.regions["AZ"])
    ComplianceDocument.objects.create(
        vendor=sure, kind=DocumentKind.LICENSE, trade=pest, issuer="Nevada Department of Agriculture",
        reference="NV-48812", jurisdiction="NV", starts_on=company.start.date() - timedelta(days=300),
        state=DocumentState.VERIFIED, uploaded_at=company.start, reviewed_at=company.start,
    )  # fmt: skip


def hand_in(company: Company, *, now: datetime) -> None:
    """The last morning of the play: papers that wait for a review, one of them with another company's number."""
    others = company.vendors["INLC"].documents.get(kind=DocumentKind.GENERAL_LIABILITY)
    for hours, code, kind, issuer, number, limit in (
        (30, "CASC", DocumentKind.AUTO, "Evergreen Mutual", "AU-2207419", 1_000_000),
        (7, "NSTR", DocumentKind.GENERAL_LIABILITY, others.issuer, others.reference, 2_000_000),
        (2, "HARB", DocumentKind.UMBRELLA, "Sierra Casualty", "UM-118-20", 5_000_000),
    ):
        vendor, at = company.vendors[code], now - timedelta(hours=hours)
        name = f"{code.lower()}-{kind}.pdf"
        starts_on = at.date() - timedelta(days=3)
        ends_on = starts_on + timedelta(days=364)
        compliance.upload(
            vendor=vendor, by=company.dispatchers[vendor.pk], now=at, kind=kind, issuer=issuer, reference=number,
            limit_amount=Decimal(limit), starts_on=starts_on, ends_on=ends_on,
            file=SimpleUploadedFile(
                name, _certificate(vendor, kind, issuer, number, limit, starts_on, ends_on),
                content_type="application/pdf",
            ),
        )  # fmt: skip


def _certificate(
    vendor: Vendor, kind: DocumentKind, issuer: str, number: str, limit: int, starts_on: date, ends_on: date
) -> bytes:
    """A page that looks like what brokers send."""
    page = FPDF(format="letter", unit="mm")
    page.add_page()
    page.set_font("helvetica", "B", 18)
    page.cell(0, 14, "Certificate of liability insurance", new_x="LMARGIN", new_y="NEXT")
    for label, said in (
        ("Producer", "Rainier Brokers, 400 Pine Street, Seattle"), ("Insured", f"{vendor.name}, {vendor.city}"),
        ("Insurer", issuer), ("Coverage", kind.label), ("Policy number", number), ("Each occurrence", f"$ {limit:,}"),
        ("Effective", f"{starts_on:%m/%d/%Y}"), ("Expires", f"{ends_on:%m/%d/%Y}"),
        ("Certificate holder", "Marlow & Finch, Facilities"),
    ):  # fmt: skip
        page.set_font("helvetica", "", 10)
        page.cell(55, 9, label, border="B")
        page.set_font("helvetica", "B", 11)
        page.cell(0, 9, said, border="B", new_x="LMARGIN", new_y="NEXT")
    return bytes(page.output())
