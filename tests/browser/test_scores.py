"""Pages of scores and trials: readable by everybody, and a job left out and answered to without a pointer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from reporting import drilldown, exclusions, scorecards
from reporting.models import Exclusion, Reply
from tests.browser.hands import SIZES, Sit, read_by
from tests.browser.test_pages import press_to
from tests.cast import Cast
from tests.factories.scores import Past
from vendors.roster import set_standing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def past_of(cast: Cast) -> Past:
    """Some good work of Cascade, some that costs points, and one on trial."""
    since = timezone.now() - timedelta(days=30)
    set_standing(vendor=cast.cascade, standing="trial", reason="New", by=cast.admin, now=since)
    past = Past(cast.cascade, cast.hilltop, cast.refrigeration, timezone.now())
    for days in (20, 12, 5):
        past.job(days=days, met=[True, days > 10], rating=5 if days > 5 else 2, bill="clean", trips=1 + (days == 12))
    scorecards.score_vendors(now=past.now)
    return past


@pytest.mark.parametrize("size", SIZES)
def test_scores_are_readable_by_everybody_in_both_themes(cast: Cast, sit: Sit, size: str) -> None:
    past = past_of(cast)
    row = past.job(rating=1)
    exclusions.exclude(vendor=cast.cascade, work_order=row, reason="Flooded road", by=cast.fm, now=past.now)
    exclusions.reply(vendor=cast.cascade, work_order=row, body="Thank you", by=cast.dispatcher, now=past.now)
    desk = [f"/vendors/CASC/{page}" for page in ("score", "score/sla", "trial", f"score/exclude/{row.number}")]
    addresses = {
        cast.fm: desk, cast.admin: ["/vendors/CASC/trial/verdict"], cast.dispatcher: ["/company/score",
                                                                                      "/company/score/sla"],
    }  # fmt: skip
    assert read_by(sit, addresses, size=size) == []


def test_another_period_comes_at_once_and_stands_in_the_address(cast: Cast, sit: Sit) -> None:
    past_of(cast)
    page = sit(cast.fm)
    page.goto("/vendors/CASC/score")
    page.get_by_label("Period").select_option("365")
    page.wait_for_url("**/vendors/CASC/score?*days=365*")
    expect(page.get_by_role("heading", name="Cascade Refrigeration")).to_have_count(1)
    expect(page.get_by_label("Period")).to_have_value("365")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_the_rows_behind_a_number_turn_on_and_back(cast: Cast, sit: Sit, script: bool) -> None:
    past = Past(cast.cascade, cast.hilltop, cast.refrigeration, timezone.now())
    rows = [past.job(days=1 + place / 2) for place in range(drilldown.SIZE + 1)]
    scorecards.score_vendors(now=past.now)
    page = sit(cast.dispatcher, script=script)
    page.goto("/company/score/documentation")
    expect(page.get_by_text(rows[0].number)).to_be_visible()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text(rows[-1].number)).to_be_visible()
    expect(page.get_by_text(rows[0].number)).to_have_count(0)
    expect(page.get_by_role("link", name="Next")).to_have_count(0)
    page.get_by_role("link", name="Previous").click()
    expect(page.get_by_text(rows[0].number)).to_be_visible()
    expect(page.get_by_role("link", name="Previous")).to_have_count(0)


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_clock_is_left_out_and_answered_to_by_keyboard_alone(cast: Cast, sit: Sit, script: bool) -> None:
    past_of(cast)
    page = sit(cast.fm, script=script)
    page.goto("/vendors/CASC/score/sla?only=less")
    row = page.get_by_role("table").get_by_role("link", name="Leave out").first
    row.focus()
    page.keyboard.press("Enter")
    page.get_by_label("Why").focus()
    page.keyboard.type("The road was closed")
    press_to(page, "Leave out")
    expect(page.get_by_text("The road was closed")).to_be_visible()
    assert Exclusion.objects.get().milestone == "arrival"
    own = sit(cast.dispatcher, script=script)
    own.goto("/company/score")
    expect(own.get_by_text("The road was closed")).to_be_visible()
    own.get_by_text("Reply to your score").click()
    own.get_by_label("Your reply").focus()
    own.keyboard.type("Thank you")
    press_to(own, "Send reply")
    expect(own.get_by_text("Thank you").first).to_be_visible()
    assert Reply.objects.get().body == "Thank you"
