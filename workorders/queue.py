"""The queue as the desk reads it: one page of rows by key, how many there are, and in which groups they stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from django.core.exceptions import EmptyResultSet, ValidationError
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts import tables
from accounts.prepared import prepared
from accounts.words import Due, Mark, money
from workorders.labels import MARKS, due_of, mark_of
from workorders.models import Proposal, Status, WorkOrder
from workorders.models.offer import failed_offers
from workorders.models.screening import looks_like_open_work
from workorders.models.status import UNDISPATCHED

if TYPE_CHECKING:
    from workorders.models.work_order import WorkOrderQuerySet

PAGE = 50
MOST = 1_000
"""Counts go up to here and are then said as "1,000+": nobody acts differently on more."""

SEPARATOR = "~"


class Order(NamedTuple):
    """One way to sort the queue; `-` in front of a column sorts it falling."""

    name: str
    label: str
    columns: tuple[str, ...]


ORDERS = {
    order.name: order
    for order in (
        Order("due", "Due first", ("due_at", "pk")),
        Order("priority", "Priority, then due", ("priority", "due_at", "pk")),
        Order("cost", "Costing most per hour", ("-cost_per_hour_amount", "pk")),
        Order("newest", "Newest first", ("-pk",)),
    )
}


class HoldReason(NamedTuple):
    """What a row knows of the reason for which it is on hold."""

    label: str
    code: str
    pauses: list[str]


@dataclass(frozen=True)
class Line:
    """One row of the queue, everything in words. It reads like a work order where labels are concerned."""

    pk: int
    number: str
    title: str
    status: str
    priority: int
    due_at: datetime | None
    reported_at: datetime
    is_open: bool
    rework_count: int
    merged_into_id: int | None
    authorized_amount: Decimal | None
    currency: str
    cost_per_hour_amount: Decimal
    version: int
    site_code: str
    site_name: str
    trade: str
    vendor: str | None
    hold_label: str | None
    hold_code: str | None
    hold_pauses: list[str] | None
    held_at: datetime | None
    failed_offers: bool
    may_repeat: bool
    is_proposed: bool
    now: datetime

    @property
    def hold_reason(self) -> HoldReason | None:
        return HoldReason(self.hold_label, self.hold_code or "", self.hold_pauses or []) if self.hold_label else None

    @property
    def site(self) -> str:
        return f"{self.site_code} {self.site_name}"

    @property
    def mark(self) -> Mark:
        return mark_of(cast("WorkOrder", self))

    @cached_property
    def due(self) -> Due | None:
        return due_of(cast("WorkOrder", self), self.now)

    @property
    def nte(self) -> str:
        amount = self.authorized_amount
        if amount is None:
            return ""
        return money(amount, self.currency).removesuffix(".00") if amount else "Nothing"

    @property
    def cost(self) -> str:
        """What waiting costs per hour; empty where nobody has said."""
        amount = self.cost_per_hour_amount
        return f"{money(amount, self.currency).removesuffix('.00')}/h" if amount else ""

    @property
    def paused(self) -> bool:
        """Whether its clock stands still."""
        due = self.due
        return due is not None and due.state == "paused"


COLUMNS = (
    "pk", "number", "title", "status", "priority", "due_at", "reported_at", "is_open", "rework_count",
    "merged_into_id", "authorized_amount", "currency", "cost_per_hour_amount", "version", "site__code", "site__name",
    "trade__name", "vendor__name", "hold_reason__label", "hold_reason__code", "hold_reason__pauses",
    "held_at", "failed_offers", "may_repeat", "is_proposed",
)  # fmt: skip


@dataclass(frozen=True)
class Page:
    """One page of the queue; `after` and `before` are the keys of its neighbors, empty where there is none."""

    lines: list[Line]
    order: Order
    after: str
    before: str


def page_of(rows: WorkOrderQuerySet, *, order: Order, now: datetime, after: str = "", before: str = "") -> Page:
    """The page of `rows` that begins behind the key `after`, or ends in front of `before`. One query."""
    backward = bool(before)
    columns, key = _columns(order, after, before)
    # Ids first: the sort runs over a narrow index, names are joined for one page only.
    ids = _behind(rows, columns, key).values("pk")[: PAGE + 1]
    lines = _lines(WorkOrder.objects.filter(pk__in=ids), now, columns)
    more = len(lines) > PAGE
    lines = lines[:PAGE]
    if backward:
        lines.reverse()
    has_next = key is not None if backward else more
    has_previous = more if backward else key is not None
    return Page(
        lines,
        order,
        after=key_of(lines[-1], order) if lines and has_next else "",
        before=key_of(lines[0], order) if lines and has_previous else "",
    )


def ids_of(rows: WorkOrderQuerySet, *, order: Order, after: str = "", before: str = "") -> list[int]:
    """The ids alone of the page that `page_of` would show."""
    columns, key = _columns(order, after, before)
    return list(_behind(rows, columns, key).values_list("pk", flat=True)[:PAGE])


def _columns(order: Order, after: str, before: str) -> tuple[list[str], list[Any] | None]:
    columns = [_turned(column) for column in order.columns] if before else list(order.columns)
    return columns, _read(before or after, order)


def _behind(rows: WorkOrderQuerySet, columns: list[str], key: list[Any] | None) -> WorkOrderQuerySet:
    return (rows if key is None else rows.filter(_beyond(columns, key))).order_by(*columns)


def lines_of(pks: Iterable[int], *, now: datetime) -> list[Line]:
    """Rows, fresh. The caller has found that they are in sight."""
    wanted = list(pks)
    return _lines(WorkOrder.objects.filter(pk__in=wanted), now) if wanted else []


def _lines(rows: QuerySet[WorkOrder], now: datetime, columns: Iterable[str] = ()) -> list[Line]:
    return [Line(*values, now) for values in _told(rows, *columns)]  # type: ignore[call-arg]


@prepared()
def _told(rows: QuerySet[WorkOrder], *columns: str) -> QuerySet[Any]:
    return _as_told(rows).order_by(*columns).values_list(*COLUMNS)


def _as_told(rows: QuerySet[WorkOrder]) -> QuerySet[WorkOrder]:
    """With what a row says of itself beyond its own columns."""
    return rows.annotate(
        failed_offers=Exists(failed_offers(OuterRef("pk"))),
        may_repeat=Q(status__in=UNDISPATCHED) & Q(Exists(looks_like_open_work(OuterRef("pk")))),
        is_proposed=Exists(Proposal.objects.open().filter(offer__work_order=OuterRef("pk"))),
    )


def _turned(column: str) -> str:
    return column[1:] if column.startswith("-") else f"-{column}"


def _beyond(columns: Sequence[str], key: Sequence[Any]) -> Q:
    """Rows behind the key: past the first column's value, and not those that tie with it and are not behind.

    Written with a plain bound on the first column, which is what lets the index start at the key.
    """
    names = [column.removeprefix("-") for column in columns]
    back = ["gt" if column.startswith("-") else "lt" for column in columns]
    if len(columns) == 1:
        return Q(**{f"{names[0]}__{'lt' if back[0] == 'gt' else 'gt'}": key[0]})
    bound = "lte" if back[0] == "gt" else "gte"
    condition = Q(**{f"{names[0]}__{bound}": key[0]})
    for place in range(1, len(columns)):
        ties = dict(zip(names[:place], key[:place], strict=True))
        last = "e" if place == len(columns) - 1 else ""
        condition &= ~Q(**ties, **{f"{names[place]}__{back[place]}{last}": key[place]})
    return condition


def beside(rows: WorkOrderQuerySet, *, order: Order, key: str) -> tuple[WorkOrderQuerySet, WorkOrderQuerySet] | None:
    """The rows in front of a key, the nearest first, and those behind it; None for a key that cannot be read."""
    values = _read(key, order)
    if values is None:
        return None
    columns = list(order.columns)
    return _behind(rows, [_turned(column) for column in columns], values), _behind(rows, columns, values)


def key_of(row: Line | WorkOrder, order: Order) -> str:
    """What says in an address where in this order a row stands."""
    return spelled(getattr(row, column.removeprefix("-")) for column in order.columns)


def spelled(values: Iterable[Any]) -> str:
    """The values of an order's columns as a key."""
    return SEPARATOR.join(value.isoformat() if isinstance(value, datetime) else str(value) for value in values)


def _read(text: str, order: Order) -> list[Any] | None:
    """The values of a key; None for one that cannot be read, which is the first page."""
    parts = text.split(SEPARATOR)
    if len(parts) != len(order.columns):
        return None
    fields = [WorkOrder._meta.pk if column.endswith("pk") else WorkOrder._meta.get_field(column.removeprefix("-"))
              for column in order.columns]  # fmt: skip
    try:
        return [field.to_python(part) for field, part in zip(fields, parts, strict=True)]  # type: ignore[union-attr]
    except ValidationError:
        return None


# How many


def counts(sets: Mapping[str, QuerySet[WorkOrder]]) -> dict[str, int]:
    """How many rows each set has, counted to `MOST` + 1, all in one query."""
    parts: list[str] = []
    values: list[Any] = []
    names: list[str] = []
    found = dict.fromkeys(sets, 0)
    for name, rows in sets.items():
        try:
            sql, given = _some(rows).query.sql_with_params()
        except EmptyResultSet:
            continue
        parts.append(f"(SELECT count(*) FROM ({sql}) counted)")
        values += given
        names.append(name)
    if parts:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {', '.join(parts)}", values)
            found |= dict(zip(names, cursor.fetchone(), strict=True))
    return found


@prepared()
def _some(rows: QuerySet[WorkOrder]) -> QuerySet[Any]:
    """As many as are counted."""
    return rows.order_by().values("pk")[: MOST + 1]


def said(count: int) -> str:
    return f"{MOST:,}+" if count > MOST else f"{count:,}"


# In which groups


class Group(NamedTuple):
    """Rows that stand together on the page, under one heading."""

    name: str
    label: str
    tone: str
    lines: list[Line]


def grouped(page: Page, *, now: datetime, midnight: datetime) -> list[Group]:
    """The rows of a page under headings by due time, those with no clock to watch at its end under their own.

    One group without a heading in any other order.
    """
    if page.order.name != "due":
        return [Group("", "", "", page.lines)]
    bounds = boundaries(now, midnight)
    groups: list[Group] = []
    for line in page.lines:
        if line.paused or line.status == Status.COMPLETED:
            continue
        name, label, tone, _ = next(
            bound for bound in bounds if bound[3] is None or (line.due_at is not None and line.due_at < bound[3])
        )
        if not groups or groups[-1].name != name:
            groups.append(Group(name, label, tone, []))
        groups[-1].lines.append(line)
    done = [line for line in page.lines if line.status == Status.COMPLETED]
    paused = [line for line in page.lines if line.paused]
    ends = (Group("paused", "Paused", "", paused), Group("done", MARKS[Status.COMPLETED].label, "", done))
    return groups + [group for group in ends if group.lines]


def boundaries(now: datetime, midnight: datetime) -> list[tuple[str, str, str, datetime | None]]:
    """Name, heading, tone and end of each group by due time, in their order."""
    soon = now + timedelta(hours=4)
    return [
        ("overdue", "Overdue", "bad", now),
        ("soon", "Due in the next 4 hours", "", soon),
        ("today", "Later today", "", max(soon, midnight)),
        ("week", "In the next 7 days", "", now + timedelta(days=7)),
        ("later", "Later", "", None),
    ]


def in_groups(rows: WorkOrderQuerySet, groups: Sequence[Group], *, now: datetime, midnight: datetime) -> dict[str, Any]:
    """The sets behind the headings that a page shows, for `counts`."""
    sets: dict[str, Any] = {}
    start: datetime | None = None
    shown = {group.name for group in groups}
    if "paused" in shown:
        sets["group:paused"] = rows.paused()
    if "done" in shown:
        sets["group:done"] = rows.filter(status=Status.COMPLETED)
    if shown & {"paused", "done"}:
        rows = rows.ticking()
    for name, _, _, end in boundaries(now, midnight):
        condition = Q() if start is None else Q(due_at__gte=start)
        if end is not None:
            condition &= Q(due_at__lt=end)
        if name in shown:
            sets[f"group:{name}"] = rows.filter(condition)
        start = end
    return sets


# The same rows as a file

HEADER = (
    "Number", "Priority", "Title", "Status", "Site", "Site name", "Trade", "Vendor", "Reported", "Due", "Not to exceed",
    "Currency", "Cost of waiting per hour",
)  # fmt: skip


def as_csv(rows: WorkOrderQuerySet, *, order: Order, now: datetime) -> Iterator[str]:
    """The whole queue as lines of CSV, times in UTC, read in batches."""
    told = _as_told(rows.order_by(*order.columns)).values_list(*COLUMNS).iterator(chunk_size=2000)
    lines = (Line(*values, now) for values in told)  # type: ignore[call-arg]
    return tables.as_csv(HEADER, (_cells(line) for line in lines))


def _cells(line: Line) -> tuple[Any, ...]:
    return (
        line.number, f"P{line.priority}", line.title, line.mark.label, line.site_code, line.site_name, line.trade,
        line.vendor, f"{line.reported_at:%Y-%m-%d %H:%M}", f"{line.due_at:%Y-%m-%d %H:%M}" if line.due_at else "",
        line.authorized_amount, line.currency, line.cost_per_hour_amount,
    )  # fmt: skip
