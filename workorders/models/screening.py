"""What was asked, checked and chosen when work was reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from workorders.models.work_order import WorkOrder

if TYPE_CHECKING:
    from accounts.actors import Actor
    from accounts.permissions import Act


class Answer(models.Model):
    """One criticality question as it was put, and the answer."""

    work_order = models.ForeignKey(WorkOrder, models.CASCADE, related_name="answers")
    question = models.ForeignKey("assets.CriticalityQuestion", models.RESTRICT, related_name="+")
    text = models.CharField(max_length=160)
    is_yes = models.BooleanField()
    level_if_yes = models.SmallIntegerField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["work_order", "question"], name="answer_once")]

    def __str__(self) -> str:
        return f"{self.text} {'yes' if self.is_yes else 'no'}"


class ScreeningStep(models.TextChoices):
    """In the order in which they are taken."""

    DUPLICATE = "duplicate", "Duplicate"
    REPEAT = "repeat", "Repeat"
    WARRANTY = "warranty", "Warranty"
    RESPONSIBILITY = "responsibility", "Responsibility"
    RULES = "rules", "House rules"
    CRITICALITY = "criticality", "Priority"


class Screening(models.Model):
    """One screening step on one work order: what it found, in a sentence."""

    work_order = models.ForeignKey(WorkOrder, models.CASCADE, related_name="screenings")
    step = models.CharField(max_length=16, choices=ScreeningStep.choices)
    found = models.BooleanField(help_text="The step found something that changes what to do.")
    sentence = models.CharField(max_length=400)
    related = models.ForeignKey(WorkOrder, models.RESTRICT, null=True, blank=True, related_name="+")
    warranty = models.ForeignKey("assets.Warranty", models.SET_NULL, null=True, blank=True, related_name="+")
    responsibility = models.ForeignKey(
        "assets.Responsibility", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    send_to = models.ForeignKey("vendors.Vendor", models.RESTRICT, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(step__in=ScreeningStep.values), name="screening_step_known"),
        ]
        indexes = [models.Index(fields=["work_order"], name="screening_work_order")]

    def __str__(self) -> str:
        return self.sentence


def looks_like_open_work(work_order: Any) -> models.QuerySet[Screening]:
    """Where screening found that it may be the same as other work, which is open still."""
    return Screening.objects.filter(
        work_order=work_order, step=ScreeningStep.DUPLICATE, found=True, related__is_open=True
    )


class Choice(models.TextChoices):
    SAME = "same", "Same thing, keep me posted"
    WORSE = "worse", "It got worse"
    DIFFERENT = "different", "Something different"


class DuplicateChoice(models.Model):
    """Which open work was shown to somebody about to report, and what the person chose.

    Avoided visits are counted from these rows and nothing else.
    """

    site = models.ForeignKey("assets.Site", models.RESTRICT, related_name="+")
    shown = models.ManyToManyField(WorkOrder, related_name="+")
    chosen = models.ForeignKey(WorkOrder, models.RESTRICT, null=True, blank=True, related_name="duplicate_choices")
    made = models.ForeignKey(WorkOrder, models.RESTRICT, null=True, blank=True, related_name="+")
    choice = models.CharField(max_length=10, choices=Choice.choices)
    reason = models.CharField(max_length=300, blank=True)
    words = models.TextField(blank=True, max_length=20000)
    chosen_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")
    chosen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(choice__in=Choice.values), name="duplicate_choice_known"),
            models.CheckConstraint(
                condition=Q(choice="different") | Q(chosen__isnull=False), name="duplicate_choice_names_the_work"
            ),
        ]

    def __str__(self) -> str:
        return self.get_choice_display()


class AvoidedVisit(models.Model):
    """Self-help solved it: no work order, no truck."""

    site = models.ForeignKey("assets.Site", models.RESTRICT, related_name="+")
    problem_type = models.ForeignKey("assets.ProblemType", models.RESTRICT, related_name="+")
    asset = models.ForeignKey("assets.Asset", models.RESTRICT, null=True, blank=True, related_name="+")
    solved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")
    solved_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.site_id} {self.problem_type_id}"


class FaultKind(models.TextChoices):
    """What about a report can turn out wrong."""

    TRADE = "trade", "Trade corrected"
    PROBLEM = "problem", "Problem corrected"
    ASSET = "asset", "Unit corrected"
    PRIORITY = "priority", "Priority changed"
    TRIP = "trip", "Trip by the wrong trade"
    DECLINE = "decline", "Declined as not our trade"


class IntakeFaultQuerySet(models.QuerySet["IntakeFault"]):
    def visible_to(self, by: Actor, act: Act | None = None) -> IntakeFaultQuerySet:
        """What is known about the work that `by` sees."""
        return self.filter(work_order__in=WorkOrder.objects.visible_to(by, act))


class IntakeFault(models.Model):
    """Something about a report that turned out wrong, noted when it came to light."""

    work_order = models.ForeignKey(WorkOrder, models.RESTRICT, related_name="intake_faults")
    kind = models.CharField(max_length=8, choices=FaultKind.choices)
    problem_type = models.ForeignKey(
        "assets.ProblemType", models.RESTRICT, null=True, blank=True, related_name="+", help_text="As it was reported."
    )
    was = models.CharField(max_length=160, blank=True)
    now_is = models.CharField(max_length=160, blank=True)
    noted_at = models.DateTimeField()
    noted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")

    objects = IntakeFaultQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=FaultKind.values), name="intake_fault_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.was} {self.now_is}".strip()


class ChecklistItem(models.Model):
    """One step of a checklist on one work order, and its answer."""

    class Result(models.TextChoices):
        OPEN = "", "Not answered"
        PASS = "pass", "Passed"
        FAIL = "fail", "Failed"
        NOT_APPLICABLE = "na", "Does not apply"

    work_order = models.ForeignKey(WorkOrder, models.CASCADE, related_name="checklist")
    text = models.CharField(max_length=240)
    result = models.CharField(max_length=4, choices=Result.choices, default=Result.OPEN, blank=True)
    note = models.CharField(max_length=300, blank=True)
    sort_order = models.PositiveSmallIntegerField(default=100)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["sort_order", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(result__in=["", "pass", "fail", "na"]), name="checklist_result_known"),
        ]

    def __str__(self) -> str:
        return self.text
