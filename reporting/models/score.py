"""Around a vendor's score: what was left out of it and why, what the vendor says to it, and what it was each month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.permissions import Act
from vendors.scope import sees_every_vendor, vendor_ids_of
from workorders.models import Milestone

if TYPE_CHECKING:
    from accounts.actors import Actor

USER = settings.AUTH_USER_MODEL


class OfVendorQuerySet[M: models.Model](models.QuerySet[M]):
    def visible_to(self, by: Actor, act: Act | None = None) -> OfVendorQuerySet[M]:
        """Those of every vendor for who views vendors; a vendor's dispatchers see their own company's."""
        if sees_every_vendor(by, act):
            return self.all()
        return self.filter(vendor_id__in=vendor_ids_of(by, act or Act.VIEW_OWN_VENDOR))

    def in_force(self) -> OfVendorQuerySet[M]:
        """Left out now."""
        return self.filter(put_back_at=None)


class Exclusion(models.Model):
    """One job, or one clock of it, that does not count in a vendor's score, until it is put back."""

    vendor = models.ForeignKey("vendors.Vendor", models.RESTRICT, related_name="exclusions")
    work_order = models.ForeignKey("workorders.WorkOrder", models.RESTRICT, related_name="exclusions")
    milestone = models.CharField(
        max_length=12, blank=True, choices=Milestone.choices, help_text="The clock. Empty: the whole job."
    )
    reason = models.CharField(max_length=300)
    excluded_at = models.DateTimeField()
    excluded_by = models.ForeignKey(USER, models.RESTRICT, null=True, blank=True, related_name="+")
    put_back_at = models.DateTimeField(null=True, blank=True)
    put_back_by = models.ForeignKey(USER, models.RESTRICT, null=True, blank=True, related_name="+")

    objects = OfVendorQuerySet["Exclusion"].as_manager()

    class Meta:
        ordering = ["-excluded_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["vendor", "work_order", "milestone"],
                condition=Q(put_back_at=None),
                name="exclusion_once",
                violation_error_message="This is left out already.",
            ),
            models.CheckConstraint(
                condition=~Q(reason=""), name="exclusion_has_reason", violation_error_message="Say why."
            ),
            models.CheckConstraint(
                condition=Q(milestone="") | Q(milestone__in=Milestone.values), name="exclusion_milestone_known"
            ),
            models.CheckConstraint(
                condition=Q(put_back_at=None) | Q(put_back_at__gte=models.F("excluded_at")),
                name="exclusion_put_back_after",
            ),
        ]
        indexes = [
            models.Index(fields=["work_order"], condition=Q(put_back_at=None), name="exclusion_work_order"),
        ]

    def __str__(self) -> str:
        return f"{self.work_order_id} {self.milestone}".strip()


class Reply(models.Model):
    """What a vendor says to its score, or to one job in it."""

    vendor = models.ForeignKey("vendors.Vendor", models.RESTRICT, related_name="score_replies")
    work_order = models.ForeignKey("workorders.WorkOrder", models.RESTRICT, null=True, blank=True, related_name="+")
    body = models.CharField(max_length=2000)
    author = models.ForeignKey(USER, models.RESTRICT, null=True, blank=True, related_name="+")
    written_at = models.DateTimeField()

    objects = OfVendorQuerySet["Reply"].as_manager()

    class Meta:
        ordering = ["-written_at", "-id"]
        constraints = [models.CheckConstraint(condition=~Q(body=""), name="score_reply_says_something")]
        indexes = [models.Index(fields=["vendor", "-written_at"], name="score_reply_vendor")]

    def __str__(self) -> str:
        return self.body[:60]


class Snapshot(models.Model):
    """A vendor's score in one trade and window at the end of one month, with the weights of then. Never changed."""

    month_on = models.DateField(help_text="The first day of the month that ended.")
    vendor = models.ForeignKey("vendors.Vendor", models.RESTRICT, related_name="snapshots")
    trade = models.ForeignKey("assets.Trade", models.RESTRICT, related_name="+")
    window_days = models.PositiveSmallIntegerField()
    score = models.DecimalField(max_digits=5, decimal_places=2)
    low = models.DecimalField(max_digits=5, decimal_places=2)
    high = models.DecimalField(max_digits=5, decimal_places=2)
    jobs = models.PositiveIntegerField()
    own = models.DecimalField(max_digits=5, decimal_places=2)
    mean = models.DecimalField(max_digits=5, decimal_places=2)
    prior_jobs = models.PositiveIntegerField()
    is_comparable = models.BooleanField(default=False)
    parts = models.JSONField()
    weights = models.JSONField(help_text="Every part's weight, also of those without data.")
    taken_at = models.DateTimeField()

    objects = OfVendorQuerySet["Snapshot"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["month_on", "vendor", "trade", "window_days"], name="snapshot_once"),
            models.CheckConstraint(condition=Q(score__gte=0, score__lte=100), name="snapshot_in_range"),
        ]
        indexes = [models.Index(fields=["trade", "window_days", "month_on"], name="snapshot_trade")]

    def __str__(self) -> str:
        return f"{self.vendor_id} {self.trade_id} {self.month_on:%Y-%m}: {self.score}"


class TouchedScore(models.Model):
    """A vendor's score in a trade that has to be written again. Appended, as often as it is touched."""

    vendor_id = models.BigIntegerField()
    trade_id = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["vendor_id", "trade_id"], name="touched_score")]

    def __str__(self) -> str:
        return f"{self.vendor_id} {self.trade_id}"
