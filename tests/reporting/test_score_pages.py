"""A vendor's score on its pages: it moves with the work, opens to the very work, and tells nobody of anybody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.changes import Faulty, NotAllowed
from accounts.models import LogEvent, Notice
from accounts.once import fresh_key
from accounts.outbox import ledgers, settle
from assets.models import Priority
from reporting import drilldown, exclusions, facts, report_card, scorecards
from reporting.models import Exclusion, Reply, TouchedScore
from tests.factories.clock import NOW
from tests.factories.scores import Past
from tests.factories.vendors import VendorFactory
from tests.factories.workorders import Story
from tests.test_canaries import plain
from vendors.models import Scorecard, Vendor
from workorders import lifecycle
from workorders.models import SlaTarget

LATER = NOW + timedelta(days=1)


def text(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def card(vendor: Vendor, window: int = 90) -> Scorecard:
    return Scorecard.objects.select_related("trade").get(vendor=vendor, window_days=window)


def numbers(rows) -> list[str]:
    return sorted(row.work_order.number for row in rows)


@pytest.fixture
def past(cast) -> Past:
    """What Cascade did until now, in the eyes of pages, whose clock is the real one."""
    return Past(cast.cascade, cast.hilltop, cast.refrigeration, timezone.now())


def scored(past: Past) -> Scorecard:
    scorecards.score_vendors(now=past.now)
    return card(past.vendor)


# It moves


def test_a_verification_moves_the_number_and_the_list_behind_it_has_exactly_those_orders(cast):
    first = Story(cast).completed()
    scorecards.score_vendors(now=first.later())
    assert "rating" not in card(cast.cascade).parts
    settle(now=first.now, ledgers=ledgers())
    TouchedScore.objects.all().delete()

    lifecycle.verify(first.work_order, by=cast.store, now=first.later(), rating=3)
    settle(now=first.now, ledgers=ledgers())
    assert scorecards.score_touched(now=first.later()) == 1
    assert scorecards.score_touched(now=first.now) == 0
    rated = card(cast.cascade)
    assert rated.parts["rating"] == {"share": 0.5, "number": 1, "weight": 15}
    assert rated.score < 100
    opened = drilldown.opened(rated, "rating", by=cast.fm, asked={})
    assert (numbers(opened.rows), opened.rows[0].words) == ([first.work_order.number], "3 of 5")

    second = Story(cast, now=first.later(), facts={"asset": None, "site": cast.hilltop}).completed()
    lifecycle.verify(second.work_order, by=cast.store, now=second.later(), rating=5)
    settle(now=second.now, ledgers=ledgers())
    scorecards.score_touched(now=second.later())
    opened = drilldown.opened(card(cast.cascade), "rating", by=cast.fm, asked={})
    assert numbers(opened.rows) == sorted([first.work_order.number, second.work_order.number])
    assert card(cast.cascade).parts["rating"]["share"] == 0.75


def test_the_rows_behind_a_number_turn_their_pages_both_ways(cast, enter):
    past = Past(cast.cascade, cast.hilltop, cast.refrigeration, timezone.now())
    rows = [past.job(days=1 + place // 2, rating=1 + place % 5) for place in range(7)]
    found = scored(past)

    def page(link: str) -> drilldown.Opened:
        asked = dict(parse_qsl(link.removeprefix("?")))
        return drilldown.opened(found, "rating", by=cast.fm, asked=asked, size=3)

    first = page("")
    second = page(first.next)
    third = page(second.next)
    seen = [row.work_order.number for one in (first, second, third) for row in one.rows]
    assert sorted(seen) == sorted(row.number for row in rows)
    assert [len(one.rows) for one in (first, second, third)] == [3, 3, 1]
    assert (first.previous, third.next) == ("", "")
    assert page(third.previous).rows == second.rows
    back = page(second.previous)
    assert back.rows == first.rows
    assert back.previous == ""
    assert page(back.next).rows == second.rows
    less = page("?only=less&days=90")
    assert "only=less" in page(less.next).previous
    assert page("?after=nonsense").rows == first.rows


def test_both_pages_of_a_number_have_a_way_back(cast, enter):
    past = Past(cast.cascade, cast.hilltop, cast.refrigeration, timezone.now())
    for place in range(2 * drilldown.SIZE + 1):
        past.job(days=1 + place / 2)
    scored(past)
    for person, address in ((cast.fm, "/vendors/CASC/score/jobs"), (cast.dispatcher, "/company/score/jobs")):
        client = enter(person)
        following = re.search(r'href="([^"]*)" rel="next"', client.get(address).content.decode())[1]
        middle = client.get(address + unescape(following)).content.decode()
        assert 'rel="prev"' in middle
        assert 'rel="next"' in middle
        region = client.get(address + unescape(following), headers={"hx-request": "true", "hx-target": "score-rows"})
        assert region.content.decode().strip() in middle
        assert "<html" not in region.content.decode()
        back = re.search(r'href="([^"]*)" rel="prev"', middle)[1]
        first = client.get(address + unescape(back)).content.decode()
        assert 'rel="prev"' not in first
        assert 'rel="next"' in first


def test_a_repeat_spoils_the_older_repair_when_it_is_reported_and_no_longer_when_it_is_called_off(cast):
    first = Story(cast).completed()
    Past(cast.cascade, cast.desert, cast.refrigeration, first.now).job(days=1)
    now = first.now + timedelta(days=2)
    scorecards.score_vendors(now=now)
    settle(now=now, ledgers=ledgers())
    TouchedScore.objects.all().delete()
    assert card(cast.cascade).parts["first_time_fix"]["share"] == 1

    again = Story(cast, now=now + timedelta(hours=1)).reported()
    settle(now=again.now, ledgers=ledgers())
    assert list(TouchedScore.objects.values_list("vendor_id", "trade_id")) == [
        (cast.cascade.pk, cast.refrigeration.pk)
    ]  # fmt: skip
    scorecards.score_touched(now=again.later())
    spoiled = card(cast.cascade)
    assert spoiled.parts["first_time_fix"]["share"] == 0.5
    opened = drilldown.opened(spoiled, "first_time_fix", by=cast.admin, asked={"only": "less"})
    assert [row.words for row in opened.rows] == ["The same came back within 30 days"]
    assert numbers(opened.rows) == [first.work_order.number]

    lifecycle.cancel(again.work_order, by=cast.fm, now=again.later(), reason="Solved itself")
    settle(now=again.now, ledgers=ledgers())
    scorecards.score_touched(now=again.later())
    assert card(cast.cascade).parts["first_time_fix"]["share"] == 1


def test_what_is_written_anew_for_one_is_what_the_night_would_write(cast):
    now = NOW
    for vendor in (cast.cascade, cast.summit):
        Past(vendor, cast.hilltop, cast.refrigeration, now).job(rating=4, met=[True, False])
    scorecards.score_vendors(now=now)
    Past(cast.cascade, cast.hilltop, cast.refrigeration, now).job(rating=1, bill="raised")
    scorecards.rescore([(cast.cascade.pk, cast.refrigeration.pk)], now=now)
    alone = Scorecard.objects.filter(vendor=cast.cascade).order_by("window_days").values("score", "mean", "parts")
    alone = list(alone)
    scorecards.score_vendors(now=now)
    night = Scorecard.objects.filter(vendor=cast.cascade).order_by("window_days").values("score", "mean", "parts")
    assert alone == list(night)


def test_while_all_are_written_one_that_is_touched_waits_for_the_next_round(cast):
    past = Past(cast.cascade, cast.hilltop, cast.refrigeration, NOW)
    past.job(rating=4)
    pair = (cast.cascade.pk, cast.refrigeration.pk)
    with another() as other, other.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_lock({scorecards.TURN})")
        assert scorecards.rescore([pair], now=NOW) == 0
        assert scorecards.score_touched(now=NOW) == 0
        assert TouchedScore.objects.count() == 1
        assert not Scorecard.objects.exists()
        # Said, for the server may come to a session that was closed only later.
        cursor.execute(f"SELECT pg_advisory_unlock({scorecards.TURN})")
    assert scorecards.score_touched(now=NOW) == 1
    assert card(cast.cascade).jobs == 1
    assert not TouchedScore.objects.exists()


@contextmanager
def another() -> Iterator[Any]:
    """A second session of the same database."""
    database = connection.copy()
    try:
        yield database
    finally:
        database.close()


# It opens


def test_each_row_says_what_it_was_and_whether_it_was_good(cast, enter):
    past = Past(cast.cascade, cast.hilltop, cast.refrigeration, timezone.now())
    past.job(met=[True, False, True], bill="raised", rating=2, trips=2)
    past.job(bill="corrected", rating=5, rework=1, documented=False)
    past.offer(days=3, accepted=False)
    scored(past)
    client = enter(cast.fm)
    for name, said in {
        "sla": ["Response: just in time", "Arrival: 1 h late", "Good 2", "Cost points 1"],
        "first_time_fix": ["2 visits", "The store sent it back as not fixed"],
        "acceptance": ["Accepted after 30 min", "Not answered in time"],
        "rating": ["2 of 5", "25%", "5 of 5"],
        "invoices": ["1 check raised", "sent back and corrected"],
        "documentation": ["Missing: root cause, resolution, recommendation", "Everything is documented"],
        "jobs": ["2 jobs", "2 visits"],
    }.items():
        page = text(client.get(f"/vendors/casc/score/{name}"))
        assert [words for words in said if words not in page] == [], name
    assert "Arrival" not in text(client.get("/vendors/CASC/score/sla?only=full"))
    assert "Response" not in text(client.get("/vendors/CASC/score/sla?only=less"))
    assert client.get("/vendors/CASC/score/nothing").status_code == 404


def test_a_long_list_is_read_page_by_page_without_loss_or_repeat(cast):
    past = Past(cast.cascade, cast.hilltop, cast.refrigeration, NOW)
    made = sorted(past.job(days=10).number for _ in range(7))  # all at the same instant
    found = scored(past)
    seen, asked = [], {}
    for _ in range(4):
        opened = drilldown.opened(found, "jobs", by=cast.fm, asked=asked, size=2)
        seen += [row.work_order.number for row in opened.rows]
        if not opened.next:
            break
        asked = {"after": opened.next.partition("after=")[2]}
    assert sorted(seen) == made
    assert drilldown.opened(found, "jobs", by=cast.fm, asked={"after": "nonsense"}, size=2).rows


def test_work_beyond_the_wall_is_counted_and_not_shown(cast, enter):
    past = Past(cast.cascade, cast.hilltop, cast.refrigeration, timezone.now())
    here = past.job()
    there = Past(cast.cascade, cast.desert, cast.refrigeration, past.now).job()
    found = scored(past)
    opened = drilldown.opened(found, "jobs", by=cast.fm, asked={})
    assert (numbers(opened.rows), opened.number, opened.unseen) == ([here.number], 2, 1)
    page = text(enter(cast.fm).get("/vendors/CASC/score/jobs"))
    assert "And 1 more that counts at places that you do not see." in page
    assert there.number not in page
    assert numbers(drilldown.opened(found, "jobs", by=cast.admin, asked={}).rows) == sorted([here.number, there.number])


def test_the_rows_go_out_as_a_file_and_the_log_keeps_it(cast, enter):
    past = Past(cast.cascade, cast.hilltop, cast.refrigeration, timezone.now())
    row = past.job(rating=2, met=[False])
    scored(past)
    answer = enter(cast.fm).post("/vendors/CASC/score/sla/csv?only=less")
    lines = b"".join(answer).decode().splitlines()
    assert lines[0] == "Number,Title,Site,Priority,Counted at (UTC),Share,What it was"
    assert len(lines) == 2
    assert lines[1].startswith(f"{row.number},Cooler too warm,M-114,P3,")
    assert lines[1].endswith(",0,Response: 1 h late")
    assert LogEvent.objects.filter(verb="score.exported", actor=cast.fm).count() == 1
    assert enter(cast.district).post("/vendors/CASC/score/sla/csv").status_code == 403


# A person reckons it again


def test_the_page_tells_the_figures_by_which_a_person_gets_the_same(cast, enter):
    past = Past(cast.cascade, cast.hilltop, cast.refrigeration, timezone.now())
    past.job(met=[True, False], rating=4)
    Past(cast.summit, cast.hilltop, cast.refrigeration, past.now).job(rating=1)
    found = scored(past)
    # 30 × 50 + 25 × 100 + 10 × 100 + 15 × 75 + 10 × 100 = 7125 ÷ 90 = 79.17; Summit 25 + 10 + 0 + 10 = 45 ÷ 60 = 75
    # mean (79.17 + 75) ÷ 2 = 77.085, half up 77.09; (79.17 + 5 × 77.09) ÷ 6 = 77.4367
    page = text(enter(cast.fm).get("/vendors/CASC/score"))
    assert "(30 × 50 + 25 × 100 + 10 × 100 + 15 × 75 + 10 × 100) ÷ (30 + 25 + 10 + 15 + 10) = 79.17." in page
    assert "(1 × 79.17 + 5 × 77.09) ÷ (1 + 5) = 77.44." in page
    assert (found.own, found.mean, found.score) == (Decimal("79.17"), Decimal("77.09"), Decimal("77.44"))
    assert "Place 1 of 2 refrigeration vendors" in page
    assert "No data, so not counted: bills right the first time." in page
    assert f"Likely between {report_card.plain(found.low)} and 100:" in page


def test_trade_and_period_are_in_the_address_and_nonsense_is_the_usual(cast, enter):
    past = Past(cast.cascade, cast.hilltop, cast.refrigeration, timezone.now())
    past.job()
    past.job(days=200)
    Past(cast.cascade, cast.hilltop, cast.plumbing, past.now).job(rating=1)
    scored_at = past.now
    scorecards.score_vendors(now=scored_at)
    client = enter(cast.fm)
    assert "2 jobs done" in text(client.get("/vendors/CASC/score?trade=refrigeration&days=365"))
    assert "1 job done" in text(client.get("/vendors/CASC/score?trade=refrigeration&days=90"))
    assert "Rating by stores" in text(client.get("/vendors/CASC/score?trade=plumbing"))
    assert client.get("/vendors/CASC/score?trade=%00&days=x").status_code == 200
    assert "No score yet" in text(client.get(f"/vendors/{cast.summit.code}/score"))
    assert client.get(f"/vendors/{cast.summit.code}/score/sla").status_code == 404


def test_a_change_is_told_when_there_is_enough_to_compare(cast):
    past = Past(cast.cascade, cast.hilltop, cast.refrigeration, NOW)
    for place in range(5):
        past.job(days=5 + 4 * place, rating=5)
        past.job(days=100 + place, rating=5 if place else 1)
    found = scored(past)
    targets = {one.name: one.value() for one in report_card.TARGETS.values()}
    told = report_card.told(found, report_card.around(found), targets=targets)
    rating = next(line for line in told.lines if line.name == "rating")
    assert (rating.change, rating.better) == ("+20.0 pt", True)
    assert told.better is True
    assert rating.spark
    assert [line.change for line in told.lines if line.name == "documentation"] == ["0 pt"]


# Left out


def test_a_job_that_is_left_out_counts_nowhere_until_it_is_put_back(cast, enter):
    past = Past(cast.cascade, cast.hilltop, cast.refrigeration, timezone.now())
    past.job(met=[True])
    bad = past.job(met=[False, False], rating=1, bill="raised", trips=2, documented=False)
    before = scored(past)
    assert cast.dispatcher
    client = enter(cast.fm)
    address = f"/vendors/CASC/score/exclude/{bad.number}"
    assert client.post(address, {"reason": " ", "operation": fresh_key()}).status_code == 422
    answer = client.post(address, {"milestone": "", "reason": "Flooded road", "operation": fresh_key()})
    assert answer["Location"] == "/vendors/CASC/score?trade=refrigeration"
    after = card(cast.cascade)
    assert (after.jobs, after.own) == (1, Decimal("100.00"))
    for name in facts.PARTS:
        assert bad.number not in numbers(drilldown.opened(after, name, by=cast.fm, asked={}).rows), name
    assert "Flooded road" in text(client.get("/vendors/CASC/score"))
    again = client.post(address, {"milestone": "", "reason": "Again", "operation": fresh_key()})
    assert again.status_code == 422
    assert "This is left out already." in text(again)

    settle(now=timezone.now(), ledgers=ledgers())
    told = Notice.objects.filter(reader=cast.dispatcher, subject__contains="no longer counts")
    assert bad.number in told.first().subject
    assert "Flooded road" in text(enter(cast.dispatcher).get("/company/score"))

    row = Exclusion.objects.get()
    assert enter(cast.fm).post(f"/vendors/CASC/score/exclusions/{row.pk}/put-back").status_code == 302
    assert (card(cast.cascade).jobs, card(cast.cascade).own) == (2, before.own)
    verbs = LogEvent.objects.filter(stream=f"vendor:{cast.cascade.pk}").values_list("verb", flat=True)
    assert [verb for verb in verbs if verb.startswith("score.")] == ["score.excluded", "score.put_back"]
    enter(cast.fm).post(f"/vendors/CASC/score/exclusions/{row.pk}/put-back")
    assert LogEvent.objects.filter(verb="score.put_back").count() == 1


def test_one_clock_alone_is_left_out_and_the_rest_of_the_job_counts(cast):
    past = Past(cast.cascade, cast.hilltop, cast.refrigeration, NOW)
    row = past.job(met=[True, False, True])
    scored(past)
    exclusions.exclude(
        vendor=cast.cascade, work_order=row, milestone="arrival", reason="No key", by=cast.fm, now=NOW
    )  # fmt: skip
    found = card(cast.cascade)
    assert (found.parts["sla"]["number"], found.parts["sla"]["share"], found.jobs) == (2, 1.0, 1)


def test_only_who_judges_vendors_leaves_out_and_only_work_in_sight(cast, enter):
    past = Past(cast.cascade, cast.hilltop, cast.refrigeration, timezone.now())
    row = past.job()
    there = Past(cast.cascade, cast.desert, cast.refrigeration, past.now).job()
    for person in (cast.district, cast.finance, cast.auditor, cast.dispatcher):
        assert enter(person).get(f"/vendors/CASC/score/exclude/{row.number}").status_code == 403
        with pytest.raises(NotAllowed):
            exclusions.exclude(vendor=cast.cascade, work_order=row, reason="Why", by=person, now=NOW)
    assert enter(cast.fm).get(f"/vendors/CASC/score/exclude/{there.number}").status_code == 404
    with pytest.raises(Faulty):
        exclusions.exclude(vendor=cast.cascade, work_order=row, milestone="triage", reason="x", by=cast.fm, now=NOW)


# What the vendor says and sees


def test_a_vendor_replies_and_the_desk_reads_it_beside_the_score(cast, enter):
    past = Past(cast.cascade, cast.hilltop, cast.refrigeration, timezone.now())
    row = past.job(rating=1)
    scored(past)
    assert cast.admin
    client = enter(cast.dispatcher)
    empty = client.post("/company/score/reply", {"body": " ", "operation": fresh_key()})
    assert empty.status_code == 422
    wrong = client.post("/company/score/reply", {"body": "Hello", "about": "WO-999999", "operation": fresh_key()})
    assert wrong.status_code == 422
    assert "You have no job of this number" in text(wrong)
    assert "Hello" in wrong.content.decode()
    sent = {"body": "The part was yours", "about": row.number.lower(), "operation": fresh_key()}
    assert client.post("/company/score/reply", sent)["Location"] == "/company/score"
    assert client.post("/company/score/reply", sent)["Location"] == "/company/score"
    assert Reply.objects.count() == 1
    page = text(enter(cast.fm).get("/vendors/CASC/score"))
    assert "The part was yours" in page
    assert row.number in page
    settle(now=timezone.now(), ledgers=ledgers())
    assert Notice.objects.filter(reader=cast.admin, subject__contains="replies about").exists()
    with pytest.raises(NotAllowed):
        exclusions.reply(vendor=cast.cascade, body="Not mine", by=cast.rival, now=NOW)


OWN_PAGES = ("/company/score", "/company/score?days=365", "/company/score/sla", "/company/score/jobs", "/company",
             "/jobs")  # fmt: skip


def read(client) -> list[str]:
    """The own pages of a company without the keys and instants that are new each time."""
    found = []
    for address in OWN_PAGES:
        said = client.get(address)
        assert said.status_code == 200, address
        found.append(plain(said))
    return found


def test_what_a_rival_does_changes_nothing_that_a_vendor_reads_where_few_work_in_the_trade(cast, enter):
    past = Past(cast.cascade, cast.hilltop, cast.refrigeration, timezone.now())
    past.job(met=[True, False], rating=3, bill="clean")
    scored(past)
    client = enter(cast.dispatcher)
    read(client)
    alone = read(client)
    Vendor.objects.filter(pk=cast.summit.pk).update(name="Narwhal Mechanical")
    rival = Past(cast.summit, cast.hilltop, cast.refrigeration, past.now)
    for _ in range(8):
        rival.job(met=[False, False], rating=1, bill="raised", trips=3, documented=False)
    before = card(cast.cascade).score
    scorecards.score_vendors(now=past.now)
    assert card(cast.cascade).score != before  # at the desk it is drawn toward the new mean
    assert read(client) == alone
    assert "Narwhal" not in "".join(alone)


def test_with_enough_vendors_each_may_know_the_median_and_never_a_place_or_a_name(cast, enter):
    past = Past(cast.cascade, cast.hilltop, cast.refrigeration, timezone.now())
    past.job(rating=4)
    rivals = [VendorFactory(name=f"Narwhal {place}", code=f"NAR{place}") for place in range(4)]
    for place, vendor in enumerate(rivals[:3]):
        Past(vendor, cast.hilltop, cast.refrigeration, past.now).job(rating=1 + place)
    scorecards.score_vendors(now=past.now)
    client = enter(cast.dispatcher)
    few = text(client.get("/company/score"))
    assert "nothing is told of the others" in few
    assert "edian" not in few
    Past(rivals[3], cast.hilltop, cast.refrigeration, past.now).job(rating=5)
    scorecards.score_vendors(now=past.now)
    enough = text(client.get("/company/score"))
    assert "The median of the trade is" in enough
    assert "Place" not in enough
    assert "Narwhal" not in few + enough
    assert "NAR" not in few + enough


def test_a_vendor_learns_what_costs_it_most_with_the_very_jobs(cast, enter):
    past = Past(cast.cascade, cast.hilltop, cast.refrigeration, timezone.now())
    bad = past.job(trips=3)
    past.job(rating=4)
    scored(past)
    page = text(enter(cast.dispatcher).get("/company/score"))
    advice = page[page.index("How to improve") : page.index("How this is reckoned")]
    assert "It brings 12.5 of 25 points, so 12.5 are lost, of 2 repairs." in advice
    assert f"{bad.number} 3 visits" in advice
    assert advice.index("Fixed at the first visit") < advice.index("Rating by stores")
    assert "Offers accepted in time" not in advice


# How often the database is asked


@pytest.mark.parametrize("jobs", [1, 12])
def test_every_page_asks_at_most_eight_times(cast, enter, jobs):
    SlaTarget.objects.create(milestone="arrival", priority=Priority.P3, minutes=60, clock_type="elapsed")
    past = Past(cast.cascade, cast.hilltop, cast.refrigeration, timezone.now())
    rows = [past.job(met=[False], rating=2, bill="raised", trips=2) for _ in range(jobs)]
    scored(past)
    exclusions.exclude(vendor=cast.cascade, work_order=rows[0], reason="Why", milestone="arrival", by=cast.fm,
                       now=past.now)  # fmt: skip
    exclusions.reply(vendor=cast.cascade, work_order=rows[0], body="Because", by=cast.dispatcher, now=past.now)
    desk = ["/vendors/CASC/score", "/vendors/CASC/trial", *(f"/vendors/CASC/score/{name}" for name in facts.PARTS)]
    for person, pages in ((cast.fm, desk), (cast.dispatcher, ["/company/score", "/company/score/sla"])):
        client = enter(person)
        for address in pages:
            client.get(address)
            with CaptureQueriesContext(connection) as asked:
                assert client.get(address).status_code == 200
            assert len(asked) <= 8, address
