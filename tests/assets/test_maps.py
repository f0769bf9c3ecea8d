"""Maps drawn without anybody else: where things lie, how many become one, and what a tile server adds."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from assets.maps import HEIGHT, WIDTH, Picture, Ring, Spot, draw
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


@given(
    st.lists(st.tuples(st.floats(-84, 84), st.floats(-180, 180)), min_size=1, max_size=40),
    st.lists(st.floats(1, 500_000), max_size=2),
)
def test_everything_lies_on_the_map_and_nobody_is_lost(places: list[tuple[float, float]], radii: list[float]) -> None:
    spots = [Spot(up, along, "region", f"S-{number}") for number, (up, along) in enumerate(places)]
    rings = tuple(Ring(spots[0].latitude, spots[0].longitude, radius) for radius in radii)
    picture = drawn(*spots, rings=rings)
    assert sum(dot.number for dot in picture.dots) == len(spots)
    widest = max(spot.longitude for spot in spots) - min(spot.longitude for spot in spots)
    if widest <= 180:
        assert all(-1 <= dot.x <= WIDTH + 1 and -1 <= dot.y <= HEIGHT + 1 for dot in picture.dots)


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
    assert '<title id="m-t">Sites</title>' in html
    assert '<desc id="m-d">Two sites.</desc>' in html
    assert "&lt;b&gt;M-116" in html
    assert "style=" not in html
    assert "<image" not in html


def test_a_tile_server_lies_under_the_drawing_and_is_named(settings: Any) -> None:
    settings.MAP_TILES, settings.MAP_TILES_CREDIT = TILES, "© Map makers"
    picture = drawn(TACOMA, SEATTLE)
    html = as_html(picture)
    assert "© Map makers" in html
    found = {tuple(map(int, one)) for one in re.findall(r"https://tiles\.example\.com/(\d+)/(\d+)/(\d+)\.png", html)}
    assert len({level for level, _, _ in found}) == 1
    assert 6 <= len(found) <= 15
    # By the published formula of web maps: Tacoma at level 10 lies in 163/358; the map shows the tile of each spot.
    level = next(iter(found))[0]
    assert (level, 163 >> (10 - level), 358 >> (10 - level)) in found


def test_only_the_tile_servers_own_origin_may_give_pictures() -> None:
    assert safety.tile_origin("") == []
    assert safety.tile_origin("https://tiles.example.com:8443/a/{z}/{x}/{y}.png?key=1") == [
        "https://tiles.example.com:8443"
    ]
    for wrong in ("https://tiles.example.com/map.png", "https://{s}.tiles.com/{z}/{x}/{y}.png",
                  "https://me:word@tiles.com/{z}/{x}/{y}.png", "https://tiles.com/{z}/{z}/{x}/{y}.png"):  # fmt: skip
        with pytest.raises(WrongSetting, match="MAP_TILES"):
            safety.tile_origin(wrong)
