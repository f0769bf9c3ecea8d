"""Two pages of a vendor's record that tell of the work: its jobs, and what it billed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.guards import requires
from accounts.pages import page_or_partial
from accounts.permissions import Act
from vendors.views.record import head
from workorders.labels import due_of, mark_of
from workorders.models import Invoice, InvoiceState, WorkOrder
from workorders.views.billing import mark_of_bill
from workorders.views.paging import page_of

SHOWS = {"open": "Open", "all": "All"}


@require_safe
@requires(Act.VIEW_VENDORS)
def jobs(request: HttpRequest, code: str) -> HttpResponse:
    """The jobs of one vendor that are in sight, the newest first."""
    found, now, _, context = head(request, code, "jobs")
    show = request.GET.get("show", "")
    show = show if show in SHOWS else "open"
    rows = WorkOrder.objects.visible_to(request.user).filter(vendor=found)
    rows = (rows.open() if show == "open" else rows).for_table()
    page = page_of(rows, request.GET, keep={"show": show})
    context |= {
        "show": show,
        "shows": list(SHOWS.items()),
        "page": page,
        "lines": [(row, mark_of(row), due_of(row, now)) for row in page.rows],
    }
    return page_or_partial(request, "workorders/desk/vendor_jobs.html", context, partials=("vendor-jobs",))


@require_safe
@requires(Act.VIEW_SPEND)
def bills(request: HttpRequest, code: str) -> HttpResponse:
    """What one vendor billed for work in sight, the newest first."""
    found, _, _, context = head(request, code, "invoices")
    rows = Invoice.objects.visible_to(request.user).exclude(state=InvoiceState.DRAFT).filter(vendor=found)
    page = page_of(rows.for_table(), request.GET, keep={})
    context |= {"page": page, "lines": [(bill, bill.work_order, mark_of_bill(bill)) for bill in page.rows]}
    return page_or_partial(request, "workorders/money/vendor_bills.html", context, partials=("vendor-bills",))
