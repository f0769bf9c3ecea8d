"""What happens next: each verb of the work's ledger and the reactions that follow it, after the fact, once."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from django.db import transaction

from accounts.actors import CLOCK, PLANNER
from accounts.models import LogEvent
from accounts.models.event import EventShape
from accounts.outbox import Ledger
from vendors.models import DISPATCHABLE, Vendor
from workorders import alarms, intake, invoices, lapses, lifecycle, notices, offers, sending
from workorders.models import Event, Offer, OfferMode, Status, WorkOrder
from workorders.refusals import NotNow, Refused


def send_planned_work(event: Event, now: datetime) -> None:
    """Planned work goes to its plan's vendor by itself; where that one may not go now, facilities finds it as new."""
    row = event.work_order
    vendor = row.plan.vendor if row.plan else None
    if vendor is None or row.status != Status.NEW:
        return
    try:
        with transaction.atomic():
            ready = lifecycle.triage(row, by=PLANNER, now=now)
            offers.offer(ready, vendor=vendor, by=PLANNER, now=now, mode=OfferMode.CASCADE)
    except Refused as refused:
        lifecycle.append(
            lifecycle.lock(row), "plan.not_sent", by=PLANNER, now=now, data={"vendor": vendor.pk}, note=refused.sentence
        )
    row.refresh_from_db(fields=["status"])


def give_out(event: Event, now: datetime) -> None:
    """What has become ready goes out by itself where its policy says so; where it cannot, facilities is told why."""
    row = event.work_order
    if row.offers.filter(offered_at__gte=event.at).exists():
        return  # asked together with the triage, or by this reaction before
    try:
        sending.ask_first(row, now=now)
    except NotNow:
        return  # it has gone on another way meanwhile
    except Refused as refused:
        locked = lifecycle.lock(row)
        if not locked.events.filter(verb=sending.NOT_SENT, at__gte=event.at).exists():
            lifecycle.append(locked, sending.NOT_SENT, by=CLOCK, now=now, note=refused.sentence)


def accept_for_our_crews(event: Event, now: datetime) -> None:
    """A crew of our own has the job at once, where policy says so."""
    with suppress(NotNow):
        sending.accept_for_crews(event.work_order, now=now)


def ask_the_next(event: Event, now: datetime) -> None:
    """After a decline or an expiry the next vendor is asked by itself; facilities hears of it from the second on."""
    row = event.work_order
    failed = offers.failed_offers(row)
    following = sending.ask_next(row, now=now)
    asked = row.offers.open().select_related("vendor").order_by("pk").first()
    if not following and asked is None and not WorkOrder.objects.filter(pk=row.pk, status=Status.READY).exists():
        return  # it has gone on another way meanwhile
    notices.offer_failed(event, now, failed, asked.vendor.name if asked else "", by_itself=bool(following))


def correct_what_failed(event: Event, now: datetime) -> None:
    """Each checklist step that failed becomes work of its own."""
    intake.correct_failed_steps(event.work_order, by=CLOCK, now=now)


def draft_the_invoices(event: Event, now: datetime) -> None:
    """Every outside vendor that made a trip gets a draft from its visits and rate card."""
    invoices.draft_all(event.work_order, now=now)


def close_what_needs_no_bill(event: Event, now: datetime) -> None:
    """Verified work that is not billable, our own crew's, or settled already, is closed."""
    invoices.settle(event.work_order, now=now)


def ask_another(event: Event, now: datetime) -> None:
    """An offer that ended because its vendor may not be sent any more goes to the next one; facilities is told."""
    row = event.work_order
    if not event.data.get(offers.BARRED):
        return
    following = sending.ask_next(row, now=now, taken_back=1)
    asked = row.offers.open().select_related("vendor").order_by("pk").first()
    if asked is None and not WorkOrder.objects.filter(pk=row.pk, status=Status.READY).exists():
        return  # it has gone on another way meanwhile
    notices.offer_ended(event, now, asked.vendor.name if asked else "", by_itself=bool(following))


def flag_visit_day(event: Event, now: datetime) -> None:
    """A visit was set for a day: where the vendor's papers do not hold on it, everybody knows at once."""
    lapses.flag(event.work_order, now=now)


FOLLOWS = {
    "workorder.reported": (send_planned_work, notices.reported),
    "workorder.got_worse": (notices.got_worse,),
    "workorder.triaged": (notices.triaged, give_out),
    "workorder.prioritized": (notices.prioritized,),
    "workorder.authorized": (notices.authorized,),
    "workorder.offered": (accept_for_our_crews, notices.offered),
    sending.NOT_SENT: (notices.not_sent,),
    "workorder.accepted": (notices.accepted, flag_visit_day),
    "workorder.declined": (ask_the_next,),
    "workorder.offer_expired": (notices.offer_gone, ask_the_next),
    "workorder.offer_withdrawn": (notices.offer_gone, ask_another),
    "workorder.rescheduled": (notices.rescheduled, flag_visit_day),
    "workorder.checked_in": (notices.checked_in,),
    "workorder.checked_out": (notices.checked_out,),
    "workorder.completed": (notices.completed, draft_the_invoices, correct_what_failed),
    "workorder.verify_reminder": (notices.verify_reminder,),
    "workorder.verified": (notices.verified, close_what_needs_no_bill),
    "workorder.rejected": (notices.rejected,),
    "workorder.held": (notices.held,),
    "workorder.hold_over": (notices.hold_over,),
    "workorder.resumed": (notices.resumed,),
    "workorder.canceled": (notices.called_off, draft_the_invoices),
    "workorder.request_withdrawn": (notices.called_off,),
    "workorder.reassigned": (notices.called_off, draft_the_invoices),
    "workorder.absorbed": (notices.absorbed,),
    "workorder.time_agreed": (notices.time_agreed, flag_visit_day),
    lapses.LAPSED: (notices.lapsed,),
    "offer.taken": (notices.offer_gone,),
    "offer.proposed": (notices.proposed,),
    "offer.proposal_refused": (notices.proposal_refused,),
    "visit.left": (notices.checked_out,),
    "visit.assigned": (notices.assigned,),
    "visit.check_out_late": (alarms.visit_late,),
    "visit.appointment_missed": (alarms.visit_late,),
    "comment.written": (notices.commented,),
    "invoice.submitted": (notices.invoice_moved,),
    "invoice.approved": (notices.invoice_moved,),
    "invoice.rejected": (notices.invoice_moved,),
    "invoice.disputed": (notices.invoice_moved,),
    "invoice.returned": (notices.invoice_moved,),
    "clock.warned": (alarms.clock_marked,),
    "clock.breached": (alarms.clock_marked,),
    "clock.overrun": (alarms.clock_marked,),
}
"""Verb to reactions, in order. A verb that is missing here is history only."""

LEDGER = Ledger(
    model=Event,
    follows=FOLLOWS,
    related=("work_order", "work_order__plan__vendor", "work_order__site", "work_order__site__region",
             "work_order__trade", "work_order__vendor", "work_order__requester", "vendor"),
)  # fmt: skip


def flag_open_jobs(event: EventShape, now: datetime) -> None:
    """A vendor's paper has ended: each job ahead of it that the vendor may not do any more says so, once."""
    for row in WorkOrder.objects.filter(vendor=event.data["vendor"], status__in=lapses.STILL_TO_DO).order_by("pk"):
        lapses.flag(row, now=now, document=event.data["document"])


def end_offers(event: EventShape, now: datetime) -> None:
    """A vendor was suspended or barred: what it is asked it could not accept any more, so nobody waits for it."""
    vendor = Vendor.objects.get(pk=event.data["vendor"])
    if vendor.standing in DISPATCHABLE and vendor.do_not_dispatch_since_at is None:
        return
    for offer in Offer.objects.open().filter(vendor=vendor).select_related("vendor", "work_order").order_by("pk"):
        with suppress(NotNow):
            offers.end_for_barred(offer, now=now)


VENDORS = Ledger(
    model=LogEvent,
    follows={
        "document.expired": (flag_open_jobs,), "vendor.standing_set": (end_offers,), "vendor.barred": (end_offers,),
    },
)  # fmt: skip
