"""A mail is read: its newest words, what it answers, and whether a person wrote it."""

import time
from email.message import EmailMessage

import pytest

from workorders import letters

ENGLISH = """It is warm again.
The door stays open.

On Tue, Jul 14, 2026 at 9:12 AM Mainstay <mainstay@fresh.example.com> wrote:
> Fay Facilities wrote:
> Is the cooler cold now?
"""
OUTLOOK = """Yes, please come.

From: Mainstay <mainstay@fresh.example.com>
Sent: Tuesday, July 14, 2026 9:12 AM
To: Stella Store <stella@fresh.example.com>
Subject: WO-000123

Is the cooler cold now?
"""
SPANISH = """Sigue caliente.

El mar, 14 jul 2026 a las 9:12, Mainstay (<mainstay@fresh.example.com>) escribió:
> Is the cooler cold now?
"""
BETWEEN = """On Tue, Jul 14, 2026 at 9:12 AM Mainstay <mainstay@fresh.example.com> wrote:
> Is the cooler cold now?
No.
> Is the door shut?
Yes.
"""
LISTED = """Done so far:
- new gasket
- coil cleaned

Thanks, the door is open until 8.
--\x20
Tess, Cascade
"""


def mail(text: str = "It is warm again.", html: str = "", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = headers.pop("From", "Stella Store <stella@fresh.example.com>")
    message["Subject"] = headers.pop("Subject", "Re: WO-000123")
    message["Message-ID"] = headers.pop("MessageID", "<1@phone.example.com>")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    if text:
        message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ENGLISH, "It is warm again.\nThe door stays open."),
        (OUTLOOK, "Yes, please come."),
        (SPANISH, "Sigue caliente."),
        (BETWEEN, "No.\nYes."),
        (LISTED, "Done so far:\n- new gasket\n- coil cleaned\n\nThanks, the door is open until 8."),
        ("> only\n> what was quoted", "> only\n> what was quoted"),
        ("تسريب 🚰 في المطبخ", "تسريب 🚰 في المطبخ"),
    ],
)
def test_only_what_the_writer_adds_is_kept_and_nothing_of_that_is_lost(text: str, words: str) -> None:
    assert letters.newest_words(text) == words


def test_a_mail_that_is_only_a_page_is_read_without_what_it_quotes_or_runs() -> None:
    page = "<html><head><style>p{}</style></head><body><p>Still <b>warm</b>.</p><script>steal()</script>"
    page += "<div>Come soon</div><blockquote><p>Is it cold now?</p></blockquote></body></html>"
    assert letters.read(mail(text="", html=page).as_bytes()).text == "Still warm.\n\nCome soon"


@pytest.mark.parametrize(
    "line", ["On " * 60_000, "On x wrote " * 18_000, "From: " * 30_000, "> " * 90_000, "\n" * 190_000]
)
def test_a_text_made_to_keep_the_reader_busy_does_not(line: str) -> None:
    began = time.process_time()
    letters.newest_words(line + "\nwrote")
    letters.newest_words("\n".join([line[:190]] * 1000))
    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Auto_Submitted": "auto-replied"}, "An automatic answer."),
        ({"Auto_Submitted": "no"}, ""),
        ({"X_Autoreply": "yes"}, "An automatic answer."),
        ({"Precedence": "bulk"}, "Sent to many at once."),
        ({"List_Id": "<all.fresh.example.com>"}, "Sent by a mailing list."),
        ({"List_Unsubscribe": "<mailto:off@fresh.example.com>"}, "Sent by a mailing list."),
        ({"Return_Path": "<>"}, "A report of a mail server."),
        ({"From": "MAILER-DAEMON@mx.example.com"}, "A report of a mail server."),
        ({}, ""),
    ],
)
def test_what_no_person_wrote_is_known_by_its_headers(headers: dict[str, str], said: str) -> None:
    assert letters.read(mail(**headers).as_bytes()).automatic == said


def test_photos_are_taken_out_and_the_logo_of_a_signature_is_not() -> None:
    message = mail()
    message.add_attachment(b"x" * 500, maintype="image", subtype="jpeg", filename="photo.jpg")
    message.add_attachment(b"x" * 20_000, maintype="image", subtype="png", disposition="inline", filename="leak.png")
    message.add_attachment(b"x" * 500, maintype="image", subtype="png", disposition="inline", filename="logo.png")
    message.add_attachment(b"x", maintype="application", subtype="pgp-signature", filename="signature.asc")
    assert [one.name for one in letters.read(message.as_bytes()).enclosures] == ["photo.jpg", "leak.png"]


def test_a_mail_without_an_id_is_known_by_its_bytes() -> None:
    message = mail()
    del message["Message-ID"]
    once, again = letters.read(message.as_bytes()), letters.read(message.as_bytes())
    assert once.message_id == again.message_id != letters.read(message.as_bytes() + b"\n.").message_id
    assert once.message_id.startswith("sha256:")


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\x00\xff\xfe", b"From:\nTo: \nSubject: =?utf-8?b?////?=\n\n\xff\xfe",
        b"Content-Type: multipart/mixed\n\n--",
        b"From: \"\nMessage-ID: <\n\nwords", b"Content-Type: text/plain; charset=klingon\n\nwords",
    ],
)  # fmt: skip
def test_whatever_comes_something_is_read_from_it(raw: bytes) -> None:
    mail = letters.read(raw)
    assert mail.message_id
    assert "\x00" not in mail.text
