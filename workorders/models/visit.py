"""Visits: one trip to the site, what was done there, and the proof that somebody was there."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from assets.scope import scope_of
from vendors.scope import vendor_ids_of
from workorders.models.offer import Offer
from workorders.models.work_order import WorkOrder

if TYPE_CHECKING:
    from accounts.actors import Actor
    from accounts.permissions import Act


class VisitState(models.TextChoices):
    PLANNED = "planned", "Planned"
    ON_SITE = "on_site", "On site"
    LEFT = "left", "Left"
    MISSED = "missed", "Missed"
    CANCELED = "canceled", "Canceled"


AHEAD = (VisitState.PLANNED, VisitState.ON_SITE)

VISIT_RULES: dict[VisitState, frozenset[VisitState]] = {
    VisitState.PLANNED: frozenset({VisitState.ON_SITE, VisitState.MISSED, VisitState.CANCELED}),
    VisitState.ON_SITE: frozenset({VisitState.LEFT}),
    VisitState.LEFT: frozenset(),
    VisitState.MISSED: frozenset({VisitState.ON_SITE, VisitState.CANCELED}),
    VisitState.CANCELED: frozenset(),
}


class Outcome(models.TextChoices):
    RESOLVED = "resolved", "Done"
    RETURN_NEEDED = "return_needed", "Needs another visit"
    PARTS_NEEDED = "parts_needed", "Needs parts"
    QUOTE_NEEDED = "quote_needed", "Needs a quote"
    NO_ACCESS = "no_access", "Could not get in"
    WRONG_TRADE = "wrong_trade", "Not our trade"
    NOTHING_FOUND = "nothing_found", "Nothing found"
    CALLED_OFF = "called_off", "Called off while on site"


class Verdict(models.TextChoices):
    """What the position said against the site's check-in area."""

    INSIDE = "inside", "Inside the area"
    UNCERTAIN = "uncertain", "About inside the area"
    OUTSIDE = "outside", "Outside the area"
    UNAVAILABLE = "unavailable", "No position"


FLAGS = {
    "exact_center": "exactly the middle of the site",
    "accuracy": "accuracy hard to believe",
    "same_body": "the very position of the visit before",
    "too_fast": "too far from the visit before",
    "not_compliant": "papers not valid that day",
    Verdict.OUTSIDE: "outside the area",
    Verdict.UNAVAILABLE: "no position",
}
"""What makes a check-in worth a look, in words."""


class VisitQuerySet(models.QuerySet["Visit"]):
    def visible_to(self, by: Actor, act: Act | None = None) -> VisitQuerySet:
        """Every visit of our side's work; of work that is seen through a company, that company's own trips only."""
        visits = self.filter(work_order__in=WorkOrder.objects.visible_to(by, act))
        vendor_ids = vendor_ids_of(by)
        if not vendor_ids:
            return visits
        return visits.filter(scope_of(by, act).work("work_order__") | Q(vendor_id__in=vendor_ids))

    def of_person(self, by: Actor) -> VisitQuerySet:
        """Trips on which `by` goes, alone or as a helper."""
        helped = Visit.helpers.through.objects.filter(user=by.pk or 0)
        return self.filter(Q(technician_id=by.pk) | Q(pk__in=helped.values("visit_id")))

    def for_table(self) -> VisitQuerySet:
        return self.select_related(
            "technician", "work_order__site", "work_order__trade", "work_order__asset", "work_order__vendor",
            "work_order__hold_reason", "work_order__problem_type",
        )  # fmt: skip

    def ahead(self) -> VisitQuerySet:
        """Planned or going on."""
        return self.filter(state__in=AHEAD)

    def on_site(self) -> VisitQuerySet:
        return self.filter(state=VisitState.ON_SITE)

    def made(self) -> VisitQuerySet:
        """Trips that happened: billable as trips whatever came of the job."""
        return self.filter(state=VisitState.LEFT)


class Visit(models.Model):
    """One trip of a vendor's technician for one work order."""

    work_order = models.ForeignKey(WorkOrder, models.RESTRICT, related_name="visits")
    vendor = models.ForeignKey("vendors.Vendor", models.RESTRICT, related_name="visits")
    offer = models.ForeignKey(Offer, models.RESTRICT, related_name="visits")
    technician = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="visits"
    )
    came_by_link = models.EmailField(
        blank=True, default="", db_default="", editable=False,
        help_text="Where the link was mailed by which somebody without an account checked in.",
    )  # fmt: skip
    helpers = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")
    state = models.CharField(max_length=10, choices=VisitState.choices, default=VisitState.PLANNED, editable=False)
    planned_start_at = models.DateTimeField()
    planned_end_at = models.DateTimeField()
    is_dated = models.BooleanField(
        default=True, db_default=True, help_text="Somebody promised to come then. If not, a time is still to be agreed."
    )

    checked_in_at = models.DateTimeField(null=True, blank=True, help_text="The server's clock.")
    claimed_in_at = models.DateTimeField(null=True, blank=True, help_text="The device's clock.")
    in_latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    in_longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    in_accuracy_m = models.PositiveIntegerField(null=True, blank=True)
    in_distance_m = models.PositiveIntegerField(null=True, blank=True)
    in_verdict = models.CharField(max_length=12, choices=Verdict.choices, blank=True)
    position_reason = models.ForeignKey("workorders.Reason", models.RESTRICT, null=True, blank=True, related_name="+")
    position_note = models.CharField(max_length=300, blank=True)

    checked_out_at = models.DateTimeField(null=True, blank=True)
    claimed_out_at = models.DateTimeField(null=True, blank=True)
    out_latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    out_longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    out_accuracy_m = models.PositiveIntegerField(null=True, blank=True)
    out_distance_m = models.PositiveIntegerField(null=True, blank=True)
    is_estimated = models.BooleanField(default=False, help_text="Closed by the clock: left out of time on site.")
    flags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    outcome = models.CharField(max_length=14, choices=Outcome.choices, blank=True)
    note = models.TextField(blank=True, max_length=4000)
    # How far the sweep has gone: 1 and 2 for an appointment nobody kept, 11 to 13 for a check-out nobody made.
    reminded = models.PositiveSmallIntegerField(default=0, editable=False)

    objects = VisitQuerySet.as_manager()

    class Meta:
        ordering = ["planned_start_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=VisitState.values), name="visit_state_known"),
            models.CheckConstraint(condition=Q(outcome="") | Q(outcome__in=Outcome.values), name="visit_outcome_known"),
            models.CheckConstraint(
                condition=Q(planned_end_at__gte=F("planned_start_at")),
                name="visit_window_in_order",
                violation_error_message="The visit ends before it starts.",
            ),
            models.CheckConstraint(
                condition=~Q(state="on_site")
                | Q(checked_in_at__isnull=False, checked_out_at=None)
                & (Q(technician__isnull=False) | ~Q(came_by_link="")),
                name="visit_on_site_is_checked_in",
            ),
            models.CheckConstraint(
                condition=~Q(state="left")
                | Q(checked_in_at__isnull=False, checked_out_at__isnull=False) & ~Q(outcome=""),
                name="visit_left_has_times_and_outcome",
            ),
            models.CheckConstraint(
                condition=Q(checked_out_at=None) | Q(checked_out_at__gte=F("checked_in_at")),
                name="visit_out_after_in",
            ),
            models.CheckConstraint(
                condition=(Q(in_latitude=None) | Q(in_latitude__gte=-90, in_latitude__lte=90))
                & (Q(in_longitude=None) | Q(in_longitude__gte=-180, in_longitude__lte=180))
                & (Q(out_latitude=None) | Q(out_latitude__gte=-90, out_latitude__lte=90))
                & (Q(out_longitude=None) | Q(out_longitude__gte=-180, out_longitude__lte=180)),
                name="visit_positions_in_range",
            ),
            models.CheckConstraint(
                condition=~Q(in_verdict__in=["outside", "unavailable"])
                | Q(position_reason__isnull=False)
                | ~Q(position_note=""),
                name="visit_off_area_has_reason",
            ),
            models.UniqueConstraint(
                fields=["technician"], condition=Q(state="on_site"), name="visit_one_open_per_technician"
            ),
        ]
        indexes = [
            models.Index(fields=["work_order"], name="visit_work_order"),
            models.Index(
                fields=["technician", "planned_start_at"],
                condition=Q(state__in=["planned", "on_site"]),
                name="visit_ahead",
            ),
            models.Index(fields=["checked_in_at"], condition=Q(state="on_site"), name="visit_on_site"),
            models.Index(fields=["planned_end_at"], condition=Q(state="planned"), name="visit_planned"),
        ]

    def __str__(self) -> str:
        return f"{self.work_order_id} {self.state} {self.planned_start_at:%Y-%m-%d}"

    @property
    def who(self) -> str:
        """Who goes or went, as far as it is known."""
        return self.technician.name if self.technician else self.came_by_link

    @property
    def flags_said(self) -> list[str]:
        """What the check-in was flagged for, in words, beside what its verdict says already."""
        return [FLAGS[flag].capitalize() for flag in self.flags if flag != self.in_verdict]


class LaborKind(models.TextChoices):
    REGULAR = "regular", "Regular"
    OVERTIME = "overtime", "Overtime"
    EMERGENCY = "emergency", "Emergency"
    HOLIDAY = "holiday", "Holiday"
    HELPER = "helper", "Helper"


class LaborLine(models.Model):
    """Hours that a technician says the visit took, when they differ from the time on site."""

    visit = models.ForeignKey(Visit, models.RESTRICT, related_name="labor")
    kind = models.CharField(max_length=10, choices=LaborKind.choices, default=LaborKind.REGULAR)
    hours = models.DecimalField(max_digits=5, decimal_places=2)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(hours__gt=0, hours__lte=48), name="labor_hours_sensible"),
            models.CheckConstraint(condition=Q(kind__in=LaborKind.values), name="labor_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.hours} h {self.kind}"


class PartOrigin(models.TextChoices):
    BOUGHT = "bought", "Bought for this job"
    STOCK = "stock", "From stock"


class PartUsed(models.Model):
    """A part that went in on a visit, with what one cost the vendor."""

    visit = models.ForeignKey(Visit, models.RESTRICT, related_name="parts")
    name = models.CharField(max_length=160)
    part_number = models.CharField(max_length=80, blank=True)
    quantity = models.DecimalField(max_digits=9, decimal_places=2, default=Decimal(1))
    unit_cost_amount = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    origin = models.CharField(max_length=8, choices=PartOrigin.choices, default=PartOrigin.BOUGHT)
    warranty = models.ForeignKey("assets.Warranty", models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name_plural = "parts used"
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gt=0, unit_cost_amount__gte=0),
                name="part_numbers_sensible",
                violation_error_message="Enter a quantity above zero and a cost of zero or more.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity:g} × {self.name}"
