"""Visits: sending somebody, proof of presence, what was done, and the papers of a finished job."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts.actors import LinkHolder, person
from accounts.models import User
from accounts.permissions import Act
from accounts.together import ask
from accounts.words import distance
from assets.models import Warranty
from vendors.models import Vendor, WarrantyProvider
from vendors.papers import blocking_papers
from vendors.scope import vendor_ids_of
from workorders import corrections, ledger, lifecycle, sla
from workorders.models import (
    ChecklistItem,
    FaultKind,
    LaborLine,
    Milestone,
    Move,
    Outcome,
    PartOrigin,
    PartUsed,
    Reason,
    Status,
    Under,
    Verdict,
    Visit,
    VisitState,
    WorkOrder,
)
from workorders.papers import fill_in, missing_papers
from workorders.position import Position, implausible, judge
from workorders.refusals import Incomplete, InTheWay, NotAllowed, NotNow
from workorders.sides import technician_of

if TYPE_CHECKING:
    from accounts.actors import Actor

DONE = frozenset({Outcome.RESOLVED, Outcome.NOTHING_FOUND})
# How a trip that did not finish the job leaves it: the reason (by code) for which it then waits.
WAITS_FOR = {
    Outcome.PARTS_NEEDED: ("parts", "Waiting for parts"),
    Outcome.QUOTE_NEEDED: ("quote", "Waiting for a quote"),
    Outcome.NO_ACCESS: ("access", "Waiting for access"),
    Outcome.WRONG_TRADE: ("wrong_trade", "Wrong trade"),
}
FARTHEST = timedelta(days=366)
"""How far ahead somebody can promise to come."""


def assign(visit: Visit, *, technician: User, by: Actor, now: datetime) -> Visit:
    """Say who goes. Raises Incomplete for somebody of another company, NotNow once the trip is under way."""
    with transaction.atomic():
        row = lifecycle.lock(visit.work_order)
        fresh = Visit.objects.select_for_update(of=("self",)).select_related("vendor").get(pk=visit.pk)
        if fresh.vendor_id not in vendor_ids_of(by, Act.ASSIGN_TECHNICIAN) or not lifecycle.allowed(
            row, Act.ASSIGN_TECHNICIAN, by
        ):
            raise NotAllowed("You cannot assign technicians to this job.")
        if fresh.state not in (VisitState.PLANNED, VisitState.MISSED):
            raise NotNow("This visit is already under way or over.", row)
        if not technician_of(technician, fresh.vendor):
            raise Incomplete({"technician": "Choose one of your own technicians."})
        if fresh.technician_id != technician.pk:
            data = {"visit": fresh.pk, "technician": str(technician), "instead_of": fresh.technician_id}
            fresh.technician = technician
            fresh.save(update_fields=["technician"])
            lifecycle.append(row, "visit.assigned", by=by, now=now, data=data, vendor=fresh.vendor)
    return fresh


def reschedule(
    work_order: WorkOrder,
    *,
    start_at: datetime,
    end_at: datetime,
    reason: str,
    by: Actor,
    now: datetime,
    technician: User | None = None,
    version: int | None = None,
) -> WorkOrder:
    """Move the appointment; the first one is kept and measured. Raises Incomplete, NotNow, NotAllowed."""
    faults = {}
    if start_at < now:
        faults["start_at"] = "Choose a time that has not passed."
    elif start_at > now + FARTHEST:
        faults["start_at"] = "Choose a time within a year. Check the year."
    if end_at < start_at:
        faults["end_at"] = "The window ends before it starts."
    if not reason.strip():
        faults["reason"] = "Say why the time changes."
    if faults:
        raise Incomplete(faults)
    with lifecycle.moving(work_order, Move.RESCHEDULE, by=by, now=now, version=version) as step:
        row = step.work_order
        if technician and (row.vendor is None or not technician_of(technician, row.vendor)):
            raise Incomplete({"technician": "Choose somebody who works for the vendor of this job."})
        step.data |= {
            "was": row.scheduled_start_at.isoformat() if row.scheduled_start_at else None,
            "start": start_at.isoformat(),
            "end": end_at.isoformat(),
        }
        step.note, step.vendor = reason.strip(), row.vendor
        before = next_trip(row)
        visit = plan_visit(row, start_at, end_at, technician)
        if before and visit.technician_id != before.technician_id:
            step.data |= {
                "visit": visit.pk, "technician": str(visit.technician), "instead_of": before.technician_id
            }  # fmt: skip
    return step.work_order


def next_trip(row: WorkOrder) -> Visit | None:
    """The trip that nobody has begun yet."""
    return row.visits.filter(state__in=[VisitState.PLANNED, VisitState.MISSED]).order_by("-pk").first()


def plan_visit(row: WorkOrder, start_at: datetime, end_at: datetime, technician: User | None = None) -> Visit:
    """The one planned visit of a locked work order, at this window: moved when there is one, made when not.

    The caller saves the row.
    """
    row.scheduled_start_at, row.scheduled_end_at = start_at, end_at
    return _planned(row, start_at, end_at, technician, is_dated=True)


def plan_return(row: WorkOrder, return_at: datetime | None, *, now: datetime) -> Visit:
    """The next trip of a locked work order, at `return_at`, or at a time that is still to be agreed."""
    if return_at is not None:
        return plan_visit(row, return_at, return_at)
    row.scheduled_start_at = row.scheduled_end_at = None
    return _planned(row, now, now, None, is_dated=False)


def _planned(row: WorkOrder, start_at: datetime, end_at: datetime, technician: User | None, *, is_dated: bool) -> Visit:
    visit = next_trip(row)
    if visit is None:
        offer = row.offers.get(state="accepted")
        last = row.visits.made().order_by("-checked_out_at").first()
        visit = Visit(work_order=row, vendor=offer.vendor, offer=offer, technician=last.technician if last else None)
    visit.planned_start_at, visit.planned_end_at, visit.state = start_at, end_at, VisitState.PLANNED
    visit.is_dated, visit.reminded = is_dated, 0
    visit.technician = technician or visit.technician
    visit.save()
    return visit


def check_in(
    visit: Visit,
    *,
    by: Actor,
    now: datetime,
    position: Position | None = None,
    claimed_at: datetime | None = None,
    reason: Reason | None = None,
    note: str = "",
) -> Visit:
    """Prove presence once. Outside the area or without a position it needs a reason and is flagged; it is refused only
    where the site demands a position, past a plan's window, or while the technician is on another site.

    Raises Incomplete (field `reason`), NotNow, NotAllowed.
    """
    with lifecycle.moving(visit.work_order, Move.CHECK_IN, by=by, now=now) as step:
        row = step.work_order
        fresh = _own(visit, by, (VisitState.PLANNED, VisitState.MISSED), row)
        _still_in_window(row, now)
        earlier = _before(fresh, row)
        verdict, away = judge(row.site, position)
        if verdict in (Verdict.OUTSIDE, Verdict.UNAVAILABLE):
            far = distance(away, row.site.country) if away is not None else ""
            if row.site.position_required and verdict == Verdict.OUTSIDE:
                raise Incomplete({"reason": f"You are {far} away. This site only takes check-ins on its grounds."})
            if (reason is None or reason.under != Under.POSITION) and not note.strip():
                where = f"You are {far} from the site" if far else "Your position is not known"
                raise Incomplete({"reason": f"{where}. Say why, then check in."})
        flags = implausible(row.site, position, earlier=earlier, now=now)
        if verdict in (Verdict.OUTSIDE, Verdict.UNAVAILABLE):
            flags.append(str(verdict))
        if blocking_papers(fresh.vendor, row.site, row.trade, on=_today(row, now)):
            flags.append("not_compliant")
        fresh.state, fresh.checked_in_at, fresh.claimed_in_at = VisitState.ON_SITE, now, claimed_at
        fresh.in_verdict, fresh.in_distance_m = verdict, away
        fresh.came_by_link = by.email if isinstance(by, LinkHolder) else ""
        fresh.position_reason, fresh.position_note, fresh.flags = reason, note[:300], flags
        if position:
            fresh.in_latitude, fresh.in_longitude = position.latitude, position.longitude
            fresh.in_accuracy_m = position.accuracy_m
        fresh.save()
        if row.first_check_in_at is None:
            row.first_check_in_at = now
            sla.stop(row, Milestone.ARRIVAL, now=now)
        step.vendor, step.note = fresh.vendor, note
        step.data |= {
            "visit": fresh.pk, "verdict": str(verdict), "distance_m": away, "flags": flags,
            "reason": reason.label if reason else "",
        }  # fmt: skip
    return fresh


def _before(fresh: Visit, row: WorkOrder) -> Visit | None:
    """Where whoever goes was last; of somebody without an account nothing is known. Raises InTheWay while he is there.

    Two check-ins of one person at two sites wait for each other here, so that the later one is told.
    """
    if fresh.technician_id is None:
        return None
    User.objects.select_for_update(no_key=True).filter(pk=fresh.technician_id).first()
    own = Visit.objects.filter(technician_id=fresh.technician_id)
    busy = own.on_site().select_related("work_order__site").first()
    if busy:
        raise InTheWay(f"You are still checked in at {busy.work_order.site}. Check out there first.", row)
    return own.filter(checked_in_at__isnull=False).order_by("-checked_in_at").first()


def _own(visit: Visit, by: Actor, states: Sequence[str], row: WorkOrder) -> Visit:
    fresh = Visit.objects.select_for_update(of=("self",)).select_related("vendor", "technician").get(pk=visit.pk)
    user = person(by)
    if isinstance(by, LinkHolder) and (fresh.technician_id, fresh.vendor_id, fresh.work_order_id) != (
        None, by.vendor_id, by.work_order_id
    ):  # fmt: skip
        raise NotAllowed("This visit is somebody else's.")
    if user is not None and fresh.technician_id != user.pk and not fresh.helpers.filter(pk=user.pk).exists():
        raise NotAllowed("This visit is somebody else's.")
    if fresh.state not in states:
        raise NotNow(f"This visit is already “{fresh.get_state_display().lower()}”.", row)
    return fresh


def _today(row: WorkOrder, now: datetime) -> Any:
    return now.astimezone(ZoneInfo(row.site.time_zone)).date()


def _still_in_window(row: WorkOrder, now: datetime) -> None:
    if row.window_closes_on and _today(row, now) > row.window_closes_on:
        raise InTheWay(
            f"This planned work was due by {row.window_closes_on:%-d %b}. Ask facilities for a new date.", row
        )


def document(work_order: WorkOrder, *, by: Actor, now: datetime, **papers: Any) -> WorkOrder:
    """Fill in the papers of work that is not completed yet; any of root_cause, root_cause_note, resolution,
    resolution_note, recommendation, nothing_recommended, no_parts_used. Raises NotAllowed, NotNow, Incomplete."""
    with transaction.atomic():
        row = lifecycle.lock(work_order)
        if not lifecycle.allowed(row, Act.COMPLETE, by):
            raise NotAllowed("You cannot document this job.")
        if row.status not in (Status.SCHEDULED, Status.IN_PROGRESS):
            raise NotNow(f"{row.number} is now “{row.get_status_display()}”.", row)
        fill_in(row, papers)
        row.save()
        lifecycle.append(
            row, "workorder.documented", by=by, now=now, data={"fields": sorted(papers)}, vendor=row.vendor
        )
    return row


def add_part(
    visit: Visit,
    *,
    by: Actor,
    now: datetime,
    name: str,
    quantity: Decimal,
    unit_cost_amount: Decimal,
    part_number: str = "",
    origin: str = PartOrigin.BOUGHT,
    warranty_until_on: date | None = None,
) -> PartUsed:
    """Record a part that went in, with what one cost. With `warranty_until_on` the unit is under the vendor's warranty
    for it until that day, from the day at the site. Raises Incomplete, NotAllowed, NotNow."""
    faults = {}
    if not name.strip():
        faults["name"] = "Name the part."
    if quantity <= 0:
        faults["quantity"] = "Enter how many, more than zero."
    if unit_cost_amount < 0:
        faults["unit_cost_amount"] = "Enter what one cost, zero or more."
    today = now.astimezone(ZoneInfo(visit.work_order.site.time_zone)).date()
    if warranty_until_on is not None and warranty_until_on < today:
        faults["warranty_until_on"] = "The warranty has ended already. Check the year."
    if warranty_until_on is not None and visit.work_order.asset is None:
        faults["warranty_until_on"] = "No unit is named on this job, so no warranty can be kept for it."
    if faults:
        raise Incomplete(faults)
    with transaction.atomic():
        row = lifecycle.lock(visit.work_order)
        fresh = _own(visit, by, (VisitState.ON_SITE,), row)
        part = PartUsed.objects.create(
            visit=fresh, name=name.strip()[:160], quantity=quantity, unit_cost_amount=unit_cost_amount,
            part_number=part_number[:80], origin=origin,
            warranty=_warranted(row, fresh.vendor, name.strip(), today, warranty_until_on),
        )  # fmt: skip
        row.no_parts_used = False
        row.save(update_fields=["no_parts_used"])
        lifecycle.append(
            row, "visit.part_used", by=by, now=now, vendor=fresh.vendor,
            data={"visit": fresh.pk, "part": part.name, "quantity": str(quantity)},
        )  # fmt: skip
    return part


def _warranted(row: WorkOrder, vendor: Vendor, part: str, since_on: date, until_on: date | None) -> Warranty | None:
    """The vendor's promise for a part it has put into the unit: screening sends trouble of the trade there first."""
    if until_on is None or row.asset is None:
        return None
    warranty = Warranty.objects.create(
        asset=row.asset, trade=row.trade, covers=f"Part: {part}"[:120], provider_name=vendor.name[:120],
        provider_email=vendor.email, provider_phone=vendor.phone, reference=row.number, starts_on=since_on,
        ends_on=until_on,
    )  # fmt: skip
    WarrantyProvider.objects.create(warranty=warranty, vendor=vendor)
    return warranty


def remove_part(part: PartUsed, *, by: Actor, now: datetime) -> None:
    """Take back a part entered by mistake, while still on site. Raises NotAllowed, NotNow."""
    with transaction.atomic():
        row = lifecycle.lock(part.visit.work_order)
        fresh = _own(part.visit, by, (VisitState.ON_SITE,), row)
        lifecycle.append(
            row, "visit.part_removed", by=by, now=now, vendor=fresh.vendor, data={"visit": fresh.pk, "part": part.name}
        )
        promised = part.warranty
        part.delete()
        if promised:
            promised.delete()


def add_labor(visit: Visit, *, by: Actor, now: datetime, kind: str, hours: Decimal, note: str = "") -> LaborLine:
    """Record hours that differ from the time on site. Raises Incomplete, NotAllowed, NotNow."""
    if not 0 < hours <= 48:
        raise Incomplete({"hours": "Enter hours between 0.25 and 48."})
    with transaction.atomic():
        row = lifecycle.lock(visit.work_order)
        fresh = _own(visit, by, (VisitState.ON_SITE,), row)
        line = LaborLine.objects.create(visit=fresh, kind=kind, hours=hours, note=note[:200])
        lifecycle.append(
            row, "visit.labor_added", by=by, now=now, vendor=fresh.vendor,
            data={"visit": fresh.pk, "kind": kind, "hours": str(hours)},
        )  # fmt: skip
    return line


def answer(item: ChecklistItem, *, result: str, by: Actor, now: datetime, note: str = "") -> ChecklistItem:
    """Answer one checklist step. Raises Incomplete, NotAllowed, NotNow."""
    if result not in ChecklistItem.Result.values or (result == ChecklistItem.Result.FAIL and not note.strip()):
        raise Incomplete({"note": "Say what failed."})
    with transaction.atomic():
        row = lifecycle.lock(item.work_order)
        if not lifecycle.allowed(row, Act.COMPLETE, by):
            raise NotAllowed("You cannot answer this checklist.")
        if row.status != Status.IN_PROGRESS:
            raise InTheWay("Check in first, then answer the checklist.", row)
        item.result, item.note, item.answered_by, item.answered_at = result, note[:300], person(by), now
        item.save()
        lifecycle.append(
            row, "checklist.answered", by=by, now=now, vendor=row.vendor, data={"step": item.text, "result": result}
        )
    return item


def check_out(
    visit: Visit,
    *,
    by: Actor,
    now: datetime,
    outcome: str,
    note: str = "",
    position: Position | None = None,
    claimed_at: datetime | None = None,
    return_at: datetime | None = None,
    is_estimated: bool = False,
    **papers: Any,
) -> WorkOrder:
    """Leave the site and say how it ended. Done completes the job and needs every paper; parts, quote, access and
    wrong trade put it on hold; a return visit plans the next trip (at `return_at`, or open). Work that was put on hold
    meanwhile stays there, whatever the outcome.

    `papers` as in `document`. Raises Incomplete (each missing paper by its code), NotNow, NotAllowed.
    """
    if outcome not in Outcome.values or outcome == Outcome.CALLED_OFF:
        raise Incomplete({"outcome": "Say how the visit ended."})
    if outcome not in DONE and not note.strip():
        raise Incomplete({"note": "Say what is left to do."})

    def leave(row: WorkOrder) -> tuple[Visit, dict[str, Any]]:
        fresh = _own(visit, by, (VisitState.ON_SITE,), row)
        fill_in(row, papers)
        _leave(fresh, row, outcome=outcome, note=note, now=now, position=position, claimed_at=claimed_at)
        fresh.is_estimated = is_estimated
        fresh.save()
        if outcome == Outcome.WRONG_TRADE:
            corrections.note(row, FaultKind.TRIP, was=row.trade, problem_type=row.problem_type, by=by, now=now)
        return fresh, {"visit": fresh.pk, "outcome": str(outcome), "estimated": is_estimated}

    with transaction.atomic():
        row = lifecycle.lock(visit.work_order)
        if row.status == Status.ON_HOLD and lifecycle.allowed(row, Act.CHECK_OUT, by):
            # Put on hold under the technician's feet: the trip ends, the hold stays.
            fresh, facts = leave(row)
            plan_return(row, return_at, now=now)
            row.version += 1
            row.save()
            lifecycle.append(
                row, "visit.left", by=by, now=now, data=facts, note=note.strip(), vendor=fresh.vendor
            )  # fmt: skip
            return row
    with lifecycle.moving(visit.work_order, Move.CHECK_OUT, by=by, now=now) as step:
        row = step.work_order
        fresh, facts = leave(row)
        step.vendor, step.note = fresh.vendor, note.strip()
        step.data |= facts
        if outcome in DONE:
            step.to(Status.COMPLETED)
            step.verb = "workorder.completed"
            _finish(row, by=by, now=now)
        elif outcome in WAITS_FOR:
            step.to(Status.ON_HOLD)
            code, label = WAITS_FOR[Outcome(outcome)]
            reason, _ = Reason.objects.get_or_create(
                under=Under.HOLD, code=code, defaults={"label": label, "vendor_may_choose": True}
            )
            lifecycle.put_aside(row, reason, by=by, now=now, note=note, back_to=Status.SCHEDULED)
            plan_return(row, return_at, now=now)
        else:
            step.to(Status.SCHEDULED)
            plan_return(row, return_at, now=now)
    return step.work_order


def _leave(
    fresh: Visit, row: WorkOrder, *, outcome: str, note: str, now: datetime, position: Position | None = None,
    claimed_at: datetime | None = None,
) -> None:  # fmt: skip
    fresh.state, fresh.checked_out_at, fresh.claimed_out_at = VisitState.LEFT, now, claimed_at
    fresh.outcome, fresh.note = outcome, note.strip()
    if position:
        _, fresh.out_distance_m = judge(row.site, position)
        fresh.out_latitude, fresh.out_longitude = position.latitude, position.longitude
        fresh.out_accuracy_m = position.accuracy_m


def _finish(row: WorkOrder, *, by: Actor, now: datetime) -> None:
    """What completion means on a locked row whose papers are filled in. Raises Incomplete."""
    if missing := ask(missing_papers(row)):
        raise Incomplete({one.code: one.sentence for one in missing})
    row.completed_at = now
    ledger.restore(row, by=by, now=now)
    row.visits.filter(state__in=[VisitState.PLANNED, VisitState.MISSED]).update(state=VisitState.CANCELED)
    sla.stop(row, Milestone.COMPLETION, now=now)


def complete(
    work_order: WorkOrder, *, by: Actor, now: datetime, version: int | None = None, **papers: Any
) -> WorkOrder:
    """Say that the work is done without being on site now (the vendor's dispatcher after a return trip, say).

    Needs every paper and at least one trip, after a rejection one since then. Raises Incomplete, NotNow, NotAllowed.
    """
    with lifecycle.moving(work_order, Move.COMPLETE, by=by, now=now, version=version) as step:
        row = step.work_order
        fill_in(row, papers)
        for fresh in row.visits.on_site():
            _leave(fresh, row, outcome=Outcome.RESOLVED, note="", now=now)
            fresh.is_estimated = True
            fresh.save()
        trips = row.visits.made().filter(vendor=row.vendor_id)
        if not trips.exists():
            raise InTheWay("Nobody has checked in yet. Check in first.", row)
        if row.rejected_at and not trips.filter(checked_in_at__gt=row.rejected_at).exists():
            raise InTheWay("It was not fixed, and nobody has been there since. Check in first.", row)
        _finish(row, by=by, now=now)
        step.vendor = row.vendor
    return step.work_order
