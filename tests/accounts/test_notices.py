"""Everybody is told once, at a decent hour, and only what he wants to hear."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from accounts import notices
from accounts.events import record
from accounts.models import Notice, NoticePreference
from accounts.models.notice import Channel
from tests.cast import Cast
from tests.factories.clock import HOUSE, NOW

pytestmark = pytest.mark.django_db


def plan(readers: Any, **more: Any) -> None:
    words: dict[str, Any] = {
        "event_key": "some:1",
        "topic": "job.done",
        "subject": "Cooler fixed",
        "body": "Tess has fixed the cooler.\nIs it cold again?",
        "path": "/requests/1",
        "action": "Answer",
        "now": NOW,
    }
    notices.plan(readers=readers, **words | more)


def test_planning_twice_leaves_one_notice_per_channel(cast: Cast) -> None:
    for _ in range(2):
        plan([cast.store, cast.store, "crew@example.com"])
    told = Notice.objects.values_list("channel", "reader__name", "address").order_by("pk")
    assert list(told) == [
        ("app", "Stella Store", str(cast.store.pk)),
        ("email", "Stella Store", str(cast.store.pk)),
        ("email", None, "crew@example.com"),
    ]


def test_a_person_with_a_new_address_is_not_told_again(cast: Cast) -> None:
    plan([cast.store])
    cast.store.email = "stella@elsewhere.example.com"
    cast.store.save()
    plan([cast.store])
    mail = Notice.objects.get(channel=Channel.EMAIL)
    assert mail.mail_to == "stella@elsewhere.example.com"


def test_whoever_made_the_event_is_not_told_of_it(cast: Cast) -> None:
    event = record(stream="jobs", verb="job.done", by=cast.fm, now=NOW)
    plan([cast.fm, cast.store], event_key=notices.key_of(event))
    assert set(Notice.objects.values_list("reader__name", flat=True)) == {"Stella Store"}


def test_who_is_switched_off_or_does_not_want_it_is_not_told(cast: Cast) -> None:
    cast.fm.is_active = False
    NoticePreference.objects.create(user=cast.store, topic="job.done", channel=Channel.EMAIL, is_on=False)
    NoticePreference.objects.create(user=cast.store, topic="job.begun", channel=Channel.IN_APP, is_on=False)
    plan([cast.fm, cast.store])
    assert list(Notice.objects.values_list("channel", flat=True)) == [Channel.IN_APP]


@pytest.mark.parametrize(
    ("local_now", "starts", "ends", "mail_at"),
    [
        (time(12), time(22), time(7), None),
        (time(23), time(22), time(7), "next morning"),
        (time(6, 59), time(22), time(7), "this morning"),
        (time(7), time(22), time(7), None),
        (time(13), time(12), time(14), "this afternoon"),
    ],
)
def test_mail_waits_for_the_end_of_quiet_hours(
    cast: Cast, local_now: time, starts: time, ends: time, mail_at: str | None
) -> None:
    cast.store.time_zone, cast.store.quiet_from, cast.store.quiet_until = "America/Phoenix", starts, ends
    now = datetime(2026, 7, 14, local_now.hour, local_now.minute, tzinfo=UTC) + timedelta(hours=7)
    expected = {
        None: now,
        "this morning": datetime(2026, 7, 14, 14, 0, tzinfo=UTC),
        "next morning": datetime(2026, 7, 15, 14, 0, tzinfo=UTC),
        "this afternoon": datetime(2026, 7, 14, 21, 0, tzinfo=UTC),
    }[mail_at]
    plan([cast.store], now=now)
    assert Notice.objects.get(channel=Channel.EMAIL).next_try_at == expected
    assert Notice.objects.get(channel=Channel.IN_APP).sent_at == now


def test_urgent_mail_does_not_wait(cast: Cast) -> None:
    cast.store.quiet_from, cast.store.quiet_until = time(0), time(23, 59)
    plan([cast.store], urgent=True)
    assert Notice.objects.get(channel=Channel.EMAIL).next_try_at == NOW


def test_a_subject_stays_on_one_line_and_within_its_length(cast: Cast) -> None:
    plan([cast.store], subject="Cooler\r\nBcc: all@example.com " + "x" * 300)
    subject = Notice.objects.first().subject
    assert subject.startswith("Cooler Bcc: all@example.com xxx")
    assert len(subject) == 200


def test_a_person_marks_only_own_notices_as_read(cast: Cast) -> None:
    plan([cast.store, cast.fm])
    foreign = Notice.objects.get(reader=cast.fm, channel=Channel.IN_APP)
    assert notices.mark_read(by=cast.store, now=NOW, notice_id=foreign.pk) == 0
    assert notices.mark_read(by=cast.store, now=NOW) == 1
    assert notices.mark_read(by=cast.store, now=NOW) == 0
    assert Notice.objects.visible_to(cast.fm).unread().count() == 1


def test_nobody_but_the_reader_sees_a_notice(cast: Cast) -> None:
    plan([cast.store, "crew@example.com"])
    assert not Notice.objects.visible_to(cast.fm).exists()
    assert not Notice.objects.visible_to(HOUSE).filter(reader__isnull=False).exists()
