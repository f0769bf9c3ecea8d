"""Bills: drafted, checked, sent, decided, settled."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.events import record, under
from accounts.models import Role, User
from tests.factories.bills import DAY, as_lines, drafted, lines, send, submitted, verbs
from tests.factories.clock import NOW
from tests.factories.workorders import Story
from vendors.models import RateCard, Vendor, VendorKind
from workorders import authorization, invoices, lifecycle, visits
from workorders.invoices import Blocked, Line
from workorders.models import (
    Invoice,
    InvoiceState,
    Outcome,
    Status,
    Visit,
    WorkOrder,
)
from workorders.refusals import Incomplete, NotAllowed, NotNow, OverLimit


@pytest.fixture
def story(cast) -> Story:
    return Story(cast)


class TestDrafts:
    def test_a_draft_has_the_trip_and_the_hours_on_site_at_the_rate_of_the_card(self, story):
        invoice = drafted(story)
        # On site from 10:30 to 11:30, minimum one hour; 75 for the trip, 95 an hour, no tax.
        assert lines(invoice) == [
            ("trip", Decimal("1.00"), Decimal("75.00"), Decimal("75.00")),
            ("labor", Decimal("1.00"), Decimal("95.00"), Decimal("95.00")),
        ]
        assert (invoice.subtotal_amount, invoice.tax_amount, invoice.total_amount) == (170, 0, 170)
        assert invoice.state == InvoiceState.DRAFT
        assert verbs(story) == ["drafted"]

    def test_a_second_run_changes_nothing(self, story):
        invoice = drafted(story)
        assert invoices.draft_all(story.work_order, now=story.later()) == [invoice]
        assert invoices.draft(story.work_order, vendor=story.cast.cascade, now=story.later()) == invoice
        assert Invoice.objects.count() == 1
        assert invoice.lines.count() == 2
        assert verbs(story) == ["drafted"]

    def test_parts_are_charged_at_cost_and_markup_and_the_tax_once_on_the_sum(self, story):
        story.offered()
        RateCard.objects.update(parts_markup_percent=Decimal("15.00"), tax_percent=Decimal("8.875"))
        story.on_site()
        visits.add_part(
            story.visit, by=story.cast.technician, now=story.now, name="Gasket", quantity=Decimal(3),
            unit_cost_amount=Decimal("33.33"),
        )  # fmt: skip
        invoice = drafted(story)
        # 33.33 and 15 % of it (4.9995, so 5.00) make 38.33 each.
        assert lines(invoice)[-1] == ("parts", Decimal("3.00"), Decimal("38.33"), Decimal("114.99"))
        assert invoice.subtotal_amount == Decimal("284.99")
        assert invoice.tax_amount == Decimal("25.29")  # 25.2928…
        assert invoice.total_amount == Decimal("310.28")

    def test_work_that_was_sent_back_adds_its_second_trip_to_the_same_draft(self, story):
        story.completed()
        first = invoices.draft_all(story.work_order, now=story.later())[0]
        lifecycle.reject(story.work_order, by=story.cast.store, now=story.later(), reason="Still warm")
        story.fresh().on_site().completed().verified()
        second = invoices.draft_all(story.work_order, now=story.later())[0]
        assert second == first
        assert [kind for kind, *_ in lines(second)] == ["trip", "labor", "trip", "labor"]

    def test_a_trip_without_access_is_billed_as_a_trip(self, story):
        story.on_site()
        visits.check_out(
            story.visit, by=story.cast.technician, now=story.later(minutes=20), outcome=Outcome.NO_ACCESS,
            note="Nobody there",
        )  # fmt: skip
        lifecycle.resume(story.fresh().work_order, by=story.cast.fm, now=story.later())
        invoice = drafted(story.fresh())
        assert [kind for kind, *_ in lines(invoice)] == ["trip", "trip", "labor"]

    def test_a_check_out_made_by_the_clock_counts_the_minimum_hours_only(self, story):
        story.verified()
        Visit.objects.update(is_estimated=True, checked_out_at=story.visit.checked_in_at + timedelta(hours=12))
        invoice = invoices.draft_all(story.work_order, now=story.later())[0]
        assert lines(invoice)[1][1] == 1

    def test_canceled_work_is_billed_as_the_trip_that_was_made(self, story):
        story.on_site()
        visits.check_out(
            story.visit, by=story.cast.technician, now=story.later(minutes=50), outcome=Outcome.RETURN_NEEDED,
            note="Ladder too short",
        )  # fmt: skip
        lifecycle.cancel(story.fresh().work_order, by=story.cast.fm, now=story.later(), reason="Store closes")
        invoice = invoices.draft_all(story.fresh().work_order, now=story.later())[0]
        assert [kind for kind, *_ in lines(invoice)] == ["trip"]
        assert send(story, invoice).state == InvoiceState.SUBMITTED

    def test_our_own_crews_and_work_that_is_not_billable_need_no_bill(self, story):
        story.completed()
        Vendor.objects.filter(pk=story.cast.cascade.pk).update(kind=VendorKind.INTERNAL)
        assert invoices.draft_all(WorkOrder.objects.get(pk=story.work_order.pk), now=story.later()) == []
        Vendor.objects.filter(pk=story.cast.cascade.pk).update(kind=VendorKind.EXTERNAL)
        WorkOrder.objects.filter(pk=story.work_order.pk).update(is_billable=False)
        assert invoices.draft_all(WorkOrder.objects.get(pk=story.work_order.pk), now=story.later()) == []

    def test_another_company_drafts_nothing(self, story):
        story.completed()
        with pytest.raises(NotAllowed):
            invoices.draft(story.work_order, vendor=story.cast.cascade, now=NOW, by=story.cast.rival)


class TestSending:
    def test_a_clean_bill_waits_for_a_decision(self, story):
        invoice = submitted(story)
        assert (invoice.state, invoice.findings) == (InvoiceState.SUBMITTED, [])
        assert invoice.submitted_by == story.cast.dispatcher
        assert verbs(story) == ["drafted", "submitted"]

    def test_a_bill_with_something_to_review_says_so(self, story):
        invoice = drafted(story)
        invoices.edit_lines(
            invoice, lines=as_lines(invoice, labor={"quantity": Decimal(3)}), by=story.cast.dispatcher, now=story.now
        )
        invoice = send(story, invoice)
        assert invoice.state == InvoiceState.IN_REVIEW
        assert invoice.findings == [
            {
                "code": "hours_above_visits",
                "severity": "review",
                "sentence": "3 hours are billed, the visits come to 1.",
            }
        ]

    def test_work_that_nobody_verified_is_not_billed(self, story):
        story.completed()
        invoice = invoices.draft_all(story.work_order, now=story.later())[0]
        with pytest.raises(Blocked) as caught:
            send(story, invoice)
        assert [finding.code for finding in caught.value.findings] == ["not_completed"]
        assert Invoice.objects.get().state == InvoiceState.DRAFT

    @pytest.mark.parametrize("number", ["cr-1001", " CR - 1001 ", "\uff23\uff32-1001"])
    def test_a_number_is_used_once_whatever_its_dress(self, story, cast, number):
        submitted(story)
        second = Story(cast, now=story.later(days=1), facts={"asset": None, "different_because": "Another"})
        with pytest.raises(Blocked) as caught:
            invoice = drafted(second)
            send(second, invoice, number=number, invoice_on=DAY + timedelta(days=1))
        assert set(caught.value.faults) == {"number"}

    @pytest.mark.parametrize("number", ["", "   ", "9" * 61])
    def test_a_bill_needs_a_number_that_fits(self, story, number):
        with pytest.raises(Incomplete) as caught:
            submitted(story, number=number)
        assert set(caught.value.faults) == {"number"}

    @pytest.mark.parametrize("days", [-1, 1])
    def test_the_date_lies_between_the_first_visit_and_today(self, story, days):
        with pytest.raises(Blocked) as caught:
            submitted(story, invoice_on=DAY + timedelta(days=days))
        assert set(caught.value.faults) == {"invoice_on"}

    def test_only_the_vendor_sends_its_bill_and_only_once(self, story):
        invoice = drafted(story)
        for person in (story.cast.rival, story.cast.fm, story.cast.technician):
            with pytest.raises(NotAllowed):
                send(story, invoice, by=person)
        send(story, invoice)
        with pytest.raises(NotNow):
            send(story, invoice)
        with pytest.raises(NotNow):
            invoices.edit_lines(invoice, lines=[], by=story.cast.dispatcher, now=story.now)

    def test_lines_that_make_no_sense_are_named_one_by_one(self, story, cast):
        invoice = drafted(story)
        foreign = Visit(pk=-1)
        bad = [
            Line("gold", "", Decimal(0), Decimal("-1")),
            Line("labor", "Hours", Decimal("1.005"), Decimal("NaN"), visit=foreign, labor_kind="double"),
        ]
        with pytest.raises(Incomplete) as caught:
            invoices.edit_lines(invoice, lines=bad, by=cast.dispatcher, now=NOW, tax_percent=Decimal(101))
        assert set(caught.value.faults) == {
            "lines-0-kind", "lines-0-description", "lines-0-quantity", "lines-0-unit_amount", "lines-1-quantity",
            "lines-1-unit_amount", "lines-1-labor_kind", "lines-1-visit", "tax_percent",
        }  # fmt: skip
        assert invoice.lines.count() == 2


class TestDeciding:
    def test_approved_work_closes(self, story):
        invoice = submitted(story)
        approved = invoices.approve(invoice, by=story.cast.finance, now=story.later())
        assert (approved.state, approved.approved_by, approved.approved_revision) == (
            InvoiceState.APPROVED, story.cast.finance, 1,
        )  # fmt: skip
        assert story.fresh().work_order.status == Status.CLOSED
        assert verbs(story) == ["drafted", "submitted", "approved"]

    def test_nobody_approves_above_the_own_limit(self, story):
        invoice = submitted(story)
        User.objects.filter(pk=story.cast.finance.pk).update(invoice_limit_amount=Decimal("169.99"))
        with pytest.raises(OverLimit):
            invoices.approve(invoice, by=User.objects.get(pk=story.cast.finance.pk), now=story.later())
        User.objects.filter(pk=story.cast.finance.pk).update(invoice_limit_amount=Decimal("170.00"))
        invoices.approve(invoice, by=User.objects.get(pk=story.cast.finance.pk), now=story.later())

    @pytest.mark.parametrize("who", ["store", "dispatcher", "rival", "technician", "admin", "auditor", "foreign_fm"])
    def test_who_may_not_decide(self, story, who):
        invoice = submitted(story)
        person = getattr(story.cast, who)
        for decide in (invoices.approve, invoices.reject, invoices.dispute, invoices.return_to_vendor):
            with pytest.raises(NotAllowed):
                decide(invoice, by=person, now=story.now, reason="Because")

    def test_who_raised_the_limit_does_not_approve_the_bill_that_needs_it(self, story, cast):
        story.offered(nte=Decimal("100.00"))
        authorization.authorize(
            story.work_order, amount=Decimal("300.00"), by=cast.fm, now=story.later(), reason="Bigger job"
        )
        invoice = submitted(story)
        with pytest.raises(NotAllowed, match="You raised the authorized amount"):
            invoices.approve(invoice, by=cast.fm, now=story.later())
        invoices.approve(invoice, by=cast.finance, now=story.later())

    def test_who_raised_it_may_approve_what_fits_without_the_raise(self, story, cast):
        story.offered(nte=Decimal("200.00"))
        authorization.authorize(
            story.work_order, amount=Decimal("300.00"), by=cast.fm, now=story.later(), reason="More"
        )
        assert invoices.approve(submitted(story), by=cast.fm, now=story.later()).state == InvoiceState.APPROVED

    def test_one_person_in_both_roles_does_not_approve_the_own_bill(self, story, cast):
        both = cast.person("Bo Both", Role.FINANCE, regions=[cast.north], limit=Decimal(5000))
        invoice = submitted(story)
        Invoice.objects.filter(pk=invoice.pk).update(submitted_by=both)
        with pytest.raises(NotAllowed, match="You sent this invoice"):
            invoices.approve(invoice, by=both, now=story.later())

    def test_approved_sums_stay_within_what_is_authorized(self, story, cast):
        story.offered(nte=Decimal("169.99"))
        invoice = submitted(story)
        assert invoice.state == InvoiceState.IN_REVIEW
        with pytest.raises(OverLimit, match="is authorized"):
            invoices.approve(invoice, by=cast.finance, now=story.later(), reason="It was worth it")

    def test_findings_are_approved_with_a_reason_only(self, story, cast):
        invoice = drafted(story)
        changed = as_lines(invoice, trip={"quantity": Decimal(2)})
        invoices.edit_lines(invoice, lines=changed, by=cast.dispatcher, now=story.now)
        invoice = send(story, invoice)
        with pytest.raises(Incomplete) as caught:
            invoices.approve(invoice, by=cast.finance, now=story.later())
        assert set(caught.value.faults) == {"reason"}
        approved = invoices.approve(invoice, by=cast.finance, now=story.later(), reason="Came back for the ladder")
        assert approved.decided_reason == "Came back for the ladder"

    def test_a_bill_given_back_is_corrected_and_sent_again_with_its_trail(self, story, cast):
        invoice = submitted(story)
        returned = invoices.return_to_vendor(invoice, by=cast.finance, now=story.later(), reason="Wrong rate")
        assert (returned.state, returned.revision) == (InvoiceState.DRAFT, 2)
        assert send(story, invoice).state == InvoiceState.SUBMITTED
        assert verbs(story) == ["drafted", "submitted", "returned", "submitted"]
        approved = invoices.approve(invoice, by=cast.finance, now=story.later())
        assert approved.approved_revision == 2

    def test_a_dispute_is_answered_by_the_vendor(self, story, cast):
        invoice = submitted(story)
        invoices.dispute(invoice, by=cast.finance, now=story.later(), reason="Who was the helper?")
        with pytest.raises(NotAllowed):
            invoices.answer(invoice, by=cast.rival, now=story.later(), note="Me")
        assert invoices.answer(invoice, by=cast.dispatcher, now=story.later(), note="Theo").state == "in_review"

    def test_a_rejected_bill_can_be_corrected(self, story, cast):
        invoice = submitted(story)
        invoices.reject(invoice, by=cast.finance, now=story.later(), reason="Not ours")
        assert story.fresh().work_order.status == Status.VERIFIED
        assert invoices.take_back(invoice, by=cast.dispatcher, now=story.later()).state == InvoiceState.DRAFT

    def test_a_void_bill_frees_its_number_and_its_visits(self, story, cast):
        invoice = submitted(story)
        invoices.void(invoice, by=cast.dispatcher, now=story.later(), reason="Wrong customer")
        again = invoices.draft_all(story.work_order, now=story.later())[0]
        assert again != invoice
        assert send(story, again).number == "CR-1001"

    def test_the_vendor_does_not_undo_an_approval_and_we_do(self, story, cast):
        story.on_site()
        visits.check_out(
            story.visit, by=cast.technician, now=story.later(minutes=50), outcome=Outcome.RETURN_NEEDED, note="Ladder"
        )
        lifecycle.cancel(story.fresh().work_order, by=cast.fm, now=story.later(), reason="Store closes")
        invoice = send(story, invoices.draft_all(story.fresh().work_order, now=story.later())[0])
        invoices.approve(invoice, by=cast.finance, now=story.later())
        with pytest.raises(NotAllowed):
            invoices.void(invoice, by=cast.dispatcher, now=story.later(), reason="Oops")
        assert invoices.void(invoice, by=cast.finance, now=story.later(), reason="Paid twice").state == "void"

    def test_nothing_is_undone_once_the_work_is_closed(self, story, cast):
        invoice = submitted(story)
        invoices.approve(invoice, by=cast.finance, now=story.later())
        assert story.fresh().work_order.status == Status.CLOSED
        with pytest.raises(NotNow, match="closed, so its invoices stay"):
            invoices.void(invoice, by=cast.finance, now=story.later(), reason="Paid twice")
        assert Invoice.objects.get(pk=invoice.pk).state == InvoiceState.APPROVED

    def test_lines_are_cut_never_grown_by_us(self, story, cast):
        invoice = submitted(story)
        with pytest.raises(Incomplete):
            invoices.adjust(
                invoice, lines=as_lines(invoice, trip={"unit_amount": Decimal("75.01")}), by=cast.finance,
                now=story.later(), reason="More",
            )  # fmt: skip
        cut = invoices.adjust(
            invoice, lines=as_lines(invoice, trip={"unit_amount": Decimal("50.00")}), by=cast.finance,
            now=story.later(), reason="Trip shared with another job",
        )  # fmt: skip
        assert (cut.total_amount, cut.revision) == (Decimal("145.00"), 2)
        assert invoices.approve(invoice, by=cast.finance, now=story.later()).approved_revision == 2

    def test_every_refusal_has_its_reason(self, story, cast):
        invoice = submitted(story)
        for decide in (invoices.reject, invoices.dispute, invoices.return_to_vendor, invoices.void):
            with pytest.raises(Incomplete):
                decide(invoice, by=cast.finance, now=story.later(), reason="  ")

    def test_a_decision_comes_once(self, story, cast):
        invoice = submitted(story)
        invoices.approve(invoice, by=cast.finance, now=story.later())
        for decide in (invoices.approve, invoices.reject, invoices.dispute, invoices.return_to_vendor):
            with pytest.raises(NotNow):
                decide(invoice, by=cast.finance, now=story.later(), reason="Again")

    def test_who_touched_the_vendors_papers_this_week_keeps_off_its_bills(self, story, cast):
        invoice = submitted(story)
        record(stream=f"vendor:{cast.cascade.pk}", verb="document.uploaded", by=cast.finance, now=story.now)
        with pytest.raises(NotAllowed, match="last 7 days"):
            invoices.approve(invoice, by=cast.finance, now=story.later())
        assert invoices.approve(invoice, by=cast.finance, now=story.later(days=7)).state == InvoiceState.APPROVED

    @pytest.mark.parametrize("verb", ["score.excluded", "coverage.changed", "vendor.trial_decided"])
    def test_what_is_neither_pay_nor_insurance_keeps_nobody_off(self, story, cast, verb):
        invoice = submitted(story)
        record(stream=f"vendor:{cast.cascade.pk}", verb=verb, by=cast.finance, now=story.now)
        assert invoices.approve(invoice, by=cast.finance, now=story.later()).state == InvoiceState.APPROVED

    def test_a_token_never_approves(self, story, cast):
        invoice = submitted(story)
        with under(via="token"), pytest.raises(NotAllowed):
            invoices.approve(invoice, by=cast.finance, now=story.later())


class TestApprovingByRule:
    def test_off_by_default(self, story):
        assert submitted(story).state == InvoiceState.SUBMITTED

    def test_a_clean_bill_within_the_amount_approves_itself_and_closes_the_work(self, story, cast):
        invoices.AUTO_APPROVE.change(value=Decimal("170.00"), by=cast.admin, now=NOW)
        invoice = submitted(story)
        assert (invoice.state, invoice.approved_by_rule, invoice.approved_by) == (InvoiceState.APPROVED, True, None)
        assert story.fresh().work_order.status == Status.CLOSED

    def test_a_cent_more_waits(self, story, cast):
        invoices.AUTO_APPROVE.change(value=Decimal("169.99"), by=cast.admin, now=NOW)
        assert submitted(story).state == InvoiceState.SUBMITTED

    def test_anything_that_fired_waits(self, story, cast):
        invoices.AUTO_APPROVE.change(value=Decimal(5000), by=cast.admin, now=NOW)
        invoice = drafted(story)
        changed = as_lines(invoice, trip={"quantity": Decimal(2)})
        invoices.edit_lines(invoice, lines=changed, by=cast.dispatcher, now=story.now)
        assert send(story, invoice).state == InvoiceState.IN_REVIEW


def test_a_recall_closes_without_a_bill(story):
    story.verified()
    assert invoices.settle(story.work_order, now=story.later()) is False
    WorkOrder.objects.filter(pk=story.work_order.pk).update(is_billable=False)
    assert invoices.settle(story.work_order, now=story.later()) is True
    assert invoices.settle(story.work_order, now=story.later()) is False
    assert story.fresh().work_order.status == Status.CLOSED


def test_the_vendor_sees_its_draft_and_we_see_it_when_it_is_sent(story, cast):
    invoice = drafted(story)

    def seen(person):
        return set(Invoice.objects.visible_to(person))

    assert seen(cast.dispatcher) == {invoice}
    assert seen(cast.rival) == seen(cast.technician) == seen(cast.finance) == set()
    send(story, invoice)
    assert seen(cast.finance) == seen(cast.fm) == {invoice}
    assert seen(cast.store) == seen(cast.foreign_fm) == set()
