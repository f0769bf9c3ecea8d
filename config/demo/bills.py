"""Bills in the demo company: sent after the work, looked at by finance, and now and then asked about."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from workorders import authorization, invoices
from workorders.models import Invoice, InvoiceState, Status, WorkOrder

if TYPE_CHECKING:
    from config.demo.life import Life

LATELY = timedelta(days=10)
"""What finance asks in these last days still waits for the vendor's answer, one bill of each."""
ASKED_ABOUT = 8
"""Before, finance asks about one in so many bills that are above the limit."""


class Money:
    """What becomes of the bills of one play."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.asked: set[int] = set()
        self.waiting: set[int] = set()

    def bill(self, row: WorkOrder, now: datetime) -> None:
        row = self.life.fresh(row)
        draft = Invoice.objects.filter(work_order=row, state=InvoiceState.DRAFT).select_related("vendor").first()
        if row.status != Status.VERIFIED or draft is None or self.life.chance.random() < 0.08:
            return
        by = self.life.speaks_for(draft.vendor, row)
        if by is None:
            return
        day: date = now.astimezone(ZoneInfo(row.site.time_zone)).date()
        invoices.submit(draft, by=by, now=now, number=f"{draft.vendor.code}-{10_000 + draft.pk}", invoice_on=day)
        self.life.after(now, 60 * 4, 60 * 90, lambda at: self.pay(draft, at))

    def pay(self, invoice: Invoice, now: datetime) -> None:
        invoice = Invoice.objects.select_related("work_order__site__region", "vendor").get(pk=invoice.pk)
        by = self.life.company.finance[self.life.company.division(invoice.work_order.site)]
        if invoice.state not in (InvoiceState.SUBMITTED, InvoiceState.IN_REVIEW):
            return
        roll = self.life.chance.random()
        if roll < 0.05:
            invoices.return_to_vendor(invoice, by=by, now=now, reason="The hours differ from the check-in.")
        elif roll < 0.92:
            row = invoice.work_order
            owed = authorization.owed(row) + invoice.subtotal_amount
            if row.authorized_amount is not None and owed > row.authorized_amount:
                if self._is_disputed(invoice, now):
                    invoices.dispute(invoice, by=by, now=now, reason="It is above what was agreed. What took so long?")
                    self.life.after(now, 60 * 8, 60 * 72, lambda at: self.explain(invoice, at))
                    return
                desk = self.life.company.facilities[self.life.company.division(row.site)]
                authorization.authorize(row, amount=owed, by=desk, now=now, reason="The part cost more than expected.")
            invoices.approve(invoice, by=by, now=now, reason="Matches the job.")

    def _is_disputed(self, invoice: Invoice, now: datetime) -> bool:
        """Whether finance asks about a bill above the limit: about few, once each; the latest stay open at the end."""
        recent = now > self.life.until - LATELY
        if invoice.pk in self.asked or (invoice.pk % ASKED_ABOUT and not recent):
            return False
        if recent and invoice.vendor_id in self.waiting:
            return False
        self.asked.add(invoice.pk)
        if recent:
            self.waiting.add(invoice.vendor_id)
        return True

    def explain(self, invoice: Invoice, now: datetime) -> None:
        """The vendor answers a question about its bill, and finance looks again."""
        if now > self.life.until - LATELY:
            return
        by = self.life.speaks_for(invoice.vendor, invoice.work_order)
        if by is None:
            return
        invoices.answer(invoice, by=by, now=now, note="The old part was rusted in; it took two hours longer.")
        self.life.after(now, 60 * 8, 60 * 48, lambda at: self.pay(invoice, at))
