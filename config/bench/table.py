"""The bench's answer: one table of ratios, and the same as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from config.bench.measure import Case, Result

HEADER = (
    "row",
    "case",
    "work orders",
    "median ms",
    "p95 ms",
    "queries",
    "buffers",
    "KB",
    "× floor",
    "× smallest",
    "target",
    "verdict",
)


class Line(NamedTuple):
    """One case at one size. Ratios are None where there is nothing to compare with."""

    row: str
    case: str
    rows: int
    median: float
    p95: float
    wall: float
    queries: int
    buffers: int
    html: int
    of_floor: float | None
    of_smallest: float | None
    target: str
    missed: list[str]


def lines(cases: Iterable[Case], sizes: list[int], results: dict[Any, Result]) -> Iterator[Line]:
    """Every case at every size, against its floor at that size and against itself at the smallest."""
    for case in cases:
        for rows in sizes:
            own, smallest = results[case.name, rows], results[case.name, sizes[0]]
            of_floor = own.median / results[case.floor, rows].median if case.floor else None
            of_smallest = own.median / smallest.median if rows != sizes[0] else None
            growth = own.p95 / smallest.p95 if rows != sizes[0] else None
            target, missed = [], []
            if case.at_most is not None and of_floor is not None:
                target.append(f"≤ {case.at_most} × {case.floor.split()[0]}")
                if of_floor > case.at_most:
                    missed.append(f"{of_floor:.1f} × {case.floor.split()[0]}")
            if case.growth is not None and growth is not None:
                target.append(f"p95 ≤ {case.growth} × smallest")
                if growth > case.growth:
                    missed.append(f"p95 {growth:.2f} × smallest")
            if case.queries is not None:
                target.append(f"≤ {case.queries} queries")
                if own.queries > case.queries:
                    missed.append(f"{own.queries} queries")
            if case.ms is not None:
                target.append(f"≤ {case.ms} ms")
                if own.median > case.ms:
                    missed.append(f"{own.median:.1f} ms")
            wall = sorted(own.walls)[len(own.walls) // 2]
            yield Line(
                case.row, case.name, rows, own.median, own.p95, wall, own.queries, own.buffers, own.html, of_floor,
                of_smallest, ", ".join(target), missed,
            )  # fmt: skip


def as_text(told: Iterable[Line]) -> str:
    """The table for people, one line per case and size."""
    table = [HEADER]
    for line in told:
        verdict = f"missed: {', '.join(line.missed)}" if line.missed else "ok" if line.target else ""
        table.append((
            line.row, line.case, f"{line.rows:,}", f"{line.median:.2f}", f"{line.p95:.2f}", str(line.queries),
            str(line.buffers), f"{line.html / 1000:.0f}" if line.html else "",
            _ratio(line.of_floor), _ratio(line.of_smallest), line.target, verdict,
        ))  # fmt: skip
    widths = [max(len(row[place]) for row in table) for place in range(len(HEADER))]
    ruled = [table[0], tuple("-" * width for width in widths), *table[1:]]
    return "\n".join("| " + " | ".join(_set(cell, width) for cell, width in zip(row, widths, strict=True)) + " |"
                     for row in ruled)  # fmt: skip


def _set(cell: str, width: int) -> str:
    return cell.rjust(width) if cell[:1].isdigit() and "," not in cell[:2] else cell.ljust(width)


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
