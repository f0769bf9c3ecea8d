"""What is odd about a bill: every check with its code, a sentence, and how much it matters.

Hours, trips and parts are held against the visits, prices against the rate card of the day of the visit, the sum
against the authorization. How much each check matters is the administrator's to say.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from functools import cached_property
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Q, Sum

from accounts.money import cents, percent_of
from accounts.thresholds import declare, values_of
from accounts.together import ask
from accounts.words import money
from assets.models import Priority
from vendors import rates
from vendors.models import RateCard
from vendors.papers import blocking_papers, local_day
from vendors.rates import CostLine, HourKind
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
    ScreeningStep,
    Status,
    Visit,
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

    @cached_property
    def lines(self) -> list[InvoiceLine]:
        return list(self.invoice.lines.select_related("part", "visit"))

    @cached_property
    def visits(self) -> list[Visit]:
        """The trips of this vendor that happened."""
        return list(
            Visit.objects.made()
            .filter(work_order=self.invoice.work_order, vendor=self.invoice.vendor)
            .prefetch_related("helpers", "parts")
        )

    @cached_property
    def off_the_job(self) -> bool:
        """The job went to somebody else after this vendor had made a trip."""
        row, vendor = self.invoice.work_order, self.invoice.vendor
        finished = Offer.objects.filter(work_order=row, vendor=vendor, state=OfferState.FINISHED)
        return row.vendor_id != vendor.pk and finished.exists()

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.invoice.work_order.site.time_zone)

    def day_of(self, instant: datetime) -> date:
        return instant.astimezone(self.zone).date()

    @cached_property
    def cards(self) -> list[RateCard]:
        return list(RateCard.objects.filter(vendor=self.invoice.vendor, trade=self.invoice.work_order.trade_id))

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
        hours = rates.regular_hours(row.site)
        emergency = row.priority == Priority.P1
        trip_only = row.status == Status.CANCELED
        return {
            visit.pk: billable_lines(visit, card=card, hours=hours, emergency=emergency, trip_only=trip_only)
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
        for kind, quantity in self._billed_before(LineKind.LABOR).items():
            hours[kind] = hours.get(kind, Decimal(0)) - quantity
        return hours

    def _billed_before(self, kind: str) -> dict[str, Decimal]:
        """Quantities of a kind of line on this vendor's other bills for the same job, by rate."""
        others = InvoiceLine.objects.filter(
            Q(kind=kind), Q(invoice__work_order=self.invoice.work_order), Q(invoice__vendor=self.invoice.vendor)
        ).exclude(Q(invoice=self.invoice) | Q(invoice__state__in=[InvoiceState.VOID, InvoiceState.REJECTED]))
        return dict(others.values_list("labor_kind").annotate(quantity=Sum("quantity")))

    @cached_property
    def trips_left(self) -> Decimal:
        return len(self.visits) - sum(self._billed_before(LineKind.TRIP).values(), Decimal(0))

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


def plain(number: Decimal | int) -> str:
    """A number without idle zeros: "1", "1.25"."""
    return f"{Decimal(number).normalize():f}"


def counted(number: Decimal | int, what: str) -> str:
    """A number with its noun and verb: "1 trip is", "2.5 hours are"."""
    return f"{plain(number)} {what} is" if number == 1 else f"{plain(number)} {what}s are"


def find(invoice: Invoice, *, now: datetime, stated: Stated | None = None) -> list[Finding]:
    """Every check that fires for `invoice` as it stands, the gravest first."""
    bill = Bill(invoice, now, stated or Stated())
    levels = values_of(*SEVERITIES.values())
    found = []
    for code, check in CHECKS.items():
        severity = Severity(levels[SEVERITIES[code].name])
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
    had = Offer.objects.filter(work_order=row, vendor=vendor, state__in=[OfferState.ACCEPTED, OfferState.FINISHED])
    if row.vendor_id != vendor.pk and not had.exists():
        yield f"{vendor.name} never had {row.number}."


def _duplicate_number(bill: Bill) -> Iterator[str]:
    invoice = bill.invoice
    others = Invoice.objects.filter(vendor=invoice.vendor, number_normalized=normalized(invoice.number))
    if invoice.number and others.exclude(pk=invoice.pk).exclude(state=InvoiceState.VOID).exists():
        yield f"Your company has already sent an invoice {invoice.number}."


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


def _over_authorized(bill: Bill) -> Iterator[str]:
    row = bill.invoice.work_order
    owed = sum(
        row.invoices.filter(state__in=OWED).exclude(pk=bill.invoice.pk).values_list("subtotal_amount", flat=True),
        Decimal(0),
    )
    if row.authorized_amount is not None and owed + bill.invoice.subtotal_amount > row.authorized_amount:
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
    for paper in ask(missing_papers(row, with_late=True)):
        yield paper.sentence


def _not_compliant(bill: Bill) -> Iterator[str]:
    row = bill.invoice.work_order
    for day in sorted({bill.day_of(visit.checked_in_at) for visit in bill.visits if visit.checked_in_at}):
        for check in blocking_papers(bill.invoice.vendor, row.site, row.trade, on=day, in_hindsight=True):
            yield f"On {local_day(day)}: {check.sentence}"


def _warranty_or_recall(bill: Bill) -> Iterator[str]:
    row = bill.invoice.work_order
    if row.kind == Kind.RECALL or row.recall_of_id:
        yield "This is a recall: it is not billable."
    elif not row.is_billable:
        yield f"{row.number} is marked as not billable."
    elif covered := row.screenings.filter(step=ScreeningStep.WARRANTY, found=True).first():
        yield covered.sentence


def _submitted_late(bill: Bill) -> Iterator[str]:
    completed, limit = bill.invoice.work_order.completed_at, LATE_DAYS.value()
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
