"""Views of the queue: those of the house, one's own and shared ones, each a query string with its rows and count."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Case, QuerySet, When
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.guards import requires
from accounts.models import User
from accounts.permissions import Act
from accounts.prepared import KEY, prepared
from workorders import queue
from workorders.filters import QueueFilter
from workorders.forms.desk import ViewForm
from workorders.models import SavedView

HOUSE_VIEWS = (
    ("Needs triage", "status=new"),
    ("All open", ""),
    ("Mine", "owner=me"),
    ("Overdue", "due=overdue"),
    ("Due today", "due=today"),
    ("To dispatch", "status=ready"),
    ("On hold", "status=on_hold"),
    ("To verify", "status=completed"),
)
MOST_VIEWS = 24
PLACE = ("after", "before", "wo", "since", "asked", "told", "rows", "groups")
"""What says where in a view somebody is, and is no part of it."""

NOT_FILTERS = (*PLACE, "sort")


class Tab(NamedTuple):
    """One saved view as a tab; `key` names its count on the page."""

    key: str
    name: str
    query: str
    current: bool
    count: str
    view: SavedView | None


def spelled_of(asked: QueryDict, *, leave_out: Iterable[str] = NOT_FILTERS) -> str:
    """The query string in one order, so that two that mean the same are the same."""
    pairs = [(name, value) for name, values in asked.lists() for value in values if value and name not in leave_out]
    return urlencode(sorted(pairs))


def asked_of(
    request: HttpRequest, now: datetime, asked_for: QueryDict | None = None
) -> tuple[QueueFilter, queue.Order]:
    """What the address asks of the queue, or what `asked_for` does, and in which order."""
    data = request.GET if asked_for is None else asked_for
    asked = QueueFilter(data, by=request.user, now=now)
    wanted = "newest" if asked.over else data.get("sort", "due")
    return asked, queue.ORDERS.get(wanted, queue.ORDERS["due"])


def query_of(spelled: str, **more: str) -> str:
    return f"?{'&'.join(part for part in (spelled, urlencode(more)) if part)}"


def views_of(user: User) -> list[SavedView]:
    """A person's own views, and after them those that others share."""
    return list(_own_first(SavedView.objects.visible_to(user), own=user.pk))


@prepared(own=KEY)
def _own_first(rows: QuerySet[SavedView], *, own: Any) -> QuerySet[SavedView]:
    return rows.order_by(Case(When(owner=own, then=0), default=1), "name", "pk")[:MOST_VIEWS]


def tab_sets(asked: QueueFilter, views: Iterable[SavedView]) -> dict[str, Any]:
    """The rows of every tab as who has `asked` sees them, for `queue.counts`."""
    named = [*enumerate(query for _, query in HOUSE_VIEWS), *((f"v{view.pk}", view.query) for view in views)]
    rows = asked.several([query for _, query in named])
    return {f"tab:{key}": found for (key, _), found in zip(named, rows, strict=True)}


def tabs(views: Iterable[SavedView], counts: dict[str, int], *, view: str = "-", spelled: str = "-") -> list[Tab]:
    """The tabs with their counts; the one that is shown is the view as it is sorted, else as it is filtered."""
    every = [(str(place), name, query, None) for place, (name, query) in enumerate(HOUSE_VIEWS)]
    every += [(f"v{one.pk}", one.name, one.query, one) for one in views]  # type: ignore[misc]
    queries = {query for _, _, query, _ in every}
    shown = view if view in queries else spelled
    return [
        Tab(key, name, f"?{query}", query == shown, queue.said(counts[f"tab:{key}"]), one)
        for key, name, query, one in every
    ]


# Keeping them


@require_POST
@requires(Act.VIEW_DESK)
def save_view(request: HttpRequest) -> HttpResponse:
    """Keep the filters that are shown under a name."""
    form = ViewForm(request.POST, instance=SavedView(owner=request.user), auto_id="view_%s")
    if form.is_valid():
        form.instance.query = spelled_of(QueryDict(form.cleaned_data["query"]), leave_out=PLACE)
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
    if request.method == "POST" and form.is_valid():
        form.instance.query = spelled_of(QueryDict(form.cleaned_data["query"]), leave_out=PLACE)
    if request.method == "POST" and form.is_valid() and _kept(form):
        messages.success(request, f"View “{view.name}” changed.")
        return redirect(here)
    status = 422 if request.method == "POST" else 200
    return render(request, "workorders/desk/view.html", {"form": form, "view": view, "here": here}, status=status)
