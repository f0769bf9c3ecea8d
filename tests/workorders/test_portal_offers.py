"""What a vendor weighs on its pages before it answers, and the way to another time."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.once import fresh_key
from tests.factories.clock import NOW
from tests.factories.vendors import RateCardFactory
from tests.factories.workorders import Story, papers, photo
from vendors.models import RateCard
from workorders import offers, proposals, visits
from workorders.models import OfferState, Proposal, ProposalState, Status


@pytest.fixture(autouse=True)
def present():
    with time_machine.travel(NOW + timedelta(minutes=30)):
        yield


@pytest.fixture
def story(cast) -> Story:
    return Story(cast)


def shown(enter, person) -> str:
    return enter(person).get("/jobs").content.decode()


class TestWhatIsWeighed:
    def test_how_far_it_is_from_the_base_and_at_which_of_the_own_rates(self, cast, enter, story):
        type(cast.cascade).objects.filter(pk=cast.cascade.pk).update(
            latitude=cast.hilltop.latitude + Decimal("0.1"), longitude=cast.hilltop.longitude
        )  # 11.1 km to the north
        RateCard.objects.filter(vendor=cast.summit).update(labor_regular_amount=77)
        story.offered()
        text = shown(enter, cast.dispatcher)
        for said in ("6.9\N{NO-BREAK SPACE}mi away", "$95.00 an hour, $75.00 a trip"):
            assert said in text
        assert "$77.00" not in text

    def test_an_emergency_is_told_at_the_rate_for_emergencies(self, cast, enter, story):
        story.ready()
        type(story.work_order).objects.filter(pk=story.work_order.pk).update(priority=1)
        story.fresh().offered()
        assert "$190.00 an emergency hour" in shown(enter, cast.dispatcher)

    def test_without_a_base_or_rates_it_says_no_number(self, cast, enter, story):
        story.offered()
        RateCard.objects.filter(vendor=cast.cascade).delete()
        text = shown(enter, cast.dispatcher)
        assert "None agreed for refrigeration" in text
        assert " away" not in text

    def test_rates_that_have_ended_or_not_begun_do_not_count(self, cast, enter, story):
        story.offered()
        RateCard.objects.filter(vendor=cast.cascade).update(ends_on=(NOW - timedelta(days=1)).date())
        RateCardFactory(
            vendor=cast.cascade, trade=cast.refrigeration, starts_on=(NOW + timedelta(days=3)).date(),
            labor_regular_amount=Decimal(88),
        )  # fmt: skip
        assert "$88.00" not in shown(enter, cast.dispatcher)

    def test_the_own_visits_to_the_unit_and_what_was_advised_and_nobody_elses(self, cast, enter, story):
        past = Story(cast, now=NOW - timedelta(days=4)).on_site()
        advice = papers() | {"nothing_recommended": False, "recommendation": "Replace the gasket soon"}
        past_visit = past.visit
        visits.document(past.work_order, by=cast.technician, now=past.later(), **advice)
        past.completed()
        type(past.work_order).objects.filter(pk=past.work_order.pk).update(recommendation="Replace the gasket soon")
        story.offered()
        text = shown(enter, cast.dispatcher)
        assert "You were at this unit" in text
        assert f"You advised in {past.work_order.number}" in text
        assert "Replace the gasket soon" in text
        type(past_visit).objects.filter(pk=past_visit.pk).update(outcome="resolved")
        offers.withdraw(story.offer, by=cast.fm, now=story.later())
        story.fresh().offered(cast.summit)
        theirs = shown(enter, cast.rival)
        assert story.work_order.number in theirs
        assert "You were at this unit" not in theirs
        assert "gasket" not in theirs

    def test_the_photos_of_the_trouble_are_on_the_card(self, cast, enter, story):
        story.facts = {"photos": [photo("warm.jpg")]}
        story.offered()
        assert "?thumb" in shown(enter, cast.dispatcher)

    def test_the_time_left_is_there_without_script_and_for_it(self, cast, enter, story):
        story.offered()
        text = shown(enter, cast.dispatcher)
        left = int((story.offer.expires_at - timezone.now()).total_seconds())
        assert "Answer in" in text
        assert any(f'data-left="{left + second}"' in text for second in range(-5, 6))


class TestWindows:
    def test_a_suggested_window_is_taken_with_one_choice(self, cast, enter, story):
        assert cast.technician
        story.offered()
        client = enter(cast.dispatcher)
        text = client.get("/jobs").content.decode()
        assert f"{cast.technician.name} is free" in text
        value = text.partition('name="slot" value="')[2].partition('"')[0]
        given = {"operation": fresh_key(), "slot": value, "window": "120", "technician": str(cast.technician.pk)}
        page = client.post(reverse("workorders:offer_accept", args=[story.offer.pk]), given)
        assert page.status_code == 302
        row = story.fresh().work_order
        assert row.scheduled_start_at.isoformat() == value.partition("/")[0].replace("Z", "+00:00")
        assert row.scheduled_end_at - row.scheduled_start_at == timedelta(hours=2)

    def test_what_is_typed_goes_before_what_is_chosen(self, cast, enter, story):
        story.offered()
        start = (timezone.now() + timedelta(hours=30)).replace(second=0, microsecond=0)
        slot = f"{(NOW + timedelta(hours=3)).isoformat()}/{(NOW + timedelta(hours=5)).isoformat()}"
        zone = ZoneInfo(cast.hilltop.time_zone)
        given = {
            "operation": fresh_key(), "slot": slot, "window": "60", "technician": "",
            "start_at": start.astimezone(zone).strftime("%Y-%m-%dT%H:%M"),
        }  # fmt: skip
        enter(cast.dispatcher).post(reverse("workorders:offer_accept", args=[story.offer.pk]), given)
        assert story.fresh().work_order.scheduled_start_at == start

    @pytest.mark.parametrize("slot", ["", "tomorrow", "2026-07-14T10:00/2026-07-14T12:00", "2020-01-01T10:00:00Z/x"])
    def test_a_window_that_is_none_comes_back_with_windows_to_choose(self, cast, enter, story, slot):
        story.offered()
        given = {"operation": fresh_key(), "slot": slot, "window": "120", "technician": ""}
        page = enter(cast.dispatcher).post(reverse("workorders:offer_accept", args=[story.offer.pk]), given)
        assert page.status_code == 422
        assert 'name="slot"' in page.content.decode()
        assert story.fresh().work_order.status == Status.OFFERED

    def test_a_window_that_has_passed_meanwhile_is_refused_by_the_rule(self, cast, enter, story):
        story.offered()
        past = timezone.now() - timedelta(hours=2)
        slot = f"{past.isoformat()}/{(past + timedelta(hours=1)).isoformat()}"
        given = {"operation": fresh_key(), "slot": slot, "window": "120", "technician": ""}
        page = enter(cast.dispatcher).post(reverse("workorders:offer_accept", args=[story.offer.pk]), given)
        assert page.status_code == 422
        assert "Choose a time that has not passed." in page.content.decode()


class TestAnotherTime:
    def given(self, **facts) -> dict[str, str]:
        start = timezone.now() + timedelta(days=1)
        local = start.astimezone(ZoneInfo("America/Los_Angeles")).strftime("%Y-%m-%dT%H:%M")
        return {"operation": fresh_key(), "start_at": local, "window": "120", "technician": "", "note": "Van", **facts}

    def address(self, story: Story, name: str = "offer_propose") -> str:
        return reverse(f"workorders:{name}", args=[story.offer.pk])

    def test_it_is_proposed_answered_and_proposed_again(self, cast, enter, story):
        story.offered()
        vendor, desk = enter(cast.dispatcher), enter(cast.fm)
        assert "The time to answer runs on" in vendor.get(self.address(story)).content.decode()
        assert vendor.post(self.address(story), self.given()).status_code == 302
        made = Proposal.objects.get()
        waiting = vendor.get("/jobs").content.decode()
        assert "Facilities has not answered yet" in waiting
        number = story.work_order.number
        refuse = reverse("workorders:order_proposal_refuse", args=[number, made.pk])
        assert "Not possible at that time" in desk.get(refuse).content.decode()
        assert desk.post(refuse, {"operation": fresh_key(), "answer": ""}).status_code == 422
        assert desk.post(refuse, {"operation": fresh_key(), "answer": "Before 11 only"}).status_code == 302
        assert "Before 11 only" in vendor.get("/jobs").content.decode()
        assert vendor.post(self.address(story), self.given()).status_code == 302
        agreed = reverse("workorders:order_proposal_agree", args=[number, Proposal.objects.latest("pk").pk])
        assert desk.post(agreed, {"operation": fresh_key()}).status_code == 302
        assert story.fresh().work_order.status == Status.SCHEDULED

    def test_faults_come_back_with_everything_typed(self, cast, enter, story):
        story.offered()
        page = enter(cast.dispatcher).post(self.address(story), self.given(note="", window="240"))
        assert page.status_code == 422
        text = page.content.decode()
        assert "Say why you need another time." in text
        assert '<option value="240" selected>' in text

    def test_pressing_twice_proposes_once(self, cast, enter, story):
        story.offered()
        client, given = enter(cast.dispatcher), self.given()
        for _ in range(2):
            assert client.post(self.address(story), given).status_code == 302
        assert Proposal.objects.count() == 1

    def test_it_is_taken_back(self, cast, enter, story):
        story.offered()
        client = enter(cast.dispatcher)
        client.post(self.address(story), self.given())
        assert client.post(self.address(story, "offer_take_back"), {"operation": fresh_key()}).status_code == 302
        assert Proposal.objects.get().state == ProposalState.WITHDRAWN
        assert "Facilities has not answered yet" not in client.get("/jobs").content.decode()

    def test_after_the_end_both_sides_are_told_with_409(self, cast, enter, story):
        story.offered()
        vendor, desk = enter(cast.dispatcher), enter(cast.fm)
        vendor.post(self.address(story), self.given())
        made = Proposal.objects.get()
        offers.withdraw(story.offer, by=cast.fm, now=story.later())
        assert vendor.get(self.address(story)).status_code == 409
        assert vendor.post(self.address(story), self.given()).status_code == 409
        for name in ("order_proposal_agree", "order_proposal_refuse"):
            address = reverse(f"workorders:{name}", args=[story.work_order.number, made.pk])
            assert desk.post(address, {"operation": fresh_key(), "answer": "No"}).status_code == 409
        assert story.offer.state == OfferState.WITHDRAWN

    def test_a_proposal_of_another_work_order_is_not_found_under_this_one(self, cast, enter, story):
        story.offered()
        enter(cast.dispatcher).post(self.address(story), self.given())
        other = Story(cast, now=story.now).offered().work_order
        address = reverse("workorders:order_proposal_agree", args=[other.number, Proposal.objects.get().pk])
        assert enter(cast.fm).post(address, {"operation": fresh_key()}).status_code == 404

    def test_the_rule_is_not_asked_by_looking(self, cast, enter, story):
        story.offered()
        now = story.later()
        made = proposals.propose(
            story.offer, by=cast.dispatcher, now=now, start_at=now + timedelta(hours=3),
            end_at=now + timedelta(hours=4), note="Van",
        )  # fmt: skip
        address = reverse("workorders:order_proposal_agree", args=[story.work_order.number, made.pk])
        assert enter(cast.fm).get(address).status_code == 405
        assert Proposal.objects.get().state == ProposalState.OPEN
