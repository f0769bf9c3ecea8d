"""The vendor's pages: jobs that are offered and taken, the answer to an offer, who goes and when, messages."""

from __future__ import annotations

import zoneinfo
from collections.abc import Collection, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.guards import requires
from accounts.models import User
from accounts.once import fresh_key
from accounts.permissions import Act, may
from accounts.together import ask, nothing, rows_of, side_by_side
from assets.models import Trade
from vendors.models import Vendor
from vendors.renewals import renewals
from vendors.scope import vendor_ids_of
from vendors.staffing import crews_among, staff_of, technicians_of
from workorders import conversation, lifecycle, offers, visits
from workorders.asked import Weighed, weighed
from workorders.forms.field import PapersForm
from workorders.forms.portal import AssignForm, HoldForm, MessageForm, OfferDeclineForm, RescheduleForm
from workorders.labels import mark_for_vendor
from workorders.models import (
    CompletionCode,
    Invoice,
    InvoiceState,
    Offer,
    OfferState,
    Reason,
    Under,
    Visit,
    VisitState,
    WorkOrder,
)
from workorders.models.status import BILLABLE
from workorders.refusals import InTheWay, NotNow
from workorders.views.answers import answered, too_late
from workorders.views.board import board_path, own_trips
from workorders.views.job import (
    Job,
    accept_form,
    answer_by,
    audiences,
    find,
    job_of,
    path_of,
    picture,
    posted,
    sent,
    show_job,
)

SCORE_WINDOW_DAYS = 90
GONE = "This job is no longer yours."
"""Said instead of how it goes on with somebody else."""
MOST = 50
TO_ANSWER = (InvoiceState.DRAFT, InvoiceState.REJECTED, InvoiceState.DISPUTED)


def own_company(request: HttpRequest) -> Vendor | None:
    """The company that the person works for, with its papers and score."""
    return Vendor.objects.visible_to(request.user, Act.VIEW_JOBS).with_standing(SCORE_WINDOW_DAYS).first()


# The inbox


@require_safe
@requires(Act.VIEW_JOBS)
def jobs(request: HttpRequest) -> HttpResponse:
    """What was offered, what is on today, what waits, and what can be billed."""
    now, user = timezone.now(), request.user
    company = own_company(request)
    zone = zoneinfo.ZoneInfo(company.time_zone if company else user.time_zone)
    today = now.astimezone(zone).date()
    tomorrow = datetime.combine(today + timedelta(days=1), time.min, zone)
    answers, invoices = may(user, Act.ANSWER_OFFER), may(user, Act.INVOICE)
    offered, trips, bills, staff = ask(
        side_by_side(
            rows_of(_offers(user, now)) if answers else nothing(),
            rows_of(_trips(user, tomorrow)),
            rows_of(_bills(user)) if invoices else nothing(),
            rows_of(staff_of(vendor_ids_of(user), now=now)) if answers else nothing(),
        )
    )
    crew = crews_among(staff)
    weighs = ask(weighed(offered, by=user, vendor_ids=vendor_ids_of(user), crew=crew, now=now)) if offered else {}
    context = {
        "now": now,
        "company": company,
        "renewals": renewals(company.papers, today=today) if company and may(user, Act.VIEW_OWN_VENDOR) else [],
        "answers": answers,
        "offers": [_card(weighs[offer.pk], crew.get(offer.vendor_id, []), now) for offer in offered],
        "trips": [_line(trip) for trip in trips],
        "bills": sorted(
            (_bill(bill, vendor_ids_of(user)) for bill in bills),
            key=lambda one: not one["is_due"],
        ),
        "fresh_key": fresh_key,
        "score_window": SCORE_WINDOW_DAYS,
    }
    return render(request, "workorders/portal/jobs.html", context)


def _offers(user: User, now: datetime) -> Any:
    waiting = Offer.objects.visible_to(user, Act.ANSWER_OFFER).open().filter(expires_at__gt=now).for_table()
    return waiting.order_by("expires_at", "pk")[:MOST]


def _card(asked: Weighed, crew: Sequence[User], now: datetime) -> dict[str, Any]:
    offer = asked.offer
    return {
        "offer": offer, "row": offer.work_order, "answer_by": answer_by(offer, now), "weighed": asked,
        "photos": [picture(photo) for photo in asked.photos],
        "form": accept_form(offer, crew, now, slots=asked.slots),
    }  # fmt: skip


def _trips(user: User, until: datetime) -> Any:
    ahead = own_trips(user).filter(
        state__in=[VisitState.PLANNED, VisitState.ON_SITE, VisitState.MISSED],
        planned_start_at__lt=until,
        work_order__vendor_id__in=vendor_ids_of(user),
    )
    return ahead.order_by("planned_start_at", "pk")[:MOST]


def _line(trip: Visit) -> dict[str, Any]:
    return {"visit": trip, "row": trip.work_order, "mark": mark_for_vendor(trip.work_order)}


def _bill(bill: Invoice, own: Collection[int]) -> dict[str, Any]:
    """A bill to send. How the work goes on with another company is nothing that it may tell: such a trip is due."""
    row = bill.work_order
    has_gone = row.vendor_id not in own
    return {"invoice": bill, "row": row, "has_gone": has_gone, "is_due": has_gone or row.status in BILLABLE}


def _bills(user: User) -> Any:
    waiting = Invoice.objects.visible_to(user, Act.INVOICE).filter(state__in=TO_ANSWER).for_table()
    return waiting.order_by("drafted_at", "pk")[:MOST]


# An offer and its answer


def offer_of(request: HttpRequest, pk: int) -> Offer:
    """An offer to the person's company, else 404."""
    found = Offer.objects.visible_to(request.user, Act.ANSWER_OFFER).filter(vendor_id__in=vendor_ids_of(request.user))
    return get_object_or_404(found.select_related("vendor", "work_order__site", "work_order__trade"), pk=pk)


def has_ended(offer: Offer, now: datetime) -> str:
    """What became of an offer that can no longer be answered; empty while it can."""
    if offer.state != OfferState.OPEN:
        return offers.SAID[OfferState(offer.state)]
    return offers.SAID[OfferState.EXPIRED] if offer.expires_at <= now else ""


@require_safe
@requires(Act.ANSWER_OFFER)
def offer(request: HttpRequest, pk: int) -> HttpResponse:
    """Where a message about an offer leads: to the job while it can be answered or is taken, else what became of it."""
    now, asked = timezone.now(), offer_of(request, pk)
    if asked.state in (OfferState.ACCEPTED, OfferState.FINISHED) or not has_ended(asked, now):
        return redirect(path_of(asked.work_order))
    context = {"now": now, "number": asked.work_order.number, "sentence": has_ended(asked, now)}
    return render(request, "workorders/portal/offer_over.html", context)


@require_POST
@requires(Act.ANSWER_OFFER)
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the job with an appointment."""
    now, asked = timezone.now(), offer_of(request, pk)
    back = reverse("workorders:jobs")
    crew = technicians_of([asked.vendor_id], now=now).get(asked.vendor_id, [])
    form = accept_form(asked, crew, now, request.POST, slots=())

    def act() -> str:
        given = form.cleaned_data
        row = offers.accept(
            asked, by=request.user, now=now, start_at=given["start_at"], end_at=given["end_at"],
            technician=given["technician"],
        )  # fmt: skip
        return path_of(row)

    if form.is_valid():
        done = answered(request, action=f"accept:{asked.pk}", act=act, back=back, sentence="Job accepted.", form=form)
        if done:
            return done
    if ended := has_ended(asked, now):
        return too_late(request, NotNow(ended, asked.work_order), back)
    row = find(request, asked.work_order.number)
    return show_job(request, row, status=422, forms={"accept_form": form})


@requires(Act.ANSWER_OFFER)
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    """Say no, and why."""
    now, asked = timezone.now(), offer_of(request, pk)
    back = reverse("workorders:jobs")
    if ended := has_ended(asked, now):
        return too_late(request, NotNow(ended, asked.work_order), back)
    reasons = Reason.objects.visible_to(request.user).under(Under.DECLINE)
    others = Trade.objects.visible_to(request.user).active().exclude(pk=asked.work_order.trade_id)
    form = OfferDeclineForm(posted(request), reasons=reasons, trades=others, auto_id="decline-%s")

    def act() -> str:
        offers.decline(asked, by=request.user, now=now, **form.cleaned_data)
        return back

    if request.method == "POST" and form.is_valid():
        done = answered(
            request, action=f"decline:{asked.pk}", act=act, back=back, form=form,
            sentence=f"{asked.work_order.number} declined.",
        )  # fmt: skip
        if done:
            return done
    context = {
        "form": form, "row": asked.work_order, "offer": asked, "site": asked.work_order.site, "now": now,
        "title": f"Decline {asked.work_order.number}?", "answer_by": answer_by(asked, now), "fresh_key": fresh_key,
    }  # fmt: skip
    return render(request, "workorders/portal/decline.html", context, status=422 if form.errors else 200)


# A job


@require_safe
@requires(Act.VIEW_JOBS)
def job(request: HttpRequest, number: str) -> HttpResponse:
    """One job: its steps, the place, the trouble, what was done, what comes next."""
    return show_job(request, find(request, number))


def _asked(request: HttpRequest, what: Job, form: Any, template: str, **context: Any) -> HttpResponse:
    """A page with one question about a job; 422 once it was answered badly."""
    row = what.row
    shown = {"row": row, "site": row.site, "job": what, "form": form, "now": what.now, "fresh_key": fresh_key}
    return render(request, template, shown | context, status=422 if form.errors else 200)


@requires(Act.ASSIGN_TECHNICIAN)
def assign(request: HttpRequest, number: str) -> HttpResponse:
    """Say who goes on the next trip."""
    now, row = timezone.now(), find(request, number, Act.ASSIGN_TECHNICIAN)
    what = job_of(request, row, now)
    visit = what.visit
    if visit is None or not what.can_assign:
        return too_late(request, InTheWay("There is no trip ahead to send anybody on.", row), path_of(row))
    crew = technicians_of([visit.vendor_id], now=now).get(visit.vendor_id, [])
    form = AssignForm(posted(request), crew=crew, initial={"technician": visit.technician_id})

    def act() -> str:
        visits.assign(visit, technician=form.cleaned_data["technician"], by=request.user, now=now)
        return board_path(request.POST) if "view" in request.POST else path_of(row)

    if done := sent(request, form, action=f"assign:{visit.pk}", act=act, row=row, sentence="Technician assigned."):
        return done
    return _asked(request, what, form, "workorders/portal/assign.html", crew=crew)


@requires(Act.RESCHEDULE)
def reschedule(request: HttpRequest, number: str) -> HttpResponse:
    """Propose another time; the first appointment is kept and measured."""
    now, row = timezone.now(), find(request, number, Act.VIEW_JOBS)
    what = job_of(request, row, now)
    if what.has_gone:
        return too_late(request, InTheWay(GONE, row), path_of(row))
    if not what.can_reschedule or not what.is_ours:
        return too_late(request, NotNow(f"{row.number} is now “{mark_for_vendor(row).label}”.", row), path_of(row))
    crew = technicians_of([row.vendor_id], now=now).get(row.vendor_id, [])
    form = RescheduleForm(
        posted(request), zone=row.site.time_zone, crew=crew, initial={"start_at": row.scheduled_start_at}
    )

    def act() -> str:
        given = form.cleaned_data
        visits.reschedule(
            row, start_at=given["start_at"], end_at=given["end_at"], reason=given["reason"],
            technician=given["technician"], by=request.user, now=now, version=_version(request),
        )  # fmt: skip
        return path_of(row)

    if done := sent(request, form, action=f"reschedule:{row.pk}", act=act, row=row, sentence="Time changed."):
        return done
    return _asked(request, what, form, "workorders/portal/reschedule.html")


def _version(request: HttpRequest) -> int | None:
    """The version of the job that the person saw; nothing when the page did not say."""
    given = request.POST.get("version", "")
    return int(given) if given.isdecimal() and len(given) < 10 else None


@requires(Act.HOLD)
def hold(request: HttpRequest, number: str) -> HttpResponse:
    """Put the job aside for a reason that a vendor may choose."""
    now, row = timezone.now(), find(request, number)
    what = job_of(request, row, now)
    if what.has_gone:
        return too_late(request, InTheWay(GONE, row), path_of(row))
    if not what.can_hold or not what.is_ours:
        return too_late(request, NotNow(f"{row.number} is now “{mark_for_vendor(row).label}”.", row), path_of(row))
    reasons = Reason.objects.visible_to(request.user).under(Under.HOLD)
    form = HoldForm(posted(request), zone=row.site.time_zone, reasons=reasons)

    def act() -> str:
        given = form.cleaned_data
        lifecycle.hold(
            row, by=request.user, now=now, reason=given["reason"], note=given["note"], until_at=given["until_at"],
            version=_version(request),
        )  # fmt: skip
        return path_of(row)

    if done := sent(request, form, action=f"hold:{row.pk}", act=act, row=row, sentence="Put on hold."):
        return done
    return _asked(request, what, form, "workorders/portal/hold.html")


@require_POST
@requires(Act.HOLD)
def resume(request: HttpRequest, number: str) -> HttpResponse:
    """Go on with a job that was put aside."""
    now, row = timezone.now(), find(request, number)

    def act() -> str:
        lifecycle.resume(row, by=request.user, now=now)
        return path_of(row)

    return _only(request, f"resume:{row.pk}", act, row, "Going on.")


def _only(request: HttpRequest, action: str, act: Any, row: WorkOrder, sentence: str) -> HttpResponse:
    """A move without questions: done, too late, or a page with what is missing."""
    done = answered(request, action=action, act=act, back=path_of(row), sentence=sentence)
    if done is None:
        raise AssertionError("A move without a form is always answered.")
    return done


@require_POST
@requires(Act.ASSIGN_TECHNICIAN)
def complete(request: HttpRequest, number: str) -> HttpResponse:
    """The dispatcher says that the work is done, with every paper."""
    now, row = timezone.now(), find(request, number, Act.ASSIGN_TECHNICIAN)
    codes = CompletionCode.objects.visible_to(request.user).for_trade(row.trade_id)
    form = PapersForm(request.POST, work_order=row, codes=codes, auto_id="papers-%s")

    def act() -> str:
        visits.complete(row, by=request.user, now=now, **form.papers)
        return path_of(row)

    if done := sent(request, form, action=f"complete:{row.pk}", act=act, row=row, sentence="Job completed."):
        return done
    return show_job(request, row, status=422, forms={"papers_form": form})


@require_POST
@requires(Act.COMMENT)
def message(request: HttpRequest, number: str) -> HttpResponse:
    """Write to facilities, or to everyone on the job."""
    now, row = timezone.now(), find(request, number)
    form = MessageForm(request.POST, audiences=audiences(row, request.user), auto_id="message-%s")

    def act() -> str:
        conversation.say(
            row, body=form.cleaned_data["body"], audience=form.cleaned_data["audience"], by=request.user, now=now
        )
        return path_of(row, "messages")

    if done := sent(request, form, action=f"message:{row.pk}", act=act, row=row, sentence="Message sent."):
        return done
    return show_job(request, row, status=422, forms={"message_form": form})


__all__ = [
    "accept", "assign", "complete", "decline", "hold", "job", "jobs", "message", "offer", "reschedule", "resume",
]  # fmt: skip
