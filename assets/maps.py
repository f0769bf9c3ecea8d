"""Maps drawn by the server: places as dots, radii as circles, without a script and without anybody else's server.

Coasts and borders come from a file of our own (`assets/outlines.py`). The projection is that of web maps, so that
pictures of a tile server fit under the drawing instead, where the operator names one (`MAP_TILES`). Each map is drawn
twice, for wide and for narrow places, so that its words are as large on a phone as on a desk. Many dots that would
cover one another become one with their number: a map of ten thousand sites is as small as one of a hundred. Everything
on it stands beside it as a list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import atan, ceil, cos, degrees, floor, log2, log10, pi, radians, sinh
from typing import Any, NamedTuple

from django.conf import settings

from accounts.words import METERS_PER_MILE
from assets.outlines import across, down, outlines

TILE = 256
WIDTH, HEIGHT = 720, 400
NARROW, LOW = 360, 300
"""The drawing for a phone."""
MARGIN = 36
CELL = 30
"""Dots closer than about this many pixels are told as one."""
NEAREST, FARTHEST = 15.0, 0.0
"""Zoom levels between which a map is drawn: a street, and the world."""
SMALLEST = 4
"""Pixels below which an island is not drawn."""
NEXT = 2.5
"""Pixels between two points of an outline, at least."""
EARTH_M = 40_075_016.686
"""Around the equator."""
LINES = (90, 45, 30, 20, 10, 5, 2, 1, 0.5, 0.25, 0.1, 0.05, 0.02, 0.01, 0.005)
"""Degrees between two lines of the grid."""
LETTER = 6.5
"""Pixels that a letter of the grid's words takes at most, on average."""


class Spot(NamedTuple):
    """One place. `look` says how it is drawn and what it counts as: a key of LOOKS."""

    latitude: float
    longitude: float
    look: str
    name: str


class Ring(NamedTuple):
    """A circle around a place."""

    latitude: float
    longitude: float
    radius_m: float


LOOKS = {"base": "me", "site": "pin", "region": "f1", "single": "f3", "radius": "f2", "out": "fx", "other": "fo"}
"""How a spot is filled."""
ON_TOP = ("base", "site")
"""Looks that are never told as one with others, and lie above them."""


class Dot(NamedTuple):
    """One spot, or several as one, as drawn."""

    x: float
    y: float
    radius: float
    fill: str
    number: int
    name: str


class Line(NamedTuple):
    """A line of the grid with its words."""

    path: str
    x: float
    y: float
    words: str


class Tile(NamedTuple):
    """One picture of a tile server, where it lies."""

    address: str
    x: float
    y: float
    size: float


@dataclass(frozen=True)
class Picture:
    """A map, ready to be written as SVG."""

    title: str
    said: str
    dots: list[Dot]
    rings: list[tuple[float, float, float]]
    lines: list[Line]
    tiles: list[Tile]
    scale: float
    """How many pixels the scale bar is long."""
    scale_words: str
    credit: str = ""
    width: int = WIDTH
    height: int = HEIGHT
    legend: list[tuple[str, str, int]] = field(default_factory=list)
    """What each fill means, and how many spots have it."""
    outline: str = ""
    """Coasts and borders as one path."""
    narrow: Picture | None = None
    """The same map for a narrow place."""

    @property
    def drawings(self) -> list[tuple[str, Picture]]:
        """Both drawings, each with where it is seen: `cw` in wide, `cn` in narrow places."""
        return [("cw", self), *([("cn", self.narrow)] if self.narrow else ())]

    @property
    def bar(self) -> str:
        """The scale bar as a path."""
        right, low = self.width - 12, self.height - 12
        return f"M{right - self.scale:.1f} {low - 5}v5H{right}v-5"

    @property
    def bar_x(self) -> int:
        return self.width - 12

    @property
    def bar_y(self) -> int:
        return self.height - 22


def _latitude(down: float) -> float:
    return degrees(atan(sinh(pi * (1 - 2 * down))))


def draw(
    *, title: str, said: str, spots: Sequence[Spot], rings: Iterable[Ring] = (), country: str = "US",
    words: Mapping[str, str] | None = None,
) -> Picture | None:  # fmt: skip
    """The map of these places; None where there is nothing to draw.

    `said` tells it to whoever does not see it, `words` what each look means. In miles where `country` is US.
    """
    rings = list(rings)
    if not spots and not rings:
        return None
    counts = Counter(spot.look for spot in spots)

    def picture(width: int, height: int, **facts: Any) -> Picture:
        view = _View(spots, rings, width, height)
        placed = [(spot, *view.place(spot.latitude, spot.longitude)) for spot in spots]
        step, length = _scale(view.meters_per_pixel, width, country)
        return Picture(
            title, said, _dots(placed),
            [(*view.place(ring.latitude, ring.longitude), view.pixels(ring)) for ring in rings],
            list(view.lines()), list(view.tiles()), step, length, width=width, height=height, outline=view.outline(),
            **facts,
        )  # fmt: skip

    return picture(
        WIDTH, HEIGHT, narrow=picture(NARROW, LOW), credit=settings.MAP_TILES_CREDIT if settings.MAP_TILES else "",
        legend=[(LOOKS[look], said, 0 if look in ON_TOP else counts[look])
                for look, said in (words or {}).items() if counts[look]],
    )  # fmt: skip


class _View:
    """The part of the world that is shown, and how large."""

    def __init__(self, spots: Sequence[Spot], rings: Sequence[Ring], width: int, height: int) -> None:
        longitudes = [spot.longitude for spot in spots] + [ring.longitude for ring in rings]
        self.turned = max(longitudes) - min(longitudes) > 180  # shorter over the line where the date changes
        self.width, self.height = width, height
        west, east, north, south = 2.0, -1.0, 2.0, -1.0
        for spot in spots:
            x, y = self._world(spot.latitude, spot.longitude)
            west, east, north, south = min(west, x), max(east, x), min(north, y), max(south, y)
        for ring in rings:
            x, y = self._world(ring.latitude, ring.longitude)
            reach = self._reach(ring)
            west, east = min(west, x - reach), max(east, x + reach)
            north, south = min(north, y - reach), max(south, y + reach)
        wide, high = (width - 2 * MARGIN) / TILE, (height - 2 * MARGIN) / TILE
        room = min(wide / max(east - west, 1e-9), high / max(south - north, 1e-9))
        zoom = max(FARTHEST, min(NEAREST, log2(room)))
        self.zoom: float = floor(zoom) if settings.MAP_TILES else zoom
        self.scale = TILE * 2**self.zoom
        self.left = (west + east) / 2 * self.scale - width / 2
        self.top = (north + south) / 2 * self.scale - height / 2
        middle = _latitude((north + south) / 2)
        self.meters_per_pixel = EARTH_M * cos(radians(middle)) / self.scale

    def _world(self, latitude: float, longitude: float) -> tuple[float, float]:
        x = across(longitude)
        return (x + 1 if self.turned and longitude < 0 else x), down(latitude)

    @staticmethod
    def _reach(ring: Ring) -> float:
        """The radius in widths of the world, at the ring's own latitude."""
        return ring.radius_m / (EARTH_M * max(0.05, cos(radians(ring.latitude))))

    def place(self, latitude: float, longitude: float) -> tuple[float, float]:
        x, y = self._world(latitude, longitude)
        return round(x * self.scale - self.left, 1), round(y * self.scale - self.top, 1)

    def pixels(self, ring: Ring) -> float:
        return round(self._reach(ring) * self.scale, 1)

    def lines(self) -> Iterator[Line]:
        """Meridians and parallels at round degrees, two to six each way."""
        west, east = (360 * edge / self.scale - 180 for edge in (self.left, self.left + self.width))
        least = 3 if self.width > NARROW else 2
        every = next((step for step in LINES if (east - west) / step >= least), LINES[-1])
        for number in range(ceil(west / every), floor(east / every) + 1):
            x = round((across(number * every)) * self.scale - self.left, 1)
            words = _degrees(number * every, "E", "W")
            length = LETTER * len(words)
            words_x = x + 4 if x + 4 + length <= self.width else round(x - 4 - length, 1)
            yield Line(f"M{x} 0V{self.height}", words_x, 14, words)
        north, south = (_latitude(edge / self.scale) for edge in (self.top, self.top + self.height))
        for number in range(ceil(south / every), floor(north / every) + 1):
            y = round(down(number * every) * self.scale - self.top, 1)
            yield Line(f"M0 {y}H{self.width}", 6, max(y - 4, 30), _degrees(number * every, "N", "S"))

    def outline(self) -> str:
        """Coasts and borders in sight as one path, no finer than it is drawn; nothing where tiles lie under the map."""
        if settings.MAP_TILES:
            return ""
        paths = []
        for line in outlines():
            shift = 1 if self.turned and line.east <= 0.5 else 0
            left, right = ((edge + shift) * self.scale - self.left for edge in (line.west, line.east))
            top, bottom = (edge * self.scale - self.top for edge in (line.north, line.south))
            if right < 0 or left > self.width or bottom < 0 or top > self.height:
                continue
            if right - left + bottom - top >= SMALLEST:
                points = [((x + shift) * self.scale - self.left, y * self.scale - self.top) for x, y in line.points]
                paths += [_as_path(run) for run in self._in_sight(points)]
        return "".join(paths)

    def _in_sight(self, points: Sequence[tuple[float, float]]) -> Iterator[list[tuple[int, int]]]:
        """The runs of a line that may cross the view, in whole pixels."""
        run: list[tuple[int, int]] = []
        for number, (start, end) in enumerate(pairwise(points), start=2):
            (x, y), (a, b) = start, end
            if max(x, a) < 0 or min(x, a) > self.width or max(y, b) < 0 or min(y, b) > self.height:
                if len(run) > 1:
                    yield run
                run = []
                continue
            run = run or [(round(x), round(y))]
            if abs(a - run[-1][0]) + abs(b - run[-1][1]) >= NEXT or number == len(points):
                run.append((round(a), round(b)))
        if len(run) > 1:
            yield run

    def tiles(self) -> Iterator[Tile]:
        """The pictures of the tile server that lie under the map."""
        if not settings.MAP_TILES:
            return
        level, many = int(self.zoom), 2 ** int(self.zoom)
        for row in range(floor(self.top / TILE), ceil((self.top + self.height) / TILE)):
            for column in range(floor(self.left / TILE), ceil((self.left + self.width) / TILE)):
                if 0 <= row < many:
                    address = settings.MAP_TILES.format(z=level, x=column % many, y=row)
                    x, y = round(column * TILE - self.left, 1), round(row * TILE - self.top, 1)
                    yield Tile(address, x, y, TILE)


def _as_path(points: Sequence[tuple[int, int]]) -> str:
    """A line as SVG writes it shortest: a minus parts two numbers as well as a space does."""
    steps = " ".join(f"{a - x} {b - y}" for (x, y), (a, b) in pairwise(points) if (a, b) != (x, y))
    return f"M{points[0][0]} {points[0][1]}l{steps}".replace(" -", "-") if steps else ""


def _degrees(value: float, positive: str, negative: str) -> str:
    turned = (value + 180) % 360 - 180 if positive == "E" else value
    return f"{abs(turned):g}° {positive if turned >= 0 else negative}"


def _dots(placed: Sequence[tuple[Spot, float, float]]) -> list[Dot]:
    """Spots that lie in one cell of a grid as one, at their middle, filled as most of them are."""
    cells: dict[tuple[int, int], list[tuple[Spot, float, float]]] = {}
    single = []
    for one in placed:
        spot, x, y = one
        if spot.look in ON_TOP:
            single.append(Dot(x, y, 7, LOOKS[spot.look], 1, spot.name))
        else:
            cells.setdefault((floor(x / CELL), floor(y / CELL)), []).append(one)
    dots = []
    for held in cells.values():
        looks = Counter(spot.look for spot, _, _ in held)
        seen = [look for look in looks if look != "other"] or ["other"]
        look = max(seen, key=lambda name: (looks[name], name))
        x = round(sum(across for _, across, _ in held) / len(held), 1)
        y = round(sum(down for _, _, down in held) / len(held), 1)
        if len(held) == 1:
            dots.append(Dot(x, y, 5, LOOKS[look], 1, held[0][0].name))
            continue
        size = 9 if len(held) < 10 else 11 if len(held) < 100 else 13
        names = ", ".join(spot.name for spot, _, _ in held[:3])
        more = f" and {len(held) - 3} more" if len(held) > 3 else ""
        dots.append(Dot(x, y, size, LOOKS[look], len(held), f"{names}{more}"))
    dots.sort(key=lambda dot: (dot.fill != LOOKS["other"], dot.x, dot.y))
    return dots + single


def _scale(meters_per_pixel: float, width: int, country: str) -> tuple[float, str]:
    """How long the scale bar is, in pixels, and the round distance that it stands for."""
    unit = METERS_PER_MILE if country == "US" else 1000.0
    most = min(140, width / 3) * meters_per_pixel / unit
    size = 10.0 ** floor(log10(most))
    length = next(size * factor for factor in (5, 2, 1) if size * factor <= most * 1.0000001)
    words = f"{length:g} {'mi' if country == 'US' else 'km'}"
    return round(length * unit / meters_per_pixel, 1), words
