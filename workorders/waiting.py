"""Waiting for the next vendor, for many work orders at once: what `sla.restart_response` does for one, in sets.

The walk over calendars stays in Python, where every other clock is walked; each promise is walked over each calendar
once, however many work orders it is made for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from accounts.together import ask, rows_of, side_by_side
from assets.hours import Hours, asked_hours
from assets.models import Site
from workorders.models import ClockType, Milestone, SlaTarget
from workorders.sla import BREACH, NEXT_VENDOR, Promise, TargetTable, marks_of

# A clock that stands still starts anew too, and has nothing to tell until it runs. One that is not there is made.
AGAIN = """
WITH given AS (
    SELECT work_order_id, minutes, clock_type, marks, marks[%(breach)s + 1] AS due_at
    FROM unnest(%(work_orders)s::bigint[], %(places)s::int[]) AS g (work_order_id, place)
    JOIN json_to_recordset(%(promises)s::json) AS p (place int, minutes int, clock_type text, marks timestamptz[])
        USING (place)
), moved AS (
    UPDATE workorders_clock c SET started_at = %(now)s, stopped_at = NULL, told = 0, breached_at = NULL,
        agreed_from_at = NULL, agreed_minutes = NULL, agreed_due_at = NULL,
        minutes = given.minutes, clock_type = given.clock_type, due_at = given.due_at,
        state = CASE WHEN pause.id IS NULL THEN 'running' ELSE 'paused' END,
        marks = CASE WHEN pause.id IS NULL THEN given.marks ELSE '{}' END,
        next_mark_at = CASE WHEN pause.id IS NULL THEN given.marks[1] END
    FROM given JOIN workorders_clock was ON was.work_order_id = given.work_order_id AND was.milestone = 'response'
        LEFT JOIN workorders_pause pause ON pause.work_order_id = given.work_order_id AND pause.ended_at IS NULL
            AND 'response' = ANY(pause.milestones)
    WHERE c.id = was.id
    RETURNING c.id, was.due_at AS was_due_at, c.due_at AS now_due_at
), superseded AS (
    INSERT INTO workorders_clockchange (clock_id, was_due_at, now_due_at, because, made_at)
    SELECT id, was_due_at, now_due_at, %(because)s, %(now)s FROM moved WHERE was_due_at <> now_due_at
)
INSERT INTO workorders_clock (work_order_id, milestone, state, started_at, minutes, clock_type, due_at, marks, told,
    next_mark_at)
SELECT work_order_id, 'response', 'running', %(now)s, minutes, clock_type, due_at, marks, 0, marks[1] FROM given
WHERE NOT EXISTS (SELECT FROM workorders_clock c WHERE c.work_order_id = given.work_order_id AND milestone = 'response')
"""
# Nobody promises an answer any more: what was passed and not told yet still is, what lies ahead is not.
NOT_ASKED = """
UPDATE workorders_clock c SET state = 'dropped', marks = c.marks[:passed],
    next_mark_at = CASE WHEN c.told < passed THEN c.marks[c.told + 1] END
FROM (
    SELECT id, (SELECT count(*) FROM unnest(marks) AS mark WHERE mark < %(now)s)::int AS passed FROM workorders_clock
    WHERE work_order_id = ANY(%(work_orders)s) AND milestone = 'response' AND state IN ('running', 'paused')
) cut WHERE c.id = cut.id
"""


class Unasked(NamedTuple):
    """A work order that no vendor is asked about any more, by what decides how soon the next one must answer."""

    work_order_id: int
    site_id: int
    trade_id: int
    priority: int


def restart(rows: Iterable[Unasked], *, now: datetime) -> None:
    """Let the response clocks of these work orders start anew, in a few statements whatever their number.

    The caller holds the work orders, and says afterwards when they are due (`sla.NEXT_DUE`).
    """
    rows = list(rows)
    sites = Site.objects.only("time_zone", "calendar_id", "tier").in_bulk({row.site_id for row in rows})
    hours, targets = ask(side_by_side(asked_hours(sites.values()), rows_of(SlaTarget.objects.all())))
    table = TargetTable(targets)
    places: dict[tuple[Promise, Hours | None], int] = {}
    asked: dict[int, int] = {}
    for row in rows:
        promise = table.of(row.priority, row.trade_id, sites[row.site_id].tier).get(Milestone.RESPONSE)
        if promise is not None:
            calendar = hours[row.site_id] if promise.clock_type == ClockType.BUSINESS else None
            asked[row.work_order_id] = places.setdefault((promise, calendar), len(places))
    promises = [
        {"place": place, "minutes": promise.minutes, "clock_type": promise.clock_type,
         "marks": [at.isoformat() for at in marks_of(now, promise.minutes, calendar, ())]}
        for (promise, calendar), place in places.items()
    ]  # fmt: skip
    dropped = [row.work_order_id for row in rows if row.work_order_id not in asked]
    with connection.cursor() as cursor:
        cursor.execute(AGAIN, {
            "work_orders": list(asked), "places": list(asked.values()), "promises": json.dumps(promises), "now": now,
            "breach": BREACH, "because": NEXT_VENDOR,
        })  # fmt: skip
        if dropped:
            cursor.execute(NOT_ASKED, {"work_orders": dropped, "now": now})
