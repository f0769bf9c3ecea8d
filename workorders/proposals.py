"""Another time: a vendor that is asked proposes when it could come, and facilities agrees or says why not.

The offer's clock runs on meanwhile. While it runs the vendor may still take the job as it was offered, and whatever
ends the offer ends the proposal with it; so a proposal never keeps a job from the next vendor.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from accounts.actors import person
from accounts.permissions import Act
from workorders import lifecycle, offers
from workorders.models import Move, Offer, OfferState, Proposal, ProposalState, WorkOrder
from workorders.refusals import Incomplete, InTheWay, NotAllowed, NotNow
from workorders.sides import technician_of

if TYPE_CHECKING:
    from accounts.actors import Actor
    from accounts.models import User

SAID = {
    ProposalState.ACCEPTED: "This time is already agreed.",
    ProposalState.REFUSED: "Facilities has already answered this proposal.",
    ProposalState.WITHDRAWN: "The vendor has taken this proposal back.",
    ProposalState.LAPSED: "The offer has ended, and the proposal with it.",
}


def propose(
    offer: Offer,
    *,
    by: Actor,
    now: datetime,
    start_at: datetime,
    end_at: datetime,
    note: str,
    technician: User | None = None,
) -> Proposal:
    """The vendor would come at another time; an earlier proposal of its is replaced.

    Raises Incomplete for a window that makes no sense or without a `note`, NotNow when the offer has ended,
    NotAllowed.
    """
    faults = offers.window_faults(offer, start_at, end_at, technician, now=now)
    if not note.strip():
        faults["note"] = "Say why you need another time."
    if faults:
        raise Incomplete(faults)
    with transaction.atomic():
        row, fresh = _locked(offer, by=by, now=now)
        fresh.proposals.end(now=now, state=ProposalState.WITHDRAWN)
        made = Proposal.objects.create(
            offer=fresh, start_at=start_at, end_at=end_at, technician=technician, note=note.strip()[:300],
            made_by=person(by), made_at=now,
        )  # fmt: skip
        lifecycle.append(row, "offer.proposed", by=by, now=now, vendor=fresh.vendor, note=made.note, data=_facts(made))
    return made


def take_back(proposal: Proposal, *, by: Actor, now: datetime) -> Proposal:
    """The vendor takes its proposal back; the offer stays as it was. Raises NotNow, NotAllowed."""
    with transaction.atomic():
        row, fresh = _locked(proposal.offer, by=by, now=now)
        asked = _unanswered(proposal, row)
        fresh.proposals.end(now=now, state=ProposalState.WITHDRAWN)
        lifecycle.append(row, "offer.proposal_withdrawn", by=by, now=now, vendor=fresh.vendor, data=_facts(asked))
    asked.refresh_from_db()
    return asked


def agree(proposal: Proposal, *, by: Actor, now: datetime) -> WorkOrder:
    """Facilities agrees: the job is the vendor's, at the time it proposed. Other open offers are withdrawn.

    Raises NotNow when the offer or the proposal has ended by any hand, or the time has passed; NotAllowed.
    """
    offers.answerable(proposal.offer)
    with lifecycle.moving(proposal.offer.work_order, Move.AGREE, by=by, now=now) as step:
        fresh = offers.still_open(step.work_order, proposal.offer)
        asked = _unanswered(proposal, step.work_order)
        if asked.start_at < now:
            raise InTheWay("The proposed time has passed. Ask for another one.", step.work_order)
        technician = asked.technician
        if technician and not technician_of(technician, fresh.vendor):
            technician = None  # has left the company since; somebody else is sent
        _answer(asked, ProposalState.ACCEPTED, by=by, now=now)
        offers.take(
            step, fresh, start_at=asked.start_at, end_at=asked.end_at, technician=technician, answered_by=asked.made_by
        )
        step.data["proposal"] = asked.pk
    return step.work_order


def refuse(proposal: Proposal, *, by: Actor, now: datetime, answer: str) -> Proposal:
    """Facilities says that the time is not possible, and why; the offer stays open. Raises Incomplete, NotNow."""
    if not answer.strip():
        raise Incomplete({"answer": "Say what would be possible."})
    offers.answerable(proposal.offer)
    with transaction.atomic():
        row = lifecycle.lock(proposal.offer.work_order)
        if not lifecycle.allowed(row, Act.DISPATCH, by):
            raise NotAllowed("You cannot answer for facilities here.")
        fresh = offers.still_open(row, proposal.offer)
        asked = _unanswered(proposal, row)
        _answer(asked, ProposalState.REFUSED, by=by, now=now, words=answer)
        lifecycle.append(
            row, "offer.proposal_refused", by=by, now=now, vendor=fresh.vendor, note=asked.answer, data=_facts(asked)
        )
    return asked


def _locked(offer: Offer, *, by: Actor, now: datetime) -> tuple[WorkOrder, Offer]:
    """The offer's work order and the offer itself, locked, while the vendor may answer it."""
    offers.own(offer, by)
    offers.answerable(offer)
    row = lifecycle.lock(offer.work_order)
    fresh = offers.still_open(row, offer)
    if fresh.expires_at <= now:
        raise NotNow(offers.SAID[OfferState.EXPIRED], row)
    return row, fresh


def _unanswered(proposal: Proposal, row: WorkOrder) -> Proposal:
    fresh = (
        Proposal.objects.select_for_update(of=("self",))
        .select_related("technician", "made_by", "offer__vendor")
        .get(pk=proposal.pk)
    )
    if fresh.state != ProposalState.OPEN:
        raise NotNow(SAID[ProposalState(fresh.state)], row)
    return fresh


def _answer(asked: Proposal, state: ProposalState, *, by: Actor, now: datetime, words: str = "") -> None:
    asked.state, asked.answered_by, asked.answered_at = state, person(by), now
    asked.answer = words.strip()[:300]
    asked.save(update_fields=["state", "answered_by", "answered_at", "answer"])


def _facts(proposal: Proposal) -> dict[str, Any]:
    return {
        "offer": proposal.offer_id,
        "proposal": proposal.pk,
        "vendor": proposal.offer.vendor.name,
        "start": proposal.start_at.isoformat(),
        "end": proposal.end_at.isoformat(),
    }
