"""What is told of visits and of work that is done: is it fixed?"""

from __future__ import annotations

from datetime import datetime

from vendors.models import VendorKind
from vendors.staffing import dispatchers
from workorders.models import Event
from workorders.models.visit import FLAGS
from workorders.notices.telling import progress, to_vendor
from workorders.notices.topics import T_CHECK, T_DONE, T_JOB, T_VISIT
from workorders.readers import (
    at,
    by_page,
    desk_path,
    facilities,
    job_path,
    reads_at_desk,
    requesters,
    store_path,
    tell,
    where_of,
)
from workorders.watch import VERIFY_AFTER


def checked_in(event: Event, now: datetime) -> None:
    """The store knows that somebody is there; facilities looks at a check-in that is not believed."""
    row = event.work_order
    progress(
        event,
        now,
        f"The technician is there: {row.number}",
        f"{event.actor_name} checked in at {where_of(row)} for {row.number}.\n\nThere is nothing to do.",
    )
    if event.data.get("flags"):
        words = ", ".join(FLAGS[flag] for flag in event.data["flags"])
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
    """The store and facilities know that whoever was there has left, and that it is not finished."""
    row = event.work_order
    progress(
        event,
        now,
        f"The technician has left: {row.number}",
        f"{row.number} at {where_of(row)} is not finished yet.\n\n{event.note}",
        [*requesters(row), *facilities(row, now)],
    )


def completed(event: Event, now: datetime) -> None:
    """The store is asked whether it works; facilities knows that it is asked."""
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
    """Who was asked whether it works is asked again, and told when silence counts as a yes."""
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
    """Facilities and the store know that it is done; the company can bill where there is something to bill."""
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
            company=row.vendor,
        )


def rejected(event: Event, now: datetime) -> None:
    """The company has the work back, with what is still wrong; the store and facilities know."""
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
