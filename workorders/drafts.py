"""Draft bills: what the visits and the rate card say may be billed, before the vendor looks at it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction

from accounts.actors import CLOCK, System
from accounts.money import percent_of
from accounts.permissions import Act
from vendors import rates
from vendors.models import Vendor, VendorKind
from vendors.rates import CostLine
from vendors.scope import vendor_ids_of
from workorders import lifecycle
from workorders.findings import Bill, Stated
from workorders.models import Invoice, InvoiceLine, InvoiceState, PartUsed, Visit, WorkOrder
from workorders.refusals import NotAllowed

if TYPE_CHECKING:
    from accounts.actors import Actor


def draft_all(work_order: WorkOrder, *, now: datetime, by: Actor = CLOCK) -> list[Invoice]:
    """A draft for every outside vendor that made a trip for this work or finished it. Safe to run twice."""
    vendors = list(Vendor.objects.filter(visits__in=work_order.visits.made()).distinct().order_by("pk"))
    if work_order.vendor and work_order.vendor not in vendors and work_order.completed_at:
        vendors.append(work_order.vendor)
    drafts = [draft(work_order, vendor=vendor, now=now, by=by) for vendor in vendors]
    return [one for one in drafts if one is not None]


def draft(work_order: WorkOrder, *, vendor: Vendor, now: datetime, by: Actor = CLOCK) -> Invoice | None:
    """A draft from the visits that no bill of `vendor` holds yet, added to the open draft if there is one.

    None when there is nothing to bill: our own crews, work that is not billable, everything billed already. A second
    run changes nothing. Raises NotAllowed for people of another company.
    """
    with transaction.atomic():
        row = lifecycle.lock(work_order)
        if not isinstance(by, System) and not (
            vendor.pk in vendor_ids_of(by, Act.INVOICE) and lifecycle.allowed(row, Act.INVOICE, by)
        ):
            raise NotAllowed("You cannot bill this job.")
        if vendor.kind == VendorKind.INTERNAL or not row.is_billable:
            return None
        kept = Invoice.objects.filter(work_order=row, vendor=vendor).exclude(state=InvoiceState.VOID)
        open_draft = kept.filter(state=InvoiceState.DRAFT).first()
        billed = set(
            InvoiceLine.objects.filter(invoice__in=kept, visit__isnull=False).values_list("visit_id", flat=True)
        )
        probe = Bill(open_draft or Invoice(work_order=row, vendor=vendor, currency=row.currency), now, Stated())
        unbilled = [visit for visit in probe.visits if visit.pk not in billed]
        if not unbilled and (open_draft or kept.exists()):
            return open_draft
        invoice = open_draft or Invoice.objects.create(
            work_order=row, vendor=vendor, currency=row.currency, drafted_at=now
        )
        lines = [line for visit in unbilled for line in _lines_of(visit, probe, invoice)]
        InvoiceLine.objects.bulk_create(lines)
        if card := probe.card_of(None):
            invoice.tax_percent = card.tax_percent
        add_up(invoice)
        invoice.save()
        data = {"invoice": invoice.pk, "total": str(invoice.total_amount), "visits": [visit.pk for visit in unbilled]}
        lifecycle.append(row, "invoice.drafted", by=by, now=now, data=data, vendor=vendor)
    return invoice


def _lines_of(visit: Visit, bill: Bill, invoice: Invoice) -> list[InvoiceLine]:
    """The lines of one trip: trip and hours as the card allows, each part at cost and markup."""
    card = bill.card_of(visit)
    made = [_line(invoice, one, visit) for one in bill.allowed.get(visit.pk, ())]
    for part in visit.parts.all():
        if card is None:
            cost = rates.line("parts", part.name, part.quantity, part.unit_cost_amount)
        else:
            cost = rates.cost_of_part(
                card=card, name=part.name, quantity=part.quantity, unit_cost_amount=part.unit_cost_amount
            )
        made.append(_line(invoice, cost, visit, part))
    return made


def _line(invoice: Invoice, cost: CostLine, visit: Visit, part: PartUsed | None = None) -> InvoiceLine:
    return InvoiceLine(
        invoice=invoice, kind=cost.kind, description=cost.words[:200], quantity=cost.quantity,
        unit_amount=cost.unit_amount, amount=cost.amount, labor_kind=cost.hour_kind, visit=visit, part=part,
    )  # fmt: skip


def add_up(invoice: Invoice) -> None:
    """Subtotal, tax and total from the lines; the caller saves."""
    invoice.subtotal_amount = sum(invoice.lines.values_list("amount", flat=True), Decimal(0))
    invoice.tax_amount = percent_of(invoice.subtotal_amount, invoice.tax_percent)
    invoice.total_amount = invoice.subtotal_amount + invoice.tax_amount
