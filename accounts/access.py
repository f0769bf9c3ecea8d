"""What is remembered about a person's access, per process, keyed by the person's access version.

Database triggers raise `User.access_version` whenever a row that decides access changes, so a key is
never reused for other facts; nothing here needs to be cleared.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection

if TYPE_CHECKING:
    from accounts.models.role import Membership
    from accounts.models.user import User

_KEPT = 4096
_memory: OrderedDict[tuple[object, ...], Any] = OrderedDict()


def remembered[T](user: User, what: str, compute: Callable[[], T]) -> T:
    """The value of `compute()` for this person at this access version, computed once per process."""
    key = (connection.settings_dict["NAME"], user.pk, user.access_version, what)
    try:
        _memory.move_to_end(key)
        return _memory[key]
    except KeyError:
        value = _memory[key] = compute()
        while len(_memory) > _KEPT:
            _memory.popitem(last=False)
        return value


def memberships_of(user: User, now: datetime) -> list[Membership]:
    """The memberships that `user` holds at `now`, oldest first."""
    held = remembered(user, "memberships", lambda: list(user.memberships.order_by("pk")))
    return [membership for membership in held if membership.ends_at is None or membership.ends_at > now]
