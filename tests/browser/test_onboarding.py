"""A company comes in: from the invitation in its mail, by phone and desk, to the first job that it accepts."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from tests.browser.hands import DESK, PHONE, Hands
from tests.cast import Cast
from tests.factories.workorders import Story, photo
from vendors.models import DocumentKind, Requirement, Standing, Vendor
from workorders import offers
from workorders.catalog import load_targets
from workorders.models import Status

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADDRESS = "nora@nordic.example.com"
AMOUNTS = {"Regular": "90", "Overtime": "135", "Emergency": "180", "Holiday": "180", "Trip": "60"}


def letter(words: str) -> str:
    """The page that a mail leads to, once it has gone out."""
    call_command("tick", stdout=StringIO())
    for one in reversed(mail.outbox):
        if words in one.subject and (found := re.search(r"https?://\S+", str(one.body))):
            return found[0]
    raise AssertionError([one.subject for one in mail.outbox])


def on(page: Page, hands: Hands, name: str, words: str) -> None:
    """The step that comes next, looked at before it is filled in."""
    expect(page.get_by_role("heading", name=words, level=1)).to_be_visible()
    hands.look(page, name)


def on_and_on(page: Page) -> None:
    page.get_by_role("button", name="Save and go on").click()


def rated(page: Page) -> None:
    for label, amount in AMOUNTS.items():
        page.get_by_label(label, exact=True).fill(amount)
    on_and_on(page)


def handed_in(page: Page, ends: str) -> None:
    page.get_by_label("What it is").select_option(label=DocumentKind.GENERAL_LIABILITY.label)
    page.get_by_label("Insurer or authority").fill("Polar Mutual")
    page.get_by_label("Limit").fill("1000000")
    page.get_by_label("First day").fill("2026-01-01")
    page.get_by_label("Last day").fill(ends)
    upload = photo("liability.jpg").read()
    page.get_by_label("The paper").set_input_files(
        [{"name": "liability.jpg", "mimeType": "image/jpeg", "buffer": upload}]
    )
    page.get_by_role("button", name="Hand in this paper").click()


def test_from_the_invitation_to_the_first_accepted_job(
    cast: Cast, hands: Hands, browser: Browser, live_server: Any, settings: Any
) -> None:
    settings.BASE_URL = live_server.url
    load_targets()
    Requirement.objects.create(
        kind=DocumentKind.GENERAL_LIABILITY, region=cast.north, minimum_limit_amount=Decimal(1_000_000)
    )
    assert {cast.refrigeration.name, cast.plumbing.name, cast.south.name, cast.hilltop.name}

    # The administrator invites at the desk.
    admin = hands.give(cast.admin, device=DESK, to="/vendors")
    admin.get_by_role("link", name="Invite a vendor").click()
    hands.look(admin, "in-01-invite")
    admin.get_by_label("Name", exact=True).fill("Nordic Cooling")
    admin.get_by_label("Code").fill("NORD")
    admin.get_by_role("textbox", name="Person").fill("Nora Nordic")
    admin.get_by_label("E-mail").fill(ADDRESS)
    admin.get_by_label(cast.refrigeration.name).check()
    admin.get_by_label(cast.plumbing.name).check()
    admin.get_by_label(cast.north.name).check()
    admin.get_by_role("button", name="Send invitation").click()
    expect(admin.get_by_text("The company writes.")).to_be_visible()
    hands.look(admin, "in-02-invited")

    # The company comes in on a phone, and writes as far as it gets.
    link = letter("Your account is ready")
    context = browser.new_context(base_url=live_server.url, reduced_motion="reduce", **PHONE)
    hands.contexts.append(context)
    phone = context.new_page()
    phone.set_default_timeout(30_000)
    phone.goto(link)
    phone.locator("input[name=name]").fill("Nora Nordic")
    phone.locator("input[name=password]").fill("winter-coat-17")
    phone.get_by_role("button", name="Set password and come in").click()
    expect(phone.get_by_role("heading", name="Introduce Nordic Cooling")).to_be_visible()
    hands.look(phone, "in-03-setup")
    phone.get_by_role("link", name="Go on").click()
    on(phone, hands, "in-04-company", "Company")
    on_and_on(phone)
    expect(phone.get_by_text("Enter a phone number.").first).to_be_visible()
    for label, words in (("Address", "4 Harbor Way"), ("City", "Tacoma"), ("State", "WA"), ("Phone", "253 555 0100")):
        phone.get_by_label(label, exact=True).fill(words)
    on_and_on(phone)
    on(phone, hands, "in-05-trades", "Trades")
    phone.get_by_label(cast.refrigeration.name).check()
    on_and_on(phone)
    on(phone, hands, "in-06-coverage", "Coverage")
    phone.get_by_label(cast.north.name).check()
    phone.wait_for_timeout(600)  # what is typed is kept on the phone a moment later
    phone.reload()
    expect(phone.get_by_label(cast.north.name)).to_be_checked()
    on_and_on(phone)
    expect(phone.get_by_role("heading", name="Rates", level=1)).to_be_visible()

    # The rest is written at a desk, the papers with a mistake at first.
    desk = browser.new_context(base_url=live_server.url, reduced_motion="reduce", **DESK)
    hands.contexts.append(desk)
    page = desk.new_page()
    page.set_default_timeout(30_000)
    page.goto(link)
    page.get_by_role("link", name="Sign in").click()
    page.locator("input[name=login]").fill(ADDRESS)
    page.locator("input[name=password]").fill("winter-coat-17")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("Refrigeration: North")).to_be_visible()
    hands.look(page, "in-07-later")
    page.get_by_role("link", name="Go on").click()
    on(page, hands, "in-08-rates", "Rates")
    rated(page)
    on(page, hands, "in-09-documents", "Documents")
    handed_in(page, "2025-12-31")
    expect(page.get_by_text("The paper ends before it starts.").first).to_be_visible()
    expect(page.get_by_label("Insurer or authority")).to_have_value("Polar Mutual")
    handed_in(page, (timezone.localdate() + timedelta(days=200)).isoformat())
    expect(page.get_by_text("Waiting for review")).to_be_visible()
    page.get_by_role("link", name="Go on").click()
    hands.look(page, "in-10-ready")
    page.get_by_role("link", name="People").click()
    on(page, hands, "in-11-people", "People")
    page.get_by_role("link", name="Go on").click()
    page.get_by_role("button", name="Send profile").click()
    expect(page.get_by_text("Facilities looks at it.")).to_be_visible()
    hands.look(page, "in-12-sent")

    # The administrator verifies the paper and takes the company on trial.
    admin.goto(letter("Nordic Cooling sent its profile"))
    hands.look(admin, "in-13-review")
    admin.goto("/compliance/review")
    admin.get_by_role("button", name=re.compile("^Verify")).first.click()
    expect(admin.get_by_text("is verified")).to_be_visible()
    admin.goto("/vendors/NORD/introduction")
    admin.get_by_text("Take on trial").click()
    admin.get_by_label("Jobs of the trial").fill("3")
    admin.get_by_role("button", name="Decide").click()
    expect(admin.get_by_text("Done. The company is told.")).to_be_visible()
    hands.look(admin, "in-14-decided")
    nordic = Vendor.objects.get(code="NORD")
    assert (nordic.standing, nordic.trial_jobs) == (Standing.TRIAL, 3)

    # Facilities offers the first job, and the company takes it on its phone.
    phone.goto(letter("You are taken on, on trial"))
    expect(phone.get_by_text("The trial lasts 3 jobs.")).to_be_visible()
    hands.look(phone, "in-15-taken-on")
    story = Story(cast, now=timezone.now() - timedelta(minutes=25)).ready()
    offers.offer(story.work_order, vendor=nordic, by=cast.fm, now=story.later(), nte_amount=Decimal(400))
    phone.goto(letter(f"Job offer {story.work_order.number}"))
    phone.get_by_role("button", name="Accept job").click()
    expect(phone.get_by_text("Job accepted.")).to_be_visible()
    hands.look(phone, "in-16-first-job")
    assert (story.fresh().work_order.status, story.work_order.vendor) == (Status.SCHEDULED, nordic)
    assert hands.complaints == []
    assert hands.faults == []
