"""Vendors, coverage, rates, agreed times, papers and what papers are asked for: as sheets, out and in again."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import LogEvent, User
from accounts.once import fresh_key
from config.sheets import Outcome, as_csv, take_in
from config.vendor_sheets import VENDOR_SHEETS
from tests.cast import Cast
from tests.factories.clock import NOW
from vendors.models import (
    ComplianceDocument,
    Coverage,
    NegotiatedTarget,
    RateCard,
    Requirement,
    Vendor,
)

type Enter = Callable[[User], Client]


def upload(text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("list.csv", text.encode(), content_type="text/csv")


def bring(cast: Cast, noun: str, *lines: str, dry_run: bool = False) -> Outcome:
    return take_in(VENDOR_SHEETS[noun], upload("\n".join(lines) + "\n"), by=cast.admin, now=NOW, dry_run=dry_run)


def faults(outcome: Outcome) -> list[str]:
    return [outcome.problem] if outcome.problem else [str(fault) for fault in outcome.report.faults]


@pytest.fixture
def furnished(cast: Cast) -> Cast:
    """Two vendors with something in every list, and words that a spreadsheet would run."""
    assert cast.cascade and cast.summit and cast.hilltop
    Vendor.objects.filter(pk=cast.cascade.pk).update(
        phone="+1 253 555 0100", custom={"GL account": "6110", "Our code": "=1+1"}, since_on=date(2021, 3, 1),
        latitude="47.604000", longitude="-122.330000", do_not_dispatch_since_at=NOW, do_not_dispatch_reason="@home",
    )  # fmt: skip
    Coverage.objects.create(vendor=cast.cascade, trade=cast.plumbing, site=cast.hilltop, is_excluded=True)
    Coverage.objects.create(vendor=cast.cascade, trade=cast.plumbing, radius_km=40, rank=3)
    NegotiatedTarget.objects.create(vendor=cast.cascade, priority=1, arrival_minutes=120)
    NegotiatedTarget.objects.create(vendor=cast.cascade, priority=1, trade=cast.plumbing, arrival_minutes=90)
    ComplianceDocument.objects.create(
        vendor=cast.cascade, kind="auto", reference="-12", starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31),
        limit_amount=1_000_000, state="verified", uploaded_at=NOW, uploaded_by=cast.dispatcher, reviewed_at=NOW,
    )  # fmt: skip
    Requirement.objects.create(
        kind="auto", trade=cast.plumbing, region=cast.north, minimum_limit_amount=5, blocks=False
    )
    Requirement.objects.create(kind="license", applies_to_internal=True)
    return cast


@pytest.mark.parametrize("noun", VENDOR_SHEETS)
def test_what_goes_out_comes_in_again_and_changes_nothing(furnished: Cast, noun: str) -> None:
    out = as_csv(VENDOR_SHEETS[noun], by=furnished.admin, now=NOW)
    assert not any(cell.startswith(("=", "+", "-", "@")) for line in csv.reader(io.StringIO(out)) for cell in line)
    before = LogEvent.objects.count()
    for _ in range(2):
        outcome = take_in(VENDOR_SHEETS[noun], upload(out), by=furnished.admin, now=NOW, dry_run=False)
        assert faults(outcome) == []
        rows = len(list(csv.reader(io.StringIO(out)))) - 1
        assert (outcome.report.new, outcome.report.changed, outcome.report.unchanged) == (0, 0, rows)
        assert rows >= 2 or noun == "papers"
    assert LogEvent.objects.exclude(verb="sheet.taken_in").count() == before


def test_an_empty_house_is_furnished_from_files(cast: Cast) -> None:
    assert cast.plumbing and cast.north and cast.hilltop
    steps = {
        "vendors": (
            "code,name,email,standing,trades,latitude,longitude,numbers,since_on",
            "NORD,Nordic,n@nordic.example.com,approved,plumbing,47.6,-122.3,GL: 6110; Ours: 7,2020-05-01",
        ),
        "coverage": (
            "vendor,trade,region,site,radius_km,rank,is_excluded",
            "NORD,plumbing,,M-114,,,yes", "nord,Plumbing,NORTH,,,1,", "NORD,plumbing,,,60,,no",
        ),
        "rates": (
            "vendor,trade,starts_on,ends_on,labor_regular_amount,labor_overtime_amount,labor_emergency_amount,"
            "labor_holiday_amount",
            "NORD,plumbing,2026-01-01,2026-07-01,90,135,150,180", "NORD,plumbing,2026-07-01,,95,140,160,190",
        ),
        "agreed-times": ("vendor,priority,arrival_minutes", "NORD,P1,120"),
        "papers": (
            "vendor,kind,reference,starts_on,ends_on,limit_amount,state",
            "NORD,auto,AU-1,2026-01-01,2026-12-31,1000000,verified", "NORD,umbrella,U-1,2026-01-01,,,pending",
        ),
        "requirements": ("kind,trade,region,minimum_limit_amount", "auto,plumbing,NORTH,500000"),
    }  # fmt: skip
    for noun, lines in steps.items():
        looked = bring(cast, noun, *lines, dry_run=True)
        assert (looked.report.new, faults(looked)) == (len(lines) - 1, []), noun
        kept = bring(cast, noun, *lines)
        assert (kept.report.new, faults(kept)) == (len(lines) - 1, []), noun
        again = bring(cast, noun, *lines)
        assert (again.report.unchanged, faults(again)) == (len(lines) - 1, []), noun
    made = Vendor.objects.get(code="NORD")
    assert (made.standing, made.custom, made.known_since) == ("approved", {"GL": "6110", "Ours": "7"}, date(2020, 5, 1))
    assert made.coverage.count() == 3
    assert RateCard.objects.in_force(date(2026, 8, 1)).get(vendor=made).labor_regular_amount == 95
    paper = made.documents.get(kind="auto")
    assert (paper.state, paper.reviewed_at, paper.file) == ("verified", NOW, None)


GOOD = {
    "vendors": ("code,name,email,latitude,longitude", "GOOD,Good,good@example.com,,"),
    "coverage": ("vendor,trade,region,site,radius_km,is_excluded", "SUMM,plumbing,ALL,,,"),
    "rates": (
        "vendor,trade,starts_on,ends_on,labor_regular_amount,labor_overtime_amount,labor_emergency_amount,"
        "labor_holiday_amount",
        "SUMM,plumbing,2020-01-01,2020-02-01,1,1,1,1",
    ),
    "papers": ("vendor,kind,starts_on,ends_on,reference", "SUMM,license,2026-01-01,,L-1"),
    "requirements": ("kind,trade,minimum_limit_amount,blocks", "umbrella,,1,"),
}


@pytest.mark.parametrize(
    ("noun", "row", "fault"),
    [
        ("vendors", "CASC,,x@example.com,,", "Row 3, name: “” is empty, but must be there"),
        ("vendors", "NEW,New,not mail,,", "“not mail” is not an e-mail address"),
        ("vendors", "NEW,New,x@example.com,47.6,", "Latitude is −90 to 90 and longitude −180 to 180, both or neither"),
        ("coverage", "NOPE,plumbing,NORTH,,,", "Row 3, vendor: “NOPE” is not a vendor's code"),
        ("coverage", "CASC,plumbing,NORTH,M-114,,", "Choose a region, a site or a radius"),
        ("coverage", "CASC,plumbing,,,60,", "Row 3, radius_km: “60” is refused: Enter the position of the"),
        (
            "coverage", "LONE,plumbing,,M-114,,yes",
            "“yes” is refused: Lone Plumbers does not cover M-114 for Plumbing, so there is nothing to leave out",
        ),
        (
            "rates", "CASC,plumbing,2030-01-01,,1,1,1,1",
            "Row 3, starts_on: “2030-01-01” is refused: Rates for Plumbing are in force from 1 Jan 2026 until further",
        ),
        ("rates", "CASC,plumbing,2019-01-02,2019-01-01,1,1,1,1", "The rate card ends before it starts"),
        ("papers", "CASC,auto,2026-07-01,2026-06-01,A-1", "“2026-06-01” is refused: The document ends before"),
        ("papers", "CASC,poem,2026-07-01,,A-1", "“poem” is not one of general_liability"),
        ("requirements", "auto,roofing,1,", "“roofing” is not a trade's code or name"),
        ("requirements", "auto,plumbing,-1,", "“-1” is not between 0 and"),
    ],
)  # fmt: skip
def test_each_fault_names_row_and_column_and_nothing_at_all_is_stored(
    cast: Cast, noun: str, row: str, fault: str
) -> None:
    assert cast.cascade and cast.summit and cast.hilltop and cast.admin
    Vendor.objects.create(code="LONE", name="Lone Plumbers", email="l@example.com", created_at=NOW)
    header, good = GOOD[noun]
    before = LogEvent.objects.count()
    outcome = bring(cast, noun, header, good, row)
    assert fault in "\n".join(faults(outcome)), faults(outcome)
    assert LogEvent.objects.count() == before
    assert not Vendor.objects.filter(code="GOOD").exists()
    assert not Coverage.objects.filter(vendor=cast.summit, region=cast.company).exists()
    assert not RateCard.objects.filter(starts_on=date(2020, 1, 1)).exists()
    assert not ComplianceDocument.objects.exists()
    assert not Requirement.objects.exists()


def test_a_paper_that_was_handed_in_here_is_not_overwritten_by_a_file(furnished: Cast) -> None:
    row = "CASC,auto,'-12,2026-01-01,2027-12-31,verified"
    outcome = bring(furnished, "papers", "vendor,kind,reference,starts_on,ends_on,state", row)
    assert "This paper was handed in here" in faults(outcome)[0]
    assert ComplianceDocument.objects.get().ends_on == date(2026, 12, 31)


def test_the_pages_of_the_sheets_are_an_administrators(furnished: Cast, enter: Enter) -> None:
    client = enter(furnished.admin)
    for noun in VENDOR_SHEETS:
        assert client.get(f"/settings/{noun}/sheet").status_code == 200
        assert client.get(f"/settings/{noun}/sheet.csv")["Content-Type"].startswith("text/csv")
        assert enter(furnished.fm).get(f"/settings/{noun}/sheet.csv").status_code == 403
    given = {
        "file": upload("vendor,trade,starts_on\nCASC,plumbing,2030-01-01\n"),
        "look": "1",
        "operation": fresh_key(),
    }
    answer: Any = client.post("/settings/rates/sheet", given)
    assert answer.status_code == 422
    assert "Rates for Plumbing are in force" in answer.content.decode()
