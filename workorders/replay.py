"""Why this vendor: what was shown when it was asked, read back from the offer alone, and how other weights would have
ranked the same vendors.

Nothing here asks what vendors, rates or policies are today. A part that nobody knew was kept with the value that it
counted as, so that the arithmetic can be done again to the last digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from vendors.papers import Check, Checked
from workorders.dispatch import Part, exact

LAST = 10**6
"""Behind every fixed rank."""


@dataclass(frozen=True)
class Told(Checked):
    """One vendor as it stood then. `place` counts from 1 among those that could go; 0 for the others."""

    vendor_id: int
    name: str
    eligible: bool
    forced: str
    rank: int | None
    score: Decimal
    open_jobs: int
    expected_cost_amount: Decimal | None
    checks: tuple[Check, ...]
    parts: tuple[Part, ...]
    place: int

    @property
    def points(self) -> int:
        return int(self.score * 100)


@dataclass(frozen=True)
class Shown:
    """Everything that was shown at the moment of an offer."""

    at: datetime
    on: date | None
    by: str
    policy: str
    order: str
    currency: str
    weights: Mapping[str, Decimal]
    candidates: tuple[Told, ...]
    left_out: int

    @property
    def rank_first(self) -> bool:
        return self.order.startswith("rank")

    @property
    def eligible(self) -> list[Told]:
        return [one for one in self.candidates if one.eligible]

    def name_of(self, vendor_id: int) -> str:
        """What a vendor was called then; empty when it is not among those kept."""
        return next((one.name for one in self.candidates if one.vendor_id == vendor_id), "")


def read(explanation: Mapping[str, Any]) -> Shown | None:
    """What an offer keeps, or None for one that keeps nothing (it came in with an import)."""
    if not explanation.get("considered_at"):
        return None
    eligible = 0
    candidates = []
    for kept in explanation.get("candidates", ()):
        eligible += bool(kept["eligible"])
        candidates.append(_told(kept, eligible if kept["eligible"] else 0))
    return Shown(
        at=datetime.fromisoformat(explanation["considered_at"]),
        on=date.fromisoformat(explanation["on"]) if explanation.get("on") else None,
        by=explanation.get("by", ""),
        policy=explanation.get("policy", ""),
        order=explanation.get("order", ""),
        currency=explanation.get("currency", ""),
        weights={name: Decimal(weight) for name, weight in explanation.get("weights", {}).items()},
        candidates=tuple(candidates),
        left_out=explanation.get("others_left_out", 0),
    )


def _told(kept: Mapping[str, Any], place: int) -> Told:
    cost = kept.get("expected_cost_amount")
    return Told(
        kept["vendor"], kept["name"], kept["eligible"], kept.get("forced", ""), kept.get("rank"),
        Decimal(kept["score"]), kept.get("open_jobs", 0), None if cost is None else Decimal(cost),
        tuple(Check(**check) for check in kept["checks"]),
        tuple(Part(one["name"], Decimal(one["value"]), Decimal(one["weight"]), one["sentence"])
              for one in kept["parts"]),
        place,
    )  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One vendor that could go: where it stood, and where other weights would have put it."""

    told: Told
    place: int
    score: Decimal

    @property
    def up(self) -> int:
        """Places further up; below 0 further down."""
        return self.told.place - self.place

    @property
    def down(self) -> int:
        return -self.up


def replay(shown: Shown, *, weights: Mapping[str, Decimal], rank_first: bool) -> list[Line]:
    """Those that could go, in the order in which other weights (by part) would have put them. Changes nothing.

    Whom a warranty, a lease or a recall names stays first whatever the weights.
    """
    scored = [(one, _score(one, weights)) for one in shown.eligible]

    def turn(pair: tuple[Told, Decimal]) -> tuple[Any, ...]:
        one, score = pair
        named = one.place if one.forced else LAST
        rank = one.rank if rank_first and one.rank is not None else LAST
        return (named, rank, -score, one.open_jobs, one.name.casefold(), one.vendor_id)

    return [Line(one, place, score) for place, (one, score) in enumerate(sorted(scored, key=turn), start=1)]


def _score(one: Told, weights: Mapping[str, Decimal]) -> Decimal:
    total = sum((weights.get(part.name, Decimal(0)) for part in one.parts), Decimal(0))
    weighted = sum((weights.get(part.name, Decimal(0)) * part.value for part in one.parts), Decimal(0))
    return exact(weighted / total) if total else Decimal("0.0000")
