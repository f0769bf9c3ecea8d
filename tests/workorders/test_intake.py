"""What a person can say to open work that looks the same, and what each answer does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.once import fresh_key
from accounts.together import ask
from assets.models import CriticalityQuestion, Priority
from tests.cast import Cast
from tests.factories.clock import NOW
from tests.factories.workorders import Story, photo
from workorders import intake, lifecycle
from workorders.labels import timeline_of
from workorders.models import Choice, DuplicateChoice, Milestone, Working, WorkOrder
from workorders.refusals import Incomplete, NotAllowed, NotNow

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def open_work(cast: Cast) -> WorkOrder:
    return Story(cast).reported(by=cast.fm).work_order


@pytest.fixture
def food(cast: Cast) -> CriticalityQuestion:
    return CriticalityQuestion.objects.create(
        problem_type=cast.too_warm, text="Is food at risk?", level_if_yes=Priority.P1, puts_stock_at_risk=True
    )


class TestTheSameThing:
    def test_makes_no_second_work_order_and_keeps_the_person_posted(self, cast: Cast, open_work: WorkOrder) -> None:
        row = intake.join(
            open_work, by=cast.store, now=LATER, words="Also by the door", photos=[photo()], shown=[open_work]
        )
        assert WorkOrder.objects.count() == 1
        assert row.watchers.filter(user=cast.store).exists()
        assert row.attachments.count() == 1
        assert (row.priority, row.working) == (open_work.priority, open_work.working)
        entries, _ = ask(timeline_of(row, cast.store))
        assert [(one.who, one.text) for one in entries][-1] == (
            "Stella Store", "has the same problem. “Also by the door”"
        )  # fmt: skip

    def test_is_kept_as_a_visit_that_nobody_had_to_make(self, cast: Cast, open_work: WorkOrder) -> None:
        intake.join(open_work, by=cast.store, now=LATER, shown=[open_work])
        kept = DuplicateChoice.objects.get()
        assert (kept.choice, kept.chosen, kept.chosen_by) == (Choice.SAME, open_work, cast.store)
        assert list(kept.shown.all()) == [open_work]

    def test_is_refused_where_it_is_over_or_somebody_else_s(self, cast: Cast) -> None:
        over = Story(cast).canceled().work_order
        with pytest.raises(NotNow, match="is over already"):
            intake.join(over, by=cast.store, now=LATER)
        with pytest.raises(NotAllowed):
            intake.join(Story(cast).reported().work_order, by=cast.sibling_store, now=LATER)


class TestItGotWorse:
    def test_makes_it_down_and_tells_it(self, cast: Cast, open_work: WorkOrder) -> None:
        row = intake.join(open_work, by=cast.store, now=LATER, worse=True, words="Nothing runs now")
        assert row.working == Working.DOWN
        assert row.cost_per_hour_amount == 40
        assert row.events.latest("position").verb == "workorder.got_worse"
        assert DuplicateChoice.objects.get().choice == Choice.WORSE

    def test_raises_the_priority_where_a_question_is_answered_yes_only_now(
        self, cast: Cast, food: CriticalityQuestion
    ) -> None:
        row = Story(cast).reported(answers={food: False}).work_order
        due = row.clocks.get(milestone=Milestone.ARRIVAL).due_at if row.clocks.exists() else None
        row = intake.join(row, by=cast.store, now=LATER, worse=True, words="Milk is warm", answers={food: True})
        assert (row.priority, row.priority_reasons[0]) == (
            Priority.P1, "P1: “Is food at risk?” is now answered yes"
        )  # fmt: skip
        assert row.answers.get().is_yes
        told = row.events.latest("position").data
        assert (told["before"], told["after"]) == ({"priority": 3}, {"priority": 1})
        assert due is None or row.clocks.get(milestone=Milestone.ARRIVAL).due_at <= due

    def test_never_lowers_a_priority_nor_makes_a_unit_better(self, cast: Cast, food: CriticalityQuestion) -> None:
        food.level_if_yes = Priority.P4
        food.save()
        row = Story(cast).reported(working=Working.DOWN).work_order
        row = intake.join(
            row, by=cast.store, now=LATER, worse=True, working=Working.DEGRADED, answers={food: True}
        )  # fmt: skip
        assert (row.priority, row.working) == (Priority.P3, Working.DOWN)

    def test_leaves_an_override_alone_where_nothing_is_new(self, cast: Cast, food: CriticalityQuestion) -> None:
        row = Story(cast).reported(answers={food: True}).work_order
        row = lifecycle.set_priority(row, by=cast.fm, now=LATER, priority=3, reason="Stock was moved")
        row = intake.join(row, by=cast.store, now=LATER, worse=True, answers={food: True})
        assert row.priority == Priority.P3

    def test_takes_no_answers_to_questions_of_another_problem(self, cast: Cast, open_work: WorkOrder) -> None:
        other = CriticalityQuestion.objects.create(
            problem_type=cast.leak, text="Is the floor wet?", level_if_yes=Priority.P1
        )
        row = intake.join(open_work, by=cast.store, now=LATER, worse=True, answers={other: True})
        assert row.priority == Priority.P3


class TestThePageOfARequest:
    def test_asks_again_what_was_not_answered_yes_and_raises_the_priority(
        self, cast: Cast, food: CriticalityQuestion, enter: Any
    ) -> None:
        row = Story(cast).reported(answers={food: False}).work_order
        client = enter(cast.store)
        assert "Is food at risk?" in client.get(f"/requests/{row.number}").content.decode()
        facts = {"operation": fresh_key(), "worse-words": "Milk is warm", f"worse-question_{food.pk}": "yes"}
        assert client.post(f"/requests/{row.number}/worse", facts).status_code == 302
        row.refresh_from_db()
        assert row.priority == Priority.P1
        assert f"worse-question_{food.pk}" not in client.get(f"/requests/{row.number}").content.decode()


class TestSomethingDifferent:
    def different(self, cast: Cast, known: WorkOrder, because: str = "The other door") -> WorkOrder:
        return Story(cast, now=LATER).reported(shown=[known], different_because=because).work_order

    def test_is_a_work_order_of_its_own_and_both_carry_the_link(self, cast: Cast, open_work: WorkOrder) -> None:
        row = self.different(cast, open_work)
        assert row.pk != open_work.pk
        flag = row.screenings.get(step="duplicate")
        assert (flag.found, flag.related) == (True, open_work)
        assert flag.sentence.endswith("Stella Store says it is different: “The other door”")
        told = open_work.events.latest("position")
        assert (told.verb, told.data["work_order"], told.note) == (
            "workorder.told_apart", row.number, "The other door"
        )  # fmt: skip

    def test_is_seen_by_the_desk_on_both(self, cast: Cast, open_work: WorkOrder, enter: Any) -> None:
        row = self.different(cast, open_work)
        desk = enter(cast.fm)
        assert "says it is different" in desk.get(f"/work-orders/{row.number}").content.decode()
        assert row.number in desk.get(f"/work-orders/{open_work.number}").content.decode()

    def test_keeps_what_was_shown_and_why(self, cast: Cast, open_work: WorkOrder) -> None:
        row = self.different(cast, open_work)
        kept = DuplicateChoice.objects.get()
        assert (kept.choice, kept.made, kept.reason) == (Choice.DIFFERENT, row, "The other door")
        assert list(kept.shown.all()) == [open_work]

    def test_needs_a_reason(self, cast: Cast, open_work: WorkOrder) -> None:
        with pytest.raises(Incomplete, match="Say what is different"):
            self.different(cast, open_work, because="  ")
        assert WorkOrder.objects.count() == 1
