"""Whom to ask first, and why: every score by hand, every order by policy."""

from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest

from tests.factories.clock import NOW
from tests.factories.vendors import VendorFactory
from tests.factories.workorders import Story, reason
from vendors.eligibility import distance_km
from vendors.models import Coverage, NegotiatedTarget, RateCard, Scorecard, Standing, Vendor
from workorders import dispatch, intake, lifecycle, offers, terms
from workorders.models import Screening, ScreeningStep, Under, WorkOrder


@pytest.fixture
def job(cast) -> WorkOrder:
    """A leak at Hilltop, ready to be given to somebody."""
    made = intake.report(
        by=cast.fm, now=NOW, site=cast.hilltop, trade=cast.refrigeration, description="Walk-in too warm",
        problem_type=cast.too_warm, source="desk",
    )  # fmt: skip
    return lifecycle.triage(made, by=cast.fm, now=NOW)


def consider(job, cast, **facts) -> dispatch.Consideration:
    return dispatch.consider(WorkOrder.objects.get(pk=job.pk), now=NOW, by=cast.fm, **facts)


def order(job, cast) -> list[str]:
    return [candidate.vendor.code for candidate in consider(job, cast).eligible]


def parts(candidate) -> dict[str, Decimal]:
    return {part.name: part.value for part in candidate.parts}


def test_nothing_known_about_anybody_is_decided_by_name(job, cast):
    assert cast.summit.pk < cast.cascade.pk
    assert order(job, cast) == ["CASC", "SUMM"]
    one = consider(job, cast).best()
    assert parts(one) == {
        "scorecard": Decimal("0.5"), "cost": Decimal(1), "arrival": Decimal("0.5"), "distance": Decimal("0.5"),
        "load": Decimal(1), "preference": Decimal("0.5"),
    }  # fmt: skip
    # .35 × .5 + .2 × 1 + .2 × .5 + .1 × .5 + .05 × 1 + .1 × .5
    assert one.score == Decimal("0.6250")
    assert one.expected_cost_amount == Decimal("265.00")  # 75 for the trip and 2 h at 95


def test_a_score_by_hand(job, cast):
    """Cascade is known and near; Summit is preferred, cheaper and faster, far away and busy."""
    trade = cast.refrigeration
    place(cast.cascade, "47.252900", "-122.444300")  # at the door
    place(cast.summit, "47.604000", "-122.330000", standing=Standing.PREFERRED, capacity_open_jobs=4)  # 40.0 km
    RateCard.objects.filter(vendor=cast.summit).update(labor_regular_amount=Decimal("70.00"), trip_amount=0)
    NegotiatedTarget.objects.create(vendor=cast.cascade, priority=3, arrival_minutes=480)
    NegotiatedTarget.objects.create(vendor=cast.summit, priority=3, arrival_minutes=120)
    scored(cast.cascade, trade, "90.00", 20)
    scored(cast.summit, trade, "60.00", 3)
    for number in range(3):
        Story(cast, facts={"asset": None, "description": f"Another {number}"}).offered(vendor=cast.cascade)
    WorkOrder.objects.exclude(pk=job.pk).update(vendor=cast.summit)  # three open jobs
    found = consider(job, cast)
    summit, cascade = found.candidate(cast.summit), found.candidate(cast.cascade)
    assert parts(cascade) == {
        "scorecard": Decimal("0.9"), "cost": Decimal("0.5283"), "arrival": Decimal("0.25"), "distance": Decimal(1),
        "load": Decimal(1), "preference": Decimal("0.5"),
    }  # fmt: skip
    assert parts(summit) == {
        "scorecard": Decimal("0.6"), "cost": Decimal(1), "arrival": Decimal(1), "distance": Decimal("0.6"),
        "load": Decimal("0.25"), "preference": Decimal(1),
    }  # fmt: skip
    # .315 + .10566 + .05 + .1 + .05 + .05 and .21 + .2 + .2 + .06 + .0125 + .1
    assert cascade.score == Decimal("0.6707")
    assert summit.score == Decimal("0.7825")
    assert [candidate.vendor for candidate in found.eligible] == [cast.summit, cast.cascade]
    assert [part.sentence for part in summit.parts] == [
        "Scorecard 60 of 100 from 3 jobs.", "About $140.00, the lowest.", "Arrives in 2 h, agreed.", "24.8 mi away.",
        "3 open jobs, counted against 4.", "Preferred vendor.",
    ]  # fmt: skip


def place(vendor, latitude, longitude, **facts) -> None:
    Vendor.objects.filter(pk=vendor.pk).update(latitude=Decimal(latitude), longitude=Decimal(longitude), **facts)


def scored(vendor, trade, score, jobs, **parts) -> None:
    Scorecard.objects.create(
        vendor=vendor, trade=trade, window_days=365, score=Decimal(score), low=0, high=100, jobs=jobs, parts=parts,
        computed_at=NOW,
    )  # fmt: skip


class TestOrder:
    def test_a_fixed_rank_goes_before_any_score_unless_policy_says_otherwise(self, job, cast):
        scored(cast.cascade, cast.refrigeration, "95.00", 50)
        scored(cast.summit, cast.refrigeration, "20.00", 50)
        assert order(job, cast) == ["CASC", "SUMM"]
        Coverage.objects.filter(vendor=cast.summit).update(rank=1)
        assert order(job, cast) == ["SUMM", "CASC"]
        terms.RANK_FIRST.change(value=False, by=cast.admin, now=NOW)
        assert order(job, cast) == ["CASC", "SUMM"]

    def test_whom_a_warranty_names_comes_first_whatever_its_rank_and_score(self, job, cast):
        maker = VendorFactory(name="Maker")
        Coverage.objects.filter(vendor=cast.summit).update(rank=1)
        Screening.objects.create(
            work_order=job, step=ScreeningStep.WARRANTY, found=True, sentence="Under warranty until 2027.",
            send_to=maker, made_at=NOW,
        )  # fmt: skip
        found = consider(job, cast)
        assert found.best().vendor == maker
        assert found.best().forced == "Under warranty until 2027."
        assert [candidate.forced for candidate in found.eligible[1:]] == [""] * (len(found.eligible) - 1)

    def test_ties_go_to_the_less_loaded_then_by_name(self, job, cast):
        terms.WEIGHTS["load"].change(value=0, by=cast.admin, now=NOW)
        assert cast.summit.pk < cast.cascade.pk
        assert order(job, cast) == ["CASC", "SUMM"]
        other = Story(cast, facts={"asset": None}).reported()
        WorkOrder.objects.filter(pk=other.work_order.pk).update(vendor=cast.cascade)
        assert order(job, cast) == ["SUMM", "CASC"]

    def test_who_may_not_go_stands_behind_with_the_reasons(self, job, cast):
        Vendor.objects.filter(pk=cast.cascade.pk).update(standing=Standing.SUSPENDED)
        assert cast.summit.pk
        assert order(job, cast) == ["SUMM"]
        out = consider(job, cast).candidate(cast.cascade)
        assert [check.sentence for check in out.blocking] == ["Not active: suspended."]


class TestAskedBefore:
    def test_a_decline_passes_the_vendor_over_for_this_job_only(self, job, cast):
        story = Story(cast).offered(vendor=cast.cascade)
        offers.decline(
            story.offer, by=cast.dispatcher, now=story.later(), reason=reason(Under.DECLINE, "Outside our area")
        )
        out = consider(story.work_order, cast).candidate(cast.cascade)
        assert [check.sentence for check in out.blocking] == ["Declined this job on 14 Jul 2026: Outside our area."]
        assert consider(job, cast).candidate(cast.cascade).eligible

    def test_an_open_offer_is_not_made_twice(self, cast):
        story = Story(cast).offered(vendor=cast.cascade)
        assert not consider(story.work_order, cast).candidate(cast.cascade).eligible


class TestTrial:
    @pytest.fixture(autouse=True)
    def on_trial(self, cast):
        Vendor.objects.filter(pk=cast.summit.pk).update(standing=Standing.TRIAL, trial_jobs=1)

    def test_a_vendor_on_trial_gets_its_number_of_jobs(self, job, cast):
        assert consider(job, cast).candidate(cast.summit).eligible
        story = Story(cast, facts={"asset": None}).offered(vendor=cast.summit)
        story.work_order.offers.update(state="accepted", answered_at=NOW)
        out = consider(job, cast).candidate(cast.summit)
        assert [check.sentence for check in out.blocking] == ["On trial, 1 of 1 jobs."]

    def test_and_nothing_pressing(self, job, cast):
        WorkOrder.objects.filter(pk=job.pk).update(priority=2)
        out = consider(job, cast).candidate(cast.summit)
        assert [check.sentence for check in out.blocking] == ["On trial, and not for P2."]


def test_what_was_shown_is_kept_with_the_offer_and_can_be_read_later(cast):
    story = Story(cast).ready()
    assert cast.summit.pk
    made = story.offered(vendor=cast.cascade).offer.explanation
    first = made["candidates"][0]
    assert (first["name"], first["eligible"], first["score"]) == ("Cascade Refrigeration", True, "0.6250")
    assert {part["name"]: part["value"] for part in first["parts"]}["cost"] == "1.0000"
    assert {check["name"] for check in first["checks"]} >= {"active", "coverage", "not_declined"}
    assert (made["order"], made["others_left_out"]) == ("rank, then score", 0)


def test_the_order_of_thirty_equals_a_slow_recount_in_few_queries(job, cast, django_assert_max_num_queries):
    """Against an oracle that reads each vendor by itself and works in fractions."""
    chance = Random(7)
    for number in range(30):
        vendor = VendorFactory(
            name=f"Vendor {number:02}", trades=[cast.refrigeration], regions=[cast.north],
            standing=chance.choice(["trial", "approved", "preferred", "suspended"]),
            capacity_open_jobs=chance.choice([None, 0, 5]),
        )  # fmt: skip
        if chance.random() < 0.7:
            scored(vendor, cast.refrigeration, f"{chance.randint(0, 100)}.00", chance.randint(0, 40),
                   arrival_minutes=chance.choice([None, 90, 300]))  # fmt: skip
        if chance.random() < 0.5:
            place(vendor, f"47.{chance.randint(100000, 999999)}", "-122.400000")
        if chance.random() < 0.3:
            NegotiatedTarget.objects.create(vendor=vendor, priority=3, arrival_minutes=chance.randint(30, 600))
        RateCard.objects.filter(vendor=vendor).update(labor_regular_amount=chance.randint(50, 150))
        Coverage.objects.filter(vendor=vendor).update(rank=chance.choice([None, None, 1, 2]))
    row = WorkOrder.objects.select_related("site__region", "trade", "plan").get(pk=job.pk)
    with django_assert_max_num_queries(3):
        found = dispatch.consider(row, now=NOW, by=cast.fm)
    assert [candidate.vendor.name for candidate in found.eligible] == slow_order(cast)


def slow_order(cast) -> list[str]:
    """Names in order; nobody has open jobs, papers are not asked for, and all cover the site."""
    vendors = [
        vendor for vendor in Vendor.objects.filter(name__startswith="Vendor")
        if vendor.standing != "suspended" and vendor.capacity_open_jobs != 0
    ]  # fmt: skip
    every = list(Vendor.objects.filter(name__startswith="Vendor"))

    def known(vendor) -> dict[str, Fraction | None]:
        score = vendor.scorecards.first()
        agreed = vendor.targets.first()
        minutes = agreed.arrival_minutes if agreed else score and score.parts["arrival_minutes"]
        away = None
        if vendor.latitude is not None:
            away = Fraction(str(round(distance_km(float(vendor.latitude), -122.4, 47.2529, -122.4443), 1)))
        return {
            "scorecard": Fraction(score.score) / 100 if score else None,
            "cost": 75 + 2 * Fraction(vendor.rate_cards.get().labor_regular_amount),
            "arrival": Fraction(minutes) if minutes else None,
            "distance": max(Fraction(0), 1 - away / 100) if away is not None else None,
            "load": Fraction(0 if vendor.capacity_open_jobs == 0 else 1),
            "preference": {"preferred": Fraction(1), "approved": Fraction(1, 2)}.get(vendor.standing, Fraction(0)),
        }

    facts = {vendor: known(vendor) for vendor in every}
    for name in ("cost", "arrival"):
        best = min(facts[vendor][name] for vendor in vendors if facts[vendor][name])
        for one in facts.values():
            one[name] = min(Fraction(1), best / one[name]) if one[name] else None
    weights = {"scorecard": 35, "cost": 20, "arrival": 20, "distance": 10, "load": 5, "preference": 10}

    def four(value: Fraction) -> Fraction:
        return Fraction((value * 10000 + Fraction(1, 2)).__floor__(), 10000)

    def key(vendor):
        total = Fraction(0)
        for name, weight in weights.items():
            others = [four(one[name]) for one in facts.values() if one[name] is not None]
            own = facts[vendor][name]
            value = four(own) if own is not None else four(sum(others) / len(others)) if others else Fraction(1, 2)
            total += weight * value
        rank = vendor.coverage.get().rank or 10**6
        return rank, -four(total / 100), vendor.name

    return [vendor.name for vendor in sorted(vendors, key=key)]
