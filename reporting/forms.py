"""Answers about scores and trials: what is left out and why, what a vendor replies, and how a trial ends."""

from __future__ import annotations

from typing import Any

from django import forms

from reporting import facts
from vendors.trials import Verdict
from workorders.models import Milestone

WORDS = forms.Textarea(attrs={"rows": 3})


class ExclusionForm(forms.Form):
    """Why a job does not count, or only one of its clocks."""

    milestone = forms.ChoiceField(
        label="What does not count", required=False,
        choices=[("", "The whole job"), *((name, f"Only the clock: {Milestone(name).label.lower()}")
                                          for name in facts.MILESTONES)],
    )  # fmt: skip
    reason = forms.CharField(label="Why", max_length=300, widget=WORDS, help_text="The vendor reads it.")


class ReplyForm(forms.Form):
    """What a vendor says to its score, or to one job in it."""

    body = forms.CharField(label="Your reply", max_length=2000, widget=WORDS)
    about = forms.CharField(
        label="About one job", max_length=16, required=False, help_text="Its number, like WO-000123. Empty: the score."
    )


class VerdictForm(forms.Form):
    """How a trial ends, or goes on."""

    verdict = forms.ChoiceField(label="Verdict", choices=Verdict.choices, widget=forms.RadioSelect)
    jobs = forms.IntegerField(
        label="More jobs", required=False, min_value=1, max_value=20, help_text="Only when the trial goes on."
    )
    reason = forms.CharField(label="Why", max_length=300, widget=WORDS, help_text="The vendor reads it.")

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        if answers.get("verdict") == Verdict.EXTEND and not answers.get("jobs") and "jobs" not in self.errors:
            self.add_error("jobs", "Say how many more jobs.")
        return answers
