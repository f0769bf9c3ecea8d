"""What a label opens: the report form of whoever is signed in, else a form for visitors where that is allowed."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from accounts import files
from accounts.actors import VISITOR
from accounts.guards import public
from accounts.models import User
from accounts.once import FIELD, KeyRefused, done, fresh_key, once
from accounts.pages import moved, page_or_partial
from accounts.permissions import VENDOR_ROLES, Act, may
from assets.models import Asset, Site
from workorders import scans
from workorders.forms.scan import ScanForm
from workorders.models import Visit, VisitState
from workorders.refusals import Incomplete

SALT = "workorders.scan"
REPLACED = "This label was replaced. Scan the new one that hangs here, or tell a member of staff."
TOLD_FOR = 24 * 60 * 60


@require_http_methods(["GET", "HEAD", "POST"])
@public
def scan(request: HttpRequest, code: UUID) -> HttpResponse:
    """Lead those who have a form of their own to it; let a visitor report, where visitors may."""
    place = scans.place_of(code)
    if place is None and scans.replaced(code):
        return render(request, "workorders/scan/over.html", {"sentence": REPLACED}, status=410)
    if place is None:
        raise Http404
    if request.user.is_authenticated and request.method != "POST" and (own := _own_page(request.user, place)):
        return redirect(own)
    if not scans.IS_OPEN.value():
        if request.user.is_authenticated:
            raise Http404
        return redirect(f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': request.path})}")
    try:
        scans.in_use(place)
    except scans.OutOfUse as refusal:
        return render(request, "workorders/scan/over.html", {"sentence": refusal.sentence}, status=410)
    if request.method != "POST":
        return _form(request, ScanForm(place=place), place)
    return _sent(request, place, code)


def _own_page(by: User, place: Asset | Site) -> str:
    """Where somebody who is signed in reports for this place; nothing for one who does not know it."""
    site = scans.site_of(place)
    given = {"asset": place.tag, "site": site.code} if isinstance(place, Asset) else {"site": site.code}
    for act, page in ((Act.REPORT, "workorders:report"), (Act.REPORT_FOR_SITE, "workorders:order_new")):
        if may(by, act) and Site.objects.visible_to(by, act).filter(pk=site.pk).exists():
            return f"{reverse(page)}?{urlencode(given)}"
    if by.roles & VENDOR_ROLES:
        return _job_page(by, site, given)
    if Site.objects.visible_to(by, Act.VIEW_ASSETS).filter(pk=site.pk).exists():
        return (
            reverse("assets:asset", args=[place.tag])
            if isinstance(place, Asset)
            else reverse("assets:site", args=[site.code])
        )
    return ""


def _job_page(by: User, site: Site, given: dict[str, str]) -> str:
    """A technician on site tells what else is wrong; the others find their jobs."""
    there = Visit.objects.visible_to(by).of_person(by).filter(state=VisitState.ON_SITE, work_order__site=site)
    visit = there.select_related("work_order").first()
    if visit is None or not may(by, Act.REPORT_FOUND):
        return reverse("workorders:jobs")
    return f"{reverse('workorders:job_found', args=[visit.work_order.number])}?{urlencode(given)}"


def _sent(request: HttpRequest, place: Asset | Site, code: UUID) -> HttpResponse:
    form = ScanForm(request.POST, request.FILES, place=place)
    if "look" in request.POST:
        form.errors.clear()
        return _form(request, form, place)
    if "solved" in request.POST and form.problem:
        return _once(request, form, place, code, lambda: _solved(form, place, code))
    if form.is_valid():
        return _once(request, form, place, code, lambda: _reported(form, place, code))
    return _form(request, form, place, status=422)


def _solved(form: ScanForm, place: Asset | Site, code: UUID) -> str:
    scans.solved(place, now=timezone.now(), problem_type=form.problem)
    return _thanks(code, "")


def _reported(form: ScanForm, place: Asset | Site, code: UUID) -> str:
    given = form.cleaned_data
    row = scans.report(
        place, now=timezone.now(), trade=given.get("trade") or form.chosen_trade, problem_type=given["problem_type"],
        description=given["description"], working=given["working"], answers=form.answers,
        requester_name=given["requester_name"], requester_phone=given["requester_phone"], photos=given["photos"],
    )  # fmt: skip
    return _thanks(code, row.number)


def _thanks(code: UUID, number: str) -> str:
    return f"{reverse('workorders:scan_done', args=[code])}?{urlencode({'r': signing.dumps(number, salt=SALT)})}"


def _once(
    request: HttpRequest, form: ScanForm, place: Asset | Site, code: UUID, act: Callable[[], str]
) -> HttpResponse:
    """Count it, then do it, once under the form's key."""
    key, action, now = request.POST.get(FIELD, ""), f"scan:{code}", timezone.now()
    if key and (before := done(key=key, by=VISITOR, action=action)):
        return moved(request, before)
    try:
        scans.allow_one_more(code=code, address=get_adapter(request).get_client_ip(request), now=now)
        return moved(request, once(key=key, by=VISITOR, action=action, now=now, act=act))
    except scans.TooMany as refusal:
        form.add_error(None, refusal.sentence)
        return _form(request, form, place, status=429)
    except scans.OutOfUse as refusal:
        return render(request, "workorders/scan/over.html", {"sentence": refusal.sentence}, status=410)
    except Incomplete as refusal:
        for name, sentence in refusal.faults.items():
            form.add_error(name if name in form.fields else None, sentence)
    except files.Refused as refusal:
        form.add_error("photos", str(refusal))
    except KeyRefused as refusal:
        form.add_error(None, str(refusal))
    return _form(request, form, place, status=422)


def _form(request: HttpRequest, form: ScanForm, place: Asset | Site, *, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "site": scans.site_of(place),
        "unit": place if isinstance(place, Asset) else None,
        "operation": request.POST.get(FIELD) or fresh_key(),
        "most_photos": scans.MOST_PHOTOS,
    }
    return page_or_partial(
        request, "workorders/scan/report.html", context, partials={"scan", "scan-more"}, status=status
    )


@require_safe
@public
def scan_done(request: HttpRequest, code: UUID) -> HttpResponse:
    """Thanks, with the number of the visitor's own report."""
    try:
        number = signing.loads(request.GET.get("r", ""), salt=SALT, max_age=TOLD_FOR)
    except signing.BadSignature:
        raise Http404 from None
    return render(request, "workorders/scan/done.html", {"number": number, "code": code})
