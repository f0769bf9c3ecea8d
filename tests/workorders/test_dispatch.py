"""Whom to ask first, and why: every score by hand, every order by policy."""

from decimal import Decimal

import pytest

from tests.factories.clock import NOW
from workorders import dispatch, intake, lifecycle
from workorders.models import WorkOrder


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
