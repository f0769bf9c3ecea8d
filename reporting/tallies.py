"""What scorecards are made of, counted in one pass: for each vendor and trade, in every window, how many clocks,
repairs, offers, ratings, bills and jobs there were, and how good they were together (`reporting/facts.py`).

Every row that counts in the longest window is read once; it counts in a shorter one too where its instant is late
enough. Everything stays in whole numbers.
"""

from __future__ import annotations

from reporting import facts
from reporting.days import FIXED, fixed

WINDOWS = (90, 365)
TOUCHED = "SELECT * FROM unnest(%(vendors)s::bigint[], %(trades)s::bigint[])"

_ONLY = f"AND {{vendor}} = ANY(%(vendors)s::bigint[]) AND ({{vendor}}, w.trade_id) IN ({TOUCHED})"
_TRIPS = """LEFT JOIN (SELECT work_order_id, count(*) AS number FROM workorders_visit WHERE state = 'left' GROUP BY 1)
    trips ON trips.work_order_id = w.id"""
_BESIDE = {
    "sla": ("workorders_clock c", "NULL::bigint", "c.milestone"),
    "acceptance": ("workorders_offer o", "o.vendor_id", "''"),
    "invoices": ("workorders_invoice i", "i.vendor_id", "''"),
}
"""The parts that are not columns of the work itself: their table, whose a row is (NULL: whose the work is), and which
clock it is."""


def work(*, touched: bool) -> str:
    """SQL of the jobs that were done or rated, with what each says; `fixed` is empty where it is no repair.

    `counted` reads them under the name of `work`.
    """
    right = FIXED if touched else fixed("trips.number")
    return f"""
    SELECT w.vendor_id, w.trade_id,
        CASE WHEN {facts.DONE} THEN w.completed_at END AS done_at,
        {facts.DONE} AND {facts.DOCUMENTED} AS documented,
        CASE WHEN {facts.DONE} AND {facts.REACTIVE} THEN coalesce({right}, false) END AS fixed,
        CASE WHEN {facts.RATED} THEN w.verified_at END AS rated_at,
        CASE WHEN {facts.RATED} THEN {facts.PARTS["rating"].good} END AS liked,
        CASE WHEN {facts.DONE} AND w.first_check_in_at >= w.accepted_at
            THEN extract(epoch FROM w.first_check_in_at - w.accepted_at)::int END AS way
    FROM workorders_workorder w {"" if touched else _TRIPS}
    WHERE w.vendor_id IS NOT NULL AND ({facts.DONE} OR {facts.RATED}) AND {facts.WORK.left_in}
        {_ONLY.format(vendor="w.vendor_id") if touched else ""}"""


def _beside_some() -> str:
    """SQL of the rows beside the work of the touched vendors, from their work to its rows."""
    return " UNION ALL ".join(
        f"SELECT {part.source.vendor} AS vendor_id, w.trade_id, {place} AS part, {part.at} AS at, {part.good} AS good"
        f" FROM {part.source.joined} WHERE {part.counts} AND {part.source.left_in}"
        f" {_ONLY.format(vendor=part.source.vendor)}"
        for place, part in enumerate(facts.PARTS[name] for name in _BESIDE)
    )


def _beside_all() -> str:
    """SQL of the rows beside the work of all vendors: each table is read once, and the work once for all of them."""
    rows = " UNION ALL ".join(
        f"SELECT work_order_id, {vendor} AS vendor_id, {milestone} AS milestone, {place} AS part,"
        f" {facts.PARTS[name].at} AS at, {facts.PARTS[name].good} AS good FROM {table} WHERE {facts.PARTS[name].counts}"
        for place, (name, (table, vendor, milestone)) in enumerate(_BESIDE.items())
    )
    return f"""
    SELECT vendor_id, trade_id, part, at, good FROM (
        SELECT coalesce(one.vendor_id, w.vendor_id) AS vendor_id, w.trade_id, w.id, milestone, part, at, good
        FROM ({rows}) one JOIN workorders_workorder w ON w.id = one.work_order_id) one
    WHERE vendor_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM reporting_exclusion x WHERE x.work_order_id = one.id AND x.vendor_id = one.vendor_id
            AND x.put_back_at IS NULL AND x.milestone IN ('', one.milestone))"""


def _sums() -> tuple[str, str]:
    """SQL that counts the jobs, and that counts the rows beside them: two columns a part and window."""
    work, beside = [], []
    for days in WINDOWS:
        late = "true" if days == max(WINDOWS) else f"{{}} > %(since_{days})s"
        done, rated, at = (late.format(column) for column in ("done_at", "rated_at", "at"))
        work += [
            f"count(done_at) FILTER (WHERE {done}) AS documentation_{days}",
            f"count(*) FILTER (WHERE documented AND {done}) AS documentation_{days}_good",
            f"count(fixed) FILTER (WHERE {done}) AS first_time_fix_{days}",
            f"count(*) FILTER (WHERE fixed AND {done}) AS first_time_fix_{days}_good",
            f"count(rated_at) FILTER (WHERE {rated}) AS rating_{days}",
            f"sum(liked) FILTER (WHERE {rated}) AS rating_{days}_good",
            f"sum(way) FILTER (WHERE {done}) AS way_{days}",
        ]
        for place, name in enumerate(_BESIDE):
            of = f"FILTER (WHERE part = {place} AND {at})"
            beside += [f"count(*) {of} AS {name}_{days}", f"sum(good) {of} AS {name}_{days}_good"]
    return ", ".join(work), ", ".join(beside)


def counted(*, touched: bool) -> str:
    """SQL: vendor_id, trade_id, window_days, of each part its number and what was good of it (in steps of the part),
    and `way`, the seconds of all ways to the jobs; of all vendors or of the touched ones."""
    work, beside = _sums()
    names = [column for name in facts.PARTS for column in (name, f"{name}_good")] + ["way"]
    windows = ", ".join(
        f"({days}, " + ", ".join(
            f"{name.removesuffix('_good')}_{days}{'_good' if name.endswith('_good') else ''}" for name in names
        ) + ")"
        for days in WINDOWS
    )  # fmt: skip
    return f"""
    SELECT vendor_id, trade_id, window_days, {", ".join(f"coalesce({name}, 0) AS {name}" for name in names)}
    FROM (SELECT vendor_id, trade_id, {work} FROM work GROUP BY 1, 2) own
    FULL JOIN (SELECT vendor_id, trade_id, {beside} FROM
        ({_beside_some() if touched else _beside_all()}) beside GROUP BY 1, 2) beside USING (vendor_id, trade_id)
    CROSS JOIN LATERAL (VALUES {windows}) windows (window_days, {", ".join(names)})"""
