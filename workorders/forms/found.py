"""Something else that a technician sees while on site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from accounts.fields import FilesField
from assets.models import Asset, CriticalityQuestion, ProblemType, Trade
from workorders.forms.desk import choices
from workorders.forms.desk_report import YES_NO, ProblemChoice
from workorders.models import Working, WorkOrder

if TYPE_CHECKING:
    from accounts.models import User


class FoundForm(forms.Form):
    """What is wrong, on which unit; the questions of the problem come when it is known."""

    asked = forms.CharField(widget=forms.HiddenInput, required=False)
    trade = forms.ModelChoiceField(
        label="Trade", queryset=Trade.objects.none(), error_messages={"required": "Choose a trade."}
    )
    problem_type = ProblemChoice(
        label="Problem", queryset=ProblemType.objects.none(), required=False, empty_label="None of these"
    )
    asset = forms.CharField(
        label="Unit", max_length=40, required=False, help_text="The tag on its label, like RF-114-02.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )  # fmt: skip
    working = forms.ChoiceField(
        label="How is it doing?", choices=Working.choices, initial=Working.DEGRADED,
        widget=forms.RadioSelect(attrs={"data-look": "rows"}),
    )  # fmt: skip
    description = forms.CharField(
        label="What do you see?", max_length=5000, widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Say what is wrong."},
    )  # fmt: skip
    photos = FilesField(label="Photos")

    def __init__(self, *args: Any, by: User, row: WorkOrder, tag: str = "", **options: Any) -> None:
        super().__init__(*args, initial={"trade": row.trade_id, "asset": tag[:40]}, auto_id="found_%s", **options)
        self.row = row
        choices(self, "trade", Trade.objects.visible_to(by).active())
        choices(self, "problem_type", ProblemType.objects.visible_to(by).active().select_related("trade"))
        chosen = str(self.data.get("problem_type") or "")
        problem = None
        if chosen.isdecimal():
            problem = ProblemType.objects.visible_to(by).active().filter(pk=chosen).first()
        self.questions: list[CriticalityQuestion] = list(problem.questions.filter(retired_at=None)) if problem else []
        for question in self.questions:
            self.fields[f"question_{question.pk}"] = forms.ChoiceField(
                label=question.text, choices=YES_NO, initial="no", required=False,
                widget=forms.RadioSelect(attrs={"data-look": "cards"}),
            )  # fmt: skip

    @property
    def question_fields(self) -> list[forms.BoundField]:
        return [self[f"question_{one.pk}"] for one in self.questions]

    @property
    def answers(self) -> dict[CriticalityQuestion, bool]:
        return {one: self.cleaned_data.get(f"question_{one.pk}") == "yes" for one in self.questions}

    def clean_asset(self) -> Asset | None:
        tag = self.cleaned_data["asset"].strip()
        if not tag:
            return None
        # Who stands before a unit reads its tag; of the others at the site nothing is told.
        if found := self.row.site.assets.in_use().select_related("category", "area").filter(tag__iexact=tag).first():
            return found
        raise forms.ValidationError(f"No unit at {self.row.site.code} has this tag. Look at its label again.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        problem, trade = cleaned.get("problem_type"), cleaned.get("trade")
        if problem and trade and problem.trade_id != trade.pk:
            self.add_error("problem_type", "This problem belongs to another trade. Choose again.")
        return cleaned

    def must_ask(self) -> bool:
        """Whether the problem has questions that this person has not seen yet."""
        problem = self.cleaned_data["problem_type"]
        if not self.questions or self.cleaned_data["asked"] == str(problem.pk):
            return False
        self.data = self.data.copy()
        self.data["asked"] = str(problem.pk)
        return True
