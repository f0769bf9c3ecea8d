"""Whom a fact about a work order concerns, and the one way to tell them."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from accounts import notices
from accounts.actors import by_link
from accounts.models import Role, User
from accounts.permissions import VENDOR_ROLES, Act, may
from accounts.words import when
from assets.models import Priority
from assets.reach import nearest
from workorders import links
from workorders.models import Event, Invoice, Offer, WorkOrder

if TYPE_CHECKING:
    from vendors.models import Vendor

ONE_JOB = "\n\nThe link opens this one job without a password. Give it only to whoever does the job."


def facilities(row: WorkOrder, now: datetime) -> list[User]:
    """The facilities managers nearest to the work."""
    return nearest(row.site, Role.FACILITIES_MANAGER, now, trade=row.trade)


def requesters(row: WorkOrder) -> list[User]:
    """The requester and whoever follows the work from the store's side or ours, as far as they still see it."""
    people = User.objects.filter(watching__work_order=row, is_active=True).distinct()
    return [one for one in people if WorkOrder.objects.visible_to(one).filter(pk=row.pk).exists()]


def desk_path(row: WorkOrder) -> str:
    return f"/work-orders/{row.number}"


def store_path(row: WorkOrder) -> str:
    return f"/requests/{row.number}"


def job_path(row: WorkOrder) -> str:
    return f"/jobs/{row.number}"


def offer_path(offer: Offer) -> str:
    """Leads to the job while the offer can be answered, later to what became of it."""
    return f"/jobs/offers/{offer.pk}"


def bill_path(invoice: Invoice) -> str:
    """The vendor's own page of its bill."""
    return f"/jobs/invoices/{invoice.pk}"


def reads_at_desk(person: User) -> bool:
    """Whether the page that opens for `person` is the desk's; the store's opens for stores and districts."""
    return Role.FACILITIES_MANAGER in person.roles or not may(person, Act.VIEW_REQUESTS)


def by_page(row: WorkOrder, people: Iterable[User]) -> list[tuple[list[User], str]]:
    """`people` of our side, each group with the page of `row` that opens for it."""
    everybody = list(people)
    desk = [person for person in everybody if reads_at_desk(person)]
    store = [person for person in everybody if person not in desk]
    return [(store, store_path(row)), (desk, desk_path(row))]


def page_of(row: WorkOrder, person: User) -> str:
    """The page of `row` that opens for `person`, of whichever side."""
    if person.roles & VENDOR_ROLES and not person.roles - VENDOR_ROLES:
        return job_path(row)
    return desk_path(row) if reads_at_desk(person) else store_path(row)


def tell(
    event: Event, now: datetime, *, topic: notices.Topic, readers: Iterable[User | str], subject: str, body: str,
    path: str, action: str, urgent: bool | None = None, company: Vendor | None = None,
) -> None:  # fmt: skip
    """Plan one notice per reader and channel. P1 work is urgent: it does not wait for the end of quiet hours.

    A bare address cannot open a page behind the sign-in: with `company`, whose address it is, its mail carries a link
    to the job instead; without, none.
    """
    everybody = list(readers)
    words: dict[str, Any] = {
        "event_key": notices.key_of(event), "topic": topic, "subject": subject[:200], "body": body, "action": action,
        "now": now, "urgent": event.work_order.priority == Priority.P1 if urgent is None else urgent,
    }  # fmt: skip
    notices.plan(readers=[one for one in everybody if isinstance(one, User)], path=path, **words)
    for address in (one for one in everybody if isinstance(one, str)):
        if event.actor_name == by_link(address.strip().lower()):
            continue  # did it himself
        own = links.path_for(event, vendor=company, email=address, now=now) if company else ""
        notices.plan(readers=[address], path=own, **(words | {"body": body + ONE_JOB} if own else words))


def where_of(row: WorkOrder) -> str:
    return f"{row.site.code} {row.site.name}"


def at(row: WorkOrder, instant: datetime | None, now: datetime) -> str:
    if instant is None:
        return "a time to be agreed"
    return when(instant, zoneinfo.ZoneInfo(row.site.time_zone), now, with_hour=True)
