"""One run of an import: every row is read and checked, then all is stored, or, with a single fault, nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from django.db import transaction

from accounts.actors import IMPORTER
from accounts.events import record
from config.imports.fields import Field, Unreadable
from config.imports.source import BadFile, Mapping, Row, Table, cell, column_of

BATCH = 2000
KEPT = 500


@dataclass(frozen=True)
class Fault:
    """One thing wrong with one row: where, and a sentence."""

    row: int
    column: str
    said: str
    sentence: str

    def __str__(self) -> str:
        return f"Row {self.row}, {self.column}: “{self.said[:60]}” {self.sentence}."


@dataclass
class Report:
    """What a run found: counts, the first faults in full, and what each row would do."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    passed_over: int = 0
    failed: int = 0
    created: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def fault(self, row: Row, column: str, said: str, sentence: str) -> None:
        self.failed += 1
        if len(self.faults) < KEPT:
            self.faults.append(Fault(row.number, column, said, sentence))


class Importer:
    """What the import of one noun consists of. Subclasses name the fields and turn clean values into rows."""

    noun: ClassVar[str]
    fields: ClassVar[dict[str, Field]]
    key: ClassVar[str]
    creatable: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, mapping: Mapping, *, now: datetime) -> None:
        self.mapping, self.now = mapping, now
        self.report = Report()
        self.seen: dict[str, int] = {}
        self.remember()

    def remember(self) -> None:
        """Look up once what rows will refer to."""

    def store(self, batch: list[tuple[Row, dict[str, Any]]]) -> None:
        """Compare a batch of clean rows with what is there, and write what is new or changed."""
        raise NotImplementedError

    def clean(self, row: Row) -> dict[str, Any] | None:
        """The values of a row by field; None when something is wrong with it, which is then in the report."""
        values: dict[str, Any] = {}
        sound = True
        for name, known in self.fields.items():
            said = cell(row, name, self.mapping)
            if not said:
                if known.required:
                    self.wrong(row, name, "", "is empty, but must be there")
                    sound = False
                values[name] = known.empty
                continue
            try:
                values[name] = known.read(said, self.mapping)
            except Unreadable as error:
                self.wrong(row, name, said, str(error))
                sound = False
        if sound:
            values["custom"] = {name: row.cells[column] for name, column in self.mapping.custom.items()}
        return values if sound else None

    def wrong(self, row: Row, name: str, said: str, sentence: str) -> None:
        self.report.fault(row, column_of(name, self.mapping), said, sentence)

    def created(self, what: str) -> None:
        self.report.created[what] = self.report.created.get(what, 0) + 1

    def run(self, rows: Iterable[Row]) -> Report:
        """Read, check and store all rows; the caller rolls back when the report has faults."""
        clean = self._sound(rows)
        while batch := list(islice(clean, BATCH)):
            self.store(batch)
        return self.report

    def _sound(self, rows: Iterable[Row]) -> Iterator[tuple[Row, dict[str, Any]]]:
        for row in rows:
            values = self.clean(row)
            if values is None:
                continue
            key = str(values[self.key]).upper()
            if key in self.seen:
                if self.mapping.repeated == "first":
                    self.report.passed_over += 1
                else:
                    self.wrong(row, self.key, key, f"stands in row {self.seen[key]} already")
                continue
            self.seen[key] = row.number
            yield row, values


class _TakeBack(Exception):
    pass


def import_file(
    kind: type[Importer],
    path: Path,
    mapping: Mapping,
    *,
    now: datetime,
    dry_run: bool,
    progress: Callable[[int], object],
) -> Report:
    """Import one file: all of it, or, when any row has a fault or `dry_run` is on, nothing. Raises BadFile."""
    table = Table(path, mapping)
    report = Report()

    def watched() -> Iterator[Row]:
        last = 0
        for row in table:
            if row.number % 500 == 0:
                progress(table.done() - last)
                last = table.done()
            yield row
        progress(table.size - last)

    try:
        with transaction.atomic():
            importer = kind(mapping, now=now)
            report = importer.report
            importer.run(watched())
            if dry_run or report.failed:
                raise _TakeBack
            data = {"file": path.name, "noun": kind.noun, "new": report.new, "changed": report.changed}
            record(stream=f"import:{kind.noun}", verb="import.done", by=IMPORTER, now=now, data=data)
    except _TakeBack:
        pass
    finally:
        table.close()
    return report


def differs(existing: Any, values: dict[str, Any], names: Iterable[str]) -> list[str]:
    """The names of `values` in which a stored row is not the same."""
    return [name for name in names if getattr(existing, name) != values[name]]


__all__ = ["BadFile", "Importer", "Report", "differs", "import_file"]
