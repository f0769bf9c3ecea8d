"""The doors of the queue: quick after a commit, safe twice, harmless without a queue."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django_q.models import OrmQ

from accounts import hurry, tasks
from accounts.events import record, under
from accounts.models import LogEvent, Operation, Unsettled
from accounts.models.event import Via
from accounts.trace import request_id
from tests.cast import Cast
from tests.factories.clock import HOUSE, NOW


def tell() -> LogEvent:
    return record(stream="house", verb="house.built", by=HOUSE, now=NOW)


@pytest.mark.django_db
def test_a_transaction_with_many_events_asks_the_queue_once(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(20):
            tell()
    assert OrmQ.objects.count() == 1


@pytest.mark.django_db
def test_a_long_queue_is_not_made_longer(
    django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hurry, "QUEUE_IS_LONG", 0)
    with django_capture_on_commit_callbacks(execute=True):
        tell()
    assert OrmQ.objects.count() == 0


@pytest.mark.django_db
def test_a_queue_that_is_down_harms_nothing(
    django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(task: str) -> None:
        raise DatabaseError("no queue here")

    monkeypatch.setattr(hurry, "async_task", down)
    with django_capture_on_commit_callbacks(execute=True):
        tell()
    assert tasks.settle(NOW.isoformat()) >= 1
    assert not Unsettled.objects.exists()


@pytest.mark.django_db
def test_sweeps_run_twice_do_nothing_the_second_time() -> None:
    tell()
    assert tasks.settle(NOW.isoformat()) == 1
    assert tasks.settle(NOW.isoformat()) == 0
    assert tasks.deliver(NOW.isoformat()) == 0


@pytest.mark.django_db
def test_old_keys_and_ended_sessions_are_forgotten() -> None:
    for number, age in enumerate((29, 31)):
        Operation.objects.create(key=f"key-number-{number}", action="report", made_at=NOW - timedelta(days=age))
    for number, age in enumerate((1, -1)):
        Session.objects.create(session_key=f"s{number}", session_data="", expire_date=NOW - timedelta(days=age))
    assert tasks.purge(NOW.isoformat()) == 2
    assert tasks.purge(NOW.isoformat()) == 0
    assert (Operation.objects.get().key, Session.objects.get().session_key) == ("key-number-0", "s1")


def test_an_event_says_who_how_for_whom_and_in_which_request(cast: Cast) -> None:
    mark = request_id.set("request-12345")
    try:
        with under(via=Via.TOKEN, on_behalf_of="Cascade"):
            event = record(stream="house", verb="house.seen", by=cast.fm, now=NOW)
    finally:
        request_id.reset(mark)
    assert (event.actor, event.actor_name) == (cast.fm, "Fay Facilities")
    assert (event.via, event.on_behalf_of, event.request_id) == ("token", "Cascade", "request-12345")
    own = tell()
    assert (own.actor, own.actor_name, own.via, own.on_behalf_of) == (None, "The house", "system", "")
