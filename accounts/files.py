"""Files that people hand in: let in by what they are, cleaned, kept under random names, given out on request.

What a file is called or claims to be counts for nothing. Images are decoded and written anew, which
drops whatever else they carried (the position above all). There is no public address: a view of the app
that owns the file checks its reader and answers with `serve`.
"""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
import uuid
import zipfile
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import pillow_heif
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import FileResponse
from django.utils import timezone
from PIL import Image, ImageOps

from accounts.actors import Actor, person
from accounts.models.file import File
from accounts.thresholds import declare

pillow_heif.register_heif_opener()

MEGABYTE = 1024 * 1024
LARGEST = declare("files.largest", 20, "MB", "Largest file that is accepted", minimum=1, maximum=200)

IMAGE_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "HEIF")
IMAGE_STARTS = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF")
MOST_PIXELS = 80_000_000  # a phone's largest photo; beyond it a small file can fill the memory
LONGEST_SIDE = 3000
THUMBNAIL_SIDE = 480
QUALITY = 85
TAKEN_AT, TAKEN_AT_ZONE, EXIF_BLOCK = 0x9003, 0x9011, 0x8769

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
OFFICE_PARTS = {"word/document.xml": (WORD, ".docx"), "xl/workbook.xml": (EXCEL, ".xlsx")}
LARGEST_UNPACKED = 300 * MEGABYTE

NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
FOLDERS = 2
FRAMED = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""For a PDF in a page of ours. Not sandboxed: browsers show no PDF in a sandbox."""


class Refused(Exception):
    """The file is not let in; the sentence says why and what would be."""


class TooLarge(Refused):
    """More bytes, or more pixels, than are accepted."""


class WrongKind(Refused):
    """Not one of the kinds that are accepted, whatever its name says."""


class Unreadable(Refused):
    """Empty, damaged or locked."""


class _Cleaned(NamedTuple):
    content: bytes
    content_type: str
    suffix: str
    size: tuple[int, int] | None = None
    thumbnail: bytes | None = None


def keep(upload: UploadedFile, *, by: Actor, now: datetime, keep_time: bool = False) -> File:
    """Store an upload and return its row. `keep_time` leaves a photo its time of taking, never its place.

    Accepted: JPEG, PNG, WebP, GIF and HEIC images; PDF; Word (docx) and Excel (xlsx) without macros; CSV.
    Raises TooLarge, WrongKind or Unreadable, each with a sentence for the person.
    """
    largest = LARGEST.value()
    name = shown_name(upload.name or "")
    if (upload.size or 0) > largest * MEGABYTE:
        raise TooLarge(f"{name} is larger than {largest} MB. Choose a smaller file.")
    raw = upload.read(largest * MEGABYTE + 1)
    if len(raw) > largest * MEGABYTE:
        raise TooLarge(f"{name} is larger than {largest} MB. Choose a smaller file.")
    if not raw:
        raise Unreadable(f"{name} is empty. Choose another file.")
    cleaned = _cleaned(raw, name, keep_time)
    stem = _random_path()
    path = default_storage.save(stem + cleaned.suffix, ContentFile(cleaned.content))
    thumbnail_path = ""
    if cleaned.thumbnail:
        thumbnail_path = default_storage.save(f"{stem}.thumbnail.webp", ContentFile(cleaned.thumbnail))
    width, height = cleaned.size or (None, None)
    with transaction.atomic():
        return File.objects.create(
            name=str(PurePosixPath(name).with_suffix(cleaned.suffix)),
            path=path,
            thumbnail_path=thumbnail_path,
            content_type=cleaned.content_type,
            size=len(cleaned.content),
            sha256=hashlib.sha256(cleaned.content).hexdigest(),
            width=width,
            height=height,
            added_by=person(by),
            added_at=now,
        )


def shown_name(name: str) -> str:
    """A file's name as people see it: no folders, no control or direction characters, not too long."""
    last = PurePosixPath(name.replace("\\", "/")).name
    plain = "".join(letter for letter in unicodedata.normalize("NFC", last) if unicodedata.category(letter)[0] != "C")
    stem, suffix = PurePosixPath(plain).stem[:150].strip(), PurePosixPath(plain).suffix[:12]
    return f"{stem or 'file'}{suffix}"


def _random_path() -> str:
    number = uuid.uuid4().hex
    return f"{number[:FOLDERS]}/{number}"


# What it is


def _cleaned(raw: bytes, name: str, keep_time: bool) -> _Cleaned:
    if raw.startswith(b"%PDF-"):
        return _Cleaned(raw, "application/pdf", ".pdf")
    if raw.startswith(b"PK\x03\x04"):
        return _office(raw, name)
    image = _opened(raw, name)
    if image is not None:
        return _image(image, name, keep_time)
    return _table(raw, name)


def _office(raw: bytes, name: str) -> _Cleaned:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as package:
            parts = {entry.filename: entry.file_size for entry in package.infolist()}
    except zipfile.BadZipFile as error:
        raise Unreadable(f"{name} is damaged. Save it again and choose it once more.") from error
    if sum(parts.values()) > LARGEST_UNPACKED:
        raise TooLarge(f"{name} unpacks to more than is accepted. Choose a smaller file.")
    kind = next((OFFICE_PARTS[part] for part in OFFICE_PARTS if part in parts), None)
    if "[Content_Types].xml" not in parts or kind is None:
        raise _wrong_kind(name)
    if any(PurePosixPath(part).name.lower() == "vbaproject.bin" for part in parts):
        raise WrongKind(f"{name} contains macros. Save it without macros and choose it once more.")
    return _Cleaned(raw, *kind)


def _table(raw: bytes, name: str) -> _Cleaned:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _wrong_kind(name) from error
    first = text.lstrip()[:1]
    if NOT_TEXT.search(text) or first in ("<", "{", "[") or not any(mark in text for mark in (",", ";", "\t")):
        raise _wrong_kind(name)
    return _Cleaned(raw, "text/csv", ".csv")


def _wrong_kind(name: str) -> WrongKind:
    return WrongKind(
        f"{name} is of a kind that is not accepted. Choose a photo, a PDF, a Word or Excel file, or a CSV."
    )


# Images


def _opened(raw: bytes, name: str) -> Image.Image | None:
    """The image in `raw`, its pixels not yet decoded; None when there is none."""
    try:
        image = Image.open(io.BytesIO(raw), formats=IMAGE_FORMATS)
    except Image.DecompressionBombError as error:
        raise TooLarge(f"{name} has more pixels than are accepted. Choose a smaller photo.") from error
    except Exception as error:
        if raw.startswith(IMAGE_STARTS):
            raise _damaged(name) from error
        return None
    if image.width * image.height > MOST_PIXELS:
        raise TooLarge(f"{name} has more pixels than are accepted. Choose a smaller photo.")
    return image


def _image(image: Image.Image, name: str, keep_time: bool) -> _Cleaned:
    written = image.format if image.format in ("PNG", "WEBP") else "JPEG"
    if image.format == "GIF":
        written = "PNG"
    try:
        taken = _time_only(image) if keep_time else None
        upright = ImageOps.exif_transpose(image)
        upright = upright.convert("RGB" if written == "JPEG" or not _has_alpha(upright) else "RGBA")
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        small = upright.copy()
        small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        content = _encoded(upright, written, taken)
        return _Cleaned(
            content, f"image/{written.lower()}", _suffix(written), upright.size, _encoded(small, "WEBP", None)
        )
    except Exception as error:
        raise _damaged(name) from error


def _damaged(name: str) -> Unreadable:
    return Unreadable(f"{name} is damaged. Take the photo again or choose another one.")


def _has_alpha(image: Image.Image) -> bool:
    return "A" in image.getbands() or "transparency" in image.info


def _suffix(written: str) -> str:
    return {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp"}[written]


def _encoded(image: Image.Image, written: str, exif: Image.Exif | None) -> bytes:
    image.info = {}
    options: dict[str, Any] = {"JPEG": {"quality": QUALITY}, "WEBP": {"quality": QUALITY}, "PNG": {}}[written]
    if exif is not None:
        options["exif"] = exif
    out = io.BytesIO()
    image.save(out, written, **options)
    return out.getvalue()


def _time_only(image: Image.Image) -> Image.Exif | None:
    block = image.getexif().get_ifd(EXIF_BLOCK)
    kept = {tag: block[tag] for tag in (TAKEN_AT, TAKEN_AT_ZONE) if tag in block}
    if not kept:
        return None
    exif = Image.Exif()
    exif.get_ifd(EXIF_BLOCK).update(kept)
    return exif


# Out again


def serve(file: File, *, thumbnail: bool = False, look: bool = False) -> FileResponse:
    """The stored bytes for a reader who may have them: images to look at, all else only to save.

    With `look` a PDF is shown inside a page of ours, by the browser's own viewer, which runs nothing of it.
    """
    framed = look and file.is_pdf
    small = thumbnail and file.thumbnail_path
    response = FileResponse(
        default_storage.open(file.thumbnail_path if small else file.path),
        as_attachment=not (file.is_image or framed),
        filename=file.name,
        content_type="image/webp" if small else file.content_type,
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = FRAMED if framed else "default-src 'none'; sandbox"
    if framed:
        response["X-Frame-Options"] = "SAMEORIGIN"
    response["Cache-Control"] = "private, max-age=3600"
    return response


def sweep(*, older_than: datetime) -> int:
    """Remove stored files that no row knows (their transaction was undone) and that are `older_than` old."""
    gone = 0
    try:
        folders = default_storage.listdir("")[0]
    except FileNotFoundError:  # nobody has handed in a file yet
        return 0
    for folder in folders:
        names = [f"{folder}/{name}" for name in default_storage.listdir(folder)[1]]
        known = set(File.objects.filter(path__in=names).values_list("path", flat=True))
        known |= set(File.objects.filter(thumbnail_path__in=names).values_list("thumbnail_path", flat=True))
        for name in names:
            made = default_storage.get_modified_time(name)
            if name not in known and timezone.localtime(made) < older_than:
                default_storage.delete(name)
                gone += 1
    return gone
