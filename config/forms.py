"""Input of the settings pages to clean values."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.facts import DOLLARS, FactsForm
from accounts.models import User
from accounts.thresholds import Threshold
from assets.forms import RegionChoice, clock_words, read_hours
from assets.models import Calendar, CompletionDocument, Priority, PriorityMeaning, ProblemType, Region, Trade, Weekday
from assets.models.trade import WINDOW_IN_DAYS
from workorders.models import DispatchPolicy, Milestone, Reason, SlaTarget
from workorders.terms import EXPIRY

LARGEST_SHEET = 10 * 1024 * 1024
LONGEST_ANSWER = 10_000
NUMBER = {"inputmode": "numeric", "autocomplete": "off"}
QUESTION = re.compile(r"P([1-4])[:\s]+(.+?)(\s*\(stock\))?", re.IGNORECASE)


class ThresholdForm(forms.Form):
    """The value of one threshold."""

    def __init__(self, *args: Any, threshold: Threshold, **options: Any) -> None:
        super().__init__(*args, initial={"value": threshold.value()}, **options)
        if isinstance(threshold.default, bool):
            self.fields["value"] = forms.BooleanField(required=False, label=threshold.label)
            return
        attrs = {"inputmode": "decimal", "autocomplete": "off", "data-suffix": threshold.unit}
        kind = forms.DecimalField if isinstance(threshold.default, Decimal | float) else forms.IntegerField
        self.fields["value"] = kind(
            min_value=threshold.minimum,
            max_value=threshold.maximum,
            label=threshold.label,
            help_text=f"{threshold.minimum:g} to {threshold.maximum:g}. Usually {threshold.default}.",
            widget=forms.TextInput(attrs=attrs),
        )

    def clean_value(self) -> Any:
        value, default = self.cleaned_data["value"], self.fields["value"]
        return value if isinstance(default, forms.BooleanField) or not isinstance(value, Decimal) else value.normalize()


class TradeForm(FactsForm):
    """A craft."""

    class Meta:
        model = Trade
        fields = ["name", "code", "icon", "sort_order"]
        labels = {"sort_order": "Place in the list"}
        help_texts = {"code": "Short and stable: refrigeration.", "icon": "Name of an icon: snowflake, fan, zap."}
        widgets = {"sort_order": forms.TextInput(attrs=NUMBER)}


class ProblemForm(FactsForm):
    """A kind of trouble, with what is asked and advised before anybody is sent."""

    sections = (
        ("Problem", ("trade", "name", "default_priority", "default_nte_amount", "sort_order")),
        ("Asked of the store", ("requester_message", "stops_request", "photos_required", "asset_required",
                                "question_lines", "step_lines")),
        ("Needed before it counts as done", ("required_documents", "late_documents")),
        ("Delay and repeats", ("downtime_cost_amount", "stock_at_risk", "duplicate_window_days",
                               "repeat_window_days", "likeness_needed")),
    )  # fmt: skip
    required_documents = forms.MultipleChoiceField(
        choices=CompletionDocument.choices, required=False, label="Papers", widget=forms.CheckboxSelectMultiple
    )
    late_documents = forms.MultipleChoiceField(
        choices=CompletionDocument.choices, required=False, label="Papers that may come later",
        widget=forms.CheckboxSelectMultiple,
        help_text="The work counts as done without them; it is not paid without them.",
    )  # fmt: skip
    question_lines = forms.CharField(
        required=False, label="Questions", widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One per line, after the priority that a yes raises to: P1 Is anybody in danger? "
        "End with (stock) where a yes puts stock at risk.",
    )  # fmt: skip
    step_lines = forms.CharField(
        required=False, label="Try this first", help_text="A step per line.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip

    class Meta:
        model = ProblemType
        fields = [
            "trade", "name", "default_priority", "default_nte_amount", "sort_order", "requester_message",
            "stops_request", "photos_required", "asset_required", "required_documents", "late_documents",
            "downtime_cost_amount", "stock_at_risk", "duplicate_window_days", "repeat_window_days", "likeness_needed",
        ]  # fmt: skip
        labels = {
            "default_nte_amount": "Usual limit (not to exceed)", "requester_message": "Message to the store",
            "stops_request": "The message ends the request", "photos_required": "Photos needed",
            "asset_required": "A unit must be named", "downtime_cost_amount": "Cost of delay per hour",
            "stock_at_risk": "Delay costs around the clock", "duplicate_window_days": "Looks for duplicates in",
            "repeat_window_days": "Counts as a repeat within", "sort_order": "Place in the list",
            "likeness_needed": "Words count as alike from",
        }  # fmt: skip
        help_texts = {"stock_at_risk": "", "downtime_cost_amount": ""}
        error_messages = {
            name: dict.fromkeys(("invalid", "min_value", "max_value"), WINDOW_IN_DAYS)
            for name in ("duplicate_window_days", "repeat_window_days")
        }
        widgets = {
            "default_nte_amount": forms.TextInput(attrs=DOLLARS),
            "downtime_cost_amount": forms.TextInput(attrs=DOLLARS),
            "photos_required": forms.TextInput(attrs=NUMBER),
            "duplicate_window_days": forms.TextInput(attrs=NUMBER | {"data-suffix": "days"}),
            "repeat_window_days": forms.TextInput(attrs=NUMBER | {"data-suffix": "days"}),
            "likeness_needed": forms.TextInput(attrs=NUMBER | {"inputmode": "decimal"}),
            "sort_order": forms.TextInput(attrs=NUMBER),
            "requester_message": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, by: User, instance: ProblemType, **options: Any) -> None:
        initial = {}
        if instance.pk:
            asked = instance.questions.filter(retired_at=None)
            initial = {
                "question_lines": "\n".join(
                    f"P{row.level_if_yes} {row.text}{' (stock)' if row.puts_stock_at_risk else ''}" for row in asked
                ),
                "step_lines": "\n".join(row.text for row in instance.self_help.all()),
            }
        super().__init__(*args, instance=instance, initial=initial, **options)
        self.fields["trade"].queryset = Trade.objects.visible_to(by).active()

    def clean_question_lines(self) -> list[tuple[str, int, bool]]:
        found = []
        for line in filter(None, map(str.strip, self.cleaned_data["question_lines"].splitlines())):
            match = QUESTION.fullmatch(line)
            if match is None or len(match[2]) > 160:
                raise ValidationError(f"Begin with P1 to P4 and keep it under 160 characters: “{line[:40]}”.")
            found.append((match[2].strip(), int(match[1]), bool(match[3])))
        return found

    def clean_step_lines(self) -> list[str]:
        steps = [line.strip() for line in self.cleaned_data["step_lines"].splitlines() if line.strip()]
        if any(len(step) > 240 for step in steps):
            raise ValidationError("Write each step in at most 240 characters.")
        return steps

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        return facts | {"questions": facts.pop("question_lines"), "steps": facts.pop("step_lines")}


class ReasonForm(FactsForm):
    """An answer that people can choose, and what choosing it means."""

    pauses = forms.MultipleChoiceField(
        choices=Milestone.choices, required=False, label="Clocks that stand still", widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Reason
        fields = [
            "under", "label", "code", "pauses", "needs_note", "needs_date", "vendor_may_choose", "vendor_sees",
            "sort_order",
        ]  # fmt: skip
        labels = {
            "under": "Asked when", "needs_note": "A note is needed", "needs_date": "A date is needed",
            "vendor_may_choose": "Vendors may choose it", "vendor_sees": "Vendors see it",
            "sort_order": "Place in the list",
        }  # fmt: skip
        help_texts = {"code": "Short and stable: waiting-parts."}
        widgets = {"sort_order": forms.TextInput(attrs=NUMBER)}


class PriorityForm(FactsForm):
    """What a priority means, and how long a vendor may think about its offers."""

    class Meta:
        model = PriorityMeaning
        fields = ["meaning"]
        labels = {"meaning": "What it means"}
        help_texts = {"meaning": "A sentence for the people who report."}
        widgets = {"meaning": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, instance: PriorityMeaning, **options: Any) -> None:
        super().__init__(*args, instance=instance, **options)
        expiry = EXPIRY[Priority(instance.priority)]
        unit = "business hours" if expiry.unit == "hours" else expiry.unit
        self.fields["answer_within"] = forms.IntegerField(
            label="Offers are answered within", initial=expiry.value(), min_value=int(expiry.minimum),
            max_value=LONGEST_ANSWER, widget=forms.TextInput(attrs=NUMBER | {"data-suffix": unit}),
            help_text="After that the next vendor is asked.",
        )  # fmt: skip


class TargetForm(FactsForm):
    """How soon a milestone is due."""

    priority = forms.TypedChoiceField(choices=Priority.choices, coerce=int)

    class Meta:
        model = SlaTarget
        fields = ["milestone", "priority", "trade", "tier", "minutes", "clock_type"]
        labels = {"tier": "Only sites of tier", "clock_type": "Counted", "trade": "Only this trade"}
        widgets = {"minutes": forms.TextInput(attrs=NUMBER | {"data-suffix": "minutes"})}

    def __init__(self, *args: Any, by: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["trade"].queryset = Trade.objects.visible_to(by).active()
        self.fields["trade"].empty_label = "Every trade"


SHARE = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})


class PolicyForm(FactsForm):
    """By which terms work of a trade, a priority and a region is given out."""

    sections = (
        ("For which work", ("trade", "region", "priority")),
        ("Who comes first", ("order", "weight_scorecard", "weight_cost", "weight_arrival", "weight_distance",
                             "weight_load", "weight_preference")),
        ("How they are asked", ("mode", "cascade_depth", "broadcast_size", "expires_in", "expires_unit",
                                "accepts_for_crews")),
    )  # fmt: skip
    region = RegionChoice(
        Region.objects.none(), required=False, empty_label="Every region", help_text="With everything below it."
    )
    priority = forms.TypedChoiceField(
        choices=[("", "Every priority"), *Priority.choices], coerce=int, empty_value=None, required=False
    )

    class Meta:
        model = DispatchPolicy
        fields = [
            "trade", "region", "priority", "order", "weight_scorecard", "weight_cost", "weight_arrival",
            "weight_distance", "weight_load", "weight_preference", "mode", "cascade_depth", "broadcast_size",
            "expires_in", "expires_unit", "accepts_for_crews",
        ]  # fmt: skip
        labels = {
            "order": "In order of", "weight_scorecard": "Weight of the scorecard",
            "weight_cost": "Weight of the expected cost", "weight_arrival": "Weight of the time to arrive",
            "weight_distance": "Weight of the distance", "weight_load": "Weight of the open jobs",
            "weight_preference": "Weight of being preferred", "mode": "Who asks", "cascade_depth": "One after another",
            "broadcast_size": "At once", "expires_in": "An offer stays open for", "expires_unit": "Counted in",
            "accepts_for_crews": "Our own crews accept at once",
        }  # fmt: skip
        help_texts = {"weight_scorecard": "0 to 1. Only how they compare to each other matters."}
        widgets = {
            **{f"weight_{name}": SHARE for name in
               ("scorecard", "cost", "arrival", "distance", "load", "preference")},
            "cascade_depth": forms.TextInput(attrs=NUMBER | {"data-suffix": "vendors"}),
            "broadcast_size": forms.TextInput(attrs=NUMBER | {"data-suffix": "vendors"}),
            "expires_in": forms.TextInput(attrs=NUMBER),
        }  # fmt: skip

    def __init__(self, *args: Any, by: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["trade"].queryset = Trade.objects.visible_to(by).active()
        self.fields["trade"].empty_label = "Every trade"
        self.fields["region"].queryset = Region.objects.visible_to(by)


class CalendarForm(FactsForm):
    """Hours and holidays that several sites share."""

    holiday_lines = forms.CharField(
        required=False, label="Closed on", help_text="A day per line: 2026-12-25 Christmas.",
        widget=forms.Textarea(attrs={"rows": 6}),
    )  # fmt: skip

    class Meta:
        model = Calendar
        fields = ["name"]

    def __init__(self, *args: Any, instance: Calendar, **options: Any) -> None:
        initial = {}
        if instance.pk:
            initial = clock_words(instance.hours.order_by("weekday", "opens_minute"))
            days = instance.holidays.order_by("day_on")
            initial["holiday_lines"] = "\n".join(f"{row.day_on.isoformat()} {row.name}" for row in days)
        super().__init__(*args, instance=instance, initial=initial, **options)
        for day in Weekday:
            self.fields[f"day_{day.value}"] = forms.CharField(required=False, label=day.label, max_length=80)
        self.order_fields(["name", *(f"day_{day.value}" for day in Weekday), "holiday_lines"])

    def clean_holiday_lines(self) -> list[tuple[date, str]]:
        found = []
        for line in filter(None, map(str.strip, self.cleaned_data["holiday_lines"].splitlines())):
            day, _, name = line.partition(" ")
            try:
                found.append((date.fromisoformat(day), name.strip()[:80] or "Closed"))
            except ValueError:
                raise ValidationError(f"Begin with the day, like 2026-12-25: “{line[:40]}”.") from None
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self.openings = read_hours(self, cleaned)
        return cleaned

    def facts(self) -> dict[str, Any]:
        cleaned = super().facts()
        return {"name": cleaned["name"], "openings": self.openings, "holidays": cleaned["holiday_lines"]}


class SheetForm(forms.Form):
    """A list as a file."""

    file = forms.FileField(label="CSV file", error_messages={"required": "Choose a CSV file."})

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_SHEET:
            raise ValidationError("The file is larger than 10 MB. Divide it.")
        return file
