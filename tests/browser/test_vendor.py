"""A vendor's dispatcher in a real browser: accepting without a mouse, another time by phone, the board by keyboard."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.hands import Sit, faults
from tests.cast import Cast
from tests.factories.workorders import Story
from workorders import offers
from workorders.models import Proposal, ProposalState, Status, Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def story(cast: Cast) -> Story:
    assert cast.technician
    return Story(cast, now=timezone.now() - timedelta(minutes=40)).offered()


def test_an_offer_is_accepted_by_keyboard_alone(cast: Cast, sit: Sit, story: Story) -> None:
    page = sit(cast.dispatcher)
    page.goto("/jobs")
    assert faults(page) == []
    first = page.locator("input[name=slot]").first
    first.focus()
    page.keyboard.press("ArrowDown")
    chosen = page.locator("input[name=slot]:checked")
    expect(chosen).to_have_count(1)
    value = chosen.input_value()
    assert value != first.input_value()
    for _ in range(12):  # to the button, however many fields stand between
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Accept job":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=f"{cast.technician.name} goes")).to_be_visible()
    row = story.fresh().work_order
    assert row.status == Status.SCHEDULED
    assert row.scheduled_start_at.isoformat() == value.partition("/")[0]


def test_the_time_left_counts_down_and_says_when_it_is_over(cast: Cast, sit: Sit, story: Story) -> None:
    type(story.offer).objects.filter(pk=story.offer.pk).update(expires_at=timezone.now() + timedelta(seconds=45))
    page = sit(cast.dispatcher)
    page.goto("/jobs")
    left = page.locator("[data-left]")
    expect(left).to_contain_text("Answer in")
    expect(left).to_contain_text(" s")
    expect(left).to_have_text("Too late to answer", timeout=60_000)


def test_another_time_is_proposed_on_a_phone_and_agreed_to_at_the_desk(
    cast: Cast, sit: Sit, phone: Sit, story: Story
) -> None:
    page = phone(cast.dispatcher)
    page.goto("/jobs")
    page.get_by_role("link", name="Propose another time").click()
    assert faults(page) == []
    start = (timezone.now() + timedelta(days=2)).strftime("%Y-%m-%dT10:00")
    page.get_by_label("Arrives").fill(start)
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_role("alert").or_(page.locator("[data-errors]")).first).to_contain_text("why you need")
    expect(page.get_by_label("Arrives")).to_have_value(start)
    page.get_by_label("Why another time").fill("The part comes on that day")
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_text("Facilities has not answered yet")).to_be_visible()
    assert faults(page) == []
    desk = sit(cast.fm)
    desk.goto(f"/work-orders/{story.work_order.number}")
    expect(desk.get_by_text("The part comes on that day").first).to_be_visible()
    desk.get_by_role("button", name="Accept this time").click()
    expect(desk.locator(".toast")).to_contain_text("Agreed")
    assert Proposal.objects.get().state == ProposalState.ACCEPTED
    page.reload()
    expect(page.get_by_text("Facilities has not answered yet")).to_be_hidden()
    assert story.fresh().work_order.status == Status.SCHEDULED


def test_somebody_is_sent_from_the_board_by_keyboard(cast: Cast, sit: Sit, story: Story) -> None:
    start = timezone.now() + timedelta(hours=1)
    row = offers.accept(
        story.offer, by=cast.dispatcher, now=timezone.now(), start_at=start, end_at=start + timedelta(hours=1)
    )
    page = sit(cast.dispatcher)
    page.goto(f"/jobs/schedule?view=week&day={start:%Y-%m-%d}")
    assert faults(page) == []
    who = page.get_by_label(f"Technician for {row.number}")
    who.focus()
    page.keyboard.type(cast.technician.name[:4])
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("Technician assigned")
    assert "view=week" in page.url
    assert Visit.objects.get().technician == cast.technician
