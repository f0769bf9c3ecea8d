"""Offers that nobody answered: as many that end at once as it takes to see what one of them costs.

They are made for each measurement and taken back after it, so that no page is any longer for them: a transaction
begins before the clock of the bench runs and is rolled back when it has stopped. `--check` leaves this out, as what
was rolled back still shows in the plans of a small database; how many statements the sweep takes its own test holds.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from config.bench.load import fill, instant
from config.bench.measure import House, Wrong
from workorders import expiry

OFFERS = 2_000
"""As many at every size."""

MADE = "Nobody answers"
TABLES = "workorders_workorder, workorders_clock, workorders_offer, workorders_event, accounts_unsettled"
MINE = f"(SELECT id FROM workorders_workorder WHERE title = '{MADE}')"
FLOOR = (
    "UPDATE workorders_offer SET state = 'expired' WHERE state = 'open' AND expires_at <= %(now)s",
    "UPDATE workorders_clock SET started_at = %(now)s, due_at = %(due)s, marks = %(marks)s, told = 0,"
    f" next_mark_at = %(due)s WHERE milestone = 'response' AND work_order_id IN {MINE}",
    f"UPDATE workorders_workorder SET status = 'ready', version = version + 1, due_at = %(due)s WHERE id IN {MINE}",
)
"""Each row that must change, written once and nothing else: no event, no chain, no calendar."""


def make(house: House, *, offers: int = OFFERS) -> None:
    """Work that is offered, each piece to one vendor, with its four clocks and what was told of it so far."""
    now = house.company.now
    transaction.set_autocommit(False)
    reported = f"{instant(now - timedelta(days=2))} - g * interval '1 second'"
    fill(
        "workorders.WorkOrder", f"generate_series(1, {offers}) g JOIN assets_site s ON s.id = 1 + g %% 80",
        status="'offered'", kind="'reactive'", source="'portal'", site_id="s.id", region_id="s.region_id",
        trade_id="1 + g %% 8", title=f"'{MADE}'", description="'It stopped in the night, and the display is dark.'",
        priority="1 + g %% 4", reported_at=reported, triaged_at=reported, due_at=instant(now + timedelta(days=30)),
        authorized_amount="450",
    )  # fmt: skip
    work = f"workorders_workorder w WHERE w.title = '{MADE}'"
    marks = ", ".join(f"w.reported_at + interval '{days} days'" for days in (1, 2, 3, 4, 6))
    fill(
        "workorders.Clock", f"(VALUES ('triage'), ('response'), ('arrival'), ('completion')) m (milestone), {work}",
        work_order_id="w.id", milestone="milestone", started_at="w.reported_at", minutes="5760",
        clock_type="'elapsed'", due_at="w.reported_at + interval '4 days'", marks=f"ARRAY[{marks}]",
        state="CASE WHEN milestone = 'triage' THEN 'stopped' ELSE 'running' END", told="1",
        stopped_at="CASE WHEN milestone = 'triage' THEN w.reported_at END",
        next_mark_at="CASE WHEN milestone <> 'triage' THEN w.reported_at + interval '2 days' END",
    )  # fmt: skip
    for verb in ("reported", "triaged", "offered"):
        fill(
            "workorders.Event", work, work_order_id="w.id", at="w.reported_at", actor_name="'Night crew'",
            verb=f"'workorder.{verb}'", data="'{}'::jsonb",
        )  # fmt: skip
    fill(
        "workorders.Offer", work, work_order_id="w.id", vendor_id="1 + w.id %% 20", offered_at="w.reported_at",
        expires_at=f"{instant(now)} - w.id %% 3600 * interval '1 second'", authorized_amount="450",
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {TABLES}")


def take_back(house: House) -> None:
    """Nothing of it stays, nothing of what was made of it, and no room or count of rows by which others are planned."""
    transaction.rollback()
    transaction.set_autocommit(True)
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM (ANALYZE) {TABLES}")


def write_once(house: House, *, offers: int = OFFERS) -> None:
    """The floor."""
    later = [house.company.now + timedelta(hours=hours) for hours in (1, 2, 3, 4, 6)]
    facts: dict[str, Any] = {"now": house.company.now, "due": later[3], "marks": later}
    with connection.cursor() as cursor:
        for sql in FLOOR:
            cursor.execute(sql, facts)
            if cursor.rowcount < offers:
                raise Wrong(f"{cursor.rowcount} rows were written, not {offers}.")


def sweep(house: House, *, offers: int = OFFERS) -> None:
    """All of them, in one turn."""
    if (ended := expiry.sweep(now=house.company.now)) != offers:
        raise Wrong(f"{ended} offers were ended, not {offers}.")
