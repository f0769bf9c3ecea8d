"""What is odd about a bill: every check with its code, a sentence, and how much it matters.

Hours, trips and parts are held against the visits, prices against the rate card of the day of the visit, the sum
against the authorization. How much each check matters is the administrator's to say.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from functools import cached_property
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Q, Sum

from accounts.money import cents, percent_of
from accounts.thresholds import asked_of, declare
from accounts.together import ask, first_of, rows_of, side_by_side
from accounts.words import money
from assets.hours import asked_hours
from assets.models import Priority
from vendors import rates
from vendors.models import RateCard
from vendors.papers import folder_of, local_day
from vendors.rates import CostLine, HourKind
from workorders.dossier import trips_of
from workorders.models import (
    Invoice,
    InvoiceLine,
    InvoiceState,
    Kind,
    LineKind,
    Offer,
    OfferState,
    Outcome,
    PartUsed,
    Screening,
    ScreeningStep,
    Status,
    Visit,
    VisitState,
)
from workorders.models.spend import OWED
from workorders.models.status import BILLABLE
from workorders.papers import missing_papers

HOURS_TOLERATED = Decimal("0.25")
LATE_DAYS = declare("invoices.late_days", 60, "days", "Days after completion from which an invoice is late", minimum=1)


class Severity(IntEnum):
    """How much a finding matters; an administrator sets it per check."""

    OFF = 0
    INFORMS = 1
    REVIEW = 2
    BLOCKS = 3


B, R, I = Severity.BLOCKS, Severity.REVIEW, Severity.INFORMS  # noqa: E741
USUAL = {
    "not_completed": (B, "Work is not verified"),
    "not_assigned": (B, "Vendor never had the job"),
    "duplicate_number": (B, "Invoice number used before"),
    "sums_wrong": (B, "Sums do not add up"),
    "date_out_of_range": (B, "Invoice date makes no sense"),
    "currency": (B, "Other currency than the job's"),
    "lines_missing": (B, "No lines"),
    "over_authorized": (R, "More than is authorized"),
    "rate_above_card": (R, "Rate above the rate card"),
    "markup_above_agreed": (R, "Parts above the agreed markup"),
    "hours_above_visits": (R, "More hours than on site"),
    "trips_above_visits": (R, "More trips than visits"),
    "overtime_outside_hours": (R, "Special rates without the hours for them"),
    "part_not_documented": (R, "Part was not documented"),
    "tax_wrong": (R, "Tax is not what the rate card says"),
    "documents_missing": (B, "Papers of the job are missing"),
    "not_compliant_on_visit_date": (R, "Vendor's papers were not valid on the day"),
    "warranty_or_recall": (R, "Warranty or recall"),
    "submitted_late": (I, "Invoice came late"),
}
del B, R, I
SEVERITIES = {
    code: declare(
        f"invoices.severity_{code}", int(usual), "0 off, 1 informs, 2 review, 3 blocks", f"Invoice check: {label}",
        maximum=3,
    )
    for code, (usual, label) in USUAL.items()
}  # fmt: skip


class Finding(NamedTuple):
    """One check that fired."""

    code: str
    severity: Severity
    sentence: str

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "severity": self.severity.name.lower(), "sentence": self.sentence}


class Stated(NamedTuple):
    """What the vendor's own paper says, to be held against our lines; empty where it was not asked."""

    total_amount: Decimal | None = None
    currency: str = ""


def normalized(number: str) -> str:
    """An invoice number as the database compares it: without case, space and Unicode dress."""
    return "".join(unicodedata.normalize("NFKC", number).split()).upper()


def billable_lines(
    visit: Visit, *, card: RateCard, hours: Any, emergency: bool, trip_only: bool = False
) -> list[CostLine]:
    """What one trip may be billed at by `card`. Without access, or when the job was called off, the trip alone.

    A check-out that the clock made says nothing about the hours: they count as the card's minimum.
    """
    arrived, left = visit.checked_in_at, visit.checked_out_at
    if arrived is None or left is None:
        return []
    return rates.cost_of_visit(
        card=card,
        start=arrived,
        end=arrived if visit.is_estimated else left,
        hours=hours,
        emergency=emergency,
        helpers=len(visit.helpers.all()),
        with_labor=not trip_only and visit.outcome != Outcome.NO_ACCESS,
    )


@dataclass
class Bill:
    """An invoice with everything that it is held against, each fetched once."""

    invoice: Invoice
    now: datetime
    stated: Stated

    def __post_init__(self) -> None:
        """Everything that any check needs, in one trip."""
        invoice, row, vendor = self.invoice, self.invoice.work_order, self.invoice.vendor
        owed = Invoice.objects.filter(work_order=row, state__in=OWED).exclude(pk=invoice.pk)
        same = Invoice.objects.filter(vendor=vendor, number_normalized=normalized(invoice.number))
        others = InvoiceLine.objects.filter(invoice__work_order=row, invoice__vendor=vendor).exclude(
            Q(invoice=invoice.pk) | Q(invoice__state__in=[InvoiceState.VOID, InvoiceState.REJECTED])
        )
        (
            self.lines, trips, offered, self.cards, billed, hours, self.policy, numbers, owing, self.papers_missing,
            self.folder, self.covered,
        ) = ask(side_by_side(
            rows_of(InvoiceLine.objects.filter(invoice=invoice.pk).select_related("part", "visit")),
            trips_of(row, vendor_ids=[vendor.pk]),
            rows_of(Offer.objects.filter(work_order=row, vendor=vendor).values_list("state", flat=True)),
            rows_of(RateCard.objects.filter(vendor=vendor, trade=row.trade_id)),
            rows_of(others.values_list("kind", "labor_kind").annotate(Sum("quantity"))),
            asked_hours([row.site]),
            asked_of(*SEVERITIES.values(), LATE_DAYS),
            rows_of(same.exclude(pk=invoice.pk).exclude(state=InvoiceState.VOID).values_list("pk")[:1]),
            rows_of(owed.values_list("subtotal_amount", "total_amount", "vendor_id")),
            missing_papers(row, with_late=True),
            folder_of(vendor, row.site, row.trade),
            first_of(Screening.objects.filter(work_order=row, step=ScreeningStep.WARRANTY, found=True)),
        ))  # fmt: skip
        self.visits: list[Visit] = [trip for trip in trips if trip.state == VisitState.LEFT]
        self.offered = set(offered)
        self.owed = [(subtotal, total) for subtotal, total, _ in owing]
        self.own_owed = [(subtotal, total) for subtotal, total, vendor_id in owing if vendor_id == vendor.pk]
        self.billed_before = {(kind, rate): quantity for kind, rate, quantity in billed}
        self.hours = rates.regular_hours(hours[row.site_id])
        self.is_number_taken = bool(numbers)

    @property
    def off_the_job(self) -> bool:
        """The job went to somebody else after this vendor had made a trip."""
        return self.invoice.work_order.vendor_id != self.invoice.vendor_id and OfferState.FINISHED in self.offered

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.invoice.work_order.site.time_zone)

    def day_of(self, instant: datetime) -> date:
        return instant.astimezone(self.zone).date()

    def card_on(self, day: date) -> RateCard | None:
        return next((c for c in self.cards if c.starts_on <= day and (c.ends_on is None or day < c.ends_on)), None)

    def card_of(self, visit: Visit | None) -> RateCard | None:
        """The card of the day of a visit; of the last one where a line names none."""
        visit = visit or (self.visits[-1] if self.visits else None)
        if visit is None or visit.checked_in_at is None:
            return None
        return self.card_on(self.day_of(visit.checked_in_at))

    @cached_property
    def allowed(self) -> dict[Any, list[CostLine]]:
        """By visit: what the rate card allows."""
        row = self.invoice.work_order
        emergency = row.priority == Priority.P1
        trip_only = row.status == Status.CANCELED
        return {
            visit.pk: billable_lines(visit, card=card, hours=self.hours, emergency=emergency, trip_only=trip_only)
            for visit in self.visits
            if (card := self.card_of(visit)) is not None
        }

    @cached_property
    def allowed_hours(self) -> dict[str, Decimal]:
        """By rate: how many hours the visits had, earlier bills taken off."""
        hours: dict[str, Decimal] = {}
        for lines in self.allowed.values():
            for line in lines:
                if line.hour_kind:
                    hours[line.hour_kind] = hours.get(line.hour_kind, Decimal(0)) + line.quantity
        for (kind, rate), quantity in self.billed_before.items():
            if kind == LineKind.LABOR:
                hours[rate] = hours.get(rate, Decimal(0)) - quantity
        return hours

    @cached_property
    def trips_left(self) -> Decimal:
        billed = (quantity for (kind, _), quantity in self.billed_before.items() if kind == LineKind.TRIP)
        return len(self.visits) - sum(billed, Decimal(0))

    def sums(self) -> tuple[Decimal, Decimal, Decimal]:
        """Subtotal, tax and total, counted anew from the lines."""
        subtotal = sum((cents(line.quantity * line.unit_amount) for line in self.lines), Decimal(0))
        return subtotal, self.invoice.tax_amount, subtotal + self.invoice.tax_amount

    def labor(self, *kinds: str) -> Decimal:
        """Hours billed at the rates `kinds`."""
        return sum(
            (line.quantity for line in self.lines if line.kind == LineKind.LABOR and line.labor_kind in kinds),
            Decimal(0),
        )


def added_up(owed: Iterable[tuple[Decimal, Decimal]]) -> tuple[Decimal, Decimal]:
    """Subtotals and totals of bills, each summed."""
    rows = list(owed)
    return sum((subtotal for subtotal, _ in rows), Decimal(0)), sum((total for _, total in rows), Decimal(0))


def plain(number: Decimal | int) -> str:
    """A number without idle zeros: "1", "1.25"."""
    return f"{Decimal(number).normalize():f}"


def counted(number: Decimal | int, what: str) -> str:
    """A number with its noun and verb: "1 trip is", "2.5 hours are"."""
    return f"{plain(number)} {what} is" if number == 1 else f"{plain(number)} {what}s are"


def find(invoice: Invoice, *, now: datetime, stated: Stated | None = None) -> list[Finding]:
    """Every check that fires for `invoice` as it stands, the gravest first."""
    return checked(Bill(invoice, now, stated or Stated()))


def checked(bill: Bill) -> list[Finding]:
    """As `find`, of a bill that is read already."""
    found = []
    for code, check in CHECKS.items():
        severity = Severity(bill.policy[SEVERITIES[code].name])
        if severity and (sentence := next(check(bill), "")):
            found.append(Finding(code, severity, sentence))
    return sorted(found, key=lambda finding: -finding.severity)


def _not_completed(bill: Bill) -> Iterator[str]:
    row = bill.invoice.work_order
    if row.status in BILLABLE or (row.status == Status.CANCELED and bill.visits) or bill.off_the_job:
        return
    yield f"Only verified work can be billed; {row.number} is “{row.get_status_display()}”."


def _not_assigned(bill: Bill) -> Iterator[str]:
    row, vendor = bill.invoice.work_order, bill.invoice.vendor
    if row.vendor_id != vendor.pk and not bill.offered & {OfferState.ACCEPTED, OfferState.FINISHED}:
        yield f"{vendor.name} never had {row.number}."


def _duplicate_number(bill: Bill) -> Iterator[str]:
    if bill.invoice.number and bill.is_number_taken:
        yield f"Your company has already sent an invoice {bill.invoice.number}."


def _sums_wrong(bill: Bill) -> Iterator[str]:
    invoice, currency = bill.invoice, bill.invoice.currency
    subtotal, tax, total = bill.sums()
    if (invoice.subtotal_amount, invoice.tax_amount, invoice.total_amount) != (subtotal, tax, total):
        yield f"The lines and the tax add up to {money(total, currency)}, not {money(invoice.total_amount, currency)}."
    if bill.stated.total_amount is not None and bill.stated.total_amount != total:
        yield f"The lines and the tax add up to {money(total, currency)}, your paper says" + (
            f" {money(bill.stated.total_amount, currency)}."
        )


def _date_out_of_range(bill: Bill) -> Iterator[str]:
    stated, today = bill.invoice.invoice_on, bill.day_of(bill.now)
    began = min((bill.day_of(visit.checked_in_at) for visit in bill.visits if visit.checked_in_at), default=None)
    if stated is None:
        yield "The invoice has no date."
    elif stated > today:
        yield f"The invoice is dated {local_day(stated)}, which is in the future."
    elif began and stated < began:
        yield f"The invoice is dated {local_day(stated)}, before the first visit on {local_day(began)}."


def _currency(bill: Bill) -> Iterator[str]:
    wanted = bill.invoice.work_order.currency
    if (other := bill.stated.currency or bill.invoice.currency) != wanted:
        yield f"The job is paid in {wanted}, the invoice is in {other}."


def _lines_missing(bill: Bill) -> Iterator[str]:
    if not bill.lines:
        yield "The invoice has no lines."


WITH_OTHERS = "Together with what others bill for this job it is more than is authorized."
"""Said at the desk only: of other companies, and of the limit that a later one works under, a vendor learns nothing."""


def _over_authorized(bill: Bill) -> Iterator[str]:
    row = bill.invoice.work_order
    all_owed, _ = added_up(bill.owed)
    owed, _ = added_up(bill.own_owed)
    if row.authorized_amount is None or all_owed + bill.invoice.subtotal_amount <= row.authorized_amount:
        return
    if bill.off_the_job or owed + bill.invoice.subtotal_amount <= row.authorized_amount:
        yield WITH_OTHERS
    else:
        before = f" after {money(owed, row.currency)} approved before" if owed else ""
        yield (
            f"{money(bill.invoice.subtotal_amount, row.currency)}{before} is more than the authorized"
            f" {money(row.authorized_amount, row.currency)}."
        )


def _rate_above_card(bill: Bill) -> Iterator[str]:
    for line in bill.lines:
        if line.kind not in (LineKind.LABOR, LineKind.TRIP):
            continue
        card = bill.card_of(line.visit)
        if card is None:
            yield f"{line.description}: no rate card is in force to hold it against."
            continue
        agreed = card.trip_amount
        if line.kind == LineKind.LABOR:
            agreed = rates.rate_amount(card, line.labor_kind or HourKind.REGULAR)
        if line.unit_amount > agreed:
            yield f"{line.description}: {money(line.unit_amount, card.currency)} billed," + (
                f" {money(agreed, card.currency)} agreed."
            )


def _markup_above_agreed(bill: Bill) -> Iterator[str]:
    for line in bill.lines:
        if line.part and (card := bill.card_of(line.visit)):
            agreed = rates.marked_up(card, line.part.unit_cost_amount)
            if line.unit_amount > agreed:
                yield f"{line.description}: {money(line.unit_amount, card.currency)} billed," + (
                    f" {money(agreed, card.currency)} with the agreed markup of {plain(card.parts_markup_percent)} %."
                )


def _hours_above_visits(bill: Bill) -> Iterator[str]:
    kinds = [kind for kind in HourKind if kind != HourKind.HELPER]
    for who, names in (("", ["", *kinds]), ("helper ", [HourKind.HELPER])):
        billed = bill.labor(*names)
        allowed = max(sum((bill.allowed_hours.get(name, Decimal(0)) for name in names), Decimal(0)), Decimal(0))
        if billed > allowed + HOURS_TOLERATED:
            yield f"{counted(billed, f'{who}hour')} billed, the visits come to {plain(allowed)}."


def _trips_above_visits(bill: Bill) -> Iterator[str]:
    billed = sum((line.quantity for line in bill.lines if line.kind == LineKind.TRIP), Decimal(0))
    if billed > bill.trips_left:
        left = max(bill.trips_left, Decimal(0))
        yield f"{counted(billed, 'trip')} billed, {counted(left, 'visit')} left to bill."


def _overtime_outside_hours(bill: Bill) -> Iterator[str]:
    for kind in (HourKind.OVERTIME, HourKind.EMERGENCY, HourKind.HOLIDAY):
        billed, allowed = bill.labor(kind), max(bill.allowed_hours.get(kind, Decimal(0)), Decimal(0))
        if billed > allowed:
            yield f"{counted(billed, f'{kind} hour')} billed, the visits had {plain(allowed)}."


def _part_not_documented(bill: Bill) -> Iterator[str]:
    billed: dict[PartUsed, Decimal] = {}
    for line in bill.lines:
        if line.kind != LineKind.PARTS:
            continue
        if line.part is None:
            yield f"{line.description} is billed, no visit documents it."
            continue
        billed[line.part] = billed.get(line.part, Decimal(0)) + line.quantity
        if billed[line.part] > line.part.quantity:
            yield f"{line.description}: {plain(billed[line.part])} billed, {plain(line.part.quantity)} documented."


def _tax_wrong(bill: Bill) -> Iterator[str]:
    invoice, card = bill.invoice, bill.card_of(None)
    wanted = percent_of(invoice.subtotal_amount, card.tax_percent if card else invoice.tax_percent)
    if invoice.tax_amount != wanted:
        yield f"Tax is {money(invoice.tax_amount, invoice.currency)}, it should be {money(wanted, invoice.currency)}."


def _documents_missing(bill: Bill) -> Iterator[str]:
    row = bill.invoice.work_order
    # Who lost the job owes no papers of its end: they are the next vendor's.
    if row.status == Status.CANCELED or row.vendor_id != bill.invoice.vendor_id:
        return
    for paper in bill.papers_missing:
        yield paper.sentence


def _not_compliant(bill: Bill) -> Iterator[str]:
    for day in sorted({bill.day_of(visit.checked_in_at) for visit in bill.visits if visit.checked_in_at}):
        for check in bill.folder.blocking(day, in_hindsight=True):
            yield f"On {local_day(day)}: {check.sentence}"


def _warranty_or_recall(bill: Bill) -> Iterator[str]:
    row = bill.invoice.work_order
    if row.kind == Kind.RECALL or row.recall_of_id:
        yield "This is a recall: it is not billable."
    elif not row.is_billable:
        yield f"{row.number} is marked as not billable."
    elif bill.covered:
        yield bill.covered.sentence


def _submitted_late(bill: Bill) -> Iterator[str]:
    completed, limit = bill.invoice.work_order.completed_at, bill.policy[LATE_DAYS.name]
    sent = bill.invoice.submitted_at or bill.now
    if completed and sent - completed > timedelta(days=limit):
        yield f"It came {(sent - completed).days} days after the work was completed."


CHECKS: dict[str, Callable[[Bill], Iterator[str]]] = {
    "not_completed": _not_completed,
    "not_assigned": _not_assigned,
    "duplicate_number": _duplicate_number,
    "sums_wrong": _sums_wrong,
    "date_out_of_range": _date_out_of_range,
    "currency": _currency,
    "lines_missing": _lines_missing,
    "over_authorized": _over_authorized,
    "rate_above_card": _rate_above_card,
    "markup_above_agreed": _markup_above_agreed,
    "hours_above_visits": _hours_above_visits,
    "trips_above_visits": _trips_above_visits,
    "overtime_outside_hours": _overtime_outside_hours,
    "part_not_documented": _part_not_documented,
    "tax_wrong": _tax_wrong,
    "documents_missing": _documents_missing,
    "not_compliant_on_visit_date": _not_compliant,
    "warranty_or_recall": _warranty_or_recall,
    "submitted_late": _submitted_late,
}
