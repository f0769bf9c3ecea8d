"""What every browser test relies on: a browser, people's own devices, and patience that fits a shared machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.hands import Hands

# An expectation is looked at again until it holds; how long is no part of what is tested.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Playwright keeps an event loop running in this thread; the stories around it are not asynchronous."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as player:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = player.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def hands(browser: Browser, live_server: Any) -> Iterator[Hands]:
    """`SHOTS=folder` keeps a picture of every page that is looked at."""
    hands = Hands(browser, live_server.url, Path(os.environ["SHOTS"]) if "SHOTS" in os.environ else None)
    yield hands
    hands.close()
