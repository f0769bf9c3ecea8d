"""Equipment: what breaks, what it cost, what covers it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from accounts.codes import stands_in_address
from assets.models.site import Area, Site
from assets.models.trade import Trade

if TYPE_CHECKING:
    from accounts.actors import Actor
    from accounts.permissions import Act


class AssetCategoryQuerySet(models.QuerySet["AssetCategory"]):
    def visible_to(self, by: Actor) -> AssetCategoryQuerySet:
        """The catalog is no secret: everyone who may come in sees it."""
        return self.all()

    def active(self) -> AssetCategoryQuerySet:
        return self.filter(retired_at=None)


class AssetCategory(models.Model):
    """A kind of equipment: walk-in cooler, rooftop unit."""

    trade = models.ForeignKey(Trade, models.RESTRICT, related_name="categories")
    name = models.CharField(max_length=80)
    expected_life_years = models.PositiveSmallIntegerField(default=10)
    downtime_cost_amount = models.DecimalField(
        max_digits=12, decimal_places=2, default=Decimal(0), help_text="Per hour that it is down."
    )
    ageing_rate = models.DecimalField(
        max_digits=4, decimal_places=3, default=Decimal("0.100"), help_text="Growth of upkeep per year, 0.1 is 10 %."
    )
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = AssetCategoryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "asset categories"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(Upper("name"), name="category_name_unique"),
            models.CheckConstraint(
                condition=Q(downtime_cost_amount__gte=0, expected_life_years__gte=1), name="category_numbers_sensible"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AssetStatus(models.TextChoices):
    IN_SERVICE = "in_service", "In service"
    DEGRADED = "degraded", "Degraded"
    DOWN = "down", "Down"
    RETIRED = "retired", "Retired"


class AssetQuerySet(models.QuerySet["Asset"]):
    def visible_to(self, by: Actor, act: Act | None = None) -> AssetQuerySet:
        """Assets of the sites that `by` sees."""
        from assets.scope import scope_of

        return self.filter(scope_of(by, act).sites("site__"))

    def in_use(self) -> AssetQuerySet:
        return self.exclude(condition=AssetStatus.RETIRED)

    def tagged(self, tags: Iterable[str]) -> AssetQuerySet:
        """Assets with one of these tags, in any case."""
        return self.annotate(tag_upper=Upper("tag")).filter(tag_upper__in=[tag.upper() for tag in tags])

    def for_table(self) -> AssetQuerySet:
        return self.select_related("site", "category", "category__trade", "area")


class Asset(models.Model):
    """One piece of equipment with a tag on it.

    Its state is called `condition`, so that `status` names one thing in the house: where a work order stands.
    """

    tag = models.CharField(max_length=40, validators=[stands_in_address], help_text="As on the label: RF-114-02.")
    name = models.CharField(max_length=120)
    category = models.ForeignKey(AssetCategory, models.RESTRICT, related_name="assets")
    site = models.ForeignKey(Site, models.RESTRICT, related_name="assets")
    area = models.ForeignKey(Area, models.RESTRICT, null=True, blank=True, related_name="assets")
    parent = models.ForeignKey("self", models.RESTRICT, null=True, blank=True, related_name="parts")
    merged_into = models.ForeignKey("self", models.RESTRICT, null=True, blank=True, related_name="merged_from")
    make = models.CharField(max_length=80, blank=True)
    model = models.CharField(max_length=80, blank=True)
    serial = models.CharField(max_length=80, blank=True)
    installed_on = models.DateField(null=True, blank=True)
    purchase_cost_amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    replacement_cost_amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    downtime_cost_amount = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, blank=True, help_text="Per hour; empty takes the category's."
    )
    currency = models.CharField(max_length=3, default="USD")
    condition = models.CharField(max_length=10, choices=AssetStatus.choices, default=AssetStatus.IN_SERVICE)
    photo = models.ForeignKey("accounts.File", models.SET_NULL, null=True, blank=True, related_name="+")
    custom = models.JSONField(default=dict, blank=True)
    scan_code = models.UUIDField(unique=True, db_default=RandomUUID(), editable=False, help_text="On its label.")
    search = models.GeneratedField(
        expression=SearchVector("tag", weight="A", config="simple")
        + SearchVector("name", weight="A", config="simple")
        + SearchVector("make", "model", "serial", weight="B", config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
        editable=False,
    )

    objects = AssetQuerySet.as_manager()

    class Meta:
        ordering = ["tag"]
        constraints = [
            models.UniqueConstraint(
                Upper("tag"), name="asset_tag_unique", violation_error_message="Another asset has this tag."
            ),
            models.CheckConstraint(condition=Q(condition__in=AssetStatus.values), name="asset_condition_known"),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="asset_not_its_own_parent"),
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="asset_not_merged_into_itself"),
            models.CheckConstraint(
                condition=(Q(purchase_cost_amount=None) | Q(purchase_cost_amount__gte=0))
                & (Q(replacement_cost_amount=None) | Q(replacement_cost_amount__gte=0))
                & (Q(downtime_cost_amount=None) | Q(downtime_cost_amount__gte=0)),
                name="asset_costs_not_negative",
                violation_error_message="Enter amounts of zero or more.",
            ),
        ]
        indexes = [
            models.Index(fields=["site", "tag"], name="asset_site_tag"),
            GinIndex(fields=["search"], name="asset_search"),
        ]

    def __str__(self) -> str:
        return f"{self.tag} {self.name}"


class WarrantyQuerySet(models.QuerySet["Warranty"]):
    def covering(self, asset: Asset, trade: Trade, day: date) -> WarrantyQuerySet:
        """Warranties of `asset` that cover `trade` on the local day `day`, soonest to end first."""
        return self.filter(Q(trade=None) | Q(trade=trade), asset=asset, starts_on__lte=day, ends_on__gte=day).order_by(
            "ends_on", "pk"
        )


class Warranty(models.Model):
    """A promise by a maker or installer to repair for nothing, the whole unit or one part; the last day counts."""

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="warranties")
    trade = models.ForeignKey(Trade, models.RESTRICT, null=True, blank=True, related_name="+")
    covers = models.CharField(max_length=120, default="Parts and labor")
    provider_name = models.CharField(max_length=120)
    provider_email = models.EmailField(blank=True)
    provider_phone = models.CharField(max_length=32, blank=True)
    reference = models.CharField(max_length=80, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField()

    objects = WarrantyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "warranties"
        ordering = ["ends_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="warranty_ends_after_start",
                violation_error_message="The warranty ends before it starts.",
            )
        ]
        indexes = [models.Index(fields=["asset", "ends_on"], name="warranty_asset")]

    def __str__(self) -> str:
        return f"{self.provider_name} to {self.ends_on}"
