"""What a test run needs around it: the throw-away database server goes when the last run that uses it ends."""

import fcntl
from pathlib import Path
from typing import IO

import pytest

from config.database import Embedded

FOLDER = Path(__file__).resolve().parent.parent / "var" / "postgres-test"
USERS = pytest.StashKey[IO[str]]()


def pytest_configure(config: pytest.Config) -> None:
    FOLDER.parent.mkdir(exist_ok=True)
    users = config.stash[USERS] = open(FOLDER.with_suffix(".users"), "w")  # noqa: SIM115 - kept open while tests run
    fcntl.flock(users, fcntl.LOCK_SH)


def pytest_unconfigure(config: pytest.Config) -> None:
    users = config.stash[USERS]
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return  # another run, or another process of this one, still needs it
    else:
        Embedded(FOLDER, safe=False).stop()
    finally:
        users.close()
