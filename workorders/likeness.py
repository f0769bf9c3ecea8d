"""How alike two descriptions are, and how well that tells a repeated report from a new one.

The measure is the token-set ratio: the words that both have in common against the words of each, whatever their
order and number. `curve` holds it against records in which people wrote down what repeats what.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from rapidfuzz import fuzz, process, utils

FILLERS = frozenset({
    "a", "again", "an", "and", "are", "at", "been", "for", "from", "has", "have", "in", "is", "it", "its", "of",
    "on", "or", "our", "since", "still", "that", "the", "there", "this", "to", "too", "very", "was", "we", "were",
    "with",
})  # fmt: skip
"""Words that say nothing of what is broken: that two people use them makes no likeness."""

READ = 1_000
"""Characters of a description that are compared; nobody says something new after that."""

METERS_OF_A_DEGREE = 111_320
CELL = 0.001
"""Degrees: the side of the squares in which records are looked for, about a hundred meters."""


def alike(one: str, other: str) -> float:
    """Likeness of two descriptions, 0 to 1, whatever the order of words."""
    return fuzz.token_set_ratio(one[:READ], other[:READ], processor=_told) / 100


def likest[Key](words: str, among: Mapping[Key, str], *, least: float) -> dict[Key, float]:
    """Which of `among` are at least so much like `words`, with their likeness, the likest first."""
    found = process.extract(
        words[:READ], among, scorer=fuzz.token_set_ratio, processor=_told, score_cutoff=least * 100, limit=None
    )
    return {key: likeness / 100 for _, likeness, key in found}


def _told(words: str) -> str:
    """The words that tell something, in lower case, without punctuation."""
    return " ".join(word for word in utils.default_process(words).split() if word not in FILLERS)


# Held against records


class Columns(NamedTuple):
    """What the columns of a file are called."""

    key: str = "CASE_ENQUIRY_ID"
    opened: str = "OPEN_DT"
    closed: str = "CLOSED_DT"
    words: str = "CASE_TITLE"
    reason: str = "CLOSURE_REASON"
    latitude: str = "LATITUDE"
    longitude: str = "LONGITUDE"
    moment: str = "%m/%d/%Y %I:%M:%S %p"


@dataclass(eq=False)
class Record:
    """One request as a file tells it."""

    key: str
    words: str
    opened: datetime
    closed: datetime | None
    place: tuple[float, float]
    repeats: Record | None = field(default=None, repr=False)

    def open_at(self, at: datetime) -> bool:
        return self.opened <= at and (self.closed is None or self.closed > at)

    def meters_to(self, other: Record) -> float:
        north = (self.place[0] - other.place[0]) * METERS_OF_A_DEGREE
        east = (self.place[1] - other.place[1]) * METERS_OF_A_DEGREE * math.cos(math.radians(self.place[0]))
        return math.hypot(north, east)


class Point(NamedTuple):
    """What one threshold would have done: of the warnings, how many were right; of the repeats, how many it found."""

    threshold: float
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        return _f(self.precision, self.recall, 1)

    @property
    def f2(self) -> float:
        """Finding counts twice as much as being right: a warning costs a look, a miss costs a trip."""
        return _f(self.precision, self.recall, 2)


def _f(precision: float, recall: float, weight: int) -> float:
    below = weight**2 * precision + recall
    return (1 + weight**2) * precision * recall / below if below else 0.0


@dataclass(frozen=True)
class Curve:
    """The measure over every threshold, and what it was held against."""

    points: Sequence[Point]
    reports: int
    repeats: int
    others: int
    crowded: int

    @property
    def best(self) -> Point:
        """The threshold with the highest F2, and of equals the one that warns less."""
        return max(self.points, key=lambda point: (round(point.f2, 3), point.threshold))


def records_of(rows: Iterable[Mapping[str, str]], columns: Columns) -> list[Record]:
    """The rows of a file that have a time and a place, each with the record that it is said to repeat.

    A closure that says "duplicate" and names a number is believed where that number is in the file; a number without
    its first digits is taken for the one that ends with it and begins as this one does. Raises KeyError for a column
    that is not there, ValueError for a moment in another form.
    """
    known: dict[str, Record] = {}
    told: list[tuple[Record, str]] = []
    for row in rows:
        if not (row[columns.latitude] and row[columns.longitude] and row[columns.opened]):
            continue
        closed = row[columns.closed]
        one = Record(
            row[columns.key],
            row[columns.words],
            _moment(row[columns.opened], columns),
            _moment(closed, columns) if closed else None,
            (float(row[columns.latitude]), float(row[columns.longitude])),
        )
        known[one.key] = one
        if "dup" in row[columns.reason].lower():
            told.append((one, re.sub(r"Closed date : [\d\-: .]+", "", row[columns.reason])))
    for one, reason in told:
        for digits in re.findall(r"\d{6,}", reason):
            original = known.get(digits) or known.get(one.key[: -len(digits)] + digits)
            if original is not None and original is not one:
                one.repeats = original
                break
    return list(known.values())


def _moment(text: str, columns: Columns) -> datetime:
    """Which zone it is in does not matter where moments are only compared."""
    return datetime.strptime(text, columns.moment).replace(tzinfo=UTC)


def curve(records: Sequence[Record], *, meters: float, thresholds: Iterable[float], crowd: int = 50) -> Curve:
    """Precision and recall of `alike` over `thresholds`, among what was open nearby when a repeat came in.

    Only reports that people marked as a repeat are asked: of those alone it is known what they repeat. Where more than
    `crowd` requests were open within `meters` the place is a catch-all address and tells nothing; they are counted and
    left out.
    """
    near, family = _nearby(records), _families(records)
    repeats: list[float] = []
    others: list[float] = []
    reports = crowded = 0
    for later in dict.fromkeys(_later(one, one.repeats) for one in records if one.repeats):
        around = [one for one in near(later) if one.open_at(later.opened) and later.meters_to(one) <= meters]
        if len(around) > crowd:
            crowded += 1
            continue
        reports += 1
        for one in around:
            (repeats if family(one) is family(later) else others).append(alike(later.words, one.words))
    points = []
    for threshold in thresholds:
        right = sum(value >= threshold for value in repeats)
        warned = right + sum(value >= threshold for value in others)
        points.append(Point(threshold, right / warned if warned else 1.0, right / len(repeats) if repeats else 0.0))
    return Curve(points, reports, len(repeats), len(others), crowded)


def _later(one: Record, other: Record) -> Record:
    return one if one.opened >= other.opened else other


def _nearby(records: Sequence[Record]) -> Nearby:
    cells: dict[tuple[int, int], list[Record]] = defaultdict(list)
    for one in records:
        cells[_cell(one)].append(one)
    return Nearby(cells)


def _cell(one: Record) -> tuple[int, int]:
    return int(one.place[0] / CELL), int(one.place[1] / CELL)


@dataclass(frozen=True)
class Nearby:
    """Records by the square in which they lie."""

    cells: Mapping[tuple[int, int], Sequence[Record]]

    def __call__(self, one: Record) -> Iterator[Record]:
        """The others in the square of `one` and in those around it."""
        row, column = _cell(one)
        for north in (row - 1, row, row + 1):
            for east in (column - 1, column, column + 1):
                yield from (other for other in self.cells.get((north, east), ()) if other is not one)


def _families(records: Sequence[Record]) -> Families:
    parents: dict[Record, Record] = {}
    families = Families(parents)
    for one in records:
        if one.repeats is not None:
            parents[families(one)] = families(one.repeats)
    return families


@dataclass(frozen=True)
class Families:
    """Which records are about the same thing: whatever repeats the same, repeats each other."""

    parents: dict[Record, Record]

    def __call__(self, one: Record) -> Record:
        while (above := self.parents.get(one, one)) is not one:
            one = above
        return one
