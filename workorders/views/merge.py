"""Two work orders become one: choose the one that stays, see what moves, do it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from accounts.guards import requires
from accounts.permissions import Act
from accounts.together import ask
from workorders import merging, screening
from workorders.forms.desk import MergeForm
from workorders.labels import mark_of
from workorders.models import WorkOrder
from workorders.search import matching, number_of
from workorders.views.answers import answered
from workorders.views.deeds import address
from workorders.views.order import plain
from workorders.views.walking import carried, kept

SHOWN = 8


@requires(Act.MERGE)
def choose(request: HttpRequest, number: str) -> HttpResponseBase:
    """Choose by likeness, number or words; with one chosen, what would move; sent, it is done."""
    row, now = plain(request, number), timezone.now()
    if request.method != "POST":
        return _page(request, row)
    form = MergeForm(request.POST, row=row, by=request.user)
    if not form.is_valid():
        return _page(request, row, form=form, status=422)
    into = form.cleaned_data["into"]

    def act() -> str:
        merging.merge(row, into, by=request.user, now=now, version=form.cleaned_data["version"])
        return address(into.number) + kept(request)

    sentence = f"{row.number} is merged into this one. It can be undone for an hour."
    done = answered(
        request, action="order.merge", act=act, back=address(row.number) + kept(request), sentence=sentence, form=form
    )
    return _page(request, row, form=form, status=422) if done is None else done


def _page(request: HttpRequest, row: WorkOrder, *, form: MergeForm | None = None, status: int = 200) -> HttpResponse:
    words = request.GET.get("q", "").strip()
    asked = request.POST.get("into", "") if form else request.GET.get("into", "")
    here = _choices(request, row)
    into = here.filter(number=number_of(asked)).first() if asked else None
    context: dict[str, Any] = {
        "order": row,
        "mark": mark_of(row),
        "back": address(row.number) + kept(request),
        "kept": kept(request),
        "carried": carried(request),
        "q": words,
        "into": into,
        "form": form or MergeForm(row=row, by=request.user, initial={"into": into.number if into else asked}),
        "unknown": asked if asked and into is None and form is None else "",
    }
    if into is not None:
        context["preview"] = merging.preview(row, into, by=request.user)
        context["into_mark"] = mark_of(into)
    else:
        context["found"] = [(one, mark_of(one)) for one in _found(here, row, words)] if words else []
        context["matches"] = [(match, mark_of(match.work_order)) for match in _alike(request, row)]
    return render(request, "workorders/desk/merge.html", context, status=status)


def _choices(request: HttpRequest, row: WorkOrder) -> Any:
    """Work of the same site that this person sees."""
    seen = WorkOrder.objects.visible_to(request.user, Act.VIEW_DESK)
    return seen.select_related("site", "trade", "asset", "vendor", "merged_into", "hold_reason").filter(
        site=row.site_id
    )


def _found(here: Any, row: WorkOrder, words: str) -> list[WorkOrder]:
    return list(matching(here.open().exclude(pk=row.pk), words).order_by("-reported_at")[:SHOWN])


def _alike(request: HttpRequest, row: WorkOrder) -> list[screening.Match]:
    return ask(screening.duplicates(
        site=row.site, trade=row.trade, by=request.user, now=timezone.now(), problem_type=row.problem_type,
        asset=row.asset, area=row.area, words=f"{row.title} {row.description}", other_than=row,
    ))[:SHOWN]  # fmt: skip
