"""The checks of a bill, one by one."""

from decimal import Decimal

import pytest

from tests.factories.bills import as_lines, codes, drafted, send
from tests.factories.workorders import Story
from vendors.models import RateCard, Requirement
from workorders import invoices, visits
from workorders.findings import CHECKS, SEVERITIES
from workorders.invoices import Blocked, Line
from workorders.models import (
    InvoiceState,
    WorkOrder,
)


@pytest.fixture
def story(cast) -> Story:
    return Story(cast)


class TestChecks:
    """Each check fires on what it is for, and on nothing else."""

    def after(self, story, *extra, tax=None, **changes) -> set[str]:
        """What fires once the vendor has changed its draft so."""
        invoice = drafted(story)
        changed = [*as_lines(invoice, **changes), *extra]
        invoices.edit_lines(invoice, lines=changed, by=story.cast.dispatcher, now=story.now, tax_percent=tax)
        return codes(story, invoice)

    def test_the_draft_as_it_is_passes_every_check(self, story):
        assert self.after(story) == set()

    def test_lines_missing(self, story):
        invoice = drafted(story)
        invoices.edit_lines(invoice, lines=[], by=story.cast.dispatcher, now=story.now)
        assert codes(story, invoice) == {"lines_missing"}

    def test_over_authorized(self, story):
        extra = Line("other", "Crane", Decimal(1), Decimal("330.01"))
        assert self.after(story, extra) == {"over_authorized"}

    def test_up_to_the_authorized_cent(self, story):
        assert self.after(story, Line("other", "Crane", Decimal(1), Decimal("330.00"))) == set()

    def test_rate_above_card(self, story):
        assert self.after(story, labor={"unit_amount": Decimal("95.01")}) == {"rate_above_card"}

    def test_trip_above_card(self, story):
        assert self.after(story, trip={"unit_amount": Decimal("75.01")}) == {"rate_above_card"}

    def test_hours_above_visits_a_quarter_of_an_hour_is_tolerated(self, story):
        assert self.after(story, labor={"quantity": Decimal("1.25")}) == set()

    def test_hours_above_visits(self, story):
        assert self.after(story, labor={"quantity": Decimal("1.26")}) == {"hours_above_visits"}

    def test_helper_hours_without_a_helper(self, story):
        story.offered()
        RateCard.objects.update(helper_amount=Decimal("50.00"))
        extra = Line("labor", "Helper", Decimal(1), Decimal("50.00"), labor_kind="helper")
        assert self.after(story, extra) == {"hours_above_visits"}

    def test_trips_above_visits(self, story):
        assert self.after(story, trip={"quantity": Decimal(2)}) == {"trips_above_visits"}

    def test_overtime_outside_hours(self, story):
        changed = {"labor_kind": "overtime", "unit_amount": Decimal("142.50")}
        assert self.after(story, labor=changed) == {"overtime_outside_hours"}

    def test_part_not_documented(self, story):
        assert self.after(story, Line("parts", "Gold", Decimal(1), Decimal(5))) == {"part_not_documented"}

    def test_part_more_often_or_dearer_than_documented(self, story):
        story.on_site()
        visits.add_part(
            story.visit, by=story.cast.technician, now=story.now, name="Gasket", quantity=Decimal(1),
            unit_cost_amount=Decimal("10.00"),
        )  # fmt: skip
        changed = {"quantity": Decimal(2), "unit_amount": Decimal("10.01")}
        assert self.after(story, parts=changed) == {"part_not_documented", "markup_above_agreed"}

    def test_tax_wrong(self, story):
        assert self.after(story, tax=Decimal("8.000")) == {"tax_wrong"}

    def test_what_the_vendors_paper_says_is_held_against_the_lines(self, story):
        invoice = drafted(story)
        assert codes(story, invoice, stated=invoices.Stated(Decimal("170.00"), "USD")) == set()
        assert codes(story, invoice, stated=invoices.Stated(Decimal("170.01"), "USD")) == {"sums_wrong"}
        assert codes(story, invoice, stated=invoices.Stated(None, "CAD")) == {"currency"}

    def test_documents_missing(self, story):
        invoice = drafted(story)
        problem = story.cast.too_warm
        problem.late_documents = ["certificate"]
        problem.save()
        assert codes(story, invoice) == {"documents_missing"}

    def test_not_compliant_on_visit_date(self, story):
        invoice = drafted(story)
        Requirement.objects.create(kind="auto")
        assert codes(story, invoice) == {"not_compliant_on_visit_date"}

    def test_warranty_or_recall(self, story):
        invoice = drafted(story)
        WorkOrder.objects.filter(pk=story.work_order.pk).update(is_billable=False)
        assert codes(story, invoice) == {"warranty_or_recall"}

    def test_not_assigned(self, story):
        invoice = drafted(story)
        story.work_order.offers.update(state="withdrawn")
        WorkOrder.objects.filter(pk=story.work_order.pk).update(vendor=story.cast.summit)
        assert codes(story, invoice) == {"not_assigned"}

    def test_submitted_late(self, story):
        invoice = drafted(story)
        assert codes(story, invoice) == set()
        story.later(days=61)
        assert codes(story, invoice) == {"submitted_late"}

    def test_how_much_a_check_matters_is_the_administrators_to_say(self, story):
        invoice = drafted(story)
        changed = as_lines(invoice, trip={"quantity": Decimal(2)})
        invoices.edit_lines(invoice, lines=changed, by=story.cast.dispatcher, now=story.now)
        SEVERITIES["trips_above_visits"].change(value=3, by=story.cast.admin, now=story.now)
        with pytest.raises(Blocked):
            send(story, invoice)
        SEVERITIES["trips_above_visits"].change(value=0, by=story.cast.admin, now=story.now)
        assert send(story, invoice).state == InvoiceState.SUBMITTED

    def test_no_check_is_without_a_test(self):
        assert list(CHECKS) == list(SEVERITIES)
