"""Long lists in pages by key: a page begins after the last row seen, so that page 500 costs what page 1 costs."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db.models import Field, Model, Q, QuerySet
from django.http import QueryDict

PAGE = 50


@dataclass(frozen=True)
class Page[Row: Model]:
    """The rows of one page, and the query strings of its neighbors (empty where there is none)."""

    rows: list[Row]
    previous: str
    next: str


def page_of[Row: Model](rows: QuerySet[Row], *, by: str, asked: QueryDict, size: int = PAGE) -> Page[Row]:
    """The page of `rows` that `asked` (a query string) names, in the order of the column `by`.

    `by` is a column that is never null, with `-` in front for descending; ties go by primary key in the
    same direction. A key that cannot be read is the first page.
    """
    column, down = by.removeprefix("-"), by.startswith("-")
    backward = "before" in asked
    key = _read(asked.get("before") or asked.get("after") or "", rows.model, column)
    falling = down != backward
    if key is not None:
        beyond, step = key[0], "lt" if falling else "gt"
        rows = rows.filter(Q(**{f"{column}__{step}": beyond}) | Q(**{column: beyond, f"pk__{step}": key[1]}))
    sign = "-" if falling else ""
    found = list(rows.order_by(f"{sign}{column}", f"{sign}pk")[: size + 1])
    more = len(found) > size
    found = found[:size]
    if backward:
        found.reverse()
    has_next = more if not backward else key is not None
    has_previous = more if backward else key is not None
    kept = [(name, value) for name, values in asked.lists() for value in values if name not in ("after", "before")]
    return Page(
        found,
        previous=_link(kept, "before", found[0], column) if has_previous and found else "",
        next=_link(kept, "after", found[-1], column) if has_next and found else "",
    )


def _link(kept: list[tuple[str, Any]], name: str, row: Model, column: str) -> str:
    value = getattr(row, column)
    plain = value.isoformat() if isinstance(value, datetime) else value
    key = urlsafe_b64encode(json.dumps([plain, row.pk], default=str).encode()).decode().rstrip("=")
    return "?" + urlencode([*kept, (name, key)])


def _read(key: str, model: type[Model], column: str) -> tuple[Any, int] | None:
    try:
        value, pk = json.loads(urlsafe_b64decode(key + "=" * (-len(key) % 4)))
        field = model._meta.get_field(column)
        assert isinstance(field, Field)  # noqa: S101 - lists are ordered by columns
        return field.to_python(value), int(pk)
    except (ValueError, TypeError, ValidationError):
        return None
