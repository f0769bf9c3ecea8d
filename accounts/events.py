"""Writing a fact down: who made it, how it came in, and the row that keeps it for good."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django_q.models import OrmQ
from django_q.tasks import async_task

from accounts.actors import Actor, System, person
from accounts.models.event import LogEvent, Via
from accounts.trace import request_id

log = logging.getLogger(__name__)

QUEUE_IS_LONG = 50


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
        "via": by.via if isinstance(by, System) else came.via,
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


def settle_soon() -> None:
    """Ask the queue to settle as soon as this transaction is there for others to see.

    Only a hurry: without a queue the recurring sweep finds the event just the same.
    """
    waiting = connections[DEFAULT_DB_ALIAS].run_on_commit
    if not any(hook[1] is _ask_to_settle for hook in waiting):
        transaction.on_commit(_ask_to_settle, robust=True)


def _ask_to_settle() -> None:
    try:
        if OrmQ.objects.count() < QUEUE_IS_LONG:
            async_task("accounts.tasks.settle")
    except Exception:
        log.exception("The queue did not take a request to settle; the sweep will find the event.")
