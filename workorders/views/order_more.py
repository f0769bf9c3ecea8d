"""Beside the page of a work order: its photos and papers one by one, who can be called in a message, its links."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from accounts import files
from accounts.guards import requires
from accounts.once import fresh_key
from accounts.permissions import Act
from workorders import links, mentions
from workorders.conversation import audiences_for
from workorders.models import Attachment, Audience, JobLink
from workorders.views.answers import answered
from workorders.views.order import plain


@require_GET
@requires(Act.COMMENT_INTERNALLY)
def people(request: HttpRequest, number: str) -> HttpResponse:
    """Who can be called in a message to the audience that is chosen: names that begin as typed."""
    row = plain(request, number)
    asked = request.GET.get("audience", "")
    audience = asked if asked in audiences_for(row, request.user) else Audience.INTERNAL
    vendor = row.vendor if audience in (Audience.VENDOR, Audience.EVERYONE) else None
    found = mentions.offered(request.GET.get("q", "")[:40], row, audience=audience, vendor=vendor)
    return render(request, "workorders/desk/people.html", {"people": found})


@require_GET
@requires(Act.VIEW_DESK)
def attachment(request: HttpRequest, number: str, pk: int) -> HttpResponseBase:
    """One photo or paper, large, with the way to the one before and after; `?content` is a PDF to be looked at."""
    row = plain(request, number)
    seen = list(Attachment.objects.visible_to(request.user).filter(work_order=row).select_related("file", "added_by"))
    at = next((place for place, one in enumerate(seen) if one.pk == pk), None)
    if at is None:
        raise Http404
    shown = seen[at]
    if "content" in request.GET and shown.file.is_pdf:
        return files.serve(shown.file, look=True)
    context = {
        "order": row,
        "shown": shown,
        "place": at + 1,
        "many": len(seen),
        "before": seen[at - 1] if at else None,
        "after": seen[at + 1] if at + 1 < len(seen) else None,
        "tz": row.site.time_zone,
        "now": timezone.now(),
    }
    return render(request, "workorders/desk/file.html", context)


@require_GET
@requires(Act.DISPATCH)
def mailed(request: HttpRequest, number: str) -> HttpResponse:
    """The links to this job that vendors without an account have in their mail, by address."""
    row = plain(request, number)
    sent = JobLink.objects.visible_to(request.user, Act.DISPATCH).live().with_reader().filter(work_order=row)
    by_address: dict[str, list[JobLink]] = {}
    for link in sent:
        by_address.setdefault(link.email, []).append(link)
    context = {
        "order": row, "tz": row.site.time_zone, "now": timezone.now(), "fresh_key": fresh_key,
        "rows": [
            {
                "email": email, "vendor": some[0].vendor, "many": len(some), "newest": some[0],
                "used_at": max((one.used_at for one in some if one.used_at), default=None),
            }
            for email, some in by_address.items()
        ],
    }  # fmt: skip
    return render(request, "workorders/desk/links.html", context)


@require_POST
@requires(Act.DISPATCH)
def mailed_end(request: HttpRequest, number: str) -> HttpResponse:
    """Switch off every link to this job in the mail of one address."""
    row, now = plain(request, number), timezone.now()
    email, back = request.POST.get("email", ""), reverse("workorders:order_links", args=[number])

    def act() -> str:
        links.revoke(row, email=email, by=request.user, now=now)
        return back

    done = answered(request, action=f"links:{row.pk}", act=act, back=back, sentence="Links switched off.")
    if done is None:
        raise AssertionError("A move without a form is always answered.")
    return done
