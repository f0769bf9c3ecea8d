"""Onboarding: the steps in which an invited company introduces itself, and the review at the desk."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.changes import Faulty, NotAllowed
from accounts.guards import requires
from accounts.once import FIELD, KeyRefused, fresh_key, once
from accounts.pages import moved, too_late
from accounts.people import AlreadyHere
from accounts.permissions import Act
from accounts.views.editing import edit, sent
from vendors import compliance, roster, staffing
from vendors import onboarding as rules
from vendors.forms import DocumentForm, HireForm
from vendors.models import ComplianceDocument, DocumentKind, DocumentState, Onboarding, RateCard, Vendor
from vendors.onboarding_forms import (
    DecisionForm,
    IntroductionForm,
    InviteForm,
    OwnCoverageForm,
    OwnRatesForm,
    OwnTradesForm,
)
from vendors.papers import PAPERS
from vendors.scope import vendor_ids_of
from vendors.views.papers import MARKS as PAPER_MARKS

ICONS = {
    "company": "briefcase", "trades": "wrench", "coverage": "map-pin", "rates": "circle-dollar-sign",
    "documents": "shield-check", "people": "users",
}  # fmt: skip
NOTES = {
    "company": "Who you are and how stores and facilities reach you.",
    "trades": "For these trades somebody is looked for.",
    "coverage": "Where you go. You are asked for jobs there and nowhere else.",
    "rates": "What you charge, by trade. Bills are held against it.",
    "documents": "Proof of insurance and what else your trades need. Facilities looks at each.",
    "people": "Who else answers offers, and who goes out. You can add people later, too.",
}


# The company's side


def _found(request: HttpRequest) -> Onboarding | None:
    own = Onboarding.objects.visible_to(request.user, Act.MANAGE_OWN_VENDOR)
    own = own.filter(vendor_id__in=vendor_ids_of(request.user, Act.MANAGE_OWN_VENDOR))
    return own.select_related("vendor").order_by("pk").first()


def _own(request: HttpRequest) -> Onboarding:
    """The onboarding of the company that the person speaks for, else 404."""
    if (found := _found(request)) is None:
        raise Http404
    return found


def _lines(steps: list[rules.Step]) -> list[dict[str, Any]]:
    return [{"step": step, "icon": ICONS[step.key]} for step in steps]


@require_safe
@requires(Act.MANAGE_OWN_VENDOR)
def setup(request: HttpRequest) -> HttpResponseBase:
    """What is written and what is missing, step by step; a company that was never asked for it has its own page."""
    own = _found(request)
    return _overview(request, own) if own else redirect("vendors:company")


def _overview(request: HttpRequest, own: Onboarding, *, faults: list[str] | None = None) -> HttpResponse:
    steps = rules.steps_of(own, now=timezone.now())
    context = {
        "own": own, "vendor": own.vendor, "lines": _lines(steps), "next": _next(steps), "faults": faults or [],
        "many_missing": sum(bool(step.missing) for step in steps), "fresh_key": fresh_key, "failed": bool(faults),
        "tz": own.vendor.time_zone, "now": timezone.now(),
    }  # fmt: skip
    return render(request, "vendors/setup.html", context, status=422 if faults else 200)


def _next(steps: list[rules.Step], after: str = "") -> str:
    """The first step that misses something, looking on from `after`; nothing when none does."""
    keys = [step.key for step in steps]
    start = keys.index(after) + 1 if after else 0
    order = steps[start:] + steps[:start]
    return next((step.key for step in order if step.missing), "")


@require_POST
@requires(Act.MANAGE_OWN_VENDOR)
def setup_send(request: HttpRequest) -> HttpResponse:
    """The company is done: facilities looks at it."""
    own, now, back = _own(request), timezone.now(), resolve_url("vendors:setup")

    def act() -> str:
        rules.submit(vendor=own.vendor, by=request.user, now=now)
        return back

    try:
        to = once(key=request.POST.get(FIELD, ""), by=request.user, action=request.path, now=now, act=act)
    except rules.TooLate as refusal:
        return too_late(request, str(refusal), back)
    except NotAllowed as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except Faulty as refusal:
        return _overview(request, own, faults=list(refusal.faults.values()))
    except KeyRefused as refusal:
        return _overview(request, own, faults=[str(refusal)])
    return moved(request, to, "Sent. You are told when facilities has decided.")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_OWN_VENDOR)
def setup_step(request: HttpRequest, step: str) -> HttpResponseBase:
    """One step: kept when it is saved, and open again until the profile is sent."""
    if step not in STEPS:
        raise Http404
    own, now = _own(request), timezone.now()
    if not own.is_filling:
        return too_late(request, rules.SENT, resolve_url("vendors:setup"))
    form, keep, extra = STEPS[step](request, own, now)
    stays = "add" in extra
    return edit(
        request, form, keep, heading=rules.STEPS[step], note=NOTES[step], said="Saved.",
        crumbs=[("Your profile", resolve_url("vendors:setup"))],
        back=lambda: resolve_url("vendors:setup_step", step) if stays else _onward(own, step, again=step == "rates"),
        action=extra.get("add", "Save and go on"),
        template="vendors/setup_step.html",
        extra={**extra, "vendor": own.vendor, "step": step, "icon": ICONS[step], "onward": _onward(own, step)},
    )  # fmt: skip


def _onward(own: Onboarding, step: str, *, again: bool = False) -> str:
    """Where it goes on: `again` here while something is missing here, the next step with a gap, then the overview."""
    steps = rules.steps_of(own, now=timezone.now())
    if again and any(one.key == step and one.missing for one in steps):
        return resolve_url("vendors:setup_step", step)
    following = _next(steps, step)
    return resolve_url("vendors:setup_step", following) if following else resolve_url("vendors:setup")


type Filled = tuple[forms.BaseForm, Callable[[Any], object], dict[str, Any]]


def _company(request: HttpRequest, own: Onboarding, now: datetime) -> Filled:
    form = IntroductionForm(sent(request), instance=copy(own.vendor), label_suffix="")

    def keep(form: Any) -> object:
        return rules.introduce(vendor=own.vendor, by=request.user, now=now, **form.cleaned_data)

    return form, keep, {}


def _trades(request: HttpRequest, own: Onboarding, now: datetime) -> Filled:
    held = list(own.vendor.trades.values_list("trade_id", flat=True))
    form = OwnTradesForm(sent(request), onboarding=own, initial={"trades": held})

    def keep(form: Any) -> None:
        rules.choose_trades(vendor=own.vendor, trades=form.cleaned_data["trades"], by=request.user, now=now)

    return form, keep, {}


def _coverage(request: HttpRequest, own: Onboarding, now: datetime) -> Filled:
    trades = [one.trade for one in own.vendor.trades.select_related("trade").order_by("trade__name")]
    covered = list(own.vendor.coverage.all())
    known = {f"trade-{trade.pk}": [one.region_id for one in covered if one.trade_id == trade.pk] for trade in trades}
    radius = max((one.radius_km for one in covered if one.radius_km), default=None)
    form = OwnCoverageForm(
        sent(request), onboarding=own, trades=trades, initial={**known, "radius_km": radius}
    )  # fmt: skip

    def keep(form: Any) -> None:
        rules.cover(
            vendor=own.vendor, places=form.places, radius_km=form.cleaned_data["radius_km"], by=request.user, now=now
        )

    return form, keep, {"first": "" if trades else "trades"}


def _rates(request: HttpRequest, own: Onboarding, now: datetime) -> Filled:
    today = now.astimezone(ZoneInfo(own.vendor.time_zone)).date()
    trades = [one.trade for one in own.vendor.trades.select_related("trade").order_by("trade__name")]
    cards = {card.trade_id: card for card in own.vendor.rate_cards.order_by("starts_on")}
    open_ones = [trade for trade in trades if trade.pk not in cards]
    asked = request.GET.get("trade", "")
    trade = next((one for one in trades if one.code == asked), next(iter(open_ones or trades), None))
    fresh = RateCard(vendor=own.vendor, currency=own.vendor.currency, trade=trade)
    card = cards.get(trade.pk, fresh) if trade else fresh
    form = OwnRatesForm(sent(request), instance=copy(card), initial={} if card.pk else {"starts_on": today})

    def keep(form: Any) -> object:
        facts = form.cleaned_data | {"trade": trade}
        return roster.keep_rate_card(card=card, by=request.user, now=now, **facts)

    shown = [{"trade": one, "card": cards.get(one.pk), "is_this": one == trade} for one in trades]
    return form, keep, {"rated": shown, "trade": trade, "first": "" if trades else "trades"}


def _documents(request: HttpRequest, own: Onboarding, now: datetime) -> Filled:
    form = DocumentForm(sent(request), request.FILES or None, by=request.user, vendor=own.vendor)
    papers = ComplianceDocument.objects.visible_to(request.user).filter(vendor=own.vendor).order_by("kind", "-pk")

    def keep(form: Any) -> object:
        try:
            return compliance.upload(vendor=own.vendor, by=request.user, now=now, **form.cleaned_data)
        except compliance.Faulty as refusal:
            raise Faulty(refusal.faults) from refusal

    extra = {
        "papers": [{"paper": one, "mark": PAPER_MARKS[DocumentState(one.state)]} for one in papers],
        "needed": [
            {"name": PAPERS[DocumentKind(one.kind)], "limit": one.minimum_limit_amount, "blocks": one.blocks}
            for one in rules.needed_papers(own)
        ],
        "add": "Hand in this paper",
    }  # fmt: skip
    return form, keep, extra


def _people(request: HttpRequest, own: Onboarding, now: datetime) -> Filled:
    def keep(form: Any) -> object:
        try:
            return staffing.hire(vendor=own.vendor, by=request.user, now=now, **form.cleaned_data)
        except AlreadyHere as refusal:
            raise Faulty({"email": str(refusal)}) from refusal

    crew = staffing.staff_of([own.vendor_id], now=now)
    return HireForm(sent(request)), keep, {"crew": crew, "add": "Send invitation"}


STEPS: dict[str, Callable[[HttpRequest, Onboarding, datetime], Filled]] = {
    "company": _company, "trades": _trades, "coverage": _coverage, "rates": _rates, "documents": _documents,
    "people": _people,
}  # fmt: skip


# The desk's side


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_VENDORS)
def invite(request: HttpRequest) -> HttpResponse:
    """Invite a company to introduce itself."""
    return edit(
        request, InviteForm(sent(request), by=request.user),
        lambda form: rules.invite(by=request.user, now=timezone.now(), **form.cleaned_data),
        heading="Invite a vendor", crumbs=[("Vendors", resolve_url("vendors:vendors"))],
        back=lambda: resolve_url("vendors:introduction", request.POST["code"].strip()), action="Send invitation",
        said="Invited. The company introduces itself, then you decide.",
        note="The company gets a link, fills in its profile and sends it to you.",
    )  # fmt: skip


def _find(request: HttpRequest, code: str) -> Onboarding:
    known = Onboarding.objects.visible_to(request.user, Act.MANAGE_VENDORS)
    return get_object_or_404(known.select_related("vendor", "invited_by", "decided_by"), vendor__code__iexact=code)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_VENDORS)
def introduction(request: HttpRequest, code: str) -> HttpResponseBase:
    """What a company wrote, with what is missing beside it, and the decision."""
    row, now = _find(request, code), timezone.now()
    back = resolve_url("vendors:introduction", row.vendor.code)
    form = DecisionForm(sent(request), initial={"trial_jobs": row.vendor.trial_jobs})

    def keep(form: Any) -> object:
        given = form.cleaned_data
        if given["decision"] == "ask":
            return rules.give_back(vendor=row.vendor, note=given["reason"], by=request.user, now=now)
        return rules.decide(vendor=row.vendor, by=request.user, now=now, **given)

    papers = ComplianceDocument.objects.visible_to(request.user, Act.MANAGE_VENDORS).filter(vendor=row.vendor)
    cards = row.vendor.rate_cards.select_related("trade").order_by("trade__name", "starts_on")
    extra = {
        "row": row, "vendor": row.vendor, "tz": row.vendor.time_zone, "now": now,
        "lines": _lines(rules.steps_of(row, now=now)), "cards": cards,
        "papers": [
            {"paper": one, "mark": PAPER_MARKS[DocumentState(one.state)]}
            for one in papers.select_related("trade").order_by("kind", "-pk")
        ],
    }  # fmt: skip
    try:
        return edit(
            request, form, keep, heading=row.vendor.name, back=back, said="Done. The company is told.",
            crumbs=[("Vendors", resolve_url("vendors:vendors")), (row.vendor.name, _record(row.vendor))],
            action="Decide", template="vendors/introduction.html", extra=extra,
        )  # fmt: skip
    except rules.TooLate as refusal:
        return too_late(request, str(refusal), back)


def _record(vendor: Vendor) -> str:
    return resolve_url("vendors:vendor", vendor.code)
