"""The kinds of trouble that a store can name, read from `problems.toml`; a fault in it is told by its place."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

TABLE = Path(__file__).with_suffix(".toml")
DAYS = 30


class Question(NamedTuple):
    """A yes-or-no question; a yes raises the priority to `level`, and may put stock at risk."""

    text: str
    level: int
    stock: bool = False


class ProblemRow(NamedTuple):
    """A problem: default priority, not-to-exceed amount, cost of an hour's standstill, and what to ask and try."""

    trade: str
    name: str
    priority: int
    nte: int
    downtime: int = 0
    questions: tuple[Question, ...] = ()
    steps: tuple[str, ...] = ()
    photos: int = 0
    asset_required: bool = False
    stock: bool = False
    message: str = ""
    stops: bool = False
    certificate: bool = False
    duplicate_days: int = DAYS
    repeat_days: int = DAYS


@cache
def problems() -> tuple[ProblemRow, ...]:
    """Every row, in the order of the table."""
    table = tomllib.loads(TABLE.read_text())
    return tuple(_row(row, table["questions"], table["steps"]) for row in table["problem"])


def _row(row: Mapping[str, Any], questions: Mapping[str, list[Any]], steps: Mapping[str, str]) -> ProblemRow:
    known = {
        "trade", "name", "priority", "nte", "downtime", "photos", "asset", "stock", "message", "stops", "certificate",
        "duplicate", "repeat", "ask", "try",
    }  # fmt: skip
    if unknown := row.keys() - known:
        raise ValueError(f"{TABLE.name}: {row.get('name')} has {', '.join(sorted(unknown))}, which nobody reads.")
    return ProblemRow(
        trade=row["trade"], name=row["name"], priority=row["priority"], nte=row["nte"],
        downtime=row.get("downtime", 0),
        questions=tuple(Question(*(questions[one] if isinstance(one, str) else one)) for one in row.get("ask", ())),
        steps=tuple(steps.get(one, one) for one in row.get("try", ())),
        photos=row.get("photos", 0), asset_required=row.get("asset", False), stock=row.get("stock", False),
        message=row.get("message", ""), stops=row.get("stops", False), certificate=row.get("certificate", False),
        duplicate_days=row.get("duplicate", DAYS), repeat_days=row.get("repeat", DAYS),
    )  # fmt: skip
