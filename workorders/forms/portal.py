"""What a vendor's dispatcher fills in: answers to offers, who goes, when, holds, messages."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from django import forms

from accounts.words import DAYS, Card
from assets.models import Trade
from workorders.forms.moments import SiteDateTimeField, WindowForm
from workorders.models import Reason

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.models import User
    from workorders.slots import Slot


class TechnicianField(forms.TypedChoiceField):
    """One of the people given as `crew`, or nobody yet."""

    def __init__(self, *, crew: Sequence[User] = (), nobody: str = "", **options: Any) -> None:
        self.nobody = nobody
        super().__init__(empty_value=None, **options)
        self.crew = crew

    @property
    def crew(self) -> Sequence[User]:
        return self._crew

    @crew.setter
    def crew(self, people: Sequence[User]) -> None:
        self._crew = people
        first = [("", self.nobody)] if self.nobody else []
        self.choices = [*first, *((str(person.pk), person.name) for person in people)]

    def _coerce(self, value: str) -> User | None:
        # Not the `coerce` argument: a form works on a copy of its field, and a bound method stays with the original.
        return next((person for person in self._crew if str(person.pk) == value), None)


class ReasonField(forms.TypedChoiceField):
    """One of the given reasons, shown as cards; the clean value is the reason itself."""

    widget = forms.RadioSelect(attrs={"data-look": "rows"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._reasons: dict[str, Reason] = {}

    def offer(self, reasons: Iterable[Reason]) -> None:
        self._reasons = {str(reason.pk): reason for reason in reasons}
        self.choices = [(pk, Card(reason.label, help=_asks(reason))) for pk, reason in self._reasons.items()]

    def _coerce(self, value: str) -> Reason | None:
        return self._reasons.get(value)


def _asks(reason: Reason) -> str:
    wanted = [word for word, needed in (("a note", reason.needs_note), ("a date", reason.needs_date)) if needed]
    return f"needs {' and '.join(wanted)}" if wanted else ""


class SlotField(forms.ChoiceField):
    """One of the windows suggested, or one that was suggested a moment ago; the rule decides whether it still can be.

    Cleans to the start and end of it, or None when another time was typed.
    """

    widget = forms.RadioSelect(attrs={"data-look": "cards"})

    def offer(self, slots: Sequence[Slot], zone: str, now: datetime) -> None:
        tz = zoneinfo.ZoneInfo(zone)
        self.choices = [(_slot_value(slot), Card(_slot_words(slot, tz, now), help=_slot_help(slot))) for slot in slots]

    def to_python(self, value: Any) -> tuple[datetime, datetime] | None:  # type: ignore[override]
        if not value:
            return None
        try:
            start, end = (datetime.fromisoformat(part) for part in str(value).split("/"))
            if start.utcoffset() is None or end.utcoffset() is None:
                raise ValueError
        except ValueError as wrong:
            raise forms.ValidationError("Choose one of the times, or enter another one.") from wrong
        return start, end

    def validate(self, value: Any) -> None:
        """What was suggested when the page was opened may not be suggested any more, and is a good answer still."""


def _slot_value(slot: Slot) -> str:
    return f"{slot.start_at.isoformat()}/{slot.end_at.isoformat()}"


def _slot_words(slot: Slot, tz: zoneinfo.ZoneInfo, now: datetime) -> str:
    start = slot.start_at.astimezone(tz)
    today = now.astimezone(tz).date()
    day = {0: "Today", 1: "Tomorrow"}.get((start.date() - today).days, f"{DAYS[start.weekday()]} {start.day}")
    return f"{day}, {start:%H:%M} to {slot.end_at.astimezone(tz):%H:%M}"


def _slot_help(slot: Slot) -> str:
    free = f"{slot.technician.name} is free" if slot.technician else ""
    return ", ".join(words for words in (free, "after the time to be there" if slot.is_late else "") if words)


class AcceptForm(WindowForm):
    """Taking a job: when we come and who does.

    With `slots` a suggested window may be chosen instead of typing one; what is typed goes first.
    """

    slot = SlotField(label="When")
    technician = TechnicianField(label="Technician", required=False, nobody="Decide later")
    field_order: tuple[str, ...] = ("slot", "technician", "start_at", "window")

    def __init__(
        self, *args: Any, crew: Sequence[User], slots: Sequence[Slot] = (), now: datetime | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        cast("TechnicianField", self.fields["technician"]).crew = crew
        self.has_slots = False
        if now is None:
            del self.fields["slot"]
            return
        self.fields["start_at"].required = False
        self.suggest(slots, options["zone"], now)

    def suggest(self, slots: Sequence[Slot], zone: str, now: datetime) -> None:
        """Show these windows to choose from."""
        self.has_slots = bool(slots)
        cast("SlotField", self.fields["slot"]).offer(slots, zone, now)
        if slots:
            self.initial["slot"] = _slot_value(slots[0])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if "slot" not in self.fields or self.errors or cleaned.get("start_at"):
            return cleaned
        if chosen := cleaned.get("slot"):
            cleaned["start_at"], cleaned["end_at"] = chosen
        else:
            self.add_error("start_at", "Choose when you arrive.")
        return cleaned


class ProposeForm(AcceptForm):
    """Another time than the offer asks for, and why."""

    note = forms.CharField(
        label="Why another time", max_length=300, error_messages={"required": "Say why you need another time."}
    )
    field_order = ("start_at", "window", "technician", "note")


class RescheduleForm(AcceptForm):
    """Another time for a job that is taken, and why."""

    reason = forms.CharField(
        label="Why the time changes", max_length=300, error_messages={"required": "Say why the time changes."}
    )
    field_order = ("start_at", "window", "technician", "reason")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = cast("TechnicianField", self.fields["technician"])
        field.nobody = "As before"
        field.crew = field.crew


class AssignForm(forms.Form):
    """Who goes."""

    technician = TechnicianField(label="Technician", nobody="Choose", error_messages={"required": "Choose who goes."})

    def __init__(self, *args: Any, crew: Sequence[User], **options: Any) -> None:
        super().__init__(*args, **options)
        field = cast("TechnicianField", self.fields["technician"])
        field.crew = crew


class DeclineForm(forms.Form):
    """Saying no to an offer, and why."""

    reason = ReasonField(label="Reason", error_messages={"required": "Choose a reason."})
    note = forms.CharField(label="Note", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, reasons: Iterable[Reason], **options: Any) -> None:
        super().__init__(*args, **options)
        field = cast("ReasonField", self.fields["reason"])
        field.offer(reasons)


class OfferDeclineForm(DeclineForm):
    """The same about a job that may belong to another trade."""

    trade = forms.ModelChoiceField(
        Trade.objects.none(), required=False, label="If it is not your trade, which is it?", empty_label="Not sure"
    )
    field_order = ("reason", "trade", "note")

    def __init__(self, *args: Any, trades: QuerySet[Trade], **options: Any) -> None:
        super().__init__(*args, **options)
        cast("forms.ModelChoiceField[Trade]", self.fields["trade"]).queryset = trades


class HoldForm(DeclineForm):
    """Putting a job aside, why, and until when."""

    until_at = SiteDateTimeField(
        label="Until about", required=False, error_messages={"invalid": "Choose a date and a time."}
    )
    field_order = ("reason", "until_at", "note")

    def __init__(self, *args: Any, zone: str, **options: Any) -> None:
        super().__init__(*args, **options)
        field = cast("SiteDateTimeField", self.fields["until_at"])
        field.zone = SiteDateTimeField(zone=zone).zone


class ManyFilesInput(forms.ClearableFileInput):
    """A file input that takes several at once."""

    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class PhotosField(forms.FileField):
    """Several files; the clean value is a list, empty when none was chosen."""

    widget = ManyFilesInput(attrs={"multiple": True})

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        given = data if isinstance(data, list | tuple) else [data]
        chosen = [super(PhotosField, self).clean(one, initial) for one in given if one]
        if not chosen and self.required:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return chosen


class MessageForm(forms.Form):
    """A message on a job, read by facilities, or by everyone on the job."""

    body = forms.CharField(
        label="Message", max_length=10000, widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Write a message."},
    )  # fmt: skip
    audience = forms.ChoiceField(label="Who can read this")

    def __init__(self, *args: Any, audiences: Sequence[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        field = cast("forms.ChoiceField", self.fields["audience"])
        field.choices = audiences


class ClaimForm(forms.Form):
    """Who wants an account, where so far only mailed links were."""

    name = forms.CharField(
        label="Your name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Enter your name."},
    )  # fmt: skip
