"""What a row was before: the log read back in the words of its form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import LogEvent

SHOWN = 20
NOTHING = "nothing"
DEEDS = {"added": "added it", "removed": "took it out"}


@dataclass(frozen=True)
class Change:
    """One fact of a row: what it was and what it became, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Version:
    """One time that somebody changed a row."""

    who: str
    did: str
    name: str
    at: datetime
    changes: tuple[Change, ...]


def versions_of(stream: str, labels: Mapping[str, str], *, noun: str = "") -> list[Version]:
    """The latest changes that the log keeps about `stream`, the newest first; with `noun` of such rows only."""
    events = LogEvent.objects.about(stream).filter(verb__startswith=f"{noun}." if noun else "").order_by("-pk")[:SHOWN]
    return [
        Version(
            event.actor_name,
            DEEDS.get(event.verb.rpartition(".")[2], "changed it"),
            event.data.get("name", ""),
            event.at,
            () if event.verb.endswith(".added") else tuple(_changes(event.data, labels)),
        )
        for event in events
    ]


def _changes(data: Mapping[str, Any], labels: Mapping[str, str]) -> Iterator[Change]:
    for name, (before, after) in data.get("changed", {}).items():
        yield Change(labels.get(name, name.replace("_", " ").capitalize()), _said(before), _said(after))
    before, after = data.get("before", {}), data.get("after", {})
    for name in before.keys() | after.keys():
        gone = [one for one in before.get(name, ()) if one not in after.get(name, ())]
        come = [one for one in after.get(name, ()) if one not in before.get(name, ())]
        if gone or come:
            yield Change(labels.get(name, name.capitalize()), _said(gone), _said(come))
        elif before.get(name) != after.get(name):
            yield Change(labels.get(name, name.capitalize()), "another order", "this order")


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "; ".join(str(one) for one in value) or NOTHING
    return NOTHING if value in (None, "") else str(value)
