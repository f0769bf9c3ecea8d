"""What an administrator keeps on the settings pages: one row per list, with its form and the rules that keep it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, Count, F, Model, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat, JSONObject

from accounts.facts import FactsForm
from accounts.models import Setting, User
from assets import trades
from assets.models import Calendar, Priority, PriorityMeaning, ProblemType, Trade
from config import forms
from vendors import roster
from vendors.models import Requirement
from vendors.roster_forms import RequirementForm
from workorders import settings as work
from workorders import terms
from workorders.models import ClockType, DispatchMode, DispatchPolicy, ExpiryUnit, Milestone, Reason, SlaTarget
from workorders.terms import EXPIRY


@dataclass(frozen=True)
class Line:
    """One row as its list shows it, under the heading `group`."""

    row: Model
    title: str
    details: list[str]
    group: str = ""

    @property
    def is_retired(self) -> bool:
        return getattr(self.row, "retired_at", None) is not None


@dataclass(frozen=True)
class Catalog:
    """One list of the settings: where its rows come from, how one is said, entered, changed and taken out."""

    label: str
    icon: str
    note: str
    one: str
    model: type[Model]
    rows: Callable[[User], QuerySet[Any]]
    line: Callable[[Any], Line]
    form: Callable[..., FactsForm]
    keep: Callable[..., Any]
    stream: Callable[[Any], str]
    """The chain of the log that tells how a row came to be what it is."""
    remove: Callable[..., Any] | None = None
    """For rows without history; the others are retired."""
    words: Mapping[str, str] = field(default_factory=dict)
    """What the log calls differently than the form."""
    beside: tuple[str, ...] = ()
    """Other lists that say more about the same rows."""
    adds: bool = True
    """Whether there may be more rows than the house came with."""

    def blank(self) -> Any:
        return self.model()

    @property
    def retires(self) -> bool:
        """Whether a row is offered no longer rather than taken out."""
        return any(field.name == "retired_at" for field in self.model._meta.concrete_fields)


def _reason_form(*args: Any, by: User, **options: Any) -> FactsForm:
    return forms.ReasonForm(*args, **options)


def _priority_form(*args: Any, by: User, **options: Any) -> FactsForm:
    return forms.PriorityForm(*args, **options)


def _trade_form(*args: Any, by: User, **options: Any) -> FactsForm:
    return forms.TradeForm(*args, **options)


def _calendar_form(*args: Any, by: User, **options: Any) -> FactsForm:
    return forms.CalendarForm(*args, **options)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _said_target(row: SlaTarget) -> Line:
    where = [row.trade.name if row.trade else "Every trade", *([f"tier {row.tier}"] if row.tier else [])]
    title = f"{row.get_milestone_display()}: {_hours(row.minutes)}"
    return Line(row, title, [row.get_clock_type_display().lower(), *where], Priority(row.priority).label)


def _hours(minutes: int) -> str:
    """Never in days: a day of business hours is not one of the calendar."""
    hours, rest = divmod(minutes, 60)
    if hours:
        return f"{hours} h {rest} m" if rest else f"{hours} h"
    return f"{rest} min"


def _priorities(by: User) -> QuerySet[PriorityMeaning]:
    """With what else is set for each, so that the list is one question."""
    expiry = Setting.objects.filter(name=Concat(Value("offers.expire_p"), Cast(OuterRef("priority"), CharField())))
    general = SlaTarget.objects.filter(priority=OuterRef("priority"), trade=None, tier="")
    told = general.order_by("minutes").values(
        told=JSONObject(milestone="milestone", minutes="minutes", counted="clock_type")
    )
    return PriorityMeaning.objects.visible_to(by).annotate(
        answer=Subquery(expiry.order_by("-pk").values("value")[:1]), promised=ArraySubquery(told)
    )


def _said_priority(row: Any) -> Line:
    expiry = EXPIRY[Priority(row.priority)]
    length = expiry.default if row.answer is None else row.answer
    unit = "business hours" if expiry.unit == "hours" else expiry.unit
    targets = [
        f"{Milestone(one['milestone']).label} {_hours(one['minutes'])} {ClockType(one['counted']).label}".lower()
        for one in row.promised
    ]
    details = [row.meaning, f"offers answered within {length} {unit}", *targets]
    return Line(row, str(row), details)


def _said_problem(row: Any) -> Line:
    details = [Priority(row.default_priority).label, _count(row.asked, "question"), f"{row.advised} to try first"]
    if row.stops_request:
        details.append("ends the request")
    return Line(row, row.name, details, row.trade.name)


def _said_reason(row: Reason) -> Line:
    pauses = ", ".join(row.pauses)
    details = [f"pauses {pauses}"] if pauses else []
    details += ["needs a note"] if row.needs_note else []
    details += ["needs a date"] if row.needs_date else []
    details += ["vendors may choose it"] if row.vendor_may_choose else []
    return Line(row, row.label, details, row.get_under_display())


def _said_requirement(row: Requirement) -> Line:
    details = [row.trade.name if row.trade else "Every trade", row.region.name if row.region else "every region"]
    if row.minimum_limit_amount:
        details.append(f"at least ${row.minimum_limit_amount:,.0f}")
    details.append("blocks" if row.blocks else "warns")
    details += ["our own crews too"] if row.applies_to_internal else []
    return Line(row, row.get_kind_display(), details)


def _said_policy(row: DispatchPolicy) -> Line:
    details = [row.get_mode_display(), row.get_order_display().lower()]
    if row.mode == DispatchMode.BROADCAST:
        details.append(f"to {row.broadcast_size} at once")
    elif row.cascade_depth > 1:
        details.append(f"up to {row.cascade_depth} one after another")
    if row.expires_in is not None:
        unit = "business hour" if row.expires_unit == ExpiryUnit.HOURS else "minute"
        details.append(f"open for {_count(row.expires_in, unit)}")
    details += ["our crews accept at once"] if row.accepts_for_crews else []
    return Line(row, str(row), details)


def _problems(by: User) -> QuerySet[ProblemType]:
    return (
        ProblemType.objects.visible_to(by)
        .select_related("trade")
        .annotate(
            asked=Count("questions", filter=Q(questions__retired_at=None), distinct=True),
            advised=Count("self_help", distinct=True),
        )
        .order_by("trade__sort_order", "trade__name", "sort_order", "name")
    )


RETIRED = {"retired_at": "Offered no longer since"}

CATALOGS: dict[str, Catalog] = {
    "priorities": Catalog(
        "Priorities", "signal", "What P1 to P4 mean, and how long a vendor may think about an offer.", "priority",
        PriorityMeaning, _priorities, _said_priority, _priority_form,
        lambda row, **facts: work.keep_priority(row=row, **facts),
        work.stream_of_priority, words={"answer_within": "Offers are answered within"}, beside=("targets",), adds=False,
    ),
    "targets": Catalog(
        "SLA targets", "clock", "How soon each milestone is due. A trade or a tier narrows a target and wins.",
        "target", SlaTarget,
        lambda by: SlaTarget.objects.visible_to(by)
        .select_related("trade")
        .order_by("priority", "milestone", F("trade__name").asc(nulls_first=True), "tier"),
        _said_target, forms.TargetForm,
        lambda row, **facts: work.keep_target(target=row, **facts),
        lambda row: work.TARGETS,
        lambda row, **who: work.remove_target(target=row, **who),
    ),
    "trades": Catalog(
        "Trades", "wrench", "The crafts that work is sorted by.", "trade", Trade,
        Trade.objects.visible_to,
        lambda row: Line(row, row.name, [row.code]), _trade_form,
        lambda row, **facts: trades.keep_trade(trade=row, **facts),
        lambda row: f"trade:{row.pk}", words=RETIRED,
    ),
    "problems": Catalog(
        "Problem types", "clipboard-list", "What stores can name, what they are asked, and what they can try first.",
        "problem type", ProblemType, _problems, _said_problem, forms.ProblemForm,
        lambda row, **facts: trades.keep_problem(problem=row, **facts),
        lambda row: f"problem:{row.pk}",
        words=RETIRED | {"questions": "Questions", "steps": "Try this first"},
    ),
    "reasons": Catalog(
        "Reasons", "message-circle-question-mark",
        "What people choose when they hold, decline, cancel or move work.",
        "reason", Reason,
        lambda by: Reason.objects.visible_to(by).order_by("under", "sort_order", "label"),
        _said_reason, _reason_form,
        lambda row, **facts: work.keep_reason(reason=row, **facts),
        lambda row: f"reason:{row.pk}", words=RETIRED,
    ),
    "requirements": Catalog(
        "Required papers", "shield-check", "What vendors must show before anybody sends them.",
        "required paper", Requirement,
        lambda by: Requirement.objects.visible_to(by).select_related("trade", "region").order_by("kind", "pk"),
        _said_requirement, RequirementForm,
        lambda row, **facts: roster.keep_requirement(requirement=row, **facts),
        lambda row: roster.REQUIREMENTS,
        lambda row, **who: roster.remove_requirement(requirement=row, **who),
    ),
    "dispatch": Catalog(
        "Dispatch policies", "send",
        "Who is asked first, by whom and for how long. A policy that names the trade wins, then the nearest region, "
        "then the priority. Where none fits, the thresholds count.",
        "policy", DispatchPolicy,
        lambda by: DispatchPolicy.objects.visible_to(by)
        .select_related("trade", "region")
        .order_by(
            F("trade__name").asc(nulls_last=True), F("region__path_depth").desc(nulls_last=True), "region__name",
            F("priority").asc(nulls_last=True),
        ),
        _said_policy, forms.PolicyForm,
        lambda row, **facts: terms.keep_policy(policy=row, **facts),
        lambda row: terms.POLICIES,
        lambda row, **who: terms.remove_policy(policy=row, **who),
        words=forms.PolicyForm.Meta.labels,
    ),
    "calendars": Catalog(
        "Calendars", "calendar-days", "Hours and holidays that several sites share.", "calendar", Calendar,
        lambda by: Calendar.objects.visible_to(by)
        .annotate(used_by=Count("sites", distinct=True), closed_days=Count("holidays", distinct=True))
        .order_by("name"),
        lambda row: Line(row, row.name, [_count(row.used_by, "site"), _count(row.closed_days, "holiday")]),
        _calendar_form,
        lambda row, **facts: trades.keep_calendar(calendar=row, **facts),
        lambda row: f"calendar:{row.pk}",
    ),
}  # fmt: skip


def retire(catalog: str, row: Any, *, by: User, now: datetime, back: bool) -> None:
    """Offer a row no longer, or again; what was chosen before keeps it."""
    retired_at = None if back else now
    if catalog == "trades":
        trades.keep_trade(trade=row, by=by, now=now, retired_at=retired_at)
    elif catalog == "problems":
        trades.retire_problem(problem=row, by=by, now=now, retired_at=retired_at)
    else:
        work.keep_reason(reason=row, by=by, now=now, retired_at=retired_at)
