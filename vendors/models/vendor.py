"""Vendors: the companies (and our own crews) that can be sent."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import JSONObject, Upper

from accounts.codes import stands_in_address
from accounts.models.user import known_time_zone
from accounts.permissions import Act
from assets.models.site import HoursShape
from vendors.scope import sees_every_vendor, vendor_ids_of

if TYPE_CHECKING:
    from accounts.actors import Actor


class VendorKind(models.TextChoices):
    EXTERNAL = "external", "External"
    INTERNAL = "internal", "Internal crew"


class Standing(models.TextChoices):
    """Where a vendor stands with us."""

    PROSPECT = "prospect", "Prospect"
    TRIAL = "trial", "Trial"
    APPROVED = "approved", "Approved"
    PREFERRED = "preferred", "Preferred"
    SUSPENDED = "suspended", "Suspended"
    RETIRED = "retired", "Retired"


DISPATCHABLE = frozenset({Standing.TRIAL, Standing.APPROVED, Standing.PREFERRED})


class VendorQuerySet(models.QuerySet["Vendor"]):
    def visible_to(self, by: Actor, act: Act | None = None) -> VendorQuerySet:
        """All vendors for the operator's people who may view them; a vendor's own people see their own company only."""
        return self.all() if sees_every_vendor(by, act) else self.filter(pk__in=vendor_ids_of(by, act))

    def dispatchable(self) -> VendorQuerySet:
        return self.filter(standing__in=DISPATCHABLE, do_not_dispatch_since_at=None)

    def with_standing(self, window_days: int) -> VendorQuerySet:
        """Beside each vendor, in the same query: its papers (kind, trade, state and last day) and its score in the
        trade with the most jobs of the window, also as the vendor itself is told it."""
        from vendors.models.compliance import ComplianceDocument
        from vendors.models.scorecard import Scorecard

        papers = ComplianceDocument.objects.filter(vendor=models.OuterRef("pk")).exclude(state="rejected")
        scores = Scorecard.objects.filter(vendor=models.OuterRef("pk"), window_days=window_days).order_by("-jobs")
        return self.annotate(
            papers=ArraySubquery(papers.values(paper=JSONObject(
                kind="kind", trade="trade_id", state="state", ends_on="ends_on",
            ))),
            score=models.Subquery(scores.values("score")[:1]),
            score_told=models.Subquery(
                scores.annotate(told_=models.Case(models.When(is_comparable=True, then="score"), default="own"))
                .values("told_")[:1]
            ),
            score_jobs=models.Subquery(scores.values("jobs")[:1]),
        )  # fmt: skip

    def for_table(self) -> VendorQuerySet:
        return self.prefetch_related("trades__trade")


class Vendor(models.Model):
    """One company, or one crew of our own, that takes jobs."""

    code = models.CharField(
        max_length=20, validators=[stands_in_address], help_text="Short and stable, for accounting: CASC."
    )
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=VendorKind.choices, default=VendorKind.EXTERNAL)
    standing = models.CharField(max_length=10, choices=Standing.choices, default=Standing.PROSPECT)
    email = models.EmailField(help_text="Where offers go.")
    phone = models.CharField(max_length=32, blank=True)
    emergency_phone = models.CharField(max_length=32, blank=True)
    takes_emergencies = models.BooleanField(default=False, help_text="Answers at any hour.")
    address_line = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=40, blank=True)
    postal_code = models.CharField(max_length=16, blank=True)
    country = models.CharField(
        max_length=2, default="US", validators=[RegexValidator("^[A-Z]{2}$", "Enter two letters, like US.")]
    )
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    time_zone = models.CharField(max_length=64, default="America/New_York", validators=[known_time_zone])
    currency = models.CharField(max_length=3, default="USD")
    capacity_open_jobs = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: no limit.")
    trial_jobs = models.PositiveSmallIntegerField(default=5, help_text="Jobs that a trial lasts.")
    trial_since_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Only jobs offered since count in the trial. Empty: all."
    )
    do_not_dispatch_since_at = models.DateTimeField(null=True, blank=True)
    do_not_dispatch_reason = models.CharField(max_length=300, blank=True)
    custom = models.JSONField(default=dict, blank=True, help_text="The operator's own numbers by name.")
    since_on = models.DateField(null=True, blank=True, help_text="Vendor since. Empty: since it was entered here.")
    created_at = models.DateTimeField()
    search = models.GeneratedField(
        expression=SearchVector("code", weight="A", config="simple")
        + SearchVector("name", weight="A", config="simple")
        + SearchVector("city", weight="B", config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
        editable=False,
    )

    objects = VendorQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Upper("code"), name="vendor_code_unique", violation_error_message="Another vendor has this code."
            ),
            models.CheckConstraint(condition=Q(standing__in=Standing.values), name="vendor_standing_known"),
            models.CheckConstraint(condition=Q(kind__in=VendorKind.values), name="vendor_kind_known"),
            models.CheckConstraint(
                condition=Q(do_not_dispatch_since_at=None) | ~Q(do_not_dispatch_reason=""),
                name="vendor_do_not_dispatch_has_reason",
                violation_error_message="Say why this vendor must not be sent.",
            ),
            models.CheckConstraint(
                condition=Q(latitude=None, longitude=None)
                | Q(latitude__isnull=False, longitude__isnull=False)
                & Q(latitude__gte=-90, latitude__lte=90, longitude__gte=-180, longitude__lte=180),
                name="vendor_position_in_range",
                violation_error_message="Latitude is −90 to 90 and longitude −180 to 180, both or neither.",
            ),
        ]
        indexes = [GinIndex(fields=["search"], name="vendor_search")]

    def __str__(self) -> str:
        return self.name

    @property
    def has_position(self) -> bool:
        return self.latitude is not None

    @property
    def known_since(self) -> date:
        """The day from which on we work together."""
        return self.since_on or self.created_at.astimezone(ZoneInfo(self.time_zone)).date()


class VendorHours(HoursShape):
    """When a vendor's office is open. A vendor without rows has not said."""

    vendor = models.ForeignKey(Vendor, models.CASCADE, related_name="hours")


class Contact(models.Model):
    """A person at a vendor to call or write to; need not sign in."""

    vendor = models.ForeignKey(Vendor, models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=120)
    duty = models.CharField(max_length=60, blank=True, help_text="Dispatch, billing, owner.")
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=32, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class VendorTrade(models.Model):
    """A trade that a vendor works in."""

    vendor = models.ForeignKey(Vendor, models.CASCADE, related_name="trades")
    trade = models.ForeignKey("assets.Trade", models.RESTRICT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["trade", "vendor"], name="vendor_trade_once")]

    def __str__(self) -> str:
        return f"{self.vendor_id} {self.trade_id}"


class VendorScope(models.Model):
    """A membership (dispatcher, technician) applies to this vendor."""

    membership = models.OneToOneField("accounts.Membership", models.CASCADE, related_name="vendor_scope")
    vendor = models.ForeignKey(Vendor, models.CASCADE, related_name="memberships")

    def __str__(self) -> str:
        return f"{self.membership_id} of {self.vendor_id}"


class WarrantyProvider(models.Model):
    """The vendor behind a warranty, so that warranty work goes there first."""

    warranty = models.OneToOneField("assets.Warranty", models.CASCADE, related_name="provider")
    vendor = models.ForeignKey(Vendor, models.RESTRICT, related_name="warranties")

    def __str__(self) -> str:
        return f"{self.warranty_id} by {self.vendor_id}"


class ResponsibleVendor(models.Model):
    """Whom a landlord or other tenant wants sent for what is theirs to repair."""

    responsibility = models.OneToOneField("assets.Responsibility", models.CASCADE, related_name="send_to")
    vendor = models.ForeignKey(Vendor, models.RESTRICT, related_name="responsibilities")

    def __str__(self) -> str:
        return f"{self.responsibility_id} to {self.vendor_id}"
