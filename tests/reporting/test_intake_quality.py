"""How right reports come in: counted from what was noted as it happened."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.together import ask
from assets.models import CriticalityQuestion, Priority
from reporting.intake_quality import Line, Quality, quality
from tests.cast import Cast
from tests.factories.clock import NOW
from tests.factories.workorders import Story, reason
from workorders import intake, lifecycle, offers, visits
from workorders.models import Outcome, Under, WorkOrder

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def found(by: Any, since: Any = NOW - DAY, until: Any = NOW + DAY) -> Quality:
    return ask(quality(by, since=since, until=until))


def corrected(cast: Cast, **facts: Any) -> WorkOrder:
    """A report of the cooler that was a leak."""
    row = Story(cast).reported(**facts).work_order
    return lifecycle.triage(row, by=cast.fm, now=NOW + timedelta(hours=1), trade=cast.plumbing, problem_type=cast.leak)


def test_a_correction_counts_for_the_problem_as_it_was_reported_and_for_the_site(cast: Cast) -> None:
    corrected(cast)
    Story(cast).reported(description="Right as it is")
    told = found(cast.fm)
    assert told.problems == [Line("Cooler too warm, refrigeration", "", 2, 1, 1, 1, 0, 0, 0, 0)]
    assert told.sites == [Line("M-114 Tacoma Hilltop", "M-114", 2, 1, 1, 1, 0, 0, 0, 0)]
    assert (told.whole.reports, told.whole.share) == (2, 50)


def test_several_corrections_of_one_report_count_it_once(cast: Cast) -> None:
    row = corrected(cast)
    row = lifecycle.correct(row, by=cast.fm, now=NOW + timedelta(hours=2), trade=cast.refrigeration)
    lifecycle.correct(row, by=cast.fm, now=NOW + timedelta(hours=3), trade=cast.plumbing)
    (line,) = found(cast.fm).problems
    assert (line.reports, line.corrected, line.trade) == (1, 1, 1)


def test_trips_and_declines_of_the_wrong_trade_count_each_time(cast: Cast) -> None:
    story = Story(cast).on_site()
    visits.check_out(
        story.visit, by=cast.technician, now=story.later(), outcome=Outcome.WRONG_TRADE, note="It is the drain"
    )
    wrong = reason(Under.DECLINE, "wrong_trade")
    for _ in range(2):
        declined = Story(cast).offered()
        offers.decline(declined.offer, by=cast.dispatcher, now=declined.later(), reason=wrong)
    (line,) = found(cast.fm).problems
    assert (line.reports, line.corrected, line.trips, line.declines) == (3, 0, 1, 2)


def test_emergencies_of_reporters_that_were_lowered_are_counted(cast: Cast) -> None:
    food = CriticalityQuestion.objects.create(
        problem_type=cast.too_warm, text="Is food at risk?", level_if_yes=Priority.P1
    )
    later = NOW + timedelta(hours=1)
    first, kept = (Story(cast).reported(answers={food: True}).work_order for _ in range(2))
    lifecycle.set_priority(first, by=cast.fm, now=later, priority=3, reason="Freezer is empty")
    raised = Story(cast).reported(answers={food: False}).work_order
    raised = lifecycle.set_priority(raised, by=cast.fm, now=later, priority=1, reason="Inspector")
    lifecycle.set_priority(raised, by=cast.fm, now=later, priority=3, reason="Inspector left")
    told = found(cast.fm)
    assert (told.emergencies, told.lowered) == (2, 1)
    assert kept.priority == Priority.P1


def test_visits_that_nobody_had_to_make_are_told_beside_them(cast: Cast) -> None:
    row = Story(cast).reported().work_order
    intake.join(row, by=cast.store, now=NOW, shown=[row])
    intake.solved_by_self_help(by=cast.store, now=NOW, site=cast.hilltop, problem_type=cast.too_warm)
    told = found(cast.fm)
    assert (told.joined, told.solved) == (1, 1)


def test_only_the_period_and_ones_own_places_are_counted(cast: Cast) -> None:
    corrected(cast)
    row = Story(cast).reported(by=cast.foreign_store, site=cast.desert, asset=None).work_order
    intake.join(row, by=cast.foreign_store, now=NOW, shown=[row])
    told = found(cast.fm)
    assert [line.url for line in told.sites] == ["M-114"]
    assert told.joined == 0
    assert found(cast.fm, since=NOW + timedelta(minutes=1)).whole.reports == 0
    assert found(cast.fm, until=NOW).whole.reports == 0
    assert found(cast.auditor).whole.reports == 2


def test_the_page_shows_both_tables_and_a_period(cast: Cast, enter: Any) -> None:
    Story(cast, now=timezone.now() - 40 * DAY).reported()
    page = enter(cast.fm).get("/reports/intake").content.decode()
    assert "Cooler too warm, refrigeration" in page
    assert "M-114 Tacoma Hilltop" in page
    assert "No reports yet" in enter(cast.fm).get("/reports/intake?days=30").content.decode()
    assert "12 months" in enter(cast.fm).get("/reports/intake?days=nonsense").content.decode()
