"""What the desk asks for all day beside opening the queue: counts, news, moves for many rows, search while typing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils import timezone

from accounts.once import FIELD, fresh_key
from config.bench.measure import House, Wrong, undone
from workorders import queue
from workorders.filters import QueueFilter
from workorders.models import SavedView, WorkOrder
from workorders.views.saved_views import HOUSE_VIEWS, tab_sets, views_of

TABS = 20
OWN_VIEWS = (
    "priority=1", "priority=1&priority=2", "status=ready&due=today", "status=offered&due=overdue", "trade=1", "trade=2",
    "owner=nobody", "kind=reactive&due=week", "status=scheduled", "q=cooler", "region=2", "site=S-1",
)  # fmt: skip
"""With those of the house they are twenty."""

BULK = 500
MOVE = "priority"
FORM = {"do": MOVE, "ready": "1", "priority": "1", "reason": "Measured", "here": "/queue"}


def counts_of_views(house: House) -> Callable[[], Any]:
    """The counts of twenty tabs, as the queue and its news ask for them."""
    by, now = house.company.people["tabs"], house.company.now
    for place, query in enumerate(OWN_VIEWS):
        SavedView.objects.get_or_create(owner=by, name=f"View {place}", defaults={"query": query})

    def do() -> None:
        views = views_of(by)
        if len(HOUSE_VIEWS) + len(views) != TABS:
            raise Wrong(f"There are {len(HOUSE_VIEWS) + len(views)} tabs, not {TABS}.")
        queue.counts(tab_sets(QueueFilter(QueryDict(), by=by, now=now), views))

    return do


def to_move(house: House, most: int) -> list[int]:
    """Open work whose priority the move changes."""
    open_work = WorkOrder.objects.visible_to(house.company.people["desk"]).open().exclude(priority=1)
    return list(open_work.order_by("pk").values_list("pk", flat=True)[:most])


def bulk(house: House, *, most: int = BULK) -> Callable[[], Any]:
    """Another priority for as many rows as one move takes; their clocks are reckoned anew. Nothing of it stays."""
    rows = to_move(house, most)

    def do(house: House) -> int:
        answer = house.ask("desk", "/queue/bulk", {**FORM, "wo": rows, FIELD: fresh_key()})
        if f"{len(rows)} of {len(rows)} done".encode() not in getattr(answer, "content", b""):
            raise Wrong("Not every row of the bulk move was moved.")
        return len(rows)

    return undone(do)(house)


def news(house: House, *, happened: bool) -> Callable[[], Any]:
    """What an open queue asks every few seconds: nothing has happened, or the times of fifty rows are told anew."""
    rows = WorkOrder.objects.visible_to(house.company.people["desk"]).open().by_due()
    shown = ".".join(f"{pk}.{version}" for pk, version in rows.values_list("pk", "version")[: queue.PAGE])

    def do() -> Any:
        now = timezone.now()
        # Past all that was loaded, the last hour's events among it, and all that this run has moved itself.
        known = {
            "since": now,
            "asked": now + timedelta(days=1),
            "told": now - timedelta(minutes=5 if happened else 0),
        }
        asked = urlencode({name: at.isoformat() for name, at in known.items()} | {"rows": shown})
        return house.ask("desk", f"/queue/news?{asked}", expect=200 if happened else 204)

    return do


def typed(who: str, address: str, into: str) -> Callable[[House], Callable[[], Any]]:
    """What is asked while somebody types: the partial `into`, not the page."""
    return lambda house: lambda: house.ask(who, address, into=into)
