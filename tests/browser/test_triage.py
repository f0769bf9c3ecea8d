"""The morning's queue in a real browser: ten requests without a mouse, and two people at the same list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.browser.hands import Sit, strike
from tests.cast import Cast
from tests.factories.workorders import Story, reason
from workorders.models import Comment, Status, Under, WorkOrder

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def reported(cast: Cast, many: int) -> list[WorkOrder]:
    """So many requests of one store, the oldest first; the vendor that may go is there, and what it may cost."""
    assert cast.cascade
    cast.too_warm.default_nte_amount = 500
    cast.too_warm.save()
    start = timezone.now() - timedelta(minutes=many)
    return [
        Story(cast, now=start + timedelta(minutes=place)).reported(asset=None, title=f"Request {place + 1}").work_order
        for place in range(many)
    ]


def watched(page: Page) -> list[str]:
    """Complaints of the page's scripts."""
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def test_ten_requests_are_triaged_by_keyboard_alone(cast: Cast, sit: Sit) -> None:
    rows = reported(cast, 10)
    reason(Under.HOLD, "Weather")
    page = sit(cast.fm)
    complaints = watched(page)
    page.goto("/queue?status=new")
    beside = page.locator("#peek-body")
    key: Any = page.keyboard

    def stands(place: int) -> None:
        """The row at this place is the one beside the list, ready for the next key."""
        expect(beside).to_have_attribute("data-number", rows[place].number)
        expect(page.locator("#queue-peek")).not_to_have_attribute("aria-busy", "true")

    key.press("?")
    expect(page.locator("#keys")).to_be_visible()
    key.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    key.press("j")
    for place in range(3):
        stands(place)
        key.press("1")  # accept, and offer to the best vendor
    stands(3)
    key.press("2")  # the same as another: the first match is chosen already
    expect(page.locator("#peek-merge")).to_be_visible()
    key.press("Enter")
    stands(4)
    key.press("3")
    key.type("Which door is it?")
    key.press("Control+Enter")
    stands(5)
    key.press("4")
    key.type("Reported twice")
    key.press("Control+Enter")
    stands(6)
    key.press("h")
    key.press(" ")
    key.press("Control+Enter")
    stands(7)
    key.press("Control+k")  # the palette knows what the page can do
    key.type("accept only")
    key.press("Enter")
    stands(8)
    key.press("x")
    key.press("j")
    stands(9)
    key.press("x")
    expect(page.locator("[data-sel-count]")).to_have_text("2 selected")
    key.press("1")  # with rows selected, the key is for all of them
    expect(page.get_by_role("heading", name="Accept: 2 of 2 done")).to_be_visible()
    key.press("Escape")
    page.wait_for_url("**/queue?status=new")
    expect(page.locator("#n-0")).to_have_text("1")
    states = list(WorkOrder.objects.order_by("pk").values_list("status", flat=True))
    assert states == [
        *[Status.OFFERED] * 3, Status.CANCELED, Status.NEW, Status.CANCELED, Status.ON_HOLD, *[Status.READY] * 3
    ]  # fmt: skip
    assert WorkOrder.objects.get(pk=rows[3].pk).merged_into
    assert Comment.objects.get().body == "Which door is it?"
    assert complaints == []


def test_two_who_triage_the_same_queue_see_each_other_move(cast: Cast, sit: Sit) -> None:
    first, second, third = reported(cast, 3)
    fay, frida = sit(cast.fm), sit(cast.second_fm)
    complaints = watched(frida)
    for page in (fay, frida):
        page.goto("/queue")
    # Frida has a row selected, another beside the list, and is typing about it.
    strike(frida, "j")
    strike(frida, "x")
    strike(frida, "j")
    expect(frida.locator("#peek-body")).to_have_attribute("data-number", second.number)
    strike(frida, "3")
    frida.keyboard.type("Is it the")
    # Fay takes that very row, and Frida's page hears of it by itself.
    strike(fay, "j")
    strike(fay, "j")
    expect(fay.locator("#peek-body")).to_have_attribute("data-number", second.number)
    strike(fay, "1")
    expect(fay.locator("#peek-body")).to_have_attribute("data-number", third.number)
    expect(frida.locator(f"#r{second.pk}")).to_contain_text("Offered")
    expect(frida.locator("#queue-news")).to_contain_text(f"{second.number}: Fay Facilities")
    expect(frida.locator("#n-0")).to_have_text("2")
    assert frida.locator("#peek-ask textarea").input_value() == "Is it the"
    expect(frida.locator(f"#r{first.pk} input")).to_be_checked()
    frida.keyboard.press("Escape")
    expect(frida.locator("#peek-stale")).to_be_visible()
    # What is new waits until it is asked for; the selection stays, and so does the place.
    new = Story(cast, now=timezone.now()).reported(asset=None, title="Came in meanwhile").work_order
    frida.locator("#queue-news").dispatch_event("poll")
    expect(frida.locator("#queue-news")).to_contain_text("1 new")
    assert frida.locator(f"#r{new.pk}").count() == 0
    expect(frida.locator("#queue-news p")).not_to_have_attribute("aria-busy", "true")
    strike(frida, ".")
    expect(frida.locator(f"#r{new.pk}")).to_be_visible()
    expect(frida.locator(f"#r{first.pk} input")).to_be_checked()
    expect(frida.locator(f"#r{second.pk}")).to_have_attribute("aria-selected", "true")
    # Too late is said above the row as it is now.
    strike(frida, "x")
    frida.keyboard.press("Escape")
    strike(frida, "4")
    frida.keyboard.type("Not needed")
    strike(frida, "Control+Enter")
    expect(frida.get_by_text("This has changed meanwhile.")).to_be_visible()
    assert WorkOrder.objects.get(pk=second.pk).status == Status.OFFERED
    assert complaints == []
