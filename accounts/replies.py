"""Answering a notice by mail: a return address and a Message-ID that only the reader of that one mail knows.

Who a mail says it is from proves nothing. What proves it is the signature of the notice that is answered, and even
then only for the person that the notice was for.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models.notice import Channel, Notice
from accounts.models.user import User
from accounts.notices import event_behind

SALT = "accounts.replies"
LENGTH = 24  # letters of five bits each: nobody guesses 120 of them
MARK = re.compile(rf"notice-(\d{{1,18}})-([a-z2-7]{{{LENGTH}}})(?=[@>]|$)", re.IGNORECASE)


def mark_of(notice: Notice) -> str:
    """What names `notice` in an address or a Message-ID, signed; the same at every try."""
    return f"notice-{notice.pk}-{_signature(notice, settings.SECRET_KEY)}"


def message_id(notice: Notice) -> str:
    """The Message-ID of the mail that says `notice`."""
    return f"<{mark_of(notice)}@{urlsplit(settings.BASE_URL).hostname}>"


def reply_address(notice: Notice) -> str:
    """Where an answer to `notice` goes; empty when nobody reads answers to it."""
    local, _, domain = settings.MAIL_REPLY_TO.partition("@")
    event = event_behind(notice.event_key)
    if not domain or event is None or not event.takes_replies:
        return ""
    return f"{local}+{mark_of(notice)}@{domain}" if settings.MAIL_REPLY_PLUS else settings.MAIL_REPLY_TO


def answered(traces: Iterable[str]) -> Notice | None:
    """The notice that one of `traces` (addresses written to, Message-IDs answered) names with a true signature."""
    for trace in traces:
        for number, signature in MARK.findall(trace):
            notice = Notice.objects.select_related("reader").filter(pk=number, channel=Channel.EMAIL).first()
            if notice and any(constant_time_compare(good, signature.lower()) for good in _signatures(notice)):
                return notice
    return None


def reader_of(notice: Notice) -> User | None:
    """The person that `notice` was sent to, if that is somebody who may sign in."""
    person = notice.reader or User.objects.filter(email__iexact=notice.address).first()
    return person if person is not None and person.is_active else None


def _signatures(notice: Notice) -> Iterator[str]:
    """Also by the secrets before this one, for as long as the operator keeps them."""
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        yield _signature(notice, secret)


def _signature(notice: Notice, secret: str | bytes) -> str:
    said = f"{notice.pk}:{notice.address}"
    digest = salted_hmac(SALT, said, secret=secret, algorithm="sha256").digest()
    return base64.b32encode(digest).decode().lower()[:LENGTH]
