"""What follows an event happens once, whatever fails."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts import outbox
from accounts.events import record
from accounts.models import LogEvent, Unsettled
from accounts.outbox import EVERY, Ledger
from tests.factories.clock import HOUSE, NOW

pytestmark = pytest.mark.django_db


class Told:
    """Reactions that note what they saw, and fail as often as told."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.failures = 0

    def bell(self, event: Any, now: datetime) -> None:
        self.seen.append(f"bell {event.verb}")

    def post(self, event: Any, now: datetime) -> None:
        if self.failures:
            self.failures -= 1
            record(stream="half", verb="half.done", by=HOUSE, now=now)
            raise ValueError("The post office is closed.")
        self.seen.append(f"post {event.verb}")


@pytest.fixture
def told() -> Told:
    return Told()


def ledgers(told: Told, **more: Any) -> dict[str, Ledger]:
    ledger = Ledger(LogEvent, {"letter.sent": (told.post, told.bell), **more})
    return {ledger.table: ledger}


def tell(verb: str = "letter.sent") -> LogEvent:
    return record(stream="letters", verb=verb, by=HOUSE, now=NOW)


def test_reactions_follow_in_order_and_the_event_waits_no_more(told: Told) -> None:
    tell()
    assert outbox.settle(now=NOW, ledgers=ledgers(told)) == 1
    assert told.seen == ["post letter.sent", "bell letter.sent"]
    assert not Unsettled.objects.exists()
    assert outbox.settle(now=NOW, ledgers=ledgers(told)) == 0


def test_events_are_taken_oldest_first_and_no_more_than_the_limit(told: Told) -> None:
    for verb in ("a.happened", "b.happened", "c.happened"):
        tell(verb)
    assert outbox.settle(now=NOW, ledgers=ledgers(told, **{EVERY: (told.bell,)}), limit=2) == 2
    assert told.seen == ["bell a.happened", "bell b.happened"]


def test_a_verb_that_nothing_follows_is_settled_at_once(told: Told) -> None:
    tell("nobody.cares")
    assert outbox.settle(now=NOW, ledgers=ledgers(told)) == 1
    assert not Unsettled.objects.exists()


def test_what_many_unheard_events_stand_before_does_not_wait_for_them(told: Told) -> None:
    for _ in range(30):
        tell("row.imported")
    tell()
    assert outbox.settle(now=NOW, ledgers=ledgers(told), limit=1) == 31
    assert told.seen == ["post letter.sent", "bell letter.sent"]
    assert not Unsettled.objects.exists()


def test_a_failing_reaction_is_undone_and_does_not_silence_its_neighbor(told: Told) -> None:
    told.failures = 1
    tell()
    outbox.settle(now=NOW, ledgers=ledgers(told))
    assert told.seen == ["bell letter.sent"]
    assert not LogEvent.objects.filter(verb="half.done").exists()
    waiting = Unsettled.objects.get()
    assert waiting.attempts == 1
    assert "The post office is closed." in waiting.last_error


def test_only_the_failed_reaction_is_tried_again_after_a_pause(told: Told) -> None:
    told.failures = 1
    tell()
    outbox.settle(now=NOW, ledgers=ledgers(told))
    assert outbox.settle(now=NOW + timedelta(seconds=9), ledgers=ledgers(told)) == 0
    assert outbox.settle(now=NOW + timedelta(seconds=10), ledgers=ledgers(told)) == 1
    assert told.seen == ["bell letter.sent", "post letter.sent"]
    assert not Unsettled.objects.exists()


def test_after_five_failures_an_event_is_set_aside_and_the_others_go_on(told: Told) -> None:
    told.failures = 5
    tell()
    when = NOW
    for _ in range(5):
        outbox.settle(now=when, ledgers=ledgers(told))
        when += timedelta(hours=2)
    aside = Unsettled.objects.set_aside().get()
    assert (aside.attempts, aside.set_aside_at is not None) == (5, True)
    tell()
    outbox.settle(now=when, ledgers=ledgers(told))
    assert told.seen == ["bell letter.sent", "post letter.sent", "bell letter.sent"]


def test_an_event_that_kills_its_worker_five_times_is_set_aside_before_the_sixth(told: Told) -> None:
    tell()
    Unsettled.objects.update(attempts=5)
    assert outbox.settle(now=NOW, ledgers=ledgers(told)) == 1
    assert told.seen == []
    assert "ended 5 times" in Unsettled.objects.set_aside().get().last_error


def test_the_try_is_counted_before_the_work_begins(told: Told) -> None:
    tell()
    counted = []

    def look(event: Any, now: datetime) -> None:
        counted.append(Unsettled.objects.get().attempts)

    outbox.settle(now=NOW, ledgers=ledgers(told, **{EVERY: (look,)}))
    assert counted == [1]


def test_a_person_can_replay_what_was_set_aside(told: Told, cast: Any) -> None:
    tell()
    Unsettled.objects.update(attempts=5, set_aside_at=NOW, last_error="Boom")
    outbox.replay(unsettled_id=Unsettled.objects.set_aside().get().pk, by=cast.admin, now=NOW)
    outbox.settle(now=NOW, ledgers=ledgers(told))
    assert told.seen == ["post letter.sent", "bell letter.sent"]
    assert LogEvent.objects.get(verb="outbox.replayed").actor == cast.admin
    with pytest.raises(outbox.NotWaiting):
        outbox.replay(unsettled_id=0, by=cast.admin, now=NOW)


def test_two_apps_may_hang_reactions_on_one_ledger(told: Told) -> None:
    both = Ledger(LogEvent, {"letter.sent": (told.post,)}).joined(Ledger(LogEvent, {"letter.sent": (told.bell,)}))
    assert both.reactions("letter.sent") == (told.post, told.bell)
