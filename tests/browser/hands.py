"""What a story in the browser needs: a device for each person, a postbox that catches mail, and the real worker."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from django.db import connection
from playwright.sync_api import Browser, BrowserContext, Page

from accounts.models import User
from config.database import ROOT

AXE = (Path(__file__).parent / "axe.min.js").read_text()
PASSWORD = "correct horse battery"
SIZES = {"desk": (1440, 900), "phone": (390, 844)}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
DESK = {"viewport": {"width": 1440, "height": 900}}
Sit = Callable[..., Page]
GRAVE = {"serious", "critical"}
CALLED_OFF = ("htmx:afterRequest", "htmx:sendAbort")
"""What htmx says of a request that a newer one took the place of: as it should be."""


@dataclass
class Letter:
    to: str
    subject: str
    text: str

    @property
    def link(self) -> str:
        """The page that the mail leads to."""
        found = re.search(r"https?://\S+", self.text)
        assert found, self.text
        return found[0]


@dataclass
class Postbox:
    """A mail server that keeps what it is given."""

    letters: list[Letter] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        mail = message_from_bytes(envelope.content, policy=policy.default)
        body = mail.get_body(("plain",))
        text = body.get_content() if body else ""
        self.letters += [Letter(to, " ".join(str(mail["subject"]).split()), text) for to in envelope.rcpt_tos]
        return "250 taken"

    def about(self, number: str) -> list[tuple[str, str]]:
        """Every letter about one work order, as (who, subject)."""
        return sorted((one.to, one.subject) for one in self.letters if number in one.subject + one.text)

    def wait_for(self, person: User, words: str, seconds: float = 150) -> Letter:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for letter in self.letters:
                if letter.to == person.email and words in letter.subject:
                    return letter
            time.sleep(0.1)
        raise AssertionError(f"No mail to {person.name} with “{words}”; there is {self.letters}")


class Worker:
    """`manage.py worker` on the database of the test."""

    def __init__(self, folder: Path, *, address: str, mail_port: int) -> None:
        reached = connection.get_connection_params()
        name, host, user = reached["dbname"], reached.get("host", ""), reached.get("user", "")
        secret, port = reached.get("password", ""), reached.get("port", "")
        door = f"{user}:{secret}" if secret else user
        self.log = folder / "worker.log"
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": f"postgresql://{door}@/{name}?host={host}&port={port or 5432}",
            "FILES_FOLDER": str(folder / "files"),
            "MAIL_URL": f"smtp://127.0.0.1:{mail_port}",
            "BASE_URL": address,
            "LOG_LEVEL": "WARNING",
            "WORKERS": "1",
        }
        with open(self.log, "ab") as log:
            command = [sys.executable, "manage.py", "worker"]
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Hands:
    """Opens a device for a person, signed in through the door, and looks at each page for what axe finds grave."""

    def __init__(self, browser: Browser, address: str, shots: Path | None = None) -> None:
        self.browser = browser
        self.address = address
        self.shots = shots
        self.contexts: list[BrowserContext] = []
        self.faults: list[str] = []
        self.complaints: list[str] = []

    def give(self, person: User, *, device: dict[str, Any], to: str = "/", script: bool = True, **options: Any) -> Page:
        context = self.browser.new_context(
            base_url=self.address, java_script_enabled=script, reduced_motion="reduce", **device, **options
        )
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", lambda line: self.complain(page, line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: self.complain(page, str(error)))
        page.goto(to)
        page.locator("input[name=login]").fill(person.email)
        page.locator("input[name=password]").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(lambda url: "/accounts/login" not in url)
        return page

    def complain(self, page: Page, words: str) -> None:
        if not words.startswith(CALLED_OFF):
            self.complaints.append(f"{page.url}: {words}")

    def look(self, page: Page, name: str) -> None:
        """Remember what axe finds on the page, light and dark, and whether it scrolls sideways."""
        page.wait_for_load_state("networkidle")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            if self.shots:
                page.screenshot(path=self.shots / f"{name}-{scheme}.png", full_page=True)
            page.evaluate(AXE)
            # Only contrast depends on the theme.
            asked = {"resultTypes": ["violations"]} | ({} if scheme == "light" else {"runOnly": ["color-contrast"]})
            found = page.evaluate("asked => axe.run(document, asked)", asked)["violations"]
            self.faults += [
                f"{name} {scheme} {fault['id']}: {node['html'][:200]}"
                for fault in found
                if fault["impact"] in GRAVE
                for node in fault["nodes"]
            ]
        page.emulate_media(color_scheme="light")
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            self.faults.append(f"{name} scrolls sideways")

    def close(self) -> None:
        for context in self.contexts:
            context.close()


def faults(page: Page) -> list[str]:
    """What axe finds on the page as it stands, however small."""
    page.wait_for_load_state("networkidle")
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{page.url} {fault['id']}: {node['html'][:200]}" for fault in found for node in fault["nodes"]]


def strike(page: Page, key: str) -> None:
    """A key of the page's own, struck by somebody who sees the page ready: its scripts run, nothing is being read anew.

    Until then the page lets keys pass on purpose (`ui.js`): nothing is done to what is not there yet.
    """
    page.wait_for_load_state("load")
    page.wait_for_function("() => !document.querySelector('[aria-busy=true]')")
    page.keyboard.press(key)


def read_by(sit: Sit, addresses: dict[User, list[str]], *, size: str) -> list[str]:
    """What is wrong with these pages, light and dark, for those who read them: axe, and scrolling sideways."""
    found = []
    for person, paths in addresses.items():
        page = sit(person, size=size)
        for path in paths:
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                page.goto(path)
                found += faults(page)
                if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    found.append(f"{page.url} scrolls sideways")
    return found


def until(what: Callable[[], Any], seconds: float = 150) -> Any:
    """Wait for the worker to have done something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError("It did not happen.")
