"""Who is told what: planning notices. Nothing is sent here; `accounts/delivery.py` does that later."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db import transaction

from accounts.hurry import soon
from accounts.models.event import EventShape
from accounts.models.notice import Channel, Notice, NoticePreference, NoticeState
from accounts.models.user import User
from accounts.outbox import ledgers

SUBJECT_LENGTH = 200


@dataclass(frozen=True)
class Topic:
    """One thing that people are told about, and may switch off for themselves. `label` as a page says it."""

    name: str
    label: str
    group: str = "Other"


TOPICS: dict[str, Topic] = {}


def topic(name: str, label: str, *, group: str = "Other") -> Topic:
    """Declare a topic; called once, at import, by the room that plans its notices."""
    TOPICS[name] = Topic(name, label, group)
    return TOPICS[name]


def topics() -> list[Topic]:
    """Every declared topic, by group. Rooms that plan notices hang on the ledgers, so these are read first."""
    ledgers()
    return sorted(TOPICS.values(), key=lambda known: (known.group, known.label))


def key_of(event: EventShape) -> str:
    """The key under which notices about `event` are planned."""
    return f"{event._meta.db_table}:{event.pk}"


def plan(
    *,
    event_key: str,
    topic: str | Topic,
    readers: Iterable[User | str],
    subject: str,
    body: str,
    path: str = "",
    action: str = "",
    now: datetime,
    urgent: bool = False,
    channels: Collection[str] = tuple(Channel),
) -> None:
    """Plan one notice per reader and channel about one event; planning it again changes nothing.

    `readers` are people or bare e-mail addresses. Whoever made the event is not told of it, nor who is
    switched off or does not want the topic on that channel. The first line of `body` says what happened,
    the rest what to do; `path` is the page to open, `action` what its button says. E-mail waits for the
    end of the reader's quiet hours unless `urgent`. `channels` narrows how people are told.
    """
    name = topic.name if isinstance(topic, Topic) else topic
    people = {reader.pk: reader for reader in readers if isinstance(reader, User) and reader.is_active}
    strangers = {reader.strip().lower() for reader in readers if isinstance(reader, str) and reader.strip()}
    maker = _maker(event_key) if people else None
    if maker is not None:
        people.pop(maker, None)
    unwanted = set(
        NoticePreference.objects.filter(user__in=people, topic=name, is_on=False).values_list("user_id", "channel")
    )
    words = {
        "event_key": event_key,
        "topic": name,
        "subject": " ".join(subject.split())[:SUBJECT_LENGTH],
        "body": body,
        "path": path,
        "action": action,
        "urgent": urgent,
        "created_at": now,
    }
    planned = [
        _for_person(person, channel, words, now)
        for person in people.values()
        for channel in channels
        if (person.pk, channel) not in unwanted
    ]
    planned += [
        Notice(**words, address=address, channel=Channel.EMAIL, next_try_at=now) for address in sorted(strangers)
    ]
    with transaction.atomic():
        Notice.objects.bulk_create(planned, ignore_conflicts=True)
        soon("deliver")


def _for_person(person: User, channel: str, words: dict[str, object], now: datetime) -> Notice:
    notice = Notice(**words, reader=person, address=str(person.pk), channel=channel, next_try_at=now)
    if channel == Channel.IN_APP:
        notice.state, notice.sent_at = NoticeState.SENT, now
    elif not notice.urgent:
        notice.next_try_at = after_quiet_hours(person, now)
    return notice


def after_quiet_hours(person: User, now: datetime) -> datetime:
    """`now`, or the end of the person's quiet hours when it falls into them."""
    if not person.quiet_at(now) or person.quiet_until is None:
        return now
    zone = ZoneInfo(person.time_zone)
    local = now.astimezone(zone)
    ends = datetime.combine(local.date(), person.quiet_until, tzinfo=zone)
    return ends if ends > local else datetime.combine(local.date() + timedelta(days=1), person.quiet_until, tzinfo=zone)


def mail_once(
    *, key: str, topic: str, address: str, subject: str, body: str, path: str, action: str, now: datetime
) -> None:
    """Plan one urgent mail to a bare address that no preference can switch off: an invitation, a new password."""
    with transaction.atomic():
        notice = Notice(
            event_key=key,
            topic=topic,
            address=address.strip().lower(),
            channel=Channel.EMAIL,
            subject=subject,
            body=body,
            path=path,
            action=action,
            urgent=True,
            created_at=now,
            next_try_at=now,
        )
        Notice.objects.bulk_create([notice], ignore_conflicts=True)
        soon("deliver")


@cache
def _tables() -> dict[str, type[EventShape]]:
    return {model._meta.db_table: model for model in apps.get_models() if issubclass(model, EventShape)}


def event_behind(event_key: str) -> EventShape | None:
    """The event that a notice's key names, if it names one."""
    table, _, number = event_key.partition(":")
    model = _tables().get(table)
    if model is None or not number.isdigit():
        return None
    return model._default_manager.filter(pk=int(number)).first()


def _maker(event_key: str) -> int | None:
    """Who made the event behind a key, when it is an event's key and a person made it."""
    event = event_behind(event_key)
    return event.actor_id if event else None


def mark_read(*, by: User, now: datetime, notice_id: int | None = None) -> int:
    """Mark one of the person's own notices as read, or all of them; how many were unread."""
    unread = Notice.objects.visible_to(by).unread()
    if notice_id is not None:
        unread = unread.filter(pk=notice_id)
    return unread.update(read_at=now)


def wish(*, user: User, wanted: Mapping[tuple[str, str], bool]) -> None:
    """Keep what a person wants to be told: (topic, channel) to yes or no. What is not named stays as it is."""
    NoticePreference.objects.bulk_create(
        [
            NoticePreference(user=user, topic=name, channel=channel, is_on=is_on)
            for (name, channel), is_on in wanted.items()
        ],
        update_conflicts=True,
        unique_fields=["user", "topic", "channel"],
        update_fields=["is_on"],
    )


def unwanted_by(user: User) -> set[tuple[str, str]]:
    """The (topic, channel) pairs that a person has switched off."""
    return set(user.notice_preferences.filter(is_on=False).values_list("topic", "channel"))
