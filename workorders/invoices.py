"""Bills: drafted from visits and rate card, corrected and sent by the vendor, checked, decided, settled.

Every move locks the work order first, then the invoice, and leaves one event on the work order. The table of what
may follow what is `INVOICE_RULES`; approved sums stay within what is authorized, here and in the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction

from accounts.actors import CLOCK, person
from accounts.events import actor_columns
from accounts.models.event import Via
from accounts.money import cents
from accounts.permissions import VENDOR_ROLES, Act
from accounts.thresholds import declare
from accounts.words import money
from vendors import rates, roster
from vendors.models import VendorKind
from vendors.scope import vendor_ids_of
from workorders import lifecycle
from workorders.drafts import add_up, draft, draft_all
from workorders.findings import Bill, Finding, Severity, Stated, added_up, find
from workorders.models import (
    Invoice,
    InvoiceLine,
    InvoiceState,
    LineKind,
    PartUsed,
    Status,
    Visit,
    WorkOrder,
)
from workorders.models.spend import INVOICE_RULES, OWED, WAITING
from workorders.refusals import Incomplete, InTheWay, NotAllowed, NotNow, OverLimit, Refused

if TYPE_CHECKING:
    from accounts.actors import Actor

__all__ = [
    "Blocked", "Finding", "Line", "Severity", "Stated", "adjust", "answer", "approve", "dispute", "draft", "draft_all",
    "edit_lines", "find", "obstacle", "reject", "return_to_vendor", "settle", "submit", "take_back", "void",
]  # fmt: skip

AUTO_APPROVE = declare(
    "invoices.auto_approve_amount", Decimal("0.00"), "money", "Approve by itself up to (total; 0: never)"
)
AFTER_CLOSING = (InvoiceState.EXPORTED, InvoiceState.PAID)
HANDS_OFF_DAYS = timedelta(days=7)
FIELDS = {
    "duplicate_number": "number",
    "date_out_of_range": "invoice_on",
    "sums_wrong": "total",
    "currency": "currency",
}


class Blocked(Incomplete):
    """The bill cannot be sent as it is; `findings` says why, `faults` beside which field."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = list(findings)
        faults: dict[str, str] = {}
        for finding in findings:
            faults.setdefault(FIELDS.get(finding.code, "lines"), finding.sentence)
        super().__init__(faults)


@dataclass(frozen=True)
class Line:
    """One line as a person enters it; the amount follows from quantity and unit price."""

    kind: str
    description: str
    quantity: Decimal
    unit_amount: Decimal
    visit: Visit | None = None
    part: PartUsed | None = None
    labor_kind: str = ""


@dataclass
class _Step:
    """One move of one bill under way."""

    row: WorkOrder
    invoice: Invoice
    verb: str = ""
    data: dict[str, Any] = field(default_factory=dict)


@contextmanager
def _moving(
    invoice: Invoice, to: InvoiceState | None, verb: str, *, by: Actor, now: datetime, note: str = ""
) -> Iterator[_Step]:
    """Locks work order and invoice, refuses what the table does not allow, saves and writes the event."""
    with transaction.atomic():
        row = lifecycle.lock(invoice.work_order)
        fresh = Invoice.objects.select_for_update(of=("self",)).select_related("vendor").get(pk=invoice.pk)
        fresh.work_order = row
        if to is not None and to not in INVOICE_RULES[InvoiceState(fresh.state)]:
            raise NotNow(f"This invoice is now “{fresh.get_state_display()}”.", row)
        if row.status == Status.CLOSED and to not in AFTER_CLOSING:
            raise InTheWay(f"{row.number} is closed, so its invoices stay as they are.", row)
        step = _Step(row, fresh, verb)
        before = fresh.state
        yield step
        if to is not None and fresh.state == before:
            fresh.state = to
        fresh.save()
        data = {"invoice": fresh.pk, "number": fresh.number, "total": str(fresh.total_amount),
                "before": before, "after": fresh.state, **step.data}  # fmt: skip
        lifecycle.append(row, step.verb, by=by, now=now, data=data, note=note, vendor=fresh.vendor)


# The vendor's side


def edit_lines(
    invoice: Invoice, *, lines: Sequence[Line], by: Actor, now: datetime, tax_percent: Decimal | None = None
) -> Invoice:
    """Replace the lines of a draft. Raises Incomplete (`lines-<n>-<field>`, `tax_percent`), NotNow, NotAllowed."""
    _vendors_own(invoice, by)
    with _moving(invoice, None, "invoice.edited", by=by, now=now) as step:
        if step.invoice.state != InvoiceState.DRAFT:
            raise NotNow(f"This invoice is now “{step.invoice.get_state_display()}”.", step.row)
        _replace(step, lines, tax_percent)
    return step.invoice


def _replace(step: _Step, lines: Sequence[Line], tax_percent: Decimal | None) -> None:
    invoice = step.invoice
    faults = _faults(invoice, lines)
    if tax_percent is not None and not 0 <= tax_percent <= 100:
        faults["tax_percent"] = "Enter a tax of 0 to 100 per cent."
    if faults:
        raise Incomplete(faults)
    step.data["was"] = str(invoice.total_amount)
    invoice.lines.all().delete()
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=invoice, kind=line.kind, description=line.description.strip(), quantity=line.quantity,
            unit_amount=line.unit_amount, amount=cents(line.quantity * line.unit_amount), visit=line.visit,
            part=line.part, labor_kind=line.labor_kind if line.kind == LineKind.LABOR else "",
        )
        for line in lines
    )  # fmt: skip
    if tax_percent is not None:
        invoice.tax_percent = tax_percent
    add_up(invoice)


def _faults(invoice: Invoice, lines: Sequence[Line]) -> dict[str, str]:
    faults: dict[str, str] = {}
    own = set(
        Visit.objects.made()
        .filter(work_order_id=invoice.work_order_id, vendor_id=invoice.vendor_id)
        .values_list("pk", flat=True)
    )
    for number, line in enumerate(lines):
        where = f"lines-{number}"
        if line.kind not in LineKind.values:
            faults[f"{where}-kind"] = "Choose what the line is for."
        if not line.description.strip() or len(line.description) > 200:
            faults[f"{where}-description"] = "Say in up to 200 characters what the line is for."
        if not _fits(line.quantity, 7) or line.quantity <= 0:
            faults[f"{where}-quantity"] = "Enter a quantity above zero, like 1.50."
        if not _fits(line.unit_amount, 8) or line.unit_amount < 0:
            faults[f"{where}-unit_amount"] = "Enter a price of zero or more, like 95.00."
        if line.labor_kind and line.labor_kind not in list(rates.HourKind):
            faults[f"{where}-labor_kind"] = "Choose a rate from the list."
        if (line.visit and line.visit.pk not in own) or (line.part and line.part.visit_id not in own):
            faults[f"{where}-visit"] = "Choose a visit of this job."
    return faults


def _fits(value: Decimal, digits: int) -> bool:
    """Whether a number has at most two decimals and `digits` digits before them, as the columns hold."""
    try:
        return value.is_finite() and value == cents(value) and abs(value) < Decimal(10) ** digits
    except InvalidOperation:
        return False


def submit(
    invoice: Invoice,
    *,
    by: Actor,
    now: datetime,
    number: str,
    invoice_on: date,
    vendor_note: str = "",
    stated: Stated | None = None,
) -> Invoice:
    """Send the bill: it is checked, and then waits for a decision, or approves itself where policy lets it.

    `stated` is what the vendor's own paper says. Raises Blocked with every finding that bars it, Incomplete without
    a number, NotNow, NotAllowed.
    """
    _vendors_own(invoice, by)
    if not number.strip() or len(number.strip()) > 60:
        raise Incomplete({"number": "Enter your invoice number, up to 60 characters."})
    with _moving(invoice, InvoiceState.SUBMITTED, "invoice.submitted", by=by, now=now, note=vendor_note) as step:
        fresh = step.invoice
        fresh.number, fresh.invoice_on, fresh.vendor_note = number.strip(), invoice_on, vendor_note.strip()[:1000]
        findings = find(fresh, now=now, stated=stated)
        if blocking := [finding for finding in findings if finding.severity == Severity.BLOCKS]:
            raise Blocked(blocking)
        fresh.findings = [finding.as_json() for finding in findings]
        fresh.submitted_at, fresh.submitted_by = now, person(by)
        needs_review = any(finding.severity == Severity.REVIEW for finding in findings)
        fresh.state = InvoiceState.IN_REVIEW if needs_review else InvoiceState.SUBMITTED
        step.data |= {"findings": [finding.code for finding in findings], "total": str(fresh.total_amount)}
        try:
            with transaction.atomic():
                fresh.save()
        except IntegrityError as error:
            if "invoice_number_once_per_vendor" not in str(error):
                raise
            sentence = f"Your company has already sent an invoice {fresh.number}."
            raise Blocked([Finding("duplicate_number", Severity.BLOCKS, sentence)]) from error
    if not findings and 0 < fresh.total_amount <= AUTO_APPROVE.value():
        return _approve_by_rule(fresh, now=now)
    return fresh


def answer(invoice: Invoice, *, by: Actor, now: datetime, note: str) -> Invoice:
    """The vendor answers a dispute; the bill is looked at again."""
    _vendors_own(invoice, by)
    _need(note, "note", "Write your answer.")
    with _moving(invoice, InvoiceState.IN_REVIEW, "invoice.answered", by=by, now=now, note=note.strip()) as step:
        if step.invoice.state != InvoiceState.DISPUTED:
            raise NotNow(f"This invoice is now “{step.invoice.get_state_display()}”.", step.row)
    return step.invoice


def take_back(invoice: Invoice, *, by: Actor, now: datetime) -> Invoice:
    """The vendor corrects a bill that was rejected: it is a draft again, with its trail."""
    _vendors_own(invoice, by)
    with _moving(invoice, InvoiceState.DRAFT, "invoice.reopened", by=by, now=now) as step:
        if step.invoice.state != InvoiceState.REJECTED:
            raise NotNow(f"This invoice is now “{step.invoice.get_state_display()}”.", step.row)
        step.invoice.revision += 1
    return step.invoice


def _vendors_own(invoice: Invoice, by: Actor) -> None:
    if not _is_own(invoice, by):
        raise NotAllowed("This invoice belongs to another company.")


def _is_own(invoice: Invoice, by: Actor) -> bool:
    own = Invoice.objects.visible_to(by, Act.INVOICE).filter(vendor_id__in=vendor_ids_of(by, Act.INVOICE))
    return own.filter(pk=invoice.pk).exists()


def _need(words: str, name: str, sentence: str) -> None:
    if not words.strip():
        raise Incomplete({name: sentence})


# Our side


def approve(invoice: Invoice, *, by: Actor, now: datetime, reason: str = "") -> Invoice:
    """Approve a bill: within the person's invoice limit, within what is authorized, and never by its own maker.

    A bill with findings to review needs a reason. Raises NotAllowed, OverLimit, Incomplete (`reason`), NotNow, and
    Blocked when something that bars a bill has come up since it was sent.
    """
    with _moving(invoice, InvoiceState.APPROVED, "invoice.approved", by=by, now=now, note=reason.strip()) as step:
        fresh = step.invoice
        _may_decide(step.row, fresh, by)
        _separate(step.row, fresh, by, now)
        findings = _within(step, now)
        if any(finding.severity == Severity.REVIEW for finding in findings):
            _need(reason, "reason", "Say why it is approved all the same.")
        _mark_approved(fresh, findings, now=now, reason=reason)
        fresh.approved_by = person(by)
    settle(step.row, now=now)
    return step.invoice


def _approve_by_rule(invoice: Invoice, *, now: datetime) -> Invoice:
    """Approve a bill without findings; where the authorization does not reach, it waits for a person after all."""
    try:
        with _moving(invoice, InvoiceState.APPROVED, "invoice.approved", by=CLOCK, now=now) as step:
            findings = _within(step, now)
            _mark_approved(step.invoice, findings, now=now, reason="No check fired, and policy lets it pass.")
            step.invoice.approved_by_rule = True
            step.data["by_rule"] = True
    except Refused:
        return invoice
    settle(step.row, now=now)
    return step.invoice


def _mark_approved(invoice: Invoice, findings: Sequence[Finding], *, now: datetime, reason: str) -> None:
    invoice.findings = [finding.as_json() for finding in findings]
    invoice.decided_at, invoice.decided_reason = now, reason.strip()[:500]
    invoice.approved_revision = invoice.revision


def _owed(row: WorkOrder, but: Invoice) -> tuple[Decimal, Decimal]:
    """Subtotals and totals approved already on this work order."""
    return added_up(
        row.invoices.filter(state__in=OWED).exclude(pk=but.pk).values_list("subtotal_amount", "total_amount")
    )


def _within(step: _Step, now: datetime) -> list[Finding]:
    """What the checks say now. Raises Blocked or OverLimit where nobody may approve."""
    findings = find(step.invoice, now=now)
    _unblocked(step.row, step.invoice, findings, _owed(step.row, step.invoice))
    return findings


def _unblocked(row: WorkOrder, invoice: Invoice, findings: list[Finding], owed: tuple[Decimal, Decimal]) -> None:
    if blocking := [finding for finding in findings if finding.severity == Severity.BLOCKS]:
        raise Blocked(blocking)
    subtotal, _ = owed
    if row.authorized_amount is not None and subtotal + invoice.subtotal_amount > row.authorized_amount:
        raise OverLimit(
            f"{money(subtotal + invoice.subtotal_amount, row.currency)} would be approved,"
            f" {money(row.authorized_amount, row.currency)} is authorized. Raise that first, or adjust the lines.",
        )


def _may_decide(row: WorkOrder, invoice: Invoice, by: Actor) -> None:
    if by.roles & VENDOR_ROLES or not lifecycle.allowed(row, Act.APPROVE_INVOICE, by):
        raise NotAllowed("You cannot decide about this invoice.")


def _separate(
    row: WorkOrder, invoice: Invoice, by: Actor, now: datetime, owed: tuple[Decimal, Decimal] | None = None
) -> None:
    """Separation of duties. Sums over all bills of the work order count, so that splitting does not help."""
    user = person(by)
    if user is None or actor_columns(by)["via"] == Via.TOKEN:
        raise NotAllowed("Only a person who is signed in approves an invoice.")
    if invoice.submitted_by_id == user.pk:
        raise NotAllowed("You sent this invoice, so somebody else approves it.")
    subtotal, total = owed or _owed(row, invoice)
    if total + invoice.total_amount > user.invoice_limit_amount:
        raise OverLimit(
            f"{money(total + invoice.total_amount, row.currency)} would be approved for {row.number}, your limit is"
            f" {money(user.invoice_limit_amount, row.currency)}. Ask somebody with a higher limit."
        )
    raised = sum(
        (entry.change_amount for entry in list(row.authorizations.all())[1:]
         if entry.made_by_id == user.pk and entry.change_amount > 0),
        Decimal(0),
    )  # fmt: skip
    without = None if row.authorized_amount is None else row.authorized_amount - raised
    if raised and without is not None and subtotal + invoice.subtotal_amount > without:
        raise NotAllowed("You raised the authorized amount that this invoice needs, so somebody else approves it.")
    if roster.touched_pay_or_insurance(invoice.vendor_id, who=user, since=now - HANDS_OFF_DAYS):
        raise NotAllowed(
            "You changed this vendor's rates or papers in the last 7 days, so somebody else approves its invoices."
        )


def obstacle(bill: Bill, findings: list[Finding], *, by: Actor) -> str:
    """Why `by` cannot approve this bill as it stands, in a sentence; empty when nothing is in the way.

    `findings` are what the checks said of it.
    """
    invoice, row = bill.invoice, bill.invoice.work_order
    try:
        if InvoiceState.APPROVED not in INVOICE_RULES[InvoiceState(invoice.state)]:
            return f"This invoice is “{invoice.get_state_display()}”."
        _may_decide(row, invoice, by)
        _separate(row, invoice, by, bill.now, added_up(bill.owed))
        _unblocked(row, invoice, findings, added_up(bill.owed))
    except Refused as refusal:
        return refusal.sentence
    return ""


def adjust(invoice: Invoice, *, lines: Sequence[Line], by: Actor, now: datetime, reason: str) -> Invoice:
    """Cut the lines of a bill that waits; the vendor sees the difference. Never raises the total.

    Raises Incomplete (also field `lines` when the total would grow), NotNow, NotAllowed.
    """
    _need(reason, "reason", "Say what is changed and why; the vendor reads it.")
    with _moving(invoice, None, "invoice.adjusted", by=by, now=now, note=reason.strip()) as step:
        fresh, before = step.invoice, step.invoice.total_amount
        _may_decide(step.row, fresh, by)
        if fresh.state not in WAITING:
            raise NotNow(f"This invoice is now “{fresh.get_state_display()}”.", step.row)
        _replace(step, lines, None)
        if fresh.total_amount > before:
            raise Incomplete({"lines": "The total can only go down. Return it to the vendor to bill more."})
        fresh.revision += 1
        fresh.save()
        fresh.findings = [finding.as_json() for finding in find(fresh, now=now)]
    return step.invoice


def reject(invoice: Invoice, *, by: Actor, now: datetime, reason: str) -> Invoice:
    """Refuse the bill as it is. Raises Incomplete without a reason, NotNow, NotAllowed."""
    return _decide(invoice, InvoiceState.REJECTED, "invoice.rejected", by=by, now=now, reason=reason)


def dispute(invoice: Invoice, *, by: Actor, now: datetime, reason: str) -> Invoice:
    """Ask the vendor about the bill; it answers. Raises as `reject`."""
    return _decide(invoice, InvoiceState.DISPUTED, "invoice.disputed", by=by, now=now, reason=reason)


def return_to_vendor(invoice: Invoice, *, by: Actor, now: datetime, reason: str) -> Invoice:
    """Give a bill back for correction: it is a draft again, a revision further. Raises as `reject`."""
    return _decide(invoice, InvoiceState.DRAFT, "invoice.returned", by=by, now=now, reason=reason)


def _decide(invoice: Invoice, to: InvoiceState, verb: str, *, by: Actor, now: datetime, reason: str) -> Invoice:
    _need(reason, "reason", "Say why; the vendor reads it.")
    with _moving(invoice, to, verb, by=by, now=now, note=reason.strip()) as step:
        _may_decide(step.row, step.invoice, by)
        step.invoice.decided_at, step.invoice.decided_reason = now, reason.strip()[:500]
        if to == InvoiceState.DRAFT:
            step.invoice.revision += 1
    return step.invoice


def void(invoice: Invoice, *, by: Actor, now: datetime, reason: str) -> Invoice:
    """End a bill for good: the vendor its own before it is approved, we any not yet exported. Raises as `reject`."""
    _need(reason, "reason", "Say why it is void.")
    with _moving(invoice, InvoiceState.VOID, "invoice.voided", by=by, now=now, note=reason.strip()) as step:
        fresh = step.invoice
        own = fresh.state not in OWED and _is_own(fresh, by)
        if not own:
            _may_decide(step.row, fresh, by)
        fresh.decided_at, fresh.decided_reason = now, reason.strip()[:500]
        fresh.approved_by, fresh.approved_revision, fresh.approved_by_rule = None, None, False
    settle(step.row, now=now)
    return step.invoice


# Settling


def settle(work_order: WorkOrder, *, now: datetime) -> bool:
    """Close verified work when nothing is left to bill or to decide; says whether it did. Safe to run twice.

    Work that is not billable, or was done by our own crew, needs no bill.
    """
    with transaction.atomic():
        row = lifecycle.lock(work_order)
        states = list(row.invoices.values_list("state", flat=True))
        unsettled = [state for state in states if state not in lifecycle.SETTLED]
        own_crew = row.vendor is not None and row.vendor.kind == VendorKind.INTERNAL
        needs_none = not row.is_billable or own_crew
        if row.status != Status.VERIFIED or unsettled or not (needs_none or set(states) & set(OWED)):
            return False
        lifecycle.close(row, by=CLOCK, now=now, not_billable_reason="Our own crew did it." if own_crew else "")
    return True
