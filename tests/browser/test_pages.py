"""Pages of stores, vendors and finance: readable by everybody, worked by keyboard alone and without script."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.browser.hands import SIZES, Sit, faults, read_by
from tests.cast import Cast
from tests.factories.workorders import Story
from workorders.models import Status

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("size", SIZES)
def test_pages_are_readable_by_everybody_in_both_themes(cast: Cast, sit: Sit, size: str) -> None:
    other = {"asset": None, "trade": cast.plumbing, "problem_type": cast.leak}
    done = Story(cast, facts=other).completed().work_order
    offered = Story(cast).offered().work_order
    on_site = Story(cast, facts={"asset": None}).on_site().work_order
    addresses = {
        cast.store: ["/store", "/requests", f"/requests/{done.number}", "/report", "/equipment"],
        cast.dispatcher: ["/jobs", f"/jobs/{offered.number}", "/jobs/schedule", "/jobs/invoices", "/company"],
        cast.technician: ["/jobs", f"/jobs/{on_site.number}", f"/jobs/{on_site.number}/check-out"],
        cast.finance: ["/invoices"],
    }
    assert read_by(sit, addresses, size=size) == []


def press_to(page: Page, name: str, *, role: str = "button") -> None:
    """Tab on until the control `name` has the focus, then Enter; fails where the keyboard cannot reach it."""
    target = page.get_by_role(role, name=name, exact=True).first
    for _ in range(80):
        page.keyboard.press("Tab")
        if target.evaluate("one => one === document.activeElement"):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"The keyboard does not reach {name!r} on {page.url}")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_from_the_offer_to_the_confirmation_without_a_pointer(cast: Cast, phone: Sit, script: bool) -> None:
    assert cast.technician
    row = Story(cast, now=timezone.now() - timedelta(hours=1)).offered().work_order
    page = phone(cast.dispatcher, script=script)
    page.goto(f"/jobs/{row.number}")
    press_to(page, "Accept job")
    expect(page.get_by_text("Tess Technician goes")).to_be_visible()

    page = phone(cast.technician, script=script)
    page.goto(f"/jobs/{row.number}")
    page.locator("summary", has_text="Check in without position").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Why", exact=True).press_sequentially("No signal")
    press_to(page, "Check in without position")
    expect(page.get_by_role("heading", name="Checked in")).to_be_visible()
    press_to(page, "Check out", role="link")
    page.get_by_label("Needs another visit").focus()
    page.keyboard.press("Space")
    page.get_by_label("What is left to do").press_sequentially("Bring the long ladder")
    press_to(page, "Check out")
    if script:  # this browser gives no position
        expect(page.get_by_role("button", name="Check out without position")).to_be_visible()
        press_to(page, "Check out without position")
    expect(page.get_by_text("Tess Technician goes").or_(page.get_by_text("You go")).first).to_be_visible()
    row.refresh_from_db()
    assert (row.status, row.visits.count()) == (Status.SCHEDULED, 2)


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_the_store_confirms_without_a_pointer(cast: Cast, phone: Sit, script: bool) -> None:
    row = Story(cast, now=timezone.now() - timedelta(hours=8)).completed().work_order
    page = phone(cast.store, script=script)
    page.goto("/store")
    page.get_by_role("radio", name="4 of 5").focus()
    page.keyboard.press("Space")
    press_to(page, "Yes, it works")
    expect(page.get_by_text("It failed again")).to_be_visible()
    row.refresh_from_db()
    assert row.status == Status.VERIFIED


def test_the_bell_opens_on_a_phone(cast: Cast, phone: Sit) -> None:
    page = phone(cast.store)
    page.goto("/store")
    page.get_by_role("button", name="Notifications").click()
    expect(page.locator("#bell-menu")).to_be_visible()
    expect(page.locator("#bell-menu").get_by_text("Nothing yet")).to_be_visible()
    assert faults(page) == []
