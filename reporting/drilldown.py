"""Opening a number of a scorecard: the very rows that made it, each with how good it was and what it was."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from django.core.exceptions import EmptyResultSet
from django.db import connection

from accounts import paging, tables
from accounts.words import span
from reporting import facts
from workorders.models import Milestone, OfferState, WorkOrder

if TYPE_CHECKING:
    from accounts.actors import Actor
    from vendors.models import Scorecard

SIZE = 50
JOBS = "jobs"
OPENED = {**facts.PARTS, JOBS: facts.JOBS}
FULL, LESS = "full", "less"
WITHIN = {FULL: "share >= 1", LESS: "share < 1"}
_NAMED = re.compile(r"%\((\w+)\)s")


class Row(NamedTuple):
    """One row that counts: its work, when it counted, how good it was (0 to 1), and what it was in words."""

    work_order: WorkOrder
    at: datetime
    share: Decimal
    words: str
    milestone: str

    @property
    def counts_as(self) -> str:
        """What it brings, where that is more than nothing and less than all."""
        return f"{self.share * 100:.0f}%"


@dataclass(frozen=True)
class Opened:
    """One number, opened: its rows in sight of a person, how many there are and how many of them are out of sight."""

    rows: list[Row]
    number: int
    good: Decimal
    less: int
    unseen: int
    previous: str
    next: str


def _bound(sql: str, values: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """`sql` with its named values in the order of their places, so that a queryset's own SQL can stand beside it."""
    names: list[str] = []

    def place(found: re.Match[str]) -> str:
        names.append(found[1])
        return "%s"

    return _NAMED.sub(place, sql), [values[name] for name in names]


def _in_sight(by: Actor) -> tuple[str, list[Any]]:
    try:
        sql, values = WorkOrder.objects.visible_to(by).order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return "SELECT NULL::bigint", []
    return sql, list(values)


def asked_of(card: Scorecard) -> dict[str, Any]:
    """Whose rows of which days a card is made of."""
    now = card.computed_at
    return {
        "vendor": card.vendor_id, "trade": card.trade_id, "now": now, "since": now - timedelta(days=card.window_days),
    }  # fmt: skip


def opened(card: Scorecard, name: str, *, by: Actor, asked: Mapping[str, str], size: int = SIZE) -> Opened:
    """The page of the rows behind `name` (a part of the score, or "jobs"), the newest first, that `asked` names."""
    values = asked_of(card)
    within = WITHIN.get(asked.get("only", ""), "")
    key, backward = paging.asked_key(asked, datetime.fromisoformat)
    found = list(_rows(card, name, by, within=within, beyond=key, backward=backward, most=size + 1))
    found, has_previous, has_next = paging.cut(found, size, backward=backward, begins_here=key is None)
    counting, given = _bound(facts.rows_of(OPENED[name]), values)
    sight, seen = _in_sight(by)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), coalesce(sum(share), 0), count(*) FILTER (WHERE share < 1),"
            f" count(*) FILTER (WHERE work_order_id NOT IN ({sight})) FROM ({counting}) counted",
            [*seen, *given],
        )
        number, good, less, unseen = cursor.fetchone()
    kept = {part: asked[part] for part in ("trade", "days", "only") if asked.get(part)}

    def link(to: str, row: tuple[Any, ...]) -> str:
        return "?" + urlencode({**kept, to: paging.key_of(row[2], row[1])})

    return Opened(
        rows=_told(found, name, by),
        number=number,
        good=good,
        less=less,
        unseen=unseen,
        previous=link("before", found[0]) if has_previous else "",
        next=link("after", found[-1]) if has_next else "",
    )


def _rows(
    card: Scorecard, name: str, by: Actor, *, within: str = "", beyond: tuple[datetime, int] | None = None,
    backward: bool = False, most: int | None = None,
) -> Iterator[tuple[Any, ...]]:  # fmt: skip
    counting, values = _bound(facts.rows_of(OPENED[name], told=True), asked_of(card))
    sight, seen = _in_sight(by)
    sql = f"SELECT work_order_id, row_id, at, share, told::text FROM ({counting}) r WHERE work_order_id IN ({sight})"
    values += seen
    if within:
        sql += f" AND {within}"
    if beyond is not None:
        sql += f" AND (at, row_id) {'>' if backward else '<'} (%s::timestamptz, %s)"
        values += beyond
    direction = "ASC" if backward else "DESC"
    sql += f" ORDER BY at {direction}, row_id {direction}"
    if most is not None:
        sql += " LIMIT %s"
        values.append(most)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        yield from cursor.fetchall()


def _told(found: list[tuple[Any, ...]], name: str, by: Actor) -> list[Row]:
    work = WorkOrder.objects.visible_to(by).for_table().in_bulk({row[0] for row in found})
    rows = []
    for work_order_id, _, at, share, told in found:
        if work_order_id in work:
            said = json.loads(told)
            rows.append(Row(work[work_order_id], at, share, SAID[name](said, share), said.get("milestone", "")))
    return rows


def worst_of(card: Scorecard, names: list[str], *, by: Actor, most: int = 3) -> dict[str, list[Row]]:
    """Of each of these parts, the newest rows that cost points and are in sight of `by`; two questions for all."""
    sight, seen = _in_sight(by)
    parts, values = [], []
    for name in names:
        counting, given = _bound(facts.rows_of(OPENED[name], told=True), asked_of(card))
        parts.append(
            f"(SELECT '{name}' AS part, work_order_id, row_id, at, share, told::text AS told FROM ({counting}) r"
            f" WHERE share < 1 AND work_order_id IN ({sight}) ORDER BY at DESC, row_id DESC LIMIT {most:d})"
        )
        values += [*given, *seen]
    if not parts:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        rows = cursor.fetchall()
    work = WorkOrder.objects.visible_to(by).for_table().in_bulk({row[1] for row in rows})
    found: dict[str, list[Row]] = {name: [] for name in names}
    for name, work_order_id, _, at, share, told in rows:
        if work_order_id in work:
            said = json.loads(told)
            words = SAID[name](said, share)
            found[name].append(Row(work[work_order_id], at, share, words, said.get("milestone", "")))
    return found


# What a row was, in words


def _clock(said: Mapping[str, Any], share: Decimal) -> str:
    name = Milestone(said["milestone"]).label + (" as agreed" if said["agreed"] else "")
    if said["at"] is None:
        return f"{name}: past due and not done yet"
    apart = datetime.fromisoformat(said["at"]) - datetime.fromisoformat(said["due"])
    if not share:
        return f"{name}: {span(apart)} late"
    return f"{name}: in time, {span(-apart)} to spare" if apart else f"{name}: just in time"


def _fix(said: Mapping[str, Any], share: Decimal) -> str:
    if share:
        return "One visit, and it stayed fixed"
    if said["rework"]:
        return "The store sent it back as not fixed"
    if said["trips"] != 1:
        return f"{said['trips']} visits" if said["trips"] else "No visit was finished"
    return "The same came back within 30 days"


def _offer(said: Mapping[str, Any], share: Decimal) -> str:
    if said["state"] == OfferState.EXPIRED or said["answered"] is None:
        return "Not answered in time"
    took = span(datetime.fromisoformat(said["answered"]) - datetime.fromisoformat(said["offered"]))
    if said["state"] == OfferState.DECLINED:
        return f"Declined after {took}"
    return f"Accepted after {took}" if share else f"Accepted too late, after {took}"


def _rating(said: Mapping[str, Any], share: Decimal) -> str:
    return f"{said['rating']} of 5"


def _bill(said: Mapping[str, Any], share: Decimal) -> str:
    number = said["number"]
    if share:
        return f"Bill {number}: nothing to ask"
    if said["revision"] > 1:
        return f"Bill {number}: sent back and corrected"
    checks = len(said["findings"])
    return f"Bill {number}: {checks} check{'' if checks == 1 else 's'} raised"


def _papers(said: Mapping[str, Any], share: Decimal) -> str:
    names = (("cause", "root cause"), ("fix", "resolution"), ("advice", "recommendation"))
    missing = [name for key, name in names if not said[key]]
    return f"Missing: {', '.join(missing)}" if missing else "Everything is documented"


def _job(said: Mapping[str, Any], share: Decimal) -> str:
    return f"{said['trips']} visit{'' if said['trips'] == 1 else 's'}"


SAID = {
    "sla": _clock, "first_time_fix": _fix, "acceptance": _offer, "rating": _rating, "invoices": _bill,
    "documentation": _papers, JOBS: _job,
}  # fmt: skip


# The same rows as a file

HEADER = ("Number", "Title", "Site", "Priority", "Counted at (UTC)", "Share", "What it was")


def as_csv(card: Scorecard, name: str, *, by: Actor, only: str = "") -> Iterator[str]:
    """Every row in sight of `by` behind a number, as lines of CSV."""
    found = list(_rows(card, name, by, within=WITHIN.get(only, "")))
    parts = (found[start : start + 500] for start in range(0, len(found), 500))
    return tables.as_csv(HEADER, (_cells(row) for part in parts for row in _told(part, name, by)))


def _cells(row: Row) -> tuple[Any, ...]:
    work = row.work_order
    return (
        work.number, work.title, work.site.code, f"P{work.priority}", f"{row.at:%Y-%m-%d %H:%M}", row.share, row.words
    )  # fmt: skip
