"""Reading a mail: who it says it is from, what it answers, its words without the history below them, its enclosures.

Nothing here decides anything, and nothing that is read here is believed.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.message import EmailMessage, MIMEPart
from email.utils import parseaddr
from functools import cache
from hashlib import sha256
from html.parser import HTMLParser

from mailparser_reply import EmailMessage as Conversation

LANGUAGES = ("en", "es", "fr", "de", "it", "nl", "pl", "sv", "da", "cs", "zh", "ja", "ko")
LONGEST_LINE = 200  # no line that introduces a quotation is longer; the search takes the square of it
MOST_LINES = 2000
LONGEST_TEXT = 200_000
SMALLEST_INLINE = 10 * 1024
"""Images inside the text that are smaller are the logo of a signature, not a photo."""

ADDRESSED = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")
ANSWERED = ("In-Reply-To", "References")
BULK = frozenset({"bulk", "junk", "list", "auto_reply"})
SIGNATURES = frozenset({"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"})
POSTMASTERS = ("mailer-daemon@", "postmaster@")


@dataclass(frozen=True)
class Enclosure:
    """One file of a mail."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Mail:
    """One mail, as far as it could be read.

    `traces` are the headers that may name what it answers. `automatic` says why no person wrote it; empty for one
    that a person did.
    """

    message_id: str
    from_name: str
    from_address: str
    traces: tuple[str, ...]
    subject: str
    text: str
    automatic: str
    enclosures: tuple[Enclosure, ...]


def read(raw: bytes) -> Mail:
    """Whatever `raw` is, something is read from it: what cannot be is empty."""
    mail = message_from_bytes(raw, policy=policy.default)
    name, address = _sender(mail)
    return Mail(
        message_id=_message_id(mail, raw),
        from_name=_plain(name)[:120],
        from_address=address,
        traces=tuple(words for field in (*ADDRESSED, *ANSWERED) if (words := _header(mail, field))),
        subject=_plain(_header(mail, "Subject"))[:300],
        text=newest_words(_text(mail)),
        automatic=_automatic(mail, address),
        enclosures=tuple(_enclosures(mail)),
    )


# Headers. A broken one counts as none.


def _header(mail: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(value) for value in mail.get_all(name, ()))
    except (HeaderParseError, ValueError, IndexError, TypeError, AttributeError, LookupError):
        return ""


def _sender(mail: EmailMessage) -> tuple[str, str]:
    name, address = parseaddr(_header(mail, "From"))
    address = _plain(address).lower()
    local, _, domain = address.rpartition("@")
    return name, address if local and domain and len(address) <= 254 else ""


def _message_id(mail: EmailMessage, raw: bytes) -> str:
    given = _plain(_header(mail, "Message-ID"))
    if not given:
        return f"sha256:{sha256(raw).hexdigest()}"
    return given if len(given) <= 250 else f"sha256:{sha256(given.encode()).hexdigest()}"


def _plain(words: str) -> str:
    """One line without control characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())


def _automatic(mail: EmailMessage, address: str) -> str:
    """Why this was sent by a machine (an absence, a list, a bounce), or nothing."""
    if _header(mail, "Auto-Submitted").partition(";")[0].strip().lower() not in ("", "no"):
        return "An automatic answer."
    if _header(mail, "X-Autoreply") or _header(mail, "X-Autorespond"):
        return "An automatic answer."
    if mail.get_content_type() == "multipart/report" or _header(mail, "Return-Path").strip() == "<>":
        return "A report of a mail server."
    if address.startswith(POSTMASTERS):
        return "A report of a mail server."
    if _header(mail, "Precedence").strip().lower() in BULK:
        return "Sent to many at once."
    if any(name.lower().startswith("list-") for name in mail):
        return "Sent by a mailing list."
    return ""


# Words


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain", "html"))
    if part is None:
        return ""
    content = _content(part)
    return (_from_html(content) if part.get_content_subtype() == "html" else content)[:LONGEST_TEXT]


def _content(part: MIMEPart) -> str:
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    try:
        words = raw.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:  # a character set that nobody knows
        words = raw.decode("utf-8", "replace")
    return words.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")


class _Words(HTMLParser):
    """The words of a page, a line per paragraph, without what it quotes."""

    BREAKS = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "hr", "table"})
    SILENT = frozenset({"script", "style", "head", "title", "blockquote"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in self.SILENT
        if tag in self.BREAKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.silent = max(0, self.silent - (tag in self.SILENT))
        if tag in self.BREAKS - {"br", "hr"}:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.words.append(re.sub(r"[ \t\n]+", " ", data))


def _from_html(page: str) -> str:
    reader = _Words()
    reader.feed(page)
    reader.close()
    lines = (line.strip() for line in "".join(reader.words).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def newest_words(text: str) -> str:
    """What the writer adds, without the mail that is answered and without a marked signature.

    Who writes below or between the lines of the other keeps these words; when nothing would be left, all stays.
    """
    lines = text.split("\n")
    cut = _quotation_begins(lines)
    above = _own(lines[:cut])
    return above or _own(lines[cut + 1 :]) or text.strip()


@cache
def _introductions() -> re.Pattern[str]:
    """How mail programs of many languages introduce the mail that is answered, as the library knows them.

    Only this of the library: its idea of a signature would take sentences of people away.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the library's own way to call `re.sub`
        return Conversation(text="", languages=list(LANGUAGES)).HEADER_REGEX


def _quotation_begins(lines: list[str]) -> int:
    """The first line of the history."""
    text = "\n".join(line.strip()[:LONGEST_LINE] for line in lines[:MOST_LINES])
    found = _introductions().search(text)
    if found is None:
        return len(lines)
    start = found.start() + len(found.group()) - len(found.group().lstrip())
    return text.count("\n", 0, start)


def _own(lines: Iterable[str]) -> str:
    kept = []
    for line in lines:
        if line.rstrip() == "--" or line == "-- ":
            break
        if not line.lstrip().startswith(">"):
            kept.append(line.rstrip())
        elif kept and kept[-1].endswith(":") and "@" in kept[-1]:
            kept.pop()  # "… <fay@example.com> wrote:", in whatever language
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


# Enclosures


def _enclosures(mail: EmailMessage) -> Iterator[Enclosure]:
    body = mail.get_body(("plain", "html"))
    for part in mail.walk():
        if part is body or part.is_multipart() or part.get_content_type() in SIGNATURES:
            continue
        name, inline = part.get_filename(), part.get_content_disposition() != "attachment"
        if inline and part.get_content_maintype() == "text" and not name:
            continue  # the other form of the body
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes) or not content:
            continue
        if inline and part.get_content_maintype() == "image" and len(content) < SMALLEST_INLINE:
            continue
        yield Enclosure(_plain(name or "") or f"file.{part.get_content_subtype()}", content)
