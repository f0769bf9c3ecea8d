"""Another time: what a vendor proposes instead, what facilities answers, and what ends it by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Notice
from accounts.outbox import ledgers, settle
from tests.factories.workorders import Story, reason
from workorders import lifecycle, offers, proposals, queue
from workorders.labels import mark_for_vendor
from workorders.models import OfferState, Proposal, ProposalState, Status, Under, WorkOrder
from workorders.refusals import Incomplete, NotAllowed, NotNow

pytestmark = pytest.mark.django_db


@pytest.fixture
def story(cast) -> Story:
    return Story(cast).offered()


def propose(story: Story, **facts: Any) -> Proposal:
    now = story.later()
    given = {
        "by": story.cast.dispatcher, "now": now, "start_at": now + timedelta(hours=3),
        "end_at": now + timedelta(hours=5), "note": "The part comes at noon", **facts,
    }  # fmt: skip
    return proposals.propose(story.offer, **given)


def told(now, *, to) -> list[str]:
    settle(now=now, ledgers=ledgers())
    return list(Notice.objects.filter(reader=to, channel="app").order_by("pk").values_list("subject", flat=True))


class TestProposing:
    def test_it_waits_for_facilities_and_the_offer_stays_as_it_is(self, cast, story):
        ends = story.offer.expires_at
        made = propose(story, technician=cast.technician)
        assert made.state == ProposalState.OPEN
        assert (story.offer.state, story.offer.expires_at) == (OfferState.OPEN, ends)
        assert story.fresh().work_order.status == Status.OFFERED
        event = story.work_order.events.get(verb="offer.proposed")
        assert (event.vendor, event.note, event.data["proposal"]) == (cast.cascade, "The part comes at noon", made.pk)

    def test_a_second_one_takes_the_place_of_the_first(self, cast, story):
        first, second = propose(story), propose(story)
        first.refresh_from_db()
        assert (first.state, second.state) == (ProposalState.WITHDRAWN, ProposalState.OPEN)

    def test_what_makes_no_sense_comes_back_with_each_fault(self, cast, story):
        past = story.now - timedelta(hours=2)
        with pytest.raises(Incomplete) as refused:
            propose(story, start_at=past, end_at=past - timedelta(hours=1), note=" ", technician=cast.rival_technician)
        assert set(refused.value.faults) == {"start_at", "end_at", "note", "technician"}
        assert not Proposal.objects.exists()

    def test_the_rival_and_facilities_cannot_propose(self, cast, story):
        for person in (cast.rival, cast.fm):
            with pytest.raises(NotAllowed):
                propose(story, by=person)

    def test_after_the_offers_end_it_is_too_late_before_the_sweep_has_seen_it(self, cast, story):
        ends = story.offer.expires_at
        with pytest.raises(NotNow, match="expired"):
            propose(story, now=ends, start_at=ends + timedelta(hours=1), end_at=ends + timedelta(hours=2))

    def test_taken_back_it_is_history_and_the_offer_can_be_answered(self, cast, story):
        made = propose(story)
        assert proposals.take_back(made, by=cast.dispatcher, now=story.later()).state == ProposalState.WITHDRAWN
        with pytest.raises(NotNow, match="taken this proposal back"):
            proposals.agree(made, by=cast.fm, now=story.later())
        assert story.scheduled().work_order.status == Status.SCHEDULED

    def test_the_database_keeps_one_open_proposal_for_an_offer(self, cast, story):
        made = propose(story)
        made.pk = None
        made._state.adding = True
        with pytest.raises(IntegrityError, match="proposal_one_open_per_offer"), transaction.atomic():
            made.save(force_insert=True)


class TestAnswering:
    def test_agreeing_gives_the_job_at_that_time_to_that_technician(self, cast, story):
        made = propose(story, technician=cast.technician)
        row = proposals.agree(made, by=cast.fm, now=story.later())
        assert (row.status, row.vendor) == (Status.SCHEDULED, cast.cascade)
        assert (row.scheduled_start_at, row.scheduled_end_at) == (made.start_at, made.end_at)
        assert row.first_appointment_at == made.start_at
        visit = row.visits.get()
        assert (visit.technician, visit.planned_start_at) == (cast.technician, made.start_at)
        offer, made = story.offer, Proposal.objects.get()
        assert (offer.state, offer.answered_by) == (OfferState.ACCEPTED, cast.dispatcher)
        assert (made.state, made.answered_by) == (ProposalState.ACCEPTED, cast.fm)
        assert row.events.filter(verb="workorder.time_agreed").count() == 1

    def test_the_other_vendor_of_a_broadcast_is_not_asked_any_more_and_its_proposal_ends(self, cast):
        story = Story(cast).ready()
        ours, theirs = offers.broadcast(
            story.work_order, vendors=[cast.cascade, cast.summit], by=cast.fm, now=story.later(), nte_amount=100,
            override_reason="Both know it",
        )  # fmt: skip
        window = {"start_at": story.now + timedelta(hours=3), "end_at": story.now + timedelta(hours=4), "note": "Busy"}
        one = proposals.propose(ours, by=cast.dispatcher, now=story.later(), **window)
        other = proposals.propose(theirs, by=cast.rival, now=story.later(), **window)
        proposals.agree(one, by=cast.fm, now=story.later())
        other.refresh_from_db()
        theirs.refresh_from_db()
        assert (theirs.state, other.state) == (OfferState.WITHDRAWN, ProposalState.LAPSED)

    def test_not_possible_is_said_with_what_would_be_and_the_offer_stays(self, cast, story):
        made = propose(story)
        with pytest.raises(Incomplete):
            proposals.refuse(made, by=cast.fm, now=story.later(), answer=" ")
        proposals.refuse(made, by=cast.fm, now=story.later(), answer="Before 11 only")
        made.refresh_from_db()
        assert (made.state, made.answer, story.offer.state) == (
            ProposalState.REFUSED, "Before 11 only", OfferState.OPEN,
        )  # fmt: skip
        assert propose(story).state == ProposalState.OPEN

    def test_the_vendor_and_another_regions_facilities_cannot_answer(self, cast, story):
        made = propose(story)
        for person in (cast.dispatcher, cast.foreign_fm, cast.store, cast.admin):
            with pytest.raises(NotAllowed):
                proposals.agree(made, by=person, now=story.later())
            with pytest.raises(NotAllowed):
                proposals.refuse(made, by=person, now=story.later(), answer="No")

    def test_a_time_that_has_passed_meanwhile_cannot_be_agreed_to(self, cast, story):
        made = propose(story, start_at=story.now + timedelta(minutes=20), end_at=story.now + timedelta(hours=1))
        with pytest.raises(NotNow, match="has passed"):
            proposals.agree(made, by=cast.fm, now=story.later(hours=1))
        assert Proposal.objects.get().state == ProposalState.OPEN

    def test_after_the_offers_end_nothing_can_be_agreed_to_before_the_sweep_has_seen_it(self, cast, story):
        ends = story.offer.expires_at
        made = propose(story, start_at=ends + timedelta(hours=3), end_at=ends + timedelta(hours=4))
        with pytest.raises(NotNow, match="expired"):
            proposals.agree(made, by=cast.fm, now=ends)

    def test_a_technician_who_has_left_the_company_is_not_sent(self, cast, story):
        made = propose(story, technician=cast.technician)
        cast.technician.memberships.update(ends_at=story.now)
        row = proposals.agree(made, by=cast.fm, now=story.later())
        assert row.visits.get().technician is None

    def test_a_suspended_vendor_gets_nothing(self, cast, story):
        made = propose(story)
        type(cast.cascade).objects.update(standing="suspended")
        with pytest.raises(NotNow, match="cannot take jobs"):
            proposals.agree(made, by=cast.fm, now=story.later())
        assert story.fresh().work_order.status == Status.OFFERED

    def test_answering_twice_is_too_late_the_second_time(self, cast, story):
        made = propose(story)
        proposals.refuse(made, by=cast.fm, now=story.later(), answer="No")
        with pytest.raises(NotNow, match="already answered"):
            proposals.agree(made, by=cast.fm, now=story.later())


class TestWhatEndsIt:
    def test_accepting_the_job_as_offered(self, cast, story):
        made = propose(story)
        story.scheduled()
        made.refresh_from_db()
        assert made.state == ProposalState.LAPSED

    def test_declining(self, cast, story):
        made = propose(story)
        offers.decline(story.offer, by=cast.dispatcher, now=story.later(), reason=reason(Under.DECLINE))
        made.refresh_from_db()
        assert made.state == ProposalState.LAPSED

    def test_the_clock(self, cast, story):
        made = propose(story)
        offers.expire(story.offer, now=story.offer.expires_at)
        made.refresh_from_db()
        assert made.state == ProposalState.LAPSED

    def test_the_offer_taken_back(self, cast, story):
        made = propose(story)
        offers.withdraw(story.offer, by=cast.fm, now=story.later())
        made.refresh_from_db()
        assert made.state == ProposalState.LAPSED

    @pytest.mark.parametrize("move", [lifecycle.cancel, lifecycle.reassign])
    def test_the_work_called_off_or_given_to_somebody_else(self, cast, story, move):
        made = propose(story)
        move(story.fresh().work_order, by=cast.fm, now=story.later(), reason="Changed our mind")
        made.refresh_from_db()
        assert made.state == ProposalState.LAPSED


class TestWhoKnows:
    def test_the_queue_says_it_while_an_answer_is_owed(self, cast, story):
        def label() -> str:
            (line,) = queue.lines_of([story.work_order.pk], now=story.now)
            return line.mark.label

        assert label() == "Offered"
        made = propose(story)
        assert label() == "Time proposed"
        proposals.refuse(made, by=cast.fm, now=story.later(), answer="No")
        assert label() == "Offered"

    def test_the_queues_page_and_the_orders_page_have_it_with_one_button(self, cast, story, enter):
        made = propose(story)
        client, row = enter(cast.fm), story.work_order
        assert "Time proposed" in client.get("/queue").content.decode()
        for page, partial in (
            (f"/work-orders/{row.number}", {}),
            (f"/queue/peek/{row.number}", {"HX-Request": "true"}),
        ):
            text = client.get(page, headers=partial).content.decode()
            assert "The part comes at noon" in text
            assert f"/work-orders/{row.number}/proposals/{made.pk}/agree" in text

    def test_facilities_is_told_then_the_vendor_of_the_answer(self, cast, story):
        assert cast.fm
        made = propose(story)
        assert any("proposes" in subject for subject in told(story.later(), to=cast.fm))
        proposals.refuse(made, by=cast.fm, now=story.later(), answer="Before 11 only")
        assert any("not possible" in subject for subject in told(story.later(), to=cast.dispatcher))

    def test_everybody_hears_of_an_agreed_time_as_of_an_accepted_offer(self, cast, story):
        made = propose(story, technician=cast.technician)
        proposals.agree(made, by=cast.fm, now=story.later())
        now = story.later()
        assert any("is yours" in subject for subject in told(now, to=cast.dispatcher))
        assert any("Your job" in subject for subject in told(now, to=cast.technician))
        assert any("comes" in subject for subject in told(now, to=cast.store))

    def test_the_rival_that_is_asked_too_learns_nothing_of_it(self, cast):
        story = Story(cast).ready()
        ours, _ = offers.broadcast(
            story.work_order, vendors=[cast.cascade, cast.summit], by=cast.fm, now=story.later(), nte_amount=100,
            override_reason="Both know it",
        )  # fmt: skip
        window = {"start_at": story.now + timedelta(hours=3), "end_at": story.now + timedelta(hours=4)}
        proposals.propose(ours, by=cast.dispatcher, now=story.later(), note="Busy until then", **window)
        assert not Proposal.objects.visible_to(cast.rival).exists()
        row = WorkOrder.objects.visible_to(cast.rival).get()
        assert mark_for_vendor(row).label == "Offered"
        assert not [subject for subject in told(story.later(), to=cast.rival) if "propos" in subject.lower()]
