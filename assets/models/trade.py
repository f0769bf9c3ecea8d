"""Trades, the problems they solve, and the priorities of the house."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

if TYPE_CHECKING:
    from accounts.actors import Actor


class Priority(models.IntegerChoices):
    """How soon. Lower is sooner."""

    P1 = 1, "P1 Emergency"
    P2 = 2, "P2 Urgent"
    P3 = 3, "P3 Standard"
    P4 = 4, "P4 Low"

    @property
    def short(self) -> str:
        return self.name


MEANINGS = {
    Priority.P1: "People are in danger, or the store cannot trade.",
    Priority.P2: "Goods or trade suffer until it is done.",
    Priority.P3: "It works badly. Days matter, hours do not.",
    Priority.P4: "It looks bad, or it was planned.",
}
"""What the priorities mean until a house says it in its own words."""


class PriorityMeaningQuerySet(models.QuerySet["PriorityMeaning"]):
    def visible_to(self, by: Actor) -> PriorityMeaningQuerySet:
        """The catalog is no secret: everyone who may come in sees it."""
        return self.all()

    def of(self, priority: int) -> str:
        """What `priority` means here."""
        known = self.filter(priority=priority).values_list("meaning", flat=True).first()
        return known or MEANINGS[Priority(priority)]


class PriorityMeaning(models.Model):
    """What one priority means in this house, as people are told who report."""

    priority = models.SmallIntegerField(choices=Priority.choices, unique=True)
    meaning = models.CharField(max_length=160)

    objects = PriorityMeaningQuerySet.as_manager()

    class Meta:
        ordering = ["priority"]
        constraints = [
            models.CheckConstraint(condition=Q(priority__in=Priority.values), name="priority_meaning_of_a_priority"),
            models.CheckConstraint(condition=~Q(meaning=""), name="priority_meaning_not_empty"),
        ]

    def __str__(self) -> str:
        return Priority(self.priority).label


class CompletionDocument(models.TextChoices):
    """What a problem type or plan may ask for before a job counts as done."""

    ROOT_CAUSE = "root_cause", "Root cause"
    RESOLUTION = "resolution", "What was done"
    RECOMMENDATION = "recommendation", "Recommended next steps, or none"
    PARTS = "parts", "Parts used, or none"
    AFTER_PHOTO = "after_photo", "Photo after the work"
    CHECKLIST = "checklist", "Checklist complete"
    SIGNATURE = "signature", "Signature"
    CERTIFICATE = "certificate", "Test certificate"


DEFAULT_DOCUMENTS = [
    CompletionDocument.ROOT_CAUSE.value,
    CompletionDocument.RESOLUTION.value,
    CompletionDocument.RECOMMENDATION.value,
    CompletionDocument.PARTS.value,
    CompletionDocument.AFTER_PHOTO.value,
]


LONGEST_WINDOW = 730
WINDOW_IN_DAYS = f"Enter a number of days, 0 to {LONGEST_WINDOW}."


def default_documents() -> list[str]:
    """What completion needs unless the problem type says otherwise."""
    return list(DEFAULT_DOCUMENTS)


class TradeQuerySet(models.QuerySet["Trade"]):
    def visible_to(self, by: Actor) -> TradeQuerySet:
        """The catalog is no secret: everyone who may come in sees it."""
        return self.all()

    def active(self) -> TradeQuerySet:
        return self.filter(retired_at=None)


class Trade(models.Model):
    """One craft: HVAC, refrigeration, plumbing."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    icon = models.CharField(max_length=40, default="wrench")
    sort_order = models.PositiveSmallIntegerField(default=100)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = TradeQuerySet.as_manager()

    class Meta:
        ordering = ["sort_order", "name"]
        constraints = [models.UniqueConstraint(Upper("name"), name="trade_name_unique")]

    def __str__(self) -> str:
        return self.name


class ProblemTypeQuerySet(models.QuerySet["ProblemType"]):
    def visible_to(self, by: Actor) -> ProblemTypeQuerySet:
        """The catalog is no secret: everyone who may come in sees it."""
        return self.all()

    def active(self) -> ProblemTypeQuerySet:
        return self.filter(retired_at=None)


class ProblemType(models.Model):
    """One kind of trouble a store can name, and what the house knows about it beforehand."""

    trade = models.ForeignKey(Trade, models.RESTRICT, related_name="problem_types")
    name = models.CharField(max_length=80)
    default_priority = models.SmallIntegerField(choices=Priority.choices, default=Priority.P3)
    requester_message = models.TextField(blank=True, max_length=500)
    stops_request = models.BooleanField(default=False)
    photos_required = models.PositiveSmallIntegerField(default=0)
    asset_required = models.BooleanField(default=False)
    required_documents = ArrayField(
        models.CharField(max_length=20, choices=CompletionDocument.choices), default=default_documents, blank=True
    )
    # Papers that may come after the work: they bar billing, not completion.
    late_documents = ArrayField(
        models.CharField(max_length=20, choices=CompletionDocument.choices), default=list, blank=True
    )
    default_nte_amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    downtime_cost_amount = models.DecimalField(
        max_digits=12, decimal_places=2, default=Decimal(0), help_text="Per hour that it is down."
    )
    stock_at_risk = models.BooleanField(default=False, help_text="Delay costs around the clock.")
    duplicate_window_days = models.PositiveSmallIntegerField(
        default=30, help_text="Open work reported so long ago may be the same. Work on the same unit always may."
    )
    repeat_window_days = models.PositiveSmallIntegerField(
        default=30, help_text="The same trouble so soon after it was fixed may be a recall."
    )
    likeness_needed = models.DecimalField(
        max_digits=3, decimal_places=2, null=True, blank=True,
        help_text="0.10 to 1.00: how alike words must be to warn of a duplicate. Empty takes the house's.",
    )  # fmt: skip
    sort_order = models.PositiveSmallIntegerField(default=100)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = ProblemTypeQuerySet.as_manager()

    class Meta:
        ordering = ["sort_order", "name"]
        constraints = [
            models.UniqueConstraint(
                "trade",
                Upper("name"),
                name="problem_type_name_unique",
                violation_error_message="This trade has a problem type of that name.",
            ),
            models.CheckConstraint(condition=Q(default_priority__in=[1, 2, 3, 4]), name="problem_type_priority_known"),
            models.CheckConstraint(
                condition=Q(default_nte_amount=None) | Q(default_nte_amount__gte=0),
                name="problem_type_nte_not_negative",
            ),
            models.CheckConstraint(condition=Q(downtime_cost_amount__gte=0), name="problem_type_cost_not_negative"),
            models.CheckConstraint(
                condition=Q(duplicate_window_days__gte=0, duplicate_window_days__lte=LONGEST_WINDOW),
                name="problem_type_duplicate_window_sensible",
                violation_error_message=WINDOW_IN_DAYS,
            ),
            models.CheckConstraint(
                condition=Q(repeat_window_days__gte=0, repeat_window_days__lte=LONGEST_WINDOW),
                name="problem_type_repeat_window_sensible",
                violation_error_message=WINDOW_IN_DAYS,
            ),
            models.CheckConstraint(
                condition=Q(likeness_needed=None) | Q(likeness_needed__gte=Decimal("0.1"), likeness_needed__lte=1),
                name="problem_type_likeness_in_range",
                violation_error_message="Enter 0.10 to 1.00, or leave it empty.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CriticalityQuestion(models.Model):
    """A yes-or-no question whose answer can raise the priority: "Is food at risk?"."""

    problem_type = models.ForeignKey(ProblemType, models.CASCADE, related_name="questions")
    text = models.CharField(max_length=160)
    level_if_yes = models.SmallIntegerField(choices=Priority.choices)
    puts_stock_at_risk = models.BooleanField(default=False)
    sort_order = models.PositiveSmallIntegerField(default=100)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["sort_order", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(level_if_yes__in=[1, 2, 3, 4]), name="question_level_known"),
        ]

    def __str__(self) -> str:
        return self.text


class SelfHelpStep(models.Model):
    """Something the store can try before anybody is sent."""

    problem_type = models.ForeignKey(ProblemType, models.CASCADE, related_name="self_help")
    text = models.CharField(max_length=240)
    sort_order = models.PositiveSmallIntegerField(default=100)

    class Meta:
        ordering = ["sort_order", "id"]

    def __str__(self) -> str:
        return self.text
