"""Input about places to clean values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from accounts.facts import DAY, DOLLARS, FactsForm
from accounts.forms import ZONES
from accounts.models import Membership, User
from accounts.permissions import Act
from assets.models import (
    Area,
    Asset,
    AssetCategory,
    AssetStatus,
    Calendar,
    Region,
    Responsibility,
    Responsible,
    Site,
    Trade,
    Warranty,
    Weekday,
)
from assets.models.site import HoursShape
from assets.places import Opening

MOST_SITES = 500
HOURS = re.compile(r"(\d{1,2}):(\d{2})\s*[-\N{EN DASH}]\s*(\d{1,2}):(\d{2})")


class RegionChoices(forms.ModelMultipleChoiceField):
    """Regions as a tree, read from the top."""

    def label_from_instance(self, region: Any) -> str:
        return _in_tree(region)


class RegionChoice(forms.ModelChoiceField):
    """One region of the tree."""

    def label_from_instance(self, region: Any) -> str:
        return _in_tree(region)


def _in_tree(region: Region) -> str:
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


class SiteCode(forms.CharField):
    """A site by its code; cleans to the site, out of those that `sites` holds."""

    sites: QuerySet[Site]

    def clean(self, value: Any) -> Site | None:
        code = super().clean(value)
        if not code:
            return None
        found = self.sites.called([code]).first()
        if found is None:
            raise ValidationError(f"There is no site {code}.")
        return found


class SiteForm(FactsForm):
    """What a site is, where it is, how to get in, and where a check-in counts."""

    sections = (
        ("Site", ("code", "name", "region", "tier", "cost_center", "floor_area_m2")),
        ("Address and contact", ("address_line", "city", "state", "postal_code", "country", "phone")),
        ("Access", ("access_note",)),
        ("Check-in area", ("latitude", "longitude", "geofence_radius_m", "position_required")),
        ("Time and money", ("time_zone", "calendar", "currency")),
    )
    region = RegionChoice(Region.objects.none(), empty_label="Choose a region")
    time_zone = forms.ChoiceField(choices=ZONES, label="Time zone")

    class Meta:
        model = Site
        fields = [
            "code", "name", "region", "tier", "cost_center", "floor_area_m2", "address_line", "city", "state",
            "postal_code", "country", "phone", "access_note", "latitude", "longitude", "geofence_radius_m",
            "position_required", "time_zone", "calendar", "currency",
        ]  # fmt: skip
        labels = {
            "address_line": "Street", "floor_area_m2": "Floor area", "geofence_radius_m": "Radius",
            "position_required": "Refuse a check-in outside the area", "access_note": "How to get in",
            "cost_center": "Cost center",
        }  # fmt: skip
        help_texts = {
            "access_note": "Keys, alarm, where to park. Vendors with a job here read it.",
            "position_required": "Otherwise it is let through with a reason and marked.",
            "country": "Two letters, like US.",
            "currency": "Three letters, like USD.",
            "calendar": "Hours and holidays, where the site has no hours of its own.",
        }
        widgets = {
            "access_note": forms.Textarea(attrs={"rows": 3}),
            "floor_area_m2": forms.TextInput(attrs={"inputmode": "numeric", "data-suffix": "m²"}),
            "geofence_radius_m": forms.TextInput(attrs={"inputmode": "numeric", "data-suffix": "m"}),
            "latitude": forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            "longitude": forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            "phone": forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        }

    def __init__(self, *args: Any, by: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["region"].queryset = Region.objects.visible_to(by)
        self.fields["calendar"].queryset = Calendar.objects.visible_to(by)
        self.fields["calendar"].empty_label = "None"


class HoursForm(forms.Form):
    """Opening hours, a line per weekday."""

    def __init__(self, *args: Any, rows: Iterable[HoursShape], **options: Any) -> None:
        super().__init__(*args, initial=clock_words(rows), **options)
        for day in Weekday:
            self.fields[f"day_{day.value}"] = forms.CharField(required=False, label=day.label, max_length=80)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self.openings = read_hours(self, cleaned)
        return cleaned


def clock_words(rows: Iterable[HoursShape]) -> dict[str, str]:
    """Weekly hours as a form shows them: a field `day_0` to `day_6` with "09:00-12:00, 13:00-21:00"."""
    week: dict[int, list[str]] = {}
    for row in rows:
        week.setdefault(row.weekday, []).append(f"{_clock(row.opens_minute)}\N{EN DASH}{_clock(row.closes_minute)}")
    return {f"day_{day}": ", ".join(hours) for day, hours in week.items()}


def read_hours(form: forms.BaseForm, cleaned: Mapping[str, Any]) -> list[Opening]:
    """The openings that the fields `day_0` to `day_6` say; a line that cannot be read becomes a fault of its field."""
    openings: list[Opening] = []
    for day in Weekday:
        name = f"day_{day.value}"
        for part in filter(None, re.split(r"[,;]\s*", cleaned.get(name, ""))):
            found = HOURS.fullmatch(part.strip())
            if found is None:
                form.add_error(name, f"{day.label}: write hours like 09:00\N{EN DASH}21:00, or nothing.")
                continue
            opens, closes = (int(found[hour]) * 60 + int(found[minute]) for hour, minute in ((1, 2), (3, 4)))
            openings.append((day.value, opens, closes))
    return openings


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


class AreaForm(FactsForm):
    """The name of a place inside a site."""

    class Meta:
        model = Area
        fields = ["name"]


class ResponsibilityForm(FactsForm):
    """Who answers for a trade at a site."""

    class Meta:
        model = Responsibility
        fields = ["trade", "category", "who", "contact_name", "contact_email", "contact_phone", "lease_note"]
        labels = {
            "category": "Only this kind of equipment", "who": "Who answers for it", "contact_name": "Contact",
            "contact_email": "E-mail", "contact_phone": "Phone", "lease_note": "What the lease says",
        }  # fmt: skip
        widgets = {"lease_note": forms.Textarea(attrs={"rows": 3}), "who": forms.RadioSelect}

    def __init__(self, *args: Any, by: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["trade"].queryset = Trade.objects.visible_to(by).active()
        self.fields["trade"].empty_label = "Choose a trade"
        self.fields["category"].queryset = AssetCategory.objects.visible_to(by).active()
        self.fields["category"].empty_label = "All equipment of the trade"
        self.fields["who"].choices = Responsible.choices


class AssetForm(FactsForm):
    """What a unit is, where it stands and what it cost."""

    sections = (
        ("Unit", ("tag", "name", "category", "condition", "site", "area", "parent")),
        ("Maker", ("make", "model", "serial", "installed_on")),
        ("Money", ("purchase_cost_amount", "replacement_cost_amount", "downtime_cost_amount")),
    )
    site = SiteCode(max_length=20, help_text="Its code, like M-114.")
    area = forms.CharField(max_length=80, required=False, help_text="As the site names it: kitchen, roof.")
    parent = forms.CharField(max_length=40, required=False, label="Part of", help_text="The tag of the larger unit.")

    class Meta:
        model = Asset
        fields = [
            "tag", "name", "category", "condition", "site", "make", "model", "serial", "installed_on",
            "purchase_cost_amount", "replacement_cost_amount", "downtime_cost_amount",
        ]  # fmt: skip
        labels = {
            "serial": "Serial number", "installed_on": "Installed on", "purchase_cost_amount": "Purchase cost",
            "replacement_cost_amount": "Replacement cost", "downtime_cost_amount": "Cost per hour when it is down",
        }  # fmt: skip
        widgets = {
            "installed_on": DAY,
            "purchase_cost_amount": forms.TextInput(attrs=DOLLARS),
            "replacement_cost_amount": forms.TextInput(attrs=DOLLARS),
            "downtime_cost_amount": forms.TextInput(attrs=DOLLARS),
        }

    def __init__(self, *args: Any, by: User, instance: Asset, **options: Any) -> None:
        initial = options.pop("initial", {})
        if instance.pk:
            initial |= {
                "site": instance.site.code,
                "area": instance.area.name if instance.area else "",
                "parent": instance.parent.tag if instance.parent else "",
            }
        super().__init__(*args, instance=instance, initial=initial, **options)
        self.by = by
        self.fields["site"].sites = Site.objects.visible_to(by, Act.MANAGE_ASSETS)
        self.fields["category"].queryset = AssetCategory.objects.visible_to(by).active()
        self.fields["category"].empty_label = "Choose a kind"
        if not instance.pk:
            self.fields["condition"].choices = [
                choice for choice in AssetStatus.choices if choice[0] != AssetStatus.RETIRED
            ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        site = cleaned.get("site")
        for name, rows, by in (
            ("area", site.areas.filter(retired_at=None) if site else None, "name__iexact"),
            ("parent", Asset.objects.visible_to(self.by, Act.MANAGE_ASSETS), "tag__iexact"),
        ):
            words = cleaned.get(name) or ""
            cleaned[name] = rows.filter(**{by: words}).first() if words and rows is not None else None
            if words and site and cleaned[name] is None:
                self.add_error(name, f"There is no “{words}” here.")
        return cleaned


class WarrantyForm(FactsForm):
    """What covers a unit, by whom and until when."""

    class Meta:
        model = Warranty
        fields = [
            "provider_name", "covers", "trade", "starts_on", "ends_on", "reference", "provider_email", "provider_phone"
        ]  # fmt: skip
        labels = {
            "provider_name": "Who gives it", "covers": "What it covers", "trade": "Only this trade",
            "starts_on": "First day", "ends_on": "Last day", "reference": "Number",
            "provider_email": "E-mail for claims", "provider_phone": "Phone for claims",
        }  # fmt: skip
        widgets = {"starts_on": DAY, "ends_on": DAY}

    def __init__(self, *args: Any, by: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["trade"].queryset = Trade.objects.visible_to(by).active()
        self.fields["trade"].empty_label = "All trades"
