"""A request that comes twice acts once."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from accounts.events import record
from accounts.models import LogEvent, Operation, User
from accounts.once import KeyRefused, fresh_key, once
from tests.cast import Cast
from tests.factories.accounts import PersonFactory
from tests.factories.clock import HOUSE, NOW


def act() -> str:
    event = record(stream="acts", verb="act.done", by=HOUSE, now=NOW)
    return f"/acts/{event.pk}"


def acts() -> int:
    return LogEvent.objects.filter(stream="acts").count()


def test_the_second_call_gets_what_the_first_one_made(cast: Cast) -> None:
    key = fresh_key()
    first = once(key=key, by=cast.store, action="report", now=NOW, act=act)
    second = once(key=key, by=cast.store, action="report", now=NOW, act=act)
    assert first == second
    assert acts() == 1


def test_a_key_of_another_person_or_for_another_act_is_refused(cast: Cast) -> None:
    key = fresh_key()
    once(key=key, by=cast.store, action="report", now=NOW, act=act)
    for person, action in ((cast.fm, "report"), (cast.store, "comment"), (HOUSE, "report")):
        with pytest.raises(KeyRefused):
            once(key=key, by=person, action=action, now=NOW, act=act)
    assert acts() == 1


@pytest.mark.parametrize("key", ["", "short", "x" * 81, "with space in it", "line\nbreak-line"])
def test_a_missing_or_strange_key_is_refused(cast: Cast, key: str) -> None:
    with pytest.raises(KeyRefused):
        once(key=key, by=cast.store, action="report", now=NOW, act=act)
    assert acts() == 0


def test_an_act_that_fails_leaves_its_key_free(cast: Cast) -> None:
    key = fresh_key()

    def failing() -> str:
        act()
        raise ValueError("too late")

    with pytest.raises(ValueError, match="too late"):
        once(key=key, by=cast.store, action="report", now=NOW, act=failing)
    assert acts() == 0
    assert once(key=key, by=cast.store, action="report", now=NOW, act=act)
    assert acts() == 1


def together(count: int, work: Callable[[], Any]) -> list[Any]:
    """Run `work` in `count` threads that start at the same instant; what each returned."""
    start, results = threading.Barrier(count), [None] * count

    def one(place: int) -> None:
        start.wait()
        try:
            results[place] = work()
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(place,)) for place in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_concurrent_calls_one_acts_and_all_get_its_result() -> None:
    person: User = PersonFactory()
    for trial in range(25):
        key = f"{fresh_key()}-{trial}"
        paths = together(4, lambda key=key: once(key=key, by=person, action="report", now=NOW, act=act))
        assert len(set(paths)) == 1
    assert acts() == 25


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_unique_key_the_race_is_there() -> None:
    """The negative control: the same threads over look-then-write act more than once."""
    person: User = PersonFactory()
    seen = threading.Barrier(4)

    def look_then_write(key: str) -> str:
        known = Operation.objects.filter(key__startswith=key).first()
        seen.wait()
        if known:
            return known.result
        own = Operation(key=f"{key}{threading.get_ident()}", user=person, action="report", made_at=NOW, result=act())
        own.save()
        return own.result

    together(4, lambda: look_then_write(fresh_key()[:8]))
    assert acts() > 1
