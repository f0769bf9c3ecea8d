"""What was reported wrong is put right on the work order, and noted as a fact about the report.

The notes are what intake quality is read from: which kinds of trouble, at which sites, come in under the wrong trade,
problem, unit or priority, and what that costs in trips and declines.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Count

from accounts.actors import person
from assets.models import Priority, ProblemType, Trade
from workorders import delay, screening
from workorders.likeness import alike
from workorders.models import FaultKind, IntakeFault, WorkOrder
from workorders.priority import priority_of
from workorders.refusals import Incomplete

if TYPE_CHECKING:
    from accounts.actors import Actor
    from assets.models import Asset

LIKELY = 0.8
"""From here on the name of a problem speaks of the same thing as a report."""

type Corrected = dict[str, list[Any]]
"""What was corrected, with the value before and after: ids, and the priority as a number."""


def put_right(
    row: WorkOrder, *, trade: Trade | None, problem_type: ProblemType | None, asset: Asset | None, by: Actor,
    now: datetime,
) -> Corrected:  # fmt: skip
    """Correct trade, problem and unit of a locked row that the caller saves; None leaves one as it is.

    A priority that nobody has overridden follows the problem, and the cost of delay follows both. What was screened by
    the old facts is screened again. Raises Incomplete for things that do not belong together.
    """
    before = row.trade, row.problem_type, row.asset
    followed = row.priority == _priority_by_the_book(row)[0]
    if trade and trade.pk != row.trade_id:
        row.trade = trade
        if row.problem_type and row.problem_type.trade_id != trade.pk:
            row.problem_type = None
    if problem_type and problem_type.pk != row.problem_type_id:
        if problem_type.trade_id != row.trade_id:
            raise Incomplete({"problem_type": "This problem belongs to another trade."})
        row.problem_type = problem_type
    if asset and asset.pk != row.asset_id:
        if asset.site_id != row.site_id:
            raise Incomplete({"asset": "This asset stands at another site."})
        row.asset = asset
    corrected: Corrected = {}
    for name, kind, was in zip(("trade", "problem_type", "asset"), CORRECTED, before, strict=True):
        now_is = getattr(row, name)
        if (was and was.pk) != (now_is and now_is.pk):
            corrected[name] = [was and was.pk, now_is and now_is.pk]
            note(row, kind, was=was, now_is=now_is, problem_type=before[1], by=by, now=now)
    if corrected:
        _follow(row, before[1], followed, corrected, by=by, now=now)
    return corrected


def _follow(
    row: WorkOrder, was: ProblemType | None, followed: bool, corrected: Corrected, *, by: Actor, now: datetime
) -> None:
    answered = any(answer.is_yes and answer.question.puts_stock_at_risk for answer in _answers(row))
    at_risk = answered or bool(row.problem_type and row.problem_type.stock_at_risk)
    delay.reprice(row, now=now, stock_at_risk=at_risk)
    priority, reasons = _priority_by_the_book(row)
    if followed and "problem_type" in corrected and priority != row.priority:
        corrected["priority"] = [row.priority, int(priority)]
        note_priority(row, priority, problem_type=was, by=by, now=now)
        row.priority, row.priority_reasons = priority, reasons
    screening.anew(row, by=by, now=now)


def _priority_by_the_book(row: WorkOrder) -> tuple[Priority, list[str]]:
    return priority_of(row.problem_type, {answer.question: answer.is_yes for answer in _answers(row)})


def _answers(row: WorkOrder) -> Any:
    return row.answers.select_related("question")


def override_priority(row: WorkOrder, priority: int, reason: str, *, by: Actor, now: datetime) -> None:
    """Give a locked row another priority, for a reason that leads its explanation. Raises Incomplete."""
    if not reason.strip():
        raise Incomplete({"priority_reason": "Say why the priority changes."})
    note_priority(row, priority, problem_type=row.problem_type, by=by, now=now)
    row.priority = Priority(int(priority))
    row.priority_reasons = [f"P{int(priority)}: {reason.strip()} ({by})", *row.priority_reasons]


def likely_trade(row: WorkOrder) -> Trade | None:
    """Which other trade a report may belong to: what reports of the same problem were corrected to most often, else
    the trade of the problem whose name is most like its words. None where neither tells.
    """
    if row.problem_type_id:
        corrected = IntakeFault.objects.filter(kind=FaultKind.TRADE, problem_type=row.problem_type).values("now_is")
        usual = corrected.annotate(times=Count("pk")).order_by("-times", "now_is").first()
        found = usual and Trade.objects.active().exclude(pk=row.trade_id).filter(name=usual["now_is"]).first()
        if found:
            return found
    said = f"{row.title} {row.description}"
    others = ProblemType.objects.active().exclude(trade=row.trade_id).filter(trade__retired_at=None)
    best = max(
        ((alike(said, one.name), -one.pk, one) for one in others.select_related("trade")),
        default=None,
    )
    return best[2].trade if best and best[0] >= LIKELY else None


# Facts about the report

CORRECTED = (FaultKind.TRADE, FaultKind.PROBLEM, FaultKind.ASSET)


def note(
    row: WorkOrder, kind: FaultKind, *, by: Actor, now: datetime, was: object = None, now_is: object = None,
    problem_type: ProblemType | None = None,
) -> None:  # fmt: skip
    """Write down that something about the report of `row` was wrong; `problem_type` is the one it was reported as."""
    IntakeFault.objects.create(
        work_order=row, kind=kind, problem_type=problem_type, was=str(was or "")[:160], now_is=str(now_is or "")[:160],
        noted_at=now, noted_by=person(by),
    )  # fmt: skip


def note_priority(row: WorkOrder, priority: int, *, problem_type: ProblemType | None, by: Actor, now: datetime) -> None:
    """Write down that the priority a report came in with was changed."""
    note(
        row, FaultKind.PRIORITY, was=Priority(row.priority).short, now_is=Priority(priority).short,
        problem_type=problem_type, by=by, now=now,
    )  # fmt: skip
