"""The dashboard: what waits for me, how it goes, and nothing of places that are not mine."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import Role
from accounts.together import ask
from assets.models import Priority
from reporting import board, charts, days, scorecards
from tests.factories.bills import send
from tests.factories.workorders import Story
from vendors.models import Scorecard
from workorders import invoices, lifecycle
from workorders.models import SlaTarget


def page(enter, person) -> str:
    return enter(person).get("/dashboard").content.decode()


def test_with_few_jobs_it_says_so_and_shows_no_zero(cast, enter):
    Story(cast, now=timezone.now()).verified()
    days.rebuild_dirty_days()
    said = page(enter, cast.fm)
    assert said.count("Not enough jobs yet") == 5
    assert "1 jobs so far" not in said
    assert "1 job so far" in said
    assert "0%" not in said


def test_with_enough_jobs_a_measure_has_its_target_and_its_change(cast):
    SlaTarget.objects.create(milestone="response", priority=Priority.P3, minutes=600, clock_type="elapsed")
    now = timezone.now()
    for back in (1, 100):
        for place in range(board.ENOUGH):
            story = Story(cast, now=now - timedelta(days=back, hours=place), facts={"asset": None}).completed()
            if back == 100:
                lifecycle.reject(story.work_order, by=cast.store, now=story.later(), reason="Still warm")
    days.rebuild_dirty_days()
    today = timezone.localdate(now)
    found = {one.label: one for one in ask(board.figures(cast.fm, today=today, now=now))}
    met = found["Targets met in time"]
    assert (met.value, met.unit, met.change) == ("100", "%", "+0.0 pt")
    assert met.better is None
    assert met.target == "target 90%, of 10 targets"
    assert found["Time to complete"].target == "median of 10 jobs"
    assert found["Time to complete"].value


def test_spend_and_weeks_are_drawn_and_told_in_numbers(cast):
    story = Story(cast).verified()
    invoice = invoices.draft_all(story.work_order, now=story.later())[0]
    invoices.approve(send(story, invoice), by=cast.finance, now=story.later())
    days.rebuild_dirty_days()
    today = date(2026, 7, 20)
    (spent,) = ask(board.spending(cast.fm, today=today))
    assert spent.rows[-1] == ("Jul", ["$170"])
    assert [name for name, _ in spent.rows] == ["Feb", "Mar", "Apr", "May", "Jun", "Jul"]
    weeks = ask(board.by_week(cast.fm, today=today))
    assert weeks.finding == "1 were reported and 1 completed in 12 weeks."
    assert weeks.rows[-2:] == [("13", ["1", "1"]), ("so far", ["0", "0"])]
    assert ask(board.spending(cast.foreign_fm, today=today)) == []


def test_a_bill_that_waits_is_counted_with_its_amount(cast, enter):
    story = Story(cast).verified()
    send(story, invoices.draft_all(story.work_order, now=story.later())[0])
    assert "$170 waiting" in page(enter, cast.finance)
    assert "no invoices" in page(enter, cast.foreign_fm)


def test_vendors_to_watch_are_those_with_enough_jobs_and_a_low_score(cast, enter):
    now = timezone.now()
    for vendor, jobs in ((cast.cascade, 9), (cast.summit, 2)):
        Scorecard.objects.create(
            vendor=vendor, trade=cast.refrigeration, window_days=90, score=Decimal(58), low=50, high=66, jobs=jobs,
            parts={"sla": {"share": 0.4, "number": 9, "weight": 30}, "arrival_minutes": 50}, computed_at=now,
        )  # fmt: skip
    watched = ask(board.to_watch(cast.fm))
    assert [(one.name, one.points, one.why) for one in watched] == [("Cascade Refrigeration", 58, "40% on time")]
    assert set(board.PARTS) == set(scorecards.WEIGHTS)


def test_whoever_sees_single_trades_gets_a_dashboard_too(cast, enter):
    plumber = cast.person("Pia Plumbing", Role.FACILITIES_MANAGER, regions=[cast.north], trades=[cast.plumbing])
    Story(cast, now=timezone.now() - timedelta(hours=1)).completed()
    assert "0 were reported and 0 completed in 12 weeks." in page(enter, plumber)


def test_its_number_of_queries_does_not_grow(cast, enter, django_assert_max_num_queries):
    client = enter(cast.fm)
    client.get("/dashboard")
    for number in range(3):
        Story(cast, now=timezone.now() - timedelta(hours=number)).reported()
    with django_assert_max_num_queries(8):
        assert client.get("/dashboard").status_code == 200


@pytest.mark.parametrize(("most", "step"), [(0.5, 1), (4, 1), (5, 2), (9, 5), (100, 25), (101, 50), (9_999, 2_500)])
def test_lines_of_a_chart_are_at_round_numbers(most, step):
    assert charts.step_of(most) == step


def test_a_narrow_chart_names_every_second_column_and_always_the_last():
    drawn = charts.chart(
        "weeks", title="Weeks", finding="", series=("Reported",), names=[str(place) for place in range(12)],
        values=[list(range(12))], unfinished=True,
    )  # fmt: skip
    wide, narrow = drawn.drawings
    assert [label.text for label in narrow.names] == ["1", "3", "5", "7", "9", "11"]
    assert len(wide.names) == 12
    assert [column.faded for column in wide.columns] == [False] * 11 + [True]
    assert drawn.rows[-1] == ("11", ["11"])


def test_months_are_counted_back_over_the_turn_of_the_year():
    assert board._month(date(2026, 2, 5), 3) == date(2025, 11, 1)
