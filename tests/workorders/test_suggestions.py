"""First words suggest a problem: as this site called it before, then as the chain did, then as it is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts.models import User
from accounts.together import ask
from assets.models import ProblemType, Site
from config.bench.measure import asked, counted
from tests.cast import Cast
from tests.factories.assets import ProblemTypeFactory, SiteFactory
from workorders import corrections, intake
from workorders.models import WorkOrder
from workorders.suggestions import ELSEWHERE, HERE, SITES_ENOUGH, suggestions

pytestmark = pytest.mark.django_db


def reported(cast: Cast, by: User, site: Site, problem: ProblemType, words: str, now: datetime) -> WorkOrder:
    return intake.report(by=by, now=now, site=site, trade=problem.trade, problem_type=problem, description=words)


def meant(cast: Cast, words: str, site: Site | None = None, by: User | None = None) -> list[ProblemType]:
    return [one.problem for one in ask(suggestions(words, by=by or cast.store, site=site or cast.hilltop))]


def said_elsewhere(cast: Cast, problem: ProblemType, words: str, now: datetime) -> None:
    """As many other stores as it takes say so."""
    for site in SiteFactory.create_batch(SITES_ENOUGH, region=cast.hilltop.region):
        reported(cast, cast.fm, site, problem, words, now)


@pytest.fixture
def puddle(cast: Cast) -> ProblemType:
    """What nobody would guess from its name."""
    return ProblemTypeFactory(trade=cast.refrigeration, name="Drain line frozen")


def test_without_any_history_the_name_nearest_to_the_words_comes_first(cast: Cast, puddle: ProblemType) -> None:
    assert cast.leak and cast.too_warm
    assert meant(cast, "cooler is warm")[0] == cast.too_warm
    assert meant(cast, "drain frozen")[0] == puddle
    assert meant(cast, "zzz qqq") == []


@pytest.mark.parametrize("words", ["", "  ", "le"])
def test_too_little_suggests_nothing(cast: Cast, words: str) -> None:
    assert cast.leak
    assert meant(cast, words) == []


def test_what_this_site_called_so_before_comes_before_the_chain_and_both_before_the_name(
    cast: Cast, puddle: ProblemType, now: datetime
) -> None:
    window = ProblemTypeFactory(trade=cast.plumbing, name="Toilet overflows")
    assert cast.leak
    words = "leak under the freezer door"
    assert meant(cast, words)[0] == cast.leak
    said_elsewhere(cast, window, "A leak under the freezer door", now)
    assert meant(cast, words)[:2] == [window, cast.leak]
    reported(cast, cast.store, cast.hilltop, puddle, "There is a leak under the freezer door", now)
    assert meant(cast, words)[:3] == [puddle, window, cast.leak]
    assert meant(cast, words, cast.desert, cast.foreign_store)[:2] == [window, cast.leak]
    assert [one.here for one in ask(suggestions(words, by=cast.store, site=cast.hilltop))][:3] == [1, 0, 0]


def test_what_one_or_two_other_stores_said_tells_nothing(cast: Cast, puddle: ProblemType, now: datetime) -> None:
    assert cast.leak
    for site in SiteFactory.create_batch(SITES_ENOUGH, region=cast.hilltop.region):
        assert meant(cast, "quokka in the basement") == []
        reported(cast, cast.fm, site, puddle, "A quokka in the basement", now)
        reported(cast, cast.fm, site, puddle, "The quokka is in the basement again", now)
    assert meant(cast, "quokka in the basement") == [puddle]


def test_a_corrected_report_counts_for_what_it_turned_out_to_be(cast: Cast, puddle: ProblemType, now: datetime) -> None:
    row = reported(cast, cast.store, cast.hilltop, cast.leak, "Water runs from the case", now)
    assert meant(cast, "water from the case")[0] == cast.leak
    corrections.put_right(
        row, trade=cast.refrigeration, problem_type=puddle, asset=None, by=cast.fm, now=now + timedelta(minutes=5)
    )
    row.save()
    assert meant(cast, "water from the case")[0] == puddle


def test_what_is_offered_no_longer_is_not_suggested(cast: Cast, now: datetime) -> None:
    reported(cast, cast.store, cast.hilltop, cast.leak, "Water on the floor", now)
    ProblemType.objects.filter(pk=cast.leak.pk).update(retired_at=now)
    assert meant(cast, "water on the floor") == []


def test_it_is_one_statement_that_reads_the_latest_only(cast: Cast, puddle: ProblemType, now: datetime) -> None:
    old = reported(cast, cast.store, cast.hilltop, puddle, "Water on the floor", now)
    with counted() as statements:
        ask(suggestions("water on the floor", by=cast.store, site=cast.hilltop))
    assert asked(statements) == 1
    row = WorkOrder.objects.get(pk=old.pk)
    newer = [
        WorkOrder(**{field.attname: getattr(row, field.attname) for field in WorkOrder._meta.concrete_fields
                     if not field.generated and field.attname not in ("id", "number")}
                  | {"problem_type_id": cast.leak.pk, "trade_id": cast.plumbing.pk, "description": "Tap drips",
                     "title": "Tap", "reported_at": now + timedelta(minutes=place + 1), "number": f"WO-N{place}"})
        for place in range(max(HERE, ELSEWHERE))
    ]  # fmt: skip
    WorkOrder.objects.bulk_create(newer)
    assert meant(cast, "water on the floor", cast.hilltop) == []
    assert meant(cast, "water on the floor", cast.harbor, cast.sibling_store) == []


def test_the_report_page_says_how_often_it_was_reported_here(
    cast: Cast, enter: Callable[[User], Client], puddle: ProblemType, now: datetime
) -> None:
    reported(cast, cast.store, cast.hilltop, puddle, "Water on the floor", now)
    said_elsewhere(cast, cast.leak, "Water on the floor of the vault", now)
    page = enter(cast.store).get("/report?say=water on the floor").content.decode()
    assert page.index(f"problem={puddle.pk}") < page.index(f"problem={cast.leak.pk}")
    assert page.count("reported here 1 time") == 1
    assert "vault" not in page
