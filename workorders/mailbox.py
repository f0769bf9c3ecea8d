"""The mailbox outside: new mail is fetched, taken in, and only then marked as read there."""

from __future__ import annotations

import logging
from datetime import datetime
from urllib.parse import SplitResult, unquote, urlsplit

from django.conf import settings
from django.db import InterfaceError, OperationalError
from imap_tools import AND, BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted, MailMessageFlags

from accounts.delivery import paused
from workorders import inbox

log = logging.getLogger(__name__)

PATIENCE = 15
"""Seconds that the mail server may keep us waiting for one answer."""

AT_ONCE = 20
MEGABYTE = 1024 * 1024


def collect(*, now: datetime, limit: int = AT_ONCE) -> int:
    """Take in up to `limit` unread mails, the oldest first; how many. Nothing while the house sends nothing either:
    a restored copy must not empty the mailbox of the house that it was copied from.
    """
    if not settings.MAIL_IN_URL or paused():
        return 0
    with _opened(urlsplit(settings.MAIL_IN_URL)) as box:
        unread = box.uids(AND(seen=False))[:limit]
        for uid in unread:
            _take(box, uid, now)
    return len(unread)


def _opened(place: SplitResult) -> BaseMailBox:
    host, port = place.hostname or "localhost", place.port
    box: BaseMailBox
    if place.scheme == "imaps":
        box = MailBox(host, port or 993, timeout=PATIENCE)
    elif place.scheme == "imap+tls":
        box = MailBoxStartTls(host, port or 143, timeout=PATIENCE)
    else:
        box = MailBoxUnencrypted(host, port or 143, timeout=PATIENCE)
    try:
        return box.login(unquote(place.username or ""), unquote(place.password or ""), settings.MAIL_IN_FOLDER)
    except Exception:
        box.client.shutdown()  # a server that refuses us every minute keeps no connection of ours
        raise


def _take(box: BaseMailBox, uid: str, now: datetime) -> None:
    """One mail. It stays unread when the database cannot be reached, and where it is when it cannot be taken in."""
    heading = next(box.fetch(uid_list=[uid], mark_seen=False, headers_only=True), None)
    if heading is None:
        return  # gone meanwhile
    is_whole = heading.size_rfc822 <= settings.MAIL_IN_LARGEST * MEGABYTE
    raw = _raw(box, uid, "(BODY.PEEK[])" if is_whole else "(BODY.PEEK[HEADER])")
    is_in = True
    try:
        inbox.receive(raw, now=now, is_whole=is_whole)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("A mail could not be taken in and is held by its heading.")
        inbox.hold_unread(raw, now=now)
        is_in = False
    box.flag([uid], [MailMessageFlags.SEEN], True)
    if is_in and settings.MAIL_IN_DONE:
        box.move([uid], settings.MAIL_IN_DONE)


def _raw(box: BaseMailBox, uid: str, part: str) -> bytes:
    """The bytes as they lie there: what a parser makes of them and writes again may differ."""
    _, answer = box.client.uid("fetch", uid, part)
    return next((one[1] for one in answer or () if isinstance(one, tuple)), b"")
