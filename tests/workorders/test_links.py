"""A small vendor without an account does one job by the link in its mail, and nothing else by it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.actors import by_link
from accounts.once import fresh_key
from tests.cast import Cast
from tests.factories.work import WorkOrderFactory
from tests.factories.workorders import Story, papers, photo, reason
from tests.workorders.by_link import ADDRESS, accept, everything, job, local, opened, posted, text_of
from vendors import roster
from vendors.models import Standing
from workorders import conversation, lifecycle, links, offers, proposals
from workorders.models import (
    Audience,
    Comment,
    Event,
    Invoice,
    InvoiceState,
    JobLink,
    OfferState,
    Outcome,
    Proposal,
    Status,
    Under,
    Visit,
    VisitState,
    WorkOrder,
)
from workorders.refusals import NotAllowed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("present")]


@pytest.fixture
def story(cast: Cast) -> Story:
    return Story(cast).offered()


class TestTheWholeJob:
    def test_a_vendor_without_an_account_does_it_from_the_mail(
        self, cast: Cast, story: Story, link: str, present: Any
    ) -> None:
        client, home = opened(link)
        page = client.get(home, follow=True)
        said = text_of(page)
        for word in ("Do you take this job?", story.work_order.number, "$500.00", "Accept job", "Decline"):
            assert word in said
        assert accept(client, home, story).headers["Location"] == f"{home}{job(story)}"
        row = story.fresh().work_order
        assert (row.status, row.vendor) == (Status.SCHEDULED, cast.cascade)

        given = {"operation": fresh_key(), "start_at": local(story, hours=4), "window": "60", "technician": "",
                 "reason": "Stuck at another job", "version": str(row.version)}  # fmt: skip
        assert client.post(f"{home}{job(story)}/reschedule", given).status_code == 302
        assert story.visit.planned_start_at == timezone.now() + timedelta(hours=4)

        present.shift(timedelta(hours=4))
        refused = client.post(f"{home}{job(story)}/check-in", {"operation": fresh_key(), "without_position": "1"})
        assert refused.status_code == 422
        assert "Your position is not known" in text_of(refused)
        here = {"operation": fresh_key(), "lat": str(row.site.latitude), "lon": "-122.4400", "accuracy": "12"}
        near = here | {"lon": str(row.site.longitude + Decimal("0.0002"))}
        assert client.post(f"{home}{job(story)}/check-in", near).status_code == 302
        visit = story.visit
        assert (visit.state, visit.technician, visit.in_verdict) == (VisitState.ON_SITE, None, "inside")

        present.shift(timedelta(minutes=50))
        found = papers()
        done = {
            "operation": fresh_key(), "root_cause": str(found["root_cause"].pk), "nothing_recommended": "on",
            "resolution": str(found["resolution"].pk), "resolution_note": "New gasket",
        }  # fmt: skip
        assert client.post(f"{home}{job(story)}/papers", done).status_code == 302
        part = {"operation": fresh_key(), "name": "Door gasket", "quantity": "1", "unit_cost_amount": "86.50",
                "origin": "bought"}  # fmt: skip
        assert client.post(f"{home}{job(story)}/parts", part).status_code == 302
        shot = {"operation": fresh_key(), "kind": "after", "photos": photo(), "caption": "Closes again"}
        assert client.post(f"{home}{job(story)}/photos", shot).status_code == 302
        picture = story.work_order.attachments.get()
        shown = client.get(f"{home}attachments/{picture.pk}")
        assert shown.status_code == 200
        assert b"".join(shown)
        leave = {"operation": fresh_key(), "outcome": Outcome.RESOLVED, "note": ""}
        assert client.post(f"{home}{job(story)}/check-out", leave).headers["Location"] == f"{home}{job(story)}"
        assert story.fresh().work_order.status == Status.COMPLETED

        lifecycle.verify(story.work_order, by=cast.store, now=timezone.now(), rating=5)
        (bill_link,) = posted()
        client, home = opened(bill_link)
        bill = Invoice.objects.get()
        assert reverse("workorders:vendor_invoice", args=[bill.pk]) in text_of(client.get(home, follow=True))
        address = f"{home}jobs/invoices/{bill.pk}"
        page = client.get(address)
        assert "Door gasket" in text_of(page)
        lines = [
            {"kind": line.kind, "description": line.description, "quantity": line.quantity,
             "unit_amount": line.unit_amount, "labor_kind": line.labor_kind, "visit": line.visit_id or "",
             "part": line.part_id or ""}
            for line in bill.lines.all()
        ]  # fmt: skip
        send = {f"lines-{at}-{name}": value for at, line in enumerate(lines) for name, value in line.items()}
        send |= {"lines-TOTAL_FORMS": len(lines), "lines-INITIAL_FORMS": 0, "tax_percent": "0", "send": "1",
                 "operation": fresh_key(), "number": "2026-17",
                 "invoice_on": timezone.now().date().isoformat()}  # fmt: skip
        assert client.post(address, send).headers["Location"] == address
        bill.refresh_from_db()
        assert bill.number == "2026-17"
        assert bill.state in (InvoiceState.SUBMITTED, InvoiceState.IN_REVIEW)

        own = Event.objects.filter(work_order=story.work_order, via="link")
        assert {one.actor_name for one in own} == {by_link(ADDRESS)}
        assert not own.exclude(actor=None).exists()
        assert {"workorder.accepted", "workorder.rescheduled", "workorder.checked_in", "workorder.documented",
                "visit.part_used", "workorder.completed", "invoice.submitted"} <= set(
                    own.values_list("verb", flat=True))  # fmt: skip

    def test_who_did_it_by_the_link_is_not_mailed_about_it(self, cast: Cast, story: Story, link: str) -> None:
        client, home = opened(link)
        accept(client, home, story)
        given = {"operation": fresh_key(), "start_at": local(story, hours=5), "window": "60", "technician": "",
                 "reason": "Traffic", "version": str(story.fresh().work_order.version)}  # fmt: skip
        client.post(f"{home}{job(story)}/reschedule", given)
        message = {"operation": fresh_key(), "body": "Is the back door open?", "audience": Audience.VENDOR}
        assert client.post(f"{home}{job(story)}/messages", message).status_code == 302
        assert Comment.objects.get().author_name == by_link(ADDRESS)
        assert posted() == []
        conversation.say(
            story.work_order, body="Ring twice.", audience=Audience.VENDOR, by=cast.fm, now=timezone.now()
        )  # fmt: skip
        (answer,) = posted()
        client, home = opened(answer)
        assert "Ring twice." in text_of(client.get(home, follow=True))

    def test_saying_no_with_a_reason(self, story: Story, link: str) -> None:
        client, home = opened(link)
        page = f"{home}jobs/offers/{story.offer.pk}/decline"
        assert client.get(page).status_code == 200
        given = {"operation": fresh_key(), "reason": str(reason(Under.DECLINE, "No time").pk), "note": ""}
        assert client.post(page, given).status_code == 302
        assert story.offer.state == OfferState.DECLINED
        over = client.get(home)
        assert over.status_code == 410
        assert "You have declined this job." in text_of(over)

    def test_proposing_another_time(self, cast: Cast, story: Story, link: str) -> None:
        client, home = opened(link)
        page = f"{home}jobs/offers/{story.offer.pk}/propose"
        assert page in text_of(client.get(home, follow=True))
        given = {"operation": fresh_key(), "start_at": local(story, hours=30), "window": "120", "technician": "",
                 "note": "A part comes tomorrow"}  # fmt: skip
        assert client.post(page, given).status_code == 302
        waits = Proposal.objects.get()
        proposals.refuse(waits, by=cast.fm, now=timezone.now(), answer="Not after noon")
        (refused,) = posted()
        client, home = opened(refused)
        given |= {"operation": fresh_key(), "start_at": local(story, hours=26)}
        assert client.post(f"{home}jobs/offers/{story.offer.pk}/propose", given).status_code == 302
        proposals.agree(Proposal.objects.latest("pk"), by=cast.fm, now=timezone.now())
        (agreed,) = posted()
        client, home = opened(agreed)
        assert "You go" in text_of(client.get(home, follow=True))
        assert story.fresh().work_order.vendor == cast.cascade

    def test_a_bad_form_keeps_every_answer(self, story: Story, link: str) -> None:
        client, home = opened(link)
        answer = accept(client, home, story, start_at="soon", window="240")
        assert answer.status_code == 422
        assert 'value="soon"' in text_of(answer)
        assert story.offer.state == OfferState.OPEN


class TestLookingIsNoAct:
    def test_a_scanner_opens_it_twenty_times_with_get_and_head_and_nothing_changes(
        self, story: Story, link: str
    ) -> None:
        before = everything()
        for _ in range(20):
            for look in ("get", "head"):
                client = Client()
                assert getattr(client, look)(link).status_code == 302
                assert getattr(client, look)(opened(link)[1]).status_code in (302, 404)
                phone, home = opened(link)
                for page in (home, f"{home}{job(story)}", f"{home}jobs/offers/{story.offer.pk}/decline"):
                    assert getattr(phone, look)(page, follow=True).status_code == 200
                for act in (f"{home}jobs/offers/{story.offer.pk}/accept", f"{home}{job(story)}/check-in"):
                    assert getattr(phone, look)(act).status_code == 405
        assert everything() == before
        client, home = opened(link)
        assert accept(client, home, story).status_code == 302, "and it still works"

    def test_an_answer_works_once_and_the_second_is_told_what_happened(self, story: Story, link: str) -> None:
        client, home = opened(link)
        accept(client, home, story)
        again, other_home = opened(link)
        second = accept(again, other_home, story)
        assert second.status_code == 409
        assert "This job is already accepted." in text_of(second)
        given = {"operation": fresh_key(), "reason": str(reason(Under.DECLINE, "No time").pk), "note": ""}
        late = again.post(f"{home}jobs/offers/{story.offer.pk}/decline", given)
        assert late.status_code == 409
        assert Visit.objects.count() == 1

    def test_a_double_click_accepts_once(self, story: Story, link: str) -> None:
        client, home = opened(link)
        key = fresh_key()
        first, second = (accept(client, home, story, operation=key) for _ in range(2))
        assert first.headers["Location"] == second.headers["Location"]
        assert Visit.objects.count() == 1


class TestWhatEndsIt:
    def closed(self, link: str, sentence: str, status: int = 404) -> None:
        client, home = opened(link)
        answer = client.get(home)
        assert answer.status_code == status
        assert sentence in text_of(answer)
        number = WorkOrder.objects.get().number
        assert number not in text_of(answer)
        assert "Hilltop" not in text_of(answer)

    def test_its_time_is_over(self, story: Story, link: str, present: Any) -> None:
        present.shift(timedelta(days=15))
        self.closed(link, "This link has expired.")
        client, home = opened(link)
        assert accept(client, home, story).status_code == 404

    def test_it_lasts_while_the_job_is_theirs(self, cast: Cast, story: Story, link: str, present: Any) -> None:
        client, home = opened(link)
        accept(client, home, story)
        present.shift(timedelta(days=40))
        assert client.get(home, follow=True).status_code == 200
        lifecycle.cancel(story.fresh().work_order, by=cast.fm, now=timezone.now(), reason="Sold")
        assert client.get(home).status_code == 404

    def test_facilities_switches_it_off(self, cast: Cast, enter: Any, story: Story, link: str) -> None:
        desk = enter(cast.fm)
        page = reverse("workorders:order_links", args=[story.work_order.number])
        assert ADDRESS in text_of(desk.get(page))
        form = {"operation": fresh_key(), "email": ADDRESS}
        assert desk.post(reverse("workorders:order_links_end", args=[story.work_order.number]), form).status_code == 302
        self.closed(link, "This link has been switched off.")
        assert "switched off the links mailed to" in text_of(
            desk.get(reverse("workorders:order", args=[story.work_order.number]))
        )
        event = story.work_order.events.get(verb="link.revoked")
        assert event.data == {"address": ADDRESS, "vendor": "Cascade Refrigeration", "links": 1}
        with pytest.raises(NotAllowed):
            links.revoke(story.work_order, email=ADDRESS, by=cast.store, now=timezone.now())

    def test_facilities_switches_all_of_an_address_off_from_the_vendors_page(
        self, cast: Cast, enter: Any, story: Story, link: str
    ) -> None:
        desk, other = enter(cast.fm), Story(cast).offered().work_order
        elsewhere = WorkOrderFactory(site=cast.desert)
        for row in (other, elsewhere):
            links.make(row, vendor=cast.cascade, email=ADDRESS, now=timezone.now())
        page = reverse("workorders:vendor_links", args=[cast.cascade.code])
        assert page in text_of(desk.get(reverse("vendors:vendor_people", args=[cast.cascade.code])))
        shown = text_of(desk.get(page))
        assert ADDRESS in shown
        assert "2 jobs" in shown, "what is out of sight is not counted"
        form = {"operation": fresh_key(), "email": ADDRESS}
        assert desk.post(reverse("workorders:vendor_links_end", args=[cast.cascade.code]), form).status_code == 302
        assert Client().get(link, follow=True).status_code == 404
        assert "No links" in text_of(desk.get(page))
        assert [one.work_order for one in JobLink.objects.live()] == [elsewhere]
        assert other.events.filter(verb="link.revoked").count() == 1
        assert enter(cast.store).get(page).status_code == 403

    def test_the_address_is_the_vendors_no_more(self, cast: Cast, story: Story, link: str) -> None:
        roster.keep_vendor(vendor=cast.cascade, by=cast.admin, now=timezone.now(), email="new@casc.example.com")
        self.closed(link, "This link has been switched off.")

    def test_the_offer_is_withdrawn(self, cast: Cast, story: Story, link: str) -> None:
        client, home = opened(link)
        offers.withdraw(story.offer, by=cast.fm, now=timezone.now())
        answer = accept(client, home, story)
        assert answer.status_code == 409
        assert "This offer was withdrawn." in text_of(answer)
        self.closed(link, "This job is no longer yours.", 410)

    def test_the_offer_expires_in_the_second_of_the_answer(self, story: Story, link: str, present: Any) -> None:
        client, home = opened(link)
        present.move_to(story.offer.expires_at)
        answer = accept(client, home, story)
        assert answer.status_code == 409
        assert "This offer has expired." in text_of(answer)
        assert story.fresh().work_order.vendor is None

    def test_the_vendor_is_suspended_between_offer_and_answer(self, cast: Cast, story: Story, link: str) -> None:
        client, home = opened(link)
        roster.set_standing(
            vendor=cast.cascade, standing=Standing.SUSPENDED, reason="Papers", by=cast.admin, now=timezone.now()
        )  # fmt: skip
        answer = accept(client, home, story)
        assert answer.status_code == 409
        assert "Your company cannot take jobs at the moment." in text_of(answer)
        assert story.fresh().work_order.status == Status.OFFERED

    def test_the_job_goes_to_another_company_and_nothing_of_it_is_told(
        self, cast: Cast, story: Story, link: str
    ) -> None:
        client, home = opened(link)
        accept(client, home, story)
        now = timezone.now()
        lifecycle.reassign(story.fresh().work_order, by=cast.fm, now=now, reason="Too slow")
        story.now = now
        story.fresh().offered(cast.summit)
        offers.accept(story.offer, by=cast.rival, now=story.now, start_at=story.now, end_at=story.now)
        answer = client.get(home)
        assert answer.status_code == 410
        assert "This job is no longer yours." in text_of(answer)
        for page in (f"{home}{job(story)}", f"{home}{job(story)}/check-out", f"{home}{job(story)}/reschedule"):
            gone = client.get(page)
            assert gone.status_code == 410
            assert "Summit" not in text_of(gone)
        assert client.post(f"{home}{job(story)}/messages", {"operation": fresh_key(), "body": "?"}).status_code == 410


def test_the_page_of_a_job_asks_little(story: Story, link: str) -> None:
    client, home = opened(link)
    client.get(f"{home}{job(story)}")
    with CaptureQueriesContext(connection) as asked:
        assert client.get(f"{home}{job(story)}").status_code == 200
    assert len(asked) <= 8
