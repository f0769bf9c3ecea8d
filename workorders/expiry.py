"""Offers that nobody answered: ended in sets, thousands in one transaction, each with an event of its own.

What it comes to is what `offers.expire` does with one offer after another, in the order in which their time was over.
What follows, the next vendor or a word to facilities, follows the events.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from accounts.actors import CLOCK
from accounts.events import actor_columns, settle_soon
from workorders import lifecycle, waiting
from workorders.models import Offer, Status
from workorders.models.status import RULES, Move

BATCH = 5000

# The work orders are locked, as for every move, and none that somebody holds: so the sweep waits for nobody, and
# nobody changes the offers meanwhile. What became of them until then is seen by the next statement.
DUE = """
SELECT o.id, w.id, w.site_id, w.trade_id, w.priority
FROM workorders_offer o JOIN workorders_workorder w ON w.id = o.work_order_id
WHERE o.state = 'open' AND o.expires_at <= %(now)s AND w.status = ANY(%(before)s)
ORDER BY o.expires_at, o.id LIMIT %(batch)s
FOR NO KEY UPDATE OF w SKIP LOCKED
"""
# Of several offers of one work order the last gives it back, unless more are open than are ended here.
END = """
WITH ended AS (
    UPDATE workorders_offer SET state = 'expired' WHERE id = ANY(%(offers)s) AND state = 'open'
    RETURNING id, work_order_id, vendor_id, mode, expires_at
), lapsed AS (
    UPDATE workorders_proposal SET state = 'lapsed', answered_at = %(now)s
    WHERE state = 'open' AND offer_id IN (SELECT id FROM ended)
), placed AS (
    SELECT ended.*, row_number() OVER (PARTITION BY work_order_id ORDER BY expires_at DESC, id DESC) = 1
        AND count(*) OVER (PARTITION BY work_order_id) = (
            SELECT count(*) FROM workorders_offer o WHERE o.work_order_id = ended.work_order_id AND o.state = 'open'
        ) AS is_last
    FROM ended
), told AS (
    INSERT INTO workorders_event (work_order_id, vendor_id, verb, at, actor_name, via, on_behalf_of, request_id, data,
        note, position, note_digest, previous_hash, hash)
    SELECT work_order_id, vendor_id, %(verb)s, %(now)s, %(actor_name)s, %(via)s, %(on_behalf_of)s, %(request_id)s,
        jsonb_build_object('move', 'expire', 'before', 'offered', 'offer', placed.id, 'vendor', v.name, 'mode', mode,
            'after', CASE WHEN is_last THEN 'ready' ELSE 'offered' END),
        '', 0, '', '', ''
    FROM placed JOIN vendors_vendor v ON v.id = vendor_id ORDER BY expires_at, placed.id
)
SELECT work_order_id, count(*), bool_or(is_last) FROM placed GROUP BY work_order_id
"""


def sweep(*, now: datetime, batch: int = BATCH) -> int:
    """End every offer whose time is over; how many. What somebody is at just now is left for the next time."""
    total = 0
    # Mostly nothing is over: that costs one look at an index, and not the long statements.
    while Offer.objects.expired(now).values_list("pk")[:1]:
        with transaction.atomic():
            found, ended = _end_some(now, batch)
        total += ended
        if not found:
            break  # somebody is at what is left
    return total


def _end_some(now: datetime, batch: int) -> tuple[int, int]:
    """How many offers were found, and how many of them were still to be ended."""
    rule = RULES[Move.EXPIRE]
    facts = {
        "now": now, "batch": batch, "before": sorted(rule.before), "verb": rule.verb, **actor_columns(CLOCK),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(DUE, facts)
        found = cursor.fetchall()
        if not found:
            return 0, 0
        cursor.execute(END, facts | {"offers": [offer_id for offer_id, *_ in found]})
        moved = cursor.fetchall()
    if moved:
        back = {work_order_id for work_order_id, _, is_back in moved if is_back}
        rows = {work_order_id: waiting.Unasked(work_order_id, *facts) for _, work_order_id, *facts in found}
        waiting.restart((rows[work_order_id] for work_order_id in back), now=now)
        ids, moves, is_back = zip(*moved, strict=True)
        after = [Status.READY if one else Status.OFFERED for one in is_back]
        lifecycle.went(Move.EXPIRE, list(ids), moves=list(moves), after=after)
        settle_soon()
    return len(found), sum(moves for _, moves, _ in moved)
