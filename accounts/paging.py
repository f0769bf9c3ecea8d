"""Long lists in pages by key: a page begins after the last row seen, so that page 500 costs what page 1 costs."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
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
    field = rows.model._meta.get_field(column)
    assert isinstance(field, Field)  # noqa: S101 - lists are ordered by columns
    key, backward = asked_key(asked, field.to_python)
    falling = down != backward
    if key is not None:
        beyond, step = key[0], "lt" if falling else "gt"
        rows = rows.filter(Q(**{f"{column}__{step}": beyond}) | Q(**{column: beyond, f"pk__{step}": key[1]}))
    sign = "-" if falling else ""
    found = list(rows.order_by(f"{sign}{column}", f"{sign}pk")[: size + 1])
    kept = [(name, value) for name, values in asked.lists() for value in values if name not in ("after", "before")]
    shown, has_previous, has_next = cut(found, size, backward=backward, begins_here=key is None)

    def link(name: str, row: Row) -> str:
        return "?" + urlencode([*kept, (name, key_of(getattr(row, column), row.pk))])

    return Page(
        shown,
        previous=link("before", shown[0]) if has_previous else "",
        next=link("after", shown[-1]) if has_next else "",
    )


def cut[Row](found: list[Row], size: int, *, backward: bool, begins_here: bool) -> tuple[list[Row], bool, bool]:
    """The rows of a page, of which one more than `size` was looked for in the direction of travel, and whether there
    are pages before and after it."""
    more, shown = len(found) > size, found[:size]
    if backward:
        shown.reverse()
    before, after = (more, not begins_here) if backward else (not begins_here, more)
    return shown, before and bool(shown), after and bool(shown)


def key_of(value: Any, pk: int) -> str:
    """Where a row stands, for an address."""
    plain = value.isoformat() if isinstance(value, datetime) else value
    return urlsafe_b64encode(json.dumps([plain, pk], default=str).encode()).decode().rstrip("=")


def asked_key(asked: Mapping[str, str], read: Callable[[Any], Any]) -> tuple[tuple[Any, int] | None, bool]:
    """The key that an address names (None: none that can be read), and whether the page before it is asked for."""
    backward = "before" in asked
    key = asked.get("before") or asked.get("after") or ""
    try:
        value, pk = json.loads(urlsafe_b64decode(key + "=" * (-len(key) % 4)))
        return (read(value), int(pk)), backward
    except (ValueError, TypeError, ValidationError):
        return None, backward
