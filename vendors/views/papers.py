"""Compliance at the desk: papers by their end, who is barred by them, and reviewing what was handed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts import files
from accounts.changes import Faulty as FaultyFacts
from accounts.changes import NotAllowed
from accounts.guards import requires
from accounts.pages import page_or_partial
from accounts.paging import page_of
from accounts.permissions import Act, may
from accounts.views.editing import edit, sent
from accounts.words import Mark
from vendors import compliance as rules
from vendors.filters import PaperFilter
from vendors.models import ComplianceDocument, DocumentState, Standing, Vendor
from vendors.renewals import Renewal, over_since, renewals
from vendors.roster_forms import PaperForm

MARKS = {
    DocumentState.PENDING: Mark("Waiting for review", "us", "clock"),
    DocumentState.VERIFIED: Mark("Verified", "done", "shield-check"),
    DocumentState.REJECTED: Mark("Rejected", "bad", "ban"),
    DocumentState.EXPIRED: Mark("Expired", "bad", "circle-alert"),
}
WAITING_SHOWN = 50
LAPSED_SHOWN = 100


@require_safe
@requires(Act.VIEW_VENDORS)
def compliance(request: HttpRequest) -> HttpResponse:
    """What waits for review, who has a paper that is over, and every paper with the nearest end first."""
    now, today = timezone.now(), timezone.localdate()
    papers = ComplianceDocument.objects.visible_to(request.user, Act.VIEW_VENDORS).for_table()
    chosen = PaperFilter(request.GET, papers.filter(ends_on__isnull=False), request=request)
    page = page_of(chosen.qs, by="ends_on", asked=request.GET)
    pending = papers.waiting()[:WAITING_SHOWN]
    context = {
        "filter": chosen,
        "page": page,
        "lines": [(paper, MARKS[paper.state], (paper.ends_on - today).days) for paper in page.rows],
        "pending_papers": pending,
        "waiting": len(pending),
        "pending": MARKS[DocumentState.PENDING],
        "lapsed": _lapsed(request, today),
        "filtered": any(request.GET.get(name) for name in chosen.filters),
        "may_verify": may(request.user, Act.VERIFY_DOCUMENTS),
        "tab": "papers",
        "now": now,
    }
    return page_or_partial(request, "vendors/compliance.html", context, partials=("paper-results",))


def _lapsed(request: HttpRequest, today: date) -> list[tuple[Vendor, list[Renewal]]]:
    """Vendors with a paper that is over and has none in its place, by name."""
    everybody = Vendor.objects.visible_to(request.user, Act.VIEW_VENDORS).exclude(standing=Standing.RETIRED)
    ended = everybody.filter(pk__in=over_since(today)).with_standing(90).order_by("name", "pk")[:LAPSED_SHOWN]
    return [(row, [one for one in renewals(row.papers, today=today) if one.is_over]) for row in ended]


def find(request: HttpRequest, pk: int, act: Act) -> ComplianceDocument:
    return get_object_or_404(ComplianceDocument.objects.visible_to(request.user, act).for_table(), pk=pk)


@require_safe
@requires(Act.VIEW_VENDORS)
def paper_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The paper itself; `?look` shows a PDF inside a page."""
    found = find(request, pk, Act.VIEW_VENDORS)
    if found.file is None:
        raise Http404
    return files.serve(found.file, look="look" in request.GET)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.VERIFY_DOCUMENTS)
def paper_new(request: HttpRequest, code: str) -> HttpResponse:
    """Hand in a paper for a vendor that sent it another way."""
    vendor = get_object_or_404(Vendor.objects.visible_to(request.user, Act.VERIFY_DOCUMENTS), code__iexact=code)
    back = resolve_url("vendors:vendor_documents", vendor.code)
    form = PaperForm(sent(request), request.FILES or None, by=request.user)
    return edit(
        request, form,
        lambda form: kept(
            lambda: rules.upload(vendor=vendor, by=request.user, now=timezone.now(), **form.cleaned_data)
        ),
        heading="Hand in a paper", crumbs=[("Vendors", resolve_url("vendors:vendors")), (vendor.name, back)],
        back=back, said="It waits for somebody else's review.", action="Hand in",
        note="For a paper that came by mail. Whoever hands it in does not review it.",
    )  # fmt: skip


def kept(act: Callable[[], object]) -> object:
    """Run a rule of papers; its refusals in the words that a form page knows."""
    try:
        return act()
    except rules.Faulty as refusal:
        raise FaultyFacts(refusal.faults) from refusal
    except rules.NotYours as refusal:
        raise NotAllowed(str(refusal)) from refusal
