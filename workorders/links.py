"""Signed links: a vendor without an account does one job, from the offer to the bill, out of its mail.

Whoever holds the link acts for the vendor, on that job alone (`accounts.actors.LinkHolder`). Looking changes nothing,
however often; what is done by it goes through the same rules as what a signed-in person does. The secret is signed,
so that a made-up one is refused without a question to the database, and kept here as a digest only.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from django.core import signing
from django.db import transaction

from accounts import limits, people
from accounts.actors import LinkHolder, person
from accounts.events import record
from accounts.models import Notice, Role
from accounts.models.notice import Channel
from accounts.notices import key_of
from accounts.permissions import Act
from accounts.thresholds import declare
from vendors.compliance import stream_of as vendor_stream
from vendors.staffing import employ, staff_of
from workorders import lifecycle
from workorders.models import JobLink, Offer, OfferState, Status, WorkOrder
from workorders.offers import SAID
from workorders.refusals import Incomplete, NotAllowed, NotNow, Refused

if TYPE_CHECKING:
    from accounts.actors import Actor
    from accounts.models import User
    from vendors.models import Vendor
    from workorders.models import Event

LASTS = declare(
    "links.lasts", 14, "days", "How long a mailed link to a job works; longer while the job is the vendor's", minimum=1
)
WRONG_PER_ADDRESS = declare(
    "links.wrong_per_address", 20, "an hour", "Links that lead nowhere, tried from one internet address", minimum=1
)
ACTS_PER_LINK = declare("links.acts", 120, "an hour", "Forms sent by one mailed link", minimum=10)

SALT = "workorders.link"
OVER = frozenset({Status.CLOSED, Status.CANCELED})
NOWHERE = "This link does not work. Open the newest mail about the job, or call facilities."
NO_LONGER = "This job is no longer yours."


class LeadsNowhere(Refused):
    """No job opens by this link, or none does any more."""


class TooMany(Refused):
    """More is tried by this link, or from this address, than a person does."""


def path_for(event: Event, *, vendor: Vendor, email: str, now: datetime) -> str:
    """The address of a new link for one mail about `event`, or nothing when that mail is planned already."""
    told = Notice.objects.filter(
        event_key=key_of(event), address=email.strip().lower(), channel=Channel.EMAIL
    )  # fmt: skip
    return "" if told.exists() else f"/j/{make(event.work_order, vendor=vendor, email=email, now=now)}"


def make(work_order: WorkOrder, *, vendor: Vendor, email: str, now: datetime) -> str:
    """A link to `work_order` for `vendor`, to be mailed to `email`. The token is told here once and never again."""
    secret = secrets.token_urlsafe(24)
    JobLink.objects.create(
        work_order=work_order, vendor=vendor, email=email.strip().lower(), digest=_digest(secret), made_at=now,
        expires_at=now + LASTS.span(),
    )  # fmt: skip
    return _signer().sign(secret)


def _signer() -> signing.Signer:
    return signing.Signer(salt=SALT, sep=".")


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def link_of(token: str) -> JobLink:
    """The link that a token opens, whether or not it still does. Raises LeadsNowhere for a made-up token."""
    try:
        secret = _signer().unsign(token)
    except signing.BadSignature as error:
        raise LeadsNowhere(NOWHERE) from error
    # Looked up by its digest: how long that takes tells nothing about the secret.
    link = JobLink.objects.with_reader().filter(digest=_digest(secret)).first()
    if link is None:
        raise LeadsNowhere(NOWHERE)
    return link


def still_works(link: JobLink, *, now: datetime) -> None:
    """Raises LeadsNowhere once the link was switched off, its address is no longer the vendor's, or its time is over.

    It stays open while the job is the vendor's, so that nobody stands on site before a closed door.
    """
    if link.revoked_at or not link.is_written_to:  # type: ignore[attr-defined]
        raise LeadsNowhere("This link has been switched off. Call facilities if the job is still yours.")
    row = link.work_order
    theirs = row.vendor_id == link.vendor_id and row.status not in OVER
    if link.expires_at <= now and not theirs:
        raise LeadsNowhere("This link has expired. Open the newest mail about the job, or call facilities.")


def holder_of(link: JobLink) -> LinkHolder:
    """Who acts by this link."""
    return LinkHolder(
        link_id=link.pk, work_order_id=link.work_order_id, vendor_id=link.vendor_id, email=link.email,
        company=link.vendor.name,
    )  # fmt: skip


def wrong_from(address: str, *, now: datetime) -> None:
    """Count a token that leads nowhere. Raises TooMany for an address that guesses."""
    if limits.count("link:wrong", address, now=now) > WRONG_PER_ADDRESS.value():
        raise TooMany("Too many links that do not work were tried from here. Wait an hour.")


def one_more(link: JobLink, *, now: datetime) -> None:
    """Count a form that is sent by this link. Raises TooMany beyond what an hour may bring."""
    if limits.count("link:acts", str(link.pk), now=now) > ACTS_PER_LINK.value():
        raise TooMany("This was sent very often within an hour. Wait an hour, or call facilities.")


def used(link: JobLink, *, now: datetime) -> None:
    """Something was done by this link."""
    JobLink.objects.filter(pk=link.pk).update(used_at=now)


def what_became(link: JobLink) -> str:
    """Why the job is not in sight of whoever holds the link: its own answer, or that it is no longer theirs.

    Says nothing of what has become of the job since.
    """
    own = Offer.objects.filter(work_order_id=link.work_order_id, vendor_id=link.vendor_id)
    last = own.order_by("-pk").values_list("state", flat=True).first()
    if last == OfferState.DECLINED:
        return "You have declined this job."
    return SAID[OfferState.EXPIRED] if last == OfferState.EXPIRED else NO_LONGER


def claim(link: JobLink, *, name: str, by: LinkHolder, now: datetime) -> User:
    """Whoever reads the link's address wants an account: an invitation goes there, as the vendor's dispatcher.

    What was done by links stays in the history of its jobs, which the account then sees. Raises Incomplete, NotNow when
    the company or the address has one already.
    """
    if not name.strip():
        raise Incomplete({"name": "Enter your name."})
    row, vendor = link.work_order, link.vendor
    if staff_of([vendor.pk], now=now).filter(role=Role.DISPATCHER).exists():
        raise NotNow("Somebody of your company has an account, or an invitation to one. Ask them to invite you.", row)
    try:
        with transaction.atomic():
            why = f"From then on you see every job of {vendor.name}, the past ones too."
            user = people.invite(email=link.email, name=name, by=by, now=now, why=why)
            membership = people.grant(user=user, role=Role.DISPATCHER, by=by, now=now)
            employ(membership=membership, vendor=vendor, by=by, now=now)
            data = {"name": user.name, "vendor": vendor.pk}
            record(stream=vendor_stream(vendor.pk), verb="account.claimed", by=by, now=now, data=data)
    except people.AlreadyHere as refusal:
        raise NotNow(str(refusal), row) from refusal
    return user


def revoke(work_order: WorkOrder, *, email: str, by: Actor, now: datetime) -> int:
    """Switch off every link to this job that was mailed to `email`; how many still worked. Raises NotAllowed."""
    with transaction.atomic():
        row = lifecycle.lock(work_order)
        if not lifecycle.allowed(row, Act.DISPATCH, by):
            raise NotAllowed(f"You cannot switch off links to {row.number}.")
        live = JobLink.objects.live().filter(work_order=row, email__iexact=email.strip())
        vendors = {link.vendor for link in live.select_related("vendor")}
        many = live.update(revoked_at=now, revoked_by=person(by))
        for vendor in vendors:
            data = {"address": email.strip().lower(), "vendor": vendor.name, "links": many}
            lifecycle.append(row, "link.revoked", by=by, now=now, data=data, vendor=vendor)
    return many


def revoke_all(vendor: Vendor, *, email: str, by: Actor, now: datetime) -> int:
    """Switch off every link that was mailed to `email` about this vendor's jobs, of the jobs that `by` gives out; how
    many still worked."""
    with transaction.atomic():
        mailed = JobLink.objects.live().filter(vendor=vendor, email__iexact=email.strip())
        rows = WorkOrder.objects.visible_to(by, Act.DISPATCH).filter(pk__in=mailed.values("work_order")).order_by("pk")
        return sum(revoke(row, email=email, by=by, now=now) for row in rows)
