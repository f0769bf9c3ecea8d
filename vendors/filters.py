"""Narrowing the lists of vendors, of their papers, and of places without any."""

from __future__ import annotations

from typing import Any, cast

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from accounts.models import User
from assets.filters import trades_of
from assets.forms import RegionChoice
from assets.models import Region, Trade
from vendors.gaps import REASONS
from vendors.models import ComplianceDocument, DocumentKind, DocumentState, Standing, Vendor, VendorKind
from vendors.models.vendor import VendorQuerySet

SEARCH = forms.TextInput(attrs={"type": "search", "autocomplete": "off"})


class VendorFilter(django_filters.FilterSet):
    """Vendors by words, trade, standing and kind."""

    q = django_filters.CharFilter(method="by_words", label="Name, code or city", widget=SEARCH)
    trade = django_filters.ModelChoiceFilter(queryset=trades_of, method="by_trade", label="Trade", empty_label="Any")
    standing = django_filters.ChoiceFilter(
        choices=[*Standing.choices, ("barred", "Do not dispatch"), ("all", "All")],
        method="by_standing",
        label="Standing",
        empty_label="All but retired",
    )
    kind = django_filters.ChoiceFilter(choices=VendorKind.choices, label="Kind", empty_label="Any")

    class Meta:
        model = Vendor
        fields: list[str] = []

    def filter_queryset(self, vendors: VendorQuerySet) -> VendorQuerySet:
        chosen = super().filter_queryset(vendors)
        return chosen if self.form.cleaned_data.get("standing") else chosen.exclude(standing=Standing.RETIRED)

    def by_words(self, vendors: VendorQuerySet, name: str, words: str) -> VendorQuerySet:
        for word in words.split()[:6]:
            vendors = vendors.filter(Q(code__icontains=word) | Q(name__icontains=word) | Q(city__icontains=word))
        return vendors

    def by_trade(self, vendors: VendorQuerySet, name: str, trade: Trade) -> VendorQuerySet:
        return vendors.filter(trades__trade=trade)

    def by_standing(self, vendors: VendorQuerySet, name: str, standing: str) -> VendorQuerySet:
        if standing == "barred":
            return vendors.filter(do_not_dispatch_since_at__isnull=False)
        return vendors if standing == "all" else vendors.filter(standing=standing)


class PaperFilter(django_filters.FilterSet):
    """Papers by vendor, kind and state."""

    q = django_filters.CharFilter("vendor__name", "icontains", label="Vendor", widget=SEARCH)
    kind = django_filters.ChoiceFilter(choices=DocumentKind.choices, label="Paper", empty_label="Any")
    state = django_filters.ChoiceFilter(choices=DocumentState.choices, label="State", empty_label="Any")

    class Meta:
        model = ComplianceDocument
        fields: list[str] = []

    def filter_queryset(self, papers: QuerySet[ComplianceDocument]) -> QuerySet[ComplianceDocument]:
        return super().filter_queryset(papers).exclude(vendor__standing=Standing.RETIRED)


class GapsForm(forms.Form):
    """Places without a vendor by region, trade and reason."""

    region = RegionChoice(Region.objects.none(), required=False, label="Region", empty_label="Any region")
    trade = forms.ModelChoiceField(Trade.objects.none(), required=False, label="Trade", empty_label="Any trade")
    why = forms.ChoiceField(
        required=False, label="Reason", choices=[("", "Any reason"), *REASONS.items()], widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, by: User, **options: Any) -> None:
        super().__init__(*args, **options)
        cast("forms.ModelChoiceField", self.fields["region"]).queryset = Region.objects.visible_to(by)
        cast("forms.ModelChoiceField", self.fields["trade"]).queryset = Trade.objects.visible_to(by).active()
