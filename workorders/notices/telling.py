"""How notices about work are said to those who follow it and to the company that has it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from accounts.models import User
from vendors.staffing import dispatchers
from workorders.models import Event
from workorders.notices.topics import T_JOB, T_PROGRESS
from workorders.readers import by_page, job_path, offer_path, requesters, tell


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


def to_vendor(event: Event, now: datetime, subject: str, body: str) -> None:
    """Tell the company that has the job, and whoever goes there next."""
    row = event.work_order
    readers: list[User | str] = list(dispatchers(row.vendor, now)) if row.vendor else []
    visit = row.visits.ahead().select_related("technician").order_by("-pk").first()
    if visit and visit.technician:
        readers.append(visit.technician)
    tell(
        event, now, topic=T_JOB, readers=readers, subject=subject, body=body, path=job_path(row), action="Open the job",
        company=row.vendor,
    )  # fmt: skip


def to_companies(event: Event, now: datetime, subject: str, body: str) -> None:
    """Tell the company that has the job; while nobody has it, each that is asked for it, which learns of no other.

    Who came in with or after the event has seen it already.
    """
    row = event.work_order
    if row.vendor:
        if row.accepted_at and row.accepted_at < event.at:
            to_vendor(event, now, subject, body)
        return
    for offer in row.offers.open().filter(offered_at__lt=event.at).select_related("vendor"):
        tell(
            event, now, topic=T_JOB, readers=dispatchers(offer.vendor, now), subject=subject, body=body,
            path=offer_path(offer), action="Open the offer", company=offer.vendor,
        )  # fmt: skip
