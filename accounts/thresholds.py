"""Thresholds: numbers that the business sets. Each is declared once, with its default, where it is used.

A rule reads `THRESHOLD.value()`; an administrator changes it on the settings page, which writes a new
version (who, when) and leaves the old ones to be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, transaction
from django.db.models import CharField, QuerySet

from accounts.actors import Actor, person
from accounts.events import record
from accounts.models.setting import Setting
from accounts.prepared import each, prepared
from accounts.together import Asking, ask, rows_of

REGISTRY: dict[str, Threshold] = {}


class OutOfBounds(ValueError):
    """The value offered for a threshold is not one it may take; the sentence says which are."""


@dataclass(frozen=True)
class Threshold:
    """One number of the business: its name, default, unit and the bounds within which it makes sense."""

    name: str
    default: Any
    unit: str
    label: str
    minimum: float = 0
    maximum: float = 1_000_000
    weighs: str = ""
    """What it weighs, together with the other thresholds that say the same: one of them at least is above 0."""

    def value(self) -> Any:
        """The value in force, of the type of the default (timedeltas are kept in `unit`)."""
        newest = Setting.objects.filter(name=self.name).order_by("-pk").values_list("value", flat=True).first()
        return self.default if newest is None else self._read(newest)

    def span(self) -> timedelta:
        """The value as a length of time. Raises KeyError for a unit that is none."""
        return timedelta(**{self.unit: float(self.value())})

    def _read(self, stored: Any) -> Any:
        return Decimal(stored) if isinstance(self.default, Decimal) else type(self.default)(stored)

    def change(self, *, value: Any, by: Actor, now: datetime) -> Setting:
        """Put a new value in force. Raises OutOfBounds."""
        if isinstance(self.default, bool):
            stored: Any = bool(value)
        else:
            if not self.minimum <= float(value) <= self.maximum:
                raise OutOfBounds(f"{self.label}: enter {self.minimum:g} to {self.maximum:g}.")
            stored = str(value) if isinstance(self.default, Decimal) else value
        with transaction.atomic():
            if self.weighs and not float(value):
                self._leave_one()
            before = self.value()
            version = Setting.objects.create(name=self.name, value=stored, changed_by=person(by), changed_at=now)
            record(
                stream=f"setting:{self.name}",
                verb="setting.changed",
                by=by,
                now=now,
                data={"setting": self.label, "from": str(before), "to": str(value)},
            )
            return version

    def _leave_one(self) -> None:
        """Raises OutOfBounds where every other weight of the same thing is 0. Whoever else asks waits its turn."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"weighs:{self.weighs}"])
        others = [one for one in REGISTRY.values() if one.weighs == self.weighs and one.name != self.name]
        if not any(values_of(*others).values()):
            raise OutOfBounds(
                f"{self.label}: every other weight of {self.weighs} is 0. Give one of them a value first."
            )

    def versions(self) -> QuerySet[Setting]:
        """Every value it ever had, the newest first, with who set it."""
        return Setting.objects.filter(name=self.name).select_related("changed_by").order_by("-pk")


def declare(name: str, default: Any, unit: str, label: str, *, weighs: str = "", **bounds: float) -> Threshold:
    """Declare a threshold; called once, at import, by the module that uses it."""
    threshold = Threshold(name=name, default=default, unit=unit, label=label, weighs=weighs, **bounds)
    REGISTRY[name] = threshold
    return threshold


def values_of(*thresholds: Threshold) -> dict[str, Any]:
    """The values in force of several thresholds by name, in one query."""
    return ask(asked_of(*thresholds))


def asked_of(*thresholds: Threshold) -> Asking[dict[str, Any]]:
    """The same, beside other questions."""
    names = [threshold.name for threshold in thresholds]
    newest = dict((yield from rows_of(_newest(Setting.objects.all(), names=names))))
    return {
        threshold.name: threshold._read(newest[threshold.name]) if threshold.name in newest else threshold.default
        for threshold in thresholds
    }


@prepared(names=ArrayField(CharField()))
def _newest(rows: QuerySet[Setting], names: Any) -> QuerySet[Any]:
    versions = rows.filter(name__in=each(names)).order_by("name", "-pk").distinct("name")
    return versions.values_list("name", "value")
