"""Pages about bills: the vendor drafts, corrects, sends and answers; the desk matches and decides."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.once import fresh_key
from tests.factories.clock import NOW
from tests.factories.workorders import Story
from workorders import invoices
from workorders.models import Invoice, InvoiceState


@pytest.fixture(autouse=True)
def present():
    """Pages read the clock: it stands 6 hours after the story begins, on a Tuesday in business hours."""
    with time_machine.travel(NOW + timedelta(hours=6)):
        yield


@pytest.fixture
def story(cast) -> Story:
    return Story(cast)


def drafted(story: Story) -> Invoice:
    story.verified()
    return invoices.draft_all(story.work_order, now=story.later())[0]


def sent(story: Story, number: str = "CR-1") -> Invoice:
    invoice, now = drafted(story), story.later()
    return invoices.submit(invoice, by=story.cast.dispatcher, now=now, number=number, invoice_on=now.date())


def state(invoice: Invoice) -> str:
    return Invoice.objects.get(pk=invoice.pk).state


def vendors(invoice: Invoice, name: str = "vendor_invoice") -> str:
    return reverse(f"workorders:{name}", args=[invoice.pk])


desks = vendors


def filled(page, **changes) -> dict[str, str]:
    """What the form of the page would send."""
    text = page.content.decode()
    given = dict(re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', text))
    given |= dict(re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', text))
    for tag in re.findall(r"<input[^>]*>", text):
        name, value = re.search(r'name="([\w-]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and name[1] != "csrfmiddlewaretoken" and 'type="checkbox"' not in tag:
            given[name[1]] = value[1] if value else ""
    for select in re.findall(r'<select name="([\w-]+)".*?</select>', text, re.S):
        chosen = re.search(rf'<select name="{select}".*?<option value="(\w*)" selected', text, re.S)
        given[select] = chosen[1] if chosen else ""
    return {**given, "operation": fresh_key(), **changes}


class TestDraft:
    def test_the_draft_is_prefilled_and_sent_with_the_vendors_own_number(self, cast, enter, story):
        invoice, client = drafted(story), enter(cast.dispatcher)
        page = client.get(vendors(invoice))
        text = page.content.decode()
        assert "$170.00" in text
        assert "Limit $500.00 NTE" in text
        assert "$330.00 left" in text
        answer = client.post(vendors(invoice), filled(page, number="CR-77", send="1"))
        assert answer.status_code == 302
        invoice.refresh_from_db()
        assert (invoice.state, invoice.number, invoice.total_amount) == (InvoiceState.SUBMITTED, "CR-77", 170)

    def test_sending_without_a_number_keeps_what_was_typed(self, cast, enter, story):
        invoice, client = drafted(story), enter(cast.dispatcher)
        given = filled(client.get(vendors(invoice)), number="", vendor_note="Second trip was on us", send="1")
        page = client.post(vendors(invoice), given)
        assert page.status_code == 422
        assert "Enter your invoice number." in page.content.decode()
        assert "Second trip was on us" in page.content.decode()
        assert state(invoice) == InvoiceState.DRAFT

    def test_lines_are_corrected_and_the_server_adds_up(self, cast, enter, story):
        invoice, client = drafted(story), enter(cast.dispatcher)
        given = filled(client.get(vendors(invoice)), **{"lines-1-quantity": "2.00", "tax_percent": "10", "save": "1"})
        assert client.post(vendors(invoice), given).status_code == 302
        invoice.refresh_from_db()
        assert (invoice.subtotal_amount, invoice.tax_amount, invoice.total_amount) == (265, Decimal("26.50"), 291.5)
        assert "are billed, the visits come to" in client.get(vendors(invoice)).content.decode()

    def test_a_line_is_added_and_one_removed_without_script(self, cast, enter, story):
        invoice, client = drafted(story), enter(cast.dispatcher)
        page = client.post(vendors(invoice), filled(client.get(vendors(invoice)), add="1"))
        assert page.status_code == 200
        assert "lines-2-description" in page.content.decode()
        permit = {"lines-2-description": "Permit", "lines-2-kind": "other", "lines-2-unit_amount": "45.00"}
        given = filled(page, **permit, **{"lines-0-DELETE": "on", "save": "1"})
        given.pop("add", None)
        assert client.post(vendors(invoice), given).status_code == 302
        assert list(invoice.lines.values_list("kind", "amount")) == [("labor", 95), ("other", 45)]

    def test_a_price_that_is_none_comes_back_beside_its_line(self, cast, enter, story):
        invoice, client = drafted(story), enter(cast.dispatcher)
        page = client.post(
            vendors(invoice), filled(client.get(vendors(invoice)), **{"lines-0-unit_amount": "lots", "save": "1"})
        )
        assert page.status_code == 422
        assert "Line 1: Enter a price, like 95.00." in page.content.decode()
        assert 'value="lots"' in page.content.decode()

    def test_totals_are_reckoned_for_what_is_typed_and_nothing_is_kept(self, cast, enter, story):
        invoice, client = drafted(story), enter(cast.dispatcher)
        given = filled(client.get(vendors(invoice)), **{"lines-1-quantity": "10.00"})
        page = client.post(vendors(invoice, "vendor_invoice_totals"), given)
        assert "$1,025.00" in page.content.decode()
        assert "$525.00 over" in page.content.decode()
        invoice.refresh_from_db()
        assert invoice.total_amount == 170

    def test_another_sum_on_paper_is_refused(self, cast, enter, story):
        invoice, client = drafted(story), enter(cast.dispatcher)
        page = client.post(
            vendors(invoice), filled(client.get(vendors(invoice)), number="CR-1", total="171.00", send="1")
        )
        assert page.status_code == 422
        assert "your paper says" in page.content.decode()

    def test_work_that_nobody_has_verified_is_not_billed(self, cast, enter, story):
        story.completed()
        invoice = invoices.draft_all(story.work_order, now=story.later())[0]
        client = enter(cast.dispatcher)
        page = client.post(vendors(invoice), filled(client.get(vendors(invoice)), number="CR-1", send="1"))
        assert page.status_code == 422
        assert "Only verified work can be billed" in page.content.decode()

    def test_rivals_and_the_desk_do_not_find_a_draft(self, cast, enter, story):
        invoice = drafted(story)
        assert enter(cast.rival).get(vendors(invoice)).status_code == 404
        assert enter(cast.technician).get(vendors(invoice)).status_code == 403
        assert enter(cast.finance).get(desks(invoice, "invoice")).status_code == 404

    def test_a_draft_is_made_on_demand_once(self, cast, enter, story):
        story.verified()
        client = enter(cast.dispatcher)
        address = reverse("workorders:job_invoice", args=[story.work_order.number])
        first = client.post(address, {"operation": fresh_key()})
        second = client.post(address, {"operation": fresh_key()})
        assert first.status_code == second.status_code == 302
        assert first["Location"] == second["Location"]
        assert Invoice.objects.count() == 1


class TestAnswers:
    def test_a_dispute_is_answered(self, cast, enter, story):
        invoice = sent(story)
        invoices.dispute(invoice, by=cast.finance, now=story.later(), reason="Why two trips?")
        client = enter(cast.dispatcher)
        assert "Why two trips?" in client.get(vendors(invoice)).content.decode()
        assert client.post(vendors(invoice, "vendor_invoice_answer"), {"operation": fresh_key()}).status_code == 422
        given = {"operation": fresh_key(), "note": "The part came a day later"}
        assert client.post(vendors(invoice, "vendor_invoice_answer"), given).status_code == 302
        assert state(invoice) == InvoiceState.IN_REVIEW
        assert "The part came a day later" in enter(cast.finance).get(desks(invoice, "invoice")).content.decode()

    def test_a_returned_bill_is_a_draft_with_the_reason(self, cast, enter, story):
        invoice = sent(story)
        invoices.return_to_vendor(invoice, by=cast.finance, now=story.later(), reason="Wrong site on it")
        text = enter(cast.dispatcher).get(vendors(invoice)).content.decode()
        assert "Wrong site on it" in text
        assert "Send invoice" in text

    def test_a_rejected_bill_is_taken_back_to_correct(self, cast, enter, story):
        invoice = sent(story)
        invoices.reject(invoice, by=cast.finance, now=story.later(), reason="Not ours")
        client = enter(cast.dispatcher)
        assert "Correct it" in client.get(vendors(invoice)).content.decode()
        assert client.post(
            vendors(invoice, "vendor_invoice_correct"), {"operation": fresh_key()}
        ).status_code == 302  # fmt: skip
        assert state(invoice) == InvoiceState.DRAFT

    def test_the_list_keeps_each_company_to_itself(self, cast, enter, story):
        invoice = sent(story, "CR-9")
        own = enter(cast.dispatcher).get("/jobs/invoices", {"show": "all"}).content.decode()
        assert "CR-9" in own
        rivals = enter(cast.rival).get("/jobs/invoices", {"show": "all"}).content.decode()
        assert "CR-9" not in rivals
        assert "No invoices here" in rivals
        sheet = enter(cast.dispatcher).get(vendors(invoice, "vendor_invoice_sheet"))
        assert "Invoice CR-9" in sheet.content.decode()
        assert enter(cast.rival).get(vendors(invoice, "vendor_invoice_sheet")).status_code == 404


class TestDesk:
    def test_the_list_counts_what_waits_and_finds_by_number(self, cast, enter, story):
        sent(story, "CR-55")
        client = enter(cast.finance)
        text = client.get("/invoices").content.decode()
        assert "CR-55" in text
        assert re.search(r'To decide <span class="count">1</span>', text)
        assert "CR-55" in client.get("/invoices", {"q": "cr-55"}).content.decode()
        assert "Nothing matches" in client.get("/invoices", {"q": "zzz"}).content.decode()
        assert "CR-55" not in enter(cast.foreign_fm).get("/invoices").content.decode()
        assert enter(cast.store).get("/invoices").status_code == 403

    def test_the_match_sets_lines_beside_visits_and_card(self, cast, enter, story):
        invoice = sent(story)
        text = enter(cast.finance).get(desks(invoice, "invoice")).content.decode()
        assert text.count("Matches") == 2
        assert "Approve $170.00" in text
        assert "Your limit is $10,000.00" in text
        assert "No check fired." in text

    def test_differences_are_marked_and_approval_then_needs_a_reason(self, cast, enter, story):
        invoice = drafted(story)
        client = enter(cast.dispatcher)
        given = filled(client.get(vendors(invoice)), **{"lines-1-quantity": "3.00", "lines-1-unit_amount": "120.00",
                                                        "number": "CR-2", "send": "1"})  # fmt: skip
        assert client.post(vendors(invoice), given).status_code == 302
        client = enter(cast.finance)
        text = client.get(desks(invoice, "invoice")).content.decode()
        assert "Quantity and rate differ" in text
        assert "To review." in text
        page = client.post(desks(invoice, "invoice_approve"), {"operation": fresh_key(), "reason": ""})
        assert page.status_code == 422
        assert "Say why it is approved all the same." in page.content.decode()
        given = {"operation": fresh_key(), "reason": "Agreed by phone"}
        assert client.post(desks(invoice, "invoice_approve"), given).status_code == 302
        assert state(invoice) == InvoiceState.APPROVED

    def test_approving_twice_is_once_and_afterwards_too_late(self, cast, enter, story):
        invoice, client = sent(story), enter(cast.finance)
        given = {"operation": fresh_key(), "revision": str(invoice.revision)}
        assert client.post(desks(invoice, "invoice_approve"), given).status_code == 302
        assert client.post(desks(invoice, "invoice_approve"), given).status_code == 302
        again = client.post(desks(invoice, "invoice_approve"), {**given, "operation": fresh_key()})
        assert again.status_code == 409

    def test_a_bill_that_changed_meanwhile_is_not_approved(self, cast, enter, story):
        invoice = sent(story)
        given = {"operation": fresh_key(), "revision": str(invoice.revision + 1)}
        assert enter(cast.finance).post(desks(invoice, "invoice_approve"), given).status_code == 409

    def test_who_may_not_approve_reads_why_instead_of_a_dead_button(self, cast, enter, story):
        invoice = sent(story)
        text = enter(cast.auditor).get(desks(invoice, "invoice")).content.decode()
        assert "Your role reads invoices." in text
        assert "Approve $" not in text
        small = cast.person("Lena Little", "finance", regions=[cast.north], limit=Decimal(100))
        text = enter(small).get(desks(invoice, "invoice")).content.decode()
        assert "your limit is $100.00" in text.replace("\N{NO-BREAK SPACE}", " ")
        assert "Approve $" not in text

    @pytest.mark.parametrize(
        ("name", "after"),
        [("invoice_dispute", "disputed"), ("invoice_reject", "rejected"), ("invoice_return", "draft"),
         ("invoice_void", "void")],
    )  # fmt: skip
    def test_every_other_decision_needs_a_reason(self, cast, enter, story, name, after):
        invoice, client = sent(story), enter(cast.finance)
        assert client.post(desks(invoice, name), {"operation": fresh_key(), "reason": " "}).status_code == 422
        assert client.post(desks(invoice, name), {"operation": fresh_key(), "reason": "See page 2"}).status_code == 302
        assert state(invoice) == after

    def test_lines_are_cut_and_never_grow(self, cast, enter, story):
        invoice, client = sent(story), enter(cast.finance)
        page = client.get(desks(invoice, "invoice_adjust"))
        more = client.post(
            desks(invoice, "invoice_adjust"), filled(page, **{"lines-1-unit_amount": "200.00", "reason": "?"})
        )
        assert more.status_code == 422
        assert "The total can only go down." in more.content.decode()
        less = client.post(
            desks(invoice, "invoice_adjust"), filled(page, **{"lines-1-unit_amount": "90.00", "reason": "As agreed"})
        )
        assert less.status_code == 302
        invoice.refresh_from_db()
        assert (invoice.total_amount, invoice.revision) == (165, 2)

    def test_other_regions_do_not_find_it(self, cast, enter, story):
        invoice, client = sent(story), enter(cast.foreign_fm)
        for name in ("invoice", "invoice_sheet"):
            assert client.get(desks(invoice, name)).status_code == 404
        given = {"operation": fresh_key(), "reason": "x"}
        for name in ("invoice_approve", "invoice_dispute", "invoice_reject", "invoice_return", "invoice_void"):
            assert client.post(desks(invoice, name), given).status_code == 404

    @pytest.mark.parametrize("path", ["/invoices", "/jobs/invoices?show=all"])
    def test_one_bill_or_many_cost_the_same(self, cast, enter, story, path):
        client = enter(cast.finance if path == "/invoices" else cast.dispatcher)
        sent(story, "A-1")
        client.get(path)
        with CaptureQueriesContext(connection) as one:
            client.get(path)
        for number in range(3):
            sent(Story(cast), f"B-{number}")
        with CaptureQueriesContext(connection) as many:
            client.get(path)
        assert len(one) == len(many) <= 8

    def test_pages_go_by_key_there_and_back(self, cast, story):
        from workorders.views.paging import page_of

        bills = [sent(Story(cast), f"K-{number}") for number in range(3)]
        rows = Invoice.objects.all()
        first = page_of(rows, {}, keep={"show": "all"}, size=2)
        assert [row.pk for row in first.rows] == [bills[2].pk, bills[1].pk]
        assert (first.previous, first.next) == ("", f"?show=all&after={bills[1].pk}")
        second = page_of(rows, {"after": str(bills[1].pk)}, keep={}, size=2)
        assert [row.pk for row in second.rows] == [bills[0].pk]
        assert (second.previous, second.next) == (f"?before={bills[0].pk}", "")
        back = page_of(rows, {"before": str(bills[0].pk)}, keep={}, size=2)
        assert [row.pk for row in back.rows] == [bills[2].pk, bills[1].pk]
        assert page_of(rows, {"after": "x'; --"}, keep={}, size=5).rows[0].pk == bills[2].pk
