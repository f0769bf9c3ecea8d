"""Offers: putting a job before a vendor, and what the vendor, the clock or we do with that."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction

from accounts.actors import CLOCK, System, person
from accounts.permissions import Act
from vendors.models import DISPATCHABLE, Vendor, VendorKind
from vendors.scope import vendor_ids_of
from workorders import agreed, authorization, corrections, dispatch, lifecycle, sla
from workorders.models import (
    FaultKind,
    Milestone,
    Move,
    Offer,
    OfferMode,
    OfferState,
    Reason,
    Status,
    Under,
    Visit,
    WorkOrder,
)
from workorders.refusals import Incomplete, InTheWay, NotAllowed, NotCovered, NotNow
from workorders.sides import technician_of
from workorders.terms import terms_of
from workorders.visits import FARTHEST

if TYPE_CHECKING:
    from accounts.actors import Actor
    from accounts.models import User
    from assets.models import Trade

WRONG_TRADE = "wrong_trade"
"""The reason by which a vendor says that the report named the wrong trade."""

BARRED = "barred"
"""In the data of an offer that was withdrawn because its vendor may not be sent any more."""

NEVER_OVERRIDDEN = frozenset({"active", "not_barred"})
"""Checks that no reason lifts: such a vendor could not accept either."""

SAID = {
    OfferState.ACCEPTED: "This job is already accepted.",
    OfferState.DECLINED: "This offer was declined.",
    OfferState.EXPIRED: "This offer has expired. The job may come again.",
    OfferState.WITHDRAWN: "This offer was withdrawn.",
    OfferState.FINISHED: "This job is finished.",
}


def offer(
    work_order: WorkOrder,
    *,
    vendor: Vendor,
    by: Actor,
    now: datetime,
    nte_amount: Decimal | None = None,
    message: str = "",
    override_reason: str = "",
    mode: str = OfferMode.MANUAL,
    version: int | None = None,
) -> Offer:
    """Put ready work before one vendor. What dispatch showed at this moment is stored with the offer.

    `nte_amount` sets the not-to-exceed amount first, within the person's limit. Raises NotCovered when the vendor
    fails a check and no `override_reason` is given, OverLimit, NotNow, NotAllowed.
    """
    return broadcast(
        work_order, vendors=[vendor], by=by, now=now, nte_amount=nte_amount, message=message,
        override_reason=override_reason, mode=mode, version=version,
    )[0]  # fmt: skip


def broadcast(
    work_order: WorkOrder,
    *,
    vendors: Iterable[Vendor],
    by: Actor,
    now: datetime,
    nte_amount: Decimal | None = None,
    message: str = "",
    override_reason: str = "",
    mode: str = OfferMode.BROADCAST,
    version: int | None = None,
) -> list[Offer]:
    """Put ready work before several vendors at once; the first to accept has it. Raises as `offer` does."""
    with transaction.atomic():
        row = lifecycle.lock(work_order)
        if nte_amount is not None and nte_amount != row.authorized_amount and row.status == Status.READY:
            if version is not None and version != row.version:
                raise NotNow(f"{row.number} was changed while you were looking. Check it and try again.", row)
            row = authorization.authorize(
                row, amount=nte_amount, by=by, now=now, reason="Set with the offer", field="nte_amount"
            )
            version = row.version
        with lifecycle.moving(row, Move.OFFER, by=by, now=now, version=version) as step:
            row = step.work_order
            vendors = list(vendors)
            if row.authorized_amount is None and person(by) is not None:
                # No limit at all is more than any person may decide on.
                raise Incomplete({"nte_amount": "Say what it may cost at most, like 450.00."})
            considered = dispatch.consider(row, now=now, by=by, also=vendors)
            until = terms_of(row).expires_at(row, now)
            made = [
                _make(row, vendor, considered, by=by, now=now, until=until, mode=mode, message=message,
                      override=override_reason)
                for vendor in vendors
            ]  # fmt: skip
            if not made:
                raise Incomplete({"vendor": "Choose a vendor."})
            step.vendor = made[0].vendor if len(made) == 1 else None
            step.data |= {
                "offers": [one.pk for one in made],
                "vendors": [one.vendor.name for one in made],
                "expires": made[0].expires_at.isoformat(),
                "authorized": None if row.authorized_amount is None else str(row.authorized_amount),
            }
            step.note = override_reason.strip()
            # The answer clock counts from the moment when somebody can answer.
            sla.restart_response(row, now=now)
    return made


def _make(
    row: WorkOrder, vendor: Vendor, considered: Any, *, by: Actor, now: datetime, until: datetime, mode: str,
    message: str, override: str,
) -> Offer:  # fmt: skip
    candidate = considered.candidate(vendor)
    failed = [check.sentence for check in candidate.checks if check.blocks and not check.passed]
    barred = [check.sentence for check in candidate.checks if check.name in NEVER_OVERRIDDEN and not check.passed]
    if barred:
        raise Incomplete({"vendor": f"{vendor.name} cannot take jobs. {barred[0]}"})
    if failed and (not override.strip() or isinstance(by, System)):
        raise NotCovered(f"{vendor.name}: {failed[0]} Say why to send them all the same, or choose another.")
    return Offer.objects.create(
        work_order=row, vendor=vendor, mode=mode, offered_by=person(by), offered_at=now,
        expires_at=until, authorized_amount=row.authorized_amount, message=message[:500],
        override_reason=override.strip()[:300], explanation=considered.as_json(vendor),
    )  # fmt: skip


def own(offer: Offer, by: Actor) -> None:
    """Raises NotAllowed unless `by` answers for the company that is asked."""
    seen = Offer.objects.visible_to(by, Act.ANSWER_OFFER).filter(vendor_id__in=vendor_ids_of(by, Act.ANSWER_OFFER))
    if not seen.filter(pk=offer.pk).exists():
        raise NotAllowed("This offer was made to another company.")


def still_open(row: WorkOrder, offer: Offer) -> Offer:
    """The offer's fresh row, locked after its work order. Raises NotNow unless it can still be answered."""
    fresh = Offer.objects.select_for_update(of=("self",)).select_related("vendor").get(pk=offer.pk)
    if fresh.state != OfferState.OPEN:
        raise NotNow(SAID[OfferState(fresh.state)], row)
    return fresh


def window_faults(
    offer: Offer, start_at: datetime, end_at: datetime, technician: User | None, *, now: datetime
) -> dict[str, str]:
    """What is wrong with an appointment that the vendor names: a time that has passed, somebody else's technician."""
    faults = {}
    if start_at < now - timedelta(minutes=15):
        faults["start_at"] = "Choose a time that has not passed."
    elif start_at > now + FARTHEST:
        faults["start_at"] = "Choose a time within a year. Check the year."
    if end_at < start_at:
        faults["end_at"] = "The window ends before it starts."
    if technician and not technician_of(technician, offer.vendor):
        faults["technician"] = "Choose one of your own technicians."
    return faults


def _company(offer: Offer) -> Vendor:
    """The vendor's fresh row, locked: whoever suspends it at this moment comes clearly before or clearly after."""
    return Vendor.objects.select_for_update(of=("self",), no_key=True).get(pk=offer.vendor_id)


def accept(
    offer: Offer,
    *,
    by: Actor,
    now: datetime,
    start_at: datetime,
    end_at: datetime,
    technician: User | None = None,
) -> WorkOrder:
    """The vendor takes the job with an appointment window and, if known, who comes.

    Other open offers are withdrawn; a planned visit is made. For a crew of our own the house may do so.
    Raises NotNow when the offer has ended by any hand or its time is over, InTheWay while the vendor may not be sent,
    Incomplete for a window that makes no sense, NotAllowed.
    """
    if not (isinstance(by, System) and offer.vendor.kind == VendorKind.INTERNAL):
        own(offer, by)
    if faults := window_faults(offer, start_at, end_at, technician, now=now):
        raise Incomplete(faults)
    answerable(offer)
    with lifecycle.moving(offer.work_order, Move.ACCEPT, by=by, now=now) as step:
        fresh = still_open(step.work_order, offer)
        take(step, fresh, start_at=start_at, end_at=end_at, technician=technician, answered_by=person(by))
    return step.work_order


def take(
    step: lifecycle.Step, fresh: Offer, *, start_at: datetime, end_at: datetime, technician: User | None,
    answered_by: User | None,
) -> None:  # fmt: skip
    """The locked, open offer becomes the vendor's job, with the planned visit; whoever else was asked is not any more.

    Raises NotNow when its time is over, or the vendor cannot be sent any more.
    """
    row, now = step.work_order, step.now
    if fresh.expires_at <= now:
        raise NotNow(SAID[OfferState.EXPIRED], row)
    company = _company(fresh)
    if company.standing not in DISPATCHABLE or company.do_not_dispatch_since_at:
        raise InTheWay(
            "Your company cannot take jobs at the moment. Call facilities."
            if step.move == Move.ACCEPT
            else f"{fresh.vendor} cannot take jobs at the moment.",
            row,
        )
    _withdraw_others(row, fresh, now=now)
    fresh.state, fresh.answered_at, fresh.answered_by = OfferState.ACCEPTED, now, answered_by
    fresh.save(update_fields=["state", "answered_at", "answered_by"])
    fresh.proposals.end(now=now)
    row.vendor, row.accepted_at = fresh.vendor, now
    row.scheduled_start_at, row.scheduled_end_at = start_at, end_at
    row.first_appointment_at = row.first_appointment_at or start_at
    visit = Visit.objects.create(
        work_order=row, vendor=fresh.vendor, offer=fresh, technician=technician, planned_start_at=start_at,
        planned_end_at=end_at,
    )  # fmt: skip
    agreed.hold_to(fresh, row, now=now)
    sla.stop(row, Milestone.RESPONSE, now=now)
    step.vendor = fresh.vendor
    step.data |= {
        "offer": fresh.pk,
        "visit": visit.pk,
        "start": start_at.isoformat(),
        "end": end_at.isoformat(),
        "technician": str(technician) if technician else "",
    }


def _withdraw_others(row: WorkOrder, taken: Offer, *, now: datetime) -> None:
    """End the other offers of a broadcast; each vendor reads in its own history that it was not fast enough."""
    for other in row.offers.open().exclude(pk=taken.pk).select_related("vendor").order_by("pk"):
        other.state = OfferState.WITHDRAWN
        other.save(update_fields=["state"])
        other.proposals.end(now=now)
        lifecycle.append(
            row, "offer.taken", by=CLOCK, now=now, vendor=other.vendor,
            data={"offer": other.pk, "vendor": other.vendor.name},
        )  # fmt: skip


def answerable(offer: Offer) -> None:
    """Say what became of an offer that has ended, before anything about the work order is said."""
    state = Offer.objects.values_list("state", flat=True).get(pk=offer.pk)
    if state != OfferState.OPEN:
        raise NotNow(SAID[OfferState(state)], offer.work_order)


def decline(
    offer: Offer, *, by: Actor, now: datetime, reason: Reason, note: str = "", trade: Trade | None = None
) -> WorkOrder:
    """The vendor says no, and why. A decline is a fact of this offer, not a ban.

    Of a job that is not its trade it may say which `trade` it is; else the house makes one out where it can.
    Raises NotNow, Incomplete.
    """
    own(offer, by)
    if reason.under != Under.DECLINE:
        raise Incomplete({"reason": "Choose a reason from the list."})
    if reason.needs_note and not note.strip():
        raise Incomplete({"note": "Say a little more for this reason."})
    answerable(offer)
    changes: dict[str, Any] = {
        "answered_at": now,
        "answered_by": person(by),
        "decline_reason": reason,
        "decline_note": note[:500],
    }
    data = {"reason": reason.label}
    if reason.code == WRONG_TRADE:
        found = (trade if trade and trade.pk != offer.work_order.trade_id else None) or corrections.likely_trade(
            offer.work_order
        )
        changes["suggested_trade"] = found
        data["reason"] += f", it may be {found.name}" if found else ""
    with transaction.atomic():
        row = _end(offer, Move.DECLINE, OfferState.DECLINED, by=by, now=now, note=note, data=data, **changes)
        if reason.code == WRONG_TRADE:
            corrections.note(row, FaultKind.DECLINE, was=row.trade, problem_type=row.problem_type, by=by, now=now)
    return row


def withdraw(offer: Offer, *, by: Actor, now: datetime, reason: str = "") -> WorkOrder:
    """We take the offer back before it is answered. Raises NotNow when the vendor was faster."""
    answerable(offer)
    return _end(offer, Move.WITHDRAW, OfferState.WITHDRAWN, by=by, now=now, note=reason)


def end_for_barred(offer: Offer, *, now: datetime) -> WorkOrder:
    """The house takes back what the vendor could not accept any more. Raises NotNow when it is over already."""
    answerable(offer)
    why = f"{offer.vendor.name} cannot take jobs at the moment."
    return _end(
        offer, Move.WITHDRAW, OfferState.WITHDRAWN, by=CLOCK, now=now, note=why, data={BARRED: True}
    )  # fmt: skip


def expire(offer: Offer, *, now: datetime) -> WorkOrder:
    """The clock ends an offer that nobody answered. Raises NotNow when somebody did after all."""
    if offer.expires_at > now:
        raise InTheWay("This offer is still open.", offer.work_order)
    answerable(offer)
    return _end(offer, Move.EXPIRE, OfferState.EXPIRED, by=CLOCK, now=now)


def _end(
    offer: Offer, move: Move, state: OfferState, *, by: Actor, now: datetime, note: str = "",
    data: dict[str, Any] | None = None, **changes: Any,
) -> WorkOrder:  # fmt: skip
    with lifecycle.moving(offer.work_order, move, by=by, now=now) as step:
        row = step.work_order
        fresh = still_open(step.work_order, offer)
        fresh.state = state
        for name, value in changes.items():
            setattr(fresh, name, value)
        fresh.save(update_fields=["state", *changes])
        fresh.proposals.end(now=now)
        others = row.offers.open().exists()
        step.to(Status.OFFERED if others else Status.READY)
        step.vendor, step.note = fresh.vendor, note.strip()
        step.data |= {"offer": fresh.pk, "vendor": fresh.vendor.name, "mode": fresh.mode, **(data or {})}
        if not others:
            sla.restart_response(row, now=now)
    return step.work_order


def failed_offers(work_order: WorkOrder) -> int:
    """How many vendors said no or nothing since the job was last theirs to take."""
    return work_order.offers.filter(state__in=[OfferState.DECLINED, OfferState.EXPIRED]).count()
