"""Reports as people make them: now and then under the wrong trade, the wrong problem or the wrong unit.

Only what the store says is wrong here, and what is true is remembered; everything that follows (who notices, what is
corrected, which trip was for nothing) is played through the rules like all else.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import cycle
from typing import Any, NamedTuple

from assets.models import Asset, CompletionDocument, ProblemType
from workorders.models import WorkOrder

WRONG_EVERY, SOLVED_EVERY = 4, 11
"""Of so many reports one is wrong, and one is solved before it is sent; counted, for the small company's sake."""


class Noticed(Enum):
    """What is wrong with a report, and who finds out."""

    TRADE_BY_VENDOR = auto()
    PROBLEM_BY_DESK = auto()
    TRADE_ON_SITE = auto()
    UNIT_BY_DESK = auto()
    TRADE_BY_DESK = auto()

    @property
    def is_trade(self) -> bool:
        return self in (Noticed.TRADE_BY_VENDOR, Noticed.TRADE_ON_SITE, Noticed.TRADE_BY_DESK)

    @property
    def by_desk(self) -> bool:
        return self in (Noticed.TRADE_BY_DESK, Noticed.PROBLEM_BY_DESK, Noticed.UNIT_BY_DESK)


TAKEN_FOR = {
    "refrigeration": ("hvac", "electrical"),
    "hvac": ("refrigeration", "electrical"),
    "kitchen": ("electrical", "plumbing"),
    "plumbing": ("refrigeration", "building"),
    "electrical": ("lighting", "kitchen"),
    "doors": ("building", "electrical"),
    "lighting": ("electrical",),
    "building": ("plumbing",),
}
"""What people take for what: warm air for refrigeration, a puddle for a leaking cooler."""


class Truth(NamedTuple):
    """What really is the matter, and who finds out when the report says something else."""

    problem: ProblemType
    unit: Asset | None
    noticed: Noticed | None = None


@dataclass
class Mistakes:
    """What stores get wrong, and what was true instead, by work order."""

    chance: random.Random
    truths: dict[int, Truth] = field(default_factory=dict)
    reports: int = 0
    kinds: Iterator[Noticed] = field(default_factory=lambda: cycle(Noticed))

    def solved_first(self) -> bool:
        """Whether what the store tried first has solved it, so that nobody is sent."""
        return self.reports % SOLVED_EVERY == SOLVED_EVERY - 1

    def said(self, problem: ProblemType, unit: Asset | None) -> tuple[Truth, ProblemType, Asset | None]:
        """What is true, and what the store reports when that is the matter: mostly just that."""
        self.reports += 1
        right = Truth(problem, unit), problem, unit
        if self.reports % WRONG_EVERY:
            return right
        kind = next(self.kinds)
        if kind is Noticed.UNIT_BY_DESK:
            beside = self._beside(unit)
            return (Truth(problem, unit, kind), problem, self.chance.choice(beside)) if beside else right
        trades = TAKEN_FOR.get(problem.trade.code, ()) if kind.is_trade else (problem.trade.code,)
        told = None if kind.is_trade else unit
        others = self._others(problem, trades, told)
        return (Truth(problem, unit, kind), self.chance.choice(others), told) if others else right

    def _beside(self, unit: Asset | None) -> list[Asset]:
        if unit is None:
            return []
        alike = Asset.objects.in_use().filter(site=unit.site_id, category=unit.category_id).exclude(pk=unit.pk)
        return list(alike.select_related("category__trade", "area").order_by("pk"))

    def _others(self, problem: ProblemType, trades: tuple[str, ...], unit: Asset | None) -> list[ProblemType]:
        """Other problems that anybody could name, without papers that their trade alone could bring."""
        named = ProblemType.objects.active().filter(stops_request=False, trade__code__in=trades).exclude(pk=problem.pk)
        return [
            row
            for row in named.select_related("trade").order_by("pk")
            if CompletionDocument.CERTIFICATE not in row.required_documents and (unit or not row.asset_required)
        ]

    def remember(self, row: WorkOrder, truth: Truth) -> None:
        if truth.noticed:
            self.truths[row.pk] = truth

    def noticed(self, row: WorkOrder) -> Noticed | None:
        """Who finds out that the report is wrong; None where it is right or put right."""
        truth = self.truths.get(row.pk)
        return truth.noticed if truth else None

    def put_right(self, row: WorkOrder) -> dict[str, Any]:
        """What a correction says, once somebody has noticed; nothing for a report that was right."""
        truth = self.truths.pop(row.pk, None)
        if truth is None:
            return {}
        return {"trade": truth.problem.trade, "problem_type": truth.problem, "asset": truth.unit}
