"""A new work order on behalf of a site, and the bills that wait for a decision."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Case, Value, When
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.guards import requires
from accounts.pages import page_or_partial
from accounts.permissions import Act
from workorders import authorization, dossier, inbox, intake
from workorders.forms.desk_report import SiteReportForm, suggestions
from workorders.models import Invoice, Letter, Source
from workorders.views.answers import answered
from workorders.views.deeds import address

MOST = 100
GIVEN = ("site", "asset", "trade", "problem_type")


@requires(Act.REPORT_FOR_SITE)
def new(request: HttpRequest) -> HttpResponseBase:
    """Fill in, look at what the check found, make it."""
    if request.method != "POST":
        given = {name: request.GET[name] for name in GIVEN if request.GET.get(name)}
        return _page(request, SiteReportForm(by=request.user, initial=given | _of_letter(request)))
    form = SiteReportForm(request.POST, request.FILES, by=request.user)
    if not form.is_valid():
        return _page(request, form, status=422)
    now = timezone.now()
    if form.must_check(now):
        return _page(request, form, check=True)

    def act() -> str:
        given = form.cleaned_data
        row = intake.report(
            by=request.user, now=now, site=given["site"], trade=given["trade"], problem_type=given["problem_type"],
            asset=given["asset"], title=given["title"], description=given["description"], working=given["working"],
            answers=form.answers, access_note=given["access_note"], requester_name=given["requester_name"],
            requester_phone=given["requester_phone"], source=Source.EMAIL if given["letter"] else Source.DESK,
            kind=given["kind"], photos=given["photos"],
            shown=[match.work_order for match in form.matches], different_because=given["different_because"],
        )  # fmt: skip
        if given["nte_amount"] is not None:
            authorization.authorize(row, amount=given["nte_amount"], by=request.user, now=now)
        if given["letter"]:
            inbox.report_made(given["letter"], work_order=row, by=request.user, now=now)
        return address(row.number)

    done = answered(
        request, action="order.new", act=act, back=reverse("workorders:queue"), sentence="Work order made.", form=form
    )
    return _page(request, form, status=422) if done is None else done


@require_GET
@requires(Act.REPORT_FOR_SITE)
def suggest(request: HttpRequest) -> HttpResponse:
    """Sites and units that go on from what is typed."""
    found = suggestions(site=request.GET.get("site", ""), unit=request.GET.get("asset", ""), by=request.user)
    return render(request, "workorders/desk/new.html#new-suggestions", found)


def _of_letter(request: HttpRequest) -> dict[str, Any]:
    """What the mail that the address names says already."""
    number = request.GET.get("letter", "")
    if not number.isdecimal():
        return {}
    return SiteReportForm.begun_from(get_object_or_404(Letter.objects.visible_to(request.user).held(), pk=number))


def _page(request: HttpRequest, form: SiteReportForm, *, check: bool = False, status: int = 200) -> HttpResponse:
    typed = {name: str(form[field].value() or "") for name, field in (("site", "site"), ("unit", "asset"))}
    context = {"form": form, "check": check, **suggestions(**typed, by=request.user)}
    return page_or_partial(request, "workorders/desk/new.html", context, partials={"new-order"}, status=status)


@require_GET
@requires(Act.APPROVE_INVOICE)
def approvals(request: HttpRequest) -> HttpResponse:
    """Bills that wait for somebody like this person, what waiting costs most first.

    Waiting costs while the work itself is not done: of a finished job only the money is late.
    """
    still_waits = When(work_order__completed_at=None, then="work_order__cost_per_hour_amount")
    running = Case(still_waits, default=Value(Decimal(0)))
    waiting = (
        Invoice.objects.visible_to(request.user, Act.APPROVE_INVOICE)
        .waiting()
        .for_table()
        .order_by(running.desc(), "-total_amount", "submitted_at")
    )
    invoices, now = list(waiting[: MOST + 1]), timezone.now()
    costs = dossier.waiting_of_all([one.work_order for one in invoices[:MOST]], now)
    context = {
        "invoices": [(one, costs.get(one.work_order_id)) for one in invoices[:MOST]],
        "more": len(invoices) > MOST,
        "limit": authorization.in_words(request.user.invoice_limit_amount, "USD"),
        "now": now,
    }
    return render(request, "workorders/desk/approvals.html", context)
