"""Work goes out by itself where policy says so: the first offer, the next, a broadcast, and our own crews' yes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.actors import CLOCK
from accounts.models import Notice, User
from accounts.once import fresh_key
from accounts.outbox import ledgers, settle
from tests.cast import Cast
from tests.factories.clock import NOW
from tests.factories.vendors import VendorFactory
from tests.factories.workorders import Story, reason
from vendors import roster, shifts
from vendors.models import ShiftException, Standing, Vendor, VendorKind
from workorders import dispatch, intake, lifecycle, offers, reactions, sending, watch
from workorders.models import (
    DispatchPolicy,
    FaultKind,
    IntakeFault,
    OfferMode,
    OfferState,
    Screening,
    ScreeningStep,
    Status,
    Under,
    WorkOrder,
)
from workorders.refusals import NotAllowed

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]
LIMIT = Decimal("450.00")


@pytest.fixture(autouse=True)
def everybody(cast: Cast) -> None:
    for name in ("fm", "dispatcher", "rival", "cascade", "summit"):
        getattr(cast, name)


def policy(mode: str = "offer", **facts: Any) -> DispatchPolicy:
    return DispatchPolicy.objects.create(mode=mode, **facts)


def triaged(cast: Cast, *, limit: Decimal | None = LIMIT, **facts: Any) -> Story:
    """A request that facilities accepts, and what follows from that."""
    story = Story(cast).reported(**facts)
    WorkOrder.objects.filter(pk=story.work_order.pk).update(authorized_amount=limit)
    return settled(story.fresh().ready())


def settled(story: Story) -> Story:
    for _ in range(3):
        settle(now=story.now, ledgers=ledgers(), limit=10_000)
    return story.fresh()


def asked(story: Story) -> list[tuple[str, str, str]]:
    rows = story.work_order.offers.order_by("pk").select_related("vendor")
    return [(one.vendor.code, one.mode, one.state) for one in rows]


def declined(story: Story, by: User, label: str = "No time", **facts: Any) -> Story:
    offer = story.work_order.offers.open().get(vendor__memberships__membership__user=by)
    offers.decline(offer, by=by, now=story.later(), reason=reason(Under.DECLINE, label), **facts)
    return settled(story)


def told(reader: str) -> list[str]:
    rows = Notice.objects.filter(channel="app", reader__name=reader).order_by("pk")
    return [one.subject for one in rows]


class TestByItself:
    def test_a_policy_that_suggests_asks_nobody(self, cast: Cast) -> None:
        policy("suggest")
        story = triaged(cast)
        assert (asked(story), story.work_order.status) == ([], Status.READY)
        assert not story.work_order.events.filter(verb=sending.NOT_SENT).exists()

    def test_what_becomes_ready_is_offered_to_the_best_by_the_house(self, cast: Cast) -> None:
        policy()
        story = triaged(cast)
        assert asked(story) == [("CASC", "cascade", "open")]
        assert story.work_order.status == Status.OFFERED
        assert (story.offer.offered_by, story.offer.authorized_amount) == (None, LIMIT)
        assert story.offer.explanation["policy"] == "All work"
        assert told("Dex Dispatcher")[-1].startswith("Job offer")

    def test_run_twice_it_asks_once(self, cast: Cast) -> None:
        policy()
        story = triaged(cast)
        event = story.work_order.events.get(verb="workorder.triaged")
        for _ in range(3):
            reactions.give_out(event, story.now)
        declined(story, cast.dispatcher)
        reactions.give_out(event, story.later())
        assert asked(story) == [("CASC", "cascade", "declined"), ("SUMM", "cascade", "open")]

    def test_without_a_known_limit_a_person_decides_and_is_told(self, cast: Cast) -> None:
        policy()
        story = triaged(cast, limit=None)
        assert (asked(story), story.work_order.status) == ([], Status.READY)
        event = story.work_order.events.get(verb=sending.NOT_SENT)
        assert event.note == "No limit is set, and what it may cost is for a person to say."
        assert f"{story.work_order.number} could not be offered by itself" in told("Fay Facilities")
        reactions.give_out(story.work_order.events.get(verb="workorder.triaged"), story.later())
        assert story.work_order.events.filter(verb=sending.NOT_SENT).count() == 1

    def test_nor_past_a_check(self, cast: Cast) -> None:
        policy()
        Vendor.objects.update(standing=Standing.SUSPENDED)
        story = triaged(cast)
        assert asked(story) == []
        assert story.work_order.events.get(verb=sending.NOT_SENT).note == "No vendor passes every check."

    def test_whoever_accepts_and_offers_in_one_go_is_not_overtaken(self, cast: Cast, enter: Enter) -> None:
        policy()
        story = Story(cast).reported()
        form = {"vendor": cast.summit.pk, "nte_amount": "450", "operation": fresh_key(),
                "version": story.work_order.version}  # fmt: skip
        answer = enter(cast.fm).post(f"/work-orders/{story.work_order.number}/offer", form)
        assert answer.status_code == 302, answer.content
        settled(story)
        assert asked(story) == [("SUMM", "manual", "open")]

    def test_it_is_for_the_work_that_the_policy_speaks_of(self, cast: Cast) -> None:
        policy(trade=cast.plumbing)
        assert asked(triaged(cast)) == []
        leak = triaged(cast, trade=cast.plumbing, problem_type=cast.leak, asset=None)
        assert asked(leak) == [("CASC", "cascade", "open")]


class TestOneAfterAnother:
    def test_the_first_failure_is_not_told_the_second_is(self, cast: Cast) -> None:
        policy(cascade_depth=3)
        third = VendorFactory(code="THRD", name="Third Cooling", trades=[cast.refrigeration], regions=[cast.north])
        story = declined(triaged(cast), cast.dispatcher)
        assert asked(story)[1:] == [("SUMM", "cascade", "open")]
        assert not [one for one in told("Fay Facilities") if "failed" in one]
        declined(story, cast.rival)
        assert asked(story)[2:] == [(third.code, "cascade", "open")]
        assert [one for one in told("Fay Facilities") if "failed" in one] == [
            f"{story.work_order.number}: 2 offers failed"
        ]

    def test_when_enough_were_asked_it_waits_in_the_queue_and_facilities_is_told(self, cast: Cast) -> None:
        policy(cascade_depth=2)
        VendorFactory(code="THRD", trades=[cast.refrigeration], regions=[cast.north])
        story = declined(declined(triaged(cast), cast.dispatcher), cast.rival)
        assert asked(story) == [("CASC", "cascade", "declined"), ("SUMM", "cascade", "declined")]
        assert story.work_order.status == Status.READY
        notice = Notice.objects.filter(channel="app", reader=cast.fm, subject__endswith="2 offers failed").get()
        assert "Nobody else could be asked by itself" in notice.body

    def test_depth_one_asks_nobody_else(self, cast: Cast) -> None:
        policy(cascade_depth=1)
        story = declined(triaged(cast), cast.dispatcher)
        assert (asked(story), story.work_order.status) == ([("CASC", "cascade", "declined")], Status.READY)

    def test_silence_counts_as_a_no(self, cast: Cast) -> None:
        policy(expires_in=30)
        story = triaged(cast)
        story.later(minutes=30)
        assert watch.expire_offers(now=story.now) == 1
        settled(story)
        assert asked(story) == [("CASC", "cascade", "expired"), ("SUMM", "cascade", "open")]


class TestBroadcast:
    def test_the_best_few_are_asked_at_once_and_the_first_has_it(self, cast: Cast) -> None:
        policy("broadcast", broadcast_size=2)
        VendorFactory(code="THRD", trades=[cast.refrigeration], regions=[cast.north])
        story = triaged(cast)
        assert asked(story) == [("CASC", "broadcast", "open"), ("SUMM", "broadcast", "open")]
        now = story.later()
        mine = story.work_order.offers.get(vendor=cast.summit)
        offers.accept(mine, by=cast.rival, now=now, start_at=now, end_at=now + timedelta(hours=1))
        settled(story)
        assert asked(story) == [("CASC", "broadcast", "withdrawn"), ("SUMM", "broadcast", "accepted")]
        assert told("Dex Dispatcher")[-1] == f"The offer {story.work_order.number} was taken by another company"
        assert not Notice.objects.filter(reader=cast.dispatcher, body__contains="Summit").exists()

    def test_one_no_of_several_asks_nobody_else_and_the_last_no_gives_it_back(self, cast: Cast) -> None:
        policy("broadcast", broadcast_size=2, cascade_depth=9)
        VendorFactory(code="THRD", trades=[cast.refrigeration], regions=[cast.north])
        story = declined(triaged(cast), cast.dispatcher)
        assert story.work_order.status == Status.OFFERED
        assert not [one for one in told("Fay Facilities") if "failed" in one]
        declined(story, cast.rival)
        assert (len(asked(story)), story.work_order.status) == (2, Status.READY)
        assert f"{story.work_order.number}: 2 offers failed" in told("Fay Facilities")

    def test_one_eligible_vendor_is_simply_asked(self, cast: Cast) -> None:
        policy("broadcast")
        Vendor.objects.filter(pk=cast.summit.pk).update(standing=Standing.SUSPENDED)
        assert asked(triaged(cast)) == [("CASC", "cascade", "open")]


class TestWhoMayNotGoAnyMore:
    """A vendor that is suspended or barred is not waited for until its offer runs out by itself."""

    def suspended(self, story: Story, vendor: Vendor, cast: Cast) -> Story:
        roster.set_standing(
            vendor=vendor, standing=Standing.SUSPENDED, reason="No insurance", by=cast.admin, now=story.later()
        )
        return settled(story)

    def test_the_next_is_asked_and_everybody_knows(self, cast: Cast) -> None:
        policy()
        story = self.suspended(triaged(cast), cast.cascade, cast)
        assert asked(story) == [("CASC", "cascade", "withdrawn"), ("SUMM", "cascade", "open")]
        number = story.work_order.number
        assert told("Dex Dispatcher")[-1] == f"The offer {number} was withdrawn"
        notice = Notice.objects.get(channel="app", reader=cast.fm, subject__endswith="Cascade Refrigeration has ended")
        assert "It was offered to Summit" in notice.body
        assert not Notice.objects.filter(reader=cast.rival, body__contains="Cascade").exists()

    def test_nobody_is_asked_by_itself_where_the_first_no_is_for_people(self, cast: Cast) -> None:
        policy(cascade_depth=1)
        story = triaged(cast)
        roster.bar(vendor=cast.cascade, reason="Took a deposit", by=cast.admin, now=story.later())
        settled(story)
        assert (asked(story), story.work_order.status) == ([("CASC", "cascade", "withdrawn")], Status.READY)
        notice = Notice.objects.get(channel="app", reader=cast.fm, subject__endswith="has ended")
        assert "Nobody else could be asked by itself." in notice.body

    def test_the_others_of_a_broadcast_are_still_waited_for(self, cast: Cast) -> None:
        policy("broadcast", broadcast_size=2)
        story = self.suspended(triaged(cast), cast.cascade, cast)
        assert asked(story) == [("CASC", "broadcast", "withdrawn"), ("SUMM", "broadcast", "open")]
        assert story.work_order.status == Status.OFFERED
        notice = Notice.objects.get(channel="app", reader=cast.fm, subject__endswith="has ended")
        assert "It still waits for Summit" in notice.body

    def test_who_is_let_in_again_before_that_keeps_the_offer(self, cast: Cast) -> None:
        policy()
        story = triaged(cast)
        roster.bar(vendor=cast.cascade, reason="By mistake", by=cast.admin, now=story.later())
        roster.let_in(vendor=cast.cascade, by=cast.admin, now=story.later())
        assert asked(settled(story)) == [("CASC", "cascade", "open")]

    def test_another_standing_ends_no_offer(self, cast: Cast) -> None:
        policy()
        story = triaged(cast)
        roster.set_standing(
            vendor=cast.cascade, standing=Standing.PREFERRED, reason="Good", by=cast.admin, now=story.later()
        )
        assert asked(settled(story)) == [("CASC", "cascade", "open")]


class TestWhomSomethingNames:
    def named(self, story: Story, vendor: Vendor) -> None:
        Screening.objects.create(
            work_order=story.work_order, step=ScreeningStep.WARRANTY, found=True, send_to=vendor, made_at=NOW,
            sentence="Under warranty until 2027.",
        )  # fmt: skip

    @pytest.mark.parametrize("mode", ["offer", "broadcast"])
    def test_is_asked_first_and_alone_then_the_others(self, cast: Cast, mode: str) -> None:
        policy(mode, broadcast_size=2)
        maker = VendorFactory(code="MAKE", name="Maker")
        story = Story(cast).reported()
        self.named(story, maker)
        WorkOrder.objects.update(authorized_amount=LIMIT)
        settled(story.fresh().ready())
        assert asked(story) == [("MAKE", "cascade", "open")]
        offers.expire(story.offer, now=story.offer.expires_at)
        story.now = story.offer.expires_at
        settled(story)
        then = {"offer": [("CASC", "cascade", "open")],
                "broadcast": [("CASC", "broadcast", "open"), ("SUMM", "broadcast", "open")]}  # fmt: skip
        assert asked(story)[1:] == then[mode]

    def test_a_recall_goes_to_whoever_did_the_work_with_nothing_authorized(self, cast: Cast) -> None:
        policy("broadcast")
        story = Story(cast).verified()
        story.row = intake.recall(story.work_order, by=cast.fm, now=story.later(), reason="Warm again")
        settled(story.ready())
        assert asked(story) == [("CASC", "cascade", "open")]
        assert story.offer.authorized_amount == 0
        assert story.offer.explanation["candidates"][0]["forced"]


class TestWrongTrade:
    def no(self, story: Story, cast: Cast, **facts: Any) -> Story:
        wrong = reason(Under.DECLINE, "wrong_trade")
        offers.decline(story.offer, by=cast.dispatcher, now=story.later(), reason=wrong, **facts)
        return story.fresh()

    def test_the_vendor_says_which_it_is(self, cast: Cast, enter: Enter) -> None:
        story = self.no(Story(cast).offered(), cast, trade=cast.plumbing)
        assert story.offer.suggested_trade == cast.plumbing
        page = enter(cast.fm).get(f"/work-orders/{story.work_order.number}").content.decode()
        assert "It may be Plumbing" in page
        link = f"/work-orders/{story.work_order.number}/do/correct?trade={cast.plumbing.pk}"
        assert link in page
        form = enter(cast.fm).get(link).context["form"]
        assert form["trade"].value() == str(cast.plumbing.pk)

    def test_else_the_house_knows_what_such_reports_were_corrected_to(self, cast: Cast) -> None:
        story = Story(cast).offered()
        for _ in range(2):
            IntakeFault.objects.create(
                work_order=story.work_order, kind=FaultKind.TRADE, problem_type=cast.too_warm, was="Refrigeration",
                now_is=cast.plumbing.name, noted_at=NOW,
            )  # fmt: skip
        assert self.no(story, cast).offer.suggested_trade == cast.plumbing

    def test_or_reads_it_from_the_words(self, cast: Cast) -> None:
        assert cast.leak
        story = Story(cast).offered()
        assert self.no(story, cast).offer.suggested_trade is None
        story = Story(cast, facts={"asset": None, "description": "There is a leak under the cooler."}).offered()
        assert self.no(story, cast).offer.suggested_trade == cast.plumbing
        told = story.work_order.events.get(verb="workorder.declined").data["reason"]
        assert told.endswith(", it may be Plumbing")

    def test_its_own_trade_is_no_suggestion(self, cast: Cast) -> None:
        assert self.no(Story(cast).offered(), cast, trade=cast.refrigeration).offer.suggested_trade is None

    def test_the_form_of_the_vendor_asks_for_it(self, cast: Cast, enter: Enter) -> None:
        story = Story(cast).offered()
        wrong, asked_trade = reason(Under.DECLINE, "wrong_trade", vendor_may_choose=True), cast.plumbing
        address = f"/jobs/offers/{story.offer.pk}/decline"
        form = {"reason": wrong.pk, "trade": asked_trade.pk, "note": "", "operation": fresh_key()}
        with time_machine.travel(story.now, tick=False):
            assert "which is it?" in enter(cast.dispatcher).get(address).content.decode()
            assert enter(cast.dispatcher).post(address, form).status_code == 302
        story.offer.refresh_from_db()
        assert story.offer.suggested_trade == asked_trade


class TestOurOwnCrew:
    """Two technicians at Hilltop who work from nine to five, Monday to Friday. NOW is Tuesday, nine o'clock there."""

    @pytest.fixture
    def crew(self, cast: Cast) -> Vendor:
        made = VendorFactory(
            code="CREW", name="Own crew", kind=VendorKind.INTERNAL, trades=[cast.refrigeration], regions=[cast.north]
        )
        cast.person("Ina Internal", "technician", vendor=made)
        cast.person("Ivo Internal", "technician", vendor=made)
        week = [(day, 9 * 60, 17 * 60) for day in range(5)]
        shifts.set_shifts(vendor=made, technician=None, openings=week, by=cast.admin, now=NOW)
        Vendor.objects.filter(kind=VendorKind.EXTERNAL).update(standing=Standing.SUSPENDED)
        return made

    def check(self, story: Story, crew: Vendor, **facts: Any) -> tuple[bool, str]:
        row = WorkOrder.objects.get(pk=story.work_order.pk)
        found = dispatch.consider(row, now=NOW, by=CLOCK, **facts).candidate(crew)
        assert found is not None
        (one,) = [check for check in found.checks if check.name == "shift_hours"]
        return one.passed, one.sentence

    def appointments(self, cast: Cast, number: int) -> list[tuple[str, datetime]]:
        made = []
        for place in range(number):
            story = triaged(cast, asset=None, description=f"Another trouble {place}", site=cast.harbor, by=cast.fm)
            visit = story.work_order.visits.select_related("technician").get()
            made.append((str(visit.technician), visit.planned_start_at))
        return made

    def test_it_has_the_job_at_once_in_the_next_free_window_of_a_shift(self, cast: Cast, crew: Vendor) -> None:
        policy(accepts_for_crews=True)
        story = triaged(cast)
        assert asked(story) == [("CREW", "cascade", "accepted")]
        row = story.work_order
        assert (row.status, row.vendor) == (Status.SCHEDULED, crew)
        visit = row.visits.get()
        assert str(visit.technician) == "Ina Internal"
        # Accepted at 9:10 by the clock of Tacoma: the next quarter, and the two hours to expect of a job.
        assert (visit.planned_start_at, visit.planned_end_at) == (
            NOW + timedelta(minutes=15), NOW + timedelta(minutes=135),
        )  # fmt: skip
        assert row.events.get(verb="workorder.accepted").actor_name == "Mainstay"

    def test_the_next_jobs_go_to_who_is_free_first_and_then_into_the_next_shift(self, cast: Cast, crew: Vendor) -> None:
        policy(accepts_for_crews=True)
        found = self.appointments(cast, 7)
        ina, ivo = "Ina Internal", "Ivo Internal"
        first, second, third = (NOW + timedelta(minutes=minutes) for minutes in (15, 135, 255))
        # 9:15, 11:15 and 13:15 for each; a fourth would end at 17:15, so the day after.
        assert found[:6] == [(ina, first), (ivo, first), (ina, second), (ivo, second), (ina, third), (ivo, third)]
        assert found[6] == (ina, NOW + timedelta(days=1))

    def test_a_day_off_and_other_hours_are_minded(self, cast: Cast, crew: Vendor) -> None:
        policy(accepts_for_crews=True)
        ina = User.objects.get(name="Ina Internal")
        today = date(2026, 7, 14)
        ShiftException.objects.create(vendor=crew, day_on=today, note="Stocktaking")
        ShiftException.objects.create(vendor=crew, technician=ina, day_on=today, starts_minute=13 * 60,
                                      ends_minute=18 * 60)  # fmt: skip
        assert self.appointments(cast, 1) == [("Ina Internal", NOW + timedelta(hours=4))]

    def test_hours_that_are_booked_are_a_check_by_name(self, cast: Cast, crew: Vendor) -> None:
        policy(accepts_for_crews=True)
        story = Story(cast).ready()
        assert self.check(story, crew) == (True, "0 of 16 shift hours are booked on 14 Jul 2026.")
        self.appointments(cast, 6)
        assert self.check(story, crew) == (True, "12 of 16 shift hours are booked on 14 Jul 2026.")
        ShiftException.objects.create(
            vendor=crew, technician=User.objects.get(name="Ivo Internal"), day_on=date(2026, 7, 14)
        )
        assert self.check(story, crew) == (False, "12 of 8 shift hours are booked on 14 Jul 2026, 2 more needed.")
        assert self.check(story, crew, on=date(2026, 7, 18)) == (False, "Does not work on 18 Jul 2026.")

    def test_a_crew_without_shifts_is_not_counted_and_answers_itself(self, cast: Cast, crew: Vendor) -> None:
        policy(accepts_for_crews=True)
        shifts.set_shifts(vendor=crew, technician=None, openings=[], by=cast.admin, now=NOW)
        story = triaged(cast)
        assert asked(story) == [("CREW", "cascade", "open")]
        assert self.check(story, crew) == (True, "No shifts are entered, so hours are not counted.")

    def test_without_the_policy_the_crew_answers_itself(self, cast: Cast, crew: Vendor) -> None:
        policy()
        assert asked(triaged(cast)) == [("CREW", "cascade", "open")]

    def test_the_house_accepts_for_nobody_else(self, cast: Cast) -> None:
        policy(accepts_for_crews=True)
        story = triaged(cast)
        assert asked(story) == [("CASC", "cascade", "open")]
        with pytest.raises(NotAllowed):
            offers.accept(story.offer, by=CLOCK, now=story.now, start_at=story.now, end_at=story.now)

    def test_its_rates_are_a_rate_card_like_any_other(self, cast: Cast, crew: Vendor) -> None:
        card = crew.rate_cards.get()
        card.labor_regular_amount, card.trip_amount = Decimal("38.00"), Decimal(0)
        card.save()
        found = dispatch.consider(Story(cast).ready().work_order, now=NOW, by=CLOCK).candidate(crew)
        assert found is not None
        assert found.expected_cost_amount == Decimal("76.00")  # two hours at our own rate, no trip

    def test_a_night_shift_goes_on_past_midnight(self, cast: Cast, crew: Vendor) -> None:
        policy(accepts_for_crews=True)
        night = [(1, 23 * 60, 24 * 60), (2, 0, 7 * 60)]
        shifts.set_shifts(vendor=crew, technician=None, openings=night, by=cast.admin, now=NOW)
        assert self.appointments(cast, 1) == [("Ina Internal", NOW + timedelta(hours=14))]


def test_several_offers_at_once_are_left_to_whoever_is_first(cast: Cast) -> None:
    policy("broadcast", accepts_for_crews=True)
    crew = VendorFactory(
        code="CREW", name="Zebra crew", kind=VendorKind.INTERNAL, trades=[cast.refrigeration], regions=[cast.north]
    )
    shifts.set_shifts(
        vendor=crew, technician=None, openings=[(day, 0, 1440) for day in range(7)], by=cast.admin, now=NOW
    )
    story = triaged(cast)
    assert {state for _, _, state in asked(story)} == {OfferState.OPEN}
    assert ("CREW", OfferMode.BROADCAST, OfferState.OPEN) in asked(story)
    assert lifecycle.lock(story.work_order).status == Status.OFFERED
