"""Our own crews: who works when, how many hours a day has, and the next window that is free.

A crew is a vendor of the kind "internal", its technicians are those who hold that role for it. A technician's hours of
a day are, in this order: what was said for that person and day, what was said for the whole crew and day, the
person's own week, the crew's week. A crew without technicians counts as one person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import DateTimeField

from accounts.actors import Actor
from accounts.changes import Faulty, allow, keep, remove
from accounts.events import record
from accounts.models import User
from accounts.models.role import Membership, Role
from accounts.permissions import Act
from accounts.prepared import KEYS, each, prepared
from accounts.together import Asking
from assets.hours import Hours, Openings, Period, merged
from vendors.compliance import stream_of
from vendors.models import Shift, ShiftException, Vendor, VendorKind
from vendors.staffing import at_vendors, staff_of

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.models.role import MembershipQuerySet

WHOLE_CREW = None
STEP = timedelta(minutes=15)
"""Windows begin on the quarter of an hour."""

DAYS_AHEAD = 14
"""So far a free window is looked for."""

type Who = int | None
"""A technician by id, or the whole crew."""


@dataclass(frozen=True)
class Rota:
    """One crew: its technicians by id, in the order of their names, and when each of them works."""

    time_zone: str
    technicians: tuple[int, ...]
    weekly: Mapping[Who, tuple[Openings, ...]]
    otherwise: Mapping[tuple[Who, date], Openings]

    @property
    def is_kept(self) -> bool:
        """Whether any hours are entered at all; until then nothing is counted."""
        return bool(self.weekly)

    @property
    def people(self) -> tuple[Who, ...]:
        return self.technicians or (WHOLE_CREW,)

    def openings(self, who: Who, day: date) -> Openings:
        """When one of the crew works on a day, in minutes of it."""
        for one in (who, WHOLE_CREW):
            if (one, day) in self.otherwise:
                return self.otherwise[one, day]
        week = self.weekly.get(who) or self.weekly.get(WHOLE_CREW)
        return week[day.weekday()] if week else ()

    def hours_on(self, day: date) -> timedelta:
        """Shift hours of the whole crew on a day."""
        return timedelta(minutes=sum(end - begin for who in self.people for begin, end in self.openings(who, day)))

    def bounds(self, day: date) -> Period:
        """From which instant to which the day lasts for the crew."""
        hours = Hours(time_zone=self.time_zone)
        return hours.day_starts_at(day), hours.day_starts_at(day + timedelta(days=1))

    def shifts(self, who: Who, since: datetime) -> Iterator[Period]:
        """The shifts of one of the crew from `since` on, in order, as far as windows are looked for."""
        start = Hours(time_zone=self.time_zone).local_day(since)
        for ahead in range(DAYS_AHEAD + 1):
            day = start + timedelta(days=ahead)
            openings = self.openings(who, day)
            # The same every day of the week: only this one is read.
            hours = Hours(time_zone=self.time_zone, weekly=(openings,) * 7)
            if not openings:
                continue
            for begin, end in islice(hours.openings(hours.day_starts_at(day)), len(openings)):
                if end > since:
                    yield max(begin, since), end

    def free_window(
        self, *, since: datetime, length: timedelta, busy: Mapping[Who, Iterable[Period]]
    ) -> tuple[Who, Period] | None:
        """The first window of `length` inside a shift and whose it is; None when there is none in two weeks.

        `busy` are the visits of each technician; those of nobody in particular (None) keep everybody from others.
        """
        found = [
            (window, place, who)
            for place, who in enumerate(self.people)
            if (window := self._first(who, since, length, [*busy.get(who, ()), *busy.get(WHOLE_CREW, ())]))
        ]
        if not found:
            return None
        window, _, who = min(found)
        return who, window

    def _first(self, who: Who, since: datetime, length: timedelta, busy: Iterable[Period]) -> Period | None:
        gaps = merged(busy)
        for begin, end in merged(self.shifts(who, since)):  # a night goes on past midnight
            at = _on_the_quarter(begin)
            for taken, until in gaps:
                if until <= at or taken >= at + length:
                    continue
                at = _on_the_quarter(until)
            if at + length <= end:
                return at, at + length
        return None


def _on_the_quarter(at: datetime) -> datetime:
    """The next quarter of an hour."""
    over = timedelta(minutes=at.minute % 15, seconds=at.second, microseconds=at.microsecond)
    return at - over + STEP if over else at


def asked_rotas(vendor_ids: Collection[int], *, now: datetime) -> Asking[dict[int, Rota]]:
    """The rota of each of these vendors that is a crew of our own, by id."""
    ids = list(vendor_ids)
    crews = _crews(Vendor.objects.all(), ids=ids)
    shifts, exceptions = (
        _shifts(Shift.objects.all(), vendors=ids),
        _exceptions(ShiftException.objects.all(), vendors=ids),
    )
    staff = _staff(Membership.objects.all(), vendors=ids, now=now)
    yield crews, shifts, exceptions, staff
    weekly: dict[int, dict[Who, list[list[tuple[int, int]]]]] = defaultdict(dict)
    for vendor_id, whose, weekday, begin, end in shifts:
        weekly[vendor_id].setdefault(whose, [[] for _ in range(7)])[weekday].append((begin, end))
    otherwise: dict[int, dict[tuple[Who, date], Openings]] = defaultdict(dict)
    for vendor_id, whose, day, starts, ends in exceptions:
        otherwise[vendor_id][whose, day] = () if starts is None or ends is None else ((starts, ends),)
    crew: dict[int, dict[int, None]] = defaultdict(dict)  # a person may hold the role twice
    for vendor_id, user_id in staff:
        crew[vendor_id][user_id] = None
    return {
        vendor_id: Rota(
            time_zone, tuple(crew[vendor_id]),
            {who: tuple(tuple(sorted(day)) for day in week) for who, week in weekly[vendor_id].items()},
            otherwise[vendor_id],
        )
        for vendor_id, time_zone in crews
    }  # fmt: skip


@prepared(ids=KEYS)
def _crews(rows: QuerySet[Vendor], ids: Any) -> QuerySet[Any]:
    return rows.filter(pk__in=each(ids), kind=VendorKind.INTERNAL).values_list("pk", "time_zone")


@prepared(vendors=KEYS)
def _shifts(rows: QuerySet[Shift], vendors: Any) -> QuerySet[Any]:
    shifts = rows.filter(vendor__in=each(vendors), vendor__kind=VendorKind.INTERNAL)
    return shifts.values_list("vendor_id", "technician_id", "weekday", "starts_minute", "ends_minute")


@prepared(vendors=KEYS)
def _exceptions(rows: QuerySet[ShiftException], vendors: Any) -> QuerySet[Any]:
    exceptions = rows.filter(vendor__in=each(vendors), vendor__kind=VendorKind.INTERNAL)
    return exceptions.values_list("vendor_id", "technician_id", "day_on", "starts_minute", "ends_minute")


@prepared(vendors=KEYS, now=DateTimeField())
def _staff(rows: MembershipQuerySet, vendors: Any, now: Any) -> QuerySet[Any]:
    technicians = at_vendors(rows, each(vendors), now=now).filter(role=Role.TECHNICIAN)
    crews = technicians.filter(vendor_scope__vendor__kind=VendorKind.INTERNAL)
    return crews.values_list("vendor_scope__vendor_id", "user_id")


# Keeping them


def technicians(vendor: Vendor, *, now: datetime) -> QuerySet[User]:
    """Whose shifts can be entered: who goes out for the crew at `now`, by name."""
    held = staff_of([vendor.pk], now=now).filter(role=Role.TECHNICIAN)
    return User.objects.filter(pk__in=held.values("user")).order_by("name", "pk")


def set_shifts(
    *, vendor: Vendor, technician: User | None, openings: Iterable[tuple[int, int, int]], by: Actor, now: datetime
) -> None:
    """The week of one technician of a crew, or of the whole crew, in place of what was: weekday, from, to in minutes.

    Raises NotAllowed, Faulty.
    """
    allow(by, Act.MANAGE_VENDORS)
    _own(vendor)
    rows = sorted(openings)
    if any(not 0 <= begin < end <= 1440 for _, begin, end in rows):
        raise Faulty({"": "A shift ends after it begins, within a day. One past midnight is two rows."})
    if any(one[0] == other[0] and other[1] < one[2] for one, other in pairwise(rows)):
        raise Faulty({"": "Two shifts of a day overlap."})
    with transaction.atomic():
        Vendor.objects.select_for_update(of=("self",)).get(pk=vendor.pk)
        held = vendor.shifts.filter(technician=technician)
        before = [str(row) for row in held]
        held.delete()
        Shift.objects.bulk_create(
            Shift(vendor=vendor, technician=technician, weekday=day, starts_minute=begin, ends_minute=end)
            for day, begin, end in rows
        )
        after = [str(row) for row in vendor.shifts.filter(technician=technician)]
        if before != after:
            data = {"before": before, "after": after, "who": technician.name if technician else "the whole crew"}
            record(stream=stream_of(vendor.pk), verb="vendor.shifts_set", by=by, now=now, data=data)


def keep_exception(*, exception: ShiftException, by: Actor, now: datetime, **facts: Any) -> ShiftException:
    """Write down a day that is otherwise than usual. Raises NotAllowed, Faulty."""
    allow(by, Act.MANAGE_VENDORS)
    _own(exception.vendor)
    return keep(exception, facts, stream=lambda row: stream_of(row.vendor_id), noun="shift_exception", by=by, now=now)


def remove_exception(*, exception: ShiftException, by: Actor, now: datetime) -> None:
    """Let the usual shift count again on a day. Raises NotAllowed."""
    allow(by, Act.MANAGE_VENDORS)
    remove(exception, stream=stream_of(exception.vendor_id), noun="shift_exception", by=by, now=now)


def _own(vendor: Vendor) -> None:
    if vendor.kind != VendorKind.INTERNAL:
        raise Faulty({"": f"{vendor.name} is no crew of our own. It keeps its own hours."})
