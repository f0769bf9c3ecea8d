"""Codes of labels that were replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from assets.models.asset import Asset
from assets.models.site import Site

if TYPE_CHECKING:
    from accounts.actors import Actor


class OldCodeQuerySet(models.QuerySet["OldCode"]):
    def visible_to(self, by: Actor) -> OldCodeQuerySet:
        """Whoever holds the label knows its code already; nothing else is told of it."""
        return self.all()


class OldCode(models.Model):
    """The code of one label that was lost or copied, and counts no longer."""

    code = models.UUIDField(unique=True)
    asset = models.ForeignKey(Asset, models.RESTRICT, null=True, blank=True, related_name="old_codes")
    site = models.ForeignKey(Site, models.RESTRICT, null=True, blank=True, related_name="old_codes")
    replaced_at = models.DateTimeField()

    objects = OldCodeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(asset__isnull=True, site__isnull=False) | Q(asset__isnull=False, site__isnull=True),
                name="old_code_of_one_place",
            )
        ]

    def __str__(self) -> str:
        return str(self.code)
