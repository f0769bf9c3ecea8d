"""The reaction of the tests of faults."""

from datetime import datetime

from accounts import notices
from accounts.models.event import EventShape, LogEvent
from accounts.outbox import Ledger

VERB = "test.happened"


def tell(event: EventShape, now: datetime) -> None:
    notices.plan(
        event_key=notices.key_of(event),
        topic="test",
        readers=["reader@example.org"],
        subject=f"Event {event.pk}",
        body="It happened.",
        now=now,
    )


LEDGER = Ledger(model=LogEvent, follows={VERB: (tell,)})
