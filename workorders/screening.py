"""What is checked before anybody is sent, in a fixed order: duplicate, repeat, warranty, responsibility, rules,
criticality. Each step says on the work order what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Case, DateTimeField, IntegerField, Q, Value, When

from accounts.actors import CLOCK
from accounts.permissions import VENDOR_ROLES
from accounts.prepared import KEY, prepared
from accounts.thresholds import asked_of, declare
from accounts.together import Asking, ask, rows_of, side_by_side
from accounts.words import ago
from assets.models import Priority, Responsibility, Responsible, Warranty
from workorders.likeness import alike
from workorders.models import Kind, Screening, ScreeningStep, WorkOrder
from workorders.models.status import DONE
from workorders.priority import priority_of

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.actors import Actor
    from assets.models import Area, Asset, CriticalityQuestion, ProblemType, Site, Trade
    from vendors.models import Vendor

ALIKE = declare("screening.alike", 0.5, "", "How alike words must be to warn of a duplicate", minimum=0.1, maximum=1)
DUPLICATE_WINDOW = declare(
    "screening.duplicate_days", 30, "days", "Days in which open work counts as a possible duplicate", maximum=730
)
REPEAT_WINDOW = declare(
    "screening.repeat_days", 30, "days", "Days in which the same trouble counts as a repeat", maximum=730
)
CANDIDATES = 200
TOLD = 3
"""Duplicates and warranties that are written on the work order."""
PLANNED = (Kind.PREVENTIVE, Kind.INSPECTION)
"""Work by the calendar: whoever reports trouble with the same unit means something else."""
URGENT = Priority.P2

UNIT, PROBLEM, PLACE, OTHER_UNIT, WORDS = 5, 4, 3, 2, 1
"""How strongly open work resembles a report, the strongest first."""


class Match(NamedTuple):
    """Open work that may be the same thing, and why it may."""

    work_order: WorkOrder
    why: str


def duplicates(
    *,
    site: Site,
    trade: Trade,
    by: Actor,
    now: datetime,
    problem_type: ProblemType | None = None,
    asset: Asset | None = None,
    area: Area | None = None,
    words: str = "",
    other_than: WorkOrder | None = None,
) -> Asking[list[Match]]:
    """Open work at the site that may be the same thing: the strongest likeness first, then the likest words, then age.

    Same unit, however long it is open. Or reported within the window of the problem type: the same problem, the same
    trade in the same place, or the same trade in words alike (`workorders.likeness`). Planned work is none.
    """
    candidates = WorkOrder.objects.visible_to(by).open().filter(site=site).exclude(kind__in=PLANNED)
    if other_than:
        candidates = candidates.exclude(pk=other_than.pk)
    strongest = _strongest(
        candidates, area is not None, problem_type is not None, asset is not None, trade=trade.pk,
        area=area.pk if area else 0, problem=problem_type.pk if problem_type else 0, unit=asset.pk if asset else 0,
    )  # fmt: skip
    rows = yield from rows_of(strongest)
    if not rows:
        return []
    enough, window = yield from _thresholds(problem_type)
    ranked: list[tuple[float, float, Match]] = []
    for row in rows:
        if row.strength != UNIT and row.reported_at < now - window:
            continue
        likeness = alike(words, f"{row.title} {row.description}") if words.strip() else 0.0
        if row.strength == WORDS and likeness < enough:
            continue
        rank, why = _why(row, row.strength, asset, problem_type, area)
        ranked.append((rank, likeness, Match(row, why)))
    # The sort keeps what is newer before what is older.
    ranked.sort(key=lambda one: (-one[0], -one[1]))
    return [match for *_, match in ranked]


@prepared(trade=KEY, area=KEY, problem=KEY, unit=KEY)
def _strongest(
    rows: QuerySet[WorkOrder], has_area: bool, has_problem: bool, has_unit: bool, *, trade: Any, area: Any,
    problem: Any, unit: Any,
) -> QuerySet[Any]:  # fmt: skip
    """Those that are like it in something, the strongest likeness first."""
    strength = [When(trade=trade, then=Value(WORDS))]
    if has_area:
        strength.insert(0, When(trade=trade, area=area, then=Value(PLACE)))
    if has_problem:
        strength.insert(0, When(problem_type=problem, then=Value(PROBLEM)))
    if has_unit:
        strength.insert(0, When(asset=unit, then=Value(UNIT)))
    alike = rows.annotate(strength=Case(*strength, default=Value(0), output_field=IntegerField()))
    alike = alike.filter(strength__gt=0).select_related("vendor", "asset", "trade", "site")
    return alike.order_by("-strength", "-reported_at", "-pk")[:CANDIDATES]


def _why(
    row: WorkOrder, strength: int, asset: Asset | None, problem_type: ProblemType | None, area: Area | None
) -> tuple[int, str]:
    if strength == UNIT and asset:
        return strength, f"Same unit, {asset.tag}"
    if strength == PROBLEM and problem_type:
        if asset and row.asset:
            return OTHER_UNIT, f"Same problem, {problem_type.name.lower()}, on another unit, {row.asset.tag}"
        return strength, f"Same problem, {problem_type.name.lower()}"
    if strength == PLACE and area:
        return strength, f"Same trade in the same place, {area.name.lower()}"
    return strength, "Described in much the same words"


def _thresholds(problem_type: ProblemType | None) -> Asking[tuple[float, timedelta]]:
    """How alike words must be, 0 to 1, and how long ago open work may have been reported to be a duplicate: what the
    problem type says, else what the house says."""
    days = problem_type.duplicate_window_days if problem_type else None
    needed = problem_type.likeness_needed if problem_type else None
    if days is None or needed is None:
        house = yield from asked_of(ALIKE, DUPLICATE_WINDOW)
        days = house[DUPLICATE_WINDOW.name] if days is None else days
        needed = house[ALIKE.name] if needed is None else needed
    return float(needed), timedelta(days=days)


def repeat_window(problem_type: ProblemType | None) -> timedelta:
    """How long after completion the same trouble counts as a repeat."""
    return timedelta(days=problem_type.repeat_window_days if problem_type else REPEAT_WINDOW.value())


def repeat_of(
    *, site: Site, trade: Trade, problem_type: ProblemType | None, asset: Asset | None, now: datetime
) -> Asking[WorkOrder | None]:
    """The latest work of the same asset and trade, or same site and problem type, completed within the window."""
    if not (asset or problem_type):
        return None
    latest = yield from rows_of(_completed(
        WorkOrder.objects.all(), asset is not None, problem_type is not None, unit=asset.pk if asset else 0,
        trade=trade.pk, site=site.pk, problem=problem_type.pk if problem_type else 0,
        since=now - repeat_window(problem_type), until=now,
    ))  # fmt: skip
    return next(iter(latest), None)


@prepared(unit=KEY, trade=KEY, site=KEY, problem=KEY, since=DateTimeField(), until=DateTimeField())
def _completed(
    rows: QuerySet[WorkOrder], has_unit: bool, has_problem: bool, *, unit: Any, trade: Any, site: Any, problem: Any,
    since: Any, until: Any,
) -> QuerySet[WorkOrder]:  # fmt: skip
    same = Q(asset=unit, trade=trade) if has_unit else Q()
    if has_problem:
        same |= Q(site=site, problem_type=problem)
    done = rows.filter(same, status__in=DONE, completed_at__gte=since, completed_at__lte=until)
    return done.select_related("vendor").order_by("-completed_at")[:1]


def warranties_for(asset: Asset | None, trade: Trade, site: Site, now: datetime) -> Asking[list[Warranty]]:
    """The warranties, of the unit or of a part put into it, that pay for this trade today by the site's own calendar.

    What ends first goes first: it is used while it lasts.
    """
    if asset is None:
        return []
    today = now.astimezone(ZoneInfo(site.time_zone)).date()
    covering = Warranty.objects.covering(asset, trade, today).select_related("provider__vendor")
    return (yield from rows_of(covering[:TOLD]))


def responsibility_for(site: Site, trade: Trade, asset: Asset | None) -> Asking[Responsibility | None]:
    """Whose the repair is when it is not ours. What is agreed for the asset's category goes before the whole trade."""
    category = asset.category_id if asset else 0
    agreed = yield from rows_of(_agreed(Responsibility.objects.all(), site=site.pk, trade=trade.pk, category=category))
    return next((one for one in agreed if one.who != Responsible.US), None)


@prepared(site=KEY, trade=KEY, category=KEY)
def _agreed(rows: QuerySet[Responsibility], *, site: Any, trade: Any, category: Any) -> QuerySet[Responsibility]:
    rows = rows.filter(Q(category=None) | Q(category=category), site=site, trade=trade)
    return rows.select_related("send_to__vendor").order_by("category_id")[:1]


# The steps, and what each says


@dataclass(frozen=True)
class Finding:
    """What one step has to say about one report. A finding of a rule may ask for a priority."""

    step: ScreeningStep
    found: bool
    sentence: str
    related: WorkOrder | None = None
    warranty: Warranty | None = None
    responsibility: Responsibility | None = None
    send_to: Vendor | None = None
    priority: Priority | None = None


type Step = Callable[[WorkOrder, Actor, datetime], Asking[list[Finding]]]
"""One step: reads the report, which is not saved yet, as the person sees it; changes nothing."""


def _duplicate(row: WorkOrder, by: Actor, now: datetime) -> Asking[list[Finding]]:
    # A vendor's people see their own jobs only; what else is open here concerns the desk all the same.
    sight = CLOCK if by.roles & VENDOR_ROLES else by
    matches = yield from duplicates(
        site=row.site, trade=row.trade, by=sight, now=now, problem_type=row.problem_type, asset=row.asset,
        area=row.area, words=f"{row.title} {row.description}", other_than=row.follows,
    )  # fmt: skip
    if not matches:
        return [Finding(ScreeningStep.DUPLICATE, False, "No open work here looks the same")]
    return [
        Finding(
            ScreeningStep.DUPLICATE, True, f"{match.why}: {match.work_order.number} is open", related=match.work_order
        )
        for match in matches[:TOLD]
    ]


def _repeat(row: WorkOrder, by: Actor, now: datetime) -> Asking[list[Finding]]:
    repeat = row.recall_of
    if not (row.recall_of_id or row.follows_id):
        repeat = yield from repeat_of(
            site=row.site, trade=row.trade, problem_type=row.problem_type, asset=row.asset, now=now
        )
    if repeat is None or repeat.completed_at is None:
        return [Finding(ScreeningStep.REPEAT, False, "Nothing like it was completed lately")]
    vendor = f" by {repeat.vendor.name}" if repeat.vendor else ""
    said = f"{repeat.number} was completed {ago(repeat.completed_at, now)}{vendor}: may be a recall"
    send_to = repeat.vendor if row.recall_of_id else None
    return [Finding(ScreeningStep.REPEAT, True, said, related=repeat, send_to=send_to)]


def _warranty(row: WorkOrder, by: Actor, now: datetime) -> Asking[list[Finding]]:
    # Called back work is the earlier vendor's to put right, whoever else gave his word.
    found = yield from warranties_for(None if row.recall_of_id else row.asset, row.trade, row.site, now)
    if not found:
        said = "No warranty covers this" if row.asset_id else "No asset named, so no warranty"
        return [Finding(ScreeningStep.WARRANTY, False, said)]
    told = []
    for place, warranty in enumerate(found):
        provider = getattr(warranty, "provider", None)
        covered = f"by {warranty.provider_name} until {warranty.ends_on:%-d %b %Y} ({warranty.covers.lower()})"
        told.append(
            Finding(
                ScreeningStep.WARRANTY, True, f"{'Also under' if place else 'Under'} warranty {covered}",
                warranty=warranty, send_to=provider.vendor if provider else None,
            )
        )  # fmt: skip
    return told


def _responsibility(row: WorkOrder, by: Actor, now: datetime) -> Asking[list[Finding]]:
    agreed = yield from responsibility_for(row.site, row.trade, row.asset)
    if agreed is None:
        return [Finding(ScreeningStep.RESPONSIBILITY, False, "Ours to repair")]
    send_to = getattr(agreed, "send_to", None)
    contact = f", {agreed.contact_name}" if agreed.contact_name else ""
    said = f"{agreed.get_who_display()} answers for {row.trade.name.lower()} here{contact}"
    vendor = send_to.vendor if send_to else None
    return [Finding(ScreeningStep.RESPONSIBILITY, True, said, responsibility=agreed, send_to=vendor)]


STEPS: tuple[Step, ...] = (_duplicate, _repeat, _warranty, _responsibility)
"""In this order; the operator's rules come after them, and the criticality answers close the list."""
LATER: tuple[Step, ...] = (_repeat, _warranty, _responsibility)
"""What must be asked again when trade, problem or unit were corrected."""

type Rule = Callable[[WorkOrder, Actor, datetime], Iterable[Finding]]
HOUSE_RULES: list[Rule] = []
"""What the operator's own rules add; each says what it has to say, and asks for a priority where it sets one."""


def check(
    row: WorkOrder, *, answers: Mapping[CriticalityQuestion, bool], by: Actor, now: datetime
) -> Asking[list[Finding]]:
    """Take every step on a report that is not saved yet; its priority and reasons are set from what they found."""
    found = yield from _taken(STEPS, row, by, now)
    ruled = [finding for rule in HOUSE_RULES for finding in rule(row, by, now)]
    found += ruled or [Finding(ScreeningStep.RULES, False, "No rule applies")]
    asked = [(one.priority, one.sentence) for one in found if one.priority is not None]
    row.priority, row.priority_reasons = priority_of(row.problem_type, answers, asked)
    return [*found, Finding(ScreeningStep.CRITICALITY, row.priority <= URGENT, row.priority_reasons[0])]


def _taken(steps: Sequence[Step], row: WorkOrder, by: Actor, now: datetime) -> Asking[list[Finding]]:
    found = yield from side_by_side(*(step(row, by, now) for step in steps))
    return [finding for findings in found for finding in findings]


def screened(row: WorkOrder, found: Sequence[Finding], *, now: datetime) -> list[Screening]:
    """What the steps said about a work order, in their order, to be written down."""
    return [
        Screening(
            work_order=row, step=one.step, found=one.found, sentence=one.sentence[:400], related=one.related,
            warranty=one.warranty, responsibility=one.responsibility, send_to=one.send_to, made_at=now,
        )
        for one in found
    ]  # fmt: skip


def anew(row: WorkOrder, *, by: Actor, now: datetime) -> None:
    """Trade, problem or unit were corrected: the steps that hang on them are taken again and say what holds now."""
    found = ask(_taken(LATER, row, by, now))
    row.screenings.filter(step__in={one.step for one in found}).delete()
    Screening.objects.bulk_create(screened(row, found, now=now))
