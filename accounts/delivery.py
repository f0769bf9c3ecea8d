"""Sending what was planned: the one place where notices leave the house.

A notice is claimed by counting the try and moving its next one forward, committed before anything is
sent, so that no lock is held while a mail server thinks and a try that ends the process is still
counted. Every try carries the same Message-ID: a mail sent twice by a crash is one mail to its reader.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string

from accounts.actors import Actor
from accounts.events import record
from accounts.keys import hidden
from accounts.models.notice import Channel, Notice, NoticeState
from accounts.replies import message_id, reply_address
from accounts.thresholds import declare

log = logging.getLogger(__name__)

TRIES = 10
PAUSES = tuple(
    timedelta(minutes=minutes) for minutes in (1, 5, 30, 2 * 60, 6 * 60, 24 * 60, 24 * 60, 24 * 60, 24 * 60, 24 * 60)
)

PAUSED = declare("outbound.paused", False, "", "Send nothing to the outside; what is due waits")


class NotFailing(Exception):
    """The notice that should be sent again has been sent meanwhile."""


def paused() -> bool:
    """Whether nothing may leave the house now, by the operator's setting or the administrator's switch."""
    return bool(settings.OUTBOUND_PAUSED or PAUSED.value())


def deliver(*, now: datetime, limit: int = 200) -> int:
    """Send up to `limit` due notices, the longest waiting first; how many were sent."""
    if paused():
        return 0
    sent = 0
    for _ in range(limit):
        notice = _claim(now)
        if notice is None:
            break
        sent += _send(notice, now)
    return sent


def _claim(now: datetime) -> Notice | None:
    with transaction.atomic():
        due = Notice.objects.due(now).filter(channel=Channel.EMAIL)
        notice = due.select_for_update(skip_locked=True).first()
        if notice is None:
            return None
        if notice.attempts >= TRIES:
            notice.state = NoticeState.SET_ASIDE
            notice.last_error = notice.last_error or f"The worker ended {TRIES} times in the middle of it."
        else:
            notice.attempts += 1
            notice.next_try_at = now + PAUSES[notice.attempts - 1]
        notice.save(update_fields=["state", "last_error", "attempts", "next_try_at"])
        return notice


def _send(notice: Notice, now: datetime) -> int:
    if notice.state == NoticeState.SET_ASIDE:
        return 0
    mine = Notice.objects.filter(pk=notice.pk, attempts=notice.attempts, state=NoticeState.PLANNED)
    try:
        message_of(notice).send()
    except Exception as error:
        log.warning("Notice %s was not sent: %s", notice.pk, error)
        last = notice.attempts >= TRIES
        mine.update(
            last_error=f"{type(error).__name__}: {error}",
            state=NoticeState.SET_ASIDE if last else NoticeState.PLANNED,
        )
        return 0
    # The key in its address has done its part: from now on only the mail knows it.
    return mine.update(state=NoticeState.SENT, sent_at=now, last_error="", path=hidden(notice.path))


def message_of(notice: Notice) -> EmailMultiAlternatives:
    """The mail that says `notice`: plain text and HTML, one button, a Message-ID that never changes."""
    back = reply_address(notice)
    happened, _, to_do = notice.body.partition("\n")
    words = {
        "notice": notice,
        "happened": happened,
        "to_do": to_do.strip(),
        "address": f"{settings.BASE_URL}{notice.path}" if notice.path else "",
        "action": notice.action or "Open Mainstay",
        "wishes": f"{settings.BASE_URL}/me" if notice.reader else "",
        "takes_replies": bool(back),
    }
    message = EmailMultiAlternatives(
        subject=notice.subject,
        body=render_to_string("accounts/mail/notice.txt", words),
        to=[notice.mail_to],
        reply_to=[back] if back else None,
        headers={"Message-ID": message_id(notice), "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(render_to_string("accounts/mail/notice.html", words), "text/html")
    return message


def send_again(*, notice_id: int, by: Actor, now: datetime) -> Notice:
    """Put a notice that failed back in line, with all its tries. Raises NotFailing."""
    with transaction.atomic():
        notice = Notice.objects.select_for_update().failing().filter(pk=notice_id).first()
        if notice is None:
            raise NotFailing("This notice has been sent meanwhile.")
        notice.state, notice.attempts, notice.next_try_at = NoticeState.PLANNED, 0, now
        notice.save(update_fields=["state", "attempts", "next_try_at"])
        record(stream="outbox", verb="notice.replayed", by=by, now=now, data={"notice": notice.pk})
        return notice
