"""Planned maintenance at the desk: the plans, one plan with its days, and changing it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.changes import Faulty
from accounts.changes import NotAllowed as NotAllowedHere
from accounts.guards import requires
from accounts.pages import moved, page_or_partial
from accounts.paging import page_of
from accounts.permissions import Act, may
from accounts.views.editing import edit, sent
from accounts.words import Mark
from assets.models import Asset
from workorders import plans as rules
from workorders import recurrence
from workorders.forms.plans import PlanForm, TargetsForm
from workorders.labels import mark_of
from workorders.models import Plan, WorkOrder
from workorders.refusals import Incomplete, NotAllowed

MONTHS = 24
DAYS_SHOWN = 20
UNITS_SHOWN = 100


@require_safe
@requires(Act.VIEW_ASSETS)
def plans(request: HttpRequest) -> HttpResponse:
    """The plans that keep units in sight, by name."""
    everything = Plan.objects.visible_to(request.user, Act.VIEW_ASSETS)
    words, state = request.GET.get("q", "").strip()[:100], request.GET.get("state", "")
    chosen = everything.filter(retired_at__isnull=False) if state == "retired" else everything.active()
    if words:
        chosen = chosen.filter(Q(name__icontains=words) | Q(trade__name__icontains=words))
    page = page_of(chosen.for_table(), by="name", asked=request.GET)
    context = {
        "page": page,
        "lines": [(plan, recurrence.in_words(plan.rule)) for plan in page.rows],
        "words": words,
        "state": state,
        "may_manage": may(request.user, Act.MANAGE_PLANS),
        "may_see_spend": may(request.user, Act.VIEW_SPEND),
    }
    return page_or_partial(request, "workorders/plans/list.html", context, partials=("plan-results",))


@require_safe
@requires(Act.VIEW_ASSETS)
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """One plan: its rule in words, what it keeps, what comes and what came of its days."""
    found = get_object_or_404(Plan.objects.visible_to(request.user, Act.VIEW_ASSETS).for_table(), pk=pk)
    now = timezone.now()
    in_sight = Asset.objects.visible_to(request.user, Act.VIEW_ASSETS)
    targets = list(
        found.targets.filter(asset__in=in_sight).select_related("asset__site").order_by("next_due_on", "asset__tag")
    )
    anchors = {target.anchor_on for target in targets}
    past = list(found.occurrences.filter(asset__in=in_sight).select_related("asset").order_by("-due_on", "-pk")[:30])
    orders = WorkOrder.objects.visible_to(request.user).filter(plan=found).for_table()
    made = {(row.asset_id, row.planned_on): row for row in orders.filter(planned_on__in={one.due_on for one in past})}
    context = {
        "plan": found,
        "rule": recurrence.in_words(found.rule, anchors.pop() if len(anchors) == 1 else None),
        "targets": targets[:UNITS_SHOWN],
        "more_targets": max(0, len(targets) - UNITS_SHOWN),
        "past": [(one, row, mark_of(row) if row else _missed(one.state)) for one in past
                 for row in [made.get((one.asset_id, one.due_on))]],
        "may_manage": may(request.user, Act.MANAGE_PLANS)
        and Plan.objects.visible_to(request.user, Act.MANAGE_PLANS).filter(pk=pk).exists(),
        "may_see_spend": may(request.user, Act.VIEW_SPEND),
        "now": now,
    }  # fmt: skip
    if found.retired_at is None:
        context |= _ahead(request, found, {target.asset: target.anchor_on for target in targets}, timezone.localdate())
    return page_or_partial(request, "workorders/plans/plan.html", context)


def _missed(state: str) -> Mark:
    return Mark("Missed", "bad", "circle-x") if state == "missed" else Mark("Made", "off", "circle-dot")


def _ahead(request: HttpRequest, found: Plan, anchors: dict[Asset, date], today: date) -> dict[str, Any]:
    """The coming days, by month, with what they may cost."""
    seen = rules.preview(found, today=today, months=MONTHS, anchors=anchors)
    months = [
        {"month": month, "count": count, "amount": None if seen.amount is None else seen.amount * count}
        for month, count in sorted(seen.by_month.items())
    ]
    return {
        "preview": seen,
        "months": months,
        "most": max(seen.by_month.values(), default=1),
        "days": seen.days[:DAYS_SHOWN],
        "span_months": MONTHS,
        "may_see_spend": may(request.user, Act.VIEW_SPEND),
    }


def _find(request: HttpRequest, pk: int) -> Plan:
    return get_object_or_404(Plan.objects.visible_to(request.user, Act.MANAGE_PLANS), pk=pk)


def _trail(found: Plan | None = None) -> list[tuple[str, str]]:
    above = [("Planned maintenance", resolve_url("workorders:plans"))]
    return above + ([(found.name, resolve_url("workorders:plan", found.pk))] if found else [])


def _kept(act: Callable[[], Plan | object]) -> Any:
    """Run a rule of plans; its refusals in the words that a form page knows."""
    try:
        return act()
    except Incomplete as refusal:
        raise Faulty(refusal.faults) from refusal
    except NotAllowed as refusal:
        raise NotAllowedHere(refusal.sentence) from refusal


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_PLANS)
def plan_new(request: HttpRequest) -> HttpResponse:
    made: list[Plan] = []

    def keep(form: forms.BaseForm) -> None:
        now = timezone.now()
        made.append(
            _kept(lambda: rules.create(by=request.user, owner=request.user, now=now, **form.cleaned_data))
        )  # fmt: skip

    def peek(form: forms.BaseForm) -> dict[str, Any]:
        facts = dict(form.cleaned_data)
        anchors = dict.fromkeys(facts.pop("assets"), facts.pop("anchor_on"))
        return _ahead(request, Plan(**facts), anchors, timezone.localdate())

    return edit(
        request, PlanForm(sent(request), by=request.user), keep, heading="New plan", crumbs=_trail(),
        back=lambda: resolve_url("workorders:plan", made[0].pk), said="The plan is set.", action="Add plan",
        template="workorders/plans/edit.html", peek=peek,
        note="Each unit gets a work order on each of its days, so many days before.",
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_PLANS)
def plan_edit(request: HttpRequest, pk: int) -> HttpResponse:
    found = _find(request, pk)

    def peek(form: forms.BaseForm) -> dict[str, Any]:
        anchors = {target.asset: target.anchor_on for target in found.targets.select_related("asset")}
        return _ahead(request, Plan(**form.cleaned_data), anchors, timezone.localdate())

    return edit(
        request, PlanForm(sent(request), by=request.user, plan=found),
        lambda form: _kept(lambda: rules.change(found, by=request.user, now=timezone.now(), **form.cleaned_data)),
        heading=f"Edit {found.name}", crumbs=_trail(found), back=resolve_url("workorders:plan", pk), said="Saved.",
        template="workorders/plans/edit.html", peek=peek,
        note="Work that is already made stays as it is; days ahead follow the new rule.",
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_PLANS)
def plan_targets(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a plan keep more units."""
    found = _find(request, pk)
    return edit(
        request, TargetsForm(sent(request), by=request.user, today=timezone.localdate()),
        lambda form: _kept(lambda: rules.aim(found, by=request.user, now=timezone.now(), **_aimed(form))),
        heading="Add units", crumbs=_trail(found), back=resolve_url("workorders:plan", pk),
        said="The plan keeps them.", action="Add units",
    )  # fmt: skip


def _aimed(form: forms.BaseForm) -> dict[str, Any]:
    return {"assets": form.cleaned_data["assets"], "anchor_on": form.cleaned_data["anchor_on"]}


@require_POST
@requires(Act.MANAGE_PLANS)
def plan_drop(request: HttpRequest, pk: int, target: int) -> HttpResponse:
    """Let a plan keep a unit no longer."""
    found = _find(request, pk)
    in_sight = Asset.objects.visible_to(request.user, Act.MANAGE_PLANS)
    row = get_object_or_404(found.targets.filter(asset__in=in_sight).select_related("asset"), pk=target)
    rules.drop(found, [row.asset], by=request.user, now=timezone.now())
    return moved(request, resolve_url("workorders:plan", pk), f"The plan keeps {row.asset.tag} no longer.")


@require_POST
@requires(Act.MANAGE_PLANS)
def plan_retire(request: HttpRequest, pk: int) -> HttpResponse:
    found = rules.retire(_find(request, pk), by=request.user, now=timezone.now())
    return moved(request, resolve_url("workorders:plan", pk), f"{found.name} makes no more work.")
