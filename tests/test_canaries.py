"""No word of the other side comes back: what happens beyond the wall changes nothing that a person can see.

The pages of a person are read before the other side exists and after it; they are the same, to the letter. So no word
of it is on any page, in a search, in a file of the queue, or in a count.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse
from django.utils import timezone

from accounts.models import User
from accounts.once import fresh_key
from accounts.outbox import ledgers, settle
from tests.cast import Cast
from tests.factories.clock import NOW
from tests.factories.workorders import Story
from tests.rivals import Company, asked, billed, lost, worked
from tests.test_doors import DOORS, EVERYBODY, LETTERS, SEES
from tests.world import FOREIGN, OWN, SIBLING, WORDS, World
from vendors.models import ComplianceDocument
from workorders import conversation, feeds, offers, proposals
from workorders.models import Audience, WorkOrder

ONE_SITE, ONE_REGION = "SVT-", "DFN"
LOAD_OF_VENDORS = {
    "order_vendors", "queue_peek", "vendors", "vendor", "vendor_work", "compliance", "gaps", "gap", "forecast",
}  # fmt: skip
"""How busy a vendor is and which of its papers wait counts everywhere: it is the vendor's fact, not the other region's.
These pages may change in that; no word may be on them all the same."""

ASKED = (
    ("config:search", "q"), ("workorders:queue", "q"), ("workorders:queue_filters", "q"), ("workorders:requests", "q"),
    ("assets:equipment", "q"), ("workorders:report", "say"),
)  # fmt: skip
"""Where a person can look for words."""

INSIDE = {"S": ("internal", "vendor"), "V": ("internal", "store"), "T": ("internal", "store")}
"""What is said on one's own work to others, and stays with them."""


def read(client: Client, letter: str, world: World) -> dict[str, str]:
    """Every page that somebody of this role can open on his own side, without what is new with every answer."""
    found = {}
    for name, door in DOORS.items():
        if door.post or letter not in door.roles or letter not in SEES[door.sees]["own"]:
            continue
        address = reverse(name, kwargs=world.places(name, OWN))
        found[address] = plain(client.get(address))
    for name, field in ASKED:
        for word in WORDS.values():
            if letter in DOORS[name].roles:
                address = f"{reverse(name)}?{field}={word}"
                found[address] = plain(client.get(address))
    if letter in DOORS["workorders:queue_csv"].roles:
        address = reverse("workorders:queue_csv")
        found[address] = plain(client.post(address, {"operation": fresh_key()}))
    return found


def plain(answer: object) -> str:
    content = b"".join(answer) if getattr(answer, "streaming", False) else answer.content  # type: ignore[attr-defined,arg-type]
    text = content.decode(errors="replace")
    # Tokens and one-time keys are new with every answer.
    return re.sub(r"[A-Za-z0-9]{32,}", "", text)


@pytest.mark.slow
def test_what_happens_on_the_other_side_changes_no_page(cast: Cast, enter: Callable[[User], Client]) -> None:
    world = World(cast, sides=())
    clients = {
        letter: enter(person)
        for letter, person in zip(LETTERS, map(cast.of_every_role().get, LETTERS.values()), strict=True)
    }
    before: dict[str, dict[str, str]] = {}
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        for side, readers in ((OWN, ONE_SITE), (SIBLING, ONE_REGION)):
            world.add(side)
            settle(now=timezone.now(), ledgers=ledgers())
            before |= {letter: read(clients[letter], letter, world) for letter in readers}
        world.add(FOREIGN)
        settle(now=timezone.now(), ledgers=ledgers())
        after = {letter: read(clients[letter], letter, world) for letter in before}
    told = []
    for letter, pages in before.items():
        beyond = [WORDS[FOREIGN], *([WORDS[SIBLING]] if letter in ONE_SITE else [])]
        for address, text in pages.items():
            now = after[letter][address]
            asked = address.partition("=")[2]
            if now != text and resolve(address.partition("?")[0]).url_name not in LOAD_OF_VENDORS:
                told.append(f"{LETTERS[letter]} {address} changed")
            told += [f"{LETTERS[letter]} {address}: {word}" for word in beyond if word in now and word != asked]
            told += [
                f"{LETTERS[letter]} {address}: said {audience}"
                for audience in INSIDE.get(letter, ())
                if f"Said {WORDS[OWN]} {audience}" in now
            ]
    assert len(before) == len(ONE_SITE) + len(ONE_REGION)
    assert told == [], "\n".join(told)


def test_the_words_are_there_for_those_who_may_read_them(cast: Cast, enter: Callable[[User], Client]) -> None:
    """The proof above would see them: the people of the other side do."""
    world = World(cast, sides=(FOREIGN,))
    there = world.sides[FOREIGN]
    for person, address in (
        (cast.foreign_store, reverse("workorders:request", args=[there.done.number])),
        (cast.foreign_fm, reverse("workorders:order", args=[there.done.number])),
        (cast.rival, reverse("workorders:job", args=[there.done.number])),
    ):
        assert WORDS[FOREIGN] in enter(person).get(address).content.decode()


# Companies that compete


def addresses(row: WorkOrder) -> list[str]:
    """Every address on a vendor's side that could show anything of this job, of whichever company."""
    found = ["/jobs", "/jobs/invoices", "/company", "/notices", "/me", "/calendar", f"/jobs/{row.number}?all=1"]
    for day in {visit.planned_start_at.date() for visit in row.visits.all()}:
        found += [f"/jobs/schedule?view={view}&day={day}" for view in ("day", "week")]
    found += [f"/attachments/{one.pk}" for one in row.attachments.all()]
    found += [f"/jobs/offers/{one.pk}{way}" for one in row.offers.all() for way in ("", "/decline", "/propose")]
    found += [f"/jobs/invoices/{one.pk}{way}" for one in row.invoices.all() for way in ("", "/print")]
    found += [f"/company/documents/{one.pk}" for one in ComplianceDocument.objects.all()]
    found += [f"/jobs/{row.number}/{way}" for way in ("assign", "reschedule", "hold", "found", "check-out")]
    return found


def deeds(row: WorkOrder) -> list[str]:
    """Whatever anybody of a vendor could try with this job, tried in vain by whoever has lost it."""
    tried = ("assign", "reschedule", "hold", "resume", "complete", "check-in", "check-out", "papers")
    found = [f"/jobs/{row.number}/{way}" for way in tried]
    found += [f"/jobs/offers/{one.pk}/{way}" for one in row.offers.all() for way in ("accept", "decline", "propose")]
    return found


def seen(company: Company, row: WorkOrder) -> dict[str, str]:
    """What the company's people find under each of them, refusals and their calendars included."""
    told = {}
    for person in company.people:
        client = Client()
        client.force_login(person)
        for address in addresses(row):
            answer = client.get(address)
            told[f"{person.name} {address}"] = f"{answer.status_code} {plain(answer)}"
        for address in deeds(row):
            with transaction.atomic():
                answer = client.post(address, {"operation": fresh_key(), "body": "Hello", "audience": "vendor"})
                told[f"{person.name} does {address}"] = f"{answer.status_code} {plain(answer)}"
                transaction.set_rollback(True)
        told[f"{person.name} calendar"] = feeds.as_calendar(
            User.objects.get(pk=person.pk), feeds.visits_for(person, now=timezone.now())
        ).decode()
    return told


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Where something is new, and its first new lines."""
    told = []
    for place, text in before.items():
        new = [line for line in after[place].splitlines() if line not in text.splitlines()]
        if after[place] != text:
            told.append(f"{place}: {new[:3]}"[:600])
    return told


def betrayed(texts: dict[str, str], company: Company) -> list[str]:
    return [f"{where}: {word}" for where, text in texts.items() for word in company.betraying if word in text]


@pytest.mark.parametrize(("before", "after"), [("cascade", "summit"), ("summit", "cascade")])
def test_of_a_job_that_changes_hands_neither_company_learns_of_the_other(cast: Cast, before: str, after: str) -> None:
    first, second = Company(cast, before), Company(cast, after)
    row = Story(cast).ready().work_order
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        one = asked(first, row, NOW + timedelta(minutes=20))
        worked(one, first, is_done=False)
        lost(one, first)
        there = set(addresses(row))
        of_the_first, mail = seen(first, row), first.told()
        other = asked(second, one.work_order, one.now)
        worked(other, second, is_done=True)
        billed(other, second)
        again, mail_after = seen(first, row), first.told()
        of_the_second, mail_of_the_second = seen(second, row), second.told()
    assert set(addresses(row)) > there
    assert changed(of_the_first, again) == []
    assert mail_after == mail
    assert betrayed(again | {"mail": mail_after}, second) == []
    assert betrayed(of_the_second | {"mail": mail_of_the_second}, first) == []
    # The proof would see them: each finds its own.
    assert first.word in str(again)
    assert second.word in str(of_the_second)


def test_while_both_are_asked_neither_learns_that_the_other_is(cast: Cast) -> None:
    ours, theirs = Company(cast, "cascade"), Company(cast, "summit")
    story = Story(cast).ready()
    row = story.work_order
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        mine, other = offers.broadcast(
            row, vendors=[ours.cascade, theirs.cascade], by=cast.fm, now=story.later(), nte_amount=Decimal(500),
            override_reason="Both know it",
        )  # fmt: skip
        settle(now=story.later(), ledgers=ledgers())
        before = seen(ours, row)
        start = story.now + timedelta(hours=3)
        proposals.propose(
            other, by=theirs.dispatcher, now=story.later(), start_at=start, end_at=start, note=f"Later, {theirs.word}"
        )
        conversation.say(
            row, body=f"Key? {theirs.word}", audience=Audience.VENDOR, by=theirs.dispatcher, now=story.later()
        )
        settle(now=story.later(), ledgers=ledgers())
        assert changed(before, seen(ours, row)) == []
        assert betrayed(before | {"mail": ours.told()}, theirs) == []
        offers.accept(mine, by=ours.dispatcher, now=story.later(), start_at=start, end_at=start)
        settle(now=story.later(), ledgers=ledgers())
        assert betrayed(seen(theirs, row) | {"mail": theirs.told()}, ours) == []


NOWHERE = {"number": "WO-999999", "pk": 10**9}


@pytest.mark.slow
def test_what_is_another_companys_answers_as_what_is_not_there(cast: Cast, enter: Callable[[User], Client]) -> None:
    """The same status, the same words, and as many questions to the database: nothing to tell them apart by."""
    world = World(cast, sides=(OWN, FOREIGN))
    told, tried = [], 0
    with time_machine.travel(NOW + timedelta(hours=8), tick=False):
        for letter, person in (("V", cast.dispatcher), ("T", cast.technician)):
            client = enter(person)
            for name, door in DOORS.items():
                given = world.places(name, FOREIGN)
                if letter not in door.roles or letter in SEES[door.sees].get("foreign", EVERYBODY) or not given:
                    continue
                tried += 1
                theirs = reverse(name, kwargs=given)
                nobodys = reverse(name, kwargs={key: NOWHERE.get(key, value) for key, value in given.items()})
                one, other = (knocked(client, address, post=door.post) for address in (theirs, nobodys))
                if one != other:
                    told.append(
                        f"{LETTERS[letter]} {theirs}: {one[0]}, {one[2]} queries; not there: {other[0]}, {other[2]}"
                    )
    assert tried >= 40
    assert told == [], "\n".join(told)


def knocked(client: Client, address: str, *, post: bool) -> tuple[int, str, int]:
    """Status, words and number of queries of an answer, the person's own rows being at hand already."""
    given = {"operation": fresh_key()}
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked_for:
            answer = client.post(address, given) if post else client.get(address)
    return answer.status_code, plain(answer), len(asked_for)
