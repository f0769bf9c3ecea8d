"""Money: what may be spent, and what was billed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Func, Q, Value

from accounts.actors import LinkHolder, System
from accounts.permissions import Act
from assets.scope import scope_of
from vendors.scope import vendor_ids_of
from workorders.models.work_order import WorkOrder

if TYPE_CHECKING:
    from accounts.actors import Actor


class Grounds(models.TextChoices):
    """Why the authorized amount changed."""

    INITIAL = "initial", "Initial"
    INCREASE = "increase", "Increase"
    SET = "set", "Set by facilities"
    QUOTE = "quote", "Replaced by a quote"
    WARRANTY = "warranty", "Warranty: nothing authorized"
    RECALL = "recall", "Recall: nothing authorized"
    REJECTION = "rejection", "Rejected work: nothing authorized"
    RESTORED = "restored", "Restored"


class Authorization(models.Model):
    """One entry of the authorization ledger of a work order. The sum of `change_amount` is the NTE, before tax.

    Entries are added, never changed; no entry at all means that no limit is set.
    """

    work_order = models.ForeignKey(WorkOrder, models.RESTRICT, related_name="authorizations")
    grounds = models.CharField(max_length=10, choices=Grounds.choices)
    change_amount = models.DecimalField(max_digits=12, decimal_places=2)
    resulting_amount = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=300, blank=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(resulting_amount__gte=0), name="authorization_not_negative"),
            models.CheckConstraint(condition=Q(grounds__in=Grounds.values), name="authorization_grounds_known"),
        ]
        indexes = [models.Index(fields=["work_order"], name="authorization_work_order")]

    def __str__(self) -> str:
        return f"{self.get_grounds_display()}: {self.resulting_amount}"


class InvoiceState(models.TextChoices):
    DRAFT = "draft", "Draft"
    SUBMITTED = "submitted", "Submitted"
    IN_REVIEW = "in_review", "In review"
    DISPUTED = "disputed", "Disputed"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    EXPORTED = "exported", "Exported"
    PAID = "paid", "Paid"
    VOID = "void", "Void"


I = InvoiceState  # noqa: E741
INVOICE_RULES: dict[InvoiceState, frozenset[InvoiceState]] = {
    I.DRAFT: frozenset({I.SUBMITTED, I.VOID}),
    I.SUBMITTED: frozenset({I.IN_REVIEW, I.APPROVED, I.REJECTED, I.DISPUTED, I.DRAFT, I.VOID}),
    I.IN_REVIEW: frozenset({I.APPROVED, I.REJECTED, I.DISPUTED, I.DRAFT, I.VOID}),
    I.DISPUTED: frozenset({I.IN_REVIEW, I.DRAFT, I.REJECTED, I.VOID}),
    I.APPROVED: frozenset({I.EXPORTED, I.PAID, I.VOID}),
    I.REJECTED: frozenset({I.DRAFT, I.VOID}),
    I.EXPORTED: frozenset({I.PAID}),
    I.PAID: frozenset(),
    I.VOID: frozenset(),
}
"""From each state, where an invoice may go. Back to draft is "returned to the vendor for correction"."""
del I

OWED = (InvoiceState.APPROVED, InvoiceState.EXPORTED, InvoiceState.PAID)
BILLED = (InvoiceState.SUBMITTED, InvoiceState.IN_REVIEW, InvoiceState.DISPUTED, *OWED)
WAITING = (InvoiceState.SUBMITTED, InvoiceState.IN_REVIEW)


class _Normalized(Func):
    """An invoice number without case, space and Unicode dress: what makes two numbers the same number."""

    template = "upper(regexp_replace(normalize(%(expressions)s, NFKC), '\\s', '', 'g'))"


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def visible_to(self, by: Actor, act: Act | None = None) -> InvoiceQuerySet:
        """Invoices of work whose spend `by` may see; a vendor's dispatchers see their own company's, the
        holder of a link those for its one job.

        The operator's side sees none before it is submitted.
        """
        if isinstance(by, System):
            return self.all()
        if isinstance(by, LinkHolder):
            own = vendor_ids_of(by, act or Act.INVOICE)
            return self.filter(work_order_id=by.work_order_id, vendor_id__in=own)
        condition = scope_of(by, act or Act.VIEW_SPEND).work("work_order__") & ~Q(state=InvoiceState.DRAFT)
        if vendor_ids := vendor_ids_of(by, act or Act.INVOICE):
            condition |= Q(vendor_id__in=vendor_ids)
        return self.filter(condition)

    def on(self, work_order: WorkOrder, by: Actor) -> InvoiceQuerySet:
        """What `visible_to` says, about one work order that was found in sight of `by`: no place is asked for again."""
        rows = self.filter(work_order=work_order)
        if isinstance(by, System):
            return rows
        place = {name: getattr(work_order, name) for name in ("region_id", "site_id", "trade_id")}
        reached = scope_of(by, Act.VIEW_SPEND).covers(**place)
        condition = ~Q(state=InvoiceState.DRAFT) if reached else Q(pk__in=[])
        of_link = isinstance(by, LinkHolder) and by.work_order_id != work_order.pk
        if vendor_ids := () if of_link else vendor_ids_of(by, Act.INVOICE):
            condition |= Q(vendor_id__in=vendor_ids)
        return rows.filter(condition)

    def billed(self) -> InvoiceQuerySet:
        return self.filter(state__in=BILLED)

    def owed(self) -> InvoiceQuerySet:
        return self.filter(state__in=OWED)

    def waiting(self) -> InvoiceQuerySet:
        """Somebody on the operator's side must decide."""
        return self.filter(state__in=WAITING)

    def for_table(self) -> InvoiceQuerySet:
        return self.select_related("work_order", "work_order__site", "work_order__trade", "vendor")


class Invoice(models.Model):
    """One bill of one vendor for one work order."""

    work_order = models.ForeignKey(WorkOrder, models.RESTRICT, related_name="invoices")
    vendor = models.ForeignKey("vendors.Vendor", models.RESTRICT, related_name="invoices")
    state = models.CharField(max_length=10, choices=InvoiceState.choices, default=InvoiceState.DRAFT, editable=False)
    revision = models.PositiveIntegerField(default=1, editable=False)
    number = models.CharField(max_length=60, blank=True)
    number_normalized = models.GeneratedField(
        expression=_Normalized("number"), output_field=models.CharField(max_length=120), db_persist=True, editable=False
    )
    invoice_on = models.DateField(null=True, blank=True)
    currency = models.CharField(max_length=3)
    tax_percent = models.DecimalField(max_digits=6, decimal_places=3, default=Decimal(0))
    subtotal_amount = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    tax_amount = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    total_amount = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    vendor_note = models.CharField(max_length=1000, blank=True)
    findings = models.JSONField(default=list, help_text="Checks that fired: code, severity, sentence.")
    drafted_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_reason = models.CharField(max_length=500, blank=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")
    approved_revision = models.PositiveIntegerField(null=True, blank=True, editable=False)
    approved_by_rule = models.BooleanField(default=False)
    paid_on = models.DateField(null=True, blank=True)

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=InvoiceState.values), name="invoice_state_known"),
            models.CheckConstraint(
                condition=Q(subtotal_amount__gte=0, tax_amount__gte=0, total_amount__gte=0),
                name="invoice_amounts_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(total_amount=F("subtotal_amount") + F("tax_amount")), name="invoice_total_is_the_sum"
            ),
            models.UniqueConstraint(
                fields=["vendor", "number_normalized"],
                condition=~Q(state="void") & ~Q(number=""),
                name="invoice_number_once_per_vendor",
                violation_error_message="Your company has sent an invoice with this number.",
            ),
            models.UniqueConstraint(
                fields=["work_order", "vendor"], condition=Q(state="draft"), name="invoice_one_draft_per_vendor"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "void"])
                | Q(submitted_at__isnull=False, invoice_on__isnull=False) & ~Q(number=""),
                name="invoice_submitted_has_number_and_dates",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "exported", "paid"])
                | Q(decided_at__isnull=False, approved_revision=F("revision"))
                & (Q(approved_by__isnull=False) | Q(approved_by_rule=True)),
                name="invoice_approved_has_approver_and_revision",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | Q(submitted_by=None) | ~Q(approved_by=F("submitted_by")),
                name="invoice_approver_is_not_submitter",
            ),
        ]
        indexes = [
            models.Index(fields=["work_order"], name="invoice_work_order"),
            models.Index(fields=["submitted_at"], condition=Q(state__in=WAITING), name="invoice_waiting"),
        ]

    def __str__(self) -> str:
        return self.number or f"Draft {self.pk}"


class LineKind(models.TextChoices):
    LABOR = "labor", "Labor"
    PARTS = "parts", "Parts"
    TRIP = "trip", "Trip"
    OTHER = "other", "Other"


class InvoiceLine(models.Model):
    """One line of an invoice: `amount` is quantity times unit price, rounded half up to the cent."""

    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="lines")
    kind = models.CharField(max_length=8, choices=LineKind.choices)
    description = models.CharField(max_length=200)
    quantity = models.DecimalField(max_digits=9, decimal_places=2)
    unit_amount = models.DecimalField(max_digits=12, decimal_places=2)
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    visit = models.ForeignKey("workorders.Visit", models.RESTRICT, null=True, blank=True, related_name="+")
    part = models.ForeignKey("workorders.PartUsed", models.RESTRICT, null=True, blank=True, related_name="+")
    labor_kind = models.CharField(max_length=10, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=LineKind.values), name="invoice_line_kind_known"),
            models.CheckConstraint(
                condition=Q(quantity__gt=0, unit_amount__gte=0),
                name="invoice_line_numbers_sensible",
                violation_error_message="Enter a quantity above zero and a price of zero or more.",
            ),
            models.CheckConstraint(
                condition=Q(amount=Func(F("quantity") * F("unit_amount"), Value(2), function="round")),
                name="invoice_line_amount_is_the_product",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.description} {self.amount}"
