"""Finding work by number or by words: exact first, then the text index, and never a scan for a word without match."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from django.contrib.postgres.search import SearchQuery
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q

from accounts.permissions import Act, may
from accounts.together import ask, rows_of
from vendors.scope import vendor_ids_of
from workorders.models import WorkOrder

if TYPE_CHECKING:
    from accounts.actors import Actor
    from workorders.models.work_order import WorkOrderQuerySet

NUMBER = re.compile(r"(?:wo[\s-]*)?(\d{1,12})", re.IGNORECASE)
PLAIN = re.compile(r"[^\W\d_]+(?:\s+[^\W\d_]+)*")
FEW = 3_000
"""Up to so many expected matches the text index is read whole and sorted; above, the newest rows are walked."""


def names_of(work_order: WorkOrder) -> str:
    """The words from other tables by which people look for this work."""
    words = [work_order.site.code, work_order.site.name, work_order.trade.name]
    if work_order.asset:
        words += [work_order.asset.tag, work_order.asset.name]
    if work_order.vendor:
        words.append(work_order.vendor.name)
    return " ".join(words)[:400]


def number_of(words: str) -> str:
    """The work order number that `words` spell, or nothing: "wo 123" is "WO-000123"."""
    spelled = NUMBER.fullmatch(words.strip())
    return f"WO-{int(spelled[1]):06}" if spelled else ""


def query_of(words: str, *, config: str = "english") -> SearchQuery:
    """What people type as a text query: all words, the last one as the beginning of a word."""
    text = " ".join(words.split())
    if PLAIN.fullmatch(text):
        first, last = text.rpartition(" ")[::2]
        terms = [*first.split(), f"{last}:*"]
        return SearchQuery(" & ".join(terms), search_type="raw", config=config)
    return SearchQuery(text, search_type="websearch", config=config)


def matching(rows: WorkOrderQuerySet, words: str) -> WorkOrderQuerySet:
    """The rows that `words` mean: the very number, else title, names of site, unit and vendor, and description."""
    number = number_of(words)
    return rows.filter(number=number) if number else rows.filter(search=query_of(words))


def find(by: Actor, words: str, *, history: bool = False, limit: int = 20) -> list[WorkOrder]:
    """Up to `limit` work orders in sight: the exact number first, else open work by due time, and after it, with
    `history`, what is over, newest first."""
    if number := number_of(words):
        return list(WorkOrder.objects.visible_to(by).for_table().filter(number=number))
    seen = WorkOrder.objects.visible_to(by)
    if (own := vendor_ids_of(by)) and not may(by, Act.VIEW_DESK):
        # Names and papers of the company that has a job now are not words by which another finds it.
        seen = seen.filter(Q(vendor=None) | Q(vendor__in=own))
    matches = matching(seen, words)
    wanted = list(matches.open().by_due().values_list("pk", flat=True)[:limit])
    if history and len(wanted) < limit:
        wanted += _over(matches.filter(is_open=False), limit - len(wanted))
    if not wanted:
        return []
    rows = {row.pk: row for row in ask(rows_of(WorkOrder.objects.filter(pk__among=wanted).for_table()))}
    return [rows[pk] for pk in wanted]


def _over(matches: WorkOrderQuerySet, limit: int) -> list[int]:
    """Ids of the newest matches among work that is over: by the index when few are expected, else newest first."""
    newest = matches.order_by("-pk").values_list("pk", flat=True)
    if _expected(matches) > FEW:
        return list(newest[:limit])
    # Sorted outside a fence, so that the planner cannot walk the whole history for a rare word.
    try:
        sql, values = matches.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH found (id) AS MATERIALIZED ({sql}) SELECT id FROM found ORDER BY id DESC LIMIT {int(limit)}", values
        )
        return [pk for (pk,) in cursor.fetchall()]


def _expected(matches: WorkOrderQuerySet) -> int:
    """How many rows the planner expects, without running the query."""
    try:
        plan = json.loads(matches.order_by().values("pk").explain(format="json"))
    except EmptyResultSet:
        return 0
    return int(plan[0]["Plan"]["Plan Rows"])
