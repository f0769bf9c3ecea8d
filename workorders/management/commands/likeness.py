"""Print how well the likeness of words tells repeats from new reports, over every threshold."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from workorders import likeness
from workorders.screening import ALIKE

STEPS = [step / 100 for step in range(30, 101, 5)]


class Command(BaseCommand):
    help = (
        "Hold the likeness of words against records whose closure names what they repeat, and print precision and "
        "recall over every threshold. FILE is CSV, plain or .gz; the columns are those of a city's request register."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--meters", type=float, default=50, help="how far apart is still the same place")
        for name, column in likeness.Columns()._asdict().items():
            parser.add_argument(f"--{name}", default=column, help=f"usually {column}".replace("%", "%%"))

    def handle(self, *args: Any, **options: Any) -> None:
        columns = likeness.Columns(*(options[name] for name in likeness.Columns._fields))
        try:
            with _opened(options["file"]) as file:
                records = likeness.records_of(csv.DictReader(file), columns)
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error
        except KeyError as error:
            raise CommandError(f"{options['file']} has no column {error}.") from error
        except ValueError as error:
            raise CommandError(f"{options['file']} is not understood: {error}.") from error
        found = likeness.curve(records, meters=options["meters"], thresholds=STEPS)
        if not found.repeats:
            raise CommandError("No record names another of this file that was open nearby: there is nothing to hold.")
        self._print(found, len(records), options["meters"])

    def _print(self, found: likeness.Curve, records: int, meters: float) -> None:
        self.stdout.write(
            f"{records:,} records, {found.reports:,} marked repeats with what was open within {meters:g} m: "
            f"{found.repeats:,} repeated, {found.others:,} others.\n"
            f"{found.crowded:,} at catch-all addresses are left out.\n\n"
            "threshold  precision  recall     F1     F2"
        )
        for point in found.points:
            mark = " <" if point is found.best else ""
            self.stdout.write(
                f"     {point.threshold:.2f}      {point.precision:.3f}   {point.recall:.3f}"
                f"  {point.f1:.3f}  {point.f2:.3f}{mark}"
            )
        self.stdout.write(f"\nBest F2 at {found.best.threshold:.2f}; a new house warns from {ALIKE.default:.2f}.")


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8", errors="replace", newline="") as file:
            yield file
    else:
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            yield file
