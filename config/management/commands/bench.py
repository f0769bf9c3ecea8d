"""Measure the product at several sizes, as ratios to floors of the same run (docs/performance.md)."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone
from tqdm import tqdm

from config.bench import checks, table
from config.bench.cases import CASES
from config.bench.databases import Server, at
from config.bench.load import load
from config.bench.measure import Case, House, Wrong, run

TIMES = 8
"""How often each case runs in one round."""


class Command(BaseCommand):
    help = "Measure queries, pages and jobs in databases of its own; with --check, only what every machine agrees on."
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rows", default="10000,100000", help="work orders, several sizes at once (10000,100000)")
        parser.add_argument("--rounds", type=int, default=3, help=f"rounds of {TIMES} runs of each case (3)")
        parser.add_argument("--open", type=int, default=5, help="how many per cent of the work orders are open (5)")
        parser.add_argument("--only", default="", help="only cases with these words in their name, and their floors")
        parser.add_argument("--json", type=Path, help="write the table as JSON to this file")
        parser.add_argument(
            "--check", action="store_true", help="counts, plans and numbers only; fails when one is off"
        )

    def handle(self, *args: Any, rows: str, rounds: int, check: bool, **options: Any) -> None:
        sizes, open_percent = self._sizes(rows), options["open"]
        if not 1 <= open_percent <= 90:
            raise CommandError("--open takes 1 to 90 per cent.")
        server = Server()
        now = timezone.now().replace(minute=0, second=0, microsecond=0)
        connection.close()
        try:
            empty = server.empty()
            houses = []
            for size in sizes:
                began = time.monotonic()
                database = server.copy(empty, size)
                with at(database):
                    houses.append(House(load(size, now=now, open_percent=open_percent), database))
                self.stderr.write(f"{size:,} work orders loaded in {time.monotonic() - began:.0f} s")
            if check:
                self._check(houses)
            else:
                self._measure(houses, sizes, rounds, options["json"], self._cases(options["only"]))
        except Wrong as wrong:
            raise CommandError(str(wrong)) from wrong
        finally:
            server.drop()

    def _sizes(self, given: str) -> list[int]:
        try:
            sizes = sorted({int(size) for size in given.split(",")})
        except ValueError as error:
            raise CommandError("--rows takes numbers with commas between, like 10000,100000.") from error
        if sizes[0] < 2_000 or sizes[-1] > 2_000_000:
            raise CommandError("--rows takes sizes from 2000 to 2000000.")
        return sizes

    def _cases(self, words: str) -> list[Case]:
        chosen = [case for case in CASES if words in case.name]
        if not chosen:
            raise CommandError(f"No case is called “{words}”.")
        floors = {case.floor for case in chosen}
        return [case for case in CASES if case in chosen or case.name in floors]

    def _measure(
        self, houses: list[House], sizes: list[int], rounds: int, file: Path | None, cases: list[Case]
    ) -> None:
        with tqdm(total=rounds * TIMES * len(cases), unit="case", disable=None) as bar:
            results = run(cases, houses, rounds=rounds, times=TIMES, tell=bar.update)
        told = list(table.lines(cases, sizes, results))
        self.stdout.write(table.as_text(told))
        if file:
            file.write_text(json.dumps([line._asdict() for line in told], indent=1, ensure_ascii=False))

    def _check(self, houses: list[House]) -> None:
        wrong = 0
        for house in houses:
            with at(house.database):
                for verdict in checks.every(house):
                    wrong += not verdict.good
                    self.stdout.write(f"{'ok    ' if verdict.good else 'MISSED'} {verdict.name}: {verdict.found}")
        if wrong:
            raise CommandError(f"{wrong} missed.")
