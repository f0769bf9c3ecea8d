"""Input about places to clean values."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import Membership, User
from assets.models import Region, Site, Trade

MOST_SITES = 500


class RegionChoices(forms.ModelMultipleChoiceField):
    """Regions as a tree, read from the top."""

    def label_from_instance(self, region: Any) -> str:
        return "\N{EN DASH} " * (region.depth - 1) + region.name


class PostingForm(forms.Form):
    """Where a role applies, out of what the giver sees."""

    regions = RegionChoices(
        Region.objects.none(),
        required=False,
        label="Regions",
        help_text="With everything below them.",
        widget=forms.CheckboxSelectMultiple,
    )
    sites = forms.CharField(
        required=False,
        label="Single sites",
        help_text="Codes, separated by commas, like M-114, M-115.",
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off", "spellcheck": "false"}),
    )
    trades = forms.ModelMultipleChoiceField(
        Trade.objects.none(),
        required=False,
        label="Only these trades",
        help_text="None ticked: all trades.",
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, by: User, membership: Membership, **options: Any) -> None:
        initial = {
            "regions": [scope.region_id for scope in membership.region_scopes.all()],
            "sites": ", ".join(scope.site.code for scope in membership.site_scopes.select_related("site")),
            "trades": [scope.trade_id for scope in membership.trade_scopes.all()],
        }
        super().__init__(*args, initial=initial, **options)
        self.by = by
        self.fields["regions"].queryset = Region.objects.visible_to(by)
        self.fields["trades"].queryset = Trade.objects.visible_to(by).active()

    def clean_sites(self) -> list[Site]:
        codes = [code for code in re.split(r"[\s,;]+", self.cleaned_data["sites"]) if code]
        if len(codes) > MOST_SITES:
            raise ValidationError(f"Name up to {MOST_SITES} sites, or choose a region.")
        wanted = {code.upper() for code in codes}
        found = {site.code.upper(): site for site in Site.objects.visible_to(self.by).called(wanted)}
        if missing := sorted(wanted - found.keys()):
            raise ValidationError(f"There is no site {', '.join(missing)}.")
        return list(found.values())
