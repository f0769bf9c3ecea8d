"""Pages of a list by key: newest first, never counted, equally quick at the first row and the millionth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet

SIZE = 50
LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Page:
    """One page of rows; `previous` and `next` are query strings, empty at the ends."""

    rows: list[Any]
    previous: str
    next: str


def page_of(rows: QuerySet[Any], asked: Mapping[str, Any], *, keep: Mapping[str, str], size: int = SIZE) -> Page:
    """The rows after or before the key that `asked` names, highest key first; `keep` is carried along."""
    after, before = _key(asked.get("after")), _key(asked.get("before"))
    if before is not None and after is None:
        found = list(rows.filter(pk__gt=before).order_by("pk")[: size + 1])
        more, shown = len(found) > size, found[:size][::-1]
        has_previous, has_next = more, bool(shown)
    else:
        found = list((rows if after is None else rows.filter(pk__lt=after)).order_by("-pk")[: size + 1])
        shown = found[:size]
        has_previous, has_next = after is not None and bool(shown), len(found) > size
    kept = {name: value for name, value in keep.items() if value}

    def link(name: str, row: Any) -> str:
        return "?" + urlencode({**kept, name: row.pk})

    return Page(shown, link("before", shown[0]) if has_previous else "", link("after", shown[-1]) if has_next else "")


def _key(given: Any) -> int | None:
    text = str(given or "")
    return min(int(text), LARGEST) if text.isdecimal() and len(text) < 20 else None
