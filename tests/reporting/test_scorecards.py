"""Scorecards: the sum of §18 by hand, drawn toward the trade's mean, written once."""

from datetime import timedelta
from decimal import Decimal

import pytest

from assets.models import Priority
from reporting import scorecards
from tests.factories.clock import NOW
from tests.factories.scores import Past
from tests.factories.vendors import VendorFactory
from tests.factories.workorders import Story, reason
from tests.reporting.test_scores_by_hand import forgotten
from vendors.models import Scorecard
from workorders import lifecycle, offers
from workorders.models import SlaTarget, Under, WorkOrder

LATER = NOW + timedelta(days=20)


def card(vendor, window=365) -> Scorecard:
    return Scorecard.objects.get(vendor=vendor, window_days=window)


def share(vendor, part) -> Decimal | None:
    found = card(vendor).parts.get(part)
    return Decimal(str(found["share"])) if found else None


def test_parts_without_data_are_left_out_and_never_count_as_nothing(cast):
    Story(cast).completed()
    assert scorecards.score_vendors(now=LATER) == 2
    found = card(cast.cascade)
    # One job: right the first time, accepted in time, documented; not rated, not billed, no targets set.
    assert {name for name in found.parts if name != "arrival_minutes"} == {
        "first_time_fix", "acceptance", "documentation",
    }  # fmt: skip
    assert (found.score, found.jobs) == (Decimal("100.00"), 1)
    assert found.parts["arrival_minutes"] == 60


def test_the_score_of_two_vendors_by_hand(cast):
    SlaTarget.objects.create(milestone="arrival", priority=Priority.P3, minutes=60, clock_type="elapsed")
    Story(cast).verified()  # arrives late, rated 5
    second = Story(cast, now=NOW + timedelta(days=1), facts={"asset": None}).offered(vendor=cast.summit)
    offers.decline(second.offer, by=cast.rival, now=second.later(), reason=reason(Under.DECLINE, "No time"))
    scorecards.score_vendors(now=LATER)
    # Cascade: (30 × 0 + 25 × 0 + 10 × 1 + 15 × 1 + 10 × 1) ÷ 90, one job; the second job repeats the first.
    assert [share(cast.cascade, part) for part in scorecards.WEIGHTS] == [0, 0, 1, 1, None, 1]
    assert share(cast.summit, "acceptance") == 0
    # Summit has no job: the mean of the trade is Cascade's alone, 35 ÷ 90, and both are drawn toward it.
    assert card(cast.cascade).score == card(cast.summit).score == Decimal("38.89")
    assert (card(cast.summit).jobs, card(cast.cascade).jobs) == (0, 1)
    assert card(cast.cascade).low < card(cast.cascade).score < card(cast.cascade).high


def test_the_only_vendor_of_a_trade_is_its_own_mean(cast):
    for day in range(3):
        Story(cast, now=NOW + timedelta(days=31 * day)).completed()
    scorecards.PRIOR_JOBS.change(value=0, by=cast.admin, now=NOW)
    now = NOW + timedelta(days=100)
    scorecards.score_vendors(now=now)
    alone = card(cast.cascade).score
    scorecards.PRIOR_JOBS.change(value=5, by=cast.admin, now=NOW)
    scorecards.score_vendors(now=now)
    assert card(cast.cascade).score == alone


def test_weights_are_the_administrators(cast):
    Story(cast).completed()
    lifecycle.reject(
        Story(cast, now=NOW + timedelta(days=1), facts={"asset": None}).completed().work_order, by=cast.store,
        now=NOW + timedelta(days=2), reason="Still warm",
    )  # fmt: skip
    scorecards.score_vendors(now=LATER)
    usual = card(cast.cascade).score
    scorecards.WEIGHTS["first_time_fix"].change(value=0, by=cast.admin, now=NOW)
    scorecards.score_vendors(now=LATER)
    assert "first_time_fix" not in card(cast.cascade).parts
    assert card(cast.cascade).score > usual


def test_windows_forget_what_is_over_and_a_second_run_changes_nothing(cast):
    Story(cast).completed()
    assert scorecards.score_vendors(now=LATER) == 2
    assert scorecards.score_vendors(now=LATER) == 0
    assert scorecards.score_vendors(now=NOW + timedelta(days=91)) == 1
    assert not Scorecard.objects.filter(window_days=90).exists()
    assert scorecards.score_vendors(now=NOW + timedelta(days=400)) == 1
    assert not Scorecard.objects.exists()


SAID = ("vendor_id", "trade_id", "window_days", "score", "low", "high", "jobs", "own", "mean", "prior_jobs",
        "is_comparable", "parts", "made_of", "computed_at")  # fmt: skip


def test_cards_carried_from_night_to_night_say_what_cards_made_from_nothing_say(cast):
    for place, vendor in enumerate([cast.cascade, cast.summit, *(VendorFactory() for _ in range(3))]):
        past = Past(vendor, cast.hilltop, [cast.refrigeration, cast.plumbing][place == 2], NOW)
        for days in range(1 + place, 400, 37 + 5 * place):
            past.job(days=days, rating=1 + (days + place) % 5, met=[days % 2 > 0], trips=1 + (days % 3 > 1),
                     bill=["", "clean", "raised"][days % 3], documented=days % 4 > 0)  # fmt: skip
    scorecards.TELLING.change(value=3, by=cast.admin, now=NOW)
    moved = 0
    for night in (0, 1, 2, 30, 31, 95, 200, 366):
        now = NOW + timedelta(days=night)
        if night == 31:
            scorecards.WEIGHTS["rating"].change(value=40, by=cast.admin, now=now)
        moved += scorecards.score_vendors(now=now) > 0
        carried = list(Scorecard.objects.order_by("vendor", "trade", "window_days").values(*SAID))
        with forgotten():
            Scorecard.objects.all().delete()
            scorecards.score_vendors(now=now)
            assert list(Scorecard.objects.order_by("vendor", "trade", "window_days").values(*SAID)) == carried
    assert moved > 3


def test_the_way_to_a_job_is_told_anew_where_nothing_else_has_changed(cast):
    row = Past(cast.cascade, cast.hilltop, cast.refrigeration, NOW).job()
    scorecards.score_vendors(now=NOW)
    assert card(cast.cascade).parts["arrival_minutes"] == 120
    WorkOrder.objects.filter(pk=row.pk).update(accepted_at=row.accepted_at + timedelta(hours=1))
    assert scorecards.score_vendors(now=NOW) == 2
    assert card(cast.cascade).parts["arrival_minutes"] == 60


@pytest.mark.parametrize("vendors", [1, 2])
def test_one_statement_and_one_look_at_the_weights_whatever_the_number(cast, vendors, django_assert_num_queries):
    for vendor in [cast.cascade, cast.summit][:vendors]:
        Story(cast, facts={"asset": None}).offered(vendor=vendor)
    with django_assert_num_queries(5):  # savepoint and release among them, and waiting for one's turn
        scorecards.score_vendors(now=LATER)
