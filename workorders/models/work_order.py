"""The work order: one thing that is wrong, until it is right and paid."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import JSONObject

from accounts.actors import LinkHolder, System
from accounts.models import Role
from assets.models import CriticalityQuestion, Priority
from assets.scope import scope_of
from vendors.scope import vendor_ids_of
from workorders.models.reason import Reason
from workorders.models.status import OPEN, Status

if TYPE_CHECKING:
    from accounts.actors import Actor
    from accounts.permissions import Act


class Kind(models.TextChoices):
    REACTIVE = "reactive", "Reactive"
    PREVENTIVE = "preventive", "Preventive"
    INSPECTION = "inspection", "Inspection"
    PROJECT = "project", "Project"
    RECALL = "recall", "Recall"


class Source(models.TextChoices):
    PORTAL = "portal", "Store portal"
    DESK = "desk", "Facilities desk"
    API = "api", "API"
    EMAIL = "email", "E-mail"
    SCAN = "scan", "Label, not signed in"
    PLAN = "plan", "Plan"
    SENSOR = "sensor", "Sensor"
    FOLLOW_UP = "follow_up", "Follow-up"
    IMPORT = "import", "Import"


class Working(models.TextChoices):
    """How the equipment (or place) is doing while it waits."""

    DOWN = "down", "Not working at all"
    DEGRADED = "degraded", "Working badly"
    WORKING = "working", "Working"


def _paused() -> Q:
    """Asked by the reason's id: only rows on hold are looked up, and no list joins another table for it."""
    pausing = Reason.objects.filter(pauses__len__gt=0)
    return Q(status=Status.ON_HOLD, hold_reason__in=pausing.values("pk"))


class WorkOrderQuerySet(models.QuerySet["WorkOrder"]):
    def visible_to(self, by: Actor, act: Act | None = None) -> WorkOrderQuerySet:
        """Work that exists for `by`; with `act`, only where a role that grants the act applies.

        Operators see their regions, sites and trades; dispatchers what was offered to their company and not
        lost to it; technicians what is theirs to visit, and only while it is; the holder of a link its one job.
        """
        if isinstance(by, System):
            return self.all()
        condition = scope_of(by, act).work()
        if not condition:
            return self.all()  # everywhere: an empty condition joined to others would be lost
        if vendor_ids := vendor_ids_of(by, act, Role.DISPATCHER):
            from workorders.models.offer import IN_SIGHT, Offer

            offered = Offer.objects.filter(vendor_id__in=vendor_ids, state__in=IN_SIGHT)
            if isinstance(by, LinkHolder):
                offered = offered.filter(work_order_id=by.work_order_id)
            condition |= Q(pk__in=offered.values("work_order_id"))
        if vendor_ids := vendor_ids_of(by, act, Role.TECHNICIAN):
            from workorders.models.visit import AHEAD, Visit

            own = Q(technician_id=by.pk) | Q(helpers=by.pk)
            assigned = Visit.objects.filter(own, vendor_id__in=vendor_ids, state__in=AHEAD)
            condition |= Q(pk__in=assigned.values("work_order_id"))
        return self.filter(condition)

    def open(self) -> WorkOrderQuerySet:
        """Somebody still has to act. Always said this way, so that the partial indexes serve."""
        return self.filter(is_open=True)

    def paused(self) -> WorkOrderQuerySet:
        """On hold for a reason that stops a clock."""
        return self.filter(_paused())

    def ticking(self) -> WorkOrderQuerySet:
        """Work whose next target comes nearer: neither paused nor done and only waiting for somebody's yes."""
        return self.exclude(Q(status=Status.COMPLETED) | _paused())

    def overdue(self, now: datetime) -> WorkOrderQuerySet:
        return self.open().ticking().filter(due_at__lt=now)

    def by_due(self) -> WorkOrderQuerySet:
        return self.order_by("due_at", "pk")

    def with_answers(self, roles: Collection[str]) -> WorkOrderQuerySet:
        """Each with `is_answered`: somebody with one of `roles` has written since the work was put on hold."""
        from workorders.models.conversation import Comment

        words = Comment.objects.filter(
            work_order=models.OuterRef("pk"),
            written_at__gte=models.OuterRef("held_at"),
            author__memberships__role__in=roles,
        )
        return self.annotate(is_answered=models.Exists(words))

    def with_questions(self) -> WorkOrderQuerySet:
        """Each with `to_ask`: id and text of the questions of its problem that are not answered yes so far."""
        from workorders.models.screening import Answer

        known = Answer.objects.filter(work_order=models.OuterRef(models.OuterRef("pk")), is_yes=True)
        asked = CriticalityQuestion.objects.filter(problem_type=models.OuterRef("problem_type"), retired_at=None)
        told = asked.exclude(pk__in=known.values("question")).values(as_json=JSONObject(pk="pk", text="text"))
        return self.annotate(to_ask=ArraySubquery(told))

    def for_table(self) -> WorkOrderQuerySet:
        """What a row of a list shows, joined in; anything else raises instead of asking the database again."""
        return self.select_related("site", "trade", "asset", "vendor", "problem_type", "hold_reason").fetch_mode(
            models.FETCH_RAISE
        )


class WorkOrder(models.Model):
    """One piece of work at one site. Its `status` is written by `workorders/lifecycle.py` alone."""

    number = models.CharField(
        max_length=16,
        unique=True,
        editable=False,
        db_default=Func(function="workorders_next_number", output_field=models.CharField()),
    )
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.NEW, editable=False)
    is_open = models.GeneratedField(
        expression=models.Case(
            models.When(status__in=sorted(OPEN), then=models.Value(True)), default=models.Value(False)
        ),
        output_field=models.BooleanField(),
        db_persist=True,
        editable=False,
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.REACTIVE)
    source = models.CharField(max_length=10, choices=Source.choices)

    site = models.ForeignKey("assets.Site", models.RESTRICT, related_name="work_orders")
    region = models.ForeignKey("assets.Region", models.RESTRICT, related_name="+", editable=False)
    area = models.ForeignKey("assets.Area", models.RESTRICT, null=True, blank=True, related_name="+")
    trade = models.ForeignKey("assets.Trade", models.RESTRICT, related_name="+")
    problem_type = models.ForeignKey("assets.ProblemType", models.RESTRICT, null=True, blank=True, related_name="+")
    asset = models.ForeignKey("assets.Asset", models.RESTRICT, null=True, blank=True, related_name="work_orders")

    title = models.CharField(max_length=160)
    description = models.TextField(max_length=20000)
    access_note = models.CharField(max_length=500, blank=True)
    reference = models.CharField(max_length=80, blank=True, help_text="Number in another system.")
    requester = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")
    requester_name = models.CharField(max_length=120, blank=True)
    requester_phone = models.CharField(max_length=32, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")

    priority = models.SmallIntegerField(choices=Priority.choices)
    priority_reasons = models.JSONField(default=list, help_text="Sentences, the deciding one first.")
    working = models.CharField(max_length=10, choices=Working.choices, default=Working.WORKING)
    stock_at_risk = models.BooleanField(default=False)
    cost_per_hour_amount = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    # What waiting had cost when the rate last changed, and when that was; the rest is reckoned when it is asked for.
    delay_counted_amount = models.DecimalField(max_digits=14, decimal_places=2, default=Decimal(0), editable=False)
    delay_counted_at = models.DateTimeField(null=True, blank=True, editable=False)
    currency = models.CharField(max_length=3, default="USD")
    authorized_amount = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        editable=False,
        help_text="Not to exceed, before tax: the sum of the authorization ledger. Empty: no limit set.",
    )
    is_billable = models.BooleanField(default=True)

    reported_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True, help_text="The next running clock's due instant.")
    triaged_at = models.DateTimeField(null=True, blank=True)

    vendor = models.ForeignKey("vendors.Vendor", models.RESTRICT, null=True, blank=True, related_name="work_orders")
    accepted_at = models.DateTimeField(null=True, blank=True)
    scheduled_start_at = models.DateTimeField(null=True, blank=True)
    scheduled_end_at = models.DateTimeField(null=True, blank=True)
    first_appointment_at = models.DateTimeField(null=True, blank=True, help_text="Kept when the time is moved.")
    first_check_in_at = models.DateTimeField(null=True, blank=True)

    held_from = models.CharField(max_length=12, choices=Status.choices, blank=True, editable=False)
    hold_reason = models.ForeignKey("workorders.Reason", models.RESTRICT, null=True, blank=True, related_name="+")
    hold_note = models.CharField(max_length=500, blank=True)
    held_at = models.DateTimeField(null=True, blank=True, help_text="Since when it is on hold.")
    hold_until_at = models.DateTimeField(null=True, blank=True)

    root_cause = models.ForeignKey(
        "workorders.CompletionCode", models.RESTRICT, null=True, blank=True, related_name="+"
    )
    root_cause_note = models.CharField(max_length=1000, blank=True)
    resolution = models.ForeignKey(
        "workorders.CompletionCode", models.RESTRICT, null=True, blank=True, related_name="+"
    )
    resolution_note = models.CharField(max_length=2000, blank=True)
    recommendation = models.CharField(max_length=1000, blank=True)
    nothing_recommended = models.BooleanField(default=False)
    no_parts_used = models.BooleanField(default=False)

    completed_at = models.DateTimeField(null=True, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_by_silence = models.BooleanField(default=False)
    rating = models.PositiveSmallIntegerField(null=True, blank=True)
    rating_comment = models.CharField(max_length=1000, blank=True)
    rework_count = models.PositiveSmallIntegerField(default=0)
    rejected_at = models.DateTimeField(
        null=True, blank=True, help_text="Last sent back as not fixed: what was shown before proves nothing any more."
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    canceled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=500, blank=True)

    merged_into = models.ForeignKey("self", models.RESTRICT, null=True, blank=True, related_name="merged_from")
    recall_of = models.ForeignKey("self", models.RESTRICT, null=True, blank=True, related_name="recalls")
    follows = models.ForeignKey("self", models.RESTRICT, null=True, blank=True, related_name="follow_ups")
    plan = models.ForeignKey("workorders.Plan", models.RESTRICT, null=True, blank=True, related_name="work_orders")
    planned_on = models.DateField(null=True, blank=True)
    window_closes_on = models.DateField(null=True, blank=True, help_text="Planned work is missed after this day.")
    custom = models.JSONField(default=dict, blank=True)
    # Names from other tables, written with the row, so that one index finds the work by them too.
    names = models.CharField(max_length=400, blank=True, editable=False)
    search = models.GeneratedField(
        expression=SearchVector("title", weight="A", config="english")
        + SearchVector("names", weight="B", config="english")
        + SearchVector("description", weight="C", config="english")
        + SearchVector("resolution_note", weight="D", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
        editable=False,
    )

    objects = WorkOrderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=Status.values), name="work_order_status_known"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="work_order_kind_known"),
            models.CheckConstraint(condition=Q(source__in=Source.values), name="work_order_source_known"),
            models.CheckConstraint(condition=Q(priority__in=[1, 2, 3, 4]), name="work_order_priority_known"),
            models.CheckConstraint(condition=Q(working__in=Working.values), name="work_order_working_known"),
            models.CheckConstraint(
                condition=~Q(status__in=sorted(OPEN)) | Q(due_at__isnull=False), name="work_order_open_has_due"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["scheduled", "in_progress", "completed", "verified"])
                | Q(vendor__isnull=False, accepted_at__isnull=False),
                name="work_order_accepted_has_vendor_and_time",
            ),
            models.CheckConstraint(
                condition=~Q(status="on_hold") | Q(hold_reason__isnull=False) & ~Q(held_from=""),
                name="work_order_on_hold_has_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["completed", "verified", "closed"]) | Q(completed_at__isnull=False),
                name="work_order_completed_has_time",
            ),
            models.CheckConstraint(
                condition=Q(completed_at=None)
                | Q(first_check_in_at=None)
                | Q(completed_at__gte=F("first_check_in_at")),
                name="work_order_completed_after_arrival",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["verified", "closed"]) | Q(verified_at__isnull=False),
                name="work_order_verified_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(status="closed") | Q(closed_at__isnull=False), name="work_order_closed_has_time"
            ),
            models.CheckConstraint(
                condition=~Q(status="canceled") | Q(canceled_at__isnull=False) & ~Q(cancel_reason=""),
                name="work_order_canceled_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(rating=None) | Q(rating__gte=1, rating__lte=5), name="work_order_rating_in_range"
            ),
            models.CheckConstraint(
                condition=Q(authorized_amount=None) | Q(authorized_amount__gte=0),
                name="work_order_authorized_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(cost_per_hour_amount__gte=0, delay_counted_amount__gte=0),
                name="work_order_cost_per_hour_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(scheduled_end_at=None) | Q(scheduled_end_at__gte=F("scheduled_start_at")),
                name="work_order_appointment_in_order",
            ),
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="work_order_not_merged_into_itself"),
            models.CheckConstraint(condition=~Q(recall_of=F("id")), name="work_order_not_its_own_recall"),
            models.UniqueConstraint(
                fields=["plan", "asset", "planned_on"],
                condition=Q(plan__isnull=False, asset__isnull=False),
                name="work_order_once_per_planned_day",
            ),
            models.UniqueConstraint(
                fields=["reference", "source"],
                condition=Q(source="import") & ~Q(reference=""),
                name="work_order_import_reference_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                include=["region_id", "status", "priority", "trade_id"],
                condition=Q(is_open=True),
                name="work_order_queue",
            ),
            models.Index(
                fields=["region", "due_at", "id"],
                include=["status", "priority", "trade_id"],
                condition=Q(is_open=True),
                name="work_order_region_queue",
            ),
            models.Index(fields=["site"], condition=Q(is_open=True), name="work_order_site_open"),
            models.Index(fields=["vendor"], condition=Q(is_open=True), name="work_order_vendor_open"),
            models.Index(fields=["asset", "-reported_at"], name="work_order_asset_history"),
            models.Index(fields=["site", "-reported_at"], name="work_order_site_history"),
            models.Index(fields=["vendor", "-reported_at"], name="work_order_vendor_history"),
            models.Index(
                fields=["reported_at"],
                include=["region_id", "kind", "completed_at"],
                name="work_order_reported",
            ),
            GinIndex(fields=["search"], name="work_order_search"),
            GinIndex(fields=["search"], condition=Q(is_open=True), name="work_order_search_open"),
            models.Index(fields=["completed_at"], condition=Q(status="completed"), name="work_order_to_verify"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"
