"""Who should be asked to do a job: every vendor considered, why each is in or out, and in which order.

Three queries, whatever the number of vendors; of those that do not reach the place only the first few are looked at,
the others are counted. A forced vendor (a warranty, a lease or a recall names it) comes first;
then, by policy, the operator's fixed rank and then the score, or the score alone. The score is a weighted mean of six
parts between 0 and 1; what is not known about a vendor counts as the mean of those about whom it is known, and as a
half when it is known about nobody. Everything here is arithmetic that a person can repeat: parts and scores are
rounded half up to four decimals before they are used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, F, Q, Value
from django.db.models.functions import Coalesce

from accounts.prepared import KEY, KEYS, each, prepared
from accounts.thresholds import asked_of, declare
from accounts.together import Asking, ask, nothing, rows_of, side_by_side
from accounts.words import distance, money, span
from assets.models import Priority
from vendors.eligibility import Assessment, assess, reach
from vendors.facts import Place, look_up
from vendors.models import RateCard, Standing, Vendor, VendorKind
from vendors.papers import Check, Checked, local_day, requirements_of
from vendors.rates import expected_cost
from workorders import crews
from workorders.models import Offer, OfferState, Screening, ScreeningStep, WorkOrder
from workorders.terms import AS_USUAL, asked_terms

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.actors import Actor
    from workorders.models.work_order import WorkOrderQuerySet

EXPECTED_HOURS = declare(
    "dispatch.expected_hours", Decimal("2.00"), "hours", "Hours on site to expect of a job", minimum=0.25, maximum=100
)
FAR_KM = declare("dispatch.far_km", 100, "km", "Distance from which a vendor gets no credit for being near", minimum=1)
TRIAL_SITES = declare("dispatch.trial_sites", 2, "sites", "Sites at which a vendor on trial must work", minimum=1)
BUSY_JOBS = declare(
    "dispatch.busy_jobs", 20, "jobs", "Open jobs at which a vendor without a limit counts as busy", minimum=1
)

PREFERENCE = {Standing.PREFERRED: Decimal(1), Standing.APPROVED: Decimal("0.5")}
EXACT = Decimal("0.0001")
HALF = Decimal("0.5")
OTHERS_KEPT = 50

# In this order when several screening steps name somebody.
FORCING = (ScreeningStep.WARRANTY, ScreeningStep.RESPONSIBILITY, ScreeningStep.REPEAT)


class Part(NamedTuple):
    """One part of a score: a value between 0 and 1, its weight, and how it came about."""

    name: str
    value: Decimal
    weight: Decimal
    sentence: str


@dataclass
class Candidate(Checked):
    """One vendor considered. `score` is 0 to 1; `rank` the fixed order; `forced` says by what, or is empty."""

    vendor: Vendor
    checks: list[Check]
    parts: list[Part]
    score: Decimal
    rank: int | None
    forced: str
    expected_cost_amount: Decimal | None
    open_jobs: int

    @property
    def eligible(self) -> bool:
        return not self.blocking

    def as_json(self) -> dict[str, Any]:
        cost = self.expected_cost_amount
        return {
            "vendor": self.vendor.pk,
            "name": self.vendor.name,
            "eligible": self.eligible,
            "forced": self.forced,
            "rank": self.rank,
            "score": str(self.score),
            "open_jobs": self.open_jobs,
            "expected_cost_amount": None if cost is None else str(cost),
            "checks": [check._asdict() for check in self.checks],
            "parts": [part._asdict() | {"value": str(part.value), "weight": str(part.weight)} for part in self.parts],
        }


@dataclass
class Consideration:
    """All vendors considered for one job: the eligible in the order in which to ask them, then the others by name."""

    candidates: list[Candidate]
    considered_at: datetime
    on: date
    by: str
    order: str
    currency: str
    weights: dict[str, Decimal] = field(default_factory=dict)
    policy: str = AS_USUAL
    out_of_reach: int = 0
    """Vendors of the trade that do not reach the place and were not looked at one by one."""

    @property
    def eligible(self) -> list[Candidate]:
        return [candidate for candidate in self.candidates if candidate.eligible]

    @property
    def others(self) -> list[Candidate]:
        return [candidate for candidate in self.candidates if not candidate.eligible]

    def best(self) -> Candidate | None:
        """Whom to ask first, or None when nobody may go."""
        return self.candidates[0] if self.candidates and self.candidates[0].eligible else None

    def candidate(self, vendor: Vendor | int) -> Candidate | None:
        """How one vendor stood, or None when it does not work in the trade."""
        vendor_id = vendor if isinstance(vendor, int) else vendor.pk
        return next((candidate for candidate in self.candidates if candidate.vendor.pk == vendor_id), None)

    def as_json(self, vendor: Vendor | None = None) -> dict[str, Any]:
        """What is kept with an offer: every eligible vendor, the first of the others and their number, and `vendor`."""
        others = self.others
        kept = [
            candidate
            for place, candidate in enumerate(others)
            if place < OTHERS_KEPT or (vendor is not None and candidate.vendor.pk == vendor.pk)
        ]
        return {
            "considered_at": self.considered_at.isoformat(),
            "on": self.on.isoformat(),
            "by": self.by,
            "policy": self.policy,
            "order": self.order,
            "currency": self.currency,
            "weights": {name: str(weight) for name, weight in self.weights.items()},
            "candidates": [candidate.as_json() for candidate in [*self.eligible, *kept]],
            "others_left_out": len(others) - len(kept) + self.out_of_reach,
        }


def consider(
    work_order: WorkOrder, *, now: datetime, by: Actor, on: date | None = None, also: Iterable[Vendor] = ()
) -> Consideration:
    """Every vendor of the trade, in `also` or named by the screening, checked, scored and put in order.

    `on` is the local day of service, on which papers and rates must be good; empty: the planned day, else today.
    Whoever is sent to an emergency today must answer at this hour.
    """
    site, zone = work_order.site, ZoneInfo(work_order.site.time_zone)
    today = now.astimezone(zone).date()
    day = on or max(work_order.planned_on or today, today)
    terms, numbers, (asked, forced), requirements, near = ask(
        side_by_side(
            asked_terms(work_order),
            asked_of(EXPECTED_HOURS, FAR_KM, BUSY_JOBS, TRIAL_SITES),
            _asked_and_forced(work_order),
            rows_of(requirements_of(site, work_order.trade)),
            reach(site, work_order.trade, others=OTHERS_KEPT),
        )
    )
    named = {*asked, *forced, *(vendor.pk for vendor in also)}
    hours = _hours(work_order, numbers[EXPECTED_HOURS.name])
    place = Place(
        site, work_order.trade, work_order.priority, day, requirements, frozenset(named), frozenset(forced),
        near.vendor_ids, now if day == today else None,
    )  # fmt: skip
    known = look_up(place)
    vendors = [one.vendor for one in known]
    (open_jobs, tried), shifts = ask(
        side_by_side(
            _loads(work_order, vendors),
            crews.asked_hours(
                [one.pk for one in vendors if one.kind == VendorKind.INTERNAL], day=day, now=now, besides=work_order
            ),
        )
    )
    assessments = [assess(one, place, open_jobs) for one in known]
    for assessment in assessments:
        vendor, pk = assessment.vendor, assessment.vendor.pk
        if pk in shifts:
            assessment.checks.append(shifts[pk].check(hours, blocks=pk not in forced))
        assessment.checks.append(_not_declined(asked.get(pk), zone))
        if vendor.standing == Standing.TRIAL:
            jobs, sites = tried.get(pk, (0, []))
            assessment.checks += _trial(vendor, work_order, jobs, sites, numbers[TRIAL_SITES.name])
    candidates = _score(assessments, work_order, numbers, hours, terms.weights, forced)
    candidates.sort(key=lambda candidate: _place(candidate, terms.rank_first, list(forced)))
    return Consideration(
        candidates, now, day, str(by), terms.order, work_order.currency, terms.weights, terms.name, near.left_out
    )


def expected_hours(work_order: WorkOrder) -> Decimal:
    """Hours on site to expect of a job: its plan's, else the usual ones."""
    return _hours(work_order, EXPECTED_HOURS.value())


def _hours(work_order: WorkOrder, usual: Decimal) -> Decimal:
    plan = work_order.plan
    return Decimal(plan.minutes) / 60 if plan else usual


def _place(candidate: Candidate, rank_first: bool, forced: list[int]) -> tuple[Any, ...]:
    """Where a candidate belongs; smaller is earlier."""
    name = (candidate.vendor.name.casefold(), candidate.vendor.pk)
    if out := candidate.blocking:
        return (1, 0 if candidate.forced else 1, len(out), *name)
    turn = forced.index(candidate.vendor.pk) if candidate.forced else len(forced)
    rank = candidate.rank if rank_first and candidate.rank is not None else 10**6
    return (0, turn, rank, -candidate.score, candidate.open_jobs, *name)


class _Asked(NamedTuple):
    state: str
    at: datetime
    words: str


def _asked_and_forced(work_order: WorkOrder) -> Asking[tuple[dict[int, _Asked], dict[int, str]]]:
    """The last offer of this job to each vendor; and the vendors its screening names, in order, and why."""
    offers = _offers(Offer.objects.all(), work_order=work_order.pk)
    screenings = _screenings(Screening.objects.all(), work_order=work_order.pk)
    yield offers, screenings
    asked = {vendor_id: _Asked(state, at, words) for vendor_id, state, at, words in offers}
    forced: dict[int, str] = {}
    for vendor_id, _, words in sorted(screenings, key=lambda named: FORCING.index(ScreeningStep(named[1]))):
        forced.setdefault(vendor_id, words)
    return asked, forced


@prepared(work_order=KEY)
def _offers(rows: QuerySet[Offer], work_order: Any) -> QuerySet[Any]:
    return (
        rows.filter(work_order=work_order)
        .annotate(at=Coalesce("answered_at", "offered_at"), words=Coalesce("decline_reason__label", Value("")))
        .order_by("pk")
        .values_list("vendor_id", "state", "at", "words")
    )


@prepared(work_order=KEY)
def _screenings(rows: QuerySet[Screening], work_order: Any) -> QuerySet[Any]:
    return (
        rows.filter(work_order=work_order, send_to__isnull=False, step__in=FORCING)
        .order_by("pk")
        .values_list("send_to_id", "step", "sentence")
    )


def _loads(
    work_order: WorkOrder, vendors: Sequence[Vendor]
) -> Asking[tuple[dict[int, int], dict[int, tuple[int, list[int]]]]]:
    """Open jobs of each of these vendors; and of those on trial the jobs taken so far, and at which sites."""
    open_jobs, taken = yield from side_by_side(
        rows_of(_open_jobs(WorkOrder.objects.all(), vendors=[one.pk for one in vendors], besides=work_order.pk)),
        rows_of(_taken(Offer.objects.all(), vendors=trying)) if (trying := _on_trial(vendors)) else nothing(),
    )
    return dict(open_jobs), {vendor_id: (number, places) for vendor_id, number, places in taken}


def _on_trial(vendors: Sequence[Vendor]) -> list[int]:
    return [one.pk for one in vendors if one.standing == Standing.TRIAL]


@prepared(vendors=KEYS, besides=KEY)
def _open_jobs(rows: WorkOrderQuerySet, vendors: Any, besides: Any) -> QuerySet[Any]:
    return (
        rows.open()
        .filter(vendor__in=each(vendors))
        .exclude(pk=besides)
        .order_by()
        .values_list("vendor_id")
        .annotate(number=Count("pk"))
    )


@prepared(vendors=KEYS)
def _taken(rows: QuerySet[Offer], vendors: Any) -> QuerySet[Any]:
    in_trial = Q(vendor__trial_since_at=None) | Q(offered_at__gte=F("vendor__trial_since_at"))
    return (
        rows.filter(in_trial, vendor__in=each(vendors))
        .filter(state__in=[OfferState.ACCEPTED, OfferState.FINISHED])
        .order_by()
        .values_list("vendor_id")
        .annotate(number=Count("work_order_id", distinct=True), places=ArrayAgg("work_order__site_id", distinct=True))
    )


def _not_declined(asked: _Asked | None, zone: ZoneInfo) -> Check:
    """A refusal is a fact of one offer: it passes this vendor over, and facilities can ask again with a reason."""
    if asked is None:
        return Check("not_declined", True, "Not asked yet.")
    day = local_day(asked.at.astimezone(zone).date())
    if asked.state == OfferState.DECLINED:
        return Check("not_declined", False, f"Declined this job on {day}: {asked.words}.")
    if asked.state == OfferState.EXPIRED:
        return Check("not_declined", False, f"Did not answer when asked on {day}.")
    if asked.state in (OfferState.OPEN, OfferState.ACCEPTED):
        return Check("not_declined", False, f"Has this job before it since {day}.")
    return Check("not_declined", True, f"Last asked on {day}, did not decline.")


def _trial(vendor: Vendor, work_order: WorkOrder, taken: int, sites: list[int], wanted: int) -> list[Check]:
    """A vendor on trial gets a counted number of jobs, none of them pressing, at several sites."""
    if work_order.priority < Priority.P3:
        return [Check("trial", False, f"On trial, and not for {Priority(work_order.priority).short}.")]
    wanted = min(wanted, vendor.trial_jobs)
    within = Check("trial", taken < vendor.trial_jobs, f"On trial, {taken} of {vendor.trial_jobs} jobs.")
    seen = len({*sites, work_order.site_id})
    left = vendor.trial_jobs - taken - 1
    if not within.passed or wanted <= 1:
        return [within]
    places = f"On trial, at {len(sites)} of at least {wanted} sites so far."
    if seen + left < wanted:
        return [within, Check("trial_sites", False, f"{places} The jobs that are left must be elsewhere.")]
    return [within, Check("trial_sites", True, places)]


def exact(value: Decimal) -> Decimal:
    """Rounded half up to the four decimals in which parts and scores are kept."""
    return value.quantize(EXACT, ROUND_HALF_UP)


class _Part(NamedTuple):
    """A part before what nobody knows is filled in."""

    value: Decimal | None
    sentence: str


def _score(
    assessments: Sequence[Assessment],
    work_order: WorkOrder,
    numbers: dict[str, Any],
    hours: Decimal,
    weights: dict[str, Decimal],
    forced: dict[int, str],
) -> list[Candidate]:
    """Candidates with their parts. Cost and arrival are held against the best of those who may go."""
    emergency, currency = work_order.priority == Priority.P1, work_order.currency
    costs = [_cost(a.rate_card, hours, emergency, currency) for a in assessments]
    minutes = [_minutes(a) for a in assessments]
    able = [a.eligible for a in assessments]
    pool = able if any(able) else [True] * len(able)
    lowest = min((cost for cost, in_it in zip(costs, pool, strict=True) if in_it and cost is not None), default=None)
    fastest = min((found[0] for found, in_it in zip(minutes, pool, strict=True) if in_it and found), default=None)
    best = "" if lowest is None else money(lowest, currency)
    drafts = [
        {
            "scorecard": _scorecard(a),
            "cost": _cheap(cost, lowest, best, currency),
            "arrival": _fast(found, fastest),
            "distance": _near(a.distance_km, numbers[FAR_KM.name], a.vendor.country),
            "load": _free(a, numbers[BUSY_JOBS.name]),
            "preference": PREFERRED[Standing(a.vendor.standing)],
        }
        for a, cost, found in zip(assessments, costs, minutes, strict=True)
    ]
    means = {name: _mean([draft[name].value for draft in drafts]) for name in weights}
    total = sum(weights.values(), Decimal(0))
    return [
        _candidate(a, draft, means, weights, total, forced.get(a.vendor.pk, ""), cost)
        for a, draft, cost in zip(assessments, drafts, costs, strict=True)
    ]


def _candidate(
    assessment: Assessment,
    draft: dict[str, _Part],
    means: dict[str, Decimal],
    weights: dict[str, Decimal],
    total: Decimal,
    forced: str,
    cost: Decimal | None,
) -> Candidate:
    parts = [
        Part(name, means[name] if part.value is None else part.value, weights[name], part.sentence)
        for name, part in draft.items()
    ]
    weighted = sum([part.weight * part.value for part in parts], Decimal(0))
    score = exact(weighted / total) if total else Decimal("0.0000")
    return Candidate(
        assessment.vendor, assessment.checks, parts, score, assessment.rank, forced, cost, assessment.open_jobs
    )


def _mean(values: list[Decimal | None]) -> Decimal:
    known = [value for value in values if value is not None]
    return exact(sum(known, Decimal(0)) / len(known)) if known else HALF


def _cost(card: RateCard | None, hours: Decimal, emergency: bool, currency: str) -> Decimal | None:
    if card is None or card.currency != currency:
        return None
    return expected_cost(card=card, hours=hours, emergency=emergency).subtotal_amount


def _minutes(assessment: Assessment) -> tuple[int, str] | None:
    """Minutes to arrive: what was negotiated, else what the past year shows."""
    if assessment.arrival_minutes is not None:
        return assessment.arrival_minutes, "agreed"
    past = assessment.scorecard and assessment.scorecard.parts.get("arrival_minutes")
    return (int(past), "usual") if past is not None else None


def _scorecard(assessment: Assessment) -> _Part:
    card = assessment.scorecard
    if card is None:
        return _Part(None, "No finished jobs yet: counts as the average of the others.")
    jobs = "1 job" if card.jobs == 1 else f"{card.jobs} jobs"
    return _Part(exact(card.score / 100), f"Scorecard {card.score:.0f} of 100 from {jobs}.")


def _cheap(cost: Decimal | None, lowest: Decimal | None, best: str, currency: str) -> _Part:
    """The lowest cost divided by this one."""
    if cost is None or lowest is None:
        return _Part(None, "Cost not known: counts as the average of the others.")
    if cost <= lowest:
        return _Part(Decimal("1.0000"), f"About {money(cost, currency)}, the lowest.")
    return _Part(exact(lowest / cost), f"About {money(cost, currency)}; the lowest is {best}.")


def _fast(found: tuple[int, str] | None, fastest: int | None) -> _Part:
    """The shortest time to arrive divided by this one."""
    if found is None or fastest is None:
        return _Part(None, "Time to arrive not known: counts as the average of the others.")
    minutes, how = found
    value = Decimal(1) if minutes <= fastest else Decimal(fastest) / minutes
    return _Part(exact(value), f"Arrives in {span(timedelta(minutes=minutes))}, {how}.")


def _near(away: float | None, far: int, country: str) -> _Part:
    """1 at the door, falling evenly to 0 at the distance that counts as far."""
    if away is None:
        return _Part(None, "Distance not known: counts as the average of the others.")
    km = Decimal(str(round(away, 1)))
    return _Part(exact(max(Decimal(0), 1 - km / far)), f"{distance(away * 1000, country)} away.")


def _free(assessment: Assessment, busy: int) -> _Part:
    """The share of its capacity that is free."""
    limit = assessment.vendor.capacity_open_jobs
    if limit == 0:
        return _Part(Decimal("0.0000"), "Takes no jobs.")
    jobs = assessment.open_jobs
    words = "1 open job" if jobs == 1 else f"{jobs} open jobs"
    return _Part(
        exact(max(Decimal(0), 1 - Decimal(jobs) / (limit or busy))), f"{words}, counted against {limit or busy}."
    )


PREFERRED = {
    standing: _Part(exact(PREFERENCE.get(standing, Decimal(0))), f"{standing.label} vendor.") for standing in Standing
}
