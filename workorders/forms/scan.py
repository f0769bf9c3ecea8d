"""What a visitor fills in who has scanned a label."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.actors import VISITOR
from accounts.fields import FilesField, RowField
from accounts.words import Card
from assets.models import Asset, CriticalityQuestion, ProblemType, Site, Trade
from workorders.models import Working
from workorders.scans import MOST_PHOTOS

SOMETHING_ELSE = "other"
YES_NO = [("no", "No"), ("yes", "Yes")]


class ScanForm(forms.Form):
    """One report for the place of a label. Asks nothing of the place's other work."""

    description = forms.CharField(
        label="What do you see, hear or smell?", max_length=5000, widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Say what is wrong, in your own words."},
    )  # fmt: skip
    photos = FilesField(label="Photos", most=MOST_PHOTOS)
    requester_name = forms.CharField(
        label="Your name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Say who you are, so that somebody can ask you."},
    )  # fmt: skip
    requester_phone = forms.CharField(
        label="Phone", required=False, max_length=32,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )  # fmt: skip

    def __init__(self, data: Any = None, files: Any = None, *, place: Asset | Site) -> None:
        super().__init__(data, files, label_suffix="")
        self.unit = place if isinstance(place, Asset) else None
        self._ask_what()
        self._ask_how_bad()
        self.order_fields(
            ["trade", "problem_type", "working", *(f"question_{one.pk}" for one in self.questions), "description"]
        )

    def _ask_what(self) -> None:
        trades = {trade.code: trade for trade in Trade.objects.visible_to(VISITOR).active()}
        if self.unit and self.unit.category.trade.code in trades:
            self.chosen_trade: Trade | None = self.unit.category.trade
        else:
            self.chosen_trade = trades.get(str(self.data.get("trade", "")))
            self.fields["trade"] = RowField(
                label="Area of work", rows=trades, widget=forms.RadioSelect(attrs={"data-look": "tiles"}),
                choices=[(code, Card(trade.name, icon=trade.icon)) for code, trade in trades.items()],
                error_messages={"required": "Choose the area of work."},
            )  # fmt: skip
        known = self.chosen_trade.problem_types.active() if self.chosen_trade else ()
        self.problems = {str(row.pk): row for row in known}
        self.problem: ProblemType | None = self.problems.get(str(self.data.get("problem_type", "")))
        self.fields["problem_type"] = RowField(
            label="Problem",
            rows=self.problems | {SOMETHING_ELSE: None},
            choices=[*((pk, row.name) for pk, row in self.problems.items()), (SOMETHING_ELSE, "Something else")],
            widget=forms.RadioSelect(attrs={"data-look": "list"}),
            required=False,
            unknown="This problem belongs to another area of work. Choose again.",
        )

    def _ask_how_bad(self) -> None:
        self.questions: list[CriticalityQuestion] = (
            list(self.problem.questions.filter(retired_at=None)) if self.problem else []
        )
        self.self_help = list(self.problem.self_help.all()) if self.problem else []
        self.fields["working"] = forms.ChoiceField(
            label="How is it doing?", choices=Working.choices, widget=forms.RadioSelect(attrs={"data-look": "rows"}),
            error_messages={"required": "Say whether it still works."},
        )  # fmt: skip
        for question in self.questions:
            self.fields[f"question_{question.pk}"] = forms.ChoiceField(
                label=question.text, choices=YES_NO, widget=forms.RadioSelect(attrs={"data-look": "cards"}),
                error_messages={"required": f"Answer yes or no: {question.text}"},
            )  # fmt: skip
        if self.problem and self.problem.photos_required:
            self.fields["photos"].required = True
            self.fields["photos"].error_messages["required"] = "Add a photo of the problem."

    @property
    def question_fields(self) -> list[forms.BoundField]:
        return [self[f"question_{one.pk}"] for one in self.questions]

    @property
    def answers(self) -> dict[CriticalityQuestion, bool]:
        return {one: self.cleaned_data[f"question_{one.pk}"] == "yes" for one in self.questions}

    @property
    def stopped(self) -> bool:
        """Whether this kind of problem is not taken here at all."""
        return bool(self.problem and self.problem.stops_request)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        chosen = str(self.data.get("problem_type", ""))
        if self.chosen_trade and self.problems and not chosen:
            self.add_error("problem_type", "Choose the problem, or “Something else”.")
        return cleaned
