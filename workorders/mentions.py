"""Who is called in a message, as "@Dana Whitfield" or "@dana@example.com": only people who may read it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import Q
from django.db.models.functions import Lower

from accounts.models import User
from accounts.permissions import Act, may
from assets.scope import scope_of
from vendors.scope import vendor_ids_of
from workorders.models import Audience, Comment, WorkOrder

if TYPE_CHECKING:
    from vendors.models import Vendor

NAME = re.compile(r"(?<![\w@])@([^\s@][^@\n]{0,120})")
ADDRESS = re.compile(r"(?<![\w@])@([\w.+-]+@[\w-]+(?:\.[\w-]+)+)")
WORDS = 5
"""A name has at most so many words."""

MOST = 20
"""Calls of one message that are heard; more is a mailing list."""

OFFERED = 8
CONSIDERED = 24


def _spelled(call: str) -> list[str]:
    """What the words after an @ may spell, the longest first: names of one to five words, or an address."""
    words = call.split()[:WORDS]
    spelled = [" ".join(words[:many]).lower() for many in range(len(words), 0, -1)]
    return [name for said in spelled for name in dict.fromkeys((said, said.rstrip(".,;:!?)'\"")))]


def may_read(person: User, work_order: WorkOrder, *, audience: str, vendor: Vendor | None) -> bool:
    """Whether `person` reads what is said on this work order to `audience`, as `Comment.objects.visible_to` has it."""
    if not WorkOrder.objects.visible_to(person).filter(pk=work_order.pk).exists():
        return False
    place = {name: getattr(work_order, name) for name in ("region_id", "site_id", "trade_id")}
    if may(person, Act.VIEW_DESK) and scope_of(person, Act.VIEW_DESK).covers(**place):
        return True
    if audience in (Audience.STORE, Audience.EVERYONE) and scope_of(person).covers(**place):
        return True
    if audience not in (Audience.VENDOR, Audience.EVERYONE):
        return False
    own = vendor_ids_of(person)
    return bool(own) and (vendor.pk in own if vendor else audience == Audience.EVERYONE)


def called(body: str, work_order: WorkOrder, *, audience: str, vendor: Vendor | None) -> list[User]:
    """The people called by their full name or address who may read the message. One query, and a few for each found."""
    calls = [_spelled(call) for call in (*ADDRESS.findall(body)[:MOST], *NAME.findall(body)[:MOST])]
    wanted = {name for spelled in calls for name in spelled}
    if not wanted:
        return []
    people = User.objects.filter(is_active=True).annotate(lower_name=Lower("name"))
    found: dict[str, list[User]] = {}
    for person in people.filter(Q(lower_name__in=wanted) | Q(email__in=wanted)).order_by("pk"):
        for name in {person.name.lower(), person.email.lower()}:
            found.setdefault(name, []).append(person)
    meant = {
        person.pk: person
        for spelled in calls
        for person in next((found[name] for name in spelled if name in found), [])
    }
    return [one for one in meant.values() if may_read(one, work_order, audience=audience, vendor=vendor)]


def as_written(body: str, people: Iterable[User]) -> list[str]:
    """The calls of `people` in the message, as they are written there."""
    found = (
        re.search(re.escape(f"@{name}"), body, re.IGNORECASE)
        for person in people
        for name in (person.name, person.email)
    )
    return list(dict.fromkeys(one[0] for one in found if one))


def offered(beginning: str, work_order: WorkOrder, *, audience: str, vendor: Vendor | None) -> list[User]:
    """People whose name, or a word of it, begins so, and who may read a message to `audience`."""
    begun = beginning.strip()
    if not begun:
        return []
    named = User.objects.filter(Q(name__istartswith=begun) | Q(name__icontains=f" {begun}"), is_active=True)
    people: Iterable[User] = named.order_by("name", "pk")[:CONSIDERED]
    readers = (one for one in people if may_read(one, work_order, audience=audience, vendor=vendor))
    return [one for one, _ in zip(readers, range(OFFERED), strict=False)]


def still(comment: Comment, ids: Iterable[int]) -> list[User]:
    """Those who were called in a message and read it still."""
    people = User.objects.filter(pk__in=list(ids), is_active=True)
    return [one for one in people if Comment.objects.visible_to(one).filter(pk=comment.pk).exists()]
