"""The vendor's pages: offers and their answers, jobs, who goes and when, and what rivals never see."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Notice
from accounts.once import fresh_key
from accounts.outbox import ledgers, settle
from tests.factories.clock import NOW
from tests.factories.workorders import Story, reason
from workorders import conversation, lifecycle, offers, visits
from workorders.catalog import load_targets
from workorders.models import Audience, OfferState, Status, Under, Visit


@pytest.fixture(autouse=True)
def present():
    """Pages read the clock: it stands 30 minutes after the story begins, on a Tuesday in business hours."""
    with time_machine.travel(NOW + timedelta(minutes=30)):
        yield


@pytest.fixture
def story(cast) -> Story:
    return Story(cast)


def local(instant, row) -> str:
    return instant.astimezone(ZoneInfo(row.site.time_zone)).strftime("%Y-%m-%dT%H:%M")


def answer(story: Story, **facts) -> dict[str, str]:
    """What the accept form sends."""
    start = local(timezone.now() + timedelta(hours=3), story.work_order)
    technician = str(story.cast.technician.pk)
    return {"operation": fresh_key(), "start_at": start, "window": "120", "technician": technician, **facts}


def job(story: Story, name: str = "job", *args) -> str:
    return reverse(f"workorders:{name}", args=[story.work_order.number, *args])


class TestInbox:
    def test_an_offer_shows_how_long_it_waits_its_limit_and_its_unit(self, cast, enter, story):
        load_targets()
        story.offered()
        page = enter(cast.dispatcher).get("/jobs")
        text = page.content.decode()
        assert page.status_code == 200
        for said in (story.work_order.number, "Answer in", "$500.00", "Walk-in cooler 2", "Be there by", "Accept job"):
            assert said in text

    def test_nothing_offered_says_so(self, cast, enter):
        text = enter(cast.dispatcher).get("/jobs").content.decode()
        assert "No offers" in text
        assert "Nothing on today" in text

    @pytest.mark.parametrize("page", ["/jobs", "/jobs/schedule", "/jobs/invoices", "/company"])
    def test_the_head_names_the_own_company(self, cast, enter, page):
        assert cast.cascade
        text = enter(cast.rival).get(page).content.decode()
        assert cast.summit.name in text
        assert cast.cascade.name not in text

    def test_the_rival_sees_none_of_it(self, cast, enter, story):
        story.offered()
        assert story.work_order.number not in enter(cast.rival).get("/jobs").content.decode()

    def test_a_technician_sees_own_trips_and_no_offers(self, cast, enter, story):
        story.scheduled()
        Story(cast, now=story.now).offered()
        text = enter(cast.technician).get("/jobs").content.decode()
        assert story.work_order.number in text
        assert "New offers" not in text
        assert story.work_order.number not in enter(cast.colleague).get("/jobs").content.decode()

    def test_stores_have_no_inbox(self, cast, enter):
        assert enter(cast.store).get("/jobs").status_code == 403

    def test_one_offer_or_many_cost_the_same_eight_queries(self, cast, enter, story):
        client = enter(cast.dispatcher)
        assert cast.technician

        def cost() -> int:
            with CaptureQueriesContext(
                connection,
            ) as asked:
                assert client.get("/jobs").status_code == 200
            return len(asked)

        story.offered()
        Story(cast, now=story.now).scheduled(cast.technician)
        cost()
        one = cost()
        for _ in range(4):
            Story(cast, now=story.now).offered()
            Story(cast, now=story.now).scheduled(cast.technician)
        assert cost() == one
        assert one <= 8


class TestAnswer:
    def test_the_dispatcher_accepts_with_a_window_and_a_technician(self, cast, enter, story):
        story.offered()
        page = enter(cast.dispatcher).post(reverse("workorders:offer_accept", args=[story.offer.pk]), answer(story))
        assert page.status_code == 302
        assert page["Location"] == job(story)
        row = story.fresh().work_order
        assert row.status == Status.SCHEDULED
        assert row.scheduled_end_at - row.scheduled_start_at == timedelta(hours=2)
        assert story.visit.technician == cast.technician

    def test_times_are_those_of_the_site(self, cast, enter, story):
        story.offered()
        wanted = (timezone.now() + timedelta(hours=5)).replace(second=0, microsecond=0)
        given = answer(story, start_at=local(wanted, story.work_order))
        enter(cast.dispatcher).post(reverse("workorders:offer_accept", args=[story.offer.pk]), given)
        assert story.fresh().work_order.scheduled_start_at == wanted

    def test_pressing_twice_accepts_once(self, cast, enter, story):
        story.offered()
        client, given = enter(cast.dispatcher), answer(story)
        address = reverse("workorders:offer_accept", args=[story.offer.pk])
        first, second = client.post(address, given), client.post(address, given)
        assert (first.status_code, second.status_code) == (302, 302)
        assert story.work_order.visits.count() == 1

    def test_a_time_that_has_passed_comes_back_with_everything_typed(self, cast, enter, story):
        story.offered()
        past = local(timezone.now() - timedelta(hours=9), story.work_order)
        page = enter(cast.dispatcher).post(
            reverse("workorders:offer_accept", args=[story.offer.pk]), answer(story, start_at=past, window="240")
        )
        text = page.content.decode()
        assert page.status_code == 422
        assert "Choose a time that has not passed." in text
        assert past in text
        assert '<option value="240" selected>' in text
        assert "<title>Error: " in text

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ("9999-12-31T23:59", "Check the year."),
            ("0001-01-01T00:00", "Check the year."),
            ("2062-07-15T09:00", "Choose a time within a year. Check the year."),
            ("2026-02-30T09:00", "Choose a date and a time."),
        ],
    )
    @pytest.mark.parametrize("name", ["offer_accept", "offer_propose"])
    def test_a_day_that_nobody_can_mean_comes_back(self, cast, enter, story, name, typed, said):
        story.offered()
        page = enter(cast.dispatcher).post(
            reverse(f"workorders:{name}", args=[story.offer.pk]), answer(story, start_at=typed, note="Part late")
        )
        assert page.status_code == 422
        assert said in page.content.decode()
        assert story.fresh().work_order.status == Status.OFFERED

    def test_an_appointment_weeks_away_has_its_hour_for_everybody(self, cast, enter, story):
        story.offered()
        accept = reverse("workorders:offer_accept", args=[story.offer.pk])
        client, number = enter(cast.dispatcher), story.work_order.number
        assert client.post(accept, answer(story, start_at="2026-08-03T09:00")).status_code == 302
        settle(now=timezone.now(), ledgers=ledgers(), limit=1000)
        for person, address in (
            (cast.dispatcher, f"/jobs/{number}"), (cast.store, f"/requests/{number}"),
            (cast.fm, f"/work-orders/{number}"),
        ):  # fmt: skip
            assert "3 Aug 2026, 09:00" in enter(person).get(address).content.decode()
        told = Notice.objects.filter(reader=cast.fm, channel="app", subject__contains="accepted by").get()
        assert "comes 3 Aug 2026, 09:00." in told.body

    def test_a_job_is_not_moved_to_a_day_that_nobody_can_mean(self, cast, enter, story):
        story.scheduled()
        given = answer(story, start_at="2062-07-15T09:00", reason="Later", version=str(story.work_order.version))
        page = enter(cast.dispatcher).post(job(story, "job_reschedule"), given)
        assert page.status_code == 422
        assert "Choose a time within a year." in page.content.decode()

    def test_somebody_elses_technician_is_no_choice(self, cast, enter, story):
        story.offered()
        given = answer(story, technician=str(cast.rival_technician.pk))
        page = enter(cast.dispatcher).post(reverse("workorders:offer_accept", args=[story.offer.pk]), given)
        assert page.status_code == 422
        assert cast.rival_technician.name not in page.content.decode()

    def test_a_withdrawn_offer_says_so_with_409(self, cast, enter, story):
        story.offered()
        offer = story.offer
        offers.withdraw(offer, by=cast.fm, now=story.later())
        client = enter(cast.dispatcher)
        page = client.post(reverse("workorders:offer_accept", args=[offer.pk]), answer(story))
        assert page.status_code == 409
        assert "This offer was withdrawn." in page.content.decode()
        seen = client.get(reverse("workorders:offer", args=[offer.pk]))
        assert "This offer was withdrawn." in seen.content.decode()
        assert story.work_order.title not in seen.content.decode()
        assert client.get(job(story)).status_code == 404

    def test_an_expired_offer_says_so_before_the_sweep_has_seen_it(self, cast, enter, story):
        story.offered()
        offer = story.offer
        type(offer).objects.filter(pk=offer.pk).update(
            offered_at=timezone.now() - timedelta(hours=2), expires_at=timezone.now() - timedelta(hours=1)
        )
        page = enter(cast.dispatcher).post(reverse("workorders:offer_accept", args=[offer.pk]), answer(story))
        assert page.status_code == 409
        assert "expired" in page.content.decode()

    def test_declining_needs_a_reason_and_the_job_is_gone(self, cast, enter, story):
        why = reason(Under.DECLINE, "No technician free")
        story.offered()
        offer, client = story.offer, enter(cast.dispatcher)
        address = reverse("workorders:offer_decline", args=[offer.pk])
        assert client.get(address).status_code == 200
        assert client.post(address, {"operation": fresh_key()}).status_code == 422
        page = client.post(address, {"operation": fresh_key(), "reason": str(why.pk), "note": "Busy"})
        assert page.status_code == 302
        offer.refresh_from_db()
        assert (offer.state, offer.decline_note) == (OfferState.DECLINED, "Busy")
        assert client.get(job(story)).status_code == 404

    def test_the_rival_cannot_answer(self, cast, enter, story):
        story.offered()
        client = enter(cast.rival)
        for name in ("offer_accept", "offer_decline"):
            assert client.post(reverse(f"workorders:{name}", args=[story.offer.pk]), answer(story)).status_code == 404
        assert client.get(job(story)).status_code == 404

    def test_opening_the_mailed_link_accepts_nothing(self, cast, enter, story):
        story.offered()
        page = enter(cast.dispatcher).get(reverse("workorders:offer", args=[story.offer.pk]))
        assert (page.status_code, page["Location"]) == (302, job(story))
        assert story.fresh().work_order.status == Status.OFFERED
        assert enter(cast.dispatcher).get(reverse("workorders:offer_accept", args=[story.offer.pk])).status_code == 405


class TestJob:
    def test_the_page_has_five_steps_the_place_and_the_trouble(self, cast, enter, story):
        story.scheduled()
        text = enter(cast.technician).get(job(story)).content.decode()
        for said in (
            "Accept",
            "Check in",
            "Diagnose and fix",
            "Check out",
            "Invoice",
            "100 Main Street",
            "Directions",
            "The walk-in cooler is warm.",
            "RF-114-02",
            "$500.00",
        ):
            assert said in text

    def test_a_technician_sees_a_job_only_while_assigned(self, cast, enter, story):
        story.scheduled()
        assert enter(cast.colleague).get(job(story)).status_code == 404
        visits.assign(story.visit, technician=cast.colleague, by=cast.dispatcher, now=story.later())
        assert enter(cast.colleague).get(job(story)).status_code == 200
        assert enter(cast.technician).get(job(story)).status_code == 404

    def test_earlier_work_of_a_rival_on_the_unit_stays_its_own(self, cast, enter, story):
        past = Story(cast, now=story.now - timedelta(days=3)).completed()
        past.work_order.resolution_note = "Gasket"
        story.scheduled()
        own = enter(cast.technician).get(job(story)).content.decode()
        assert "Your work on this unit, 1 in 12 months" in own
        type(past.work_order).objects.filter(pk=past.work_order.pk).update(vendor=cast.summit)
        assert "Your work on this unit" not in enter(cast.technician).get(job(story)).content.decode()

    def test_assigning_somebody_else(self, cast, enter, story):
        story.scheduled()
        client = enter(cast.dispatcher)
        assert client.get(job(story, "job_assign")).status_code == 200
        assert client.post(job(story, "job_assign"), {"operation": fresh_key(), "technician": ""}).status_code == 422
        page = client.post(job(story, "job_assign"), {"operation": fresh_key(), "technician": str(cast.colleague.pk)})
        assert page.status_code == 302
        assert Visit.objects.get(pk=story.visit.pk).technician == cast.colleague

    def test_a_technician_may_not_assign(self, cast, enter, story):
        story.scheduled()
        assert enter(cast.technician).get(job(story, "job_assign")).status_code == 403

    def test_rescheduling_needs_a_reason_and_keeps_the_first_appointment(self, cast, enter, story):
        story.scheduled()
        first, client = story.work_order.first_appointment_at, enter(cast.dispatcher)
        given = answer(story, version=str(story.work_order.version))
        page = client.post(job(story, "job_reschedule"), given)
        assert page.status_code == 422
        assert "Say why the time changes." in page.content.decode()
        page = client.post(job(story, "job_reschedule"), {**given, "reason": "Part comes later"})
        assert page.status_code == 302
        row = story.fresh().work_order
        assert row.first_appointment_at == first
        assert row.scheduled_start_at > first

    def test_a_job_that_changed_meanwhile_is_not_moved(self, cast, enter, story):
        story.scheduled()
        given = answer(story, version=str(story.work_order.version - 1), reason="Later")
        page = enter(cast.dispatcher).post(job(story, "job_reschedule"), given)
        assert page.status_code == 409
        assert "was changed while you were looking" in page.content.decode()

    def test_holding_for_a_reason_that_vendors_may_choose_and_going_on(self, cast, enter, story):
        ours = reason(Under.HOLD, "Our request")
        theirs = reason(Under.HOLD, "Waiting for parts", vendor_may_choose=True)
        story.scheduled()
        client = enter(cast.dispatcher)
        text = client.get(job(story, "job_hold")).content.decode()
        assert "Waiting for parts" in text
        assert "Our request" not in text
        refused = client.post(job(story, "job_hold"), {"operation": fresh_key(), "reason": str(ours.pk)})
        assert refused.status_code == 422
        held = client.post(job(story, "job_hold"), {"operation": fresh_key(), "reason": str(theirs.pk)})
        assert held.status_code == 302
        assert story.fresh().work_order.status == Status.ON_HOLD
        assert "Resume job" in client.get(job(story)).content.decode()
        assert client.post(job(story, "job_resume"), {"operation": fresh_key()}).status_code == 302
        assert story.fresh().work_order.status == Status.SCHEDULED

    def test_a_hold_of_facilities_is_theirs_to_end(self, cast, enter, story):
        story.scheduled()
        secret = reason(Under.HOLD, "Dispute with landlord", vendor_sees=False)
        lifecycle.hold(story.work_order, by=cast.fm, now=story.later(), reason=secret, note="Budget")
        client = enter(cast.dispatcher)
        text = client.get(job(story)).content.decode()
        assert "Resume job" not in text
        assert "landlord" not in text
        assert "Budget" not in text
        assert client.post(job(story, "job_resume"), {"operation": fresh_key()}).status_code == 403

    def test_messages_reach_facilities_or_everyone_and_never_come_from_inside(self, cast, enter, story):
        story.scheduled()
        conversation.say(
            story.work_order, body="Keep an eye on their price", audience=Audience.INTERNAL, by=cast.fm,
            now=story.later(),
        )  # fmt: skip
        client = enter(cast.technician)
        assert "Keep an eye" not in client.get(job(story)).content.decode()
        empty = client.post(job(story, "job_message"), {"operation": fresh_key(), "body": "", "audience": "vendor"})
        assert empty.status_code == 422
        sent = client.post(
            job(story, "job_message"), {"operation": fresh_key(), "body": "Part ordered", "audience": "vendor"}
        )
        assert sent.status_code == 302
        assert "Part ordered" in client.get(job(story)).content.decode()
        inside = client.post(job(story, "job_message"), {"operation": fresh_key(), "body": "x", "audience": "internal"})
        assert inside.status_code == 422

    def test_a_job_that_has_gone_shows_only_the_own_visit(self, cast, enter, story):
        story.on_site()
        visits.check_out(
            story.visit, by=cast.technician, now=story.later(), outcome="return_needed", note="Needs two people"
        )
        lifecycle.reassign(story.fresh().work_order, by=cast.fm, now=story.later(), reason="Too slow")
        Story(cast, now=story.now, row=story.fresh().work_order).offered(cast.summit)
        text = enter(cast.dispatcher).get(job(story)).content.decode()
        assert "no longer yours" in text
        assert "Summit" not in text
        assert "Too slow" not in text
        assert "Offered" not in text


class TestSchedule:
    def test_the_day_is_listed_by_technician(self, cast, enter, story):
        story.scheduled()
        page = enter(cast.dispatcher).get(
            "/jobs/schedule", {"day": local(story.visit.planned_start_at, story.work_order)[:10]}
        )
        assert page.status_code == 200
        assert cast.technician.name in page.content.decode()

    def test_a_day_without_visits_and_a_day_that_is_none(self, cast, enter):
        client = enter(cast.dispatcher)
        assert "Nothing scheduled" in client.get("/jobs/schedule", {"day": "2001-01-01"}).content.decode()
        assert client.get("/jobs/schedule", {"day": "yesterday"}).status_code == 200
        assert client.get("/jobs/schedule", {"day": "9999-12-31"}).status_code == 200

    def test_one_visit_or_many_cost_the_same(self, cast, enter, story):
        client = enter(cast.dispatcher)
        story.scheduled()
        day = {"day": local(story.visit.planned_start_at, story.work_order)[:10]}
        client.get("/jobs/schedule", day)
        with CaptureQueriesContext(connection) as one:
            client.get("/jobs/schedule", day)
        for _ in range(4):
            Story(cast, now=story.now).scheduled()
        with CaptureQueriesContext(connection) as many:
            client.get("/jobs/schedule", day)
        assert len(one) == len(many) <= 8


def test_an_amount_of_nothing_is_said_in_words(cast, enter, story):
    story.offered(nte=Decimal(0))
    assert "Nothing authorized" in enter(cast.dispatcher).get("/jobs").content.decode()
