"""The starter catalog of places and equipment: trades, problems and categories, put in where they are missing."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Q

from assets.models import AssetCategory, CompletionDocument, CriticalityQuestion, ProblemType, SelfHelpStep, Trade
from assets.models.trade import default_documents
from assets.starter.problems import ProblemRow, problems
from assets.starter.trades import CATEGORIES, TRADES


def load() -> tuple[int, dict[str, Trade]]:
    """Add what is missing of the starter tables, by code and name, and leave what is there.

    Returns how many rows were added, and the trades by the code that the starter tables know them by.
    """
    before = _size()
    place = {row.code: number * 10 for number, row in enumerate(TRADES, start=1)}
    trades = {}
    for row in TRADES:
        known = Trade.objects.filter(Q(code=row.code) | Q(name__iexact=row.name)).order_by("pk").first()
        trades[row.code] = known or Trade.objects.create(
            code=row.code, name=row.name, icon=row.icon, sort_order=place[row.code]
        )
    categories = {name.upper() for name in AssetCategory.objects.values_list("name", flat=True)}
    AssetCategory.objects.bulk_create(
        AssetCategory(
            trade=trades[row.trade],
            name=row.name,
            expected_life_years=row.life_years,
            downtime_cost_amount=Decimal(row.downtime),
        )
        for row in CATEGORIES
        if row.name.upper() not in categories
    )
    named = {(trade_id, name.upper()) for trade_id, name in ProblemType.objects.values_list("trade_id", "name")}
    for number, problem in enumerate(problems(), start=1):
        if (trades[problem.trade].pk, problem.name.upper()) not in named:
            _add(problem, trades[problem.trade], number * 10)
    return _size() - before, trades


def _size() -> int:
    return sum(model.objects.count() for model in (Trade, AssetCategory, ProblemType))


def _add(row: ProblemRow, trade: Trade, place: int) -> None:
    documents = default_documents()
    if row.certificate:
        documents.append(CompletionDocument.CERTIFICATE.value)
    problem = ProblemType.objects.create(
        trade=trade,
        name=row.name,
        default_priority=row.priority,
        requester_message=row.message,
        stops_request=row.stops,
        photos_required=row.photos,
        asset_required=row.asset_required,
        required_documents=documents,
        # A certificate comes by mail: it bars billing, not completion.
        late_documents=[CompletionDocument.CERTIFICATE.value] if row.certificate else [],
        default_nte_amount=Decimal(row.nte),
        downtime_cost_amount=Decimal(row.downtime),
        stock_at_risk=row.stock,
        duplicate_window_days=row.duplicate_days,
        repeat_window_days=row.repeat_days,
        sort_order=place,
    )
    CriticalityQuestion.objects.bulk_create(
        CriticalityQuestion(
            problem_type=problem,
            text=question.text,
            level_if_yes=question.level,
            puts_stock_at_risk=question.stock,
            sort_order=number * 10,
        )
        for number, question in enumerate(row.questions, start=1)
    )
    SelfHelpStep.objects.bulk_create(
        SelfHelpStep(problem_type=problem, text=text, sort_order=number * 10)
        for number, text in enumerate(row.steps, start=1)
    )
