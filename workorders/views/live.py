"""What has happened to a queue since somebody opened it: rows that changed, how many came, how many there are now.

The page asks every few seconds, so the usual answer, that nothing has happened, costs one look at an index.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.guards import requires
from accounts.permissions import Act
from workorders import news as happenings
from workorders import queue
from workorders.filters import end_of_day
from workorders.models import Event, WorkOrder
from workorders.views.saved_views import PLACE, asked_of, query_of, spelled_of, tab_sets, tabs, views_of

if TYPE_CHECKING:
    from django.db.models import QuerySet

TOLD_ANEW = timedelta(seconds=60)
"""How old the times on the page may become while nothing else happens."""

ROW = re.compile(r"(\d{1,18})\.(\d{1,9})")
MOST_ROWS = 2 * queue.PAGE
ASKED = tuple(name for name in PLACE if name not in ("after", "before"))
"""What the question holds that the way to the page does not."""


def address(request: HttpRequest, *, since: datetime, told: datetime, asked: datetime) -> str:
    """Where the page asks: the view and the place in it, since when it is open, and when it was told what."""
    place = {name: request.GET[name] for name in ("after", "before", "sort") if request.GET.get(name)}
    known = {"since": since.isoformat(), "told": told.isoformat(), "asked": asked.isoformat()}
    return reverse("workorders:queue_news") + query_of(spelled_of(request.GET), **place, **known)


@require_GET
@requires(Act.VIEW_DESK)
def news(request: HttpRequest) -> HttpResponse:
    """Rows of the page that have changed, to be put in their places, and how many new ones there are to show."""
    now = timezone.now()
    since, told, last = (_instant(request.GET.get(name, ""), now) for name in ("since", "told", "asked"))
    recent = happenings.since(last, by=request.user)
    times_are_old = now - told >= TOLD_ANEW or "told" not in request.GET
    if not times_are_old and not happenings.is_any(recent):
        return HttpResponse(status=204)
    asked, order = asked_of(request, now)
    shown = {int(pk): int(version) for pk, version in ROW.findall(request.GET.get("rows", ""))[:MOST_ROWS]}
    visible = WorkOrder.objects.visible_to(request.user).filter(pk__in=shown)
    versions = dict(visible.values_list("pk", "version")) if shown else {}
    changed = [pk for pk, version in versions.items() if version != shown[pk]]
    views = views_of(request.user)
    groups = [queue.Group(name, "", "", []) for name in request.GET.get("groups", "").split(".")]
    sets: dict[str, Any] = {
        "new": asked.qs.filter(_arrived(request, asked.qs, order, since, recent, set(shown))).exclude(pk__in=shown),
        "shown": asked.qs,
        **(queue.in_groups(asked.qs, groups, now=now, midnight=end_of_day(now)) if order.name == "due" else {}),
    }
    counts = queue.counts({**sets, **tab_sets(asked, views)})
    context = {
        "come": queue.said(counts["new"]) if counts["new"] else "",
        "others": happenings.last_by_others(recent, changed, by=request.user),
        "lines": queue.lines_of(versions if times_are_old else changed, now=now),
        "gone": " ".join(f"r{pk}" for pk in shown if pk not in versions),
        "order": order.name,
        "total": queue.said(counts["shown"]),
        "count": counts["shown"],
        "tabs": tabs(views, counts),
        "groups": [(name.partition(":")[2], queue.said(counts[name])) for name in counts if name.startswith("group:")],
        "news_url": address(request, since=since, told=now if times_are_old else told, asked=now),
        "here": f"{reverse('workorders:queue')}{query_of(spelled_of(request.GET, leave_out=ASKED))}",
    }
    return render(request, "workorders/desk/news.html", context)


def _instant(text: str, now: datetime) -> datetime:
    """A time in an address, or now for one that cannot be read."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return now
    return now if timezone.is_naive(instant) else instant


def _arrived(
    request: HttpRequest, rows: Any, order: queue.Order, since: datetime, recent: QuerySet[Event], shown: set[int]
) -> Q:
    """What came into the view: reported since the page was opened, or moved onto this very page by somebody."""
    place = queue.ids_of(rows, order=order, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    return Q(reported_at__gt=since) | Q(pk__in=happenings.touched(recent, set(place) - shown))
