"""The technician's pages: presence, papers, parts, hours, photos, and how it ended. All of it works without script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.guards import requires
from accounts.once import fresh_key
from accounts.permissions import Act
from accounts.together import ask
from workorders import conversation, visits
from workorders.forms.field import ChecklistForm, CheckOutForm, LaborForm, PapersForm, PartForm, PhotoForm, PositionForm
from workorders.models import CompletionCode, Outcome, Visit, WorkOrder
from workorders.refusals import InTheWay
from workorders.views.answers import answered, too_late
from workorders.views.job import find, job_of, missing_of, path_of, posted, renamed, sent, show_job

AGAIN = {"reason": "position_reason"}


def _trip(request: HttpRequest, row: WorkOrder, now: datetime) -> Visit:
    """The trip that goes on or comes next, else the last one: the rule then says that it is over."""
    what = job_of(request, row, now)
    visit = what.visit or next(reversed(what.visits), None)
    if visit is None:
        raise Http404
    return visit


@require_POST
@requires(Act.CHECK_IN)
def check_in(request: HttpRequest, number: str) -> HttpResponse:
    """Prove presence, by position or with a reason."""
    now, row = timezone.now(), find(request, number, Act.CHECK_IN)
    visit = _trip(request, row, now)
    form = PositionForm(request.POST, auto_id="checkin-%s")

    def act() -> str:
        visits.check_in(
            visit, by=request.user, now=now, position=form.position, claimed_at=form.cleaned_data.get("claimed_at"),
            note=form.cleaned_data.get("position_reason", ""),
        )  # fmt: skip
        return path_of(row)

    done = sent(request, form, action=f"check_in:{visit.pk}", act=renamed(act, AGAIN), row=row, sentence="Checked in.")
    return done or show_job(request, row, status=422, forms={"checkin_form": form})


@require_POST
@requires(Act.COMPLETE)
def papers(request: HttpRequest, number: str) -> HttpResponse:
    """Save what was wrong, what was done and what should come next, as far as it is known."""
    now, row = timezone.now(), find(request, number, Act.COMPLETE)
    codes = CompletionCode.objects.visible_to(request.user).for_trade(row.trade_id)
    form = PapersForm(request.POST, work_order=row, codes=codes, auto_id="papers-%s")

    def act() -> str:
        visits.document(row, by=request.user, now=now, **form.papers)
        return path_of(row, "papers")

    done = sent(request, form, action=f"papers:{row.pk}", act=act, row=row, sentence="Saved.")
    return done or show_job(request, row, status=422, forms={"papers_form": form})


@require_POST
@requires(Act.CHECK_OUT)
def part_add(request: HttpRequest, number: str) -> HttpResponse:
    """Note a part that went in."""
    now, row = timezone.now(), find(request, number, Act.CHECK_OUT)
    visit, form = _trip(request, row, now), PartForm(request.POST, auto_id="part-%s")

    def act() -> str:
        visits.add_part(visit, by=request.user, now=now, **form.cleaned_data)
        return path_of(row, "parts")

    done = sent(request, form, action=f"part:{visit.pk}", act=act, row=row, sentence="Part added.")
    return done or show_job(request, row, status=422, forms={"part_form": form})


@require_POST
@requires(Act.CHECK_OUT)
def part_remove(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Take back a part entered by mistake."""
    now, row = timezone.now(), find(request, number, Act.CHECK_OUT)
    part = get_object_or_404(_trip(request, row, now).parts.select_related("visit__work_order"), pk=pk)
    name = part.name

    def act() -> str:
        visits.remove_part(part, by=request.user, now=now)
        return path_of(row, "parts")

    return _plain(request, f"part_remove:{pk}", act, row, f"{name} removed.")


@require_POST
@requires(Act.CHECK_OUT)
def labor_add(request: HttpRequest, number: str) -> HttpResponse:
    """Note hours that differ from the time on site."""
    now, row = timezone.now(), find(request, number, Act.CHECK_OUT)
    visit, form = _trip(request, row, now), LaborForm(request.POST, auto_id="labor-%s")

    def act() -> str:
        visits.add_labor(visit, by=request.user, now=now, **form.cleaned_data)
        return path_of(row, "parts")

    done = sent(request, form, action=f"labor:{visit.pk}", act=act, row=row, sentence="Hours added.")
    return done or show_job(request, row, status=422, forms={"labor_form": form})


@require_POST
@requires(Act.COMPLETE)
def photo_add(request: HttpRequest, number: str) -> HttpResponse:
    """Add photos and papers of the work; all of them or none."""
    now, row = timezone.now(), find(request, number, Act.COMPLETE)
    job, form = job_of(request, row, now), PhotoForm(request.POST, request.FILES, auto_id="photo-%s")
    visit = job.visit or job.last_trip

    def act() -> str:
        if not (job.can_check_out or job.takes_late_papers):
            raise InTheWay("Check in first, then add photos.", row)
        for upload in form.cleaned_data["photos"]:
            conversation.attach(
                row, upload=upload, kind=form.cleaned_data["kind"], by=request.user, now=now, visit=visit,
                caption=form.cleaned_data["caption"],
            )  # fmt: skip
        return path_of(row, "photos")

    done = sent(request, form, action=f"photo:{row.pk}", act=act, row=row, sentence="Photos added.")
    return done or show_job(request, row, status=422, forms={"photo_form": form})


@require_POST
@requires(Act.COMPLETE)
def checklist_answer(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Answer one step of the checklist."""
    now, row = timezone.now(), find(request, number, Act.COMPLETE)
    item = get_object_or_404(row.checklist.all(), pk=pk)
    form = ChecklistForm(request.POST, auto_id=f"step-{pk}-%s")

    def act() -> str:
        visits.answer(
            item, result=form.cleaned_data["result"], note=form.cleaned_data["note"], by=request.user, now=now
        )
        return path_of(row, f"step-{pk}")

    done = sent(request, form, action=f"checklist:{pk}", act=act, row=row, sentence="Answered.")
    return done or show_job(request, row, status=422, forms={"checklist_form": form})


@requires(Act.CHECK_OUT)
def check_out(request: HttpRequest, number: str) -> HttpResponse:
    """Leave and say how it ended. Missing papers are listed with the way to each."""
    now, row = timezone.now(), find(request, number, Act.CHECK_OUT)
    what = job_of(request, row, now)
    visit = what.visit
    if visit is None or not what.can_check_out:
        return too_late(request, InTheWay("You are not checked in here.", row), path_of(row))
    form = CheckOutForm(posted(request), zone=row.site.time_zone, initial={"outcome": Outcome.RESOLVED})

    def act() -> str:
        given = form.cleaned_data
        visits.check_out(
            visit, by=request.user, now=now, outcome=given["outcome"], note=given["note"], position=form.position,
            claimed_at=given.get("claimed_at"), return_at=given["return_at"],
        )  # fmt: skip
        return path_of(row) if _still_sees(request, row) else reverse("workorders:jobs")

    if done := sent(request, form, action=f"check_out:{visit.pk}", act=act, row=row, sentence="Checked out."):
        return done
    context = {
        "now": now, "row": row, "site": row.site, "job": what, "visit": visit, "form": form, "fresh_key": fresh_key,
        "missing": ask(missing_of(row)),
    }  # fmt: skip
    return render(request, "workorders/field/check_out.html", context, status=422 if form.errors else 200)


def _still_sees(request: HttpRequest, row: WorkOrder) -> bool:
    """A technician sees a job only while it is his to visit."""
    return WorkOrder.objects.visible_to(request.user, Act.VIEW_JOBS).filter(pk=row.pk).exists()


def _plain(request: HttpRequest, action: str, act: Callable[[], str], row: WorkOrder, sentence: str) -> HttpResponse:
    """A move without questions."""
    done = answered(request, action=action, act=act, back=path_of(row), sentence=sentence)
    if done is None:
        raise AssertionError("A move without a form is always answered.")
    return done
