"""What a store manager sees and does: report, follow, confirm, send back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from accounts.once import fresh_key
from tests.cast import Cast
from tests.factories.clock import NOW
from tests.factories.workorders import Story, photo, reason
from workorders import conversation, lifecycle
from workorders.models import (
    Attachment,
    AttachmentKind,
    Audience,
    Event,
    Status,
    Under,
    WorkOrder,
)

pytestmark = pytest.mark.django_db

Enter = Callable[[User], Client]


@pytest.fixture(autouse=True)
def in_july(time_machine: Any) -> None:
    """Pages read the clock: it stands at the present of the stories."""
    time_machine.move_to(NOW + timedelta(days=1), tick=False)


def said(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


# Who gets in


@pytest.mark.parametrize("page", ["/store", "/requests", "/report"])
def test_store_pages_are_for_stores_and_district_managers(cast: Cast, enter: Enter, page: str) -> None:
    allowed = {Role.STORE_MANAGER, Role.DISTRICT_MANAGER}
    for role, person in cast.of_every_role().items():
        assert enter(person).get(page).status_code == (200 if role in allowed else 403), role


@pytest.mark.parametrize("page", ["/store", "/requests", "/report", "/equipment"])
def test_who_is_not_signed_in_is_sent_to_sign_in(client: Client, page: str) -> None:
    response = client.get(page)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


def test_a_request_is_seen_by_its_store_and_district_and_by_no_other_store(cast: Cast, enter: Enter) -> None:
    row = Story(cast).reported().work_order
    assert enter(cast.store).get(f"/requests/{row.number}").status_code == 200
    assert enter(cast.district).get(f"/requests/{row.number}").status_code == 200
    for other in (cast.sibling_store, cast.foreign_store):
        assert enter(other).get(f"/requests/{row.number}").status_code == 404
        assert row.number not in said(enter(other).get("/requests?show=all"))
        assert row.title not in said(enter(other).get("/store"))


@pytest.mark.parametrize("act", ["messages", "worse", "cancel", "confirm", "reject", "recall"])
def test_no_other_store_can_act_on_a_request_and_nothing_acts_on_get(cast: Cast, enter: Enter, act: str) -> None:
    row = Story(cast).completed().work_order
    given = {"operation": fresh_key(), "reason": "x", "body": "x", "audience": "store", "reject-reason": "x"}
    assert enter(cast.sibling_store).post(f"/requests/{row.number}/{act}", given).status_code == 404
    assert enter(cast.foreign_store).post(f"/requests/{row.number}/{act}", given).status_code == 404
    assert enter(cast.store).get(f"/requests/{row.number}/{act}").status_code == 405
    row.refresh_from_db()
    assert row.status == Status.COMPLETED


# Following


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_its_page_and_its_place_in_the_lists(cast: Cast, enter: Enter, status: str) -> None:
    row = Story(cast).at(status).work_order
    client = enter(cast.store)
    page = said(client.get(f"/requests/{row.number}"))
    assert row.title in page
    assert "$" not in page
    assert row.number in said(client.get("/requests?show=all"))
    assert (row.number in said(client.get("/requests?show=open"))) == row.is_open
    assert (row.number in said(client.get("/requests?show=done"))) == (not row.is_open)


def test_home_says_who_comes_and_what_needs_the_store(cast: Cast, enter: Enter) -> None:
    Story(cast).scheduled()
    done = Story(cast, facts={"asset": None, "trade": cast.plumbing, "problem_type": cast.leak}).completed().work_order
    page = said(enter(cast.store).get("/store"))
    assert "Tess from Cascade Refrigeration" in page
    assert f"Is it fixed? {done.title}" in page
    assert 'Needs you <span class="count">1</span>' in page


def test_home_of_a_new_store_has_only_the_call_to_action(cast: Cast, enter: Enter) -> None:
    page = said(enter(cast.store).get("/store"))
    assert "Report a problem" in page
    assert "Nothing open. All good" in page


def test_a_question_of_facilities_stands_on_the_home_page_and_is_answered_there(cast: Cast, enter: Enter) -> None:
    row = Story(cast).ready().work_order
    asked = reason(Under.HOLD, "information", needs_note=True)
    lifecycle.hold(row, by=cast.fm, now=NOW, reason=asked, note="Which fan is noisy?")
    client = enter(cast.store)
    assert "Which fan is noisy?" in said(client.get("/store"))
    client.post(
        f"/requests/{row.number}/messages", {"operation": fresh_key(), "audience": "store", "body": "The left one"}
    )
    assert row.comments.get().body == "The left one"
    home = said(client.get("/store"))
    assert "Needs you" not in home
    assert "Facilities has your answer" in home
    assert row.number not in said(client.get("/requests?show=yours"))
    assert "Your answer is below" in said(client.get(f"/requests/{row.number}"))


def test_what_facilities_writes_does_not_answer_its_own_question_and_a_new_one_is_asked_again(
    cast: Cast, enter: Enter
) -> None:
    row = Story(cast).ready().work_order
    asked = reason(Under.HOLD, "information", needs_note=True)
    lifecycle.hold(row, by=cast.fm, now=NOW, reason=asked, note="Which fan is noisy?")
    conversation.say(row, body="We wait", audience=Audience.STORE, by=cast.fm, now=NOW + timedelta(minutes=1))
    client = enter(cast.store)
    assert row.number in said(client.get("/requests?show=yours"))
    conversation.say(row, body="The left", audience=Audience.STORE, by=cast.store, now=NOW + timedelta(minutes=2))
    assert row.number not in said(client.get("/requests?show=yours"))
    row.refresh_from_db()
    lifecycle.resume(row, by=cast.fm, now=NOW + timedelta(minutes=3))
    lifecycle.hold(row, by=cast.fm, now=NOW + timedelta(minutes=4), reason=asked, note="And which filter?")
    assert "And which filter?" in said(client.get("/store"))


def test_a_store_reads_what_is_for_stores_and_nothing_else(cast: Cast, enter: Enter) -> None:
    row = Story(cast).scheduled().work_order
    for audience, words in (
        (Audience.INTERNAL, "inner words"), (Audience.VENDOR, "vendor words"), (Audience.STORE, "store words"),
        (Audience.EVERYONE, "open words"),
    ):  # fmt: skip
        conversation.say(row, body=words, audience=audience, by=cast.fm, now=NOW)
    page = said(enter(cast.store).get(f"/requests/{row.number}"))
    assert "store words" in page
    assert "open words" in page
    assert "inner words" not in page
    assert "vendor words" not in page


def test_a_message_with_a_photo_is_sent_once(cast: Cast, enter: Enter) -> None:
    row = Story(cast).scheduled().work_order
    client = enter(cast.store)
    key = fresh_key()
    for _ in range(2):
        given = {"operation": key, "audience": "everyone", "body": "Use the rear dock", "photos": [photo()]}
        assert client.post(f"/requests/{row.number}/messages", given).status_code == 302
    assert row.comments.get().attachments.count() == 1


def test_a_message_without_words_comes_back_with_its_fault(cast: Cast, enter: Enter) -> None:
    row = Story(cast).reported().work_order
    response = enter(cast.store).post(
        f"/requests/{row.number}/messages", {"operation": fresh_key(), "audience": "internal", "body": " "}
    )
    assert response.status_code == 422
    assert "Write a message." in said(response)
    assert not row.comments.exists()


def test_it_got_worse_is_told_from_the_page_of_the_request(cast: Cast, enter: Enter) -> None:
    row = Story(cast).scheduled().work_order
    client = enter(cast.store)
    assert client.post(f"/requests/{row.number}/worse", {"operation": fresh_key()}).status_code == 422
    given = {"operation": fresh_key(), "worse-words": "Now it smells", "worse-photos": [photo()]}
    assert client.post(f"/requests/{row.number}/worse", given).status_code == 302
    row.refresh_from_db()
    assert row.working == "down"
    assert Event.objects.filter(work_order=row, verb="workorder.got_worse", note="Now it smells").exists()


def test_a_new_request_can_be_taken_back_and_later_not(cast: Cast, enter: Enter) -> None:
    row = Story(cast).reported().work_order
    client = enter(cast.store)
    assert "Cancel this request" in said(client.get(f"/requests/{row.number}"))
    assert client.post(f"/requests/{row.number}/cancel", {"operation": fresh_key()}).status_code == 422
    given = {"operation": fresh_key(), "cancel-reason": "It works again", "cancel-version": row.version}
    assert client.post(f"/requests/{row.number}/cancel", given).status_code == 302
    row.refresh_from_db()
    assert row.status == Status.CANCELED
    other = Story(cast).ready().work_order
    assert "Cancel this request" not in said(client.get(f"/requests/{other.number}"))
    late = client.post(f"/requests/{other.number}/cancel", given | {"operation": fresh_key(), "cancel-version": ""})
    assert late.status_code == 409
    assert "Ready to dispatch" in said(late)


# Confirming


def test_the_store_confirms_with_a_rating(cast: Cast, enter: Enter) -> None:
    row = Story(cast).completed().work_order
    client = enter(cast.store)
    page = said(client.get(f"/requests/{row.number}"))
    assert "New door gasket" in page
    given = {"operation": fresh_key(), "rating": "4", "version": row.version}
    for _ in range(2):
        assert client.post(f"/requests/{row.number}/confirm", given).status_code == 302
    row.refresh_from_db()
    assert (row.status, row.rating) == (Status.VERIFIED, 4)
    assert Event.objects.filter(work_order=row, verb="workorder.verified").count() == 1


def test_a_confirmation_needs_a_rating_wherever_it_is_given(cast: Cast, enter: Enter) -> None:
    row = Story(cast).completed().work_order
    client = enter(cast.store)
    assert said(client.get("/store")).count('name="rating"') == 5
    response = client.post(f"/requests/{row.number}/confirm", {"operation": fresh_key(), "version": row.version})
    assert response.status_code == 422
    assert "Choose 1 to 5; 5 is best." in said(response)
    row.refresh_from_db()
    assert row.status == Status.COMPLETED


def test_a_low_rating_asks_why_and_keeps_the_answer(cast: Cast, enter: Enter) -> None:
    row = Story(cast).completed().work_order
    response = enter(cast.store).post(f"/requests/{row.number}/confirm", {"operation": fresh_key(), "rating": "2"})
    page = said(response)
    assert response.status_code == 422
    assert "Say what was not good." in page
    assert re.search(r'value="2"[^>]*checked', page)


def test_not_fixed_goes_back_with_its_reason(cast: Cast, enter: Enter) -> None:
    row = Story(cast).completed().work_order
    client = enter(cast.store)
    response = client.post(f"/requests/{row.number}/reject", {"operation": fresh_key()})
    assert response.status_code == 422
    assert "Say what is still wrong." in said(response)
    given = {"operation": fresh_key(), "reject-reason": "Still 52 degrees", "reject-version": row.version}
    assert client.post(f"/requests/{row.number}/reject", given).status_code == 302
    row.refresh_from_db()
    assert (row.status, row.rework_count) == (Status.SCHEDULED, 1)


def test_confirming_what_was_sent_back_meanwhile_is_too_late(cast: Cast, enter: Enter) -> None:
    row = Story(cast).completed().work_order
    lifecycle.reject(row, by=cast.fm, now=NOW + timedelta(hours=4), reason="Still warm")
    response = enter(cast.store).post(
        f"/requests/{row.number}/confirm", {"operation": fresh_key(), "version": row.version, "rating": "5"}
    )
    assert response.status_code == 409
    assert "Rework" in said(response)


def test_work_that_failed_again_becomes_a_recall(cast: Cast, enter: Enter) -> None:
    row = Story(cast).verified().work_order
    client = enter(cast.store)
    assert client.post(f"/requests/{row.number}/recall", {"operation": fresh_key()}).status_code == 422
    given = {"operation": fresh_key(), "recall-reason": "Warm again"}
    first, second = (client.post(f"/requests/{row.number}/recall", given) for _ in range(2))
    new = WorkOrder.objects.get(recall_of=row)
    assert first["Location"] == second["Location"] == f"/requests/{new.number}"


def test_what_was_done_long_ago_is_not_called_back(cast: Cast, enter: Enter, time_machine: Any) -> None:
    row = Story(cast).verified().work_order
    for days, offered in ((20, True), (31, False)):
        time_machine.move_to(NOW + timedelta(days=days), tick=False)
        assert ("It failed again" in said(enter(cast.store).get(f"/requests/{row.number}"))) == offered
        assert ("do/recall" in said(enter(cast.fm).get(f"/work-orders/{row.number}"))) == offered


# Photos


def test_a_photo_is_given_to_those_who_may_see_the_work(cast: Cast, enter: Enter) -> None:
    row = Story(cast).reported(photos=[photo()]).work_order
    url = reverse("workorders:attachment", args=[row.attachments.get().pk])
    response = enter(cast.store).get(url)
    assert response.status_code == 200
    assert response["Content-Type"] == "image/jpeg"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert b"".join(response.streaming_content).startswith(b"\xff\xd8")
    small = enter(cast.fm).get(f"{url}?thumb=1")
    assert small["Content-Type"] == "image/webp"
    assert b"WEBP" in b"".join(small.streaming_content)
    for other in (cast.sibling_store, cast.foreign_store, cast.foreign_fm, cast.rival):
        assert enter(other).get(url).status_code == 404


def test_a_photo_for_facilities_only_is_not_the_stores_to_see(cast: Cast, enter: Enter) -> None:
    row = Story(cast).reported().work_order
    inner = conversation.attach(
        row, upload=photo(), kind=AttachmentKind.DOCUMENT, by=cast.fm, now=NOW, audience=Audience.INTERNAL
    )
    assert Attachment.objects.get() == inner
    assert enter(cast.store).get(f"/attachments/{inner.pk}").status_code == 404


# How much is asked of the database


def grown(cast: Cast, count: int) -> None:
    for number in range(count):
        Story(
            cast, facts={"asset": None, "problem_type": None, "description": f"Trouble {number} of its own kind"}
        ).reported()


@pytest.mark.parametrize("page", ["/store", "/requests", "/requests?show=all&q=trouble"])
def test_lists_ask_as_much_for_many_rows_as_for_one(
    cast: Cast, enter: Enter, page: str, django_assert_max_num_queries: Any
) -> None:
    client = enter(cast.store)
    Story(cast, facts={"description": "The first trouble"}).scheduled()
    client.get(page)
    with django_assert_max_num_queries(8) as one:
        client.get(page)
    few = len(one)
    grown(cast, 12)
    Story(cast, facts={"asset": None, "trade": cast.plumbing, "problem_type": cast.leak}).scheduled()
    with django_assert_max_num_queries(few):
        client.get(page)


@pytest.mark.parametrize("status", [Status.NEW, Status.IN_PROGRESS, Status.COMPLETED, Status.VERIFIED])
def test_the_page_of_a_request_asks_eight_things_at_most(
    cast: Cast, enter: Enter, status: str, django_assert_max_num_queries: Any
) -> None:
    row = Story(cast).at(status).work_order
    client = enter(cast.store)
    client.get(f"/requests/{row.number}")
    for number in range(5):
        conversation.say(row, body=f"Message {number}", audience=Audience.STORE, by=cast.store, now=NOW)
        conversation.attach(row, upload=photo(), kind=AttachmentKind.PROBLEM, by=cast.store, now=NOW)
    with django_assert_max_num_queries(8):
        client.get(f"/requests/{row.number}")


def test_a_long_list_is_read_page_by_page(cast: Cast, enter: Enter) -> None:
    grown(cast, 27)
    client = enter(cast.store)
    newest_first = [row.number for row in WorkOrder.objects.order_by("-pk")]
    first = said(client.get("/requests?show=open"))
    assert newest_first[24] in first
    assert newest_first[25] not in first
    address = re.search(r'href="(\?[^"]*after=[^"]*)" rel="next"', first)
    assert address
    second = said(client.get("/requests" + address[1].replace("&amp;", "&")))
    assert newest_first[25] in second
    assert newest_first[24] not in second
    assert 'rel="prev"' in second
    assert 'rel="next"' not in second


def test_the_filter_finds_by_number_words_and_unit(cast: Cast, enter: Enter) -> None:
    row = Story(cast).reported(description="Ice on the coil").work_order
    grown(cast, 1)
    client = enter(cast.store)
    for query in (f"q={row.number.lower()}", "q=coil", f"unit={cast.cooler.tag}"):
        page = said(client.get(f"/requests?{query}"))
        assert row.number in page, query
        assert page.count('class="item job"') == 1, query
    assert "Nothing matches" in said(client.get("/requests?q=unicorn"))


def test_a_district_manager_narrows_the_list_to_one_store(cast: Cast, enter: Enter) -> None:
    here = Story(cast).reported().work_order
    there = Story(cast).reported(site=cast.harbor, asset=None, by=cast.district).work_order
    client = enter(cast.district)
    page = said(client.get(f"/requests?site={cast.harbor.code}"))
    assert there.number in page
    assert here.number not in page
