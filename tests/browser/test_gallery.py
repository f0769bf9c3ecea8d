"""Every part of the design is readable by everybody: axe finds nothing, in both themes, at a desk and in a hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test import override_settings
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, Page, expect

from tests.browser import hands

SIZES = hands.SIZES | {"small": (320, 640)}

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def house() -> Iterator[str]:
    """The address of a server that shows the gallery and asks no database anything."""
    without_database = override_settings(
        ROOT_URLCONF="tests.browser.gallery",
        ALLOWED_HOSTS=["localhost"],
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    )
    with without_database:
        server = LiveServerThread("localhost", StaticFilesHandler)
        server.daemon = True
        server.start()
        server.is_ready.wait()
        assert server.error is None, server.error
        yield f"http://localhost:{server.port}"
        server.terminate()
        server.join()


@pytest.fixture
def page(browser: Browser, house: str) -> Iterator[Page]:
    context = browser.new_context(base_url=house)
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield page
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("address", ["/gallery/desk", "/gallery/mobile?errors", "/accounts/login/", "/no-such-page"])
def test_axe_finds_nothing(page, address, size, theme):
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=theme)
    answer = page.goto(address)
    assert answer.status == (404 if address == "/no-such-page" else 200)
    assert hands.faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"


def test_no_page_breaks_the_content_policy(page):
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for address in ("/gallery/desk", "/gallery/mobile", "/gallery/plain", "/accounts/login/"):
        page.goto(address)
    assert complaints == []


def test_the_error_summary_takes_the_focus_and_leads_to_the_field(page):
    page.goto("/gallery/desk?errors")
    expect(page.locator("[data-errors]").first).to_be_focused()
    expect(page).to_have_title("Error: Component gallery · Mainstay")
    page.get_by_role("link", name="Say why you reject the quote").click()
    expect(page.get_by_label("Reason", exact=True)).to_be_focused()


def test_a_dialog_opens_and_closes_without_script(browser, house):
    context = browser.new_context(base_url=house, java_script_enabled=False)
    page = context.new_page()
    page.goto("/gallery/desk")
    page.get_by_role("button", name="Reject").first.click()
    expect(page.get_by_role("dialog", name="Reject this quote?")).to_be_visible()
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("dialog", name="Reject this quote?")).to_be_hidden()
    context.close()


def test_the_theme_button_turns_the_page_dark_and_the_choice_stays(page):
    page.emulate_media(color_scheme="light")
    page.goto("/gallery/desk")
    page.get_by_role("button", name="Switch light or dark theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_rows_are_walked_with_j_and_k(page):
    page.goto("/gallery/desk")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Frozen aisle bank C alarming")).to_be_focused()
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Dock door 2 will not close")).to_be_focused()
    page.keyboard.press("k")
    expect(page.get_by_role("link", name="Frozen aisle bank C alarming")).to_be_focused()


def test_letters_are_only_letters_while_somebody_types(page):
    page.goto("/gallery/desk")
    field = page.get_by_label("Purchase order")
    field.fill("")
    field.press_sequentially("jk?")
    expect(field).to_have_value("jk?")
    expect(page.locator("#keys")).to_be_hidden()


def test_the_help_sheet_lists_the_shortcuts(page):
    page.goto("/gallery/desk")
    page.keyboard.press("Shift+?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()


def test_a_toast_leaves_when_dismissed(page):
    page.goto("/gallery/desk")
    expect(page.get_by_text("WO-048221 accepted")).to_be_visible()
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_text("WO-048221 accepted")).to_be_hidden()


def test_chosen_photos_are_shown_before_they_are_sent(page):
    page.goto("/gallery/mobile")
    picture = Path(__file__).parents[2] / "static/icons/mainstay-192.png"
    page.locator("#id_photos").set_input_files([picture])
    expect(page.get_by_role("img", name="Chosen: mainstay-192.png")).to_be_visible()
    expect(page.get_by_text("1 file chosen")).to_be_visible()


def test_check_in_fills_the_position_that_the_browser_gives(page):
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"latitude": 47.2529, "longitude": -122.4443, "accuracy": 12})
    page.goto("/gallery/mobile")
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.get_by_role("button", name="Check in", exact=True).click()
    body = sent.value.post_data or ""
    assert "lat=47.252900" in body
    assert "lon=-122.444300" in body
    assert "accuracy=12" in body
    assert "claimed_at=20" in body


def test_without_a_position_the_other_way_opens_with_the_reason(page):
    page.goto("/gallery/mobile")  # the permission was never given
    page.get_by_role("button", name="Check in", exact=True).click()
    expect(page.get_by_text("Location is turned off for this site")).to_be_visible()
    expect(page.get_by_label("Why")).to_be_visible()
    page.get_by_label("Why").fill("No signal in the basement")
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.get_by_role("button", name="Check in without position").click()
    assert "without_position=1" in (sent.value.post_data or "")


def write_and_send(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("Reason", exact=True).fill("Ice on the coil since yesterday")
    page.get_by_label("Electrical").check()
    page.get_by_role("button", name="Send request").click()


def test_what_was_typed_is_there_again_when_the_session_had_ended(page):
    write_and_send(page, "/gallery/desk?expired")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/gallery/desk")
    expect(page.get_by_text("Your answers are back.").first).to_be_visible()
    expect(page.get_by_label("Reason", exact=True)).to_have_value("Ice on the coil since yesterday")
    expect(page.get_by_label("Electrical")).to_be_checked()


def test_starting_over_throws_the_kept_answers_away(page):
    write_and_send(page, "/gallery/desk?expired")
    page.goto("/gallery/desk")
    page.locator("#gallery-form").get_by_role("button", name="Start over").click()
    expect(page.get_by_label("Reason", exact=True)).to_have_value("")
    page.reload()
    expect(page.get_by_label("Reason", exact=True)).to_have_value("")


def test_answers_that_were_taken_do_not_come_back(page):
    write_and_send(page, "/gallery/desk?taken")
    page.wait_for_url("**/gallery/plain")
    page.goto("/gallery/desk")
    expect(page.get_by_label("Reason", exact=True)).to_have_value("")


def test_a_refused_form_keeps_what_the_server_kept(page):
    write_and_send(page, "/gallery/desk")
    expect(page.locator("#gallery-form [data-errors]")).to_be_focused()
    expect(page.get_by_label("Not-to-exceed amount")).to_have_value("twelve hundred")
    expect(page.locator("#gallery-form").get_by_text("Your answers are back.")).to_be_hidden()


def test_a_closed_page_brings_the_answers_back(page):
    page.goto("/gallery/desk")
    page.get_by_label("Reason", exact=True).fill("Half a sentence")
    page.wait_for_timeout(600)
    page.goto("/accounts/login/")
    page.goto("/gallery/desk")
    expect(page.get_by_label("Reason", exact=True)).to_have_value("Half a sentence")


def test_without_network_the_region_says_so_and_sends_again(page):
    page.goto("/gallery/desk")
    page.get_by_label("Write a message").fill("Door shut")
    page.route("**/gallery/desk", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    page.get_by_role("button", name="Send", exact=True).click()
    failed = page.locator("[data-net-failed]:visible", has_text="There is no connection to the server")
    expect(failed).to_be_visible()
    expect(page.get_by_label("Write a message")).to_have_value("Door shut")
    page.unroute("**/gallery/desk")
    with page.expect_request(lambda request: request.method == "POST") as sent:
        failed.get_by_role("button", name="Try again").click()
    assert "Door+shut" in (sent.value.post_data or "") or "Door shut" in (sent.value.post_data or "")


def test_a_question_that_came_later_gets_its_answer_back_too(page):
    page.goto("/gallery/desk")
    page.get_by_label("Electrical").check()
    page.get_by_label("Which panel?").fill("L2, breaker R4")
    page.wait_for_timeout(600)
    page.reload()
    expect(page.get_by_label("Which panel?")).to_have_value("L2, breaker R4")
