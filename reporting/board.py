"""The figures of the dashboard: each with its change against the time before, its target and how many it is of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from django.urls import NoReverseMatch, reverse

from accounts.permissions import Act
from accounts.thresholds import asked_of, declare
from accounts.together import Asking, rows_of, side_by_side
from accounts.words import MINUS, MONTHS, money_short, span
from reporting import charts, measures
from reporting.models import Stretch
from vendors.models import Vendor

if TYPE_CHECKING:
    from accounts.models import User

DAYS = 90
WEEKS = 12
MONTHS_BACK = 6
ENOUGH = 10
"""Of fewer than this, a share or a median says more about chance than about the work."""
WATCHED = 5
ON_TIME = declare("dashboard.on_time", 90, "percent", "Targets met in time that you want", maximum=100)
FIRST_TIME = declare(
    "dashboard.first_time_fix", 85, "percent", "Jobs fixed with the first visit that you want", maximum=100
)
GOOD_SCORE = declare("dashboard.good_score", 80, "points", "A vendor's score under this is to watch", maximum=100)
PARTS = {
    "sla": "on time", "first_time_fix": "fixed first time", "acceptance": "offers accepted in time",
    "rating": "store rating", "invoices": "invoices right first time", "documentation": "work documented",
}  # fmt: skip


class Figure(NamedTuple):
    """One tile: a measure in words, its change, and what it is held against."""

    label: str
    value: str
    unit: str
    change: str
    better: bool | None
    up: bool
    target: str


class Watched(NamedTuple):
    """A vendor whose score asks for a word with them, and the part that costs most points."""

    name: str
    url: str
    trade: str
    points: int
    jobs: int
    why: str


class Aims(NamedTuple):
    """What the business wants its measures to be."""

    on_time: int
    first_time_fix: int
    good_score: int


def aims() -> Asking[Aims]:
    """The targets in force."""
    found = yield from asked_of(ON_TIME, FIRST_TIME, GOOD_SCORE)
    return Aims(found[ON_TIME.name], found[FIRST_TIME.name], found[GOOD_SCORE.name])


def figures(by: User, *, today: date, now: datetime) -> Asking[list[Figure]]:
    """The measures of the last 90 days, today among them, beside those of the 90 days before."""
    until = today + timedelta(days=1)
    middle, since = until - timedelta(days=DAYS), until - timedelta(days=2 * DAYS)
    (recent, before), wanted = yield from side_by_side(
        measures.periods(by, [(middle, until), (since, middle)], now=now), aims()
    )
    return [
        _share("Targets met in time", recent.sla_compliance, before.sla_compliance, wanted.on_time, "targets"),
        _share("First-time fix", recent.first_time_fix, before.first_time_fix, wanted.first_time_fix, "jobs"),
        *(
            _length(label, recent.medians[stretch], before.medians[stretch])
            for label, stretch in (
                ("Time to accept", Stretch.RESPONSE),
                ("Time to arrive", Stretch.ARRIVAL),
                ("Time to complete", Stretch.RESOLUTION),
            )
        ),
    ]


def _share(label: str, now: measures.Measure, before: measures.Measure, aim: int, of: str) -> Figure:
    if now.number < ENOUGH or not isinstance(now.value, Decimal):
        return Figure(label, "", "", "", None, True, _so_far(now.number, of))
    change, better, up = "", None, True
    if before.number >= ENOUGH and isinstance(before.value, Decimal):
        apart = (now.value - before.value) * 100
        up, better = apart >= 0, apart > 0 if round(apart, 1) else None
        change = f"{'+' if up else MINUS}{abs(apart):.1f} pt"
    return Figure(label, f"{now.value * 100:.0f}", "%", change, better, up, f"target {aim}%, of {now.number:,} {of}")


def _so_far(number: int, of: str) -> str:
    return f"{number:,} {of.removesuffix('s') if number == 1 else of} so far"


def _length(label: str, now: measures.Measure, before: measures.Measure) -> Figure:
    if now.number < ENOUGH or not isinstance(now.value, timedelta):
        return Figure(label, "", "", "", None, True, _so_far(now.number, "jobs"))
    change, better, up = "", None, True
    if before.number >= ENOUGH and isinstance(before.value, timedelta):
        apart = now.value - before.value
        up, better = apart >= timedelta(0), apart < timedelta(0) if apart else None
        change = f"{'+' if up else MINUS}{span(apart)}"
    return Figure(label, span(now.value), "", change, better, up, f"median of {now.number:,} jobs")


def by_week(by: User, *, today: date) -> Asking[charts.Chart]:
    """What came in and what was done in the last twelve weeks, this one among them."""
    monday = today - timedelta(days=today.weekday())
    weeks = yield from measures.weeks(
        by, since_on=monday - timedelta(days=7 * (WEEKS - 1)), until_on=monday + timedelta(days=7)
    )  # fmt: skip
    came, done = sum(week.reported for week in weeks), sum(week.completed for week in weeks)
    return charts.chart(
        "weeks",
        title="Work orders reported and completed per week",
        finding=f"{came:,} were reported and {done:,} completed in {WEEKS} weeks.",
        series=("Reported", "Completed"),
        names=_named(week.since_on for week in weeks),
        values=[[week.reported for week in weeks], [week.completed for week in weeks]],
        unfinished=True,
    )


def _named(mondays: Iterable[date]) -> list[str]:
    """The day of each Monday, with its month where a new one begins; the week that runs is "so far"."""
    names: list[str] = []
    month = 0
    for monday in mondays:
        names.append(f"{monday.day}" if monday.month == month else f"{monday.day} {MONTHS[monday.month - 1]}")
        month = monday.month
    names[-1] = "so far"
    return names


def spending(by: User, *, today: date) -> Asking[list[charts.Chart]]:
    """Approved bills of the last six months, a chart for each currency."""
    months = [_month(today, back) for back in range(MONTHS_BACK - 1, -1, -1)]
    rows = yield from measures.spend_by_month(by, since_on=months[0], until_on=today + timedelta(days=1))
    sums: dict[str, dict[date, Decimal]] = defaultdict(dict)
    for month, currency, amount in rows:
        sums[currency][month] = amount
    found = []
    for currency, spent in sorted(sums.items(), key=lambda one: -sum(one[1].values())):
        whole = sum(spent.values(), Decimal(0))
        found.append(
            charts.chart(
                f"spend-{currency.lower()}",
                title=f"Approved bills per month in {currency}",
                finding=f"{money_short(whole, currency)} were approved in {MONTHS_BACK} months, tax included.",
                series=("Approved",),
                names=[f"{MONTHS[month.month - 1]}" for month in months],
                values=[[float(spent.get(month, 0)) for month in months]],
                unfinished=True,
                said=lambda amount, currency=currency: money_short(Decimal(amount), currency),  # type: ignore[misc]
            )
        )
    return found


def _month(today: date, back: int) -> date:
    years, month = divmod(today.year * 12 + today.month - 1 - back, 12)
    return date(years, month + 1, 1)


def to_watch(by: User) -> Asking[list[Watched]]:
    """The vendors with the lowest scores of 90 days, in a trade where they did enough jobs to be judged."""
    judged = Vendor.objects.visible_to(by, Act.VIEW_VENDORS).filter(
        scorecards__window_days=DAYS, scorecards__jobs__gte=WATCHED
    )
    lowest = judged.order_by("scorecards__score", "name").values_list(
        "code", "name", "scorecards__trade__name", "scorecards__score", "scorecards__jobs", "scorecards__parts"
    )[:WATCHED]
    _, wanted = yield from side_by_side(rows_of(lowest), aims())
    return [
        Watched(name, _page_of(code), trade, int(score), jobs, _weakest(parts))
        for code, name, trade, score, jobs, parts in lowest
        if score < wanted.good_score
    ]


def _page_of(code: str) -> str:
    try:
        return reverse("vendors:vendor", args=[code])
    except NoReverseMatch:
        return ""


def _weakest(parts: dict[str, dict[str, float]]) -> str:
    """The part that costs the score most points, in words."""
    lost = {
        name: (1 - float(part["share"])) * float(part["weight"])
        for name, part in parts.items()
        if name in PARTS and isinstance(part, dict)
    }
    if not lost:
        return ""
    name = max(lost, key=lambda one: lost[one])
    return f"{float(parts[name]['share']) * 100:.0f}% {PARTS[name]}"
