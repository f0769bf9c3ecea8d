"""Times of a place: typed and shown in the zone of the site, whatever the zone of the person."""

from __future__ import annotations

import zoneinfo
from datetime import datetime, timedelta
from typing import Any, cast

from django import forms
from django.utils import timezone

TYPED = "%Y-%m-%dT%H:%M"
YEARS = range(2000, 2100)
"""What a person can mean; at the ends of the calendar no window fits any more."""


class SiteDateTimeField(forms.DateTimeField):
    """A local date and time at a site; the clean value is an aware instant. Set `zone` before use."""

    widget = forms.DateTimeInput(format=TYPED, attrs={"type": "datetime-local", "step": "300"})

    def __init__(self, *, zone: str = "UTC", **options: Any) -> None:
        self.zone = zoneinfo.ZoneInfo(zone)
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        return value.astimezone(self.zone).replace(tzinfo=None) if isinstance(value, datetime) else value

    def to_python(self, value: Any) -> datetime | None:
        with timezone.override(self.zone):
            instant: datetime | None = super().to_python(value)
        if instant is not None and instant.year not in YEARS:
            raise forms.ValidationError("Check the year.", code="year")
        return instant


WINDOWS = (
    ("0", "exactly then"),
    ("60", "within 1 hour"),
    ("120", "within 2 hours"),
    ("240", "within 4 hours"),
    ("480", "within 8 hours"),
)


class WindowForm(forms.Form):
    """An appointment: when somebody comes and how long the site must expect them. Cleans to `start_at`, `end_at`."""

    start_at = SiteDateTimeField(
        label="Arrives", error_messages={"required": "Choose when you arrive.", "invalid": "Choose a date and a time."}
    )
    window = forms.TypedChoiceField(label="Arrival window", choices=WINDOWS, coerce=int, initial="120")

    def __init__(self, *args: Any, zone: str, **options: Any) -> None:
        super().__init__(*args, **options)
        start = cast("SiteDateTimeField", self.fields["start_at"])
        start.zone = zoneinfo.ZoneInfo(zone)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("start_at") and "window" in cleaned:
            cleaned["end_at"] = cleaned["start_at"] + timedelta(minutes=cleaned["window"])
        return cleaned
