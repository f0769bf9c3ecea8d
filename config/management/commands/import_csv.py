"""Bring in sites, assets, vendors or work orders from a CSV file: all of it, or nothing."""

from __future__ import annotations

import csv
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.utils import timezone
from tqdm import tqdm

from config.imports.companies import Vendors
from config.imports.history import WorkOrders
from config.imports.importer import Importer, Report, import_file
from config.imports.places import Assets, Sites
from config.imports.source import BadFile, BadMapping, Mapping, read_mapping

NOUNS: dict[str, type[Importer]] = {kind.noun: kind for kind in (Sites, Assets, Vendors, WorkOrders)}
SHOWN = 20
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("noun", choices=sorted(NOUNS), help="what the rows are")
        parser.add_argument("file", type=Path, help="CSV, UTF-8 unless the mapping says otherwise; .gz is read too")
        parser.add_argument("--map", type=Path, help="TOML file that says which column fills which field")
        parser.add_argument("--dry-run", action="store_true", help="check every row and store nothing")
        parser.add_argument("--report", type=Path, help="write the faults, row by row, to this CSV file")

    def handle(self, *args: Any, noun: str, file: Path, dry_run: bool, **options: Any) -> None:
        kind = NOUNS[noun]
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
        try:
            mapping = (
                read_mapping(options["map"], set(kind.fields), set(kind.creatable)) if options["map"] else Mapping()
            )
            size = file.stat().st_size if file.exists() else 0
            with tqdm(total=size, unit="B", unit_scale=True, desc=f"Reading {noun}", disable=None) as bar:
                report = import_file(kind, file, mapping, now=timezone.now(), dry_run=dry_run, progress=bar.update)
        except (BadMapping, BadFile) as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            first = str(error).splitlines()[0]
            raise CommandError(f"The database refused a row, so nothing was stored: {first}") from error
        self._say(noun, report, dry_run)
        if options["report"]:
            self._write(options["report"], report)
        if report.failed:
            count = "1 fault" if report.failed == 1 else f"{report.failed:,} faults"
            raise CommandError(f"{count}. Nothing was stored. Mend the file or the mapping, then try again.")

    def _say(self, noun: str, report: Report, dry_run: bool) -> None:
        for fault in report.faults[:SHOWN]:
            self.stderr.write(str(fault))
        if report.failed > SHOWN:
            self.stderr.write(f"… and {report.failed - SHOWN:,} more.")
        for what, count in sorted(report.created.items()):
            self.stdout.write(f"{count:,} {what} {'would be ' if dry_run else ''}created on the way.")
        passed = f", {report.passed_over:,} repeated rows passed over" if report.passed_over else ""
        would = "Dry run, nothing stored: " if dry_run else ""
        self.stdout.write(
            f"{would}{noun}: {report.new:,} new, {report.changed:,} changed, {report.unchanged:,} unchanged,"
            f" {report.failed:,} faults{passed}."
        )

    def _write(self, path: Path, report: Report) -> None:
        with path.open("w", newline="", encoding="utf-8") as handle:
            writer = csv.writer(handle)
            writer.writerow(["row", "column", "value", "fault"])
            for fault in report.faults:
                said = f"'{fault.said}" if fault.said.startswith(FORMULA) else fault.said
                writer.writerow([fault.row, fault.column, said, fault.sentence])
