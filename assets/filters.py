"""Narrowing the lists of sites and of equipment."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from assets.models import Asset, AssetCategory, AssetStatus, Region, Site, Trade
from assets.models.asset import AssetQuerySet
from assets.models.site import SiteQuerySet

SEARCH = forms.TextInput(attrs={"type": "search", "autocomplete": "off"})


def regions_of(request: Any) -> QuerySet[Region]:
    return Region.objects.visible_to(request.user)


def trades_of(request: Any) -> QuerySet[Trade]:
    return Trade.objects.visible_to(request.user).active()


def categories_of(request: Any) -> QuerySet[AssetCategory]:
    return AssetCategory.objects.visible_to(request.user).active()


class SiteFilter(django_filters.FilterSet):
    """Sites by words, region and whether they trade."""

    q = django_filters.CharFilter(method="by_words", label="Code, name or city", widget=SEARCH)
    region = django_filters.ModelChoiceFilter(
        queryset=regions_of, method="by_region", label="Region", empty_label="Any region"
    )
    state = django_filters.ChoiceFilter(
        choices=[("retired", "Retired"), ("all", "All")], method="by_state", label="State", empty_label="Trading"
    )

    class Meta:
        model = Site
        fields: list[str] = []

    def filter_queryset(self, sites: SiteQuerySet) -> SiteQuerySet:
        chosen = super().filter_queryset(sites)
        return chosen if self.form.cleaned_data.get("state") else chosen.trading()

    def by_words(self, sites: SiteQuerySet, name: str, words: str) -> SiteQuerySet:
        for word in words.split()[:6]:
            sites = sites.filter(Q(code__icontains=word) | Q(name__icontains=word) | Q(city__icontains=word))
        return sites

    def by_region(self, sites: SiteQuerySet, name: str, region: Region) -> SiteQuerySet:
        return sites.filter(region__path__startswith=region.path)

    def by_state(self, sites: SiteQuerySet, name: str, state: str) -> SiteQuerySet:
        return sites.filter(retired_at__isnull=False) if state == "retired" else sites


class AssetFilter(django_filters.FilterSet):
    """Equipment by words, site, trade, kind and condition."""

    q = django_filters.CharFilter(method="by_words", label="Tag, name, make or serial", widget=SEARCH)
    site = django_filters.CharFilter("site__code", "iexact", label="Site", widget=forms.TextInput(attrs={"size": 8}))
    trade = django_filters.ModelChoiceFilter("category__trade", queryset=trades_of, label="Trade", empty_label="Any")
    category = django_filters.ModelChoiceFilter(queryset=categories_of, label="Kind", empty_label="Any")
    condition = django_filters.ChoiceFilter(
        choices=[*AssetStatus.choices, ("all", "All")],
        method="by_condition",
        label="Condition",
        empty_label="In use",
    )

    class Meta:
        model = Asset
        fields: list[str] = []

    def filter_queryset(self, assets: AssetQuerySet) -> AssetQuerySet:
        chosen = super().filter_queryset(assets)
        return chosen if self.form.cleaned_data.get("condition") else chosen.in_use()

    def by_words(self, assets: AssetQuerySet, name: str, words: str) -> AssetQuerySet:
        for word in words.split()[:6]:
            assets = assets.filter(
                Q(tag__icontains=word)
                | Q(name__icontains=word)
                | Q(make__icontains=word)
                | Q(model__icontains=word)
                | Q(serial__icontains=word)
            )
        return assets

    def by_condition(self, assets: AssetQuerySet, name: str, condition: str) -> AssetQuerySet:
        return assets if condition == "all" else assets.filter(condition=condition)
