"""Mail that came in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.actors import System
from accounts.permissions import Act, may
from assets.scope import scope_of
from workorders.models.conversation import Comment
from workorders.models.work_order import WorkOrder

if TYPE_CHECKING:
    from accounts.actors import Actor


class LetterState(models.TextChoices):
    HELD = "held", "Waits for you"
    POSTED = "posted", "Added as a message"
    REPORTED = "reported", "Made a work order"
    DISCARDED = "discarded", "Discarded"
    IGNORED = "ignored", "Ignored"


class LetterQuerySet(models.QuerySet["Letter"]):
    def visible_to(self, by: Actor) -> LetterQuerySet:
        """Mail that `by` may sort: about work or a site in scope, or about nothing that is known yet."""
        if isinstance(by, System):
            return self.all()
        if not may(by, Act.TRIAGE):
            return self.none()
        scope = scope_of(by, Act.TRIAGE)
        about_nothing = Q(work_order=None, site=None)
        about_a_site = Q(work_order=None, site__isnull=False) & scope.sites("site__")
        return self.filter(
            about_nothing | about_a_site | Q(work_order__in=WorkOrder.objects.visible_to(by, Act.TRIAGE))
        )

    def held(self) -> LetterQuerySet:
        return self.filter(state=LetterState.HELD)

    def for_table(self) -> LetterQuerySet:
        return (
            self.select_related("work_order", "site", "sender")
            .only(
                "received_at", "from_name", "from_address", "subject", "state", "why", "work_order__number",
                "site__code", "site__name", "sender__name", "sender__email",
            )
            .fetch_mode(models.FETCH_RAISE)
        )  # fmt: skip


class Letter(models.Model):
    """One mail that came in, kept once, and what became of it.

    `sender` is whoever the mail says it is from, which proves nothing; `work_order` is what it was added to, and
    while it waits what it seems to be about.
    """

    message_id = models.CharField(max_length=250, unique=True)
    received_at = models.DateTimeField()
    from_name = models.CharField(max_length=120, blank=True)
    from_address = models.CharField(max_length=254, blank=True)
    subject = models.CharField(max_length=300, blank=True)
    body = models.TextField(max_length=200_000, blank=True)
    state = models.CharField(max_length=10, choices=LetterState.choices)
    why = models.CharField(max_length=300, blank=True, help_text="Why it waits, or why it was ignored.")
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")
    site = models.ForeignKey("assets.Site", models.RESTRICT, null=True, blank=True, related_name="+")
    work_order = models.ForeignKey(WorkOrder, models.RESTRICT, null=True, blank=True, related_name="letters")
    comment = models.OneToOneField(Comment, models.RESTRICT, null=True, blank=True, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    objects = LetterQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at", "-id"]
        indexes = [
            models.Index(fields=["-received_at", "-id"], condition=Q(state="held"), name="letter_held"),
            models.Index(fields=["state", "-received_at", "-id"], name="letter_state"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=LetterState.values), name="letter_state_known"),
            models.CheckConstraint(
                condition=~Q(state__in=["posted", "reported"]) | Q(work_order__isnull=False),
                name="letter_taken_in_has_work",
            ),
            models.CheckConstraint(
                condition=~Q(state="discarded") | (Q(decided_by__isnull=False) & ~Q(reason="")),
                name="letter_discarded_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.subject or "No subject"

    @property
    def written_by(self) -> str:
        return f"{self.from_name} <{self.from_address}>" if self.from_name else self.from_address or "Nobody named"


class EnclosureQuerySet(models.QuerySet["Enclosure"]):
    def visible_to(self, by: Actor) -> EnclosureQuerySet:
        """Files of the mail that `by` may sort."""
        return self.filter(letter__in=Letter.objects.visible_to(by))


class Enclosure(models.Model):
    """A file that came with a mail: kept, or not, and then `fault` says why."""

    letter = models.ForeignKey(Letter, models.CASCADE, related_name="enclosures")
    name = models.CharField(max_length=200)
    file = models.OneToOneField("accounts.File", models.RESTRICT, null=True, blank=True, related_name="+")
    fault = models.CharField(max_length=300, blank=True)

    objects = EnclosureQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(file__isnull=False, fault="") | (Q(file=None) & ~Q(fault="")),
                name="enclosure_kept_or_told",
            )
        ]

    def __str__(self) -> str:
        return self.name
