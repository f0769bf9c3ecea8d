"""Labels on a printed sheet: several on a page, of one's own sites only."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.test import Client
from fpdf import FPDF

from accounts.models import User
from assets import labels
from assets.models import AssetStatus
from tests.cast import Cast
from tests.factories.assets import AssetFactory
from tests.factories.clock import NOW

pytestmark = pytest.mark.django_db

type Enter = Callable[[User], Client]


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", pdf))


@pytest.mark.parametrize("name", labels.PAPERS)
def test_labels_stay_on_their_paper_and_fill_it(name: str) -> None:
    paper = labels.PAPERS[name]
    assert paper.left + (paper.columns - 1) * paper.across + paper.across <= paper.width + 1
    assert paper.top + paper.rows * paper.down <= paper.height + 1
    some = [labels.Label(f"Cooler {number}", f"RF-{number}", "M-114 Tacoma", "https://x/q/1") for number in range(25)]
    assert pages(labels.as_pdf(some, paper=paper, now=NOW)) == -(-25 // paper.at_once)


def letters(pdf: bytes) -> set[str]:
    """Every letter that the PDF shows, as its fonts say what their glyphs stand for."""
    maps = b"".join(re.findall(rb"beginbfchar(.*?)endbfchar", pdf, re.DOTALL))
    told = re.findall(rb"<[0-9A-F]+> <([0-9A-F]+)>", maps)
    return set("".join(bytes.fromhex(one.decode()).decode("utf-16-be") for one in told))


@pytest.mark.parametrize("name", ["Холодильник", "Ψυγείο", "ثلاجة", "מקרר", "रसोई", "ครัว", "Kühlräume Łódź", "თბილისი"])
def test_a_name_in_its_own_letters_is_printed(name: str) -> None:
    one = labels.Label(name, "RF-1", "M-114", "https://x/q/1")
    shown = letters(labels.as_pdf([one], paper=labels.PAPERS["letter-12"], now=NOW))
    assert set(name) - {" "} <= shown
    assert set("RF-1M4Scan") <= shown


def test_letters_that_no_font_has_become_one_box_and_the_rest_stays() -> None:
    odd = labels.Label("冷藏柜 🚰 front\n\tdoor", "RF-1", "上海", "https://x/q/1")
    with TemporaryDirectory() as folder, closing(labels.Typeface(FPDF(), Path(folder))) as typeface:
        assert typeface.printable(odd.title) == "▯ ▯ front door"
        assert typeface.printable(odd.place) == "▯"
    assert set("▯frontdRF-1") <= letters(labels.as_pdf([odd], paper=labels.PAPERS["a4-24"], now=NOW))


@pytest.mark.parametrize("paper", labels.PAPERS)
def test_no_line_is_wider_than_its_label(paper: str, monkeypatch: pytest.MonkeyPatch) -> None:
    printed: list[tuple[str, bool]] = []
    usual = FPDF.cell

    def cell(sheet: FPDF, width: float, height: float, text: str, **options: Any) -> Any:
        printed.append((text, sheet.get_string_width(text) <= width))
        return usual(sheet, width, height, text, **options)

    monkeypatch.setattr(FPDF, "cell", cell)
    long = labels.Label("Холодильник витринный " * 20, "RF-1", "مطبخ " * 30, "https://x/q/1")
    short = labels.Label("Cooler", "RF-2", "Tacoma", "https://x/q/2")
    assert pages(labels.as_pdf([long, short], paper=labels.PAPERS[paper], now=NOW)) == 1
    assert all(fits for _, fits in printed), printed
    assert [text for text, _ in printed][4:] == ["Cooler", "RF-2", "Tacoma", labels.CALL]


def test_a_sheet_holds_the_chosen_units_of_the_site(cast: Cast, enter: Enter) -> None:
    other = AssetFactory(tag="RF-114-09", name="Freezer", site=cast.hilltop, category=cast.cooler.category)
    AssetFactory(tag="RF-OLD", site=cast.hilltop, category=cast.cooler.category, condition=AssetStatus.RETIRED)
    client = enter(cast.fm)
    page = client.get("/labels", {"site": "m-114"}).content.decode()
    assert cast.cooler.tag in page
    assert other.tag in page
    assert "RF-OLD" not in page
    made = client.post("/labels/M-114.pdf", {"paper": "letter-12", "with_site": "on", "unit": [other.tag]})
    assert made["Content-Type"] == "application/pdf"
    assert made.content.startswith(b"%PDF")
    assert pages(made.content) == 1
    assert client.post("/labels/M-114.pdf", {"paper": "letter-12"}).status_code == 422
    assert client.post("/labels/M-114.pdf", {"paper": "letter-12", "unit": ["RF-OLD"]}).status_code == 422


def test_a_store_prints_its_own_labels_and_no_others(cast: Cast, enter: Enter) -> None:
    assert cast.cooler.tag in enter(cast.store).get("/labels").content.decode()
    assert enter(cast.store).get("/labels?site=M-201").status_code == 404 if cast.desert else False
    assert enter(cast.foreign_fm).post("/labels/M-114.pdf", {"paper": "a4-12", "with_site": "on"}).status_code == 404


def test_the_code_of_a_label_leads_to_its_place_whatever_the_unit_is_called(cast: Cast, settings: Any) -> None:
    settings.BASE_URL = "https://work.example.com/"
    cast.cooler.refresh_from_db()
    label = labels.label_of(cast.cooler)
    assert label.address == f"https://work.example.com/q/{cast.cooler.scan_code}"
    cast.cooler.tag = "RF-NEW"
    cast.cooler.save()
    assert labels.label_of(cast.cooler).address == label.address
    picture = io.BytesIO()
    labels.code_of(label).save(picture, kind="png")
    assert picture.getvalue().startswith(b"\x89PNG")
    cast.hilltop.refresh_from_db()
    assert labels.label_of(cast.hilltop).address != label.address
