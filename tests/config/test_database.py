"""The embedded database server: found again, safe to start twice at once, reachable by deep paths."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from config.database import Embedded, NoServer

START = (
    "import sys; from pathlib import Path; from config.database import Embedded; Embedded(Path(sys.argv[1])).ready()"
)


@pytest.fixture
def server(open_folder: Path, request: pytest.FixtureRequest):
    embedded = Embedded(open_folder / request.node.name[:20] / "postgres", safe=False)
    yield embedded
    embedded.stop()


def postmaster(server: Embedded) -> str:
    return (server.folder / "postmaster.pid").read_text().splitlines()[0]


@pytest.mark.slow
@pytest.mark.race
def test_two_processes_that_start_at_once_share_one_server(server):
    def start(_: int) -> int:
        return subprocess.run([sys.executable, "-c", START, str(server.folder)], check=False).returncode

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(start, range(4))) == [0, 0, 0, 0]
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("mainstay",)


@pytest.mark.slow
def test_a_server_that_outlived_its_starter_is_found_again_and_keeps_its_data(server):
    subprocess.run([sys.executable, "-c", START, str(server.folder)], check=True)
    first = postmaster(server)
    with psycopg.connect(server.url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    assert postmaster(server) == first
    assert server.stop()
    assert not server.stop(), "there is nothing left to stop"
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


@pytest.mark.slow
def test_a_server_that_was_killed_is_started_again(server):
    server.ready()
    os.kill(int(postmaster(server)), signal.SIGKILL)
    until = time.monotonic() + 10
    while server._answers() and time.monotonic() < until:  # its helpers hold the socket a moment longer
        time.sleep(0.05)
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.slow
def test_a_folder_too_deep_for_a_socket_gets_a_short_one(server):
    deep = server.folder.parent / ("a-long-name-" * 5) / ("another-long-name-" * 4) / "postgres"
    embedded = Embedded(deep, safe=False)
    try:
        with psycopg.connect(embedded.url()) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        short = Path(embedded.ready()["host"])
        assert len(str(short)) < 40
    finally:
        embedded.stop()
    assert not short.exists(), "it goes with the server"


def test_a_folder_with_something_else_in_it_is_refused(tmp_path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "letter.txt").write_text("not a database")
    with pytest.raises(NoServer, match="not a database"):
        Embedded(tmp_path / "postgres").ready()
