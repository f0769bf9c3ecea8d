"""A job as its vendor sees it: found in the person's sight, and shown with whatever form was just refused.

Vendors compete: everything on this page is the company's own. What other companies were asked, did or said is left
out, and so is the state of a job that has gone to somebody else.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.once import fresh_key
from accounts.permissions import Act, may
from accounts.together import Asking, ask, nothing, rows_of, side_by_side
from accounts.words import Due, span
from assets.models import CompletionDocument
from vendors.scope import vendor_ids_of
from vendors.staffing import technicians_of
from workorders.asked import weighed
from workorders.conversation import audiences_for
from workorders.dossier import trips_of
from workorders.forms.field import LaborForm, PapersForm, PartForm, PhotoForm
from workorders.forms.portal import AcceptForm, MessageForm
from workorders.labels import SHOWN, due_of, mark_for_vendor, timeline_of
from workorders.lapses import asked_lapse
from workorders.models import (
    Attachment,
    AttachmentKind,
    Audience,
    CompletionCode,
    Offer,
    OfferState,
    Status,
    Visit,
    VisitState,
    WorkOrder,
)
from workorders.models.status import DONE
from workorders.papers import missing_papers
from workorders.refusals import Incomplete
from workorders.slots import Slot, next_half_hour
from workorders.views.answers import answered

HISTORY = timedelta(days=366)
ANCHORS = {
    CompletionDocument.PARTS: "parts",
    CompletionDocument.AFTER_PHOTO: "photos",
    CompletionDocument.SIGNATURE: "photos",
    CompletionDocument.CERTIFICATE: "photos",
    CompletionDocument.CHECKLIST: "checklist",
}
"""Where on the page a missing paper is entered; everything else under "papers"."""


def find(request: HttpRequest, number: str, act: Act = Act.VIEW_JOBS) -> WorkOrder:
    """The job of that number in the person's sight through `act`, else 404."""
    jobs = WorkOrder.objects.visible_to(request.user, act).select_related(
        "site", "area", "asset", "asset__category", "trade", "problem_type", "plan", "vendor", "hold_reason",
        "recall_of", "root_cause", "resolution",
    )  # fmt: skip
    return get_object_or_404(jobs, number=number)


def path_of(row: WorkOrder, anchor: str = "") -> str:
    return reverse("workorders:job", args=[row.number]) + (f"#{anchor}" if anchor else "")


class Step(NamedTuple):
    """One of the vendor's five steps, as `parts/steps.html` shows it."""

    label: str
    state: str
    icon: str = ""
    text: str = ""


STEPS = ("Accept", "Check in", "Diagnose and fix", "Check out", "Invoice")
STEP_ICONS = ("calendar-check", "map-pin", "wrench", "log-out", "receipt")


def steps_of(row: WorkOrder, *, ready_to_leave: bool, is_billed: bool) -> list[Step]:
    """The vendor's own way through a job: what lies behind, what is next."""
    if row.status in DONE:
        at = 5 if is_billed else 4
    elif row.status == Status.IN_PROGRESS:
        at = 3 if ready_to_leave else 2
    else:
        at = 1 if row.vendor_id else 0
    return [
        Step(label, "ok" if place < at else "now" if place == at else "", STEP_ICONS[place])
        for place, label in enumerate(STEPS)
    ]


class Left(NamedTuple):
    """How long an offer can still be answered: as a chip, and in seconds for the page to count down."""

    due: Due
    seconds: int


def answer_by(offer: Offer, now: datetime) -> Left:
    left, whole = offer.expires_at - now, offer.expires_at - offer.offered_at
    if left <= timedelta(0):
        return Left(Due("Too late to answer", "missed", 0), 0)
    share = round(left / whole * 100)
    state = "risk" if share < 25 or left < timedelta(minutes=15) else "ok"
    return Left(Due(f"Answer in {span(left)}", state, share), int(left.total_seconds()))


class Picture(NamedTuple):
    """A photo or paper as `parts/photos.html` shows it."""

    url: str
    thumb_url: str
    caption: str
    what: str
    kind: str
    is_image: bool


def picture(attachment: Attachment) -> Picture:
    url = reverse("workorders:attachment", args=[attachment.pk])
    what, is_image = attachment.get_kind_display(), attachment.file.is_image
    of_problem = attachment.kind == AttachmentKind.PROBLEM and is_image
    caption = attachment.caption or ("" if of_problem else what)
    return Picture(url, f"{url}?thumb", caption, what, attachment.kind, is_image)


class Want(NamedTuple):
    """A missing paper with the place on the job's page where it is entered."""

    sentence: str
    url: str


def missing_of(row: WorkOrder) -> Asking[list[Want]]:
    """What the job still needs before it counts as done, each with its link."""
    missing = yield from missing_papers(row)
    return [Want(one.sentence, path_of(row, ANCHORS.get(CompletionDocument(one.code), "papers"))) for one in missing]


@dataclass(frozen=True)
class Job:
    """One job, the company's own offer and trips, and what this person may do next."""

    row: WorkOrder
    user: User
    now: datetime
    vendor_ids: frozenset[int]
    offer: Offer | None
    visits: list[Visit]

    @property
    def is_ours(self) -> bool:
        return self.row.vendor_id in self.vendor_ids

    @property
    def is_offered(self) -> bool:
        return self.offer is not None and self.offer.state == OfferState.OPEN and not self.is_ours

    @property
    def has_gone(self) -> bool:
        """Somebody else's by now; a trip made before that may still be billed."""
        return not self.is_ours and not self.is_offered

    @property
    def visit(self) -> Visit | None:
        """The trip that goes on or comes next."""
        ahead = [one for one in self.visits if one.state in (VisitState.PLANNED, VisitState.MISSED, VisitState.ON_SITE)]
        return next((one for one in ahead if one.state == VisitState.ON_SITE), ahead[-1] if ahead else None)

    @property
    def is_mine(self) -> bool:
        """Whether this person goes on the trip."""
        visit = self.visit
        return visit is not None and (
            visit.technician_id == self.user.pk or self.user.pk in {helper.pk for helper in visit.helpers.all()}
        )

    @property
    def has_parts(self) -> bool:
        return any(one.parts.all() or one.labor.all() for one in self.visits)

    @property
    def on_site(self) -> bool:
        return self.row.status == Status.IN_PROGRESS

    @property
    def can_check_in(self) -> bool:
        return self.row.status == Status.SCHEDULED and self.is_mine and may(self.user, Act.CHECK_IN)

    @property
    def can_check_out(self) -> bool:
        """Also from a job that was put on hold meanwhile: whoever is there must be able to leave."""
        there = self.visit is not None and self.visit.state == VisitState.ON_SITE
        return there and self.is_mine and may(self.user, Act.CHECK_OUT)

    @property
    def can_assign(self) -> bool:
        planned = self.visit is not None and self.visit.state != VisitState.ON_SITE
        return self.is_ours and planned and may(self.user, Act.ASSIGN_TECHNICIAN)

    @property
    def can_reschedule(self) -> bool:
        return self.row.status == Status.SCHEDULED and may(self.user, Act.RESCHEDULE)

    @property
    def can_hold(self) -> bool:
        return self.row.status in (Status.SCHEDULED, Status.IN_PROGRESS) and may(self.user, Act.HOLD)

    @property
    def can_resume(self) -> bool:
        reason = self.row.hold_reason
        return self.row.status == Status.ON_HOLD and bool(reason and reason.vendor_may_choose)

    @property
    def can_document(self) -> bool:
        """Papers are written while somebody is on site, or by the dispatcher after a trip."""
        if not self.is_ours or self.row.status not in (Status.SCHEDULED, Status.IN_PROGRESS):
            return False
        made = any(one.state == VisitState.LEFT and self._counts(one) for one in self.visits)
        return self.can_check_out or (may(self.user, Act.ASSIGN_TECHNICIAN) and (made or self.on_site))

    def _counts(self, trip: Visit) -> bool:
        """A trip before the work was sent back as not fixed finishes nothing any more."""
        rejected_at = self.row.rejected_at
        return rejected_at is None or (trip.checked_in_at is not None and trip.checked_in_at > rejected_at)

    @property
    def last_trip(self) -> Visit | None:
        """The company's own last trip that was made."""
        made = [visit for visit in self.visits if visit.state == VisitState.LEFT]
        return max(made, key=lambda visit: visit.checked_out_at or self.now, default=None)

    @property
    def takes_late_papers(self) -> bool:
        """Done, but papers may still come (a test certificate, a signed slip): they bar the bill until they do."""
        done = self.row.status in (Status.COMPLETED, Status.VERIFIED)
        return done and self.is_ours and self.last_trip is not None and may(self.user, Act.COMPLETE)

    @property
    def can_complete(self) -> bool:
        return self.can_document and not self.can_check_out and may(self.user, Act.COMPLETE)


def job_of(request: HttpRequest, row: WorkOrder, now: datetime) -> Job:
    """The job with the company's own offer and trips, their helpers, parts and hours: one query."""
    mine = vendor_ids_of(request.user)
    own = row.offers.filter(vendor_id__in=mine).with_arrival().select_related("vendor").order_by("-pk")
    offers, trips = ask(side_by_side(rows_of(own[:1]), trips_of(row, vendor_ids=mine)))
    return Job(row, request.user, now, mine, next(iter(offers), None), trips)


def show_job(
    request: HttpRequest, row: WorkOrder, *, status: int = 200, forms: Mapping[str, BaseForm] | None = None
) -> HttpResponse:
    """The page of one job; `forms` are those that came back with faults, by the name of their region."""
    now = timezone.now()
    job = job_of(request, row, now)
    refused = dict(forms or {})
    failed = any(form.errors for form in refused.values())
    context: dict[str, Any] = {
        "now": now, "job": job, "row": row, "site": row.site, "failed": failed, "fresh_key": fresh_key,
        "forms": refused,
    }  # fmt: skip
    if job.has_gone:
        context["bills"] = list(row.invoices.filter(vendor_id__in=job.vendor_ids))
        return render(request, "workorders/portal/job_gone.html", context, status=status)
    crew = _crew(request, job)
    attachments, bills, history, weighs, checklist, missing, lapse, agreed, (entries, is_more) = ask(
        side_by_side(
            rows_of(Attachment.objects.visible_to(request.user).filter(work_order=row).select_related("file")),
            rows_of(row.invoices.filter(vendor_id__in=job.vendor_ids)),
            _history(row, job),
            weighed([job.offer], by=request.user, vendor_ids=job.vendor_ids, crew=crew, now=now)
            if job.is_offered and job.offer
            else nothing(),
            rows_of(row.checklist.all() if job.is_ours else row.checklist.none()),
            missing_of(row) if job.can_document else nothing(),
            asked_lapse(row, now=now) if job.is_ours else nothing(),
            rows_of(row.clocks.live().filter(agreed_due_at__isnull=False)) if job.is_ours else nothing(),
            timeline_of(row, request.user, limit=None if "all" in request.GET else SHOWN),
        )
    )
    pictures = [picture(one) for one in attachments if one.kind != AttachmentKind.DOCUMENT or one.comment_id is None]
    context |= {
        "mark": mark_for_vendor(row),
        "due": due_of(row, now) if job.is_ours else None,
        "steps": steps_of(row, ready_to_leave=not missing, is_billed=any(bill.state != "draft" for bill in bills)),
        "answer_by": answer_by(job.offer, now) if job.is_offered and job.offer else None,
        "history": history,
        "problem_photos": [one for one in pictures if one.kind == AttachmentKind.PROBLEM and one.is_image],
        "work_photos": [one for one in pictures if one.kind != AttachmentKind.PROBLEM and one.is_image],
        "work_files": [one for one in pictures if not one.is_image],
        "missing": missing,
        "lapse": lapse,
        "agreed": agreed,
        "may_renew": may(request.user, Act.MANAGE_OWN_VENDOR),
        "checklist": checklist,
        "entries": entries,
        "more_url": "?all=1#messages" if is_more else "",
        "bills": bills,
        "directions": directions(row),
        "weighed": (asked := weighs[job.offer.pk] if job.is_offered and job.offer else None),
        **_forms(request, job, refused, crew, asked.slots if asked else ()),
    }
    return render(request, "workorders/portal/job.html", context, status=status)


def _crew(request: HttpRequest, job: Job) -> dict[int, list[User]]:
    """Whom the company of whoever may answer can send."""
    answers = job.is_offered and job.offer is not None and may(request.user, Act.ANSWER_OFFER)
    return technicians_of([job.offer.vendor_id], now=job.now) if answers and job.offer else {}


def _forms(
    request: HttpRequest, job: Job, refused: Mapping[str, BaseForm], crew: Mapping[int, list[User]],
    slots: Sequence[Slot],
) -> dict[str, BaseForm]:  # fmt: skip
    """The forms that this person can use now; those in `refused` keep what was typed."""
    row, made = job.row, dict(refused)
    if job.is_offered and job.offer and "accept_form" not in made and may(request.user, Act.ANSWER_OFFER):
        made["accept_form"] = accept_form(job.offer, crew.get(job.offer.vendor_id, []), job.now, slots=slots)
    elif isinstance(tried := made.get("accept_form"), AcceptForm):
        tried.suggest(slots, row.site.time_zone, job.now)
    if job.can_document and "papers_form" not in made:
        codes = CompletionCode.objects.visible_to(request.user).for_trade(row.trade_id)
        made["papers_form"] = PapersForm(work_order=row, codes=codes, auto_id="papers-%s")
    if job.can_check_out:
        made.setdefault("part_form", PartForm(auto_id="part-%s"))
        made.setdefault("labor_form", LaborForm(auto_id="labor-%s"))
    if job.can_check_out or job.takes_late_papers:
        made.setdefault("photo_form", PhotoForm(auto_id="photo-%s"))
    if may(request.user, Act.COMMENT):
        made.setdefault("message_form", MessageForm(audiences=audiences(row, request.user), auto_id="message-%s"))
    return made


def accept_form(
    offer: Offer, crew: Sequence[User], now: datetime, data: Any = None, slots: Sequence[Slot] | None = None
) -> AcceptForm:
    """The answer yes, with a time; its ids are the offer's own, so that many stand on one page.

    With `slots` (empty or not) these windows are offered and a typed time is optional.
    """
    start_at = None if slots else next_half_hour(now + timedelta(minutes=30))
    first = next((slot.technician for slot in slots or ()), None) or next(iter(crew), None)
    return AcceptForm(
        data, zone=offer.work_order.site.time_zone, crew=crew, auto_id=f"offer-{offer.pk}-%s", slots=slots or (),
        now=None if slots is None else now, initial={"start_at": start_at, "technician": first.pk if first else ""},
    )  # fmt: skip


WHO_READS = {Audience.VENDOR: "Facilities", Audience.EVERYONE: "Everyone on the job"}


def audiences(row: WorkOrder, user: User) -> list[tuple[str, str]]:
    """Whom the person can address, in a vendor's words."""
    return [(str(one), WHO_READS.get(one, one.label)) for one in audiences_for(row, user)]


def _history(row: WorkOrder, job: Job) -> Asking[list[WorkOrder]]:
    """What this company did on the same unit in the last year; what others did there stays theirs."""
    if row.asset is None:
        return []
    done = row.asset.work_orders.filter(vendor_id__in=job.vendor_ids, completed_at__gt=job.now - HISTORY)
    done = done.exclude(pk=row.pk).select_related("root_cause", "resolution").order_by("-completed_at")
    return (yield from rows_of(done[:5]))


def directions(row: WorkOrder) -> str:
    """A map that leads there, by position or, without one, by address."""
    site = row.site
    if site.has_position:
        return f"https://www.openstreetmap.org/directions?to={site.latitude}%2C{site.longitude}"
    return ""


def local_now(row: WorkOrder, now: datetime) -> datetime:
    return now.astimezone(zoneinfo.ZoneInfo(row.site.time_zone))


def posted(request: HttpRequest) -> Any:
    """What was sent, or None when the page is only looked at."""
    return request.POST if request.method == "POST" else None


def sent(
    request: HttpRequest, form: BaseForm, *, action: str, act: Callable[[], str], row: WorkOrder, sentence: str,
    file_field: str = "photos",
) -> HttpResponse | None:  # fmt: skip
    """The answer to a form that was filled in well; None when it must be shown (again)."""
    if request.method != "POST" or not form.is_valid():
        return None
    return answered(
        request, action=action, act=act, back=path_of(row), sentence=sentence, form=form, file_field=file_field
    )


def renamed(act: Callable[[], str], names: Mapping[str, str]) -> Callable[[], str]:
    """`act`, with the faults it finds put under the names that the page's form uses."""

    def run() -> str:
        try:
            return act()
        except Incomplete as refusal:
            raise Incomplete({names.get(name, name): words for name, words in refusal.faults.items()}) from refusal

    return run
