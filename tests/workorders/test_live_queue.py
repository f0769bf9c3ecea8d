"""The queue while it is open: what others do arrives in the rows, new work is announced, and nothing else is sent."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories.clock import NOW
from tests.factories.workorders import Story, reason
from tests.pages import told
from workorders import lifecycle
from workorders.models import SavedView, Under, WorkOrder

SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def asked(page, rows=(), groups=("overdue", "soon", "today", "week", "later")):
    """The address that the page asks next, with the rows that stand on it."""
    url = page.context["news_url"]
    return f"{url}&rows={'-'.join(f'{row.pk}.{row.version}' for row in rows)}&groups={'.'.join(groups)}"


def test_a_row_that_somebody_else_moved_is_sent_anew_and_says_who(cast, desk, clock):
    one, two = (Story(cast).reported(asset=None).work_order for _ in range(2))
    url = asked(desk.get("/queue"), [one, two])
    clock.shift(10 * SECOND)
    moved = lifecycle.triage(one, by=cast.second_fm, now=NOW + 5 * SECOND)
    page = desk.get(url)
    assert f"<tr id=r{one.pk} data-v={moved.version}>" in told(page)
    assert f"id=r{two.pk} " not in told(page)
    assert f"{one.number}: {cast.second_fm.name} accepted it as work" in told(page)
    assert '<span data-count="n-0">1</span>' in told(page)  # one is left to triage
    assert page.context["come"] == ""


def test_nothing_new_is_answered_with_nothing_and_few_queries(cast, desk, clock):
    row = Story(cast).reported().work_order
    clock.shift(30 * SECOND)
    url = asked(desk.get("/queue"), [row])
    clock.shift(10 * SECOND)
    with CaptureQueriesContext(connection) as queries:
        assert desk.get(url).status_code == 204
    assert len(queries) <= 3


def test_what_happens_beyond_the_wall_is_no_news(cast, desk, clock):
    row = Story(cast).reported().work_order
    clock.shift(30 * SECOND)
    url = asked(desk.get("/queue"), [row])
    clock.shift(10 * SECOND)
    Story(cast, now=NOW + 35 * SECOND).reported(by=cast.foreign_store, site=cast.desert, asset=None)
    assert desk.get(url).status_code == 204


def test_after_a_minute_the_times_are_told_anew(cast, desk, clock):
    row = Story(cast).reported().work_order
    first = desk.get(asked(desk.get("/queue"), [row]))
    clock.shift(61 * SECOND)
    assert f"<tr id=r{row.pk} " in told(desk.get(asked(first, [row])))


def test_what_moves_into_the_view_is_announced_and_what_only_moves_up_is_not(cast, desk, clock):
    here, later = (Story(cast).ready().work_order, Story(cast).reported(asset=None).work_order)
    page = desk.get("/queue?status=ready")
    page = desk.get(asked(page, [here]))
    clock.shift(10 * SECOND)
    lifecycle.triage(later, by=cast.second_fm, now=NOW + 5 * SECOND)
    page = desk.get(asked(page, [here]))
    assert page.context["come"] == "1"
    assert 'hx-get="/queue?status=ready"' in told(page)


def test_a_row_that_went_out_of_sight_is_taken_away_and_foreign_rows_never_come(cast, desk, clock):
    row = Story(cast).reported().work_order
    foreign = Story(cast).reported(by=cast.foreign_store, site=cast.desert, asset=None).work_order
    url = asked(desk.get("/queue"), [row, foreign])
    page = told(desk.get(url))
    assert f'data-gone="r{foreign.pk}"' in page
    assert f"<tr id=r{foreign.pk} " not in page
    assert foreign.number not in page


def test_how_many_rows_does_not_change_how_many_queries(cast, desk, clock):
    row = Story(cast).offered().work_order
    url = asked(desk.get("/queue"), [row])
    clock.shift(61 * SECOND)
    with CaptureQueriesContext(connection) as few:
        desk.get(url)
    for copy in range(20):
        row.pk, row.number = None, f"WO-8{copy:05}"
        row._state.adding = True
        row.save(force_insert=True)
    url = asked(desk.get("/queue"), WorkOrder.objects.all())
    clock.shift(61 * SECOND)
    with CaptureQueriesContext(connection) as many:
        page = desk.get(url)
    assert len(page.context["lines"]) == 21
    assert len(many) <= len(few) <= 10


@pytest.mark.parametrize("query", ["since=x&asked=-1&told=", "asked=2026-07-14", "rows=a.b-1.2&groups=zebra"])
def test_a_question_that_nobody_asked_is_answered(desk, query):
    assert desk.get(f"/queue/news?{query}").status_code in (200, 204)


# What stands beside the list, views, groups


def move(client, row, name, **answers):
    return client.post(
        f"/work-orders/{row.number}/do/{name}",
        {"operation": f"key-{name}-{row.pk}", "version": row.version, **answers},
        headers={"HX-Request": "true", "HX-Target": "queue-peek"},
    )  # fmt: skip


def test_after_a_move_the_next_row_stands_beside_the_list(cast, desk):
    one, two = (Story(cast).reported(asset=None, title=f"Number {word}").work_order for word in ("one", "two"))
    page = told(move(desk, one, "triage", next=two.number))
    assert f'data-number="{two.number}"' in page
    assert f"<tr id=r{one.pk} data-v=2>" in page
    last = told(move(desk, two, "triage", next=""))
    assert f'data-number="{two.number}"' in last


def test_a_next_row_that_is_not_ones_own_is_not_shown(cast, desk):
    row = Story(cast).reported().work_order
    foreign = Story(cast).reported(by=cast.foreign_store, site=cast.desert, asset=None, title="Zebra").work_order
    page = told(move(desk, row, "triage", next=foreign.number))
    assert "Zebra" not in page
    assert f'data-number="{row.number}"' in page


def test_whoever_is_too_late_reads_what_happened_above_the_row_as_it_is(cast, desk):
    row = Story(cast).reported().work_order
    lifecycle.triage(row, by=cast.second_fm, now=NOW)
    answer = move(desk, row, "triage")
    assert answer.status_code == 409
    assert told(answer).index("This has changed meanwhile.") < told(answer).index("Ready to dispatch</span>")


def test_a_form_beside_the_list_comes_back_there(cast, desk):
    row = Story(cast).reported().work_order
    answer = move(desk, row, "cancel", reason="")
    assert answer.status_code == 422
    assert 'hx-target="#queue-peek"' in told(answer)


def test_history_and_the_last_recommendation_stand_beside_the_request(cast, desk, clock):
    done = Story(cast).completed().work_order
    WorkOrder.objects.filter(pk=done.pk).update(recommendation="Replace the gasket of door 2")
    clock.shift(timedelta(hours=6))
    row = Story(cast, now=NOW + timedelta(hours=6)).reported().work_order
    page = told(desk.get(f"/queue/peek/{row.number}", headers={"HX-Request": "true"}))
    assert "Replace the gasket of door 2" in page


def test_work_whose_clock_stands_still_has_a_group_of_its_own(cast, desk):
    row, late = Story(cast).on_hold().work_order, Story(cast).reported(asset=None).work_order
    why = reason(Under.HOLD, "Waiting for parts", pauses=["completion"])
    WorkOrder.objects.filter(pk=row.pk).update(due_at=NOW - timedelta(hours=2), held_at=NOW, hold_reason=why)
    WorkOrder.objects.filter(pk=late.pk).update(due_at=NOW - timedelta(hours=1))
    page = desk.get("/queue")
    assert [(group.name, [line.pk for line in group.lines]) for group in page.context["groups"]] == [
        ("overdue", [late.pk]), ("paused", [row.pk])
    ]  # fmt: skip
    assert (page.context["counts"]["group:overdue"], page.context["counts"]["group:paused"]) == (1, 1)


def test_what_is_paused_or_done_is_not_overdue(cast, desk):
    held, late = Story(cast).on_hold().work_order, Story(cast).reported(asset=None).work_order
    done = Story(cast, facts={"asset": None, "trade": cast.plumbing, "problem_type": cast.leak}).completed().work_order
    why = reason(Under.HOLD, "Waiting for parts", pauses=["completion"])
    WorkOrder.objects.filter(pk=held.pk).update(held_at=NOW, hold_reason=why)
    WorkOrder.objects.update(due_at=NOW - timedelta(hours=1))
    page = desk.get("/queue")
    assert [(group.name, [line.pk for line in group.lines]) for group in page.context["groups"]] == [
        ("overdue", [late.pk]), ("paused", [held.pk]), ("done", [done.pk])
    ]  # fmt: skip
    counts = page.context["counts"]
    assert [counts[f"group:{name}"] for name in ("overdue", "paused", "done")] == [1, 1, 1]
    assert [line.pk for line in desk.get("/queue?due=overdue").context["page"].lines] == [late.pk]
    assert list(WorkOrder.objects.overdue(NOW)) == [late]


def test_sorted_by_cost_the_rows_say_what_waiting_costs(cast, desk):
    row = Story(cast).reported().work_order
    WorkOrder.objects.filter(pk=row.pk).update(cost_per_hour_amount=120)
    page = told(desk.get("/queue?sort=cost"))
    assert 'aria-sort="descending">Waiting costs' in page
    assert "$120/h" in page
    assert "/queue.csv?sort=cost" in page


def test_a_view_keeps_how_it_is_sorted_and_can_take_other_filters(cast, desk):
    desk.post("/queue/views", {"name": "Dear", "query": "status=new&sort=cost&after=x&wo=WO-1"})
    view = SavedView.objects.get()
    assert view.query == "sort=cost&status=new"
    tabs = {tab.name: tab.current for tab in desk.get("/queue?status=new&sort=cost").context["tabs"]}
    assert tabs["Dear"]
    assert not tabs["Needs triage"]
    assert {tab.name for tab in desk.get("/queue?status=new").context["tabs"] if tab.current} == {"Needs triage"}
    desk.post(f"/queue/views/{view.pk}", {"name": "Dear", "query": "priority=1&before=y"})
    view.refresh_from_db()
    assert view.query == "priority=1"


def test_own_views_stand_before_those_of_others(cast, desk):
    SavedView.objects.create(owner=cast.foreign_fm, name="A shared one", is_shared=True)
    SavedView.objects.create(owner=cast.fm, name="Z of mine")
    names = [tab.name for tab in desk.get("/queue").context["tabs"]]
    assert names[-2:] == ["Z of mine", "A shared one"]
