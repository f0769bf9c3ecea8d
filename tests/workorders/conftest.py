"""What the tests of the desk's pages share, and those of mailed links."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from tests.cast import Cast
from tests.factories.clock import NOW
from tests.factories.workorders import Story
from tests.workorders.by_link import posted


@pytest.fixture
def desk(cast: Cast, enter: Callable[[User], Client]) -> Client:
    """The facilities manager's browser."""
    return enter(cast.fm)


@pytest.fixture
def present() -> Iterator[Any]:
    """Pages read the clock: a Tuesday in business hours, half an hour after the story begins."""
    with time_machine.travel(NOW + timedelta(minutes=30), tick=False) as clock:
        yield clock


@pytest.fixture
def link(story: Story) -> str:
    """The link in the mail about the offer."""
    (found,) = posted()
    return found
