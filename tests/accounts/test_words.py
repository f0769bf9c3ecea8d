"""Amounts, times and lengths are said one way everywhere."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from accounts.words import Card, ago, initials, moment, money, money_short, span, when

TACOMA = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 7, 16, 16, 42, tzinfo=UTC)  # Thursday 09:42 in Tacoma


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [
        ("1200", "USD", "$1,200.00"),
        ("0", "USD", "$0.00"),
        ("-12.5", "USD", "\N{MINUS SIGN}$12.50"),
        ("2.345", "USD", "$2.35"),
        ("80", "CHF", "CHF 80.00"),
        ("1200", "JPY", "JPY 1,200"),
        ("1234567.891", "EUR", "€1,234,567.89"),
    ],
)
def test_money_has_its_symbol_thousands_and_minor_unit(amount, currency, said):
    assert money(Decimal(amount), currency) == said


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("640.20", "$640"),
        ("9999.99", "$10,000"),
        ("318200", "$318k"),
        ("2440000", "$2.4M"),
        ("999600", "$1.0M"),
        ("-25000", "\N{MINUS SIGN}$25k"),
    ],
)
def test_money_on_a_tile_is_whole_or_in_thousands(amount, said):
    assert money_short(Decimal(amount)) == said


def test_an_instant_of_today_is_only_its_time_in_the_zone_of_the_place():
    assert when(datetime(2026, 7, 16, 14, 52, tzinfo=UTC), TACOMA, NOW) == "07:52"


def test_today_is_decided_in_the_zone_of_the_place_not_in_utc():
    assert when(datetime(2026, 7, 17, 2, 0, tzinfo=UTC), TACOMA, NOW) == "19:00"
    assert when(datetime(2026, 7, 16, 2, 0, tzinfo=UTC), TACOMA, NOW) == "Wed 15 Jul, 19:00"


def test_an_instant_within_a_week_has_its_day_and_time():
    assert when(datetime(2026, 7, 14, 16, 12, tzinfo=UTC), TACOMA, NOW) == "Tue 14 Jul, 09:12"
    assert when(datetime(2026, 7, 22, 15, 0, tzinfo=UTC), TACOMA, NOW) == "Wed 22 Jul, 08:00"


def test_an_instant_further_away_is_only_its_day():
    assert when(datetime(2026, 7, 23, 15, 0, tzinfo=UTC), TACOMA, NOW) == "23 Jul 2026"
    assert when(datetime(2025, 2, 3, 15, 0, tzinfo=UTC), TACOMA, NOW) == "3 Feb 2025"


def test_what_somebody_must_be_there_for_has_its_hour_however_far_it_is():
    assert when(datetime(2026, 9, 23, 15, 0, tzinfo=UTC), TACOMA, NOW, with_hour=True) == "23 Sep 2026, 08:00"
    assert when(datetime(2026, 7, 17, 2, 0, tzinfo=UTC), TACOMA, NOW, with_hour=True) == "19:00"


def test_the_full_moment_names_its_zone():
    assert moment(datetime(2026, 7, 14, 16, 12, tzinfo=UTC), TACOMA) == "Tue 14 Jul 2026, 09:12 PDT"


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(0), "0 min"),
        (timedelta(seconds=59), "0 min"),
        (timedelta(minutes=47), "47 min"),
        (timedelta(hours=3, minutes=25, seconds=59), "3 h 25 m"),
        (timedelta(hours=2), "2 h"),
        (timedelta(days=1, hours=4, minutes=59), "1 d 4 h"),
        (timedelta(days=3, minutes=5), "3 d"),
        (timedelta(days=364, hours=23), "364 d 23 h"),
        (timedelta(days=365), "1 y"),
        (timedelta(days=4338, hours=15), "11 y 323 d"),
        (timedelta(minutes=-47), "47 min"),
    ],
)
def test_a_length_is_said_in_its_two_largest_units(length, said):
    assert span(length) == said


@pytest.mark.parametrize(
    ("apart", "said"),
    [
        (timedelta(seconds=30), "just now"),
        (timedelta(minutes=18), "18 min ago"),
        (timedelta(hours=2, minutes=50), "2 h ago"),
        (timedelta(days=27), "27 d ago"),
        (timedelta(days=800), "2 y ago"),
        (timedelta(minutes=-25), "in 25 min"),
    ],
)
def test_the_distance_from_now_is_said_in_its_largest_unit(apart, said):
    assert ago(NOW - apart, NOW) == said


def test_a_person_is_marked_by_two_letters():
    assert initials("Dana Whitfield") == "DW"
    assert initials("Jo de la Cruz Alvarez") == "JA"
    assert initials("cher") == "C"
    assert initials("") == "?"


def test_a_card_is_its_label_with_help_and_icon():
    card = Card("Too warm", help="Not holding temperature", icon="snowflake")
    assert card == "Too warm"
    assert (card.help, card.icon) == ("Not holding temperature", "snowflake")
