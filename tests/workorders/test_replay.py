"""Why this vendor: what was shown stays what it was, and other weights are tried on it without a trace."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from tests.cast import Cast
from tests.factories.clock import NOW
from tests.factories.workorders import Story
from vendors import roster
from vendors.models import Coverage, RateCard, Scorecard, Standing, Vendor
from workorders import dispatch, replay, terms
from workorders.models import DispatchPolicy, Offer, OfferMode

Enter = Callable[[User], Client]
USUAL = {name: threshold.default for name, threshold in terms.WEIGHTS.items()}


@pytest.fixture
def asked(cast: Cast) -> Offer:
    """Cascade was asked: it is known for good work, Summit is cheaper."""
    assert cast.summit.pk
    Scorecard.objects.create(
        vendor=cast.cascade, trade=cast.refrigeration, window_days=365, score=Decimal(90), low=80, high=95, jobs=20,
        parts={}, computed_at=NOW,
    )  # fmt: skip
    Scorecard.objects.create(
        vendor=cast.summit, trade=cast.refrigeration, window_days=365, score=Decimal(40), low=30, high=50, jobs=20,
        parts={}, computed_at=NOW,
    )  # fmt: skip
    RateCard.objects.filter(vendor=cast.summit).update(labor_regular_amount=Decimal("40.00"))
    return Story(cast).offered(vendor=cast.cascade).offer


def address(offer: Offer, **tried: Any) -> str:
    query = "&".join(f"{name}={value}" for name, value in tried.items())
    return f"/work-orders/{offer.work_order.number}/offers/{offer.pk}" + (f"?{query}" if query else "")


def part_of(page: str, name: str) -> str:
    """One section of the page."""
    found = re.search(rf'<section [^>]*id="{name}".*?</section>', page, re.DOTALL)
    return found[0] if found else ""


def page(client: Client, offer: Offer, status: int = 200, **tried: Any) -> str:
    answer = client.get(address(offer, **tried))
    assert answer.status_code == status
    return str(answer.content.decode())


def weights(**given: Any) -> dict[str, Any]:
    return {"order": "score", **dict.fromkeys(USUAL, 0), **given}


@pytest.mark.django_db
class TestAYearLater:
    def test_it_reads_the_same_when_vendor_rates_scores_and_policy_have_changed(
        self, cast: Cast, enter: Enter, asked: Offer
    ) -> None:
        with time_machine.travel(NOW + timedelta(days=400), tick=False):
            before = page(enter(cast.fm), asked)
            roster.keep_vendor(vendor=cast.cascade, by=cast.admin, now=NOW, name="Renamed Cooling", code="RENA")
            Vendor.objects.update(standing=Standing.RETIRED, latitude=1, longitude=1, capacity_open_jobs=0)
            RateCard.objects.all().delete()
            Scorecard.objects.all().delete()
            Coverage.objects.all().delete()
            DispatchPolicy.objects.create(order="score", weight_cost=1, weight_scorecard=0)
            terms.WEIGHTS["load"].change(value=1, by=cast.admin, now=NOW)
            after = page(enter(cast.fm), asked)
        assert part_of(before, "as-shown")
        assert part_of(after, "as-shown") == part_of(before, "as-shown")
        assert "<h1>Why Cascade Refrigeration</h1>" in after
        assert "Renamed Cooling" not in after
        for words in ("As usual, by rank, then score", "Fay Facilities", "Scorecard 90 of 100 from 20 jobs.",
                      "$265", "Approved vendor."):  # fmt: skip
            assert words in part_of(after, "as-shown")

    def test_so_does_the_order_by_other_weights(self, cast: Cast, enter: Enter, asked: Offer) -> None:
        tried = weights(cost="1")
        before = page(enter(cast.fm), asked, **tried)
        RateCard.objects.all().delete()
        Vendor.objects.update(name="Anybody", standing=Standing.SUSPENDED)
        assert part_of(page(enter(cast.fm), asked, **tried), "replay") == part_of(before, "replay")

    def test_the_page_asks_for_nothing_but_the_offer(
        self, cast: Cast, enter: Enter, asked: Offer, django_assert_max_num_queries: Any
    ) -> None:
        client = enter(cast.fm)
        page(client, asked)
        with django_assert_max_num_queries(8):
            page(client, asked, **weights(cost="1"))


@pytest.mark.django_db
class TestOtherWeights:
    def test_the_cheaper_one_would_have_come_first(self, cast: Cast, enter: Enter, asked: Offer) -> None:
        found = part_of(page(enter(cast.fm), asked, **weights(cost="1")), "replay")
        assert "<b>Summit Mechanical</b> would come first, in place of Cascade Refrigeration." in found
        rows = [re.sub(r"<[^>]+>|\s+", " ", row).split() for row in re.findall(r"<tr>.*?</tr>", found)[1:]]
        # 155 / 265 = 0.5849
        assert [" ".join(row) for row in rows] == [
            "Summit Mechanical 2 1 up 1 0.5900 1.0000",
            "Cascade Refrigeration Asked 1 2 down 1 0.6820 0.5849",
        ]

    def test_the_same_weights_move_nobody(self, cast: Cast, enter: Enter, asked: Offer) -> None:
        found = part_of(page(enter(cast.fm), asked, order="rank", **USUAL), "replay")
        assert "<b>Cascade Refrigeration</b> would still come first. Nobody would move." in found
        assert "up" not in re.sub(r"<[^>]+>", "", found).split()

    def test_whom_something_named_stays_first(self, asked: Offer) -> None:
        kept = asked.explanation
        kept["candidates"][0]["forced"] = "Under warranty."
        told = replay.read(kept)
        assert told is not None
        lines = replay.replay(told, weights=USUAL | {"cost": Decimal(100)}, rank_first=False)
        assert [line.told.name for line in lines] == ["Cascade Refrigeration", "Summit Mechanical"]

    def test_fixed_ranks_go_first_or_not_at_all(self, cast: Cast, asked: Offer) -> None:
        kept = asked.explanation
        kept["candidates"][1]["rank"] = 1
        told = replay.read(kept)
        assert told is not None
        first = {
            rank_first: replay.replay(told, weights=USUAL, rank_first=rank_first)[0].told.name
            for rank_first in (True, False)
        }
        assert first == {True: "Summit Mechanical", False: "Cascade Refrigeration"}

    @pytest.mark.parametrize(
        ("tried", "words"),
        [
            (weights(), "Give at least one part a weight above 0."),
            (weights(cost="2"), "A weight is 0 to 1."),
            (weights(cost="-1"), "A weight is 0 to 1."),
            (weights(cost="dear"), "Enter a number."),
            (weights(cost="NaN"), "Enter a number."),
            (weights(cost="1", order="alphabet"), "Select a valid choice"),
            ({"cost": "1"}, "This field is required."),
        ],
    )
    def test_what_makes_no_sense_is_said_beside_what_was_shown(
        self, cast: Cast, enter: Enter, asked: Offer, tried: dict[str, Any], words: str
    ) -> None:
        found = page(enter(cast.fm), asked, 422, **tried)
        assert words in found
        assert part_of(found, "as-shown")
        assert not part_of(found, "replay")

    def test_todays_policy_is_one_click_away(self, cast: Cast, enter: Enter, asked: Offer) -> None:
        DispatchPolicy.objects.create(trade=cast.refrigeration, order="score", weight_scorecard=0, weight_cost=1)
        client = enter(cast.fm)
        found = page(client, asked)
        link = re.search(r'href="(\?[^"]*)">Rank by today', found)
        assert link
        assert "(Refrigeration)" in found
        ranked = client.get(address(asked) + link[1].replace("&amp;", "&")).content.decode()
        assert "<b>Summit Mechanical</b> would come first" in ranked

    def test_nothing_is_saved_and_nothing_acts(self, cast: Cast, enter: Enter, asked: Offer) -> None:
        kept = asked.explanation
        events = asked.work_order.events.count()
        page(enter(cast.fm), asked, **weights(cost="1"))
        asked.refresh_from_db()
        assert (asked.explanation, asked.work_order.events.count()) == (kept, events)
        assert enter(cast.fm).post(address(asked), weights(cost="1")).status_code == 405


@pytest.mark.django_db
class TestWhoReadsIt:
    def test_vendors_never_see_it(self, cast: Cast, enter: Enter, asked: Offer) -> None:
        for outsider in (cast.dispatcher, cast.technician, cast.rival):
            assert enter(outsider).get(address(asked)).status_code == 403
        for outsider in (cast.store, cast.stranger):
            assert enter(outsider).get(address(asked)).status_code == 403
        assert enter(cast.foreign_fm).get(address(asked)).status_code == 404
        assert enter(cast.auditor).get(address(asked)).status_code == 200

    def test_the_work_order_leads_there(self, cast: Cast, enter: Enter, asked: Offer) -> None:
        found = enter(cast.fm).get(f"/work-orders/{asked.work_order.number}").content.decode()
        assert f'href="{address(asked)}">Why this vendor' in found

    def test_an_offer_that_keeps_nothing_says_so(self, cast: Cast, enter: Enter, asked: Offer) -> None:
        Offer.objects.filter(pk=asked.pk).update(explanation={}, mode=OfferMode.MANUAL)
        assert "Nothing was kept" in page(enter(cast.fm), asked)
        assert "Nothing was kept" in page(enter(cast.fm), asked, **weights(cost="1"))


VALUE = st.integers(0, 10_000).map(lambda number: Decimal(number) / 10_000)
CANDIDATE = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["Ash", "birch", "Cedar", "Oak"]), "rank": st.sampled_from([None, 1, 2]),
        "open_jobs": st.integers(0, 3), "values": st.lists(VALUE, min_size=6, max_size=6),
    }
)  # fmt: skip


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(CANDIDATE, max_size=8), st.booleans())
def test_the_weights_of_then_give_the_order_and_the_scores_of_then(
    candidates: list[dict[str, Any]], rank_first: bool
) -> None:
    """Whatever dispatch put in order is put in the same order again, to the digit."""
    made = []
    for number, one in enumerate(candidates):
        parts = [dispatch.Part(name, value, USUAL[name], "") for name, value in zip(USUAL, one["values"], strict=True)]
        score = dispatch.exact(sum((part.weight * part.value for part in parts), Decimal(0)))
        vendor = Vendor(pk=number, name=one["name"])
        made.append(dispatch.Candidate(vendor, [], parts, score, one["rank"], "", None, one["open_jobs"]))
    made.sort(key=lambda candidate: dispatch._place(candidate, rank_first, []))
    order = "rank, then score" if rank_first else "score"
    kept = dispatch.Consideration(made, NOW, NOW.date(), "Fay", order, "USD", USUAL).as_json()
    told = replay.read(kept)
    assert told is not None
    lines = replay.replay(told, weights=told.weights, rank_first=told.rank_first)
    assert [(line.told.vendor_id, line.score, line.up) for line in lines] == [
        (one.vendor.pk, one.score, 0) for one in made
    ]
