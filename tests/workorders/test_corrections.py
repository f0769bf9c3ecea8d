"""What was reported wrong is put right, and noted as a fact about the report."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.once import fresh_key
from assets.models import Priority, Warranty
from tests.cast import Cast
from tests.factories.assets import AssetFactory, ProblemTypeFactory
from tests.factories.clock import NOW
from tests.factories.workorders import Story, reason
from workorders import lifecycle, offers, visits
from workorders.models import FaultKind, IntakeFault, Outcome, Under, WorkOrder
from workorders.refusals import Incomplete, NotAllowed, NotNow

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)


def noted(row: WorkOrder) -> list[tuple[str, str, str]]:
    return list(row.intake_faults.values_list("kind", "was", "now_is"))


class TestACorrection:
    def test_at_triage_notes_each_thing_that_was_wrong(self, cast: Cast) -> None:
        row = Story(cast).reported().work_order
        lifecycle.triage(
            row, by=cast.fm, now=LATER, trade=cast.plumbing, problem_type=cast.leak, priority=2,
            priority_reason="Floor is wet",
        )  # fmt: skip
        assert noted(row) == [
            ("trade", "Refrigeration", "Plumbing"), ("problem", "Cooler too warm", "Leak"), ("priority", "P3", "P2"),
        ]  # fmt: skip
        fault = row.intake_faults.first()
        assert (fault.problem_type, fault.noted_by, fault.noted_at) == (cast.too_warm, cast.fm, LATER)

    def test_that_corrects_nothing_notes_nothing(self, cast: Cast) -> None:
        row = Story(cast).reported().work_order
        lifecycle.triage(row, by=cast.fm, now=LATER, trade=cast.refrigeration, asset=cast.cooler, priority=3)
        assert noted(row) == []

    def test_can_come_after_triage_too(self, cast: Cast) -> None:
        row = Story(cast).ready().work_order
        other = AssetFactory(tag="RF-114-05", site=cast.hilltop, category=cast.cooler.category)
        row = lifecycle.correct(row, by=cast.fm, now=LATER, asset=other, version=row.version)
        assert (row.asset, noted(row)[0][0]) == (other, "asset")
        assert "RF-114-05" in row.names
        assert row.events.latest("position").data["what"] == ["asset"]

    def test_takes_the_priority_along_where_nobody_has_overridden_it(self, cast: Cast) -> None:
        flood = ProblemTypeFactory(trade=cast.plumbing, name="Flood", default_priority=Priority.P1)
        row = Story(cast).reported().work_order
        row = lifecycle.correct(row, by=cast.fm, now=LATER, trade=cast.plumbing, problem_type=flood)
        assert (row.priority, row.priority_reasons[0]) == (Priority.P1, "P1: “Flood” starts there")
        overridden = Story(cast).reported().work_order
        overridden = lifecycle.set_priority(overridden, by=cast.fm, now=LATER, priority=4, reason="Can wait")
        overridden = lifecycle.correct(overridden, by=cast.fm, now=LATER, trade=cast.plumbing, problem_type=flood)
        assert overridden.priority == Priority.P4

    def test_is_screened_again_by_the_new_facts(self, cast: Cast) -> None:
        other = AssetFactory(tag="RF-114-05", site=cast.hilltop, category=cast.cooler.category)
        Warranty.objects.create(
            asset=other, provider_name="Frost Factory", starts_on=NOW.date(), ends_on=NOW.date() + timedelta(days=9)
        )
        row = Story(cast).reported().work_order
        assert not row.screenings.get(step="warranty").found
        lifecycle.correct(row, by=cast.fm, now=LATER, asset=other)
        assert row.screenings.get(step="warranty").sentence.startswith("Under warranty by Frost Factory")

    def test_drops_a_problem_that_the_new_trade_does_not_know(self, cast: Cast) -> None:
        row = lifecycle.correct(Story(cast).reported().work_order, by=cast.fm, now=LATER, trade=cast.plumbing)
        assert row.problem_type is None
        assert noted(row)[1] == ("problem", "Cooler too warm", "")

    def test_needs_things_that_belong_together(self, cast: Cast) -> None:
        row = Story(cast).reported().work_order
        with pytest.raises(Incomplete, match="another trade"):
            lifecycle.correct(row, by=cast.fm, now=LATER, problem_type=cast.leak)
        with pytest.raises(Incomplete, match="another site"):
            lifecycle.correct(row, by=cast.fm, now=LATER, asset=AssetFactory(site=cast.harbor))
        assert noted(row) == []

    def test_of_the_trade_waits_until_no_vendor_is_asked(self, cast: Cast) -> None:
        row = Story(cast).offered().work_order
        with pytest.raises(NotNow, match="Take the job back"):
            lifecycle.correct(row, by=cast.fm, now=LATER, trade=cast.plumbing)

    def test_is_facilities_alone_to_make_and_only_of_what_they_have_seen(self, cast: Cast) -> None:
        row = Story(cast).reported().work_order
        for person in (cast.store, cast.foreign_fm, cast.finance):
            with pytest.raises(NotAllowed):
                lifecycle.correct(row, by=person, now=LATER, trade=cast.plumbing)
        with pytest.raises(NotNow):
            lifecycle.correct(row, by=cast.fm, now=LATER, trade=cast.plumbing, version=row.version + 1)

    def test_is_made_on_its_page(self, cast: Cast, enter: Any) -> None:
        row = Story(cast).ready().work_order
        client = enter(cast.fm)
        assert f"/work-orders/{row.number}/do/correct" in client.get(f"/work-orders/{row.number}").content.decode()
        page = client.get(f"/work-orders/{row.number}/do/correct")
        facts = {
            "operation": fresh_key(),
            "version": row.version,
            "trade": cast.plumbing.pk,
            "problem_type": "",
            "asset": "",
        }
        assert "Correct the request" in page.content.decode()
        assert client.post(f"/work-orders/{row.number}/do/correct", facts).status_code == 302
        assert WorkOrder.objects.get().trade == cast.plumbing


class TestAnOverride:
    def test_leads_the_explanation_with_who_and_why(self, cast: Cast) -> None:
        row = Story(cast).reported().work_order
        row = lifecycle.set_priority(row, by=cast.fm, now=LATER, priority=1, reason="Health inspector is here")
        assert row.priority_reasons == [
            "P1: Health inspector is here (Fay Facilities)", "P3: “Cooler too warm” starts there"
        ]  # fmt: skip
        assert noted(row) == [("priority", "P3", "P1")]

    def test_needs_a_reason(self, cast: Cast) -> None:
        with pytest.raises(Incomplete, match="Say why the priority changes"):
            lifecycle.set_priority(Story(cast).reported().work_order, by=cast.fm, now=LATER, priority=1, reason=" ")
        assert not IntakeFault.objects.exists()


class TestWhatTheWrongTradeCosts:
    def test_a_trip_of_the_wrong_trade_is_noted_as_it_happens(self, cast: Cast) -> None:
        story = Story(cast).on_site()
        visits.check_out(
            story.visit, by=cast.technician, now=story.later(), outcome=Outcome.WRONG_TRADE, note="It is the drain"
        )
        assert noted(story.work_order) == [("trip", "Refrigeration", "")]

    def test_so_is_one_that_ends_on_a_job_put_on_hold_meanwhile(self, cast: Cast) -> None:
        story = Story(cast).on_site()
        lifecycle.hold(story.work_order, by=cast.fm, now=story.later(), reason=reason(Under.HOLD, "Our request"))
        visits.check_out(
            story.visit, by=cast.technician, now=story.later(), outcome=Outcome.WRONG_TRADE, note="It is the drain"
        )
        assert noted(story.work_order) == [("trip", "Refrigeration", "")]

    def test_a_decline_as_not_our_trade_is_noted_and_no_other(self, cast: Cast) -> None:
        wrong = reason(Under.DECLINE, "wrong_trade")
        busy = reason(Under.DECLINE, "No capacity")
        for why in (wrong, busy):
            story = Story(cast).offered()
            offers.decline(story.offer, by=cast.dispatcher, now=story.later(), reason=why)
        assert list(IntakeFault.objects.values_list("kind", flat=True)) == [FaultKind.DECLINE]
