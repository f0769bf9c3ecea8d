"""Many at once: chains stay whole, each reaction takes effect once, and without the claim it would not."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core import mail
from django.db import connection

from accounts import delivery, outbox
from accounts.events import record
from accounts.ledger import broken_links
from accounts.models import LogEvent, Notice, Unsettled
from accounts.models.notice import Channel
from accounts.outbox import Ledger
from tests.factories.clock import HOUSE, NOW

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

HANDS = 4


def together(work: Callable[[], Any]) -> list[Any]:
    """Run `work` in HANDS threads that start at the same instant; what each returned."""
    start, results = threading.Barrier(HANDS), [None] * HANDS

    def one(place: int) -> None:
        start.wait()
        try:
            results[place] = work()
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(place,)) for place in range(HANDS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def tell(verb: str = "letter.sent", stream: str = "letters") -> LogEvent:
    return record(stream=stream, verb=verb, by=HOUSE, now=NOW)


def echo(event: LogEvent, now: datetime) -> None:
    """A reaction whose effect is a row."""
    record(stream="echoes", verb="echo.heard", by=HOUSE, now=now, data={"of": event.pk})


def ledgers() -> dict[str, Ledger]:
    ledger = Ledger(LogEvent, {"letter.sent": (echo,)})
    return {ledger.table: ledger}


def echoes() -> list[int]:
    return sorted(event.data["of"] for event in LogEvent.objects.filter(verb="echo.heard"))


def test_writers_of_one_chain_wait_for_each_other() -> None:
    together(lambda: [tell() for _ in range(25)])
    assert LogEvent.objects.filter(stream="letters").count() == HANDS * 25
    assert list(broken_links("accounts_logevent", "stream")) == []


def test_sweeps_at_once_give_each_event_its_effect_once() -> None:
    sent = sorted(tell().pk for _ in range(100))
    taken = together(lambda: outbox.settle(now=NOW, ledgers=ledgers(), limit=1000))
    outbox.settle(now=NOW, ledgers=ledgers(), limit=1000)
    assert echoes() == sent
    assert not Unsettled.objects.exists()
    assert sum(1 for count in taken if count) > 1, "one sweep did all the work: nothing was tried"


def test_without_the_claim_the_same_sweeps_repeat_effects() -> None:
    """The negative control: look at what is due, then react, as if nobody else were there."""
    tell()
    looked = threading.Barrier(HANDS)

    def careless() -> None:
        rows = list(Unsettled.objects.due(NOW))
        looked.wait()
        for row in rows:
            echo(LogEvent.objects.get(pk=row.event_id), NOW)
            row.delete()

    together(careless)
    assert len(echoes()) > 1


def test_deliveries_at_once_send_each_mail_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(
        "django.core.mail.EmailMultiAlternatives.send",
        lambda message: sent.append(message.extra_headers["Message-ID"]) or 1,
    )
    for number in range(60):
        Notice.objects.create(
            event_key=f"some:{number}",
            topic="job.done",
            address="crew@example.com",
            channel=Channel.EMAIL,
            subject="Cooler fixed",
            body="Is it cold again?",
            created_at=NOW,
            next_try_at=NOW,
        )
    assert sum(together(lambda: delivery.deliver(now=NOW, limit=1000))) == 60
    assert len(sent) == len(set(sent)) == 60
    assert mail.outbox == []
