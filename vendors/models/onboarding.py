"""How a company that was invited becomes a vendor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from vendors.models.vendor import Vendor
from vendors.scope import sees_every_vendor, vendor_ids_of

if TYPE_CHECKING:
    from accounts.actors import Actor
    from accounts.permissions import Act


class Decision(models.TextChoices):
    """What became of a company that introduced itself."""

    TRIAL = "trial", "On trial"
    APPROVED = "approved", "Approved"
    REFUSED = "refused", "Refused"


class OnboardingQuerySet(models.QuerySet["Onboarding"]):
    def visible_to(self, by: Actor, act: Act | None = None) -> OnboardingQuerySet:
        """Of every company for those who view vendors; a company's own people see their own."""
        return self.all() if sees_every_vendor(by, act) else self.filter(vendor_id__in=vendor_ids_of(by, act))

    def filling(self) -> OnboardingQuerySet:
        """The company still writes."""
        return self.filter(submitted_at=None, decided_at=None)

    def waiting(self) -> OnboardingQuerySet:
        """An administrator has to decide."""
        return self.filter(submitted_at__isnull=False, decided_at=None)


class Onboarding(models.Model):
    """One company that was invited: for which trades and where, when it was done with its profile, what was decided."""

    vendor = models.OneToOneField(Vendor, models.RESTRICT, related_name="onboarding")
    trades = models.ManyToManyField("assets.Trade", related_name="+", help_text="For which somebody is looked for.")
    regions = models.ManyToManyField("assets.Region", related_name="+", help_text="Where somebody is looked for.")
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")
    invited_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    asked_for = models.CharField(max_length=1000, blank=True, help_text="What was missing when it was given back.")
    decision = models.CharField(max_length=10, choices=Decision.choices, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=1000, blank=True)

    objects = OnboardingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(decision="") | Q(decision__in=Decision.values), name="onboarding_decision_known"
            ),
            models.CheckConstraint(
                condition=Q(decided_at=None, decision="")
                | Q(decided_at__isnull=False, submitted_at__isnull=False) & ~Q(decision=""),
                name="onboarding_decided_after_it_was_sent",
            ),
            models.CheckConstraint(
                condition=~Q(decision="refused") | ~Q(reason=""), name="onboarding_refused_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(submitted_at=None) | Q(submitted_at__gte=F("invited_at")),
                name="onboarding_sent_after_invited",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["submitted_at"], condition=Q(submitted_at__isnull=False, decided_at=None),
                name="onboarding_waiting",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Onboarding of {self.vendor_id}"

    @property
    def is_filling(self) -> bool:
        return self.submitted_at is None and self.decided_at is None

    @property
    def is_waiting(self) -> bool:
        return self.submitted_at is not None and self.decided_at is None
