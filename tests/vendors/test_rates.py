"""What a visit costs: hours cut, rounded and priced as the head of vendors/rates.py says."""

from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.money import cents, percent_of
from assets.hours import Hours, hours_of
from assets.models import Calendar, CalendarHours, Holiday, SiteHours
from vendors import rates
from vendors.models import RateCard
from vendors.rates import Cost, HourKind, billed_hours, cost_of_visit

PACIFIC = "America/Los_Angeles"
OPEN_9_TO_21 = Hours(PACIFIC, (((9 * 60, 21 * 60),),) * 6 + ((),), frozenset({date(2026, 12, 25)}))


def card(**facts) -> RateCard:
    usual = {
        "labor_regular_amount": Decimal("95.00"), "labor_overtime_amount": Decimal("142.50"),
        "labor_emergency_amount": Decimal("190.00"), "labor_holiday_amount": Decimal("210.00"),
        "helper_amount": Decimal("45.00"), "trip_amount": Decimal("75.00"), "minimum_hours": Decimal("1.00"),
        "rounding_minutes": 15, "parts_markup_percent": Decimal("15.00"), "tax_percent": Decimal("8.875"),
    }  # fmt: skip
    return RateCard(**usual | facts)


def local(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZoneInfo(PACIFIC))


def hours(start: datetime, minutes: int, *, emergency: bool = False, **facts) -> dict[str, str]:
    lines = cost_of_visit(
        card=card(**facts), start=start, end=start + timedelta(minutes=minutes), hours=OPEN_9_TO_21, emergency=emergency
    )
    return {line.hour_kind: str(line.quantity) for line in lines if line.hour_kind}


TUESDAY = local(7, 14, 10)


@pytest.mark.parametrize(
    ("minutes", "facts", "wanted"),
    [
        (60, {}, {"regular": "1.00"}),
        (61, {}, {"regular": "1.25"}),
        (75, {}, {"regular": "1.25"}),
        (20, {}, {"regular": "1.00"}),
        (0, {}, {"regular": "1.00"}),
        (0, {"minimum_hours": Decimal(0)}, {}),
        (61, {"rounding_minutes": 60}, {"regular": "2.00"}),
        (61, {"rounding_minutes": 1}, {"regular": "1.02"}),
        (10, {"rounding_minutes": 10, "minimum_hours": Decimal(0)}, {"regular": "0.17"}),
        (30, {"rounding_minutes": 10, "minimum_hours": Decimal("1.10")}, {"regular": "1.17"}),
    ],
)
def test_time_on_site_is_rounded_up_to_the_increment_and_the_minimum(minutes, facts, wanted):
    assert hours(TUESDAY, minutes, **facts) == wanted


@pytest.mark.parametrize(
    ("start", "minutes", "emergency", "wanted"),
    [
        (local(7, 14, 20), 120, False, {"regular": "1.00", "overtime": "1.00"}),
        # 20:50 is regular, 21:05 and 21:20 are not; what is missing to an hour counts like the first.
        (local(7, 14, 20, 50), 40, False, {"regular": "0.50", "overtime": "0.50"}),
        (local(7, 14, 8), 120, False, {"regular": "1.00", "overtime": "1.00"}),
        (local(7, 19, 12), 60, False, {"overtime": "1.00"}),  # Sunday, closed
        (local(7, 14, 20), 120, True, {"emergency": "2.00"}),
        (local(12, 25, 10), 60, False, {"holiday": "1.00"}),
        (local(12, 25, 10), 60, True, {"holiday": "1.00"}),
        (local(12, 24, 23, 30), 60, True, {"emergency": "0.50", "holiday": "0.50"}),
    ],
)
def test_each_increment_is_charged_at_the_rate_in_force_when_it_begins(start, minutes, emergency, wanted):
    assert hours(start, minutes, emergency=emergency) == wanted


def test_a_trip_with_two_helpers_line_by_line():
    lines = cost_of_visit(
        card=card(), start=TUESDAY, end=TUESDAY + timedelta(minutes=80), hours=OPEN_9_TO_21, helpers=2
    )
    assert [(line.kind, line.words, line.quantity, line.unit_amount, line.amount) for line in lines] == [
        ("trip", "Trip charge", Decimal(1), Decimal("75.00"), Decimal("75.00")),
        ("labor", "Labor, regular hours", Decimal("1.50"), Decimal("95.00"), Decimal("142.50")),
        ("labor", "2 helpers, hours", Decimal("3.00"), Decimal("45.00"), Decimal("135.00")),
    ]


def test_a_trip_without_work_is_the_trip_alone_and_without_a_charge_nothing():
    usual = {"start": TUESDAY, "end": TUESDAY, "hours": OPEN_9_TO_21, "with_labor": False}
    assert [line.kind for line in cost_of_visit(card=card(), **usual)] == ["trip"]
    assert cost_of_visit(card=card(trip_amount=Decimal(0)), **usual) == []


def test_a_part_is_marked_up_by_the_piece():
    line = rates.cost_of_part(card=card(), name="Gasket", quantity=Decimal("2.50"), unit_cost_amount=Decimal("33.33"))
    assert (line.unit_amount, line.amount) == (Decimal("38.33"), Decimal("95.83"))  # 95.825 goes up


def test_tax_is_taken_once_on_the_sum():
    cost = Cost((rates.line("other", "A", Decimal(1), Decimal("0.05")),) * 3, Decimal("10.000"))
    assert (cost.subtotal_amount, cost.tax_amount, cost.total_amount) == (
        Decimal("0.15"), Decimal("0.02"), Decimal("0.17"),
    )  # fmt: skip


def test_what_a_job_may_cost_before_anybody_was_there():
    usual = rates.expected_cost(card=card(), hours=Decimal("1.90"), emergency=False)
    urgent = rates.expected_cost(card=card(), hours=Decimal("0.10"), emergency=True)
    assert usual.subtotal_amount == Decimal("265.00")  # 75 + 2 × 95
    assert urgent.subtotal_amount == Decimal("265.00")  # 75 + 1 × 190, the minimum


def test_a_site_that_never_closes_has_regular_hours_in_the_usual_week(cast):
    found = rates.regular_hours(hours_of(cast.hilltop))
    assert rates.hour_kind(found, local(7, 14, 8), emergency=False) == HourKind.REGULAR
    assert rates.hour_kind(found, local(7, 14, 17), emergency=False) == HourKind.OVERTIME
    assert rates.hour_kind(found, local(7, 18, 10), emergency=False) == HourKind.OVERTIME


def test_opening_hours_of_the_site_are_its_regular_hours_and_the_calendar_has_the_holidays(cast):
    calendar = Calendar.objects.create(name="Stores")
    CalendarHours.objects.create(calendar=calendar, weekday=1, opens_minute=0, closes_minute=600)
    Holiday.objects.create(calendar=calendar, day_on=date(2026, 7, 21), name="Founders")
    cast.hilltop.calendar = calendar
    cast.hilltop.save()

    def kind(instant):
        return rates.hour_kind(rates.regular_hours(hours_of(cast.hilltop)), instant, emergency=False)

    assert kind(local(7, 14, 9, 59)) == HourKind.REGULAR
    assert kind(local(7, 14, 10)) == HourKind.OVERTIME
    assert kind(local(7, 21, 9)) == HourKind.HOLIDAY
    SiteHours.objects.create(site=cast.hilltop, weekday=1, opens_minute=600, closes_minute=1440)
    assert kind(local(7, 14, 10)) == HourKind.REGULAR


def test_one_card_at_most_is_in_force_on_a_day(cast):
    first = RateCard.objects.get(vendor=cast.cascade, trade=cast.refrigeration)
    first.ends_on = date(2026, 7, 14)
    first.save()
    card_for = rates.card_for
    assert card_for(cast.cascade, cast.refrigeration, date(2026, 7, 13)) == first
    assert card_for(cast.cascade, cast.refrigeration, date(2026, 7, 14)) is None
    assert card_for(cast.cascade, cast.refrigeration, date(2025, 12, 31)) is None


# Against a slow oracle in fractions, which shares no step with the rule.


@settings(deadline=None)
@given(
    minutes=st.integers(0, 2000),
    step=st.integers(1, 120),
    minimum=st.integers(0, 800).map(lambda hundredths: Decimal(hundredths) / 100),
    begin=st.integers(0, 14 * 24 * 60),
    emergency=st.booleans(),
)
def test_hours_equal_a_count_minute_by_minute(minutes, step, minimum, begin, emergency):
    start = datetime(2026, 12, 18, 8, tzinfo=UTC) + timedelta(minutes=begin)
    found = billed_hours(
        card(rounding_minutes=step, minimum_hours=minimum),
        start,
        start + timedelta(minutes=minutes),
        lambda instant: rates.hour_kind(OPEN_9_TO_21, instant, emergency=emergency),
    )

    def slow_kind(instant: datetime) -> str:
        wall = instant.astimezone(ZoneInfo(PACIFIC))
        if (wall.month, wall.day) == (12, 25):
            return "holiday"
        if emergency:
            return "emergency"
        return "regular" if wall.weekday() < 6 and 9 <= wall.hour < 21 else "overtime"

    counted: dict[str, int] = {}
    for minute in range(minutes):
        if minute % step == 0:
            kind = slow_kind(start + timedelta(minutes=minute))
            counted[kind] = counted.get(kind, 0) + step
    while Fraction(sum(counted.values()), 60) < Fraction(minimum):
        counted[slow_kind(start)] = counted.get(slow_kind(start), 0) + step
    half_up = {
        kind: Decimal((Fraction(total * 100, 60) + Fraction(1, 2)).__floor__()) / 100 for kind, total in counted.items()
    }
    assert {str(kind): quantity for kind, quantity in found.items()} == half_up


amounts = st.integers(0, 10**9).map(lambda value: Decimal(value) / 10000)


@given(amounts)
def test_cents_round_half_up(amount):
    assert cents(amount) == Decimal((Fraction(amount) * 100 + Fraction(1, 2)).__floor__()) / 100
    assert cents(amount) == amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


@given(st.lists(st.tuples(st.integers(1, 99999), st.integers(0, 999999)), max_size=12), st.integers(0, 100_000))
def test_a_total_is_the_sum_of_rounded_lines_and_one_rounded_tax(pairs, percent):
    lines = tuple(rates.line("other", "x", Decimal(q) / 100, Decimal(u) / 100) for q, u in pairs)
    cost = Cost(lines, Decimal(percent) / 1000)
    subtotal = sum(((q * u + 50) // 100 for q, u in pairs), 0)  # whole cents
    tax = (subtotal * percent + 50_000) // 100_000
    assert cost.subtotal_amount * 100 == subtotal
    assert cost.tax_amount * 100 == tax
    assert cost.total_amount * 100 == subtotal + tax
    assert percent_of(cost.subtotal_amount, cost.tax_percent) == cost.tax_amount
