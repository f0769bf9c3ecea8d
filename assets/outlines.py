"""Coasts and borders under maps that ask nobody else: read from a small file, made from public data.

The file holds a line in each row, in hundredths of a degree: longitude,latitude, then the steps from point to point. It
is written by `manage.py outlines` from Natural Earth (countries) and the US Census Bureau (states), both in the public
domain; see docs/decisions/0023.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from math import asinh, hypot, pi, radians, tan
from pathlib import Path
from typing import Any, NamedTuple

FILE = Path(__file__).with_name("outlines.txt.gz")
STEPS = 100
"""Of a degree: about a kilometer."""
COARSE, FINE = 0.05, 0.01
"""How far, in degrees, a line of the world or of the States may lie beside the true one."""
LEAST = 0.15
"""Degrees below which an island is left out."""
STATES = "840"
"""How the world's file calls the United States, whose lines come from the finer one."""
MOST_NORTHERN = 85.0511
"""Where the projection of web maps ends."""

type Line = list[tuple[float, float]]


class Outline(NamedTuple):
    """One line in widths of the world, from 180° west and from the northern edge; and the box around it."""

    points: Line
    west: float
    east: float
    north: float
    south: float


def across(longitude: float) -> float:
    """How far east, in widths of the world."""
    return (longitude + 180) / 360


def down(latitude: float) -> float:
    """How far south, in widths of the world, as web maps draw it."""
    held = max(-MOST_NORTHERN, min(MOST_NORTHERN, latitude))
    return (1 - asinh(tan(radians(held))) / pi) / 2


@cache
def outlines() -> list[Outline]:
    """Every line there is; read once."""
    return [_placed(line) for line in read(gzip.decompress(FILE.read_bytes()).decode())]


def _placed(line: Line) -> Outline:
    points = [(across(longitude), down(latitude)) for longitude, latitude in line]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Outline(points, min(xs), max(xs), min(ys), max(ys))


def read(text: str) -> Iterator[Line]:
    """The lines of a file, in degrees (longitude, latitude)."""
    for row in text.splitlines():
        x = y = 0
        line = []
        for step in row.split():
            right, up = step.split(",")
            x, y = x + int(right), y + int(up)
            line.append((x / STEPS, y / STEPS))
        yield line


# Making the file


def write(lines: Iterable[Line]) -> str:
    """Lines in degrees as the text of the file."""
    rows = []
    for line in lines:
        points = [(round(x * STEPS), round(y * STEPS)) for x, y in line]
        starts = [(0, 0), *points]
        rows.append(" ".join(f"{x - a},{y - b}" for (a, b), (x, y) in zip(starts, points, strict=False)))
    return "\n".join(rows) + "\n"


def reduced(world: Mapping[str, Any], states: Mapping[str, Any]) -> list[Line]:
    """The lines of two TopoJSON topologies (`countries`, `states`) with as few points as will do.

    Lines of the States come from `states` alone; so do the edges where the world is cut open.
    """
    ours = {
        arc
        for country in world["objects"]["countries"]["geometries"] if country.get("id") == STATES
        for arc in _arcs_of(country["arcs"])
    }  # fmt: skip
    found = [simplified(line, COARSE) for number, line in enumerate(_lines(world)) if number not in ours]
    found += [simplified(line, FINE) for line in _lines(states)]
    return [line for line in found if _extent(line) > LEAST and not _is_edge(line)]


def _arcs_of(nested: Any) -> Iterator[int]:
    if isinstance(nested, int):
        yield nested if nested >= 0 else ~nested
    else:
        for one in nested:
            yield from _arcs_of(one)


def _lines(topology: Mapping[str, Any]) -> Iterator[Line]:
    (wide, high), (left, low) = topology["transform"]["scale"], topology["transform"]["translate"]
    for arc in topology["arcs"]:
        x = y = 0
        line = []
        for right, up in arc:
            x, y = x + right, y + up
            line.append((x * wide + left, y * high + low))
        yield line


def _extent(line: Line) -> float:
    xs, ys = [x for x, _ in line], [y for _, y in line]
    return max(xs) - min(xs) + max(ys) - min(ys)


def _is_edge(line: Line) -> bool:
    """Whether a line is where the flat world ends, not a coast."""
    return all(abs(x) > 179.9 for x, _ in line) or all(y < -MOST_NORTHERN for _, y in line)


def simplified(line: Sequence[tuple[float, float]], within: float) -> Line:
    """The line with only the points it needs to lie `within` that distance of itself (Douglas and Peucker)."""
    kept, open_parts = {0, len(line) - 1}, [(0, len(line) - 1)]
    while open_parts:
        first, last = open_parts.pop()
        (left, low), (right, high) = line[first], line[last]
        wide, tall = right - left, high - low
        length = hypot(wide, tall)
        farthest, away = 0, within
        for number in range(first + 1, last):
            x, y = line[number][0] - left, line[number][1] - low
            beside = abs(x * tall - y * wide) / length if length else hypot(x, y)
            if beside > away:
                farthest, away = number, beside
        if farthest:
            kept.add(farthest)
            open_parts += [(first, farthest), (farthest, last)]
    return [line[number] for number in sorted(kept)]
