"""The queue's engine room: how a job of the schedule is run, counted, set aside and replayed.

django-q2 only ticks and carries names. What there is to do is read from our own tables by each job.
"""

import logging
import os
import select
import signal
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.brokers.orm import ORM
from django_q.models import OrmQ, Schedule
from django_q.tasks import async_task

from config.models import Heartbeat, JobRun
from config.schedule import JOBS, SCHEDULE

ATTEMPTS = 5
FIRST_REST = timedelta(seconds=10)  # an item that kills is set aside by its own count; this is for the job itself
LONGEST_REST = timedelta(hours=1)
REGISTERING = 7_135_001  # any number, the same in every process: PostgreSQL's advisory lock

WORKER = "MAINSTAY_WORKER"  # the watchdog tells its cluster the worker's name and the lifeline by these
LIFELINE = "MAINSTAY_LIFELINE"

log = logging.getLogger(__name__)


def run(name: str) -> int:
    """What the queue calls: run one job of the schedule, and when it did something, ask for those it feeds."""
    done = attempt(name)
    if done:
        for fed in JOBS[name].feeds:
            enqueue(fed)
    return done


def attempt(name: str, as_of: str | None = None) -> int:
    """Run one job of the schedule; how many things it did, 0 when it is set aside. Raises what the job raises."""
    job = JOBS[name]
    beat()
    if not _begin(name, timezone.now()):
        return 0
    try:
        done = int(import_string(job.task)(as_of) or 0)
    except Exception as problem:
        JobRun.objects.filter(name=name).update(last_error=f"{type(problem).__name__}: {problem}"[:2000])
        raise
    JobRun.objects.filter(name=name).update(
        attempts=0, finished_at=timezone.now(), done_count=done, last_error="", rests_until_at=None
    )
    beat()
    return done


def _begin(name: str, now: datetime) -> bool:
    """Count the attempt in a transaction of its own, before the work; False while the job rests."""
    with transaction.atomic():
        JobRun.objects.bulk_create([JobRun(name=name)], ignore_conflicts=True)
        standing = JobRun.objects.select_for_update().get(name=name)
        if standing.rests_until_at and standing.rests_until_at > now:
            return False
        standing.attempts += 1
        standing.started_at = now
        if standing.attempts >= ATTEMPTS:
            rest = min(FIRST_REST * 2 ** min(standing.attempts - ATTEMPTS, 10), LONGEST_REST)
            standing.rests_until_at = now + rest
        standing.save()
    return True


def replay(name: str) -> None:
    """Take a job back from where it was set aside and queue it now."""
    with transaction.atomic():
        JobRun.objects.filter(name=name).update(attempts=0, rests_until_at=None)
        enqueue(name)


def enqueue(name: str, *, worker: str | None = None) -> None:
    """Ask for one run of a job, of any worker or of the one named, together with the transaction that is open."""
    broker = Broker(list_key=lane(worker)) if worker else None
    async_task(settings.JOB_RUNNER, JOBS[name].name, group=name, broker=broker)


def drain(as_of: str | None = None, *, rounds: int = 1000) -> dict[str, int]:
    """Run every job in order, again and again until none finds anything to do; what each did.

    A job that fails is noted by `attempt` and left to the next drain; the others go on.
    """
    did = dict.fromkeys(JOBS, 0)
    failed: set[str] = set()
    for _ in range(rounds):
        found = 0
        for job in SCHEDULE:
            if job.name in failed:
                continue
            try:
                done = attempt(job.name, as_of)
            except Exception:
                log.exception("job %s failed", job.name)
                failed.add(job.name)
                did[job.name] = -1
                continue
            did[job.name] += done
            found += done
        if not found:
            break
    return did


def register() -> None:
    """Make django-q2's schedules equal to SCHEDULE, whatever was there; safe from several workers at once."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [REGISTERING])
        Schedule.objects.exclude(name__in=JOBS).delete()
        for job in SCHEDULE:
            wanted: dict[str, Any] = {
                "func": settings.JOB_RUNNER,
                "args": repr((job.name,)),
                "kwargs": None,
                "hook": None,
                "schedule_type": Schedule.MINUTES,
                "minutes": int(job.every.total_seconds() // 60),
                "repeats": -1,
                "cluster": None,
            }
            first, *twins = Schedule.objects.filter(name=job.name).order_by("pk") or [None]
            if first is None:
                Schedule.objects.create(name=job.name, next_run=timezone.now(), **wanted)
                continue
            Schedule.objects.filter(pk__in=[twin.pk for twin in twins if twin]).delete()
            Schedule.objects.filter(pk=first.pk).update(**wanted)
            # A period that was made shorter begins to count now, not after the old one.
            Schedule.objects.filter(pk=first.pk, next_run__gt=timezone.now() + job.every).update(
                next_run=timezone.now()
            )


# Signs of life


def beat() -> None:
    """Note that work goes through this worker's cluster; nothing outside of a worker."""
    if worker := os.environ.get(WORKER):
        Heartbeat.objects.filter(worker=worker).update(beat_at=timezone.now())


def lane(worker: str) -> str:
    """The queue key that only this worker's own cluster reads."""
    return f"only:{worker}"[:100]


class Broker(ORM):
    """django-q2's database broker, with a lane for the watchdog's own questions, and a lifeline to it."""

    @staticmethod
    def get_cache() -> None:
        """No statistics in the cache: the heartbeat row tells, and does not write twice a second."""

    def dequeue(self) -> Any:
        self._end_with_watchdog()
        worker = os.environ.get(WORKER)
        if worker:
            now = timezone.now()
            for asked in OrmQ.objects.filter(key=lane(worker), lock__lt=now)[:1]:
                if OrmQ.objects.filter(pk=asked.pk, lock=asked.lock).update(lock=self.timeout(asked)):
                    return [(asked.pk, asked.payload)]
        return super().dequeue()

    @staticmethod
    def _end_with_watchdog() -> None:
        """A cluster whose watchdog was killed ends too: nobody would notice if it stood still."""
        line = os.environ.get(LIFELINE)
        if line and select.select([int(line)], [], [], 0)[0]:
            os.killpg(os.getpgrp(), signal.SIGKILL)
