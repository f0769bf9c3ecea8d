"""The three-way match of a bill: what is billed, line by line, against visits and rate card, and against the limit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from vendors import rates
from workorders.findings import Bill, added_up
from workorders.models import InvoiceLine, LineKind, Visit


@dataclass(frozen=True)
class Match:
    """One line beside what stands behind it. `documented` and `agreed_amount` are None where nothing does."""

    line: InvoiceLine
    documented: Decimal | None
    agreed_amount: Decimal | None

    @property
    def quantity_differs(self) -> bool:
        """More is billed than the visits show, or nothing shows it."""
        return self.documented is None or self.line.quantity > self.documented

    @property
    def rate_differs(self) -> bool:
        return self.agreed_amount is not None and self.line.unit_amount > self.agreed_amount

    @property
    def differs(self) -> bool:
        return self.quantity_differs or self.rate_differs


@dataclass(frozen=True)
class Matched:
    """A bill beside its three yardsticks: the authorization, the visits, the rate card."""

    lines: list[Match]
    visits: list[Visit]
    authorized_amount: Decimal | None
    owed_amount: Decimal
    left_amount: Decimal | None

    @property
    def is_over(self) -> bool:
        return self.left_amount is not None and self.left_amount < 0

    @property
    def on_site(self) -> timedelta:
        """Time checked in, over all trips that people ended themselves."""
        return sum(
            (one.checked_out_at - one.checked_in_at for one in self.visits
             if one.checked_in_at and one.checked_out_at and not one.is_estimated),
            timedelta(0),
        )  # fmt: skip


def match(bill: Bill) -> Matched:
    """Hold a bill against visits, rate card and authorization. Changes nothing."""
    invoice = bill.invoice
    allowed = {(visit, one.kind, one.hour_kind): one for visit, lines in bill.allowed.items() for one in lines}
    row = invoice.work_order
    owed, _ = added_up(bill.owed)
    left = None if row.authorized_amount is None else row.authorized_amount - owed - invoice.subtotal_amount
    found = []
    for line in bill.lines:
        if line.part is not None:
            card = bill.card_of(line.visit)
            agreed = rates.marked_up(card, line.part.unit_cost_amount) if card else None
            found.append(Match(line, line.part.quantity, agreed))
            continue
        behind = allowed.get((line.visit_id, line.kind, _hours_of(line)))
        if behind is not None:
            found.append(Match(line, behind.quantity, behind.unit_amount))
        else:
            found.append(
                Match(line, None, None if line.kind in (LineKind.PARTS, LineKind.OTHER) else _rate(bill, line))
            )
    return Matched(found, bill.visits, row.authorized_amount, owed, left)


def _hours_of(line: InvoiceLine) -> str:
    return line.labor_kind or rates.HourKind.REGULAR if line.kind == LineKind.LABOR else ""


def _rate(bill: Bill, line: InvoiceLine) -> Decimal | None:
    """What the card in force says for a line that names no visit."""
    card = bill.card_of(line.visit)
    if card is None:
        return None
    if line.kind == LineKind.TRIP:
        return card.trip_amount
    return rates.rate_amount(card, line.labor_kind or rates.HourKind.REGULAR)
