"""A score as a page tells it: its parts beside target, past and trade, its place, and how it was reckoned, in figures
that a person can reckon again."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from accounts.thresholds import Threshold, declare
from accounts.words import MINUS, MONTHS
from reporting import charts, facts
from reporting.board import FIRST_TIME, ON_TIME
from vendors.models import Scorecard

WEEKS = 12
ENOUGH = 5
"""Of fewer than this, a change of a share says more about chance than about the work."""
MONTHS_SHOWN = 12
TITLES = {
    "sla": "Work on time", "first_time_fix": "Fixed at the first visit", "acceptance": "Offers accepted in time",
    "rating": "Rating by stores", "invoices": "Bills right the first time", "documentation": "Work documented",
}  # fmt: skip
UNITS = {
    "sla": "targets", "first_time_fix": "repairs", "acceptance": "offers", "rating": "ratings", "invoices": "bills",
    "documentation": "jobs",
}  # fmt: skip
TARGETS: dict[str, Threshold] = {
    "sla": ON_TIME,
    "first_time_fix": FIRST_TIME,
    "acceptance": declare(
        "scorecard.target_acceptance", 90, "percent", "Offers accepted in time that you want", maximum=100
    ),
    "rating": declare("scorecard.target_rating", 80, "percent", "Rating by stores that you want", maximum=100),
    "invoices": declare(
        "scorecard.target_invoices", 90, "percent", "Bills right the first time that you want", maximum=100
    ),
    "documentation": declare(
        "scorecard.target_documentation", 95, "percent", "Jobs fully documented that you want", maximum=100
    ),
}


class Spark(NamedTuple):
    """A line of twelve weeks, drawn in 80 × 36; weeks without data are left out."""

    points: str
    area: str
    x: str
    y: str


@dataclass(frozen=True)
class Line:
    """One part of a score: its result, what it is held against, and what it brings."""

    name: str
    title: str
    unit: str
    percent: Decimal
    number: int
    target: int
    change: str
    better: bool | None
    up: bool
    spark: Spark | None
    weight: int
    points: Decimal
    median: Decimal | None
    tone: str

    @property
    def lost(self) -> Decimal:
        """Points of its weight that it does not bring."""
        return self.weight - self.points


class Known(NamedTuple):
    """What stands around one card: its weeks and the time before, the other vendors of the trade, the months."""

    counts: list[tuple[str, bool, int | None, int, Decimal]]
    peers: int
    place: int
    median: Decimal | None
    medians: dict[str, Decimal]
    months: list[tuple[date, Decimal | None, Decimal, bool]]


@dataclass(frozen=True)
class Told:
    """One card in words and figures."""

    card: Scorecard
    lines: list[Line]
    missing: list[str]
    known: Known
    change: str
    better: bool | None
    up: bool
    chart: charts.Chart | None
    formula: list[str]
    sum_of_weights: int

    @property
    def score(self) -> int:
        return round(self.card.score)

    @property
    def best(self) -> list[Line]:
        return [line for line in self.lines if line.percent >= line.target]

    @property
    def worst(self) -> list[Line]:
        """The parts that cost points, the dearest first."""
        return sorted((line for line in self.lines if line.lost), key=lambda line: -line.lost)


_ROWS = " UNION ALL ".join(
    f"SELECT '{name}' AS part, at, share FROM ({facts.rows_of(part)}) r" for name, part in facts.PARTS.items()
)
_MEDIANS = ", ".join(
    f"'{name}', percentile_cont(0.5) WITHIN GROUP (ORDER BY (parts->'{name}'->>'share')::numeric)"
    for name in facts.PARTS
)
_KNOWN = f"""
SELECT (
    SELECT json_agg(json_build_array(part, recent, week, number, good)) FROM (
        SELECT part, at > %(middle)s AS recent,
            CASE WHEN at > %(weeks)s THEN floor(extract(epoch FROM %(now)s - at) / 604800)::int END AS week,
            count(*) AS number, sum(share)::text AS good
        FROM ({_ROWS}) counted GROUP BY 1, 2, 3) counts
)::text, (
    SELECT json_build_array(count(*), 1 + count(*) FILTER (WHERE score > %(score)s),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY score), json_build_object({_MEDIANS}))
    FROM vendors_scorecard WHERE trade_id = %(trade)s AND window_days = %(window)s
)::text, (
    SELECT json_agg(json_build_array(month_on, own, median, is_comparable) ORDER BY month_on) FROM (
        SELECT month_on, max(score) FILTER (WHERE vendor_id = %(vendor)s) AS own,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY score) AS median, bool_and(is_comparable) AS is_comparable
        FROM reporting_snapshot
        WHERE trade_id = %(trade)s AND window_days = %(window)s AND month_on >= %(months)s GROUP BY 1) months
)::text
"""


def around(card: Scorecard) -> Known:
    """What stands around `card`, with one question."""
    now, window = card.computed_at, timedelta(days=card.window_days)
    months = date(now.year - 1, now.month, 1)
    with connection.cursor() as cursor:
        cursor.execute(
            _KNOWN,
            {
                "vendor": card.vendor_id, "trade": card.trade_id, "window": card.window_days, "score": card.score,
                "now": now, "middle": now - window, "since": now - 2 * window,
                "weeks": now - timedelta(weeks=WEEKS), "months": months,
            },
        )  # fmt: skip
        counts, peers, kept = (json.loads(found, parse_float=Decimal) if found else None for found in cursor.fetchone())
    number, place, median, medians = peers or (0, 1, None, {})
    return Known(
        [(part, recent, week, count, Decimal(good)) for part, recent, week, count, good in counts or ()],
        number, place, _exact(median),
        {name: _exact(share) for name, share in medians.items() if share is not None},  # type: ignore[misc]
        [(date.fromisoformat(month), _exact(own), _exact(middle) or Decimal(0), comparable)
         for month, own, middle, comparable in kept or ()],
    )  # fmt: skip


def _exact(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def told(card: Scorecard, known: Known, *, targets: Mapping[str, Any], to_vendor: bool = False) -> Told:
    """`card` in words and figures. To the vendor itself nothing on it says how the trade is where that would tell of
    single others."""
    telling = card.is_comparable or not to_vendor
    parts = {name: card.parts[name] for name in facts.PARTS if name in card.parts}
    lines = [_line(name, part, known, targets, telling) for name, part in parts.items()]
    change, better, up = _change_of_all(parts, known)
    return Told(
        card=card,
        lines=lines,
        missing=[TITLES[name] for name in facts.PARTS if name not in parts],
        known=known,
        change=change,
        better=better,
        up=up,
        chart=_chart(card, known, private=to_vendor) if telling else None,
        formula=formula(card, lines, telling=telling),
        sum_of_weights=sum(line.weight for line in lines),
    )


def _line(name: str, part: Mapping[str, Any], known: Known, targets: Mapping[str, Any], telling: bool) -> Line:
    share, weight = Decimal(str(part["share"])), int(part["weight"])
    target = int(targets[TARGETS[name].name])
    before = [(number, good) for one, recent, _, number, good in known.counts if one == name and not recent]
    number, good = sum(count for count, _ in before), sum((sum_ for _, sum_ in before), Decimal(0))
    change, better, up = "", None, True
    if number >= ENOUGH and int(part["number"]) >= ENOUGH:
        change, better, up = _apart((share - good / number) * 100, "pt")
    median = known.medians.get(name) if telling else None
    percent = share * 100
    return Line(
        name=name, title=TITLES[name], unit=UNITS[name], percent=percent, number=int(part["number"]), target=target,
        change=change, better=better, up=up, spark=_spark(name, known), weight=weight, points=share * weight,
        median=None if median is None else median * 100,
        tone="done" if percent >= target else "wait" if percent >= target - 20 else "bad",
    )  # fmt: skip


def _apart(points: Decimal, unit: str) -> tuple[str, bool | None, bool]:
    """A change in words, whether it is for the better, and whether it is upward."""
    shown = round(points, 1)
    if not shown:
        return f"0 {unit}", None, True
    return f"{'+' if shown > 0 else MINUS}{abs(shown):.1f} {unit}", shown > 0, shown > 0


def _change_of_all(parts: Mapping[str, Mapping[str, Any]], known: Known) -> tuple[str, bool | None, bool]:
    """Own result against that of the time before, under the weights of now."""
    shares: dict[bool, list[tuple[Decimal, Decimal]]] = {True: [], False: []}
    enough = {True: 0, False: 0}
    for name, part in parts.items():
        for recent in (True, False):
            rows = [(number, good) for one, when, _, number, good in known.counts if one == name and when is recent]
            number = sum(count for count, _ in rows)
            if number:
                good = sum((sum_ for _, sum_ in rows), Decimal(0))
                shares[recent].append((Decimal(int(part["weight"])), good / number))
                enough[recent] += number
    if min(enough.values()) < ENOUGH:
        return "", None, True
    now, before = (_mean(shares[when]) for when in (True, False))
    return _apart((now - before) * 100, "points")


def _mean(shares: Sequence[tuple[Decimal, Decimal]]) -> Decimal:
    """The mean of shares by their weights."""
    return sum((weight * share for weight, share in shares), Decimal(0)) / sum(
        (weight for weight, _ in shares), Decimal(0)
    )


def _spark(name: str, known: Known) -> Spark | None:
    weeks: dict[int, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for one, _, week, number, good in known.counts:
        if one == name and week is not None and week < WEEKS:
            weeks[week][0] += number
            weeks[week][1] += good
    if len(weeks) < 2:
        return None
    spots = [
        (2 + 76 * (WEEKS - 1 - week) / (WEEKS - 1), 32 - 28 * float(good / number))
        for week, (number, good) in sorted(weeks.items(), reverse=True)
    ]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    (first, _), (last, height) = spots[0], spots[-1]
    return Spark(points, f"M{first:.1f},36L{points.replace(' ', 'L')}L{last:.1f},36Z", f"{last:.1f}", f"{height:.1f}")


def _chart(card: Scorecard, known: Known, *, private: bool) -> charts.Chart | None:
    """Its score at the end of each month and now, over the median of the trade; if private, not of months of few."""
    months = [
        (_short(month), own, median)
        for month, own, median, comparable in known.months
        if own is not None and (comparable or not private)
    ]
    months = [*months[-(MONTHS_SHOWN - 1) :], ("now", card.score, known.median or card.score)]
    if len(months) < 2:
        return None
    own = [float(score) for _, score, _ in months]
    return charts.chart(
        "months",
        title=f"Score of {card.window_days} days at the end of each month, and the median of the trade",
        finding=f"From {own[0]:.0f} to {own[-1]:.0f}; the median of the trade is now {months[-1][2]:.0f}.",
        series=("Median of the trade", "This vendor"),
        names=[name for name, _, _ in months],
        values=[[float(median) for _, _, median in months], own],
    )


def _short(month: date) -> str:
    return MONTHS[month.month - 1]


def plain(value: Decimal) -> str:
    """A figure without idle zeros, as a person would write it down: 93.75, 88."""
    return f"{value.quantize(Decimal('0.01')):f}".rstrip("0").rstrip(".")


def formula(card: Scorecard, lines: Sequence[Line], *, telling: bool = True) -> list[str]:
    """How the score came about, step by step, with the very figures."""
    if not lines:
        return []
    summed = " + ".join(f"{line.weight} × {plain(line.percent)}" for line in lines)
    weights = " + ".join(str(line.weight) for line in lines)
    own, jobs, prior = plain(card.own), card.jobs, card.prior_jobs
    steps = [
        "Each result is what was good out of all that counted, in percent. What has no data is left out with its"
        " weight.",
        f"Own result: the mean of the results by weight. ({summed}) ÷ ({weights}) = {own}.",
    ]
    if not telling:
        return steps
    if prior:
        steps.append(
            f"Few jobs say little, so {prior} average jobs of the trade are added, whose mean is {plain(card.mean)}."
            f" ({jobs} × {own} + {prior} × {plain(card.mean)}) ÷ ({jobs} + {prior}) = {plain(card.score)}."
        )
    share, weight = card.score / 100, max(jobs + prior, 1)
    steps.append(
        f"Likely between {plain(card.low)} and {plain(card.high)}: 1.96 × √({share:.4f} × {1 - share:.4f} ÷ {weight})"
        " to each side, for 19 of 20 such vendors."
    )
    return steps
