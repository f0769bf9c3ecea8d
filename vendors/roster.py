"""Keeping vendors: who they are, what they do and where, at which rates, how fast, and whether they may be sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q

from accounts.actors import Actor
from accounts.changes import Faulty, allow, keep, remove
from accounts.events import record
from accounts.models import LogEvent
from accounts.permissions import Act
from assets.places import Opening, check_hours
from vendors.compliance import stream_of as stream_by_id
from vendors.models import (
    Contact,
    Coverage,
    NegotiatedTarget,
    Onboarding,
    RateCard,
    Requirement,
    Standing,
    Vendor,
    VendorHours,
    VendorTrade,
)
from vendors.papers import local_day
from vendors.reach import Reach, points_of, read
from vendors.scope import vendor_ids_of

if TYPE_CHECKING:
    from accounts.models import User
    from assets.models import Trade

REQUIREMENTS = "requirements"
"""The chain of the log that tells how the required papers changed."""


def stream_of(vendor: Vendor) -> str:
    """The chain of the log that tells what happened to a vendor."""
    return stream_by_id(vendor.pk)


PAY_AND_INSURANCE = r"^(document|rate_card)\.|^vendor\.(added|changed|corrected)$"
"""Verbs of that chain that say how a vendor is paid or insured; a score or a coverage is neither."""


def touched_pay_or_insurance(vendor_id: int, *, who: User, since: datetime) -> bool:
    """Whether `who` has changed a vendor's numbers, rates or papers since then."""
    facts = LogEvent.objects.about(stream_by_id(vendor_id)).filter(verb__regex=PAY_AND_INSURANCE)
    return facts.filter(actor=who, at__gt=since).exists()


def _stream_of_part(part: Contact | Coverage | NegotiatedTarget | RateCard) -> str:
    return stream_by_id(part.vendor_id)


def _may_keep(vendor_id: int, by: Actor) -> None:
    """Raises NotAllowed unless `by` manages vendors, or works for this one while it introduces itself."""
    own = vendor_id in vendor_ids_of(by, Act.MANAGE_OWN_VENDOR)
    if not (own and Onboarding.objects.filling().filter(vendor=vendor_id).exists()):
        allow(by, Act.MANAGE_VENDORS)


def keep_vendor(*, vendor: Vendor, by: Actor, now: datetime, **facts: Any) -> Vendor:
    """Enter a new vendor, a prospect at first, or change the facts of one. Raises NotAllowed, Faulty."""
    allow(by, Act.MANAGE_VENDORS)
    if vendor._state.adding:
        facts["created_at"] = now
    return keep(vendor, facts, stream=stream_of, noun="vendor", by=by, now=now)


def set_standing(*, vendor: Vendor, standing: str, reason: str, by: Actor, now: datetime) -> Vendor:
    """Say where a vendor stands with us, and why. Raises NotAllowed, Faulty."""
    allow(by, Act.MANAGE_VENDORS)
    faults = {}
    if standing not in Standing.values:
        faults["standing"] = "Choose where the vendor stands."
    if not reason.strip():
        faults["reason"] = "Say why; it is kept in the log."
    if faults:
        raise Faulty(faults)
    with transaction.atomic():
        fresh = Vendor.objects.select_for_update(of=("self",)).get(pk=vendor.pk)
        before, fresh.standing = fresh.standing, standing
        if before != standing:
            if standing == Standing.TRIAL:
                fresh.trial_since_at = now
            fresh.save(update_fields=["standing", "trial_since_at"])
            data = {"vendor": fresh.pk, "from": before, "to": standing, "name": fresh.name}
            record(
                stream=stream_of(fresh), verb="vendor.standing_set", by=by, now=now, data=data, note=reason.strip()
            )  # fmt: skip
    return fresh


def bar(*, vendor: Vendor, reason: str, by: Actor, now: datetime) -> Vendor:
    """Send this vendor nowhere from now on; jobs that it has stay until somebody takes them back.

    Raises NotAllowed, Faulty.
    """
    allow(by, Act.MANAGE_VENDORS)
    if not reason.strip():
        raise Faulty({"reason": "Say why this vendor must not be sent."})
    with transaction.atomic():
        fresh = Vendor.objects.select_for_update(of=("self",)).get(pk=vendor.pk)
        if fresh.do_not_dispatch_since_at is None:
            fresh.do_not_dispatch_since_at = now
            fresh.do_not_dispatch_reason = reason.strip()[:300]
            fresh.save(update_fields=["do_not_dispatch_since_at", "do_not_dispatch_reason"])
            data = {"vendor": fresh.pk, "name": fresh.name}
            record(stream=stream_of(fresh), verb="vendor.barred", by=by, now=now, data=data, note=reason.strip())
    return fresh


def let_in(*, vendor: Vendor, by: Actor, now: datetime) -> Vendor:
    """Let a barred vendor be sent again. Raises NotAllowed."""
    allow(by, Act.MANAGE_VENDORS)
    with transaction.atomic():
        fresh = Vendor.objects.select_for_update(of=("self",)).get(pk=vendor.pk)
        if fresh.do_not_dispatch_since_at is not None:
            fresh.do_not_dispatch_since_at = None
            fresh.do_not_dispatch_reason = ""
            fresh.save(update_fields=["do_not_dispatch_since_at", "do_not_dispatch_reason"])
            record(stream=stream_of(fresh), verb="vendor.let_in", by=by, now=now, data={"name": fresh.name})
    return fresh


def set_trades(*, vendor: Vendor, trades: Iterable[Trade], by: Actor, now: datetime) -> None:
    """The trades that a vendor works in, in place of what was. Raises NotAllowed."""
    _may_keep(vendor.pk, by)
    wanted = list(trades)
    with transaction.atomic():
        Vendor.objects.select_for_update(of=("self",)).get(pk=vendor.pk)
        before = sorted(vendor.trades.values_list("trade__name", flat=True))
        after = sorted(trade.name for trade in wanted)
        if before == after:
            return
        vendor.trades.exclude(trade__in=wanted).delete()
        VendorTrade.objects.bulk_create(
            [VendorTrade(vendor=vendor, trade=trade) for trade in wanted], ignore_conflicts=True
        )
        data = {"before": before, "after": after}
        record(stream=stream_of(vendor), verb="vendor.trades_set", by=by, now=now, data=data)


def set_hours(*, vendor: Vendor, openings: Iterable[Opening], by: Actor, now: datetime) -> None:
    """When the vendor's office is open, in place of what was. Raises NotAllowed, Faulty."""
    allow(by, Act.MANAGE_VENDORS)
    rows = [
        VendorHours(vendor=vendor, weekday=weekday, opens_minute=opens, closes_minute=closes)
        for weekday, opens, closes in sorted(openings)
    ]
    check_hours(rows)
    with transaction.atomic():
        Vendor.objects.select_for_update(of=("self",)).get(pk=vendor.pk)
        before = [str(row) for row in vendor.hours.order_by("weekday", "opens_minute")]
        after = [str(row) for row in rows]
        if before != after:
            vendor.hours.all().delete()
            VendorHours.objects.bulk_create(rows)
            data = {"before": before, "after": after}
            record(stream=stream_of(vendor), verb="vendor.hours_set", by=by, now=now, data=data)


def keep_contact(*, contact: Contact, by: Actor, now: datetime, **facts: Any) -> Contact:
    """Write down whom to call at a vendor. Raises NotAllowed, Faulty."""
    allow(by, Act.MANAGE_VENDORS)
    return keep(contact, facts, stream=_stream_of_part, noun="contact", by=by, now=now)


def keep_coverage(*, coverage: Coverage, by: Actor, now: datetime, **facts: Any) -> Coverage:
    """Write down one place that a vendor covers or leaves out. Raises NotAllowed, Faulty.

    A radius needs a base, and only a site that is covered can be left out.
    """
    _may_keep(coverage.vendor_id, by)
    if facts.get("is_excluded") and (not facts.get("site") or facts.get("rank")):
        raise Faulty({"is_excluded": "Only a single site can be left out, and it has no rank."})
    if facts.get("radius_km") and not coverage.vendor.has_position:
        raise Faulty({"radius_km": "Enter the position of the vendor's base first."})
    if facts.get("is_excluded") and (sentence := _not_covered(coverage, facts)):
        raise Faulty({"is_excluded": sentence})
    return keep(coverage, facts, stream=_stream_of_part, noun="coverage", by=by, now=now)


def _not_covered(coverage: Coverage, facts: dict[str, Any]) -> str:
    """Why a site cannot be left out: nothing covers it. Empty when something does."""
    trade, site = facts["trade"], facts["site"]
    others = coverage.vendor.coverage.filter(trade=trade).exclude(pk=coverage.pk)
    (point,) = read(points_of(type(site)._base_manager.filter(pk=site.pk)))
    if Reach(coverage.vendor, [row for row in others if row.site_id is None]).rows_for(point):
        return ""
    return (
        f"{coverage.vendor.name} does not cover {site.code} for {trade.name}, so there is nothing to leave out. "
        "Add the region or the radius first."
    )


def keep_target(*, target: NegotiatedTarget, by: Actor, now: datetime, **facts: Any) -> NegotiatedTarget:
    """Write down how fast a vendor agreed to be. Raises NotAllowed, Faulty."""
    allow(by, Act.MANAGE_VENDORS)
    return keep(target, facts, stream=_stream_of_part, noun="target", by=by, now=now)


def keep_rate_card(*, card: RateCard, by: Actor, now: datetime, **facts: Any) -> RateCard:
    """Put rates in force from one day until another (exclusive). Cards of a trade never overlap.

    Raises NotAllowed, and Faulty naming the card that is in the way.
    """
    _may_keep(card.vendor_id, by)
    with transaction.atomic():
        Vendor.objects.select_for_update(of=("self",)).get(pk=card.vendor_id)
        if sentence := in_the_way(card, facts["trade"], facts["starts_on"], facts.get("ends_on")):
            raise Faulty({"starts_on": sentence})
        return keep(card, facts, stream=_stream_of_part, noun="rate_card", by=by, now=now)


def in_the_way(card: RateCard, trade: Trade, starts_on: date, ends_on: date | None) -> str:
    """Which other rates of the vendor are in force in these days; empty when none are."""
    others = RateCard.objects.filter(vendor=card.vendor_id, trade=trade).exclude(pk=card.pk)
    if ends_on is not None:
        others = others.filter(starts_on__lt=ends_on)
    other = others.filter(Q(ends_on=None) | Q(ends_on__gt=starts_on)).order_by("starts_on").first()
    if other is None:
        return ""
    until = f"until {local_day(other.ends_on)}" if other.ends_on else "until further notice"
    return (
        f"Rates for {trade.name} are in force from {local_day(other.starts_on)} {until}. "
        "End those first, or choose other days."
    )


def remove_part(*, part: Contact | Coverage | NegotiatedTarget, by: Actor, now: datetime) -> None:
    """Take out a contact, a place or a target of a vendor. Rates are ended instead. Raises NotAllowed."""
    _may_keep(part.vendor_id, by)
    nouns = {Contact: "contact", Coverage: "coverage", NegotiatedTarget: "target"}
    remove(part, stream=_stream_of_part(part), noun=nouns[type(part)], by=by, now=now)


def keep_requirement(*, requirement: Requirement, by: Actor, now: datetime, **facts: Any) -> Requirement:
    """Ask a paper of everybody who works in a trade or region. Counts from now on. Raises NotAllowed, Faulty."""
    allow(by, Act.MANAGE_SETTINGS)
    return keep(requirement, facts, stream=lambda row: REQUIREMENTS, noun="requirement", by=by, now=now)


def remove_requirement(*, requirement: Requirement, by: Actor, now: datetime) -> None:
    """Ask for a paper no longer. Raises NotAllowed."""
    allow(by, Act.MANAGE_SETTINGS)
    remove(requirement, stream=REQUIREMENTS, noun="requirement", by=by, now=now)
