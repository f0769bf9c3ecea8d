"""The worker survives what kills others: idle processes shot, the cluster stopped cold, its watchdog gone."""

import signal
import time
from collections.abc import Iterator

import pytest

from config.schedule import SCHEDULE
from tests.config.installation import Installation, alive

pytestmark = [pytest.mark.faults, pytest.mark.slow]


@pytest.fixture(scope="module")
def installation(open_folder) -> Iterator[Installation]:
    installation = Installation(open_folder)
    yield installation
    installation.server.stop()


@pytest.fixture
def worker(installation) -> Iterator[Installation]:
    installation.start()
    yield installation
    installation.stop()


def test_a_stop_ends_every_process_and_says_goodbye(worker):
    everyone = worker.cluster()
    worker.process.terminate()
    assert worker.process.wait(30) == 0
    assert alive(everyone) == []
    assert worker.one("SELECT count(*) FROM config_heartbeat") == 0


def test_idle_processes_that_are_shot_one_after_the_other_do_not_stop_the_work(worker):
    for place in range(1, len(worker.cluster())):
        victims = worker.until(worker.cluster)  # between a death and the next start there may be none
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
    worker.until(lambda: not alive(group))


def test_the_database_may_go_away_for_a_while(worker):
    worker.server.stop()
    time.sleep(3)
    worker.server.ready()
    worker.until_it_beats_again()


def test_the_schedule_is_worked_off(worker):
    worker.until(lambda: worker.one("SELECT count(*) FROM config_jobrun") == len(SCHEDULE), 90)
