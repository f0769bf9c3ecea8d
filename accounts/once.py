"""Once: a request that comes twice, by a double click, a retry or a phone back on line, acts once."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import datetime

from django.db import connection, transaction

from accounts.actors import Actor, person
from accounts.models.operation import Operation

FIELD = "operation"
"""The name of the form field that carries the key."""

SHAPE = re.compile(r"[A-Za-z0-9._:-]{8,80}")


class KeyRefused(Exception):
    """The key is missing or malformed, or was used by someone else or for something else."""


def fresh_key() -> str:
    """A key for one form on one page."""
    return uuid.uuid4().hex


def once(*, key: str, by: Actor, action: str, now: datetime, act: Callable[[], str]) -> str:
    """Run `act` unless it was run under `key` before; what it returned the first time (the path to show).

    Act and key are written in one transaction: when `act` raises, the key is free again. A second call
    while the first still runs waits for it. Raises KeyRefused for a key that is malformed, belongs to
    another person, or was used for another action.
    """
    if not SHAPE.fullmatch(key):
        raise KeyRefused("This form has lost its key. Open the page again and send it once more.")
    user = person(by)
    with transaction.atomic():
        if _begun(key, user.pk if user else None, action, now):
            result = act()
            Operation.objects.filter(key=key).update(result=result)
            return result
        before = Operation.objects.get(key=key)
    if before.user_id != (user.pk if user else None) or before.action != action:
        raise KeyRefused("This form was already used for something else. Open the page again.")
    return before.result


def _begun(key: str, user_id: int | None, action: str, now: datetime) -> bool:
    """Write the key down, unless it is there: an INSERT that may fail would need a savepoint around it."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Operation._meta.db_table} (key, user_id, action, result, made_at)"
            " VALUES (%s, %s, %s, '', %s) ON CONFLICT (key) DO NOTHING",
            [key, user_id, action, now],
        )
        return bool(cursor.rowcount)


def done(*, key: str, by: Actor, action: str) -> str | None:
    """What came of `key` when this person has acted under it already: the path to show; else None.

    For forms whose own doing would make a second sending look wrong: a report that now resembles open work.
    """
    user = person(by)
    return Operation.objects.filter(key=key, user=user, action=action).values_list("result", flat=True).first()
