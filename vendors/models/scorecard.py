"""How well a vendor did, written down by `reporting`, read by dispatch."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from vendors.models.vendor import Vendor


class Scorecard(models.Model):
    """One vendor's score 0 to 100 in one trade over one rolling window, with the parts it was made of."""

    vendor = models.ForeignKey(Vendor, models.CASCADE, related_name="scorecards")
    trade = models.ForeignKey("assets.Trade", models.CASCADE, related_name="+")
    window_days = models.PositiveSmallIntegerField()
    score = models.DecimalField(max_digits=5, decimal_places=2)
    low = models.DecimalField(max_digits=5, decimal_places=2)
    high = models.DecimalField(max_digits=5, decimal_places=2)
    jobs = models.PositiveIntegerField()
    parts = models.JSONField(default=dict)
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["trade", "vendor", "window_days"], name="scorecard_once"),
            models.CheckConstraint(condition=Q(score__gte=0, score__lte=100), name="scorecard_in_range"),
        ]

    def __str__(self) -> str:
        return f"{self.vendor_id} {self.trade_id}: {self.score}"
