"""Everything in one file and back again; a restored copy sends nothing; a damaged or newer one touches nothing."""

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.config.installation import ROOT, Installation

pytestmark = [pytest.mark.slow]

FILL = """
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from accounts import files
from accounts.actors import CLOCK
from accounts.events import record
files.keep(SimpleUploadedFile("terms.pdf", b"%PDF-1.4 terms"), by=CLOCK, now=timezone.now())
record(stream="vendor:1", verb="vendor.noted", by=CLOCK, now=timezone.now(), note="Called twice")
"""


class House:
    """One database on the server of the test, with a folder of files of its own."""

    def __init__(self, first: Installation, name: str, folder: Path) -> None:
        self.name, self.server = name, first.server
        if name != "mainstay":
            with psycopg.connect(self.server.url(), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")
        self.files = folder / f"files-{name}"
        url = first.environment["DATABASE_URL"].replace("/mainstay?", f"/{name}?")
        self.environment = os.environ | first.environment | {"DATABASE_URL": url, "FILES_FOLDER": str(self.files)}

    def manage(self, *words: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=ROOT, env=self.environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def all(self, question: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.server.url(self.name)) as connection:
            return connection.execute(question).fetchall()

    def stored(self) -> dict[str, bytes]:
        return {str(one.relative_to(self.files)): one.read_bytes() for one in self.files.rglob("*") if one.is_file()}


@pytest.fixture
def place(open_folder: Path, request: pytest.FixtureRequest) -> Path:
    """A folder of this test alone, short enough for a socket."""
    own = open_folder / request.node.name[-12:]
    own.mkdir(mode=0o755)
    return own


@pytest.fixture
def first(place: Path) -> Iterator[House]:
    installation = Installation(place)
    house = House(installation, "mainstay", place)
    house.installation = installation  # type: ignore[attr-defined]
    assert house.manage("shell", "-c", FILL)[0] == 0
    yield house
    installation.server.stop()


def without(archive: Path, to: Path, name: str, put: bytes | None = None) -> Path:
    """A copy of a backup in which one member is missing or is something else."""
    with tarfile.open(archive) as old, tarfile.open(to, "w") as new:
        for member in old.getmembers():
            content = old.extractfile(member)
            assert content
            data = content.read() if member.name != name else put
            if data is not None:
                member.size = len(data)
                new.addfile(member, io.BytesIO(data))
    return to


def test_a_backup_brings_back_everything_and_the_copy_keeps_silent(first: House, place: Path) -> None:
    file = place / "house.tar"
    assert first.manage("backup", str(file))[0] == 0
    assert file.stat().st_mode & 0o077 == 0, "nobody else reads it"
    code, said = first.manage("backup", str(file))
    assert code != 0
    assert "is there already" in said
    second = House(first.installation, "second", place)  # type: ignore[attr-defined]

    code, said = second.manage("restore", str(file))

    assert code == 0, said
    events = "SELECT stream, position, verb, note, hash FROM accounts_logevent WHERE stream = 'vendor:1'"
    assert second.all(events) == first.all(events) != []
    assert second.stored() == first.stored() != {}
    assert second.manage("verify")[0] == 0
    assert second.all("SELECT value FROM accounts_setting WHERE name = 'outbound.paused'") == [(True,)]
    assert first.all("SELECT value FROM accounts_setting WHERE name = 'outbound.paused'") == []

    (stored,) = second.files.rglob("*.pdf")
    stored.write_bytes(b"%PDF-1.4 other")
    code, said = second.manage("verify")
    assert code != 0
    assert "is not what was handed in" in said


def test_a_restore_refuses_before_it_touches_anything(first: House, place: Path) -> None:
    file = place / "house.tar"
    code, said = first.manage("backup", str(file))
    assert code == 0, said
    before = first.all("SELECT hash FROM accounts_logevent ORDER BY id")
    with tarfile.open(file) as archive:
        member = archive.extractfile("manifest.json")
        assert member
        note = json.load(member)
    newer = json.dumps(note | {"migrations": [*note["migrations"], "workorders.9999_next_year"]}).encode()
    text = place / "text.tar"
    text.write_text("not a backup")
    for bad, words, way in (
        (file, "not empty", ()),
        (text, "is not a backup", ("--replace",)),
        (without(file, place / "a.tar", "database.dump"), "is missing", ("--replace",)),
        (without(file, place / "b.tar", "database.dump", b"PGDMP"), "damaged", ("--replace",)),
        (without(file, place / "c.tar", "manifest.json", newer), "newer version", ("--replace",)),
    ):
        code, said = first.manage("restore", str(bad), *way)
        assert code != 0, bad
        assert words in said
        assert "Traceback" not in said
    assert first.all("SELECT hash FROM accounts_logevent ORDER BY id") == before

    assert first.manage("shell", "-c", FILL)[0] == 0
    code, said = first.manage("restore", str(file), "--replace")
    assert code == 0, said
    kept = first.all("SELECT hash FROM accounts_logevent WHERE verb <> 'setting.changed' ORDER BY id")
    assert kept == before, "what came after the backup is lost, as was asked"
