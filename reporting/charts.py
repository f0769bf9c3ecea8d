"""Charts as numbers: where each column, line and label of a drawing lies. The page draws them as SVG, without script.

Every chart is drawn twice, for a wide and for a narrow place, because its text must stay of one size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

WIDE, NARROW = 720, 340
LEFT, TOP, BOTTOM = 44, 10, 176
LINES = 4
DENSE = 8
"""From this many columns on, a narrow drawing names every second one."""


class Column(NamedTuple):
    """One upright bar; `faded` is one whose time is not over yet."""

    x: str
    y: str
    width: str
    height: str
    faded: bool


class Label(NamedTuple):
    """One text: below a column at `at` from the left, or beside a line at `at` from the top."""

    at: str
    text: str


class Dot(NamedTuple):
    """One value of the line."""

    x: str
    y: str


@dataclass(frozen=True)
class Drawing:
    """One chart at one width."""

    width: int
    kind: str
    columns: list[Column]
    dots: list[Dot]
    names: list[Label]
    lines: list[Label]

    @property
    def path(self) -> str:
        """The line through what is over; the last dot stands alone when its time is not."""
        over = self.dots[:-1] if self.columns and self.columns[-1].faded else self.dots
        return " ".join(f"{dot.x},{dot.y}" for dot in over)


@dataclass(frozen=True)
class Chart:
    """One figure: what it is of, what it shows in a sentence, its two drawings and its numbers as a table."""

    name: str
    title: str
    finding: str
    series: tuple[str, ...]
    rows: list[tuple[str, list[str]]]
    drawings: list[Drawing]


def chart(
    name: str,
    *,
    title: str,
    finding: str,
    series: Sequence[str],
    names: Sequence[str],
    values: Sequence[Sequence[float]],
    unfinished: bool = False,
    said: Callable[[float], str] = "{:,.0f}".format,
) -> Chart:
    """Columns for the first of `values`, a line for the second if there is one; `said` writes a number."""
    rows = [(named, [said(numbers[place]) for numbers in values]) for place, named in enumerate(names)]
    drawings = [_drawn(width, kind, names, values, unfinished, said) for width, kind in ((WIDE, "cw"), (NARROW, "cn"))]
    return Chart(name, title, finding, tuple(series), rows, drawings)


def _drawn(
    width: int,
    kind: str,
    names: Sequence[str],
    values: Sequence[Sequence[float]],
    unfinished: bool,
    said: Callable[[float], str],
) -> Drawing:
    step = step_of(max([value for numbers in values for value in numbers] + [1]))
    top = step * LINES
    slot = (width - LEFT) / max(len(names), 1)
    broad = min(slot * 0.58, 28)
    centers = [LEFT + slot * (place + 0.5) for place in range(len(names))]

    def height(value: float) -> float:
        return (BOTTOM - TOP) * value / top

    last = len(names) - 1
    columns = [
        Column(
            f"{center - broad / 2:.1f}", f"{BOTTOM - height(value):.1f}", f"{broad:.1f}", f"{height(value):.1f}",
            unfinished and place == last,
        )
        for place, (center, value) in enumerate(zip(centers, values[0], strict=True))
    ]  # fmt: skip
    dots = [
        Dot(f"{center:.1f}", f"{BOTTOM - height(value):.1f}")
        for center, value in zip(centers, values[1] if len(values) > 1 else (), strict=False)
    ]
    sparse = 2 if kind == "cn" and len(names) >= DENSE else 1
    shown = [
        Label(f"{center:.1f}", named)
        for place, (center, named) in enumerate(zip(centers, names, strict=True))
        if (last - place) % sparse == 0
    ]
    lines = [Label(f"{BOTTOM - height(step * number):.1f}", said(step * number)) for number in range(LINES + 1)]
    return Drawing(width, kind, columns, dots, shown, lines)


def step_of(most: float) -> float:
    """The round distance between lines, so that `LINES` of them reach over the highest value."""
    step = 1.0
    while True:
        for factor in (1, 2, 2.5, 5):
            if factor * step * LINES >= most and (factor * step).is_integer():
                return factor * step
        step *= 10
