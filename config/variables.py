"""Typed readers of the environment.

Each reader notes what it read in TABLE, from which docs/settings.md is written, and stops the start
with the variable's name and a hint when the value cannot be used.
"""

from collections.abc import Callable
from dataclasses import dataclass

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()


@dataclass(frozen=True)
class Variable:
    """One setting that an operator may give, as the settings page of the docs prints it."""

    name: str
    kind: str
    default: str
    says: str


TABLE: dict[str, Variable] = {}


class WrongSetting(ImproperlyConfigured):
    """A variable's value cannot be used; the text names it and says what would do."""

    def __init__(self, name: str, problem: str, hint: str) -> None:
        super().__init__(f"{name} {problem}. {hint}")


def _read[T](name: str, kind: str, default: T, says: str, shown: str | None, read: Callable[[str], T], hint: str) -> T:
    text = str(default) if not isinstance(default, list) else ",".join(default)
    TABLE[name] = Variable(name, kind, shown if shown is not None else text, says)
    raw = env.str(name, default="").strip()
    if not raw:
        return default
    try:
        return read(raw)
    except (ValueError, ImproperlyConfigured) as problem:
        raise WrongSetting(name, f"is {raw!r}, which is not {kind}", hint) from problem


def text(name: str, *, default: str = "", says: str, shown: str | None = None) -> str:
    return _read(name, "text", default, says, shown, str, "")


def choice(name: str, *, of: tuple[str, ...], default: str, says: str) -> str:
    def read(raw: str) -> str:
        if raw not in of:
            raise ValueError(raw)
        return raw

    listed = ", ".join(of)
    return _read(name, f"one of {listed}", default, says, None, read, f"Use one of: {listed}.")


def yes_no(name: str, *, default: bool, says: str) -> bool:
    def read(raw: str) -> bool:
        known = {
            "1": True,
            "true": True,
            "yes": True,
            "on": True,
            "0": False,
            "false": False,
            "no": False,
            "off": False,
        }
        if raw.lower() not in known:
            raise ValueError(raw)
        return known[raw.lower()]

    return _read(name, "yes or no", default, says, "yes" if default else "no", read, "Use yes or no.")


def number(name: str, *, default: int, says: str, least: int = 0) -> int:
    def read(raw: str) -> int:
        value = int(raw)
        if value < least:
            raise ValueError(raw)
        return value

    return _read(name, f"a whole number, {least} or more", default, says, None, read, "Give digits only.")


def words(name: str, *, default: list[str], says: str) -> list[str]:
    def read(raw: str) -> list[str]:
        return [part.strip() for part in raw.split(",") if part.strip()]

    return _read(name, "a list with commas", default, says, None, read, "")


def address(name: str, *, schemes: tuple[str, ...], default: str = "", says: str, shown: str | None = None) -> str:
    listed = ", ".join(f"{scheme}://" for scheme in schemes)

    def read(raw: str) -> str:
        scheme, mark, rest = raw.partition("://")
        if not mark or not rest or scheme not in schemes:
            raise ValueError(raw)
        return raw

    return _read(name, f"an address that starts with {listed}", default, says, shown, read, f"Begin with {listed}.")
