"""The calendar feed: whose visits it shows, how its secret is kept, and when it shows nothing any more."""

from __future__ import annotations

import logging
import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from icalendar import Calendar

from accounts import people
from accounts.keys import KeysHidden
from accounts.models import Membership
from accounts.once import fresh_key
from tests.factories.clock import HOUSE, NOW
from tests.factories.workorders import Story
from workorders import conversation, feeds, lifecycle, offers, visits
from workorders.models import Audience, CalendarFeed


@pytest.fixture(autouse=True)
def present():
    with time_machine.travel(NOW + timedelta(minutes=30)):
        yield


def path_of(key: str) -> str:
    return reverse("workorders:calendar_feed", args=[key])


def read(person, client: Client | None = None) -> list[dict[str, str]]:
    """What a calendar without any session reads for `person`: one dictionary per visit."""
    key = feeds.make(by=person, now=NOW)
    page = (client or Client()).get(path_of(key))
    assert page.status_code == 200
    assert page["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(page.content)
    return [{name.lower(): str(value) for name, value in entry.items()} for entry in calendar.walk("VEVENT")]


def numbers(person) -> set[str]:
    return {entry["description"].partition(",")[0] for entry in read(person)}


class TestWhoseVisits:
    def test_a_technician_reads_the_own_the_dispatcher_the_companys(self, cast):
        mine = Story(cast).scheduled(cast.technician).work_order
        theirs = Story(cast).scheduled(cast.colleague).work_order
        assert numbers(cast.technician) == {mine.number}
        assert numbers(cast.colleague) == {theirs.number}
        assert numbers(cast.dispatcher) == {mine.number, theirs.number}
        assert numbers(cast.rival) == set()

    def test_a_store_reads_its_sites_and_facilities_its_regions(self, cast):
        row = Story(cast).scheduled().work_order
        for person in (cast.store, cast.fm, cast.district, cast.admin):
            assert numbers(person) == {row.number}
        for person in (cast.sibling_store, cast.foreign_store, cast.foreign_fm):
            assert numbers(person) == set()

    def test_an_entry_says_when_where_and_what_and_leads_to_the_own_page(self, cast):
        row = Story(cast, facts={"access_note": "Code 4711 at the back door"}).scheduled().work_order
        (entry,) = read(cast.technician)
        assert entry["summary"] == f"M-114 {row.title}, Tess Technician"
        assert "100 Main Street" in entry["location"]
        assert entry["url"].endswith(f"/jobs/{row.number}")
        assert read(cast.store)[0]["url"].endswith(f"/requests/{row.number}")
        assert read(cast.fm)[0]["url"].endswith(f"/work-orders/{row.number}")
        assert not [words for words in entry.values() if "4711" in words]

    def test_commas_lines_and_long_words_of_a_title_stay_one_entry(self, cast):
        title = "Door; bent, torn\nBEGIN:VEVENT " + "x" * 90
        Story(cast, facts={"title": title}).scheduled()
        (entry,) = read(cast.dispatcher)
        assert "x" * 90 in entry["summary"]

    def test_a_visit_without_a_time_is_in_no_calendar(self, cast):
        story = Story(cast).on_site()
        visits.check_out(story.visit, by=cast.technician, now=story.later(), outcome="return_needed", note="Two people")
        assert len(read(cast.dispatcher)) == 1

    def test_after_a_reassignment_neither_company_reads_the_others_visit(self, cast):
        story = Story(cast).on_site()
        visits.check_out(story.visit, by=cast.technician, now=story.later(), outcome="return_needed", note="Two people")
        lifecycle.reassign(story.fresh().work_order, by=cast.fm, now=story.later(), reason="Too slow")
        again = Story(cast, now=story.now, row=story.fresh().work_order).offered(cast.summit)
        offers.accept(
            again.offer, by=cast.rival, now=again.later(), start_at=again.now + timedelta(hours=2),
            end_at=again.now + timedelta(hours=3), technician=cast.rival_technician,
        )  # fmt: skip
        assert read(cast.dispatcher) == []
        (entry,) = read(cast.rival)
        assert "Tess" not in str(entry)
        assert len(read(cast.fm)) == 2

    def test_a_technician_who_is_relieved_reads_it_no_more(self, cast):
        story = Story(cast).scheduled(cast.technician)
        visits.assign(story.visit, technician=cast.colleague, by=cast.dispatcher, now=story.later())
        assert read(cast.technician) == []
        assert len(read(cast.colleague)) == 1


class TestAddress:
    def test_it_is_shown_once_and_only_its_hash_is_kept(self, cast, enter):
        client = enter(cast.technician)
        assert "You have none yet" in client.get("/calendar").content.decode()
        page = client.post("/calendar/new", {"operation": fresh_key()})
        (address,) = re.findall(r'value="(http[^"]+\.ics)"', page.content.decode())
        key = address.rpartition("/")[2].removesuffix(".ics")
        assert Client().get(path_of(key)).status_code == 200
        assert key not in client.get("/calendar").content.decode()
        assert key not in str(CalendarFeed.objects.values_list())
        with connection.cursor() as cursor:
            cursor.execute("SELECT string_agg(data::text, '') FROM accounts_logevent")
            assert key not in str(cursor.fetchone())

    def test_a_new_address_ends_the_one_before_and_switching_off_ends_it_all(self, cast, enter):
        old, new = feeds.make(by=cast.technician, now=NOW), feeds.make(by=cast.technician, now=NOW)
        assert (Client().get(path_of(old)).status_code, Client().get(path_of(new)).status_code) == (404, 200)
        assert enter(cast.technician).post("/calendar/stop", {"operation": fresh_key()}).status_code == 302
        assert Client().get(path_of(new)).status_code == 404

    def test_pressing_twice_makes_one(self, cast, enter):
        client, given = enter(cast.technician), {"operation": fresh_key()}
        assert client.post("/calendar/new", given).status_code == 200
        assert client.post("/calendar/new", given).status_code == 302
        assert CalendarFeed.objects.count() == 1

    def test_a_form_without_its_key_says_so(self, cast, enter):
        page = enter(cast.technician).post("/calendar/new", {})
        assert page.status_code == 422
        assert not CalendarFeed.objects.exists()

    def test_with_the_role_or_the_account_the_feed_ends_at_once(self, cast):
        key = feeds.make(by=cast.technician, now=NOW)
        people.end(membership=Membership.objects.get(user=cast.technician), by=HOUSE, now=NOW)
        assert Client().get(path_of(key)).status_code == 404
        other = feeds.make(by=cast.store, now=NOW)
        type(cast.store).objects.filter(pk=cast.store.pk).update(is_active=False)
        assert Client().get(path_of(other)).status_code == 404

    @pytest.mark.parametrize("key", ["x" * 43, "x", "%00", "é"])
    def test_a_wrong_address_is_a_missing_page(self, db, key):
        assert Client().get(f"/calendar/feed/{key}.ics").status_code == 404

    def test_its_secret_is_in_no_log(self, caplog, db):
        key = "k" * 43
        with caplog.at_level(logging.DEBUG), caplog.filtering(KeysHidden()):
            Client().get(path_of(key))
        lines = [record.getMessage() for record in caplog.records]
        assert [line for line in lines if "/calendar/feed/" in line]
        assert not [line for line in lines if key in line]


class TestReading:
    def test_looking_changes_nothing_and_head_is_answered(self, cast):
        Story(cast).scheduled()
        path = path_of(feeds.make(by=cast.technician, now=NOW))
        with CaptureQueriesContext(connection) as asked:
            assert Client().get(path).status_code == 200
        assert not [one for one in asked if not one["sql"].lstrip().upper().startswith("SELECT")]
        assert Client().head(path).status_code == 200
        assert Client().post(path).status_code == 405

    def test_what_has_not_changed_is_not_sent_again(self, cast):
        story = Story(cast).scheduled()
        path = path_of(feeds.make(by=cast.technician, now=NOW))
        first = Client().get(path)
        again = Client().get(path, headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        visits.reschedule(
            story.work_order, start_at=story.now + timedelta(hours=5), end_at=story.now + timedelta(hours=6),
            reason="Part", by=cast.dispatcher, now=story.later(),
        )  # fmt: skip
        assert Client().get(path, headers={"If-None-Match": first["ETag"]}).status_code == 200

    def test_what_is_said_among_others_changes_no_byte_of_a_vendors_feed(self, cast):
        story = Story(cast).scheduled()
        path = path_of(feeds.make(by=cast.dispatcher, now=NOW))
        before = Client().get(path)
        conversation.say(
            story.work_order, body="Watch their price", audience=Audience.INTERNAL, by=cast.fm, now=story.later()
        )
        lifecycle.set_priority(story.fresh().work_order, by=cast.fm, now=story.later(), priority=1, reason="Stock")
        assert Client().get(path)["ETag"] == before["ETag"]

    def test_one_visit_or_many_cost_the_same(self, cast):
        path = path_of(feeds.make(by=cast.dispatcher, now=NOW))
        Story(cast).scheduled()
        with CaptureQueriesContext(connection) as one:
            Client().get(path)
        for _ in range(4):
            Story(cast).scheduled()
        with CaptureQueriesContext(connection) as many:
            Client().get(path)
        assert len(one) == len(many) <= 8
