"""Compliance at the desk: papers by their end, who is barred by them, and reviewing what was handed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import files
from accounts.changes import Faulty as FaultyFacts
from accounts.changes import NotAllowed
from accounts.guards import requires
from accounts.pages import moved, page_or_partial, too_late
from accounts.paging import page_of
from accounts.permissions import Act, may
from accounts.views.editing import edit, sent
from accounts.words import Mark
from vendors import compliance as rules
from vendors.filters import PaperFilter
from vendors.models import ComplianceDocument, DocumentState, Standing, Vendor
from vendors.renewals import renewals
from vendors.roster_forms import PaperForm, ReasonForm

MARKS = {
    DocumentState.PENDING: Mark("Waiting for review", "us", "clock"),
    DocumentState.VERIFIED: Mark("Verified", "done", "shield-check"),
    DocumentState.REJECTED: Mark("Rejected", "bad", "ban"),
    DocumentState.EXPIRED: Mark("Expired", "bad", "circle-alert"),
}
WAITING_SHOWN = 50
SOON = timedelta(days=60)


@require_safe
@requires(Act.VIEW_VENDORS)
def compliance(request: HttpRequest) -> HttpResponse:
    """What waits for review, who has a paper that is over, and every paper with the nearest end first."""
    now, today = timezone.now(), timezone.localdate()
    papers = ComplianceDocument.objects.visible_to(request.user, Act.VIEW_VENDORS).for_table()
    chosen = PaperFilter(request.GET, papers.filter(ends_on__isnull=False), request=request)
    page = page_of(chosen.qs, by="ends_on", asked=request.GET)
    everybody = Vendor.objects.visible_to(request.user, Act.VIEW_VENDORS).exclude(standing=Standing.RETIRED)
    lapsed = [
        (vendor, over)
        for vendor in everybody.with_standing(90).order_by("name")
        if (over := [one for one in renewals(vendor.papers, today=today) if one.is_over])
    ]
    context = {
        "filter": chosen,
        "page": page,
        "lines": [(paper, MARKS[paper.state], (paper.ends_on - today).days) for paper in page.rows],
        "waiting": papers.filter(state=DocumentState.PENDING).order_by("uploaded_at")[:WAITING_SHOWN],
        "pending": MARKS[DocumentState.PENDING],
        "lapsed": lapsed,
        "filtered": any(request.GET.get(name) for name in chosen.filters),
        "may_verify": may(request.user, Act.VERIFY_DOCUMENTS),
        "now": now,
    }
    return page_or_partial(request, "vendors/compliance.html", context, partials=("paper-results",))


def _find(request: HttpRequest, pk: int, act: Act) -> ComplianceDocument:
    return get_object_or_404(ComplianceDocument.objects.visible_to(request.user, act).for_table(), pk=pk)


@require_safe
@requires(Act.VIEW_VENDORS)
def paper_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The paper itself."""
    found = _find(request, pk, Act.VIEW_VENDORS)
    return files.serve(found.file)


@require_POST
@requires(Act.VERIFY_DOCUMENTS)
def verify(request: HttpRequest, pk: int) -> HttpResponse:
    found = _find(request, pk, Act.VERIFY_DOCUMENTS)
    back = resolve_url("vendors:compliance")
    try:
        rules.verify(found, by=request.user, now=timezone.now())
    except rules.NotYours as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except (rules.NotWaiting, rules.Faulty) as refusal:
        return too_late(request, str(refusal), back)
    return moved(request, back, f"{found.get_kind_display()} of {found.vendor.name} is verified.")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.VERIFY_DOCUMENTS)
def reject(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a paper back with the reason."""
    found = _find(request, pk, Act.VERIFY_DOCUMENTS)
    back = resolve_url("vendors:compliance")
    if request.method != "POST" and found.state != DocumentState.PENDING:
        return too_late(request, f"This paper is already “{found.get_state_display().lower()}”.", back)
    try:
        return edit(
            request, ReasonForm(sent(request)),
            lambda form: _kept(lambda: rules.reject(found, by=request.user, now=timezone.now(), **form.cleaned_data)),
            heading=f"Reject {found.get_kind_display().lower()} of {found.vendor.name}",
            crumbs=[("Compliance", back)], back=back, action="Reject paper", said="Rejected. The vendor reads why.",
        )  # fmt: skip
    except rules.NotWaiting as refusal:
        return too_late(request, str(refusal), back)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.VERIFY_DOCUMENTS)
def paper_new(request: HttpRequest, code: str) -> HttpResponse:
    """Hand in a paper for a vendor that sent it another way."""
    vendor = get_object_or_404(Vendor.objects.visible_to(request.user, Act.VERIFY_DOCUMENTS), code__iexact=code)
    back = resolve_url("vendors:vendor_documents", vendor.code)
    form = PaperForm(sent(request), request.FILES or None, by=request.user)
    return edit(
        request, form,
        lambda form: _kept(
            lambda: rules.upload(vendor=vendor, by=request.user, now=timezone.now(), **form.cleaned_data)
        ),
        heading="Hand in a paper", crumbs=[("Vendors", resolve_url("vendors:vendors")), (vendor.name, back)],
        back=back, said="It waits for somebody else's review.", action="Hand in",
        note="For a paper that came by mail. Whoever hands it in does not review it.",
    )  # fmt: skip


def _kept(act: Callable[[], object]) -> object:
    """Run a rule of papers; its refusals in the words that a form page knows."""
    try:
        return act()
    except rules.Faulty as refusal:
        raise FaultyFacts(refusal.faults) from refusal
    except rules.NotYours as refusal:
        raise NotAllowed(str(refusal)) from refusal
