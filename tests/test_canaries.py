"""No word of the other side comes back: what happens beyond the wall changes nothing that a person can see.

The pages of a person are read before the other side exists and after it; they are the same, to the letter. So no word
of it is on any page, in a search, in a file of the queue, or in a count.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import resolve, reverse
from django.utils import timezone

from accounts.models import User
from accounts.once import fresh_key
from accounts.outbox import ledgers, settle
from tests.cast import Cast
from tests.factories.clock import NOW
from tests.test_doors import DOORS, LETTERS, SEES
from tests.world import FOREIGN, OWN, SIBLING, WORDS, World

ONE_SITE, ONE_REGION = "SVT-", "DFN"
LOAD_OF_VENDORS = {"order_vendors", "queue_peek", "vendors", "vendor", "vendor_work", "compliance"}
"""How busy a vendor is counts all its work, wherever that is: it is the vendor's fact, not the other region's.
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
    assert told == []


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
