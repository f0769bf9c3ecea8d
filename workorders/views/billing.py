"""The vendor's bills: drafts made from the visits, corrected, sent, answered. The server adds up, always."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.guards import requires
from accounts.money import cents, percent_of
from accounts.once import fresh_key
from accounts.pages import page_or_partial
from accounts.permissions import Act
from accounts.words import Mark
from vendors.models import Vendor
from vendors.scope import vendor_ids_of
from workorders import invoices
from workorders.findings import WITH_OTHERS
from workorders.forms.money import AnswerForm, LineFormSet, SendForm, TaxForm, line_values
from workorders.invoices import Finding, Severity, Stated
from workorders.models import Invoice, InvoiceState, Visit
from workorders.models.spend import OWED
from workorders.refusals import Incomplete
from workorders.views.answers import answered
from workorders.views.job import find, path_of
from workorders.views.paging import Page, page_of

MARKS = {
    InvoiceState.DRAFT: Mark("Draft", "vendor", "circle-dashed"),
    InvoiceState.SUBMITTED: Mark("Submitted", "us", "send"),
    InvoiceState.IN_REVIEW: Mark("In review", "us", "eye"),
    InvoiceState.DISPUTED: Mark("Disputed", "bad", "message-circle-question-mark"),
    InvoiceState.APPROVED: Mark("Approved", "done", "check"),
    InvoiceState.REJECTED: Mark("Rejected", "bad", "x"),
    InvoiceState.EXPORTED: Mark("Sent to accounting", "done", "upload"),
    InvoiceState.PAID: Mark("Paid", "done", "check-check"),
    InvoiceState.VOID: Mark("Void", "off", "ban"),
}
TABS = {
    "open": ("To do", (InvoiceState.DRAFT, InvoiceState.DISPUTED, InvoiceState.REJECTED)),
    "sent": ("Sent", (InvoiceState.SUBMITTED, InvoiceState.IN_REVIEW)),
    "settled": ("Approved and paid", OWED),
    "all": ("All", tuple(InvoiceState)),
}
SEVERITY_TONES = {"blocks": "bad", "review": "wait", "informs": "off"}
SEVERITY_WORDS = {"blocks": "Cannot be sent", "review": "Will be looked at", "informs": "For your information"}


def mark_of_bill(invoice: Invoice) -> Mark:
    """How a bill stands: label, tone, icon."""
    return MARKS[InvoiceState(invoice.state)]


def said(findings: list[Finding] | list[dict[str, Any]]) -> list[dict[str, str]]:
    """Findings as a page lists them: sentence, how grave in words, tone."""
    rows = [one.as_json() if isinstance(one, Finding) else one for one in findings]
    return [
        {
            "sentence": row["sentence"], "tone": SEVERITY_TONES.get(row["severity"], "off"),
            "severity": SEVERITY_WORDS.get(row["severity"], row["severity"]), "code": row["code"],
        }
        for row in rows
    ]  # fmt: skip


@require_safe
@requires(Act.INVOICE)
def bills(request: HttpRequest) -> HttpResponse:
    """The company's bills by what is to do about them."""
    tab = request.GET.get("show", "open")
    tab = tab if tab in TABS else "open"
    own = Invoice.objects.visible_to(request.user, Act.INVOICE).filter(vendor_id__in=vendor_ids_of(request.user))
    page: Page = page_of(own.filter(state__in=TABS[tab][1]).for_table(), request.GET, keep={"show": tab})
    context = {
        "now": timezone.now(),
        "company": Vendor.objects.visible_to(request.user, Act.INVOICE).first(),
        "page": page,
        "rows": [{"invoice": bill, "row": bill.work_order, "mark": mark_of_bill(bill)} for bill in page.rows],
        "tabs": [{"key": key, "label": label, "is_current": key == tab} for key, (label, _) in TABS.items()],
    }
    return page_or_partial(request, "workorders/money/bills.html", context, partials=("bills",))


def _own_bill(request: HttpRequest, pk: int) -> Invoice:
    own = Invoice.objects.visible_to(request.user, Act.INVOICE).filter(vendor_id__in=vendor_ids_of(request.user))
    return get_object_or_404(
        own.select_related("vendor", "work_order__site__region", "work_order__trade", "work_order__problem_type",
                           "work_order__plan"),
        pk=pk,
    )  # fmt: skip


def _trips(invoice: Invoice) -> list[Visit]:
    """The trips of this vendor that can be billed, with their parts."""
    made = invoice.work_order.visits.made().filter(vendor_id=invoice.vendor_id)
    return list(made.select_related("technician").prefetch_related("parts", "labor").order_by("checked_in_at"))


@require_POST
@requires(Act.INVOICE)
def bill_new(request: HttpRequest, number: str) -> HttpResponse:
    """Draft what can be billed for a job, or open the draft that is there."""
    now, row = timezone.now(), find(request, number, Act.INVOICE)
    vendor = get_object_or_404(
        Vendor.objects.visible_to(request.user, Act.INVOICE), pk__in=vendor_ids_of(request.user, Act.INVOICE)
    )

    def act() -> str:
        invoice = invoices.draft(row, vendor=vendor, now=now, by=request.user)
        if invoice is None:
            raise Incomplete({"": "There is nothing to bill for this job."})
        return reverse("workorders:vendor_invoice", args=[invoice.pk])

    done = answered(request, action=f"bill:{row.pk}", act=act, back=path_of(row))
    if done is None:
        raise AssertionError("A move without a form is always answered.")
    return done


@requires(Act.INVOICE)
def bill(request: HttpRequest, pk: int) -> HttpResponse:
    """One bill: a draft to correct and send, or how it stands since."""
    invoice = _own_bill(request, pk)
    if request.method == "POST":
        return _save_or_send(request, invoice)
    if invoice.state != InvoiceState.DRAFT:
        return _show_sent(request, invoice)
    return _show_draft(request, invoice)


def _show_draft(
    request: HttpRequest, invoice: Invoice, *, lines: Any = None, tax: TaxForm | None = None,
    send: SendForm | None = None, status: int = 200, faults: list[str] | None = None,
) -> HttpResponse:  # fmt: skip
    now = timezone.now()
    today = now.astimezone(zoneinfo.ZoneInfo(invoice.work_order.site.time_zone)).date()
    if lines is None:
        lines = LineFormSet(initial=line_values(invoice.lines.all()), prefix="lines")
    if tax is None:
        tax = TaxForm(initial={"tax_percent": f"{invoice.tax_percent.normalize():f}"})
    if send is None:
        send = SendForm(
            initial={"number": invoice.number, "invoice_on": invoice.invoice_on or today, "total": None,
                     "vendor_note": invoice.vendor_note}
        )  # fmt: skip
    context = {
        "now": now, "invoice": invoice, "row": invoice.work_order, "site": invoice.work_order.site,
        "mark": mark_of_bill(invoice), "lines": lines, "tax": tax, "send": send, "faults": faults or [],
        "failed": status != 200, "fresh_key": fresh_key, "trips": _trips(invoice),
        "findings": told([one for one in invoices.find(invoice, now=now) if one.code != "date_out_of_range"]),
        **_sums(invoice, [(line.quantity, line.unit_amount) for line in invoice.lines.all()], invoice.tax_percent),
    }  # fmt: skip
    return render(request, "workorders/money/bill_draft.html", context, status=status)


def _sums(invoice: Invoice, lines: list[tuple[Decimal, Decimal]], tax_percent: Decimal) -> dict[str, Any]:
    """What a bill of these quantities and prices comes to, and what is then left of the authorization."""
    row = invoice.work_order
    subtotal = sum((cents(quantity * unit) for quantity, unit in lines), Decimal(0))
    tax = percent_of(subtotal, tax_percent)
    owed = sum(
        row.invoices.filter(state__in=OWED, vendor=invoice.vendor_id)
        .exclude(pk=invoice.pk)
        .values_list("subtotal_amount", flat=True),
        Decimal(0),
    )
    limit = _limit_of(invoice)
    return {
        "subtotal_amount": subtotal, "tax_amount": tax, "total_amount": subtotal + tax, "owed_amount": owed,
        "limit_amount": limit, "left_amount": None if limit is None else limit - owed - subtotal,
        "over_amount": max(owed + subtotal - limit, Decimal(0)) if limit is not None else Decimal(0),
        "tax_percent": tax_percent,
    }  # fmt: skip


def _limit_of(invoice: Invoice) -> Decimal | None:
    """The limit as this company knows it; after its time on the job the one under which it was asked."""
    row = invoice.work_order
    if row.vendor_id == invoice.vendor_id:
        return row.authorized_amount
    asked = row.offers.filter(vendor=invoice.vendor_id).order_by("-pk").first()
    return asked.authorized_amount if asked else None


def told(findings: list[Finding] | list[dict[str, Any]]) -> list[dict[str, str]]:
    """Findings as the company itself may read them: how much others bill is nothing that one of them tells."""
    return [one for one in said(findings) if one["sentence"] != WITH_OTHERS]


def _lines_sent(request: HttpRequest) -> tuple[Any, TaxForm]:
    return LineFormSet(request.POST, prefix="lines"), TaxForm(request.POST)


@require_POST
@requires(Act.INVOICE)
def bill_totals(request: HttpRequest, pk: int) -> HttpResponse:
    """What the lines as typed come to; nothing is kept. Lines that are not whole yet do not count."""
    invoice = _own_bill(request, pk)
    lines, tax = _lines_sent(request)
    whole = []
    for form in lines.forms if lines.management_form.is_valid() else []:
        form.is_valid()
        given = getattr(form, "cleaned_data", {})
        quantity, unit = given.get("quantity"), given.get("unit_amount")
        if quantity is not None and unit is not None and not given.get("DELETE"):
            whole.append((quantity, unit))
    percent = tax.cleaned_data["tax_percent"] if tax.is_valid() else invoice.tax_percent
    context = {"invoice": invoice, "row": invoice.work_order, **_sums(invoice, whole, percent)}
    return render(request, "workorders/money/totals.html", context)


def _save_or_send(request: HttpRequest, invoice: Invoice) -> HttpResponse:
    now, trips = timezone.now(), _trips(invoice)
    lines, tax = _lines_sent(request)
    send = SendForm(request.POST)
    if "add" in request.POST:
        return _with_one_more(request, invoice)
    sending = "send" in request.POST
    good = all([lines.is_valid(), tax.is_valid(), send.is_valid() or not sending])
    if not sending:
        send = SendForm(initial={name: request.POST.get(name, "") for name in SendForm.base_fields})
    if not good:
        return _show_draft(request, invoice, lines=lines, tax=tax, send=send, status=422, faults=_row_faults(lines))
    own = reverse("workorders:vendor_invoice", args=[invoice.pk])

    def act() -> str:
        saved = invoices.edit_lines(
            invoice, lines=lines.lines(trips), by=request.user, now=now, tax_percent=tax.cleaned_data["tax_percent"]
        )
        if sending:
            given = send.cleaned_data
            invoices.submit(
                saved, by=request.user, now=now, number=given["number"], invoice_on=given["invoice_on"],
                vendor_note=given["vendor_note"], stated=Stated(given["total"]),
            )  # fmt: skip
        return own

    left: dict[str, str] = {}

    def placed() -> str:
        try:
            return act()
        except Incomplete as refusal:
            left.update(lines.place(refusal.faults))
            raise Incomplete(left) from refusal

    done = answered(
        request, action=f"bill:{invoice.pk}", act=placed, back=own, form=send,
        sentence="Invoice sent." if sending else "Draft saved.",
    )  # fmt: skip
    if done:
        return done
    if not sending:
        send = SendForm(initial={name: request.POST.get(name, "") for name in SendForm.base_fields})
    faults = [*_row_faults(lines), *([] if sending else left.values())]
    return _show_draft(request, invoice, lines=lines, tax=tax, send=send, status=422, faults=faults)


def _row_faults(lines: Any) -> list[str]:
    """Every fault of the lines in a sentence, for the summary on top."""
    return [
        f"Line {number}: {words}"
        for number, form in enumerate(lines.forms, start=1)
        for faults in form.errors.values()
        for words in faults
    ]


def _with_one_more(request: HttpRequest, invoice: Invoice) -> HttpResponse:
    """The same form with an empty line at its end; nothing is saved."""
    typed = request.POST.copy()
    count = typed.get("lines-TOTAL_FORMS", "0")
    number = int(count) if count.isdecimal() and len(count) < 4 else 0
    rows = [
        {name: typed.get(f"lines-{place}-{name}", "") for name in (*LineFormSet.form.base_fields, "DELETE")}
        for place in range(min(number, 199))
    ]
    lines = LineFormSet(initial=[*rows, {"quantity": "1"}], prefix="lines")
    tax = TaxForm(initial={"tax_percent": typed.get("tax_percent", "")})
    send = SendForm(initial={name: typed.get(name, "") for name in SendForm.base_fields})
    return _show_draft(request, invoice, lines=lines, tax=tax, send=send)


def _show_sent(
    request: HttpRequest, invoice: Invoice, *, form: AnswerForm | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "now": timezone.now(), "invoice": invoice, "row": invoice.work_order, "site": invoice.work_order.site,
        "mark": mark_of_bill(invoice), "lines": invoice.lines.all(), "findings": told(invoice.findings),
        "form": form or (AnswerForm() if invoice.state == InvoiceState.DISPUTED else None), "fresh_key": fresh_key,
        "trips": _trips(invoice), "failed": status != 200,
    }  # fmt: skip
    return render(request, "workorders/money/bill_sent.html", context, status=status)


@require_POST
@requires(Act.INVOICE)
def bill_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer a dispute."""
    now, invoice, form = timezone.now(), _own_bill(request, pk), AnswerForm(request.POST)
    own = reverse("workorders:vendor_invoice", args=[pk])

    def act() -> str:
        invoices.answer(invoice, by=request.user, now=now, note=form.cleaned_data["note"])
        return own

    if form.is_valid():
        done = answered(request, action=f"answer:{pk}", act=act, back=own, sentence="Answer sent.", form=form)
        if done:
            return done
    return _show_sent(request, invoice, form=form, status=422)


@require_POST
@requires(Act.INVOICE)
def bill_take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct a bill that was rejected."""
    now, invoice = timezone.now(), _own_bill(request, pk)
    own = reverse("workorders:vendor_invoice", args=[pk])

    def act() -> str:
        invoices.take_back(invoice, by=request.user, now=now)
        return own

    done = answered(request, action=f"take_back:{pk}", act=act, back=own, sentence="Correct it and send it again.")
    if done is None:
        raise AssertionError("A move without a form is always answered.")
    return done


@require_safe
@requires(Act.INVOICE)
def bill_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The company's bill on paper."""
    own = _own_bill(request, pk)
    return sheet(request, own, reverse("workorders:vendor_invoice", args=[pk]), {"limit_amount": _limit_of(own)})


def sheet(request: HttpRequest, invoice: Invoice, back: str, more: Mapping[str, Any] | None = None) -> HttpResponse:
    """A bill on paper, whoever prints it: parties, lines, sums, and the proof of presence."""
    context = {
        "now": timezone.now(), "invoice": invoice, "row": invoice.work_order, "site": invoice.work_order.site,
        "vendor": invoice.vendor, "lines": invoice.lines.all(), "trips": _trips(invoice), "back_url": back,
        "limit_amount": invoice.work_order.authorized_amount,
        **(more or {}),
    }  # fmt: skip
    return render(request, "workorders/money/sheet.html", context)


__all__ = [
    "Severity", "bill", "bill_answer", "bill_new", "bill_sheet", "bill_take_back", "bill_totals", "bills",
    "mark_of_bill", "said", "sheet",
]  # fmt: skip
