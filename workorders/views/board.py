"""The vendor's schedule: a board of days and technicians, on a phone a list by day."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.guards import requires
from accounts.models import User
from accounts.once import fresh_key
from accounts.permissions import Act, may
from accounts.together import ask, nothing, rows_of, side_by_side
from accounts.words import DAYS, MONTHS, Mark
from vendors.models import Vendor
from vendors.scope import vendor_ids_of
from vendors.staffing import crews_among, staff_of
from workorders.board import SPEED, Snag, warnings_of
from workorders.labels import mark_for_vendor
from workorders.models import Visit, VisitState, WorkOrder

MOST = 300
"""Visits on one board; with more, one technician is chosen."""
MOST_PEOPLE = 58
NOBODY = "none"
NO_NAME = "No technician yet"
VIEWS = ("day", "week")


class Chosen(NamedTuple):
    """What the address asks for: a day, the day alone or its week, everybody, one technician or nobody yet."""

    day: date
    view: str
    who: str

    def query(self, **changes: Any) -> str:
        """The address's query with something else chosen; what is usual is left out."""
        told = {"view": self.view, "day": f"{self.day:%Y-%m-%d}", "who": self.who} | changes
        return "?" + urlencode({name: value for name, value in told.items() if value})


@dataclass(frozen=True)
class Stop:
    """One trip on the board. Of a job that is somebody else's by now, only that it was made."""

    visit: Visit
    row: WorkOrder
    is_ours: bool
    mark: Mark | None
    warnings: Sequence[Snag]
    crew: Sequence[User]
    zone: str
    """Whose time it is, where that is not the board's own."""

    @property
    def can_assign(self) -> bool:
        return bool(self.crew) and self.is_ours and self.visit.state in (VisitState.PLANNED, VisitState.MISSED)


@dataclass
class Day:
    """One column: a day, and for each person in the order of the rows what is on."""

    day: date
    label: str
    is_today: bool
    cells: list[tuple[str, list[Stop]]] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(len(stops) for _, stops in self.cells)


def own_trips(user: User) -> Any:
    """Visits of the company; a technician sees those that are his."""
    trips = Visit.objects.visible_to(user, Act.VIEW_JOBS).for_table()
    return trips if may(user, Act.ASSIGN_TECHNICIAN) else trips.of_person(user)


def chosen_in(given: Mapping[str, Any], today: date) -> Chosen:
    """What is asked for; anything that makes no sense counts as not said."""
    view, who = given.get("view", ""), given.get("who", "")
    named = who == NOBODY or (who.isdecimal() and len(who) < 12)
    return Chosen(_day(given.get("day", ""), today), view if view in VIEWS else "week", who if named else "")


def _day(given: str, today: date) -> date:
    try:
        return max(date(2000, 1, 1), min(date(2999, 1, 1), date.fromisoformat(given)))
    except ValueError:
        return today


def board_path(given: Mapping[str, Any]) -> str:
    """The board as it was asked for in `given`, a form that was sent from it."""
    return reverse("workorders:job_schedule") + chosen_in(given, timezone.now().date()).query()


@require_safe
@requires(Act.VIEW_JOBS)
def schedule(request: HttpRequest) -> HttpResponse:
    """Who goes where, by day and technician, those without a technician first."""
    now, user = timezone.now(), request.user
    dispatches = may(user, Act.ASSIGN_TECHNICIAN)
    company = Vendor.objects.visible_to(user, Act.VIEW_JOBS).first()
    zone = zoneinfo.ZoneInfo(company.time_zone if company else user.time_zone)
    today = now.astimezone(zone).date()
    chosen = chosen_in(request.GET, today)
    first = chosen.day if chosen.view == "day" else chosen.day - timedelta(days=chosen.day.weekday())
    days = [first + timedelta(days=number) for number in range(1 if chosen.view == "day" else 7)]
    begin, end = (datetime.combine(day, time.min, zone) for day in (days[0], days[-1] + timedelta(days=1)))
    own = _of(own_trips(user).exclude(state=VisitState.CANCELED), chosen.who if dispatches else "")
    planned = own.filter(is_dated=True, planned_start_at__gte=begin, planned_start_at__lt=end)
    undated = own.filter(is_dated=False, state__in=[VisitState.PLANNED, VisitState.MISSED])
    trips, open_trips, staff = ask(
        side_by_side(
            rows_of(planned.order_by("planned_start_at", "pk")[: MOST + 1]),
            rows_of(undated.order_by("pk")[:MOST]),
            rows_of(staff_of(vendor_ids_of(user), now=now)) if dispatches else nothing(),
        )
    )
    crew = [one for people in crews_among(staff).values() for one in people]
    ours = vendor_ids_of(user)
    warned = warnings_of(trips[:MOST], kmh=SPEED.value())

    def stop(visit: Visit) -> Stop:
        row = visit.work_order
        is_ours = row.vendor_id in ours
        mark = mark_for_vendor(row) if is_ours else None
        local = visit.planned_start_at.astimezone(zoneinfo.ZoneInfo(row.site.time_zone))
        differs = local.utcoffset() != visit.planned_start_at.astimezone(zone).utcoffset()
        there = local.tzname() or "" if differs else ""
        return Stop(visit, row, is_ours, mark, warned.get(visit.pk, ()), crew if dispatches else (), there)

    people = _people(trips[:MOST], crew, chosen.who, dispatches=dispatches)
    columns = [_column(day, people, trips[:MOST], zone, stop, is_today=day == today) for day in days]
    step = timedelta(days=len(days))
    context = {
        "now": now, "company": company, "chosen": chosen, "days": columns, "people": [name for _, name in people],
        "nobody": NO_NAME,
        "said": _said(days), "is_now": days[0] <= today <= days[-1], "crew": crew, "dispatches": dispatches,
        "previous": chosen.query(day=f"{days[0] - step:%Y-%m-%d}"),
        "following": chosen.query(day=f"{days[0] + step:%Y-%m-%d}"),
        "this": chosen.query(day=""),
        "open_trips": [stop(visit) for visit in open_trips if visit.work_order.vendor_id in ours],
        "is_cut": len(trips) > MOST, "most": MOST, "nothing": not trips, "fresh_key": fresh_key,
    }  # fmt: skip
    return render(request, "workorders/portal/schedule.html", context)


def _of(trips: Any, who: str) -> Any:
    if who == NOBODY:
        return trips.filter(technician=None)
    return trips.filter(technician_id=int(who)) if who else trips


def _people(trips: Sequence[Visit], crew: Sequence[User], who: str, *, dispatches: bool) -> list[tuple[int, str]]:
    """The rows of the board: nobody first, then who works here, then who has left and still has trips on it."""
    names: dict[int, str] = {0: NO_NAME} if dispatches and who in ("", NOBODY) else {}
    names |= {one.pk: one.name for one in crew if who in ("", str(one.pk))}
    for visit in trips:
        names.setdefault(visit.technician_id or 0, visit.technician.name if visit.technician else NO_NAME)
    return list(names.items())[:MOST_PEOPLE]


def _column(
    day: date, people: Sequence[tuple[int, str]], trips: Sequence[Visit], zone: zoneinfo.ZoneInfo, stop: Any, *,
    is_today: bool,
) -> Day:  # fmt: skip
    on = [visit for visit in trips if visit.planned_start_at.astimezone(zone).date() == day]
    column = Day(day, f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}", is_today)
    for pk, name in people:
        column.cells.append((name, [stop(visit) for visit in on if (visit.technician_id or 0) == pk]))
    return column


def _said(days: Sequence[date]) -> str:
    """The span of the board: "Tue 14 Jul 2026", "13 to 19 Jul 2026"."""
    first, last = days[0], days[-1]
    if first == last:
        return f"{DAYS[first.weekday()]} {first.day} {MONTHS[first.month - 1]} {first.year}"
    start = f"{first.day}" if first.month == last.month else f"{first.day} {MONTHS[first.month - 1]}"
    return f"{start} to {last.day} {MONTHS[last.month - 1]} {last.year}"
