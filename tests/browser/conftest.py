"""What every browser test relies on: a browser, people's own devices, and patience that fits a shared machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from accounts.models import User
from tests.browser.hands import SIZES, Hands, Sit

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


@pytest.fixture
def sit(browser: Browser, live_server: Any) -> Iterator[Sit]:
    """A screen in front of one of the cast: `sit(cast.fm)`."""
    contexts: list[BrowserContext] = []

    def of(person: User, *, size: str = "desk", theme: str = "light", script: bool = True) -> Page:
        width, height = SIZES[size]
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": width, "height": height}, java_script_enabled=script,
            color_scheme="dark" if theme == "dark" else "light",
        )  # fmt: skip
        contexts.append(context)
        client = Client()
        client.force_login(person)
        context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
        page = context.new_page()
        page.set_default_timeout(30_000)
        return page

    yield of
    for context in contexts:
        context.close()


@pytest.fixture
def phone(sit: Sit) -> Sit:
    """A phone in the hand of one of the cast: `phone(cast.store)`."""
    return partial(sit, size="phone")
