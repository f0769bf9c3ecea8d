"""One-time keys: a request that comes twice acts once."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class Operation(models.Model):
    """One act that a form or a phone asked for under a key of its own, and what came of it.

    Written in the transaction of the act itself: either both are there or neither is.
    """

    key = models.CharField(max_length=80, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+")
    action = models.CharField(max_length=60)
    result = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(key=""), name="operation_key_not_empty")]

    def __str__(self) -> str:
        return f"{self.action} {self.key}"
