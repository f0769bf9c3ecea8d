"""Bills of a story, brought there by the real rules."""

from datetime import date
from decimal import Decimal
from typing import Any

from tests.factories.workorders import Story
from workorders import invoices
from workorders.invoices import Line
from workorders.models import Event, Invoice

DAY = date(2026, 7, 14)


def drafted(story: Story) -> Invoice:
    """The draft of work that is verified: one visit of an hour."""
    story.verified()
    return invoices.draft_all(story.work_order, now=story.later())[0]


def submitted(story: Story, **facts: Any) -> Invoice:
    invoice = drafted(story)
    return send(story, invoice, **facts)


def send(story: Story, invoice: Invoice, **facts: Any) -> Invoice:
    usual = {"by": story.cast.dispatcher, "now": story.later(), "number": "CR-1001", "invoice_on": DAY}
    return invoices.submit(invoice, **usual | facts)


def codes(story: Story, invoice: Invoice, **facts: Any) -> set[str]:
    fresh = Invoice.objects.get(pk=invoice.pk)
    fresh.invoice_on = fresh.invoice_on or DAY
    return {finding.code for finding in invoices.find(fresh, now=story.now, **facts)}


def verbs(story: Story) -> list[str]:
    found = Event.objects.filter(work_order=story.work_order, verb__startswith="invoice.")
    return [verb.removeprefix("invoice.") for verb in found.values_list("verb", flat=True)]


def lines(invoice: Invoice) -> list[tuple[str, Decimal, Decimal, Decimal]]:
    return list(invoice.lines.values_list("kind", "quantity", "unit_amount", "amount"))


def as_lines(invoice: Invoice, **changes: Any) -> list[Line]:
    """The lines of a bill as a form sends them back; `labor={...}` changes the line of that kind."""
    return [
        Line(
            **{
                "kind": line.kind, "description": line.description, "quantity": line.quantity,
                "unit_amount": line.unit_amount, "visit": line.visit, "part": line.part, "labor_kind": line.labor_kind,
            }
            | changes.get(line.kind, {})
        )
        for line in invoice.lines.all()
    ]  # fmt: skip
