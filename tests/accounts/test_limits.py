"""What comes in from outside is counted: exactly, in whichever process, and forgotten when its hour is over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from accounts import limits, tasks
from accounts.models import Tally
from tests.factories.clock import NOW

AT_ONCE, MOST = 12, 5


def together(act: Callable[[], int]) -> list[int]:
    """The same act at one instant in threads with a connection each, as in so many processes."""
    barrier = threading.Barrier(AT_ONCE)
    numbers: list[int] = []

    def run() -> None:
        try:
            barrier.wait(30)
            numbers.append(act())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(numbers)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_however_many_come_at_once_only_so_many_are_let_in() -> None:
    for trial in range(10):
        numbers = together(lambda trial=trial: limits.count("scan:from", f"198.51.100.{trial}", now=NOW))
        assert numbers == list(range(1, AT_ONCE + 1))
        assert sum(number <= MOST for number in numbers) == MOST


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_one_statement_more_are_let_in() -> None:
    """The negative control: the same threads over look-then-write, as a cache that only reads and sets would do."""
    Tally.objects.create(key="scan", count=0, ends_at=NOW + timedelta(hours=1))
    seen = threading.Barrier(AT_ONCE)

    def look_then_write() -> int:
        number = Tally.objects.get(key="scan").count + 1
        seen.wait(30)
        Tally.objects.filter(key="scan").update(count=number)
        return number

    assert sum(number <= MOST for number in together(look_then_write)) > MOST


@pytest.mark.django_db
def test_each_hour_and_each_address_has_a_count_of_its_own_until_it_is_purged() -> None:
    assert [limits.count("scan:from", "198.51.100.7", now=NOW) for _ in range(3)] == [1, 2, 3]
    assert limits.counted("scan:from", "198.51.100.7", now=NOW) == 3
    assert limits.counted("scan:from", "198.51.100.8", now=NOW) == 0
    assert limits.count("scan:from", "198.51.100.8", now=NOW) == 1
    assert limits.count("scan:from", "198.51.100.7", now=NOW + timedelta(hours=1)) == 1
    assert "198.51" not in "".join(Tally.objects.values_list("key", flat=True))
    tasks.purge((NOW + timedelta(minutes=1)).isoformat())
    assert Tally.objects.count() == 3
    tasks.purge((NOW + timedelta(hours=1)).isoformat())
    assert Tally.objects.count() == 1
