"""What a vendor's record tells of the work: its jobs, what it billed, and the links to jobs in its mail."""

from __future__ import annotations

from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.guards import requires
from accounts.once import fresh_key
from accounts.pages import page_or_partial
from accounts.permissions import Act
from vendors.views.record import head
from workorders import links
from workorders.labels import due_of, mark_of
from workorders.models import Invoice, InvoiceState, JobLink, WorkOrder
from workorders.views.answers import answered
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


@require_safe
@requires(Act.DISPATCH)
def mailed(request: HttpRequest, code: str) -> HttpResponse:
    """The addresses of one vendor that hold links to its jobs, as far as they are in sight."""
    found, _, _, context = head(request, code, "people")
    opening = JobLink.objects.visible_to(request.user, Act.DISPATCH).opening(context["now"]).filter(vendor=found)
    rows = opening.values("email").annotate(
        jobs=Count("work_order", distinct=True), made_at=Max("made_at"), used_at=Max("used_at")
    )
    context |= {"rows": rows.order_by("email"), "fresh_key": fresh_key}
    return page_or_partial(request, "workorders/desk/vendor_links.html", context)


@require_POST
@requires(Act.DISPATCH)
def mailed_end(request: HttpRequest, code: str) -> HttpResponseBase:
    """Switch off every link to this vendor's jobs in the mail of one address."""
    found, now, _, _ = head(request, code, "people")
    email, back = request.POST.get("email", ""), reverse("workorders:vendor_links", args=[found.code])

    def act() -> str:
        links.revoke_all(found, email=email, by=request.user, now=now)
        return back

    done = answered(request, action=f"vendor-links:{found.pk}", act=act, back=back, sentence="Links switched off.")
    if done is None:
        raise AssertionError("A move without a form is always answered.")
    return done
