"""Calendar feeds: a person's visits in the person's own calendar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.actors import System

if TYPE_CHECKING:
    from accounts.actors import Actor


class CalendarFeedQuerySet(models.QuerySet["CalendarFeed"]):
    def visible_to(self, by: Actor) -> CalendarFeedQuerySet:
        """Everybody's own."""
        return self.all() if isinstance(by, System) else self.filter(user_id=by.pk)

    def open(self) -> CalendarFeedQuerySet:
        return self.filter(stopped_at=None)


class CalendarFeed(models.Model):
    """One secret address under which a person's visits are read. Of the secret only its hash is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    made_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True, blank=True)

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(stopped_at=None), name="calendar_feed_one_per_person"),
            models.CheckConstraint(
                condition=Q(stopped_at=None) | Q(stopped_at__gte=models.F("made_at")), name="calendar_feed_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"calendar of {self.user_id}"
