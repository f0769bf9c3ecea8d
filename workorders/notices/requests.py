"""What is told of a request: that it came, how urgent it is, that it waits, goes on, or is off."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts import notices
from accounts.models import User
from assets.models import Priority
from vendors.models import Vendor
from vendors.staffing import dispatchers
from workorders import mentions
from workorders.models import Audience, Comment, Event, Outcome, Status, Visit, VisitState
from workorders.notices.telling import progress, to_companies, to_vendor
from workorders.notices.topics import T_COMMENT, T_CONFIRMED, T_DISPATCH, T_JOB, T_MENTION, T_REPORTED
from workorders.readers import (
    at,
    by_page,
    desk_path,
    facilities,
    job_path,
    page_of,
    reads_at_desk,
    requesters,
    store_path,
    tell,
    where_of,
)


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
    """The store knows that somebody has taken it up, and how soon."""
    row = event.work_order
    progress(
        event,
        now,
        f"{row.number} is accepted: {row.title}",
        f"Facilities accepted {row.number} as P{row.priority}.\n\nA contractor will be asked next.",
    )


def prioritized(event: Event, now: datetime) -> None:
    """Who has the work or is asked for it, who follows it and who looks after it: how soon it is due changes."""
    row = event.work_order
    was, becomes = (Priority(event.data[side]["priority"]).label for side in ("before", "after"))
    subject = f"{row.number} is now {becomes}: {row.title}"
    words = f"{row.number} at {where_of(row)} is now {becomes}. It was {was}."
    tell(
        event,
        now,
        topic=T_REPORTED,
        readers=facilities(row, now),
        subject=subject,
        body=f"{words} {event.actor_name} says: {event.note}\n\nSee when it is due now.",
        path=desk_path(row),
        action="Open the work order",
    )
    progress(event, now, subject, f"{words}\n\nThere is nothing to do.")
    to_companies(event, now, subject, f"{words}\n\nSee when you are due.")


def held(event: Event, now: datetime) -> None:
    """Everybody on the job knows that it stands still, the company why only where the reason is its to see."""
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


def hold_over(event: Event, now: datetime) -> None:
    """The day has come until which it was to wait: facilities asks, or the company where the hold is its own to end."""
    row = event.work_order
    until = at(row, datetime.fromisoformat(event.data["until"]), now)
    subject = f"Still on hold: {row.number} {row.title}"
    words = f"{row.number} at {where_of(row)} was to wait until {until}. It is still on hold"
    tell(
        event,
        now,
        topic=T_DISPATCH,
        readers=facilities(row, now),
        subject=subject,
        body=f"{words}: {event.data['reason'].lower()}.\n\nResume it, or say what it waits for.",
        path=desk_path(row),
        action="Open the work order",
    )
    if event.vendor and row.hold_reason and row.hold_reason.vendor_may_choose:
        to_vendor(event, now, subject, f"{words}: {event.data['reason'].lower()}.\n\nGo on with it, or say why not.")


def resumed(event: Event, now: datetime) -> None:
    """The company and the store know that it goes on, and whether another time must be agreed."""
    row = event.work_order
    passed = event.data.get("appointment") == "passed"
    then = "Your appointment has passed meanwhile. Agree on another." if passed else "See when you are due."
    to_vendor(event, now, f"It goes on: {row.number}", f"{row.number} at {where_of(row)} goes on.\n\n{then}")
    progress(
        event, now, f"It goes on: {row.number}", f"{row.number} at {where_of(row)} goes on.\n\nThere is nothing to do."
    )


def called_off(event: Event, now: datetime) -> None:
    """Whoever was asked, has the job or was to go need not go; the store knows unless it goes on with another."""
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
    """Who reported the other one knows that this one serves both."""
    row = event.work_order
    progress(
        event,
        now,
        f"Your request goes on as {row.number}",
        f"{event.data['work_order']} is the same as {row.number}, so one visit serves both.\n\nYou are kept posted.",
    )


def commented(event: Event, now: datetime) -> None:
    """Whoever may read a message reads it: who is called in it, facilities, and by its audience who follows the work,
    the store and the company."""
    row = event.work_order
    comment = Comment.objects.filter(pk=event.data["comment"]).select_related("vendor").first()
    if comment is None:
        return
    words: dict[str, Any] = {
        "subject": f"{comment.author_name} wrote about {row.number}",
        "body": f"{comment.author_name} wrote:\n\n{comment.body}",
    }
    for person in mentions.still(comment, event.data.get("mentions", ())):
        tell(
            event, now, topic=T_MENTION, readers=[person], path=page_of(row, person), action="Read and answer",
            subject=f"{comment.author_name} asks for you about {row.number}", body=words["body"],
        )  # fmt: skip
    desk = facilities(row, now)
    tell(event, now, topic=T_COMMENT, readers=desk, path=desk_path(row), action="Read and answer", **words)
    others = mentions.still(comment, [person.pk for person in requesters(row) if person not in desk])
    for readers, path in by_page(row, others):
        tell(event, now, topic=T_COMMENT, readers=readers, path=path, action="Read and answer", **words)
    if comment.audience in (Audience.VENDOR, Audience.EVERYONE) and comment.vendor:
        crew = dispatchers(comment.vendor, now)
        tell(
            event, now, topic=T_COMMENT, readers=crew, path=job_path(row), action="Read and answer",
            company=comment.vendor, **words,
        )  # fmt: skip
