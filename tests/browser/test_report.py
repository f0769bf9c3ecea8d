"""A store reports on its phone: step by step with script, as one long form without, and nothing typed is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, Route, expect

from accounts.models import User
from assets.models import CriticalityQuestion
from tests.browser.hands import PASSWORD, Sit, until
from tests.cast import Cast
from tests.factories.workorders import Story, photo
from workorders.models import Status, WorkOrder

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"width": 390, "height": 844}


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
    page.get_by_label("Which unit?").select_option(cast.cooler.tag)
    page.get_by_text("Not working at all").click()
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


@pytest.fixture
def known(cast: Cast) -> WorkOrder:
    """Open work that may be the same, and a problem with a question."""
    CriticalityQuestion.objects.create(problem_type=cast.too_warm, text="Is food at risk?", level_if_yes=1)
    return Story(cast, now=timezone.now() - timedelta(hours=1)).reported().work_order


def asked_about(page: Page, cast: Cast, known: WorkOrder) -> Locator:
    """The form with what the server knows about the problem; its question."""
    assert cast.refrigeration and cast.too_warm
    page.goto("/report")
    page.get_by_text(cast.refrigeration.name, exact=True).click()
    page.get_by_text(cast.too_warm.name, exact=True).click()
    expect(page.locator("#duplicate-check")).to_contain_text(known.number)
    return page.get_by_role("group", name="Is food at risk?")


def test_answers_given_faster_than_the_server_looks_all_arrive(cast: Cast, known: WorkOrder, phone: Sit) -> None:
    page = phone(cast.store)

    def slowly(route: Route) -> None:
        page.wait_for_timeout(300)
        route.continue_()

    question = asked_about(page, cast, known)
    page.route("**/report", slowly)
    question.get_by_text("Yes").click()
    page.get_by_label("Which unit?").select_option(cast.cooler.tag)
    page.get_by_text("Not working at all").click()
    page.get_by_text("No, it is something different").click()
    page.get_by_label("What do you see").fill("The display shows 52.")
    page.get_by_label("What is different?").fill("The other one is about the door.")
    page.get_by_label("Access for the technician").fill("By the dock")
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_text("We have it. Your number is")).to_be_visible()
    row = WorkOrder.objects.latest("pk")
    assert (row.asset, row.priority, row.working, row.description, row.access_note) == (
        cast.cooler, 1, "down", "The display shows 52.", "By the dock",
    )  # fmt: skip


def test_what_is_typed_or_pressed_while_the_server_looks_stays(cast: Cast, known: WorkOrder, phone: Sit) -> None:
    page = phone(cast.store)
    waiting: list[Route] = []
    question = asked_about(page, cast, known)
    page.get_by_text("No, it is something different").click()
    different = page.get_by_label("What is different?")
    expect(different).to_be_visible()

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route("**/report", hold)

    def looking() -> Route:
        """The next question to the server, on its way."""
        while not waiting:
            page.wait_for_timeout(20)
        return waiting.pop()

    page.get_by_text("Working badly").click()
    first = looking()
    different.fill("The other one is about the door.")
    first.continue_()
    looking()  # what was said of older answers is not shown, but asked again
    expect(different).to_have_value("The other one is about the door.")
    question.get_by_text("Yes").hover()
    page.mouse.down()
    second = looking()  # the text is finished when the finger goes elsewhere
    with page.expect_event("requestfinished"):
        second.continue_()
    page.mouse.up()
    expect(question.get_by_label("Yes")).to_be_checked()
    looking().continue_()
    expect(page.locator("#priority-result")).to_contain_text("This goes as P1 Emergency.")
    expect(different).to_have_value("The other one is about the door.")
    page.get_by_role("button", name="Send request").click()
    sent = looking()
    page.get_by_label("Access for the technician").fill("By the dock")
    sent.continue_()
    expect(page.get_by_role("alert")).to_contain_text("Say what is wrong, in your own words.")
    expect(page.get_by_label("Access for the technician")).to_have_value("By the dock")


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


KEPT_FILES = """() => new Promise((done) => {
  const request = indexedDB.open("drafts", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("files");
  request.onsuccess = () => {
    const kept = request.result.transaction("files").objectStore("files").getAllKeys();
    kept.onsuccess = () => { request.result.close(); done(kept.result.length); };
  };
})"""
"""How many forms have files kept on this device."""


def kept_files(page: Page, count: int) -> None:
    """Files are put away, or thrown away, a moment after the act."""
    until(lambda: page.evaluate(KEPT_FILES) == count, seconds=30)


def sign_in_as(page: Page, person: User) -> None:
    page.locator("input[name=login]").fill(person.email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(lambda url: "/accounts/login" not in url)


def pictured(page: Page, cast: Cast) -> None:
    """The form, begun, with two pictures that the device has put away."""
    assert cast.refrigeration and cast.too_warm
    page.goto("/report")
    page.get_by_text(cast.refrigeration.name, exact=True).click()
    page.get_by_text(cast.too_warm.name).click()
    page.get_by_text("Working badly").click()
    page.get_by_label("What do you see").fill("Ice on the coil since noon.")
    page.locator("input[type=file]").set_input_files([picture("coil.jpg"), picture("display.jpg")])
    expect(page.locator(".photo[data-chosen]")).to_have_count(2)
    kept_files(page, 1)


def test_photos_outlive_the_session_and_leave_the_device_when_they_are_sent(cast: Cast, phone: Sit) -> None:
    page = phone(cast.store)
    pictured(page, cast)
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Send request").click()
    sign_in_as(page, cast.store)
    expect(page.get_by_text("Your answers are back.")).to_be_visible()
    expect(page.locator(".photo[data-chosen]")).to_have_count(2)
    expect(page.get_by_text("Choose photos and files again.")).to_be_hidden()
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_text("We have it. Your number is")).to_be_visible()
    assert WorkOrder.objects.get().attachments.count() == 2
    kept_files(page, 0)


def test_photos_are_dropped_with_the_answers_when_somebody_starts_over(cast: Cast, phone: Sit) -> None:
    page = phone(cast.store)
    pictured(page, cast)
    page.reload()
    expect(page.locator(".photo[data-chosen]")).to_have_count(2)
    page.get_by_role("button", name="Start over").click()
    expect(page.locator(".photo[data-chosen]")).to_have_count(0)
    kept_files(page, 0)


def test_photos_do_not_wait_for_the_next_person_at_the_device(cast: Cast, phone: Sit) -> None:
    page = phone(cast.store)
    pictured(page, cast)
    page.context.clear_cookies(name="sessionid")
    page.goto("/report")
    kept_files(page, 1)
    sign_in_as(page, cast.district)
    kept_files(page, 0)


def test_photos_leave_the_device_when_their_owner_signs_out(cast: Cast, phone: Sit) -> None:
    page = phone(cast.store)
    pictured(page, cast)
    page.goto("/me")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")
    kept_files(page, 0)
    sign_in_as(page, cast.store)
    page.goto("/report")
    expect(page.get_by_text("Choose photos and files again.")).to_be_visible()


def test_photos_are_sent_on_from_the_page_of_an_expired_form(cast: Cast, known: WorkOrder, phone: Sit) -> None:
    page = phone(cast.store)
    page.goto(f"/requests/{known.number}")
    page.get_by_text("It got worse").click()
    form = page.locator("#worse form")
    form.locator("textarea").fill("Now it drips as well.")
    form.locator("input[type=file]").set_input_files([picture("drip.jpg")])
    kept_files(page, 1)
    form.locator("[name=csrfmiddlewaretoken]").evaluate("(field) => (field.value = 'x'.repeat(64))")
    form.get_by_role("button", name="Tell facilities").click()
    expect(page.get_by_role("heading", name="Not sent yet")).to_be_visible()
    expect(page.get_by_text("Photos and files are not")).to_be_hidden()
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("Now it drips as well.")).to_be_visible()
    assert known.attachments.count() == 1
    kept_files(page, 0)


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


COUNT_TAPS = """
addEventListener("pointerdown", () => sessionStorage.setItem("taps", 1 + +(sessionStorage.getItem("taps") ?? 0)), true);
"""
A_PICTURE = 3
"""Taps: the camera opens, the shutter, and "use it"."""
A_CHOICE = 2
"""Taps: the list opens, and the line in it."""


def test_a_returning_manager_reports_in_fewer_than_twelve_taps_and_types_once(cast: Cast, phone: Sit) -> None:
    """Counted from the home page to the number, all that is asked answered, a unit named and a picture taken."""
    CriticalityQuestion.objects.create(problem_type=cast.too_warm, text="Is food at risk?", level_if_yes=1)
    words = "Ice on the coil, the display shows 52"
    Story(cast, now=timezone.now() - timedelta(days=90)).reported(description=words).verified()
    page = phone(cast.store)
    page.context.add_init_script(COUNT_TAPS)
    beside = 0
    page.goto("/store")
    page.get_by_role("link", name="Report a problem").click()
    said = page.get_by_label("Say it in a few words")
    said.click()
    page.keyboard.type("Ice on the coil again")
    meant = page.get_by_role("listitem").filter(has_text="reported here 1 time")
    expect(meant).to_contain_text(cast.too_warm.name)
    meant.get_by_role("link", name=cast.too_warm.name).click()
    expect(page.get_by_label("What do you see")).to_have_value("Ice on the coil again")
    page.get_by_label("Which unit?").select_option(cast.cooler.tag)
    beside += A_CHOICE
    page.get_by_text("Working badly").click()
    page.get_by_role("group", name="Is food at risk?").get_by_text("Yes").click()
    page.locator("input[type=file]").set_input_files([picture("coil.jpg")])
    beside += A_PICTURE
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_text("We have it. Your number is")).to_be_visible()
    row = WorkOrder.objects.latest("pk")
    assert (row.asset, row.problem_type, row.priority, row.description, row.requester_name) == (
        cast.cooler, cast.too_warm, 1, "Ice on the coil again", cast.store.name,
    )  # fmt: skip
    assert row.attachments.count() == 1
    taps = int(page.evaluate("sessionStorage.getItem('taps')"))
    assert taps + beside == 6 + A_CHOICE + A_PICTURE < 12


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_confirming_and_sending_back(cast: Cast, phone: Sit, script: bool) -> None:
    today = timezone.now() - timedelta(hours=8)
    other = {"asset": None, "trade": cast.plumbing, "problem_type": cast.leak}
    right = Story(cast, now=today).completed().work_order
    wrong = Story(cast, now=today, facts=other).completed().work_order
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
