"""Files are let in by what they are, cleaned, and given out only to save or to look at."""

import io
import zipfile
from datetime import timedelta
from typing import Any

import pillow_heif
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from openpyxl import Workbook
from PIL import Image

from accounts import files
from accounts.files import TooLarge, Unreadable, WrongKind, keep, serve
from accounts.models import File
from tests.factories.clock import HOUSE, NOW

pytestmark = pytest.mark.django_db

POSITION, TAKEN_AT, CAMERA = 0x8825, 0x9003, 0x0110


def photo(written: str = "JPEG", size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, written, **options)
    return out.getvalue()


def phone_photo() -> bytes:
    exif = Image.Exif()
    exif[CAMERA] = "Phone of Stella"
    exif[0x0112] = 6  # held upright: the pixels lie on their side
    exif.get_ifd(0x8769)[TAKEN_AT] = "2026:07:14 09:12:00"
    exif.get_ifd(POSITION)[2] = (47.0, 15.0, 10.0)
    return photo(exif=exif)


def upload(content: bytes, name: str = "photo.jpg", **options: Any) -> File:
    return keep(SimpleUploadedFile(name, content, content_type="text/html"), by=HOUSE, now=NOW, **options)


def content_of(path: str) -> bytes:
    with default_storage.open(path) as handle:
        return bytes(handle.read())


def stored(file: File) -> Image.Image:
    return Image.open(io.BytesIO(content_of(file.path)))


def test_a_photo_loses_its_position_and_stands_upright() -> None:
    file = upload(phone_photo())
    exif = stored(file).getexif()
    assert dict(exif) == {}
    assert dict(exif.get_ifd(POSITION)) == {}
    assert stored(file).size == (48, 64) == (file.width, file.height)
    assert b"Stella" not in content_of(file.path)


def test_the_time_of_taking_is_kept_only_where_it_is_asked_for() -> None:
    exif = stored(upload(phone_photo(), keep_time=True)).getexif()
    assert exif.get_ifd(0x8769)[TAKEN_AT] == "2026:07:14 09:12:00"
    assert dict(exif.get_ifd(POSITION)) == {}
    assert CAMERA not in exif


@pytest.mark.parametrize(
    ("written", "kind"),
    [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp"), ("GIF", "image/png")],
)
def test_an_image_is_what_its_content_says_whatever_its_name(written: str, kind: str) -> None:
    file = upload(photo(written), name="invoice.pdf")
    assert file.content_type == kind
    assert file.name.startswith("invoice.")
    assert not file.name.endswith(".pdf")


def test_a_heic_photo_becomes_a_jpeg() -> None:
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (64, 48), "teal")).save(out)
    assert upload(out.getvalue(), name="IMG_1.HEIC").content_type == "image/jpeg"


def test_a_large_photo_is_made_smaller_and_gets_a_thumbnail() -> None:
    file = upload(photo(size=(4000, 3000)))
    assert (file.width, file.height) == (3000, 2250)
    assert Image.open(io.BytesIO(content_of(file.thumbnail_path))).size == (480, 360)


def test_what_is_hidden_behind_an_image_is_not_kept() -> None:
    file = upload(photo() + b"<script>alert(1)</script>")
    assert b"script" not in content_of(file.path)


def package(*parts: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            archive.writestr(part, "x")
    return out.getvalue()


def sheet() -> bytes:
    out = io.BytesIO()
    Workbook().save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7\n%%EOF", "application/pdf"),
        (sheet(), files.EXCEL),
        (package("[Content_Types].xml", "word/document.xml"), files.WORD),
        ("Größe,Preis\n1,2\n".encode(), "text/csv"),
    ],
)
def test_documents_are_accepted_only_to_save(content: bytes, kind: str) -> None:
    file = upload(content, name="paper.jpg")
    response = serve(file)
    assert file.content_type == response["Content-Type"] == kind
    assert response["Content-Disposition"].startswith("attachment")
    assert b"".join(response) == content
    response.close()


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>1,2</script></svg>",
        b"  <!doctype html><p>a, b</p>",
        b"\xef\xbb\xbf<html>a,b</html>",
        b'{"a": 1, "b": 2}',
        b"MZ\x90\x00 a program, really",
        b"just words",
        package("evil.exe"),
        package("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
        b"GIF89a,b",
    ],
)
def test_anything_else_is_refused_whatever_its_name(content: bytes) -> None:
    with pytest.raises((WrongKind, Unreadable)):
        upload(content, name="photo.jpg")
    assert not File.objects.exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", photo()[:300], photo("PNG")[:80]])
def test_empty_and_damaged_files_are_refused(content: bytes) -> None:
    with pytest.raises(Unreadable):
        upload(content)


def test_a_file_above_the_threshold_is_refused(cast: Any) -> None:
    files.LARGEST.change(value=1, by=cast.admin, now=NOW)
    with pytest.raises(TooLarge, match=r"^photo.jpg is larger than 1 MB"):
        upload(b"%PDF-" + b"x" * files.MEGABYTE)


def test_an_image_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    assert len(bomb.getvalue()) < files.MEGABYTE
    with pytest.raises(TooLarge, match="pixels"):
        upload(bomb.getvalue())


def test_a_name_is_only_for_people_and_never_a_path() -> None:
    file = upload(photo(), name="..\\..\\etc/pass\u202ewd\x00.jpg")
    assert file.name == "passwd.jpg"
    assert "pass" not in file.path


def test_an_image_is_answered_to_look_at_without_being_sniffed() -> None:
    response = serve(upload(photo()), thumbnail=True)
    assert response["Content-Type"] == "image/webp"
    assert "attachment" not in response["Content-Disposition"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["Cache-Control"].startswith("private")
    response.close()


def test_the_sweep_removes_only_old_files_that_no_row_knows() -> None:
    file = upload(photo())
    default_storage.save("ab/orphan.jpg", ContentFile(b"left behind"))
    assert files.sweep(older_than=timezone.now() - timedelta(days=1)) == 0
    assert files.sweep(older_than=timezone.now() + timedelta(days=1)) == 1
    assert default_storage.exists(file.path)
    assert default_storage.exists(file.thumbnail_path)
