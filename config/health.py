"""What the installation knows about its own condition: the health page, the banner and operations read it here."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django_q.conf import Conf
from django_q.models import OrmQ

from config.models import Heartbeat, JobRun
from config.schedule import SCHEDULE

LATE = 3  # periods without success before a job counts as overdue


@dataclass(frozen=True)
class Condition:
    """The state of an installation at one moment. Ages are in seconds, None where there is nothing."""

    database: bool
    missing_migrations: tuple[str, ...] = ()
    worker_age: float | None = None
    workers: int = 0
    waiting: int = 0
    oldest_waiting: float | None = None
    overdue: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()
    outbound_paused: bool = False

    @property
    def ready(self) -> bool:
        """Whether pages can be served."""
        return self.database and not self.missing_migrations

    @property
    def worker_missing(self) -> bool:
        return self.workers == 0

    @property
    def well(self) -> bool:
        return self.ready and not self.worker_missing and not self.overdue and not self.set_aside


def condition(now: datetime) -> Condition:
    """Look at database, migrations, worker, queue and jobs."""
    try:
        connection.ensure_connection()
        missing = _missing_migrations()
        if missing:
            return Condition(database=True, missing_migrations=missing)
        return _of_the_queue(now)
    except DatabaseError:
        return Condition(database=False)


def worker_missing(now: datetime) -> bool:
    """For the banner on every page of an operator: one small query."""
    return not Heartbeat.objects.alive(now).exists()


def _missing_migrations() -> tuple[str, ...]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return tuple(f"{migration.app_label}.{migration.name}" for migration, _ in plan)


def _of_the_queue(now: datetime) -> Condition:
    beats = list(Heartbeat.objects.alive(now).order_by("-beat_at").values_list("beat_at", flat=True))
    waiting = OrmQ.objects.filter(key=Conf.CLUSTER_NAME)
    oldest = waiting.order_by("lock").values_list("lock", flat=True).first()
    finished = dict(JobRun.objects.values_list("name", "finished_at"))
    return Condition(
        database=True,
        worker_age=(now - beats[0]).total_seconds() if beats else None,
        workers=len(beats),
        waiting=waiting.count(),
        oldest_waiting=max((now - oldest).total_seconds(), 0.0) if oldest else None,
        overdue=tuple(
            job.name for job in SCHEDULE if (last := finished.get(job.name)) and now - last > LATE * job.every
        ),
        set_aside=tuple(JobRun.objects.set_aside(now).order_by("name").values_list("name", flat=True)),
        outbound_paused=settings.OUTBOUND_PAUSED,
    )
