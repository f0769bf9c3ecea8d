"""Input of people pages to clean values."""

from __future__ import annotations

import zoneinfo
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils import timezone
from phonenumber_field.formfields import PhoneNumberField

from accounts.models import Role, Theme, User
from accounts.models.notice import Channel
from accounts.notices import Topic, topics, unwanted_by
from accounts.people import LIMIT_LABELS, LIMITS

ZONES = [
    (name, name.replace("_", " "))
    for name in sorted(zoneinfo.available_timezones())
    if name.split("/")[0] in {"America", "Europe", "Asia", "Australia", "Pacific", "Atlantic", "Africa"}
    or name == "UTC"
]


class InviteForm(forms.Form):
    """Whom to let in, and as what."""

    name = forms.CharField(max_length=120, label="Name", widget=forms.TextInput(attrs={"autocomplete": "off"}))
    email = forms.EmailField(
        max_length=254, label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )
    role = forms.ChoiceField(
        choices=[("", "No role yet"), *Role.choices],
        required=False,
        label="Role",
        help_text="Where it applies is the next step. A person without a role sees nothing.",
    )


class RoleForm(forms.Form):
    """A role, for good or until the end of a day."""

    role = forms.ChoiceField(choices=Role.choices, label="Role")
    last_on = forms.DateField(
        required=False,
        label="Last day",
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def clean_last_on(self) -> Any:
        last_on = self.cleaned_data["last_on"]
        if last_on and last_on < timezone.localdate():
            raise ValidationError("Enter today or a later day.")
        return last_on

    @property
    def ends_at(self) -> datetime | None:
        """The instant after the last day, in the time zone of whoever gives the role."""
        last_on = self.cleaned_data["last_on"]
        if last_on is None:
            return None
        return datetime.combine(last_on + timedelta(days=1), time.min, tzinfo=timezone.get_current_timezone())


class LimitsForm(forms.Form):
    """What a person may spend per decision, in dollars."""

    nte_limit_amount = forms.DecimalField(min_value=0, max_digits=12, decimal_places=2)
    quote_limit_amount = forms.DecimalField(min_value=0, max_digits=12, decimal_places=2)
    invoice_limit_amount = forms.DecimalField(min_value=0, max_digits=12, decimal_places=2)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in LIMITS:
            field = self.fields[name]
            field.label = LIMIT_LABELS[name]
            field.widget = forms.TextInput(attrs={"inputmode": "decimal", "data-prefix": "$", "autocomplete": "off"})
            field.error_messages["invalid"] = "Enter an amount in dollars, like 1200.00."


class AcceptForm(forms.Form):
    """How an invited person comes in: the own name and a password."""

    name = forms.CharField(
        max_length=120,
        label="Your name",
        error_messages={"required": "Enter your name."},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        strip=False,
        label="Password",
        error_messages={"required": "Choose a password."},
        help_text="At least 10 characters. A few words in a row are good.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, invited: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.invited = invited

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password, self.invited)
        return password


class ProfileForm(forms.Form):
    """What a person says of himself and how the pages behave for him."""

    name = forms.CharField(max_length=120, label="Name", widget=forms.TextInput(attrs={"autocomplete": "name"}))
    phone = PhoneNumberField(
        required=False,
        label="Phone",
        help_text="Shown to people who work on the same job.",
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )
    time_zone = forms.ChoiceField(choices=ZONES, label="Time zone")
    theme = forms.ChoiceField(choices=Theme.choices, required=False, label="Colors")
    shortcuts_on = forms.BooleanField(required=False, label="Single-key shortcuts")
    quiet_from = forms.TimeField(
        required=False, label="Quiet from", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_until = forms.TimeField(
        required=False,
        label="Quiet until",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )

    def clean_phone(self) -> str:
        return str(self.cleaned_data["phone"] or "")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        starts, ends = cleaned.get("quiet_from"), cleaned.get("quiet_until")
        if (starts is None) != (ends is None):
            empty = "quiet_until" if ends is None else "quiet_from"
            self.add_error(empty, "Enter both times, or neither.")
        return cleaned


class WishesForm(forms.Form):
    """One box per topic and channel; a box that is not ticked switches the topic off there."""

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        off = unwanted_by(user)
        self.topics = topics()
        for topic in self.topics:
            for channel in Channel:
                self.fields[self._name(topic, channel)] = forms.BooleanField(
                    required=False,
                    initial=(topic.name, channel.value) not in off,
                    label=f"{topic.label}: {channel.label}",
                )

    @staticmethod
    def _name(topic: Topic, channel: str) -> str:
        return f"{topic.name}:{channel}"

    def rows(self) -> list[tuple[Topic, list[forms.BoundField]]]:
        """A topic with its boxes, in the order of the channels."""
        return [(topic, [self[self._name(topic, channel)] for channel in Channel]) for topic in self.topics]

    @property
    def wanted(self) -> dict[tuple[str, str], bool]:
        return {
            (topic.name, channel.value): self.cleaned_data[self._name(topic, channel)]
            for topic in self.topics
            for channel in Channel
        }
