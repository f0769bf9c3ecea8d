"""The store reports a problem: one long form that works alone, and fills itself in step by step with htmx."""

from __future__ import annotations

from datetime import datetime

from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from accounts.guards import requires
from accounts.once import FIELD, done, fresh_key
from accounts.pages import moved, page_or_partial
from accounts.permissions import Act
from accounts.together import ask
from workorders import intake, labels
from workorders.forms.store import ReportForm
from workorders.models import Working, WorkOrder
from workorders.suggestions import suggestions
from workorders.views.answers import answered

GIVEN = {"site": "site", "trade": "trade", "problem": "problem_type", "asset": "asset", "say": "say"}
"""What an address may fill in: a scanned label names the unit, a suggestion the trade and the problem."""

PARTIALS = {"report", "report-more", "suggestions"}
TONES = {1: ("bad", "siren"), 2: ("wait", "prio-2"), 3: ("off", "prio-3"), 4: ("off", "prio-4")}
FIRST_SHOWN = 3


@requires(Act.REPORT)
def report(request: HttpRequest) -> HttpResponse:
    """Show the form, look ahead with what is filled in so far, or send it."""
    now = timezone.now()
    if request.method != "POST":
        given = {name: request.GET[key] for key, name in GIVEN.items() if request.GET.get(key)}
        return _form(request, ReportForm(by=request.user, now=now, given=given), now)
    form = ReportForm(by=request.user, now=now, data=request.POST, files=request.FILES)
    if "look" in request.POST:
        return _form(request, form, now, looking=True)
    if "solved" in request.POST:
        return _solved(request, form, now)
    if not form.is_valid():
        before = done(key=request.POST.get(FIELD, ""), by=request.user, action="report")
        return moved(request, before) if before else _form(request, form, now, status=422)

    def act() -> str:
        row = _join(request, form, now) if form.joined else _report(request, form, now)
        return reverse("workorders:request", args=[row.number])

    sentence = "Added. You are kept posted." if form.joined else "Sent. This page tells you how it goes."
    answer = answered(
        request, action="report", act=act, back=reverse("workorders:requests"), sentence=sentence, form=form
    )
    return answer or _form(request, form, now, status=422)


def _report(request: HttpRequest, form: ReportForm, now: datetime) -> WorkOrder:
    given = form.cleaned_data
    asset = given.get("asset")
    return intake.report(
        by=request.user, now=now, site=given["site"], trade=given["trade"], problem_type=given["problem_type"],
        asset=asset, area=asset.area if asset else given.get("area"), description=given["description"],
        working=given["working"], answers=form.answers, access_note=given["access_note"],
        requester_name=given["requester_name"], requester_phone=given["requester_phone"],
        photos=given["photos"], shown=form.known, different_because=given.get("different_because", ""),
    )  # fmt: skip


def _join(request: HttpRequest, form: ReportForm, now: datetime) -> WorkOrder:
    given = form.cleaned_data
    return intake.join(
        form.joined, by=request.user, now=now, worse=form.is_worse, words=given["description"],
        photos=given["photos"], shown=form.known, answers=form.answers,
        working=given.get("working") or Working.DOWN,
    )  # fmt: skip


def _solved(request: HttpRequest, form: ReportForm, now: datetime) -> HttpResponse:
    """ "That solved it": counted as a visit that nobody had to make."""
    if form.chosen_site is None or form.problem is None:
        return _form(request, form, now, looking=True)

    def act() -> str:
        intake.solved_by_self_help(
            by=request.user, now=now, site=form.chosen_site, problem_type=form.problem, asset=form.chosen_asset
        )
        return reverse("workorders:store_home")

    home = reverse("workorders:store_home")
    answer = answered(
        request, action="report.solved", act=act, back=home, sentence="Good. Nothing was sent.", form=form
    )
    return answer or _form(request, form, now, status=422)


def _form(
    request: HttpRequest, form: ReportForm, now: datetime, *, looking: bool = False, status: int = 200
) -> HttpResponse:
    """The form as it stands. While looking, faults are not spoken of yet."""
    if looking:
        form.errors.clear()
    outlook = form.outlook
    prefetch_related_objects(form.known, "hold_reason", "visits__technician")
    matches = [
        {
            "number": match.work_order.number,
            "title": match.work_order.title,
            "url": reverse("workorders:request", args=[match.work_order.number]),
            "why": match.why,
            "sentence": labels.store_sentence(match.work_order, now),
        }
        for match in form.matches
    ]
    tone, icon_name = TONES[int(outlook.priority)] if outlook else ("off", "")
    words = request.GET.get("say", "")
    context = {
        "form": form,
        "now": now,
        "operation": (request.POST.get(FIELD) if looking else "") or fresh_key(),
        "outlook": outlook,
        "priority_why": outlook.reasons[0].partition(": ")[2] if outlook else "",
        "priority_tone": tone,
        "priority_icon": icon_name,
        "matches": matches[:FIRST_SHOWN],
        "more_matches": matches[FIRST_SHOWN:],
        "seen": [match["number"] for match in matches],
        "say": words,
        # A scanned unit has a draft of its own: what was begun for another one must not take its place.
        "scanned": form.chosen_asset.tag if form.chosen_asset and not form.is_bound else "",
        "suggested": [] if form.is_bound else ask(suggestions(words, by=request.user, site=form.chosen_site)),
    }
    return page_or_partial(request, "workorders/store/report.html", context, partials=PARTIALS, status=status)
