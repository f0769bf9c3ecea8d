"""The only hand on status: every move of a work order, each one transaction with one event.

`moving` opens the transaction, locks the row, checks the table (`RULES`), the act and the version, and writes
status and event when the block ends. Offers and visits move in their own rooms, through it; sweeps through `went`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Q

from accounts.events import actor_columns, settle_soon
from accounts.permissions import Act, may
from vendors.scope import vendor_ids_of
from workorders import corrections, ledger, papers, search, sla
from workorders.models import (
    Event,
    InvoiceState,
    Milestone,
    Offer,
    OfferState,
    Outcome,
    PartOrigin,
    PartUsed,
    Proposal,
    Reason,
    Status,
    Under,
    Visit,
    VisitState,
    WorkOrder,
)
from workorders.models.status import RULES, Move
from workorders.refusals import Incomplete, InTheWay, NotAllowed, NotNow
from workorders.sides import as_vendor, on_our_side

if TYPE_CHECKING:
    from accounts.actors import Actor
    from assets.models import Asset, ProblemType, Trade
    from vendors.models import Vendor

SETTLED = (InvoiceState.APPROVED, InvoiceState.EXPORTED, InvoiceState.PAID, InvoiceState.VOID)
AFTERWARDS = frozenset({Act.ANSWER_OFFER, Act.COMMENT, Act.INVOICE})
"""What a company that was asked may do without having the job."""
NAMED = ("site_id", "asset_id", "vendor_id", "trade_id")


@dataclass
class Step:
    """One move under way: the locked row, where it goes, and what its event will say."""

    work_order: WorkOrder
    move: Move
    by: Actor
    now: datetime
    status: Status | None = None
    verb: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    vendor: Vendor | None = None

    def to(self, status: Status | str) -> None:
        """Choose among the statuses that the table allows after this move."""
        self.status = Status(status)


@contextmanager
def moving(
    work_order: WorkOrder, move: Move, *, by: Actor, now: datetime, version: int | None = None
) -> Iterator[Step]:
    """One move as one transaction with one event.

    Yields a `Step` with the locked, fresh row; change the row's fields freely, status through `step.to`.
    Raises NotAllowed when `by` may not do it here, NotNow when the status or `version` is no longer the one
    that the person saw.
    """
    rule = RULES[move]
    with transaction.atomic():
        locked = lock(work_order)
        if not allowed(locked, rule.act, by):
            raise NotAllowed(f"You cannot do this: {rule.label.lower()} {locked.number}.")
        if locked.status not in rule.before:
            raise NotNow(
                f"{locked.number} is now “{locked.get_status_display()}”, so “{rule.label}” is no longer possible.",
                locked,
            )
        if version is not None and version != locked.version:
            raise NotNow(f"{locked.number} was changed while you were looking. Check it and try again.", locked)
        only = next(iter(rule.after)) if len(rule.after) == 1 else None
        step = Step(locked, move, by, now, status=only, verb=rule.verb)
        before, named = locked.status, [getattr(locked, name) for name in NAMED]
        yield step
        if step.status not in rule.after:
            raise AssertionError(f"{move} cannot lead to {step.status}.")
        locked.status = step.status
        locked.version += 1
        if named != [getattr(locked, name) for name in NAMED]:
            locked.names = search.names_of(locked)
        locked.save()
        data = {"move": str(move), "before": str(before), "after": str(step.status), **step.data}
        append(locked, step.verb, by=by, now=now, data=data, note=step.note, vendor=step.vendor)


MANY = f"""
UPDATE workorders_workorder w SET status = m.after, version = w.version + m.moves,
    due_at = CASE WHEN m.after = w.status THEN w.due_at ELSE {sla.NEXT_DUE} END
FROM unnest(%s::bigint[], %s::int[], %s::text[]) AS m (id, moves, after) WHERE w.id = m.id AND w.status = ANY(%s)
"""


def went(move: Move, ids: list[int], *, moves: list[int], after: list[Status]) -> None:
    """Where `move` led these work orders, in one statement: how often each was moved, and where it is after that.

    For sweeps in sets: the caller holds the rows, has changed their clocks, and writes the events.
    """
    with connection.cursor() as cursor:
        cursor.execute(MANY, [ids, moves, after, sorted(RULES[move].before)])
        if cursor.rowcount != len(ids) or not RULES[move].after.issuperset(after):
            raise AssertionError(f"{move} cannot lead all of these to {set(after)}.")


def lock(work_order: WorkOrder) -> WorkOrder:
    """The row, fresh and locked until the transaction ends. Always the first lock that a rule takes."""
    return WorkOrder.objects.select_for_update(of=("self",)).select_related("site").get(pk=work_order.pk)


def allowed(work_order: WorkOrder, act: Act, by: Actor) -> bool:
    """Whether `by` may do `act` on this very work order: the role grants it and its scope reaches here."""
    if not may(by, act):
        return False
    if on_our_side(work_order, by, act):
        return True
    own = vendor_ids_of(by, act)
    if not own:
        return False
    jobs = WorkOrder.objects.visible_to(by, act).filter(pk=work_order.pk)
    if act not in AFTERWARDS:
        # A company that has left the job still sees it, to bill its trips; it moves nothing any more.
        jobs = jobs.filter(Q(vendor__in=own) | Q(offers__in=Offer.objects.open().filter(vendor__in=own)))
    return jobs.exists()


def append(
    work_order: WorkOrder,
    verb: str,
    *,
    by: Actor,
    now: datetime,
    data: dict[str, Any] | None = None,
    note: str = "",
    vendor: Vendor | None = None,
) -> Event:
    """Write one fact down. The caller holds the row's lock; the database numbers and chains the event."""
    event = fact(work_order, verb, by=by, now=now, data=data, note=note, vendor=vendor)
    event.save()
    settle_soon()
    return event


def fact(
    work_order: WorkOrder, verb: str, *, by: Actor, now: datetime, data: dict[str, Any] | None = None, note: str = "",
    vendor: Vendor | None = None,
) -> Event:  # fmt: skip
    """One fact, not written yet; who writes it beside other rows says `settle_soon` too."""
    return Event(
        work_order=work_order, verb=verb, at=now, data=data or {}, note=note, vendor=vendor, **actor_columns(by)
    )


def available_moves(work_order: WorkOrder, by: Actor) -> list[Move]:
    """What `by` could do to this work order as it stands, in the order of the table. Buttons are drawn from it."""
    open_to = [move for move, rule in RULES.items() if work_order.status in rule.before and may(by, rule.act)]
    reach = {act: allowed(work_order, act, by) for act in {RULES[move].act for move in open_to}}
    return [move for move in open_to if reach[RULES[move].act]]


def triage(
    work_order: WorkOrder,
    *,
    by: Actor,
    now: datetime,
    priority: int | None = None,
    priority_reason: str = "",
    trade: Trade | None = None,
    problem_type: ProblemType | None = None,
    asset: Asset | None = None,
    version: int | None = None,
) -> WorkOrder:
    """Accept the request as work. Whatever is given is corrected; each correction is kept in the event.

    Raises Incomplete when the priority is changed without a reason or things do not belong together.
    """
    with moving(work_order, Move.TRIAGE, by=by, now=now, version=version) as step:
        row = step.work_order
        corrected = corrections.put_right(
            row, trade=trade, problem_type=problem_type, asset=asset, by=by, now=now
        )  # fmt: skip
        if priority and int(priority) != row.priority:
            corrected["priority"] = [row.priority, int(priority)]
            corrections.override_priority(row, priority, priority_reason, by=by, now=now)
        row.triaged_at = now
        step.data["corrected"] = corrected
        sla.stop(row, Milestone.TRIAGE, now=now)
        if corrected:
            sla.reckon(row, because="Corrected at triage", by=by, now=now)
    return step.work_order


def set_priority(
    work_order: WorkOrder, *, by: Actor, now: datetime, priority: int, reason: str, version: int | None = None
) -> WorkOrder:
    """Override the priority of open work, with a reason. Raises NotNow, NotAllowed, Incomplete."""
    with transaction.atomic():
        row = lock(work_order)
        if not allowed(row, Act.TRIAGE, by):
            raise NotAllowed("You cannot change the priority here.")
        if not row.is_open or (version is not None and version != row.version):
            raise NotNow(f"{row.number} is now “{row.get_status_display()}” or was changed by somebody else.", row)
        before = row.priority
        if before == int(priority):
            return row
        corrections.override_priority(row, priority, reason, by=by, now=now)
        row.version += 1
        sla.reckon(row, because=f"Priority changed to P{int(priority)}", by=by, now=now)
        row.save()
        data = {"before": {"priority": before}, "after": {"priority": int(priority)}}
        append(row, "workorder.prioritized", by=by, now=now, data=data, note=reason)
    return row


def correct(
    work_order: WorkOrder,
    *,
    by: Actor,
    now: datetime,
    trade: Trade | None = None,
    problem_type: ProblemType | None = None,
    asset: Asset | None = None,
    version: int | None = None,
) -> WorkOrder:
    """Put right what open work was reported as. The trade only while no vendor is asked or has the job.

    Raises NotNow, NotAllowed, Incomplete for things that do not belong together.
    """
    with transaction.atomic():
        row = lock(work_order)
        if not allowed(row, Act.EDIT_WORK, by):
            raise NotAllowed("You cannot correct this work order.")
        if not row.is_open or (version is not None and version != row.version):
            raise NotNow(f"{row.number} is now “{row.get_status_display()}” or was changed by somebody else.", row)
        if trade and trade.pk != row.trade_id and (row.vendor_id or row.offers.open().exists()):
            raise InTheWay(f"A vendor of the trade {row.trade.name} is asked. Take the job back, then correct it.", row)
        corrected = corrections.put_right(row, trade=trade, problem_type=problem_type, asset=asset, by=by, now=now)
        if not corrected:
            return row
        row.version += 1
        row.names = search.names_of(row)
        sla.reckon(row, because="The request was corrected", by=by, now=now)
        row.save()
        what = [name.replace("_type", "") for name in corrected]
        append(row, "workorder.corrected", by=by, now=now, data={"corrected": corrected, "what": what})
    return row


def hold(
    work_order: WorkOrder,
    *,
    by: Actor,
    now: datetime,
    reason: Reason,
    note: str = "",
    until_at: datetime | None = None,
    version: int | None = None,
) -> WorkOrder:
    """Put work aside for a reason; the clocks that the reason pauses stand still until it is resumed."""
    faults = {}
    if reason.under != Under.HOLD or (as_vendor(work_order, by, Act.HOLD) and not reason.vendor_may_choose):
        faults["reason"] = "Choose a reason from the list."
    if reason.needs_note and not note.strip():
        faults["note"] = "Say a little more for this reason."
    if reason.needs_date and until_at is None:
        faults["until_at"] = "Say until when."
    if until_at is not None and until_at <= now:
        faults["until_at"] = "Choose a time in the future."
    if faults:
        raise Incomplete(faults)
    with moving(work_order, Move.HOLD, by=by, now=now, version=version) as step:
        put_aside(step.work_order, reason, note=note, until_at=until_at, by=by, now=now)
        step.note = note
        step.vendor = step.work_order.vendor if reason.vendor_sees else None
        step.data |= {"reason": reason.label, "until": until_at.isoformat() if until_at else None}
    return step.work_order


def put_aside(
    row: WorkOrder, reason: Reason, *, by: Actor, now: datetime, note: str = "", until_at: datetime | None = None,
    back_to: str = "",
) -> None:  # fmt: skip
    """Fill in what being on hold means on a locked row: where it returns to, why, and which clocks stand still."""
    row.held_from = back_to or row.status
    row.hold_reason, row.hold_note, row.held_at, row.hold_until_at = reason, note[:500], now, until_at
    if reason.pauses:
        sla.pause(row, reason.pauses, reason=reason.label, by=by, now=now)


def resume(work_order: WorkOrder, *, by: Actor, now: datetime, version: int | None = None) -> WorkOrder:
    """Go on where it was put aside; paused clocks run again and due times are walked anew.

    An appointment that has passed meanwhile binds nobody: another is to be agreed. A vendor ends only holds for
    reasons that it may choose itself. Raises NotAllowed, NotNow.
    """
    with moving(work_order, Move.RESUME, by=by, now=now, version=version) as step:
        row = step.work_order
        ours = row.hold_reason and not row.hold_reason.vendor_may_choose
        if ours and as_vendor(row, by, Act.HOLD):
            raise NotAllowed("Facilities put this on hold and ends the hold.")
        back = Status(row.held_from)
        if back == Status.IN_PROGRESS and not row.visits.on_site().exists():
            back = Status.SCHEDULED
        step.to(back)
        step.vendor = row.vendor
        row.held_from, row.hold_reason, row.hold_note, row.held_at, row.hold_until_at = "", None, "", None, None
        passed = row.visits.filter(state__in=[VisitState.PLANNED, VisitState.MISSED], planned_end_at__lte=now)
        if passed.update(
            state=VisitState.PLANNED, planned_start_at=now, planned_end_at=now, is_dated=False, reminded=0
        ):
            row.scheduled_start_at = row.scheduled_end_at = None
            step.data["appointment"] = "passed"
        sla.resume(row, by=by, now=now)
    return step.work_order


def cancel(work_order: WorkOrder, *, by: Actor, now: datetime, reason: str, version: int | None = None) -> WorkOrder:
    """Call work off. Offers are withdrawn; a trip already made stays billable as a trip. Raises Incomplete."""
    return _call_off(work_order, Move.CANCEL, by=by, now=now, reason=reason, version=version)


def withdraw_request(
    work_order: WorkOrder, *, by: Actor, now: datetime, reason: str, version: int | None = None
) -> WorkOrder:
    """The requester takes a request back while nobody has looked at it."""
    return _call_off(work_order, Move.WITHDRAW_REQUEST, by=by, now=now, reason=reason, version=version)


def _call_off(
    work_order: WorkOrder, move: Move, *, by: Actor, now: datetime, reason: str, version: int | None
) -> WorkOrder:
    if not reason.strip():
        raise Incomplete({"reason": "Say why it is canceled."})
    with moving(work_order, move, by=by, now=now, version=version) as step:
        row = step.work_order
        step.vendor = row.vendor
        step.note = reason.strip()
        step.data["vendors_told"] = release_vendor(row, now=now)
        end(row, reason.strip(), by=by, now=now)
    return step.work_order


def end(row: WorkOrder, reason: str, *, by: Actor, now: datetime) -> None:
    """Fill in what being canceled means on a locked row."""
    row.canceled_at, row.cancel_reason = now, reason[:500]
    row.held_from, row.hold_reason, row.held_at = "", None, None
    sla.resume(row, by=by, now=now)
    sla.drop(row, now=now)


def release_vendor(row: WorkOrder, *, now: datetime) -> list[int]:
    """Take the job from whoever was asked or has it. Returns the ids of the vendors concerned.

    An accepted offer under which a trip was made is finished, not withdrawn: the trip may be billed.
    """
    concerned = list(
        row.offers.filter(state__in=[OfferState.OPEN, OfferState.ACCEPTED]).values_list("vendor_id", flat=True)
    )
    row.offers.open().update(state=OfferState.WITHDRAWN)
    Proposal.objects.filter(offer__work_order=row).end(now=now)
    row.visits.filter(state__in=[VisitState.PLANNED, VisitState.MISSED]).update(state=VisitState.CANCELED)
    row.visits.on_site().update(
        state=VisitState.LEFT, checked_out_at=now, outcome=Outcome.CALLED_OFF, is_estimated=True
    )
    for offer in row.offers.filter(state=OfferState.ACCEPTED):
        offer.state = OfferState.FINISHED if offer.visits.made().exists() else OfferState.WITHDRAWN
        offer.save(update_fields=["state"])
    return concerned


def reassign(work_order: WorkOrder, *, by: Actor, now: datetime, reason: str, version: int | None = None) -> WorkOrder:
    """Take the job back from its vendor, to be offered again. What the vendor did so far stays billable.

    Raises NotNow while a technician is on site or parts from stock are issued, Incomplete without a reason.
    """
    if not reason.strip():
        raise Incomplete({"reason": "Say why the job changes hands."})
    with moving(work_order, Move.REASSIGN, by=by, now=now, version=version) as step:
        row = step.work_order
        if row.visits.on_site().exists():
            raise InTheWay("A technician is on site. Wait for the check-out, then reassign.", row)
        if PartUsed.objects.filter(visit__work_order=row, origin=PartOrigin.STOCK).exists():
            raise InTheWay("Parts from stock are issued to this job. Take them back first.", row)
        step.vendor = row.vendor
        step.note = reason.strip()
        step.data["vendors_told"] = release_vendor(row, now=now)
        step.data["papers"] = papers.put_away(row)
        papers.put_checklist_away(row)
        row.vendor = row.accepted_at = row.scheduled_start_at = row.scheduled_end_at = None
        row.held_from, row.hold_reason, row.hold_note, row.held_at, row.hold_until_at = "", None, "", None, None
        sla.resume(row, by=by, now=now)
        sla.restart_response(row, now=now)
    return step.work_order


def verify(
    work_order: WorkOrder,
    *,
    by: Actor,
    now: datetime,
    rating: int | None = None,
    comment: str = "",
    by_silence: bool = False,
    version: int | None = None,
) -> WorkOrder:
    """Say that the work is right, with a rating of 1 to 5; one under 3 needs a comment. Silence rates nothing.

    Raises Incomplete, NotNow, NotAllowed.
    """
    if rating is None and not by_silence:
        raise Incomplete({"rating": "Choose 1 to 5; 5 is best."})
    if rating is not None and not 1 <= rating <= 5:
        raise Incomplete({"rating": "Choose 1 to 5; 5 is best."})
    if rating is not None and rating < 3 and not comment.strip():
        raise Incomplete({"comment": "Say what was not good."})
    with moving(work_order, Move.VERIFY, by=by, now=now, version=version) as step:
        row = step.work_order
        row.verified_at, row.verified_by_silence = now, by_silence
        row.rating, row.rating_comment = rating, comment.strip()[:1000]
        step.note = comment.strip()
        step.data |= {"rating": rating, "by_silence": by_silence}
        Offer.objects.filter(work_order=row, state=OfferState.ACCEPTED).update(state=OfferState.FINISHED)
    return step.work_order


def reject(work_order: WorkOrder, *, by: Actor, now: datetime, reason: str, version: int | None = None) -> WorkOrder:
    """Send the work back to its vendor: not fixed. Billing is barred until it is completed again.

    That takes another trip, at a time still to be agreed, and papers of its own. Raises Incomplete, NotNow, NotAllowed.
    """
    if not reason.strip():
        raise Incomplete({"reason": "Say what is still wrong."})
    with moving(work_order, Move.REJECT, by=by, now=now, version=version) as step:
        row = step.work_order
        row.rework_count += 1
        row.completed_at, row.rejected_at = None, now
        step.note = reason.strip()
        step.vendor = row.vendor
        last = row.visits.made().order_by("-checked_out_at").first()
        if offer := row.offers.filter(state=OfferState.ACCEPTED).first():  # imported work never had one
            Visit.objects.create(
                work_order=row, vendor=offer.vendor, offer=offer, technician=last.technician if last else None,
                planned_start_at=now, planned_end_at=now, is_dated=False,
            )  # fmt: skip
        row.scheduled_start_at = row.scheduled_end_at = None
        step.data["papers"] = papers.put_away(row)
        ledger.withhold(row, by=by, now=now, reason="Not fixed")
        sla.run_on(row, by=by, now=now)
    return step.work_order


def close(
    work_order: WorkOrder, *, by: Actor, now: datetime, not_billable_reason: str = "", version: int | None = None
) -> WorkOrder:
    """End the story: every invoice settled, or nothing to bill. Read-only from here. Raises NotNow."""
    with moving(work_order, Move.CLOSE, by=by, now=now, version=version) as step:
        row = step.work_order
        states = list(row.invoices.values_list("state", flat=True))
        if any(state not in SETTLED for state in states):
            raise InTheWay("An invoice still waits for a decision.", row)
        if not any(state != InvoiceState.VOID for state in states) and row.is_billable:
            if not not_billable_reason.strip():
                raise Incomplete({"not_billable_reason": "No invoice has come. Say why there is nothing to bill."})
            row.is_billable = False
        row.closed_at = now
        step.note = not_billable_reason.strip()
    return step.work_order


def begin_at(histories: Sequence[tuple[WorkOrder, str, datetime]]) -> list[WorkOrder]:
    """Store work that began elsewhere at the status it had there: new, closed or canceled at the instant given."""
    for row, status, ended_at in histories:
        row.status = Status(status)
        if row.status == Status.CLOSED:
            row.verified_at = row.closed_at = ended_at
        elif row.status == Status.CANCELED:
            row.canceled_at = ended_at
    return WorkOrder.objects.bulk_create([row for row, _, _ in histories], batch_size=500)
