"""Files that people hand in."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


class File(models.Model):
    """One stored file: cleaned, typed by its content, under a random name.

    Who may read it is decided by the row above that points here (an attachment, a document, a photo of
    an asset); there is no public address.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200, help_text="As the person called it; for people only.")
    path = models.CharField(max_length=120, unique=True)
    thumbnail_path = models.CharField(max_length=120, blank=True)
    content_type = models.CharField(max_length=100)
    size = models.BigIntegerField(help_text="Bytes as stored.")
    sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(size__gt=0), name="file_not_empty"),
        ]
        indexes = [models.Index(fields=["sha256"], name="file_same_content")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_image(self) -> bool:
        return self.content_type.startswith("image/")

    @property
    def is_pdf(self) -> bool:
        return self.content_type == "application/pdf"
