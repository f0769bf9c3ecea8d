"""What is told when companies are asked, answer, and agree on a time."""

from __future__ import annotations

from datetime import datetime

from accounts.models import User
from vendors.reactions import T_PAPERS
from vendors.staffing import dispatchers
from workorders.authorization import in_words
from workorders.models import Event, Offer, OfferState, Visit
from workorders.notices.telling import progress, to_vendor
from workorders.notices.topics import T_ASSIGNED, T_DISPATCH, T_JOB, T_OFFER
from workorders.readers import at, desk_path, facilities, job_path, offer_path, tell, where_of


def offered(event: Event, now: datetime) -> None:
    """Each company that is asked has the job to answer, at once, whatever its quiet hours."""
    row = event.work_order
    asked = Offer.objects.filter(pk__in=event.data["offers"]).exclude(state=OfferState.ACCEPTED)
    for offer in asked.select_related("vendor"):
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
            company=offer.vendor,
        )


def _then(waits_for: str, by_itself: bool) -> str:
    """How it goes on after an offer that came to nothing."""
    if not waits_for:
        return "Nobody else could be asked by itself."
    return f"It was offered to {waits_for} by itself." if by_itself else f"It still waits for {waits_for}."


def offer_failed(event: Event, now: datetime, failed: int, waits_for: str, *, by_itself: bool) -> None:
    """From the second failed offer on, facilities is told; the first is the cascade's own business."""
    row = event.work_order
    if failed < 2 and waits_for:
        return
    tell(
        event,
        now,
        topic=T_DISPATCH,
        readers=facilities(row, now),
        subject=f"{row.number}: {failed} offers failed",
        body=f"{failed} {'offer has' if failed == 1 else 'offers have'} failed for {row.number} at {where_of(row)}.\n\n"
        + _then(waits_for, by_itself),
        path=desk_path(row),
        action="Choose a vendor",
    )


def offer_ended(event: Event, now: datetime, waits_for: str, *, by_itself: bool) -> None:
    """Facilities hears that a vendor that may not be sent any more is not waited for, and who is asked instead."""
    row, vendor = event.work_order, event.data["vendor"]
    tell(
        event, now, topic=T_DISPATCH, readers=facilities(row, now), path=desk_path(row), action="Choose a vendor",
        subject=f"{row.number}: the offer to {vendor} has ended",
        body=f"{vendor} cannot take jobs at the moment, so {row.number} at {where_of(row)} does not wait for it.\n\n"
        + _then(waits_for, by_itself),
    )  # fmt: skip


def not_sent(event: Event, now: datetime) -> None:
    """Work that should have gone out by itself waits for a person."""
    row = event.work_order
    tell(
        event,
        now,
        topic=T_DISPATCH,
        readers=facilities(row, now),
        subject=f"{row.number} could not be offered by itself",
        body=f"{row.number} at {where_of(row)} waits in the queue. {event.note}\n\nSee who was considered.",
        path=desk_path(row),
        action="Choose a vendor",
    )


def offer_gone(event: Event, now: datetime) -> None:
    """The company whose offer ended otherwise than by its own answer need not answer any more."""
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


def accepted(event: Event, now: datetime) -> None:
    """The store and facilities know who comes and when; the technician has a job."""
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
    """Whoever goes has the job; whoever went before need not go any more."""
    row = event.work_order
    visit = Visit.objects.filter(pk=event.data.get("visit")).select_related("technician").first()
    if visit and visit.technician:
        start = at(row, visit.planned_start_at if visit.is_dated else None, now)
        tell(
            event,
            now,
            topic=T_ASSIGNED,
            readers=[visit.technician],
            subject=f"Your job {row.number}: {row.title}",
            body=f"You go to {where_of(row)} {start} for {row.title}.\n\n{row.site.address}. {row.access_note}".rstrip()
            + "\n\nCheck in when you are there.",
            path=job_path(row),
            action="Open the job",
        )
    relieved = User.objects.filter(pk=event.data.get("instead_of") or 0)
    tell(
        event,
        now,
        topic=T_ASSIGNED,
        readers=relieved,
        subject=f"No longer your job: {row.number} {row.title}",
        body=f"{visit.technician if visit and visit.technician else 'Somebody else'} goes to {where_of(row)} for"
        f" {row.title} instead of you.\n\nDo not go there.",
        path="/jobs",
        action="See your jobs",
    )


def rescheduled(event: Event, now: datetime) -> None:
    """The store and the company know the new time."""
    row = event.work_order
    start = at(row, row.scheduled_start_at, now)
    if event.data.get("technician"):
        assigned(event, now)
    progress(
        event, now, f"New time for {row.number}: {start}", f"{row.number} is now planned for {start}.\n\n{event.note}"
    )
    to_vendor(
        event,
        now,
        f"New time for {row.number}: {start}",
        f"{row.number} at {where_of(row)} is now planned for {start}.\n\n{event.note}",
    )


def lapsed(event: Event, now: datetime) -> None:
    """Facilities decides about a job whose vendor has no valid papers on its day; the company can still send them.

    Of a paper that has ended the company hears by itself, not once more for each of its jobs.
    """
    row, day = event.work_order, event.data["on"]
    if event.vendor is None:
        return
    why = " ".join(event.data["sentences"])
    tell(
        event, now, topic=T_DISPATCH, readers=facilities(row, now), path=desk_path(row), action="Open the work order",
        subject=f"{row.number}: papers of {event.vendor.name} do not hold on {day}",
        body=f"{event.vendor.name} has {row.number} at {where_of(row)}, on {day}. {why}\n\n"
        "Ask for the new paper, or take the job back and give it to somebody else.",
    )  # fmt: skip
    if event.data["document"] is None:
        tell(
            event, now, topic=T_PAPERS, readers=dispatchers(event.vendor, now), path="/company", action="Send a paper",
            company=event.vendor, subject=f"{row.number}: your papers do not hold on {day}",
            body=f"Your visit for {row.number} at {where_of(row)} is on {day}. {why}\n\n"
            "Send the new paper before then, or the job may be given to somebody else.",
        )  # fmt: skip


def _window(event: Event, now: datetime) -> str:
    """The time that a proposal names, in the words of the site."""
    return at(event.work_order, datetime.fromisoformat(event.data["start"]), now)


def proposed(event: Event, now: datetime) -> None:
    """Facilities has another time to agree to, before the offer ends."""
    row = event.work_order
    offer = Offer.objects.get(pk=event.data["offer"])
    company, start = event.data["vendor"], _window(event, now)
    tell(
        event, now, topic=T_DISPATCH, readers=facilities(row, now), path=desk_path(row), action="Answer the proposal",
        subject=f"{row.number}: {company} proposes {start}",
        body=f"{company} would come to {where_of(row)} {start} for {row.number}: {event.note}\n\n"
        f"Agree, or say what is possible. The offer ends {at(row, offer.expires_at, now)}, and the proposal with it.",
    )  # fmt: skip


def proposal_refused(event: Event, now: datetime) -> None:
    """The company knows that its time is not possible and why; the offer still waits for it."""
    row = event.work_order
    offer = Offer.objects.select_related("vendor").get(pk=event.data["offer"])
    until = at(row, offer.expires_at, now)
    tell(
        event, now, topic=T_OFFER, readers=dispatchers(offer.vendor, now), path=offer_path(offer), urgent=True,
        company=offer.vendor, action="Answer the offer", subject=f"{row.number}: the time you proposed is not possible",
        body=f"The time you proposed for {row.number} at {where_of(row)} is not possible: {event.note}\n\n"
        f"Accept, propose another time or decline by {until}.",
    )  # fmt: skip


def time_agreed(event: Event, now: datetime) -> None:
    """The company has the job at the time it proposed; everybody else hears what they hear of any accepted offer."""
    row = event.work_order
    start = at(row, row.scheduled_start_at, now)
    accepted(event, now)
    readers = dispatchers(event.vendor, now) if event.vendor else []
    tell(
        event, now, topic=T_OFFER, readers=readers, path=job_path(row), action="Open the job", urgent=True,
        company=event.vendor,
        subject=f"{row.number} is yours: {start}",
        body=f"Facilities agreed to your time for {row.title} at {where_of(row)}: {start}.\n\nThe job is yours.",
    )  # fmt: skip
