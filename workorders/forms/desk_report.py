"""A work order that the desk makes on behalf of a site, in one dense page."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.db.models import Q
from django.urls import reverse_lazy

from accounts.fields import FilesField
from accounts.once import fresh_key
from accounts.permissions import Act
from accounts.together import ask
from assets.models import Asset, CriticalityQuestion, ProblemType, Site, Trade
from workorders import screening
from workorders.forms.desk import AMOUNT, NOT_A_SUM, choices
from workorders.intake import LONGEST, TOO_LONG
from workorders.models import Kind, Letter, Working

if TYPE_CHECKING:
    from accounts.models import User
    from assets.models.site import SiteQuerySet

KINDS = [(kind.value, kind.label) for kind in (Kind.REACTIVE, Kind.INSPECTION, Kind.PROJECT)]
YES_NO = [("no", "No"), ("yes", "Yes")]
MOST = 20


def suggested(name: str) -> dict[str, Any]:
    """What makes an input offer the list `new-<name>s`, which is asked for anew while somebody types."""
    return {
        "autocomplete": "off",
        "list": f"new-{name}s",
        "hx-get": reverse_lazy("workorders:order_suggest"),
        "hx-trigger": "input changed delay:250ms",
        "hx-include": "#new_site, #new_asset",
        "hx-target": "#new-suggestions",
        "hx-swap": "outerHTML",
        "hx-disabled-elt": "unset",  # the form around it names its button, which is not in here
    }


class ProblemChoice(forms.ModelChoiceField):
    """Problem types with their trade, so that one list serves every trade."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.trade.name}: {obj.name}"


class SiteReportForm(forms.Form):
    """What the store's form asks, and the amount. Questions and likely duplicates come when the problem is known."""

    operation = forms.CharField(widget=forms.HiddenInput, initial=fresh_key)
    checked = forms.CharField(widget=forms.HiddenInput, required=False)
    letter = forms.ModelChoiceField(
        Letter.objects.none(), required=False, widget=forms.HiddenInput,
        error_messages={"invalid_choice": "Somebody has sorted this mail already. Look at it again."},
    )  # fmt: skip
    site = forms.CharField(
        label="Site", max_length=120, help_text="Its code, like M-114.",
        widget=forms.TextInput(attrs={**suggested("site"), "autocapitalize": "characters"}),
        error_messages={"required": "Enter the code of the site."},
    )  # fmt: skip
    kind = forms.ChoiceField(label="Kind", choices=KINDS)
    trade = forms.ModelChoiceField(
        label="Trade", queryset=Trade.objects.none(), empty_label="Choose a trade",
        error_messages={"required": "Choose a trade."},
    )  # fmt: skip
    problem_type = ProblemChoice(
        label="Problem", queryset=ProblemType.objects.none(), required=False, empty_label="None of these"
    )
    asset = forms.CharField(
        label="Unit", max_length=40, required=False, help_text="Its tag, like RF-114-02.",
        widget=forms.TextInput(attrs=suggested("unit")),
    )  # fmt: skip
    working = forms.ChoiceField(label="Is it working?", choices=Working.choices, initial=Working.WORKING)
    title = forms.CharField(label="Title", max_length=160, required=False, help_text="Empty takes the problem's name.")
    description = forms.CharField(
        label="What is wrong", max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Say what is wrong.", "max_length": TOO_LONG},
    )  # fmt: skip
    photos = FilesField(label="Photos")
    requester_name = forms.CharField(label="Who asks for it", max_length=120, required=False)
    requester_phone = forms.CharField(
        label="Phone", max_length=32, required=False, widget=forms.TextInput(attrs={"inputmode": "tel"})
    )
    access_note = forms.CharField(label="Access", max_length=500, required=False)
    nte_amount = forms.DecimalField(
        label="Not to exceed", required=False, min_value=0, max_digits=12, decimal_places=2,
        widget=forms.TextInput(attrs=AMOUNT), error_messages=NOT_A_SUM,
        help_text="Before tax, in the currency of the site. Empty keeps what the problem says.",
    )  # fmt: skip
    different_because = forms.CharField(
        label="Why this is something else",
        max_length=300,
        required=False,
        help_text="Only if it looks like a duplicate.",
    )

    def __init__(self, *args: Any, by: User, **options: Any) -> None:
        self.by = by
        super().__init__(*args, auto_id="new_%s", **options)
        self.fields["letter"].queryset = Letter.objects.visible_to(by).held().select_related("site")
        choices(self, "trade", Trade.objects.visible_to(by).active())
        choices(self, "problem_type", ProblemType.objects.visible_to(by).active().select_related("trade"))
        self.questions: list[CriticalityQuestion] = []
        self.matches: list[screening.Match] = []
        self._ask_how_bad()

    def _ask_how_bad(self) -> None:
        chosen = str(self.data.get("problem_type") or self.initial.get("problem_type") or "")
        if not chosen.isdecimal():
            return
        problem = ProblemType.objects.visible_to(self.by).active().filter(pk=chosen).first()
        self.questions = list(problem.questions.filter(retired_at=None)) if problem else []
        for question in self.questions:
            self.fields[f"question_{question.pk}"] = forms.ChoiceField(
                label=question.text, choices=YES_NO, initial="no", widget=forms.RadioSelect, required=False
            )

    @staticmethod
    def begun_from(letter: Letter) -> dict[str, Any]:
        """What a mail says already."""
        return {
            "letter": letter.pk,
            "site": letter.site.code if letter.site else "",
            "title": letter.subject[:160],
            "description": letter.body[:20000],
            "requester_name": (letter.from_name or letter.from_address)[:120],
        }

    @property
    def answers(self) -> dict[CriticalityQuestion, bool]:
        return {one: self.cleaned_data.get(f"question_{one.pk}") == "yes" for one in self.questions}

    @property
    def question_fields(self) -> list[forms.BoundField]:
        return [self[f"question_{one.pk}"] for one in self.questions]

    def clean_site(self) -> Site:
        if (found := site_called(self.cleaned_data["site"], self.by)) is None:
            raise forms.ValidationError("No site of yours has this code. Look at it again.")
        return found

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        site, tag = cleaned.get("site"), (cleaned.get("asset") or "").strip()
        cleaned["asset"] = None
        if tag and site:
            unit = Asset.objects.visible_to(self.by).in_use().select_related("category").filter(tag__iexact=tag)
            cleaned["asset"] = unit.filter(site=site).first()
            if cleaned["asset"] is None:
                self.add_error("asset", f"No unit at {site.code} has this tag.")
        return cleaned

    def must_check(self, now: datetime) -> bool:
        """Whether there is something that the person has not seen yet: questions of the problem, likely duplicates."""
        given = self.cleaned_data
        self.matches = ask(screening.duplicates(
            site=given["site"], trade=given["trade"], by=self.by, problem_type=given["problem_type"],
            asset=given["asset"], words=f"{given['title']} {given['description']}", now=now,
        ))[:5]  # fmt: skip
        problem = given["problem_type"]
        seen = f"{problem.pk if problem else ''}:{','.join(match.work_order.number for match in self.matches)}"
        if given["checked"] == seen or not (self.questions or self.matches):
            return False
        self.data = cast("Any", self.data).copy()
        self.data["checked"] = seen
        return True


def _own_sites(by: User) -> SiteQuerySet:
    return Site.objects.visible_to(by, Act.REPORT_FOR_SITE).trading()


def site_called(said: str, by: User) -> Site | None:
    """The one site of `by` that has this code or name."""
    words = said.strip()
    found = list(_own_sites(by).filter(Q(code__iexact=words) | Q(name__iexact=words))[:2])
    return found[0] if len(found) == 1 else None


def suggestions(*, site: str, unit: str, by: User) -> dict[str, Any]:
    """Sites of `by` and units at the site that is named, as far as they go on from what is typed."""
    words = site.strip()
    sites = _own_sites(by).filter(Q(code__icontains=words) | Q(name__icontains=words)).order_by("code")[:MOST]
    here, units = site_called(site, by), Asset.objects.none()
    if here:
        named = Q(tag__icontains=unit.strip()) | Q(name__icontains=unit.strip())
        units = Asset.objects.visible_to(by).in_use().filter(named, site=here).order_by("tag")[:MOST]
    return {"sites": sites, "units": units}
