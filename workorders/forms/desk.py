"""What the facilities desk fills in: one form per move, the message box, saved views."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils import timezone

from accounts.fields import FilesField
from accounts.models import User
from accounts.once import fresh_key
from accounts.together import ask, rows_of
from assets.models import Asset, Priority, ProblemType, Trade
from workorders import ownership
from workorders.conversation import audiences_for
from workorders.forms.moments import SiteDateTimeField, WindowForm
from workorders.forms.portal import ReasonField
from workorders.models import Audience, Reason, SavedView, Under, WorkOrder
from workorders.search import number_of

if TYPE_CHECKING:
    from django.db.models import QuerySet

RATINGS = [("", "Choose"), ("5", "5, very good"), ("4", "4"), ("3", "3"), ("2", "2"), ("1", "1, bad")]
UNRATED = {"required": "Choose 1 to 5; 5 is best."}
WORDS = {"required": "Say it in a few words."}


class MoveForm(forms.Form):
    """What every move posts: the version that the person saw, and a one-time key."""

    operation = forms.CharField(widget=forms.HiddenInput, initial=fresh_key)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, row: WorkOrder, by: User, **options: Any) -> None:
        self.row, self.by = row, by
        options.setdefault("auto_id", f"{type(self).__name__.removesuffix('Form').lower()}_%s")
        options["initial"] = {"version": row.version, **(options.get("initial") or {})}
        super().__init__(*args, **options)
        for field in self.fields.values():
            if isinstance(field, SiteDateTimeField):
                field.zone = SiteDateTimeField(zone=row.site.time_zone).zone
                field.help_text = field.help_text or f"Local time at {row.site.code}."

    @property
    def facts(self) -> dict[str, Any]:
        """The clean answers, as the rule takes them."""
        return {name: value for name, value in self.cleaned_data.items() if name != "operation"}


class PlainForm(MoveForm):
    """A move that asks nothing."""


class RefuseProposalForm(forms.Form):
    """Why a time that a vendor proposed is not possible."""

    answer = forms.CharField(
        label="What would be possible", max_length=300, widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say what would be possible."},
    )  # fmt: skip


class CorrectForm(MoveForm):
    """What the request was reported as, to be put right."""

    trade = forms.ModelChoiceField(label="Trade", queryset=Trade.objects.none(), required=False)
    problem_type = forms.ModelChoiceField(label="Problem", queryset=ProblemType.objects.none(), required=False)
    asset = forms.ModelChoiceField(
        label="Unit", queryset=Asset.objects.none(), required=False, to_field_name="tag",
        widget=forms.TextInput(attrs={"autocomplete": "off"}), help_text="Its tag, like RF-114-02.",
        error_messages={"invalid_choice": "No unit at this site has this tag."},
    )  # fmt: skip

    def __init__(self, *args: Any, row: WorkOrder, by: User, **options: Any) -> None:
        now = {"trade": row.trade_id, "problem_type": row.problem_type_id, "asset": row.asset and row.asset.tag}
        options["initial"] = {**now, **(options.get("initial") or {})}
        super().__init__(*args, row=row, by=by, **options)
        choices(self, "trade", Trade.objects.visible_to(by).active())
        choices(self, "problem_type", ProblemType.objects.visible_to(by).active().select_related("trade"))
        choices(self, "asset", Asset.objects.visible_to(by).in_use().filter(site=row.site_id))


class TriageForm(CorrectForm):
    """Accept the request; whatever is wrong in it is corrected here."""

    priority = forms.TypedChoiceField(label="Priority", choices=Priority.choices, coerce=int, required=False)
    priority_reason = forms.CharField(
        label="Why another priority", required=False, max_length=200, help_text="Only if you change it."
    )
    field_order = ["priority", "priority_reason"]

    def __init__(self, *args: Any, row: WorkOrder, by: User, **options: Any) -> None:
        options["initial"] = {"priority": row.priority, **(options.get("initial") or {})}
        super().__init__(*args, row=row, by=by, **options)


def choices(form: forms.Form, name: str, rows: QuerySet[Any]) -> None:
    """Narrow a model choice to the rows that the person may choose."""
    cast("forms.ModelChoiceField[Any]", form.fields[name]).queryset = rows


class HoldForm(MoveForm):
    reason = ReasonField(label="Why", error_messages={"required": "Choose a reason."})
    note = forms.CharField(label="Note", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    until_at = SiteDateTimeField(label="Until", required=False)

    def __init__(self, *args: Any, row: WorkOrder, by: User, **options: Any) -> None:
        super().__init__(*args, row=row, by=by, **options)
        reasons = ask(rows_of(Reason.objects.visible_to(by).under(Under.HOLD)))
        cast("ReasonField", self.fields["reason"]).offer(reasons)


class WordsForm(MoveForm):
    """A move that only asks why."""

    reason = forms.CharField(
        label="Why", max_length=500, widget=forms.Textarea(attrs={"rows": 2}), error_messages=WORDS
    )


class MergeForm(MoveForm):
    into = forms.CharField(
        label="Same as", max_length=20, help_text="The number of the work order that stays, like WO-000123.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter the number of the work order that stays."},
    )  # fmt: skip

    def clean_into(self) -> WorkOrder:
        number = number_of(self.cleaned_data["into"])
        found = WorkOrder.objects.visible_to(self.by).select_related("site").filter(number=number).first()
        if found is None:
            raise forms.ValidationError("No work order has this number. Check it.")
        return found


class RescheduleForm(MoveForm, WindowForm):
    """Another time for the visit that is planned."""

    reason = forms.CharField(label="Why", max_length=300, error_messages=WORDS)
    field_order = ["start_at", "window", "reason"]

    def __init__(self, *args: Any, row: WorkOrder, by: User, **options: Any) -> None:
        start, end = row.scheduled_start_at, row.scheduled_end_at
        if start and end:
            options["initial"] = {"start_at": start, **(options.get("initial") or {})}
        super().__init__(*args, row=row, by=by, zone=row.site.time_zone, **options)

    @property
    def facts(self) -> dict[str, Any]:
        return {name: value for name, value in super().facts.items() if name != "window"}


class VerifyForm(MoveForm):
    rating = forms.TypedChoiceField(label="Rating", choices=RATINGS, coerce=int, error_messages=UNRATED)
    comment = forms.CharField(
        label="Comment", required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Needed under 3.",
    )  # fmt: skip


class CloseForm(MoveForm):
    not_billable_reason = forms.CharField(
        label="Why nothing is billed", required=False, max_length=300,
        help_text="Only where no invoice has come.",
    )  # fmt: skip


class OwnerForm(MoveForm):
    """Who looks after it from here on; whoever asks, unless somebody else is chosen."""

    owner = forms.ModelChoiceField(
        label="Who looks after it", queryset=User.objects.none(), required=False, empty_label="Nobody"
    )

    def __init__(
        self, *args: Any, row: WorkOrder, by: User, rows: Sequence[WorkOrder] | None = None, **options: Any
    ) -> None:
        found = ownership.candidates(rows or [row], timezone.now())
        own = by.pk if found.filter(pk=by.pk).exists() else None
        options["initial"] = {"owner": own, **(options.get("initial") or {})}
        super().__init__(*args, row=row, by=by, **options)
        choices(self, "owner", found)


class SurvivorForm(MoveForm):
    """Which of several work orders stays when they are one."""

    into = forms.ModelChoiceField(
        label="Which one stays", queryset=WorkOrder.objects.none(), empty_label=None, widget=forms.RadioSelect,
        error_messages={"required": "Choose the work order that stays."},
    )  # fmt: skip

    def __init__(self, *args: Any, row: WorkOrder, by: User, rows: Sequence[WorkOrder], **options: Any) -> None:
        options["initial"] = {"into": min(one.pk for one in rows), **(options.get("initial") or {})}
        super().__init__(*args, row=row, by=by, **options)
        seen = WorkOrder.objects.visible_to(by).filter(pk__in=[one.pk for one in rows]).order_by("pk")
        choices(self, "into", seen.select_related("site"))


class BestForm(MoveForm):
    """Ask the best vendor of each; what it may cost is asked for those without an amount."""

    nte_amount = forms.DecimalField(
        label="Not to exceed, where no amount is set", required=False, min_value=Decimal(0), max_digits=12,
        decimal_places=2, widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={"invalid": "Enter an amount, like 1200.00."},
    )  # fmt: skip
    message = forms.CharField(label="Note to vendors", required=False, max_length=500)


class PriorityForm(MoveForm):
    priority = forms.TypedChoiceField(label="Priority", choices=Priority.choices, coerce=int)
    reason = forms.CharField(label="Why", max_length=200, error_messages={"required": "Say why the priority changes."})

    def __init__(self, *args: Any, row: WorkOrder, by: User, **options: Any) -> None:
        options["initial"] = {"priority": row.priority, **(options.get("initial") or {})}
        super().__init__(*args, row=row, by=by, **options)


AMOUNT = {"inputmode": "decimal", "autocomplete": "off"}
NOT_A_SUM = {"invalid": "Enter an amount, like 1200.00.", "required": "Enter an amount, like 1200.00."}


def amount_field(row: WorkOrder, label: str, *, required: bool) -> forms.DecimalField:
    """A sum in the currency of the work order."""
    sign = {"USD": "$", "EUR": "€", "GBP": "£"}.get(row.currency, "")
    attrs = {**AMOUNT, "data-suffix": row.currency, **({"data-prefix": sign} if sign else {})}
    return forms.DecimalField(
        label=label, required=required, min_value=Decimal(0), max_digits=12, decimal_places=2,
        widget=forms.TextInput(attrs=attrs), error_messages=NOT_A_SUM,
    )  # fmt: skip


class AuthorizeForm(MoveForm):
    """What may be spent, before tax."""

    reason = forms.CharField(label="Why", required=False, max_length=300)
    field_order = ["amount", "reason"]

    def __init__(self, *args: Any, row: WorkOrder, by: User, **options: Any) -> None:
        options["initial"] = {"amount": row.authorized_amount, **(options.get("initial") or {})}
        super().__init__(*args, row=row, by=by, **options)
        self.fields["amount"] = amount_field(row, "Not to exceed", required=True)
        self.order_fields(self.field_order)


class OfferForm(MoveForm):
    """Ask one vendor. A vendor that fails a check needs a reason to be asked all the same."""

    vendor = forms.IntegerField(widget=forms.HiddenInput)
    message = forms.CharField(label="Note to vendor", required=False, max_length=500)
    override_reason = forms.CharField(label="Why send them all the same", required=False, max_length=300)
    field_order = ["nte_amount", "message", "override_reason"]

    def __init__(self, *args: Any, row: WorkOrder, by: User, vendor: int | None = None, **options: Any) -> None:
        options["initial"] = {"nte_amount": row.authorized_amount, "vendor": vendor, **(options.get("initial") or {})}
        options["auto_id"] = f"offer_{vendor}_%s"
        super().__init__(*args, row=row, by=by, **options)
        self.fields["nte_amount"] = amount_field(row, "Not to exceed", required=row.authorized_amount is None)
        self.order_fields(self.field_order)

    @property
    def facts(self) -> dict[str, Any]:
        """A sum that is not changed is not set anew."""
        facts = {name: value for name, value in super().facts.items() if name != "vendor"}
        if facts["nte_amount"] == self.row.authorized_amount:
            facts["nte_amount"] = None
        return facts


class SayForm(MoveForm):
    """A message, and who can read it: the narrowest unless chosen otherwise."""

    body = forms.CharField(
        label="Message", max_length=10000, widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Write a message."},
    )  # fmt: skip
    audience = forms.ChoiceField(label="Who can read this")
    photos = FilesField(label="Files")

    def __init__(self, *args: Any, row: WorkOrder, by: User, **options: Any) -> None:
        super().__init__(*args, row=row, by=by, **options)
        readers = [one for one in audiences_for(row, by) if one != Audience.VENDOR or row.vendor_id]
        cast("forms.ChoiceField", self.fields["audience"]).choices = [(one.value, one.label) for one in readers]

    @property
    def facts(self) -> dict[str, Any]:
        return {name: value for name, value in super().facts.items() if name != "version"}


class AskForm(SayForm):
    """A question to the store."""

    def __init__(self, *args: Any, row: WorkOrder, by: User, **options: Any) -> None:
        super().__init__(*args, row=row, by=by, **options)
        self.fields["body"].label = "What do you need to know?"
        self.fields["audience"].widget = forms.HiddenInput()
        self.initial["audience"] = Audience.STORE.value
        del self.fields["photos"]


class ViewForm(forms.ModelForm):  # type: ignore[type-arg]
    """A name for the filters that are shown."""

    class Meta:
        model = SavedView
        fields = ["name", "is_shared", "query"]
        widgets = {"query": forms.HiddenInput}
        labels = {"name": "Name", "is_shared": "Share with everybody at the desk"}
