"""The desk in a real browser: readable by everybody, and triage without a mouse."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.hands import Sit, faults, strike
from tests.cast import Cast
from tests.factories.bills import send
from tests.factories.workorders import Story, photo
from workorders import conversation, invoices, lifecycle
from workorders.models import Audience, Offer, Status, WorkOrder

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
    strike(page, "j")
    preview = page.locator("#queue-peek")
    expect(preview).to_contain_text(first.number)
    strike(page, "2")
    expect(page.locator("#peek-merge")).to_be_visible()
    expect(page.locator("#peek-merge")).to_contain_text("to the work order that stays.")
    page.keyboard.press("Escape")
    expect(page.locator("#peek-merge")).to_be_hidden()
    strike(page, "1")
    expect(page.get_by_text("Offered. You are told when they answer.")).to_be_visible()
    expect(page.locator(f"#r{first.pk}")).to_contain_text("Offered")
    first.refresh_from_db()
    assert first.status == Status.OFFERED
    assert Offer.objects.get().work_order == first
    strike(page, "j")
    expect(preview).to_contain_text(second.work_order.number)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/work-orders/{second.work_order.number}**")


def test_the_queue_is_walked_page_by_page_without_a_mouse(cast: Cast, sit: Sit) -> None:
    now = timezone.now()
    rows = [Story(cast, now=now).reported(asset=None, title=f"Leak {place}").work_order for place in range(3)]
    for place, row in enumerate(rows):
        WorkOrder.objects.filter(pk=row.pk).update(due_at=now + timedelta(hours=place + 1))
    page = sit(cast.fm)
    page.goto("/queue?status=new")
    strike(page, "j")
    strike(page, "j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Leak 1")
    place = page.get_by_role("navigation", name="This queue")
    expect(place).to_contain_text("2 of 3")
    strike(page, "j")
    expect(page.get_by_role("heading", level=1)).to_have_text("Leak 2")
    strike(page, "k")
    expect(page.get_by_role("heading", level=1)).to_have_text("Leak 1")
    # An act on the page does not lose the way: the row has left the view, its neighbors have not.
    page.locator("#d-triage").evaluate("dialog => dialog.showPopover()")
    strike(page, "Control+Enter")
    expect(place).to_contain_text("Out of this view, 2 left")
    strike(page, "j")
    expect(page.get_by_role("heading", level=1)).to_have_text("Leak 2")
    strike(page, "u")
    expect(page.locator(f"#r{rows[2].pk}")).to_have_attribute("aria-selected", "true")
    expect(page).to_have_url(f"/queue?status=new&wo={rows[2].number}#r{rows[2].pk}")


@pytest.mark.parametrize(("size", "script"), [("desk", True), ("phone", True), ("phone", False)])
def test_the_activity_is_narrowed_and_its_files_are_looked_at(cast: Cast, sit: Sit, size: str, script: bool) -> None:
    row = Story(cast, now=timezone.now()).reported().work_order
    body = f"@{cast.admin.name}, is this the right door?"
    conversation.say(
        row, body=body, audience=Audience.INTERNAL, by=cast.fm, now=timezone.now(), photos=[photo("door.jpg")]
    )
    page = sit(cast.fm, size=size, script=script)
    page.goto(f"/work-orders/{row.number}")
    activity = page.locator("#wo-activity")
    expect(activity.locator("strong")).to_have_text(f"@{cast.admin.name}")
    activity.get_by_role("link", name="Messages").click()
    expect(activity).not_to_contain_text("reported it")
    expect(activity).to_contain_text("is this the right door?")
    if script:
        assert faults(page) == []
        strike(page, "t")
        expect(activity).to_contain_text("reported it")
        expect(activity).not_to_contain_text("is this the right door?")
        strike(page, "t")
    else:
        activity.get_by_role("link", name="All").click()
    expect(activity).to_contain_text("reported it")
    activity.locator(".msg .photo a").click()
    expect(page).to_have_url(f"/work-orders/{row.number}/files/{row.attachments.get().pk}")


def test_the_help_sheet_fits_a_low_window_and_long_words_stay_in_the_activity(cast: Cast, sit: Sit) -> None:
    row = Story(cast, now=timezone.now()).reported().work_order
    lifecycle.triage(row, by=cast.fm, now=timezone.now())
    lifecycle.cancel(row, by=cast.fm, now=timezone.now(), reason="Donaudampfschiff" * 15)
    page = sit(cast.fm)
    page.set_viewport_size({"width": 1100, "height": 500})
    page.goto(f"/work-orders/{row.number}")
    expect(page.locator("#wo-activity")).to_contain_text("Donaudampfschiff")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    strike(page, "?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_be_visible()
    box = sheet.bounding_box()
    assert box and box["y"] >= 0 and box["y"] + box["height"] <= 500


def test_a_duplicate_is_merged_and_taken_out_again_by_keyboard_alone(cast: Cast, sit: Sit) -> None:
    first, second = (Story(cast, now=timezone.now()).reported().work_order for _ in range(2))
    page = sit(cast.fm)
    page.goto(f"/queue?wo={second.number}")
    expect(page.locator(f"#r{second.pk}")).to_contain_text("Duplicate?")
    expect(page.locator(f"#r{first.pk}")).not_to_contain_text("Duplicate?")
    strike(page, "2")
    expect(page.locator("#peek-merge")).to_contain_text(f"What moves to {first.number}")
    assert faults(page) == []
    strike(page, "Control+Enter")
    expect(page.get_by_text("Merged. It can be undone for an hour.")).to_be_visible()
    second.refresh_from_db()
    assert second.merged_into == first
    page.goto(f"/queue?wo={second.number}")
    expect(page.locator("#peek-body")).to_contain_text("Duplicate")
    strike(page, "z")
    expect(page.locator("#peek-unmerge")).to_be_visible()
    strike(page, "Control+Enter")
    expect(page.get_by_text("Taken out again. It stands where it stood.")).to_be_visible()
    second.refresh_from_db()
    assert (second.status, second.merged_into) == (Status.NEW, None)


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_a_recall_is_made_by_keyboard_after_its_effects_were_read(cast: Cast, sit: Sit, size: str) -> None:
    fixed = Story(cast, now=timezone.now() - timedelta(days=3)).verified().work_order
    again = Story(cast, now=timezone.now()).reported().work_order
    page = sit(cast.fm, size=size)
    page.goto(f"/work-orders/{again.number}")
    strike(page, "l")
    expect(page.get_by_role("heading", level=1)).to_have_text("Make this a recall?")
    expect(page.get_by_role("main")).to_contain_text("Cascade Refrigeration is asked first.")
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Make it a recall").press("Enter")
    expect(page.get_by_text("It is a recall now.")).to_be_visible()
    again.refresh_from_db()
    assert again.recall_of == fixed


def test_somebody_is_called_in_a_message_with_the_keyboard(cast: Cast, sit: Sit) -> None:
    row = Story(cast, now=timezone.now()).reported().work_order
    page = sit(cast.fm)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.goto(f"/work-orders/{row.number}")
    box = page.get_by_label("Write a message").first
    box.press_sequentially(f"Please look, @{cast.admin.name[:4]}")
    expect(page.locator("[data-call]").first).to_contain_text(cast.admin.name)
    box.press("Enter")
    expect(box).to_have_value(f"Please look, @{cast.admin.name} ")
    assert said == []
