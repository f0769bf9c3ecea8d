"""How right reports come in: what had to be corrected, and the trips and declines that a wrong trade cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, When

from accounts.permissions import Act
from accounts.together import Asking, rows_of, side_by_side, totals
from assets.models import ProblemType, Site
from workorders.models import AvoidedVisit, Choice, DuplicateChoice, FaultKind, IntakeFault, Source, WorkOrder

if TYPE_CHECKING:
    from accounts.actors import Actor

SAID_BY_PEOPLE = (Source.PORTAL, Source.DESK, Source.EMAIL, Source.API)
RECLASSIFIED = (FaultKind.TRADE, FaultKind.PROBLEM, FaultKind.ASSET, FaultKind.PRIORITY)
SHOWN = 25
NO_PROBLEM = "Something else"
EMERGENCY = "P1"


class Line(NamedTuple):
    """One problem type or site: its reports, how many were corrected in what, and what the wrong trade cost."""

    name: str
    url: str
    reports: int
    corrected: int
    trade: int
    problem: int
    asset: int
    priority: int
    trips: int
    declines: int

    @property
    def share(self) -> int:
        """Corrected reports, per cent."""
        return round(100 * self.corrected / self.reports) if self.reports else 0


@dataclass(frozen=True)
class Quality:
    """The reports of a period: by problem type as they were reported, by site, and all of them."""

    problems: list[Line]
    sites: list[Line]
    whole: Line
    emergencies: int
    lowered: int
    joined: int
    solved: int


def quality(by: Actor, *, since: datetime, until: datetime) -> Asking[Quality]:
    """What came of the reports that people made from `since` to before `until`, as far as `by` reads reports."""
    reports = WorkOrder.objects.visible_to(by, Act.VIEW_REPORTS).filter(
        reported_at__gte=since, reported_at__lt=until, source__in=SAID_BY_PEOPLE
    )
    places = Site.objects.visible_to(by, Act.VIEW_REPORTS)
    joined = DuplicateChoice.objects.filter(
        site__in=places, chosen_at__gte=since, chosen_at__lt=until, choice__in=(Choice.SAME, Choice.WORSE)
    )
    solved = AvoidedVisit.objects.filter(site__in=places, solved_at__gte=since, solved_at__lt=until)
    problems, sites, urgent, joins, solutions = yield from side_by_side(
        rows_of(_counted(_as_reported(reports), "submitted")),
        rows_of(_counted(reports, "site__code", "site__name")),
        rows_of(_urgent(reports)),
        rows_of(totals(joined, count=Count("pk"))),
        rows_of(totals(solved, count=Count("pk"))),
    )
    names = yield from rows_of(
        ProblemType.objects.filter(pk__in=[pk for pk, *_ in problems if pk]).values_list("pk", "name", "trade__name")
    )
    known = {pk: f"{name}, {trade.lower()}" for pk, name, trade in names}
    by_site = [Line(f"{code} {name}", code, *told) for code, name, *told in sites]
    counts = [sum(column) for column in zip(*(row[2:] for row in sites), strict=True)] or [0] * (len(Line._fields) - 2)
    whole = Line("", "", *counts)
    ((emergencies, lowered),) = urgent or [(0, 0)]
    return Quality(
        problems=_worst(Line(known.get(pk, NO_PROBLEM), "", *told) for pk, *told in problems),
        sites=_worst(by_site),
        whole=whole,
        emergencies=emergencies,
        lowered=lowered,
        joined=joins[0][0] if joins else 0,
        solved=solutions[0][0] if solutions else 0,
    )


def _as_reported(reports: QuerySet[WorkOrder]) -> QuerySet[WorkOrder]:
    """Each with `submitted`, the problem type that it came in as: the first fault still knows it."""
    first = IntakeFault.objects.filter(work_order=OuterRef("pk")).order_by("pk")
    return reports.annotate(
        submitted=Case(
            When(Exists(first), then=Subquery(first.values("problem_type")[:1])),
            default=F("problem_type"),
            output_field=IntegerField(),
        )
    )


def _counted(reports: QuerySet[WorkOrder], *by: str) -> QuerySet[Any]:
    """A row for each group: its reports, and how many of them have a fault of each kind."""

    def with_fault(*kinds: str) -> Count:
        return Count("pk", filter=Q(intake_faults__kind__in=kinds), distinct=True)

    def faults(kind: str) -> Count:
        return Count("intake_faults", filter=Q(intake_faults__kind=kind), distinct=True)

    counts = {
        "reports": Count("pk", distinct=True),
        "corrected": with_fault(*RECLASSIFIED),
        **{f"in_{kind}": with_fault(kind) for kind in RECLASSIFIED},
        "trips": faults(FaultKind.TRIP),
        "declines": faults(FaultKind.DECLINE),
    }
    order = ["reports", "corrected", "in_trade", "in_problem", "in_asset", "in_priority", "trips", "declines"]
    return reports.order_by().values(*by).annotate(**counts).values_list(*by, *order)


def _urgent(reports: QuerySet[WorkOrder]) -> QuerySet[Any]:
    """How many came in as emergencies, and how many of these are none any more."""
    first = IntakeFault.objects.filter(work_order=OuterRef("pk"), kind=FaultKind.PRIORITY).order_by("pk")
    came_in = Q(first_was=EMERGENCY) | Q(first_was=None, priority=1)
    return totals(
        reports.annotate(first_was=Subquery(first.values("was")[:1])),
        emergencies=Count("pk", filter=came_in),
        lowered=Count("pk", filter=Q(first_was=EMERGENCY, priority__gt=1)),
    )


def _worst(lines: Iterable[Line]) -> list[Line]:
    """What goes wrong most often first."""
    return sorted(lines, key=lambda line: (-(line.corrected + line.trips + line.declines), -line.reports, line.name))[
        :SHOWN
    ]
