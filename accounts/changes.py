"""Putting facts on a row: held against the row's own rules, saved, and written into the log with what was before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import BaseConstraint, CheckConstraint, F, Model, Q, RestrictedError, UniqueConstraint

from accounts.actors import Actor
from accounts.events import record
from accounts.permissions import Act, may

# A fault of a row and its owner together is told beside the row's own field.
OWNERS = frozenset({"asset", "calendar", "problem_type", "site", "vendor", "vendor_id"})
UNTOLD = "This does not go together with the other answers."


class Faulty(Exception):
    """What was entered cannot be kept; `faults` names each field with its sentence."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = dict(faults)


class NotAllowed(Exception):
    """This person may not make this change."""


def allow(by: Actor, act: Act) -> None:
    """Raises NotAllowed for one whose roles do not grant `act`."""
    if not may(by, act):
        raise NotAllowed(f"Your role does not let you {act.value}.")


def keep[Row: Model](
    row: Row, facts: Mapping[str, Any], *, stream: Callable[[Row], str], noun: str, by: Actor, now: datetime
) -> Row:
    """Put `facts` on `row`, new or stored, and write "<noun>.added" or "<noun>.changed" with what differs.

    Returns the fresh row; nothing is written when nothing differs. Raises Faulty.
    """
    is_new = row.pk is None
    with transaction.atomic():
        fresh = row if is_new else type(row)._base_manager.select_for_update(of=("self",)).get(pk=row.pk)
        before = {} if is_new else {name: _plain(getattr(fresh, name)) for name in facts}
        for name, value in facts.items():
            setattr(fresh, name, value.strip() if isinstance(value, str) else value)
        after = {name: _plain(getattr(fresh, name)) for name in facts}
        if not is_new and before == after:
            return fresh
        if faults := faults_of(fresh):
            raise Faulty(faults)
        try:
            with transaction.atomic():
                fresh.save()
        except IntegrityError as error:
            raise Faulty({"": "Somebody has just entered the same. Load the page again."}) from error
        changed = {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
        record(
            stream=stream(fresh),
            verb=f"{noun}.{'added' if is_new else 'changed'}",
            by=by,
            now=now,
            data={"name": str(fresh), "changed": changed},
        )
    return fresh


def remove(row: Model, *, stream: str, noun: str, by: Actor, now: datetime) -> None:
    """Delete a row without history and write "<noun>.removed". Raises Faulty for one that something refers to."""
    name = str(row)
    with transaction.atomic():
        try:
            row.delete()
        except RestrictedError as error:
            raise Faulty({"": f"{name} is in use and stays."}) from error
        record(stream=stream, verb=f"{noun}.removed", by=by, now=now, data={"name": name})


def _plain(value: Any) -> Any:
    """A fact as the log keeps it: texts, numbers and yes or no as they are, everything else in words."""
    if isinstance(value, list):
        return [str(one) for one in value]
    if isinstance(value, dict):
        return [f"{name}: {one}" for name, one in value.items()]
    return value if value is None or isinstance(value, str | bool | int) else str(value)


# What the row itself refuses


def faults_of(row: Model, *, exclude: Iterable[str] = ()) -> dict[str, str]:
    """What the fields and the database's constraints would refuse of `row`, one sentence per field."""
    faults: dict[str, str] = {}
    skipped = set(exclude)
    for check in (row.clean_fields, row.validate_unique):
        try:
            check(exclude=skipped | faults.keys())
        except ValidationError as problem:
            faults |= {name: sentences[0] for name, sentences in problem.message_dict.items() if name not in faults}
    for model, constraints in row.get_constraints():
        for constraint in constraints:
            try:
                constraint.validate(model, row, exclude=skipped | faults.keys())
            except ValidationError as problem:
                faults.setdefault(_field_of(constraint), _sentence(constraint, problem))
    return faults


def _sentence(constraint: BaseConstraint, problem: ValidationError) -> str:
    unsaid = constraint.violation_error_message == BaseConstraint.default_violation_error_message
    return UNTOLD if unsaid and isinstance(constraint, CheckConstraint) else str(problem.messages[0])


def _field_of(constraint: BaseConstraint) -> str:
    names = list(_names(constraint))
    return next((name for name in names if name not in OWNERS), names[0] if names else "")


def _names(constraint: BaseConstraint) -> Iterator[str]:
    """The fields that a constraint speaks of, in its order."""
    if isinstance(constraint, UniqueConstraint):
        yield from constraint.fields
        yield from _of_expressions(constraint.expressions)
    elif isinstance(constraint, CheckConstraint) and isinstance(constraint.condition, Q):
        yield from _of_condition(constraint.condition)
    elif isinstance(constraint, ExclusionConstraint):
        yield from _of_expressions(expression for expression, _ in reversed(constraint.expressions))


def _of_expressions(expressions: Iterable[Any]) -> Iterator[str]:
    for expression in expressions:
        parts = expression.flatten() if hasattr(expression, "flatten") else [expression]
        yield from (str(vars(part)["name"]) for part in parts if isinstance(part, F))


def _of_condition(condition: Q) -> Iterator[str]:
    for child in condition.children:
        if isinstance(child, Q):
            yield from _of_condition(child)
        elif isinstance(child, tuple):
            yield child[0].partition("__")[0]
