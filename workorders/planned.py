"""Making planned work in sets: work orders, clocks, authorizations, checklists and events in one statement each.

What results is what `intake.report` would leave; a test holds the two equal. Columns that are the same for every row
are taken from an example built by the model, so that its defaults are said once, there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Model

from accounts.actors import PLANNER
from accounts.events import actor_columns
from assets.hours import hours_of_sites
from workorders import sla
from workorders.models import (
    RULES,
    Authorization,
    ChecklistItem,
    Clock,
    Event,
    Grounds,
    Kind,
    Move,
    PlanTarget,
    Source,
    Working,
    WorkOrder,
)

type Due = tuple[PlanTarget, date]
"""A target, with plan, asset and site loaded, and a day on which it is due."""

WORK = {
    "site_id": "a.site_id",
    "region_id": "s.region_id",
    "area_id": "a.area_id",
    "trade_id": "p.trade_id",
    "problem_type_id": "p.problem_type_id",
    "asset_id": "a.id",
    "title": "left(p.name, 160)",
    "description": "coalesce(nullif(p.description, ''), p.name)",
    "priority": "p.priority",
    "priority_reasons": "jsonb_build_array('P' || p.priority || ': set by the plan “' || p.name || '”')",
    "currency": "s.currency",
    "authorized_amount": "coalesce(p.nte_amount, t.default_nte_amount)",
    "due_at": "wanted.due_at",
    "plan_id": "p.id",
    "planned_on": "wanted.planned_on",
    "window_closes_on": "wanted.planned_on + p.window_after_days",
    "names": "left(concat_ws(' ', s.code, s.name, d.name, a.tag, a.name), 400)",
}
WANTED = """
FROM unnest(%s::bigint[], %s::bigint[], %s::date[], %s::timestamptz[]) AS wanted(plan_id, asset_id, planned_on, due_at)
JOIN workorders_plan p ON p.id = wanted.plan_id
JOIN assets_asset a ON a.id = wanted.asset_id
JOIN assets_site s ON s.id = a.site_id
JOIN assets_trade d ON d.id = p.trade_id
LEFT JOIN assets_problemtype t ON t.id = p.problem_type_id
"""

CLOCKS = {
    "work_order_id": "made.id",
    "milestone": "one.milestone",
    "minutes": "one.minutes",
    "clock_type": "one.clock_type",
    "due_at": "one.due_at",
    "marks": "ARRAY[one.m50, one.m75, one.m90, one.m100, one.m150]",
    "next_mark_at": "one.m50",
}
PROMISED = """
FROM unnest(%s::bigint[], %s::int[]) AS made(id, promise)
JOIN unnest(%s::int[], %s::text[], %s::int[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[],
    %s::timestamptz[], %s::timestamptz[], %s::timestamptz[])
    AS one(promise, milestone, minutes, clock_type, due_at, m50, m75, m90, m100, m150) ON one.promise = made.promise
"""

MONEY = {
    "work_order_id": "w.id",
    "change_amount": "w.authorized_amount",
    "resulting_amount": "w.authorized_amount",
    "currency": "w.currency",
}
AUTHORIZED = "FROM workorders_workorder w WHERE w.id = ANY(%s) AND w.authorized_amount IS NOT NULL ORDER BY w.id"

STEPS = {"work_order_id": "w.id", "text": "step.text", "sort_order": "step.place * 10"}
CHECKED = """
FROM workorders_workorder w JOIN workorders_plan p ON p.id = w.plan_id
CROSS JOIN LATERAL unnest(p.checklist) WITH ORDINALITY AS step(text, place)
WHERE w.id = ANY(%s) ORDER BY w.id, step.place
"""

FACTS = {
    "work_order_id": "w.id",
    "note": "w.description",
    "data": "jsonb_build_object('move', 'report', 'after', w.status, 'priority', w.priority, 'source', w.source,"
    " 'plan', w.plan_id, 'planned_on', w.planned_on)",
}
REPORTED = "FROM workorders_workorder w WHERE w.id = ANY(%s) ORDER BY w.id"


def make(due: Sequence[Due], *, now: datetime) -> list[int]:
    """Make the work of these days, with all that belongs to it; the ids of the new work orders."""
    if not due:
        return []
    promises, promised = _promise(due, now)
    example = WorkOrder(
        source=Source.PLAN,
        kind=Kind.PREVENTIVE,
        working=Working.WORKING,
        requester_name=str(PLANNER)[:120],
        reported_at=now,
    )
    columns = (
        [target.plan_id for target, _ in due],
        [target.asset_id for target, _ in due],
        [day for _, day in due],
        [promises[number][0] for number in promised],
    )
    made = _insert(example, WORK, WANTED, columns, returning="id, plan_id, asset_id, planned_on")
    numbers = {
        (target.plan_id, target.asset_id, day): number for (target, day), number in zip(due, promised, strict=True)
    }
    ids = [row[0] for row in made]
    clocks = [(number, clock) for number, (_, clocks) in enumerate(promises) for clock in clocks]
    facts = (
        ids,
        [numbers[row[1:]] for row in made],
        [number for number, _ in clocks],
        [str(clock.milestone) for _, clock in clocks],
        [clock.minutes for _, clock in clocks],
        [str(clock.clock_type) for _, clock in clocks],
        [clock.due_at for _, clock in clocks],
        *([clock.marks[place] for _, clock in clocks] for place in range(len(sla.MARKS))),
    )
    _insert(Clock(started_at=now), CLOCKS, PROMISED, facts)
    _insert(Authorization(grounds=Grounds.INITIAL, made_at=now), MONEY, AUTHORIZED, (ids,))
    _insert(ChecklistItem(), STEPS, CHECKED, (ids,))
    _insert(Event(verb=RULES[Move.REPORT].verb, at=now, **actor_columns(PLANNER)), FACTS, REPORTED, (ids,))
    return ids


def _promise(due: Sequence[Due], now: datetime) -> tuple[list[tuple[datetime, list[Clock]]], list[int]]:
    """What is promised for these days: each different promise once, and for each day the number of its promise."""
    hours = hours_of_sites({target.asset.site_id: target.asset.site for target, _ in due}.values())
    table = sla.TargetTable()
    known: dict[tuple[Any, ...], int] = {}
    promises: list[tuple[datetime, list[Clock]]] = []
    promised = []
    for target, day in due:
        plan, site = target.plan, target.asset.site
        key = (hours[site.pk], plan.priority, plan.trade_id, site.tier, day, plan.window_after_days)
        if key not in known:
            known[key] = len(promises)
            row = WorkOrder(
                site=site,
                trade_id=plan.trade_id,
                priority=plan.priority,
                reported_at=now,
                planned_on=day,
                window_closes_on=day + timedelta(days=plan.window_after_days),
            )
            clocks = sla.prepare(row, now=now, hours=hours[site.pk], targets=table)
            promises.append((row.due_at or now, clocks))
        promised.append(known[key])
    return promises, promised


def _insert(
    example: Model, varying: Mapping[str, str], source: str, facts: Sequence[Any], returning: str = "id"
) -> list[tuple[Any, ...]]:
    """INSERT … SELECT: the columns of `varying` by their SQL, all others as `example` has them."""
    names, values, given = [], [], []
    for column in example._meta.concrete_fields:
        if column.column is None or column.generated or column.primary_key or column.has_db_default():
            continue
        names.append(connection.ops.quote_name(column.column))
        if column.attname in varying:
            values.append(varying[column.attname])
        else:
            values.append(f"%s::{column.db_type(connection)}")
            given.append(column.get_db_prep_save(getattr(example, column.attname), connection))
    statement = (
        f"INSERT INTO {example._meta.db_table} ({', '.join(names)}) SELECT {', '.join(values)} {source}"
        f" RETURNING {returning}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*given, *facts])
        return cursor.fetchall()
