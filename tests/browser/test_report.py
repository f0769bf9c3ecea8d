"""A store reports on its phone: step by step with script, as one long form without, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from accounts.models import User
from assets.models import CriticalityQuestion
from tests.cast import Cast
from tests.factories.workorders import Story, photo
from workorders.models import Status, WorkOrder

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 390, "height": 844}
Sit = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Playwright keeps an event loop running in this thread; the stories around it are not asynchronous."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as player:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = player.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def phone(browser: Browser, live_server: Any) -> Iterator[Sit]:
    """A phone in the hand of one of the cast: `phone(cast.store)`."""
    contexts: list[BrowserContext] = []

    def of(person: User, *, script: bool = True) -> Page:
        context = browser.new_context(base_url=live_server.url, viewport=PHONE, java_script_enabled=script)
        contexts.append(context)
        client = Client()
        client.force_login(person)
        context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
        page = context.new_page()
        page.set_default_timeout(10_000)
        return page

    yield of
    for context in contexts:
        context.close()


def picture(name: str) -> dict[str, Any]:
    upload = photo(name)
    return {"name": name, "mimeType": "image/jpeg", "buffer": upload.read()}


def test_step_by_step_with_script(cast: Cast, phone: Sit) -> None:
    question = CriticalityQuestion.objects.create(problem_type=cast.too_warm, text="Is food at risk?", level_if_yes=1)
    assert cast.cooler and cast.too_warm
    page = phone(cast.store)
    page.goto("/report")
    page.get_by_text(cast.refrigeration.name, exact=True).click()
    page.get_by_text(cast.too_warm.name).click()
    asked = page.get_by_role("group", name=question.text)
    asked.get_by_text("Yes").click()
    expect(page.locator("#priority-result")).to_contain_text("This goes as P1 Emergency.")
    # Each answer is looked at by the server; a person sees that before giving the next.
    page.wait_for_load_state("networkidle")
    page.get_by_label("Which unit?").select_option(cast.cooler.tag)
    page.wait_for_load_state("networkidle")
    page.get_by_text("Not working at all").click()
    expect(page.get_by_label("Not working at all")).to_be_checked()
    page.wait_for_load_state("networkidle")
    page.locator("input[type=file]").set_input_files([picture("display.jpg")])
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_role("alert")).to_contain_text("Say what is wrong, in your own words.")
    expect(page.locator(".photo[data-chosen]")).to_have_count(1)
    page.get_by_label("What do you see").fill("The display shows 52.")
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_text("We have it. Your number is")).to_be_visible()
    row = WorkOrder.objects.get()
    assert (row.asset, row.priority, row.attachments.count()) == (cast.cooler, 1, 1)
    page.goto("/report")
    expect(page.get_by_role("button", name="Send request")).to_be_visible()
    expect(page.get_by_text("Your answers are back.")).to_have_count(0)


def test_nothing_is_lost_when_the_session_has_ended(cast: Cast, phone: Sit) -> None:
    assert cast.cooler and cast.too_warm
    page = phone(cast.store)
    page.goto("/report")
    page.get_by_text(cast.refrigeration.name, exact=True).click()
    page.get_by_text(cast.too_warm.name).click()
    page.get_by_text("Working badly").click()
    page.get_by_label("What do you see").fill("Ice on the coil since noon.")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Send request").click()
    page.locator("input[name=login]").fill(cast.store.email)
    page.locator("input[name=password]").fill("correct horse battery")
    page.locator("input[name=password]").press("Enter")
    expect(page.get_by_text("Your answers are back.")).to_be_visible()
    expect(page.get_by_label("What do you see")).to_have_value("Ice on the coil since noon.")
    expect(page.get_by_label(cast.too_warm.name)).to_be_checked()
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_text("We have it. Your number is")).to_be_visible()
    assert WorkOrder.objects.get().working == "degraded"


def test_the_same_without_script(cast: Cast, phone: Sit) -> None:
    assert cast.cooler and cast.too_warm
    page = phone(cast.store, script=False)
    page.goto("/store")
    page.get_by_role("link", name="Report a problem").click()
    page.get_by_text(cast.refrigeration.name, exact=True).click()
    page.get_by_role("button", name="Go on to the problem").click()
    page.get_by_text(cast.too_warm.name).click()
    page.get_by_label("Which unit?").select_option(cast.cooler.tag)
    page.get_by_text("Not working at all").click()
    page.get_by_label("What do you see").fill("The display shows 52.")
    page.locator("input[type=file]").set_input_files([picture("display.jpg")])
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_text("We have it. Your number is")).to_be_visible()
    assert WorkOrder.objects.get().attachments.count() == 1


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_confirming_and_sending_back(cast: Cast, phone: Sit, script: bool) -> None:
    right = Story(cast).completed().work_order
    wrong = Story(cast, facts={"asset": None, "trade": cast.plumbing, "problem_type": cast.leak}).completed().work_order
    page = phone(cast.store, script=script)
    page.goto(f"/requests/{wrong.number}")
    page.get_by_text("Not fixed", exact=True).click()
    page.get_by_label("What is still wrong?").fill("Still 52 degrees")
    page.get_by_role("button", name="Send it back").click()
    expect(page.get_by_text("comes back to put it right")).to_be_visible()
    page.goto(f"/requests/{right.number}")
    page.get_by_role("group", name="How was it?").get_by_text("4").click()
    page.get_by_role("button", name="Yes, it works").click()
    expect(page.get_by_text("It failed again")).to_be_visible()
    right.refresh_from_db()
    wrong.refresh_from_db()
    assert (right.status, right.rating) == (Status.VERIFIED, 4)
    assert (wrong.status, wrong.rework_count) == (Status.SCHEDULED, 1)
