"""Two reports of the same thing become one, and two again within the hour."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.once import fresh_key
from tests.cast import Cast
from tests.factories.clock import NOW
from tests.factories.workorders import Story, photo
from workorders import conversation, lifecycle, merging
from workorders.models import Attachment, AttachmentKind, Audience, ClockState, Comment, SlaTarget, Status, WorkOrder
from workorders.refusals import Incomplete, NotAllowed, NotNow

pytestmark = pytest.mark.django_db

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LATER = NOW + HOUR


@pytest.fixture
def stays(cast: Cast) -> WorkOrder:
    return Story(cast).reported(by=cast.fm, description="The first report").work_order


@pytest.fixture
def goes(cast: Cast) -> WorkOrder:
    """A second report with a message of the store and a photo."""
    row = Story(cast).reported(description="The second report").work_order
    conversation.say(row, body="Still dripping", audience=Audience.STORE, by=cast.store, now=NOW + MINUTE)
    conversation.attach(row, upload=photo(), kind=AttachmentKind.PROBLEM, by=cast.store, now=NOW + MINUTE)
    return WorkOrder.objects.get(pk=row.pk)


def said(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def fresh(row: WorkOrder) -> WorkOrder:
    return WorkOrder.objects.get(pk=row.pk)


class TestMerging:
    def test_moves_people_messages_and_photos_to_the_one_that_stays(
        self, cast: Cast, goes: WorkOrder, stays: WorkOrder
    ) -> None:
        row = merging.merge(goes, stays, by=cast.fm, now=LATER)
        assert (row.status, row.merged_into) == (Status.CANCELED, stays)
        assert set(stays.watchers.values_list("user__name", flat=True)) == {"Fay Facilities", "Stella Store"}
        assert (stays.comments.count(), stays.attachments.count()) == (1, 1)
        assert (goes.comments.count(), goes.attachments.count()) == (0, 0)
        assert stays.events.latest("position").verb == "workorder.absorbed"

    def test_into_itself_is_refused(self, cast: Cast, goes: WorkOrder) -> None:
        with pytest.raises(Incomplete, match="cannot be merged into itself"):
            merging.merge(goes, goes, by=cast.fm, now=LATER)

    def test_in_a_ring_is_refused(self, cast: Cast, goes: WorkOrder, stays: WorkOrder) -> None:
        merging.merge(goes, stays, by=cast.fm, now=LATER)
        with pytest.raises(Incomplete, match=f"{goes.number} was merged into {stays.number} itself. Undo that first"):
            merging.merge(stays, goes, by=cast.fm, now=LATER)

    def test_twice_is_refused_with_where_it_went(self, cast: Cast, goes: WorkOrder, stays: WorkOrder) -> None:
        third = Story(cast).reported(description="A third").work_order
        merging.merge(goes, stays, by=cast.fm, now=LATER)
        with pytest.raises(NotNow, match=f"{goes.number} is merged already, into {stays.number}"):
            merging.merge(goes, third, by=cast.fm, now=LATER)

    def test_into_what_is_merged_away_names_the_one_to_choose(
        self, cast: Cast, goes: WorkOrder, stays: WorkOrder
    ) -> None:
        third = Story(cast).reported(description="A third").work_order
        merging.merge(stays, third, by=cast.fm, now=LATER)
        with pytest.raises(Incomplete, match=f"{stays.number} is merged into {third.number}. Choose that one"):
            merging.merge(goes, stays, by=cast.fm, now=LATER)

    def test_into_what_is_over_or_elsewhere_is_refused(self, cast: Cast, goes: WorkOrder) -> None:
        over = Story(cast).canceled().work_order
        with pytest.raises(NotNow, match="choose open work"):
            merging.merge(goes, over, by=cast.fm, now=LATER)
        away = Story(cast).reported(by=cast.sibling_store, site=cast.harbor, asset=None).work_order
        with pytest.raises(Incomplete, match="at another site"):
            merging.merge(goes, away, by=cast.fm, now=LATER)
        assert fresh(goes).status == Status.NEW


class TestThePreview:
    def test_tells_what_would_move_and_changes_nothing(self, cast: Cast, goes: WorkOrder, stays: WorkOrder) -> None:
        told = merging.preview(goes, stays, by=cast.fm)
        assert (told.people, told.comments, told.files, told.refusal) == (["Stella Store"], 1, 1, "")
        assert fresh(goes).status == Status.NEW

    def test_tells_what_differs(self, cast: Cast, goes: WorkOrder) -> None:
        other = Story(cast).scheduled().work_order
        urgent = lifecycle.set_priority(goes, by=cast.fm, now=LATER, priority=1, reason="Stock")
        told = merging.preview(urgent, other, by=cast.fm).differences
        assert told == [
            f"{goes.number} is P1. {other.number} stays P3 unless you change it.",
            f"Cascade Refrigeration has {other.number} and reads what everyone on the job may read.",
        ]

    def test_tells_why_it_cannot_be(self, cast: Cast, goes: WorkOrder) -> None:
        assert "into itself" in merging.preview(goes, goes, by=cast.fm).refusal


class TestTakingItBack:
    def test_puts_everything_back_where_it_was(self, cast: Cast, goes: WorkOrder, stays: WorkOrder) -> None:
        merged = merging.merge(goes, stays, by=cast.fm, now=LATER)
        conversation.say(stays, body="Meanwhile", audience=Audience.STORE, by=cast.fm, now=LATER + MINUTE)
        row = merging.unmerge(merged, by=cast.fm, now=LATER + HOUR)
        assert (row.status, row.merged_into, row.canceled_at, row.cancel_reason) == (Status.NEW, None, None, "")
        assert [one.body for one in row.comments.all()] == ["Still dripping"]
        assert [one.body for one in stays.comments.all()] == ["Meanwhile"]
        assert (row.attachments.count(), stays.attachments.count()) == (1, 0)
        assert list(stays.watchers.values_list("user__name", flat=True)) == ["Fay Facilities"]
        assert [one.verb for one in stays.events.order_by("position")][-1] == "workorder.separated"

    def test_leaves_who_watched_the_survivor_before(self, cast: Cast, goes: WorkOrder, stays: WorkOrder) -> None:
        conversation.watch(stays, by=cast.store, now=NOW)
        merged = merging.merge(goes, stays, by=cast.fm, now=LATER)
        merging.unmerge(merged, by=cast.fm, now=LATER + MINUTE)
        assert stays.watchers.filter(user=cast.store).exists()

    def test_lets_the_clocks_run_on_from_their_original_start(self, cast: Cast, stays: WorkOrder) -> None:
        SlaTarget.objects.create(milestone="completion", priority=3, minutes=600, clock_type="elapsed")
        row = Story(cast).reported(description="With a clock").work_order
        due = row.due_at
        merged = merging.merge(row, stays, by=cast.fm, now=LATER)
        assert merged.clocks.get().state == ClockState.DROPPED
        row = merging.unmerge(merged, by=cast.fm, now=LATER + MINUTE)
        assert (row.clocks.get().state, row.due_at) == (ClockState.RUNNING, due)

    def test_puts_what_was_accepted_back_among_what_is_ready(self, cast: Cast, stays: WorkOrder) -> None:
        merged = merging.merge(Story(cast).ready().work_order, stays, by=cast.fm, now=LATER)
        assert merging.unmerge(merged, by=cast.fm, now=LATER).status == Status.READY

    def test_is_too_late_after_an_hour(self, cast: Cast, goes: WorkOrder, stays: WorkOrder) -> None:
        merged = merging.merge(goes, stays, by=cast.fm, now=LATER)
        with pytest.raises(NotNow, match="can be undone for 60 minutes"):
            merging.unmerge(merged, by=cast.fm, now=LATER + HOUR + timedelta(seconds=1))

    def test_waits_until_the_survivor_is_taken_out_of_its_own(
        self, cast: Cast, goes: WorkOrder, stays: WorkOrder
    ) -> None:
        third = Story(cast).reported(description="A third").work_order
        merged = merging.merge(goes, stays, by=cast.fm, now=LATER)
        merging.merge(stays, third, by=cast.fm, now=LATER + MINUTE)
        with pytest.raises(NotNow, match=f"{stays.number} was merged into {third.number} since"):
            merging.unmerge(merged, by=cast.fm, now=LATER + 2 * MINUTE)
        merging.unmerge(fresh(stays), by=cast.fm, now=LATER + 3 * MINUTE)
        row = merging.unmerge(fresh(goes), by=cast.fm, now=LATER + 4 * MINUTE)
        assert Comment.objects.get().work_order == row == Attachment.objects.get().work_order

    def test_of_what_was_never_merged_is_refused(self, cast: Cast) -> None:
        with pytest.raises(NotNow, match="is not merged into anything"):
            merging.unmerge(Story(cast).canceled().work_order, by=cast.fm, now=LATER)

    def test_is_facilities_alone(self, cast: Cast, goes: WorkOrder, stays: WorkOrder) -> None:
        merged = merging.merge(goes, stays, by=cast.fm, now=LATER)
        for person in (cast.store, cast.foreign_fm, cast.admin):
            with pytest.raises(NotAllowed):
                merging.unmerge(merged, by=person, now=LATER)


class TestThePage:
    def test_offers_what_looks_the_same_and_finds_others_by_number_or_words(
        self, cast: Cast, desk: Client, goes: WorkOrder, stays: WorkOrder
    ) -> None:
        page = said(desk.get(f"/work-orders/{goes.number}/merge"))
        assert f"?into={stays.number}" in page
        assert "Same unit, RF-114-02" in page
        found = said(desk.get(f"/work-orders/{goes.number}/merge?q=first"))
        assert f"?into={stays.number}" in found
        assert "No open work here is found by" in said(desk.get(f"/work-orders/{goes.number}/merge?q=submarine"))

    def test_looking_for_another_keeps_the_way_back_to_the_queue(self, desk: Client, goes: WorkOrder) -> None:
        page = said(desk.get(f"/work-orders/{goes.number}/merge?in=status%3Dnew&at=x"))
        assert '<input type="hidden" name="in" value="status=new"><input type="hidden" name="at" value="x">' in page

    def test_shows_what_moves_before_it_is_done(self, desk: Client, goes: WorkOrder, stays: WorkOrder) -> None:
        page = said(desk.get(f"/work-orders/{goes.number}/merge?into={stays.number}"))
        assert "Stella Store" in page
        assert f"Merge into {stays.number}" in page
        assert fresh(goes).status == Status.NEW

    def test_merges_and_can_undo_it(self, desk: Client, goes: WorkOrder, stays: WorkOrder) -> None:
        facts = {"operation": fresh_key(), "version": goes.version, "into": stays.number}
        answer = desk.post(f"/work-orders/{goes.number}/merge", facts)
        assert (answer.status_code, answer["Location"]) == (302, f"/work-orders/{stays.number}")
        page = said(desk.get(f"/work-orders/{goes.number}"))
        assert "Undo merge" in page
        undo = {"operation": fresh_key(), "version": fresh(goes).version}
        assert desk.post(f"/work-orders/{goes.number}/do/unmerge", undo).status_code == 302
        assert fresh(goes).status == Status.NEW
        assert "Undo merge" not in said(desk.get(f"/work-orders/{goes.number}"))

    def test_says_that_it_is_too_late_with_409(
        self, cast: Cast, desk: Client, goes: WorkOrder, stays: WorkOrder
    ) -> None:
        version = goes.version
        lifecycle.cancel(goes, by=cast.fm, now=LATER, reason="Fixed itself")
        facts = {"operation": fresh_key(), "version": version, "into": stays.number}
        answer = desk.post(f"/work-orders/{goes.number}/merge", facts)
        assert answer.status_code == 409
        over = {"operation": fresh_key(), "version": fresh(goes).version}
        assert desk.post(f"/work-orders/{goes.number}/do/unmerge", over).status_code == 409

    @pytest.mark.parametrize("into", ["WO-999999", "nonsense", ""])
    def test_asks_again_for_a_number_that_nobody_has(self, desk: Client, goes: WorkOrder, into: str) -> None:
        facts = {"operation": fresh_key(), "version": goes.version, "into": into}
        assert desk.post(f"/work-orders/{goes.number}/merge", facts).status_code == 422

    def test_says_why_two_cannot_be_one(self, desk: Client, goes: WorkOrder) -> None:
        facts = {"operation": fresh_key(), "version": goes.version, "into": goes.number}
        answer = desk.post(f"/work-orders/{goes.number}/merge", facts)
        assert answer.status_code == 422
        assert "A work order cannot be merged into itself." in said(answer)

    def test_knows_nothing_of_work_out_of_sight(self, cast: Cast, desk: Client, goes: WorkOrder) -> None:
        away = Story(cast).reported(
            by=cast.foreign_store, site=cast.desert, asset=None, description="Secret submarine"
        ).work_order  # fmt: skip
        page = said(desk.get(f"/work-orders/{goes.number}/merge?into={away.number}&q=submarine"))
        assert "Secret" not in page
        assert desk.get(f"/work-orders/{away.number}/merge").status_code == 404
