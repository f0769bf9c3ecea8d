"""The mailbox outside is read over a real connection: each mail is taken in once, and none is lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError
from imap_tools.errors import MailboxLoginError

from accounts.delivery import PAUSED
from config.schedule import JOBS
from tests.cast import Cast
from tests.factories.clock import HOUSE, NOW
from tests.workorders.post_office import PostOffice, open_office
from tests.workorders.test_letters import mail
from workorders import inbox, mailbox, tasks
from workorders.models import Letter, LetterState

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(settings: Any) -> Iterator[PostOffice]:
    with open_office() as opened:
        settings.MAIL_IN_URL = f"imap://work:sesame@127.0.0.1:{opened.port}"
        settings.MAIL_IN_LARGEST = 1
        yield opened


def test_unread_mail_is_taken_in_once_and_marked_as_read(office: PostOffice, cast: Cast) -> None:
    for number in (1, 2):
        office.put(mail(MessageID=f"<{number}@x>").as_bytes())
    assert mailbox.collect(now=NOW) == 2
    assert mailbox.collect(now=NOW) == 0
    assert office.seen == {1, 2}
    assert office.moved == {}
    assert Letter.objects.count() == 2


def test_a_mail_taken_in_before_a_crash_is_only_marked_the_second_time(office: PostOffice) -> None:
    number = office.put(mail().as_bytes())
    inbox.receive(office.mail[number], now=NOW)
    assert mailbox.collect(now=NOW) == 1
    assert (office.seen, Letter.objects.count()) == ({number}, 1)


def test_what_is_done_is_moved_where_the_operator_says(office: PostOffice, settings: Any) -> None:
    settings.MAIL_IN_DONE = "Done"
    office.put(mail().as_bytes())
    assert tasks.fetch_mail(NOW.isoformat()) == 1
    assert office.moved == {1: "Done"}


def test_of_a_mail_too_large_only_the_heading_is_fetched(office: PostOffice) -> None:
    message = mail()
    message.add_attachment(b"0" * 2_000_000, maintype="video", subtype="mp4", filename="film.mp4")
    office.put(message.as_bytes())
    mailbox.collect(now=NOW)
    assert set(office.fetched) == {"BODY[HEADER]"}
    letter = Letter.objects.get()
    assert (letter.state, letter.from_address) == (LetterState.HELD, "stella@fresh.example.com")
    assert letter.why == "It is larger than 1 MB, so only its heading was read."


def test_a_mail_that_cannot_be_taken_in_is_held_and_does_not_stop_the_next(
    office: PostOffice, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.MAIL_IN_DONE = "Done"
    office.put(mail(MessageID="<poison@x>").as_bytes())
    office.put(mail(MessageID="<good@x>").as_bytes())
    usual = inbox.receive

    def receive(raw: bytes, **options: Any) -> Letter:
        if b"poison" in raw:
            raise RuntimeError("a fault of ours")
        return usual(raw, **options)

    monkeypatch.setattr(inbox, "receive", receive)
    assert mailbox.collect(now=NOW) == 2
    poisoned = Letter.objects.get(message_id="<poison@x>")
    assert poisoned.why == "It could not be taken in. Look at it in the mailbox itself."
    assert (office.seen, office.moved) == ({1, 2}, {2: "Done"})


def test_a_mail_stays_unread_while_the_database_is_away(office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    office.put(mail().as_bytes())

    def away(raw: bytes, **options: Any) -> Letter:
        raise OperationalError("no connection")

    monkeypatch.setattr(inbox, "receive", away)
    with pytest.raises(OperationalError):
        mailbox.collect(now=NOW)
    assert office.seen == set()


def test_nothing_is_read_without_a_mailbox_or_while_the_house_sends_nothing(office: PostOffice, settings: Any) -> None:
    office.put(mail().as_bytes())
    PAUSED.change(value=True, by=HOUSE, now=NOW)
    assert mailbox.collect(now=NOW) == 0
    PAUSED.change(value=False, by=HOUSE, now=NOW)
    settings.MAIL_IN_URL = ""
    assert mailbox.collect(now=NOW) == 0
    assert office.fetched == []


def test_a_wrong_password_is_an_error_that_operators_see(office: PostOffice, settings: Any) -> None:
    settings.MAIL_IN_URL = settings.MAIL_IN_URL.replace("sesame", "wrong")
    with pytest.raises(MailboxLoginError):
        mailbox.collect(now=NOW)


def test_the_mailbox_is_read_every_minute() -> None:
    assert JOBS["fetch_mail"].every.total_seconds() == 60
