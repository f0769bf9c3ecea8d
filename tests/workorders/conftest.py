"""What the tests of the desk's pages share."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from tests.cast import Cast


@pytest.fixture
def desk(cast: Cast, enter: Callable[[User], Client]) -> Client:
    """The facilities manager's browser."""
    return enter(cast.fm)
