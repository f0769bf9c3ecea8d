"""Writing a fact down: who made it, how it came in, and the row that keeps it for good."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from accounts.actors import Actor, LinkHolder, System, person
from accounts.hurry import soon
from accounts.models.event import LogEvent, Via
from accounts.trace import request_id


@dataclass(frozen=True)
class Circumstances:
    """How an act came in, for every event written while it lasts."""

    via: str = Via.PAGE
    on_behalf_of: str = ""


USUAL = Circumstances()
_circumstances: ContextVar[Circumstances] = ContextVar("circumstances", default=USUAL)


@contextmanager
def under(**changes: str) -> Iterator[Circumstances]:
    """Events written inside carry these circumstances: `via` (a token, a signed link, a rule) and `on_behalf_of`."""
    mark = _circumstances.set(replace(_circumstances.get(), **changes))
    try:
        yield _circumstances.get()
    finally:
        _circumstances.reset(mark)


def actor_columns(by: Actor) -> dict[str, Any]:
    """The columns of an event that say who acted and how; for every kind of event."""
    came = _circumstances.get()
    return {
        "actor": person(by),
        "actor_name": str(by)[:120],
        "via": by.via if isinstance(by, System | LinkHolder) else came.via,
        "on_behalf_of": came.on_behalf_of[:120],
        "request_id": request_id.get(),
    }


def record(
    *, stream: str, verb: str, by: Actor, now: datetime, data: dict[str, Any] | None = None, note: str = ""
) -> LogEvent:
    """Append one fact to the chain `stream`. `data` is JSON; `note` is a person's free text."""
    event = LogEvent.objects.create(stream=stream, verb=verb, at=now, data=data or {}, note=note, **actor_columns(by))
    settle_soon()
    return event


class Fact(NamedTuple):
    """One fact of many that are written at once: its chain, verb and data."""

    stream: str
    verb: str
    data: dict[str, Any]


def record_each(facts: Iterable[Fact], *, by: Actor, now: datetime) -> list[LogEvent]:
    """Append many facts in one statement, each to its chain, in their order."""
    who = actor_columns(by)
    events = LogEvent.objects.bulk_create(
        LogEvent(stream=fact.stream, verb=fact.verb, at=now, data=fact.data, **who) for fact in facts
    )
    if events:
        settle_soon()
    return events


def settle_soon() -> None:
    """Let the reactions to this transaction's events run without waiting for the sweep."""
    soon("settle")
