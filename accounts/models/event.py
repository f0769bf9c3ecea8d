"""The shape of an event: one fact, who made it, chained to the fact before it, never changed again.

A table of events is a history people read, the audit log, and the outbox: PostgreSQL triggers (see
`accounts/ledger.py`) number and chain each row and put it on the table of unsettled events.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q, Value

if TYPE_CHECKING:
    from accounts.actors import Actor


class Via(models.TextChoices):
    """How an act reached the house."""

    PAGE = "page", "Page"
    TOKEN = "token", "Token"
    LINK = "link", "Signed link"
    MAIL = "mail", "E-mail"
    RULE = "rule", "Rule"
    IMPORT = "import", "Import"
    SYSTEM = "system", "Mainstay"


class EventShape(models.Model):
    """One fact. `position`, `previous_hash` and `hash` are written by the database on insert."""

    takes_replies: ClassVar[bool] = False
    """Whether an answer by mail to a notice about such a fact has somewhere to go."""

    position = models.PositiveIntegerField(editable=False, default=0)
    verb = models.CharField(max_length=60)
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")
    actor_name = models.CharField(max_length=120)
    via = models.CharField(max_length=8, choices=Via.choices, default=Via.PAGE)
    on_behalf_of = models.CharField(max_length=120, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    data = models.JSONField(default=dict)
    # Free text of a person; may be blanked (a right to be forgotten) without breaking the chain,
    # because the chain holds only its digest.
    note = models.TextField(blank=True)
    note_digest = models.CharField(max_length=64, editable=False, default="")
    previous_hash = models.CharField(max_length=64, editable=False, default="")
    hash = models.CharField(max_length=64, editable=False, default="")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.verb} by {self.actor_name}"


class LogEventQuerySet(models.QuerySet["LogEvent"]):
    def visible_to(self, by: Actor) -> LogEventQuerySet:
        """The whole log for those who read it, else nothing."""
        from accounts.permissions import Act, may

        return self.all() if may(by, Act.AUDIT) else self.none()

    def about(self, stream: str) -> LogEventQuerySet:
        return self.filter(stream=stream)

    def for_table(self) -> LogEventQuerySet:
        return self.only("stream", "verb", "at", "actor_name", "via", "on_behalf_of", "data", "note")


class LogEvent(EventShape):
    """A fact that belongs to no work order: a sign-in, a role given, a setting changed, a document verified.

    `stream` names what it is about (`user:12`, `setting:sla.targets`, `vendor:7`); each stream is a chain.
    """

    stream = models.CharField(max_length=120)

    objects = LogEventQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "position"], name="logevent_stream_position")]
        indexes = [models.Index(fields=["-at"], name="logevent_at")]


class UnsettledQuerySet(models.QuerySet["Unsettled"]):
    def waiting(self) -> UnsettledQuerySet:
        """Not set aside, oldest first."""
        return self.filter(set_aside_at=None).order_by("pk")

    def due(self, now: datetime) -> UnsettledQuerySet:
        """Waiting, and not held back after a failure."""
        return self.waiting().filter(Q(next_try_at=None) | Q(next_try_at__lte=now))

    def failing(self) -> UnsettledQuerySet:
        return self.exclude(last_error="")

    def set_aside(self) -> UnsettledQuerySet:
        return self.exclude(set_aside_at=None)


class Unsettled(models.Model):
    """One event whose reactions have not all run yet. The row goes when they have.

    `done` names the reactions that have, so that a failing one does not run its neighbors again.
    """

    ledger = models.CharField(max_length=40)
    event_id = models.BigIntegerField()
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)
    done = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    next_try_at = models.DateTimeField(null=True, blank=True)
    set_aside_at = models.DateTimeField(null=True, blank=True)

    objects = UnsettledQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ledger", "event_id"], name="unsettled_once")]
        indexes = [models.Index(fields=["id"], condition=Q(set_aside_at=None), name="unsettled_due")]

    def __str__(self) -> str:
        return f"{self.ledger} {self.event_id}"
