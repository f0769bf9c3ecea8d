"""A new work order on behalf of a site, and the bills that wait for a decision."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.guards import requires
from accounts.permissions import Act
from workorders import authorization, intake
from workorders.forms.desk_report import SiteReportForm
from workorders.models import Invoice, Source
from workorders.views.answers import answered
from workorders.views.deeds import address

MOST = 100
GIVEN = ("site", "asset", "trade", "problem_type")


@requires(Act.REPORT_FOR_SITE)
def new(request: HttpRequest) -> HttpResponseBase:
    """Fill in, look at what the check found, make it."""
    if request.method != "POST":
        given = {name: request.GET[name] for name in GIVEN if request.GET.get(name)}
        return _page(request, SiteReportForm(by=request.user, initial=given))
    form = SiteReportForm(request.POST, by=request.user)
    if not form.is_valid():
        return _page(request, form, status=422)
    if form.must_check():
        return _page(request, form, check=True)
    now = timezone.now()

    def act() -> str:
        given = form.cleaned_data
        row = intake.report(
            by=request.user, now=now, site=given["site"], trade=given["trade"], problem_type=given["problem_type"],
            asset=given["asset"], title=given["title"], description=given["description"], working=given["working"],
            answers=form.answers, access_note=given["access_note"], requester_name=given["requester_name"],
            requester_phone=given["requester_phone"], source=Source.DESK, kind=given["kind"],
            shown=[match.work_order for match in form.matches], different_because=given["different_because"],
        )  # fmt: skip
        if given["nte_amount"] is not None:
            authorization.authorize(row, amount=given["nte_amount"], by=request.user, now=now)
        return address(row.number)

    done = answered(
        request, action="order.new", act=act, back=reverse("workorders:queue"), sentence="Work order made.", form=form
    )
    return _page(request, form, status=422) if done is None else done


def _page(request: HttpRequest, form: SiteReportForm, *, check: bool = False, status: int = 200) -> HttpResponse:
    return render(request, "workorders/desk/new.html", {"form": form, "check": check}, status=status)


@require_GET
@requires(Act.APPROVE_INVOICE)
def approvals(request: HttpRequest) -> HttpResponse:
    """Bills that wait for somebody like this person, what waiting costs most first."""
    waiting = (
        Invoice.objects.visible_to(request.user, Act.APPROVE_INVOICE)
        .waiting()
        .for_table()
        .order_by("-work_order__cost_per_hour_amount", "-total_amount", "submitted_at")
    )
    invoices = list(waiting[: MOST + 1])
    context = {
        "invoices": invoices[:MOST],
        "more": len(invoices) > MOST,
        "limit": authorization.in_words(request.user.invoice_limit_amount, "USD"),
        "now": timezone.now(),
    }
    return render(request, "workorders/desk/approvals.html", context)
