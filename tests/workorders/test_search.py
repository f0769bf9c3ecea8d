"""Search: by number, by words, over everything a person sees and nothing else."""

import pytest
import time_machine

from tests.factories.clock import NOW
from tests.factories.workorders import Story
from workorders import search


@pytest.fixture(autouse=True)
def at_nine():
    with time_machine.travel(NOW, tick=False):
        yield


def labels(client, words, **more):
    page = client.get("/search", {"q": words, **more})
    return [hit.label for group in page.context["groups"] for hit in group.hits]


@pytest.mark.parametrize(
    ("words", "number"),
    [("WO-000123", "WO-000123"), ("wo 123", "WO-000123"), ("123", "WO-000123"), ("WO123", "WO-000123"),
     ("cooler 123", ""), ("RF-114-02", ""), ("", "")],
)  # fmt: skip
def test_a_number_is_known_however_it_is_spelled(words, number):
    assert search.number_of(words) == number


def test_a_number_goes_straight_to_its_page(cast, enter):
    row = Story(cast).reported().work_order
    answer = enter(cast.fm).get("/search", {"q": row.number.lower()})
    assert answer.url == f"/work-orders/{row.number}"


@pytest.mark.parametrize("words", ["walk-in", "cooler war", "WARM", "RF-114-02", "hilltop", "M-114", "refrig"])
def test_words_find_open_work(cast, words):
    row = Story(cast).reported().work_order
    assert search.find(cast.fm, words) == [row]


@pytest.mark.parametrize("words", ["volcano", "'; drop table", "a & b |", "!", ":*", "   ", "(", "\\"])
def test_words_without_match_and_signs_find_nothing(cast, words):
    Story(cast).reported()
    assert search.find(cast.fm, words, history=True) == []


def test_what_is_over_is_found_when_history_is_asked_for(cast, monkeypatch):
    row = Story(cast).canceled().work_order
    assert search.find(cast.fm, "cooler") == []
    assert search.find(cast.fm, "cooler", history=True) == [row]
    monkeypatch.setattr(search, "FEW", -1)
    assert search.find(cast.fm, "cooler", history=True) == [row]


def test_the_page_looks_through_what_is_over_when_nothing_is_open(cast, enter):
    over = Story(cast).canceled().work_order
    assert over.number in enter(cast.fm).get("/search?q=cooler").content.decode()
    fresh = Story(cast).reported().work_order
    told = enter(cast.fm).get("/search?q=cooler").content.decode()
    assert fresh.number in told
    assert over.number not in told


def test_sites_assets_and_vendors_are_found_by_code_and_by_words(cast, enter):
    assert cast.cooler
    assert cast.cascade
    desk = enter(cast.fm)
    assert labels(desk, "m-114") == ["M-114 Tacoma Hilltop"]
    assert labels(desk, "RF-114-02") == ["RF-114-02 Walk-in cooler 2"]
    assert labels(desk, "casc") == ["Cascade Refrigeration"]


def test_people_are_found_by_those_who_manage_them(cast, enter):
    assert cast.technician
    assert labels(enter(cast.admin), "tess") == ["Tess Technician"]
    assert labels(enter(cast.fm), "tess") == []


def test_the_other_side_of_the_wall_is_never_found(cast, enter):
    Story(cast).reported(by=cast.foreign_store, site=cast.desert, asset=None, description="Quixotic hum")
    desk = enter(cast.fm)
    assert labels(desk, "quixotic") == []
    assert labels(desk, "desert") == []
    assert "Nothing found" in desk.get("/search", {"q": "quixotic"}).content.decode()
    assert enter(cast.store).get("/search", {"q": "x"}).status_code == 403


def test_the_palette_gets_its_lines_alone(cast, enter):
    row = Story(cast).reported().work_order
    part = enter(cast.fm).get(
        "/search", {"q": row.number}, headers={"HX-Request": "true", "HX-Target": "palette-results"}
    )
    assert part.content.decode().lstrip().startswith('<div id="palette-results">')
    assert row.number in part.content.decode()


def test_the_dashboard_says_what_waits(cast, enter):
    Story(cast).reported()
    page = enter(cast.fm).get("/dashboard").content.decode()
    assert ", Fay</h1>" in page
    assert "Needs triage" in page
    assert enter(cast.store).get("/dashboard").status_code == 403
