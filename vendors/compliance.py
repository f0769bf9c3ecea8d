"""Papers handed in, looked at, reminded of and ended: how a vendor leaves the pool by itself and comes back.

Every fact is an event of the chain `vendor:<id>`. A paper is good through its last day, by the vendor's own calendar.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import (
    Case,
    DateField,
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Cast

from accounts import files
from accounts.actors import CLOCK, person
from accounts.changes import Faulty as Unkept
from accounts.changes import allow, keep
from accounts.events import Fact, record, record_each
from accounts.permissions import Act, may
from vendors.models import ComplianceDocument, DocumentKind, DocumentState, Vendor
from vendors.papers import local_day
from vendors.scope import vendor_ids_of

if TYPE_CHECKING:
    from accounts.actors import Actor
    from assets.models import Trade

REMINDERS = (60, 45, 30, 14, 7, 1)
"""Days before the last good day on which a vendor is reminded."""

INSURANCE = frozenset(
    {DocumentKind.GENERAL_LIABILITY, DocumentKind.WORKERS_COMPENSATION, DocumentKind.AUTO, DocumentKind.UMBRELLA}
)
BATCH = 500
SHORTEST_NUMBER = 4
"""Characters from which on two equal numbers are no accident."""
TWINS = 10
TAKEN_OVER = "Rejected before it was taken over."


class NotYours(Exception):
    """This person has no say over the papers of this vendor."""


class Faulty(Exception):
    """What was entered makes no sense; `faults` names each field with its sentence."""

    def __init__(self, faults: dict[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = faults


class NotWaiting(Exception):
    """Somebody has looked at this paper already."""


def stream_of(vendor_id: int) -> str:
    """The chain of events about a vendor."""
    return f"vendor:{vendor_id}"


def upload(
    *,
    vendor: Vendor,
    by: Actor,
    now: datetime,
    kind: str,
    starts_on: date,
    ends_on: date | None = None,
    file: UploadedFile | None = None,
    trade: Trade | None = None,
    issuer: str = "",
    reference: str = "",
    jurisdiction: str = "",
    limit_amount: Decimal | None = None,
) -> ComplianceDocument:
    """Hand in a paper of `vendor`; it waits until somebody has looked at it.

    Raises NotYours, Faulty, and what `accounts.files` refuses.
    """
    own = vendor.pk in vendor_ids_of(by, Act.MANAGE_OWN_VENDOR)
    if not own and not may(by, Act.VERIFY_DOCUMENTS):
        raise NotYours("You cannot hand in papers for this company.")
    faults: dict[str, str] = {}
    if kind not in DocumentKind.values:
        faults["kind"] = "Choose what kind of paper it is."
    if ends_on is not None and ends_on < starts_on:
        faults["ends_on"] = "The paper ends before it starts."
    elif ends_on is not None and ends_on < _today(vendor, now):
        faults["ends_on"] = f"This paper ended on {local_day(ends_on)}. Send the new one."
    if kind in INSURANCE and ends_on is None:
        faults.setdefault("ends_on", "Enter the last day of the policy.")
    if kind in INSURANCE and limit_amount is None:
        faults["limit_amount"] = "Enter the limit of the policy, like 1000000."
    if limit_amount is not None and limit_amount < 0:
        faults["limit_amount"] = "Enter a limit of zero or more."
    if file is None:
        faults["file"] = "Add the paper as a file."
    if faults or file is None:
        raise Faulty(faults)
    with transaction.atomic():
        document = ComplianceDocument.objects.create(
            vendor=vendor, kind=kind, trade=trade, issuer=issuer.strip()[:120], reference=reference.strip()[:80],
            jurisdiction=jurisdiction.strip()[:40], limit_amount=limit_amount, starts_on=starts_on, ends_on=ends_on,
            file=files.keep(file, by=by, now=now), uploaded_by=person(by), uploaded_at=now,
        )  # fmt: skip
        _write(document, "document.uploaded", by=by, now=now)
    return document


def take_over(
    *, vendor: Vendor, by: Actor, now: datetime, kind: str, starts_on: date, trade: Trade | None = None,
    reference: str = "", state: str = DocumentState.PENDING, **facts: Any,
) -> ComplianceDocument:  # fmt: skip
    """Write down what is known of a paper that was handed in elsewhere, without its file.

    Known by vendor, kind, trade, number and first day: what differs of one that came this way is changed, one that was
    handed in here is left to its review. Raises NotAllowed, Faulty.
    """
    allow(by, Act.VERIFY_DOCUMENTS)
    known = ComplianceDocument.objects.filter(
        vendor=vendor, kind=kind, trade=trade, reference__iexact=reference, starts_on=starts_on
    )
    with transaction.atomic():
        Vendor.objects.select_for_update(of=("self",)).get(pk=vendor.pk)
        existing = known.order_by("pk").last()
        wanted = facts | {"state": state}
        if state == DocumentState.REJECTED:
            wanted["rejected_because"] = existing.rejected_because if existing else TAKEN_OVER
        if existing and (existing.file_id or existing.uploaded_by_id):
            if any(getattr(existing, name) != value for name, value in wanted.items()):
                raise Unkept({"reference": "This paper was handed in here. Review it, or hand in a new one."})
            return existing
        document = existing or ComplianceDocument(
            vendor=vendor, kind=kind, trade=trade, reference=reference, starts_on=starts_on, uploaded_at=now
        )
        if state in (DocumentState.VERIFIED, DocumentState.REJECTED):
            wanted["reviewed_at"] = document.reviewed_at or now
        return keep(document, wanted, stream=lambda row: stream_of(row.vendor_id), noun="document", by=by, now=now)


def verify(document: ComplianceDocument, *, by: Actor, now: datetime) -> ComplianceDocument:
    """Say that a paper is what it claims to be; from now on it counts. Raises NotYours, NotWaiting, Faulty."""
    with transaction.atomic():
        row = _to_review(document, by)
        if row.ends_on is not None and row.ends_on < _today(row.vendor, now):
            raise Faulty({"ends_on": f"This paper ended on {local_day(row.ends_on)}. Ask for the new one."})
        row.state, row.reviewed_by, row.reviewed_at = DocumentState.VERIFIED, person(by), now
        row.save()
        _write(row, "document.verified", by=by, now=now)
    return row


def reject(document: ComplianceDocument, *, by: Actor, now: datetime, reason: str) -> ComplianceDocument:
    """Send a paper back with the reason; the vendor reads it. Raises NotYours, NotWaiting, Faulty."""
    if not reason.strip():
        raise Faulty({"reason": "Say what is wrong with it; the vendor reads it."})
    with transaction.atomic():
        row = _to_review(document, by)
        row.state, row.reviewed_by, row.reviewed_at = DocumentState.REJECTED, person(by), now
        row.rejected_because = reason.strip()[:300]
        row.save()
        _write(row, "document.rejected", by=by, now=now, note=reason.strip())
    return row


def _to_review(document: ComplianceDocument, by: Actor) -> ComplianceDocument:
    """The waiting paper, locked. Nobody reviews what he handed in himself."""
    if not may(by, Act.VERIFY_DOCUMENTS):
        raise NotYours("You cannot review papers.")
    row = ComplianceDocument.objects.select_for_update(of=("self",)).select_related("vendor").get(pk=document.pk)
    if row.state != DocumentState.PENDING:
        raise NotWaiting(f"This paper is already “{row.get_state_display().lower()}”.")
    if row.uploaded_by_id is not None and row.uploaded_by_id == by.pk:
        raise NotYours("You handed this paper in, so somebody else reviews it.")
    return row


class Twin(NamedTuple):
    """A paper of another company that looks like the same one: its file, or its number."""

    document: ComplianceDocument
    same_file: bool
    same_number: bool


def twins_of(document: ComplianceDocument) -> list[Twin]:
    """Papers that another company handed in with the same file or the same number; for reviewers alone to know."""
    digest, number = document.file.sha256 if document.file else "", document.reference_plain
    if len(number) < SHORTEST_NUMBER:
        number = ""
    same_file = Q(file__sha256=digest) if digest else Q(pk__in=[])
    same_number = Q(reference_plain=number) if number else Q(pk__in=[])
    others = ComplianceDocument.objects.exclude(vendor=document.vendor_id).select_related("vendor", "file")
    found = {one.pk: one for one in (*others.filter(same_file)[:TWINS], *others.filter(same_number)[:TWINS])}
    return [
        Twin(
            one, bool(digest and one.file and one.file.sha256 == digest), bool(number and one.reference_plain == number)
        )
        for one in found.values()
    ]


def sweep_documents(*, now: datetime, limit: int = BATCH) -> int:
    """End the papers that are over, remind of those that soon will be; how many things were done.

    One reminder per paper and step: after a silence only the step that is due now is said. A paper that a longer one
    has replaced is ended without a word before. Safe to run twice and beside itself; a few statements, whatever the
    number of papers.
    """
    with transaction.atomic():
        due = list(_due(now)[:limit])
        over = [one for one in due if one.left < timedelta(0)]
        near = [one for one in due if one.left >= timedelta(0)]
        ComplianceDocument.objects.filter(pk__in=[one.pk for one in over]).update(state=DocumentState.EXPIRED)
        for step in {one.step for one in near}:
            reminded = [one.pk for one in near if one.step == step]
            ComplianceDocument.objects.filter(pk__in=reminded).update(reminded_days=step)
        facts = [Fact(stream_of(one.vendor_id), "document.expired", _data(one)) for one in over]
        facts += [
            Fact(stream_of(one.vendor_id), "document.reminded", _data(one) | {"days": one.left.days})
            for one in near
            if not one.is_replaced
        ]
        record_each(facts, by=CLOCK, now=now)
    return len(due)


def _due(now: datetime) -> QuerySet[Any]:
    """Verified papers that are over by their vendor's calendar, or have come to a step that nobody was reminded of."""
    there = Func(F("vendor__time_zone"), Value(now), function="timezone", output_field=DateTimeField())
    longer = ComplianceDocument.objects.filter(
        Q(ends_on=None) | Q(ends_on__gt=OuterRef("ends_on")), vendor=OuterRef("vendor"), kind=OuterRef("kind"),
        jurisdiction=OuterRef("jurisdiction"), state=DocumentState.VERIFIED,
    )  # fmt: skip
    steps = [When(left__lte=timedelta(days=days), then=Value(days)) for days in sorted(REMINDERS)]
    verified = ComplianceDocument.objects.select_for_update(of=("self",), skip_locked=True).filter(
        state=DocumentState.VERIFIED, ends_on__lte=now.date() + timedelta(days=max(REMINDERS) + 1)
    )
    return (
        verified.annotate(
            left=ExpressionWrapper(F("ends_on") - Cast(there, DateField()), output_field=DurationField()),
            step=Case(*steps, output_field=IntegerField()),
            is_replaced=Case(
                When(trade=None, then=Exists(longer.filter(trade=None))),
                default=Exists(longer.filter(trade=OuterRef("trade"))),
            ),
        )
        .filter(
            Q(left__lt=timedelta(0)) | Q(step__isnull=False) & (Q(reminded_days=None) | Q(reminded_days__gt=F("step")))
        )
        .order_by("ends_on", "pk")
    )


def _today(vendor: Vendor, now: datetime) -> date:
    return now.astimezone(ZoneInfo(vendor.time_zone)).date()


def _write(document: ComplianceDocument, verb: str, *, by: Actor, now: datetime, note: str = "") -> None:
    record(stream=stream_of(document.vendor_id), verb=verb, by=by, now=now, data=_data(document), note=note)


def _data(document: ComplianceDocument) -> dict[str, Any]:
    return {
        "vendor": document.vendor_id,
        "document": document.pk,
        "kind": document.kind,
        "ends": document.ends_on.isoformat() if document.ends_on else None,
    }
