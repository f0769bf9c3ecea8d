"""What waiting costs: held against a slow oracle that looks at every minute, and followed through changes of rate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import User
from accounts.money import cents
from assets.hours import ALL_WEEK, Hours
from assets.models import SiteHours
from tests.cast import Cast
from tests.factories.assets import AssetFactory, ProblemTypeFactory
from tests.factories.clock import NOW
from tests.factories.workorders import Story
from workorders import delay, dossier, intake, invoices, lifecycle, visits
from workorders.models import Outcome, Working, WorkOrder

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# Where and on which days clocks change by an hour, by half an hour, at midnight, or not at all.
CHANGES = [
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("America/Havana", date(2026, 11, 1)),
    ("America/Phoenix", date(2026, 3, 8)),
]


def slowly(row: WorkOrder, until: datetime, hours: Hours) -> Decimal:
    """Every minute from the report on, one by one: is it a minute in which the store is open?"""
    zone = ZoneInfo(hours.time_zone)
    days: dict[date, list[tuple[datetime, int]]] = {}
    at = row.reported_at - timedelta(days=2)
    while at < until + timedelta(days=2):
        wall = at.astimezone(zone)
        days.setdefault(wall.date(), []).append((at, wall.hour * 60 + wall.minute))
        at += MINUTE
    counted = 0
    for day, minutes in days.items():
        if row.stock_at_risk:
            counted += sum(row.reported_at <= at < until for at, _ in minutes)
            continue
        for opens, closes in () if day in hours.closed_on else hours.weekly[day.weekday()]:
            begins = next((place for place, (_, wall) in enumerate(minutes) if wall >= opens), len(minutes))
            ends = next((place for place, (_, wall) in enumerate(minutes) if wall >= closes), len(minutes))
            counted += sum(row.reported_at <= at < until for at, _ in minutes[begins:ends])
    return cents(row.cost_per_hour_amount * counted / 60)


@st.composite
def openings(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    """None, one or two openings of a day, on the quarter hour."""
    edges = sorted(draw(st.lists(st.integers(0, 96), unique=True, max_size=4)))
    return tuple((opens * 15, closes * 15) for opens, closes in zip(edges[::2], edges[1::2], strict=False))


@st.composite
def waits(draw: st.DrawFn) -> tuple[WorkOrder, datetime, Hours]:
    zone, change = draw(st.sampled_from(CHANGES))
    weekly = draw(st.one_of(st.just(ALL_WEEK), st.tuples(*[openings() for _ in range(7)])))
    closed = draw(st.frozensets(st.sampled_from([change, change + timedelta(days=1)]), max_size=1))
    noon = datetime(change.year, change.month, change.day, 12, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    start = noon + draw(st.integers(-2 * 1440, 1440)) * MINUTE
    rate = Decimal(draw(st.integers(0, 50_000))) / 100
    row = WorkOrder(reported_at=start, cost_per_hour_amount=rate, stock_at_risk=draw(st.booleans()))
    return row, start + draw(st.integers(0, 3 * 1440)) * MINUTE, Hours(zone, weekly, closed)


class TestAgainstTheOracle:
    @settings(max_examples=60, deadline=None)
    @given(waits())
    def test_every_open_minute_is_paid_for_once(self, case: tuple[WorkOrder, datetime, Hours]) -> None:
        row, until, hours = case
        assert delay.so_far(row, now=until, hours=hours) == slowly(row, until, hours)

    @settings(max_examples=30, deadline=None)
    @given(waits(), st.lists(st.integers(1, 1440), max_size=3))
    def test_asking_in_between_changes_nothing_but_half_a_cent(
        self, case: tuple[WorkOrder, datetime, Hours], pauses: list[int]
    ) -> None:
        row, until, hours = case
        whole = delay.so_far(row, now=until, hours=hours)
        at = row.reported_at
        for minutes in pauses:
            if (at := at + minutes * MINUTE) < until:
                row.delay_counted_amount = delay.so_far(row, now=at, hours=hours)
                row.delay_counted_at = at
        assert abs(delay.so_far(row, now=until, hours=hours) - whole) <= Decimal("0.005") * (len(pauses) + 1)

    def test_the_oracle_sees_what_a_wrong_answer_would_be(self) -> None:
        """A night in which clocks go forward has seven hours, not eight."""
        start = datetime(2026, 3, 8, 4, 0, tzinfo=UTC)
        row = WorkOrder(reported_at=start, cost_per_hour_amount=Decimal(60), stock_at_risk=True)
        hours = Hours("America/New_York", ALL_WEEK)
        morning = datetime(2026, 3, 8, 7, 0, tzinfo=ZoneInfo("America/New_York")).astimezone(UTC)
        assert slowly(row, morning, hours) == Decimal(7 * 60) == delay.so_far(row, now=morning, hours=None)


@pytest.mark.django_db
class TestThroughALife:
    @pytest.fixture
    def open_nine_to_five(self, cast: Cast) -> None:
        for day in range(7):
            SiteHours.objects.create(site=cast.hilltop, weekday=day, opens_minute=540, closes_minute=1020)

    @pytest.fixture
    def dry(self, cast: Cast) -> dict[str, object]:
        """Trouble that harms no stock, on a unit that costs 40 an hour."""
        return {"problem_type": ProblemTypeFactory(trade=cast.refrigeration, name="Hums"), "working": Working.DOWN}

    def so_far(self, row: WorkOrder, at: datetime) -> Decimal:
        waiting = dossier.waiting_of(dossier.find(row.number, by=row.requester or row.owner), at)
        return waiting.so_far_amount if waiting else Decimal(0)

    def test_a_unit_that_is_down_costs_its_category_s_amount_while_the_store_is_open(
        self, cast: Cast, open_nine_to_five: None, dry: dict[str, object]
    ) -> None:
        row = Story(cast).reported(by=cast.fm, **dry).work_order  # 9:00
        assert row.cost_per_hour_amount == 40
        assert self.so_far(row, NOW + 3 * HOUR) == 120
        assert self.so_far(row, NOW + 20 * HOUR) == 320
        assert self.so_far(row, NOW + 25 * HOUR) == 360

    def test_with_stock_at_risk_the_night_costs_as_much_as_the_day(self, cast: Cast, open_nine_to_five: None) -> None:
        row = Story(cast).reported(by=cast.fm, working=Working.DOWN).work_order
        assert row.stock_at_risk
        assert self.so_far(row, NOW + 25 * HOUR) == 1000

    def test_what_fails_halfway_is_reckoned_at_each_rate_for_its_time(
        self, cast: Cast, open_nine_to_five: None, dry: dict[str, object]
    ) -> None:
        row = Story(cast).reported(by=cast.fm, **dry | {"working": Working.DEGRADED}).work_order
        row = intake.join(row, by=cast.store, now=NOW + 2 * HOUR, worse=True, words="Now it stopped")
        assert (row.cost_per_hour_amount, row.delay_counted_amount) == (40, 40)
        assert self.so_far(row, NOW + 3 * HOUR) == 80

    def test_another_unit_brings_its_own_amount_from_then_on(
        self, cast: Cast, open_nine_to_five: None, dry: dict[str, object]
    ) -> None:
        row = Story(cast).reported(by=cast.fm, **dry).work_order
        dear = AssetFactory(tag="RF-9", site=cast.hilltop, category=cast.cooler.category, downtime_cost_amount=100)
        row = lifecycle.correct(row, by=cast.fm, now=NOW + HOUR, asset=dear)
        assert self.so_far(row, NOW + 2 * HOUR) == 140

    def test_the_delay_ends_with_the_work_and_goes_on_when_it_is_sent_back(
        self, cast: Cast, dry: dict[str, object]
    ) -> None:
        story = Story(cast, facts={"by": cast.fm, **dry}).completed()
        row, done = story.work_order, story.work_order.completed_at
        spent = self.so_far(row, done + 100 * HOUR)
        assert spent == cents(Decimal((done - row.reported_at).total_seconds()) * 40 / 3600)
        row = lifecycle.reject(row, by=cast.store, now=done + HOUR, reason="Still hums")
        assert self.so_far(row, done + 2 * HOUR) == spent + 80

    def test_what_works_costs_nothing(self, cast: Cast) -> None:
        row = Story(cast).reported(by=cast.fm, working=Working.WORKING).work_order
        assert dossier.waiting_of(dossier.find(row.number, by=cast.fm), NOW + HOUR) is None

    def test_approvals_say_what_waiting_costs_while_the_work_is_not_done(
        self, cast: Cast, dry: dict[str, object], enter: Callable[[User], Client]
    ) -> None:
        story = Story(cast, facts={"by": cast.fm, **dry}).on_site()
        visits.check_out(
            story.visit, by=cast.technician, now=story.later(), outcome=Outcome.RETURN_NEEDED, note="Part is not here"
        )
        row = lifecycle.reassign(story.fresh().work_order, by=cast.fm, now=story.later(), reason="Too slow")
        bill = invoices.draft(row, vendor=cast.cascade, now=story.later())
        invoices.submit(bill, by=cast.dispatcher, now=story.later(), number="CR-1", invoice_on=story.now.date())
        page = enter(cast.finance).get("/approvals").content.decode()
        assert "Waiting costs $40.00 an hour, " in " ".join(page.split())
