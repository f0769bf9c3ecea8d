"""Records from elsewhere: all of a file or nothing of it, and the same file twice changes nothing."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.ledger import broken_links
from assets.models import Asset, Region, Site, Trade
from tests.cast import Cast
from vendors.models import Vendor
from workorders import sla
from workorders.models import Clock, Event, Status, WorkOrder
from workorders.search import find

pytestmark = pytest.mark.django_db

DATA = Path(__file__).parent.parent / "data" / "requests.csv"
MAPS = Path(__file__).parent.parent.parent / "docs" / "import"


def bring_in(noun: str, file: Path, capsys: Any, *, map: Path | None = None, **options: Any) -> tuple[str, str]:
    """Run the command; what it printed and, when it refused, why."""
    refused = ""
    try:
        call_command("import_csv", noun, str(file), map=map, **options)
    except CommandError as error:
        refused = str(error)
    printed = capsys.readouterr()
    return printed.out + printed.err, refused


def table(path: Path, *rows: list[str]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows(rows)
    return path


@pytest.fixture
def city(capsys: Any) -> None:
    for noun in ("sites", "workorders"):
        out, refused = bring_in(noun, DATA, capsys, map=MAPS / f"city-{noun}.toml")
        assert not refused, out


def test_requests_of_a_city_become_sites_and_work(city: None, cast: Cast) -> None:
    assert set(Site.objects.values_list("code", flat=True)) == {"P501.0", "P502.0", "P0"}
    assert WorkOrder.objects.filter(status=Status.CLOSED).count() == 4
    row = WorkOrder.objects.get(reference="9004")
    assert (row.status, row.is_open, row.title) == (Status.NEW, True, "=Sign, bent")
    assert str(row.trade) == "Signs & Signals"
    assert Vendor.objects.get(name="Roads_West (INTERNAL)").kind == "internal"
    lamp = WorkOrder.objects.get(reference="9001")
    assert lamp.reported_at.isoformat() == "2015-03-02T13:00:00+00:00"
    assert lamp.site.region.name == "Harborside"
    assert Event.objects.filter(verb="workorder.imported").count() == 5
    assert list(broken_links("workorders_event", "work_order_id")) == []


def test_on_time_is_what_the_city_said(city: None, cast: Cast, now: Any) -> None:
    clocks = Clock.objects.filter(stopped_at__isnull=False).select_related("work_order")
    said = {clock.work_order.reference: clock.work_order.custom["on_time"] == "ONTIME" for clock in clocks}
    assert {clock.work_order.reference: sla.met(clock, now=now) for clock in clocks} == said
    assert said == {"9001": True, "9002": False, "9003": True, "9005": True}


def test_imported_work_is_found_by_its_words(city: None, cast: Cast) -> None:
    rows = find(cast.admin, "pothole", history=True)
    assert {row.reference for row in rows} == {"9002", "9003"}


def test_the_same_file_again_changes_nothing(city: None, capsys: Any) -> None:
    before = list(WorkOrder.objects.order_by("pk").values())
    events = Event.objects.count()
    for noun in ("sites", "workorders"):
        out, refused = bring_in(noun, DATA, capsys, map=MAPS / f"city-{noun}.toml")
        assert not refused
        assert f"{noun}: 0 new, 0 changed" in out
    assert list(WorkOrder.objects.order_by("pk").values()) == before
    assert Event.objects.count() == events


def test_a_dry_run_says_what_would_come_and_stores_nothing(capsys: Any) -> None:
    out, refused = bring_in("sites", DATA, capsys, map=MAPS / "city-sites.toml", dry_run=True)
    assert not refused
    assert "Dry run, nothing stored: sites: 3 new" in out
    assert not Site.objects.exists()
    assert not Region.objects.exists()


def test_a_fault_in_the_last_row_leaves_nothing(capsys: Any, tmp_path: Path) -> None:
    bring_in("sites", DATA, capsys, map=MAPS / "city-sites.toml")
    broken = tmp_path / "broken.csv"
    broken.write_text(DATA.read_text().replace("03/10/2015 11:00:00 AM,03/11", "the tenth,03/11"))
    report = tmp_path / "report.csv"
    out, refused = bring_in("workorders", broken, capsys, map=MAPS / "city-workorders.toml", report=report)
    assert "Row 6, OPEN_DT: “the tenth” is not a time written as" in out
    assert "1 fault. Nothing was stored." in refused
    assert not WorkOrder.objects.exists()
    assert not Trade.objects.exists()
    assert not Vendor.objects.exists()
    assert report.read_text().splitlines()[1].startswith("6,OPEN_DT,the tenth,")


def test_a_gzipped_file_is_read_too(capsys: Any, tmp_path: Path) -> None:
    packed = tmp_path / "requests.csv.gz"
    packed.write_bytes(gzip.compress(DATA.read_bytes()))
    out, _ = bring_in("sites", packed, capsys, map=MAPS / "city-sites.toml")
    assert "3 new" in out
    packed.write_bytes(packed.read_bytes()[:300])
    assert "not a whole gzip file" in bring_in("sites", packed, capsys, map=MAPS / "city-sites.toml")[1]


def test_plain_columns_need_no_mapping(cast: Cast, capsys: Any, tmp_path: Path) -> None:
    _ = cast.north, cast.cooler
    file = table(
        tmp_path / "sites.csv",
        ["code", "name", "region", "latitude", "longitude", "time_zone"],
        ["K-1", "Kent", "NORTH", "47.38", "-122.23", "America/Los_Angeles"],
    )
    assert "1 new" in bring_in("sites", file, capsys)[0]
    assets = table(
        tmp_path / "assets.csv",
        ["tag", "name", "site", "category", "installed_on", "replacement_cost_amount"],
        ["RF-1", "Cooler", "K-1", "Walk-in cooler", "2020-05-01", "$14,800.00"],
    )
    assert "1 new" in bring_in("assets", assets, capsys)[0]
    assert Asset.objects.get(tag="RF-1").replacement_cost_amount == 14800
    changed = table(
        tmp_path / "assets.csv",
        ["tag", "name", "site", "category", "installed_on", "replacement_cost_amount"],
        ["rf-1", "Cooler 1", "K-1", "Walk-in cooler", "2020-05-01", "14800"],
    )
    assert "0 new, 1 changed" in bring_in("assets", changed, capsys)[0]
    vendors = table(
        tmp_path / "vendors.csv",
        ["code", "name", "email", "trades", "regions"],
        ["ICE", "Ice Works", "jobs@ice.example", "refrigeration", "NORTH"],
    )
    assert "1 new" in bring_in("vendors", vendors, capsys)[0]
    assert "1 unchanged" in bring_in("vendors", vendors, capsys)[0]


BAD_CELLS = {
    "latitude": ("91", "is not between -90 and 90"),
    "longitude": ("east", "is not a number"),
    "time_zone": ("Mars/Base", "is not a time zone"),
    "name": ("", "is empty, but must be there"),
    "code": ("X" * 30, "is longer than 20 characters"),
    "region": ("Atlantis", "is not a region's code or name"),
    "floor_area_m2": ("-4", "is not between 0"),
}


@pytest.mark.parametrize("column", BAD_CELLS)
def test_a_bad_cell_is_named_by_row_and_column(cast: Cast, capsys: Any, tmp_path: Path, column: str) -> None:
    said, sentence = BAD_CELLS[column]
    good = {
        "code": "K-1", "name": "Kent", "region": cast.north.code, "latitude": "47.4", "longitude": "-122.2",
        "time_zone": "America/Los_Angeles", "floor_area_m2": "900",
    }  # fmt: skip
    file = table(tmp_path / "sites.csv", list(good), list((good | {column: said}).values()))
    out, refused = bring_in("sites", file, capsys)
    assert f"Row 2, {column}: “{said}” {sentence}" in out
    assert refused
    assert not Site.objects.filter(name="Kent").exists()


def test_files_that_are_no_table_are_refused_with_a_sentence(capsys: Any, tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    assert "is empty" in bring_in("sites", empty, capsys)[1]
    assert "cannot be read" in bring_in("sites", tmp_path / "missing.csv", capsys)[1]
    latin = tmp_path / "latin.csv"
    latin.write_bytes("code,name,region\nK-1,Café,NORTH\n".encode("latin-1"))
    assert "not utf-8-sig text" in bring_in("sites", latin, capsys)[1]
    ragged = table(tmp_path / "ragged.csv", ["code", "name", "region"], ["K-1", "Kent"])
    assert "Row 2: 2 cells where the header has 3" in bring_in("sites", ragged, capsys)[1]
    twice = table(tmp_path / "twice.csv", ["code", "code", "name"])
    assert "stands there twice" in bring_in("sites", twice, capsys)[1]


def test_the_same_key_twice_in_a_file_is_a_fault(cast: Cast, capsys: Any, tmp_path: Path) -> None:
    rows = [["K-1", "Kent", cast.north.code], ["k-1", "Kent again", cast.north.code]]
    file = table(tmp_path / "sites.csv", ["code", "name", "region"], *rows)
    assert "stands in row 2 already" in bring_in("sites", file, capsys)[0]


BAD_MAPS = {
    '[columns]\ncolour = "Name"': "There is no field in [columns] called colour",
    "[colums]": "There is no section called colums",
    "[create]\nplanets = true": "There is no thing to create called planets",
    '[file]\ntime_zone = "Mars"': "Mars is not a time zone",
    "[columns": "is not valid TOML",
    '[columns]\ncode = "Nowhere"': "the column Nowhere is missing",
}


@pytest.mark.parametrize("words", BAD_MAPS)
def test_a_bad_mapping_says_what_is_wrong_with_it(capsys: Any, tmp_path: Path, words: str) -> None:
    mapping = tmp_path / "map.toml"
    mapping.write_text(words)
    assert BAD_MAPS[words] in bring_in("sites", DATA, capsys, map=mapping)[1]
