"""What a vendor's dispatcher fills in: answers to offers, who goes, when, holds, messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

from django import forms

from accounts.words import Card
from assets.models import Trade
from workorders.forms.moments import SiteDateTimeField, WindowForm
from workorders.models import Reason

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.models import User


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


class AcceptForm(WindowForm):
    """Taking a job: when we come and who does."""

    technician = TechnicianField(label="Technician", required=False, nobody="Decide later")
    field_order: tuple[str, ...] = ("technician", "start_at", "window")

    def __init__(self, *args: Any, crew: Sequence[User], **options: Any) -> None:
        super().__init__(*args, **options)
        field = cast("TechnicianField", self.fields["technician"])
        field.crew = crew


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
