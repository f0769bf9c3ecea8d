"""Twelve vendors reckoned by hand, to the digit; and any table of work as a slow reader of it would reckon it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reporting import drilldown, facts, scorecards
from reporting.models import Exclusion
from tests.factories.clock import NOW
from tests.factories.scores import Past
from tests.factories.vendors import VendorFactory
from tests.factories.workorders import papers
from vendors.models import Scorecard, Vendor
from workorders.models import Clock, Invoice, Offer, WorkOrder

MET, LATE = True, False
DUE_NOW = NOW - timedelta(days=1)


def _many(past: Past, jobs: int, *, clocks: int, met: int, fixed: int, rated: list[int], clean: int, bills: int,
          documented: int) -> None:  # fmt: skip
    """So many jobs: the first `fixed` needed one trip, the first `met` of all `clocks` were met, and so on."""
    per_job = [list(range(clocks))[number::jobs] for number in range(jobs)]
    for number in range(jobs):
        past.job(
            days=10 + number / 10, trips=1 if number < fixed else 2, documented=number < documented,
            rating=rated[number] if number < len(rated) else None, met=[place < met for place in per_job[number]],
            bill="" if number >= bills else "clean" if number < clean else "raised" if number % 2 else "corrected",
        )  # fmt: skip


def _a(past: Past) -> None:
    _many(past, 10, clocks=30, met=27, fixed=9, rated=[5, 5, 5, 4, 4], clean=8, bills=10, documented=10)


def _b(past: Past) -> None:
    _many(past, 4, clocks=8, met=6, fixed=3, rated=[], clean=1, bills=2, documented=3)
    past.offer(days=5, accepted=False)
    past.offer(days=6, accepted=False)


def _c(past: Past) -> None:
    for place in range(4):
        past.offer(days=5, accepted=place == 0)


def _d(past: Past) -> None:
    past.job(trips=3, documented=False, rating=1, met=[LATE], bill="raised")


def _e(past: Past) -> None:
    _many(past, 2, clocks=0, met=0, fixed=2, rated=[5], clean=0, bills=0, documented=2)


def _f(past: Past) -> None:
    _many(past, 3, clocks=3, met=2, fixed=1, rated=[3, 3, 2], clean=2, bills=3, documented=3)


def _g(past: Past) -> None:
    _many(past, 20, clocks=60, met=55, fixed=17, rated=[5] * 4 + [4] * 6, clean=18, bills=20, documented=19)
    for _ in range(5):
        past.offer(days=7, accepted=False)


def _h(past: Past) -> None:
    past.job(kind="preventive", offered=100)


def _i(past: Past) -> None:
    past.job(days=100, rating=2, rated=5)


def _j(past: Past) -> None:
    row = past.job(days=100)
    past.bill(row, "raised", at=NOW - timedelta(days=3))


def _k(past: Past) -> None:
    _many(past, 7, clocks=21, met=14, fixed=4, rated=[4] * 7, clean=3, bills=7, documented=5)
    past.offer(days=5, accepted=False)
    past.offer(days=5, in_time=False)


def _l(past: Past) -> None:
    _many(past, 5, clocks=3, met=3, fixed=5, rated=[], clean=0, bills=0, documented=5)
    for milestone in ("arrival", "completion"):
        past.clock(past.order(days=2, vendor=past.vendor), milestone, None, at=DUE_NOW)


# Each vendor: what it did, its jobs, its own result and its score. Weights 30, 25, 10, 15, 10, 10; the mean of the
# trade is Σ jobs × own ÷ Σ jobs = (10 × 91 + 4 × 71.08 + 1 × 10 + 2 × 100 + 3 × 61.25 + 20 × 88 + 1 × 100
# + 7 × 64.74 + 5 × 84) ÷ 53 = 4321.25 ÷ 53 = 81.53, and 5 such jobs weigh 407.65.
MEAN = Decimal("81.53")
TABLE: list[tuple[Callable[[Past], None], int, str, str]] = [
    # 30 × 27/30 + 25 × 9/10 + 10 × 10/10 + 15 × 4.5/5 + 10 × 8/10 + 10 × 10/10 = 27 + 22.5 + 10 + 13.5 + 8 + 10
    # (910 + 407.65) ÷ 15 = 87.8433
    (_a, 10, "91.00", "87.84"),
    # no ratings: (30 × .75 + 25 × .75 + 10 × .6667 + 10 × .5 + 10 × .75) ÷ 85 = 60.417 ÷ 85 = .71079
    # (284.32 + 407.65) ÷ 9 = 76.8856
    (_b, 4, "71.08", "76.89"),
    # four offers, one accepted, no job: 10 × .25 ÷ 10; with no job of its own it has the mean
    (_c, 0, "25.00", "81.53"),
    # all bad but the offer: 10 × 1 ÷ 100; (10 + 407.65) ÷ 6 = 69.6083
    (_d, 1, "10.00", "69.61"),
    # no clocks, no bills, the rest perfect: (25 + 10 + 15 + 10) ÷ 60; (200 + 407.65) ÷ 7 = 86.8071
    (_e, 2, "100.00", "86.81"),
    # 30 × .6667 + 25 × .3333 + 10 + 15 × .4167 + 10 × .6667 + 10 = 20.001 + 8.3325 + 10 + 6.2505 + 6.667 + 10 = 61.251
    # (183.75 + 407.65) ÷ 8 = 73.925, half up
    (_f, 3, "61.25", "73.93"),
    # 30 × .9167 + 25 × .85 + 10 × .8 + 15 × .85 + 10 × .9 + 10 × .95 = 27.501 + 21.25 + 8 + 12.75 + 9 + 9.5 = 88.001
    # (1760 + 407.65) ÷ 25 = 86.706
    (_g, 20, "88.00", "86.71"),
    # planned work, offered before the window: only documented, 10 × 1 ÷ 10; (100 + 407.65) ÷ 6 = 84.6083
    (_h, 1, "100.00", "84.61"),
    # done before the window, rated 2 in it: 15 × .25 ÷ 15; no job in the window
    (_i, 0, "25.00", "81.53"),
    # done before the window, billed in it with a check raised: 10 × 0 ÷ 10
    (_j, 0, "0.00", "81.53"),
    # 30 × .6667 + 25 × .5714 + 10 × .7778 + 15 × .75 + 10 × .4286 + 10 × .7143
    # = 20.001 + 14.285 + 7.778 + 11.25 + 4.286 + 7.143 = 64.743; (453.18 + 407.65) ÷ 12 = 71.7358
    (_k, 7, "64.74", "71.74"),
    # three clocks met and two that run past their time: 30 × .6 + 25 + 10 + 10 = 63 of 75 = .84
    # (420 + 407.65) ÷ 10 = 82.765, half up
    (_l, 5, "84.00", "82.77"),
]


def test_twelve_vendors_are_scored_as_by_hand(cast):
    vendors = [VendorFactory() for _ in TABLE]
    for vendor, (did, *_) in zip(vendors, TABLE, strict=True):
        did(Past(vendor, cast.hilltop, cast.refrigeration, NOW))
    scorecards.score_vendors(now=NOW)
    cards = {card.vendor_id: card for card in Scorecard.objects.filter(window_days=90)}
    found = [(cards[one.pk].jobs, str(cards[one.pk].own), str(cards[one.pk].score)) for one in vendors]
    assert found == [(jobs, own, score) for _, jobs, own, score in TABLE]
    assert {card.mean for card in cards.values()} == {MEAN}
    first = cards[vendors[0].pk]
    # p = .878433…: 1.96 × √(.878433 × .121567 ÷ 15) = .165377; 87.8433 ∓ 16.5377, at most 100
    assert (str(first.low), str(first.high)) == ("71.31", "100.00")
    # p = .696083…: 1.96 × √(.696083 × .303917 ÷ 6) = .368037; 69.6083 ∓ 36.8037, at most 100
    assert (str(cards[vendors[3].pk].low), str(cards[vendors[3].pk].high)) == ("32.80", "100.00")


def test_every_number_of_the_twelve_opens_exactly_the_rows_that_made_it(cast):
    vendors = [VendorFactory() for _ in TABLE]
    for vendor, (did, *_) in zip(vendors, TABLE, strict=True):
        did(Past(vendor, cast.hilltop, cast.refrigeration, NOW))
    scorecards.score_vendors(now=NOW)
    for card in Scorecard.objects.all():
        for name in facts.PARTS:
            opened = drilldown.opened(card, name, by=cast.admin, asked={}, size=1000)
            part = card.parts.get(name, {"number": 0, "share": 0})
            assert (opened.number, len(opened.rows)) == (part["number"], part["number"])
            assert sum(row.share for row in opened.rows) == opened.good
            assert abs(Decimal(str(part["share"])) * (opened.number or 1) - opened.good) <= Decimal("0.01")
        assert drilldown.opened(card, "jobs", by=cast.admin, asked={}).number == card.jobs


# The same, reckoned by a slow reader of the tables who knows nothing of the statement


def rounded(value: Decimal, places: str) -> Decimal:
    return value.quantize(Decimal(places), rounding=ROUND_HALF_UP)


def slowly(window: int, weights: dict[str, int], prior: int) -> dict[tuple[int, int], tuple[Any, ...]]:
    """Jobs, own result, mean and score of each vendor in each trade, one row after the other."""
    since = NOW - timedelta(days=window)
    excluded = set(Exclusion.objects.filter(put_back_at=None).values_list("vendor_id", "work_order_id", "milestone"))
    orders = list(WorkOrder.objects.prefetch_related("clocks", "visits"))

    def left_out(vendor_id: int, work_order_id: int, milestone: str = "") -> bool:
        return any((vendor_id, work_order_id, named) in excluded for named in {"", milestone})

    def within(at: datetime | None) -> bool:
        return at is not None and since < at <= NOW

    shares: dict[tuple[int, int], dict[str, list[Decimal]]] = defaultdict(lambda: defaultdict(list))
    jobs: dict[tuple[int, int], int] = defaultdict(int)
    for row in orders:
        if row.vendor_id is None:
            continue
        key = (row.vendor_id, row.trade_id)
        for clock in row.clocks.all():
            due_at = clock.agreed_due_at or clock.due_at
            ended = clock.stopped_at if clock.state == "stopped" else due_at
            if clock.milestone == "triage" or clock.state not in ("stopped", "running") or not within(ended):
                continue
            if not left_out(row.vendor_id, row.pk, clock.milestone):
                kept = clock.state == "stopped" and clock.stopped_at <= due_at
                shares[key]["sla"].append(Decimal(kept))
        if left_out(row.vendor_id, row.pk):
            continue
        if within(row.completed_at):
            jobs[key] += 1
            told = row.root_cause_id and row.resolution_id and (row.recommendation or row.nothing_recommended)
            shares[key]["documentation"].append(Decimal(bool(told)))
            if row.kind == "reactive":
                again = any(
                    other.pk != row.pk and other.status != "canceled" and other.site_id == row.site_id
                    and row.completed_at < other.reported_at <= row.completed_at + timedelta(days=30)
                    and ((row.asset_id and (other.asset_id, other.trade_id) == (row.asset_id, row.trade_id))
                         or (row.problem_type_id and other.problem_type_id == row.problem_type_id))
                    for other in orders
                )  # fmt: skip
                trips = sum(visit.state == "left" for visit in row.visits.all())
                shares[key]["first_time_fix"].append(Decimal(trips == 1 and not row.rework_count and not again))
        if row.rating is not None and within(row.verified_at):
            shares[key]["rating"].append(Decimal(row.rating - 1) / 4)
    for offer in Offer.objects.select_related("work_order"):
        if offer.state in ("open", "withdrawn") or not within(offer.offered_at):
            continue
        if not left_out(offer.vendor_id, offer.work_order_id):
            good = offer.state in ("accepted", "finished") and offer.answered_at <= offer.expires_at
            shares[offer.vendor_id, offer.work_order.trade_id]["acceptance"].append(Decimal(good))
    for bill in Invoice.objects.exclude(state="void").select_related("work_order"):
        if within(bill.submitted_at) and not left_out(bill.vendor_id, bill.work_order_id):
            good = not bill.findings and bill.revision == 1
            shares[bill.vendor_id, bill.work_order.trade_id]["invoices"].append(Decimal(good))

    own = {}
    for key, parts in shares.items():
        counted = {name: rows for name, rows in parts.items() if weights[name]}
        if counted:
            total = sum(weights[name] * rounded(sum(rows) / len(rows), "0.0001") for name, rows in counted.items())
            own[key] = rounded(100 * total / sum(weights[name] for name in counted), "0.01")
    found = {}
    for key, result in own.items():
        peers = [(other, own[other]) for other in own if other[1] == key[1]]
        weight = sum(jobs[other] for other, _ in peers)
        mean = (sum(jobs[other] * value for other, value in peers) / weight if weight
                else sum(value for _, value in peers) / len(peers))  # fmt: skip
        mean = rounded(Decimal(mean), "0.01")
        score = (jobs[key] * result + prior * mean) / (jobs[key] + prior) if jobs[key] + prior else result
        found[key] = (jobs[key], result, mean, rounded(score, "0.01"))
    return found


JOB = st.fixed_dictionaries({
    "who": st.integers(0, 2), "trade": st.integers(0, 1), "days": st.floats(0.1, 120), "trips": st.integers(0, 2),
    "rework": st.integers(0, 1), "documented": st.booleans(), "rating": st.none() | st.integers(1, 5),
    "met": st.lists(st.booleans(), max_size=3), "bill": st.sampled_from(["", "clean", "raised", "corrected"]),
    "in_time": st.booleans(), "kind": st.sampled_from(["reactive", "reactive", "preventive"]),
    "out": st.sampled_from(["", "", "", "job", "arrival", "put back"]), "unit": st.booleans(),
})  # fmt: skip


@contextmanager
def forgotten() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    jobs=st.lists(JOB, max_size=8),
    weights=st.lists(st.integers(0, 40), min_size=6, max_size=6),
    prior=st.integers(0, 8),
)
def test_any_table_of_work_is_scored_as_a_slow_reader_would(cast, jobs, weights, prior):
    given_weights = dict(zip(scorecards.WEIGHTS, weights, strict=True))
    vendors, trades = [cast.cascade, cast.summit, _third()], [cast.refrigeration, cast.plumbing]
    assert papers() and cast.hilltop and cast.cooler and cast.admin  # made now, they stay when the rest is forgotten
    with forgotten():
        for name, weight in given_weights.items():
            scorecards.WEIGHTS[name].change(value=weight, by=cast.admin, now=NOW)
        scorecards.PRIOR_JOBS.change(value=prior, by=cast.admin, now=NOW)
        for job in jobs:
            told = {**job}
            who, trade, out, unit = told.pop("who"), told.pop("trade"), told.pop("out"), told.pop("unit")
            row = Past(vendors[who], cast.hilltop, trades[trade], NOW).job(**told)
            if unit:
                WorkOrder.objects.filter(pk=row.pk).update(asset=cast.cooler)
            if out:
                Exclusion.objects.create(
                    vendor=vendors[who], work_order=row, milestone="arrival" if out == "arrival" else "", reason="Why",
                    excluded_at=NOW, put_back_at=NOW if out == "put back" else None,
                )  # fmt: skip
        scorecards.score_vendors(now=NOW)
        for window in scorecards.WINDOWS:
            cards = Scorecard.objects.filter(window_days=window)
            found = {(c.vendor_id, c.trade_id): (c.jobs, c.own, c.mean, c.score) for c in cards}
            assert found == slowly(window, given_weights, prior)
        # Written anew for some alone, they say the same.
        pairs = sorted({(vendors[job["who"]].pk, trades[job["trade"]].pk) for job in jobs})[:2]
        Scorecard.objects.filter(vendor_id__in=[vendor for vendor, _ in pairs]).update(score=1)
        scorecards.score_vendors(now=NOW)
        assert scorecards.rescore(pairs, now=NOW) == 0


def _third() -> Vendor:
    return Vendor.objects.filter(code="THIRD").first() or VendorFactory(code="THIRD")


@pytest.mark.parametrize("state", ["dropped", "paused"])
def test_a_clock_that_asks_nothing_counts_nothing(cast, state):
    past = Past(cast.cascade, cast.hilltop, cast.refrigeration, NOW)
    row = past.job(met=[MET, LATE])
    Clock.objects.filter(work_order=row, milestone="arrival").update(state=state, stopped_at=None)
    scorecards.score_vendors(now=NOW)
    assert Scorecard.objects.get(window_days=90).parts["sla"] == {"share": 1.0, "number": 1, "weight": 30}
