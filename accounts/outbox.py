"""What follows an event: each waiting one is claimed, its reactions run, and it is waiting no more.

Everything here happens in the database and commits whole. Killed at any moment, a sweep leaves events
that the next sweep finds; run twice or eight at once, each reaction still takes effect once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.module_loading import import_string

from accounts.actors import Actor
from accounts.events import record
from accounts.models.event import EventShape, Unsettled

log = logging.getLogger(__name__)

# Each reaction knows the model of its own ledger.
type Reaction = Callable[[Any, datetime], None]

EVERY = "*"
"""The verb in a FOLLOWS table whose reactions follow every event of the ledger."""

TRIES = 5
MOST_LET_GO = 10_000
LEASE = timedelta(seconds=30)
PAUSES = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))


class NotWaiting(Exception):
    """The event that should be replayed has been settled meanwhile."""


@dataclass(frozen=True)
class Ledger:
    """A table of events and what follows each verb. Reactions are called with the event and the present."""

    model: type[EventShape]
    follows: Mapping[str, tuple[Reaction, ...]]
    related: tuple[str, ...] = ("actor",)

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    def reactions(self, verb: str) -> tuple[Reaction, ...]:
        return (*self.follows.get(verb, ()), *self.follows.get(EVERY, ()))

    def joined(self, other: Ledger) -> Ledger:
        """This ledger with the reactions of `other`, declared on the same table by another app, behind its own."""
        verbs = {*self.follows, *other.follows}
        return Ledger(
            model=self.model,
            follows={verb: (*self.follows.get(verb, ()), *other.follows.get(verb, ())) for verb in verbs},
            related=tuple(dict.fromkeys((*self.related, *other.related))),
        )


@cache
def ledgers() -> dict[str, Ledger]:
    """Every ledger by its table, as the apps name them: `ledgers` on an AppConfig is a dotted path or several."""
    found: dict[str, Ledger] = {}
    for app in apps.get_app_configs():
        named = getattr(app, "ledgers", ())
        for path in (named,) if isinstance(named, str) else named:
            ledger: Ledger = import_string(path)
            known = found.get(ledger.table)
            found[ledger.table] = known.joined(ledger) if known else ledger
    return found


def settle(*, now: datetime, ledgers: Mapping[str, Ledger], limit: int = 500) -> int:
    """Settle up to `limit` waiting events of `ledgers`, oldest first; how many were taken up.

    Events that nothing follows are let go before, many at a time: an emergency does not wait behind an import.
    """
    return _let_go(ledgers) + sum(1 for _ in islice(_settling(now, ledgers), limit))


def _let_go(ledgers: Mapping[str, Ledger]) -> int:
    gone = 0
    for table, ledger in ledgers.items():
        if EVERY in ledger.follows:
            continue
        unheard = ledger.model._default_manager.filter(pk=OuterRef("event_id")).exclude(verb__in=ledger.follows)
        with transaction.atomic():
            rows = Unsettled.objects.waiting().filter(Exists(unheard), ledger=table)
            found = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True)[:MOST_LET_GO])
            if found:
                gone += Unsettled.objects.filter(pk__in=found).delete()[0]
    return gone


def _settling(now: datetime, ledgers: Mapping[str, Ledger]) -> Iterator[None]:
    while True:
        claimed = _claim(now, ledgers)
        if claimed is None:
            return
        row, event = claimed
        if event is not None:
            _react(row, event, ledgers[row.ledger], now)
        yield


def _claim(now: datetime, ledgers: Mapping[str, Ledger]) -> tuple[Unsettled, EventShape | None] | None:
    """The oldest due row with its event, the try counted and committed before any work is done.

    The event is None when nothing is left to do for it: nothing follows it, or it has used up its tries
    without an answer (its reaction kills the process), and is set aside for people to see.
    """
    with transaction.atomic():
        due = Unsettled.objects.due(now).filter(ledger__in=list(ledgers))
        row = due.select_for_update(skip_locked=True).first()
        if row is None:
            return None
        ledger = ledgers[row.ledger]
        event = ledger.model._default_manager.select_related(*ledger.related).filter(pk=row.event_id).first()
        if event is None or not ledger.reactions(event.verb):
            row.delete()
            return row, None
        if row.attempts >= TRIES:
            row.set_aside_at = now
            row.last_error = row.last_error or f"The worker ended {TRIES} times in the middle of it."
            row.save(update_fields=["set_aside_at", "last_error"])
            return row, None
        row.attempts += 1
        row.next_try_at = now + LEASE
        row.save(update_fields=["attempts", "next_try_at"])
        return row, event


def _react(claimed: Unsettled, event: EventShape, ledger: Ledger, now: datetime) -> None:
    """Run what has not run yet, each reaction in a savepoint of its own, unless the claim was lost meanwhile."""
    with transaction.atomic():
        mine = Unsettled.objects.filter(pk=claimed.pk, attempts=claimed.attempts)
        # Waits, where the claim skips: another sweep's look at this row may lock it for a moment.
        row = mine.select_for_update().first()
        if row is None:
            return
        errors = []
        for reaction in ledger.reactions(event.verb):
            name = f"{reaction.__module__}.{reaction.__qualname__}"
            if name in row.done:
                continue
            try:
                with transaction.atomic():
                    reaction(event, now)
            except Exception as error:
                log.exception("%s failed on %s %s", name, row.ledger, row.event_id)
                errors.append(f"{name}: {type(error).__name__}: {error}")
            else:
                row.done.append(name)
        if not errors:
            row.delete()
            return
        row.last_error = "\n".join(errors)
        row.next_try_at = now + PAUSES[min(row.attempts, len(PAUSES)) - 1]
        row.set_aside_at = now if row.attempts >= TRIES else None
        row.save(update_fields=["done", "last_error", "next_try_at", "set_aside_at"])


def replay(*, unsettled_id: int, by: Actor, now: datetime) -> Unsettled:
    """Put an event that was set aside, or waits after a failure, back in line. Raises NotWaiting."""
    with transaction.atomic():
        row = Unsettled.objects.select_for_update().filter(pk=unsettled_id).first()
        if row is None:
            raise NotWaiting("This event has been settled meanwhile.")
        row.attempts, row.set_aside_at, row.next_try_at = 0, None, None
        row.save(update_fields=["attempts", "set_aside_at", "next_try_at"])
        record(
            stream="outbox",
            verb="outbox.replayed",
            by=by,
            now=now,
            data={"ledger": row.ledger, "event": row.event_id, "error": row.last_error},
        )
        return row
