"""Several questions in one trip: what a page wants to know of different tables, answered by one statement.

A page that shows a dozen things would ask the database a dozen times and wait as often. Here the querysets become
columns of one statement, each a list of rows; every queryset then holds its rows as if it had been asked alone.

A rule that may share its trip with others is written as an `Asking`: it yields the querysets that it needs answered,
goes on when they are, and returns what it found.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache, partial
from itertools import batched, chain
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import QuerySet, Value
from django.db.models.sql import InsertQuery, Query
from django.utils.dateparse import parse_duration

from accounts.prepared import Made, as_written, shallow

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

    from django.db.models.sql.compiler import SQLCompiler

_READ: Sequence[tuple[type[models.Field], Callable[[str], Any]]] = (
    (models.DecimalField, Decimal),
    (models.DateTimeField, datetime.fromisoformat),
    (models.DateField, lambda text: date.fromisoformat(text[:10])),  # the database truncates a day to an instant
    (models.TimeField, time.fromisoformat),
    (models.DurationField, parse_duration),
    (models.UUIDField, UUID),
    (models.JSONField, str),  # the field itself reads it
)
"""What JSON has no kind of its own for: it travels as text. A day that is also an instant comes first."""

MOST = 100
"""As many arguments as a function of the database takes; a wide row travels in parts."""


class _Told(Query):
    """A query whose answer is here already."""

    told: SQLCompiler

    def get_compiler(self, *args: Any, **options: Any) -> SQLCompiler:
        return self.told


class ByHand:
    """A question that is SQL already, whose answer is one JSON value; `%(name)s` stands for what is given by name."""

    def __init__(self, sql: str, **given: Any) -> None:
        self.sql, names = _placed(sql)
        self.values = [given[name] for name in names]
        self._result_cache: list[Any] | None = None

    @property
    def answer(self) -> Any:
        """What the database says, once it was asked beside other questions or else now."""
        if self._result_cache is None:
            together(self)
        return self._result_cache and self._result_cache[0]


@cache
def _placed(sql: str) -> tuple[str, list[str]]:
    """The statement with the places of its values, and the name of each."""
    name = re.compile(r"%\((\w+)\)s")
    return name.sub("%s", sql), name.findall(sql)


type Question = QuerySet[Any, Any] | ByHand
type Asking[T] = Generator[Sequence[Question], None, T]


def ask[T](asking: Asking[T]) -> T:
    """What `asking` finds out, with one statement for each time that it asks."""
    try:
        while True:
            together(*next(asking))
    except StopIteration as done:
        return cast("T", done.value)


def side_by_side(*askings: Asking[Any]) -> Asking[list[Any]]:
    """All of `askings` at once: what they ask at the same time is one statement. What each of them found."""
    found: dict[int, Any] = {}
    waiting = dict(enumerate(askings))
    while waiting:
        questions: list[Question] = []
        for place, asking in list(waiting.items()):
            try:
                questions += next(asking)
            except StopIteration as done:
                found[place] = done.value
                del waiting[place]
        yield questions
    return [found[place] for place in range(len(askings))]


def rows_of[T](question: QuerySet[Any, T]) -> Asking[list[T]]:
    """The rows of one queryset, as an asking."""
    yield [question]
    return list(question)


def first_of[M: models.Model](question: QuerySet[M]) -> Asking[M | None]:
    """The first row of one queryset, as an asking; by key where it has no order."""
    first = (question if question.ordered else question.order_by("pk"))[:1]
    yield [first]
    return next(iter(first), None)


def nothing() -> Asking[list[Any]]:
    """For what is not asked this time."""
    yield ()
    return []


def totals(rows: QuerySet[Any], **sums: Any) -> QuerySet[Any]:
    """As `aggregate`, but a question: one row with the sums in their order, or none where there is nothing to sum."""
    return rows.order_by().values(one=Value(1)).annotate(**sums).values_list(*sums)


def together(*questions: Question) -> None:
    """Ask all of `questions` in one statement; each then has its rows and asks no more.

    What a question prefetches it still asks for itself, see `hand_out`.
    """
    if len(questions) == 1 and isinstance(questions[0], QuerySet):
        if questions[0]._result_cache is None:
            questions[0]._result_cache = list(as_written(questions[0]))
        bool(questions[0])  # what it prefetches
        return
    asked: list[tuple[Question, Callable[[Any], list[Any]]]] = []
    parts: list[str] = []
    values: list[Any] = []
    for question in questions:
        if isinstance(question, ByHand):
            parts.append(f"({question.sql})::text")
            values += question.values
            asked.append((question, lambda told: [told]))
            continue
        written = as_written(question)
        compiler = written.query.get_compiler(question.db)
        try:
            sql, given = compiler.as_sql()
        except EmptyResultSet:
            question._result_cache = []
            continue
        way = _way_of(written, compiler)
        parts.append(f"(SELECT json_agg(json_build_array({way.row}))::text FROM ({sql}) AS asked ({way.names}))")
        values += given
        asked.append((question, partial(_as_if_alone, question, compiler, way)))
    if not asked:
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", values)
        told = cursor.fetchone()
    for (question, read), rows in zip(asked, told, strict=True):
        question._result_cache = read(json.loads(rows) if rows else [])


def hand_out(
    children: Iterable[Any], *, of: Iterable[Any], by: str, name: str, take: Callable[[Any], Any] | None = None
) -> None:
    """Give each row of `of` its own of `children` (whose `by` is its key) as `name`, as a prefetch would have.

    `take` says what is given of a child, where that is not the child itself: the person of a row that links to one.
    """
    own: dict[Any, list[Any]] = defaultdict(list)
    for child in children:
        own[getattr(child, by)].append(take(child) if take else child)
    for parent in of:
        rows = getattr(parent, name).all()
        rows._result_cache = own[parent.pk]
        parent.__dict__.setdefault("_prefetched_objects_cache", {})[name] = rows


def add_together(*rows: Any) -> None:
    """Write new rows of any tables with one statement; each then has its key. As in bulk, no `save` is called."""
    kinds: dict[type[models.Model], list[Any]] = defaultdict(list)
    for row in rows:
        row._prepare_related_fields_for_save(operation_name="add_together")  # keys that came after the row was made
        kinds[type(row)].append(row)
    parts: list[str] = []
    values: list[Any] = []
    for model, new in kinds.items():
        key = model._meta.auto_field
        query = InsertQuery(model)
        query.insert_values(
            [field for field in model._meta.local_concrete_fields if field is not key and not field.generated], new
        )
        compiler = query.get_compiler(connection=connection)
        compiler.returning_fields = [key]
        ((sql, given),) = compiler.as_sql()
        parts.append(f"added{len(parts)} AS ({sql})")
        values += given
    if not kinds:
        return
    keys = ", ".join(f"ARRAY(SELECT id FROM added{place})" for place in range(len(parts)))
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {', '.join(parts)} SELECT {keys}", values)
        told = cursor.fetchone()
    for new, given in zip(kinds.values(), told, strict=True):
        for row, pk in zip(new, given, strict=True):
            row.pk, row._state.adding, row._state.db = pk, False, connection.alias


def _field(field: models.Field) -> models.Field:
    return cast("models.Field", field.output_field) if isinstance(field, models.GeneratedField) else field


def _as_text(field: models.Field) -> str:
    """How a column travels: what JSON has a kind for as it is, the rest as text, a list as a list of texts."""
    if not _reads(field):
        return ""
    return "::text[]" if isinstance(field, ArrayField) else "::text"


def _reads(field: models.Field) -> Callable[[Any], Any] | None:
    if isinstance(field, ArrayField):
        read = _reads(field.base_field)
        return read and partial(_each, read)
    kind: Any = type(field)
    return _reads_kind(kind)


def _each(read: Callable[[Any], Any], told: list[Any]) -> list[Any]:
    return [None if one is None else read(one) for one in told]


@cache
def _reads_kind(kind: type[models.Field]) -> Callable[[str], Any] | None:
    return next((read for known, read in _READ if issubclass(kind, known)), None)


class _Way(NamedTuple):
    """How the rows of one question travel: the names of its columns, how they become a row, and how they are read."""

    names: str
    row: str
    reading: list[tuple[int, Callable[[Any], Any]]]


def _way_of(question: QuerySet[Any], compiler: SQLCompiler) -> _Way:
    known = question.query.written.known if isinstance(question.query, Made) else {}
    if "way" not in known:
        fields = [_field(column[0].output_field) for column in compiler.select]
        columns = [f"c{place}{_as_text(field)}" for place, field in enumerate(fields)]
        known["way"] = _Way(
            names=", ".join(f"c{place}" for place in range(len(fields))),
            row=", ".join(f"json_build_array({', '.join(some)})" for some in batched(columns, MOST)),
            reading=[(place, read) for place, field in enumerate(fields) if (read := _reads(field))],
        )
    return cast("_Way", known["way"])


def _as_if_alone(question: QuerySet[Any], compiler: SQLCompiler, way: _Way, told: list[list[list[Any]]]) -> list[Any]:
    """The rows as the queryset makes them of what the database says: models, tuples or values."""
    if not told:
        return []
    rows = [list(chain.from_iterable(row)) for row in told]
    for row in rows:
        for place, read in way.reading:
            if row[place] is not None:
                row[place] = read(row[place])
    answered: Any = shallow(question)
    answered._query = shallow(question.query, _Told)  # the property would forget that tuples are wanted
    answered._query.told = compiler
    compiler.execute_sql = lambda *args, **options: [rows]  # type: ignore[method-assign, assignment]
    return list(answered._iterable_class(answered))
