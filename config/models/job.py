"""How each recurring job is doing."""

from datetime import datetime

from django.db import models
from django.db.models import Q


class JobRunQuerySet(models.QuerySet["JobRun"]):
    def set_aside(self, now: datetime) -> "JobRunQuerySet":
        """Jobs that failed too often in a row and rest."""
        return self.filter(rests_until_at__gt=now)

    def failing(self) -> "JobRunQuerySet":
        return self.filter(~Q(last_error="") | Q(attempts__gt=1))


class JobRun(models.Model):
    """The standing of one job of the schedule.

    `attempts` counts starts since the last success and is committed before the work begins, so that a job
    that kills its process is counted too. After too many it is set aside until `rests_until_at`.
    """

    name = models.CharField(max_length=60, unique=True)
    attempts = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True, help_text="The last success.")
    done_count = models.PositiveIntegerField(default=0, help_text="What the last success did.")
    last_error = models.TextField(blank=True)
    rests_until_at = models.DateTimeField(null=True)

    objects = JobRunQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name
