"""Input about vendors to clean values."""

from __future__ import annotations

from typing import Any, cast

from django import forms

from accounts.models import Membership, Role, User
from accounts.words import Card
from assets.models import Trade
from vendors.models import DocumentKind, Vendor
from vendors.profile import OWN

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class EmployForm(forms.Form):
    """Which vendor a dispatcher or technician works for."""

    vendor = forms.ModelChoiceField(Vendor.objects.none(), label="Vendor", empty_label="Choose a vendor")

    def __init__(self, *args: Any, by: User, membership: Membership, **options: Any) -> None:
        scope = getattr(membership, "vendor_scope", None)
        super().__init__(*args, initial={"vendor": scope.vendor_id if scope else None}, **options)
        self.fields["vendor"].queryset = Vendor.objects.visible_to(by)


class CompanyForm(forms.ModelForm):
    """How to reach a company, as it says itself."""

    class Meta:
        model = Vendor
        fields = OWN
        labels = {
            "email": "E-mail for offers",
            "emergency_phone": "Phone for emergencies",
            "takes_emergencies": "We answer at any hour",
            "address_line": "Address",
            "postal_code": "ZIP code",
        }
        help_texts = {"email": "", "takes_emergencies": "Only then you are asked for emergencies out of hours."}
        widgets = {
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
            "phone": forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel", "type": "tel"}),
            "emergency_phone": forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel", "type": "tel"}),
            "address_line": forms.TextInput(attrs={"autocomplete": "street-address"}),
            "city": forms.TextInput(attrs={"autocomplete": "address-level2"}),
            "state": forms.TextInput(attrs={"autocomplete": "address-level1"}),
            "postal_code": forms.TextInput(attrs={"autocomplete": "postal-code"}),
        }


class DocumentForm(forms.Form):
    """A paper handed in for review."""

    kind = forms.ChoiceField(label="What it is", choices=[("", "Choose"), *DocumentKind.choices])
    trade = forms.ModelChoiceField(Trade.objects.none(), label="Trade", required=False, empty_label="All our trades")
    issuer = forms.CharField(label="Insurer or authority", required=False, max_length=120)
    reference = forms.CharField(label="Policy or license number", required=False, max_length=80)
    jurisdiction = forms.CharField(label="State of the license", required=False, max_length=40)
    limit_amount = forms.DecimalField(
        label="Limit", required=False, max_digits=14, decimal_places=2,
        widget=forms.TextInput(attrs={"data-prefix": "$", "inputmode": "decimal"}),
        error_messages={"invalid": "Enter an amount in dollars, like 1000000."},
    )  # fmt: skip
    starts_on = forms.DateField(label="First day", widget=DAY, error_messages={"required": "Enter the first day."})
    ends_on = forms.DateField(label="Last day", widget=DAY, required=False)
    file = forms.FileField(
        label="The paper", error_messages={"required": "Add the paper as a file."}, help_text="A photo or a PDF."
    )

    def __init__(self, *args: Any, by: User, vendor: Vendor, **options: Any) -> None:
        super().__init__(*args, **options)
        trade = cast("forms.ModelChoiceField", self.fields["trade"])
        trade.queryset = Trade.objects.visible_to(by).filter(pk__in=vendor.trades.values("trade_id"))


class RatesForm(forms.Form):
    """What should change in the agreed rates."""

    words = forms.CharField(
        label="What should change, and from when", max_length=1000, widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say what should change, and from when."},
    )  # fmt: skip


class HireForm(forms.Form):
    """Somebody who should work for the company here."""

    name = forms.CharField(label="Name", max_length=120, error_messages={"required": "Enter the name."})
    email = forms.EmailField(
        label="E-mail", max_length=254,
        error_messages={"required": "Enter the e-mail address.", "invalid": "Enter an address, like ray@example.com."},
    )  # fmt: skip
    role = forms.ChoiceField(
        label="What they do",
        choices=[
            (Role.TECHNICIAN.value, Card("Technician", help="Goes out, checks in, documents")),
            (Role.DISPATCHER.value, Card("Dispatcher", help="Answers offers, sends people, bills")),
        ],
        initial=Role.TECHNICIAN.value,
        widget=forms.RadioSelect(attrs={"data-look": "cards"}),
    )
