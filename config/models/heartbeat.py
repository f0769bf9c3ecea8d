"""Signs of life of the queue's workers."""

from datetime import datetime, timedelta

from django.db import models

SILENT_AFTER = timedelta(seconds=90)


class HeartbeatQuerySet(models.QuerySet["Heartbeat"]):
    def alive(self, now: datetime) -> "HeartbeatQuerySet":
        """Workers whose queue answered lately."""
        return self.filter(beat_at__gt=now - SILENT_AFTER)


class Heartbeat(models.Model):
    """One worker: the machine and process that watches a queue cluster, and when work last went through it."""

    worker = models.CharField(max_length=120, unique=True)
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    restarts = models.PositiveIntegerField(default=0)

    objects = HeartbeatQuerySet.as_manager()

    def __str__(self) -> str:
        return self.worker
