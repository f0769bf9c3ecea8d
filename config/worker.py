"""The watchdog: keeps one queue cluster alive, whatever happens to it.

A cluster of django-q2 can stand still for good when one of its processes is killed at the wrong moment,
and then ignores being asked to stop. So it runs in a process group of its own; the watchdog sends a
question through the queue every few seconds, and where no answer came for a minute it kills the whole
group and starts anew. Every job is safe to repeat, so nothing is lost by that.
"""

import logging
import os
import select
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone
from django_q.models import OrmQ
from django_q.tasks import async_task

from config.models import Heartbeat
from config.queue import LIFELINE, WORKER, Broker, enqueue, lane, register
from config.schedule import SCHEDULE

ROOT = Path(__file__).resolve().parent.parent
ASK_EVERY = 5.0
LONGEST_PAUSE = 5.0
FORGET_AFTER = timedelta(days=1)

log = logging.getLogger(__name__)


class Watchdog:
    """Runs the cluster until told to stop.

    `stall` is the longest silence before a new start, `patience` the longest goodbye, both in seconds.
    """

    def __init__(self, *, stall: float, patience: float) -> None:
        self.stall = stall
        self.patience = patience
        self.name = f"{socket.gethostname()}:{os.getpid()}"[:90]
        self.stopping = False
        self.cluster: subprocess.Popen[bytes] | None = None
        self.restarts = 0
        self.heard = time.monotonic()
        self.asked = 0.0
        self.last_beat: object = None
        self.pause = 1.0
        self.lifeline, self.own_end = os.pipe()
        self.wake, self.bell = os.pipe()
        os.set_blocking(self.bell, False)

    def run(self) -> None:
        signal.set_wakeup_fd(self.bell)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        register()
        now = timezone.now()
        Heartbeat.objects.filter(beat_at__lt=now - FORGET_AFTER).delete()
        Heartbeat.objects.create(worker=self.name, started_at=now, beat_at=now)
        try:
            while not self.stopping:
                self._look()
                select.select([self.wake], [], [], 1.0)
        finally:
            self._end()
            self._forget()

    def _stop(self, *_: object) -> None:
        self.stopping = True

    def _look(self) -> None:
        """One look: start what ended, ask, and kill what no longer answers."""
        if self.cluster is None:
            self._start()
        elif (code := self.cluster.poll()) is not None:
            log.warning("the queue cluster ended with %s, starting it again", code)
            self._kill()
            self._rest()
        else:
            self._listen()
            if time.monotonic() - self.heard > self.stall:
                log.error("no work went through the queue for %d seconds, starting it anew", self.stall)
                self._kill()

    def _start(self) -> None:
        environment = os.environ | {WORKER: self.name, LIFELINE: str(self.lifeline)}
        self.cluster = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "qcluster"],
            start_new_session=True,
            pass_fds=[self.lifeline],
            env=environment,
        )
        self.heard = time.monotonic()
        self.asked = 0.0
        self._begin_with_every_job()

    def _begin_with_every_job(self) -> None:
        """What a killed cluster had claimed is not given out again for minutes: every job runs once at the start."""
        try:
            OrmQ.objects.filter(key=lane(self.name)).delete()
            for job in SCHEDULE:
                enqueue(job.name, worker=self.name)
        except (DatabaseError, InterfaceError) as problem:
            log.warning("the database does not answer: %s", problem)
            connection.close()

    def _listen(self) -> None:
        """Read the heartbeat and ask again. While the database is away, silence proves nothing."""
        try:
            beat = Heartbeat.objects.filter(worker=self.name).values_list("beat_at", flat=True).first()
            if beat != self.last_beat:
                self.last_beat = beat
                self.heard = time.monotonic()
                self.pause = 1.0
            if time.monotonic() - self.asked > ASK_EVERY:
                self.asked = time.monotonic()
                if not OrmQ.objects.filter(key=lane(self.name)).exists():
                    async_task("config.queue.beat", broker=Broker(list_key=lane(self.name)))
        except (DatabaseError, InterfaceError) as problem:
            log.warning("the database does not answer: %s", problem)
            connection.close()
            self.heard = time.monotonic()

    def _kill(self) -> None:
        """The whole group, without asking: a cluster that stands still ignores SIGTERM."""
        if self.cluster is None:
            return
        try:
            os.killpg(self.cluster.pid, signal.SIGKILL)
        except ProcessLookupError:
            log.debug("the group of %s was gone already", self.cluster.pid)
        self.cluster.wait()
        self.cluster = None
        self.restarts += 1
        try:
            Heartbeat.objects.filter(worker=self.name).update(restarts=self.restarts)
        except (DatabaseError, InterfaceError):
            connection.close()

    def _rest(self) -> None:
        """Longer and longer between starts that fail at once."""
        select.select([self.wake], [], [], self.pause)
        self.pause = min(self.pause * 2, LONGEST_PAUSE)

    def _end(self) -> None:
        """Ask the cluster alone (never its group) to finish, then do not ask any more."""
        if self.cluster is None:
            return
        self.cluster.terminate()
        try:
            self.cluster.wait(self.patience)
        except subprocess.TimeoutExpired:
            log.warning("the queue did not stop by itself")
        self._kill()

    def _forget(self) -> None:
        try:
            OrmQ.objects.filter(key=lane(self.name)).delete()
            Heartbeat.objects.filter(worker=self.name).delete()
        except (DatabaseError, InterfaceError) as problem:
            log.warning("could not say goodbye: %s", problem)
