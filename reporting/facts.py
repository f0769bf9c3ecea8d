"""What a score is made of: each clock, offer, bill and job that counts, in which part, since when, and how good it was.

Said once, in SQL, and read in two ways: summed by vendor and trade for the scorecards, and row by row for the page that
opens a number. So a number and the list behind it cannot say different things.
"""

from __future__ import annotations

from typing import NamedTuple

from reporting.days import FIXED, TRIPS

DONE = "w.completed_at > %(since)s AND w.completed_at <= %(now)s"
RATED = "w.rating IS NOT NULL AND w.verified_at > %(since)s AND w.verified_at <= %(now)s"
DOCUMENTED = (
    "w.root_cause_id IS NOT NULL AND w.resolution_id IS NOT NULL AND (w.recommendation <> '' OR w.nothing_recommended)"
)
REACTIVE = "w.kind = 'reactive'"
MILESTONES = ("response", "arrival", "completion")
"""The clocks that a vendor answers for; how fast we triage is ours."""


class Source(NamedTuple):
    """A table whose rows count: how it is joined to its work order, whose row it is, and which are left out."""

    joined: str
    row: str
    vendor: str
    left_in: str


_LEFT_OUT = "SELECT FROM reporting_exclusion x WHERE x.work_order_id = w.id AND x.put_back_at IS NULL"
_WHOLE = "x.milestone = ''"
WORK = Source(
    "workorders_workorder w", "w", "w.vendor_id", f"NOT EXISTS ({_LEFT_OUT} AND x.vendor_id = w.vendor_id AND {_WHOLE})"
)
CLOCK = Source(
    "workorders_clock c JOIN workorders_workorder w ON w.id = c.work_order_id", "c", "w.vendor_id",
    f"NOT EXISTS ({_LEFT_OUT} AND x.vendor_id = w.vendor_id AND x.milestone IN ('', c.milestone))",
)  # fmt: skip
OFFER = Source(
    "workorders_offer o JOIN workorders_workorder w ON w.id = o.work_order_id", "o", "o.vendor_id",
    f"NOT EXISTS ({_LEFT_OUT} AND x.vendor_id = o.vendor_id AND {_WHOLE})",
)  # fmt: skip
INVOICE = Source(
    "workorders_invoice i JOIN workorders_workorder w ON w.id = i.work_order_id", "i", "i.vendor_id",
    f"NOT EXISTS ({_LEFT_OUT} AND x.vendor_id = i.vendor_id AND {_WHOLE})",
)  # fmt: skip


class Part(NamedTuple):
    """One part of a score: whose rows count (`counts`) in a half-open time that ends with `now`, by which instant
    (`at`), and how good each was, in whole steps (`good`) of which `best` are all; `told` is what the list says of a
    row, as JSON."""

    source: Source
    counts: str
    at: str
    good: str
    told: str
    best: int = 1

    @property
    def share(self) -> str:
        """How good each was, 0 to 1."""
        return self.good if self.best == 1 else f"({self.good}) / {self.best}.0"


_DUE = "coalesce(c.agreed_due_at, c.due_at)"
"""A vendor is measured by what it agreed to, and by what we promised our stores where nothing was."""

_ONE = "CASE WHEN {} THEN 1 ELSE 0 END"

PARTS = {
    "sla": Part(
        CLOCK,
        f"c.milestone IN {MILESTONES} AND (c.state = 'stopped' AND c.stopped_at > %(since)s AND c.stopped_at <= %(now)s"
        f" OR c.state = 'running' AND {_DUE} > %(since)s AND {_DUE} <= %(now)s)",
        f"CASE WHEN c.state = 'stopped' THEN c.stopped_at ELSE {_DUE} END",
        _ONE.format(f"c.state = 'stopped' AND c.stopped_at <= {_DUE}"),
        f"jsonb_build_object('milestone', c.milestone, 'due', {_DUE}, 'agreed', c.agreed_minutes IS NOT NULL, 'at',"
        " CASE WHEN c.state = 'stopped' THEN c.stopped_at END)",
    ),
    "first_time_fix": Part(
        WORK, f"{REACTIVE} AND {DONE}", "w.completed_at", _ONE.format(FIXED),
        f"jsonb_build_object('trips', {TRIPS}, 'rework', w.rework_count)",
    ),
    "acceptance": Part(
        OFFER,
        "o.state IN ('accepted', 'finished', 'declined', 'expired') AND o.offered_at > %(since)s"
        " AND o.offered_at <= %(now)s",
        "o.offered_at",
        _ONE.format("o.state IN ('accepted', 'finished') AND o.answered_at <= o.expires_at"),
        "jsonb_build_object('state', o.state, 'offered', o.offered_at, 'answered', o.answered_at)",
    ),
    "rating": Part(
        WORK, RATED, "w.verified_at", "w.rating - 1",
        "jsonb_build_object('rating', w.rating)", best=4,
    ),
    "invoices": Part(
        INVOICE,
        "i.submitted_at > %(since)s AND i.submitted_at <= %(now)s AND i.state <> 'void'",
        "i.submitted_at",
        _ONE.format("i.findings = '[]' AND i.revision = 1"),
        "jsonb_build_object('number', i.number, 'revision', i.revision, 'findings', i.findings)",
    ),
    "documentation": Part(
        WORK, DONE, "w.completed_at", _ONE.format(DOCUMENTED),
        "jsonb_build_object('cause', w.root_cause_id IS NOT NULL, 'fix', w.resolution_id IS NOT NULL,"
        " 'advice', w.recommendation <> '' OR w.nothing_recommended)",
    ),
}  # fmt: skip
JOBS = Part(WORK, DONE, "w.completed_at", "1", "jsonb_build_object('trips', " + TRIPS + ")")
"""The jobs that decide how much a score weighs."""


def rows_of(part: Part, *, told: bool = False) -> str:
    """SQL of the rows that count for %(vendor)s in %(trade)s: work_order_id, row_id, at, share (and told)."""
    source = part.source
    more = f", {part.told} AS told" if told else ""
    return (
        f"SELECT w.id AS work_order_id, {source.row}.id AS row_id, {part.at} AS at, {part.share} AS share{more}"
        f" FROM {source.joined} WHERE {source.vendor} = %(vendor)s AND w.trade_id = %(trade)s AND {part.counts}"
        f" AND {source.left_in}"
    )
