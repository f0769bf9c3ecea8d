"""Coasts and borders: from two public files to one small one, and back."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from assets.outlines import FILE, STEPS, outlines, read, reduced, simplified, write

TRANSFORM = {"scale": [0.01, 0.01], "translate": [0, 0]}
WORLD: dict[str, Any] = {
    "transform": TRANSFORM,
    "arcs": [
        [[0, 0], [100, 0], [100, 1], [100, 0]],  # one that is all but straight
        [[5000, 5000], [100, 100]],  # of the States
        [[5000, 5000], [1, 1]],  # a rock
        [[18000, 0], [0, 900]],  # where the world is cut open
    ],
    "objects": {"countries": {"geometries": [
        {"id": "124", "arcs": [[[0, ~1]]]}, {"id": "840", "arcs": [[[1]]]}, {"id": "152", "arcs": [[2], [3]]},
    ]}},
}  # fmt: skip
STATES: dict[str, Any] = {"transform": TRANSFORM, "arcs": [[[5000, 5000], [50, 60], [50, 40]]], "objects": {}}


def test_lines_are_thinned_and_the_states_come_from_the_finer_file() -> None:
    assert reduced(WORLD, STATES) == [[(0, 0), (3, 0.01)], [(50, 50), (50.5, 50.6), (51, 51)]]


def test_the_command_writes_what_maps_read(tmp_path: Path) -> None:
    for name, topology in (("world", WORLD), ("states", STATES)):
        (tmp_path / name).write_text(json.dumps(topology))
    made = tmp_path / "made.gz"
    call_command("outlines", tmp_path / "world", tmp_path / "states", to=made)
    text = gzip.decompress(made.read_bytes()).decode()
    assert text == "0,0 300,1\n5000,5000 50,60 50,40\n"
    assert list(read(text)) == reduced(WORLD, STATES)


POINT = st.tuples(st.integers(-18_000, 18_000), st.integers(-8_500, 8_500)).map(
    lambda at: (at[0] / STEPS, at[1] / STEPS)
)


@given(st.lists(st.lists(POINT, min_size=1, max_size=8), min_size=1, max_size=5))
def test_what_is_written_is_read(lines: list[list[tuple[float, float]]]) -> None:
    assert list(read(write(lines))) == lines


@given(st.lists(POINT, min_size=2, max_size=30), st.floats(0, 5))
def test_a_thinner_line_keeps_its_ends_and_adds_no_point(line: list[tuple[float, float]], within: float) -> None:
    thin = simplified(line, within)
    assert (thin[0], thin[-1]) == (line[0], line[-1])
    left = iter(line)
    assert all(point in left for point in thin)


def test_the_file_is_small_and_lies_on_the_globe() -> None:
    assert FILE.stat().st_size < 100_000
    lines = outlines()
    assert len(lines) > 1_000
    assert all(0 <= line.west <= line.east <= 1 and 0 <= line.north <= line.south <= 1 for line in lines)
