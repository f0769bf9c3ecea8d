"""A vendor on trial: each of its first jobs read early, and all of them together beside the vendors that are there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection

from accounts.words import span
from reporting import facts
from reporting.days import FIXED
from workorders.models import WorkOrder
from workorders.models.spend import BILLED

if TYPE_CHECKING:
    from accounts.actors import Actor
    from vendors.models import Vendor

PRICES_OF = timedelta(days=365)
POOL_WINDOW = 90


class Mark(NamedTuple):
    """One thing that was read of a job: in words, and whether it was good. None where it cannot be said yet."""

    words: str
    good: bool | None


@dataclass(frozen=True)
class Reading:
    """One job of a trial. `work_order` is None where it is out of the reader's sight."""

    work_order: WorkOrder | None
    site_id: int
    done: bool
    response: Mark
    arrival: Mark
    fix: Mark
    papers: Mark
    price: Mark
    amount: Decimal | None
    currency: str


class Beside(NamedTuple):
    """One measure of all readings beside the median of the vendors that are there, both in percent."""

    title: str
    good: int
    number: int
    pool: Decimal | None


@dataclass(frozen=True)
class Trial:
    """How a trial stands: its readings, oldest first, and what they say together."""

    readings: list[Reading]
    jobs: int
    sites: int
    beside: list[Beside]
    price_percent: int | None

    @property
    def done(self) -> int:
        return sum(reading.done for reading in self.readings)

    @property
    def is_over(self) -> bool:
        return self.done >= self.jobs


_READ = f"""
WITH jobs AS MATERIALIZED (
    SELECT o.id, o.offered_at, o.answered_at, o.expires_at, w.id AS work_order_id, w.trade_id, w.currency, w.site_id,
        w.completed_at IS NOT NULL AS done, w.accepted_at, coalesce(c.stopped_at, w.first_check_in_at) AS arrived_at,
        w.completed_at IS NOT NULL AND {FIXED} AS fixed, {facts.DOCUMENTED} AS papers,
        c.due_at,
        (SELECT sum(i.subtotal_amount) FROM workorders_invoice i WHERE i.work_order_id = w.id
            AND i.vendor_id = o.vendor_id AND i.state = ANY(%(billed)s)) AS billed
    FROM workorders_offer o JOIN workorders_workorder w ON w.id = o.work_order_id
    LEFT JOIN workorders_clock c ON c.work_order_id = w.id AND c.milestone = 'arrival'
        AND c.state IN ('stopped', 'running')
    WHERE o.vendor_id = %(vendor)s AND o.state IN ('accepted', 'finished')
        AND (%(began)s::timestamptz IS NULL OR o.offered_at >= %(began)s)
), usual AS (
    SELECT other.trade_id, i.currency, percentile_cont(0.5) WITHIN GROUP (ORDER BY i.subtotal_amount) AS amount
    FROM workorders_invoice i JOIN workorders_workorder other ON other.id = i.work_order_id
    WHERE other.trade_id IN (SELECT trade_id FROM jobs) AND i.vendor_id <> %(vendor)s
        AND i.state = ANY(%(billed)s) AND i.submitted_at > %(since)s
    GROUP BY 1, 2
)
SELECT json_agg(json_build_object(
    'order', work_order_id, 'site', site_id, 'trade', trade_id, 'done', done, 'offered', offered_at,
    'answered', answered_at, 'expires', expires_at, 'accepted', accepted_at, 'arrived', arrived_at,
    'due', due_at, 'fixed', fixed, 'papers', papers, 'currency', currency, 'billed', billed::text,
    'usual', round(usual.amount::numeric, 2)::text) ORDER BY offered_at, id)::text
FROM jobs LEFT JOIN usual USING (trade_id, currency)
"""
_POOL = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY (parts->'acceptance'->>'share')::numeric),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY (parts->'sla'->>'share')::numeric),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY (parts->'first_time_fix'->>'share')::numeric),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY (parts->'documentation'->>'share')::numeric)
FROM vendors_scorecard WHERE trade_id = ANY(%(trades)s::bigint[]) AND window_days = %(window)s
    AND vendor_id <> %(vendor)s
"""


def read(vendor: Vendor, *, by: Actor, now: datetime) -> Trial:
    """The trial of `vendor` so far, as far as `by` sees its work; what is out of sight is counted all the same."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, {
            "vendor": vendor.pk, "began": vendor.trial_since_at, "billed": [str(state) for state in BILLED],
            "since": now - PRICES_OF,
        })  # fmt: skip
        found = json.loads(cursor.fetchone()[0] or "[]")
        trades = sorted({row["trade"] for row in found})
        cursor.execute(_POOL, {"vendor": vendor.pk, "trades": trades, "window": POOL_WINDOW})
        pool = cursor.fetchone()
    seen = WorkOrder.objects.visible_to(by).for_table().in_bulk([row["order"] for row in found])
    readings = [_reading(row, seen) for row in found]
    kinds = (("Offers answered in time", "response"), ("On site in time", "arrival"),
             ("Fixed at the first visit", "fix"), ("Work documented", "papers"))  # fmt: skip
    beside = []
    for (title, name), share in zip(kinds, pool, strict=True):
        marks = [mark.good for reading in readings if (mark := getattr(reading, name)).good is not None]
        beside.append(Beside(title, sum(marks), len(marks), None if share is None else Decimal(str(share)) * 100))
    return Trial(
        readings=readings,
        jobs=vendor.trial_jobs,
        sites=len({reading.site_id for reading in readings}),
        beside=beside,
        price_percent=_price(found),
    )


def _price(found: list[dict[str, Any]]) -> int | None:
    """How far its bills are above (or below) the medians of their trades together, in percent."""
    priced = [(Decimal(row["billed"]), Decimal(row["usual"])) for row in found if row["billed"] and row["usual"]]
    usual = sum((median for _, median in priced), Decimal(0))
    return round(100 * sum((billed for billed, _ in priced), Decimal(0)) / usual - 100) if usual else None


def _reading(row: dict[str, Any], seen: dict[int, WorkOrder]) -> Reading:
    offered, answered = datetime.fromisoformat(row["offered"]), datetime.fromisoformat(row["answered"])
    done = row["done"]
    waits = Mark("Not done yet", None)
    return Reading(
        work_order=seen.get(row["order"]),
        site_id=row["site"],
        done=done,
        response=Mark(span(answered - offered), answered <= datetime.fromisoformat(row["expires"])),
        arrival=_arrival(row),
        fix=(Mark("Yes", True) if row["fixed"] else Mark("No", False)) if done else waits,
        papers=(Mark("Yes", True) if row["papers"] else Mark("Incomplete", False)) if done else waits,
        price=_priced(row),
        amount=None if row["billed"] is None else Decimal(row["billed"]),
        currency=row["currency"],
    )


def _arrival(row: dict[str, Any]) -> Mark:
    if not row["arrived"]:
        return Mark("Not there yet", None)
    arrived = datetime.fromisoformat(row["arrived"])
    if not row["due"]:
        return Mark(f"{span(arrived - datetime.fromisoformat(row['accepted']))} after accepting", None)
    late = arrived - datetime.fromisoformat(row["due"])
    return Mark(f"{span(late)} late", False) if late > timedelta() else Mark("In time", True)


def _priced(row: dict[str, Any]) -> Mark:
    if not row["billed"]:
        return Mark("No bill yet", None)
    usual = Decimal(row["usual"] or 0)
    if not usual:
        return Mark("No bills to compare", None)
    apart = round(100 * Decimal(row["billed"]) / usual - 100)
    if not apart:
        return Mark("The median of the trade", True)
    return Mark(f"{abs(apart)}% {'above' if apart > 0 else 'below'} the median", apart <= 0)
