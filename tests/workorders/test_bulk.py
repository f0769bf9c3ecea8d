"""One move for many rows of the queue: each row by itself, and each that was refused says why."""

from decimal import Decimal

import pytest
import time_machine

from tests.factories.clock import NOW
from tests.factories.workorders import Story, reason
from tests.pages import told
from workorders import ownership
from workorders.models import Offer, Status, Under, WorkOrder
from workorders.refusals import Incomplete, NotAllowed, NotNow
from workorders.views.bulk import MOST_AT_ONCE


@pytest.fixture(autouse=True)
def at_nine():
    with time_machine.travel(NOW, tick=False):
        yield


def send(client, do, rows, **answers):
    chosen = {"do": do, "wo": [row.pk for row in rows], "operation": f"bulk-key-of-{do}", "here": "/queue", **answers}
    return client.post("/queue/bulk", chosen)


def reported(cast, **facts):
    return Story(cast).reported(asset=None, **facts).work_order


def test_each_goes_to_its_best_vendor_or_says_why_not(cast, desk):
    assert cast.cascade
    rows = [reported(cast), reported(cast)]
    gone = Story(cast).canceled().work_order
    assert "Not to exceed" in told(send(desk, "offer", [*rows, gone]))
    page = told(send(desk, "offer", [*rows, gone], ready="1", nte_amount="450.00"))
    assert "Offer to best: 2 of 3 done" in page
    assert page.count("Offered to Cascade Refrigeration") == 2
    assert page.index("no longer possible") < page.index("Offered to")
    assert {offer.authorized_amount for offer in Offer.objects.all()} == {Decimal("450.00")}


def test_an_offer_without_an_amount_is_refused_row_by_row(cast, desk):
    assert cast.cascade
    row = reported(cast)
    page = told(send(desk, "offer", [row], ready="1"))
    assert "0 of 1 done" in page
    assert "Say what it may cost at most" in page
    row.refresh_from_db()
    assert row.status == Status.NEW  # one row is one transaction: it was not accepted either


def test_without_a_vendor_that_may_go_the_row_says_so(cast, desk):
    page = told(send(desk, "offer", [reported(cast)], ready="1", nte_amount="450"))
    assert "No vendor qualifies" in page


def test_several_become_one_and_the_oldest_stays_unless_another_is_chosen(cast, desk):
    first, second, third = (reported(cast) for _ in range(3))
    elsewhere = Story(cast).reported(by=cast.sibling_store, site=cast.harbor, asset=None).work_order
    asked = told(send(desk, "merge", [third, second, first, elsewhere]))
    assert f'value="{first.pk}"' in asked[: asked.index("checked")]
    page = told(send(desk, "merge", [third, second, first, elsewhere], ready="1", into=first.pk))
    assert "3 of 4 done" in page
    assert "is at another site" in page
    assert set(WorkOrder.objects.filter(merged_into=first)) == {second, third}


def test_several_are_given_to_one_who_looks_after_them(cast, desk):
    rows = [reported(cast), reported(cast)]
    asked = told(send(desk, "assign", rows))
    assert f'<option value="{cast.fm.pk}" selected>' in asked
    assert cast.foreign_fm.name not in asked
    assert send(desk, "assign", rows, ready="1", owner=cast.foreign_fm.pk).status_code == 422
    assert "2 of 2 done" in told(send(desk, "assign", rows, ready="1", owner=cast.fm.pk))
    assert set(WorkOrder.objects.values_list("owner", flat=True)) == {cast.fm.pk}
    mine = desk.get("/queue?owner=me").context["page"].lines
    assert {line.pk for line in mine} == {row.pk for row in rows}
    assert desk.get("/queue?owner=none").context["page"].lines == []


def test_priority_and_resume_reach_every_row_they_can(cast, desk):
    rows = [reported(cast), Story(cast).on_hold().work_order]
    page = told(send(desk, "priority", rows, ready="1", priority="1", reason="Audit tomorrow"))
    assert "2 of 2 done" in page
    page = told(send(desk, "resume", rows))
    assert "1 of 2 done" in page
    assert "Ready to dispatch" in page


def test_the_whole_view_can_be_moved_not_only_what_is_shown(cast, desk):
    rows = [reported(cast) for _ in range(2)]
    other = Story(cast).ready().work_order
    page = told(send(desk, "triage", rows[:1], whole="1", here="/queue?status=new"))
    assert "2 of 2 done" in page
    assert other.number not in page


def test_more_than_one_move_takes_are_left_alone(cast, desk):
    assert MOST_AT_ONCE == 500
    first = reported(cast)
    pks = [*range(first.pk + 1, first.pk + 1 + MOST_AT_ONCE), first.pk]
    answer = desk.post("/queue/bulk", {"do": "triage", "wo": pks, "operation": "bulk-key-many"})
    assert answer.status_code == 302
    first.refresh_from_db()
    assert first.status == Status.NEW


def test_nonsense_among_the_rows_is_passed_over(cast, desk):
    row = reported(cast)
    answer = desk.post("/queue/bulk", {"do": "triage", "wo": ["x", row.pk, "9" * 30], "operation": "bulk-key-odd"})
    assert "1 of 1 done" in told(answer)
    assert desk.post("/queue/bulk", {"do": "explode", "wo": [row.pk], "operation": "bulk-key-odd2"}).status_code == 302


def test_only_moves_that_the_role_allows_are_offered(cast, enter, desk):
    reported(cast)
    assert 'value="offer"' in told(desk.get("/queue"))
    assert 'value="offer"' not in told(enter(cast.auditor).get("/queue"))


# Who looks after it


def test_an_owner_must_be_able_to_act_there(cast):
    row = reported(cast)
    with pytest.raises(Incomplete, match="does not look after"):
        ownership.assign(row, owner=cast.foreign_fm, by=cast.fm, now=NOW)
    with pytest.raises(NotAllowed):
        ownership.assign(row, owner=cast.fm, by=cast.auditor, now=NOW)
    done = ownership.assign(row, owner=cast.fm, by=cast.fm, now=NOW, version=row.version)
    assert done.version == row.version + 1
    with pytest.raises(NotNow):
        ownership.assign(row, owner=None, by=cast.fm, now=NOW, version=row.version)
    again = ownership.assign(done, owner=cast.fm, by=cast.fm, now=NOW)
    assert again.version == done.version
    assert row.events.filter(verb="workorder.assigned").count() == 1
    canceled = Story(cast).canceled().work_order
    with pytest.raises(NotNow):
        ownership.assign(canceled, owner=cast.fm, by=cast.fm, now=NOW)


def test_the_page_and_the_preview_name_the_owner(cast, desk):
    row = reported(cast)
    answer = desk.post(f"/work-orders/{row.number}/do/assign", {"operation": "key-of-owner", "owner": cast.fm.pk})
    assert answer.status_code == 302
    page = told(desk.get(f"/work-orders/{row.number}"))
    assert f"<dt>Owner</dt><dd>{cast.fm.name}" in page
    assert f"gave it to {cast.fm.name} to look after" in page
    peek = told(desk.get(f"/queue/peek/{row.number}", headers={"HX-Request": "true"}))
    assert f"{cast.fm.name} looks after it" in peek


def test_a_hold_refuses_the_rows_that_cannot_wait(cast, desk):
    waiting, offered = reported(cast), Story(cast).offered().work_order
    why = reason(Under.HOLD, "Weather")
    page = told(send(desk, "hold", [waiting, offered], ready="1", reason=why.pk))
    assert "1 of 2 done" in page
    assert "1 not done." in page
