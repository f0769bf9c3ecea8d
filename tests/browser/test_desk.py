"""The desk in a real browser: readable by everybody, and triage without a mouse."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.hands import Sit, faults
from tests.cast import Cast
from tests.factories.bills import send
from tests.factories.workorders import Story
from workorders import invoices
from workorders.models import Offer, Status

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("size", "theme"), [("desk", "light"), ("phone", "dark")])
def test_pages_of_the_desk_are_readable_by_everybody(cast: Cast, sit: Sit, size: str, theme: str) -> None:
    billed = Story(cast).verified()
    send(billed, invoices.draft_all(billed.work_order, now=billed.later())[0])
    fresh = Story(cast, now=timezone.now()).reported().work_order
    page = sit(cast.fm, size=size, theme=theme)
    paths = [
        "/dashboard", f"/queue?wo={fresh.number}", "/approvals", f"/work-orders/{fresh.number}",
        f"/work-orders/{billed.work_order.number}", "/work-orders/new",
    ]  # fmt: skip
    found = []
    for path in paths:
        page.goto(path)
        found += faults(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    assert found == []


def test_a_request_is_accepted_and_offered_by_keyboard_alone(cast: Cast, sit: Sit) -> None:
    assert cast.cascade
    cast.too_warm.default_nte_amount = 500
    cast.too_warm.save()
    first = Story(cast, now=timezone.now()).reported().work_order
    second = Story(cast, now=timezone.now(), facts={"asset": None, "description": "Door seal torn"}).reported()
    page = sit(cast.fm)
    page.goto("/queue")
    page.keyboard.press("j")
    preview = page.locator("#queue-peek")
    expect(preview).to_contain_text(first.number)
    page.keyboard.press("2")
    expect(page.locator("#peek-merge")).to_be_visible()
    expect(page.locator("#peek-merge")).to_contain_text("to the work order that stays.")
    page.keyboard.press("Escape")
    expect(page.locator("#peek-merge")).to_be_hidden()
    page.keyboard.press("1")
    expect(page.get_by_text("Offered. You are told when they answer.")).to_be_visible()
    expect(page.locator(f"#r{first.pk}")).to_contain_text("Offered")
    first.refresh_from_db()
    assert first.status == Status.OFFERED
    assert Offer.objects.get().work_order == first
    page.keyboard.press("j")
    expect(preview).to_contain_text(second.work_order.number)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/work-orders/{second.work_order.number}")
