"""Questions whose statement is written once: what a busy page asks differs in its values, not in its words.

To make a wide question of joins and columns and to write it as SQL takes longer than the database takes to answer it.
A function that is `prepared` makes its question the first time that it is called; from then on only the values and
the condition on what is in sight are filled in.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn, cast

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import BigIntegerField, BooleanField, Expression, Field, Func, Model, QuerySet
from django.db.models.sql import Query

if TYPE_CHECKING:
    from django.db.models.sql.compiler import SQLCompiler

IN_SIGHT = "(what is in sight)"
"""Where the condition goes; nothing else in a statement reads like it."""

KEY = BigIntegerField()
KEYS = ArrayField(BigIntegerField())

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Hole(Expression):
    """The place of a value that is filled in each time. Never of nothing: to ask for NULL is another question."""

    def __init__(self, name: str, output_field: Field) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


def each(values: Any) -> Any:
    """Those of a list that is filled in as one value, for an `__in`."""
    if not isinstance(values, Hole):
        return values
    kind = values.output_field.db_type(connections[DEFAULT_DB_ALIAS])
    return Func(values, template=f"SELECT unnest(%(expressions)s::{kind})")


class _InSight(Expression):
    """The place of the conditions of the rows that are asked for."""

    output_field = BooleanField()

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return IN_SIGHT, (self,)


@dataclass
class Written:
    """One statement as it was written, in pieces around the places of its condition."""

    compiler: SQLCompiler
    pieces: list[str]
    values: Sequence[Any]
    known: dict[str, Any] = field(default_factory=dict)
    """What whoever reads the answers has found out about the columns: it stays true."""

    @classmethod
    def of(cls, question: QuerySet[Any]) -> Written:
        compiler = question.query.get_compiler(question.db)
        sql, values = compiler.as_sql()
        return cls(compiler, sql.split(IN_SIGHT), values)

    @cached_property
    def converters(self) -> dict[int, Any]:
        return self.compiler.get_converters([column[0] for column in self.compiler.select])

    def asked[M: Model](
        self, question: QuerySet[M], condition: tuple[str, Sequence[Any]], given: Mapping[str, Any] = NOTHING
    ) -> QuerySet[M]:
        """`question`, not asked yet, with this statement and the values that belong into it."""
        sql, of_condition = condition
        values: list[Any] = []
        for one in self.values:
            if isinstance(one, _InSight):
                values += of_condition
            else:
                values.append(given[one.name] if isinstance(one, Hole) else one)
        query = shallow(question.query, Made)
        query.written, query.statement = self, (f"({sql})".join(self.pieces), tuple(values))
        asked: Any = shallow(question)
        asked._query = query  # the property would forget that tuples are wanted
        return cast("QuerySet[M]", asked)


class Made(Query):
    """A query whose statement is there already."""

    written: Written
    statement: tuple[str, tuple[Any, ...]]

    def get_compiler(self, using: str | None = None, connection: Any = None, elide_empty: bool = True) -> SQLCompiler:
        compiler: Any = shallow(self.written.compiler)
        compiler.using, compiler.connection = using, connection or connections[using or DEFAULT_DB_ALIAS]
        compiler.as_sql = lambda *args, **options: self.statement
        compiler.get_converters = lambda expressions: self.written.converters
        return cast("SQLCompiler", compiler)

    def clone(self) -> NoReturn:
        raise TypeError("A prepared question is asked as it is: what else narrows it belongs where it is made.")


def shallow[T](thing: Any, kind: type[T] | None = None) -> T:
    """Another with the same contents, which must not be changed: what `copy` of a query copies is most of its cost."""
    other = object.__new__(kind or type(thing))
    other.__dict__.update(thing.__dict__)
    return other


class Prepared[M: Model]:
    """A function that makes a question of `rows` (those in sight, narrowed by their own columns), of the values that
    differ each time, and of what decides how it reads.

    Rows that are narrowed by other tables as well, or sorted, are asked for as if the function was not prepared.
    """

    def __init__(self, make: Callable[..., QuerySet[M]], holes: dict[str, Field]) -> None:
        self.make = make
        self.holes = {name: Hole(name, kind) for name, kind in holes.items()}
        self.shapes: dict[tuple[Any, ...], tuple[Written, QuerySet[M]]] = {}

    def __call__(self, rows: QuerySet[M], *shape: Hashable, **given: Any) -> QuerySet[M]:
        condition = None if _shape(rows) != BARE else _condition(rows)
        if condition is None:
            return self.make(rows, *shape, **given)
        key = rows.model, *shape
        if key not in self.shapes:
            question = self.make(type(rows)(rows.model).filter(_InSight()), *shape, **self.holes)
            self.shapes[key] = Written.of(question), question
        written, question = self.shapes[key]
        connection = connections[rows.db]
        values = {name: hole.field.get_db_prep_value(given[name], connection) for name, hole in self.holes.items()}
        asked: Any = written.asked(question, condition, values)
        asked._known_related_objects = rows._known_related_objects  # type: ignore[attr-defined]
        return cast("QuerySet[M]", asked)


def prepared[M: Model](**holes: Field) -> Callable[[Callable[..., QuerySet[M]]], Prepared[M]]:
    """Write the question that a function makes only once. `holes` are the kinds of the values that it is given."""
    return lambda make: Prepared(make, holes)


# Questions that nobody prepared


def as_written[M: Model](question: QuerySet[M]) -> QuerySet[M]:
    """`question` with the statement that was written for one like it before, where only its condition is its own."""
    if isinstance(question.query, Made) or (shape := _shape(question)) is None:
        return question
    if (condition := _condition(question)) is None:
        return question
    key = question.model, *shape
    if key not in _WRITTEN:
        if len(_WRITTEN) >= MOST_WRITTEN:
            return question
        blank = question.all()
        blank.query.where = type(question)(question.model).filter(_InSight()).query.where
        _WRITTEN[key] = Written.of(blank)
    return _WRITTEN[key].asked(question, condition)


_WRITTEN: dict[tuple[Any, ...], Written] = {}
"""By model and shape."""

MOST_WRITTEN = 1_000
"""More than the source has questions that read differently, unless a number from outside comes into one."""


def _shape(rows: QuerySet[Any]) -> tuple[Any, ...] | None:
    """How a question reads apart from its condition; None where more tables than its own have a say in it."""
    query = rows.query
    if (
        sum(uses > 0 for uses in query.alias_refcount.values()) > 1
        or query.annotations
        or query.combinator
        or query.distinct
        or query.extra
        or query.select_for_update
        or not all(isinstance(column, str) for column in query.order_by)
    ):
        return None
    return (
        query.order_by, query.extra_order_by, query.default_ordering, query.standard_ordering, query.low_mark,
        query.high_mark, repr(query.select_related), query.default_cols, query.values_select,
        tuple(query.selected or ()), frozenset(query.deferred_loading[0]), query.deferred_loading[1],
    )  # fmt: skip


BARE: tuple[Any, ...] = (), (), True, True, 0, None, "False", True, (), (), frozenset(), True
"""The shape of rows that nobody has sorted, cut off or joined to others."""


def _condition(rows: QuerySet[Any]) -> tuple[str, Sequence[Any]] | None:
    """What `rows` are narrowed by, in SQL; None where nothing is left of them."""
    try:
        sql, values = rows.query.where.as_sql(rows.query.get_compiler(rows.db), connections[rows.db])
    except EmptyResultSet:
        return None
    except FullResultSet:
        return "TRUE", ()
    return sql or "TRUE", values
