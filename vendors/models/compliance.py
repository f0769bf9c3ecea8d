"""Papers: what a vendor must show before anybody sends it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Upper

from accounts.permissions import Act
from vendors.models.vendor import Vendor
from vendors.scope import sees_every_vendor, vendor_ids_of

if TYPE_CHECKING:
    from accounts.actors import Actor


class DocumentKind(models.TextChoices):
    GENERAL_LIABILITY = "general_liability", "Insurance: general liability"
    WORKERS_COMPENSATION = "workers_compensation", "Insurance: workers' compensation"
    AUTO = "auto", "Insurance: auto"
    UMBRELLA = "umbrella", "Insurance: umbrella"
    LICENSE = "license", "License"
    TAX_FORM = "tax_form", "Tax form"
    AGREEMENT = "agreement", "Agreement"


class DocumentState(models.TextChoices):
    PENDING = "pending", "Waiting for review"
    VERIFIED = "verified", "Verified"
    REJECTED = "rejected", "Rejected"
    EXPIRED = "expired", "Expired"


class ComplianceDocumentQuerySet(models.QuerySet["ComplianceDocument"]):
    def visible_to(self, by: Actor, act: Act | None = None) -> ComplianceDocumentQuerySet:
        """Documents of the vendors that `by` sees."""
        return self.all() if sees_every_vendor(by, act) else self.filter(vendor_id__in=vendor_ids_of(by, act))

    def valid_on(self, day: date) -> ComplianceDocumentQuerySet:
        """Verified and running on `day` (the last day counts)."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=day), state=DocumentState.VERIFIED, starts_on__lte=day)

    def waiting(self) -> ComplianceDocumentQuerySet:
        """Those to look at, the longest waiting first."""
        return self.filter(state=DocumentState.PENDING).order_by("uploaded_at", "pk")

    def for_table(self) -> ComplianceDocumentQuerySet:
        return self.select_related("vendor", "trade", "file", "uploaded_by", "reviewed_by")


class ComplianceDocument(models.Model):
    """One paper of one vendor: a certificate of insurance, a license, a form. `ends_on` is its last good day."""

    vendor = models.ForeignKey(Vendor, models.CASCADE, related_name="documents")
    kind = models.CharField(max_length=24, choices=DocumentKind.choices)
    trade = models.ForeignKey("assets.Trade", models.RESTRICT, null=True, blank=True, related_name="+")
    issuer = models.CharField(max_length=120, blank=True, help_text="Insurer or authority.")
    reference = models.CharField(max_length=80, blank=True, help_text="Policy or license number.")
    # As one is compared with another: letters and digits alone.
    reference_plain = models.GeneratedField(
        expression=Upper(Func("reference", Value("[^0-9A-Za-z]"), Value(""), Value("g"), function="regexp_replace")),
        output_field=models.CharField(max_length=80),
        db_persist=True,
        editable=False,
    )
    jurisdiction = models.CharField(max_length=40, blank=True, help_text="State of a license.")
    limit_amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    file = models.ForeignKey("accounts.File", models.RESTRICT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=10, choices=DocumentState.choices, default=DocumentState.PENDING)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")
    uploaded_at = models.DateTimeField()
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True, blank=True)
    rejected_because = models.CharField(max_length=300, blank=True)
    # The last reminder that went out: days before the end (60, 45, 30, 14, 7, 1, 0).
    reminded_days = models.SmallIntegerField(null=True, blank=True, editable=False)

    objects = ComplianceDocumentQuerySet.as_manager()

    class Meta:
        ordering = ["ends_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="document_ends_after_start",
                violation_error_message="The document ends before it starts.",
            ),
            models.CheckConstraint(condition=Q(state__in=DocumentState.values), name="document_state_known"),
            models.CheckConstraint(condition=Q(kind__in=DocumentKind.values), name="document_kind_known"),
            models.CheckConstraint(
                condition=~Q(state__in=["verified", "rejected"]) | Q(reviewed_at__isnull=False),
                name="document_reviewed_has_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="rejected") | ~Q(rejected_because=""), name="document_rejected_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(limit_amount=None) | Q(limit_amount__gte=0), name="document_limit_not_negative"
            ),
        ]
        indexes = [
            models.Index(fields=["vendor", "kind"], condition=Q(state="verified"), name="document_verified"),
            models.Index(fields=["ends_on"], condition=Q(state="verified"), name="document_ending"),
            models.Index(fields=["uploaded_at", "id"], condition=Q(state="pending"), name="document_waiting"),
            models.Index(fields=["reference_plain"], condition=~Q(reference_plain=""), name="document_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.vendor_id}"


class RequirementQuerySet(models.QuerySet["Requirement"]):
    def visible_to(self, by: Actor) -> RequirementQuerySet:
        """What papers work needs is no secret."""
        return self.all()


class Requirement(models.Model):
    """A paper, with a least limit, that work of a trade in a region needs (empty: every trade, every region)."""

    kind = models.CharField(max_length=24, choices=DocumentKind.choices)
    trade = models.ForeignKey("assets.Trade", models.CASCADE, null=True, blank=True, related_name="+")
    region = models.ForeignKey("assets.Region", models.CASCADE, null=True, blank=True, related_name="+")
    minimum_limit_amount = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal(0))
    blocks = models.BooleanField(default=True, help_text="Off: it only warns.")
    applies_to_internal = models.BooleanField(default=False, help_text="Ask it of our own crews too.")

    objects = RequirementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "trade", "region"], name="requirement_once", nulls_distinct=False),
            models.CheckConstraint(condition=Q(minimum_limit_amount__gte=0), name="requirement_limit_not_negative"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
