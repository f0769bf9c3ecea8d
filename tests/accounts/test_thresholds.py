"""Numbers of the business are changed by people, with who and when, and the old ones stay readable."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from accounts.models import LogEvent
from accounts.thresholds import REGISTRY, OutOfBounds, Threshold, declare
from tests.cast import Cast
from tests.factories.clock import NOW


@pytest.fixture
def wait() -> Iterator[Threshold]:
    yield declare("test.wait", 30, "minutes", "How long to wait", minimum=5, maximum=60)
    REGISTRY.pop("test.wait")


def test_the_default_holds_until_somebody_changes_it(cast: Cast, wait: Threshold) -> None:
    assert wait.value() == 30
    wait.change(value=45, by=cast.admin, now=NOW)
    assert wait.value() == 45
    assert wait.span().total_seconds() == 45 * 60


def test_every_version_stays_with_who_and_when(cast: Cast, wait: Threshold) -> None:
    for value in (10, 20):
        wait.change(value=value, by=cast.admin, now=NOW)
    assert [(version.value, version.changed_by) for version in wait.versions()] == [(20, cast.admin), (10, cast.admin)]
    changed = LogEvent.objects.filter(verb="setting.changed").order_by("pk")
    assert [(event.data["from"], event.data["to"]) for event in changed] == [("30", "10"), ("10", "20")]


@pytest.mark.parametrize("value", [4, 61, -1])
def test_a_value_out_of_bounds_is_refused_with_the_bounds(cast: Cast, wait: Threshold, value: int) -> None:
    with pytest.raises(OutOfBounds, match="How long to wait: enter 5 to 60"):
        wait.change(value=value, by=cast.admin, now=NOW)
    assert wait.value() == 30


def test_of_weights_that_are_held_against_each_other_one_stays_above_nothing(cast: Cast) -> None:
    one, other = (declare(f"test.{name}", 1, "", f"Weight of {name}", weighs="jam") for name in ("sugar", "fruit"))
    alone = declare("test.alone", 1, "", "Weight of the jar")
    one.change(value=0, by=cast.admin, now=NOW)
    alone.change(value=0, by=cast.admin, now=NOW)
    with pytest.raises(OutOfBounds) as refused:
        other.change(value=0, by=cast.admin, now=NOW)
    assert str(refused.value) == ("Weight of fruit: every other weight of jam is 0. Give one of them a value first.")
    assert other.value() == 1
    one.change(value=3, by=cast.admin, now=NOW)
    other.change(value=0, by=cast.admin, now=NOW)
    for name in ("sugar", "fruit", "alone"):
        REGISTRY.pop(f"test.{name}")


def test_money_stays_exact(cast: Cast) -> None:
    cap = declare("test.cap", Decimal("100.10"), "USD", "Cap")
    cap.change(value=Decimal("250.30"), by=cast.admin, now=NOW)
    REGISTRY.pop("test.cap")
    assert cap.value() == Decimal("250.30")


def test_every_threshold_has_words_and_a_default_within_its_bounds() -> None:
    for threshold in REGISTRY.values():
        assert threshold.label[0].isupper()
        if not isinstance(threshold.default, bool):
            assert threshold.minimum <= float(threshold.default) <= threshold.maximum
