"""SLA: how soon, by which clock, and since when it stands still."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from workorders.models.reason import Milestone
from workorders.models.work_order import WorkOrder

if TYPE_CHECKING:
    from accounts.actors import Actor


class ClockType(models.TextChoices):
    ELAPSED = "elapsed", "Around the clock"
    BUSINESS = "business", "In opening hours"


class SlaTargetQuerySet(models.QuerySet["SlaTarget"]):
    def visible_to(self, by: Actor) -> SlaTargetQuerySet:
        """How soon work is due is no secret."""
        return self.all()


class SlaTarget(models.Model):
    """Minutes allowed for one milestone at one priority; a trade or a site tier narrows it and wins."""

    milestone = models.CharField(max_length=12, choices=Milestone.choices)
    priority = models.SmallIntegerField()
    trade = models.ForeignKey("assets.Trade", models.CASCADE, null=True, blank=True, related_name="+")
    tier = models.CharField(max_length=20, blank=True)
    minutes = models.PositiveIntegerField()
    clock_type = models.CharField(max_length=8, choices=ClockType.choices)

    objects = SlaTargetQuerySet.as_manager()

    class Meta:
        ordering = ["priority", "milestone"]
        constraints = [
            models.UniqueConstraint(
                fields=["milestone", "priority", "trade", "tier"], name="sla_target_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(minutes__gt=0), name="sla_target_positive"),
            models.CheckConstraint(condition=Q(priority__in=[1, 2, 3, 4]), name="sla_target_priority_known"),
            models.CheckConstraint(condition=Q(milestone__in=Milestone.values), name="sla_target_milestone_known"),
        ]

    def __str__(self) -> str:
        return f"{self.milestone} P{self.priority}: {self.minutes} min {self.clock_type}"


class ClockState(models.TextChoices):
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    STOPPED = "stopped", "Stopped"
    DROPPED = "dropped", "No longer asked for"


class ClockQuerySet(models.QuerySet["Clock"]):
    def running(self) -> ClockQuerySet:
        return self.filter(state=ClockState.RUNNING)

    def to_mark(self, now: datetime) -> ClockQuerySet:
        """Clocks that have passed a mark (50, 75, 90, 100, 150 %) nobody was told of, also when they ended since."""
        return self.filter(next_mark_at__lt=now)

    def live(self) -> ClockQuerySet:
        """Running, or standing still for a while."""
        return self.filter(state__in=[ClockState.RUNNING, ClockState.PAUSED])


class Clock(models.Model):
    """One milestone of one work order: from when, how long, due when, and how it ended.

    Met or missed is never stored: `stopped_at` against `due_at` says it, whatever ran late.
    """

    work_order = models.ForeignKey(WorkOrder, models.CASCADE, related_name="clocks")
    milestone = models.CharField(max_length=12, choices=Milestone.choices)
    state = models.CharField(max_length=8, choices=ClockState.choices, default=ClockState.RUNNING)
    started_at = models.DateTimeField()
    minutes = models.PositiveIntegerField()
    clock_type = models.CharField(max_length=8, choices=ClockType.choices)
    due_at = models.DateTimeField(help_text="The target walked over the calendar, pauses left out.")
    stopped_at = models.DateTimeField(null=True, blank=True)
    # The instants of 50, 75, 90, 100 and 150 % of the target, walked like the due instant; those that a stop or a
    # pause came before are left off.
    marks = ArrayField(models.DateTimeField(), size=5, default=list)
    told = models.PositiveSmallIntegerField(default=0, help_text="How many of the marks were told.")
    next_mark_at = models.DateTimeField(null=True, blank=True, help_text="The next to tell; empty when none comes.")
    breached_at = models.DateTimeField(null=True, blank=True, help_text="When the sweep saw it, for messages only.")
    # What the vendor that has the job agreed to, where anything was: around the clock, since it was asked or accepted.
    agreed_from_at = models.DateTimeField(null=True, blank=True)
    agreed_minutes = models.PositiveIntegerField(null=True, blank=True)
    agreed_due_at = models.DateTimeField(null=True, blank=True, help_text="By this the vendor's own measure goes.")

    objects = ClockQuerySet.as_manager()

    class Meta:
        ordering = ["work_order", "milestone"]
        constraints = [
            models.UniqueConstraint(fields=["work_order", "milestone"], name="clock_once"),
            models.CheckConstraint(condition=Q(state__in=ClockState.values), name="clock_state_known"),
            models.CheckConstraint(condition=Q(milestone__in=Milestone.values), name="clock_milestone_known"),
            models.CheckConstraint(
                condition=~Q(state="stopped") | Q(stopped_at__isnull=False), name="clock_stopped_has_time"
            ),
            models.CheckConstraint(
                condition=Q(stopped_at=None) | Q(stopped_at__gte=F("started_at")), name="clock_stops_after_start"
            ),
            models.CheckConstraint(condition=Q(due_at__gte=F("started_at")), name="clock_due_after_start"),
            models.CheckConstraint(condition=Q(told__lte=5), name="clock_five_marks"),
            models.CheckConstraint(
                condition=Q(agreed_from_at=None, agreed_minutes=None, agreed_due_at=None)
                | Q(agreed_from_at__isnull=False, agreed_minutes__isnull=False, agreed_due_at__isnull=False),
                name="clock_agreed_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["next_mark_at"], condition=Q(next_mark_at__isnull=False), name="clock_to_mark"),
            models.Index(fields=["due_at"], condition=Q(state="running"), name="clock_running"),
        ]

    def __str__(self) -> str:
        return f"{self.work_order_id} {self.milestone} due {self.due_at:%Y-%m-%d %H:%M}"


class ClockChange(models.Model):
    """A due instant that was superseded: was due, now due, because."""

    clock = models.ForeignKey(Clock, models.CASCADE, related_name="changes")
    was_due_at = models.DateTimeField()
    now_due_at = models.DateTimeField()
    because = models.CharField(max_length=200)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.was_due_at:%Y-%m-%d %H:%M} to {self.now_due_at:%Y-%m-%d %H:%M}: {self.because}"


class Pause(models.Model):
    """A time in which some clocks of a work order stand still (half-open: start counts, end does not)."""

    work_order = models.ForeignKey(WorkOrder, models.CASCADE, related_name="pauses")
    milestones = ArrayField(models.CharField(max_length=12, choices=Milestone.choices))
    reason = models.CharField(max_length=120)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["started_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")), name="pause_ends_after_start"
            ),
            models.UniqueConstraint(fields=["work_order"], condition=Q(ended_at=None), name="pause_one_open"),
        ]
        indexes = [models.Index(fields=["work_order"], name="pause_work_order")]

    def __str__(self) -> str:
        return f"{self.work_order_id} paused: {self.reason}"


class ReckoningQuerySet(models.QuerySet["Reckoning"]):
    def visible_to(self, by: Actor) -> ReckoningQuerySet:
        """How far the house has come is no secret."""
        return self.all()

    def unfinished(self) -> ReckoningQuerySet:
        return self.filter(finished_at=None).order_by("pk")


class Reckoning(models.Model):
    """One change of a promise or a calendar after which the clocks of open work are walked anew, and how far that is.

    The work is gone through in the order of its keys: what lies behind `after_id` is done.
    """

    cause = models.OneToOneField("accounts.LogEvent", models.RESTRICT, related_name="+")
    because = models.CharField(max_length=200)
    site_ids = ArrayField(models.BigIntegerField(), null=True, blank=True, help_text="Empty: at every site.")
    after_id = models.BigIntegerField(default=0, help_text="The last work order that was gone through.")
    done_count = models.PositiveIntegerField(default=0)
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ReckoningQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["id"], condition=Q(finished_at=None), name="reckoning_unfinished")]

    def __str__(self) -> str:
        return f"{self.because}: {self.done_count} reckoned"
