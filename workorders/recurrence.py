"""Rules of recurrence (RFC 5545) as a plan uses them: whole local days, counted from an anchor, said in words.

A rule never reads when it last ran. Where a month is too short for its day, the last day of that month stands in, and
the next long month has the day again: a plan on the 31st stays on the 31st (the RFC itself would skip the short month).
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date, datetime, time
from functools import lru_cache

from dateutil.rrule import rrule, rruleset, rrulestr

FREQUENCIES = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
PARTS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST"})
DAYS = {
    "MO": "Monday", "TU": "Tuesday", "WE": "Wednesday", "TH": "Thursday", "FR": "Friday", "SA": "Saturday",
    "SU": "Sunday",
}  # fmt: skip
PLACES = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last", -2: "second to last"}
SHORTEST_MONTH = 28


class NotARule(ValueError):
    """The text is no rule that a plan can follow; the sentence says why."""


def parse(rule: str) -> dict[str, str]:
    """The parts of a rule. Raises NotARule."""
    parts: dict[str, str] = {}
    for part in rule.upper().strip().strip(";").split(";"):
        name, equals, value = part.partition("=")
        if not equals or name not in PARTS or name in parts or not value:
            raise NotARule(f"“{part[:40]}” is not part of a rule.")
        parts[name] = value
    if parts.get("FREQ") not in FREQUENCIES:
        raise NotARule("A rule repeats by day, week, month or year.")
    if not 1 <= _number(parts.get("INTERVAL", "1")) <= 999:
        raise NotARule("The interval is 1 to 999.")
    if not 1 <= _number(parts.get("COUNT", "1")) <= 9999:
        raise NotARule("The number of times is 1 to 9999.")
    months, days = _numbers(parts.get("BYMONTH", "")), _numbers(parts.get("BYMONTHDAY", ""))
    if any(not 1 <= month <= 12 for month in months) or any(not 1 <= abs(day) <= 31 for day in days):
        raise NotARule("Months are 1 to 12 and days 1 to 31.")
    longest = max((calendar.monthrange(2024, month)[1] for month in months), default=31)
    if days and min(abs(day) for day in days) > longest:
        raise NotARule("No such month has that day.")
    for day in filter(None, parts.get("BYDAY", "").split(",")):
        place = day[:-2]
        if day[-2:] not in DAYS or (place and (parts["FREQ"] in ("DAILY", "WEEKLY") or _number(place) not in PLACES)):
            raise NotARule(f"“{day[:10]}” is not a day of the week that this rule can use.")
    if "BYSETPOS" in parts and (
        parts["FREQ"] not in ("MONTHLY", "YEARLY")
        or "BYDAY" not in parts
        or any(place not in PLACES for place in _numbers(parts["BYSETPOS"]))
    ):
        raise NotARule("A position counts days of the week in a month or year, from first to fifth, or last.")
    return parts


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise NotARule(f"“{text[:20]}” is not a number.") from None


def _numbers(text: str) -> list[int]:
    return [_number(part) for part in text.split(",") if part]


@lru_cache(maxsize=4096)
def _read(rule: str, anchor: date) -> rrule | rruleset:
    parts = _to_month_end(parse(rule), anchor)
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    try:
        # Remembering its dates makes the thousandth question as cheap as the first.
        return rrulestr(text, dtstart=datetime.combine(anchor, time()), cache=True)
    except (ValueError, TypeError) as problem:
        raise NotARule("This is not a rule that a plan can follow.") from problem


def _to_month_end(parts: dict[str, str], anchor: date) -> dict[str, str]:
    """The same rule with a late day of the month written as "the last that there is, up to that day"."""
    if parts["FREQ"] not in ("MONTHLY", "YEARLY") or "BYDAY" in parts:
        return parts
    days = _numbers(parts.get("BYMONTHDAY", "")) or [anchor.day]
    if len(days) > 1 or days[0] <= SHORTEST_MONTH:
        return parts
    late = {"BYMONTHDAY": ",".join(map(str, range(SHORTEST_MONTH, days[0] + 1))), "BYSETPOS": "-1"}
    if parts["FREQ"] == "MONTHLY":
        return parts | late
    months = _numbers(parts.get("BYMONTH", "")) or [anchor.month]
    if len(months) == 1:
        return parts | late | {"BYMONTH": str(months[0])}
    if parts.get("INTERVAL", "1") != "1":
        raise NotARule("Choose a day up to 28 for several months of every second or later year.")
    return parts | late | {"FREQ": "MONTHLY"}


def dates(rule: str, anchor: date, *, since: date) -> Iterator[date]:
    """The days of the rule from `since` (that day included) on. Raises NotARule."""
    for moment in _read(rule, anchor).xafter(datetime.combine(since, time()), inc=True):
        yield moment.date()


def next_date(rule: str, anchor: date, *, since: date) -> date | None:
    """The first day of the rule that is not before `since`; None when it has come to its end."""
    return next(dates(rule, anchor, since=since), None)


# In words


def in_words(rule: str, anchor: date | None = None) -> str:
    """The rule as a person would say it: "Every 3 months on the 31st, or the last day of a shorter month"."""
    parts = parse(rule)
    unit, interval = FREQUENCIES[parts["FREQ"]], int(parts.get("INTERVAL", "1"))
    words = f"Every {unit}" if interval == 1 else f"Every {interval} {unit}s"
    months = [calendar.month_name[month] for month in _numbers(parts.get("BYMONTH", ""))]
    days = _numbers(parts.get("BYMONTHDAY", ""))
    if "BYDAY" in parts:
        words += " on " + _listed(_weekdays(parts))
    elif days:
        words += " on " + _listed([_day(day) for day in days])
    elif anchor and unit == "week":
        words += f" on {anchor:%A}"
    elif anchor and unit == "month":
        words += f" on {_day(anchor.day)}"
    elif anchor and unit == "year":
        words += f" on {_day(anchor.day)}"
        months = months or [calendar.month_name[anchor.month]]
    if months:
        words += (" of " if " on " in words else " in ") + _listed(months)
    if unit == "month" or (unit == "year" and " on the " in words):
        late = days or ([anchor.day] if anchor and "BYDAY" not in parts else [])
        if len(late) == 1 and late[0] > SHORTEST_MONTH:
            words += ", or the last day of a shorter month"
    if "COUNT" in parts:
        words += f", {parts['COUNT']} times"
    if "UNTIL" in parts:
        until = parts["UNTIL"]
        words += f", until {until[:4]}-{until[4:6]}-{until[6:8]}"
    return words


def _weekdays(parts: dict[str, str]) -> list[str]:
    places = [f"{PLACES[place]} " for place in _numbers(parts.get("BYSETPOS", ""))]
    found = []
    for day in parts["BYDAY"].split(","):
        place = f"the {PLACES[int(day[:-2])]} " if day[:-2] else ""
        found.append(f"{place}{DAYS[day[-2:]]}")
    return [f"the {_listed([place.strip() for place in places])} {_listed(found, 'or')}"] if places else found


def _day(day: int) -> str:
    if day < 0:
        return "the last day" if day == -1 else f"the {_ordinal(-day)} to last day"
    return f"the {_ordinal(day)}"


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _listed(words: list[str], last: str = "and") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
