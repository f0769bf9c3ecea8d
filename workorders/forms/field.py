"""What a technician fills in on site: position, papers, parts, hours, photos, how it ended."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from django import forms

from accounts.words import Card
from workorders.forms.moments import SiteDateTimeField
from workorders.forms.portal import PhotosField
from workorders.models import AttachmentKind, ChecklistItem, CodeKind, LaborKind, Outcome, PartOrigin
from workorders.position import Position

if TYPE_CHECKING:
    from workorders.models import CompletionCode, WorkOrder


DECIMAL = {"inputmode": "decimal"}
CARDS = {"data-look": "cards"}


class PositionForm(forms.Form):
    """Where the browser says the person is; all empty when it does not know or was not asked."""

    lat = forms.DecimalField(
        required=False, min_value=Decimal(-90), max_value=Decimal(90), max_digits=9, decimal_places=6
    )
    lon = forms.DecimalField(
        required=False, min_value=Decimal(-180), max_value=Decimal(180), max_digits=9, decimal_places=6
    )
    accuracy = forms.IntegerField(required=False, min_value=0, max_value=2_000_000_000)
    claimed_at = forms.DateTimeField(required=False)
    position_reason = forms.CharField(label="Why", required=False, max_length=200)
    without_position = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        """A position that cannot be read counts as none: the person is asked for a reason, never stopped by it."""
        cleaned = super().clean() or {}
        for name in ("lat", "lon", "accuracy", "claimed_at"):
            self.errors.pop(name, None)
        return cleaned

    @property
    def position(self) -> Position | None:
        lat, lon = self.cleaned_data.get("lat"), self.cleaned_data.get("lon")
        if lat is None or lon is None or self.cleaned_data.get("without_position"):
            return None
        return Position(lat, lon, self.cleaned_data.get("accuracy") or 0)


class PapersForm(forms.Form):
    """What was wrong, what was done, what should come next."""

    root_cause = forms.ChoiceField(label="Cause", required=False, widget=forms.RadioSelect(attrs=CARDS))
    root_cause_note = forms.CharField(label="About the cause", required=False, max_length=1000)
    resolution = forms.ChoiceField(label="What was done", required=False, widget=forms.RadioSelect(attrs=CARDS))
    resolution_note = forms.CharField(
        label="What you did", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    recommendation = forms.CharField(
        label="Recommendation", required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )
    nothing_recommended = forms.BooleanField(label="Nothing more is needed", required=False)
    no_parts_used = forms.BooleanField(label="No parts were used", required=False)

    def __init__(self, *args: Any, work_order: WorkOrder, codes: Iterable[CompletionCode], **options: Any) -> None:
        options.setdefault("initial", {name: self._now(work_order, name) for name in self.base_fields})
        super().__init__(*args, **options)
        self.codes = {str(code.pk): code for code in codes}
        for name, kind in (("root_cause", CodeKind.ROOT_CAUSE), ("resolution", CodeKind.RESOLUTION)):
            field = cast("forms.ChoiceField", self.fields[name])
            field.choices = [(pk, code.label) for pk, code in self.codes.items() if code.kind == kind]

    @staticmethod
    def _now(work_order: WorkOrder, name: str) -> Any:
        value = getattr(work_order, f"{name}_id" if name in ("root_cause", "resolution") else name)
        return str(value) if name in ("root_cause", "resolution") and value else value

    @property
    def papers(self) -> dict[str, Any]:
        """As `visits.document` takes them."""
        given = dict(self.cleaned_data)
        for name in ("root_cause", "resolution"):
            given[name] = self.codes.get(given[name])
        return given


class PartForm(forms.Form):
    """One part that went in."""

    name = forms.CharField(label="Part", max_length=160, error_messages={"required": "Name the part."})
    part_number = forms.CharField(label="Part number", required=False, max_length=80)
    quantity = forms.DecimalField(
        label="How many",
        initial=1,
        max_digits=9,
        decimal_places=2,
        widget=forms.TextInput(attrs=DECIMAL),
        error_messages={"required": "Enter how many, more than zero.", "invalid": "Enter a number, like 2."},
    )
    unit_cost_amount = forms.DecimalField(
        label="One costs you",
        max_digits=12,
        decimal_places=2,
        widget=forms.TextInput(attrs={**DECIMAL, "data-prefix": "$"}),
        error_messages={"required": "Enter what one cost.", "invalid": "Enter an amount in dollars, like 86.50."},
    )
    origin = forms.ChoiceField(label="Where it came from", choices=PartOrigin.choices, initial=PartOrigin.BOUGHT)
    warranty_until_on = forms.DateField(
        label="Your warranty on it ends",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="Empty: no warranty.",
        error_messages={"invalid": "Enter a date."},
    )


class LaborForm(forms.Form):
    """Hours that differ from the time on site."""

    kind = forms.ChoiceField(label="Kind", choices=LaborKind.choices, initial=LaborKind.REGULAR)
    hours = forms.DecimalField(
        label="Hours",
        max_digits=5,
        decimal_places=2,
        widget=forms.TextInput(attrs={**DECIMAL, "data-suffix": "h"}),
        error_messages={"required": "Enter hours between 0.25 and 48.", "invalid": "Enter hours, like 1.5."},
    )
    note = forms.CharField(label="Why", required=False, max_length=200)


class PhotoForm(forms.Form):
    """Photos and papers of the work."""

    kind = forms.ChoiceField(
        label="What they show",
        choices=[
            (kind.value, kind.label)
            for kind in (
                AttachmentKind.BEFORE,
                AttachmentKind.AFTER,
                AttachmentKind.SIGNATURE,
                AttachmentKind.CERTIFICATE,
                AttachmentKind.DOCUMENT,
            )
        ],
    )
    photos = PhotosField(label="Photos", error_messages={"required": "Take a photo or choose one."})
    caption = forms.CharField(label="Caption", required=False, max_length=200)


class ChecklistForm(forms.Form):
    """The answer to one step."""

    result = forms.ChoiceField(
        label="Answer",
        choices=[choice for choice in ChecklistItem.Result.choices if choice[0]],
        widget=forms.RadioSelect(attrs=CARDS),
        error_messages={"required": "Choose an answer."},
    )
    note = forms.CharField(label="Note", required=False, max_length=300)


HELP = {
    Outcome.RESOLVED: "It works again",
    Outcome.NOTHING_FOUND: "It works, no fault was there",
    Outcome.RETURN_NEEDED: "More time or more hands",
    Outcome.PARTS_NEEDED: "A part must be ordered",
    Outcome.QUOTE_NEEDED: "It costs more than the limit",
    Outcome.NO_ACCESS: "Nobody let you to it",
    Outcome.WRONG_TRADE: "Somebody else must do it",
}


class CheckOutForm(PositionForm):
    """How the visit ended."""

    outcome = forms.ChoiceField(
        label="How did it end?",
        choices=[(outcome.value, Card(outcome.label, help=words)) for outcome, words in HELP.items()],
        widget=forms.RadioSelect(attrs={"data-look": "rows"}),
        error_messages={"required": "Say how the visit ended."},
    )
    return_at = SiteDateTimeField(
        label="Back on",
        required=False,
        help_text="When another visit is needed.",
        error_messages={"invalid": "Choose a date and a time."},
    )
    note = forms.CharField(
        label="What is left to do",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Needed unless the job is done.",
    )

    def __init__(self, *args: Any, zone: str, **options: Any) -> None:
        super().__init__(*args, **options)
        field = cast("SiteDateTimeField", self.fields["return_at"])
        field.zone = SiteDateTimeField(zone=zone).zone
