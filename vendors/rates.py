"""What a visit costs by the rate card: trip, hours at the right rate, parts with markup, tax.

Which hour is which: a local holiday of the site's calendar is `holiday`; else every hour of an emergency (P1) is
`emergency`; else an hour inside the site's opening hours is `regular` and one outside is `overtime`. Sites that never
close count as open Monday to Friday, 08:00 to 17:00. On-site time is cut into the card's increments from the
moment of check-in, a begun increment counts whole, and each is charged at the rate in force when it begins. What is
missing to the card's minimum is charged at the rate at which the visit began.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from accounts.money import cents, percent_of
from assets.hours import ALL_WEEK, Hours, Openings
from vendors.models import RateCard

if TYPE_CHECKING:
    from assets.models import Trade
    from vendors.models import Vendor

USUAL_WEEK: tuple[Openings, ...] = (((8 * 60, 17 * 60),),) * 5 + ((), ())
HUNDREDTH = Decimal("0.01")


class HourKind(StrEnum):
    """By which rate an hour is charged; the words are those of the lines of an invoice."""

    REGULAR = "regular"
    OVERTIME = "overtime"
    EMERGENCY = "emergency"
    HOLIDAY = "holiday"
    HELPER = "helper"


class CostLine(NamedTuple):
    """One line of a cost: `amount` is quantity times unit amount, rounded half up to the cent."""

    kind: str
    words: str
    quantity: Decimal
    unit_amount: Decimal
    amount: Decimal
    hour_kind: str = ""


@dataclass(frozen=True)
class Cost:
    """What something costs: lines, and the tax on their sum rounded once."""

    lines: tuple[CostLine, ...]
    tax_percent: Decimal

    @property
    def subtotal_amount(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def tax_amount(self) -> Decimal:
        return percent_of(self.subtotal_amount, self.tax_percent)

    @property
    def total_amount(self) -> Decimal:
        return self.subtotal_amount + self.tax_amount


def card_for(vendor: Vendor, trade: Trade, day: date) -> RateCard | None:
    """The rate card of `vendor` for `trade` in force on the local day `day`; at most one can be."""
    return RateCard.objects.in_force(day).filter(vendor=vendor, trade=trade).first()


def regular_hours(hours: Hours) -> Hours:
    """The hours of a site that count as regular: its opening hours, or the usual week where it never closes."""
    return replace(hours, weekly=USUAL_WEEK) if hours.weekly == ALL_WEEK else hours


def hour_kind(hours: Hours, instant: datetime, *, emergency: bool) -> HourKind:
    """By which rate an hour that begins at `instant` is charged."""
    if hours.local_day(instant) in hours.closed_on:
        return HourKind.HOLIDAY
    if emergency:
        return HourKind.EMERGENCY
    return HourKind.REGULAR if hours.is_open(instant) else HourKind.OVERTIME


def rate_amount(card: RateCard, kind: str) -> Decimal:
    """Per hour of `kind`, by `card`."""
    rates = {
        HourKind.REGULAR: card.labor_regular_amount,
        HourKind.OVERTIME: card.labor_overtime_amount,
        HourKind.EMERGENCY: card.labor_emergency_amount,
        HourKind.HOLIDAY: card.labor_holiday_amount,
        HourKind.HELPER: card.helper_amount,
    }
    return rates[HourKind(kind)]


def increments(minutes: int, on_site: timedelta) -> int:
    """How many increments of so many minutes the time `on_site` fills, a begun one counting whole."""
    return -(-on_site // timedelta(minutes=minutes))


def hours_in(minutes: int, count: int) -> Decimal:
    """`count` increments of so many minutes in hours, rounded half up to the hundredth."""
    return (Decimal(count * minutes) / 60).quantize(HUNDREDTH, rounding=ROUND_HALF_UP)


@lru_cache(maxsize=1_000)
def filled(minutes: int, hours: Decimal) -> Decimal:
    """`hours` filled up to whole increments of so many minutes: the cards of a trade ask for the same few."""
    return hours_in(minutes, increments(minutes, timedelta(hours=float(hours))))


def billed_hours(
    card: RateCard, start: datetime, end: datetime, kind_at: Callable[[datetime], HourKind]
) -> dict[HourKind, Decimal]:
    """The hours of one visit by rate, increments and minimum applied; see the head of this module."""
    step = timedelta(minutes=card.rounding_minutes)
    worked = increments(card.rounding_minutes, end - start)
    least = increments(card.rounding_minutes, timedelta(minutes=float(card.minimum_hours * 60)))
    counts = Counter(kind_at(start + number * step) for number in range(worked))
    if least > worked:
        counts[kind_at(start)] += least - worked
    return {kind: hours_in(card.rounding_minutes, counts[kind]) for kind in HourKind if counts[kind]}


def cost_of_visit(
    *,
    card: RateCard,
    start: datetime,
    end: datetime,
    hours: Hours,
    emergency: bool = False,
    helpers: int = 0,
    with_labor: bool = True,
) -> list[CostLine]:
    """The lines of one trip: the trip charge, the hours by rate, and the same hours for each helper.

    `with_labor=False` for a trip on which no work could be done: the trip alone.
    """
    lines = []
    if card.trip_amount:
        lines.append(line("trip", "Trip charge", Decimal(1), card.trip_amount))
    if not with_labor:
        return lines
    billed = billed_hours(card, start, end, lambda instant: hour_kind(hours, instant, emergency=emergency))
    for kind, quantity in billed.items():
        lines.append(line("labor", f"Labor, {kind} hours", quantity, rate_amount(card, kind), kind))
    total = sum(billed.values(), Decimal(0))
    if helpers and card.helper_amount and total:
        words = "Helper" if helpers == 1 else f"{helpers} helpers"
        lines.append(line("labor", f"{words}, hours", total * helpers, card.helper_amount, HourKind.HELPER))
    return lines


def cost_of_part(*, card: RateCard, name: str, quantity: Decimal, unit_cost_amount: Decimal) -> CostLine:
    """A part at its cost and the card's markup; the unit price is rounded first, so that a hand can check the line."""
    return line("parts", name, quantity, marked_up(card, unit_cost_amount))


def marked_up(card: RateCard, unit_cost_amount: Decimal) -> Decimal:
    """What one unit may be charged at."""
    return unit_cost_amount + percent_of(unit_cost_amount, card.parts_markup_percent)


def line(kind: str, words: str, quantity: Decimal, unit_amount: Decimal, hour_kind: str = "") -> CostLine:
    """A line whose amount is the rounded product."""
    return CostLine(kind, words, quantity, unit_amount, cents(quantity * unit_amount), hour_kind)


def expected_cost(*, card: RateCard, hours: Decimal, emergency: bool) -> Cost:
    """What a job of `hours` on site in one trip would cost before anybody has been there, without parts and tax."""
    quantity = filled(card.rounding_minutes, max(hours, card.minimum_hours))
    kind = HourKind.EMERGENCY if emergency else HourKind.REGULAR
    lines = [line("trip", "Trip charge", Decimal(1), card.trip_amount)] if card.trip_amount else []
    lines.append(line("labor", f"Labor, {kind} hours", quantity, rate_amount(card, kind), kind))
    return Cost(tuple(lines), Decimal(0))
