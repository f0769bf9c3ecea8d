"""One file that holds everything: the database, what people handed in, and a note of what it is. And the way back."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.core.files.base import File as Stream
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from accounts.actors import System
from accounts.delivery import PAUSED
from accounts.models import File
from config.database import tool

FORMAT = 1
NOTE, DUMP, FILES = "manifest.json", "database.dump", "files/"
RESTORER = System("Restore")


class NotDone(Exception):
    """The backup was not made or not restored; the sentence says why and what would help."""


def make(target: Path, *, now: datetime) -> dict[str, Any]:
    """Write everything into `target`, which appears when it is whole; its note. Raises NotDone."""
    if target.exists():
        raise NotDone(f"{target} is there already. Name another file.")
    draft = target.with_name(f"{target.name}.part")
    try:
        with tempfile.TemporaryDirectory(dir=target.absolute().parent, prefix=".backup-") as folder:
            dump = Path(folder) / DUMP
            _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--file", str(dump))
            # The files after the dump: what it names is there, for nobody takes a file away.
            paths = _paths()
            note = {
                "format": FORMAT,
                "made_at": now.isoformat(),
                "sha256": _digest(dump),
                "files": len(paths),
                "migrations": sorted(".".join(one) for one in MigrationLoader(connection).applied_migrations),
            }
            draft.touch(mode=0o600)
            with tarfile.open(draft, "w") as archive:
                _add(archive, NOTE, io.BytesIO(json.dumps(note, indent=1).encode()), now)
                with open(dump, "rb") as stream:
                    _add(archive, DUMP, stream, now)
                for path in paths:
                    with default_storage.open(path, "rb") as stored:
                        _add(archive, FILES + path, stored, now, size=stored.size)
        draft.replace(target)
    except FileNotFoundError as problem:
        raise NotDone(f"{problem.filename or problem} is missing: `manage.py verify` says what else.") from problem
    finally:
        draft.unlink(missing_ok=True)
    return note


def restore(source: Path, *, now: datetime, replace: bool = False) -> dict[str, Any]:
    """Bring everything back from `source`, and send nothing to the outside until somebody lets it; its note.

    Raises NotDone: not a backup, damaged, made by a newer version, or into a database that is not empty unless
    `replace`. Nothing is touched before the backup has proved whole.
    """
    with _opened(source) as (archive, note), tempfile.TemporaryDirectory() as folder:
        dump = Path(folder) / DUMP
        with open(dump, "wb") as stream:
            shutil.copyfileobj(_member(archive, DUMP), stream)
        if _digest(dump) != note.get("sha256"):
            raise NotDone(f"{source} is damaged: the database in it is not the one that was put there.")
        _not_newer(note)
        if _is_occupied():
            if not replace:
                raise NotDone("The database is not empty. Add --replace to lose what is in it.")
            with connection.cursor() as cursor:
                cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        connection.close()
        _run("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(dump))
        call_command("migrate", verbosity=0)
        # Before anything else can happen: the copy has the same waiting messages as what it was copied from.
        PAUSED.change(value=True, by=RESTORER, now=now)
        for path in _paths():
            if default_storage.exists(path):
                default_storage.delete(path)
            default_storage.save(path, Stream(_member(archive, FILES + path)))
    return note


def _add(archive: tarfile.TarFile, name: str, stream: Any, now: datetime, *, size: int | None = None) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = stream.seek(0, os.SEEK_END) if size is None else size
    entry.mtime, entry.mode = int(now.timestamp()), 0o600
    stream.seek(0)
    archive.addfile(entry, stream)


@contextmanager
def _opened(source: Path) -> Iterator[tuple[tarfile.TarFile, dict[str, Any]]]:
    try:
        archive = tarfile.open(source, "r:")  # noqa: SIM115
    except (OSError, tarfile.TarError) as problem:
        raise NotDone(f"{source} is not a backup that can be read: {problem}") from problem
    with archive:
        try:
            note = json.loads(_member(archive, NOTE).read())
        except ValueError as problem:
            raise NotDone(f"{source} is damaged: its note cannot be read.") from problem
        if not isinstance(note, dict) or note.get("format") != FORMAT:
            raise NotDone(f"{source} is a backup of another format than this version reads.")
        yield archive, note


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        found = archive.extractfile(name)
    except KeyError:
        found = None
    if found is None:
        raise NotDone(f"The backup is damaged: {name} is missing in it.")
    return found


def _not_newer(note: dict[str, Any]) -> None:
    known = {".".join(one) for one in MigrationLoader(None).disk_migrations}
    if newer := sorted(set(note.get("migrations", ())) - known):
        raise NotDone(f"The backup comes from a newer version ({newer[-1]}). Install that one first.")


def _is_occupied() -> bool:
    return bool(connection.introspection.table_names())


def _paths() -> list[str]:
    """Where every stored file and every small picture lies."""
    rows = File.objects.order_by("added_at", "pk").values_list("path", "thumbnail_path")
    return [path for pair in rows for path in pair if path]


def _digest(file: Path) -> str:
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _run(name: str, *words: str) -> None:
    """One of PostgreSQL's own tools on our database. Raises NotDone with what it says."""
    connection.ensure_connection()
    facts = connection.connection.info
    where = ["--host", facts.host, "--port", str(facts.port), "--username", facts.user, "--dbname", facts.dbname]
    environment = os.environ | {"PGPASSWORD": facts.password}
    done = subprocess.run(
        [str(tool(name)), "--no-password", *where, *words], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NotDone(f"{name} failed: {done.stderr.strip()[-2000:]}")
