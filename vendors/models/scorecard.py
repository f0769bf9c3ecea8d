"""How well a vendor did, written down by `reporting`, read by dispatch."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from vendors.models.vendor import Vendor

if TYPE_CHECKING:
    from accounts.actors import Actor
    from accounts.permissions import Act


class ScorecardQuerySet(models.QuerySet["Scorecard"]):
    def visible_to(self, by: Actor, act: Act | None = None) -> ScorecardQuerySet:
        """Of every vendor that `by` sees: all for who views vendors, their own for a company's people."""
        return self.filter(vendor__in=Vendor.objects.visible_to(by, act))


class Scorecard(models.Model):
    """One vendor's score 0 to 100 in one trade over one rolling window, with the parts it was made of."""

    vendor = models.ForeignKey(Vendor, models.CASCADE, related_name="scorecards")
    trade = models.ForeignKey("assets.Trade", models.CASCADE, related_name="+")
    window_days = models.PositiveSmallIntegerField()
    score = models.DecimalField(max_digits=5, decimal_places=2)
    low = models.DecimalField(max_digits=5, decimal_places=2)
    high = models.DecimalField(max_digits=5, decimal_places=2)
    jobs = models.PositiveIntegerField()
    own = models.DecimalField(max_digits=5, decimal_places=2, default=0, help_text="What its jobs say by themselves.")
    mean = models.DecimalField(max_digits=5, decimal_places=2, default=0, help_text="Of the trade, toward it is drawn.")
    prior_jobs = models.PositiveIntegerField(default=0, help_text="As if so many average jobs had come before.")
    is_comparable = models.BooleanField(
        default=False, help_text="So many vendors have a score in the trade that this one betrays none of them."
    )
    parts = models.JSONField(default=dict)
    made_of = models.BigIntegerField(
        null=True, editable=False,
        help_text="A fingerprint of what was counted and how it was weighed: a card made of the same is not made"
        " again.",
    )  # fmt: skip
    computed_at = models.DateTimeField()

    objects = ScorecardQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["trade", "vendor", "window_days"], name="scorecard_once"),
            models.CheckConstraint(condition=Q(score__gte=0, score__lte=100), name="scorecard_in_range"),
        ]

    def __str__(self) -> str:
        return f"{self.vendor_id} {self.trade_id}: {self.score}"

    @property
    def told(self) -> Decimal:
        """What the vendor itself is told: drawn toward the mean of few, its score would betray the others' results."""
        return self.score if self.is_comparable else self.own
