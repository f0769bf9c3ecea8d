"""The queue: saved views, filters, rows by key, preview, export."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts import events
from accounts.guards import requires
from accounts.once import fresh_key
from accounts.pages import page_or_partial
from accounts.permissions import Act, may
from assets.models import Region, Trade
from workorders import queue
from workorders.filters import ME, NOBODY, QueueFilter, end_of_day
from workorders.forms.desk import ViewForm
from workorders.views import bulk, live
from workorders.views.order import peek_context
from workorders.views.saved_views import (
    NOT_FILTERS,
    PLACE,
    asked_of,
    query_of,
    spelled_of,
    tab_sets,
    tabs,
    views_of,
)

OWNERS = {ME: "Me", NOBODY: "Nobody"}


class Tag(NamedTuple):
    """One filter that is on, and the query string without it."""

    label: str
    value: str
    without: str


@require_GET
@requires(Act.VIEW_DESK)
def work(request: HttpRequest) -> HttpResponse:
    """The queue, or its rows, or the preview of one row."""
    now = timezone.now()
    asked, order = asked_of(request, now)
    rows = asked.qs
    page = queue.page_of(
        rows, order=order, now=now, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    midnight = end_of_day(now)
    groups = queue.grouped(page, now=now, midnight=midnight)
    spelled = spelled_of(request.GET)
    views = views_of(request.user)
    sets = queue.in_groups(rows, groups, now=now, midnight=midnight) if order.name == "due" else {}
    counts = queue.counts({"shown": rows, **sets, **tab_sets(asked, views)})
    sorted_by = {"sort": order.name} if order.name not in ("due", "newest") else {}
    view = spelled_of(request.GET, leave_out=PLACE) if sorted_by else spelled
    context = {
        "page": page,
        "groups": groups,
        "counts": counts,
        "now": now,
        "tabs": tabs(views, counts, view=view, spelled=spelled),
        "tags": _tags(request, asked),
        "spelled": spelled,
        "words": request.GET.get("q", ""),
        "hidden": [(n, v) for n, vs in request.GET.lists() for v in vs if n not in ("q", "after", "before", "wo")],
        "orders": [
            (one, query_of(spelled, sort=one.name) if one.name != "due" else query_of(spelled))
            for one in queue.ORDERS.values()
            if one.name != "newest"
        ],
        "by_cost": query_of(spelled, sort="cost"),
        "by_due": query_of(spelled),
        "total": queue.said(counts["shown"]),
        "previous": query_of(spelled, **sorted_by, before=page.before) if page.before else "",
        "next": query_of(spelled, **sorted_by, after=page.after) if page.after else "",
        "news_url": live.address(request, since=now, told=now, asked=now),
        "here": f"{reverse('workorders:queue')}{query_of(spelled, **sorted_by)}",
        "csv": f"{reverse('workorders:queue_csv')}{query_of(spelled, **sorted_by)}"
        if may(request.user, Act.EXPORT)
        else "",
        "moves": bulk.offered_to(request.user),
        "most": bulk.MOST_AT_ONCE,
        "whole": counts["shown"] > len(page.lines),
        "key": fresh_key(),
        "view_form": ViewForm(initial={"query": view}),
        "view_query": view,
        "own_views": [view for view in views if view.owner_id == request.user.pk],
        "peeked": request.GET.get("wo", ""),
        "keys_of": "workorders/desk/keys.html",
    }
    if number := request.GET.get("wo"):
        context |= peek_context(request, number, now)
    return page_or_partial(request, "workorders/desk/queue.html", context, partials=["queue-results"])


def _tags(request: HttpRequest, asked: QueueFilter) -> list[Tag]:
    """The filters that are on, in words."""
    tags = []
    for name, values in request.GET.lists():
        if name in NOT_FILTERS or name == "q" or name not in asked.filters or not any(values):
            continue
        field = asked.form.fields[name]
        labels = dict(getattr(field, "choices", ()))
        said = ", ".join(str(labels.get(value, value)) for value in values if value)
        if name == "trade":
            said = _named(Trade.objects.visible_to(request.user), values)
        elif name == "region":
            said = _named(Region.objects.visible_to(request.user), values)
        elif name == "owner":
            said = OWNERS.get(values[0], "somebody")
        elif name == "declined":
            said = "yes"
        without = spelled_of(request.GET, leave_out=(*NOT_FILTERS, name))
        tags.append(Tag(str(asked.filters[name].label), said, f"?{without}"))
    return tags


def _named(rows: Any, values: list[str]) -> str:
    found = rows.filter(pk__in=[value for value in values if value.isdecimal()]).values_list("name", flat=True)
    return ", ".join(found) or "unknown"


@require_GET
@requires(Act.VIEW_DESK)
def narrow(request: HttpRequest) -> HttpResponse:
    """Every filter as a form: a drawer beside the queue, or a page of its own."""
    asked, _ = asked_of(request, timezone.now())
    context = {
        "chosen": {name: request.GET.getlist(name) for name in asked.filters},
        "filters": asked.filters,
        "trades": Trade.objects.visible_to(request.user).active(),
        "regions": Region.objects.visible_to(request.user).filter(retired_at=None),
        "words": request.GET.get("q", ""),
        "sort": request.GET.get("sort", ""),
    }
    return page_or_partial(request, "workorders/desk/filters.html", context, partials=["filter-form"])


@require_GET
@requires(Act.VIEW_DESK)
def peek(request: HttpRequest, number: str) -> HttpResponse:
    """The preview of one row; without script, the queue with it."""
    if request.headers.get("HX-Request") != "true":
        return redirect(f"{reverse('workorders:queue')}?{urlencode({'wo': number})}")
    return render(request, "workorders/desk/peek.html", peek_context(request, number, timezone.now()))


@require_POST
@requires(Act.EXPORT)
def export(request: HttpRequest) -> HttpResponseBase:
    """The whole view as CSV, and a line in the log that it was taken out."""
    now = timezone.now()
    asked, order = asked_of(request, now)
    events.record(
        stream="exports", verb="queue.exported", by=request.user, now=now, data={"filters": spelled_of(request.GET)}
    )
    lines = queue.as_csv(asked.qs, order=order, now=now)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="queue-{timezone.localtime(now):%Y-%m-%d}.csv"'
    return response
