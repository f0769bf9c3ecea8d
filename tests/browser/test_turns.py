"""The turns a story can take: a vendor says no or nothing, nobody is where they should be, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.browser.hands import DESK, PASSWORD, PHONE, Hands
from tests.cast import Cast
from tests.factories.workorders import Story, papers, reason
from workorders import lifecycle
from workorders.models import OfferState, Outcome, Under, VisitState

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def at_work(cast: Cast, **facts: object) -> Story:
    """A story of today; it began three hours ago."""
    return Story(cast, now=timezone.now() - timedelta(hours=3), facts=facts)


def where(cast: Cast, *, north: float) -> dict[str, object]:
    """What a phone is given that stands `north` degrees from the middle of the site."""
    site = cast.hilltop
    return {
        "permissions": ["geolocation"],
        "geolocation": {"latitude": float(site.latitude) + north, "longitude": float(site.longitude), "accuracy": 12},
    }


def test_who_declines_or_stays_silent_is_followed_by_the_next_vendor(cast: Cast, hands: Hands) -> None:
    for person in (cast.fm, cast.dispatcher, cast.rival):
        assert person.pk
    reason(Under.DECLINE, "No time")
    silent = Story(cast, now=timezone.now() - timedelta(days=6), facts={"asset": None}).offered().work_order
    refused = at_work(cast).offered().work_order
    dispatcher = hands.give(cast.dispatcher, device=PHONE, to=f"/jobs/{refused.number}")
    second_window = dispatcher.context.new_page()
    second_window.goto(f"/jobs/{refused.number}")
    dispatcher.get_by_role("link", name="Decline").click()
    hands.look(dispatcher, "21-decline")
    dispatcher.get_by_text("No time", exact=True).click()
    dispatcher.get_by_role("button", name="Decline job").click()
    expect(dispatcher.get_by_text(f"{refused.number} declined.")).to_be_visible()
    second_window.get_by_role("button", name="Accept job").click()
    expect(second_window.get_by_role("heading", level=1)).to_have_text("This has changed meanwhile")
    expect(second_window.get_by_text("declined")).to_be_visible()
    hands.look(second_window, "22-too-late")

    call_command("tick", stdout=StringIO())
    rival = hands.give(cast.rival, device=PHONE, to="/jobs")
    for row in (refused, silent):
        expect(rival.get_by_text(row.number)).to_be_visible()
    expect(rival.get_by_text(cast.cascade.name)).to_have_count(0)
    fm = hands.give(cast.fm, device=DESK, to=f"/work-orders/{refused.number}")
    for row, how in ((refused, OfferState.DECLINED), (silent, OfferState.EXPIRED)):
        fm.goto(f"/work-orders/{row.number}")
        asked = fm.get_by_role("region", name="Asked so far")
        expect(asked).to_contain_text(how.label)
        expect(asked).to_contain_text(cast.summit.name)
    hands.look(fm, "23-next-vendor")
    assert hands.complaints == []
    assert hands.faults == []


def test_away_from_the_site_needs_a_reason_and_is_flagged(cast: Cast, hands: Hands) -> None:
    assert cast.fm
    row = at_work(cast).scheduled().work_order
    tech = hands.give(cast.technician, device=PHONE, to=f"/jobs/{row.number}", **where(cast, north=0.05))
    tech.get_by_role("button", name="Check in", exact=True).click()
    expect(tech.get_by_role("alert").first).to_contain_text("You are 3.5 mi from the site. Say why, then check in.")
    hands.look(tech, "24-outside")
    tech.get_by_label("Why", exact=True).fill("The loading dock is behind the mall")
    tech.get_by_role("button", name="Check in", exact=True).click()
    expect(tech.get_by_text("flagged: The loading dock is behind the mall")).to_be_visible()
    hands.look(tech, "25-flagged")
    fm = hands.give(cast.fm, device=DESK, to=f"/work-orders/{row.number}")
    expect(fm.get_by_text("The loading dock is behind the mall", exact=True)).to_be_visible()
    assert row.visits.get().flags == ["outside"]
    assert hands.faults == []


def test_every_refusal_has_its_sentence(cast: Cast, hands: Hands) -> None:
    papers()
    held = at_work(cast, asset=None).scheduled().work_order
    row = at_work(cast).on_site().work_order
    fresh = at_work(cast, asset=None, trade=cast.plumbing, problem_type=cast.leak).ready().work_order
    tech = hands.give(cast.technician, device=PHONE, to=f"/jobs/{held.number}", **where(cast, north=0))
    lifecycle.hold(held, by=cast.fm, now=timezone.now(), reason=reason(Under.HOLD, "Our request"))
    tech.get_by_role("button", name="Check in", exact=True).click()
    expect(tech.get_by_role("heading", level=1)).to_have_text("This has changed meanwhile")
    expect(tech.get_by_text(f"{held.number} is now “On hold”, so “Check in” is no longer possible.")).to_be_visible()

    tech.goto(f"/jobs/{row.number}/check-out")
    tech.get_by_text("It works again").click()
    tech.get_by_role("button", name="Check out", exact=True).click()
    expect(tech.get_by_role("alert").first).to_contain_text("Choose what caused it.")
    assert tech.goto("/queue").status == 403
    expect(tech.get_by_role("heading", level=1)).to_be_visible()
    assert tech.goto(f"/jobs/{fresh.number}").status == 404

    fm = hands.give(cast.fm, device=DESK, to=f"/work-orders/{fresh.number}")
    best = fm.locator("#vendor-recs details.rec").first
    best.get_by_label("Not to exceed").fill("9000")
    best.get_by_role("button", name="Offer to").click()
    expect(fm.get_by_text("Your limit is $5,000.00").first).to_be_visible()
    expect(fm.get_by_label("Not to exceed").first).to_have_value("9000")
    hands.look(fm, "26-over-limit")
    assert hands.faults == []


def sign_in_again(page: Page, email: str) -> None:
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")


def test_a_check_out_is_there_again_after_the_session_ended(cast: Cast, hands: Hands) -> None:
    row = at_work(cast).on_site().work_order
    tech = hands.give(cast.technician, device=PHONE, to=f"/jobs/{row.number}", **where(cast, north=0))
    tech.locator("#parts summary").filter(has_text="Add part").click()
    tech.get_by_label("Part", exact=True).fill("Fan motor")
    tech.get_by_label("One costs you").fill("86.50")
    tech.context.clear_cookies(name="sessionid")
    tech.locator("#parts").get_by_role("button", name="Add part").click()
    sign_in_again(tech, cast.technician.email)
    expect(tech.get_by_text("Your answers are back.")).to_be_visible()
    expect(tech.get_by_label("Part", exact=True)).to_have_value("Fan motor")
    tech.locator("#parts").get_by_role("button", name="Add part").click()
    expect(tech.locator("#parts li").filter(has_text="Fan motor")).to_be_visible()

    tech.get_by_role("link", name="Check out", exact=True).click()
    tech.get_by_text("More time or more hands").click()
    tech.get_by_label("What is left to do").fill("Bring the long ladder")
    tech.context.clear_cookies(name="sessionid")
    tech.get_by_role("button", name="Check out", exact=True).click()
    sign_in_again(tech, cast.technician.email)
    expect(tech.get_by_text("Your answers are back.")).to_be_visible()
    expect(tech.get_by_label("Needs another visit")).to_be_checked()
    expect(tech.get_by_label("What is left to do")).to_have_value("Bring the long ladder")
    tech.get_by_role("button", name="Check out", exact=True).click()
    expect(tech.get_by_text("Checked out.")).to_be_visible()
    trip = row.visits.get(state=VisitState.LEFT)
    assert (trip.outcome, trip.note) == (Outcome.RETURN_NEEDED, "Bring the long ladder")
    tech.goto(f"/jobs/{row.number}")
    expect(tech.get_by_text("Your answers are back.")).to_have_count(0)
