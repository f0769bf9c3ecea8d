"""Thresholds that an administrator changes on a page."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Setting(models.Model):
    """One version of one threshold. The newest row of a name is in force; older rows say what was, who and when."""

    name = models.CharField(max_length=80)
    value = models.JSONField()
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["name", "-id"], name="setting_newest")]

    def __str__(self) -> str:
        return f"{self.name} = {self.value}"
