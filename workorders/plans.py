"""Planned maintenance: plans, the days on which they fall due, and the work made for each of them, once.

Days are local days of the asset's site, counted from the target's anchor, never from the last run. The sweep makes
at most one occurrence per plan, asset and day, whatever runs twice; after an outage it makes the newest and records
the older ones as missed instead of piling them up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import DateField, DateTimeField, F, Func, Value
from django.db.models.functions import Cast

from accounts.actors import CLOCK
from accounts.events import record
from accounts.permissions import Act, may
from assets.hours import Hours
from assets.models import Asset
from workorders import authorization, lifecycle, planned, recurrence
from workorders.models import Occurrence, OccurrenceState, Plan, PlanTarget, WorkOrder
from workorders.refusals import Incomplete, NotAllowed

if TYPE_CHECKING:
    from accounts.actors import Actor
    from accounts.models import User
    from assets.models import Trade

BATCH = 2000
DAY = timedelta(days=1)
FURTHEST_EAST = timedelta(hours=14)
CHANGEABLE = frozenset(
    {
        "name", "trade", "problem_type", "vendor", "rule", "lead_days", "window_after_days", "priority", "nte_amount",
        "minutes", "description", "checklist", "required_documents", "owner",
    }
)  # fmt: skip


# Keeping plans


def create(
    *,
    by: Actor,
    now: datetime,
    name: str,
    trade: Trade,
    rule: str,
    owner: User,
    assets: Iterable[Asset] = (),
    anchor_on: date | None = None,
    **facts: Any,
) -> Plan:
    """A new plan for these assets, its days counted from `anchor_on` (today, when left out).

    `facts` are fields of the plan. Raises Incomplete (name, rule, nte_amount, assets), OverLimit, NotAllowed.
    """
    plan = Plan(name=name.strip(), trade=trade, rule=rule.strip().upper(), owner=owner, created_at=now)
    _fill_in(plan, facts)
    _check(plan, by)
    with transaction.atomic():
        plan.save()
        record(stream=f"plan:{plan.pk}", verb="plan.created", by=by, now=now, data={"name": plan.name})
        aim(plan, assets, anchor_on=anchor_on, by=by, now=now)
    return plan


def change(plan: Plan, *, by: Actor, now: datetime, **facts: Any) -> Plan:
    """Change a plan; work that is already made stays as it is, days ahead follow the new rule. Raises as `create`."""
    with transaction.atomic():
        fresh = Plan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
        before = {name: str(getattr(fresh, name)) for name in facts}
        _fill_in(fresh, facts)
        _check(fresh, by)
        fresh.save()
        after = {name: str(getattr(fresh, name)) for name in facts}
        data = {"before": before, "after": after}
        record(stream=f"plan:{fresh.pk}", verb="plan.changed", by=by, now=now, data=data)
        targets = fresh.targets.select_for_update(of=("self",)).select_related("plan", "asset__site")
        _set_dates(list(targets), now)
    return fresh


def retire(plan: Plan, *, by: Actor, now: datetime) -> Plan:
    """Make no more work by this plan; what it made stays."""
    if not may(by, Act.MANAGE_PLANS):
        raise NotAllowed("You cannot change plans.")
    with transaction.atomic():
        fresh = Plan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
        if fresh.retired_at is None:
            fresh.retired_at = now
            fresh.save(update_fields=["retired_at"])
            fresh.targets.update(next_due_on=None, generate_on=None)
            record(stream=f"plan:{fresh.pk}", verb="plan.retired", by=by, now=now)
    return fresh


def aim(
    plan: Plan, assets: Iterable[Asset], *, by: Actor, now: datetime, anchor_on: date | None = None
) -> list[PlanTarget]:
    """Let the plan keep these assets too, or from another anchor. Raises Incomplete for one out of sight or retired."""
    wanted = list(assets)
    seen = Asset.objects.visible_to(by, Act.MANAGE_PLANS).in_use().select_related("site")
    known = seen.in_bulk([asset.pk for asset in wanted])
    if len(known) < len({asset.pk for asset in wanted}):
        raise Incomplete({"assets": "Choose equipment that is in use and that you look after."})
    with transaction.atomic():
        targets = []
        for asset in known.values():
            anchor = anchor_on or _today(asset, now)
            target, _ = PlanTarget.objects.update_or_create(
                plan=plan, asset=asset, defaults={"anchor_on": anchor}, create_defaults={"anchor_on": anchor}
            )
            target.plan, target.asset = plan, asset
            targets.append(target)
        _set_dates(targets, now)
    return targets


def drop(plan: Plan, assets: Iterable[Asset], *, by: Actor, now: datetime) -> int:
    """Let the plan keep these assets no longer; how many it kept."""
    if not may(by, Act.MANAGE_PLANS):
        raise NotAllowed("You cannot change plans.")
    visible = Asset.objects.visible_to(by, Act.MANAGE_PLANS).filter(pk__in=[asset.pk for asset in assets])
    with transaction.atomic():
        gone, _ = plan.targets.filter(asset__in=visible).delete()
        if gone:
            record(stream=f"plan:{plan.pk}", verb="plan.targets_dropped", by=by, now=now, data={"count": gone})
    return gone


def _fill_in(plan: Plan, facts: Mapping[str, Any]) -> None:
    if unknown := set(facts) - CHANGEABLE:
        raise TypeError(f"A plan has no {', '.join(sorted(unknown))}.")
    for name, value in facts.items():
        setattr(plan, name, value.strip() if isinstance(value, str) else value)


def _check(plan: Plan, by: Actor) -> None:
    if not may(by, Act.MANAGE_PLANS):
        raise NotAllowed("You cannot change plans.")
    faults: dict[str, str] = {}
    if not plan.name:
        faults["name"] = "Give the plan a name."
    try:
        recurrence.parse(plan.rule)
    except recurrence.NotARule as problem:
        faults["rule"] = str(problem)
    if plan.problem_type and plan.problem_type.trade_id != plan.trade_id:
        faults["problem_type"] = "This problem belongs to another trade."
    if faults:
        raise Incomplete(faults)
    if plan.nte_amount is not None:
        authorization.check_limit(plan.nte_amount, by, field="nte_amount")


def _today(asset: Asset, now: datetime) -> date:
    return Hours(time_zone=asset.site.time_zone).local_day(now)


def _set_dates(targets: list[PlanTarget], now: datetime) -> None:
    """The next day of each target that is neither past nor dealt with, and the day on which its work is made."""
    last: dict[tuple[int, int], date] = {}
    done_before = Occurrence.objects.filter(
        plan__in={target.plan_id for target in targets}, asset__in=[target.asset_id for target in targets]
    )
    for plan_id, asset_id, due_on in done_before.values_list("plan_id", "asset_id", "due_on"):
        last[plan_id, asset_id] = max(due_on, last.get((plan_id, asset_id), due_on))
    for target in targets:
        since = max(_today(target.asset, now), target.anchor_on)
        if done := last.get((target.plan_id, target.asset_id)):
            since = max(since, done + DAY)
        _set_next(target, _next(target, since))
    _keep_dates(targets)


def _next(target: PlanTarget, since: date) -> date | None:
    return recurrence.next_date(target.plan.rule, target.anchor_on, since=since)


def _set_next(target: PlanTarget, due_on: date | None) -> None:
    target.next_due_on = due_on
    target.generate_on = due_on - timedelta(days=target.plan.lead_days) if due_on else None


# Looking ahead


@dataclass(frozen=True)
class Planned:
    """One day of a plan for one asset, as it will be."""

    asset: Asset
    due_on: date


@dataclass(frozen=True)
class Preview:
    """What a plan will ask for: each day in order, and the count and not-to-exceed amount of each month."""

    days: list[Planned]
    amount: Decimal | None
    by_month: dict[date, int] = field(default_factory=dict)

    @property
    def total_amount(self) -> Decimal | None:
        """What it may cost in all; None when the plan sets no amount."""
        return None if self.amount is None else self.amount * len(self.days)


def preview(plan: Plan, *, today: date, months: int = 24, anchors: Mapping[Asset, date] | None = None) -> Preview:
    """The days of the coming months, for the plan's own targets or for `anchors` of a plan that is not saved yet.

    Raises NotARule.
    """
    if anchors is None:
        kept = plan.targets.select_related("asset").order_by("asset__tag")
        anchors = {target.asset: target.anchor_on for target in kept}
    end = _month_after(today, months)
    days = []
    for asset, anchor in anchors.items():
        for due_on in recurrence.dates(plan.rule, anchor, since=max(today, anchor)):
            if due_on >= end:
                break
            days.append(Planned(asset, due_on))
    days.sort(key=lambda one: (one.due_on, one.asset.tag))
    by_month: dict[date, int] = defaultdict(int)
    for one in days:
        by_month[one.due_on.replace(day=1)] += 1
    return Preview(days, plan.nte_amount, dict(by_month))


def _month_after(day: date, months: int) -> date:
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def in_words(plan: Plan, anchor: date | None = None) -> str:
    """The plan's rule in words."""
    return recurrence.in_words(plan.rule, anchor)


# Making the work


def generate(*, now: datetime, batch: int = BATCH) -> int:
    """Make the work that is due by the local calendar of each site; how many occurrences were made or recorded missed.

    One transaction per batch of targets; targets that another run holds are left to it.
    """
    total = 0
    while True:
        with transaction.atomic():
            targets = _due(now, batch)
            total += _deal_with(targets, now) if targets else 0
        if not targets:
            return total


def _due(now: datetime, batch: int) -> list[PlanTarget]:
    there = Func(F("asset__site__time_zone"), Value(now), function="timezone", output_field=DateTimeField())
    targets = PlanTarget.objects.select_for_update(of=("self",), skip_locked=True).filter(
        generate_on__lte=(now + FURTHEST_EAST).date(), plan__retired_at=None, asset__site__retired_at=None
    )
    due = targets.exclude(asset__condition="retired").filter(generate_on__lte=Cast(there, DateField()))
    return list(due.select_related("plan", "asset__site").order_by("generate_on", "pk")[:batch])


def _deal_with(targets: list[PlanTarget], now: datetime) -> int:
    wanted: list[tuple[PlanTarget, date, str]] = []
    for target in targets:
        today = _today(target.asset, now)
        due_on = target.next_due_on
        while due_on is not None and due_on - timedelta(days=target.plan.lead_days) <= today:
            following = _next(target, due_on + DAY)
            late = following is not None and following <= today
            shut = due_on + timedelta(days=target.plan.window_after_days) < today
            wanted.append((target, due_on, OccurrenceState.MISSED if late or shut else OccurrenceState.MADE))
            due_on = following
        _set_next(target, due_on)
    _keep_dates(targets)
    fresh = _record(wanted, now)
    planned.make(
        [
            (target, due_on)
            for target, due_on, state in wanted
            if state == OccurrenceState.MADE and (target.plan_id, target.asset_id, due_on) in fresh
        ],
        now=now,
    )
    return len(fresh)


KEEP_DATES = """
UPDATE workorders_plantarget AS target SET next_due_on = next.due_on, generate_on = next.generate_on
FROM unnest(%s::bigint[], %s::date[], %s::date[]) AS next(id, due_on, generate_on) WHERE target.id = next.id
"""


def _keep_dates(targets: list[PlanTarget]) -> None:
    columns = (
        [target.pk for target in targets],
        [target.next_due_on for target in targets],
        [target.generate_on for target in targets],
    )
    with connection.cursor() as cursor:
        cursor.execute(KEEP_DATES, columns)


RECORD = """
INSERT INTO workorders_occurrence (plan_id, asset_id, due_on, state, made_at)
SELECT plan_id, asset_id, due_on, state, %s
FROM unnest(%s::bigint[], %s::bigint[], %s::date[], %s::text[]) AS wanted(plan_id, asset_id, due_on, state)
ON CONFLICT (plan_id, asset_id, due_on) DO NOTHING RETURNING plan_id, asset_id, due_on
"""


def _record(wanted: list[tuple[PlanTarget, date, str]], now: datetime) -> set[tuple[int, int, date]]:
    """Write the occurrences down; which of them were not there yet."""
    columns = (
        [target.plan_id for target, _, _ in wanted],
        [target.asset_id for target, _, _ in wanted],
        [due_on for _, due_on, _ in wanted],
        [str(state) for _, _, state in wanted],
    )
    with connection.cursor() as cursor:
        cursor.execute(RECORD, [now, *columns])
        return set(cursor.fetchall())


# Looking back


def close_windows(*, now: datetime) -> int:
    """Record planned work that was not done before its window closed as missed, once; how much of it there was."""
    there = Func(F("site__time_zone"), Value(now), function="timezone", output_field=DateTimeField())
    late = (
        WorkOrder.objects.open()
        .filter(
            window_closes_on__lt=Cast(there, DateField()),
            completed_at=None,
            plan__isnull=False,
            planned_on__isnull=False,
        )
        .values_list("pk", "plan_id", "asset_id")
    )
    missed = 0
    for pk, plan_id, asset_id in late:
        with transaction.atomic():
            row = WorkOrder.objects.select_for_update(skip_locked=True).filter(pk=pk, completed_at=None).first()
            if row is None or row.planned_on is None or not row.is_open:
                continue
            made = Occurrence.objects.filter(plan=plan_id, asset=asset_id, due_on=row.planned_on)
            if made.filter(state=OccurrenceState.MADE).update(state=OccurrenceState.MISSED):
                data = {"planned_on": row.planned_on.isoformat(), "plan": plan_id}
                lifecycle.append(row, "workorder.window_missed", by=CLOCK, now=now, data=data)
                missed += 1
    return missed
