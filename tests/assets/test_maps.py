"""Maps drawn without anybody else: where things lie, how many become one, and what a tile server adds."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.template.loader import render_to_string
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.maps import LETTER, NARROW, WIDTH, Picture, Ring, Spot, draw
from config import safety
from config.variables import WrongSetting

TACOMA = Spot(47.2529, -122.4443, "site", "M-114")
SEATTLE = Spot(47.604, -122.33, "region", "M-115")
TILES = "https://tiles.example.com/{z}/{x}/{y}.png"


def drawn(*spots: Spot, rings: tuple[Ring, ...] = (), **facts: Any) -> Picture:
    picture = draw(title="Sites", said="Two sites.", spots=spots, rings=rings, **facts)
    assert picture is not None
    return picture


def as_html(picture: Picture) -> str:
    return render_to_string("parts/map.html", {"map": picture, "id": "m"})


def test_nothing_to_draw_is_no_map() -> None:
    assert draw(title="Sites", said="", spots=()) is None


def test_north_is_up_and_east_is_right() -> None:
    by_name = {dot.name: dot for dot in drawn(TACOMA, SEATTLE).dots}
    assert by_name["M-115"].y < by_name["M-114"].y
    assert by_name["M-115"].x > by_name["M-114"].x


def test_the_scale_bar_is_as_long_as_it_says() -> None:
    # 39.98 km lie between the two by the great circle.
    for country, words, meters in (("US", "10 mi", 10 * 1609.344), ("CA", "10 km", 10_000)):
        picture = drawn(TACOMA, SEATTLE, country=country)
        one, other = picture.dots
        apart = ((one.x - other.x) ** 2 + (one.y - other.y) ** 2) ** 0.5
        assert picture.scale_words == words
        assert apart / picture.scale * meters == pytest.approx(39_980, rel=0.01)


def test_a_ring_is_as_wide_as_it_says() -> None:
    picture = drawn(TACOMA, SEATTLE, rings=(Ring(TACOMA.latitude, TACOMA.longitude, 39_980),))
    one, other = picture.dots
    ((_, _, radius),) = picture.rings
    assert radius == pytest.approx(((one.x - other.x) ** 2 + (one.y - other.y) ** 2) ** 0.5, rel=0.01)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(-84, 84), st.floats(-180, 180)), min_size=1, max_size=40),
    st.lists(st.floats(1, 500_000), max_size=2),
)
def test_everything_lies_on_the_map_and_nobody_is_lost(places: list[tuple[float, float]], radii: list[float]) -> None:
    spots = [Spot(up, along, "region", f"S-{number}") for number, (up, along) in enumerate(places)]
    rings = tuple(Ring(spots[0].latitude, spots[0].longitude, radius) for radius in radii)
    widest = max(spot.longitude for spot in spots) - min(spot.longitude for spot in spots)
    for _, picture in drawn(*spots, rings=rings).drawings:
        assert sum(dot.number for dot in picture.dots) == len(spots)
        if widest <= 180:
            on_it = [-1 <= dot.x <= picture.width + 1 and -1 <= dot.y <= picture.height + 1 for dot in picture.dots]
            assert all(on_it)


def test_a_phone_has_a_drawing_of_its_own_with_everything_on_it() -> None:
    picture = drawn(TACOMA, SEATTLE)
    assert [where for where, _ in picture.drawings] == ["cw", "cn"]
    assert picture.narrow is not None
    assert (picture.width, picture.narrow.width) == (WIDTH, NARROW)
    assert {dot.name for dot in picture.narrow.dots} == {"M-114", "M-115"}
    assert picture.narrow.scale <= NARROW / 3
    assert len(picture.narrow.lines) >= 3


def test_the_words_of_the_grid_are_whole_and_apart_at_the_edges() -> None:
    for step in range(40):
        picture = drawn(TACOMA, Spot(47.6 + step / 20, -122.3 + step / 10, "site", "M-115"))
        for _, drawing in picture.drawings:
            for line in drawing.lines:
                assert 0 <= line.x <= drawing.width - LETTER * len(line.words)
                assert line.y == 14 or 30 <= line.y <= drawing.height


def points_of(path: str) -> list[tuple[int, int]]:
    """Every point of an outline, in pixels."""
    found = []
    assert re.fullmatch(r"(M-?\d+[ -]\d+l-?\d+[ -]\d+([ -]\d+[ -]\d+)*)*", path), "or it ends in the middle"
    for run in path.split("M")[1:]:
        x, y, *numbers = map(int, re.findall(r"-?\d+", run))
        found.append((x, y))
        for right, down in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + right, y + down
            found.append((x, y))
    return found


@pytest.mark.parametrize(
    ("latitude", "longitude", "name"),
    [
        (37.0, -109.045, "Four Corners"), (48.385, -124.72, "Cape Flattery"), (49.0, -123.03, "Point Roberts, border"),
        (36.14, -5.35, "Gibraltar"), (-55.98, -67.29, "Cape Horn"), (43.64, 141.35, "coast by Sapporo"),
        (21.26, -157.8, "Diamond Head"),
    ],
)  # fmt: skip
def test_coasts_and_borders_lie_where_they_lie(latitude: float, longitude: float, name: str) -> None:
    around = [Spot(latitude + up, longitude + up, "region", name) for up in (-1.5, 1.5)]
    place = drawn(Spot(latitude, longitude, "base", name), *around)
    (here,) = [dot for dot in place.dots if dot.fill == "me"]
    # Three degrees are about 300 pixels: within ten kilometers or so.
    near = min(((here.x - x) ** 2 + (here.y - y) ** 2) ** 0.5 for x, y in points_of(place.outline))
    assert near < 35


def test_a_map_of_the_world_is_a_small_page_and_one_of_a_block_has_no_line() -> None:
    world = drawn(Spot(60, -170, "region", "West"), Spot(-50, 5, "region", "Middle"), Spot(60, 170, "region", "East"))
    assert 2_000 < len(as_html(world)) < 60_000
    assert all(points_of(one.outline) for _, one in world.drawings)
    assert drawn(Spot(39.1, -98.5, "site", "In the middle of Kansas")).outline == ""


def test_two_sides_of_the_line_of_the_date_are_near() -> None:
    picture = drawn(Spot(-17.7, 178.0, "region", "Suva"), Spot(-13.8, -171.8, "region", "Apia"))
    west, east = sorted(picture.dots)
    assert (west.name, east.name) == ("Suva", "Apia")
    assert east.x - west.x < WIDTH


def test_ten_thousand_sites_are_a_small_map() -> None:
    spots = [Spot(30 + number % 100 / 8, -120 + number / 200, "region", f"S-{number}") for number in range(10_000)]
    picture = drawn(*spots, words={"region": "By region"})
    assert sum(dot.number for dot in picture.dots) == 10_000
    assert picture.legend == [("f1", "By region", 10_000)]
    assert len(as_html(picture)) < 60_000


def test_a_map_says_what_it_shows_and_styles_nothing_inline() -> None:
    html = as_html(drawn(TACOMA, Spot(47.3, -122.4, "other", "<b>M-116</b>")))
    assert 'role="img"' in html
    for where in ("cw", "cn"):
        assert f'<title id="m-{where}t">Sites</title>' in html
        assert f'<desc id="m-{where}d">Two sites.</desc>' in html
    assert "&lt;b&gt;M-116" in html
    assert "style=" not in html
    assert "<image" not in html


def test_a_tile_server_lies_under_the_drawing_and_is_named(settings: Any) -> None:
    settings.MAP_TILES, settings.MAP_TILES_CREDIT = TILES, "© Map makers"
    picture = drawn(TACOMA, SEATTLE)
    html = as_html(picture)
    assert "© Map makers" in html
    address = r"https://tiles\.example\.com/(\d+)/(\d+)/(\d+)\.png"
    for drawing, least, most in zip(html.split("<svg")[1:3], (6, 2), (15, 9), strict=True):
        found = {tuple(map(int, one)) for one in re.findall(address, drawing)}
        assert len({level for level, _, _ in found}) == 1
        assert least <= len(found) <= most
        # By the published formula of web maps: Tacoma at level 10 lies in 163/358; the map shows the tile of each spot.
        level = next(iter(found))[0]
        assert (level, 163 >> (10 - level), 358 >> (10 - level)) in found
    assert picture.outline == "", "the tiles have coasts of their own"


def test_only_the_tile_servers_own_origin_may_give_pictures() -> None:
    assert safety.tile_origin("") == []
    assert safety.tile_origin("https://tiles.example.com:8443/a/{z}/{x}/{y}.png?key=1") == [
        "https://tiles.example.com:8443"
    ]
    for wrong in ("https://tiles.example.com/map.png", "https://{s}.tiles.com/{z}/{x}/{y}.png",
                  "https://me:word@tiles.com/{z}/{x}/{y}.png", "https://tiles.com/{z}/{z}/{x}/{y}.png"):  # fmt: skip
        with pytest.raises(WrongSetting, match="MAP_TILES"):
            safety.tile_origin(wrong)
