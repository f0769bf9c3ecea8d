"""How soon, and what waiting costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from assets.models import Priority
from workorders.models import Working

if TYPE_CHECKING:
    from assets.models import Asset, CriticalityQuestion, ProblemType

FACTOR = {Working.DOWN: Decimal(1), Working.DEGRADED: Decimal("0.5"), Working.WORKING: Decimal(0)}


def priority_of(
    problem_type: ProblemType | None,
    answers: Mapping[CriticalityQuestion, bool],
    set_by_rules: Sequence[tuple[Priority, str]] = (),
) -> tuple[Priority, list[str]]:
    """The most urgent of the problem type's default, every level answered yes and what rules ask for; the deciding
    sentence first. `set_by_rules` are priorities with the words of the rule."""
    start = Priority(problem_type.default_priority) if problem_type else Priority.P3
    named = f"“{problem_type.name}” starts there" if problem_type else "no problem type was chosen"
    ranked = [(start, f"{start.short}: {named}")]
    ranked += [
        (
            Priority(question.level_if_yes),
            f"{Priority(question.level_if_yes).short}: “{question.text}” was answered yes",
        )
        for question, is_yes in answers.items()
        if is_yes
    ]
    ranked += [(level, f"{level.short}: {words}") for level, words in set_by_rules]
    ranked.sort(key=lambda pair: pair[0])
    return ranked[0][0], [sentence for _, sentence in ranked]


def cost_per_hour(asset: Asset | None, problem_type: ProblemType | None, working: str) -> Decimal:
    """What an hour of waiting costs: the asset's downtime cost, else its category's, else the problem type's,
    times 1 when down, 0.5 when degraded, 0 when working (domain §5)."""
    if asset and asset.downtime_cost_amount is not None:
        hourly = asset.downtime_cost_amount
    elif asset and asset.category.downtime_cost_amount:
        hourly = asset.category.downtime_cost_amount
    else:
        hourly = problem_type.downtime_cost_amount if problem_type else Decimal(0)
    return (hourly * FACTOR[Working(working)]).quantize(Decimal("0.01"))
