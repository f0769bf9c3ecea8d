"""Forms over the facts of one row, which the row itself may refuse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.db.models.fields import BLANK_CHOICE_LABEL

from accounts.changes import faults_of

DOLLARS = {"inputmode": "decimal", "autocomplete": "off", "data-prefix": "$"}
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class FactsForm(forms.ModelForm):
    """The facts of one row. What the database would refuse is told beside its field."""

    sections: Sequence[tuple[str, Sequence[str]]] = ()
    """Titles and their fields, for a form too long for one card."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            nothing = "Choose" if field.required else "None"
            if isinstance(field, forms.ModelChoiceField):
                if field.empty_label == BLANK_CHOICE_LABEL:
                    field.empty_label = nothing
            elif isinstance(field, forms.ChoiceField):
                offered = cast("list[tuple[Any, Any]]", field.choices)
                field.choices = [(value, nothing if label == BLANK_CHOICE_LABEL else label) for value, label in offered]

    def validate_unique(self) -> None:
        """Left to the row's own check below, with the other constraints."""

    def validate_constraints(self) -> None:
        unset = {
            field.name
            for field in self.instance._meta.concrete_fields
            if field.name not in self.fields and not field.generated and getattr(self.instance, field.attname) is None
        }
        for name, sentence in faults_of(self.instance, exclude=unset | self.errors.keys()).items():
            place(self, name, sentence)

    def facts(self) -> dict[str, Any]:
        """What was entered, as the row keeps it."""
        return dict(self.cleaned_data)


def place(form: forms.BaseForm, name: str, sentence: str) -> None:
    """Put a fault beside its field, or above the form; said once."""
    known = name if name in form.fields else None
    if sentence not in form.errors.get(known or NON_FIELD_ERRORS, ()):
        form.add_error(known, sentence)
