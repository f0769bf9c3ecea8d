"""A thousand events, a hundred kills: each event has its effect, once, and nothing stands still for two minutes."""

import contextlib
import random
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator

import psutil
import pytest
from aiosmtpd.controller import Controller

from tests.config.installation import ROOT, Installation

pytestmark = [pytest.mark.faults, pytest.mark.slow]

KILLS = 100
EVENTS_A_KILL = 10
LONGEST_STALL = 120.0
WHOLE = 6  # the parent, its sentinel, two workers, a monitor and a pusher


class Postbox:
    """A mail server that counts what it was given by Message-ID."""

    def __init__(self) -> None:
        self.received: Counter[str] = Counter()

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:  # noqa: N802
        text = envelope.content.decode()
        self.received[next(line for line in text.splitlines() if line.lower().startswith("message-id"))] += 1
        return "250 taken"


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, int]]:
    box = Postbox()
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


@pytest.fixture
def worker(open_folder, postbox) -> Iterator[Installation]:
    mail = f"smtp://127.0.0.1:{postbox[1]}"
    installation = Installation(open_folder, "tests.config.ledger.settings", MAIL_URL=mail)
    installation.start()
    yield installation
    installation.stop()
    installation.server.stop()


@pytest.fixture
def hand(worker) -> Iterator[subprocess.Popen[str]]:
    """Makes as many events as a line tells it, and answers when they are made."""
    command = [sys.executable, "-m", "tests.config.ledger.make"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, env=worker.environment, **pipes) as process:
        yield process


def test_each_event_has_its_effect_once_however_often_a_process_is_shot(worker, postbox, hand):
    box, _ = postbox
    chance = random.Random(7)
    kills, sent, last_progress, longest = 0, 0, time.monotonic(), 0.0
    wanted = KILLS * EVENTS_A_KILL
    while sent < wanted:
        victims = worker.cluster()
        if kills < KILLS and len(victims) >= WHOLE:  # not the same first one again and again while it starts
            with contextlib.suppress(psutil.NoSuchProcess):
                chance.choice(victims).kill()
                kills += 1
                hand.stdin.write(f"{EVENTS_A_KILL}\n")
                hand.stdin.flush()
                hand.stdout.readline()
        time.sleep(chance.uniform(0.5, 3))
        now_sent = worker.one("SELECT count(*) FROM accounts_notice WHERE state = 'sent'")
        if now_sent != sent:
            sent, last_progress = now_sent, time.monotonic()
        longest = max(longest, time.monotonic() - last_progress)
        assert longest < LONGEST_STALL, worker.log.read_text()[-3000:]

    assert kills == KILLS
    assert worker.one("SELECT count(*) FROM accounts_notice") == wanted
    assert worker.one("SELECT count(DISTINCT event_key) FROM accounts_notice WHERE state = 'sent'") == wanted
    assert worker.one("SELECT count(*) FROM accounts_unsettled") == 0
    assert len(box.received) == wanted, "a mail that a kill sent twice carries the same Message-ID"
    assert sum(box.received.values()) - wanted <= KILLS
