"""The bench holds what no machine changes: numbers of queries, plans, and no lost or doubled number of a work order."""

import os
import subprocess
import sys

import psycopg
import pytest
from django.core.management import CommandError, call_command

from config.bench import table
from config.bench.cases import CASES
from config.bench.measure import Result
from config.database import ROOT, Embedded


def manage(*arguments):
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_every_page_and_named_query_costs_what_was_promised(settings):
    done = manage("bench", "--rows", "2000", "--check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "queue, everything" in done.stdout
    assert "MISSED" not in done.stdout
    folder = settings.DATABASES["default"].get("EMBEDDED")
    reached = Embedded(folder).url("postgres") if folder else settings.DATABASE_URL
    with psycopg.connect(reached) as server:
        left = server.execute("SELECT datname FROM pg_database WHERE datname LIKE 'bench%'").fetchall()
    assert left == []


@pytest.mark.parametrize("rows", ["many", "", "100", "10000,5000000"])
def test_sizes_that_make_no_sense_are_refused(rows):
    with pytest.raises(CommandError, match="--rows takes"):
        call_command("bench", rows=rows)


def results(**slow):
    """Every case takes one millisecond at both sizes, but for those named by `slow`."""
    return {
        (case.name, rows): Result(
            1, 0, 0, [slow.get(case.name, 1.0) * (rows / 10_000 if case.name in slow else 1)] * 3, [1.0]
        )
        for case in CASES
        for rows in (10_000, 100_000)
    }


def test_what_keeps_to_its_targets_is_well():
    told = list(table.lines(CASES, [10_000, 100_000], results()))
    assert [line.missed for line in told if line.missed] == []
    assert "ok" in table.as_text(told)


def test_what_grows_with_the_rows_is_told_by_how_much():
    told = {line.case: line for line in table.lines(CASES, [10_000, 100_000], results(**{"queue, everything": 2.0}))
            if line.rows == 100_000}  # fmt: skip
    queue = told["queue, everything"]
    assert queue.of_smallest == pytest.approx(10)
    assert queue.missed == ["20.0 × F1", "p95 10.00 × smallest"]
    assert "missed: 20.0 × F1" in table.as_text([queue])
