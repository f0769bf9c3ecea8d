"""Questions whose statement is written once: what a busy page asks differs in its values, not in its words.

To make a wide question of joins and columns and to write it as SQL takes longer than the database takes to answer it.
A function that is `prepared` makes its question the first time that it is called; from then on only the values and
the condition on what is in sight are filled in.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
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


KEY = BigIntegerField()
KEYS = ArrayField(BigIntegerField())


class _InSight(Expression):
    """The place of the conditions of the rows that are asked for."""

    output_field = BooleanField()

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return IN_SIGHT, (self,)


@dataclass
class Written[M: Model]:
    """One statement as it was written, in pieces around the places of its condition."""

    question: QuerySet[M]
    compiler: SQLCompiler
    pieces: list[str]
    values: Sequence[Any]
    known: dict[str, Any] = field(default_factory=dict)
    """What whoever reads the answers has found out about the columns: it stays true."""

    @cached_property
    def converters(self) -> dict[int, Any]:
        return self.compiler.get_converters([column[0] for column in self.compiler.select])

    def asked(
        self, rows: QuerySet[M], condition: str, of_condition: Sequence[Any], given: dict[str, Any]
    ) -> QuerySet[M]:
        """The question with its values, not asked yet; of `rows`, whose `condition` it takes."""
        values: list[Any] = []
        for one in self.values:
            if isinstance(one, _InSight):
                values += of_condition
            else:
                values.append(given[one.name] if isinstance(one, Hole) else one)
        query = shallow(self.question.query, Made)
        query.written, query.statement = self, (condition.join(self.pieces), tuple(values))
        question: Any = shallow(self.question)
        question._query = query  # the property would forget that tuples are wanted
        question._known_related_objects = rows._known_related_objects  # type: ignore[attr-defined]
        return cast("QuerySet[M]", question)


class Made(Query):
    """A query whose statement is there already."""

    written: Written[Any]
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
        self.shapes: dict[tuple[Any, ...], Written[M]] = {}

    def __call__(self, rows: QuerySet[M], *shape: Hashable, **given: Any) -> QuerySet[M]:
        query, connection = rows.query, connections[rows.db]
        if not _plain(query):
            return self.make(rows, *shape, **given)
        try:
            condition, values = query.where.as_sql(query.get_compiler(rows.db), connection)
        except EmptyResultSet:
            return self.make(rows, *shape, **given)
        except FullResultSet:
            condition, values = "TRUE", ()
        written = self.shapes.get(shape) or self.shapes.setdefault(shape, self._write(rows, shape))
        filled = {name: hole.field.get_db_prep_value(given[name], connection) for name, hole in self.holes.items()}
        return written.asked(rows, f"({condition or 'TRUE'})", values, filled)

    def _write(self, rows: QuerySet[M], shape: tuple[Any, ...]) -> Written[M]:
        question = self.make(type(rows)(rows.model).filter(_InSight()), *shape, **self.holes)
        compiler = question.query.get_compiler(question.db)
        sql, values = compiler.as_sql()
        return Written(question, compiler, sql.split(IN_SIGHT), values)


def prepared[M: Model](**holes: Field) -> Callable[[Callable[..., QuerySet[M]]], Prepared[M]]:
    """Write the question that a function makes only once. `holes` are the kinds of the values that it is given."""
    return lambda make: Prepared(make, holes)


def _plain(query: Query) -> bool:
    """Whether all that `query` says is a condition on its own table."""
    joined = sum(uses > 0 for uses in query.alias_refcount.values()) > 1
    return not (joined or query.annotations or query.combinator or query.distinct or query.is_sliced or query.order_by)
