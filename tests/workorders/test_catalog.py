"""The starter catalog: whole, of a piece, and never in the way of what the house has set."""

from __future__ import annotations

import re
from datetime import datetime
from io import StringIO

import pytest
from django.core.management import call_command

from accounts.models import LogEvent
from assets.models import AssetCategory, CriticalityQuestion, ProblemType, SelfHelpStep, Trade
from config.settings import ROOT
from workorders.catalog import load_catalog
from workorders.models import CodeKind, CompletionCode, Milestone, Reason, SlaTarget, Under

ICONS = ROOT / "static/icons.svg"

pytestmark = pytest.mark.django_db


def test_loading_twice_adds_nothing_the_second_time(now: datetime) -> None:
    assert load_catalog(now=now) > 100
    assert load_catalog(now=now) == 0
    call_command("load_catalog", stdout=(said := StringIO()))
    assert said.getvalue() == "Added 0 rows.\n"
    assert LogEvent.objects.filter(verb="catalog.loaded").count() == 1


def test_targets_are_those_of_the_trade(now: datetime) -> None:
    load_catalog(now=now)
    hours = {
        milestone: [
            (target.minutes / 60, target.clock_type)
            for target in SlaTarget.objects.filter(milestone=milestone).order_by("priority")
        ]
        for milestone in Milestone.values
    }

    assert hours == {
        "triage": [(0.25, "elapsed"), (1, "elapsed"), (4, "business"), (8, "business")],
        "response": [(0.5, "elapsed"), (2, "elapsed"), (8, "business"), (24, "business")],
        "arrival": [(4, "elapsed"), (8, "elapsed"), (24, "business"), (80, "business")],
        "completion": [(24, "elapsed"), (48, "elapsed"), (40, "business"), (160, "business")],
    }


def test_what_the_house_has_set_stays(now: datetime) -> None:
    load_catalog(now=now)
    SlaTarget.objects.filter(milestone="triage", priority=1).update(minutes=5)
    Reason.objects.filter(under="hold", code="parts").update(pauses=["completion"], retired_at=now)
    Trade.objects.filter(code="pest").update(name="Pests")
    Trade.objects.filter(code="hvac").update(retired_at=now)

    assert load_catalog(now=now) == 0
    assert SlaTarget.objects.get(milestone="triage", priority=1).minutes == 5
    assert Reason.objects.get(under="hold", code="parts").pauses == ["completion"]
    assert Trade.objects.get(code="hvac").retired_at == now


def test_waiting_for_parts_pauses_nothing_and_waiting_for_a_quote_does(now: datetime) -> None:
    load_catalog(now=now)

    assert Reason.objects.get(under=Under.HOLD, code="parts").pauses == []
    assert Reason.objects.get(under=Under.HOLD, code="quote").pauses == ["arrival", "completion"]
    # What a trip that did not finish the job waits for, as check-out names it.
    assert {"parts", "quote", "access", "wrong_trade"} <= set(
        Reason.objects.under(Under.HOLD).filter(vendor_may_choose=True).values_list("code", flat=True)
    )


def test_every_question_has_reasons_and_every_trade_has_all_it_needs(now: datetime) -> None:
    load_catalog(now=now)
    symbols = set(re.findall(r'id="i-([^"]+)"', ICONS.read_text()))

    assert set(Reason.objects.values_list("under", flat=True)) == set(Under.values)
    assert Trade.objects.count() == 10
    assert ProblemType.objects.count() == 120
    for trade in Trade.objects.all():
        assert trade.icon in symbols
        assert trade.problem_types.count() >= 9
        for kind in CodeKind.values:
            assert CompletionCode.objects.filter(kind=kind, trade=trade).exists()
    assert set(AssetCategory.objects.values_list("trade__code", flat=True)) >= {"refrigeration", "hvac", "kitchen"}
    asked = ProblemType.objects.filter(stops_request=False)
    # Upkeep with a date asks nothing; nobody can help themselves with gas, glass or a lost key.
    assert asked.filter(questions=None).count() <= 5
    assert asked.filter(self_help=None).count() <= 30
    assert not ProblemType.objects.filter(stops_request=True, requester_message="").exists()


def test_every_word_of_the_starter_problems_is_meant_for_people(now: datetime) -> None:
    """A step or question that is named but not known would come through as its name."""
    load_catalog(now=now)
    texts = [*SelfHelpStep.objects.values_list("text", flat=True)]
    texts += CriticalityQuestion.objects.values_list("text", flat=True)
    assert [text for text in texts if not re.fullmatch(r"[A-Z].{8,}[.?]", text)] == []
    assert not CriticalityQuestion.objects.exclude(text__endswith="?").exists()
    for problem in ProblemType.objects.prefetch_related("questions", "self_help"):
        assert len({row.text for row in problem.questions.all()}) == problem.questions.count()
        # An answer that raises nothing is a question for nothing.
        worth = [row for row in problem.questions.all() if row.level_if_yes < problem.default_priority]
        assert worth or problem.default_priority == 1 or not problem.questions.all(), problem.name


def test_food_counts_around_the_clock_and_gas_comes_first(now: datetime) -> None:
    load_catalog(now=now)
    cold = ProblemType.objects.get(name="Walk-in cooler too warm")
    assert (cold.stock_at_risk, cold.asset_required, cold.photos_required) == (True, True, 1)
    assert cold.questions.filter(puts_stock_at_risk=True, level_if_yes=1).exists()
    gas = ProblemType.objects.get(name="Gas smell")
    assert (gas.default_priority, "911" in gas.requester_message, gas.duplicate_window_days) == (1, True, 2)
    snow = ProblemType.objects.get(name="Snow or ice on the lot")
    assert (snow.duplicate_window_days, snow.repeat_window_days) == (2, 2)
