"""Databases of the bench's own, one per size, on the server that settings name; the configured one is never touched."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from django.core.management import call_command
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

PREFIX = "bench"


def open_connection(name: str) -> BaseDatabaseWrapper:
    """A connection like the configured one, to the database `name` of the same server."""
    configured = connections["default"]
    settings = {**configured.settings_dict, "NAME": name, "CONN_MAX_AGE": None}
    return type(configured)(settings, "default")


@contextmanager
def at(database: BaseDatabaseWrapper) -> Iterator[None]:
    """Let everything in this thread that asks "the" database ask this one."""
    before = connections["default"]
    connections["default"] = database
    try:
        yield
    finally:
        connections["default"] = before


class Server:
    """The server on which the bench makes its databases, and what it has made there."""

    def __init__(self) -> None:
        self.mark = f"{PREFIX}_{os.getpid()}"
        self.made: list[str] = []
        self.kept: list[BaseDatabaseWrapper] = []

    def _run(self, sql: str) -> None:
        with connection._nodb_cursor() as cursor:
            cursor.execute(sql)

    def empty(self) -> str:
        """The name of a database with the project's migrations and nothing else, to be copied."""
        name = f"{self.mark}_empty"
        self._run(f"CREATE DATABASE {name}")
        self.made.append(name)
        database = open_connection(name)
        with at(database):
            call_command("migrate", verbosity=0, interactive=False)
            call_command("createcachetable", verbosity=0)
        database.close()
        return name

    def copy(self, empty: str, rows: int) -> BaseDatabaseWrapper:
        """A copy of the empty database for a set of `rows`."""
        name = f"{self.mark}_{rows}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {empty}")
        self.made.append(name)
        database = open_connection(name)
        self.kept.append(database)
        return database

    def drop(self) -> None:
        """Everything that was made here goes."""
        for database in self.kept:
            database.close()
        for name in reversed(self.made):
            self._run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


class Effort:
    """How long this thread and its database process were on a processor: what a loaded machine does not change.

    The database's share is read from the system, which is possible where it runs on this machine under Linux;
    elsewhere, the share of the wall clock that this thread did not work is taken for it.
    """

    def __init__(self, database: BaseDatabaseWrapper) -> None:
        self.stat: Path | None = None
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid(), current_setting('server_version')")
            pid, _ = cast(tuple[int, str], cursor.fetchone())
        place = Path(f"/proc/{pid}")
        try:
            if (place / "comm").read_text().startswith("postgres"):
                (place / "schedstat").read_text()
                self.stat = place / "schedstat"
        except OSError:
            self.stat = None

    def database_ns(self) -> int | None:
        """Nanoseconds that the database's process has worked so far."""
        return int(self.stat.read_text().split()[0]) if self.stat else None


def buffers_of(plan: dict[str, Any]) -> int:
    """The pages of memory that a plan read, those of everything below it included."""
    return int(plan.get("Shared Hit Blocks", 0) + plan.get("Shared Read Blocks", 0))


def explained(database: BaseDatabaseWrapper, sql: str, values: Any) -> dict[str, Any]:
    """The plan of a query as it ran, with the buffers it read."""
    with database.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", values)
        (told,) = cast(tuple[list[dict[str, Any]]], cursor.fetchone())
    return told[0]
