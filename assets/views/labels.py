"""Labels to print: one on the screen, or a sheet of them."""

from __future__ import annotations

import io

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, resolve_url
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from accounts.guards import requires
from accounts.models import User
from accounts.once import FIELD, KeyRefused, fresh_key, once
from accounts.pages import moved, page_or_partial
from accounts.permissions import Act, may
from assets import codes, labels
from assets.models import Asset, Site
from assets.models.asset import AssetQuerySet

MOST_SITES = 500


class SheetForm(forms.Form):
    """Which labels, on which paper."""

    paper = forms.ChoiceField(label="Paper", choices=[(name, one.label) for name, one in labels.PAPERS.items()])
    with_site = forms.BooleanField(label="A label for the site itself", required=False, initial=True)
    unit = forms.MultipleChoiceField(label="Units", required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: object, units: list[Asset]) -> None:
        super().__init__(*args, label_suffix="")
        self.units = units
        self.fields["unit"].choices = [(unit.tag, f"{unit.name} ({unit.tag})") for unit in units]
        self.fields["unit"].initial = [unit.tag for unit in units]

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or {}
        if not self.errors and not cleaned["with_site"] and not cleaned["unit"]:
            self.add_error("unit", "Choose at least one label.")
        return cleaned


def _units(by: User, site: Site) -> AssetQuerySet:
    return Asset.objects.visible_to(by, Act.VIEW_ASSETS).in_use().filter(site=site).select_related("site")


@require_safe
@requires(Act.VIEW_ASSETS)
def sheet(request: HttpRequest) -> HttpResponse:
    """Choose a site, then its labels."""
    mine = Site.objects.visible_to(request.user, Act.VIEW_ASSETS).trading().order_by("code")
    sites = list(mine[:MOST_SITES])
    code = request.GET.get("site", "") or (sites[0].code if len(sites) == 1 else "")
    site = get_object_or_404(mine, code__iexact=code) if code else None
    units = list(_units(request.user, site).order_by("tag")[: labels.MOST]) if site else []
    context = {
        "sites": sites,
        "site": site,
        "form": SheetForm(units=units) if site else None,
        "most": labels.MOST,
        "may_replace": may(request.user, Act.MANAGE_SITES),
        "fresh_key": fresh_key(),
    }
    return page_or_partial(request, "assets/labels.html", context, partials={"label-choice"})


@require_POST
@requires(Act.VIEW_ASSETS)
def sheet_pdf(request: HttpRequest, code: str) -> HttpResponse:
    """The sheet as PDF."""
    mine = Site.objects.visible_to(request.user, Act.VIEW_ASSETS).trading()
    site = get_object_or_404(mine, code__iexact=code)
    units = list(_units(request.user, site).order_by("tag")[: labels.MOST])
    form = SheetForm(request.POST, units=units)
    if not form.is_valid():
        context = {"sites": [site], "site": site, "form": form, "most": labels.MOST}
        return page_or_partial(request, "assets/labels.html", context, status=422)
    chosen = set(form.cleaned_data["unit"])
    wanted = labels.labels_of(
        site, (unit for unit in units if unit.tag in chosen), with_site=form.cleaned_data["with_site"]
    )
    body = labels.as_pdf(wanted, paper=labels.PAPERS[form.cleaned_data["paper"]], now=timezone.now())
    response = HttpResponse(body, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="labels-{site.code}.pdf"'
    return response


@requires(Act.VIEW_ASSETS)
def label(request: HttpRequest, tag: str) -> HttpResponse:
    """The label to print and stick on the unit."""
    found = _find(request, tag)
    keeps = Site.objects.visible_to(request.user, Act.MANAGE_ASSETS).filter(pk=found.site_id)
    context = {
        "unit": found,
        "address": labels.address_of(found),
        "may_replace": may(request.user, Act.MANAGE_ASSETS) and keeps.exists(),
        "fresh_key": fresh_key(),
    }
    return page_or_partial(request, "assets/label.html", context)


@require_POST
@requires(Act.MANAGE_ASSETS)
def label_replace(request: HttpRequest, tag: str) -> HttpResponse:
    """A new code for a unit whose label was lost or copied."""
    units = Asset.objects.visible_to(request.user, Act.MANAGE_ASSETS).select_related("site")
    found = get_object_or_404(units, tag__iexact=tag)
    return _replaced(request, found, resolve_url("assets:label", found.tag))


@require_POST
@requires(Act.MANAGE_SITES)
def site_label_replace(request: HttpRequest, code: str) -> HttpResponse:
    """A new code for a site whose label was lost or copied."""
    found = get_object_or_404(Site.objects.visible_to(request.user, Act.MANAGE_SITES), code__iexact=code)
    return _replaced(request, found, f"{resolve_url('assets:labels')}?{urlencode({'site': found.code})}")


def _replaced(request: HttpRequest, place: Asset | Site, back: str) -> HttpResponse:
    now = timezone.now()

    def act() -> str:
        codes.replace_code(place, by=request.user, now=now)
        return back

    try:
        once(key=request.POST.get(FIELD, ""), by=request.user, action=request.path, now=now, act=act)
    except KeyRefused as refusal:
        messages.warning(request, str(refusal))
        return moved(request, back)
    return moved(request, back, "The code is new. Print the label and put it in the place of the old one.")


@requires(Act.VIEW_ASSETS)
def label_code(request: HttpRequest, tag: str) -> HttpResponse:
    """The code of the label as a picture."""
    picture = io.BytesIO()
    code = labels.code_of(labels.label_of(_find(request, tag)))
    code.save(picture, kind="svg", scale=8, border=4, light="white", xmldecl=False)
    return HttpResponse(picture.getvalue(), content_type="image/svg+xml")


def _find(request: HttpRequest, tag: str) -> Asset:
    units = Asset.objects.visible_to(request.user, Act.VIEW_ASSETS).select_related("site")
    return get_object_or_404(units, tag__iexact=tag)
