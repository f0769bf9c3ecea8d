"""The worker survives what kills others: idle processes shot, the cluster stopped cold, its watchdog gone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from config.database import Embedded

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = [pytest.mark.faults, pytest.mark.slow]

STALL = "8"


class Installation:
    """A database of its own and one worker on it."""

    def __init__(self, folder: Path) -> None:
        self.server = Embedded(folder / "postgres", safe=False)
        self.log = folder / "worker.log"
        clean = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        self.environment = clean | {"DATABASE_URL": "", "LOG_LEVEL": "WARNING", "WORKERS": "2"}
        reached = self.server.ready()
        self.environment["DATABASE_URL"] = f"postgresql://{reached['user']}@/mainstay?host={reached['host']}"
        self.process: subprocess.Popen[bytes] | None = None

    def manage(self, *words: str) -> None:
        subprocess.run([sys.executable, "manage.py", *words], cwd=ROOT, env=self.environment, check=True)

    def start(self) -> None:
        with open(self.log, "ab") as log:
            command = [sys.executable, "manage.py", "worker", "--stall", STALL, "--patience", "5"]
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)

    def one(self, question: str) -> object:
        with psycopg.connect(self.server.url()) as connection:
            row = connection.execute(question).fetchone()
        return row[0] if row else None

    def beat(self) -> object:
        return self.one("SELECT beat_at FROM config_heartbeat WHERE beat_at > started_at")

    def cluster(self) -> list[psutil.Process]:
        """The processes of the queue cluster: the parent first."""
        assert self.process
        return [
            child
            for child in psutil.Process(self.process.pid).children(recursive=True)
            if child.status() != psutil.STATUS_ZOMBIE
        ]

    def until(self, what: Callable[[], object], seconds: float = 60) -> object:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := what():
                return found
            time.sleep(0.2)
        pytest.fail(f"it did not happen within {seconds} seconds:\n{self.log.read_text()[-3000:]}")

    def until_it_beats_again(self) -> None:
        last = self.beat()
        self.until(lambda: self.beat() not in (None, last))


@pytest.fixture(scope="module")
def installation(tmp_path_factory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("worker")
    for step in (folder, folder.parent, folder.parent.parent):
        step.chmod(0o755)  # the database runs as another user when we are root
    installation = Installation(folder)
    installation.manage("migrate", "--verbosity", "0")
    installation.manage("createcachetable")
    yield installation
    installation.server.stop()


@pytest.fixture
def worker(installation) -> Iterator[Installation]:
    with psycopg.connect(installation.server.url()) as connection:
        connection.execute("DELETE FROM config_heartbeat")  # of a worker that a test has shot
    installation.start()
    installation.until(installation.beat)
    yield installation
    if installation.process.poll() is None:
        installation.process.terminate()
        installation.process.wait(30)


def test_a_stop_ends_every_process_and_says_goodbye(worker):
    everyone = worker.cluster()
    worker.process.terminate()
    assert worker.process.wait(30) == 0
    assert [process for process in everyone if process.is_running() and process.status() != "zombie"] == []
    assert worker.one("SELECT count(*) FROM config_heartbeat") == 0


def test_idle_processes_that_are_shot_one_after_the_other_do_not_stop_the_work(worker):
    for place in range(1, len(worker.cluster())):
        victims = worker.cluster()
        victims[min(place, len(victims) - 1)].kill()
        worker.until_it_beats_again()


def test_a_cluster_that_stands_still_is_killed_and_started_anew(worker):
    group = worker.cluster()
    for process in group:
        process.suspend()
    worker.until(lambda: worker.one("SELECT restarts FROM config_heartbeat") == 1)
    worker.until_it_beats_again()
    assert not {process.pid for process in group} & {process.pid for process in worker.cluster()}


def test_a_cluster_ends_with_its_watchdog(worker):
    group = worker.cluster()
    worker.process.send_signal(signal.SIGKILL)
    worker.process.wait(10)
    worker.until(lambda: not [process for process in group if process.is_running() and process.status() != "zombie"])


def test_the_database_may_go_away_for_a_while(worker):
    worker.server.stop()
    time.sleep(3)
    worker.server.ready()
    worker.until_it_beats_again()


def test_the_schedule_is_worked_off(worker):
    worker.until(lambda: worker.one("SELECT count(*) FROM config_jobrun") == 10, 90)
