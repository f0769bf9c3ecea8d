"""From the words of a cell to a value: one reader per kind, each with its sentence when it cannot."""

from __future__ import annotations

import math
import zoneinfo
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from config.imports.source import Mapping


class Unreadable(Exception):
    """The cell does not say what the field needs; the sentence says what it should."""


@dataclass(frozen=True)
class Field:
    """One field of a noun: how its cell is read, and whether it must be there."""

    read: Callable[[str, Mapping], Any]
    required: bool = False
    empty: Any = None


def text(limit: int, *, required: bool = False) -> Field:
    """Words of at most `limit` characters."""

    def read(said: str, mapping: Mapping) -> str:
        if "\x00" in said:
            raise Unreadable("has a character that is not text")
        if len(said) > limit:
            raise Unreadable(f"is longer than {limit:,} characters")
        return said

    return Field(read, required, "")


def country() -> Field:
    """Two letters for a country, in any case; empty: the States."""

    def read(said: str, mapping: Mapping) -> str:
        if not (len(said) == 2 and said.isascii() and said.isalpha()):
            raise Unreadable("is not two letters like US")
        return said.upper()

    return Field(read, empty="US")


def cut_text(limit: int) -> Field:
    """Words cut at `limit` characters: what is beyond is not worth a refusal."""
    return Field(lambda said, mapping: said.replace("\x00", "")[:limit], False, "")


def number(*, low: str = "", high: str = "", places: int = 2) -> Field:
    """A decimal number between `low` and `high`, with a dot, spaces and thousands commas allowed."""

    def read(said: str, mapping: Mapping) -> Decimal:
        try:
            value = Decimal(said.replace(",", "").replace(" ", "").lstrip("$"))
        except InvalidOperation as error:
            raise Unreadable("is not a number like 1200.50") from error
        if not math.isfinite(value):
            raise Unreadable("is not a number like 1200.50")
        if (low and value < Decimal(low)) or (high and value > Decimal(high)):
            raise Unreadable(f"is not between {low or 'the lowest'} and {high or 'the highest'}")
        return round(value, places)

    return Field(read)


def whole(*, low: int = 0, high: int = 2_000_000_000) -> Field:
    """A whole number."""

    def read(said: str, mapping: Mapping) -> int:
        try:
            value = int(Decimal(said.replace(",", "")))
        except (InvalidOperation, ValueError, OverflowError) as error:
            raise Unreadable("is not a whole number") from error
        if not low <= value <= high:
            raise Unreadable(f"is not between {low:,} and {high:,}")
        return value

    return Field(read)


def _day(said: str, mapping: Mapping) -> Any:
    try:
        return datetime.strptime(said, mapping.date_format).date()  # noqa: DTZ007 - a local day has no zone
    except ValueError as error:
        raise Unreadable(f"is not a day written as {mapping.date_format}") from error


def _instant(said: str, mapping: Mapping) -> datetime:
    try:
        if mapping.datetime_format:
            local = datetime.strptime(said, mapping.datetime_format)  # noqa: DTZ007 - the zone follows
        else:
            local = datetime.fromisoformat(said)
    except ValueError as error:
        shape = mapping.datetime_format or "2026-07-14T09:00:00"
        raise Unreadable(f"is not a time written as {shape}") from error
    return local if local.tzinfo else local.replace(tzinfo=mapping.zone)


def day(*, required: bool = False) -> Field:
    """A local day in the mapping's date format."""
    return Field(_day, required)


def instant(*, required: bool = False) -> Field:
    """A moment in the mapping's format and time zone."""
    return Field(_instant, required)


def choice(values: Collection[str], *, empty: str) -> Field:
    """One of a closed list."""

    def read(said: str, mapping: Mapping) -> str:
        if said not in values:
            raise Unreadable(f"is not one of {', '.join(values)}")
        return said

    return Field(read, empty=empty)


@cache
def _zones() -> set[str]:
    return zoneinfo.available_timezones()


def _zone(said: str, mapping: Mapping) -> str:
    if said not in _zones():
        raise Unreadable("is not a time zone like America/Chicago")
    return said


def _email(said: str, mapping: Mapping) -> str:
    try:
        validate_email(said)
    except ValidationError as error:
        raise Unreadable("is not an e-mail address") from error
    return said


def time_zone(empty: str) -> Field:
    """An IANA time zone."""
    return Field(_zone, empty=empty)


def email(*, required: bool = False) -> Field:
    """An e-mail address."""
    return Field(_email, required, "")


def words(separator: str = ";") -> Field:
    """Several words in one cell."""
    return Field(lambda said, mapping: [word.strip() for word in said.split(separator) if word.strip()], empty=())
