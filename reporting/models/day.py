"""Counts per local day, region and kind of work; always what a live count would say once no day is dirty."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from accounts.permissions import Act
from assets.scope import scope_of

if TYPE_CHECKING:
    from accounts.actors import Actor


class Stretch(models.TextChoices):
    """A length of time that is measured, counted on the day on which it ends."""

    RESPONSE = "response", "Reported to accepted"
    ARRIVAL = "arrival", "Reported to first check-in"
    RESOLUTION = "resolution", "Reported to completed"


class DayQuerySet[M: models.Model](models.QuerySet[M]):
    def visible_to(self, by: Actor, act: Act | None = None) -> DayQuerySet[M]:
        """Days of the regions that `by` sees whole; nothing of single sites or trades is told from sums."""
        scope = scope_of(by, act or Act.VIEW_REPORTS)
        if scope.everything:
            return self.all()
        whole = [reach.region_ids for reach in scope.reaches if not reach.trade_ids]
        return self.filter(region_id__in=frozenset().union(*whole) if whole else frozenset())


class DayShape(models.Model):
    """One local day of one region, for one kind of work."""

    day_on = models.DateField()
    region = models.ForeignKey("assets.Region", models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10)

    class Meta:
        abstract = True


class DayRollup(DayShape):
    """How much was reported, completed, fixed the first time, and kept in time."""

    reported = models.PositiveIntegerField(default=0)
    completed = models.PositiveIntegerField(default=0)
    fixed_first_time = models.PositiveIntegerField(default=0)
    clocks_ended = models.PositiveIntegerField(default=0)
    clocks_met = models.PositiveIntegerField(default=0)

    objects = DayQuerySet["DayRollup"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day_on", "region", "kind"], name="day_rollup_once"),
            models.CheckConstraint(
                condition=Q(clocks_met__lte=models.F("clocks_ended")), name="day_rollup_met_of_ended"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day_on} {self.region_id} {self.kind}"


class DayDuration(DayShape):
    """How many stretches of about the same length ended: bucket = floor(10 × ln(minutes)), 0 for under a minute."""

    stretch = models.CharField(max_length=10, choices=Stretch.choices)
    bucket = models.SmallIntegerField()
    number = models.PositiveIntegerField()

    objects = DayQuerySet["DayDuration"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day_on", "region", "kind", "stretch", "bucket"], name="day_duration_once"),
            models.CheckConstraint(condition=Q(stretch__in=Stretch.values), name="day_duration_stretch_known"),
        ]

    def __str__(self) -> str:
        return f"{self.day_on} {self.stretch} {self.bucket}: {self.number}"


class DaySpend(DayShape):
    """Totals of the bills approved, in one currency."""

    currency = models.CharField(max_length=3)
    amount = models.DecimalField(max_digits=16, decimal_places=2, default=Decimal(0))

    objects = DayQuerySet["DaySpend"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day_on", "region", "kind", "currency"], name="day_spend_once"),
        ]

    def __str__(self) -> str:
        return f"{self.day_on} {self.region_id}: {self.amount} {self.currency}"


class DirtyDay(models.Model):
    """A day that has to be counted again. Appended by triggers, as often as it is touched, so that nobody waits."""

    day_on = models.DateField()
    region_id = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["day_on", "region_id"], name="dirty_day")]

    def __str__(self) -> str:
        return f"{self.day_on} {self.region_id}"
