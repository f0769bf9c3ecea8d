"""./run demo in a folder of its own: it answers, lets each printed person in, stops cleanly and keeps its data."""

import http.cookiejar
import json
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from accounts.models import Role
from config import supervisor
from tests.config.installation import alive

ROOT = Path(__file__).resolve().parent.parent.parent
SMALL = ("--sites", "6", "--months", "1")


def test_one_sign_in_is_printed_per_role(tmp_path, monkeypatch):
    users = [
        {"role": "store_manager", "scope": "Hilltop", "email": "a@example.org", "password": "one"},
        {"role": "store_manager", "scope": "Harbor", "email": "b@example.org", "password": "two"},
        {"role": "technician", "scope": "Cascade", "email": "c@example.org", "password": "three"},
    ]
    manifest = tmp_path / "demo.json"
    monkeypatch.setattr(supervisor, "MANIFEST", manifest)
    assert "not made by the demo" in supervisor.sign_ins()[0]
    manifest.write_text(json.dumps({"users": users}))
    assert [line.split() for line in supervisor.sign_ins()] == [
        ["store", "manager", "Hilltop", "a@example.org", "one"],
        ["technician", "Cascade", "c@example.org", "three"],
    ]


def test_the_port_that_is_taken_is_passed_over():
    import socket

    first = supervisor.free_port()
    with socket.socket() as door:
        door.bind(("127.0.0.1", first))
        door.listen()
        assert supervisor.free_port() > first


class Demo:
    """A copy of the project in which the demo is started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        for name in listed.stdout.splitlines():
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        self.process: subprocess.Popen[str] | None = None
        self.said: list[str] = []

    def start(self) -> str:
        """Start it and wait until it is ready; its address."""
        self.said = []
        command = [sys.executable, "-m", "config.supervisor", *SMALL]
        self.process = subprocess.Popen(
            command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        address = ""
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if found := re.search(r"ready:\s+(http://\S+)/", line):
                address = found[1]
            if "Ctrl-C stops" in line:
                return address
        pytest.fail("\n".join(self.said))

    def stop(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        self.process.communicate(timeout=60)
        return self.process.returncode

    def everyone(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


def enters(address: str, email: str, password: str) -> bool:
    """Whether a person comes through the sign-in page to a page of their own, with cookies and a token as a browser."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    page = browser.open(f"{address}/accounts/login/", timeout=30).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    answers = {"csrfmiddlewaretoken": token[1], "login": email, "password": password}
    request = urllib.request.Request(
        f"{address}/accounts/login/", urllib.parse.urlencode(answers).encode(), {"Referer": address}
    )
    answer = browser.open(request, timeout=30)
    return answer.status == 200 and "/login/" not in answer.url


@pytest.fixture
def demo(open_folder) -> Iterator[Demo]:
    demo = Demo(open_folder)
    yield demo
    if demo.process and demo.process.poll() is None:
        demo.process.kill()
    subprocess.run([sys.executable, "-m", "config.database", "stop"], cwd=open_folder, check=False)


@pytest.mark.slow
@pytest.mark.faults
def test_the_demo_starts_lets_everybody_in_stops_and_starts_again_with_its_data(demo):
    address = demo.start()
    users = json.loads((demo.folder / "var" / "demo.json").read_text())["users"]
    assert {user["role"] for user in users} == set(Role.values)
    printed = "\n".join(demo.said)
    firsts = {}
    for user in users:
        firsts.setdefault(user["role"], user)
    for user in firsts.values():
        assert user["email"] in printed
        assert enters(address, user["email"], user["password"]), user["role"]

    second = subprocess.run(
        [sys.executable, "-m", "config.supervisor"], cwd=demo.folder, capture_output=True, text=True, check=False
    )
    assert second.returncode == 1
    assert "already running" in second.stderr

    everyone = demo.everyone()
    assert demo.stop(signal.SIGINT) == 0
    assert alive(everyone) == []
    assert not (demo.folder / "var" / "postgres" / "postmaster.pid").exists()

    began = time.monotonic()
    address = demo.start()
    assert time.monotonic() - began < 60
    assert "making the demo company" not in "\n".join(demo.said)
    assert enters(address, users[0]["email"], users[0]["password"])
    assert demo.stop(signal.SIGTERM) == 0
