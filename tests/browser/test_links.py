"""A small vendor does a whole job from the link in its mail, on a phone; once more with JavaScript switched off."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from tests.browser.hands import PHONE, Hands
from tests.browser.test_story import documented, sent
from tests.cast import Cast
from tests.factories.workorders import Story, papers
from workorders import lifecycle
from workorders.catalog import load_targets
from workorders.models import InvoiceState, Status

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADDRESS = "offers@casc.example.com"


@pytest.fixture
def story(cast: Cast, settings: Any, live_server: Any) -> Story:
    """Cascade is asked, of whom nobody signs in."""
    settings.BASE_URL = live_server.url
    papers()
    load_targets()
    return Story(cast, now=timezone.now() - timedelta(minutes=25)).offered()


def newest_link() -> str:
    """The link in the newest mail to the vendor, sent by whatever sends mail here."""
    call_command("tick", stdout=StringIO())
    letters = [one for one in mail.outbox if one.to == [ADDRESS]]
    found = re.search(r"https?://\S+/j/\S+", str(letters[-1].body))
    assert found
    return found[0]


@pytest.fixture
def phone(browser: Browser, hands: Hands) -> Callable[..., Page]:
    """A phone on which nobody has signed in, opened at a link."""

    def at(link: str, **options: Any) -> Page:
        context = browser.new_context(reduced_motion="reduce", **PHONE, **options)
        hands.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", lambda line: hands.complain(page, line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: hands.complain(page, str(error)))
        page.goto(link)
        return page

    return at


def worked(page: Page, look: Callable[[str], None]) -> None:
    """On site: papers, a part, a photo, and out."""
    documented(page)
    look("link-4-documented")
    page.get_by_role("link", name="Check out", exact=True).click()
    page.get_by_text("It works again").click()
    look("link-5-check-out")
    page.get_by_role("button", name="Check out", exact=True).click()
    expect(page.get_by_text("Checked out.")).to_be_visible()


def test_a_whole_job_on_a_phone(cast: Cast, story: Story, hands: Hands, phone: Callable[..., Page]) -> None:
    row, site = story.work_order, cast.hilltop
    here = {"latitude": float(site.latitude) + 0.0002, "longitude": float(site.longitude), "accuracy": 12}
    page = phone(newest_link(), geolocation=here, permissions=["geolocation"])

    def look(name: str) -> None:
        hands.look(page, name)

    expect(page.get_by_text("Do you take this job?")).to_be_visible()
    expect(page.get_by_text(cast.cascade.name).first).to_be_visible()
    assert re.fullmatch(rf".*/j/\d+/jobs/{row.number}", page.url), "no address bar shows the secret"
    look("link-1-offer")
    page.get_by_role("link", name="Decline").click()
    look("link-1b-decline")
    page.get_by_role("link", name="Keep it").click()
    page.get_by_role("button", name="Accept job").click()
    expect(page.get_by_role("heading", name="You go")).to_be_visible()
    look("link-2-taken")

    page.get_by_label("Write a message").fill("Which door is open?")
    page.wait_for_timeout(600)  # what is typed is kept on the phone a moment later
    page.reload()
    expect(page.get_by_label("Write a message")).to_have_value("Which door is open?")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("Message sent.")).to_be_visible()
    expect(page.get_by_label("Write a message")).to_have_value("")

    page.get_by_role("button", name="Check in", exact=True).click()
    expect(page.get_by_text("Inside the check-in area.")).to_be_visible()
    look("link-3-on-site")
    worked(page, look)
    expect(page.get_by_text("Done. The store confirms it.")).to_be_visible()
    look("link-6-done")

    lifecycle.verify(row, by=cast.store, now=timezone.now(), rating=5)
    page.goto(newest_link())
    expect(page.get_by_text("Confirmed.")).to_be_visible()
    page.get_by_role("link", name="Draft").click()
    look("link-7-bill")
    page.go_back()
    sent(page)
    look("link-8-sent")
    row.refresh_from_db()
    invoice = row.invoices.get()
    assert row.status in (Status.VERIFIED, Status.CLOSED)
    assert (invoice.number, invoice.submitted_by, invoice.vendor) == ("CR-2041", None, cast.cascade)
    assert invoice.state in (InvoiceState.SUBMITTED, InvoiceState.IN_REVIEW)
    assert (row.visits.get().who, row.visits.get().in_verdict) == (ADDRESS, "inside")
    assert hands.complaints == []
    assert hands.faults == []


def test_the_same_with_forms_alone(cast: Cast, story: Story, hands: Hands, phone: Callable[..., Page]) -> None:
    page = phone(newest_link(), java_script_enabled=False)
    page.get_by_role("button", name="Accept job").click()
    expect(page.get_by_role("heading", name="You go")).to_be_visible()
    page.get_by_role("link", name="Change time").click()
    page.get_by_label("Why the time changes").fill("A truck broke down")
    page.get_by_role("button", name="Change time").click()
    expect(page.get_by_text("Time changed.")).to_be_visible()
    page.locator("summary").filter(has_text="Check in without position").click()
    page.get_by_label("Why").fill("No signal in the basement")
    page.get_by_role("button", name="Check in without position").click()
    expect(page.get_by_text("Without position, flagged: No signal in the basement")).to_be_visible()
    worked(page, lambda name: None)
    lifecycle.verify(story.work_order, by=cast.store, now=timezone.now(), rating=4)
    page.goto(newest_link())
    sent(page)
    assert story.work_order.invoices.get().number == "CR-2041"
    assert hands.complaints == []


def test_a_link_that_leads_nowhere_says_so_in_plain_words(
    cast: Cast, story: Story, hands: Hands, phone: Callable[..., Page]
) -> None:
    link = newest_link()
    page = phone(link[:-3] + "abc")
    expect(page.get_by_text("This link does not work.")).to_be_visible()
    hands.look(page, "link-9-over")
    assert hands.faults == []
