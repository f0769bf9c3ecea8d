"""The queue: saved views, filters, rows by key, preview, bulk moves, export."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts import events
from accounts.guards import requires
from accounts.models import User
from accounts.once import FIELD, KeyRefused, fresh_key, once
from accounts.pages import page_or_partial
from accounts.permissions import Act
from assets.models import Region, Trade
from workorders import lifecycle, queue
from workorders.filters import QueueFilter, end_of_day
from workorders.forms.desk import HoldForm, PlainForm, ViewForm, WordsForm
from workorders.labels import MARKS
from workorders.models import SavedView, Status, WorkOrder
from workorders.refusals import Incomplete, NotAllowed, NotNow
from workorders.views.order import peek_context

HOUSE_VIEWS = (
    ("Needs triage", "status=new"),
    ("All open", ""),
    ("Overdue", "due=overdue"),
    ("Due today", "due=today"),
    ("To dispatch", "status=ready"),
    ("On hold", "status=on_hold"),
    ("To verify", "status=completed"),
)
MOST_VIEWS = 12
MOST_AT_ONCE = 100
NOT_FILTERS = ("after", "before", "wo", "sort", "since")


class Tab(NamedTuple):
    """One saved view as a tab."""

    name: str
    query: str
    current: bool
    count: str
    view: SavedView | None


class Tag(NamedTuple):
    """One filter that is on, and the query string without it."""

    label: str
    value: str
    without: str


def _spelled(asked: QueryDict, *, leave_out: Iterable[str] = NOT_FILTERS) -> str:
    """The query string in one order, so that two that mean the same are the same."""
    pairs = [(name, value) for name, values in asked.lists() for value in values if value and name not in leave_out]
    return urlencode(sorted(pairs))


def _asked(request: HttpRequest, now: datetime) -> tuple[QueueFilter, queue.Order]:
    asked = QueueFilter(request.GET, by=request.user, now=now)
    wanted = "newest" if asked.over else request.GET.get("sort", "due")
    return asked, queue.ORDERS.get(wanted, queue.ORDERS["due"])


@require_GET
@requires(Act.VIEW_DESK)
def work(request: HttpRequest) -> HttpResponse:
    """The queue, or its rows, or the preview of one row."""
    now = timezone.now()
    asked, order = _asked(request, now)
    rows = asked.qs
    page = queue.page_of(
        rows, order=order, now=now, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    midnight = end_of_day(now)
    groups = queue.grouped(page, now=now, midnight=midnight)
    spelled = _spelled(request.GET)
    views = list(SavedView.objects.visible_to(request.user).select_related("owner")[:MOST_VIEWS])
    sets = queue.in_groups(rows, groups, now=now, midnight=midnight) if order.name == "due" else {}
    counts = queue.counts({"shown": rows, **sets, **_sets(request.user, views, now)})
    sorted_by = {"sort": order.name} if order.name != "due" else {}
    context = {
        "page": page,
        "groups": groups,
        "counts": counts,
        "now": now,
        "tabs": _tabs(views, spelled, counts),
        "tags": _tags(request, asked),
        "spelled": spelled,
        "words": request.GET.get("q", ""),
        "hidden": [(n, v) for n, vs in request.GET.lists() for v in vs if n not in ("q", "after", "before", "wo")],
        "orders": [(one, _query(spelled, sort=one.name)) for one in queue.ORDERS.values() if one.name != "newest"],
        "total": queue.said(counts["shown"]),
        "previous": _query(spelled, **sorted_by, before=page.before) if page.before else "",
        "next": _query(spelled, **sorted_by, after=page.after) if page.after else "",
        "news_url": f"{reverse('workorders:queue_news')}{_query(spelled, since=now.isoformat())}",
        "here": f"{reverse('workorders:queue')}{_query(spelled, **sorted_by)}",
        "key": fresh_key(),
        "view_form": ViewForm(initial={"query": spelled}),
        "own_views": [view for view in views if view.owner_id == request.user.pk],
        "peeked": request.GET.get("wo", ""),
    }
    if number := request.GET.get("wo"):
        context |= peek_context(request, number, now)
    return page_or_partial(request, "workorders/desk/queue.html", context, partials=["queue-results"])


def _query(spelled: str, **more: str) -> str:
    return f"?{'&'.join(part for part in (spelled, urlencode(more)) if part)}"


def _sets(user: User, views: Iterable[SavedView], now: datetime) -> dict[str, Any]:
    named = [*HOUSE_VIEWS, *((f"{view.pk}", view.query) for view in views)]
    rows = QueueFilter.several([query for _, query in named], by=user, now=now)
    return {f"tab:{name}": found for (name, _), found in zip(named, rows, strict=True)}


def _tabs(views: Iterable[SavedView], spelled: str, counts: dict[str, int]) -> list[Tab]:
    def tab(name: str, query: str, key: str, view: SavedView | None = None) -> Tab:
        return Tab(name, f"?{query}", query == spelled, queue.said(counts[f"tab:{key}"]), view)

    return [tab(name, query, name) for name, query in HOUSE_VIEWS] + [
        tab(view.name, view.query, str(view.pk), view) for view in views
    ]


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
        elif name == "declined":
            said = "yes"
        without = _spelled(request.GET, leave_out=(*NOT_FILTERS, name))
        tags.append(Tag(str(asked.filters[name].label), said, f"?{without}"))
    return tags


def _named(rows: Any, values: list[str]) -> str:
    found = rows.filter(pk__in=[value for value in values if value.isdecimal()]).values_list("name", flat=True)
    return ", ".join(found) or "unknown"


@require_GET
@requires(Act.VIEW_DESK)
def news(request: HttpRequest) -> HttpResponse:
    """How much work has come into this view since the page was made. The rows themselves stay where they are."""
    now = timezone.now()
    asked, _ = _asked(request, now)
    try:
        since = datetime.fromisoformat(request.GET.get("since", ""))
    except ValueError:
        since = now
    if timezone.is_naive(since):
        since = now
    come = queue.counts({"new": asked.qs.filter(reported_at__gt=since)})["new"]
    spelled = _spelled(request.GET)
    context = {
        "come": queue.said(come) if come else "",
        "news_url": f"{reverse('workorders:queue_news')}{_query(spelled, since=since.isoformat())}",
        "here": f"{reverse('workorders:queue')}{_query(spelled)}",
    }
    return render(request, "workorders/desk/news.html", context)


@require_GET
@requires(Act.VIEW_DESK)
def narrow(request: HttpRequest) -> HttpResponse:
    """Every filter as a form: a drawer beside the queue, or a page of its own."""
    asked, _ = _asked(request, timezone.now())
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
    asked, order = _asked(request, now)
    events.record(
        stream="exports", verb="queue.exported", by=request.user, now=now, data={"filters": _spelled(request.GET)}
    )
    lines = queue.as_csv(asked.qs, order=order, now=now)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="queue-{timezone.localtime(now):%Y-%m-%d}.csv"'
    return response


# Saved views


@require_POST
@requires(Act.VIEW_DESK)
def save_view(request: HttpRequest) -> HttpResponse:
    """Keep the filters that are shown under a name."""
    form = ViewForm(request.POST, instance=SavedView(owner=request.user), auto_id="view_%s")
    if form.is_valid():
        form.instance.query = _spelled(QueryDict(form.cleaned_data["query"]))
        if _kept(form):
            messages.success(request, f"View “{form.instance.name}” saved.")
            return redirect(f"{reverse('workorders:queue')}?{form.instance.query}")
    return render(request, "workorders/desk/view.html", {"form": form, "new": True}, status=422)


def _kept(form: ViewForm) -> bool:
    try:
        with transaction.atomic():
            form.save()
    except IntegrityError:
        form.add_error("name", "You have a view of that name.")
        return False
    return True


@requires(Act.VIEW_DESK)
def change_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename, share or delete one's own view."""
    view = get_object_or_404(SavedView.objects.visible_to(request.user), pk=pk)
    if view.owner_id != request.user.pk:
        raise PermissionDenied
    here = f"{reverse('workorders:queue')}?{view.query}"
    if request.method == "POST" and "delete" in request.POST:
        view.delete()
        messages.success(request, f"View “{view.name}” deleted.")
        return redirect("workorders:queue")
    form = ViewForm(request.POST or None, instance=view, auto_id="view_%s")
    if request.method == "POST" and form.is_valid() and _kept(form):
        messages.success(request, f"View “{view.name}” changed.")
        return redirect(here)
    status = 422 if request.method == "POST" else 200
    return render(request, "workorders/desk/view.html", {"form": form, "view": view, "here": here}, status=status)


# Several at once

BULK = {
    "triage": ("Accept", PlainForm, lifecycle.triage),
    "hold": ("Put on hold", HoldForm, lifecycle.hold),
    "cancel": ("Cancel", WordsForm, lifecycle.cancel),
}


class Result(NamedTuple):
    """What came of one row of a bulk move."""

    row: WorkOrder
    done: bool
    sentence: str


@require_POST
@requires(Act.VIEW_DESK)
def bulk(request: HttpRequest) -> HttpResponse:
    """One move for every selected row, each by itself: what was done, what was not, and why."""
    name = request.POST.get("do", "")
    chosen = request.POST.getlist("wo")[:MOST_AT_ONCE]
    rows = list(
        WorkOrder.objects.visible_to(request.user, Act.VIEW_DESK)
        .select_related("site", "hold_reason", "asset", "trade")
        .filter(pk__in=[pk for pk in chosen if pk.isdecimal()])
    )
    here = request.POST.get("here", "")
    back = here if here.startswith(reverse("workorders:queue")) else reverse("workorders:queue")
    if name not in BULK or not rows:
        messages.warning(request, "Select at least one work order first.")
        return redirect(back)
    label, form_class, rule = BULK[name]
    form = form_class(request.POST if "ready" in request.POST else None, row=rows[0], by=request.user)
    if name == "triage":
        form = form_class(request.POST, row=rows[0], by=request.user)
    elif not form.is_valid():
        status = 422 if form.is_bound else 200
        context = {"form": form, "rows": rows, "label": label, "do": name, "back": back}
        return render(request, "workorders/desk/bulk.html", context, status=status)
    form.full_clean()
    facts = {fact: value for fact, value in form.facts.items() if fact != "version"}
    results = [_one(request, name, row, partial(rule, **facts)) for row in rows]
    context = {"results": results, "label": label, "back": back, "done": sum(one.done for one in results)}
    return render(request, "workorders/desk/bulk_done.html", context)


def _one(request: HttpRequest, name: str, row: WorkOrder, rule: Any) -> Result:
    now = timezone.now()

    def act() -> str:
        rule(row, by=request.user, now=now)
        return "done"

    try:
        once(key=f"{request.POST.get(FIELD, '')}:{row.pk}", by=request.user, action=f"bulk.{name}", now=now, act=act)
    except (NotNow, NotAllowed, Incomplete) as refusal:
        return Result(row, False, refusal.sentence)
    except KeyRefused as refusal:
        return Result(row, False, str(refusal))
    row.refresh_from_db(fields=["status"])
    return Result(row, True, MARKS[Status(row.status)].label)
