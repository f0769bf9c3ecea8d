"""How amounts, times and lengths are said, everywhere alike: on pages, in mail and in text messages.

Pure functions of their arguments: the caller gives the zone and the present. Ordinary spaces only, so that
a text message stays in one alphabet; the template filters put no-break spaces where a line must not break.
"""

from datetime import datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

MINUS = "\N{MINUS SIGN}"
SYMBOLS = {
    "USD": "$",
    "CAD": "CA$",
    "MXN": "MX$",
    "EUR": "\N{EURO SIGN}",
    "GBP": "\N{POUND SIGN}",
    "AUD": "A$",
    "NZD": "NZ$",
}
WITHOUT_MINOR_UNIT = frozenset({"JPY", "KRW", "CLP", "ISK", "VND"})

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
METERS_PER_FOOT = 0.3048
METERS_PER_MILE = 1609.344
KM_PER_MILE = Decimal("1.609344")
YEAR = 365
"""Days after which a length is told in years."""
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Mark(NamedTuple):
    """One coloured thing on a page: its words, whose move its colour says it is, and its icon."""

    label: str
    tone: str = "off"
    icon: str = ""


class Due(NamedTuple):
    """A target on a page: words, state (ok, risk, late, paused, met, missed), share of time left (0 to 100)."""

    label: str
    state: str = "ok"
    left: int = 100


class Card(str):
    """The label of a choice that is shown as a card: words, with a line of help and an icon."""

    help: str
    icon: str

    def __new__(cls, label: object, *, help: str = "", icon: str = "") -> "Card":
        card = super().__new__(cls, label)
        card.help = help
        card.icon = icon
        return card


def money(amount: Decimal, currency: str = "USD") -> str:
    """An amount with its symbol, thousands and minor unit: "$1,200.00", "CHF 80.00", "JPY 1,200"."""
    exact = Decimal(1) if currency in WITHOUT_MINOR_UNIT else Decimal("0.01")
    return _signed(amount.quantize(exact, rounding=ROUND_HALF_UP), currency)


def money_short(amount: Decimal, currency: str = "USD") -> str:
    """An amount for a chart or a tile, whole or in thousands: "$640", "$318k", "$2.4M"."""
    size = abs(amount)
    if size >= 999_500:
        return _signed((amount / 1_000_000).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP), currency) + "M"
    if size >= 10_000:
        return _signed((amount / 1_000).quantize(Decimal(1), rounding=ROUND_HALF_UP), currency) + "k"
    return _signed(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP), currency)


def _signed(amount: Decimal, currency: str) -> str:
    sign = MINUS if amount < 0 else ""
    return f"{sign}{SYMBOLS.get(currency, currency + ' ')}{abs(amount):,f}"


def day(local: datetime) -> str:
    """A calendar day of any year: "14 Jul 2026"."""
    return f"{local.day} {MONTHS[local.month - 1]} {local.year}"


def when(instant: datetime, tz: tzinfo, now: datetime, *, with_hour: bool = False) -> str:
    """An instant in the zone of its place: today "09:12", within a week "Tue 14 Jul, 09:12", else "14 Jul 2026".

    `with_hour` is for what somebody must be there for: "14 Jul 2026, 09:12" however far it is.
    """
    local, today = instant.astimezone(tz), now.astimezone(tz)
    clock = f"{local:%H:%M}"
    if local.date() == today.date():
        return clock
    if abs(local.date() - today.date()) < timedelta(days=7):
        return f"{DAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]}, {clock}"
    return f"{day(local)}, {clock}" if with_hour else day(local)


def moment(instant: datetime, tz: tzinfo) -> str:
    """An instant in full, with its zone: "Tue 14 Jul 2026, 09:12 PDT"."""
    local = instant.astimezone(tz)
    return f"{DAYS[local.weekday()]} {day(local)}, {local:%H:%M %Z}"


def span(length: timedelta) -> str:
    """A length of time in its two largest units: "47 min", "3 h 25 m", "1 d 4 h", "2 y 40 d" (of 365 days).

    Never negative, never rounded up.
    """
    minutes = int(abs(length) / timedelta(minutes=1))
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    if days >= YEAR:
        return f"{days // YEAR} y {days % YEAR} d" if days % YEAR else f"{days // YEAR} y"
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {rest} m" if rest else f"{hours} h"
    return f"{rest} min"


def ago(instant: datetime, now: datetime) -> str:
    """How far an instant is from the present, in its largest unit: "just now", "18 min ago", "in 3 d", "2 y ago"."""
    apart = now - instant
    if abs(apart) < timedelta(minutes=1):
        return "just now"
    size = abs(apart)
    if size < timedelta(hours=1):
        text = f"{size // timedelta(minutes=1)} min"
    elif size < timedelta(days=1):
        text = f"{size // timedelta(hours=1)} h"
    elif size < timedelta(days=YEAR):
        text = f"{size // timedelta(days=1)} d"
    else:
        text = f"{size // timedelta(days=YEAR)} y"
    return f"{text} ago" if apart > timedelta(0) else f"in {text}"


def distance(meters: float, country: str) -> str:
    """A distance in the units of the place: "125 ft", "2.3 mi", "40 m", "3.7 km"."""
    if country == "US":
        feet = meters / METERS_PER_FOOT
        return f"{feet:,.0f} ft" if feet < 1000 else f"{meters / METERS_PER_MILE:,.1f} mi"
    return f"{meters:,.0f} m" if meters < 1000 else f"{meters / 1000:,.1f} km"


def unit_of(country: str) -> str:
    """In what long ways are told and entered there: "mi" or "km"."""
    return "mi" if country == "US" else "km"


def in_unit(km: Decimal, country: str) -> str:
    """A length in kilometers as the number to tell or to enter there, to a tenth at most: "30", "49.7"."""
    length = km / KM_PER_MILE if country == "US" else km
    return f"{length.quantize(Decimal('0.1'), rounding=ROUND_HALF_UP):f}".removesuffix(".0")


def in_km(length: Decimal, country: str) -> Decimal:
    """What was entered there, in kilometers to the meter. `in_unit` tells it again as it was, to the tenth."""
    km = length * KM_PER_MILE if country == "US" else length
    return km.quantize(Decimal("0.001"), rounding=ROUND_HALF_UP)


def long_way(km: Decimal, country: str) -> str:
    """A length in kilometers as it was entered there: "30 mi", "49.7 mi", "80 km"."""
    return f"{in_unit(km, country)} {unit_of(country)}"


def initials(name: str) -> str:
    """Two letters for the round mark of a person: "Dana Whitfield" is "DW"."""
    parts = name.split()
    if not parts:
        return "?"
    return (parts[0][0] + (parts[-1][0] if len(parts) > 1 else "")).upper()
