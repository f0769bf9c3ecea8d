"""By which terms work is given out: which policy counts, what it changes, and what the house refuses to keep."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.changes import Faulty, NotAllowed
from accounts.models import LogEvent
from assets.models import SiteHours
from tests.cast import Cast
from tests.factories.assets import RegionFactory
from tests.factories.clock import NOW
from tests.factories.workorders import Story
from vendors.models import Coverage
from workorders import dispatch, terms
from workorders.models import DispatchMode, DispatchPolicy, WorkOrder

pytestmark = pytest.mark.django_db


def policy(**facts: Any) -> DispatchPolicy:
    return DispatchPolicy.objects.create(**facts)


def terms_of(row: WorkOrder) -> terms.Terms:
    return terms.terms_of(WorkOrder.objects.get(pk=row.pk))


@pytest.fixture
def job(cast: Cast) -> WorkOrder:
    """A warm cooler at Hilltop in the north, P3."""
    return Story(cast).ready().work_order


class TestWhichCounts:
    """The order that the room's head says: trade, then the nearest region, then the priority."""

    def test_without_a_policy_the_thresholds_say_everything(self, job: WorkOrder, cast: Cast) -> None:
        found = terms_of(job)
        assert (found.name, found.policy_id, found.order, found.mode) == (
            "As usual", None, "rank, then score", DispatchMode.SUGGEST,
        )  # fmt: skip
        assert found.weights == {name: threshold.default for name, threshold in terms.WEIGHTS.items()}
        assert (found.expires, found.in_business_hours, found.depth) == (timedelta(hours=8), True, 3)
        terms.WEIGHTS["cost"].change(value=Decimal("0.5"), by=cast.admin, now=NOW)
        terms.RANK_FIRST.change(value=False, by=cast.admin, now=NOW)
        terms.CASCADE_ON.change(value=False, by=cast.admin, now=NOW)
        terms.EXPIRY[3].change(value=4, by=cast.admin, now=NOW)
        found = terms_of(job)
        assert (found.weights["cost"], found.order, found.depth) == (Decimal("0.5"), "score", 1)
        assert found.expires == timedelta(hours=4)

    @pytest.mark.parametrize(
        ("wins", "loses"),
        [
            (("trade",), ()),
            (("region",), ()),
            (("priority",), ()),
            (("trade",), ("region", "priority")),
            (("trade",), ("region",)),
            (("trade",), ("priority",)),
            (("region",), ("priority",)),
            (("trade", "region"), ("trade", "priority")),
            (("trade", "priority"), ("region", "priority")),
            (("trade", "region"), ("region", "priority")),
            (("trade", "region", "priority"), ("trade", "region")),
            (("region", "priority"), ("region",)),
            (("region",), ("company", "priority")),
            (("company",), ("priority",)),
            (("trade", "company"), ("region", "priority")),
            (("trade", "region"), ("trade", "company", "priority")),
        ],
    )
    def test_the_most_specific_wins(
        self, job: WorkOrder, cast: Cast, wins: tuple[str, ...], loses: tuple[str, ...]
    ) -> None:
        def named(words: tuple[str, ...]) -> dict[str, Any]:
            known = {"trade": job.trade, "region": cast.north, "priority": 3, "company": cast.company}
            return {"region" if word == "company" else word: known[word] for word in words}

        best, other = policy(**named(wins)), policy(**named(loses))
        assert terms_of(job).policy_id == best.pk
        best.delete()
        assert terms_of(job).policy_id == other.pk

    def test_a_policy_of_other_work_does_not_count(self, job: WorkOrder, cast: Cast) -> None:
        for other in ({"trade": cast.plumbing}, {"region": cast.south}, {"priority": 1},
                      {"region": RegionFactory(parent=cast.north)}):  # fmt: skip
            policy(**other)
        assert terms_of(job).policy_id is None

    def test_it_is_called_by_what_it_speaks_of(self, cast: Cast) -> None:
        assert str(policy(trade=cast.plumbing, priority=1, region=cast.north)) == "Plumbing, P1, North"
        assert str(policy()) == "All work"


class TestWhatItChanges:
    def test_the_order_and_the_weights(self, job: WorkOrder, cast: Cast) -> None:
        assert cast.cascade.pk
        Coverage.objects.filter(vendor=cast.summit).update(rank=1)
        policy(order="score", weight_scorecard=0, weight_cost=1, weight_arrival=0, weight_distance=0, weight_load=0,
               weight_preference=0)  # fmt: skip
        found = dispatch.consider(WorkOrder.objects.get(pk=job.pk), now=NOW, by=cast.fm)
        assert [one.vendor.code for one in found.eligible] == ["CASC", "SUMM"]
        assert {one.score for one in found.eligible} == {Decimal("1.0000")}
        assert (found.order, found.policy) == ("score", "All work")
        assert found.as_json()["policy"] == "All work"

    def test_how_long_an_offer_stays_open_by_the_clock_or_in_opening_hours(self, job: WorkOrder, cast: Cast) -> None:
        for weekday in range(7):
            SiteHours.objects.create(site=cast.hilltop, weekday=weekday, opens_minute=9 * 60, closes_minute=17 * 60)
        # NOW is 9:00 at Hilltop.
        assert terms_of(job).expires_at(job, NOW) == NOW + timedelta(hours=8)
        assert terms_of(job).expires_at(job, NOW + timedelta(hours=2)) == NOW + timedelta(hours=26)
        one = policy(expires_in=90, expires_unit="minutes")
        assert terms_of(job).expires_at(job, NOW + timedelta(hours=8)) == NOW + timedelta(hours=9, minutes=30)
        DispatchPolicy.objects.filter(pk=one.pk).update(expires_in=9, expires_unit="hours")
        assert terms_of(job).expires_at(job, NOW) == NOW + timedelta(hours=25)

    def test_an_offer_keeps_its_terms_when_the_policy_changes(self, cast: Cast) -> None:
        one = policy(trade=cast.refrigeration, expires_in=45, weight_cost=1)
        made = Story(cast).offered().offer
        assert made.expires_at - made.offered_at == timedelta(minutes=45)
        DispatchPolicy.objects.filter(pk=one.pk).update(expires_in=5, weight_cost=0)
        made.refresh_from_db()
        assert (made.explanation["policy"], made.explanation["weights"]["cost"]) == ("Refrigeration", "1.00")
        assert made.expires_at - made.offered_at == timedelta(minutes=45)


class TestKeeping:
    ZERO = dict.fromkeys((f"weight_{name}" for name in terms.WEIGHTS), Decimal(0))

    def keep(self, cast: Cast, one: DispatchPolicy | None = None, **facts: Any) -> DispatchPolicy:
        return terms.keep_policy(policy=one or DispatchPolicy(), by=cast.admin, now=NOW, **facts)

    def test_weights_of_which_none_counts_are_refused_with_a_sentence(self, cast: Cast) -> None:
        with pytest.raises(Faulty, match="Give at least one part a weight above 0"):
            self.keep(cast, **self.ZERO)
        assert not DispatchPolicy.objects.exists()

    @pytest.mark.parametrize(
        "facts",
        [
            {"weight_cost": Decimal("1.01")}, {"weight_cost": Decimal("-0.01")}, {"priority": 5}, {"mode": "shout"},
            {"order": "alphabet"}, {"expires_in": 4}, {"expires_in": 241, "expires_unit": "hours"},
            {"expires_in": 0}, {"cascade_depth": 0}, {"cascade_depth": 21}, {"broadcast_size": 1},
            {"expires_unit": "weeks"},
        ],
    )  # fmt: skip
    def test_what_makes_no_sense_is_refused_with_a_sentence_and_by_the_database(
        self, cast: Cast, facts: dict[str, Any]
    ) -> None:
        with pytest.raises(Faulty):
            self.keep(cast, **facts)
        kept = policy()
        with pytest.raises(IntegrityError), transaction.atomic():
            DispatchPolicy.objects.filter(pk=kept.pk).update(**facts)

    def test_the_database_refuses_weights_of_which_none_counts(self) -> None:
        kept = policy()
        with pytest.raises(IntegrityError, match="weighs_something"), connection.cursor() as cursor:
            names = ", ".join(f"{name} = 0" for name in self.ZERO)
            cursor.execute(f"UPDATE workorders_dispatchpolicy SET {names} WHERE id = %s", [kept.pk])

    def test_two_policies_of_the_same_work_are_refused(self, cast: Cast) -> None:
        self.keep(cast, trade=cast.plumbing)
        with pytest.raises(Faulty, match="Another policy speaks of the same"):
            self.keep(cast, trade=cast.plumbing)

    def test_who_changed_what_and_when_is_kept(self, cast: Cast) -> None:
        kept = self.keep(cast, trade=cast.plumbing)
        self.keep(cast, kept, mode="broadcast", broadcast_size=5)
        terms.remove_policy(policy=kept, by=cast.admin, now=NOW)
        told = LogEvent.objects.about(terms.POLICIES).order_by("pk")
        assert [(one.verb, one.actor_name) for one in told] == [
            ("dispatch_policy.added", "Ada Admin"), ("dispatch_policy.changed", "Ada Admin"),
            ("dispatch_policy.removed", "Ada Admin"),
        ]  # fmt: skip
        assert told[1].data["changed"] == {"mode": ["suggest", "broadcast"], "broadcast_size": [3, 5]}

    def test_it_is_the_administrators_to_set(self, cast: Cast) -> None:
        with pytest.raises(NotAllowed):
            terms.keep_policy(policy=DispatchPolicy(), by=cast.fm, now=NOW)
