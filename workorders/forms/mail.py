"""What a facilities manager says about mail that waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from accounts.permissions import Act
from workorders.models import Audience, Letter, WorkOrder
from workorders.search import number_of

if TYPE_CHECKING:
    from accounts.models import User


class FileForm(forms.Form):
    """Which work order it belongs to, and who may read it there."""

    work_order = forms.CharField(
        label="Work order", max_length=20, help_text="Its number, like WO-000123.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter the number of the work order."},
    )  # fmt: skip
    audience = forms.ChoiceField(label="Who can read this", widget=forms.RadioSelect(attrs={"data-look": "rows"}))

    def __init__(self, *args: Any, by: User, letter: Letter, **options: Any) -> None:
        initial = {"work_order": letter.work_order.number if letter.work_order else ""}
        super().__init__(*args, initial=initial, auto_id="file_%s", **options)
        self.by = by
        self.fields["audience"].choices = Audience.choices
        self.fields["audience"].initial = Audience.INTERNAL.value

    def clean_work_order(self) -> WorkOrder:
        number = number_of(self.cleaned_data["work_order"])
        mine = WorkOrder.objects.visible_to(self.by, Act.TRIAGE).select_related("site")
        if found := mine.filter(number=number).first():
            return found
        raise forms.ValidationError("No work order has this number. Check it.")


class DiscardForm(forms.Form):
    """Why it is of no use."""

    reason = forms.CharField(
        label="Why", max_length=300, help_text="Like advertising, or settled by phone.",
        error_messages={"required": "Say why, in a few words."},
    )  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, auto_id="discard_%s", **options)
