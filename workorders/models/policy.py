"""Dispatch policies: by which terms work of a kind is given out."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Expression, F, Q

from assets.models import Priority

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.actors import Actor

SHARE = (MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(1)))


class DispatchOrder(models.TextChoices):
    RANK = "rank", "Fixed rank, then score"
    SCORE = "score", "Score alone"


class DispatchMode(models.TextChoices):
    """Who asks the first vendor."""

    SUGGEST = "suggest", "Suggest: a person asks"
    OFFER = "offer", "Offer by itself, one after another"
    BROADCAST = "broadcast", "Offer to several, first wins"


class ExpiryUnit(models.TextChoices):
    MINUTES = "minutes", "Minutes"
    HOURS = "hours", "Business hours of the site"


class DispatchPolicyQuerySet(models.QuerySet["DispatchPolicy"]):
    def visible_to(self, by: Actor) -> DispatchPolicyQuerySet:
        """How work is given out is read by whoever manages the settings; nothing in it names a vendor."""
        return self.all()

    def fitting(
        self, trade: int | Expression, priority: int | Expression, regions: Iterable[int] | Expression
    ) -> DispatchPolicyQuerySet:
        """Those that speak of such work, the one that counts first.

        What names the trade goes before what does not; then what names the nearer region; then what names the
        priority.
        """
        return self.filter(
            Q(trade=None) | Q(trade=trade),
            Q(priority=None) | Q(priority=priority),
            Q(region=None) | Q(region__in=regions),
        ).order_by(
            F("trade").asc(nulls_last=True), F("region__path_depth").desc(nulls_last=True),
            F("priority").asc(nulls_last=True),
        )  # fmt: skip


class DispatchPolicy(models.Model):
    """How vendors are put in order and asked for work of a trade, a priority and a region (each empty: any)."""

    trade = models.ForeignKey("assets.Trade", models.CASCADE, null=True, blank=True, related_name="+")
    priority = models.SmallIntegerField(choices=Priority.choices, null=True, blank=True)
    region = models.ForeignKey("assets.Region", models.CASCADE, null=True, blank=True, related_name="+")
    order = models.CharField(max_length=8, choices=DispatchOrder.choices, default=DispatchOrder.RANK)
    weight_scorecard = models.DecimalField(max_digits=3, decimal_places=2, default=Decimal("0.35"), validators=SHARE)
    weight_cost = models.DecimalField(max_digits=3, decimal_places=2, default=Decimal("0.20"), validators=SHARE)
    weight_arrival = models.DecimalField(max_digits=3, decimal_places=2, default=Decimal("0.20"), validators=SHARE)
    weight_distance = models.DecimalField(max_digits=3, decimal_places=2, default=Decimal("0.10"), validators=SHARE)
    weight_load = models.DecimalField(max_digits=3, decimal_places=2, default=Decimal("0.05"), validators=SHARE)
    weight_preference = models.DecimalField(max_digits=3, decimal_places=2, default=Decimal("0.10"), validators=SHARE)
    mode = models.CharField(max_length=10, choices=DispatchMode.choices, default=DispatchMode.SUGGEST)
    expires_in = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: as usual for the priority.")
    expires_unit = models.CharField(max_length=8, choices=ExpiryUnit.choices, default=ExpiryUnit.MINUTES)
    cascade_depth = models.PositiveSmallIntegerField(
        default=3, validators=(MinValueValidator(1), MaxValueValidator(20)),
        help_text="Vendors asked one after another. 1: after the first no, a person decides.",
    )  # fmt: skip
    broadcast_size = models.PositiveSmallIntegerField(
        default=3, validators=(MinValueValidator(2), MaxValueValidator(20)), help_text="Vendors asked at once."
    )
    accepts_for_crews = models.BooleanField(
        default=False, help_text="Our own crews have the job at once, in the next free window of a shift."
    )

    objects = DispatchPolicyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "dispatch policies"
        constraints = [
            models.UniqueConstraint(
                fields=["trade", "priority", "region"], name="dispatch_policy_once", nulls_distinct=False,
                violation_error_message="Another policy speaks of the same trade, priority and region.",
            ),
            models.CheckConstraint(
                condition=Q(weight_scorecard__gt=0) | Q(weight_cost__gt=0) | Q(weight_arrival__gt=0)
                | Q(weight_distance__gt=0) | Q(weight_load__gt=0) | Q(weight_preference__gt=0),
                name="dispatch_policy_weighs_something",
                violation_error_message="Give at least one part a weight above 0, or every score is 0.",
            ),
            models.CheckConstraint(
                condition=Q(
                    weight_scorecard__range=(0, 1), weight_cost__range=(0, 1), weight_arrival__range=(0, 1),
                    weight_distance__range=(0, 1), weight_load__range=(0, 1), weight_preference__range=(0, 1),
                ),
                name="dispatch_policy_weights_are_shares", violation_error_message="A weight is 0 to 1.",
            ),
            models.CheckConstraint(
                condition=Q(priority=None) | Q(priority__in=[1, 2, 3, 4]), name="dispatch_policy_priority_known"
            ),
            models.CheckConstraint(
                condition=Q(order__in=DispatchOrder.values), name="dispatch_policy_order_known"
            ),
            models.CheckConstraint(condition=Q(mode__in=DispatchMode.values), name="dispatch_policy_mode_known"),
            models.CheckConstraint(
                condition=Q(expires_in=None) | Q(expires_unit="hours", expires_in__range=(1, 240))
                | Q(expires_unit="minutes", expires_in__range=(5, 10080)),
                name="dispatch_policy_expiry_sensible",
                violation_error_message="An offer stays open 5 to 10,080 minutes, or 1 to 240 business hours.",
            ),
            models.CheckConstraint(
                condition=Q(expires_unit__in=ExpiryUnit.values), name="dispatch_policy_expiry_unit_known"
            ),
            models.CheckConstraint(
                condition=Q(cascade_depth__range=(1, 20), broadcast_size__range=(2, 20)),
                name="dispatch_policy_asks_somebody",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        named = [
            *([self.trade.name] if self.trade else []),
            *([Priority(self.priority).short] if self.priority else []),
            *([self.region.name] if self.region else []),
        ]
        return ", ".join(named) or "All work"
