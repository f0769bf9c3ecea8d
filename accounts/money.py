"""The one place where money is rounded: half up, to the cent, once per line."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """`amount` rounded half up to the cent: 0.125 is 0.13. PostgreSQL's round() does the same to what is stored."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def percent_of(amount: Decimal, percent: Decimal) -> Decimal:
    """`percent` per cent of `amount`, rounded half up to the cent."""
    return cents(amount * percent / 100)
