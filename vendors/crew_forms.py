"""Input about our own crews to clean values."""

from __future__ import annotations

from typing import Any, cast

from django import forms

from accounts.facts import DAY
from accounts.models import User
from assets.forms import HOURS


class DayForm(forms.Form):
    """A day that is otherwise than usual, for one of the crew or for everybody."""

    day_on = forms.DateField(label="Day", widget=DAY)
    technician = forms.ModelChoiceField(User.objects.none(), required=False, label="Who", empty_label="The whole crew")
    hours = forms.CharField(
        required=False, max_length=20, label="Hours", help_text="Like 10:00\N{EN DASH}14:00. Empty: off all day."
    )
    note = forms.CharField(required=False, max_length=80, label="Note", help_text="Vacation, training.")

    def __init__(self, *args: Any, crew: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        cast("forms.ModelChoiceField[User]", self.fields["technician"]).queryset = crew

    def clean_hours(self) -> tuple[int, int] | None:
        said = self.cleaned_data["hours"].strip()
        if not said:
            return None
        found = HOURS.fullmatch(said)
        if found is None:
            raise forms.ValidationError("Write hours like 10:00\N{EN DASH}14:00, or nothing for a day off.")
        begin, end = (int(found[hour]) * 60 + int(found[minute]) for hour, minute in ((1, 2), (3, 4)))
        if not begin < end <= 1440:
            raise forms.ValidationError("The shift ends before it starts.")
        return begin, end

    @property
    def facts(self) -> dict[str, Any]:
        facts = dict(self.cleaned_data)
        facts["starts_minute"], facts["ends_minute"] = facts.pop("hours") or (None, None)
        return facts
