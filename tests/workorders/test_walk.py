"""From one work order to the next: the way through the queue that a page was opened from."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories.clock import NOW
from tests.factories.workorders import Story
from tests.pages import told
from workorders.models import Status, WorkOrder

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def at_nine():
    """Pages read the clock: every story happens on the morning of the cast."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def four(cast):
    """Four pieces of work, due one hour after the other, and one that another view holds."""
    rows = [Story(cast).reported(asset=None).work_order for _ in range(4)]
    rows.append(Story(cast).ready().work_order)
    for hours, row in enumerate(rows, 1):
        WorkOrder.objects.filter(pk=row.pk).update(due_at=NOW + hours * HOUR)
    return rows


def opened(client, row, query):
    """The page as it opens from the row of a queue, after the redirect that puts the way into its address."""
    answer = client.get(f"/work-orders/{row.number}", headers={"Referer": f"http://testserver/queue?{query}"})
    assert answer.status_code == 302
    return client.get(answer.url)


def test_a_page_opened_from_the_queue_knows_its_neighbors_in_that_view(desk, four):
    page = opened(desk, four[1], "status=new&wo=WO-1")
    way = page.context["way"]
    assert way.said == "2 of 4"
    assert (way.previous.number, way.next.number) == (four[0].number, four[2].number)
    assert "2 of 4" in told(page)
    last = desk.get(desk.get(way.next.url).context["way"].next.url).context["way"]
    assert (last.said, last.previous.number, last.next) == ("4 of 4", four[2].number, None)


def test_the_order_of_the_queue_is_the_order_of_the_way(desk, four):
    WorkOrder.objects.filter(pk=four[3].pk).update(cost_per_hour_amount=300)
    WorkOrder.objects.filter(pk=four[0].pk).update(cost_per_hour_amount=200)
    way = opened(desk, four[0], "sort=cost&status=new").context["way"]
    assert (way.said, way.previous.number) == ("2 of 4", four[3].number)


def test_the_way_leads_back_to_the_row_in_its_view(desk, four):
    back = opened(desk, four[2], "status=new&sort=priority&after=x").context["way"].back
    assert back == f"/queue?sort=priority&status=new&wo={four[2].number}#r{four[2].pk}"
    assert [line.pk for line in desk.get(back).context["page"].lines] == [row.pk for row in four[:4]]


def test_far_down_the_way_leads_back_to_a_page_that_shows_the_row(desk, four):
    row = four[0]
    for copy in range(70):
        row.pk, row.number = None, f"WO-9{copy:05}"
        row.due_at = NOW + timedelta(days=1) + copy * HOUR
        row._state.adding = True
        row.save(force_insert=True)
    page = opened(desk, row, "")
    assert page.context["way"].said == "75 of 75"
    lines = desk.get(page.context["way"].back).context["page"].lines
    assert [line.number for line in lines][-1] == row.number
    assert len(lines) == 21


def test_an_act_keeps_to_the_way_and_what_was_next_stays_next(desk, four):
    page = opened(desk, four[1], "status=new")
    address = page.request["PATH_INFO"] + "?" + page.request["QUERY_STRING"]
    answer = desk.post(
        f"/work-orders/{four[1].number}/do/triage", {"operation": "key-of-triage"},
        headers={"Referer": f"http://testserver{address}"},
    )  # fmt: skip
    assert answer.url == address
    way = desk.get(answer.url).context["way"]
    assert way.said == "Out of this view, 3 left"
    assert (way.previous.number, way.next.number) == (four[0].number, four[2].number)
    # A page of its own keeps it too, when answers must be corrected.
    form = told(desk.get(f"/work-orders/{four[1].number}/do/priority?{urlsplit(address).query}"))
    assert "/do/priority?in=status%3Dnew&amp;at=" in form


def test_without_a_queue_there_is_no_way(desk, four):
    for referer in ("", "http://testserver/", "http://elsewhere.example/queue?status=new"):
        page = desk.get(f"/work-orders/{four[0].number}", headers={"Referer": referer} if referer else {})
        assert page.status_code == 200
        assert page.context["way"] is None


def test_a_way_that_nobody_made_is_walked_as_far_as_it_goes(desk, four):
    page = desk.get(f"/work-orders/{four[0].number}?in=status%3Dnonsense%26sort%3Dx&at=yesterday~now")
    assert page.status_code == 200
    assert (page.context["way"].said, page.context["way"].next.number) == ("1 of 5", four[1].number)


def test_work_that_is_over_is_walked_from_the_newest(cast, desk):
    rows = [Story(cast).canceled().work_order for _ in range(3)]
    way = opened(desk, rows[1], "status=canceled").context["way"]
    assert (way.said, way.previous.number, way.next.number) == ("2 of 3", rows[2].number, rows[0].number)


def test_out_of_sight_nothing_is_next(cast, enter, four):
    there = Story(cast).reported(by=cast.foreign_store, site=cast.desert, asset=None, description="Far away").work_order
    foreign = enter(cast.foreign_fm)
    way = opened(foreign, there, "status=new").context["way"]
    assert (way.said, way.previous, way.next) == ("1 of 1", None, None)
    gone = foreign.get(f"/work-orders/{four[0].number}", headers={"Referer": "http://testserver/queue"})
    assert gone.status_code == 404


def test_the_way_costs_no_query_more(desk, four):
    plain = f"/work-orders/{four[1].number}"
    desk.get(plain)
    way = urlsplit(opened(desk, four[1], "status=new").wsgi_request.get_full_path())
    assert parse_qs(way.query)["in"] == ["status=new"]
    counts = []
    for address in (plain, way.geturl()):
        with CaptureQueriesContext(connection) as asked:
            assert desk.get(address).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert not any("OFFSET" in query["sql"] for query in asked)


def test_the_end_of_a_view_says_so(desk, four):
    WorkOrder.objects.filter(pk__in=[row.pk for row in four[:4]]).update(status=Status.READY)
    page = desk.get(f"/work-orders/{four[0].number}?in=status%3Dnew&at=")
    assert page.context["way"].said == "Out of this view, none left"
