"""Vendors at the desk: the list, and changing what is kept of one; its own pages are in `record`."""

from __future__ import annotations

from copy import copy

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import requires
from accounts.pages import moved, page_or_partial
from accounts.paging import page_of
from accounts.permissions import Act, may
from accounts.views.editing import edit, sent
from accounts.words import Mark
from assets.forms import HoursForm
from vendors import roster as rules
from vendors.filters import VendorFilter
from vendors.models import Contact, Coverage, NegotiatedTarget, Onboarding, RateCard, Standing, Vendor
from vendors.renewals import renewals
from vendors.roster_forms import (
    ContactForm,
    CoverageForm,
    RateCardForm,
    ReasonForm,
    StandingForm,
    TargetForm,
    TradesForm,
    VendorForm,
)

WINDOW_DAYS = 90
MOST_WAITING = 20
MARKS = {
    Standing.PROSPECT: Mark("Prospect", "off", "circle-dashed"),
    Standing.TRIAL: Mark("Trial", "wait", "flask-conical"),
    Standing.APPROVED: Mark("Approved", "done", "circle-check"),
    Standing.PREFERRED: Mark("Preferred", "done", "check-check"),
    Standing.SUSPENDED: Mark("Suspended", "bad", "lock"),
    Standing.RETIRED: Mark("Retired", "off", "archive"),
}
BARRED = Mark("Do not dispatch", "bad", "ban")


def mark_of(vendor: Vendor) -> Mark:
    """Where a vendor stands; being barred is said first."""
    return BARRED if vendor.do_not_dispatch_since_at else MARKS[Standing(vendor.standing)]


@require_safe
@requires(Act.VIEW_VENDORS)
def vendors(request: HttpRequest) -> HttpResponse:
    """Every vendor by name, with its score and whether its papers hold."""
    today = timezone.localdate()
    everybody = Vendor.objects.visible_to(request.user, Act.VIEW_VENDORS).with_standing(WINDOW_DAYS).for_table()
    chosen = VendorFilter(request.GET, everybody, request=request)
    page = page_of(chosen.qs, by="name", asked=request.GET)
    lines = [
        {
            "vendor": row,
            "mark": mark_of(row),
            "points": None if row.score is None else round(row.score),
            "renewals": renewals(row.papers, today=today),
        }
        for row in page.rows
    ]
    context = {
        "filter": chosen,
        "page": page,
        "lines": lines,
        "window_days": WINDOW_DAYS,
        "filtered": any(request.GET.get(name) for name in chosen.filters),
        "may_manage": may(request.user, Act.MANAGE_VENDORS),
        "waiting": _waiting(request),
    }
    return page_or_partial(request, "vendors/vendors.html", context, partials=("vendor-results",))


def _waiting(request: HttpRequest) -> list[Onboarding]:
    """Companies that have introduced themselves and wait for a decision, the longest waiting first."""
    if not may(request.user, Act.MANAGE_VENDORS):
        return []
    rows = Onboarding.objects.visible_to(request.user, Act.MANAGE_VENDORS).waiting().select_related("vendor")
    return list(rows.order_by("submitted_at")[:MOST_WAITING])


def _find(request: HttpRequest, code: str) -> Vendor:
    return get_object_or_404(Vendor.objects.visible_to(request.user, Act.MANAGE_VENDORS), code__iexact=code)


def _page(found: Vendor, tab: str = "vendor") -> str:
    return resolve_url(f"vendors:{tab}", found.code)


def _trail(found: Vendor) -> list[tuple[str, str]]:
    return [("Vendors", resolve_url("vendors:vendors")), (found.name, _page(found))]


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_VENDORS)
def vendor_new(request: HttpRequest) -> HttpResponse:
    made = Vendor()
    return edit(
        request, VendorForm(sent(request), instance=Vendor()),
        lambda form: rules.keep_vendor(vendor=made, by=request.user, now=timezone.now(), **form.facts()),
        heading="New vendor", crumbs=[("Vendors", resolve_url("vendors:vendors"))], back=lambda: _page(made),
        said="The vendor is entered as a prospect.", action="Add vendor",
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_VENDORS)
def vendor_edit(request: HttpRequest, code: str) -> HttpResponse:
    found = _find(request, code)
    form = VendorForm(sent(request), instance=copy(found))
    return edit(
        request, form,
        lambda form: rules.keep_vendor(vendor=found, by=request.user, now=timezone.now(), **form.facts()),
        heading=f"Edit {found.name}", crumbs=_trail(found), said="Saved.",
        back=lambda: resolve_url("vendors:vendor", form.cleaned_data["code"]),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_VENDORS)
def standing(request: HttpRequest, code: str) -> HttpResponse:
    found = _find(request, code)
    return edit(
        request, StandingForm(sent(request), initial={"standing": found.standing}),
        lambda form: rules.set_standing(vendor=found, by=request.user, now=timezone.now(), **form.cleaned_data),
        heading="Standing", crumbs=_trail(found), back=_page(found), said="The standing is set.",
        note="Jobs are offered to vendors on trial, approved and preferred.",
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_VENDORS)
def bar(request: HttpRequest, code: str) -> HttpResponse:
    found = _find(request, code)
    return edit(
        request, ReasonForm(sent(request)),
        lambda form: rules.bar(vendor=found, by=request.user, now=timezone.now(), **form.cleaned_data),
        heading="Do not dispatch", crumbs=_trail(found), back=_page(found), action="Do not dispatch",
        said=f"{found.name} is sent nowhere from now on.",
        note="The vendor gets no more offers. Jobs that it has stay until somebody takes them back.",
    )  # fmt: skip


@require_POST
@requires(Act.MANAGE_VENDORS)
def let_in(request: HttpRequest, code: str) -> HttpResponse:
    found = _find(request, code)
    rules.let_in(vendor=found, by=request.user, now=timezone.now())
    return moved(request, _page(found), f"{found.name} may be sent again.")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_VENDORS)
def trades(request: HttpRequest, code: str) -> HttpResponse:
    found = _find(request, code)
    held = list(found.trades.values_list("trade_id", flat=True))
    return edit(
        request, TradesForm(sent(request), by=request.user, initial={"trades": held}),
        lambda form: rules.set_trades(vendor=found, by=request.user, now=timezone.now(), **form.cleaned_data),
        heading="Trades", crumbs=_trail(found), back=_page(found), said="Saved.",
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_VENDORS)
def vendor_hours(request: HttpRequest, code: str) -> HttpResponse:
    found = _find(request, code)
    form = HoursForm(sent(request), rows=found.hours.order_by("weekday", "opens_minute"))
    return edit(
        request, form,
        lambda form: rules.set_hours(vendor=found, openings=form.openings, by=request.user, now=timezone.now()),
        heading="Office hours", crumbs=_trail(found), back=_page(found), said="The hours are set.",
        note="Like 08:00\N{EN DASH}17:00, nothing where it is closed, by the vendor's own clock.",
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_VENDORS)
def contact(request: HttpRequest, code: str, pk: int | None = None) -> HttpResponse:
    found = _find(request, code)
    row = get_object_or_404(found.contacts, pk=pk) if pk else Contact(vendor=found)
    return edit(
        request, ContactForm(sent(request), instance=copy(row)),
        lambda form: rules.keep_contact(contact=row, by=request.user, now=timezone.now(), **form.cleaned_data),
        heading="Contact", crumbs=_trail(found), back=_page(found, "vendor_people"), said="Saved.",
    )  # fmt: skip


def _asked_for(request: HttpRequest) -> dict[str, str]:
    """What a page that leads here has filled in already."""
    return {name: request.GET[name] for name in ("trade", "site") if name in request.GET}


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_VENDORS)
def coverage(request: HttpRequest, code: str, pk: int | None = None) -> HttpResponse:
    found = _find(request, code)
    row = get_object_or_404(found.coverage, pk=pk) if pk else Coverage(vendor=found)
    return edit(
        request, CoverageForm(sent(request), instance=copy(row), by=request.user, initial=_asked_for(request)),
        lambda form: rules.keep_coverage(coverage=row, by=request.user, now=timezone.now(), **form.cleaned_data),
        heading="Coverage", crumbs=_trail(found), back=_page(found, "vendor_coverage"), said="Saved.",
        note="Choose a region, a site or a radius around the vendor's base.",
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_VENDORS)
def rate_card(request: HttpRequest, code: str, pk: int | None = None) -> HttpResponse:
    found = _find(request, code)
    row = get_object_or_404(found.rate_cards, pk=pk) if pk else RateCard(vendor=found, currency=found.currency)
    return edit(
        request, RateCardForm(sent(request), instance=copy(row), by=request.user, initial=_asked_for(request)),
        lambda form: rules.keep_rate_card(card=row, by=request.user, now=timezone.now(), **form.cleaned_data),
        heading="Rates", crumbs=_trail(found), back=_page(found, "vendor_rates"), said="The rates are set.",
        note="New rates: end the old ones on the day that the new ones begin. Bills of earlier work keep theirs.",
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_VENDORS)
def target(request: HttpRequest, code: str, pk: int | None = None) -> HttpResponse:
    found = _find(request, code)
    row = get_object_or_404(found.targets, pk=pk) if pk else NegotiatedTarget(vendor=found)
    return edit(
        request, TargetForm(sent(request), instance=copy(row), by=request.user),
        lambda form: rules.keep_target(target=row, by=request.user, now=timezone.now(), **form.cleaned_data),
        heading="Agreed times", crumbs=_trail(found), back=_page(found, "vendor_rates"), said="Saved.",
    )  # fmt: skip


@require_POST
@requires(Act.MANAGE_VENDORS)
def part_remove(request: HttpRequest, code: str, kind: str, pk: int) -> HttpResponse:
    """Take out a contact, a place of the coverage or an agreed time."""
    found = _find(request, code)
    rows = {"contacts": found.contacts, "coverage": found.coverage, "targets": found.targets}[kind]
    rules.remove_part(part=get_object_or_404(rows, pk=pk), by=request.user, now=timezone.now())
    tabs = {"contacts": "vendor_people", "coverage": "vendor_coverage", "targets": "vendor_rates"}
    return moved(request, _page(found, tabs[kind]), "Removed.")
