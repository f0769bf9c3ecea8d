"""./run demo: everything on one machine, started in order and stopped together.

Database, migrations, the demo company when there is nobody yet, then web and worker. What ends by itself
is started again; Ctrl-C or SIGTERM stops all of it. The data stays for the next start.
"""

import argparse
import ctypes
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.demo.names import ORGANIZATION

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"
MANIFEST = VAR / "demo.json"
UNFINISHED = VAR / "demo.unfinished"
FIRST_PORT, LAST_PORT = 8000, 8099
PATIENCE = 25.0
ANSWER_WITHIN = 90.0
PARENT_DEATH = 1  # prctl's PR_SET_PDEATHSIG


class Stop(Exception):
    """Somebody asked to stop."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="./run demo", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, help=f"otherwise the first free one from {FIRST_PORT}")
    parser.add_argument("--sites", type=int, help="size of the demo company, when it is made")
    parser.add_argument("--months", type=int, help="months of history, when it is made")
    options = parser.parse_args()
    VAR.mkdir(exist_ok=True)
    with only_one():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _stop)
        port = options.port or free_port()
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        os.environ.setdefault("DATABASE_STATEMENT_TIMEOUT", "0")
        os.environ.setdefault("BASE_URL", f"http://localhost:{port}")
        os.environ.setdefault("ORGANIZATION", ORGANIZATION)
        house = House(port)
        try:
            prepare({name: value for name, value in vars(options).items() if value and name != "port"})
            house.start()
            house.watch()
        except Stop:
            say("stopping")
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)  # one goodbye is enough
            house.stop()
            stop_database()
    say("stopped; the data is kept for the next start")


def say(text: str) -> None:
    print(f"==> {text}", flush=True)


def _stop(*_: object) -> None:
    raise Stop


@contextmanager
def only_one() -> Iterator[None]:
    """A second demo in the same folder would fight over the same database."""
    with open(VAR / "demo.lock", "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("./run demo is already running in this folder.")
        yield


def free_port() -> int:
    for port in range(FIRST_PORT, LAST_PORT + 1):
        with socket.socket() as door:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                door.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    sys.exit(f"No port between {FIRST_PORT} and {LAST_PORT} is free. Choose one: ./run demo --port 9000")


def prepare(size: dict[str, int]) -> None:
    """Database, tables, cache table, and the demo company where nobody is yet."""
    import django
    from django.core.exceptions import ImproperlyConfigured

    try:
        django.setup()
        from django.conf import settings
        from django.contrib.auth import get_user_model
        from django.core.management import call_command, get_commands
        from django.db import connections

        if settings.PRODUCTION:
            sys.exit("The demo company is not for production: unset MODE, or start web and worker as the README says.")
        say("starting the database" if not settings.DATABASE_URL else "using the database of DATABASE_URL")
        start_over_if_unfinished(embedded=not settings.DATABASE_URL)
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        if not get_user_model()._default_manager.exists() and "demo_data" in get_commands():
            say("making the demo company (once)")
            MANIFEST.unlink(missing_ok=True)
            UNFINISHED.touch()
            call_command("demo_data", manifest=MANIFEST, **size)
            UNFINISHED.unlink()
        connections.close_all()
    except ImproperlyConfigured as problem:
        sys.exit(f"mainstay: {problem}")


def start_over_if_unfinished(*, embedded: bool) -> None:
    """A demo company that was interrupted while it was made is no use to anybody."""
    if not UNFINISHED.exists():
        return
    if not embedded:
        sys.exit("The demo company was not finished last time. Empty the database of DATABASE_URL and start again.")
    say("the demo company was not finished last time: starting over")
    stop_database()
    shutil.rmtree(VAR / "postgres")
    UNFINISHED.unlink()


def stop_database() -> None:
    from config.database import Embedded

    if (VAR / "postgres" / "postmaster.pid").exists():
        Embedded(VAR / "postgres").stop()


class House:
    """Web and worker as child processes, each in a session of its own so that Ctrl-C reaches only us."""

    def __init__(self, port: int) -> None:
        self.port = port
        python = sys.executable
        web = "-m gunicorn config.wsgi --workers 2 --threads 4 --preload --no-control-socket --access-logfile - --bind"
        self.commands = {
            "web": [python, *web.split(), f"127.0.0.1:{port}"],
            "worker": [python, "manage.py", "worker"],
        }
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.started: dict[str, float] = {}

    def start(self) -> None:
        for name in self.commands:
            self._start(name)
        until = time.monotonic() + ANSWER_WITHIN
        while not self._answers():
            if self.running["web"].poll() is not None or time.monotonic() > until:
                sys.exit(f"The web server did not start. The end of {self._log('web')}:\n{self._tail('web')}")
            time.sleep(0.2)
        self._welcome()

    def watch(self) -> None:
        """Start again what ends; not faster than once in five seconds."""
        while True:
            time.sleep(1)
            for name, process in list(self.running.items()):
                if process.poll() is not None and time.monotonic() - self.started[name] > 5:
                    say(f"{name} ended with {process.returncode}, starting it again (see {self._log(name)})")
                    self._start(name)

    def stop(self) -> None:
        for process in self.running.values():
            if process.poll() is None:
                process.terminate()
        until = time.monotonic() + PATIENCE
        for process in self.running.values():
            try:
                process.wait(max(until - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _start(self, name: str) -> None:
        with open(self._log(name), "ab") as log:
            self.running[name] = subprocess.Popen(
                self.commands[name],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509 - one thread here, and the call is a single prctl
            )
        self.started[name] = time.monotonic()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _log(self, name: str) -> Path:
        return VAR / f"{name}.log"

    def _tail(self, name: str) -> str:
        return "\n".join(self._log(name).read_text(errors="replace").splitlines()[-20:])

    def _welcome(self) -> None:
        print(f"\n    Mainstay is ready:  http://localhost:{self.port}/\n", flush=True)
        for line in sign_ins():
            print(f"    {line}", flush=True)
        print("\n    Mail goes to var/mail, logs to var/*.log. Ctrl-C stops everything.\n", flush=True)


def sign_ins() -> list[str]:
    """One line for each role of the demo company: role, scope, e-mail, password."""
    try:
        users = json.loads(MANIFEST.read_text())["users"]
    except (OSError, ValueError, KeyError):
        return ["Nobody's sign-in is known here: this database was not made by the demo."]
    first: dict[str, dict[str, str]] = {}
    for user in users:
        first.setdefault(user["role"], user)
    rows = [
        (str(user["role"]).replace("_", " "), str(user.get("scope") or ""), user["email"], user["password"])
        for user in first.values()
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    return [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:<{widths[2]}}  {d}" for a, b, c, d in rows]


def end_with_parent() -> None:
    """Ask the kernel to stop this child when its parent is killed (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PARENT_DEATH, signal.SIGTERM)


if __name__ == "__main__":
    main()
