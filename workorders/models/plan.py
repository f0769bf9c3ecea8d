"""Planned maintenance: what must be done to which asset, how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.actors import System
from assets.models import CompletionDocument
from assets.scope import scope_of

if TYPE_CHECKING:
    from accounts.actors import Actor
    from accounts.permissions import Act


class PlanQuerySet(models.QuerySet["Plan"]):
    def visible_to(self, by: Actor, act: Act | None = None) -> PlanQuerySet:
        """Plans that have a target at a site in scope, and one's own."""
        if isinstance(by, System):
            return self.all()
        scope = scope_of(by, act)
        if scope.everything:
            return self.all()
        targets = PlanTarget.objects.filter(scope.sites("asset__site__"))
        return self.filter(Q(pk__in=targets.values("plan_id")) | Q(owner_id=by.pk))

    def active(self) -> PlanQuerySet:
        return self.filter(retired_at=None)

    def for_table(self) -> PlanQuerySet:
        """Beside each plan: how many units it keeps, its next day, and what came of its days so far."""
        targets = PlanTarget.objects.filter(plan=models.OuterRef("pk")).order_by().values("plan")
        days = Occurrence.objects.filter(plan=models.OuterRef("pk")).order_by().values("plan")
        missed = days.filter(state=OccurrenceState.MISSED)
        return self.select_related("trade", "vendor", "owner", "problem_type").annotate(
            units=models.Subquery(targets.annotate(number=models.Count("pk")).values("number")),
            next_on=models.Subquery(targets.annotate(day=models.Min("next_due_on")).values("day")),
            days_so_far=models.Subquery(days.annotate(number=models.Count("pk")).values("number")),
            days_missed=models.Subquery(missed.annotate(number=models.Count("pk")).values("number")),
        )


class Plan(models.Model):
    """A rule that makes one work order per asset on each of its dates.

    Dates are local days of the asset's site, counted from the target's anchor by an RFC 5545 rule, never from the
    last run.
    """

    name = models.CharField(max_length=120)
    trade = models.ForeignKey("assets.Trade", models.RESTRICT, related_name="+")
    problem_type = models.ForeignKey("assets.ProblemType", models.RESTRICT, null=True, blank=True, related_name="+")
    vendor = models.ForeignKey("vendors.Vendor", models.RESTRICT, null=True, blank=True, related_name="+")
    rule = models.CharField(max_length=200, help_text="RFC 5545, without DTSTART: FREQ=MONTHLY;INTERVAL=3.")
    lead_days = models.PositiveSmallIntegerField(default=14)
    window_after_days = models.PositiveSmallIntegerField(default=14)
    priority = models.SmallIntegerField(default=4)
    nte_amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    minutes = models.PositiveIntegerField(default=60)
    description = models.TextField(blank=True, max_length=4000)
    checklist = ArrayField(models.CharField(max_length=240), default=list, blank=True)
    required_documents = ArrayField(
        models.CharField(max_length=20, choices=CompletionDocument.choices), default=list, blank=True
    )
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, related_name="plans")
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = PlanQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(priority__in=[1, 2, 3, 4]), name="plan_priority_known"),
            models.CheckConstraint(condition=Q(nte_amount=None) | Q(nte_amount__gte=0), name="plan_nte_not_negative"),
            models.CheckConstraint(condition=~Q(rule=""), name="plan_has_a_rule"),
        ]

    def __str__(self) -> str:
        return self.name


class PlanTarget(models.Model):
    """One asset that a plan keeps, with the day its dates are counted from."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="targets")
    asset = models.ForeignKey("assets.Asset", models.RESTRICT, related_name="plan_targets")
    anchor_on = models.DateField()
    # Written by the sweep: the next date of the rule after the last one dealt with, and the day to make its work.
    next_due_on = models.DateField(null=True, blank=True)
    generate_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "asset"], name="plan_target_once")]
        indexes = [models.Index(fields=["generate_on"], name="plan_target_due")]

    def __str__(self) -> str:
        return f"{self.plan_id} for {self.asset_id}"


class OccurrenceState(models.TextChoices):
    MADE = "made", "Work order made"
    MISSED = "missed", "Missed"


class Occurrence(models.Model):
    """One date of a plan for one asset, and what came of it: at most one, whatever runs twice."""

    plan = models.ForeignKey(Plan, models.RESTRICT, related_name="occurrences")
    asset = models.ForeignKey("assets.Asset", models.RESTRICT, related_name="+")
    due_on = models.DateField()
    state = models.CharField(max_length=8, choices=OccurrenceState.choices)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "asset", "due_on"], name="occurrence_once"),
            models.CheckConstraint(condition=Q(state__in=OccurrenceState.values), name="occurrence_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.asset_id} {self.due_on}"
