"""What the tests of config share."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
import time_machine


@pytest.fixture
def time_machine_at() -> Iterator[Callable[[datetime], None]]:
    """Move the clock of this test to a moment."""
    with time_machine.travel(datetime.now().astimezone(), tick=False) as traveller:
        yield traveller.move_to
