"""Input of the desk about vendors to clean values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from accounts.facts import DAY, DOLLARS, FactsForm
from accounts.forms import ZONES
from accounts.models import User
from accounts.words import in_km, in_unit, unit_of
from assets.forms import RegionChoice, SiteCode
from assets.models import Priority, Region, Site, Trade
from vendors.models import (
    Contact,
    Coverage,
    DocumentKind,
    NegotiatedTarget,
    RateCard,
    Requirement,
    Standing,
    Vendor,
)
from vendors.models.vendor import VendorKind
from vendors.roster import in_the_way

PHONE = forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"})
DECIMAL = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
PERCENT = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "data-suffix": "%"})
MONEY = forms.TextInput(attrs=DOLLARS)
MINUTES = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "data-suffix": "minutes"})
MOST_NUMBERS = 20
COUNTRY = "Two letters, like US. Ways are told in miles there, in kilometers elsewhere."


def _trades(by: User) -> Any:
    return Trade.objects.visible_to(by).active()


class VendorForm(FactsForm):
    """Who a vendor is and how to reach it."""

    sections = (
        ("Vendor", ("code", "name", "kind", "since_on", "capacity_open_jobs", "trial_jobs", "custom_lines")),
        ("Contact", ("email", "phone", "emergency_phone", "takes_emergencies")),
        (
            "Base",
            (
                "address_line",
                "city",
                "state",
                "postal_code",
                "country",
                "latitude",
                "longitude",
                "time_zone",
                "currency",
            ),
        ),
    )
    time_zone = forms.ChoiceField(choices=ZONES, label="Time zone")
    custom_lines = forms.CharField(
        required=False, label="Your own numbers", max_length=4000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One per line, like: GL number: 6110-20.",
    )  # fmt: skip

    class Meta:
        model = Vendor
        fields = [
            "code", "name", "kind", "since_on", "capacity_open_jobs", "trial_jobs", "email", "phone", "emergency_phone",
            "takes_emergencies", "address_line", "city", "state", "postal_code", "country", "latitude", "longitude",
            "time_zone", "currency",
        ]  # fmt: skip
        labels = {
            "since_on": "Vendor since", "capacity_open_jobs": "Most open jobs", "trial_jobs": "Jobs of a trial",
            "email": "E-mail for offers", "address_line": "Street", "postal_code": "ZIP code",
        }  # fmt: skip
        help_texts = {"since_on": "Empty: since it was entered here.", "country": COUNTRY}
        widgets = {
            "since_on": DAY, "phone": PHONE, "emergency_phone": PHONE, "latitude": DECIMAL, "longitude": DECIMAL,
            "capacity_open_jobs": forms.TextInput(attrs={"inputmode": "numeric"}),
            "trial_jobs": forms.TextInput(attrs={"inputmode": "numeric"}),
        }  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["kind"].choices = VendorKind.choices
        self.initial["custom_lines"] = "\n".join(f"{name}: {said}" for name, said in self.instance.custom.items())

    def clean_country(self) -> str:
        return str(self.cleaned_data["country"]).upper()

    def clean_custom_lines(self) -> dict[str, str]:
        numbers: dict[str, str] = {}
        for line in filter(None, map(str.strip, self.cleaned_data["custom_lines"].splitlines())):
            name, colon, said = (part.strip() for part in line.partition(":"))
            if not (name and colon and said) or ";" in line or len(name) > 40 or len(said) > 120:
                raise forms.ValidationError(f"Write a name, a colon and what it is, without semicolons: “{line[:40]}”.")
            if name in numbers:
                raise forms.ValidationError(f"“{name}” stands there twice.")
            numbers[name] = said
        if len(numbers) > MOST_NUMBERS:
            raise forms.ValidationError(f"Enter up to {MOST_NUMBERS} of them.")
        return numbers

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        return facts | {"custom": facts.pop("custom_lines")}


class StandingForm(forms.Form):
    """Where a vendor stands with us, and why it changes."""

    standing = forms.ChoiceField(choices=Standing.choices, label="Standing")
    reason = forms.CharField(max_length=300, label="Why", widget=forms.Textarea(attrs={"rows": 2}))


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(max_length=300, label="Why", widget=forms.Textarea(attrs={"rows": 2}))


class TradesForm(forms.Form):
    """The trades that a vendor works in."""

    trades = forms.ModelMultipleChoiceField(
        Trade.objects.none(), required=False, label="Trades", widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, by: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["trades"].queryset = _trades(by)


class ContactForm(FactsForm):
    """Whom to call at a vendor."""

    class Meta:
        model = Contact
        fields = ["name", "duty", "phone", "email"]
        help_texts = {"duty": "Dispatch, billing, owner."}
        widgets = {"phone": PHONE}


class RadiusField(forms.DecimalField):
    """A way around the base: entered and shown in the unit of the vendor's country, kilometers to everybody else.

    What was not touched stays what it is, to the meter.
    """

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(required=False, min_value=1, max_value=20_000, decimal_places=1, widget=widget, **options)

    def measure(self, country: str, known: Decimal | None) -> None:
        """Say for which country this is, and what stands there now."""
        self.country, self.known = country, known
        unit = unit_of(country)
        self.widget.attrs["data-suffix"] = unit
        self.error_messages["invalid"] = f"Enter {'miles' if unit == 'mi' else 'kilometers'}, like 50."

    def prepare_value(self, value: Any) -> Any:
        return in_unit(value, self.country) if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Decimal | None:
        entered = super().clean(value)
        if entered is None:
            return None
        if self.known is not None and entered == Decimal(in_unit(self.known, self.country)):
            return self.known
        return in_km(entered, self.country)


class CoverageForm(FactsForm):
    """One place that a vendor covers for a trade, or a site that it leaves out."""

    region = RegionChoice(
        Region.objects.none(), required=False, empty_label="None", help_text="With everything below it."
    )
    site = SiteCode(max_length=20, required=False, help_text="Or one site by its code, like M-114.")
    radius_km = RadiusField(label="Or a radius")

    class Meta:
        model = Coverage
        fields = ["trade", "region", "site", "radius_km", "rank", "is_excluded"]
        labels = {"rank": "Rank", "is_excluded": "Leave this site out"}
        help_texts = {"rank": "1 is asked first. Empty: by score.", "is_excluded": "For a single site only."}
        widgets = {"rank": forms.TextInput(attrs={"inputmode": "numeric"})}

    def __init__(self, *args: Any, by: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["radius_km"].measure(self.instance.vendor.country, self.instance.radius_km)
        if self.instance.site_id:
            self.initial["site"] = self.instance.site.code
        self.fields["trade"].queryset = _trades(by)
        self.fields["region"].queryset = Region.objects.visible_to(by)
        self.fields["site"].sites = Site.objects.visible_to(by)


class RateCardForm(FactsForm):
    """What a vendor charges for a trade, from a day until another."""

    sections = (
        ("For", ("trade", "starts_on", "ends_on")),
        ("Labor, per hour", (
            "labor_regular_amount", "labor_overtime_amount", "labor_emergency_amount", "labor_holiday_amount",
            "helper_amount",
        )),
        ("Other", (
            "trip_amount", "minimum_hours", "rounding_minutes", "parts_markup_percent", "tax_percent", "currency",
        )),
    )  # fmt: skip

    class Meta:
        model = RateCard
        fields = [
            "trade", "starts_on", "ends_on", "labor_regular_amount", "labor_overtime_amount",
            "labor_emergency_amount", "labor_holiday_amount", "helper_amount", "trip_amount", "minimum_hours",
            "rounding_minutes", "parts_markup_percent", "tax_percent", "currency",
        ]  # fmt: skip
        labels = {
            "starts_on": "In force from", "ends_on": "Until", "labor_regular_amount": "Regular",
            "labor_overtime_amount": "Overtime", "labor_emergency_amount": "Emergency",
            "labor_holiday_amount": "Holiday", "helper_amount": "Helper", "trip_amount": "Trip",
            "minimum_hours": "Least hours", "rounding_minutes": "Rounded up to",
            "parts_markup_percent": "Markup on parts",
            "tax_percent": "Tax",
        }  # fmt: skip
        help_texts = {
            "ends_on": "The first day on which it no longer counts. Empty: until further notice.",
            "labor_regular_amount": "", "labor_overtime_amount": "", "labor_emergency_amount": "",
            "labor_holiday_amount": "", "helper_amount": "", "trip_amount": "Per trip.",
        }  # fmt: skip
        widgets = {
            "starts_on": DAY, "ends_on": DAY, "labor_regular_amount": MONEY, "labor_overtime_amount": MONEY,
            "labor_emergency_amount": MONEY, "labor_holiday_amount": MONEY, "helper_amount": MONEY,
            "trip_amount": MONEY, "minimum_hours": DECIMAL, "rounding_minutes": MINUTES,
            "parts_markup_percent": PERCENT, "tax_percent": PERCENT,
        }  # fmt: skip

    def __init__(self, *args: Any, by: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["trade"].queryset = _trades(by)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("trade") and cleaned.get("starts_on") and "ends_on" in cleaned:
            sentence = in_the_way(self.instance, cleaned["trade"], cleaned["starts_on"], cleaned["ends_on"])
            if sentence:
                self.add_error("starts_on", sentence)
        return cleaned


class TargetForm(FactsForm):
    """How fast a vendor agreed to be."""

    priority = forms.TypedChoiceField(choices=Priority.choices, coerce=int)

    class Meta:
        model = NegotiatedTarget
        fields = ["priority", "trade", "response_minutes", "arrival_minutes", "completion_minutes"]
        labels = {
            "response_minutes": "Answer within", "arrival_minutes": "On site within",
            "completion_minutes": "Done within",
        }  # fmt: skip
        widgets = {"response_minutes": MINUTES, "arrival_minutes": MINUTES, "completion_minutes": MINUTES}

    def __init__(self, *args: Any, by: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["trade"].queryset = _trades(by)
        self.fields["trade"].empty_label = "All its trades"


class PaperForm(forms.Form):
    """A paper of a vendor that the desk hands in for it; somebody else reviews it."""

    kind = forms.ChoiceField(choices=DocumentKind.choices, label="What it is")
    trade = forms.ModelChoiceField(Trade.objects.none(), required=False, label="Trade", empty_label="All trades")
    issuer = forms.CharField(max_length=120, required=False, label="Insurer or authority")
    reference = forms.CharField(max_length=80, required=False, label="Policy or license number")
    jurisdiction = forms.CharField(max_length=40, required=False, label="State of the license")
    limit_amount = forms.DecimalField(
        max_digits=14, decimal_places=2, required=False, label="Limit", widget=forms.TextInput(attrs=DOLLARS)
    )
    starts_on = forms.DateField(label="First day", widget=DAY)
    ends_on = forms.DateField(required=False, label="Last day", widget=DAY)
    file = forms.FileField(label="The paper", help_text="A photo or a PDF.")

    def __init__(self, *args: Any, by: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["trade"].queryset = _trades(by)


class RequirementForm(FactsForm):
    """A paper that everybody needs who works in a trade or region."""

    region = RegionChoice(Region.objects.none(), required=False, empty_label="Every region")

    class Meta:
        model = Requirement
        fields = ["kind", "trade", "region", "minimum_limit_amount", "blocks", "applies_to_internal"]
        labels = {
            "kind": "Paper", "minimum_limit_amount": "Least limit", "blocks": "Nobody is sent without it",
            "applies_to_internal": "Our own crews need it too",
        }  # fmt: skip
        help_texts = {"blocks": "Otherwise it only warns.", "applies_to_internal": ""}
        widgets = {"minimum_limit_amount": MONEY}

    def __init__(self, *args: Any, by: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["trade"].queryset = _trades(by)
        self.fields["trade"].empty_label = "Every trade"
        self.fields["region"].queryset = Region.objects.visible_to(by)
