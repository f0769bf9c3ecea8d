"""When our own crews work: a week for the crew and for each of its people, and the days that are otherwise."""

from __future__ import annotations

from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.guards import requires
from accounts.pages import moved
from accounts.permissions import Act
from accounts.views.editing import edit, sent
from assets.forms import HoursForm
from vendors import shifts as rules
from vendors.crew_forms import DayForm
from vendors.models import ShiftException, Vendor


def _find(request: HttpRequest, code: str) -> Vendor:
    return get_object_or_404(Vendor.objects.visible_to(request.user, Act.MANAGE_VENDORS), code__iexact=code)


def _trail(found: Vendor) -> tuple[list[tuple[str, str]], str]:
    people = resolve_url("vendors:vendor_people", found.code)
    return [("Vendors", resolve_url("vendors:vendors")), (found.name, people)], people


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_VENDORS)
def week(request: HttpRequest, code: str, pk: int | None = None) -> HttpResponse:
    """The weekly shifts of the crew, or of one of its technicians."""
    found = _find(request, code)
    who = get_object_or_404(rules.technicians(found, now=timezone.now()), pk=pk) if pk else None
    rows = found.shifts.filter(technician=who).order_by("weekday", "starts_minute")
    crumbs, back = _trail(found)
    return edit(
        request,
        HoursForm(sent(request), rows=rows.annotate(opens_minute=F("starts_minute"), closes_minute=F("ends_minute"))),
        lambda form: rules.set_shifts(
            vendor=found, technician=who, openings=form.openings, by=request.user, now=timezone.now()
        ),
        heading=f"Shifts of {who.name}" if who else "Shifts of the crew", crumbs=crumbs, back=back,
        said="The shifts are set.",
        note="Like 08:00\N{EN DASH}16:30, nothing on a day off, by the crew's own clock. "
        + ("Without any hours the crew's shifts count." if who else "They count for everybody without own hours."),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_VENDORS)
def day(request: HttpRequest, code: str) -> HttpResponse:
    """A day on which the crew, or one of it, is off or works other hours."""
    found = _find(request, code)
    crumbs, back = _trail(found)
    row = ShiftException(vendor=found)
    return edit(
        request, DayForm(sent(request), crew=rules.technicians(found, now=timezone.now())),
        lambda form: rules.keep_exception(exception=row, by=request.user, now=timezone.now(), **form.facts),
        heading="Day off or other hours", crumbs=crumbs, back=back, said="The day is entered.", action="Add day",
        note="What is said of a person goes before what is said of the whole crew.",
    )  # fmt: skip


@require_POST
@requires(Act.MANAGE_VENDORS)
def day_remove(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """The usual shift counts again on that day."""
    found = _find(request, code)
    row = get_object_or_404(found.shift_exceptions, pk=pk)
    rules.remove_exception(exception=row, by=request.user, now=timezone.now())
    return moved(request, _trail(found)[1], "Removed. The usual shift counts.")
