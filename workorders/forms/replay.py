"""Other weights to try on a past decision. Read from the address; nothing is kept."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django import forms

from workorders.models import DispatchOrder
from workorders.replay import Shown
from workorders.terms import WEIGHTS, Terms

PARTS = {
    "scorecard": "Scorecard", "cost": "Expected cost", "arrival": "Time to arrive", "distance": "Distance",
    "load": "Open jobs", "preference": "Being preferred",
}  # fmt: skip
NUMBER = {"inputmode": "decimal", "autocomplete": "off"}


class ReplayForm(forms.Form):
    """The weights of the six parts and whether fixed ranks go first."""

    order = forms.ChoiceField(choices=DispatchOrder.choices, label="In order of")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, auto_id="replay-%s", **options)
        for name in WEIGHTS:
            self.fields[name] = forms.DecimalField(
                label=PARTS[name], min_value=0, max_value=1, max_digits=5, decimal_places=4,
                widget=forms.TextInput(attrs=NUMBER),
                error_messages=dict.fromkeys(("min_value", "max_value"), "A weight is 0 to 1."),
            )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not any(self.weights.values()):
            self.add_error(None, "Give at least one part a weight above 0.")
        return cleaned

    @property
    def weights(self) -> dict[str, Decimal]:
        return {name: self.cleaned_data[name] for name in WEIGHTS}

    @property
    def rank_first(self) -> bool:
        return bool(self.cleaned_data["order"] == DispatchOrder.RANK)


def as_then(shown: Shown) -> dict[str, str]:
    """The answers of the form that rank as it was."""
    return _answers(shown.weights, rank_first=shown.rank_first)


def as_today(terms: Terms) -> str:
    """The query that ranks by the policy in force now."""
    return urlencode(_answers(terms.weights, rank_first=terms.rank_first))


def _answers(weights: Any, *, rank_first: bool) -> dict[str, str]:
    order = DispatchOrder.RANK if rank_first else DispatchOrder.SCORE
    return {"order": str(order), **{name: f"{weights.get(name, Decimal(0)).normalize():f}" for name in WEIGHTS}}
