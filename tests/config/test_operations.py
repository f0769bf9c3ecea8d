"""The operator sees what stands still and what failed, and gives it another try."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from accounts.models import Notice
from accounts.models.event import Unsettled
from accounts.models.notice import Channel, NoticeState
from config.models import Heartbeat, JobRun
from config.schedule import SCHEDULE


@pytest.fixture
def operator(cast, enter):
    return enter(cast.admin)


def failed_notice() -> Notice:
    now = timezone.now()
    return Notice.objects.create(
        event_key="t:1",
        topic="offer",
        address="a@example.org",
        channel=Channel.EMAIL,
        subject="s",
        body="b",
        created_at=now,
        next_try_at=now,
        attempts=3,
        state=NoticeState.SET_ASIDE,
        last_error="mailbox is full",
    )


def test_the_page_names_every_job_and_says_that_no_worker_runs(operator):
    page = operator.get("/operations").content.decode()
    assert all(job.name in page for job in SCHEDULE)
    assert "No worker is running" in page
    assert "Nothing failed" in page


def test_the_page_shows_life_failures_and_what_was_set_aside(operator):
    now = timezone.now()
    Heartbeat.objects.create(worker="shop-server:77", started_at=now, beat_at=now)
    JobRun.objects.create(name="settle", last_error="ValueError: leak", rests_until_at=now + timedelta(hours=1))
    Unsettled.objects.create(
        ledger="accounts_logevent", event_id=990, attempts=5, last_error="no site", set_aside_at=now
    )
    failed_notice()
    page = operator.get("/operations").content.decode()
    for words in ("shop-server:77", "ValueError: leak", "Event 990", "no site", "mailbox is full"):
        assert words in page
    assert "No worker is running" not in page


def test_its_number_of_queries_does_not_grow(operator, django_assert_max_num_queries):
    for number in range(40):
        Unsettled.objects.create(ledger="accounts_logevent", event_id=number + 900, attempts=1, last_error="x")
    with django_assert_max_num_queries(20):
        operator.get("/operations")


def test_the_poll_gets_the_region_alone(operator):
    part = operator.get("/operations", headers={"HX-Request": "true", "HX-Target": "standing"}).content.decode()
    assert part.strip().startswith('<div id="standing"')


def test_a_job_that_was_set_aside_runs_again(operator):
    JobRun.objects.create(name="settle", attempts=9, rests_until_at=timezone.now() + timedelta(hours=1))
    assert operator.post("/operations/jobs/settle/run").status_code == 302
    assert JobRun.objects.get().rests_until_at is None
    assert OrmQ.objects.exists()
    assert operator.post("/operations/jobs/format_disk/run").status_code == 404


def test_a_failed_notice_goes_back_in_line_once(operator):
    notice = failed_notice()
    address = f"/operations/notices/{notice.pk}/replay"
    assert operator.post(address).status_code == 302
    assert Notice.objects.get().state == NoticeState.PLANNED
    assert operator.post(address).status_code == 409


def test_a_failed_event_goes_back_in_line_unless_it_was_settled(operator):
    row = Unsettled.objects.create(ledger="accounts_logevent", event_id=990, attempts=5, last_error="no site")
    assert operator.post(f"/operations/events/{row.pk}/replay").status_code == 302
    row.refresh_from_db()
    assert row.attempts == 0
    address = f"/operations/events/{row.pk}/replay"
    row.delete()
    assert operator.post(address).status_code == 409


def test_nothing_acts_when_it_is_only_opened(operator):
    assert operator.get("/operations/jobs/settle/run").status_code == 405


def test_nobody_else_sees_the_page(cast, enter, client):
    assert enter(cast.store).get("/operations").status_code == 403
    assert client.get("/operations").status_code == 302
