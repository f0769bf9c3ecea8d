"""One search over everything: work orders, sites, assets, vendors, people; each only as far as the person sees it."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db.models import Case, CharField, IntegerField, Q, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_GET

from accounts.guards import requires
from accounts.models import User
from accounts.pages import page_or_partial
from accounts.permissions import Act, may
from accounts.prepared import prepared
from accounts.together import Asking, ask, rows_of, side_by_side
from accounts.words import Mark
from assets.models import Asset, Site
from vendors.models import Vendor
from workorders import search
from workorders.labels import mark_for

MOST = 10
LONGEST = 200


class Hit(NamedTuple):
    """One line of the result."""

    label: str
    sub: str
    url: str
    mark: Mark | None = None


class Group(NamedTuple):
    """The hits of one kind."""

    label: str
    icon: str
    hits: list[Hit]


@require_GET
@requires(Act.VIEW_DESK)
def everything(request: HttpRequest) -> HttpResponse:
    """The search page, or its results for the palette. An exact work order number goes straight to its page."""
    words = " ".join(request.GET.get("q", "")[:LONGEST].split())
    history = request.GET.get("history") == "1"
    groups = _groups(request.user, words, history=history) if words else []
    typing = request.headers.get("HX-Request") == "true"
    if search.number_of(words) and groups and not typing and len(groups) == 1 and len(groups[0].hits) == 1:
        return redirect(groups[0].hits[0].url)
    context = {"words": words, "groups": groups, "history": history}
    return page_or_partial(request, "config/search.html", context, partials=["search-results", "palette-results"])


def _groups(by: User, words: str, *, history: bool) -> list[Group]:
    kinds = [
        (label, icon, looked)
        for label, icon, act, looked in (
            ("Sites", "store", Act.VIEW_SITES, _sites), ("Assets", "package", Act.VIEW_ASSETS, _assets),
            ("Vendors", "users", Act.VIEW_VENDORS, _vendors), ("People", "user", Act.MANAGE_PEOPLE, _people),
        )
        if may(by, act)
    ]  # fmt: skip
    found = ask(side_by_side(*(looked(by, words) for *_, looked in kinds)))
    groups = [Group("Work orders", "clipboard-list", _orders(by, words, history=history))]
    groups += [Group(label, icon, hits) for (label, icon, _), hits in zip(kinds, found, strict=True)]
    return [group for group in groups if group.hits]


def _orders(by: User, words: str, *, history: bool) -> list[Hit]:
    """Open work; with `history`, or where none is open, also what is over."""
    rows = search.find(by, words, history=history) or search.find(by, words, history=True)
    return [
        Hit(row.title, f"{row.number} · {row.site} · {row.trade}", reverse("workorders:order", args=[row.number]),
            mark_for(row, by))
        for row in rows
    ]  # fmt: skip


def _best(rows: QuerySet[Any], words: str, column: str, *joined: str) -> QuerySet[Any]:
    """Rows whose code is what was typed first, then those that the words find."""
    found = rows.filter(Q(**{f"{column}__iexact": words}) | Q(search=search.query_of(words, config="simple")))
    return _exact_first(found, column, *joined, words=words)


@prepared(words=CharField())
def _exact_first(rows: QuerySet[Any], column: str, *joined: str, words: Any) -> QuerySet[Any]:
    exact = Case(When(**{f"{column}__iexact": words}, then=Value(0)), default=Value(1), output_field=IntegerField())
    return (rows.select_related(*joined) if joined else rows).order_by(exact, column)[:MOST]


def _sites(by: User, words: str) -> Asking[list[Hit]]:
    rows = yield from rows_of(_best(Site.objects.visible_to(by), words, "code", "region"))
    return [Hit(str(row), f"{row.region.name} · {row.address}", _page("assets:site", row.code)) for row in rows]


def _assets(by: User, words: str) -> Asking[list[Hit]]:
    rows = yield from rows_of(_best(Asset.objects.visible_to(by), words, "tag", "site", "category"))
    return [Hit(str(row), f"{row.site} · {row.category.name}", _page("assets:asset", row.tag)) for row in rows]


def _vendors(by: User, words: str) -> Asking[list[Hit]]:
    rows = yield from rows_of(_best(Vendor.objects.visible_to(by), words, "code"))
    said = ((row, f"{row.code} · {row.get_standing_display()}") for row in rows)
    return [Hit(row.name, words_of, _page("vendors:vendor", row.code)) for row, words_of in said]


def _people(by: User, words: str) -> Asking[list[Hit]]:
    known = User.objects.visible_to(by).filter(Q(name__icontains=words) | Q(email__iexact=words))
    rows = yield from rows_of(known.order_by("name", "pk")[:MOST])
    return [Hit(row.name, row.email, _page("accounts:person", row.pk)) for row in rows]


def _page(url_name: str, key: object) -> str:
    """The address of a row's page, or nothing where this installation has none for it."""
    try:
        return reverse(url_name, args=[key])
    except NoReverseMatch:
        return ""
