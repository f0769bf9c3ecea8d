"""Bills: drafted, checked, sent, decided, settled."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.models import Role, User
from assets.models import Priority
from tests.factories.clock import NOW
from tests.factories.workorders import Story, reason
from vendors.models import RateCard, Vendor, VendorKind
from workorders import authorization, invoices, lifecycle, visits
from workorders.invoices import Blocked, Line
from workorders.models import (
    Authorization,
    Event,
    Invoice,
    InvoiceLine,
    InvoiceState,
    Outcome,
    Status,
    Under,
    Visit,
    WorkOrder,
)
from workorders.refusals import Incomplete, NotAllowed, NotNow, OverLimit

DAY = date(2026, 7, 14)


@pytest.fixture
def story(cast) -> Story:
    return Story(cast)


def drafted(story: Story) -> Invoice:
    """The draft of work that is verified: one visit of an hour."""
    story.verified()
    return invoices.draft_all(story.work_order, now=story.later())[0]


def submitted(story: Story, **facts) -> Invoice:
    invoice = drafted(story)
    return send(story, invoice, **facts)


def send(story: Story, invoice: Invoice, **facts) -> Invoice:
    usual = {"by": story.cast.dispatcher, "now": story.later(), "number": "CR-1001", "invoice_on": DAY}
    return invoices.submit(invoice, **usual | facts)


def codes(story: Story, invoice: Invoice, **facts) -> set[str]:
    fresh = Invoice.objects.get(pk=invoice.pk)
    fresh.invoice_on = fresh.invoice_on or DAY
    return {finding.code for finding in invoices.find(fresh, now=story.now, **facts)}


def verbs(story: Story) -> list[str]:
    found = Event.objects.filter(work_order=story.work_order, verb__startswith="invoice.")
    return [verb.removeprefix("invoice.") for verb in found.values_list("verb", flat=True)]


def lines(invoice: Invoice) -> list[tuple[str, Decimal, Decimal, Decimal]]:
    return list(invoice.lines.values_list("kind", "quantity", "unit_amount", "amount"))


def as_lines(invoice: Invoice, **changes) -> list[Line]:
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


class TestDrafts:
    def test_a_draft_has_the_trip_and_the_hours_on_site_at_the_rate_of_the_card(self, story):
        invoice = drafted(story)
        # On site from 10:30 to 11:30, minimum one hour; 75 for the trip, 95 an hour, no tax.
        assert lines(invoice) == [
            ("trip", Decimal("1.00"), Decimal("75.00"), Decimal("75.00")),
            ("labor", Decimal("1.00"), Decimal("95.00"), Decimal("95.00")),
        ]
        assert (invoice.subtotal_amount, invoice.tax_amount, invoice.total_amount) == (170, 0, 170)
        assert invoice.state == InvoiceState.DRAFT
        assert verbs(story) == ["drafted"]
