"""Labels for equipment and sites: codes that open a report with the place filled in, many on a printed sheet."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, cast

import pymupdf_fonts
import segno
from django.conf import settings
from django.urls import reverse
from fpdf import FPDF

from assets.models import Asset, Site

if TYPE_CHECKING:
    from fpdf.fonts import TTFFont

MOST = 500
CALL = "Something wrong? Scan me."
MARGIN = 3.0
DARK, GRAY = 20, 110
LAST_LATIN = "\u024f"
SMALLEST = 0.8
"""How small letters become before any are left out."""
LONGEST = 80
"""Letters of a line: no paper has room for more."""


@dataclass(frozen=True)
class Paper:
    """A sheet of labels, in millimeters."""

    label: str
    width: float
    height: float
    columns: int
    rows: int
    left: float
    top: float
    across: float
    """From one label's edge to the next one's."""
    down: float

    @property
    def at_once(self) -> int:
        return self.columns * self.rows


PAPERS = {
    "letter-12": Paper("Letter, 12 large labels", 215.9, 279.4, 3, 4, 8.0, 10.0, 66.6, 64.8),
    "letter-30": Paper("Letter, 30 labels of 1 × 2⅝ inches", 215.9, 279.4, 3, 10, 4.8, 12.7, 69.8, 25.4),
    "a4-12": Paper("A4, 12 large labels", 210.0, 297.0, 3, 4, 7.5, 10.5, 65.0, 69.0),
    "a4-24": Paper("A4, 24 labels of 70 × 37 mm", 210.0, 297.0, 3, 8, 0.0, 0.5, 70.0, 37.0),
}


@dataclass(frozen=True)
class Label:
    """What one label says."""

    title: str
    number: str
    place: str
    address: str


def address_of(place: Asset | Site) -> str:
    """Where the code of a label leads; it stays, whatever the unit is called later."""
    return f"{settings.BASE_URL.rstrip('/')}{reverse('workorders:scan', args=[place.scan_code])}"


def label_of(place: Asset | Site) -> Label:
    """The label of a unit, or of a whole site."""
    if isinstance(place, Site):
        return Label(place.name, place.code, place.city, address_of(place))
    return Label(place.name, place.tag, str(place.site), address_of(place))


def code_of(label: Label) -> segno.QRCode:
    """The code, readable with a quarter of it scratched."""
    return segno.make(label.address, error="q", micro=False)


def as_pdf(labels: Sequence[Label], *, paper: Paper, now: datetime) -> bytes:
    """The labels on as many sheets as they need, names in most scripts; a letter without a glyph is a box."""
    sheet = FPDF(unit="mm", format=(paper.width, paper.height))
    sheet.set_auto_page_break(False)
    sheet.set_margin(0)
    sheet.set_title("Labels")
    sheet.set_creation_date(now)
    with TemporaryDirectory() as folder, closing(Typeface(sheet, Path(folder))) as typeface:
        for number, label in enumerate(labels):
            place = number % paper.at_once
            if place == 0:
                sheet.add_page()
            row, column = divmod(place, paper.columns)
            _draw(sheet, typeface, label, paper, paper.left + column * paper.across, paper.top + row * paper.down)
        return bytes(sheet.output())


class Typeface:
    """FiraGO, for Latin, Greek, Cyrillic, Arabic, Hebrew, Thai, Devanagari and Georgian letters."""

    NAME = "label"
    FILES = (("", "figo"), ("B", "figbo"))
    BOX = "\u25af"

    def __init__(self, sheet: FPDF, folder: Path) -> None:
        self.known: set[int] = set()
        self.faces: list[TTFFont] = []
        for style, name in self.FILES:
            file = folder / f"{name}.ttf"
            file.write_bytes(pymupdf_fonts.myfont(name))
            sheet.add_font(self.NAME, style, str(file))
            face = cast("TTFFont", sheet.fonts[f"{self.NAME}{style}"])
            self.faces.append(face)
            self.known |= face.cmap.keys()

    def close(self) -> None:
        """Let go of the files, once the sheet is written."""
        for face in self.faces:
            face.close()

    def printable(self, text: str) -> str:
        """`text` on one line, with one box in the place of letters that the face has not."""
        shown = "".join(letter if ord(letter) in self.known else self.BOX for letter in " ".join(text.split()))
        return re.sub(f"{self.BOX}+", self.BOX, shown)


def _draw(sheet: FPDF, typeface: Typeface, label: Label, paper: Paper, x: float, y: float) -> None:
    """One label: the code above the words where there is room, else beside them."""
    is_tall = paper.down > 50
    side = paper.down - 24 if is_tall else paper.down - 2 * MARGIN
    picture = io.BytesIO()
    code_of(label).save(picture, kind="png", scale=6, border=2)
    picture.seek(0)
    left = x + (paper.across - side) / 2 if is_tall else x + MARGIN
    sheet.image(picture, left, y + MARGIN, side, side)
    words = [
        (label.title, "B", 9.0, DARK),
        (label.number, "B", 9.0, DARK),
        (label.place, "", 7.5, GRAY),
        (CALL, "", 7.5, DARK),
    ]
    width = paper.across - 2 * MARGIN if is_tall else paper.across - side - 3 * MARGIN
    from_x = x + MARGIN if is_tall else left + side + MARGIN
    at = y + MARGIN + side + 1 if is_tall else y + max(MARGIN, (paper.down - 17) / 2)
    for text, style, size, tone in words:
        sheet.set_text_color(tone)
        sheet.set_xy(from_x, at)
        sheet.set_font(typeface.NAME, style, size)
        shown = typeface.printable(text)
        # Arabic letters join and run from the right, Devanagari vowels find their places; Latin ones just follow.
        sheet.set_text_shaping(any(letter > LAST_LATIN for letter in shown))
        shown = _fitting(sheet, shown, width)
        sheet.cell(width, 4.2, shown, align="C" if is_tall else "L")
        at += 4.2


def _fitting(sheet: FPDF, text: str, width: float) -> str:
    """As much of `text` as one line holds, in smaller letters before any is left out."""
    text, is_whole = text[:LONGEST], len(text) <= LONGEST
    wide, room = sheet.get_string_width(text), width - 1
    if is_whole and wide <= room:
        return text
    sheet.set_font_size(sheet.font_size_pt * max(SMALLEST, min(1.0, room / wide)))
    if is_whole and sheet.get_string_width(text) <= room + 0.1:
        return text
    while text and sheet.get_string_width(f"{text}…") > width - 1:
        text = text[:-2].rstrip()
    return f"{text}…"


def labels_of(site: Site, units: Iterable[Asset], *, with_site: bool) -> list[Label]:
    """The site's own label first, if wanted, then its units."""
    return [*([label_of(site)] if with_site else []), *(label_of(unit) for unit in units)][:MOST]
