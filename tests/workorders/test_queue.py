"""The queue at the desk: what it shows, how it pages, what can be done from it, and how few queries it takes."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories.clock import NOW
from tests.factories.workorders import Story, reason
from tests.pages import told
from workorders import lifecycle
from workorders.models import SavedView, Status, Under, WorkOrder

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def at_nine():
    """Pages read the clock: every story happens on the morning of the cast."""
    with time_machine.travel(NOW, tick=False):
        yield


def due(row, at):
    WorkOrder.objects.filter(pk=row.pk).update(due_at=at)


def queries_of(client, path):
    with CaptureQueriesContext(
        connection,
    ) as asked:
        page = client.get(path)
    assert page.status_code == 200
    return len(asked), page


def test_new_work_of_the_region_is_in_the_queue_and_other_regions_are_not(cast, desk):
    here = Story(cast).reported().work_order
    there = (
        Story(cast)
        .reported(by=cast.foreign_store, site=cast.desert, asset=None, description="Zebra word of the desert")
        .work_order
    )
    page = told(desk.get("/queue"))
    assert here.number in page
    assert there.number not in page
    assert "1 work order" in page


def test_a_store_manager_has_no_queue(cast, enter):
    assert enter(cast.store).get("/queue").status_code == 403


def test_rows_stand_under_headings_by_due_time(cast, desk):
    late, soon, later = (Story(cast).reported(asset=None).work_order for _ in range(3))
    due(late, NOW - HOUR)
    due(soon, NOW + HOUR)
    due(later, NOW + timedelta(days=20))
    page = told(desk.get("/queue"))
    places = [page.index(word) for word in ("Overdue</span>", late.number, "Due in the next 4 hours", soon.number)]
    assert places == sorted(places)
    assert page.index("Later</span>") < page.rindex(later.number)


def test_a_row_on_hold_shows_what_was_left_when_its_clock_stopped(cast, desk):
    row = Story(cast).on_hold().work_order
    why = reason(Under.HOLD, "Waiting for parts", pauses=["completion"])
    WorkOrder.objects.filter(pk=row.pk).update(due_at=NOW + HOUR, held_at=NOW - HOUR, hold_reason=why)
    assert "Paused, 2 h left" in told(desk.get("/queue?view=all"))


def test_pages_follow_each_other_without_gap_or_repeat_and_back_again(cast, desk):
    rows = [Story(cast).reported(asset=None).work_order for _ in range(3)]
    WorkOrder.objects.filter(pk=rows[0].pk).update(due_at=NOW + HOUR)
    first = rows[0]
    for copy in range(57):
        first.pk, first.number = None, f"WO-9{copy:05}"
        first.due_at = NOW + (copy // 3) * HOUR
        first._state.adding = True
        first.save(force_insert=True)
    for sort in ("due", "priority", "cost"):
        seen, query = [], f"?sort={sort}"
        while query:
            response = desk.get(f"/queue{query}")
            seen += [line.pk for line in response.context["page"].lines]
            query, last = response.context["next"], response
        assert len(seen) == len(set(seen)) == 60
        back = desk.get(f"/queue{last.context['previous']}")
        assert [line.pk for line in back.context["page"].lines] == seen[:50]


def test_a_key_that_nobody_made_is_the_first_page(cast, desk):
    row = Story(cast).reported().work_order
    assert row.number in told(desk.get("/queue?after=yesterday~x"))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=new", True), ("status=ready", False), ("priority=1", False), ("priority=3", True),
        ("site=m-114", True), ("site=hilltop", True), ("site=M-201", False), ("vendor=cascade", False),
        ("q=walk-in", True), ("q=WARM", True), ("q=volcano", False), ("kind=reactive", True), ("kind=project", False),
        ("status=nonsense", True), ("trade=abc", True), ("declined=true", False),
    ],
)  # fmt: skip
def test_a_filter_in_the_address_narrows_the_queue(cast, desk, query, found):
    row = Story(cast).reported().work_order
    assert (row.pk in [line.pk for line in desk.get(f"/queue?{query}").context["page"].lines]) == found


def test_region_and_trade_can_be_asked_for_and_are_named(cast, desk):
    row = Story(cast).reported().work_order
    page = desk.get(f"/queue?region={cast.north.pk}&trade={cast.refrigeration.pk}")
    assert [line.pk for line in page.context["page"].lines] == [row.pk]
    assert {(tag.label, tag.value) for tag in page.context["tags"]} == {
        ("Region", "North"), ("Trade", "Refrigeration")
    }  # fmt: skip
    foreign = desk.get(f"/queue?region={cast.south.pk}")
    assert foreign.context["page"].lines == []
    assert "South" not in told(foreign)


def test_a_number_finds_its_work_order(cast, desk):
    one, two = Story(cast).reported().work_order, Story(cast).reported(asset=None).work_order
    page = desk.get(f"/queue?q={int(one.number.removeprefix('WO-'))}")
    assert [line.number for line in page.context["page"].lines] == [one.number]
    assert two.number not in [line.number for line in page.context["page"].lines]


def test_work_that_is_over_is_found_by_its_status(cast, desk):
    row = Story(cast).canceled().work_order
    assert desk.get("/queue").context["page"].lines == []
    assert [line.pk for line in desk.get("/queue?status=canceled").context["page"].lines] == [row.pk]


def test_one_row_and_fifty_take_the_same_few_queries_and_little_html(cast, desk):
    row = Story(cast).offered().work_order
    desk.get("/queue")
    few, _ = queries_of(desk, "/queue")
    for copy in range(49):
        row.pk, row.number = None, f"WO-8{copy:05}"
        row._state.adding = True
        row.save(force_insert=True)
    many, page = queries_of(desk, "/queue")
    assert few == many <= 6
    html = told(page)
    rows = html[html.index("<tbody>") : html.index("</tbody>")]
    assert rows.count("<tr id=") == 50
    assert len(rows.encode()) < 25 * 1024


def test_a_row_that_may_be_a_duplicate_says_so_until_it_is_clear(cast, desk):
    first = Story(cast).reported().work_order
    second = Story(cast).reported().work_order
    rows = {line.pk: line.may_repeat for line in desk.get("/queue").context["page"].lines}
    assert rows == {first.pk: False, second.pk: True}
    assert f"<b data-tone=wait>Duplicate?</b> · {second.number}" in told(desk.get("/queue"))
    # Nothing is left to merge once the other is over, or once this one has gone out.
    WorkOrder.objects.filter(pk=second.pk).update(status=Status.OFFERED)
    assert "Duplicate?" not in told(desk.get("/queue"))
    WorkOrder.objects.filter(pk=second.pk).update(status=Status.NEW)
    lifecycle.cancel(first, by=cast.fm, now=NOW, reason="Works again")
    assert "Duplicate?" not in told(desk.get("/queue"))


def test_fifty_rows_that_may_all_be_duplicates_stay_small(cast, desk):
    Story(cast).reported()
    row = Story(cast).reported().work_order
    found = row.screenings.get(step="duplicate")
    for copy in range(49):
        row.pk, row.number = None, f"WO-7{copy:05}"
        row._state.adding = True
        row.save(force_insert=True)
        found.pk, found.work_order = None, row
        found._state.adding = True
        found.save(force_insert=True)
    html = told(desk.get("/queue"))
    rows = html[html.index("<tbody>") : html.index("</tbody>")]
    assert rows.count("Duplicate?") >= 49
    assert len(rows.encode()) < 25 * 1024


def test_the_empty_queue_and_the_search_without_match_say_so(desk):
    assert "No open work" in told(desk.get("/queue"))
    assert "Nothing to triage" in told(desk.get("/queue?status=new"))
    assert "Nothing matches" in told(desk.get("/queue?q=volcano"))


def test_the_rows_alone_are_answered_to_htmx(cast, desk):
    Story(cast).reported()
    part = told(desk.get("/queue", headers={"HX-Request": "true", "HX-Target": "queue-results"}))
    assert part.lstrip().startswith("<form")
    assert "<html" not in part


# Saved views


def test_a_view_is_saved_shared_renamed_and_deleted(cast, desk, enter):
    desk.post("/queue/views", {"name": "Cold chain", "query": "priority=1&status=new&after=x", "is_shared": "on"})
    view = SavedView.objects.get()
    assert (view.owner, view.query) == (cast.fm, "priority=1&status=new")
    assert "Cold chain" in told(enter(cast.foreign_fm).get("/queue"))
    assert enter(cast.foreign_fm).post(f"/queue/views/{view.pk}", {"delete": "1"}).status_code == 403
    desk.post(f"/queue/views/{view.pk}", {"name": "Cold", "query": view.query})
    assert "Cold" not in told(enter(cast.foreign_fm).get("/queue"))
    assert enter(cast.foreign_fm).get(f"/queue/views/{view.pk}").status_code == 404
    desk.post(f"/queue/views/{view.pk}", {"delete": "1"})
    assert not SavedView.objects.exists()


def test_two_views_of_one_name_are_refused_in_words(desk):
    for _ in range(2):
        answer = desk.post("/queue/views", {"name": "Mine", "query": ""})
    assert answer.status_code == 422
    assert "You have a view of that name." in told(answer)


# Preview and triage


def test_the_preview_shows_checks_and_the_best_vendor(cast, desk):
    assert cast.cascade
    row = Story(cast).reported().work_order
    part = told(desk.get(f"/queue/peek/{row.number}", headers={"HX-Request": "true"}))
    assert "Checked for you" in part
    assert "Accept and offer to Cascade Refrigeration" in part
    assert desk.get(f"/queue/peek/{row.number}").url == f"/queue?wo={row.number}"
    assert "Checked for you" in told(desk.get(f"/queue?wo={row.number}"))


def test_a_foreign_work_order_has_no_preview(cast, enter):
    row = Story(cast).reported().work_order
    foreign = enter(cast.foreign_fm)
    assert foreign.get(f"/queue/peek/{row.number}", headers={"HX-Request": "true"}).status_code == 404
    assert foreign.get(f"/queue?wo={row.number}").status_code == 404


def test_accepting_from_the_preview_shows_it_as_it_is_now_and_the_row_anew(cast, desk):
    row = Story(cast).reported().work_order
    answer = desk.post(
        f"/work-orders/{row.number}/do/triage", {"operation": "key-for-triage", "version": row.version},
        headers={"HX-Request": "true", "HX-Target": "queue-peek"},
    )  # fmt: skip
    page = told(answer)
    assert answer.status_code == 200
    assert "Ready to dispatch" in page
    row.refresh_from_db()
    assert f"<template data-news><table><tbody><tr id=r{row.pk} data-v={row.version}>" in page
    assert row.status == Status.READY


# Several at once


def test_several_rows_are_accepted_each_by_itself(cast, desk):
    rows = [Story(cast).reported(asset=None).work_order for _ in range(2)]
    done = Story(cast).ready().work_order
    chosen = {"do": "triage", "wo": [row.pk for row in [*rows, done]], "operation": "bulk-key-1", "here": "/queue"}
    page = told(desk.post("/queue/bulk", chosen))
    assert "2 of 3 done" in page
    assert "no longer possible" in page
    assert "2 of 3 done" in told(desk.post("/queue/bulk", chosen))
    assert [row.events.filter(verb="workorder.triaged").count() for row in rows] == [1, 1]


def test_a_hold_of_several_asks_why_first(cast, desk):
    rows = [Story(cast).reported(asset=None).work_order for _ in range(2)]
    why = reason(Under.HOLD, "Weather")
    chosen = {"do": "hold", "wo": [row.pk for row in rows], "operation": "bulk-key-2"}
    assert "Weather" in told(desk.post("/queue/bulk", chosen))
    assert desk.post("/queue/bulk", {**chosen, "ready": "1"}).status_code == 422
    assert "2 of 2 done" in told(desk.post("/queue/bulk", {**chosen, "ready": "1", "reason": why.pk}))
    assert set(WorkOrder.objects.values_list("status", flat=True)) == {Status.ON_HOLD}


def test_rows_out_of_sight_are_not_moved(cast, enter):
    row = Story(cast).reported().work_order
    enter(cast.foreign_fm).post("/queue/bulk", {"do": "triage", "wo": [row.pk], "operation": "bulk-key-3"})
    row.refresh_from_db()
    assert row.status == Status.NEW


def test_who_only_reads_moves_nothing(cast, enter):
    row = Story(cast).reported().work_order
    page = told(enter(cast.auditor).post("/queue/bulk", {"do": "triage", "wo": [row.pk], "operation": "bulk-key-4"}))
    assert "0 of 1 done" in page


# New work, and the file


def test_new_work_is_announced_and_nothing_is_moved(cast, desk):
    since = desk.get("/queue").context["news_url"]
    assert "new" not in told(desk.get(since)).replace("queue/news", "").replace("queue-news", "")
    Story(cast, now=NOW + HOUR).reported()
    assert "1 new" in told(desk.get(since))


def test_the_export_holds_what_the_view_shows_and_no_formula(cast, desk, enter):
    row = Story(cast).reported(title="=HYPERLINK(1)").work_order
    Story(cast).reported(asset=None, description="Something else", title="Other").ready()
    answer = desk.post("/queue.csv?status=new")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert len(lines) == 2
    assert lines[1].startswith(f"{row.number},P3,'=HYPERLINK(1),New,M-114")
    assert enter(cast.district).post("/queue.csv").status_code == 403
