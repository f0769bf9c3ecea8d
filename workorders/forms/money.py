"""Bills: the vendor's lines and how it sends them, and what is decided about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import forms

from vendors.rates import HourKind
from workorders.invoices import Line
from workorders.models import InvoiceLine, LineKind, PartUsed, Visit

NUMBER = {"inputmode": "decimal"}
RATES = [("", "None"), *((kind.value, kind.value.capitalize()) for kind in HourKind)]


class LineForm(forms.Form):
    """One line; the visit and the part it stands for travel with it, unseen."""

    kind = forms.ChoiceField(label="For", choices=LineKind.choices, initial=LineKind.LABOR)
    description = forms.CharField(
        label="Item", max_length=200, error_messages={"required": "Say what the line is for."}
    )
    quantity = forms.DecimalField(
        label="Quantity", max_digits=9, decimal_places=2, widget=forms.TextInput(attrs=NUMBER),
        error_messages={"required": "Enter a quantity.", "invalid": "Enter a quantity, like 1.50."},
    )  # fmt: skip
    unit_amount = forms.DecimalField(
        label="Rate", max_digits=12, decimal_places=2, widget=forms.TextInput(attrs={**NUMBER, "data-prefix": "$"}),
        error_messages={"required": "Enter a price.", "invalid": "Enter a price, like 95.00."},
    )  # fmt: skip
    labor_kind = forms.ChoiceField(label="Labor rate", choices=RATES, required=False)
    visit = forms.IntegerField(required=False, widget=forms.HiddenInput)
    part = forms.IntegerField(required=False, widget=forms.HiddenInput)


class BaseLines(forms.BaseFormSet):
    """All lines of one bill; rows that are empty or marked for removal do not count."""

    def get_deletion_widget(self) -> forms.Widget:
        return forms.CheckboxInput()

    def lines(self, visits: Iterable[Visit]) -> list[Line]:
        """The lines as the rules take them; visits and parts are looked up among `visits`, the vendor's own."""
        trips = {visit.pk: visit for visit in visits}
        parts: dict[int, PartUsed] = {part.pk: part for trip in trips.values() for part in trip.parts.all()}
        return [
            Line(
                kind=given["kind"], description=given["description"], quantity=given["quantity"],
                unit_amount=given["unit_amount"], visit=trips.get(given["visit"] or 0),
                part=parts.get(given["part"] or 0), labor_kind=given["labor_kind"],
            )
            for given in self._kept()
        ]  # fmt: skip

    def _kept(self) -> list[dict[str, Any]]:
        return [form.cleaned_data for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]

    def place(self, faults: Mapping[str, str]) -> dict[str, str]:
        """Put faults named `lines-<n>-<field>` beside their fields; what is left belongs to the whole bill."""
        kept = [form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]
        left = {}
        for name, words in faults.items():
            where, _, rest = name.partition("-")
            number, _, field = rest.partition("-")
            if where == "lines" and number.isdecimal() and int(number) < len(kept):
                kept[int(number)].add_error(field if field in LineForm.base_fields else None, words)
            else:
                left[name] = words
        return left


LineFormSet = forms.formset_factory(LineForm, formset=BaseLines, extra=0, can_delete=True, max_num=200)


def line_values(lines: Iterable[InvoiceLine]) -> list[dict[str, Any]]:
    """Lines of a bill as the formset shows them."""
    return [
        {
            "kind": line.kind, "description": line.description, "quantity": line.quantity,
            "unit_amount": line.unit_amount, "labor_kind": line.labor_kind, "visit": line.visit_id,
            "part": line.part_id,
        }
        for line in lines
    ]  # fmt: skip


class SendForm(forms.Form):
    """The vendor's own number, date and sum."""

    number = forms.CharField(
        label="Your invoice number", max_length=60, error_messages={"required": "Enter your invoice number."}
    )
    invoice_on = forms.DateField(
        label="Invoice date", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Enter the date of your invoice.", "invalid": "Enter a date."},
    )  # fmt: skip
    total = forms.DecimalField(
        label="Total on your own paper", required=False, max_digits=12, decimal_places=2,
        widget=forms.TextInput(attrs={**NUMBER, "data-prefix": "$"}),
        help_text="If you send one: it is held against the lines.",
        error_messages={"invalid": "Enter an amount in dollars, like 1200.00."},
    )  # fmt: skip
    vendor_note = forms.CharField(
        label="Note to facilities", required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )


class TaxForm(forms.Form):
    """The tax of a draft."""

    tax_percent = forms.DecimalField(
        label="Tax", min_value=Decimal(0), max_value=Decimal(100), max_digits=6, decimal_places=3,
        widget=forms.TextInput(attrs={**NUMBER, "data-suffix": "%"}),
        error_messages={"required": "Enter the tax, 0 for none.", "invalid": "Enter a percentage, like 8.875."},
    )  # fmt: skip


class AnswerForm(forms.Form):
    """The vendor's answer to a dispute."""

    note = forms.CharField(
        label="Your answer", max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write your answer."},
    )  # fmt: skip


class DecisionForm(forms.Form):
    """What the vendor reads beside a decision, or why a bill with findings passes."""

    reason = forms.CharField(label="Reason", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
