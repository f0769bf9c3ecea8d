"""A store reports where the network comes and goes: nothing is lost, it is said plainly, and one report arrives."""

from __future__ import annotations

import os
from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route, expect

from assets.models import CriticalityQuestion
from tests.browser.hands import Sit
from tests.cast import Cast
from tests.factories.workorders import photo
from workorders.models import WorkOrder

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WORDS = "Ice on the coil since noon. The display shows 52."
ACCESS = "By the dock, ring twice"
NO_CONNECTION = "No connection. Go on: what you typed, chose and photographed stays here. Send it when you are back."


def shot(name: str, color: str) -> dict[str, Any]:
    """What the camera of the phone hands over."""
    return {"name": name, "mimeType": "image/jpeg", "buffer": photo(name, color).read()}


def is_a_report(request: Request) -> bool:
    """Whether the report itself is sent, and not only looked ahead with what is filled in so far."""
    return request.method == "POST" and b"look=1" not in (request.post_data_buffer or b"")


def begun(page: Page, cast: Cast) -> None:
    """A report, half way: the problem is named and the first picture taken."""
    CriticalityQuestion.objects.create(problem_type=cast.too_warm, text="Is food at risk?", level_if_yes=1)
    assert cast.cooler
    page.goto("/report")
    page.get_by_text(cast.refrigeration.name, exact=True).click()
    page.get_by_text(cast.too_warm.name, exact=True).click()
    expect(page.get_by_role("group", name="Is food at risk?")).to_be_visible()
    camera = page.locator("input[type=file][capture=environment]")
    camera.set_input_files([shot("coil.jpg", "white")])
    expect(page.locator(".photo[data-chosen]")).to_have_count(1)


def rest(page: Page, cast: Cast) -> None:
    """What follows: the answers, the unit, the words, and both pictures."""
    page.get_by_role("group", name="Is food at risk?").get_by_text("Yes").click()
    page.get_by_label("Which unit?").select_option(cast.cooler.tag)
    page.get_by_text("Working badly").click()
    page.get_by_label("What do you see").fill(WORDS)
    page.get_by_label("Access for the technician").fill(ACCESS)
    page.locator("input[type=file]").set_input_files([shot("coil.jpg", "white"), shot("display.jpg", "red")])
    expect(page.locator(".photo[data-chosen]")).to_have_count(2)


def all_is_there(page: Page, cast: Cast) -> None:
    expect(page.get_by_label(cast.too_warm.name, exact=True)).to_be_checked()
    expect(page.get_by_role("group", name="Is food at risk?").get_by_label("Yes")).to_be_checked()
    expect(page.get_by_label("Which unit?")).to_have_value(cast.cooler.tag)
    expect(page.get_by_label("Working badly")).to_be_checked()
    expect(page.get_by_label("What do you see")).to_have_value(WORDS)
    expect(page.get_by_label("Access for the technician")).to_have_value(ACCESS)
    expect(page.locator(".photo[data-chosen]")).to_have_count(2)


def arrived_once(cast: Cast) -> None:
    row = WorkOrder.objects.get()
    assert (row.asset, row.problem_type, row.priority, row.working, row.description, row.access_note) == (
        cast.cooler, cast.too_warm, 1, "degraded", WORDS, ACCESS,
    )  # fmt: skip
    assert row.attachments.count() == 2


def test_offline_for_a_moment_in_the_middle_loses_nothing_and_sends_once(cast: Cast, phone: Sit) -> None:
    page = phone(cast.store)
    begun(page, cast)
    sent: list[Request] = []
    page.on("requestfinished", lambda request: sent.append(request) if is_a_report(request) else None)
    page.context.set_offline(True)
    said = page.get_by_text(NO_CONNECTION)
    expect(said).to_be_visible()
    rest(page, cast)
    all_is_there(page, cast)
    if "SHOTS" in os.environ:
        page.screenshot(path=f"{os.environ['SHOTS']}/offline.png")
    page.get_by_label("What do you see").focus()
    page.get_by_text("Working badly").click()
    expect(page.locator("[data-net-failed]:visible")).to_have_count(0)  # looking ahead in vain takes no focus
    page.context.set_offline(False)
    expect(said).to_have_count(0)
    expect(page.locator("#priority-result")).to_contain_text("This goes as P1 Emergency.")
    all_is_there(page, cast)
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_text("We have it. Your number is")).to_be_visible()
    arrived_once(cast)
    assert len(sent) == 1


def test_sending_without_network_says_so_and_sends_the_same_when_it_is_back(cast: Cast, phone: Sit) -> None:
    page = phone(cast.store)
    begun(page, cast)
    rest(page, cast)
    page.context.set_offline(True)
    page.get_by_role("button", name="Send request").click()
    failed = page.get_by_role("alert").filter(has_text="There is no connection to the server.")
    expect(failed).to_contain_text("Not done.")
    expect(failed).to_contain_text("What you typed and chose is still here.")
    expect(failed).to_be_focused()
    all_is_there(page, cast)
    failed.get_by_role("button", name="Try again").click()  # still too early
    expect(failed).to_be_visible()
    assert not WorkOrder.objects.exists()
    page.context.set_offline(False)
    failed.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("We have it. Your number is")).to_be_visible()
    arrived_once(cast)


@pytest.mark.parametrize("again", ["Try again", "Send request"])
def test_a_report_whose_answer_was_lost_on_the_way_back_arrives_once(cast: Cast, phone: Sit, again: str) -> None:
    page = phone(cast.store)
    begun(page, cast)
    rest(page, cast)
    expect(page.locator("#priority-result")).to_contain_text("This goes as P1 Emergency.")

    def lost(route: Route) -> None:
        """The server takes it; its answer never comes."""
        if not is_a_report(route.request):
            return route.continue_()
        route.fetch(max_redirects=0)
        return route.abort("connectionreset")

    page.route("**/report", lost)
    page.get_by_role("button", name="Send request").click()
    failed = page.get_by_role("alert").filter(has_text="There is no connection to the server.")
    expect(failed).to_be_visible()
    assert WorkOrder.objects.count() == 1
    all_is_there(page, cast)
    page.unroute("**/report")
    page.get_by_role("button", name=again).click()
    expect(page.get_by_text("We have it. Your number is")).to_be_visible()
    arrived_once(cast)
    page.goto("/report")
    expect(page.get_by_role("button", name="Send request")).to_be_visible()
    expect(page.get_by_text("Your answers are back.")).to_have_count(0)
