"""What follows the events of the log. Apps above hang further reactions on the same table of events."""

from __future__ import annotations

from datetime import datetime

from accounts import notices
from accounts.models.event import LogEvent
from accounts.models.role import Role
from accounts.models.user import User
from accounts.outbox import Ledger

ACCESS = notices.topic("access.changed", "Your roles change", group="Your account")


def tell_of_access(event: LogEvent, now: datetime) -> None:
    """Whoever was given or lost a role hears of it, except before accepting the invitation."""
    reader = User.objects.filter(pk=int(event.stream.removeprefix("user:"))).first()
    if reader is None or reader.is_invited:
        return
    role = Role(event.data["role"]).label.lower()
    given = event.verb == "role.granted"
    notices.plan(
        event_key=notices.key_of(event),
        topic=ACCESS,
        readers=[reader],
        subject=f"You are now {role}" if given else f"You are no longer {role}",
        body=f"{event.actor_name} has {'given you the role' if given else 'ended your role'} {role}.\n"
        "What you see in Mainstay has changed accordingly.",
        path="/",
        action="Open Mainstay",
        now=now,
    )


FOLLOWS = {
    "role.granted": (tell_of_access,),
    "role.ended": (tell_of_access,),
}

LEDGER = Ledger(LogEvent, FOLLOWS)
