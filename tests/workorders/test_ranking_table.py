"""Who may go and in which order, case by case: every sentence written out, every score reckoned by hand.

A score is .35 scorecard + .20 cost + .20 arrival + .10 distance + .05 load + .10 preference. Of a vendor alone about
whom nothing is known that is .175 + .200 + .100 + .050 + .050 + .050 = .625: cost and load are the best there are, the
others count as a half. The job takes two hours: 75 for the trip and 2 × 95 an hour are 265.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.cast import Cast
from tests.workorders.ranking_world import DOOR, KM_40, KM_139, OFFICE, World

pytestmark = pytest.mark.django_db

COVERED = {"papers": ({"limit_amount": 1_000_000, "ends_on": date(2026, 12, 31)},)}
IN_WORDS = "Mon–Fri 07:00–17:00, Sat–Sun closed (America/New_York)"
FROM_AUGUST, UNTIL_TODAY = date(2026, 8, 1), date(2026, 7, 14)


def paper(**facts: Any) -> dict[str, Any]:
    return {"papers": (facts,)}


# What is so of the vendor, the check that looks at it, whether it passes, its sentence
CHECKS: list[tuple[dict[str, Any], str, bool, str]] = [
    ({"standing": "approved"}, "active", True, "Active: approved."),
    ({"standing": "preferred"}, "active", True, "Active: preferred."),
    ({"standing": "trial"}, "active", True, "Active: trial."),
    ({"standing": "prospect"}, "active", False, "Not active: prospect."),
    ({"standing": "suspended"}, "active", False, "Not active: suspended."),
    ({"standing": "retired"}, "active", False, "Not active: retired."),
    ({}, "trade", True, "Works in Cooling."),
    ({"trade": False, "asked": "withdrawn"}, "trade", False, "Does not work in Cooling."),
    ({"covers": "north"}, "coverage", True, "Covers North."),
    ({"covers": "company"}, "coverage", True, "Covers Fresh Fields."),
    ({"covers": "company, north"}, "coverage", True, "Covers North."),
    ({"covers": "site"}, "coverage", True, "Covers M-114."),
    ({"covers": "south"}, "coverage", False, "Does not cover M-114."),
    ({"covers": "sibling"}, "coverage", False, "Does not cover M-114."),
    ({"covers": ""}, "coverage", False, "Does not cover M-114."),
    ({"covers": "north, not here"}, "coverage", False, "Leaves out M-114."),
    ({"covers": "50 km", "base": KM_40}, "coverage", True, "M-114 is 24.8 mi away, within its 31.1 mi."),
    ({"covers": "30 km", "base": KM_40}, "coverage", False, "M-114 is 24.8 mi away, beyond its 18.6 mi."),
    ({"covers": "50 km"}, "coverage", False, "Covers 31.1 mi around its base; where M-114 is is not known."),
    ({"covers": "30 km, north", "base": KM_40}, "coverage", True, "Covers North."),
    (COVERED, "documents", True, "Every paper is verified and valid that day."),
    ({}, "documents", False, "General liability insurance is missing."),
    (paper(state="pending"), "documents", False, "General liability insurance waits for review."),
    (paper(state="rejected", rejected_because="Blurred"), "documents", False,
     "General liability insurance was rejected."),
    (paper(ends_on=date(2026, 7, 13)), "documents", False, "General liability insurance ends on 13 Jul 2026."),
    (paper(starts_on=FROM_AUGUST), "documents", False, "General liability insurance starts on 1 Aug 2026."),
    (COVERED, "limits", True, "Insured high enough."),
    (paper(limit_amount=400_000), "limits", False,
     "General liability insurance covers $400,000.00, $500,000.00 is needed."),
    ({}, "rate_card", True, "Rate card in force since 1 Jan 2026."),
    ({"card": None}, "rate_card", False, "No rate card for Cooling on 14 Jul 2026."),
    ({"card": (FROM_AUGUST, None, "USD")}, "rate_card", False, "No rate card for Cooling on 14 Jul 2026."),
    ({"card": (date(2026, 1, 1), UNTIL_TODAY, "USD")}, "rate_card", False, "No rate card for Cooling on 14 Jul 2026."),
    ({"card": (date(2026, 1, 1), None, "CAD")}, "rate_card", False, "Charges in CAD, the site pays in USD."),
    ({}, "capacity", True, "0 open jobs, no limit set."),
    ({"jobs": 1}, "capacity", True, "1 open job, no limit set."),
    ({"capacity": 2, "jobs": 1}, "capacity", True, "1 of 2 open jobs."),
    ({"capacity": 2, "jobs": 2}, "capacity", False, "2 of 2 open jobs."),
    ({"capacity": 0}, "capacity", False, "0 of 0 open jobs."),
    ({}, "emergency", True, "Not an emergency."),
    ({"P": 1, "emergencies": True}, "emergency", True, "Answers emergencies at any hour."),
    ({"P": 1}, "emergency", False, "Does not take emergencies."),
    ({"hours": ((6, 0, 60),)}, "emergency", True, "Not an emergency."),
    ({"P": 1, "hours": OFFICE}, "emergency", True, f"Its office is open at Tue 12:00: {IN_WORDS}."),
    ({"P": 1, "hours": ((1, 720, 780),)}, "emergency", True,
     "Its office is open at Tue 12:00: Mon closed, Tue 12:00–13:00, Wed–Sun closed (America/New_York)."),
    ({"P": 1, "hours": ((1, 420, 720),)}, "emergency", False,
     "Does not take emergencies out of hours. Its office is closed at Tue 12:00: "
     "Mon closed, Tue 07:00–12:00, Wed–Sun closed (America/New_York)."),
    ({"P": 1, "hours": ((1, 600, 1020),), "zone": "America/Los_Angeles"}, "emergency", False,
     "Does not take emergencies out of hours. Its office is closed at Tue 09:00: "
     "Mon closed, Tue 10:00–17:00, Wed–Sun closed (America/Los_Angeles)."),
    ({"P": 1, "hours": ((5, 420, 1020),), "emergencies": True}, "emergency", True, "Answers emergencies at any hour."),
    ({}, "not_barred", True, "Not barred."),
    ({"barred": "Left the door open"}, "not_barred", False, "Do not dispatch: Left the door open"),
    ({}, "not_declined", True, "Not asked yet."),
    ({"asked": "declined"}, "not_declined", False, "Declined this job on 14 Jul 2026: Too far."),
    ({"asked": "expired"}, "not_declined", False, "Did not answer when asked on 14 Jul 2026."),
    ({"asked": "open"}, "not_declined", False, "Has this job before it since 14 Jul 2026."),
    ({"asked": "withdrawn"}, "not_declined", True, "Last asked on 14 Jul 2026, did not decline."),
    ({"standing": "trial", "taken": 4}, "trial", True, "On trial, 4 of 5 jobs."),
    ({"standing": "trial", "taken": 5}, "trial", False, "On trial, 5 of 5 jobs."),
    ({"standing": "trial", "P": 2}, "trial", False, "On trial, and not for P2."),
    ({"kind": "internal"}, "shift_hours", True, "No shifts are entered, so hours are not counted."),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "name", "passed", "sentence"), CHECKS)
def test_each_check_says_its_sentence_and_keeps_out_who_fails_it(
    cast: Cast, facts: dict[str, Any], name: str, passed: bool, sentence: str
) -> None:
    world = World(cast, priority=facts.get("P", 3))
    if name in ("documents", "limits"):
        world.needs(limit=500_000 if name == "limits" else 0)
    one = world.vendor("Ash", **{word: fact for word, fact in facts.items() if word != "P"})
    found = world.considered().candidate(one)
    assert found is not None
    checks = {check.name: check for check in found.checks}
    assert (checks[name].passed, checks[name].sentence) == (passed, sentence)
    assert found.eligible is passed
    assert [check.name for check in found.blocking] == ([] if passed else [name])


def test_who_answers_an_emergency_of_another_day_answers_at_any_hour(cast: Cast) -> None:
    world = World(cast, priority=1)
    ash = world.vendor("Ash", hours=OFFICE)
    today, tomorrow = (world.considered(on=day).candidate(ash) for day in (None, date(2026, 7, 15)))
    assert today is not None
    assert tomorrow is not None
    assert today.eligible
    assert [check.sentence for check in tomorrow.blocking] == ["Does not take emergencies."]


# The vendors, and each of them in the order in which to ask them with its score. P and policy stand with the first.
SCORES: list[tuple[str, dict[str, dict[str, Any]], str]] = [
    ("nothing is known", {"Ash": {}}, "Ash .6250"),
    ("preferred: 1 instead of a half", {"Ash": {"standing": "preferred"}}, "Ash .6750"),
    ("on trial: 0", {"Ash": {"standing": "trial"}}, "Ash .5750"),
    ("scorecard .35 × .90 = .315 for .175", {"Ash": {"score": 90}}, "Ash .7650"),
    ("scorecard 0", {"Ash": {"score": 0}}, "Ash .4500"),
    ("scorecard 100", {"Ash": {"score": 100}}, "Ash .8000"),
    ("the only one that is known is the fastest", {"Ash": {"agreed": 60}}, "Ash .7250"),
    ("past arrivals count where nothing is agreed: .28 and .20", {"Ash": {"score": 80, "usual": 120}}, "Ash .8300"),
    ("at the door", {"Ash": {"base": DOOR}}, "Ash .6750"),
    ("40.0 of 100 km: .10 × .6", {"Ash": {"base": KM_40}}, "Ash .6350"),
    ("beyond 100 km", {"Ash": {"base": KM_139}}, "Ash .5750"),
    ("1 of 4 jobs: .05 × .75", {"Ash": {"capacity": 4, "jobs": 1}}, "Ash .6125"),
    ("3 of 4 jobs: .05 × .25", {"Ash": {"capacity": 4, "jobs": 3}}, "Ash .5875"),
    ("5 of 20 where no limit is set", {"Ash": {"jobs": 5}}, "Ash .6125"),
    ("21 of 20 is as busy as can be", {"Ash": {"jobs": 21}}, "Ash .5750"),
    ("155 : 265 = .5849, .425 + .11698", {"Ash": {}, "Birch": {"labor": "40.00"}}, "Birch .6250, Ash .5420"),
    ("4 h at least: 265 : 455 = .5824", {"Ash": {}, "Birch": {"least_hours": "4.00"}}, "Ash .6250, Birch .5415"),
    ("no trip: 190 : 265 = .7170", {"Ash": {"trip": "0.00"}, "Birch": {}}, "Ash .6250, Birch .5684"),
    ("in an emergency the dearer rate, 275 : 455 = .6044",
     {"Ash": {"P": 1, "emergencies": True}, "Birch": {"emergencies": True, "labor": "50.00"}},
     "Birch .6250, Ash .5459"),
    ("60 : 240 minutes", {"Ash": {"agreed": 60}, "Birch": {"agreed": 240}}, "Ash .7250, Birch .5750"),
    ("not known counts as the others' mean", {"Ash": {"agreed": 60}, "Birch": {}}, "Ash .7250, Birch .7250"),
    ("agreed goes before past: 60 : 90 = .6667, with .9 for both",
     {"Ash": {"score": 90, "agreed": 60, "usual": 500}, "Birch": {"score": 90, "usual": 90}},
     "Ash .8650, Birch .7983"),
    ("the mean of 90 and 50 is 70", {"Ash": {"score": 90}, "Birch": {"score": 50}, "Cedar": {}},
     "Ash .7650, Cedar .6950, Birch .6250"),
    ("one at the door, one 40 km away, one not known: .8",
     {"Ash": {"base": KM_40}, "Birch": {"base": DOOR}, "Cedar": {}}, "Birch .6750, Cedar .6550, Ash .6350"),
    ("who may not go is not held against: the cheapest", {"Ash": {}, "Birch": {"labor": "1", "covers": "south"}},
     "Ash .6250"),
    ("nor the fastest", {"Ash": {"agreed": 240}, "Birch": {"agreed": 1, "standing": "retired"}}, "Ash .7250"),
    ("a fixed rank goes before any score", {"Ash": {"score": 90}, "Birch": {"score": 10, "rank": 1}},
     "Birch .4850, Ash .7650"),
    ("a rank goes before none", {"Ash": {}, "Birch": {"rank": 7}}, "Birch .6250, Ash .6250"),
    ("1 before 2", {"Ash": {"rank": 2}, "Birch": {"rank": 1}}, "Birch .6250, Ash .6250"),
    ("of the same rank the score", {"Ash": {"rank": 1}, "Birch": {"rank": 1, "standing": "preferred"}},
     "Birch .6750, Ash .6250"),
    ("the rank at the site is the one that counts", {"Ash": {"covers": "site", "rank": 1}, "Birch": {"rank": 2}},
     "Ash .6250, Birch .6250"),
    ("by policy the score alone",
     {"Ash": {"policy": {"order": "score"}, "score": 90}, "Birch": {"score": 10, "rank": 1}},
     "Ash .7650, Birch .4850"),
    ("by policy the cost alone", {"Ash": {"policy": {"only": "cost"}, "score": 90}, "Birch": {"labor": "40.00"}},
     "Birch 1.0000, Ash .5849"),
    ("by policy nearness alone", {"Ash": {"policy": {"only": "distance"}, "base": KM_40}, "Birch": {"base": KM_139}},
     "Ash .6000, Birch .0000"),
    ("twice every weight is the same", {"Ash": {"policy": {"times": 2}, "score": 90}}, "Ash .7650"),
    ("a warranty goes before rank and score",
     {"Ash": {"rank": 1, "score": 90}, "Birch": {"forced": "warranty", "score": 10}}, "Birch .4850, Ash .7650"),
    ("a warranty before a lease, a lease before a recall",
     {"Ash": {"forced": "repeat"}, "Birch": {"forced": "responsibility"}, "Cedar": {"forced": "warranty"}},
     "Cedar .6250, Birch .6250, Ash .6250"),
    ("whom something names need not cover the place or work in the trade",
     {"Ash": {}, "Birch": {"forced": "warranty", "trade": False, "covers": "", "card": None}},
     "Birch .6250, Ash .6250"),
    ("but must be active", {"Ash": {}, "Birch": {"forced": "warranty", "standing": "suspended"}}, "Ash .6250"),
    ("ties go to the less loaded, weight or not",
     {"Ash": {"policy": {"only": "preference"}, "jobs": 1}, "Birch": {}}, "Birch .5000, Ash .5000"),
    ("then by name, whatever its capitals", {"birch": {}, "Ash": {}, "Cedar": {}},
     "Ash .6250, birch .6250, Cedar .6250"),
]  # fmt: skip

WEIGHTS = {"scorecard": "0.35", "cost": "0.20", "arrival": "0.20", "distance": "0.10", "load": "0.05",
           "preference": "0.10"}  # fmt: skip


def policy_of(said: dict[str, Any]) -> dict[str, Any]:
    """A policy as the table says it: the order, one part alone, or every weight so many times."""
    if "only" in said:
        weights = {name: Decimal(name == said["only"]) for name in WEIGHTS}
    else:
        weights = {name: Decimal(weight) * said.get("times", 1) for name, weight in WEIGHTS.items()}
    return {"order": said.get("order", "rank"), **{f"weight_{name}": weight for name, weight in weights.items()}}


@pytest.mark.parametrize(("vendors", "expected"), [(one[1], one[2]) for one in SCORES], ids=[one[0] for one in SCORES])
def test_scores_and_order_are_those_reckoned_by_hand(
    cast: Cast, vendors: dict[str, dict[str, Any]], expected: str
) -> None:
    first = next(iter(vendors.values()))
    world = World(cast, priority=first.get("P", 3), **(policy_of(first["policy"]) if "policy" in first else {}))
    for name, facts in vendors.items():
        world.vendor(name, **{word: fact for word, fact in facts.items() if word not in ("P", "policy")})
    told = ", ".join(f"{one.vendor.name} {str(one.score).removeprefix('0')}" for one in world.considered().eligible)
    assert told == expected


def test_the_table_has_as_many_cases_as_were_promised() -> None:
    assert len(CHECKS) + len(SCORES) >= 60
