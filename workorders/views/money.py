"""Bills at the desk: what waits for a decision, the three-way match, and the decisions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.guards import requires
from accounts.once import fresh_key
from accounts.pages import page_or_partial
from accounts.permissions import Act, may
from workorders import invoices
from workorders.findings import Bill, Stated, checked
from workorders.forms.money import DecisionForm, LineFormSet, line_values
from workorders.labels import events_for, mark_of
from workorders.matching import match
from workorders.models import Invoice, InvoiceState
from workorders.models.spend import OWED, WAITING
from workorders.refusals import Incomplete, NotNow
from workorders.views.answers import answered, too_late
from workorders.views.billing import mark_of_bill, said, sheet
from workorders.views.paging import page_of

TABS = {
    "waiting": ("To decide", WAITING),
    "disputed": ("Disputed", (InvoiceState.DISPUTED,)),
    "approved": ("Approved", OWED),
    "rejected": ("Rejected", (InvoiceState.REJECTED,)),
    "all": ("All", tuple(state for state in InvoiceState if state != InvoiceState.DRAFT)),
}
COUNTED = ("waiting", "disputed")
SEVERITIES = {"blocks": "Blocks", "review": "To review", "informs": "For information"}
UP_TO = 999


@require_safe
@requires(Act.VIEW_SPEND)
def bills(request: HttpRequest) -> HttpResponse:
    """The bills of one's scope by state, searched by number, work order or vendor."""
    tab, query = request.GET.get("show", "waiting"), request.GET.get("q", "").strip()[:60]
    tab = tab if tab in TABS else "waiting"
    seen = Invoice.objects.visible_to(request.user).exclude(state=InvoiceState.DRAFT)
    rows = seen.filter(state__in=TABS[tab][1])
    if query:
        rows = rows.filter(
            Q(number__icontains=query) | Q(work_order__number__iexact=query) | Q(vendor__name__icontains=query)
        )
    page = page_of(rows.for_table(), request.GET, keep={"show": tab, "q": query})
    counts = seen.filter(state__in=[*WAITING, InvoiceState.DISPUTED]).aggregate(
        waiting=Count("pk", filter=Q(state__in=WAITING)), disputed=Count("pk", filter=Q(state=InvoiceState.DISPUTED))
    )
    context = {
        "now": timezone.now(), "page": page, "query": query, "show": tab,
        "rows": [{"invoice": bill, "row": bill.work_order, "mark": mark_of_bill(bill)} for bill in page.rows],
        "tabs": [
            {"key": key, "label": label, "is_current": key == tab,
             "count": min(counts[key], UP_TO) if key in COUNTED else None}
            for key, (label, _) in TABS.items()
        ],
    }  # fmt: skip
    return page_or_partial(request, "workorders/money/invoices.html", context, partials=("invoices",))


def _bill(request: HttpRequest, pk: int) -> Invoice:
    seen = Invoice.objects.visible_to(request.user).exclude(state=InvoiceState.DRAFT)
    return get_object_or_404(
        seen.select_related("vendor", "work_order__site__region", "work_order__trade", "work_order__asset",
                            "work_order__problem_type", "work_order__plan", "work_order__hold_reason",
                            "work_order__vendor", "approved_by", "submitted_by"),
        pk=pk,
    )  # fmt: skip


@require_safe
@requires(Act.VIEW_SPEND)
def bill(request: HttpRequest, pk: int) -> HttpResponse:
    """One bill beside the authorization, the visits and the rate card, with what can be decided."""
    return _show(request, _bill(request, pk))


def _show(
    request: HttpRequest, invoice: Invoice, *, form: DecisionForm | None = None, status: int = 200
) -> HttpResponse:
    now, user, row = timezone.now(), request.user, invoice.work_order
    waits = invoice.state in WAITING
    decides = may(user, Act.APPROVE_INVOICE)
    read = Bill(invoice, now, Stated())
    found = checked(read) if waits else []
    findings = [one.as_json() for one in found] if waits else invoice.findings
    context: dict[str, Any] = {
        "now": now, "invoice": invoice, "row": row, "site": row.site, "mark": mark_of_bill(invoice),
        "order_mark": mark_of(row), "match": match(read),
        "findings": [{**one, "severity": SEVERITIES[raw["severity"]]} for one, raw in
                     zip(said(findings), findings, strict=True)],
        "waits": waits, "decides": decides, "form": form or DecisionForm(), "failed": status != 200,
        "obstacle": invoices.obstacle(read, found, by=user) if waits else "",
        "needs_reason": any(one["severity"] == "review" for one in findings),
        "can_end": decides and (waits or invoice.state == InvoiceState.DISPUTED),
        "story": _story(request, invoice), "fresh_key": fresh_key,
        "limit_amount": user.invoice_limit_amount,
    }  # fmt: skip
    return render(request, "workorders/money/invoice.html", context, status=status)


STEPS = {
    "invoice.drafted": "drafted it", "invoice.submitted": "sent it", "invoice.approved": "approved it",
    "invoice.rejected": "rejected it", "invoice.disputed": "disputed it", "invoice.answered": "answered",
    "invoice.returned": "returned it for correction", "invoice.adjusted": "adjusted the lines",
    "invoice.reopened": "took it back to correct it", "invoice.voided": "voided it",
    "invoice.edited": "edited the lines",
}  # fmt: skip


def _story(request: HttpRequest, invoice: Invoice) -> list[dict[str, Any]]:
    """What happened to this bill, oldest first, with what was said."""
    facts = events_for(invoice.work_order, request.user).filter(verb__in=list(STEPS), data__invoice=invoice.pk)
    return [
        {"who": fact.actor_name, "text": STEPS[fact.verb] + (f". “{fact.note}”" if fact.note else ""), "at": fact.at,
         "kind": "event", "icon": "receipt"}
        for fact in facts.order_by("position")
    ]  # fmt: skip


def _decision(request: HttpRequest, pk: int, name: str, rule: Callable[..., Invoice], sentence: str) -> HttpResponse:
    """One decision with its reason: done, too late, or the page again with what is missing."""
    now, invoice, form = timezone.now(), _bill(request, pk), DecisionForm(request.POST)
    own = reverse("workorders:invoice", args=[pk])

    def act() -> str:
        rule(invoice, by=request.user, now=now, reason=form.cleaned_data["reason"])
        return reverse("workorders:invoices") if name == "return" else own

    if form.is_valid():
        done = answered(request, action=f"{name}:{pk}", act=act, back=own, sentence=sentence, form=form)
        if done:
            return done
    return _show(request, invoice, form=form, status=422)


@require_POST
@requires(Act.APPROVE_INVOICE)
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve the bill that the person saw: another sum than shown is too late."""
    invoice = _bill(request, pk)
    if (shown := request.POST.get("revision")) and shown != str(invoice.revision):
        own = reverse("workorders:invoice", args=[pk])
        return too_late(request, NotNow("This invoice was changed while you were looking.", invoice.work_order), own)
    return _decision(request, pk, "approve", invoices.approve, "Invoice approved.")


@require_POST
@requires(Act.APPROVE_INVOICE)
def dispute(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the vendor about it."""
    return _decision(request, pk, "dispute", invoices.dispute, "Invoice disputed. The vendor is told.")


@require_POST
@requires(Act.APPROVE_INVOICE)
def reject(request: HttpRequest, pk: int) -> HttpResponse:
    """Refuse it."""
    return _decision(request, pk, "reject", invoices.reject, "Invoice rejected. The vendor is told.")


@require_POST
@requires(Act.APPROVE_INVOICE)
def give_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Return it to the vendor for correction."""
    return _decision(request, pk, "return", invoices.return_to_vendor, "Returned. The vendor corrects it.")


@require_POST
@requires(Act.APPROVE_INVOICE)
def void(request: HttpRequest, pk: int) -> HttpResponse:
    """End it for good."""
    return _decision(request, pk, "void", invoices.void, "Invoice voided.")


@requires(Act.APPROVE_INVOICE)
def adjust(request: HttpRequest, pk: int) -> HttpResponse:
    """Cut lines; the total can only go down and the vendor sees the difference."""
    now, invoice = timezone.now(), _bill(request, pk)
    own = reverse("workorders:invoice", args=[pk])
    if invoice.state not in WAITING:
        return too_late(
            request, NotNow(f"This invoice is now “{invoice.get_state_display()}”.", invoice.work_order), own
        )
    sent = request.POST if request.method == "POST" else None
    lines = LineFormSet(sent, initial=line_values(invoice.lines.all()), prefix="lines")
    form = DecisionForm(sent)
    trips = list(invoice.work_order.visits.made().filter(vendor_id=invoice.vendor_id).prefetch_related("parts"))

    def act() -> str:
        try:
            invoices.adjust(
                invoice, lines=lines.lines(trips), by=request.user, now=now, reason=form.cleaned_data["reason"]
            )
        except Incomplete as refusal:
            raise Incomplete(lines.place(refusal.faults)) from refusal
        return own

    if sent is not None and all([lines.is_valid(), form.is_valid()]):
        done = answered(request, action=f"adjust:{pk}", act=act, back=own, sentence="Lines adjusted.", form=form)
        if done:
            return done
    context = {
        "now": now, "invoice": invoice, "row": invoice.work_order, "lines": lines, "form": form,
        "fresh_key": fresh_key, "failed": sent is not None,
    }  # fmt: skip
    return render(request, "workorders/money/adjust.html", context, status=422 if sent is not None else 200)


@require_safe
@requires(Act.VIEW_SPEND)
def bill_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The bill on paper."""
    return sheet(request, _bill(request, pk), reverse("workorders:invoice", args=[pk]))
