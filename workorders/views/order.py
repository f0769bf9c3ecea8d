"""One work order at the desk: its page, its moves, who should go, and what was shown when somebody was asked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import segno
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET, require_POST

from accounts.guards import requires
from accounts.pages import page_or_partial
from accounts.permissions import Act, may
from accounts.together import Asking, ask, nothing, side_by_side
from workorders import (
    authorization,
    dispatch,
    dossier,
    intake,
    lapses,
    lifecycle,
    merging,
    offers,
    queue,
    recalls,
    screening,
)
from workorders.forms.desk import MoveForm, OfferForm, PlainForm, SayForm
from workorders.labels import CHANGES, MESSAGES, SHOWN, cycle_of, due_of, mark_of, timeline_of
from workorders.models import Attachment, Move, Offer, Status, WorkOrder
from workorders.refusals import NotNow
from workorders.views.answers import answered, too_late
from workorders.views.deeds import DEEDS, Deed, address, send
from workorders.views.walking import kept, opened, way_of

LATER = ("say", "watch", "unwatch", "priority", "authorize", "assign", "correct", "unmerge", "follow_up", "make_recall")
"""Deeds that have their place elsewhere on the page."""

ASIDE = ("priority", "authorize", "assign", "correct")
"""Deeds that stand with what they change, on pages of their own."""

BESIDE = ("unmerge", "ask", "verify", "reject", "cancel", "hold", "resume", "assign", "priority")
"""Deeds at hand beside the queue, each in a dialog of its own."""

FIRST = {
    Status.NEW: ("triage",),
    Status.ON_HOLD: ("resume",),
    Status.COMPLETED: ("verify",),
    Status.VERIFIED: ("close",),
}
DISPATCHING = frozenset({Status.NEW, Status.READY})


@dataclass(frozen=True)
class Button:
    """One deed that is possible now, with its form ready in a dialog."""

    deed: Deed
    form: MoveForm
    url: str
    primary: bool


def seen(request: HttpRequest, number: str) -> WorkOrder:
    """The work order with everything its page shows, or 404 out of sight."""
    try:
        return dossier.find(number, by=request.user)
    except WorkOrder.DoesNotExist as missing:
        raise Http404 from missing


def plain(request: HttpRequest, number: str) -> WorkOrder:
    """The work order as a rule takes it, or 404 out of sight."""
    rows = WorkOrder.objects.visible_to(request.user, Act.VIEW_DESK)
    return get_object_or_404(
        rows.select_related("site", "trade", "asset__category", "problem_type", "hold_reason", "vendor"),
        number=number.upper(),
    )


def _buttons(row: WorkOrder, request: HttpRequest, moves: set[Move], later: Collection[str] = LATER) -> list[Button]:
    first = FIRST.get(Status(row.status), ())
    return [
        Button(
            deed,
            deed.form(row=row, by=request.user, auto_id=f"{deed.name}_%s"),
            reverse("workorders:order_act", args=[row.number, deed.name]) + kept(request),
            deed.name in first,
        )
        for deed in DEEDS.values()
        if deed.name not in later and deed.possible(row, request.user, moves)
    ]


def _moves(row: WorkOrder, request: HttpRequest, now: datetime) -> set[Move]:
    """What this person can do now; what failed too long ago is no longer called back."""
    moves = set(lifecycle.available_moves(row, request.user))
    return moves - {Move.RECALL} if Move.RECALL in moves and not intake.in_recall_window(row, now=now) else moves


def _head(row: WorkOrder, request: HttpRequest, now: datetime) -> dict[str, Any]:
    return {
        "order": row,
        "mark": mark_of(row),
        "due": due_of(row, now),
        "cycle": cycle_of(row, now),
        "now": now,
        "tz": row.site.time_zone,
        "nte": authorization.in_words(row.authorized_amount, row.currency),
    }


def _next(targets: list[dossier.Target]) -> dossier.Target | None:
    """The target that the page leads with: the first that is not settled, else the last."""
    ahead = [one for one in targets if one.due.state not in ("met", "missed")]
    return (ahead or targets[-1:] or [None])[0]


def _undo_until(row: WorkOrder, moves: set[Move], now: datetime) -> datetime | None:
    """Until when this person can undo the merge of `row`."""
    until = merging.undo_until(row) if Move.UNMERGE in moves else None
    return until if until and now <= until else None


@require_GET
@requires(Act.VIEW_DESK)
def show(request: HttpRequest, number: str) -> HttpResponse:
    """The page of one work order."""
    now = timezone.now()
    if way := opened(request, number, now):
        return redirect(way)
    if request.headers.get("HX-Target") == "wo-activity":
        return _activity(request, number)
    row = seen(request, number)
    moves = _moves(row, request, now)
    activity, past, trail, lapse, way = ask(
        side_by_side(
            _entries(request, row),
            dossier.history_of(row, by=request.user, now=now),
            dossier.trail_of(row, by=request.user),
            lapses.asked_lapse(row, now=now),
            way_of(request, row, now),
        )
    )
    row.is_proposed = bool(trail.proposals)  # type: ignore[attr-defined]
    watchers = row.said_watchers  # type: ignore[attr-defined]
    buttons = _buttons(row, request, moves)
    context = {
        **_head(row, request, now),
        "targets": (targets := dossier.targets_of(row, now)),
        "next_target": _next(targets),
        "may_spend": may(request.user, Act.VIEW_SPEND),
        "screenings": (found := dossier.screenings_of(row)),
        "undo_merge_until": _undo_until(row, moves, now),
        "waiting": dossier.waiting_of(row, now),
        "reasons": [said for said in row.priority_reasons if said not in {one.sentence for one in found}],
        "answers": row.said_answers,  # type: ignore[attr-defined]
        "ledger": dossier.ledger_of(row),
        "past": past,
        "advised": next((one for one in past if one.recommendation), None),
        "trail": trail,
        "lapse": lapse,
        **activity,
        "way": way,
        "kept": kept(request),
        "primary": [button for button in buttons if button.primary],
        "buttons": [button for button in buttons if not button.primary and not button.deed.danger],
        "grave": [button for button in buttons if button.deed.danger],
        # A merge has a page of its own, which shows what moves.
        "dialogs": [button for button in buttons if button.deed.name != "merge"],
        "more": [deed for deed in map(DEEDS.__getitem__, ASIDE) if deed.possible(row, request.user, moves)],
        "may_recall": DEEDS["make_recall"].possible(row, request.user, moves),
        "may_correct": DEEDS["correct"].possible(row, request.user, moves),
        "may_follow_up": DEEDS["follow_up"].possible(row, request.user, moves),
        "dispatching": row.status in DISPATCHING and may(request.user, Act.DISPATCH),
        "may_withdraw": Move.WITHDRAW in moves,
        "may_agree": Move.AGREE in moves,
        "plain": PlainForm(row=row, by=request.user),
        "watchers": watchers,
        "watched": any(one["id"] == request.user.pk for one in watchers),
        "keys_of": "workorders/desk/keys.html",
    }  # fmt: skip
    return page_or_partial(request, "workorders/desk/order.html", context)


class Show(NamedTuple):
    """One of the ways to look at what happened; `following` is the one that a key goes on to."""

    name: str
    label: str
    query: str
    current: bool
    following: bool


SHOWS = (("", "All", "Nothing has happened yet."), (MESSAGES, "Messages", "Nobody has written yet."),
         (CHANGES, "Changes", "Nothing has changed yet."))  # fmt: skip


def _entries(request: HttpRequest, row: WorkOrder, only: str | None = None) -> Asking[dict[str, Any]]:
    """What happened and was said, as far as the address wants to see it, and the box to say more."""
    asked = request.GET.get("show", "") if only is None else only
    at = next((place for place, (name, *_) in enumerate(SHOWS) if name == asked), 0)
    name, _, none_shown = SHOWS[at]
    every = request.GET.get("all") == "1"
    entries, earlier = yield from timeline_of(row, request.user, limit=None if every else SHOWN, only=name)
    here = address(row.number)
    more = {"show": name} if name else {}
    return {
        "entries": entries,
        "none_shown": none_shown,
        "shows": [
            Show(one, label, here + kept(request, **({"show": one} if one else {})), place == at,
                 place == (at + 1) % len(SHOWS))
            for place, (one, label, _) in enumerate(SHOWS)
        ],
        "more_url": f"{here}{kept(request, all='1', **more)}#wo-activity" if earlier else "",
        "say": SayForm(row=row, by=request.user) if may(request.user, Act.COMMENT) else None,
        "may_call": may(request.user, Act.COMMENT_INTERNALLY),
    }  # fmt: skip


@require_GET
@requires(Act.VIEW_DESK)
def sheet(request: HttpRequest, number: str) -> HttpResponse:
    """The work order on paper, for the wall and for hands without a phone."""
    now = timezone.now()
    row = seen(request, number)
    past, trail = ask(
        side_by_side(dossier.history_of(row, by=request.user, now=now), dossier.trail_of(row, by=request.user))
    )
    code = _code(request.build_absolute_uri(address(row.number)))
    context = {**_head(row, request, now), "trail": trail, "past": past[:3], "code": code}
    return render(request, "workorders/desk/sheet.html", context)


def _code(text: str) -> tuple[str, int]:
    """A QR code as the path of a drawing, and the side of its square."""
    symbol = segno.make(text, error="m")
    dark = [(x, y) for y, line in enumerate(symbol.matrix_iter(border=2)) for x, cell in enumerate(line) if cell]
    return "".join(f"M{x} {y}h1v1h-1z" for x, y in dark), symbol.symbol_size(border=2)[0]


# Moves


@requires(Act.VIEW_DESK)
def act(request: HttpRequest, number: str, name: str) -> HttpResponseBase:
    """One deed as a page of its own, and what the form of the deed posts to."""
    deed = DEEDS.get(name)
    if deed is None:
        raise Http404
    row, now = plain(request, number), timezone.now()
    if request.method != "POST":
        return _asked(request, deed, row, deed.form(row=row, by=request.user, initial=_suggested(request, deed)))
    form = deed.form(request.POST, request.FILES, row=row, by=request.user)
    if not form.is_valid():
        return _asked(request, deed, row, form)
    done = answered(
        request,
        action=f"order.{name}",
        act=lambda: address(deed.do(row, request.user, now, form.facts)) + kept(request),
        back=address(row.number) + kept(request),
        sentence=deed.said,
        form=form,
    )
    if done is None:
        return _asked(request, deed, row, form)
    return _after(request, done, row.number)


def _suggested(request: HttpRequest, deed: Deed) -> dict[str, Any]:
    """What the link that led here says already: another trade, for a request that is to be corrected."""
    trade = request.GET.get("trade", "")
    return {"trade": trade} if deed.name == "correct" and trade.isdecimal() and len(trade) < 10 else {}


def _after(request: HttpRequest, done: HttpResponse, number: str) -> HttpResponseBase:
    """Where the move was made in a region of a page, that region as it is now; else on to the page."""
    target = request.headers.get("HX-Target")
    if target == "queue-peek" and done.status_code in (204, 409):
        return _beside(request, done, number)
    if done.status_code == 204 and target == "wo-activity":
        return _activity(request, number)
    return done


def _beside(request: HttpRequest, done: HttpResponse, number: str) -> HttpResponse:
    """What stands beside the queue after a move: the next row and the old one's line; too late, this row as it is."""
    now = timezone.now()
    following = request.POST.get("next", "")
    if done.status_code == 409 or not WorkOrder.objects.visible_to(request.user, Act.VIEW_DESK).filter(
        number=following
    ):
        following = number
    acted = WorkOrder.objects.visible_to(request.user, Act.VIEW_DESK).filter(number=number)
    context = peek_context(request, following, now) | {
        "changed": True,
        "moved": queue.lines_of(acted.values_list("pk", flat=True), now=now),
        "order_name": parse_qs(urlsplit(request.headers.get("HX-Current-URL", "")).query).get("sort", ["due"])[0],
    }
    answer = render(request, "workorders/desk/peek.html", context)
    return HttpResponse(done.content + answer.content, status=409) if done.status_code == 409 else answer


def _activity(request: HttpRequest, number: str) -> HttpResponse:
    """The activity alone; after a message all of it, so that who has written sees it."""
    row, told = plain(request, number), request.method == "POST"
    context = {
        **ask(_entries(request, row, "" if told else None)),
        "order": row,
        "tz": row.site.time_zone,
        "now": timezone.now(),
        "told": told,
    }
    answer = render(request, "workorders/desk/order.html#wo-activity", context)
    if told:
        answer["HX-Replace-Url"] = address(row.number) + kept(request)
    patch_vary_headers(answer, ["HX-Request", "HX-Target"])
    return answer


def _asked(request: HttpRequest, deed: Deed, row: WorkOrder, form: MoveForm) -> HttpResponse:
    """The form of a deed on a page of its own: without script, and whenever answers must be corrected."""
    context: dict[str, Any] = {
        "deed": deed, "order": row, "form": form, "mark": mark_of(row),
        "url": reverse("workorders:order_act", args=[row.number, deed.name]) + kept(request),
        "back": address(row.number) + kept(request),
        "region": "queue-peek" if request.headers.get("HX-Target") == "queue-peek" else "",
    }  # fmt: skip
    if deed.name == "make_recall":
        try:
            context["effects"] = recalls.effects(row, now=timezone.now())
        except NotNow as refusal:
            return too_late(request, refusal, context["back"])
    if deed.name == "merge":
        context["matches"] = _matches(request, row)
        context["moving"] = ask(dossier.thread_of(row, request.user))
    status = 422 if form.is_bound else 200
    if request.headers.get("HX-Target") in ("queue-peek", "wo-activity"):
        return render(request, "workorders/desk/act.html#deed", context, status=status)
    return render(request, "workorders/desk/act.html", context, status=status)


def _matches(request: HttpRequest, row: WorkOrder) -> list[screening.Match]:
    """Open work here that may be the same thing."""
    return ask(screening.duplicates(
        site=row.site, trade=row.trade, by=request.user, problem_type=row.problem_type, asset=row.asset,
        area=row.area, words=f"{row.title} {row.description}", other_than=row, now=timezone.now(),
    ))[:5]  # fmt: skip


def peek_context(request: HttpRequest, number: str, now: datetime) -> dict[str, Any]:
    """What the preview beside the queue shows."""
    row = seen(request, number)
    moves = _moves(row, request, now)
    best = None
    if row.status in (Status.NEW, Status.READY) and may(request.user, Act.DISPATCH):
        best = dispatch.consider(work_order=row, now=now, by=request.user).best()
    if not _undo_until(row, moves, now):
        moves.discard(Move.UNMERGE)
    buttons = {button.deed.name: button for button in _buttons(row, request, moves, DEEDS.keys() - {"merge", *BESIDE})}
    past, proposals, moving = ask(
        side_by_side(
            dossier.history_of(row, by=request.user, now=now),
            dossier.proposals_of(row),
            dossier.thread_of(row, request.user) if "merge" in buttons else nothing(),
        )
    )
    row.is_proposed = bool(proposals)  # type: ignore[attr-defined]
    return {
        **_head(row, request, now),
        "screenings": dossier.screenings_of(row),
        "may_recall": DEEDS["make_recall"].possible(row, request.user, moves),
        "photos": [
            one for one in Attachment.objects.visible_to(request.user).filter(work_order=row).select_related("file")
            if one.file.is_image
        ][:4],
        "best": best,
        "points": int(best.score * 100) if best else None,
        "offer_form": OfferForm(row=row, by=request.user, vendor=best.vendor.pk) if best else None,
        "may_offer": best is not None and (Move.OFFER in moves or Move.TRIAGE in moves),
        "may_triage": Move.TRIAGE in moves,
        "triage": PlainForm(row=row, by=request.user),
        "proposals": proposals,
        "may_answer": Move.AGREE in moves,
        "beside": [buttons[name] for name in BESIDE if name in buttons],
        "past": past[:3],
        "advised": next((one for one in past if one.recommendation), None),
        "merge": buttons.get("merge"),
        "matches": _matches(request, row) if "merge" in buttons else [],
        "moving": moving,
    }  # fmt: skip


# Who goes


@require_GET
@requires(Act.DISPATCH)
def vendors(request: HttpRequest, number: str) -> HttpResponse:
    """Every vendor considered, in order, with each check and each part of its score."""
    return _vendors(request, plain(request, number))


def _vendors(request: HttpRequest, row: WorkOrder, failed: OfferForm | None = None) -> HttpResponse:
    now = timezone.now()
    considered = dispatch.consider(work_order=row, now=now, by=request.user)
    may_offer = bool({Move.OFFER, Move.TRIAGE} & set(lifecycle.available_moves(row, request.user)))
    tried = failed["vendor"].value() if failed else None
    choices = []
    for candidate in considered.candidates:
        mine = failed is not None and str(tried) == str(candidate.vendor.pk)
        form = failed if mine else OfferForm(row=row, by=request.user, vendor=candidate.vendor.pk)
        choices.append((candidate, int(candidate.score * 100), form, mine))
    context = {
        **_head(row, request, now),
        "considered": considered,
        "choices": choices,
        "may_offer": may_offer,
        "form": failed,
        "limit": authorization.in_words(request.user.nte_limit_amount, row.currency),
    }
    status = 422 if failed else 200
    return page_or_partial(request, "workorders/desk/vendors.html", context, partials=["vendor-recs"], status=status)


@require_POST
@requires(Act.DISPATCH)
def offer(request: HttpRequest, number: str) -> HttpResponseBase:
    """Put the job before one vendor."""
    row, now = plain(request, number), timezone.now()
    asked = request.POST.get("vendor", "")
    form = OfferForm(request.POST, row=row, by=request.user, vendor=int(asked) if asked.isdecimal() else None)
    if not form.is_valid():
        return _vendors(request, row, form)
    vendor = form.cleaned_data["vendor"]
    done = answered(
        request,
        action="order.offer",
        act=lambda: address(send(row, request.user, now, form.facts, vendor=vendor)) + kept(request),
        back=address(row.number) + kept(request),
        sentence="Offered. You are told when they answer.",
        form=form,
    )
    return _vendors(request, row, form) if done is None else _after(request, done, row.number)


def _offer(request: HttpRequest, number: str, pk: int) -> Offer:
    offers_seen = Offer.objects.visible_to(request.user, Act.VIEW_DESK)
    return get_object_or_404(
        offers_seen.select_related("vendor", "work_order__site", "offered_by", "decline_reason"),
        pk=pk, work_order__number=number.upper(),
    )  # fmt: skip


@require_POST
@requires(Act.DISPATCH)
def withdraw(request: HttpRequest, number: str, pk: int) -> HttpResponseBase:
    """Take an offer back before it is answered."""
    asked, now = _offer(request, number, pk), timezone.now()
    back = address(asked.work_order.number) + kept(request)

    def withdrawn() -> str:
        offers.withdraw(asked, by=request.user, now=now)
        return back

    sentence = f"Offer to {asked.vendor.name} withdrawn."
    done = answered(request, action="offer.withdraw", act=withdrawn, back=back, sentence=sentence)
    if done is None:
        raise PermissionDenied
    return done
