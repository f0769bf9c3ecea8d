"""How a job of the schedule is run, counted before it begins, set aside, replayed, and drained without the queue."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ, Schedule
from django_q.tasks import async_task

from config import queue
from config.health import condition
from config.models import Heartbeat, JobRun
from config.schedule import JOBS, SCHEDULE

pytestmark = pytest.mark.django_db


@pytest.fixture
def work(monkeypatch) -> dict[str, Callable[[str | None], int]]:
    """What each job does in a test: nothing, until a test says otherwise."""
    tasks: dict[str, Callable[[str | None], int]] = {job.name: lambda as_of: 0 for job in SCHEDULE}
    names = {job.task: job.name for job in SCHEDULE}
    monkeypatch.setattr(queue, "import_string", lambda task: tasks[names[task]])
    return tasks


def test_a_run_notes_what_it_did(work):
    work["settle"] = lambda as_of: 3
    assert queue.run("settle") == 3
    standing = JobRun.objects.get(name="settle")
    assert (standing.attempts, standing.done_count, standing.last_error) == (0, 3, "")
    assert standing.finished_at


def test_the_attempt_is_counted_before_the_work_begins(work):
    seen = []
    work["settle"] = lambda as_of: seen.append(JobRun.objects.get(name="settle").attempts) or 0
    queue.run("settle")
    assert seen == [1]


def test_a_job_that_did_something_asks_for_those_it_feeds(work):
    work["settle"] = lambda as_of: 500
    queue.run("settle")
    assert OrmQ.objects.count() == len(JOBS["settle"].feeds) == 2
    OrmQ.objects.all().delete()
    work["settle"] = lambda as_of: 0
    queue.run("settle")
    assert not OrmQ.objects.exists()


def test_a_job_that_fails_too_often_is_set_aside_and_comes_back(work, time_machine_at):
    def fail(as_of: str | None) -> int:
        raise ValueError("the roof is leaking")

    work["settle"] = fail
    for _ in range(queue.ATTEMPTS):
        with pytest.raises(ValueError, match="roof"):
            queue.run("settle")
    standing = JobRun.objects.get(name="settle")
    assert standing.last_error == "ValueError: the roof is leaking"
    assert list(JobRun.objects.set_aside(timezone.now())) == [standing]

    work["settle"] = lambda as_of: 1
    assert queue.run("settle") == 0, "it rests"
    time_machine_at(timezone.now() + queue.FIRST_REST + timedelta(seconds=1))
    assert queue.run("settle") == 1
    assert not JobRun.objects.set_aside(timezone.now()).exists()


def test_rests_grow_and_have_an_end(work, time_machine_at):
    def die(as_of: str | None) -> int:
        raise SystemExit  # what a time limit or a kill looks like from outside: nothing more is written

    work["settle"] = die
    rests = []
    for _ in range(queue.ATTEMPTS + 10):
        with pytest.raises(SystemExit):
            queue.run("settle")
        standing = JobRun.objects.get(name="settle")
        if standing.rests_until_at:
            rests.append(standing.rests_until_at - timezone.now())
            time_machine_at(standing.rests_until_at + timedelta(seconds=1))
    assert rests == sorted(rests)
    assert rests[1] > rests[0]
    assert rests[-1] <= queue.LONGEST_REST


def test_an_operator_takes_a_job_back(work):
    JobRun.objects.create(name="settle", attempts=9, rests_until_at=timezone.now() + timedelta(hours=5))
    queue.replay("settle")
    assert OrmQ.objects.count() == 1
    assert queue.run("settle") == 0
    assert JobRun.objects.get(name="settle").attempts == 0


def test_registering_makes_the_schedules_equal_to_the_table_whatever_was_there():
    Schedule.objects.create(name="settle", func="os.system", args="('anything',)")
    Schedule.objects.create(name="settle", func="os.system")
    Schedule.objects.create(name="stranger", func="os.system", kwargs="{malformed")
    queue.register()
    before = list(Schedule.objects.order_by("name").values_list("name", "func", "args", "minutes", "pk"))
    assert [row[:4] for row in before] == sorted(
        (job.name, "config.queue.run", repr((job.name,)), int(job.every.total_seconds() // 60)) for job in SCHEDULE
    )
    queue.register()
    assert list(Schedule.objects.order_by("name").values_list("name", "func", "args", "minutes", "pk")) == before


def test_tick_runs_every_job_in_the_order_of_the_table_until_nothing_is_left(work):
    ran: list[str] = []
    left = {"settle": 2, "deliver": 1}

    def does(name: str) -> Callable[[str | None], int]:
        def task(as_of: str | None) -> int:
            ran.append(name)
            if left.get(name):
                left[name] -= 1
                return 1
            return 0

        return task

    for name in JOBS:
        work[name] = does(name)
    assert {name: did for name, did in queue.drain().items() if did} == {"settle": 2, "deliver": 1}
    assert ran == list(JOBS) * 3
    assert not any(queue.drain().values()), "a second tick finds nothing"


def test_tick_goes_on_when_one_job_fails_and_says_which(work, capsys):
    def fail(as_of: str | None) -> int:
        raise ValueError

    done = []
    work["expire_offers"] = fail
    work["purge"] = lambda as_of: done.append(1) or 0
    with pytest.raises(CommandError, match="expire_offers"):
        call_command("tick")
    assert done


def test_tick_takes_a_moment_and_refuses_what_is_none(work):
    told = []
    work["settle"] = lambda as_of: told.append(as_of) or 0
    call_command("tick", as_of="2026-03-01T08:00:00Z")
    assert told == ["2026-03-01T08:00:00+00:00"]
    with pytest.raises(CommandError, match="2026-01-31T08:00:00Z"):
        call_command("tick", as_of="yesterday")


def test_every_job_of_the_table_leads_to_a_task():
    assert all(callable(import_string(job.task)) for job in SCHEDULE)


def test_only_the_own_cluster_reads_the_watchdogs_question(monkeypatch):
    async_task("config.queue.beat", broker=queue.Broker(list_key=queue.lane("other:1")))
    async_task("config.queue.beat", broker=queue.Broker(list_key=queue.lane("mine:1")))
    monkeypatch.setenv(queue.WORKER, "mine:1")
    (taken,) = queue.Broker().dequeue()
    assert OrmQ.objects.get(pk=taken[0]).key == "only:mine:1"


def test_a_beat_is_noted_for_the_own_worker_only(monkeypatch):
    old = timezone.now() - timedelta(hours=1)
    for worker in ("mine:1", "other:1"):
        Heartbeat.objects.create(worker=worker, started_at=old, beat_at=old)
    monkeypatch.setenv(queue.WORKER, "mine:1")
    queue.beat()
    assert list(Heartbeat.objects.alive(timezone.now()).values_list("worker", flat=True)) == ["mine:1"]


def test_the_condition_tells_of_missing_workers_late_jobs_and_what_was_set_aside():
    now = timezone.now()
    assert condition(now).worker_missing
    assert condition(now).ready
    Heartbeat.objects.create(worker="a:1", started_at=now, beat_at=now - timedelta(seconds=4))
    JobRun.objects.create(name="settle", finished_at=now - timedelta(hours=1))
    JobRun.objects.create(name="deliver", finished_at=now, rests_until_at=now + timedelta(hours=1))
    found = condition(now)
    assert (found.workers, found.worker_age) == (1, 4.0)
    assert (found.overdue, found.set_aside, found.well) == (("settle",), ("deliver",), False)


def test_what_a_job_feeds_is_in_the_table():
    assert {fed for job in SCHEDULE for fed in job.feeds} <= set(JOBS)
