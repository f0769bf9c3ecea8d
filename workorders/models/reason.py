"""Reasons that hang under the fixed states: the administrator's to add."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from accounts.permissions import VENDOR_ROLES

if TYPE_CHECKING:
    from accounts.actors import Actor


class Milestone(models.TextChoices):
    """The four clocks."""

    TRIAGE = "triage", "Triage"
    RESPONSE = "response", "Response"
    ARRIVAL = "arrival", "Arrival"
    COMPLETION = "completion", "Completion"


class Under(models.TextChoices):
    """Which question a reason answers."""

    HOLD = "hold", "On hold"
    DECLINE = "decline", "Offer declined"
    CANCEL = "cancel", "Canceled"
    REASSIGN = "reassign", "Reassigned"
    REJECT = "reject", "Not fixed"
    POSITION = "position", "Checked in without being inside the area"
    RESCHEDULE = "reschedule", "Appointment moved"


ASKED_OF_VENDORS = (Under.DECLINE, Under.POSITION, Under.RESCHEDULE)


class ReasonQuerySet(models.QuerySet["Reason"]):
    def visible_to(self, by: Actor) -> ReasonQuerySet:
        """Every reason for the operator's side; for those who are only a vendor's people the answers to what they
        alone are asked, and of the others those that a vendor may choose."""
        if by.roles and by.roles <= VENDOR_ROLES:
            return self.filter(Q(under__in=ASKED_OF_VENDORS) | Q(vendor_may_choose=True))
        return self

    def under(self, question: str) -> ReasonQuerySet:
        return self.filter(under=question, retired_at=None)


class Reason(models.Model):
    """One answer a person can choose, and what choosing it means."""

    under = models.CharField(max_length=12, choices=Under.choices)
    code = models.SlugField(max_length=40)
    label = models.CharField(max_length=80)
    pauses = ArrayField(models.CharField(max_length=12, choices=Milestone.choices), default=list, blank=True)
    needs_note = models.BooleanField(default=False)
    needs_date = models.BooleanField(default=False)
    vendor_may_choose = models.BooleanField(default=False)
    vendor_sees = models.BooleanField(default=True)
    sort_order = models.PositiveSmallIntegerField(default=100)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = ReasonQuerySet.as_manager()

    class Meta:
        ordering = ["under", "sort_order", "label"]
        constraints = [
            models.UniqueConstraint(fields=["under", "code"], name="reason_code_once"),
            models.UniqueConstraint("under", Upper("label"), name="reason_label_once"),
            models.CheckConstraint(condition=Q(under__in=Under.values), name="reason_under_known"),
        ]

    def __str__(self) -> str:
        return self.label


class CodeKind(models.TextChoices):
    ROOT_CAUSE = "root_cause", "Root cause"
    RESOLUTION = "resolution", "Resolution"


class CompletionCodeQuerySet(models.QuerySet["CompletionCode"]):
    def visible_to(self, by: Actor) -> CompletionCodeQuerySet:
        """The catalog is no secret: everyone who may come in sees it."""
        return self.all()

    def for_trade(self, trade_id: int) -> CompletionCodeQuerySet:
        """Codes in use for work of one trade: its own and those of every trade."""
        return self.filter(Q(trade=None) | Q(trade_id=trade_id), retired_at=None)


class CompletionCode(models.Model):
    """A coded root cause or resolution, of one trade or of all."""

    kind = models.CharField(max_length=10, choices=CodeKind.choices)
    trade = models.ForeignKey("assets.Trade", models.RESTRICT, null=True, blank=True, related_name="+")
    label = models.CharField(max_length=80)
    sort_order = models.PositiveSmallIntegerField(default=100)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = CompletionCodeQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "sort_order", "label"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "trade", "label"], name="code_once", nulls_distinct=False),
            models.CheckConstraint(condition=Q(kind__in=CodeKind.values), name="code_kind_known"),
        ]

    def __str__(self) -> str:
        return self.label
