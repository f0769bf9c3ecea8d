"""A company's own score in the portal: what it is made of, what would raise it, and its word to it. Nobody else's."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.changes import Faulty, NotAllowed
from accounts.guards import requires
from accounts.once import FIELD, KeyRefused, fresh_key, once
from accounts.pages import moved, page_or_partial
from accounts.permissions import Act, may
from reporting import drilldown, exclusions, report_card
from reporting.forms import ReplyForm
from reporting.models import Exclusion
from reporting.views.scores import opened_card, opened_context, score_context
from vendors.models import Vendor
from vendors.scope import vendor_ids_of
from workorders.models import WorkOrder

ADVISED = 3
"""So many parts, and so many jobs of each, are told to a company that wants to do better."""


def _company(request: HttpRequest) -> Vendor:
    """The company whose people the person may speak for, else 404."""
    own = Vendor.objects.visible_to(request.user, Act.VIEW_OWN_VENDOR)
    return get_object_or_404(own, pk=min(vendor_ids_of(request.user, Act.VIEW_OWN_VENDOR), default=0))


@require_safe
@requires(Act.VIEW_OWN_VENDOR)
def score(request: HttpRequest) -> HttpResponse:
    """The company's own score, and how to improve it."""
    return _show(request, _company(request), ReplyForm())


def _show(request: HttpRequest, company: Vendor, form: ReplyForm, status: int = 200) -> HttpResponse:
    left_out = Exclusion.objects.visible_to(request.user).select_related("work_order")
    context = score_context(request, company, left_out, to_vendor=True)
    card, told = context["asked"].card, context["told"]
    advice = []
    if card:
        worst = told.worst[:ADVISED]
        rows = drilldown.worst_of(card, [line.name for line in worst], by=request.user, most=ADVISED)
        advice = [(line, advised(line), rows[line.name]) for line in worst]
    context |= {
        "company": company,
        "points": None if card is None else round(card.told),
        "advice": advice,
        "form": form,
        "may_reply": may(request.user, Act.MANAGE_OWN_VENDOR),
        "operation": request.POST.get(FIELD) or fresh_key(),
        "now": timezone.now(),
    }
    return render(request, "reporting/own_score.html", context, status=status)


ADVICE = {
    "sla": "Accept, arrive and finish before the time that the job names. Say early when you cannot.",
    "first_time_fix": "Bring what the job is likely to need, and test it with the store before you leave.",
    "acceptance": "Answer each offer before its time is over. A decline counts like no answer.",
    "rating": "Stores rate what they see: tell them when you come, what you did, and leave it clean.",
    "invoices": "Send the bill as the draft shows it, with the agreed rates and within the limit.",
    "documentation": "Enter root cause, resolution and a recommendation (or “none”) before you check out.",
}


def advised(line: report_card.Line) -> str:
    """What a part costs and what would change that, in a sentence or two."""
    lost = report_card.plain(line.lost)
    of = f"{line.number} {line.unit.removesuffix('s') if line.number == 1 else line.unit}"
    return f"It brings {report_card.plain(line.points)} of {line.weight} points, so {lost} are lost, of {of}." \
        f" {ADVICE[line.name]}"  # fmt: skip


@require_safe
@requires(Act.VIEW_OWN_VENDOR)
def part(request: HttpRequest, name: str) -> HttpResponse:
    """The company's own work behind one number."""
    company = _company(request)
    card = opened_card(request, company, name)
    context = {
        **opened_context(request, card, name),
        "company": company,
        "back_url": f"{resolve_url('reporting:own_score')}?trade={card.trade.code}&days={card.window_days}",
        "here": resolve_url("reporting:own_score_part", name),
    }
    return page_or_partial(request, "reporting/own_score_part.html", context, partials=("score-rows",))


@require_POST
@requires(Act.MANAGE_OWN_VENDOR)
def reply(request: HttpRequest) -> HttpResponse:
    """Say something to the score, or to one job in it."""
    company, form, now = _company(request), ReplyForm(request.POST), timezone.now()
    if not form.is_valid():
        return _show(request, company, form, status=422)
    number, work_order = form.cleaned_data["about"].strip().upper(), None
    if number:
        work_order = WorkOrder.objects.visible_to(request.user).filter(number=number).first()
        if work_order is None:
            form.add_error("about", "You have no job of this number. Check it, or leave it empty.")
            return _show(request, company, form, status=422)

    def act() -> str:
        exclusions.reply(
            vendor=company, body=form.cleaned_data["body"], work_order=work_order, by=request.user, now=now
        )
        return resolve_url("reporting:own_score")

    try:
        to = once(key=request.POST.get(FIELD, ""), by=request.user, action=request.path, now=now, act=act)
    except Faulty as refusal:
        for field, words in refusal.faults.items():
            form.add_error(field, words)
    except NotAllowed as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except KeyRefused as refusal:
        form.add_error(None, str(refusal))
    else:
        return moved(request, to, "Sent. Facilities reads it beside your score.")
    return _show(request, company, form, status=422)
