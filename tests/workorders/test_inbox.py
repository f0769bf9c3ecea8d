"""Mail that comes in: answers become messages of who is proved to have written them, everything else waits."""

from __future__ import annotations

from email.message import EmailMessage
from io import BytesIO, StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from PIL import Image

from accounts import replies
from accounts.delivery import message_of
from accounts.models import File, LogEvent, Notice
from accounts.models.notice import Channel
from accounts.tasks import settle
from tests.cast import Cast
from tests.factories.clock import NOW
from tests.factories.workorders import Story
from workorders import conversation, inbox
from workorders.models import Attachment, Audience, Comment, Enclosure, Event, Letter, LetterState, WorkOrder
from workorders.refusals import Incomplete, NotAllowed, NotNow

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mailbox(settings: Any) -> None:
    settings.MAIL_REPLY_TO = "work@fresh.example.com"
    settings.BASE_URL = "https://work.fresh.example.com"


def asked(cast: Cast, work_order: WorkOrder, reader: Any, audience: str = Audience.STORE) -> Notice:
    """Fay asks; the notice of it to `reader`."""
    conversation.say(work_order, body="Is it cold now?", audience=audience, by=cast.fm, now=NOW)
    settle(NOW.isoformat())
    return Notice.objects.get(reader=reader, channel=Channel.EMAIL, topic="comment.written")


def answer(notice: Notice | None, sender: str, text: str = "No, it is 12 degrees.", **more: Any) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = replies.reply_address(notice) if notice else "work@fresh.example.com"
    message["Subject"] = more.get("subject", "Re: a question")
    message["Message-ID"] = more.get("message_id", "<answer-1@phone.example.com>")
    for name, value in more.get("headers", {}).items():
        message[name] = value
    message.set_content(text)
    return message


def receive(message: EmailMessage) -> Letter:
    return inbox.receive(message.as_bytes(), now=NOW)


def jpeg() -> bytes:
    out = BytesIO()
    Image.new("RGB", (200, 150), "teal").save(out, "JPEG")
    return out.getvalue()


def test_an_answer_to_a_notice_becomes_a_message_of_its_reader(cast: Cast) -> None:
    row = Story(cast).reported().work_order
    notice = asked(cast, row, cast.store)
    letter = receive(answer(notice, cast.store.email))

    comment = Comment.objects.get(author=cast.store)
    assert (comment.body, comment.audience, comment.work_order) == ("No, it is 12 degrees.", Audience.STORE, row)
    assert (letter.state, letter.comment, letter.work_order) == (LetterState.POSTED, comment, row)
    event = Event.objects.get(verb="comment.written", actor=cast.store)
    assert event.via == "mail"


def test_the_same_mail_twice_is_one_message(cast: Cast) -> None:
    notice = asked(cast, Story(cast).reported().work_order, cast.store)
    first, second = (receive(answer(notice, cast.store.email)) for _ in range(2))
    assert first == second
    assert Comment.objects.filter(author=cast.store).count() == 1


def test_the_message_id_answered_proves_as_much_as_the_address(cast: Cast, settings: Any) -> None:
    settings.MAIL_REPLY_PLUS = False
    notice = asked(cast, Story(cast).reported().work_order, cast.store)
    assert replies.reply_address(notice) == "work@fresh.example.com"
    message = answer(notice, cast.store.email, headers={"References": f"<old@x> {replies.message_id(notice)}"})
    assert receive(message).state == LetterState.POSTED


def test_a_forged_sender_posts_as_nobody(cast: Cast) -> None:
    row = Story(cast).reported().work_order
    notice = asked(cast, row, cast.store)
    number, _, signature = replies.mark_of(notice).rpartition("-")
    forged = {"To": f"work+{number}-{signature[::-1]}@fresh.example.com"}
    plain = receive(answer(None, cast.store.email, subject=f"Re: {row.number}", message_id="<a@x>"))
    guessed = answer(None, cast.store.email, message_id="<b@x>")
    guessed.replace_header("To", forged["To"])
    signed = receive(answer(notice, "thief@elsewhere.example.com", message_id="<c@x>"))

    assert [plain.state, receive(guessed).state, signed.state] == ["held"] * 3
    assert plain.why == "It says it is from Stella Store. Nothing proves that."
    assert signed.why == "It answers a notice to Stella Store, but another address sent it."
    assert plain.work_order == signed.work_order == row
    assert not Comment.objects.exclude(author=cast.fm).exists()


def test_a_signature_holds_after_the_secret_was_changed_while_the_old_one_is_kept(cast: Cast, settings: Any) -> None:
    notice = asked(cast, Story(cast).reported().work_order, cast.store)
    message = answer(notice, cast.store.email)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another " * 8, [settings.SECRET_KEY]
    assert receive(message).state == LetterState.POSTED


def test_a_vendor_answers_to_facilities_alone_and_facilities_to_whom_it_is_asked_by(cast: Cast) -> None:
    row = Story(cast).scheduled().work_order
    notice = asked(cast, row, cast.dispatcher, Audience.VENDOR)
    receive(answer(notice, cast.dispatcher.email))
    assert Comment.objects.get(author=cast.dispatcher).audience == Audience.VENDOR
    settle(NOW.isoformat())
    back = Notice.objects.get(reader=cast.fm, channel=Channel.EMAIL, topic="comment.written")
    receive(answer(back, cast.fm.email, message_id="<fay@x>"))
    assert Comment.objects.filter(author=cast.fm).latest("pk").audience == Audience.VENDOR


@pytest.mark.parametrize(
    "headers", [{"Auto-Submitted": "auto-replied"}, {"Precedence": "list"}, {"List-Id": "<x.y>"}, {"Return-Path": "<>"}]
)
def test_what_a_machine_sends_is_ignored_even_when_it_answers(cast: Cast, headers: dict[str, str]) -> None:
    notice = asked(cast, Story(cast).reported().work_order, cast.store)
    letter = receive(answer(notice, cast.store.email, headers=headers))
    assert (letter.state, letter.body) == (LetterState.IGNORED, "")
    assert not Comment.objects.filter(author=cast.store).exists()


def test_our_own_mail_that_comes_back_is_ignored(cast: Cast, settings: Any) -> None:
    notice = asked(cast, Story(cast).reported().work_order, cast.store)
    back = receive(answer(notice, cast.store.email, message_id=replies.message_id(notice)))
    settings.DEFAULT_FROM_EMAIL = "Mainstay <mainstay@fresh.example.com>"
    own = receive(answer(notice, "mainstay@fresh.example.com", message_id="<own@x>"))
    assert [back.state, own.state] == [LetterState.IGNORED] * 2


def test_photos_come_along_and_what_cannot_be_kept_is_told(cast: Cast) -> None:
    notice = asked(cast, Story(cast).reported().work_order, cast.store)
    message = answer(notice, cast.store.email)
    message.add_attachment(jpeg(), maintype="image", subtype="jpeg", filename="cooler.jpg")
    message.add_attachment(b"0" * (30 * 1024 * 1024), maintype="video", subtype="mp4", filename="film.mp4")
    script = b"<svg xmlns='http://www.w3.org/2000/svg'><script>steal()</script></svg>"
    message.add_attachment(script, maintype="image", subtype="png", filename="photo.png")
    letter = receive(message)

    attachment = Attachment.objects.get(comment=letter.comment)
    assert (attachment.file.content_type, attachment.audience) == ("image/jpeg", Audience.STORE)
    assert File.objects.count() == 1
    assert letter.comment is not None
    assert "film.mp4 is larger than 20 MB" in letter.comment.body
    assert "photo.png is of a kind that is not accepted" in letter.comment.body
    told = Notice.objects.get(topic="mail", channel=Channel.EMAIL)
    assert told.reader == cast.store
    assert "film.mp4 is larger than 20 MB" in told.body
    assert Enclosure.objects.filter(letter=letter).exclude(fault="").count() == 2


def test_an_answer_about_closed_work_waits_and_its_writer_is_told(cast: Cast) -> None:
    story = Story(cast).reported()
    notice = asked(cast, story.work_order, cast.store)
    story.closed()
    letter = receive(answer(notice, cast.store.email))
    assert letter.state == LetterState.HELD
    assert "is closed" in letter.why
    assert "Facilities has your mail" in Notice.objects.get(topic="mail", channel=Channel.EMAIL).body


def test_a_very_long_answer_is_posted_in_part_and_kept_whole(cast: Cast) -> None:
    notice = asked(cast, Story(cast).reported().work_order, cast.store)
    letter = receive(answer(notice, cast.store.email, text="\n".join(["water everywhere"] * 5_000)))
    assert letter.comment is not None
    assert letter.comment.body.endswith("Facilities can read all of it.)")
    assert letter.body.count("water") == 5_000


def test_mail_of_a_stranger_waits_and_goes_where_facilities_puts_it(cast: Cast) -> None:
    row = Story(cast).reported().work_order
    message = answer(None, "Ed Egger <ed@landlord.example.com>", text="We will fix the roof.", subject="Roof")
    message.add_attachment(jpeg(), maintype="image", subtype="jpeg", filename="roof.jpg")
    letter = receive(message)
    assert (letter.state, letter.why) == (LetterState.HELD, "Nobody here has this address.")

    with pytest.raises(NotAllowed):
        inbox.file_away(letter, work_order=row, audience=Audience.INTERNAL, by=cast.store, now=NOW)
    filed = inbox.file_away(letter, work_order=row, audience=Audience.INTERNAL, by=cast.fm, now=NOW)
    comment = Comment.objects.get()
    assert comment.author == cast.fm
    assert comment.body.startswith("E-mail of Ed Egger <ed@landlord.example.com>, ")
    assert comment.body.endswith("We will fix the roof.")
    assert comment.attachments.count() == 1
    assert (filed.state, filed.decided_by) == (LetterState.POSTED, cast.fm)
    assert LogEvent.objects.get(verb="letter.filed").data["work_order"] == row.number
    with pytest.raises(NotNow):
        inbox.discard(letter, reason="Spam", by=cast.fm, now=NOW)


def test_mail_that_names_no_sender_says_so(cast: Cast) -> None:
    assert receive(answer(None, "")).why == "It does not say whom it is from."


def test_discarding_needs_a_reason_and_can_be_taken_back(cast: Cast) -> None:
    letter = receive(answer(None, "ed@landlord.example.com"))
    with pytest.raises(Incomplete):
        inbox.discard(letter, reason="  ", by=cast.fm, now=NOW)
    assert inbox.discard(letter, reason="Advertising", by=cast.fm, now=NOW).state == LetterState.DISCARDED
    assert inbox.take_back(letter, by=cast.fm, now=NOW).state == LetterState.HELD
    assert list(LogEvent.objects.filter(stream=f"letter:{letter.pk}").values_list("verb", flat=True)) == [
        "letter.discarded", "letter.taken_back",
    ]  # fmt: skip


def test_mail_about_another_region_is_out_of_sight(cast: Cast) -> None:
    row = Story(cast).reported().work_order
    known = receive(answer(None, "ed@x.example.com", subject=f"About {row.number.lower()}", message_id="<a@x>"))
    named = receive(answer(None, "ed@x.example.com", subject=f"Roof of {cast.desert.code}", message_id="<b@x>"))
    said = receive(answer(None, cast.foreign_store.email, message_id="<c@x>"))
    unknown = receive(answer(None, "ed@x.example.com", message_id="<d@x>"))

    assert set(Letter.objects.visible_to(cast.fm)) == {known, unknown}
    assert set(Letter.objects.visible_to(cast.foreign_fm)) == {named, said, unknown}
    for nobody in (cast.store, cast.admin, cast.dispatcher, cast.auditor, cast.stranger):
        assert not Letter.objects.visible_to(nobody).exists()


def test_a_mail_server_may_pipe_a_mail_into_a_command(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    notice = asked(cast, Story(cast).reported().work_order, cast.store)
    message = answer(notice, cast.store.email)
    message.replace_header("To", "undisclosed-recipients:;")
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=BytesIO(message.as_bytes())))
    call_command("receive_mail", to=[replies.reply_address(notice)], stdout=(said := StringIO()))
    assert said.getvalue() == "Added as a message.\n"
    assert Comment.objects.filter(author=cast.store).exists()


def test_of_a_piped_mail_that_is_too_large_the_heading_waits(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.MAIL_IN_LARGEST = 1
    notice = asked(cast, Story(cast).reported().work_order, cast.store)
    message = answer(notice, cast.store.email)
    message.add_attachment(b"0" * 2_000_000, maintype="video", subtype="mp4", filename="film.mp4")
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=BytesIO(message.as_bytes())))
    call_command("receive_mail", stdout=StringIO())
    letter = Letter.objects.get()
    assert (letter.state, letter.why) == (LetterState.HELD, "It is larger than 1 MB, so only its heading was read.")
    assert "too large" in Notice.objects.get(topic="mail", channel=Channel.EMAIL).body


def test_only_mail_that_can_be_answered_says_so(cast: Cast, settings: Any) -> None:
    notice = asked(cast, Story(cast).reported().work_order, cast.store)
    message = message_of(notice)
    assert message.reply_to == [replies.reply_address(notice)]
    assert "Answer this mail to add a message." in message.body
    settings.MAIL_REPLY_TO = ""
    assert message_of(notice).reply_to == []
    assert "Answer this mail" not in message_of(notice).body
    settings.MAIL_REPLY_TO = "work@fresh.example.com"
    stray = Notice(pk=5, event_key="invitation:7", address="new@fresh.example.com", channel=Channel.EMAIL)
    assert replies.reply_address(stray) == ""
