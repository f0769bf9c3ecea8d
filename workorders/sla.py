"""SLA clocks: what was promised for a work order, by which hours, when it stood still, and what became of it.

Four clocks run from the report: triage, response, arrival, completion. Where a clock is due is its target walked
over the site's calendar, pauses left out, always from its original start; whatever changes is reckoned anew from
there, and the superseded due instant is kept with its reason. Met or missed is never stored: it is the instant a
clock stopped against the instant it was due.

Every function that changes clocks is called inside a move's transaction with the work order's row locked, and
refreshes `work_order.due_at` in memory; the caller saves the row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Q

from accounts.actors import CLOCK, person
from accounts.prepared import KEY, prepared
from accounts.together import Asking, ask, nothing, rows_of, side_by_side
from assets.hours import Hours, Period, asked_hours, due, hours_of
from workorders import agreed
from workorders.models import Clock, ClockChange, ClockState, ClockType, Milestone, Pause, SlaTarget, WorkOrder

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.actors import Actor
    from assets.models import Site, Trade

MARKS = (50, 75, 90, 100, 150)
"""Per cent of a target at which the sweep says something: three warnings, the breach, the overrun."""

BREACH = MARKS.index(100)
WITHOUT_TARGET = timedelta(days=7)
"""Open work to which no clock applies is put before people after this long."""

MINUTE = timedelta(minutes=1)
LIVE = frozenset({ClockState.RUNNING, ClockState.PAUSED})
ON_SITE = frozenset({Milestone.ARRIVAL, Milestone.COMPLETION})
NEXT_VENDOR = "Waiting for the next vendor"


# What is promised


@dataclass(frozen=True)
class Promise:
    """How long one milestone may take, and by which clock."""

    minutes: int
    clock_type: str


class TargetTable:
    """The targets of the house read once, for asking about many work orders."""

    def __init__(self, targets: Iterable[SlaTarget] | None = None) -> None:
        rows = SlaTarget.objects.all() if targets is None else targets
        self._promises = {
            (row.priority, row.milestone, row.trade_id, row.tier): Promise(row.minutes, row.clock_type) for row in rows
        }

    def of(self, priority: int, trade_id: int, tier: str) -> dict[str, Promise]:
        """The promise for each milestone that has one: for trade and tier before trade, before tier, before all."""
        found = {}
        for milestone in Milestone.values:
            for narrowed in ((trade_id, tier), (trade_id, ""), (None, tier), (None, "")):
                if promise := self._promises.get((int(priority), milestone, *narrowed)):
                    found[milestone] = promise
                    break
        return found


def targets_for(work_order: WorkOrder) -> dict[str, Promise]:
    """What is promised for a work order as it stands, by milestone."""
    table = ask(_targets(work_order.trade_id, work_order.priority))
    return table.of(work_order.priority, work_order.trade_id, work_order.site.tier)


def _targets(trade_id: int, priority: int) -> Asking[TargetTable]:
    return TargetTable((yield from rows_of(_promised(SlaTarget.objects.all(), trade=trade_id, priority=priority))))


@prepared(trade=KEY, priority=KEY)
def _promised(rows: QuerySet[SlaTarget], *, trade: Any, priority: Any) -> QuerySet[SlaTarget]:
    return rows.filter(Q(trade=None) | Q(trade=trade), priority=priority)


def promised_at(site: Site, trade: Trade, priority: int) -> Asking[tuple[Hours, TargetTable]]:
    """What `prepare` wants to know of the place and the targets, as something to ask beside other questions."""
    hours, targets = yield from side_by_side(asked_hours([site]), _targets(trade.pk, priority))
    return hours[site.pk], targets


def _promises(work_order: WorkOrder, targets: TargetTable | None) -> dict[str, Promise]:
    if targets is None:
        return targets_for(work_order)
    return targets.of(work_order.priority, work_order.trade_id, work_order.site.tier)


def prepare(
    work_order: WorkOrder, *, now: datetime, hours: Hours | None = None, targets: TargetTable | None = None
) -> list[Clock]:
    """The clocks of a work order that is being made, not saved yet; its `due_at` is set from them.

    `hours` and `targets` are read when not given. Planned work is promised for its day: arrival and completion
    are due when that local day ends (or the window closes, when it was made too late for the day).
    """
    hours = hours or hours_of(work_order.site)
    promises = _promises(work_order, targets)
    made = [_made(work_order, milestone, promise, hours, now, now) for milestone, promise in promises.items()]
    _refresh(work_order, made)
    return made


def _made(
    work_order: WorkOrder, milestone: str, promise: Promise, hours: Hours, started_at: datetime, now: datetime
) -> Clock:
    clock = Clock(work_order=work_order, milestone=milestone, started_at=started_at)
    _promise(clock, promise, hours)
    _walk(clock, hours, (), now)
    return clock


def _promise(clock: Clock, promise: Promise, hours: Hours) -> None:
    if (end := _planned_end(clock, hours)) is not None:
        promise = Promise(-(-int((end - clock.started_at).total_seconds()) // 60), ClockType.ELAPSED)
    clock.minutes, clock.clock_type = promise.minutes, promise.clock_type


def _planned_end(clock: Clock, hours: Hours) -> datetime | None:
    """When planned work must be done by, for the clocks that measure the doing."""
    work_order = clock.work_order
    if clock.milestone not in ON_SITE:
        return None
    for day in (work_order.planned_on, work_order.window_closes_on):
        if day is not None and (end := hours.day_starts_at(day + timedelta(days=1))) > clock.started_at:
            return end
    return None


# Walking


@lru_cache(maxsize=1024)
def marks_of(start: datetime, minutes: int, calendar: Hours | None, pauses: tuple[Period, ...]) -> tuple[datetime, ...]:
    """The instant of each mark. Remembered: work made in bulk starts at one moment, often by one calendar."""
    return tuple(due(start, minutes * MINUTE * percent / 100, calendar, pauses) for percent in MARKS)


def _walk(
    clock: Clock, hours: Hours, pauses: Sequence[Period], now: datetime, *, until: datetime | None = None
) -> None:
    """Where the clock is due and where its marks lie; `until` is when it stopped or began to stand still.

    A mark that was told and lies ahead again, because more time was given, will be told again.
    """
    calendar = hours if clock.clock_type == ClockType.BUSINESS else None
    marks = marks_of(clock.started_at, clock.minutes, calendar, tuple(pauses))
    clock.due_at = marks[BREACH]
    clock.marks = [at for at in marks if until is None or at < until]
    clock.told = min(clock.told, sum(at < now for at in marks))
    clock.next_mark_at = clock.marks[clock.told] if clock.told < len(clock.marks) else None
    if clock.due_at >= now:
        clock.breached_at = None
    agreed.agree(clock, clock.agreed_minutes, clock.agreed_from_at, pauses)


def _reckon(
    clocks: Iterable[Clock], pauses: Sequence[Pause], hours: Hours, because: str, by: Actor, now: datetime
) -> None:
    """Walk clocks anew with the pauses so far, save them, and keep what is superseded."""
    changes = []
    for clock in clocks:
        was = clock.due_at
        own = [pause for pause in pauses if clock.milestone in pause.milestones]
        open_since = next((pause.started_at for pause in own if pause.ended_at is None), None)
        gaps = agreed.gaps_of(clock, pauses)
        if clock.state in LIVE:
            clock.state = ClockState.PAUSED if open_since else ClockState.RUNNING
            _walk(clock, hours, gaps, now, until=open_since)
        else:
            if open_since:
                gaps.append((open_since, now))
            _walk(clock, hours, gaps, now, until=clock.stopped_at)
        clock.save()
        if was != clock.due_at:
            changes.append(
                ClockChange(
                    clock=clock, was_due_at=was, now_due_at=clock.due_at, because=because[:200], made_by=person(by),
                    made_at=now,
                )
            )  # fmt: skip
    ClockChange.objects.bulk_create(changes)


def _refresh(work_order: WorkOrder, clocks: Iterable[Clock]) -> None:
    """The work order is due when the first of its live clocks is."""
    ends = [clock.due_at for clock in clocks if clock.state in LIVE]
    work_order.due_at = min(ends, default=work_order.reported_at + WITHOUT_TARGET)


NEXT_DUE = f"""
coalesce((SELECT min(due_at) FROM workorders_clock c WHERE c.work_order_id = w.id AND c.state IN ('running', 'paused')),
    w.reported_at + interval '{WITHOUT_TARGET.days} days')
"""
"""The same of a work order `w` whose clocks were changed in sets."""


def _clocks(work_order: WorkOrder) -> dict[str, Clock]:
    return _by_milestone(Clock.objects.filter(work_order=work_order.pk), work_order)


def _by_milestone(clocks: Iterable[Clock], work_order: WorkOrder) -> dict[str, Clock]:
    known = {clock.milestone: clock for clock in clocks}
    for clock in known.values():
        clock.work_order = work_order
    return known


def _pauses(work_order: WorkOrder) -> list[Pause]:
    return list(Pause.objects.filter(work_order=work_order.pk))


# What moves do to clocks


def start(work_order: WorkOrder, *, now: datetime) -> list[Clock]:
    """Start the clocks of a work order that was just reported."""
    return Clock.objects.bulk_create(prepare(work_order, now=now))


def stop(work_order: WorkOrder, milestone: str, *, now: datetime) -> None:
    """The milestone is reached. Work that is complete is not waited for at any earlier milestone either."""
    clocks = _clocks(work_order)
    clock = clocks.get(milestone)
    if clock is not None and clock.state in LIVE:
        stood_still = clock.state == ClockState.PAUSED
        clock.state, clock.stopped_at = ClockState.STOPPED, now
        if stood_still:
            because = "Reached while it stood still"
            _reckon([clock], _pauses(work_order), hours_of(work_order.site), because, CLOCK, now)
        else:
            _cut(clock, now)
            clock.save()
    if milestone == Milestone.COMPLETION:
        _drop([other for other in clocks.values() if other.state in LIVE], now)
    _refresh(work_order, clocks.values())


def _cut(clock: Clock, at: datetime) -> None:
    """Nothing after `at` is told of this clock; what it passed before and nobody was told of still is."""
    clock.marks = [mark for mark in clock.marks if mark < at]
    clock.next_mark_at = clock.marks[clock.told] if clock.told < len(clock.marks) else None


def drop(work_order: WorkOrder, *, now: datetime) -> None:
    """Nobody waits for anything any more: what is still live counts neither as met nor as missed."""
    clocks = _clocks(work_order)
    _drop([clock for clock in clocks.values() if clock.state in LIVE], now)
    _refresh(work_order, clocks.values())


def _drop(clocks: Iterable[Clock], now: datetime) -> None:
    for clock in clocks:
        clock.state = ClockState.DROPPED
        _cut(clock, now)
        clock.save()


def restart_response(work_order: WorkOrder, *, now: datetime) -> None:
    """The next vendor is waited for anew; arrival and completion run on."""
    clocks = _clocks(work_order)
    clock = clocks.get(Milestone.RESPONSE)
    promise = targets_for(work_order).get(Milestone.RESPONSE)
    if promise is not None:
        hours = hours_of(work_order.site)
        if clock is None:
            clock = clocks[Milestone.RESPONSE] = _made(work_order, Milestone.RESPONSE, promise, hours, now, now)
            clock.save()
        else:
            clock.state, clock.started_at, clock.stopped_at, clock.told = ClockState.RUNNING, now, None, 0
            clock.agreed_minutes = None
            _promise(clock, promise, hours)
            _reckon([clock], _pauses(work_order), hours, NEXT_VENDOR, CLOCK, now)
    elif clock is not None and clock.state in LIVE:
        _drop([clock], now)
    _refresh(work_order, clocks.values())


def pause(work_order: WorkOrder, milestones: Iterable[str], *, reason: str, by: Actor, now: datetime) -> None:
    """Let the clocks of these milestones stand still until `resume`. One pause at a time: an open one ends here."""
    _end_open_pause(work_order, by, now)
    wanted = [milestone for milestone in Milestone.values if milestone in set(milestones)]
    if wanted:
        Pause.objects.create(
            work_order=work_order, milestones=wanted, reason=reason[:120], started_at=now, started_by=person(by)
        )
    _live_anew(work_order, reason, by, now)


def resume(work_order: WorkOrder, *, by: Actor, now: datetime) -> None:
    """Paused clocks run again; their due instants move by as much as they stood still."""
    if (ended := _end_open_pause(work_order, by, now)) is not None:
        _live_anew(work_order, f"Stood still: {ended.reason}", by, now)


def _end_open_pause(work_order: WorkOrder, by: Actor, now: datetime) -> Pause | None:
    open_pause = Pause.objects.filter(work_order=work_order.pk, ended_at=None).first()
    if open_pause is not None:
        open_pause.ended_at, open_pause.ended_by = now, person(by)
        open_pause.save(update_fields=["ended_at", "ended_by"])
    return open_pause


def _live_anew(work_order: WorkOrder, because: str, by: Actor, now: datetime) -> None:
    clocks = _clocks(work_order)
    live = [clock for clock in clocks.values() if clock.state in LIVE]
    _reckon(live, _pauses(work_order), hours_of(work_order.site), because, by, now)
    _refresh(work_order, clocks.values())


def run_on(work_order: WorkOrder, *, by: Actor, now: datetime) -> None:
    """Completed work was rejected: its completion clock runs on from where it stood."""
    clocks = _clocks(work_order)
    clock = clocks.get(Milestone.COMPLETION)
    if clock is not None and clock.state == ClockState.STOPPED and clock.stopped_at is not None:
        Pause.objects.create(
            work_order=work_order, milestones=[Milestone.COMPLETION], reason="Completed, then rejected",
            started_at=clock.stopped_at, ended_at=now, ended_by=person(by),
        )  # fmt: skip
        clock.state, clock.stopped_at = ClockState.RUNNING, None
        _reckon([clock], _pauses(work_order), hours_of(work_order.site), "Completed, then rejected", by, now)
    _refresh(work_order, clocks.values())


def reckon(
    work_order: WorkOrder, *, because: str, by: Actor, now: datetime, hours: Hours | None = None,
    targets: TargetTable | None = None,
) -> None:  # fmt: skip
    """Priority, trade, target or calendar changed: every clock that still runs gets what is promised now.

    From the original start, with the pauses so far. A clock that has ended keeps the promise it ended under.
    `hours` and `targets` are read when not given.
    """
    site, trade, priority = work_order.site, work_order.trade_id, work_order.priority
    by_site, table, standing, pauses, minutes = ask(
        side_by_side(
            nothing() if hours else asked_hours([site]),
            nothing() if targets else _targets(trade, priority),
            rows_of(Clock.objects.filter(work_order=work_order.pk)),
            rows_of(Pause.objects.filter(work_order=work_order.pk)),
            agreed.asked_minutes(work_order, vendor_id=work_order.vendor_id),
        )
    )
    hours = hours or by_site[site.pk]
    promises = (targets or table).of(priority, trade, site.tier)
    clocks = _by_milestone(standing, work_order)
    _drop([clock for name, clock in clocks.items() if clock.state in LIVE and name not in promises], now)
    moved = []
    for milestone, promise in promises.items():
        clock = clocks.get(milestone)
        if clock is None:
            if _reached(work_order, milestone):
                continue
            clock = clocks[milestone] = _made(work_order, milestone, promise, hours, work_order.reported_at, now)
        elif clock.state == ClockState.STOPPED:
            continue
        elif clock.state == ClockState.DROPPED:
            if _reached(work_order, milestone):
                continue
            clock.state = ClockState.RUNNING
        clock.agreed_minutes, clock.agreed_from_at = minutes.get(milestone), work_order.accepted_at
        _promise(clock, promise, hours)
        moved.append(clock)
    _reckon(moved, pauses, hours, because, by, now)
    _refresh(work_order, clocks.values())


def _reached(work_order: WorkOrder, milestone: str) -> bool:
    at = {
        Milestone.TRIAGE: work_order.triaged_at,
        Milestone.RESPONSE: work_order.accepted_at,
        Milestone.ARRIVAL: work_order.first_check_in_at or work_order.completed_at,
        Milestone.COMPLETION: work_order.completed_at,
    }
    return at[Milestone(milestone)] is not None


# What became of it


def met(clock: Clock, *, now: datetime) -> bool | None:
    """Whether the promise was kept; None while it still can be, or when nobody asks any more."""
    if clock.stopped_at is not None:
        return clock.stopped_at <= clock.due_at
    if clock.state == ClockState.RUNNING:
        return False if now > clock.due_at else None
    if clock.state == ClockState.PAUSED:
        return False if len(clock.marks) > BREACH else None
    return None


@dataclass(frozen=True)
class Evidence:
    """Everything from which a clock's due instant follows, for print."""

    milestone: str
    state: str
    started_at: datetime
    minutes: int
    clock_type: str
    calendar: str
    due_at: datetime
    stopped_at: datetime | None
    pauses: tuple[Pause, ...]
    changes: tuple[ClockChange, ...]


def as_evidence(clock: Clock) -> Evidence:
    """A clock with its calendar in words, every pause (from, to, reason, who) and every superseded due instant."""
    pauses = Pause.objects.filter(work_order=clock.work_order_id, milestones__contains=[clock.milestone])
    business = clock.clock_type == ClockType.BUSINESS
    return Evidence(
        milestone=clock.get_milestone_display(),
        state=clock.get_state_display(),
        started_at=clock.started_at,
        minutes=clock.minutes,
        clock_type=clock.get_clock_type_display(),
        calendar=hours_of(clock.work_order.site).in_words() if business else "Around the clock",
        due_at=clock.due_at,
        stopped_at=clock.stopped_at,
        pauses=tuple(pauses.select_related("started_by", "ended_by")),
        changes=tuple(clock.changes.select_related("made_by")),
    )


# The sweep

BATCH = 5000

# Work orders first, as every move does, and none that somebody holds: so the sweep waits for nobody, nobody meets it
# halfway, and each event finds its place in the chain. The clocks are locked too, which reads their newest version.
TELL = """
WITH due AS (
    SELECT c.id, c.work_order_id, c.milestone, c.state, c.due_at, c.marks, c.told, w.vendor_id,
        (SELECT count(*) FROM unnest(c.marks) AS mark WHERE mark < %(now)s) AS passed
    FROM workorders_clock c JOIN workorders_workorder w ON w.id = c.work_order_id
    WHERE c.next_mark_at < %(now)s
    ORDER BY c.next_mark_at LIMIT %(batch)s
    FOR NO KEY UPDATE OF w, c SKIP LOCKED
), moved AS (
    UPDATE workorders_clock c SET told = due.passed, next_mark_at = due.marks[due.passed + 1],
        breached_at = CASE WHEN due.passed > %(breach)s THEN coalesce(c.breached_at, %(now)s) END
    FROM due WHERE c.id = due.id
), told AS (
    INSERT INTO workorders_event (work_order_id, vendor_id, verb, at, actor_name, via, on_behalf_of, request_id, data,
        note, position, note_digest, previous_hash, hash)
    SELECT due.work_order_id, due.vendor_id,
        CASE WHEN mark.place <= %(breach)s THEN 'clock.warned'
            WHEN mark.place = %(breach)s + 1 THEN 'clock.breached' ELSE 'clock.overrun' END,
        %(now)s, %(name)s, %(via)s, '', '',
        jsonb_build_object('clock', due.id, 'milestone', due.milestone, 'percent', (%(percents)s)[mark.place],
            'due', to_char(due.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'),
            'ended', due.state IN ('stopped', 'dropped'), 'superseded', mark.place < due.passed),
        '', 0, '', '', ''
    FROM due CROSS JOIN LATERAL unnest(due.marks) WITH ORDINALITY AS mark(at, place)
    WHERE mark.place > due.told AND mark.at < %(now)s
    ORDER BY due.work_order_id, mark.at, due.milestone
)
SELECT count(*) FROM due
"""


def sweep(*, now: datetime, batch: int = BATCH) -> int:
    """Tell of every mark that clocks have passed, each once, as `clock.warned`, `clock.breached`, `clock.overrun`.

    Returns how many clocks were moved on. `data` names clock, milestone, percent and due instant; `superseded` says
    that a later mark was passed by the same time (the sweep had been away), `ended` that the clock no longer runs.
    """
    facts: dict[str, Any] = {
        "now": now, "batch": batch, "breach": BREACH, "percents": list(MARKS), "name": CLOCK.name, "via": CLOCK.via,
    }  # fmt: skip
    total = 0
    # Mostly nothing is due: that costs one look at an index, and not the long statement.
    while Clock.objects.filter(next_mark_at__lt=now).values_list("pk")[:1]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(TELL, facts)
            (moved,) = cursor.fetchone()
        if not moved:
            break  # what is due is held by somebody, who reckons it anew
        total += moved
    return total
