"""Counts of what is limited: so many in an hour, whichever process was asked."""

from __future__ import annotations

from django.db import models


class Tally(models.Model):
    """How often something was done within one span of time: reports by one label in one hour."""

    key = models.CharField(max_length=120, unique=True)
    count = models.PositiveIntegerField()
    ends_at = models.DateTimeField(db_index=True, help_text="Means nothing from then on.")

    class Meta:
        verbose_name_plural = "tallies"

    def __str__(self) -> str:
        return f"{self.key}: {self.count}"
