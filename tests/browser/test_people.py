"""People pages in a real browser: readable by everybody, and what was typed outlives the session."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from accounts import notices, people
from accounts.models import User
from tests.browser.hands import SIZES, faults
from tests.cast import Cast

PASSWORD = "correct horse battery"

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=SIZES)
def page(request: pytest.FixtureRequest, browser: Browser, live_server: Any) -> Iterator[Page]:
    width, height = SIZES[request.param]
    context = browser.new_context(base_url=live_server.url, viewport={"width": width, "height": height})
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield page
    context.close()


def sign_in(page: Page, person: User) -> None:
    page.get_by_label("Email").or_(page.get_by_label("E-mail")).first.fill(person.email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_pages_of_people_are_readable_by_everybody(cast: Cast, page: Page) -> None:
    cast.fm, cast.technician  # noqa: B018 - they come in
    people.invite(email="nora@example.com", name="Nora New", by=cast.admin, now=timezone.now())
    notices.plan(
        event_key="some:1",
        topic="job.done",
        readers=[cast.admin],
        subject="Cooler fixed",
        body="Is it cold again?",
        path="/people",
        now=timezone.now(),
    )
    page.goto("/people")
    assert faults(page) == []
    sign_in(page, cast.admin)
    expect(page.get_by_role("heading", name="People", level=1)).to_be_visible()
    found = []
    for address in ("/people", "/people/new", f"/people/{cast.fm.pk}", "/me", "/notices", "/log"):
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.goto(address)
            page.wait_for_load_state("networkidle")
            found += faults(page)
    assert found == []


def test_the_person_page_shows_through_its_doorway_where_a_role_applies(cast: Cast, page: Page) -> None:
    page.goto(f"/people/{cast.fm.pk}")
    sign_in(page, cast.admin)
    expect(page.get_by_text("North", exact=True)).to_be_visible()
    page.get_by_role("link", name="Change where").click()
    expect(page.get_by_label("North")).to_be_checked()


def test_what_was_typed_is_there_again_after_the_session_ended(cast: Cast, page: Page) -> None:
    page.goto("/people/new")
    sign_in(page, cast.admin)
    page.get_by_label("Name").fill("Nora New")
    page.get_by_label("E-mail").fill("nora@example.com")
    page.wait_for_timeout(600)  # the draft is kept a moment after the last key
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Send invitation").click()
    expect(page).to_have_url(re.compile(r"/accounts/login/\?next=/people/new|/accounts/login/\?next=%2Fpeople%2Fnew"))
    sign_in(page, cast.admin)
    expect(page.get_by_label("Name")).to_have_value("Nora New")
    expect(page.get_by_label("E-mail")).to_have_value("nora@example.com")
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_role("heading", name="Nora New")).to_be_visible()
