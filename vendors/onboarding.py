"""Onboarding: a company is invited, introduces itself step by step, and is taken on, tried or refused.

While it introduces itself it is a prospect, and its own dispatcher writes what later only facilities changes: trades,
places, rates. Everything is written through the rules of the roster, as an event of `vendor:<id>`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from accounts import people
from accounts.actors import Actor, person
from accounts.changes import Faulty, NotAllowed, allow, keep
from accounts.events import record
from accounts.models import Role
from accounts.permissions import Act
from accounts.together import together
from vendors import roster, staffing
from vendors.models import (
    ComplianceDocument,
    Coverage,
    Decision,
    DocumentKind,
    DocumentState,
    Onboarding,
    Requirement,
    Standing,
    Vendor,
)
from vendors.papers import PAPERS, local_day
from vendors.profile import OWN
from vendors.roster import stream_of
from vendors.scope import vendor_ids_of

if TYPE_CHECKING:
    from assets.models import Region, Trade

COMPANY = (*OWN, "name", "country", "latitude", "longitude", "time_zone")
"""What a company says of itself while it is a prospect."""

NEEDED = {
    "phone": "Enter a phone number.", "address_line": "Enter the street.", "city": "Enter the city.",
    "state": "Enter the state.",
}  # fmt: skip
STEPS = {
    "company": "Company", "trades": "Trades", "coverage": "Coverage", "rates": "Rates", "documents": "Documents",
    "people": "People",
}  # fmt: skip
SENT = "Your profile was sent already, so facilities changes it from now on."


class TooLate(Exception):
    """Somebody has decided already, or it is not the company's turn."""


@dataclass(frozen=True)
class Step:
    """One step of a company's way in: what is written there, in short, and what is missing."""

    key: str
    label: str
    said: str
    missing: tuple[str, ...] = ()


def invite(
    *, code: str, name: str, email: str, contact: str, trades: Iterable[Trade], regions: Iterable[Region], by: Actor,
    now: datetime,
) -> Onboarding:  # fmt: skip
    """Enter a company as a prospect and mail its first person a link to come in and introduce it.

    Raises NotAllowed, Faulty (`code`, `email`, `trades`, `regions`).
    """
    allow(by, Act.MANAGE_VENDORS)
    asked, places = list(trades), list(regions)
    faults = {}
    if not asked:
        faults["trades"] = "Choose the trades for which you look for somebody."
    if not places:
        faults["regions"] = "Choose where you look for somebody."
    if faults:
        raise Faulty(faults)
    with transaction.atomic():
        vendor = roster.keep_vendor(vendor=Vendor(), by=by, now=now, code=code, name=name, email=email)
        made = Onboarding.objects.create(vendor=vendor, invited_by=person(by), invited_at=now)
        made.trades.set(asked)
        made.regions.set(places)
        try:
            user = people.invite(
                email=email, name=contact, by=by, now=now,
                why=f"Introduce {vendor.name} step by step; you can stop at any time and go on later.",
            )  # fmt: skip
        except people.AlreadyHere as refusal:
            raise Faulty({"email": str(refusal)}) from refusal
        membership = people.grant(user=user, role=Role.DISPATCHER, by=by, now=now)
        staffing.employ(membership=membership, vendor=vendor, by=by, now=now)
        data = {"name": vendor.name, "person": user.name, "trades": [one.name for one in asked]}
        record(stream=stream_of(vendor), verb="onboarding.invited", by=by, now=now, data=data)
    return made


# What the company writes


def introduce(*, vendor: Vendor, by: Actor, now: datetime, **facts: Any) -> Vendor:
    """Write down what the company says of itself, any of COMPANY. Raises NotAllowed, Faulty, TypeError."""
    _its_turn(vendor, by)
    if unknown := set(facts) - set(COMPANY):
        raise TypeError(f"Not a company's own to say: {', '.join(sorted(unknown))}")
    if faults := {name: sentence for name, sentence in NEEDED.items() if name in facts and not facts[name].strip()}:
        raise Faulty(faults)
    return keep(vendor, facts, stream=stream_of, noun="vendor", by=by, now=now)


def choose_trades(*, vendor: Vendor, trades: Iterable[Trade], by: Actor, now: datetime) -> None:
    """In which of the trades that are looked for the company works. Raises NotAllowed, Faulty."""
    onboarding, chosen = _its_turn(vendor, by), list(trades)
    if not chosen or set(chosen) - set(onboarding.trades.all()):
        raise Faulty({"trades": "Choose at least one of these trades."})
    roster.set_trades(vendor=vendor, trades=chosen, by=by, now=now)


def cover(
    *, vendor: Vendor, places: Mapping[Trade, Iterable[Region]], radius_km: Decimal | None, by: Actor, now: datetime
) -> None:
    """Where the company goes, by trade: regions of those that are looked for, and as far as `radius_km` from its base.

    What was there before is replaced. Raises NotAllowed, Faulty (`radius_km`, `trade-<id>`).
    """
    onboarding = _its_turn(vendor, by)
    known = set(onboarding.regions.all())
    wanted = {trade: set(regions) for trade, regions in places.items()}
    faults = {f"trade-{trade.pk}": "Choose from the list." for trade, regions in wanted.items() if regions - known}
    if not radius_km:
        faults |= {
            f"trade-{trade.pk}": f"Say where you go for {trade.name.lower()}."
            for trade, regions in wanted.items() if not regions
        }  # fmt: skip
    if faults:
        raise Faulty(faults)
    with transaction.atomic():
        Vendor.objects.select_for_update(of=("self",)).get(pk=vendor.pk)
        for old in vendor.coverage.select_related("trade", "region", "vendor"):
            stays = old.region in wanted.get(old.trade, ()) if old.region else radius_km and old.trade in wanted
            if not stays:
                roster.remove_part(part=old, by=by, now=now)
        for trade, regions in wanted.items():
            for region in regions:
                row = vendor.coverage.filter(trade=trade, region=region).first() or Coverage(vendor=vendor)
                roster.keep_coverage(coverage=row, by=by, now=now, trade=trade, region=region)
            if radius_km:
                row = vendor.coverage.filter(trade=trade, radius_km__isnull=False).first() or Coverage(vendor=vendor)
                roster.keep_coverage(coverage=row, by=by, now=now, trade=trade, radius_km=radius_km)


def submit(*, vendor: Vendor, by: Actor, now: datetime) -> Onboarding:
    """The company is done: an administrator looks at it. Raises Faulty with what is missing by step, TooLate."""
    with transaction.atomic():
        row = _locked(vendor)
        if vendor.pk not in vendor_ids_of(by, Act.MANAGE_OWN_VENDOR):
            raise NotAllowed("You can only introduce your own company.")
        if not row.is_filling:
            raise TooLate(SENT)
        missing = {step.key: " ".join(step.missing) for step in steps_of(row, now=now) if step.missing}
        if missing:
            raise Faulty(missing)
        row.submitted_at, row.asked_for = now, ""
        row.save(update_fields=["submitted_at", "asked_for"])
        _write(row, "onboarding.submitted", by=by, now=now)
    return row


def _its_turn(vendor: Vendor, by: Actor) -> Onboarding:
    """The onboarding of the own company, while it writes. Raises NotAllowed."""
    own = Onboarding.objects.visible_to(by).filter(vendor_id__in=vendor_ids_of(by, Act.MANAGE_OWN_VENDOR))
    found = own.filling().filter(vendor=vendor).first()
    if found is None:
        raise NotAllowed(SENT)
    return found


def _locked(vendor: Vendor) -> Onboarding:
    return Onboarding.objects.select_for_update(of=("self",)).select_related("vendor").get(vendor=vendor)


def _write(row: Onboarding, verb: str, *, by: Actor, now: datetime, note: str = "", **data: Any) -> None:
    data = {"vendor": row.vendor_id, "name": row.vendor.name, **data}
    record(stream=stream_of(row.vendor), verb=verb, by=by, now=now, data=data, note=note)


# What we decide


def give_back(*, vendor: Vendor, note: str, by: Actor, now: datetime) -> Onboarding:
    """Ask the company for what is missing: it writes again. Raises NotAllowed, Faulty, TooLate."""
    allow(by, Act.MANAGE_VENDORS)
    if not note.strip():
        raise Faulty({"reason": "Say what is missing; the company reads it."})
    with transaction.atomic():
        row = _to_decide(vendor)
        row.submitted_at, row.asked_for = None, note.strip()[:1000]
        row.save(update_fields=["submitted_at", "asked_for"])
        _write(row, "onboarding.returned", by=by, now=now, note=note.strip())
    return row


def decide(
    *, vendor: Vendor, decision: str, reason: str, by: Actor, now: datetime, trial_jobs: int | None = None
) -> Onboarding:
    """Take the company on, on trial for `trial_jobs` jobs or for good, or refuse it; it is told, with the reason.

    A refusal needs a reason, and so does taking on a company of which something is missing. Raises NotAllowed, Faulty
    (`decision`, `reason`, `trial_jobs`), TooLate.
    """
    allow(by, Act.MANAGE_VENDORS)
    faults = {}
    if decision not in Decision.values:
        faults["decision"] = "Choose what becomes of it."
    if decision == Decision.REFUSED and not reason.strip():
        faults["reason"] = "Say why; the company reads it."
    if decision == Decision.TRIAL and not 1 <= (trial_jobs or 0) <= 100:
        faults["trial_jobs"] = "Say how many jobs the trial lasts, 1 to 100."
    if faults:
        raise Faulty(faults)
    with transaction.atomic():
        row = _to_decide(vendor)
        missing = [sentence for step in steps_of(row, now=now) for sentence in step.missing]
        if missing and not reason.strip():
            raise Faulty({"reason": f"Something is missing: {missing[0]} Say why it is taken on all the same."})
        row.decision, row.reason = decision, reason.strip()[:1000]
        row.decided_by, row.decided_at = person(by), now
        row.save(update_fields=["decision", "reason", "decided_by", "decided_at"])
        if decision == Decision.TRIAL and trial_jobs != row.vendor.trial_jobs:
            roster.keep_vendor(vendor=row.vendor, by=by, now=now, trial_jobs=trial_jobs)
        standing = {Decision.TRIAL: Standing.TRIAL, Decision.APPROVED: Standing.APPROVED}.get(
            Decision(decision), Standing.RETIRED
        )
        why = reason.strip() or "It introduced itself, and nothing is missing."
        roster.set_standing(vendor=row.vendor, standing=standing, reason=why, by=by, now=now)
        _write(row, "onboarding.decided", by=by, now=now, note=reason.strip(), decision=decision, jobs=trial_jobs)
    return row


def _to_decide(vendor: Vendor) -> Onboarding:
    row = _locked(vendor)
    if not row.is_waiting:
        told = f"It is decided already: {row.get_decision_display().lower()}." if row.decision else ""
        raise TooLate(told or "The company writes at the moment. Wait until it sends its profile.")
    return row


# What is there, and what is missing


def steps_of(onboarding: Onboarding, *, now: datetime) -> list[Step]:
    """Every step with what is written there and what is missing. One query, however much there is."""
    today = now.astimezone(ZoneInfo(onboarding.vendor.time_zone)).date()
    vendor = Vendor.objects.filter(pk=onboarding.vendor_id)
    held = onboarding.vendor.trades.select_related("trade").order_by("trade__name")
    covered = onboarding.vendor.coverage.select_related("trade", "region").order_by("trade__name", "pk")
    cards = onboarding.vendor.rate_cards.filter(Q(ends_on=None) | Q(ends_on__gt=today)).order_by("trade_id")
    papers = ComplianceDocument.objects.filter(vendor=onboarding.vendor_id)
    asked = Requirement.objects.select_related("trade", "region").order_by("kind", "pk")
    crew = staffing.staff_of([onboarding.vendor_id], now=now)
    together(vendor, held, covered, cards, papers, asked, crew)
    (row,) = vendor
    trades = [one.trade for one in held]
    places = {trade: [one for one in covered if one.trade_id == trade.pk and not one.is_excluded] for trade in trades}
    rated = {card.trade_id for card in cards}
    good = [one for one in papers if one.state in (DocumentState.PENDING, DocumentState.VERIFIED)]
    return [
        Step("company", STEPS["company"], ", ".join(filter(None, (row.city, row.phone))),
             tuple(sentence for name, sentence in NEEDED.items() if not getattr(row, name))),
        Step("trades", STEPS["trades"], ", ".join(one.name for one in trades),
             () if trades else ("Choose at least one trade.",)),
        Step("coverage", STEPS["coverage"], "; ".join(_where(trade, some) for trade, some in places.items() if some),
             tuple(f"Say where you go for {trade.name.lower()}." for trade, some in places.items() if not some)),
        Step("rates", STEPS["rates"], _many(sum(trade.pk in rated for trade in trades), "rate card"),
             tuple(f"Enter rates for {trade.name.lower()}." for trade in trades if trade.pk not in rated)),
        Step("documents", STEPS["documents"], _many(len(good), "paper"),
             tuple(_lacking([one for one in asked if _applies(one, trades, list(covered))], good, today))),
        Step("people", STEPS["people"], _many(len(crew), "person", "people")),
    ]  # fmt: skip


def needed_papers(onboarding: Onboarding) -> list[Requirement]:
    """The papers that the company's trades and places ask for, those that block first."""
    held = onboarding.vendor.trades.select_related("trade")
    covered = onboarding.vendor.coverage.select_related("region")
    asked = Requirement.objects.select_related("trade", "region").order_by("-blocks", "kind", "pk")
    together(held, covered, asked)
    trades = [one.trade for one in held]
    return [one for one in asked if _applies(one, trades, list(covered))]


def _applies(requirement: Requirement, trades: list[Trade], covered: list[Coverage]) -> bool:
    """Whether a paper is asked of one of `trades` in a place that is covered; a radius may reach anywhere."""
    if requirement.trade_id and requirement.trade_id not in {trade.pk for trade in trades}:
        return False
    place = requirement.region
    return place is None or any(
        one.region is None or one.region.path.startswith(place.path) or place.path.startswith(one.region.path)
        for one in covered
    )


def _lacking(asked: list[Requirement], papers: list[ComplianceDocument], today: date) -> Iterable[str]:
    """What must still be handed in. What waits for review is not the company's fault any more."""
    told = set()
    for requirement in asked:
        own = [one for one in papers if one.kind == requirement.kind]
        lasting = [one for one in own if one.ends_on is None or one.ends_on >= today]
        name = PAPERS[DocumentKind(requirement.kind)]
        if not requirement.blocks or name in told:
            continue
        if own and not lasting:
            told.add(name)
            yield f"The {name} ended on {local_day(max(one.ends_on for one in own if one.ends_on))}."
        elif not own:
            told.add(name)
            yield f"Hand in the {name}."


def _where(trade: Trade, some: list[Coverage]) -> str:
    places = ", ".join(one.region.name if one.region else f"{one.reach} around the base" for one in some)
    return f"{trade.name}: {places}"


def _many(number: int, word: str, words: str = "") -> str:
    return f"{number} {word if number == 1 else words or f'{word}s'}" if number else ""
