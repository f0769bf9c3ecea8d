"""Planned maintenance: the days of a rule, and work made for each of them once, whatever runs when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import takewhile
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.actors import PLANNER
from accounts.ledger import broken_links
from assets.models import Asset
from tests.cast import Cast
from tests.factories.assets import AssetFactory
from workorders import intake, lifecycle, plans, recurrence
from workorders.catalog import load_targets
from workorders.models import (
    Authorization,
    ChecklistItem,
    Clock,
    Event,
    Occurrence,
    OccurrenceState,
    Plan,
    PlanTarget,
    Source,
    WorkOrder,
)
from workorders.refusals import Incomplete, NotAllowed, OverLimit

DAY = timedelta(days=1)


def first(rule: str, anchor: date, count: int = 5, since: date | None = None) -> list[str]:
    days = recurrence.dates(rule, anchor, since=since or anchor)
    return [day.isoformat() for day, _ in zip(days, range(count), strict=False)]


# The days of a rule


def test_a_plan_on_the_31st_stays_on_the_31st() -> None:
    assert first("FREQ=MONTHLY", date(2026, 1, 31)) == [
        "2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31",
    ]  # fmt: skip
    assert first("FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=31", date(2026, 1, 31)) == [
        "2026-01-31", "2026-04-30", "2026-07-31", "2026-10-31", "2027-01-31",
    ]  # fmt: skip


def test_a_plan_on_the_29th_of_february_is_kept_every_year() -> None:
    assert first("FREQ=YEARLY", date(2024, 2, 29)) == [
        "2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29",
    ]  # fmt: skip
    assert first("FREQ=YEARLY;BYMONTH=2,8", date(2025, 8, 31), 4) == [
        "2025-08-31", "2026-02-28", "2026-08-31", "2027-02-28",
    ]  # fmt: skip


def test_days_are_counted_from_the_anchor_wherever_one_starts_to_look() -> None:
    assert first("FREQ=DAILY;INTERVAL=10", date(2026, 1, 1), 2, since=date(2026, 6, 1)) == ["2026-06-10", "2026-06-20"]
    assert first("FREQ=MONTHLY;BYDAY=-1FR", date(2026, 1, 1), 2) == ["2026-01-30", "2026-02-27"]


@settings(max_examples=100, deadline=None)
@given(
    anchor=st.dates(date(2023, 1, 1), date(2028, 12, 31)),
    interval=st.integers(1, 13),
    count=st.integers(1, 30),
    by_year=st.booleans(),
)
def test_by_month_and_year_every_due_month_has_exactly_one_day_the_anchors_or_the_last(
    anchor: date, interval: int, count: int, by_year: bool
) -> None:
    rule = f"FREQ={'YEARLY' if by_year else 'MONTHLY'};INTERVAL={interval}"
    step = interval * (12 if by_year else 1)
    expected = []
    for number in range(count):
        months = anchor.year * 12 + anchor.month - 1 + number * step
        year, month = divmod(months, 12)
        day = anchor.day
        while True:
            try:
                expected.append(date(year, month + 1, day).isoformat())
            except ValueError:
                day -= 1
            else:
                break

    assert first(rule, anchor, count) == expected


@pytest.mark.parametrize(
    "rule",
    ["", "FREQ=HOURLY", "FREQ=MONTHLY;INTERVAL=0", "FREQ=MONTHLY;BYHOUR=3", "DTSTART=20260101", "every month",
     "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYDAY=1MO", "FREQ=DAILY;BYSETPOS=4", "FREQ=DAILY;UNTIL=soon",
     "FREQ=WEEKLY;BYDAY=XX", "FREQ=MONTHLY;BYMONTHDAY=32", "FREQ=MONTHLY;FREQ=DAILY"],
)  # fmt: skip
def test_what_is_no_rule_is_refused_with_a_sentence(rule: str) -> None:
    with pytest.raises(recurrence.NotARule, match=r"\.$"):
        first(rule, date(2026, 1, 1), 1)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=DAILY", "Every day"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "Every 2 weeks on Monday and Thursday"),
        ("FREQ=WEEKLY", "Every week on Saturday"),
        ("FREQ=MONTHLY;INTERVAL=3", "Every 3 months on the 31st, or the last day of a shorter month"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "Every month on the 1st and the 15th"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "Every month on the last Friday"),
        ("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1", "Every month on the first Monday or Tuesday"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "Every month on the last day"),
        ("FREQ=YEARLY", "Every year on the 31st of January, or the last day of a shorter month"),
        ("FREQ=YEARLY;BYMONTH=4,10;BYMONTHDAY=1", "Every year on the 1st of April and October"),
        ("FREQ=DAILY;COUNT=3", "Every day, 3 times"),
        ("FREQ=DAILY;UNTIL=20261231", "Every day, until 2026-12-31"),
    ],
)
def test_a_rule_is_said_in_words(rule: str, words: str) -> None:
    assert recurrence.in_words(rule, date(2026, 1, 31)) == words


# Keeping plans

pytestmark = pytest.mark.django_db


def a_plan(cast: Cast, now: datetime, rule: str = "FREQ=MONTHLY", **facts: Any) -> Plan:
    given: dict[str, Any] = {
        "by": cast.fm, "now": now, "name": "Clean the coils", "trade": cast.refrigeration, "rule": rule,
        "owner": cast.fm, "assets": [cast.cooler], "lead_days": 0, "window_after_days": 30,
    }  # fmt: skip
    return plans.create(**given | facts)


def test_a_new_plan_aims_at_its_first_day_that_is_not_past(cast: Cast, now: datetime) -> None:
    plan = a_plan(cast, now, anchor_on=date(2026, 1, 31), lead_days=14)

    target = plan.targets.get()
    assert (target.next_due_on, target.generate_on) == (date(2026, 7, 31), date(2026, 7, 17))


def test_what_is_wrong_with_a_plan_is_named_beside_its_field(cast: Cast, now: datetime) -> None:
    with pytest.raises(Incomplete) as refused:
        a_plan(cast, now, rule="FREQ=NEVER", name=" ", problem_type=cast.leak)

    assert set(refused.value.faults) == {"rule", "name", "problem_type"}


def test_nobody_plans_for_equipment_out_of_sight_or_beyond_the_limit_or_without_the_right(
    cast: Cast, now: datetime
) -> None:
    with pytest.raises(Incomplete, match="equipment"):
        a_plan(cast, now, assets=[AssetFactory(site=cast.desert)])
    with pytest.raises(OverLimit):
        a_plan(cast, now, nte_amount=Decimal(5001))
    with pytest.raises(NotAllowed):
        a_plan(cast, now, by=cast.store)
    assert not Plan.objects.exists()


def test_a_changed_rule_counts_from_the_anchor_and_repeats_nothing(cast: Cast, now: datetime) -> None:
    plan = a_plan(cast, now, anchor_on=date(2026, 7, 14))
    plans.generate(now=now)

    plans.change(plan, by=cast.fm, now=now, rule="FREQ=WEEKLY")

    assert plan.targets.get().next_due_on == date(2026, 7, 21)
    assert plans.generate(now=now) == 0


def test_a_retired_plan_makes_nothing(cast: Cast, now: datetime) -> None:
    plan = a_plan(cast, now, anchor_on=date(2026, 7, 14))

    plans.retire(plan, by=cast.fm, now=now)

    assert plans.generate(now=now + 90 * DAY) == 0


def test_a_preview_shows_two_years_of_days_and_money(cast: Cast, now: datetime) -> None:
    plan = a_plan(cast, now, rule="FREQ=MONTHLY;INTERVAL=3", anchor_on=date(2026, 7, 31), nte_amount=Decimal(200))

    preview = plans.preview(plan, today=date(2026, 7, 14))

    assert [planned.due_on.isoformat() for planned in preview.days[:3]] == ["2026-07-31", "2026-10-31", "2027-01-31"]
    assert len(preview.days) == 8
    assert preview.total_amount == 1600
    assert preview.by_month[date(2026, 10, 1)] == 1
    unsaved = plans.preview(plan, today=date(2026, 7, 14), anchors={cast.cooler: date(2026, 7, 20)}, months=12)
    assert [planned.due_on.isoformat() for planned in unsaved.days][:2] == ["2026-07-20", "2026-10-20"]


# Making the work


def test_the_day_is_the_sites_own(cast: Cast, now: datetime) -> None:
    a_plan(cast, now, rule="FREQ=DAILY", anchor_on=date(2026, 7, 15))

    assert plans.generate(now=datetime(2026, 7, 15, 6, 59, tzinfo=UTC)) == 0  # still the 14th in Tacoma
    assert plans.generate(now=datetime(2026, 7, 15, 7, 0, tzinfo=UTC)) == 1


def test_work_comes_with_everything_the_plan_says(cast: Cast, now: datetime) -> None:
    load_targets()
    plan = a_plan(
        cast, now, anchor_on=date(2026, 7, 20), lead_days=14, window_after_days=7, nte_amount=Decimal("180.00"),
        checklist=["Brush the coil", "Measure the current"], description="Quarterly care.",
    )  # fmt: skip

    assert plans.generate(now=now) == 1

    row = WorkOrder.objects.get()
    assert (row.kind, row.source, row.status, row.priority) == ("preventive", "plan", "new", 4)
    assert (row.plan, row.asset, row.planned_on, row.window_closes_on) == (
        plan, cast.cooler, date(2026, 7, 20), date(2026, 7, 27),
    )  # fmt: skip
    assert row.authorized_amount == Authorization.objects.get().resulting_amount == Decimal("180.00")
    assert [item.text for item in ChecklistItem.objects.all()] == ["Brush the coil", "Measure the current"]
    assert {clock.milestone for clock in Clock.objects.all()} == {"triage", "response", "arrival", "completion"}
    event = Event.objects.get()
    assert (event.verb, event.actor, event.actor_name) == ("workorder.reported", None, str(PLANNER))
    assert event.data["plan"] == plan.pk
    assert not list(broken_links("workorders_event", "work_order_id"))
    assert row.number.startswith("WO-")


def test_work_in_bulk_is_what_a_single_report_would_be(cast: Cast, now: datetime) -> None:
    load_targets()
    a_plan(cast, now, anchor_on=date(2026, 7, 14), problem_type=cast.too_warm, description="It is time.")
    plans.generate(now=now)
    made = WorkOrder.objects.get()

    alone = intake.report(
        by=PLANNER, now=now, site=cast.hilltop, trade=cast.refrigeration, problem_type=cast.too_warm,
        asset=Asset.objects.get(pk=cast.cooler.pk), title="Clean the coils", description="It is time.",
        source=Source.PLAN, kind="preventive", answers={},
    )  # fmt: skip
    alone = lifecycle.set_priority(alone, by=PLANNER, now=now, priority=4, reason="As planned")

    # A plan sets its own priority, promises its own day, and is no trouble whose stock is at risk.
    own = {
        "id", "number", "version", "priority_reasons", "plan_id", "planned_on", "window_closes_on", "due_at",
        "stock_at_risk",
    }  # fmt: skip
    columns = [column.attname for column in WorkOrder._meta.concrete_fields if column.attname not in own]
    assert {name: getattr(made, name) for name in columns} == {
        name: getattr(WorkOrder.objects.get(pk=alone.pk), name) for name in columns
    }
    facts = ("milestone", "state", "minutes", "clock_type", "due_at", "marks", "told", "next_mark_at")
    until_dispatch = Clock.objects.filter(milestone__in=["triage", "response"])
    assert list(until_dispatch.filter(work_order=made).values_list(*facts)) == list(
        until_dispatch.filter(work_order=alone).values_list(*facts)
    )
    one, other = made.events.get(), alone.events.get(verb="workorder.reported")
    assert (one.actor_name, one.via, one.note, one.position) == (
        other.actor_name,
        other.via,
        other.note,
        other.position,
    )
    assert set(other.data) <= set(one.data)


def test_an_outage_is_caught_up_without_piling_up(cast: Cast, now: datetime) -> None:
    a_plan(cast, now, rule="FREQ=DAILY", anchor_on=date(2026, 7, 14))
    plans.generate(now=now)

    assert plans.generate(now=now + 4 * DAY) == 4

    states = list(Occurrence.objects.order_by("due_on").values_list("state", flat=True))
    assert states == ["made", "missed", "missed", "missed", "made"]
    assert WorkOrder.objects.count() == 2


def test_what_can_no_longer_be_done_in_its_window_is_missed_not_made(cast: Cast, now: datetime) -> None:
    a_plan(cast, now, rule="FREQ=YEARLY", anchor_on=date(2026, 7, 20), window_after_days=3)

    assert plans.generate(now=now + 30 * DAY) == 1

    assert Occurrence.objects.get().state == OccurrenceState.MISSED
    assert not WorkOrder.objects.exists()


def test_planned_work_that_nobody_did_is_recorded_as_missed_once(cast: Cast, now: datetime) -> None:
    load_targets()
    a_plan(cast, now, anchor_on=date(2026, 7, 14), window_after_days=2)
    plans.generate(now=now)

    assert [plans.close_windows(now=now + days * DAY) for days in (2, 3, 3)] == [0, 1, 0]

    assert Occurrence.objects.get().state == OccurrenceState.MISSED
    assert Event.objects.filter(verb="workorder.window_missed").count() == 1


def test_many_are_made_in_as_many_queries_as_one(
    cast: Cast, now: datetime, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    load_targets()
    assets = [AssetFactory(site=cast.hilltop, category=cast.cooler.category) for _ in range(40)]
    a_plan(cast, now, anchor_on=date(2026, 7, 14), assets=assets, nte_amount=Decimal(1), checklist=["Look"])

    with django_assert_max_num_queries(17):
        assert plans.generate(now=now) == 40


@pytest.mark.slow
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rule=st.sampled_from(["FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;BYDAY=MO,TH", "FREQ=MONTHLY", "FREQ=DAILY"]),
    lead=st.integers(0, 20),
    anchor=st.dates(date(2026, 5, 1), date(2026, 8, 10)),
)
def test_run_daily_or_every_four_days_or_twice_the_occurrences_are_the_same(
    cast: Cast, now: datetime, rule: str, lead: int, anchor: date
) -> None:
    results = []
    for days in (range(41), range(0, 41, 4), [day for day in range(41) for _ in range(2)]):
        asset = AssetFactory(site=cast.hilltop, category=cast.cooler.category)
        plan = a_plan(cast, now, rule=rule, anchor_on=anchor, lead_days=lead, assets=[asset])
        for day in days:
            plans.generate(now=now + day * DAY)
        made = Occurrence.objects.filter(plan=plan).order_by("due_on").values_list("due_on", "state")
        assert WorkOrder.objects.filter(plan=plan).count() == sum(state == "made" for _, state in made)
        results.append(dict(made))
        PlanTarget.objects.filter(plan=plan).delete()

    daily, seldom, twice = results
    assert set(daily) == set(seldom) == set(twice)
    assert daily == twice
    today = date(2026, 7, 14)
    days = takewhile(
        lambda day: day <= today + timedelta(days=40 + lead), recurrence.dates(rule, anchor, since=max(today, anchor))
    )
    assert set(daily) == set(days)
    if lead >= 4:
        assert seldom == daily, "a look every four days is enough when work is made four days ahead"
