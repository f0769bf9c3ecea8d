"""Notices: what one person is told about one event through one channel, once."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q


class Channel(models.TextChoices):
    IN_APP = "app", "In the app"
    EMAIL = "email", "E-mail"


class NoticeState(models.TextChoices):
    PLANNED = "planned", "Planned"
    SENT = "sent", "Sent"
    SET_ASIDE = "set_aside", "Set aside"


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, by: object) -> NoticeQuerySet:
        """A person's own notices."""
        return self.filter(reader_id=getattr(by, "pk", None))

    def in_app(self) -> NoticeQuerySet:
        return self.filter(channel=Channel.IN_APP)

    def unread(self) -> NoticeQuerySet:
        return self.in_app().filter(read_at=None)

    def due(self, now: datetime) -> NoticeQuerySet:
        """Planned, not held back, oldest first."""
        return self.filter(state=NoticeState.PLANNED, next_try_at__lte=now).order_by("next_try_at", "pk")

    def failing(self) -> NoticeQuerySet:
        return self.filter(Q(state=NoticeState.SET_ASIDE) | Q(state=NoticeState.PLANNED, attempts__gt=0))

    def for_table(self) -> NoticeQuerySet:
        return self.only("topic", "subject", "body", "path", "created_at", "read_at", "state", "channel")


class Notice(models.Model):
    """One message to one reader about one event through one channel.

    `event_key` is `<ledger>:<event id>` (or names what else it is about, once: a digest of a day); with
    address and channel it is unique, so that planning a notice twice leaves one, even for a person who
    got another e-mail address in between. A reader without an account is an address alone.
    """

    event_key = models.CharField(max_length=80)
    topic = models.CharField(max_length=60)
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="notices")
    address = models.CharField(max_length=254, help_text="Whom it is for: the reader's own id, else an e-mail address.")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    path = models.CharField(max_length=300, blank=True, help_text="Page to open, without the host.")
    action = models.CharField(max_length=60, blank=True, help_text="What the one button says.")
    urgent = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    next_try_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=NoticeState.choices, default=NoticeState.PLANNED)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event_key", "address", "channel"], name="notice_once"),
            models.CheckConstraint(condition=Q(state__in=NoticeState.values), name="notice_state_known"),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False), name="notice_sent_has_a_time"
            ),
        ]
        indexes = [
            models.Index(fields=["next_try_at", "id"], condition=Q(state="planned"), name="notice_due"),
            models.Index(fields=["reader", "-created_at"], name="notice_reader"),
            models.Index(fields=["reader"], condition=Q(channel="app", read_at=None), name="notice_unread"),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def mail_to(self) -> str:
        """The e-mail address it goes to: a reader's as it is now."""
        return self.reader.email if self.reader else self.address


class NoticePreference(models.Model):
    """A person's wish about one topic on one channel; without a row the topic is on."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notice_preferences")
    topic = models.CharField(max_length=60)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    is_on = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "topic", "channel"], name="notice_preference_once")]

    def __str__(self) -> str:
        return f"{self.topic} on {self.channel}: {'on' if self.is_on else 'off'}"
