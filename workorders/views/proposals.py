"""Another time: the vendor proposes it on a page of its own, the desk answers where it meets it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.guards import requires
from accounts.once import fresh_key
from accounts.permissions import Act
from vendors.staffing import technicians_of
from workorders import proposals
from workorders.forms.desk import RefuseProposalForm
from workorders.forms.portal import ProposeForm
from workorders.labels import mark_of
from workorders.models import Proposal, ProposalState
from workorders.refusals import NotNow
from workorders.views.answers import answered, too_late
from workorders.views.deeds import address
from workorders.views.job import answer_by, path_of, posted
from workorders.views.portal import has_ended, offer_of

# The vendor's side


@requires(Act.ANSWER_OFFER)
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    """Say when the company could come instead, and why; the offer's clock runs on."""
    now, asked = timezone.now(), offer_of(request, pk)
    if ended := has_ended(asked, now):
        return too_late(request, NotNow(ended, asked.work_order), reverse("workorders:jobs"))
    row = asked.work_order
    crew = technicians_of([asked.vendor_id], now=now).get(asked.vendor_id, [])
    waits = asked.proposals.open().first()
    given = {"start_at": waits.start_at, "technician": waits.technician_id} if waits else {}
    form = ProposeForm(
        posted(request), zone=row.site.time_zone, crew=crew, initial=given, auto_id="propose-%s"
    )  # fmt: skip

    def act() -> str:
        facts = form.cleaned_data
        proposals.propose(
            asked, by=request.user, now=now, start_at=facts["start_at"], end_at=facts["end_at"], note=facts["note"],
            technician=facts["technician"],
        )  # fmt: skip
        return path_of(row)

    if request.method == "POST" and form.is_valid():
        done = answered(
            request, action=f"propose:{asked.pk}", act=act, back=path_of(row), form=form,
            sentence="Proposed. Facilities answers; the offer's time runs on.",
        )  # fmt: skip
        if done:
            return done
    context: dict[str, Any] = {
        "form": form, "row": row, "offer": asked, "site": row.site, "now": now, "waits": waits,
        "answer_by": answer_by(asked, now), "fresh_key": fresh_key,
    }  # fmt: skip
    return render(request, "workorders/portal/propose.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Act.ANSWER_OFFER)
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the proposed time back; the offer stays as it was."""
    now, asked = timezone.now(), offer_of(request, pk)
    waits = asked.proposals.order_by("-pk").first()
    if waits is None:
        return redirect(path_of(asked.work_order))

    def act() -> str:
        proposals.take_back(waits, by=request.user, now=now)
        return path_of(asked.work_order)

    done = answered(
        request, action=f"take_back:{waits.pk}", act=act, back=path_of(asked.work_order), sentence="Taken back."
    )
    return done or redirect(path_of(asked.work_order))


# The desk's side


def _proposal(request: HttpRequest, number: str, pk: int) -> Proposal:
    seen = Proposal.objects.visible_to(request.user, Act.DISPATCH).filter(offer__work_order__number=number.upper())
    return get_object_or_404(
        seen.select_related("offer__work_order__site", "offer__vendor", "technician", "made_by"), pk=pk
    )


@require_POST
@requires(Act.DISPATCH)
def agree(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Agree to the proposed time: the job is the vendor's."""
    now, asked = timezone.now(), _proposal(request, number, pk)
    back = address(asked.offer.work_order.number)

    def act() -> str:
        proposals.agree(asked, by=request.user, now=now)
        return back

    sentence = f"Agreed. The job is {asked.offer.vendor.name}'s."
    done = answered(request, action=f"agree:{asked.pk}", act=act, back=back, sentence=sentence)
    return done or redirect(back)


@requires(Act.DISPATCH)
def refuse(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Say that the time is not possible, and what would be."""
    now, asked = timezone.now(), _proposal(request, number, pk)
    row = asked.offer.work_order
    back = address(row.number)
    form = RefuseProposalForm(posted(request), auto_id="refuse-%s")

    def act() -> str:
        proposals.refuse(asked, by=request.user, now=now, answer=form.cleaned_data["answer"])
        return back

    if request.method == "POST" and form.is_valid():
        done = answered(
            request, action=f"refuse:{asked.pk}", act=act, back=back, form=form, sentence="Answered. The offer stays."
        )
        if done:
            return done
    if asked.state != ProposalState.OPEN:
        return too_late(request, NotNow(proposals.SAID[ProposalState(asked.state)], row), back)
    context = {
        "form": form, "order": row, "proposal": asked, "mark": mark_of(row), "back": back, "tz": row.site.time_zone,
        "now": now, "fresh_key": fresh_key,
    }  # fmt: skip
    return render(request, "workorders/desk/proposal.html", context, status=422 if form.errors else 200)
