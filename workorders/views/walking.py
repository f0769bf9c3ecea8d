"""The way through the queue that a work order was opened from: it stands in the address, and every act keeps it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from accounts.permissions import Act
from accounts.together import Asking, nothing
from workorders import queue, walk
from workorders.models import WorkOrder
from workorders.views.saved_views import PLACE, asked_of, query_of, spelled_of

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 2_000
"""Letters of a way that are read; what is longer was made by nobody."""


class Step(NamedTuple):
    """A link to the work order before or after."""

    number: str
    url: str


class Way(NamedTuple):
    """What the page shows of the way: its neighbors, "4 of 9", and the queue as it was left."""

    previous: Step | None
    next: Step | None
    said: str
    back: str


def kept(request: HttpRequest, **more: str) -> str:
    """The query string that keeps to the way: of this address, or of the page that a form was sent from."""
    way = carried(request)
    return f"?{urlencode({**way, **more})}" if way or more else ""


def carried(request: HttpRequest) -> dict[str, str]:
    """The same by name, for a form that asks: what it sends takes the place of the address."""
    return _way(request.GET) or _way(_sent_from(request)[1])


def opened(request: HttpRequest, number: str, now: datetime) -> str:
    """Where to go when the queue led here and the address does not say so yet."""
    path, query = _sent_from(request)
    if "in" in request.GET or request.headers.get("HX-Request") or path != reverse("workorders:queue"):
        return ""
    seen = WorkOrder.objects.visible_to(request.user, Act.VIEW_DESK).filter(number=number.upper())
    row = seen.only("number", "priority", "due_at", "cost_per_hour_amount").first()
    if row is None:
        return ""
    _, order = asked_of(request, now, query)
    way = {"in": spelled_of(query, leave_out=PLACE), "at": queue.key_of(row, order)}
    return f"{request.path}?{urlencode({**request.GET.dict(), **way})}"


def way_of(request: HttpRequest, row: WorkOrder, now: datetime) -> Asking[Way | None]:
    """The neighbors of `row` in the queue that the address names; None where it names none."""
    way = _way(request.GET)
    if not way:
        yield from nothing()
        return None
    query = QueryDict(way["in"])
    asked, order = asked_of(request, now, query)
    place = yield from walk.place_of(row, asked.qs, order=order, at=way["at"])
    if place is None:
        return None
    page = {"after": place.after} if place.after else {}
    back = query_of(spelled_of(query, leave_out=PLACE), **page, wo=row.number)
    return Way(
        _step(place.previous, way), _step(place.next, way), place.said,
        f"{reverse('workorders:queue')}{back}#r{row.pk}",
    )  # fmt: skip


def _step(neighbor: walk.Neighbor | None, way: Mapping[str, str]) -> Step | None:
    if neighbor is None:
        return None
    query = urlencode({"in": way["in"], "at": neighbor.at})
    return Step(neighbor.number, f"{reverse('workorders:order', args=[neighbor.number])}?{query}")


def _way(given: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(given.get(name, ""))[:LONGEST] for name in ("in", "at")} if "in" in given else {}


def _sent_from(request: HttpRequest) -> tuple[str, QueryDict]:
    """The page of ours that the person was on: its path and what it asked."""
    page = urlsplit(request.headers.get("Referer", ""))
    own = page.netloc == request.get_host()
    return (page.path, QueryDict(page.query)) if own else ("", QueryDict())
