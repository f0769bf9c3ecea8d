"""A vendor's page about itself: how to reach it, its papers, rates, coverage, people and score."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts import files
from accounts.guards import requires
from accounts.models import Membership, User
from accounts.once import FIELD, KeyRefused, fresh_key, once
from accounts.pages import moved
from accounts.people import AlreadyHere, NotForOneself, NotHeld
from accounts.permissions import Act
from accounts.together import together
from accounts.words import Mark
from vendors import compliance, staffing
from vendors.forms import CompanyForm, DocumentForm, HireForm, RatesForm
from vendors.models import ComplianceDocument, DocumentState, Vendor
from vendors.profile import OWN, ask_for_rates, correct
from vendors.renewals import renewals
from vendors.scope import vendor_ids_of

WINDOW_DAYS = 90
DOCUMENT_MARKS = {
    DocumentState.PENDING: Mark("Waits for review", "us", "eye"),
    DocumentState.VERIFIED: Mark("Verified", "done", "shield-check"),
    DocumentState.REJECTED: Mark("Rejected", "bad", "x"),
    DocumentState.EXPIRED: Mark("Expired", "bad", "shield-alert"),
}
NO = (compliance.NotYours, staffing.NotYourCompany, NotForOneself)


def _company(request: HttpRequest) -> Vendor:
    """The company whose people the person may speak for, else 404."""
    own = Vendor.objects.visible_to(request.user, Act.VIEW_OWN_VENDOR).with_standing(WINDOW_DAYS)
    return get_object_or_404(own, pk=min(vendor_ids_of(request.user, Act.VIEW_OWN_VENDOR), default=0))


@require_safe
@requires(Act.VIEW_OWN_VENDOR)
def company(request: HttpRequest) -> HttpResponse:
    """Everything a company sees of itself."""
    return _show(request, _company(request))


def _show(
    request: HttpRequest, vendor: Vendor, *, forms: Mapping[str, BaseForm] | None = None, status: int = 200
) -> HttpResponse:
    now, refused = timezone.now(), dict(forms or {})
    today = now.astimezone(zoneinfo.ZoneInfo(vendor.time_zone)).date()
    documents = ComplianceDocument.objects.visible_to(request.user).filter(vendor=vendor).for_table()
    documents = documents.order_by("kind", "-ends_on", "-pk")
    cards = vendor.rate_cards.select_related("trade")
    coverage = vendor.coverage.select_related("trade", "region", "site").order_by("trade__name", "pk")
    people = staffing.staff_of([vendor.pk], now=now)
    scores = vendor.scorecards.filter(window_days=WINDOW_DAYS).select_related("trade").order_by("-jobs")
    together(documents, cards, coverage, people, scores)
    context: dict[str, Any] = {
        "now": now,
        "company": vendor,
        "renewals": renewals(vendor.papers, today=today),
        "documents": [{"document": one, "mark": DOCUMENT_MARKS[DocumentState(one.state)]} for one in documents],
        "cards": [card for card in cards if not card.ends_on or card.ends_on > today],
        "coverage": coverage,
        "people": people,
        "scores": [(card, round(card.told)) for card in scores],
        "window_days": WINDOW_DAYS,
        "company_form": refused.get("company_form") or CompanyForm(instance=vendor, auto_id="company-%s"),
        "document_form": refused.get("document_form")
        or DocumentForm(by=request.user, vendor=vendor, auto_id="paper-%s"),
        "hire_form": refused.get("hire_form") or HireForm(auto_id="hire-%s"),
        "rates_form": refused.get("rates_form") or RatesForm(auto_id="rates-%s"),
        "failed": bool(refused),
        "fresh_key": fresh_key,
        "me": request.user,
        **refused,
    }
    return render(request, "vendors/company.html", context, status=status)


def _answered(
    request: HttpRequest, vendor: Vendor, form: BaseForm | None, name: str, *, action: str, act: Callable[[], Any],
    anchor: str, sentence: str, faults_at: str = "",
) -> HttpResponse:  # fmt: skip
    """Run `act` once and go back to its part of the page; with faults the page comes again with 422."""
    own = f"{reverse('vendors:company')}#{anchor}"

    def run() -> str:
        act()
        return own

    try:
        if form is None or form.is_valid():
            to = once(key=request.POST.get(FIELD, ""), by=request.user, action=action, now=timezone.now(), act=run)
            return moved(request, to, sentence)
    except NO as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except compliance.Faulty as refusal:
        faults = refusal.faults
    except files.Refused as refusal:
        faults = {"file": str(refusal)}
    except (AlreadyHere, KeyRefused) as refusal:
        faults = {faults_at: str(refusal)}
    except NotHeld as refusal:
        return render(request, "409.html", {"sentence": str(refusal), "back_url": own}, status=409)
    else:
        faults = {}
    if form is None:
        return render(request, "422.html", {"faults": list(faults.values()), "back_url": own}, status=422)
    for field, words in faults.items():
        form.add_error(field if field in form.fields else None, words)
    return _show(request, vendor, forms={name: form}, status=422)


@require_POST
@requires(Act.MANAGE_OWN_VENDOR)
def profile(request: HttpRequest) -> HttpResponse:
    """Correct how to reach the company."""
    now, vendor = timezone.now(), _company(request)
    form = CompanyForm(request.POST, instance=_company(request), auto_id="company-%s")

    def act() -> None:
        correct(vendor=vendor, by=request.user, now=now, **{name: form.cleaned_data[name] for name in OWN})

    return _answered(
        request, vendor, form, "company_form", action=f"company:{vendor.pk}", act=act, anchor="profile",
        sentence="Saved.",
    )  # fmt: skip


@require_POST
@requires(Act.MANAGE_OWN_VENDOR)
def rates_ask(request: HttpRequest) -> HttpResponse:
    """Ask facilities for other rates."""
    now, vendor, form = timezone.now(), _company(request), RatesForm(request.POST, auto_id="rates-%s")

    def act() -> None:
        ask_for_rates(vendor=vendor, by=request.user, now=now, words=form.cleaned_data["words"])

    return _answered(
        request, vendor, form, "rates_form", action=f"rates:{vendor.pk}", act=act, anchor="rates",
        sentence="Sent. The rates stay as they are until facilities has agreed.",
    )  # fmt: skip


@require_POST
@requires(Act.MANAGE_OWN_VENDOR)
def document_upload(request: HttpRequest) -> HttpResponse:
    """Hand in a paper for review."""
    now, vendor = timezone.now(), _company(request)
    form = DocumentForm(request.POST, request.FILES, by=request.user, vendor=vendor, auto_id="paper-%s")

    def act() -> None:
        compliance.upload(vendor=vendor, by=request.user, now=now, **form.cleaned_data)

    return _answered(
        request, vendor, form, "document_form", action=f"document:{vendor.pk}", act=act, anchor="documents",
        sentence="Sent. It counts as soon as facilities has checked it.",
    )  # fmt: skip


@require_safe
@requires(Act.VIEW_OWN_VENDOR)
def document_file(request: HttpRequest, pk: int) -> FileResponse:
    """The paper itself, for the company that handed it in."""
    own = ComplianceDocument.objects.visible_to(request.user).filter(vendor_id__in=vendor_ids_of(request.user))
    document = get_object_or_404(own.select_related("file"), pk=pk)
    if document.file is None:
        raise Http404
    return files.serve(document.file)


@require_POST
@requires(Act.MANAGE_OWN_VENDOR)
def hire(request: HttpRequest) -> HttpResponse:
    """Invite somebody to work for the company here."""
    now, vendor, form = timezone.now(), _company(request), HireForm(request.POST, auto_id="hire-%s")

    def act() -> User:
        return staffing.hire(vendor=vendor, by=request.user, now=now, **form.cleaned_data)

    return _answered(
        request, vendor, form, "hire_form", action=f"hire:{vendor.pk}", act=act, anchor="people",
        sentence="Invited. The link is in the mail.", faults_at="email",
    )  # fmt: skip


@require_POST
@requires(Act.MANAGE_OWN_VENDOR)
def dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """End somebody's role at the company: its jobs are out of their sight from now on."""
    now, vendor = timezone.now(), _company(request)
    membership = _held(vendor, pk, now)

    def act() -> None:
        staffing.dismiss(membership=membership, by=request.user, now=now)

    return _answered(
        request, vendor, None, "", action=f"dismiss:{pk}", act=act, anchor="people",
        sentence=f"{membership.user.name} no longer works for you here.",
    )  # fmt: skip


def _held(vendor: Vendor, pk: int, now: Any) -> Membership:
    """One of the roles held at the company; 404 for any other."""
    found = next((one for one in staffing.staff_of([vendor.pk], now=now) if one.pk == pk), None)
    if found is None:
        raise Http404
    return found
