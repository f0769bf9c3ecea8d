"""The story's tasks with the keyboard alone: reported, decided, asked and paid, without one click of a pointer.

Triage and offer from the queue: test_desk. Accepting, checking in and out, confirming: test_pages.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from assets.models import CriticalityQuestion
from tests.browser.hands import DESK, PHONE, SIZES, Hands, Sit, read_by
from tests.cast import Cast
from tests.factories.workorders import Story
from workorders import invoices
from workorders.models import DispatchPolicy, InvoiceState, Offer, Status, WorkOrder

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

STEPS = 120
REACHED = """one => one === document.activeElement
    || one.type === "radio" && one.name === document.activeElement.name && one.form === document.activeElement.form"""


def reach(page: Page, control: Locator) -> None:
    """Tab on until `control` has the focus; a group of radios is gone through with the arrows."""
    expect(control).to_be_attached()
    for _ in range(STEPS):
        page.keyboard.press("Tab")
        if control.evaluate(REACHED):
            break
    else:
        raise AssertionError(f"The keyboard does not reach {control} on {page.url}")
    for _ in range(STEPS):
        if control.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"The arrows do not reach {control} on {page.url}")


def choose(page: Page, radio: Locator) -> None:
    reach(page, radio)
    page.keyboard.press("Space")
    expect(radio).to_be_checked()


def write(page: Page, field: Locator, words: str) -> None:
    reach(page, field)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(words)


def press(page: Page, control: Locator) -> None:
    reach(page, control)
    page.keyboard.press("Enter")


def test_a_problem_is_reported(cast: Cast, hands: Hands) -> None:
    assert cast.cooler and cast.too_warm and cast.plumbing
    question = CriticalityQuestion.objects.create(problem_type=cast.too_warm, text="Is food at risk?", level_if_yes=1)
    page = hands.give(cast.store, device=PHONE, to="/store")
    press(page, page.get_by_role("link", name="Report a problem"))
    expect(page.get_by_role("heading", name="What is wrong?")).to_be_visible()
    choose(page, page.get_by_role("radio", name=cast.refrigeration.name))
    choose(page, page.get_by_role("radio", name=cast.too_warm.name))
    reach(page, page.get_by_label("Which unit?"))
    page.keyboard.type("Walk")
    choose(page, page.get_by_role("radio", name="Not working at all"))
    choose(page, page.get_by_role("group", name=question.text).get_by_role("radio", name="Yes"))
    write(page, page.get_by_label("What do you see"), "The display shows 52.")
    press(page, page.get_by_role("button", name="Send request").last)
    expect(page.get_by_text("We have it. Your number is")).to_be_visible()
    row = WorkOrder.objects.get()
    assert (row.asset, row.priority, row.description) == (cast.cooler, 1, "The display shows 52.")


def test_a_request_is_accepted_and_offered_from_its_page(cast: Cast, hands: Hands) -> None:
    assert cast.cascade
    row = Story(cast, now=timezone.now()).reported().work_order
    page = hands.give(cast.fm, device=DESK, to=f"/work-orders/{row.number}")
    press(page, page.get_by_role("button", name="Accept", exact=True).first)
    press(page, page.get_by_role("dialog").get_by_role("button", name="Accept", exact=True))
    expect(page.get_by_text("Accepted. Choose who goes.")).to_be_visible()
    best = page.locator("#vendor-recs details.rec").first
    write(page, best.get_by_label("Not to exceed"), "900")
    press(page, best.get_by_role("button", name="Offer to"))
    expect(page.get_by_text("Waiting for an answer")).to_be_visible()
    row.refresh_from_db()
    assert (row.status, row.authorized_amount) == (Status.OFFERED, 900)


def test_a_bill_is_sent_and_approved(cast: Cast, hands: Hands) -> None:
    assert cast.finance
    story = Story(cast, now=timezone.now() - timedelta(hours=8)).verified()
    bill = invoices.draft_all(story.work_order, now=story.later())[0]
    page = hands.give(cast.dispatcher, device=PHONE, to=f"/jobs/invoices/{bill.pk}")
    write(page, page.get_by_label("Your invoice number"), "CR-2041")
    press(page, page.get_by_role("button", name="Send invoice"))
    expect(page.get_by_text("Facilities decides about it.")).to_be_visible()
    page = hands.give(cast.finance, device=DESK, to="/approvals")
    press(page, page.get_by_role("link", name="CR-2041").first)
    expect(page.get_by_role("heading", level=1)).to_contain_text("CR-2041")
    reason = page.get_by_label("Reason").first
    write(page, reason, "Checked against the visit.")
    press(page, page.get_by_role("button", name="Approve ").first)
    expect(page.get_by_text("Approved by Fin Finance")).to_be_visible()
    bill.refresh_from_db()
    assert bill.state == InvoiceState.APPROVED


POLICIES = "/settings/dispatch"


def asked(cast: Cast) -> Offer:
    assert cast.summit and cast.admin
    return Story(cast, now=timezone.now() - timedelta(hours=1)).offered(vendor=cast.cascade).offer


def test_a_dispatch_policy_is_made_changed_and_tried_on_an_order_of_the_past(cast: Cast, hands: Hands) -> None:
    offer = asked(cast)
    page = hands.give(cast.admin, device=DESK, to=POLICIES)
    press(page, page.get_by_role("link", name="New policy").first)
    page.wait_for_url(f"**{POLICIES}/new")
    reach(page, page.get_by_label("Trade", exact=True))
    page.keyboard.type(cast.refrigeration.name)
    write(page, page.get_by_label("Weight of the distance"), "0.90")
    press(page, page.get_by_role("button", name="Add policy"))
    page.wait_for_url(f"**{POLICIES}")
    press(page, page.get_by_role("link", name=cast.refrigeration.name).first)
    page.wait_for_url(f"**{POLICIES}/*")
    for name in ("scorecard", "expected cost", "time to arrive", "distance", "open jobs"):
        write(page, page.get_by_label(f"Weight of the {name}"), "0")
    write(page, page.get_by_label("Weight of being preferred"), "0")
    press(page, page.get_by_role("button", name="Save"))
    expect(page.get_by_role("alert")).to_contain_text("Give at least one part a weight above 0")
    write(page, page.get_by_label("Weight of the open jobs"), "1")
    press(page, page.get_by_role("button", name="Save"))
    page.wait_for_url(f"**{POLICIES}")
    policy = DispatchPolicy.objects.get()
    assert (policy.trade, policy.weight_load, policy.weight_distance) == (cast.refrigeration, 1, 0)
    page.goto(f"/work-orders/{offer.work_order.number}/offers/{offer.pk}")
    press(page, page.get_by_role("link", name="Rank by today's policy"))
    expect(page.get_by_role("heading", name="With the other weights")).to_be_visible()
    expect(page.get_by_label("Open jobs")).to_have_value("1")
    write(page, page.get_by_label("Expected cost"), "0.5")
    press(page, page.get_by_role("button", name="Rank again"))
    page.wait_for_url("**cost=0.5**")
    expect(page.get_by_role("region", name="Order then and with the other weights")).to_be_visible()


@pytest.mark.parametrize("size", SIZES)
def test_the_pages_of_policies_are_fit_for_all(cast: Cast, sit: Sit, size: str) -> None:
    offer = asked(cast)
    policy = DispatchPolicy.objects.create(trade=cast.refrigeration)
    replay = f"/work-orders/{offer.work_order.number}/offers/{offer.pk}"
    addresses = [POLICIES, f"{POLICIES}/new", f"{POLICIES}/{policy.pk}", replay, f"{replay}?order=score&load=1&cost=1"]
    assert read_by(sit, {cast.admin: addresses}, size=size) == []
