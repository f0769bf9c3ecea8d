"""What every test may ask for: the cast, the present, and a browser's stand-in for one of the cast."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import Client

from accounts.models import User
from tests.cast import Cast
from tests.factories.clock import NOW


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast()


@pytest.fixture
def enter(db: None) -> Callable[[User], Client]:
    """A client signed in as one of the cast: `enter(cast.admin).get("/people")`."""

    def as_person(person: User) -> Client:
        client = Client()
        client.force_login(person)
        return client

    return as_person


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> None:
    """Uploads of a test go where they vanish with it."""
    settings.MEDIA_ROOT = str(tmp_path / "files")


@pytest.fixture(autouse=True)
def empty_cache(request: pytest.FixtureRequest) -> None:
    """What one test counted against a rate limit is not held against the next."""
    if {"db", "transactional_db", "cast"} & set(request.fixturenames):
        request.getfixturevalue("db")
        cache.clear()


TRUNCATE_TRIGGER = 32  # the bit of pg_trigger.tgtype


@pytest.fixture(autouse=True, scope="session")
def emptied_ledgers() -> None:
    """Between tests with real transactions every table is emptied, also those that refuse it to everyone else."""
    usual = DatabaseOperations.sql_flush
    switch = """DO $$ DECLARE ledger regclass; BEGIN
        FOR ledger IN SELECT DISTINCT tgrelid FROM pg_trigger WHERE NOT tgisinternal AND tgtype & 32 <> 0 LOOP
            EXECUTE format('ALTER TABLE %s {} TRIGGER USER', ledger);
        END LOOP; END $$;"""  # 32 is the bit of TRUNCATE

    def sql_flush(self: Any, style: Any, tables: Any, **options: Any) -> list[str]:
        emptied = usual(self, style, tables, **options)
        return [switch.format("DISABLE"), *emptied, switch.format("ENABLE")] if tables else []

    DatabaseOperations.sql_flush = sql_flush  # type: ignore[method-assign]
