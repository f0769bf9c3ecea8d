"""Guards that are easy to forget: what a move must not do, what a row must not show, what runs twice."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.actors import CLOCK
from accounts.models import Notice
from accounts.outbox import ledgers, settle
from accounts.together import ask
from tests.cast import Cast
from tests.factories.clock import NOW
from tests.factories.workorders import Story, papers, photo, reason
from vendors.models import Standing, Vendor, VendorScope
from workorders import (
    authorization,
    conversation,
    intake,
    invoices,
    lifecycle,
    merging,
    offers,
    plans,
    search,
    visits,
    watch,
)
from workorders.labels import events_for
from workorders.models import (
    Attachment,
    AttachmentKind,
    Audience,
    ChecklistItem,
    Comment,
    Grounds,
    Kind,
    OfferMode,
    Outcome,
    Source,
    Status,
    Under,
    VisitState,
    WorkOrder,
)
from workorders.papers import missing_papers
from workorders.reactions import send_planned_work
from workorders.refusals import Incomplete, NotAllowed, NotNow

pytestmark = pytest.mark.django_db


def told(now) -> set[str]:
    """Who has a notice that was not there before the call, once everything has been settled."""
    before = set(Notice.objects.values_list("pk", flat=True))
    settle(now=now, ledgers=ledgers())
    return {str(one.reader or one.address) for one in Notice.objects.exclude(pk__in=before).select_related("reader")}


def left_and_reassigned(story: Story) -> Story:
    """Cascade has made a trip, left its papers, and lost the job; Summit has it now."""
    story.on_site()
    cast = story.cast
    row = visits.document(story.work_order, by=cast.technician, now=story.later(), **papers())
    conversation.attach(
        row, upload=photo(), kind=AttachmentKind.AFTER, by=cast.technician, now=story.now, visit=story.visit
    )
    visits.check_out(
        story.visit, by=cast.technician, now=story.later(), outcome=Outcome.RETURN_NEEDED, note="Part is not here"
    )
    lifecycle.reassign(story.fresh().work_order, by=cast.fm, now=story.later(), reason="Too slow")
    return story.fresh()


@pytest.mark.parametrize("who", ["store", "district", "fm"])
def test_nobody_confirms_without_a_rating_but_silence_rates_nothing(cast: Cast, who: str) -> None:
    story = Story(cast).completed()
    for rating in (None, 0, 6):
        with pytest.raises(Incomplete) as refusal:
            lifecycle.verify(story.work_order, by=getattr(cast, who), now=story.now, rating=rating)
        assert refusal.value.faults == {"rating": "Choose 1 to 5; 5 is best."}
    row = lifecycle.verify(story.work_order, by=CLOCK, now=story.now, by_silence=True)
    assert (row.status, row.rating) == (Status.VERIFIED, None)


class TestWorkThatWasSentBack:
    @staticmethod
    def sent_back(cast: Cast) -> Story:
        story = Story(cast).completed()
        story.row = lifecycle.reject(story.work_order, by=cast.store, now=story.later(), reason="Still warm")
        return story

    @pytest.mark.parametrize("who", ["dispatcher", "technician"])
    def test_is_not_completed_before_somebody_has_been_there_again(self, cast: Cast, who: str) -> None:
        story = self.sent_back(cast)
        with pytest.raises(NotNow, match="nobody has been there since"):
            visits.complete(story.work_order, by=getattr(cast, who), now=story.later(), **papers())
        assert story.fresh().work_order.status == Status.SCHEDULED

    def test_needs_papers_of_its_own(self, cast: Cast) -> None:
        story = self.sent_back(cast)
        row = story.work_order
        assert (row.root_cause, row.resolution_note, row.nothing_recommended) == (None, "", False)
        assert row.events.get(verb="workorder.rejected").data["papers"]["resolution_note"] == "New door gasket"
        story.on_site()
        with pytest.raises(Incomplete) as refusal:
            visits.check_out(story.visit, by=cast.technician, now=story.later(), outcome=Outcome.RESOLVED)
        assert set(refusal.value.faults) == {"root_cause", "resolution", "recommendation", "parts", "after_photo"}
        assert story.completed().work_order.status == Status.COMPLETED

    def test_can_be_completed_by_the_dispatcher_after_the_second_trip(self, cast: Cast, enter) -> None:
        story = self.sent_back(cast)
        page = f"/jobs/{story.work_order.number}"
        assert 'id="papers"' not in enter(cast.dispatcher).get(page).content.decode()
        story.on_site()
        conversation.attach(
            story.work_order, upload=photo("new.jpg", "blue"), kind=AttachmentKind.AFTER, by=cast.technician,
            now=story.later(), visit=story.visit,
        )  # fmt: skip
        visits.check_out(
            story.visit, by=cast.technician, now=story.later(), outcome=Outcome.RETURN_NEEDED, note="Papers to come"
        )
        assert 'id="papers"' in enter(cast.dispatcher).get(page).content.decode()
        row = visits.complete(story.fresh().work_order, by=cast.dispatcher, now=story.later(), **papers())
        assert row.status == Status.COMPLETED


def taken_by_the_rival(story: Story) -> Story:
    story.offered(vendor=story.cast.summit)
    now = story.later()
    offers.accept(
        story.offer, by=story.cast.rival, now=now, start_at=now + timedelta(hours=1), end_at=now + timedelta(hours=2),
        technician=story.cast.rival_technician,
    )  # fmt: skip
    return story.fresh()


class TestAJobThatChangedHands:
    def test_is_moved_by_the_company_that_has_it_alone(self, cast: Cast) -> None:
        story = left_and_reassigned(Story(cast))
        vendors_reason = reason(Under.HOLD, "Parts", vendor_may_choose=True)
        with pytest.raises(NotAllowed):
            lifecycle.hold(story.work_order, by=cast.dispatcher, now=story.later(), reason=vendors_reason)
        row = taken_by_the_rival(story).work_order
        now, later = story.later(), story.now + timedelta(hours=3)
        with pytest.raises(NotAllowed):
            visits.reschedule(row, start_at=later, end_at=later, reason="Mine", by=cast.dispatcher, now=now)
        with pytest.raises(NotAllowed):
            visits.complete(row, by=cast.dispatcher, now=now, **papers())
        assert lifecycle.available_moves(row, cast.dispatcher) == []

    def test_shows_the_next_company_nothing_of_the_one_before(self, cast: Cast) -> None:
        row = taken_by_the_rival(left_and_reassigned(Story(cast))).work_order
        assert (row.root_cause, row.resolution_note, row.no_parts_used) == (None, "", False)
        assert not Attachment.objects.visible_to(cast.rival).filter(kind=AttachmentKind.AFTER).exists()
        assert {event.vendor_id for event in events_for(row, cast.rival)} == {cast.summit.pk}
        kept = row.events.get(verb="workorder.reassigned").data["papers"]
        assert kept["resolution_note"] == "New door gasket"

    def test_needs_papers_and_a_trip_of_its_own(self, cast: Cast) -> None:
        story = taken_by_the_rival(left_and_reassigned(Story(cast)))
        assert "after_photo" in {paper.code for paper in ask(missing_papers(story.work_order))}
        with pytest.raises(NotNow, match="Nobody has checked in"):
            visits.complete(story.work_order, by=cast.rival, now=story.later(), **papers())

    def test_keeps_apart_what_both_companies_write_afterwards(self, cast: Cast) -> None:
        story = taken_by_the_rival(left_and_reassigned(Story(cast)))
        said = conversation.say(
            story.work_order, body="When can we bill?", audience=Audience.VENDOR, by=cast.dispatcher, now=story.later()
        )
        assert said.vendor == cast.cascade
        assert not Comment.objects.visible_to(cast.rival).exists()

    def test_is_not_found_by_the_name_of_the_company_that_has_it_now(self, cast: Cast) -> None:
        row = taken_by_the_rival(left_and_reassigned(Story(cast))).work_order
        assert search.find(cast.rival, "summit") == [row] == search.find(cast.fm, "summit")
        assert search.find(cast.dispatcher, "summit") == []

    def test_lets_the_first_company_bill_its_trip_without_papers_of_the_end(self, cast: Cast) -> None:
        row = taken_by_the_rival(left_and_reassigned(Story(cast))).work_order
        draft = invoices.draft(row, vendor=cast.cascade, now=row.accepted_at)
        assert not {"not_completed", "documents_missing"} & {
            one.code for one in invoices.find(draft, now=row.accepted_at)
        }

    def test_still_shows_the_problem_as_the_store_photographed_it(self, cast: Cast) -> None:
        story = Story(cast).scheduled()
        intake.join(story.work_order, by=cast.store, now=story.later(), photos=[photo("ice.jpg")])
        lifecycle.reassign(story.fresh().work_order, by=cast.fm, now=story.later(), reason="Too slow")
        taken_by_the_rival(story.fresh())
        assert Attachment.objects.visible_to(cast.rival).filter(kind=AttachmentKind.PROBLEM).exists()


def test_a_technician_who_changed_companies_loses_the_jobs_of_the_old_one(cast: Cast) -> None:
    row = Story(cast).scheduled().work_order
    VendorScope.objects.filter(membership__user=cast.technician).update(vendor=cast.summit)
    mover = type(cast.technician).objects.get(pk=cast.technician.pk)
    assert not WorkOrder.objects.visible_to(mover).filter(pk=row.pk).exists()


def test_who_is_on_site_can_leave_a_job_that_was_put_on_hold(cast: Cast, enter) -> None:
    story = Story(cast).on_site()
    story.on_hold()
    assert enter(cast.technician).get(f"/jobs/{story.work_order.number}/check-out").status_code == 200
    row = visits.check_out(
        story.visit, by=cast.technician, now=story.later(), outcome=Outcome.RETURN_NEEDED, note="Told to stop"
    )
    assert row.status == Status.ON_HOLD
    assert [visit.state for visit in row.visits.order_by("pk")] == [VisitState.LEFT, VisitState.PLANNED]
    assert lifecycle.resume(row, by=cast.fm, now=story.later()).status == Status.SCHEDULED


def test_a_forgotten_check_out_is_closed_on_a_job_that_is_on_hold(cast: Cast) -> None:
    story = Story(cast).on_site()
    story.on_hold()
    watch.sweep_missed(now=story.later(hours=14))
    assert story.work_order.visits.order_by("pk")[0].is_estimated


def test_an_appointment_is_not_given_to_somebody_of_another_company(cast: Cast) -> None:
    story = Story(cast).scheduled()
    later = story.later() + timedelta(hours=5)
    with pytest.raises(Incomplete, match="works for the vendor"):
        visits.reschedule(
            story.work_order, start_at=later, end_at=later, reason="Later", technician=cast.rival_technician,
            by=cast.fm, now=story.now,
        )  # fmt: skip


def test_nobody_is_reminded_of_a_time_that_nobody_promised_after_a_rejection(cast: Cast) -> None:
    story = Story(cast).completed()
    lifecycle.reject(story.work_order, by=cast.store, now=story.later(), reason="Warm again")
    watch.sweep_missed(now=story.later(hours=3))
    assert not story.work_order.events.filter(verb="visit.appointment_missed").exists()


class TestMoney:
    def test_nothing_is_authorized_from_a_rejection_until_it_is_completed_again(self, cast: Cast) -> None:
        story = Story(cast).completed()
        story.row = lifecycle.reject(story.work_order, by=cast.store, now=story.later(), reason="Warm again")
        assert story.work_order.authorized_amount == 0
        row = story.on_site().completed().work_order
        assert row.authorized_amount == Decimal(500)
        assert [entry.grounds for entry in row.authorizations.order_by("-pk")[:2]] == [
            Grounds.RESTORED, Grounds.REJECTION,
        ]  # fmt: skip

    def test_more_is_authorized_for_a_bill_that_comes_after_the_work_and_not_after_the_end(self, cast: Cast) -> None:
        story = Story(cast).verified()
        row = authorization.authorize(story.work_order, amount=Decimal(800), by=cast.fm, now=story.later())
        assert row.authorized_amount == 800
        closed = Story(cast).closed()
        with pytest.raises(NotNow):
            authorization.authorize(closed.work_order, amount=Decimal(900), by=cast.fm, now=closed.later())

    def test_a_recall_can_be_billed_once_somebody_authorizes_it(self, cast: Cast) -> None:
        story = Story(cast).verified()
        again = intake.recall(story.work_order, by=cast.store, now=story.later(), reason="Warm again")
        assert (again.authorized_amount, again.is_billable) == (0, False)
        raised = authorization.authorize(again, amount=Decimal(200), by=cast.fm, now=story.later())
        assert raised.is_billable


class TestRecalls:
    def test_come_within_the_window_in_which_trouble_repeats(self, cast: Cast) -> None:
        story = Story(cast).verified()
        with pytest.raises(NotNow, match="something new"):
            intake.recall(story.work_order, by=cast.store, now=story.later(days=40), reason="Warm again")

    def test_are_asked_for_once(self, cast: Cast) -> None:
        story = Story(cast).verified()
        intake.recall(story.work_order, by=cast.store, now=story.later(), reason="Warm again")
        with pytest.raises(NotNow, match="called back already"):
            intake.recall(story.work_order, by=cast.fm, now=story.later(), reason="Warm again")


class TestReadOnly:
    def test_an_invoiced_job_takes_no_more_photos_of_its_vendor(self, cast: Cast) -> None:
        story = Story(cast).verified()
        row = story.work_order
        invoices.draft(row, vendor=cast.cascade, now=story.later())
        row.invoices.update(state="submitted", number="C-1", submitted_at=story.now, invoice_on=story.now.date())
        with pytest.raises(NotNow, match="is sent"):
            conversation.attach(
                row, upload=photo(), kind=AttachmentKind.AFTER, by=cast.technician, now=story.now, visit=story.visit
            )
        conversation.say(row, body="Any questions?", audience=Audience.VENDOR, by=cast.dispatcher, now=story.later())

    def test_nothing_is_added_to_closed_work(self, cast: Cast) -> None:
        story = Story(cast).closed()
        with pytest.raises(NotNow, match="closed"):
            conversation.say(
                story.work_order, body="Late", audience=Audience.EVERYONE, by=cast.store, now=story.later()
            )

    def test_only_papers_are_written_as_papers(self, cast: Cast) -> None:
        story = Story(cast).on_site()
        with pytest.raises(TypeError, match="authorized_amount"):
            visits.document(story.work_order, by=cast.technician, now=story.later(), authorized_amount=Decimal(9000))


def test_a_merge_leaves_an_earlier_vendors_trip_and_thread_where_they_are(cast: Cast) -> None:
    other = left_and_reassigned(Story(cast))
    survivor = taken_by_the_rival(Story(cast).ready())
    conversation.say(
        other.work_order, body="We were there", audience=Audience.VENDOR, by=cast.dispatcher, now=other.now
    )
    merging.merge(other.work_order, survivor.work_order, by=cast.fm, now=survivor.later())
    assert not Comment.objects.visible_to(cast.rival).exists()
    assert other.work_order.attachments.get().visit_id is not None


class TestFollowUps:
    def failed(self, story: Story) -> Story:
        story.on_site()
        item = ChecklistItem.objects.create(work_order=story.work_order, text="Door seal is tight")
        visits.answer(item, result="fail", note="Torn at the hinge", by=story.cast.technician, now=story.later())
        return story.completed()

    def test_a_failed_step_becomes_work_once(self, cast: Cast) -> None:
        story = self.failed(Story(cast))
        settle(now=story.now, ledgers=ledgers())
        intake.correct_failed_steps(story.work_order, by=CLOCK, now=story.now)
        made = story.work_order.follow_ups.get()
        assert (made.kind, made.source, made.status) == (Kind.REACTIVE, Source.FOLLOW_UP, Status.NEW)
        assert made.asset == cast.cooler
        assert "Torn at the hinge" in made.description
        assert made.authorized_amount == 0

    def test_a_recommendation_becomes_work_once(self, cast: Cast) -> None:
        story = Story(cast).on_site()
        visits.document(
            story.work_order, by=cast.technician, now=story.later(), recommendation="Replace the compressor this year"
        )
        made = intake.follow_up(story.work_order, by=cast.fm, now=story.later())
        assert made.follows == story.work_order
        assert made.description == "Replace the compressor this year"
        with pytest.raises(NotNow, match="follows"):
            intake.follow_up(story.work_order, by=cast.fm, now=story.later())
        with pytest.raises(NotAllowed):
            intake.follow_up(story.work_order, by=cast.dispatcher, now=story.later())


class TestWhoIsTold:
    def test_the_vendor_and_the_technician_of_a_hold_and_of_its_end(self, cast: Cast) -> None:
        story = Story(cast).scheduled()
        told(story.now)
        secret = reason(Under.HOLD, "Dispute with the vendor", vendor_sees=False)
        lifecycle.hold(story.work_order, by=cast.fm, now=story.later(), reason=secret, note="Do not tell them")
        assert {"Dex Dispatcher", "Tess Technician"} <= told(story.now)
        words = " ".join(Notice.objects.filter(reader=cast.dispatcher).values_list("body", flat=True)).lower()
        assert "dispute" not in words and "do not tell" not in words
        lifecycle.resume(story.fresh().work_order, by=cast.fm, now=story.later())
        assert {"Dex Dispatcher", "Tess Technician"} <= told(story.now)

    def test_facilities_when_it_gets_worse_and_the_technician_when_it_is_called_off(self, cast: Cast) -> None:
        assert cast.fm
        story = Story(cast).scheduled()
        told(story.now)
        intake.join(story.work_order, by=cast.store, now=story.later(), worse=True, words="Water on the floor")
        assert told(story.now) == {"Fay Facilities"}
        lifecycle.cancel(story.fresh().work_order, by=cast.fm, now=story.later(), reason="Solved by phone")
        assert told(story.now) == {"Dex Dispatcher", "Tess Technician", "Stella Store"}

    def test_the_loser_of_a_broadcast_and_not_facilities_at_the_first_decline(self, cast: Cast) -> None:
        assert cast.dispatcher and cast.rival and cast.fm
        story = Story(cast).ready()
        first, _ = offers.broadcast(
            story.work_order, vendors=[cast.summit, cast.cascade], by=cast.fm, now=story.later(),
            override_reason="Both know it", nte_amount=Decimal(100),
        )  # fmt: skip
        told(story.now)
        offers.decline(first, by=cast.rival, now=story.later(), reason=reason(Under.DECLINE, "No time"))
        assert told(story.now) == set()
        story = Story(cast).ready()
        offers.broadcast(
            story.work_order, vendors=[cast.summit, cast.cascade], by=cast.fm, now=story.later(),
            override_reason="Both know it", nte_amount=Decimal(100),
        )  # fmt: skip
        told(story.now)
        story.fresh().scheduled()
        assert "Rita Rival" in told(story.now)
        assert cast.cascade.name not in " ".join(
            Notice.objects.filter(reader=cast.rival).values_list("body", flat=True)
        )

    def test_nobody_who_does_not_see_the_place_any_more(self, cast: Cast) -> None:
        story = Story(cast).scheduled()
        told(story.now)
        cast.store.memberships.get().site_scopes.all().delete()
        lifecycle.hold(story.work_order, by=cast.fm, now=story.later(), reason=reason(Under.HOLD, "Our request"))
        assert "Stella Store" not in told(story.now)


class TestPlannedWork:
    def planned(self, cast: Cast, **facts: Any) -> WorkOrder:
        plans.create(
            by=cast.fm, now=NOW, name="Quarterly service", trade=cast.refrigeration, rule="FREQ=MONTHLY;INTERVAL=3",
            owner=cast.fm, assets=[cast.cooler], nte_amount=Decimal(260), vendor=cast.cascade, **facts,
        )  # fmt: skip
        plans.generate(now=NOW)
        settle(now=NOW, ledgers=ledgers())
        return WorkOrder.objects.get()

    def test_goes_to_its_plans_vendor_by_itself_once(self, cast: Cast) -> None:
        assert cast.dispatcher
        row = self.planned(cast)
        assert row.status == Status.OFFERED
        made = row.offers.get()
        assert (made.vendor, made.mode, made.authorized_amount) == (cast.cascade, OfferMode.CASCADE, Decimal(260))
        readers = set(Notice.objects.filter(topic__startswith="workorder.").values_list("reader__name", flat=True))
        assert readers == {"Dex Dispatcher"}
        send_planned_work(row.events.get(verb="workorder.reported"), NOW)
        assert row.offers.count() == 1

    def test_waits_for_facilities_when_that_vendor_may_not_go(self, cast: Cast) -> None:
        cast.cascade.standing = Standing.SUSPENDED
        cast.cascade.save(update_fields=["standing"])
        row = self.planned(cast)
        assert row.status == Status.NEW
        assert row.events.get(verb="plan.not_sent").note
        assert Notice.objects.filter(topic="workorder.reported", reader=cast.fm).exists()


class TestWhatAnOfferNeeds:
    def test_somebody_says_what_it_may_cost_at_most(self, cast: Cast) -> None:
        row = Story(cast).ready().work_order
        with pytest.raises(Incomplete, match="at most"):
            offers.offer(row, vendor=cast.cascade, by=cast.fm, now=row.triaged_at)

    def test_no_reason_sends_a_vendor_that_is_suspended(self, cast: Cast) -> None:
        story = Story(cast).ready()
        Vendor.objects.filter(pk=cast.cascade.pk).update(standing=Standing.SUSPENDED)
        with pytest.raises(Incomplete, match="cannot take jobs"):
            offers.offer(
                story.work_order, vendor=cast.cascade, by=cast.fm, now=story.now, nte_amount=Decimal(100),
                override_reason="They are the only ones",
            )  # fmt: skip
