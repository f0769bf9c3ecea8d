"""Forms of the store: a report, and what a store says about a request afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.functional import cached_property

from accounts.fields import FilesField, RowField
from accounts.permissions import Act
from accounts.together import ask, nothing, rows_of, side_by_side
from accounts.words import Card
from assets.models import Area, Asset, AssetStatus, CriticalityQuestion, ProblemType, Site, Trade
from workorders.conversation import audiences_for
from workorders.intake import LONGEST, TOO_LONG
from workorders.models import Audience, Choice, Working, WorkOrder
from workorders.outlook import Outlook, asked_about, outlook
from workorders.screening import Match, duplicates

if TYPE_CHECKING:
    from accounts.models import User

MOST_SITES = 60
MOST_UNITS = 1000
SOMETHING_ELSE = "other"
YES_NO = [("no", "No"), ("yes", "Yes")]


class ReportForm(forms.Form):
    """One report, as far as it has been filled in.

    What depends on an earlier answer (problems of the trade, units of the site, questions of the problem) is there
    as soon as that answer is. `matches` are known with place and trade, `outlook` with the problem. Reads, never
    writes.
    """

    description = forms.CharField(
        label="What do you see, hear or smell?",
        help_text="Say when it started and what you already tried.",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Say what is wrong, in your own words.", "max_length": TOO_LONG},
    )
    photos = FilesField(label="Photos")
    access_note = forms.CharField(
        label="Access for the technician",
        help_text="When they can come, and where they get in.",
        required=False,
        max_length=500,
    )
    requester_name = forms.CharField(
        label="Who should they ask for?",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Name the person they should ask for."},
    )
    requester_phone = forms.CharField(
        label="Phone",
        required=False,
        max_length=32,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )

    def __init__(
        self, *, by: User, now: datetime, data: Any = None, files: Any = None, given: Mapping[str, str] | None = None
    ) -> None:
        given = dict(given or {})
        super().__init__(
            data,
            files,
            label_suffix="",
            initial={"requester_name": by.name, "requester_phone": by.phone, "description": given.get("say", "")},
        )
        self.by, self.now = by, now
        self.initial.update({name: given[name] for name in ("site", "trade", "problem_type", "asset") if name in given})
        self._start_from_the_problem()
        self._read_what_is_here()
        self._ask_where()
        self._read_what_belongs()
        self._ask_which()
        self._ask_what()
        self._ask_how_bad()
        self._look_ahead()
        self._ask_whether_it_is_known()
        self.order_fields(
            ["site", "trade", "problem_type", "asset", "area", "duplicate", "different_because", "working",
             *(f"question_{question.pk}" for question in self.questions), "description"]
        )  # fmt: skip

    # What was asked before, answered or given in the address

    def _raw(self, name: str) -> str:
        value = self.data.get(name) if self.is_bound else self.initial.get(name)
        return str(value or "").strip()

    def _start_from_the_problem(self) -> None:
        """A suggestion names the problem; the trade follows from it."""
        if not self.is_bound and (pk := self._raw("problem_type")).isdecimal():
            problem = ProblemType.objects.visible_to(self.by).active().filter(pk=pk).select_related("trade").first()
            if problem:
                self.initial["trade"] = problem.trade.code

    def _read_what_is_here(self) -> None:
        """What everybody here chooses from: the own stores and the trades."""
        self.mine = Site.objects.visible_to(self.by, Act.REPORT).trading().order_by("code")
        self.sites, trades = ask(
            side_by_side(
                rows_of(self.mine[: MOST_SITES + 1]),
                rows_of(Trade.objects.visible_to(self.by).active()),
            )
        )
        self.trades = {trade.code: trade for trade in trades}

    def _read_what_belongs(self) -> None:
        """What the answers so far lead to: units and places of the store, problems of the trade, their questions."""
        here, trade = self.chosen_site, self.trades.get(self._raw("trade"))
        self.questions: list[CriticalityQuestion] = []
        units, areas, self.problem_types, (self.questions, self.self_help) = ask(
            side_by_side(
                rows_of(here.assets.in_use().select_related("category").order_by("name")[:MOST_UNITS])
                if here else nothing(),
                rows_of(here.areas.filter(retired_at=None)) if here else nothing(),
                rows_of(trade.problem_types.active()) if trade else nothing(),
                asked_about(self._raw("problem_type")),
            )
        )  # fmt: skip
        self.units: dict[str, Asset] = {unit.tag: unit for unit in units}
        self.areas: dict[str, Area] = {str(area.pk): area for area in areas}

    def _ask_where(self) -> None:
        sites, mine = self.sites, self.mine
        self.only_site = sites[0] if len(sites) == 1 else None
        scanned = "" if self.is_bound else self._raw("asset")
        if scanned and not self.only_site:
            tagged = Asset.objects.visible_to(self.by, Act.REPORT).in_use().filter(tag__iexact=scanned)
            self.initial["site"] = tagged.values_list("site__code", flat=True).first() or self._raw("site")
        missing = {"required": "Choose the store."}
        if len(sites) > MOST_SITES:
            code = self._raw("site")
            found = mine.filter(code__iexact=code).first() if code else None
            self.chosen_site: Site | None = found
            self.fields["site"] = RowField(
                label="Store number",
                help_text="As people call it, for example M-114.",
                rows={code: found} if found else {},
                choices=[],
                unknown="No store of yours has this number. Look at it again.",
                widget=forms.TextInput(attrs={"autocapitalize": "characters"}),
                error_messages=missing,
            )
        else:
            by_code = {site.code: site for site in sites}
            self.chosen_site = self.only_site or by_code.get(self._raw("site"))
            self.fields["site"] = RowField(
                label="Store",
                rows=by_code,
                choices=[("", "Choose the store"), *((site.code, str(site)) for site in sites)],
                widget=forms.HiddenInput if self.only_site else forms.Select,
                unknown="Choose a store of yours.",
                error_messages=missing,
            )
        if self.only_site:
            self.initial["site"] = self.only_site.code

    def _ask_which(self) -> None:
        """The unit, or where in the store: where a unit stands is known."""
        scanned = "" if self.is_bound else self._raw("asset")
        self.unknown_unit = ""
        if scanned:
            tag = next((tag for tag in self.units if tag.lower() == scanned.lower()), "")
            self.initial["asset"], self.unknown_unit = tag, "" if tag else scanned
        gone = Asset.objects.visible_to(self.by, Act.REPORT).filter(
            tag__iexact=self.unknown_unit, condition=AssetStatus.RETIRED
        )
        self.retired_unit = gone.first() if self.unknown_unit else None
        self.chosen_asset: Asset | None = self.units.get(self._raw("asset"))
        if self.chosen_asset:
            self.areas = {}
        self.chosen_area: Area | None = self.areas.get(self._raw("area"))

    def _ask_what(self) -> None:
        trades = self.trades
        if self.chosen_asset and not self.is_bound and not self._raw("trade"):
            of_unit = self.chosen_asset.category.trade_id
            self.initial["trade"] = next((code for code, trade in trades.items() if trade.pk == of_unit), "")
            if trade := trades.get(self.initial["trade"]):
                self.problem_types = list(trade.problem_types.active())
        self.chosen_trade: Trade | None = trades.get(self._raw("trade"))
        self.fields["trade"] = RowField(
            label="Area of work",
            rows=trades,
            choices=[(trade.code, Card(trade.name, icon=trade.icon)) for trade in trades.values()],
            widget=forms.RadioSelect(attrs={"data-look": "tiles"}),
            error_messages={"required": "Choose the area of work."},
        )
        problems = {str(row.pk): row for row in self.problem_types}
        self.problem: ProblemType | None = problems.get(self._raw("problem_type"))
        self.fields["problem_type"] = RowField(
            label="Problem",
            rows=problems | {SOMETHING_ELSE: None},
            choices=[*((pk, Card(row.name)) for pk, row in problems.items()), (SOMETHING_ELSE, Card("Something else"))],
            widget=forms.RadioSelect(attrs={"data-look": "list"}),
            required=False,
            unknown="This problem belongs to another area of work. Choose again.",
        )
        self.problems = problems
        if self.units:
            self.fields["asset"] = RowField(
                label="Which unit?",
                rows=self.units,
                help_text="Point the camera of your phone at the label on the unit, or choose it here.",
                choices=self._unit_choices(),
                required=bool(self.problem and self.problem.asset_required),
                error_messages={"required": "Choose the unit. The technician needs to know which one."},
                unknown="This unit is at another store. Choose one of this store.",
            )
        if self.areas:
            self.fields["area"] = RowField(
                label="Where in the store?",
                rows=self.areas,
                choices=[("", "I am not sure"), *((pk, area.name) for pk, area in self.areas.items())],
                required=False,
                unknown="This place is at another store. Choose one of this store.",
            )

    def _unit_choices(self) -> list[Any]:
        """The units of the chosen trade first."""
        near: list[tuple[str, str]] = []
        other: list[tuple[str, str]] = []
        for unit in self.units.values():
            near_by = self.chosen_trade and unit.category.trade_id == self.chosen_trade.pk
            (near if near_by else other).append((unit.tag, f"{unit.name} ({unit.tag})"))
        first = [("", "I am not sure")]
        if not self.chosen_trade or not near:
            return [*first, *near, *other]
        return [*first, (self.chosen_trade.name, near), *([("Other units", other)] if other else [])]

    def _ask_how_bad(self) -> None:
        if self.problem is None:
            self.questions, self.self_help = [], []
        self.fields["working"] = forms.ChoiceField(
            label="How is it doing?",
            choices=Working.choices,
            widget=forms.RadioSelect(attrs={"data-look": "list"}),
            error_messages={"required": "Say whether it still works."},
        )
        for question in self.questions:
            self.fields[f"question_{question.pk}"] = forms.ChoiceField(
                label=question.text,
                choices=YES_NO,
                widget=forms.RadioSelect(attrs={"data-look": "cards"}),
                error_messages={"required": f"Answer yes or no: {question.text}"},
            )
        if self.problem and self.problem.photos_required:
            count = self.problem.photos_required
            needed = "a photo" if count == 1 else f"{count} photos"
            photos = self.fields["photos"]
            photos.required = True
            photos.help_text = f"This problem needs {needed}."
            photos.error_messages["required"] = f"Add {needed} of the problem."

    @property
    def question_fields(self) -> list[forms.BoundField]:
        return [self[f"question_{question.pk}"] for question in self.questions]

    @property
    def answers(self) -> dict[CriticalityQuestion, bool]:
        """What has been answered of the questions so far."""
        raw = {question: self._raw(f"question_{question.pk}") for question in self.questions}
        return {question: value == "yes" for question, value in raw.items() if value in ("yes", "no")}

    @property
    def stopped(self) -> bool:
        """Whether this kind of problem is not taken here at all."""
        return bool(self.problem and self.problem.stops_request)

    def _look_ahead(self) -> None:
        """Open work that may be the same thing."""
        self.matches: list[Match] = []
        if self.chosen_site is None or self.chosen_trade is None:
            return
        self.matches = ask(duplicates(
            site=self.chosen_site, trade=self.chosen_trade, by=self.by, problem_type=self.problem,
            asset=self.chosen_asset, area=self.chosen_area, words=self._raw("description"), now=self.now,
        ))  # fmt: skip

    @cached_property
    def outlook(self) -> Outlook | None:
        """How soon it goes, once the problem is named. Asked for by the page only, not by sending."""
        if self.chosen_site is None or self.chosen_trade is None:
            return None
        if self.problem or self._raw("problem_type") == SOMETHING_ELSE or not self.problems:
            return outlook(
                now=self.now, site=self.chosen_site, trade=self.chosen_trade, problem_type=self.problem,
                answers=self.answers,
            )  # fmt: skip
        return None

    # Is it known already?

    @property
    def known(self) -> list[WorkOrder]:
        """Open work that may be the same thing."""
        return [match.work_order for match in self.matches]

    def _ask_whether_it_is_known(self) -> None:
        """Same, worse or different: asked only while something alike is open. Joining needs no other answers."""
        self.joined: WorkOrder | None = None
        self.is_worse = False
        answer, _, number = self._raw("duplicate").partition(":")
        if self.is_bound and answer in (Choice.SAME, Choice.WORSE):
            self.joined = WorkOrder.objects.visible_to(self.by, Act.REPORT).filter(number=number).first()
            self.is_worse = answer == Choice.WORSE
        if self.joined:
            for field in self.fields.values():
                field.required = False
            return
        if not self.known:
            return
        choices = [(f"{Choice.SAME}:{row.number}", Choice.SAME.label) for row in self.known]
        choices += [(f"{Choice.WORSE}:{row.number}", Choice.WORSE.label) for row in self.known]
        self.fields["duplicate"] = forms.ChoiceField(
            label="Is it this one?",
            choices=[*choices, (Choice.DIFFERENT, Choice.DIFFERENT.label)],
            widget=forms.RadioSelect(attrs={"data-look": "cards"}),
            error_messages={
                "required": "There is open work that may be the same. Say whether it is.",
                "invalid_choice": "Say whether it is one of these.",
            },
        )
        self.fields["different_because"] = forms.CharField(
            label="What is different?",
            max_length=300,
            required=answer == Choice.DIFFERENT,
            error_messages={"required": "Say what is different, in a few words."},
        )

    @property
    def chosen_duplicate(self) -> str:
        return self._raw("duplicate")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.joined:
            return cleaned
        if "problem_type" not in self.errors and self.problems and not self._raw("problem_type"):
            self.add_error("problem_type", "Choose the problem, or “Something else”.")
        seen = set(self.data.getlist("seen"))
        new = [row for row in self.known if row.number not in seen]
        if cleaned.get("duplicate") == Choice.DIFFERENT and new:
            self.add_error("duplicate", "Something else was reported meanwhile. Look at it first.")
        return cleaned


RATINGS = range(1, 6)


class ConfirmForm(forms.Form):
    """The work is right."""

    rating = forms.TypedChoiceField(
        label="How was it?",
        choices=[(str(stars), f"{stars} of 5") for stars in RATINGS],
        coerce=int,
        widget=forms.RadioSelect(attrs={"data-look": "cards"}),
        error_messages={"required": "Choose 1 to 5; 5 is best.", "invalid_choice": "Choose 1 to 5; 5 is best."},
    )
    comment = forms.CharField(
        label="Say more", required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)


class ReasonForm(forms.Form):
    """Why: not fixed, no longer needed, failed again."""

    reason = forms.CharField(max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, label: str, untold: str, **options: Any) -> None:
        super().__init__(*args, label_suffix="", **options)
        self.fields["reason"].label = label
        self.fields["reason"].error_messages["required"] = untold


class WorseForm(forms.Form):
    """It got worse: what is new, and whether a question that was not answered yes is now."""

    words = forms.CharField(
        label="What is new?",
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say what got worse."},
    )
    photos = FilesField(label="Photos")

    def __init__(self, *args: Any, to_ask: Sequence[Mapping[str, Any]], **options: Any) -> None:
        super().__init__(*args, label_suffix="", prefix="worse", **options)
        self.to_ask = [one["pk"] for one in to_ask]
        for one in to_ask:
            self.fields[f"question_{one['pk']}"] = forms.ChoiceField(
                label=one["text"],
                choices=YES_NO,
                required=False,
                widget=forms.RadioSelect(attrs={"data-look": "cards"}),
            )

    @property
    def question_fields(self) -> list[forms.BoundField]:
        return [self[f"question_{pk}"] for pk in self.to_ask]

    @property
    def answered_yes(self) -> list[int]:
        """The questions that are answered yes now, by id."""
        return [pk for pk in self.to_ask if self.cleaned_data.get(f"question_{pk}") == "yes"]


class MessageForm(forms.Form):
    """One message on a work order, with photos."""

    body = forms.CharField(
        label="Message", max_length=10000, widget=forms.Textarea, error_messages={"required": "Write a message."}
    )
    audience = forms.ChoiceField(label="Who can read this")
    photos = FilesField(label="Photos")

    def __init__(self, *args: Any, row: WorkOrder, by: User, **options: Any) -> None:
        super().__init__(*args, label_suffix="", **options)
        readers = audiences_for(row, by)
        self.fields["audience"].choices = [(one.value, Audience(one).label) for one in readers]
        self.fields["audience"].initial = readers[0].value


class RequestFilter(forms.Form):
    """Which requests to list."""

    SHOWS = (("open", "Open"), ("yours", "Needs you"), ("done", "Finished"), ("all", "All"))

    show = forms.ChoiceField(choices=SHOWS, required=False)
    unit = forms.CharField(max_length=40, required=False)
    q = forms.CharField(
        label="Search", max_length=100, required=False, widget=forms.TextInput(attrs={"type": "search"})
    )

    def __init__(self, *args: Any, sites: list[Site], **options: Any) -> None:
        super().__init__(*args, label_suffix="", **options)
        self.fields["site"] = RowField(
            label="Store",
            rows={site.code: site for site in sites},
            choices=[("", "All stores"), *((site.code, str(site)) for site in sites)],
            required=False,
        )
