"""What the tests of config share."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
import time_machine


@pytest.fixture
def time_machine_at() -> Iterator[Callable[[datetime], None]]:
    """Move the clock of this test to a moment."""
    with time_machine.travel(datetime.now().astimezone(), tick=False) as traveller:
        yield traveller.move_to


@pytest.fixture(scope="module")
def open_folder() -> Iterator[Path]:
    """A folder that other users may pass through: a server started by root runs as one. pytest closes its own."""
    folder = Path(tempfile.mkdtemp(prefix="mainstay-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
