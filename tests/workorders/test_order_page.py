"""One work order at the desk: its page, its moves with and without script, offers, and what was shown."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from tests.factories.bills import submitted
from tests.factories.clock import NOW
from tests.factories.workorders import Story, papers, photo, reason
from tests.pages import told
from workorders import conversation, lifecycle, visits
from workorders.models import Audience, Move, Status, Under, WorkOrder
from workorders.views.deeds import DEEDS

LATER = NOW + timedelta(hours=6)
PAGES = [deed for deed in DEEDS.values() if deed.name not in ("say", "unmerge", "make_recall")]
"""Deeds with a page of their own; what makes a recall is told in test_recalls.py."""


@pytest.fixture(autouse=True)
def in_the_afternoon():
    """Pages read the clock: they are looked at after the stories have happened."""
    with time_machine.travel(LATER, tick=False):
        yield


def do(client, row, name, **answers):
    key = answers.pop("operation", f"key-of-{name}-{row.pk}")
    return client.post(f"/work-orders/{row.number}/do/{name}", {"operation": key, "version": row.version, **answers})


@pytest.mark.parametrize("status", Status.values)
def test_the_page_shows_every_status_in_few_queries(cast, desk, status):
    row = Story(cast).at(status).work_order
    desk.get("/queue")
    with CaptureQueriesContext(connection) as asked:
        page = desk.get(f"/work-orders/{row.number}")
    assert page.status_code == 200
    assert row.title in told(page)
    assert len(asked) <= 13, "\n".join(query["sql"][:150] for query in asked)


@pytest.mark.parametrize("status", Status.values)
def test_the_buttons_are_those_of_the_table_of_moves(cast, desk, enter, status):
    row = Story(cast).at(status).work_order
    page = told(desk.get(f"/work-orders/{row.number}"))
    possible = set(lifecycle.available_moves(row, cast.fm))
    # A merge is prepared on a page of its own, and undone from the notice that tells of it (test_merging.py).
    pages = {"merge": f'href="/work-orders/{row.number}/merge"'}
    for deed in DEEDS.values():
        if deed.move is not None and deed.name != "unmerge":
            button = pages.get(deed.name, f'popovertarget="d-{deed.name}"')
            assert (button in page) == (deed.move in possible), deed.name
    assert 'popovertarget="d-' not in told(enter(cast.auditor).get(f"/work-orders/{row.number}"))


def test_out_of_sight_there_is_no_page_and_no_move(cast, enter):
    row = Story(cast).ready().work_order
    foreign = enter(cast.foreign_fm)
    for path in ("", "/vendors", "/sheet", "/do/hold"):
        assert foreign.get(f"/work-orders/{row.number}{path}").status_code == 404
    assert do(foreign, row, "cancel", reason="No").status_code == 404
    assert enter(cast.dispatcher).get(f"/work-orders/{row.number}").status_code == 403


def test_a_long_history_costs_no_more_queries_and_is_shown_from_its_end(cast, desk):
    row = Story(cast).reported().work_order
    for number in range(60):
        conversation.say(row, body=f"message {number:02}", audience=Audience.INTERNAL, by=cast.fm,
                         now=NOW + timedelta(minutes=number))  # fmt: skip
    page = told(desk.get(f"/work-orders/{row.number}"))
    assert "message 59" in page
    assert "message 05" not in page
    assert "Show earlier" in page
    assert "message 05" in told(desk.get(f"/work-orders/{row.number}?all=1"))


# Moves


def test_a_request_is_accepted_and_corrected(cast, desk):
    row = Story(cast).reported().work_order
    answer = do(desk, row, "triage", priority="2", priority_reason="Stock is warm", asset=cast.cooler.tag)
    assert answer.url == f"/work-orders/{row.number}"
    row.refresh_from_db()
    assert (row.status, row.priority) == (Status.READY, 2)


def test_a_priority_without_a_reason_comes_back_with_the_answers(cast, desk):
    row = Story(cast).reported().work_order
    answer = do(desk, row, "priority", priority="1", reason="")
    assert answer.status_code == 422
    assert "Say why the priority changes." in told(answer)
    assert '<option value="1" selected>' in told(answer)


def test_what_somebody_else_changed_meanwhile_is_told_and_nothing_is_done(cast, desk):
    row = Story(cast).reported().work_order
    lifecycle.triage(row, by=cast.fm, now=NOW)
    answer = do(desk, row, "cancel", reason="Not needed")
    assert answer.status_code == 409
    assert "Ready to dispatch" in told(answer)
    assert WorkOrder.objects.get(pk=row.pk).status == Status.READY


def test_the_same_form_twice_acts_once(cast, desk):
    row = Story(cast).ready().work_order
    why = reason(Under.HOLD, "Weather")
    first, second = (do(desk, row, "hold", reason=why.pk, note="Storm") for _ in range(2))
    assert first.url == second.url
    assert row.events.filter(verb="workorder.held").count() == 1


def test_a_hold_with_a_time_takes_the_clock_of_the_site(cast, desk):
    row = Story(cast).ready().work_order
    do(desk, row, "hold", reason=reason(Under.HOLD, "Access").pk, until_at="2026-07-15T09:00")
    row.refresh_from_db()
    assert row.hold_until_at.isoformat() == "2026-07-15T16:00:00+00:00"
    assert "On hold: Access" in told(desk.get(f"/work-orders/{row.number}"))
    do(desk, row, "resume")
    row.refresh_from_db()
    assert row.status == Status.READY


def test_a_duplicate_is_merged_into_the_one_that_stays(cast, desk):
    stays, goes = Story(cast).reported().work_order, Story(cast).reported().work_order
    asked = told(desk.get(f"/work-orders/{goes.number}/do/merge"))
    assert stays.number in asked
    assert "and 1 watcher move to the work order that stays." in asked
    assert do(desk, goes, "merge", into="WO-999999").status_code == 422
    assert do(desk, goes, "merge", into=stays.number).url == f"/work-orders/{stays.number}"
    goes.refresh_from_db()
    assert goes.merged_into == stays


def test_facilities_sends_work_back_and_confirms_it(cast, desk):
    story = Story(cast).completed()
    assert do(desk, story.work_order, "reject", reason="").status_code == 422
    do(desk, story.work_order, "reject", reason="Still warm")
    assert story.fresh().work_order.status == Status.SCHEDULED
    other = Story(cast).completed().work_order
    unrated = do(desk, other, "verify", comment="Fine")
    assert unrated.status_code == 422
    assert "Choose 1 to 5; 5 is best." in told(unrated)
    assert do(desk, other, "verify", rating="2").status_code == 422
    do(desk, other, "verify", rating="2", comment="Left a mess")
    other.refresh_from_db()
    assert (other.status, other.rating) == (Status.VERIFIED, 2)


def test_an_appointment_is_moved_and_the_job_is_taken_back(cast, desk):
    story = Story(cast).scheduled()
    first = story.work_order.first_appointment_at
    do(desk, story.work_order, "reschedule", start_at="2026-07-16T10:00", window="120", reason="Store asked")
    row = story.fresh().work_order
    assert row.scheduled_start_at.isoformat() == "2026-07-16T17:00:00+00:00"
    assert row.first_appointment_at == first
    do(desk, row, "reassign", reason="Too late for us")
    assert story.fresh().work_order.status == Status.READY


def test_money_is_set_within_the_limit_only(cast, desk):
    row = Story(cast).ready().work_order
    over = do(desk, row, "authorize", amount="9000", operation="key-of-too-much")
    assert over.status_code == 422
    assert "Your limit is $5,000.00" in told(over)
    do(desk, row, "authorize", amount="800")
    assert "$800.00" in told(desk.get(f"/work-orders/{row.number}"))


def test_finance_closes_what_has_nothing_to_bill(cast, enter):
    row = Story(cast).verified().work_order
    assert Move.CLOSE in lifecycle.available_moves(row, cast.finance)
    do(enter(cast.finance), row, "close", not_billable_reason="Warranty")
    row.refresh_from_db()
    assert row.status == Status.CLOSED


def test_work_that_fails_again_is_called_back(cast, desk):
    row = Story(cast).verified().work_order
    answer = do(desk, row, "recall", reason="Warm again")
    assert answer.url != f"/work-orders/{row.number}"
    assert WorkOrder.objects.get(recall_of=row).kind == "recall"


def test_who_may_not_is_refused(cast, enter):
    row = Story(cast).ready().work_order
    assert do(enter(cast.auditor), row, "cancel", reason="No").status_code == 403
    assert do(enter(cast.auditor), row, "nothing").status_code == 404


# Messages


def test_a_message_goes_to_its_readers_and_comes_back_in_its_place(cast, desk, enter):
    row = Story(cast).scheduled().work_order
    answer = desk.post(
        f"/work-orders/{row.number}/do/say",
        {"operation": "key-of-saying", "body": "Zircon for us alone", "audience": "internal"},
        headers={"HX-Request": "true", "HX-Target": "wo-activity"},
    )
    assert "Zircon" in told(answer)
    assert told(answer).lstrip().startswith("<section")
    assert do(desk, row, "say", body="", audience="internal").status_code == 422
    assert do(desk, row, "say", body="Hello", audience="nobody").status_code == 422
    do(desk, row, "say", body="Photo for you", audience="everyone", photos=photo(), operation="key-of-a-photo")
    assert row.attachments.count() == 1


def kinds(page):
    return {entry.kind for entry in page.context["entries"]}


def test_the_activity_shows_all_or_only_what_was_said_or_done(cast, desk):
    row = Story(cast).ready().work_order
    here = f"/work-orders/{row.number}"
    assert "Nobody has written yet." in told(desk.get(f"{here}?show=messages"))
    do(desk, row, "say", body="Is the door closed?", audience="internal")
    assert kinds(desk.get(here)) == {"event", "message"}
    assert kinds(desk.get(f"{here}?show=messages")) == {"message"}
    assert kinds(desk.get(f"{here}?show=changes")) == {"event"}
    assert kinds(desk.get(f"{here}?show=nonsense")) == {"event", "message"}
    page = told(desk.get(f"{here}?show=messages"))
    assert f'href="{here}#wo-activity"' in page
    assert f'href="{here}?show=changes#wo-activity"' in page
    part = desk.get(f"{here}?show=changes", headers={"HX-Request": "true", "HX-Target": "wo-activity"})
    assert told(part).lstrip().startswith("<section")
    assert kinds(part) == {"event"}


def test_who_has_written_sees_it_whatever_was_shown(cast, desk):
    row = Story(cast).ready().work_order
    here = f"/work-orders/{row.number}"
    answer = desk.post(
        f"{here}/do/say", {"operation": "key-of-words", "body": "On our way", "audience": "internal"},
        headers={"HX-Request": "true", "HX-Target": "wo-activity", "Referer": f"http://testserver{here}?show=changes"},
    )  # fmt: skip
    assert "On our way" in told(answer)
    assert answer["HX-Replace-Url"] == here


def test_earlier_activity_is_asked_for_in_the_same_view(cast, desk):
    row = Story(cast).ready().work_order
    for number in range(51):
        conversation.say(row, body=f"Word {number}", audience=Audience.INTERNAL, by=cast.fm, now=NOW)
    page = told(desk.get(f"/work-orders/{row.number}?show=messages"))
    assert "all=1&amp;show=messages#wo-activity" in page
    assert "Word 0<" not in page
    assert "Word 0<" in told(desk.get(f"/work-orders/{row.number}?show=messages&all=1"))


def test_whoever_is_called_in_a_message_stands_out_and_nothing_else_does(cast, desk):
    row = Story(cast).ready().work_order
    body = f"@{cast.auditor.name} and @{cast.admin.email}: call @Nobody <b>now</b>"
    comment = conversation.say(row, body=body, audience=Audience.INTERNAL, by=cast.fm, now=NOW)
    assert set(comment.calls) == {f"@{cast.auditor.name}", f"@{cast.admin.email}"}
    page = told(desk.get(f"/work-orders/{row.number}"))
    for name in comment.calls:
        assert f'<strong class="tone" data-tone="accent">{name}</strong>' in page
    assert "call @Nobody &lt;b&gt;now&lt;/b&gt;" in page


def test_what_was_sent_with_a_message_stands_with_it_and_opens_in_the_viewer(cast, desk, enter):
    row = Story(cast).ready().work_order
    secret, shown = (
        conversation.say(row, body=body, audience=audience, by=cast.fm, now=NOW, photos=[photo(name)])
        for body, audience, name in (
            ("For us", Audience.INTERNAL, "ledger.jpg"), ("For the store", Audience.STORE, "door.jpg"),
        )
    )  # fmt: skip
    page = told(desk.get(f"/work-orders/{row.number}"))
    for comment in (secret, shown):
        one = comment.attachments.get()
        message = page.partition(comment.body)[2].partition("</article>")[0]
        assert f'href="/work-orders/{row.number}/files/{one.pk}"' in message
        assert desk.get(f"/work-orders/{row.number}/files/{one.pk}").status_code == 200
    # The request shows what came with the request.
    request = page.partition('id="h-req"')[2].partition("</section>")[0]
    assert "/files/" not in request
    store = told(enter(cast.store).get(f"/requests/{row.number}"))
    assert f"/attachments/{shown.attachments.get().pk}" in store
    assert f"/attachments/{secret.attachments.get().pk}" not in store


def test_a_question_reaches_the_store(cast, desk):
    row = Story(cast).reported().work_order
    do(desk, row, "ask", body="Which door?", audience="store")
    assert row.comments.get().audience == Audience.STORE


def test_people_watch_and_stop_watching(cast, desk):
    row = Story(cast).reported().work_order
    do(desk, row, "watch")
    assert row.watchers.filter(user=cast.fm).exists()
    assert "Stop watching" in told(desk.get(f"/work-orders/{row.number}"))
    do(desk, row, "unwatch")
    assert not row.watchers.filter(user=cast.fm).exists()


# Who goes


def test_every_vendor_is_shown_with_its_checks_and_parts(cast, desk):
    assert cast.cascade
    assert cast.summit
    row = Story(cast).ready().work_order
    page = told(desk.get(f"/work-orders/{row.number}/vendors"))
    assert "Best match" in page
    assert "Summit Mechanical" in page
    assert "How the score comes about" in page
    part = told(desk.get(f"/work-orders/{row.number}/vendors",
                         headers={"HX-Request": "true", "HX-Target": "vendor-recs"}))  # fmt: skip
    assert part.lstrip().startswith("<section")


def offer(client, row, vendor, **answers):
    key = answers.pop("operation", f"key-of-offer-{vendor.pk}")
    given = {"operation": key, "version": row.version, "vendor": vendor.pk, **answers}
    return client.post(f"/work-orders/{row.number}/offer", given)


def test_an_offer_needs_no_script_and_keeps_what_was_shown(cast, desk):
    row = Story(cast).ready().work_order
    assert offer(desk, row, cast.cascade, nte_amount="450", message="Ring the bell").status_code == 302
    made = row.offers.get()
    assert (made.vendor, made.authorized_amount, made.message) == (cast.cascade, 450, "Ring the bell")
    shown = told(desk.get(f"/work-orders/{row.number}/offers/{made.pk}"))
    assert "Cascade Refrigeration" in shown
    page = told(desk.get(f"/work-orders/{row.number}"))
    assert "Waiting for an answer" in page
    withdraw = f"/work-orders/{row.number}/offers/{made.pk}/withdraw"
    assert desk.post(withdraw, {"operation": "key-of-withdrawal"}).status_code == 302
    assert WorkOrder.objects.get(pk=row.pk).status == Status.READY


def test_what_is_new_is_accepted_with_the_offer(cast, desk):
    row = Story(cast).reported().work_order
    offer(desk, row, cast.cascade, nte_amount="450")
    row.refresh_from_db()
    assert row.status == Status.OFFERED
    assert row.triaged_at == LATER


def test_a_vendor_that_fails_a_check_needs_a_reason(cast, desk):
    cast.summit.capacity_open_jobs = 0
    cast.summit.save()
    row = Story(cast).ready().work_order
    answer = offer(desk, row, cast.summit, nte_amount="300")
    assert answer.status_code == 422
    assert "Say why to send them all the same" in told(answer)
    assert 'value="300"' in told(answer)
    assert not row.offers.exists()


def test_an_offer_over_the_limit_comes_back_and_nothing_is_kept(cast, desk):
    row = Story(cast).reported().work_order
    answer = offer(desk, row, cast.cascade, nte_amount="90000")
    assert answer.status_code == 422
    said = "Your limit is $5,000.00. Ask somebody with a higher limit."
    assert answer.context["form"].errors["nte_amount"] == [said]
    row.refresh_from_db()
    assert row.status == Status.NEW


@pytest.mark.parametrize("deed", PAGES)
def test_the_page_of_a_deed_is_called_by_its_title_in_the_crumbs_too(cast, desk, deed):
    page = told(desk.get(f"/work-orders/{Story(cast).ready().work_order.number}/do/{deed.name}"))
    title = str(escape(deed.title))
    assert f"<h1>{title}</h1>" in page
    assert f'aria-current="page">{title}' in page


def test_the_sheet_prints_the_job(cast, desk):
    row = Story(cast).scheduled().work_order
    page = told(desk.get(f"/work-orders/{row.number}/sheet"))
    assert "Technician" in page
    assert "Code that opens this work order" in page
    # Paper is read on another day than it is printed.
    for what in ("Printed ", "<dt>Due</dt><dd><b>"):
        assert re.search(what + r"<time[^>]*>\w{3} \d+ \w{3} \d{4}, \d\d:\d\d PDT</time>", page)


# On behalf of a site, and what waits for approval


def test_the_desk_reports_for_a_site(cast, desk):
    given = {"operation": "key-of-new", "site": "m-114", "trade": cast.refrigeration.pk,
             "problem_type": cast.too_warm.pk, "asset": "rf-114-02", "description": "Warm since six",
             "kind": "reactive", "working": "down", "nte_amount": "300"}  # fmt: skip
    assert cast.hilltop
    assert cast.cooler
    answer = desk.post("/work-orders/new", given)
    row = WorkOrder.objects.get()
    assert answer.url == f"/work-orders/{row.number}"
    assert (row.source, row.asset, row.authorized_amount) == ("desk", cast.cooler, 300)


def test_a_likely_duplicate_is_shown_before_it_is_made(cast, desk):
    known = Story(cast).reported().work_order
    given = {"operation": "key-of-twice", "site": "M-114", "trade": cast.refrigeration.pk, "asset": "RF-114-02",
             "description": "Warm", "kind": "reactive", "working": "working"}  # fmt: skip
    page = desk.post("/work-orders/new", given)
    assert page.status_code == 200
    assert known.number in told(page)
    checked = page.context["form"].data["checked"]
    desk.post("/work-orders/new", {**given, "checked": checked, "different_because": "The other door"})
    assert WorkOrder.objects.count() == 2


def test_a_report_with_faults_keeps_its_answers(cast, desk):
    given = {"operation": "key-of-faults", "site": "M-201", "trade": "", "description": "Kept words"}
    assert cast.desert
    page = desk.post("/work-orders/new", given)
    assert page.status_code == 422
    assert "Kept words" in told(page)
    assert "No site of yours has this code" in told(page)


def test_nothing_waits_for_approval_at_first(cast, desk, enter):
    assert "Nothing waits for you" in told(desk.get("/approvals"))
    assert enter(cast.store).get("/approvals").status_code == 403


def test_a_bill_waits_under_approvals_until_it_is_decided(cast, enter):
    story = Story(cast)
    invoice = submitted(story)
    finance = enter(cast.finance)
    waiting = told(finance.get("/approvals"))
    assert f"Invoice CR-1001, {story.work_order.title}" in waiting
    assert "$170.00" in waiting
    assert f"/invoices/{invoice.pk}" in waiting
    assert "Nothing waits for you" in told(enter(cast.foreign_fm).get("/approvals"))
    given = {"operation": "key-of-approval", "revision": str(invoice.revision), "reason": "Agreed"}
    assert finance.post(f"/invoices/{invoice.pk}/approve", given).status_code == 302
    assert "Nothing waits for you" in told(finance.get("/approvals"))
    assert f"/invoices/{invoice.pk}" in told(finance.get(f"/work-orders/{story.work_order.number}"))


def test_the_page_leads_with_one_target_and_to_places_equipment_and_vendor(cast, desk):
    story = Story(cast).scheduled()
    page = told(desk.get(f"/work-orders/{story.work_order.number}"))
    for path in ("/sites/M-114", "/assets/RF-114-02", "/vendors/CASC"):
        assert f'href="{path}"' in page
    assert page.split("</header>")[1].count("sla-c") <= 1


def test_a_message_takes_files_along(cast, desk):
    row = Story(cast).reported().work_order
    page = told(desk.get(f"/work-orders/{row.number}"))
    assert '<input class="in in-sm in-a" type="file" multiple name="photos"' in page
    given = {
        "operation": "key-of-files",
        "body": "See the photo",
        "audience": "internal",
        "photos": [photo("door.jpg")],
    }
    assert desk.post(f"/work-orders/{row.number}/do/say", given).status_code == 302
    assert row.attachments.count() == 1


def test_what_was_recommended_becomes_new_work_in_one_click(cast, desk):
    story = Story(cast).on_site()
    visits.document(
        story.work_order, by=cast.technician, now=story.later(), **papers() | {"recommendation": "Replace the door"}
    )
    page = f"/work-orders/{story.work_order.number}"
    assert "Make follow-up" not in told(desk.get(page)), "not before the work is done"
    conversation.attach(
        story.work_order, upload=photo(), kind="after", by=cast.technician, now=story.later(), visit=story.visit
    )
    visits.check_out(story.visit, by=cast.technician, now=story.later(), outcome="resolved")
    assert "do/follow_up" in told(desk.get(page))
    answer = do(desk, story.work_order, "follow_up")
    made = WorkOrder.objects.get(follows=story.work_order)
    assert answer.url == f"/work-orders/{made.number}"
    assert made.description == "Replace the door"
    again = do(desk, story.work_order, "follow_up", operation="another-key")
    assert again.status_code == 409
    assert made.number in told(again)


def test_a_new_work_order_suggests_own_sites_and_their_units(cast, desk):
    assert cast.hilltop and cast.harbor and cast.desert and cast.cooler
    page = told(desk.get("/work-orders/new"))
    assert 'list="new-sites"' in page
    assert '<option value="M-114">Tacoma Hilltop</option>' in page
    assert "Desert" not in page
    assert told(desk.get("/work-orders/suggest", {"site": "harb"})).count("<option") == 1
    units = told(desk.get("/work-orders/suggest", {"site": "m-114", "asset": "walk"}))
    assert '<option value="RF-114-02">Walk-in cooler 2</option>' in units
    assert "RF-114-02" not in told(desk.get("/work-orders/suggest", {"site": "M-115", "asset": ""}))
    assert "option" not in told(desk.get("/work-orders/suggest", {"site": "Tucson", "asset": ""}))
