"""Settings: thresholds with their versions, and the lists that the work chooses from."""

from __future__ import annotations

from copy import copy
from itertools import groupby
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.changes import Faulty
from accounts.guards import requires
from accounts.models.setting import Setting
from accounts.once import FIELD, KeyRefused, fresh_key, once
from accounts.pages import moved, page_or_partial, too_late
from accounts.permissions import Act
from accounts.thresholds import OutOfBounds, Threshold, values_of
from accounts.versions import versions_of
from accounts.views.editing import edit, sent
from config.catalogs import CATALOGS, Catalog, retire
from config.forms import SheetForm, ThresholdForm
from config.sheets import SHEETS, as_csv, take_in
from config.thresholds import every_threshold
from config.vendor_sheets import VENDOR_SHEETS

GROUPS = {
    "dispatch": "Dispatch",
    "files": "Files",
    "invitation": "People",
    "invoices": "Invoices",
    "merge": "Screening",
    "findings": "Invoices",
    "offers": "Offers",
    "operations": "Operations",
    "outbound": "Operations",
    "position": "Check-in",
    "scan": "Labels",
    "scorecard": "Scorecard",
    "screening": "Screening",
    "silence": "Confirmation by the store",
    "visits": "Visits",
}
VERSIONS = 20
LISTS = SHEETS | VENDOR_SHEETS
"""Every list that goes out and comes in as a file."""


@require_safe
@requires(Act.MANAGE_SETTINGS)
def index(request: HttpRequest) -> HttpResponse:
    by_site = [SHEETS[name] for name in ("areas", "responsibilities")]
    by_vendor = [kind for name, kind in VENDOR_SHEETS.items() if name not in CATALOGS]
    context = {
        "catalogs": list(CATALOGS.items()),
        "by_site": by_site,
        "by_vendor": by_vendor,
        "count": len(every_threshold()),
    }
    return page_or_partial(request, "config/settings.html", context)


@require_safe
@requires(Act.MANAGE_SETTINGS)
def thresholds(request: HttpRequest) -> HttpResponse:
    """Every threshold by its group: its value, and who set it when."""
    known = every_threshold()
    values = values_of(*known.values())
    newest = Setting.objects.order_by("name", "-pk").distinct("name").select_related("changed_by")
    set_by = {row.name: row for row in newest}
    lines = sorted(
        (
            {"threshold": one, "value": _said(values[name]), "set": set_by.get(name), "group": _group(name)}
            for name, one in known.items()
        ),
        key=lambda line: (line["group"], line["threshold"].label),
    )
    groups = [(label, list(rows)) for label, rows in groupby(lines, key=lambda line: line["group"])]
    return page_or_partial(request, "config/thresholds.html", {"groups": groups})


def _group(name: str) -> str:
    prefix = name.partition(".")[0]
    return GROUPS.get(prefix, prefix.replace("_", " ").capitalize())


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return f"{value:f}" if hasattr(value, "as_tuple") else str(value)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_SETTINGS)
def threshold(request: HttpRequest, name: str) -> HttpResponse:
    """One threshold, changed, with what it was before."""
    found = every_threshold().get(name)
    if found is None:
        raise Http404

    def keep(form: forms.BaseForm) -> None:
        try:
            found.change(value=form.cleaned_data["value"], by=request.user, now=timezone.now())
        except OutOfBounds as refusal:
            raise Faulty({"value": str(refusal)}) from refusal

    back = resolve_url("config:thresholds")
    return edit(
        request, ThresholdForm(sent(request), threshold=found), keep, heading=found.label,
        crumbs=[("Settings", resolve_url("config:settings")), ("Thresholds", back)], back=back,
        said=f"“{found.label}” is set.", template="config/threshold.html", extra=_versions(found),
    )  # fmt: skip


def _versions(found: Threshold) -> dict[str, Any]:
    return {"versions": [(row, _said(row.value)) for row in found.versions()[:VERSIONS]], "threshold": found}


# The lists


def _catalog(name: str) -> Catalog:
    if name not in CATALOGS:
        raise Http404
    return CATALOGS[name]


@require_safe
@requires(Act.MANAGE_SETTINGS)
def catalog(request: HttpRequest, name: str) -> HttpResponse:
    kept = _catalog(name)
    lines = [kept.line(row) for row in kept.rows(request.user)]
    groups = [(label, list(rows)) for label, rows in groupby(lines, key=lambda line: line.group)]
    context = {"name": name, "catalog": kept, "groups": groups, "has_sheet": name in LISTS}
    context["beside"] = [(other, CATALOGS[other].label) for other in kept.beside]
    return page_or_partial(request, "config/catalog.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_SETTINGS)
def entry(request: HttpRequest, name: str, pk: int | None = None) -> HttpResponse:
    """A new row of a list, or the facts of one."""
    kept = _catalog(name)
    if pk is None and not kept.adds:
        raise Http404
    row = get_object_or_404(kept.rows(request.user), pk=pk) if pk else kept.blank()
    back = resolve_url("config:catalog", name)
    form = kept.form(sent(request), instance=copy(row), by=request.user)
    labels = {name: str(field.label or name.replace("_", " ").capitalize()) for name, field in form.fields.items()}
    extra = {"versions": versions_of(kept.stream(row), labels | kept.words)} if pk else {}
    return edit(
        request, form,
        lambda form: kept.keep(row, by=request.user, now=timezone.now(), **form.facts()),
        heading=f"Edit {kept.line(row).title}" if pk else f"New {kept.one}",
        crumbs=[("Settings", resolve_url("config:settings")), (kept.label, back)], back=back, said="Saved.",
        action="Save" if pk else f"Add {kept.one}", template="edit_versions.html", extra=extra,
    )  # fmt: skip


@require_POST
@requires(Act.MANAGE_SETTINGS)
def entry_remove(request: HttpRequest, name: str, pk: int) -> HttpResponse:
    """Take out a row that has no history."""
    kept = _catalog(name)
    if kept.remove is None:
        raise Http404
    back = resolve_url("config:catalog", name)
    try:
        kept.remove(get_object_or_404(kept.rows(request.user), pk=pk), by=request.user, now=timezone.now())
    except Faulty as refusal:
        return too_late(request, str(refusal), back)
    return moved(request, back, "Removed.")


@require_POST
@requires(Act.MANAGE_SETTINGS)
def entry_retire(request: HttpRequest, name: str, pk: int, back: bool) -> HttpResponse:
    """Offer a row no longer, or again."""
    kept = _catalog(name)
    if not kept.retires:
        raise Http404
    row = get_object_or_404(kept.rows(request.user), pk=pk)
    retire(name, row, by=request.user, now=timezone.now(), back=back)
    said = "It can be chosen again." if back else "It is offered no longer. What was chosen before keeps it."
    return moved(request, resolve_url("config:catalog", name), said)


# The same lists as sheets


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_SETTINGS)
def sheet(request: HttpRequest, name: str) -> HttpResponse:
    """A list as a file: given out, looked through, taken in."""
    kind = LISTS.get(name)
    if kind is None:
        raise Http404
    now = timezone.now()
    form = SheetForm(request.POST or None, request.FILES or None)
    outcome = None
    if form.is_valid():
        looking = "keep" not in request.POST
        outcome = take_in(kind, form.cleaned_data["file"], by=request.user, now=now, dry_run=True)
        if outcome.is_sound and not looking:
            back = resolve_url("config:catalog", name) if name in CATALOGS else resolve_url("config:settings")

            def keep() -> str:
                take_in(kind, form.cleaned_data["file"], by=request.user, now=now, dry_run=False)
                return back

            try:
                to = once(key=request.POST.get(FIELD, ""), by=request.user, action=request.path, now=now, act=keep)
            except KeyRefused as refusal:
                form.add_error(None, str(refusal))
            else:
                return moved(request, to, f"{outcome.report.new:,} new, {outcome.report.changed:,} changed.")
    context = {
        "name": name, "kind": kind, "columns": kind.fields, "form": form, "outcome": outcome,
        "in_catalog": name in CATALOGS, "operation": fresh_key(), "failed": bool(outcome and not outcome.is_sound),
    }  # fmt: skip
    faulty = form.errors or (outcome and not outcome.is_sound)
    return page_or_partial(
        request, "config/sheet.html", context, partials={"sheet-result"}, status=422 if faulty else 200
    )


@require_safe
@requires(Act.MANAGE_SETTINGS)
def sheet_file(request: HttpRequest, name: str) -> HttpResponse:
    """The list as CSV."""
    kind = LISTS.get(name)
    if kind is None:
        raise Http404
    now = timezone.now()
    body = as_csv(kind, by=request.user, now=now)
    response = HttpResponse(body, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{timezone.localtime(now):%Y-%m-%d}.csv"'
    return response
