"""Messages and photos on a work order, each with its audience."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from accounts import files
from accounts.actors import person
from accounts.models import File
from accounts.permissions import Act
from vendors.scope import vendor_ids_of
from workorders import lifecycle, mentions
from workorders.models import Attachment, AttachmentKind, Audience, Comment, Status, Visit, Watcher, WorkOrder
from workorders.refusals import Incomplete, InTheWay, NotAllowed
from workorders.sides import on_our_side

if TYPE_CHECKING:
    from accounts.actors import Actor
    from vendors.models import Vendor


def audiences_for(row: WorkOrder, by: Actor) -> list[Audience]:
    """Whom `by` can address about this work, the narrowest first."""
    if on_our_side(row, by, Act.COMMENT_INTERNALLY):
        return [Audience.INTERNAL, Audience.STORE, Audience.VENDOR, Audience.EVERYONE]
    store = [Audience.STORE] if on_our_side(row, by) else []
    company = [Audience.VENDOR] if vendor_ids_of(by) else []
    return [*store, *company, Audience.EVERYONE]


def _thread_vendor(row: WorkOrder, by: Actor) -> Vendor | None:
    """The vendor whose thread this is: the writer's own company, else whoever has the job."""
    own = vendor_ids_of(by)
    if own and row.vendor_id not in own:
        offer = row.offers.filter(vendor_id__in=own).select_related("vendor").order_by("-pk").first()
        return offer.vendor if offer else None
    return row.vendor


def _writable(row: WorkOrder) -> None:
    if row.status == Status.CLOSED:
        raise InTheWay(f"{row.number} is closed, so nothing is added to it any more.", row)


def say(
    work_order: WorkOrder,
    *,
    body: str,
    audience: str,
    by: Actor,
    now: datetime,
    photos: Iterable[UploadedFile | File] = (),
) -> Comment:
    """Write a message. Raises Incomplete, NotAllowed, NotNow once it is closed, and what `accounts.files` refuses."""
    if not body.strip():
        raise Incomplete({"body": "Write a message."})
    if audience not in audiences_for(work_order, by):
        raise Incomplete({"audience": "Choose who can read it."})
    with transaction.atomic():
        row = lifecycle.lock(work_order)
        if not lifecycle.allowed(row, Act.COMMENT, by):
            raise NotAllowed("You cannot write here.")
        _writable(row)
        vendor = _thread_vendor(row, by) if audience in (Audience.VENDOR, Audience.EVERYONE) else None
        if audience == Audience.VENDOR and vendor is None:
            raise Incomplete({"audience": "No vendor has this job yet."})
        people = mentions.called(body, row, audience=audience, vendor=vendor)
        comment = Comment.objects.create(
            work_order=row, author=person(by), author_name=str(by)[:120], body=body.strip(), audience=audience,
            vendor=vendor, written_at=now, calls=mentions.as_written(body, people),
        )  # fmt: skip
        for photo in photos:
            attach(row, upload=photo, kind=AttachmentKind.DOCUMENT, by=by, now=now, audience=audience, comment=comment)
        data: dict[str, Any] = {"comment": comment.pk, "audience": str(audience)}
        if people:
            data["mentions"] = [one.pk for one in people]
        lifecycle.append(
            row, "comment.written", by=by, now=now, data=data,
            vendor=vendor if audience == Audience.VENDOR else None,
        )  # fmt: skip
    return comment


def attach(
    work_order: WorkOrder,
    *,
    upload: UploadedFile | File,
    kind: str,
    by: Actor,
    now: datetime,
    visit: Visit | None = None,
    comment: Comment | None = None,
    audience: str = Audience.EVERYONE,
    caption: str = "",
) -> Attachment:
    """Keep a photo or paper, or add one that is kept already.

    For a vendor that has sent its bill the job is read-only, its messages apart.

    Raises files.Refused (too large, wrong kind, unreadable) with a sentence, NotNow.
    """
    _writable(work_order)
    # What is wrong concerns every vendor that ever comes, not the one that has the job just now.
    about_the_problem = kind == AttachmentKind.PROBLEM and audience == Audience.EVERYONE
    own = vendor_ids_of(by)
    if own and comment is None and work_order.invoices.billed().filter(vendor__in=own).exists():
        raise InTheWay(f"The invoice for {work_order.number} is sent. Ask for it back to add something.", work_order)
    return Attachment.objects.create(
        work_order=work_order,
        visit=visit,
        comment=comment,
        file=upload if isinstance(upload, File) else files.keep(upload, by=by, now=now),
        kind=kind,
        caption=caption[:200],
        audience=audience,
        vendor=visit.vendor if visit else None if about_the_problem else _thread_vendor(work_order, by),
        added_by=person(by),
        added_at=now,
    )


def watch(work_order: WorkOrder, *, by: Actor, now: datetime) -> None:
    """Keep `by` posted about this work."""
    if (user := person(by)) is not None:
        Watcher.objects.get_or_create(work_order=work_order, user=user, defaults={"since_at": now})


def stop_watching(work_order: WorkOrder, *, by: Actor) -> None:
    """No longer keep `by` posted."""
    Watcher.objects.filter(work_order=work_order, user=person(by)).delete()
