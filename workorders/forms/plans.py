"""Input of planned maintenance to clean values."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.facts import DAY, DOLLARS
from accounts.models import User
from accounts.permissions import Act
from assets.models import Asset, CompletionDocument, Priority, ProblemType, Trade
from vendors.models import Vendor
from workorders import recurrence
from workorders.models import Plan

MOST_UNITS = 500
UNITS = [("DAILY", "days"), ("WEEKLY", "weeks"), ("MONTHLY", "months"), ("YEARLY", "years")]
NUMBER = {"inputmode": "numeric", "autocomplete": "off"}


class TagsField(forms.CharField):
    """Equipment by its tags; cleans to the units, out of those that the person plans for."""

    by: User

    def clean(self, value: Any) -> list[Asset]:
        tags = {tag.upper() for tag in re.split(r"[\s,;]+", super().clean(value)) if tag}
        if len(tags) > MOST_UNITS:
            raise ValidationError(f"Name up to {MOST_UNITS} units at a time.")
        seen = Asset.objects.visible_to(self.by, Act.MANAGE_PLANS).in_use().tagged(tags).select_related("site")
        found = {asset.tag.upper(): asset for asset in seen}
        if missing := sorted(tags - found.keys()):
            raise ValidationError(f"There is no unit {', '.join(missing[:5])} in use that you look after.")
        return list(found.values())


def _tags(**options: Any) -> TagsField:
    return TagsField(
        label="Units",
        help_text="Tags, separated by commas or lines.",
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        **options,
    )


class PlanForm(forms.Form):
    """What must be done, how often, to which units, by whom and for how much."""

    sections = (
        ("What", ("name", "trade", "problem_type", "description", "checklist", "required_documents")),
        ("How often", ("every", "unit", "rule", "anchor_on", "assets")),
        ("Work order", ("lead_days", "window_after_days", "priority", "minutes", "vendor", "nte_amount")),
    )
    name = forms.CharField(max_length=120)
    trade = forms.ModelChoiceField(Trade.objects.none(), empty_label="Choose a trade")
    problem_type = forms.ModelChoiceField(ProblemType.objects.none(), required=False, empty_label="None")
    description = forms.CharField(required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    checklist = forms.CharField(
        required=False, label="Checklist", help_text="A step per line.", widget=forms.Textarea(attrs={"rows": 5})
    )
    required_documents = forms.MultipleChoiceField(
        choices=CompletionDocument.choices, required=False, label="Needed before it counts as done",
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    every = forms.IntegerField(
        min_value=1, max_value=999, initial=3, required=False, widget=forms.TextInput(attrs=NUMBER)
    )
    unit = forms.ChoiceField(choices=UNITS, initial="MONTHLY", label="Days, weeks, months or years")
    rule = forms.CharField(
        required=False, max_length=200, label="Or an own rule",
        help_text="RFC 5545, like FREQ=MONTHLY;BYDAY=1MO. It wins over the two fields above.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    anchor_on = forms.DateField(label="Counted from", widget=DAY)
    assets = _tags()
    lead_days = forms.IntegerField(
        min_value=0, max_value=365, initial=14, label="Made before it is due",
        widget=forms.TextInput(attrs=NUMBER | {"data-suffix": "days"}),
    )  # fmt: skip
    window_after_days = forms.IntegerField(
        min_value=0, max_value=365, initial=14, label="May be done until after",
        widget=forms.TextInput(attrs=NUMBER | {"data-suffix": "days"}),
    )  # fmt: skip
    priority = forms.TypedChoiceField(choices=Priority.choices, coerce=int, initial=Priority.P4)
    minutes = forms.IntegerField(
        min_value=5, max_value=10000, initial=60, label="Time it takes",
        widget=forms.TextInput(attrs=NUMBER | {"data-suffix": "minutes"}),
    )  # fmt: skip
    vendor = forms.ModelChoiceField(Vendor.objects.none(), required=False, empty_label="By dispatch")
    nte_amount = forms.DecimalField(
        min_value=0, max_digits=12, decimal_places=2, required=False, label="Not to exceed, each time",
        widget=forms.TextInput(attrs=DOLLARS),
        error_messages={"invalid": "Enter an amount in dollars, like 450.00."},
    )  # fmt: skip

    def __init__(self, *args: Any, by: User, plan: Plan | None = None, **options: Any) -> None:
        super().__init__(*args, initial=_initial(plan) if plan else None, **options)
        self.fields["trade"].queryset = Trade.objects.visible_to(by).active()
        problems = ProblemType.objects.visible_to(by).active().select_related("trade")
        self.fields["problem_type"].queryset = problems
        self.fields["vendor"].queryset = Vendor.objects.visible_to(by, Act.VIEW_VENDORS).dispatchable()
        self.fields["assets"].by = by
        if plan:
            del self.fields["assets"], self.fields["anchor_on"]

    def clean_checklist(self) -> list[str]:
        steps = [step.strip() for step in self.cleaned_data["checklist"].splitlines() if step.strip()]
        if any(len(step) > 240 for step in steps):
            raise ValidationError("Write each step in at most 240 characters.")
        return steps

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        every, unit, own = cleaned.pop("every", None), cleaned.pop("unit", None), cleaned.get("rule", "")
        if not own and every and unit:
            cleaned["rule"] = f"FREQ={unit}" + (f";INTERVAL={every}" if every > 1 else "")
        elif not own and "every" not in self.errors:
            self.add_error("every", "Enter how often, like 3.")
        if cleaned.get("rule"):
            try:
                recurrence.in_words(cleaned["rule"], cleaned.get("anchor_on"))
            except recurrence.NotARule as problem:
                self.add_error("rule", str(problem))
        return cleaned


def _initial(plan: Plan) -> dict[str, Any]:
    facts = {name: getattr(plan, name) for name in (
        "name", "trade", "problem_type", "description", "required_documents", "lead_days", "window_after_days",
        "priority", "minutes", "vendor", "nte_amount",
    )}  # fmt: skip
    facts["checklist"] = "\n".join(plan.checklist)
    parts = recurrence.parse(plan.rule)
    if parts.keys() <= {"FREQ", "INTERVAL"}:
        return facts | {"every": int(parts.get("INTERVAL", "1")), "unit": parts["FREQ"]}
    return facts | {"rule": plan.rule, "unit": parts["FREQ"], "every": None}


class TargetsForm(forms.Form):
    """More units that a plan keeps, or another day to count from."""

    assets = _tags()
    anchor_on = forms.DateField(label="Counted from", widget=DAY)

    def __init__(self, *args: Any, by: User, today: date, **options: Any) -> None:
        super().__init__(*args, initial={"anchor_on": today}, **options)
        self.fields["assets"].by = by
