"""What is said about a work order to whom, in which words. Called by the reactions; nothing is sent here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts import notices
from accounts.models import Role, User
from accounts.notices import topic
from assets.reach import nearest
from vendors.models import Vendor, VendorKind
from vendors.staffing import dispatchers
from workorders.authorization import in_words
from workorders.models import Audience, Comment, Event, Invoice, Offer, Outcome, Status, Visit, VisitState
from workorders.readers import (
    at,
    bill_path,
    by_page,
    desk_path,
    facilities,
    job_path,
    offer_path,
    reads_at_desk,
    requesters,
    store_path,
    tell,
    where_of,
)  # fmt: skip
from workorders.watch import VERIFY_AFTER

STORE = "For stores"
DESK = "For facilities"
VENDOR = "For vendors"
T_REPORTED = topic("workorder.reported", "A problem is reported", group=DESK)
T_CONFIRMED = topic("workorder.confirmation", "Confirmation of your request", group=STORE)
T_PROGRESS = topic("workorder.progress", "Progress of a request", group=STORE)
T_CHECK = topic("workorder.completed", "Work waits for your confirmation", group=STORE)
T_OFFER = topic("workorder.offered", "A job is offered", group=VENDOR)
T_JOB = topic("workorder.job", "A job changes", group=VENDOR)
T_ASSIGNED = topic("visit.assigned", "A visit is assigned to you", group=VENDOR)
T_DISPATCH = topic("workorder.dispatch", "Vendors answer offers", group=DESK)
T_DONE = topic("workorder.done", "Work is completed, confirmed or rejected", group=DESK)
T_CLOCK = topic("clock", "Time targets run out", group=DESK)
T_VISIT = topic("visit", "Check-outs and appointments are missed", group=DESK)
T_COMMENT = topic("comment.written", "Messages", group="Everybody")
T_INVOICE = topic("invoice", "Invoices", group="Everybody")


def reported(event: Event, now: datetime) -> None:
    """The requester has it in writing; the nearest facilities managers have work."""
    row = event.work_order
    if row.requester:
        notices.plan(
            event_key=notices.key_of(event),
            topic=T_CONFIRMED,
            readers=[row.requester.email],
            now=now,
            subject=f"We have your request {row.number}: {row.title}",
            body=f"Your request {row.number} for {where_of(row)} has arrived.\n\n"
            "Facilities is looking at it. Answers are due"
            f" by {at(row, row.due_at, now)}. You can follow it and add photos on its page.",
            path=desk_path(row) if reads_at_desk(row.requester) else store_path(row),
            action="See the request",
            urgent=True,
        )
    if row.plan_id and row.status != Status.NEW:
        return  # it has gone to its plan's vendor by itself
    found = [one.sentence for one in row.screenings.filter(found=True).exclude(step="criticality")]
    tell(
        event,
        now,
        topic=T_REPORTED,
        readers=facilities(row, now),
        subject=f"P{row.priority} {row.number} {row.title}, {where_of(row)}",
        body=f"{event.actor_name} reported {row.title} at {where_of(row)}.\n\n{row.priority_reasons[0]}."
        + "".join(f"\n{sentence}." for sentence in found)
        + "\n\nTriage it and send somebody.",
        path=desk_path(row),
        action="Open the work order",
    )


def progress(event: Event, now: datetime, subject: str, body: str, readers: Iterable[User] | None = None) -> None:
    """Tell those who follow the work, each on the page of his own kind."""
    row = event.work_order
    for group, path in by_page(row, requesters(row) if readers is None else readers):
        tell(
            event,
            now,
            topic=T_PROGRESS,
            readers=group,
            subject=subject,
            body=body,
            path=path,
            action="See where it stands",
        )


def got_worse(event: Event, now: datetime) -> None:
    """Somebody at the site says that it got worse: facilities decides what that changes."""
    row = event.work_order
    tell(
        event,
        now,
        topic=T_REPORTED,
        readers=facilities(row, now),
        subject=f"It got worse: {row.number} {row.title}, {where_of(row)}",
        body=f"{event.actor_name} says that {row.number} at {where_of(row)} got worse. {event.note}".rstrip()
        + "\n\nSee whether it is more urgent now.",
        path=desk_path(row),
        action="Open the work order",
    )


def triaged(event: Event, now: datetime) -> None:
    row = event.work_order
    progress(
        event,
        now,
        f"{row.number} is accepted: {row.title}",
        f"Facilities accepted {row.number} as P{row.priority}.\n\nA contractor will be asked next.",
    )


def offered(event: Event, now: datetime) -> None:
    row = event.work_order
    for offer in Offer.objects.filter(pk__in=event.data["offers"]).select_related("vendor"):
        until = at(row, offer.expires_at, now)
        tell(
            event,
            now,
            topic=T_OFFER,
            readers=dispatchers(offer.vendor, now),
            subject=f"Job offer {row.number}: {row.title}, {where_of(row)}",
            body=f"A P{row.priority} job is offered to you: {row.title} at {where_of(row)}.\n\nNot to exceed:"
            f" {in_words(offer.authorized_amount, row.currency)}. Answer by {until}.",
            path=offer_path(offer),
            action="Answer the offer",
            urgent=True,
        )


def accepted(event: Event, now: datetime) -> None:
    row = event.work_order
    start = at(row, row.scheduled_start_at, now)
    company = row.vendor.name if row.vendor else "The contractor"
    progress(
        event,
        now,
        f"{company} comes {start}: {row.number}",
        f"{company} accepted {row.number} and comes {start}.\n\nKeep the way to the equipment free.",
    )
    tell(
        event,
        now,
        topic=T_DISPATCH,
        readers=facilities(row, now),
        subject=f"{row.number} accepted by {company}",
        body=f"{company} accepted {row.number} at {where_of(row)} and comes {start}.\n\nThere is nothing to do.",
        path=desk_path(row),
        action="Open the work order",
    )
    assigned(event, now)


def assigned(event: Event, now: datetime) -> None:
    row = event.work_order
    visit = Visit.objects.filter(pk=event.data.get("visit")).select_related("technician").first()
    if visit and visit.technician:
        tell(
            event,
            now,
            topic=T_ASSIGNED,
            readers=[visit.technician],
            subject=f"Your job {row.number}: {row.title}",
            body=f"You go to {where_of(row)} {at(row, visit.planned_start_at, now)} for {row.title}."
            f"\n\n{row.site.address}. {row.access_note}".rstrip()
            + "\n\nCheck in when you are there.",
            path=job_path(row),
            action="Open the job",
        )


def offer_failed(event: Event, now: datetime, failed: int, waits_for: str, *, by_itself: bool) -> None:
    """From the second failed offer on, facilities is told; the first is the cascade's own business."""
    row = event.work_order
    if failed < 2 and waits_for:
        return
    then = "Nobody else could be asked by itself."
    if waits_for:
        then = f"It was offered to {waits_for} by itself." if by_itself else f"It still waits for {waits_for}."
    tell(
        event,
        now,
        topic=T_DISPATCH,
        readers=facilities(row, now),
        subject=f"{row.number}: {failed} offers failed",
        body=f"{failed} {'offer has' if failed == 1 else 'offers have'} failed for {row.number} at {where_of(row)}.\n\n"
        f"{then}",
        path=desk_path(row),
        action="Choose a vendor",
    )


def offer_gone(event: Event, now: datetime) -> None:
    row = event.work_order
    if event.vendor:
        gone = {"workorder.offer_expired": "expired", "offer.taken": "was taken by another company"}.get(
            event.verb, "was withdrawn"
        )
        tell(
            event,
            now,
            topic=T_JOB,
            readers=dispatchers(event.vendor, now),
            subject=f"The offer {row.number} {gone}",
            body=f"The offer of {row.number} at {where_of(row)} {gone}.\n\nThere is nothing to do.",
            path="/jobs",
            action="See your jobs",
        )


def to_vendor(event: Event, now: datetime, subject: str, body: str) -> None:
    """Tell the company that has the job, and whoever goes there next."""
    row = event.work_order
    readers: list[User | str] = list(dispatchers(row.vendor, now)) if row.vendor else []
    visit = row.visits.ahead().select_related("technician").order_by("-pk").first()
    if visit and visit.technician:
        readers.append(visit.technician)
    tell(
        event, now, topic=T_JOB, readers=readers, subject=subject, body=body, path=job_path(row), action="Open the job"
    )


def rescheduled(event: Event, now: datetime) -> None:
    row = event.work_order
    start = at(row, row.scheduled_start_at, now)
    progress(
        event, now, f"New time for {row.number}: {start}", f"{row.number} is now planned for {start}.\n\n{event.note}"
    )
    to_vendor(
        event,
        now,
        f"New time for {row.number}: {start}",
        f"{row.number} at {where_of(row)} is now planned for {start}.\n\n{event.note}",
    )


def checked_in(event: Event, now: datetime) -> None:
    row = event.work_order
    progress(
        event,
        now,
        f"The technician is there: {row.number}",
        f"{event.actor_name} checked in at {where_of(row)} for {row.number}.\n\nThere is nothing to do.",
    )
    if event.data.get("flags"):
        words = ", ".join(flag.replace("_", " ") for flag in event.data["flags"])
        tell(
            event,
            now,
            topic=T_VISIT,
            readers=facilities(row, now),
            subject=f"{row.number}: look at this check-in",
            body=f"{event.actor_name} checked in at {where_of(row)}, flagged: {words}.\n\nLook whether that is right.",
            path=desk_path(row),
            action="Open the work order",
        )


def checked_out(event: Event, now: datetime) -> None:
    row = event.work_order
    progress(
        event,
        now,
        f"The technician has left: {row.number}",
        f"{row.number} at {where_of(row)} is not finished yet.\n\n{event.note}",
        [*requesters(row), *facilities(row, now)],
    )


def completed(event: Event, now: datetime) -> None:
    row = event.work_order
    people = requesters(row)
    store = [person for person in people if not reads_at_desk(person)]
    tell(
        event,
        now,
        topic=T_CHECK,
        readers=store,
        subject=f"Is it fixed? {row.number} {row.title}",
        body=f"{row.vendor} says that {row.title} at {where_of(row)} is done.\n\n"
        "Look at it and say whether it works. After"
        f" {VERIFY_AFTER.value()} days without an answer it counts as fixed.",
        path=store_path(row),
        action="Confirm or reject",
    )
    tell(
        event,
        now,
        topic=T_DONE,
        readers=[*facilities(row, now), *(one for one in people if one not in store)],
        subject=f"{row.number} is completed: {row.title}",
        body=f"{row.vendor} completed {row.number} at {where_of(row)}.\n\nThe store is asked to confirm.",
        path=desk_path(row),
        action="Open the work order",
    )


def verify_reminder(event: Event, now: datetime) -> None:
    row = event.work_order
    verifies = at(row, datetime.fromisoformat(event.data["verifies_at"]), now)
    for readers, path in by_page(row, requesters(row)):
        tell(
            event, now, topic=T_CHECK, readers=readers, path=path, action="Confirm or reject",
            subject=f"Still waiting: is {row.number} fixed?",
            body=f"{row.title} at {where_of(row)} was completed {at(row, row.completed_at, now)}.\n\n"
            f"Say whether it works. {verifies} it counts as fixed.",
        )  # fmt: skip


def verified(event: Event, now: datetime) -> None:
    row = event.work_order
    how = (
        f"Nobody objected for {VERIFY_AFTER.value()} days"
        if row.verified_by_silence
        else f"{event.actor_name} confirmed that it works"
    )
    tell(
        event,
        now,
        topic=T_DONE,
        readers=facilities(row, now),
        subject=f"{row.number} is confirmed",
        body=f"{how}: {row.number} at {where_of(row)}.\n\nThe invoice can come.",
        path=desk_path(row),
        action="Open the work order",
    )
    progress(event, now, f"{row.number} is confirmed", f"{how}: {row.number} at {where_of(row)}.\n\nIt is done.")
    if row.vendor:
        billed = row.is_billable and row.vendor.kind != VendorKind.INTERNAL
        tell(
            event,
            now,
            topic=T_JOB,
            readers=dispatchers(row.vendor, now),
            subject=f"{row.number} is confirmed" + (": send your invoice" if billed else ""),
            body=f"The work on {row.number} at {where_of(row)} is confirmed.\n\n"
            + ("Check the draft invoice and send it." if billed else "There is nothing to bill."),
            path=job_path(row),
            action="Open the job",
        )


def rejected(event: Event, now: datetime) -> None:
    row = event.work_order
    to_vendor(
        event,
        now,
        f"Not fixed: {row.number} {row.title}",
        f"{event.actor_name} says that {row.title} at {where_of(row)} is not fixed: {event.note}\n\n"
        "Plan a visit to put it right.",
    )
    progress(
        event,
        now,
        f"Not fixed: {row.number}",
        f"{event.actor_name} says that {row.number} is not fixed: {event.note}\n\nThe vendor has it back.",
    )
    tell(
        event,
        now,
        topic=T_DONE,
        readers=facilities(row, now),
        subject=f"Not fixed: {row.number} {row.title}",
        body=f"{event.actor_name} says that {row.number} at {where_of(row)} is not fixed: {event.note}\n\n"
        "The vendor has it back.",
        path=desk_path(row),
        action="Open the work order",
    )


def held(event: Event, now: datetime) -> None:
    row = event.work_order
    reason = event.data.get("reason", "")
    progress(
        event,
        now,
        f"On hold: {row.number}",
        f"{row.number} at {where_of(row)} is on hold: {reason.lower()}.\n\n{event.note}",
        [*requesters(row), *facilities(row, now)],
    )
    # Why is told only where the reason is the vendor's to see.
    why = f": {reason.lower()}" if event.vendor else ""
    to_vendor(
        event,
        now,
        f"On hold: {row.number}",
        f"{row.number} at {where_of(row)} is on hold{why}.\n\nDo not go there now.",
    )


def resumed(event: Event, now: datetime) -> None:
    row = event.work_order
    to_vendor(
        event, now, f"It goes on: {row.number}", f"{row.number} at {where_of(row)} goes on.\n\nSee when you are due."
    )
    progress(
        event, now, f"It goes on: {row.number}", f"{row.number} at {where_of(row)} goes on.\n\nThere is nothing to do."
    )


def called_off(event: Event, now: datetime) -> None:
    row = event.work_order
    for vendor in Vendor.objects.filter(pk__in=event.data.get("vendors_told", [])):
        sent = User.objects.filter(
            visits__work_order=row, visits__vendor=vendor,
            visits__in=Visit.objects.filter(Q(state=VisitState.CANCELED) | Q(outcome=Outcome.CALLED_OFF)),
        )  # fmt: skip
        tell(
            event,
            now,
            topic=T_JOB,
            readers=[*dispatchers(vendor, now), *sent],
            subject=f"{row.number} is no longer yours",
            body=f"{row.number} at {where_of(row)} was called off.\n\n"
            "Do not send anybody. A trip that was made can be billed.",
            path="/jobs",
            action="See your jobs",
        )
    if event.verb != "workorder.reassigned":
        progress(
            event, now, f"Canceled: {row.number}", f"{row.number} at {where_of(row)} was canceled.\n\n{event.note}"
        )


def absorbed(event: Event, now: datetime) -> None:
    row = event.work_order
    progress(
        event,
        now,
        f"Your request goes on as {row.number}",
        f"{event.data['work_order']} is the same as {row.number}, so one visit serves both.\n\nYou are kept posted.",
    )


def commented(event: Event, now: datetime) -> None:
    row = event.work_order
    comment = Comment.objects.filter(pk=event.data["comment"]).select_related("vendor").first()
    if comment is None:
        return
    words: dict[str, Any] = {
        "subject": f"{comment.author_name} wrote about {row.number}",
        "body": f"{comment.author_name} wrote:\n\n{comment.body}",
    }
    desk = facilities(row, now)
    tell(event, now, topic=T_COMMENT, readers=desk, path=desk_path(row), action="Read and answer", **words)
    if comment.audience in (Audience.STORE, Audience.EVERYONE):
        others = [person for person in requesters(row) if person not in desk]
        for readers, path in by_page(row, others):
            tell(event, now, topic=T_COMMENT, readers=readers, path=path, action="Read and answer", **words)
    if comment.audience in (Audience.VENDOR, Audience.EVERYONE) and comment.vendor:
        crew = dispatchers(comment.vendor, now)
        tell(event, now, topic=T_COMMENT, readers=crew, path=job_path(row), action="Read and answer", **words)


def invoice_moved(event: Event, now: datetime) -> None:
    """To those who decide when it comes in; to the vendor when something was decided."""
    row = event.work_order
    invoice = Invoice.objects.filter(pk=event.data.get("invoice")).select_related("vendor").first()
    if invoice is None:
        return
    what = event.verb.partition(".")[2]
    if what == "submitted":
        finance = nearest(row.site, Role.FINANCE, now) or facilities(row, now)
        tell(
            event,
            now,
            topic=T_INVOICE,
            readers=finance,
            subject=f"Invoice {invoice.number} for {row.number}",
            body=f"{invoice.vendor} sent invoice {invoice.number} for {row.number}.\n\nDecide about it.",
            path=f"/invoices/{invoice.pk}",
            action="Open the invoice",
        )
    elif what in ("approved", "rejected", "disputed", "returned"):
        tell(
            event,
            now,
            topic=T_INVOICE,
            readers=dispatchers(invoice.vendor, now),
            subject=f"Invoice {invoice.number} for {row.number} was {what}",
            body=f"Invoice {invoice.number} for {row.number} was {what}.\n\n{event.note}",
            path=bill_path(invoice),
            action="Open the invoice",
        )
