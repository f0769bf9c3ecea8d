"""Labels for equipment and sites: codes that open a report with the place filled in, many on a printed sheet."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import segno
from django.conf import settings
from django.urls import reverse
from fpdf import FPDF

from assets.models import Asset, Site

MOST = 500
CALL = "Something wrong? Scan me."
MARGIN = 3.0
DARK, GRAY = 20, 110


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
    """The labels on as many sheets as they need. Letters that the font has not are shown as question marks."""
    sheet = FPDF(unit="mm", format=(paper.width, paper.height))
    sheet.set_auto_page_break(False)
    sheet.set_margin(0)
    sheet.set_title("Labels")
    sheet.set_creation_date(now)
    for number, label in enumerate(labels):
        place = number % paper.at_once
        if place == 0:
            sheet.add_page()
        row, column = divmod(place, paper.columns)
        _draw(sheet, label, paper, paper.left + column * paper.across, paper.top + row * paper.down)
    return bytes(sheet.output())


def _draw(sheet: FPDF, label: Label, paper: Paper, x: float, y: float) -> None:
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
        sheet.set_font("Helvetica", style, size)
        sheet.set_text_color(tone)
        sheet.set_xy(from_x, at)
        sheet.cell(width, 4.2, _fitting(sheet, text, width), align="C" if is_tall else "L")
        at += 4.2


def _fitting(sheet: FPDF, text: str, width: float) -> str:
    """As much of `text` as one line holds."""
    plain = text.encode("latin-1", "replace").decode("latin-1")
    while plain and sheet.get_string_width(plain) > width - 1:
        plain = plain[:-4].rstrip() + "..." if len(plain) > 4 else ""
    return plain


def labels_of(site: Site, units: Iterable[Asset], *, with_site: bool) -> list[Label]:
    """The site's own label first, if wanted, then its units."""
    return [*([label_of(site)] if with_site else []), *(label_of(unit) for unit in units)][:MOST]
