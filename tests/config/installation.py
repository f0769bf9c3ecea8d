"""An installation for the tests of faults: a database of its own, and one worker on it that may be shot at."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest

from config.database import Embedded

ROOT = Path(__file__).resolve().parent.parent.parent
STALL = "8"


class Installation:
    """Settings, database and worker apart from those of the test run."""

    def __init__(self, folder: Path, settings: str = "config.settings", **variables: str) -> None:
        self.server = Embedded(folder / "postgres", safe=False)
        self.log = folder / "worker.log"
        reached = self.server.ready()
        self.environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": settings,
            "DATABASE_URL": f"postgresql://{reached['user']}@/mainstay?host={reached['host']}",
            "FILES_FOLDER": str(folder / "files"),
            "LOG_LEVEL": "WARNING",
            "WORKERS": "2",
            **variables,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.manage("migrate", "--verbosity", "0")
        self.manage("createcachetable")

    def manage(self, *words: str) -> None:
        subprocess.run([sys.executable, "manage.py", *words], cwd=ROOT, env=self.environment, check=True)

    def start(self) -> None:
        with psycopg.connect(self.server.url()) as connection:
            connection.execute("DELETE FROM config_heartbeat")  # of a worker that a test has shot
        with open(self.log, "ab") as log:
            command = [sys.executable, "manage.py", "worker", "--stall", STALL, "--patience", "5"]
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        self.until(self.beat)

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)

    def one(self, question: str) -> object:
        with psycopg.connect(self.server.url()) as connection:
            row = connection.execute(question).fetchone()
        return row[0] if row else None

    def beat(self) -> object:
        return self.one("SELECT beat_at FROM config_heartbeat WHERE beat_at > started_at")

    def cluster(self) -> list[psutil.Process]:
        """The living processes of the queue cluster, its parent first."""
        assert self.process
        found = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            try:
                if child.status() != psutil.STATUS_ZOMBIE:
                    found.append(child)
            except psutil.NoSuchProcess:
                continue
        return found

    def until[Found](self, what: Callable[[], Found], seconds: float = 60) -> Found:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := what():
                return found
            time.sleep(0.2)
        pytest.fail(f"it did not happen within {seconds} seconds:\n{self.log.read_text()[-3000:]}")

    def until_it_beats_again(self) -> None:
        last = self.beat()
        self.until(lambda: self.beat() not in (None, last))


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    found = []
    for process in processes:
        try:
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found
