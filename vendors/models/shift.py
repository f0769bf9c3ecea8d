"""When our own crews work: weekly shifts, and the days that are otherwise."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from assets.models import Weekday
from vendors.models.vendor import Vendor


class Shift(models.Model):
    """Hours of one weekday in which a technician of a crew works; without one, whoever of it has no hours of his own.

    Minutes since midnight in the crew's time zone.
    """

    vendor = models.ForeignKey(Vendor, models.CASCADE, related_name="shifts")
    technician = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+")
    weekday = models.PositiveSmallIntegerField(choices=Weekday.choices)
    starts_minute = models.PositiveSmallIntegerField()
    ends_minute = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["weekday", "starts_minute"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_minute__gt=F("starts_minute"), ends_minute__lte=1440), name="shift_ends_after_start"
            ),
            models.CheckConstraint(condition=Q(weekday__range=(0, 6)), name="shift_weekday_known"),
            models.UniqueConstraint(
                fields=["vendor", "technician", "weekday", "starts_minute"], name="shift_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {clock(self.starts_minute)}\N{EN DASH}{clock(self.ends_minute)}"


class ShiftException(models.Model):
    """A day on which a technician, or the whole crew, is off (no hours) or works other hours than usual."""

    vendor = models.ForeignKey(Vendor, models.CASCADE, related_name="shift_exceptions")
    technician = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+")
    day_on = models.DateField()
    starts_minute = models.PositiveSmallIntegerField(null=True, blank=True)
    ends_minute = models.PositiveSmallIntegerField(null=True, blank=True)
    note = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["day_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_minute=None, ends_minute=None)
                | Q(starts_minute__isnull=False, ends_minute__gt=F("starts_minute"), ends_minute__lte=1440),
                name="shift_exception_ends_after_start", violation_error_message="The shift ends before it starts.",
            ),
            models.UniqueConstraint(
                fields=["vendor", "technician", "day_on"], name="shift_exception_once", nulls_distinct=False,
                violation_error_message="This day is entered already. Take it out first.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.day_on}: {self.in_words()}"

    def in_words(self) -> str:
        if self.starts_minute is None or self.ends_minute is None:
            return "off"
        return f"{clock(self.starts_minute)}\N{EN DASH}{clock(self.ends_minute)}"


def clock(minute: int) -> str:
    """Minutes since midnight as a clock shows them."""
    return f"{minute // 60:02}:{minute % 60:02}"
