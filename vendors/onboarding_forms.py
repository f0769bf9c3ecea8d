"""What is filled in while a company comes in: our invitation, its own steps, our decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms

from accounts.facts import FactsForm
from accounts.forms import ZONES
from accounts.models import User
from accounts.words import Card
from assets.models import Region, Trade
from vendors.forms import CompanyForm
from vendors.models import Decision, Onboarding
from vendors.onboarding import COMPANY, NEEDED
from vendors.roster_forms import COUNTRY, DECIMAL, RadiusField, RateCardForm

CHECKS = forms.CheckboxSelectMultiple


class InviteForm(forms.Form):
    """A company that should introduce itself, and for what."""

    sections = (("Company", ("name", "code")), ("First person", ("contact", "email")), ("For", ("trades", "regions")))
    name = forms.CharField(label="Name", max_length=120, error_messages={"required": "Enter the company's name."})
    code = forms.CharField(
        label="Code", max_length=20, help_text="Short and stable, for accounting, like CASC.",
        error_messages={"required": "Enter a short code."},
    )  # fmt: skip
    contact = forms.CharField(
        label="Person", max_length=120, error_messages={"required": "Say whom you invite."},
        help_text="Introduces the company and answers its offers.",
    )  # fmt: skip
    email = forms.EmailField(
        label="E-mail", max_length=254, help_text="The invitation goes there, and later the offers.",
        error_messages={"required": "Enter the e-mail address.", "invalid": "Enter an address, like ray@example.com."},
    )  # fmt: skip
    trades = forms.ModelMultipleChoiceField(
        Trade.objects.none(), label="Trades", widget=CHECKS,
        error_messages={"required": "Choose the trades for which you look for somebody."},
    )  # fmt: skip
    regions = forms.ModelMultipleChoiceField(
        Region.objects.none(), label="Regions", widget=CHECKS, help_text="The company says which of them it covers.",
        error_messages={"required": "Choose where you look for somebody."},
    )  # fmt: skip

    def __init__(self, *args: Any, by: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["trades"].queryset = Trade.objects.visible_to(by).active()
        self.fields["regions"].queryset = Region.objects.visible_to(by).filter(retired_at=None)


class IntroductionForm(CompanyForm):
    """Who the company is and how to reach it."""

    sections = (
        ("Company", ("name", "address_line", "city", "state", "postal_code", "country", "time_zone")),
        ("How we reach you", ("email", "phone", "emergency_phone", "takes_emergencies")),
        ("Position of your base", ("latitude", "longitude")),
    )
    time_zone = forms.ChoiceField(choices=ZONES, label="Time zone")

    class Meta(CompanyForm.Meta):
        fields = COMPANY
        help_texts = CompanyForm.Meta.help_texts | {
            "latitude": "As a map shows it, like 47.25. Needed only if you cover a radius.",
            "longitude": "Like -122.44.",
            "country": COUNTRY,
        }
        widgets = CompanyForm.Meta.widgets | {"latitude": DECIMAL, "longitude": DECIMAL}

    def clean_country(self) -> str:
        return str(self.cleaned_data["country"]).upper()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, sentence in NEEDED.items():
            self.fields[name].required = True
            self.fields[name].error_messages["required"] = sentence


class OwnTradesForm(forms.Form):
    """In which of the trades that are looked for the company works."""

    trades = forms.ModelMultipleChoiceField(
        Trade.objects.none(), label="What you do", widget=CHECKS,
        error_messages={"required": "Choose at least one of these trades."},
    )  # fmt: skip

    def __init__(self, *args: Any, onboarding: Onboarding, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["trades"].queryset = onboarding.trades.all()


class OwnCoverageForm(forms.Form):
    """Where the company goes, by trade."""

    radius_km = RadiusField(
        label="Or as far from your base as",
        help_text="For all your trades. Your base needs a position for it, see the step Company.",
    )

    def __init__(self, *args: Any, onboarding: Onboarding, trades: Sequence[Trade], **options: Any) -> None:
        super().__init__(*args, **options)
        cast("RadiusField", self.fields["radius_km"]).measure(onboarding.vendor.country, self.initial.get("radius_km"))
        self.trades = trades
        for trade in trades:
            self.fields[f"trade-{trade.pk}"] = forms.ModelMultipleChoiceField(
                onboarding.regions.all(), label=trade.name, required=False, widget=CHECKS
            )
        self.order_fields([*(f"trade-{trade.pk}" for trade in trades), "radius_km"])

    @property
    def places(self) -> dict[Trade, list[Region]]:
        return {trade: list(self.cleaned_data[f"trade-{trade.pk}"]) for trade in self.trades}


class OwnRatesForm(FactsForm):
    """What the company charges for one trade, from a day on."""

    sections = (
        ("", ("starts_on",)),
        ("Labor, per hour", RateCardForm.sections[1][1]),
        ("Other", ("trip_amount", "minimum_hours", "rounding_minutes", "parts_markup_percent", "tax_percent")),
    )

    class Meta(RateCardForm.Meta):
        fields = [name for name in RateCardForm.Meta.fields if name not in ("trade", "ends_on", "currency")]


class DecisionForm(forms.Form):
    """What becomes of a company that introduced itself."""

    decision = forms.ChoiceField(
        label="Decision", widget=forms.RadioSelect(attrs={"data-look": "rows"}),
        choices=[
            (Decision.TRIAL.value, Card("Take on trial", help="A few jobs first, then decide")),
            (Decision.APPROVED.value, Card("Approve", help="Offered every job that it covers")),
            ("ask", Card("Give back", help="The company adds what is missing")),
            (Decision.REFUSED.value, Card("Refuse", help="The company reads why")),
        ],
        error_messages={"required": "Choose what becomes of it."},
    )  # fmt: skip
    trial_jobs = forms.IntegerField(
        label="Jobs of the trial", required=False, min_value=1, max_value=100,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={"invalid": "Enter a number of jobs, like 5."},
    )  # fmt: skip
    reason = forms.CharField(
        label="Reason", required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The company reads it. Needed to refuse, to give back, and when something is missing.",
    )  # fmt: skip
