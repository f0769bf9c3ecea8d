"""What must never be, tried by direct SQL: the database itself refuses, whatever the code above it does."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from tests.cast import Cast
from tests.factories.workorders import Story
from workorders.catalog import load_targets
from workorders.models import Invoice, InvoiceLine, Plan

pytestmark = pytest.mark.django_db(transaction=False)

ORDER = "UPDATE workorders_workorder SET {} WHERE id = %(order)s"
VISIT = "UPDATE workorders_visit SET {} WHERE id = %(visit)s"
OFFER = "UPDATE workorders_offer SET {} WHERE id = %(offer)s"
INVOICE = "UPDATE workorders_invoice SET {} WHERE id = %(invoice)s"
COPY_OFFER = (
    "INSERT INTO workorders_offer (work_order_id, vendor_id, state, mode, offered_at, expires_at, answered_at, message,"
    " override_reason, explanation, decline_note) SELECT work_order_id, {vendor}, '{state}', mode, offered_at,"
    " expires_at, offered_at, '', '', '{{}}', '' FROM workorders_offer WHERE id = %(offer)s"
)

# What must never be · how far the story goes · the attempt · a word of the refusal
NEVER = {
    "a status outside the list": ("new", ORDER.format("status = 'lost'"), "work_order_status_known"),
    "a kind outside the list": ("new", ORDER.format("kind = 'odd'"), "work_order_kind_known"),
    "a priority outside 1 to 4": ("new", ORDER.format("priority = 5"), "work_order_priority_known"),
    "open work without a due time": ("new", ORDER.format("due_at = NULL"), "work_order_open_has_due"),
    "scheduled work without a vendor": ("new", ORDER.format("status = 'scheduled'"), "work_order_accepted_has_vendor"),
    "scheduled work without a time of acceptance": (
        "scheduled",
        ORDER.format("accepted_at = NULL"),
        "work_order_accepted_has_vendor",
    ),
    "on hold without a reason": ("new", ORDER.format("status = 'on_hold'"), "work_order_on_hold_has_reason"),
    "completed without a time": ("completed", ORDER.format("completed_at = NULL"), "work_order_completed_has_time"),
    "completed before anybody came": (
        "completed",
        ORDER.format("completed_at = first_check_in_at - interval '1 min'"),
        "work_order_completed_after",
    ),
    "verified without a time": ("completed", ORDER.format("status = 'verified'"), "work_order_verified_has_time"),
    "closed without a time": ("verified", ORDER.format("status = 'closed'"), "work_order_closed_has_time"),
    "canceled without a reason": (
        "new",
        ORDER.format("status = 'canceled', canceled_at = now()"),
        "work_order_canceled_has_reason",
    ),
    "six stars": ("verified", ORDER.format("rating = 6"), "work_order_rating_in_range"),
    "less than nothing authorized": ("offered", ORDER.format("authorized_amount = -1"), "work_order_authorized"),
    "an appointment that ends before it starts": (
        "scheduled",
        ORDER.format("scheduled_end_at = scheduled_start_at - interval '1 min'"),
        "appointment_in_order",
    ),
    "work merged into itself": ("new", ORDER.format("merged_into_id = id"), "not_merged_into_itself"),
    "a version that goes back": ("ready", ORDER.format("version = 1"), "only grows"),
    "another number": ("new", ORDER.format("number = 'WO-999999'"), "never changes"),
    "a region that is not the site's": ("new", ORDER.format("region_id = %(south)s"), "region of its site"),
    "an asset of another site": ("new", ORDER.format("site_id = %(harbor)s"), "stands at its site"),
    "an event that is changed": (
        "new",
        "UPDATE workorders_event SET verb = 'x' WHERE work_order_id = %(order)s",
        "never changed",
    ),
    "an event that is removed": (
        "new",
        "DELETE FROM workorders_event WHERE work_order_id = %(order)s",
        "never changed",
    ),
    "events that are emptied": (
        "new",
        "SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE workorders_event CASCADE",
        "never changed",
    ),
    "an authorization that is changed": (
        "offered",
        "UPDATE workorders_authorization SET resulting_amount = 1",
        "added, never changed",
    ),
    "an authorization that is removed": ("offered", "DELETE FROM workorders_authorization", "added, never changed"),
    "two accepted offers": (
        "scheduled",
        COPY_OFFER.format(vendor="%(summit)s", state="accepted"),
        "offer_one_accepted_per_work_order",
    ),
    "two open offers to one vendor": (
        "offered",
        COPY_OFFER.format(vendor="vendor_id", state="open"),
        "offer_one_open_per_vendor",
    ),
    "an offer that expires before it is made": (
        "offered",
        OFFER.format("expires_at = offered_at - interval '1 min'"),
        "offer_expires_after",
    ),
    "a declined offer without a reason": (
        "offered",
        OFFER.format("state = 'declined', answered_at = now()"),
        "offer_declined_has_reason",
    ),
    "an answer without a time": ("offered", OFFER.format("state = 'accepted'"), "offer_answered_has_time"),
    "on site without a check-in": ("scheduled", VISIT.format("state = 'on_site'"), "visit_on_site_is_checked_in"),
    "left without an outcome": (
        "in_progress",
        VISIT.format("state = 'left', checked_out_at = checked_in_at"),
        "visit_left_has_times",
    ),
    "out before in": (
        "completed",
        VISIT.format("checked_out_at = checked_in_at - interval '1 min'"),
        "visit_out_after_in",
    ),
    "a position off the globe": ("in_progress", VISIT.format("in_latitude = 91"), "visit_positions_in_range"),
    "outside without a reason": ("in_progress", VISIT.format("in_verdict = 'outside'"), "visit_off_area_has_reason"),
    "a visit of a vendor that has no offer": (
        "scheduled",
        VISIT.format("vendor_id = %(summit)s") + "; SET CONSTRAINTS ALL IMMEDIATE",
        "belongs_to_its_offer",
    ),
    "two open visits of one technician": (
        "in_progress",
        "INSERT INTO workorders_visit (work_order_id, vendor_id, offer_id, technician_id, state, planned_start_at,"
        " planned_end_at, checked_in_at, in_verdict, position_note, is_estimated, flags, outcome, note, reminded)"
        " SELECT work_order_id, vendor_id, offer_id, technician_id, state, planned_start_at, planned_end_at,"
        " checked_in_at, in_verdict, '', false, '{{}}', '', '', 0 FROM workorders_visit WHERE id = %(visit)s",
        "visit_one_open_per_technician",
    ),
    "a clock that stops before it starts": (
        "new",
        "UPDATE workorders_clock SET stopped_at = started_at - interval '1 min' WHERE work_order_id = %(order)s",
        "clock_stops_after_start",
    ),
    "two clocks of one milestone": (
        "new",
        "UPDATE workorders_clock SET milestone = 'triage' WHERE work_order_id = %(order)s",
        "clock_once",
    ),
    "a total that is not the sum": (
        "bill",
        INVOICE.format("total_amount = total_amount + 1"),
        "invoice_total_is_the_sum",
    ),
    "a subtotal that is not its lines": (
        "bill",
        INVOICE.format("subtotal_amount = 1, total_amount = 1 + tax_amount") + "; SET CONSTRAINTS ALL IMMEDIATE",
        "lines add up",
    ),
    "a line that is not quantity times price": (
        "bill",
        "UPDATE workorders_invoiceline SET amount = amount + 1 WHERE invoice_id = %(invoice)s",
        "invoice_line_amount_is_the_product",
    ),
    "a bill below nothing": ("bill", INVOICE.format("tax_amount = -1"), "invoice"),
    "a bill in another currency": ("bill", INVOICE.format("currency = 'CAD'"), "currency of its work order"),
    "a bill of a vendor that never had the job": ("bill", INVOICE.format("vendor_id = %(summit)s"), "had the job"),
    "a bill sent without number and date": (
        "bill",
        INVOICE.format("state = 'submitted'"),
        "invoice_submitted_has_number_and_dates",
    ),
    "approved by nobody": (
        "bill",
        INVOICE.format(
            "state = 'approved', number = 'A', invoice_on = now(), submitted_at = now(), decided_at = now()"
        ),
        "invoice_approved_has_approver",
    ),
    "approved by the one who sent it": (
        "bill",
        INVOICE.format("approved_by_id = %(dispatcher)s, submitted_by_id = %(dispatcher)s"),
        "approver_is_not_submitter",
    ),
    "approved above what is authorized": (
        "bill",
        INVOICE.format(
            "state = 'approved', number = 'A', invoice_on = now(), submitted_at = now(), decided_at = now(),"
            " approved_by_id = %(finance)s, approved_revision = revision"
        )
        + "; UPDATE workorders_workorder SET authorized_amount = 0 WHERE id = %(order)s; SET CONSTRAINTS ALL IMMEDIATE",
        "exceed what is authorized",
    ),
    "a plan's day twice": (
        "new",
        ORDER.format("plan_id = %(plan)s, planned_on = '2026-08-01'"),
        "once_per_planned_day",
    ),
}


@pytest.mark.parametrize("attempt", NEVER)
def test_the_database_refuses(cast: Cast, attempt: str) -> None:
    stage, sql, word = NEVER[attempt]
    if "clock" in attempt:
        load_targets()
    story = Story(cast).at("completed" if stage == "bill" else stage)
    ids = _ids(cast, story, sql)
    if stage == "bill":
        ids["invoice"] = _bill(story).pk
    with pytest.raises(DatabaseError, match=word), transaction.atomic(), connection.cursor() as cursor:
        for statement in sql.split("; "):
            cursor.execute(statement, {name: value for name, value in ids.items() if f"%({name})s" in statement})


def _ids(cast: Cast, story: Story, sql: str) -> dict[str, int]:
    row = story.work_order
    ids = {"order": row.pk}
    if "%(offer)s" in sql:
        ids["offer"] = story.offer.pk
    if "%(visit)s" in sql:
        ids["visit"] = story.visit.pk
    for name in ("south", "harbor", "summit", "dispatcher", "finance"):
        if f"%({name})s" in sql:
            ids[name] = getattr(cast, name).pk
    if "%(plan)s" in sql:
        plan = Plan.objects.create(
            name="Service", trade=cast.refrigeration, rule="FREQ=MONTHLY", owner=cast.fm, created_at=story.now
        )
        twin = Story(cast).reported().work_order
        twin.plan, twin.planned_on = plan, date(2026, 8, 1)
        twin.save()
        ids["plan"] = plan.pk
    return ids


def _bill(story: Story) -> Invoice:
    row = story.work_order
    bill = Invoice(work_order=row, vendor=row.vendor, currency=row.currency, drafted_at=story.now)
    bill.subtotal_amount = bill.total_amount = Decimal("120.00")
    bill.save()
    InvoiceLine.objects.create(
        invoice=bill,
        kind="labor",
        description="Labor",
        quantity=Decimal(1),
        unit_amount=Decimal(120),
        amount=Decimal(120),
    )
    return bill


def test_a_note_can_be_blanked_and_the_chain_still_holds(cast: Cast) -> None:
    from accounts.ledger import broken_links

    row = Story(cast).at("ready").work_order
    with connection.cursor() as cursor:
        cursor.execute("UPDATE workorders_event SET note = '' WHERE note <> '' AND work_order_id = %s", [row.pk])
    assert list(broken_links("workorders_event", "work_order_id")) == []


def test_work_moves_with_its_site_to_another_region(cast: Cast) -> None:
    row = Story(cast).reported().work_order
    site = cast.hilltop
    site.region = cast.south
    site.save()
    row.refresh_from_db()
    assert row.region == cast.south


def test_a_number_is_never_given_twice(cast: Cast) -> None:
    numbers = [Story(cast).reported().work_order.number for _ in range(5)]
    assert len(set(numbers)) == 5
    assert all(number.startswith("WO-") for number in numbers)


def test_an_invoice_number_is_the_same_number_in_any_dress(cast: Cast) -> None:
    story = Story(cast).at("completed")
    first = _bill(story)
    first.number = "INV 12a"
    first.state = "void"
    first.save()
    assert Invoice.objects.values_list("number_normalized", flat=True).get(pk=first.pk) == "INV12A"
