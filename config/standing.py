"""What an operator sees of the queue: workers, jobs, what waits, what failed. Facts for one page, nobody's matters."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import Notice
from accounts.models.event import Unsettled
from config.documents import how_often
from config.health import Condition, condition
from config.models import Heartbeat, JobRun
from config.schedule import SCHEDULE, Job

SHOWN = 50


@dataclass(frozen=True)
class Row:
    """One job of the schedule with how it is doing."""

    job: Job
    run: JobRun | None
    late: bool
    rests: bool

    @property
    def every(self) -> str:
        return how_often(self.job.every)


@dataclass(frozen=True)
class Standing:
    """Everything the page says."""

    found: Condition
    workers: list[Heartbeat]
    rows: list[Row]
    events_waiting: int
    events_failing: list[Unsettled]
    notices_due: int
    notices_failing: list[Notice]

    @property
    def failures(self) -> int:
        return len(self.events_failing) + len(self.notices_failing)


def standing(now: datetime) -> Standing:
    """How the queue is doing at `now`, in a fixed number of queries; at most SHOWN failures of a kind."""
    found = condition(now)
    known = {run.name: run for run in JobRun.objects.all()}
    return Standing(
        found=found,
        workers=list(Heartbeat.objects.order_by("worker")),
        rows=[
            Row(job, known.get(job.name), job.name in found.overdue, job.name in found.set_aside) for job in SCHEDULE
        ],
        events_waiting=Unsettled.objects.waiting().count(),
        events_failing=list(Unsettled.objects.failing().order_by("pk")[:SHOWN]),
        notices_due=Notice.objects.due(now).count(),
        notices_failing=list(Notice.objects.failing().order_by("-pk")[:SHOWN]),
    )
