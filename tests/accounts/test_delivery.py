"""What was planned goes out, once, and keeps trying."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from accounts import delivery, replies
from accounts.models import LogEvent, Notice
from accounts.models.notice import Channel, NoticeState
from tests.cast import Cast
from tests.factories.clock import NOW

pytestmark = pytest.mark.django_db


def planned(**facts: Any) -> Notice:
    usual: dict[str, Any] = {
        "event_key": "some:1",
        "topic": "offer.made",
        "address": "offers@casc.example.com",
        "channel": Channel.EMAIL,
        "subject": "New job at Tacoma Hilltop",
        "body": "Facilities offers you a job: cooler <b>too warm</b>.\nAnswer before 10:30.",
        "path": "/jobs/1",
        "action": "Answer the offer",
        "created_at": NOW,
        "next_try_at": NOW,
    }
    return Notice.objects.create(**usual | facts)


@pytest.fixture
def post_office_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(message: Any) -> int:
        raise ConnectionRefusedError("nobody answers")

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)


def test_a_due_notice_is_mailed_once(settings: Any) -> None:
    settings.BASE_URL = "https://work.example.com"
    notice = planned()
    assert delivery.deliver(now=NOW) == 1
    assert delivery.deliver(now=NOW + timedelta(days=9)) == 0
    (message,) = mail.outbox
    assert message.to == ["offers@casc.example.com"]
    assert message.extra_headers["Message-ID"] == replies.message_id(notice)
    assert message.extra_headers["Message-ID"].startswith(f"<notice-{notice.pk}-")
    assert message.extra_headers["Message-ID"].endswith("@work.example.com>")
    notice.refresh_from_db()
    assert (notice.state, notice.sent_at, notice.attempts) == (NoticeState.SENT, NOW, 1)


def test_the_mail_says_first_what_happened_then_what_to_do_and_has_one_button(settings: Any) -> None:
    settings.BASE_URL = "https://work.example.com"
    message = delivery.message_of(planned())
    assert message.body.splitlines()[:3] == [
        "Facilities offers you a job: cooler <b>too warm</b>.",
        "",
        "Answer before 10:30.",
    ]
    assert "Answer the offer: https://work.example.com/jobs/1" in message.body
    html = message.alternatives[0].content
    assert html.count('<a href="https://work.example.com/jobs/1">') == 1
    assert "<b>too warm</b>" not in html


def test_what_is_not_due_waits() -> None:
    planned(next_try_at=NOW + timedelta(minutes=1))
    assert delivery.deliver(now=NOW) == 0
    assert delivery.deliver(now=NOW + timedelta(minutes=1)) == 1


@pytest.mark.usefixtures("post_office_closed")
def test_a_failed_mail_is_tried_again_after_growing_pauses_and_then_set_aside() -> None:
    notice = planned()
    now, pauses = NOW, []
    for _ in range(10):
        assert delivery.deliver(now=now) == 0
        notice.refresh_from_db()
        pauses.append(notice.next_try_at - now)
        now = notice.next_try_at
    minutes = [pause // timedelta(minutes=1) for pause in pauses]
    assert minutes == [1, 5, 30, 120, 360, 1440, 1440, 1440, 1440, 1440]
    assert notice.state == NoticeState.SET_ASIDE
    assert "nobody answers" in notice.last_error
    assert list(Notice.objects.failing()) == [notice]


def test_a_mail_that_ends_its_worker_every_time_is_set_aside() -> None:
    planned(attempts=10)
    assert delivery.deliver(now=NOW) == 0
    assert Notice.objects.get().state == NoticeState.SET_ASIDE
    assert mail.outbox == []


def test_a_slow_try_that_lost_its_claim_does_not_overwrite_the_later_one(monkeypatch: pytest.MonkeyPatch) -> None:
    notice = planned()

    def slow(message: Any) -> int:
        Notice.objects.filter(pk=notice.pk).update(attempts=2)
        raise TimeoutError("too slow")

    monkeypatch.setattr("django.core.mail.EmailMultiAlternatives.send", slow)
    delivery.deliver(now=NOW)
    notice.refresh_from_db()
    assert (notice.attempts, notice.last_error) == (2, "")


def test_nothing_leaves_a_paused_house_and_nothing_is_lost(cast: Cast, settings: Any) -> None:
    planned()
    delivery.PAUSED.change(value=True, by=cast.admin, now=NOW)
    assert delivery.deliver(now=NOW) == 0
    delivery.PAUSED.change(value=False, by=cast.admin, now=NOW)
    settings.OUTBOUND_PAUSED = True
    assert delivery.deliver(now=NOW) == 0
    settings.OUTBOUND_PAUSED = False
    assert delivery.deliver(now=NOW) == 1


def test_a_person_can_send_a_failed_notice_again(cast: Cast) -> None:
    notice = planned(state=NoticeState.SET_ASIDE, attempts=10, last_error="nobody answers")
    delivery.send_again(notice_id=notice.pk, by=cast.admin, now=NOW)
    assert delivery.deliver(now=NOW) == 1
    assert LogEvent.objects.get(verb="notice.replayed").actor == cast.admin
    with pytest.raises(delivery.NotFailing):
        delivery.send_again(notice_id=notice.pk, by=cast.admin, now=NOW)
