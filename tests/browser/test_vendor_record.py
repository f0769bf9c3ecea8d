"""A vendor's record and its papers in the browser: reviewed by keyboard alone, and looked at by axe at every size."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from fpdf import FPDF
from playwright.sync_api import expect

from tests.browser.hands import SIZES, Sit, faults, strike
from tests.cast import Cast
from tests.factories.workorders import photo
from vendors import compliance
from vendors.models import ComplianceDocument, Coverage, Requirement, Vendor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def hand_in(cast: Cast, vendor: Vendor, by: Any, **facts: Any) -> ComplianceDocument:
    now = timezone.now()
    usual = {
        "kind": "auto", "starts_on": now.date() - timedelta(days=9), "ends_on": now.date() + timedelta(days=300),
        "limit_amount": Decimal(1_000_000), "file": photo("auto.jpg"),
    }  # fmt: skip
    return compliance.upload(vendor=vendor, by=by, now=now, **usual | facts)


def test_papers_are_reviewed_in_turn_by_keyboard_alone(cast: Cast, sit: Sit) -> None:
    first = hand_in(cast, cast.cascade, cast.dispatcher, reference="AU-5512")
    sheet = FPDF()
    sheet.add_page()
    pdf = SimpleUploadedFile("auto.pdf", bytes(sheet.output()), content_type="application/pdf")
    second = hand_in(cast, cast.summit, cast.rival, reference="au 5512", file=pdf)
    page = sit(cast.admin)
    page.goto("/compliance")
    strike(page, "r")
    page.wait_for_url(f"**/compliance/papers/{first.pk}/review")
    expect(page.get_by_text("1 of 2 waiting")).to_be_visible()
    strike(page, "ArrowRight")
    page.wait_for_url(f"**/compliance/papers/{second.pk}/review")
    expect(page.get_by_text("Cascade Refrigeration handed in a paper with the same number.")).to_be_visible()
    strike(page, "ArrowLeft")
    page.wait_for_url(f"**/compliance/papers/{first.pk}/review")
    strike(page, "v")
    page.wait_for_url(f"**/compliance/papers/{second.pk}/review")
    strike(page, "r")
    expect(page.get_by_label("What is wrong with it")).to_be_focused()
    page.keyboard.type("This is the certificate of another company")
    expect(page.get_by_label("What is wrong with it")).to_have_value("This is the certificate of another company")
    strike(page, "ControlOrMeta+Enter")
    page.wait_for_url("**/compliance")
    expect(page.get_by_text("Rejected. The vendor reads why.")).to_be_visible()
    assert dict(ComplianceDocument.objects.values_list("pk", "state")) == {first.pk: "verified", second.pk: "rejected"}


def furnished(cast: Cast) -> ComplianceDocument:
    assert cast.hilltop and cast.harbor and cast.desert and cast.technician
    Vendor.objects.filter(pk=cast.cascade.pk).update(
        latitude=Decimal("47.604"), longitude=Decimal("-122.33"), custom={"GL account": "6110"},
        do_not_dispatch_since_at=timezone.now(), do_not_dispatch_reason="Unpaid permit fines",
    )  # fmt: skip
    Coverage.objects.create(vendor=cast.cascade, trade=cast.plumbing, radius_km=80, rank=2)
    Coverage.objects.create(vendor=cast.cascade, trade=cast.plumbing, site=cast.harbor, is_excluded=True)
    Requirement.objects.create(kind="auto", minimum_limit_amount=2_000_000)
    hand_in(cast, cast.summit, cast.rival, reference="AU-5512")
    paper = hand_in(cast, cast.cascade, cast.dispatcher, reference="AU-5512")
    ComplianceDocument.objects.create(
        vendor=cast.summit, kind="auto", state="verified", starts_on=date(2020, 1, 1), ends_on=date(2021, 1, 1),
        uploaded_at=timezone.now(), reviewed_at=timezone.now(),
    )  # fmt: skip
    return paper


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_page_of_the_record_is_fit_for_all(cast: Cast, sit: Sit, size: str, theme: str) -> None:
    paper = furnished(cast)
    page = sit(cast.admin, size=size, theme=theme)
    vendor = f"/vendors/{cast.cascade.code}"
    found, wide = [], []
    for address in (
        vendor, f"{vendor}/coverage?trade=plumbing", f"{vendor}/rates", f"{vendor}/documents", f"{vendor}/people",
        f"{vendor}/jobs", f"{vendor}/invoices", f"/sites/{cast.hilltop.code}", "/compliance", "/compliance/gaps",
        f"/compliance/gaps/{cast.hilltop.code}/plumbing", "/compliance/forecast",
        f"/compliance/papers/{paper.pk}/review",
    ):  # fmt: skip
        page.goto(address)
        found += faults(page)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(address)
    assert found == []
    assert wide == []
