"""Each month's end is kept once, with the weights of then, and what was missed is made up for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from reporting import scorecards, snapshots
from reporting.models import Snapshot
from tests.factories.clock import NOW
from tests.factories.scores import Past

JULY_ENDS = datetime(2026, 8, 1, tzinfo=UTC)


def taken(now: datetime) -> int:
    """As the tick does: until there is nothing left to take."""
    number = 0
    while found := snapshots.take_snapshots(now=now):
        number += found
    return number


@pytest.fixture
def past(cast) -> Past:
    made = Past(cast.cascade, cast.hilltop, cast.refrigeration, NOW)
    made.job(days=3, rating=4)
    return made


def kept() -> list[tuple[date, int]]:
    return list(Snapshot.objects.order_by("month_on", "window_days").values_list("month_on", "window_days"))


def test_a_month_is_kept_once_with_its_weights_and_the_score_of_its_end(cast, past):
    scorecards.WEIGHTS["sla"].change(value=40, by=cast.admin, now=NOW)
    assert taken(JULY_ENDS - timedelta(seconds=1)) == 0
    assert taken(JULY_ENDS + timedelta(days=2)) == 2
    assert taken(JULY_ENDS + timedelta(days=2)) == 0
    assert kept() == [(date(2026, 7, 1), 90), (date(2026, 7, 1), 365)]
    found = Snapshot.objects.get(window_days=90)
    # 25 + 10 + 15 × .75 + 10 = 56.25 of 60
    assert (found.own, found.score, found.jobs) == (Decimal("93.75"), Decimal("93.75"), 1)
    assert found.weights == {
        "sla": 40, "first_time_fix": 25, "acceptance": 10, "rating": 15, "invoices": 10, "documentation": 10,
    }  # fmt: skip


def test_what_comes_later_changes_no_month_that_is_kept(cast, past):
    taken(JULY_ENDS)
    before = Snapshot.objects.get(window_days=90).score
    past.job(days=2, rating=1, trips=3)
    assert taken(JULY_ENDS + timedelta(days=5)) == 0
    assert Snapshot.objects.get(window_days=90).score == before


def test_months_that_were_missed_are_made_up_for_each_as_of_its_own_end(cast, past):
    taken(JULY_ENDS)
    Past(cast.cascade, cast.hilltop, cast.refrigeration, datetime(2026, 9, 20, tzinfo=UTC)).job(rating=1)
    # After an outage of three months.
    assert taken(datetime(2026, 11, 3, tzinfo=UTC)) == 6
    scores = dict(Snapshot.objects.filter(window_days=365).values_list("month_on", "own"))
    # September: 25 + 10 + 15 × .375 + 10 = 50.625 of 60 = 84.375, half up
    assert scores == {
        date(2026, 7, 1): Decimal("93.75"), date(2026, 8, 1): Decimal("93.75"), date(2026, 9, 1): Decimal("84.38"),
        date(2026, 10, 1): Decimal("84.38"),
    }  # fmt: skip


def test_a_kept_month_is_neither_changed_nor_removed_by_anybody(past):
    taken(JULY_ENDS)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for sql in ("UPDATE reporting_snapshot SET score = 1", "DELETE FROM reporting_snapshot",
                "TRUNCATE reporting_snapshot"):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    assert Snapshot.objects.count() == 2
