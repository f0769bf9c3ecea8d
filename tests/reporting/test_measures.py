"""Measures: counted days say what a live count says, and each reader gets only his own."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from accounts.models import Role
from accounts.together import ask
from assets.models import Priority
from reporting import days, measures
from reporting.models import DayDuration, DayRollup, DaySpend, DirtyDay
from tests.factories.bills import send
from tests.factories.clock import NOW
from tests.factories.workorders import Story
from workorders import invoices, lifecycle
from workorders.models import SlaTarget, WorkOrder

SINCE, UNTIL = date(2026, 7, 1), date(2026, 8, 1)


@pytest.fixture
def july(cast) -> list[Story]:
    """Six stories: closed, verified, sent back once, repeated, open, and one in the south."""
    for milestone in ("triage", "response", "arrival", "completion"):
        SlaTarget.objects.create(milestone=milestone, priority=Priority.P3, minutes=60, clock_type="elapsed")
    closed = Story(cast).verified()
    invoice = invoices.draft_all(closed.work_order, now=closed.later())[0]
    invoices.approve(send(closed, invoice), by=cast.finance, now=closed.later())
    verified = Story(cast, now=NOW + timedelta(days=2)).verified()
    back = Story(cast, now=NOW + timedelta(days=5), facts={"asset": None, "trade": cast.plumbing,
                                                           "problem_type": cast.leak}).completed()  # fmt: skip
    lifecycle.reject(back.work_order, by=cast.store, now=back.later(), reason="Still drips")
    back.fresh().on_site().completed()
    open_one = Story(cast, now=NOW + timedelta(days=9), facts={"by": cast.sibling_store, "site": cast.harbor,
                                                               "asset": None}).reported()  # fmt: skip
    south = Story(cast, now=NOW + timedelta(days=3), facts={"by": cast.foreign_store, "site": cast.desert,
                                                            "asset": None}).reported()  # fmt: skip
    return [closed, verified, back, open_one, south]


def rebuild() -> int:
    counted = 0
    while number := days.rebuild_dirty_days():
        counted += number
    return counted


def facts(found: measures.Period) -> dict[str, int]:
    names = ("reported", "completed", "completed_reactive", "fixed_first_time", "clocks_ended", "clocks_met")
    return {name: getattr(found, name) for name in names}


def july_of(person, now=NOW + timedelta(days=10)) -> measures.Period:
    return ask(measures.period(person, since_on=SINCE, until_on=UNTIL, now=now))


def live(person, monkeypatch, now=NOW + timedelta(days=10)) -> measures.Period:
    with monkeypatch.context() as patch:
        patch.setattr(measures, "_sees_whole_regions", lambda by: False)
        return july_of(person, now)


def test_the_counted_days_are_the_live_count(cast, july, monkeypatch):
    rebuild()
    for person in (cast.admin, cast.fm, cast.foreign_fm):
        counted, recount = july_of(person), live(person, monkeypatch)
        assert facts(counted) == facts(recount)
        for stretch, measure in recount.medians.items():
            assert counted.medians[stretch].number == measure.number
            if measure.value:
                assert counted.medians[stretch].value / measure.value == pytest.approx(1, abs=0.11)
        spend = ask(measures.spend_by_month(person, since_on=SINCE, until_on=UNTIL))
        with monkeypatch.context() as patch:
            patch.setattr(measures, "_sees_whole_regions", lambda by: False)
            assert spend == ask(measures.spend_by_month(person, since_on=SINCE, until_on=UNTIL))


def test_july_by_hand(cast, july):
    rebuild()
    found = july_of(cast.fm)
    # Reported: closed, verified, sent back and the open one; completed: the first three. The second repeats the
    # first one's unit within 30 days, the third was sent back: one of three was right the first time.
    assert (found.reported, found.completed, found.fixed_first_time) == (4, 3, 1)
    assert found.first_time_fix.value == Decimal("0.3333")
    assert found.medians["resolution"].number == 3
    assert "reactive jobs completed" in found.first_time_fix.population
    assert july_of(cast.foreign_fm).reported == 1
    assert july_of(cast.admin).reported == 5
    assert ask(measures.spend_by_month(cast.fm, since_on=SINCE, until_on=UNTIL)) == [
        (date(2026, 7, 1), "USD", Decimal("170.00"))
    ]


def test_counting_again_changes_nothing(july):
    assert rebuild() > 0
    before = list(DayRollup.objects.order_by("pk").values_list("day_on", "region", "kind", "reported", "completed"))
    assert rebuild() == 0
    DirtyDay.objects.bulk_create(DirtyDay(day_on=day, region_id=region) for day, region, *_ in before for _ in range(3))
    rebuild()
    after = list(DayRollup.objects.order_by("pk").values_list("day_on", "region", "kind", "reported", "completed"))
    assert sorted(before) == sorted(after)
    assert DayDuration.objects.exists()
    assert DaySpend.objects.count() == 1


def test_every_change_that_matters_makes_its_days_dirty(cast, july):
    rebuild()
    fixed = july[1].work_order
    WorkOrder.objects.filter(pk=fixed.pk).update(rating=4, title="Renamed")
    assert not DirtyDay.objects.exists()
    WorkOrder.objects.filter(pk=fixed.pk).update(rework_count=1)
    assert set(DirtyDay.objects.values_list("day_on", flat=True)) == {
        date(2026, 7, 14),
        date(2026, 7, 16),
    }  # the job it repeats is looked at again too
    rebuild()
    assert july_of(cast.fm).fixed_first_time == 0


def test_a_site_that_moves_takes_its_days_along(cast, july):
    rebuild()
    cast.hilltop.region = cast.south
    cast.hilltop.save()
    rebuild()
    assert (july_of(cast.fm).reported, july_of(cast.foreign_fm).reported) == (1, 4)


def test_who_sees_single_trades_reads_no_sums_of_regions(cast, july):
    plumber = cast.person("Pia Plumbing", Role.FACILITIES_MANAGER, regions=[cast.north], trades=[cast.plumbing])
    rebuild()
    assert not DayRollup.objects.visible_to(plumber).exists()
    assert july_of(plumber).reported == 1


def test_a_day_is_the_local_day_of_the_site(cast):
    # 23:30 on 31 July in Tacoma, which is already August in London.
    Story(cast, now=NOW.replace(month=8, day=1, hour=6, minute=30)).reported()
    rebuild()
    assert DayRollup.objects.get().day_on == date(2026, 7, 31)


def test_a_median_is_taken_from_the_histogram():
    assert measures.median({}) is None
    assert measures.median({50: 1}) == pytest.approx(156.0, abs=0.1)  # the middle of e^5.0 to e^5.1 minutes
    assert measures.median({10: 5, 40: 5}) == pytest.approx(3.004, abs=0.001)


def test_how_old_open_work_is(cast, july):
    assert dict(ask(measures.open_by_age(cast.fm, now=NOW + timedelta(days=10)))) == {
        "Up to a day": 1, "1 to 3 days": 0, "3 to 7 days": 1, "1 to 4 weeks": 0, "Over 4 weeks": 0,
    }  # fmt: skip


def test_several_periods_are_read_at_once(cast, july, monkeypatch, django_assert_max_num_queries):
    rebuild()
    halves = [(SINCE, date(2026, 7, 16)), (date(2026, 7, 16), UNTIL)]
    now = NOW + timedelta(days=10)
    july_of(cast.fm)
    with django_assert_max_num_queries(1):
        counted = ask(measures.periods(cast.fm, halves, now=now))
    alone = [ask(measures.period(cast.fm, since_on=since, until_on=until, now=now)) for since, until in halves]
    assert [facts(one) for one in counted] == [facts(one) for one in alone]
    assert sum(one.reported for one in counted) == july_of(cast.fm).reported
    assert [one.medians for one in counted] == [one.medians for one in alone]


def test_weeks_begin_on_monday_and_none_is_left_out(cast, july, monkeypatch):
    rebuild()
    weeks = ask(measures.weeks(cast.fm, since_on=date(2026, 6, 29), until_on=date(2026, 7, 27)))
    assert [week.since_on.day for week in weeks] == [29, 6, 13, 20]
    assert (sum(week.reported for week in weeks), sum(week.completed for week in weeks)) == (4, 3)
    assert weeks[0].reported == 0
    monkeypatch.setattr(measures, "_sees_whole_regions", lambda by: False)
    assert weeks == ask(measures.weeks(cast.fm, since_on=date(2026, 6, 29), until_on=date(2026, 7, 27)))


def test_a_period_takes_the_same_queries_whatever_the_number_of_days(cast, july, django_assert_max_num_queries):
    rebuild()
    july_of(cast.fm)
    with django_assert_max_num_queries(1):
        ask(measures.period(cast.fm, since_on=date(2020, 1, 1), until_on=date(2030, 1, 1), now=NOW))
    assert connection.in_atomic_block
