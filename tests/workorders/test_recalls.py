"""A report that turns out to be a recall: told before, done once, and refused where nothing has failed again."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from tests.factories.clock import NOW
from tests.factories.workorders import Story
from tests.pages import told
from workorders import authorization, dispatch, intake, lifecycle, recalls
from workorders.models import Event, Grounds, Kind, Status, WorkOrder
from workorders.refusals import InTheWay, NotAllowed, NotNow

DAYS = timedelta(days=3)
KEY = "key-of-recall"


@pytest.fixture
def fixed(cast):
    """The cooler was put right by Cascade three days ago."""
    return Story(cast, now=NOW - DAYS).verified().work_order


@pytest.fixture
def again(cast, fixed):
    """The same cooler is reported as if nothing had been."""
    cast.too_warm.default_nte_amount = Decimal(500)
    cast.too_warm.save()
    return Story(cast).reported().work_order


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


def test_what_it_does_is_told_before(fixed, again, desk):
    said = recalls.effects(again, now=NOW)
    assert said[0].startswith(f"{fixed.number} {fixed.title} was completed ")
    assert said[0].endswith("by Cascade Refrigeration. Cascade Refrigeration is asked first.")
    assert said[1:] == [
        "Nothing is authorized for it. Now it is $500.00.",
        "It is not billed, unless you set an amount again.",
        f"It counts as a recall of {fixed.number}, also in the score of Cascade Refrigeration.",
    ]
    page = f"/work-orders/{again.number}"
    assert f'href="{page}/do/make_recall"' in told(desk.get(page))
    form = told(desk.get(f"{page}/do/make_recall"))
    assert "<h1>Make this a recall?</h1>" in form
    for sentence in said:
        assert sentence in form


def test_it_becomes_a_recall_first_to_who_was_there_for_nothing(cast, fixed, again, desk):
    answer = desk.post(f"/work-orders/{again.number}/do/make_recall", {"operation": KEY, "version": again.version})
    assert answer.url == f"/work-orders/{again.number}"
    row = WorkOrder.objects.get(pk=again.pk)
    assert (row.kind, row.recall_of, row.is_billable, row.status) == (Kind.RECALL, fixed, False, Status.NEW)
    assert row.authorized_amount == Decimal(0)
    assert row.authorizations.latest("pk").grounds == Grounds.RECALL
    assert row.version == again.version + 1
    best = dispatch.consider(row, now=NOW, by=cast.fm).best()
    assert best is not None
    assert best.vendor == cast.cascade
    assert best.forced
    verbs = Event.objects.filter(work_order__in=[row, fixed]).values_list("work_order", "verb")
    assert {(row.pk, "workorder.made_recall"), (fixed.pk, "workorder.recalled")} <= set(verbs)
    page = told(desk.get(f"/work-orders/{again.number}"))
    assert f"made it a recall of {fixed.number}" in page
    assert "make_recall" not in page


def test_an_amount_set_again_makes_it_billable_again(cast, again):
    row = recalls.make_recall(again, by=cast.fm, now=NOW)
    row = authorization.authorize(row, amount=Decimal(200), by=cast.fm, now=NOW)
    assert row.is_billable


def test_the_preview_offers_it_in_its_place(again, desk):
    part = told(desk.get(f"/queue/peek/{again.number}", headers={"HX-Request": "true"}))
    assert f'hx-get="/work-orders/{again.number}/do/make_recall" hx-target="#queue-peek"' in part
    form = desk.get(
        f"/work-orders/{again.number}/do/make_recall", headers={"HX-Request": "true", "HX-Target": "queue-peek"}
    )
    assert told(form).lstrip().startswith("<section")
    assert 'hx-target="#queue-peek"' in told(form)


def test_without_a_repeat_there_is_nothing_to_call_back(cast, desk):
    row = Story(cast).reported().work_order
    assert "make_recall" not in told(desk.get(f"/work-orders/{row.number}"))
    page = desk.get(f"/work-orders/{row.number}/do/make_recall")
    assert page.status_code == 409
    assert "This cannot be done now" in told(page)
    with pytest.raises(InTheWay, match="Nothing that was completed lately is the same"):
        recalls.make_recall(row, by=cast.fm, now=NOW)


def test_work_that_was_called_back_already_is_not_called_back_twice(cast, fixed, again):
    other = intake.recall(fixed, by=cast.fm, now=NOW, reason="Warm again")
    with pytest.raises(InTheWay, match=f"{other.number} is open"):
        recalls.make_recall(again, by=cast.fm, now=NOW)
    with pytest.raises(InTheWay, match="is a recall already"):
        recalls.make_recall(other, by=cast.fm, now=NOW)


def test_a_second_click_and_a_late_one_change_nothing(cast, again, desk):
    given = {"operation": KEY, "version": again.version}
    for _ in range(2):
        assert desk.post(f"/work-orders/{again.number}/do/make_recall", given).status_code == 302
    assert again.events.filter(verb="workorder.made_recall").count() == 1
    with pytest.raises(NotNow):
        recalls.make_recall(again, by=cast.fm, now=NOW, version=again.version)


def test_what_is_on_its_way_is_taken_back_first(cast, again):
    row = lifecycle.triage(again, by=cast.fm, now=NOW)
    WorkOrder.objects.filter(pk=row.pk).update(status=Status.OFFERED)
    with pytest.raises(NotNow, match="Take it back first"):
        recalls.make_recall(WorkOrder.objects.get(pk=row.pk), by=cast.fm, now=NOW)


def test_only_who_triages_decides_it(cast, again, enter):
    with pytest.raises(NotAllowed):
        recalls.make_recall(again, by=cast.store, now=NOW)
    auditor = enter(cast.auditor)
    assert "make_recall" not in told(auditor.get(f"/work-orders/{again.number}"))
    assert auditor.post(f"/work-orders/{again.number}/do/make_recall", {"operation": KEY}).status_code == 403
