"""Where a vendor goes, for what, at which rates and how fast."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Func, Q, Value

from accounts.words import long_way
from vendors.models.vendor import Vendor


class Coverage(models.Model):
    """One place a vendor covers for a trade: a region, a site, or a radius around its base; or a site left out.

    `rank` is the operator's fixed order (1 is asked first) for that trade at that region or site.
    """

    vendor = models.ForeignKey(Vendor, models.CASCADE, related_name="coverage")
    trade = models.ForeignKey("assets.Trade", models.RESTRICT, related_name="+")
    region = models.ForeignKey("assets.Region", models.CASCADE, null=True, blank=True, related_name="+")
    site = models.ForeignKey("assets.Site", models.CASCADE, null=True, blank=True, related_name="+")
    radius_km = models.DecimalField(
        max_digits=8, decimal_places=3, null=True, blank=True, help_text="Around the vendor's base."
    )
    is_excluded = models.BooleanField(default=False, help_text="This site is left out.")
    rank = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "coverage"
        constraints = [
            models.CheckConstraint(
                condition=Q(region__isnull=False, site=None, radius_km=None)
                | Q(region=None, site__isnull=False, radius_km=None)
                | Q(region=None, site=None, radius_km__isnull=False),
                name="coverage_is_one_kind_of_place",
                violation_error_message="Choose a region, a site or a radius.",
            ),
            models.CheckConstraint(
                condition=Q(is_excluded=False) | Q(site__isnull=False, rank=None), name="coverage_excludes_sites_only"
            ),
            models.UniqueConstraint(
                fields=["region", "trade", "vendor"], condition=Q(region__isnull=False), name="coverage_region_once"
            ),
            models.UniqueConstraint(
                fields=["site", "trade", "vendor"], condition=Q(site__isnull=False), name="coverage_site_once"
            ),
            models.UniqueConstraint(
                fields=["trade", "vendor"], condition=Q(radius_km__isnull=False), name="coverage_radius_once"
            ),
        ]

    def __str__(self) -> str:
        place = self.region or self.site or self.reach
        return f"{'not ' if self.is_excluded else ''}{place}"

    @property
    def reach(self) -> str:
        """The radius in the unit of the vendor's country: "30 mi"; empty for any other place."""
        return "" if self.radius_km is None else long_way(self.radius_km, self.vendor.country)


class _Same(Func):
    """int8range(x, x, '[]'): equality that a range index can carry beside an overlap, without an extension."""

    function = "int8range"
    template = "%(function)s(%(expressions)s, '[]')"


class RateCardQuerySet(models.QuerySet["RateCard"]):
    def in_force(self, day: date) -> RateCardQuerySet:
        return self.filter(Q(ends_on=None) | Q(ends_on__gt=day), starts_on__lte=day)


class RateCard(models.Model):
    """What a vendor charges for a trade from one day until another (exclusive; empty: until further notice)."""

    vendor = models.ForeignKey(Vendor, models.CASCADE, related_name="rate_cards")
    trade = models.ForeignKey("assets.Trade", models.RESTRICT, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    currency = models.CharField(max_length=3, default="USD")
    labor_regular_amount = models.DecimalField(max_digits=9, decimal_places=2, help_text="Per hour.")
    labor_overtime_amount = models.DecimalField(max_digits=9, decimal_places=2, help_text="Per hour.")
    labor_emergency_amount = models.DecimalField(max_digits=9, decimal_places=2, help_text="Per hour.")
    labor_holiday_amount = models.DecimalField(max_digits=9, decimal_places=2, help_text="Per hour.")
    helper_amount = models.DecimalField(max_digits=9, decimal_places=2, default=Decimal(0), help_text="Per hour.")
    trip_amount = models.DecimalField(max_digits=9, decimal_places=2, default=Decimal(0), help_text="Per trip.")
    minimum_hours = models.DecimalField(max_digits=4, decimal_places=2, default=Decimal("1.00"))
    rounding_minutes = models.PositiveSmallIntegerField(default=15)
    parts_markup_percent = models.DecimalField(max_digits=5, decimal_places=2, default=Decimal(0))
    tax_percent = models.DecimalField(max_digits=6, decimal_places=3, default=Decimal(0))

    objects = RateCardQuerySet.as_manager()

    class Meta:
        ordering = ["trade_id", "-starts_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gt=F("starts_on")),
                name="rate_card_ends_after_start",
                violation_error_message="The rate card ends before it starts.",
            ),
            models.CheckConstraint(
                condition=Q(
                    labor_regular_amount__gte=0,
                    labor_overtime_amount__gte=0,
                    labor_emergency_amount__gte=0,
                    labor_holiday_amount__gte=0,
                    helper_amount__gte=0,
                    trip_amount__gte=0,
                    minimum_hours__gte=0,
                    parts_markup_percent__gte=0,
                    tax_percent__gte=0,
                    rounding_minutes__gte=1,
                ),
                name="rate_card_numbers_sensible",
                violation_error_message="Rates are zero or more and rounding is at least a minute.",
            ),
            ExclusionConstraint(
                name="rate_cards_do_not_overlap",
                expressions=[
                    (_Same("vendor_id", "vendor_id"), RangeOperators.OVERLAPS),
                    (_Same("trade_id", "trade_id"), RangeOperators.OVERLAPS),
                    (Func("starts_on", "ends_on", Value("[)"), function="daterange"), RangeOperators.OVERLAPS),
                ],
                violation_error_message="Another rate card of this trade is in force in these days.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.vendor_id} {self.trade_id} from {self.starts_on}"


ANY_MINUTES = MaxValueValidator(1_000_000, "Enter at most 1,000,000 minutes, which is nearly two years.")


class NegotiatedTarget(models.Model):
    """How fast a vendor agreed to be for a priority (and trade; empty: all its trades), in elapsed minutes."""

    vendor = models.ForeignKey(Vendor, models.CASCADE, related_name="targets")
    trade = models.ForeignKey("assets.Trade", models.RESTRICT, null=True, blank=True, related_name="+")
    priority = models.SmallIntegerField()
    response_minutes = models.PositiveIntegerField(null=True, blank=True, validators=[ANY_MINUTES])
    arrival_minutes = models.PositiveIntegerField(null=True, blank=True, validators=[ANY_MINUTES])
    completion_minutes = models.PositiveIntegerField(null=True, blank=True, validators=[ANY_MINUTES])

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["vendor", "trade", "priority"], name="negotiated_target_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(priority__in=[1, 2, 3, 4]), name="negotiated_target_priority_known"),
        ]

    def __str__(self) -> str:
        return f"{self.vendor_id} P{self.priority}"
