"""What is told about money: what may be spent, and what becomes of bills."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from accounts.models import Role
from assets.reach import nearest
from vendors.staffing import dispatchers
from workorders.authorization import in_words
from workorders.models import Event, Invoice
from workorders.notices.telling import to_companies
from workorders.notices.topics import T_INVOICE
from workorders.readers import bill_path, facilities, tell, where_of


def authorized(event: Event, now: datetime) -> None:
    """The company that has the job, or each that is asked for it, knows what it may cost at most from now on."""
    row = event.work_order
    was, amount = (event.data[side]["authorized"] for side in ("before", "after"))
    raised = was is not None and Decimal(amount) > Decimal(was)
    most = in_words(Decimal(amount), row.currency)
    to_companies(
        event,
        now,
        f"{row.number}: {'raised to ' if raised else 'now at most '}{most}",
        f"{row.number} at {where_of(row)} may cost {most} at most, before tax."
        f" Before it was: {in_words(None if was is None else Decimal(was), row.currency).lower()}.\n\n"
        "Ask before it costs more.",
    )


def invoice_moved(event: Event, now: datetime) -> None:
    """To those who decide when it comes in; to the vendor when something was decided."""
    row = event.work_order
    invoice = Invoice.objects.filter(pk=event.data.get("invoice")).select_related("vendor").first()
    if invoice is None:
        return
    what = event.verb.partition(".")[2]
    if what == "submitted":
        finance = nearest(row.site, Role.FINANCE, now) or facilities(row, now)
        tell(
            event,
            now,
            topic=T_INVOICE,
            readers=finance,
            subject=f"Invoice {invoice.number} for {row.number}",
            body=f"{invoice.vendor} sent invoice {invoice.number} for {row.number}.\n\nDecide about it.",
            path=f"/invoices/{invoice.pk}",
            action="Open the invoice",
        )
    elif what in ("approved", "rejected", "disputed", "returned"):
        tell(
            event,
            now,
            topic=T_INVOICE,
            readers=dispatchers(invoice.vendor, now),
            subject=f"Invoice {invoice.number} for {row.number} was {what}",
            body=f"Invoice {invoice.number} for {row.number} was {what}.\n\n{event.note}",
            path=bill_path(invoice),
            action="Open the invoice",
            company=invoice.vendor,
        )
