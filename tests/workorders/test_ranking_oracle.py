"""Ranking against an oracle that shares nothing with it: vendor by vendor, in fractions, from what the world was told.

The oracle reads the words of `ranking_world`, not the database, and knows the rules from the house's manual alone.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from math import asin, cos, radians, sin, sqrt
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cast import Cast
from tests.workorders.ranking_world import DOOR, KM_40, KM_139, USUAL, World

pytestmark = pytest.mark.django_db

SITE = (47.2529, -122.4443)
TODAY = date(2026, 7, 14)
TUESDAY, NOON = 1, 720
"""When it happens, in New York."""
NEAR_SEATTLE = ("47.450000", "-122.300000")
MINUTES = st.sampled_from([None, 30, 60, 90, 240, 600])

VENDOR = st.fixed_dictionaries(
    {
        "standing": st.sampled_from(["approved", "approved", "preferred", "trial", "suspended", "prospect"]),
        "covers": st.sampled_from(["north", "company", "site", "south", "", "north, not here", "50 km", "20 km"]),
        "rank": st.sampled_from([None, None, 1, 2]),
        "labor": st.integers(20, 200).map(lambda whole: f"{whole}.00"),
        "trip": st.sampled_from(["0.00", "75.00", "120.50"]),
        "least_hours": st.sampled_from(["1.00", "2.50", "4.00"]),
        "card": st.sampled_from([
            (date(2026, 1, 1), None, "USD"), (date(2026, 1, 1), None, "USD"), (date(2026, 1, 1), None, "CAD"),
            (date(2025, 1, 1), TODAY, "USD"), None,
        ]),
        "papers": st.sampled_from([
            (), ({"ends_on": date(2026, 7, 13)},), ({"ends_on": date(2026, 7, 14), "limit_amount": 600_000},),
            ({"limit_amount": 100_000},), ({"state": "pending"},), ({"limit_amount": 900_000},),
        ]),
        "base": st.sampled_from([None, DOOR, KM_40, KM_139, NEAR_SEATTLE]),
        "capacity": st.sampled_from([None, None, 0, 1, 3]),
        "jobs": st.integers(0, 2),
        "emergencies": st.booleans(),
        "hours": st.lists(
            st.tuples(st.integers(0, 2), st.sampled_from([0, 420, 719, 720]), st.sampled_from([720, 721, 1020, 1440]))
            .filter(lambda opening: opening[1] < opening[2]), max_size=3,
        ),
        "barred": st.sampled_from(["", "", "", "No"]),
        "asked": st.sampled_from(["", "", "", "declined", "expired", "withdrawn", "open"]),
        "score": st.sampled_from([None, 0, 37, 81, 100]),
        "usual": MINUTES, "agreed": MINUTES,
        "forced": st.sampled_from(["", "", "", "", "warranty", "responsibility"]),
    }
)  # fmt: skip
WEIGHT = st.integers(0, 4).map(lambda quarters: Fraction(quarters, 4))
PARTS = ("scorecard", "cost", "arrival", "distance", "load", "preference")


def four(value: Fraction) -> Fraction:
    """Half up to four decimals."""
    return Fraction((value * 10_000 + Fraction(1, 2)).__floor__(), 10_000)


def kilometers(base: tuple[str, str] | None) -> float | None:
    """By the chord between two points of a globe, not by angles."""
    if base is None:
        return None

    def point(latitude: float, longitude: float) -> tuple[float, float, float]:
        up, along = radians(latitude), radians(longitude)
        return cos(up) * cos(along), cos(up) * sin(along), sin(up)

    one, other = point(*SITE), point(float(base[0]), float(base[1]))
    chord = sqrt(sum((here - there) ** 2 for here, there in zip(one, other, strict=True)))
    return 2 * 6371.0088 * asin(chord / 2)


def covered(one: dict[str, Any]) -> bool:
    words = one["covers"].split(", ")
    if "not here" in words:
        return False
    if {"north", "company", "site"} & set(words):
        return True
    radius = next((int(word.split()[0]) for word in words if word.endswith(" km")), None)
    away = kilometers(one["base"])
    return radius is not None and away is not None and away <= radius


def may_go(one: dict[str, Any], priority: int, limit: int) -> bool:
    """Every rule that keeps a vendor out, one after another."""
    named = bool(one["forced"])
    if one["standing"] not in ("approved", "preferred", "trial") or one["barred"]:
        return False
    if one["standing"] == "trial" and priority < 3:
        return False
    open_now = any(day == TUESDAY and opens <= NOON < closes for day, opens, closes in one["hours"])
    if priority == 1 and not (one["emergencies"] or open_now):
        return False
    if one["asked"] in ("declined", "expired", "open"):
        return False
    insured = [paper for paper in one["papers"] if paper.get("state", "verified") == "verified"
               and paper.get("ends_on", TODAY) >= TODAY]  # fmt: skip
    if not insured or max(paper.get("limit_amount", 0) for paper in insured) < limit:
        return False
    card = one["card"]
    rated = card is not None and card[2] == "USD" and (card[1] is None or card[1] > TODAY)
    room = one["capacity"] is None or one["jobs"] < one["capacity"]
    return named or (covered(one) and rated and room)


def cost_of(one: dict[str, Any], priority: int) -> Fraction | None:
    """Trip and two hours, or the least that is billed; twice the rate in an emergency."""
    card = one["card"]
    if card is None or card[2] != "USD" or (card[1] is not None and card[1] <= TODAY):
        return None
    hours = max(Fraction(2), Fraction(one["least_hours"]))
    return Fraction(one["trip"]) + hours * Fraction(one["labor"]) * (2 if priority == 1 else 1)


def minutes_of(one: dict[str, Any]) -> int | None:
    return one["agreed"] or (one["usual"] if one["score"] is not None else None)


def parts_of(
    one: dict[str, Any], priority: int, cheapest: Fraction | None, fastest: int | None
) -> dict[str, Fraction | None]:
    cost, minutes, away = cost_of(one, priority), minutes_of(one), kilometers(one["base"])
    full = one["capacity"] if one["capacity"] is not None else 20
    near = None if away is None else max(Fraction(0), 1 - Fraction(str(round(away, 1))) / 100)
    return {
        "scorecard": None if one["score"] is None else Fraction(one["score"], 100),
        "cost": None if cost is None or cheapest is None else min(Fraction(1), cheapest / cost),
        "arrival": None if minutes is None or fastest is None else min(Fraction(1), Fraction(fastest, minutes)),
        "distance": near,
        "load": Fraction(0) if full == 0 else max(Fraction(0), 1 - Fraction(one["jobs"], full)),
        "preference": {"preferred": Fraction(1), "approved": Fraction(1, 2)}.get(one["standing"], Fraction(0)),
    }


def by_the_manual(
    vendors: dict[str, dict[str, Any]], priority: int, limit: int, weights: dict[str, Fraction], ranks: bool
) -> list[tuple[str, Fraction]]:
    """Names and scores in the order in which to ask."""
    going = [name for name, one in vendors.items() if may_go(one, priority, limit)]
    pool = going or list(vendors)
    costs = [cost for name in pool if (cost := cost_of(vendors[name], priority)) is not None]
    times = [minutes for name in pool if (minutes := minutes_of(vendors[name])) is not None]
    known = {
        name: {part: value if value is None else four(value) for part, value in parts_of(
            one, priority, min(costs, default=None), min(times, default=None)).items()}
        for name, one in vendors.items()
    }  # fmt: skip
    means = {}
    for part in PARTS:
        values = [found[part] for found in known.values() if found[part] is not None]
        means[part] = four(sum(values, Fraction(0)) / len(values)) if values else Fraction(1, 2)
    scores = {}
    for name in going:
        values = {part: value if value is not None else means[part] for part, value in known[name].items()}
        scores[name] = four(sum(weights[part] * values[part] for part in PARTS) / sum(weights.values()))

    def turn(name: str) -> tuple[Any, ...]:
        one = vendors[name]
        by_name = ["warranty", "responsibility", ""].index(one["forced"])
        # Of several that the same step names, the one that was named first.
        place = list(vendors).index(name) if one["forced"] else 0
        own = one["rank"] if covered(one) else None
        rank = own if ranks and own else 99
        return (by_name, place, rank, -scores[name], one["jobs"], name.lower())

    return [(name, scores[name]) for name in sorted(going, key=turn)]


@settings(
    max_examples=40, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(
    given_vendors=st.lists(VENDOR, min_size=1, max_size=6),
    priority=st.sampled_from([1, 2, 3, 4]),
    limit=st.sampled_from([0, 500_000]),
    weights=st.tuples(*[WEIGHT] * len(PARTS)).filter(any),
    ranks=st.booleans(),
)
def test_dispatch_ranks_as_a_person_with_the_manual_would(
    cast: Cast, given_vendors: list[dict[str, Any]], priority: int, limit: int, weights: tuple[Fraction, ...],
    ranks: bool,
) -> None:  # fmt: skip
    names = ["Oak", "ash", "Birch", "cedar", "Elm", "Fir"]
    vendors = {name: USUAL | one for name, one in zip(names, given_vendors, strict=False)}
    weighed = dict(zip(PARTS, weights, strict=True))
    assert None not in {cast.hilltop.pk, cast.harbor.pk, cast.south.pk}, "here before and after each example"
    with transaction.atomic():
        world = World(
            cast, priority, order="rank" if ranks else "score",
            **{f"weight_{part}": float(weight) for part, weight in weighed.items()},
        )  # fmt: skip
        world.needs(limit=limit)
        for name, one in vendors.items():
            world.vendor(name, **one)
        found = [(one.vendor.name, Fraction(one.score)) for one in world.considered().eligible]
        transaction.set_rollback(True)
    assert found == by_the_manual(vendors, priority, limit, weighed, ranks)
