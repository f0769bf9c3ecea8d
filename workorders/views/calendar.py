"""Visits in one's own calendar: the page that hands out the address, and what is read under it."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_POST, require_safe

from accounts.guards import public, requires
from accounts.once import FIELD, KeyRefused, fresh_key, once
from accounts.pages import moved
from accounts.permissions import Act
from workorders import feeds
from workorders.models import CalendarFeed


@require_safe
@requires(Act.VIEW_WORK)
def calendar(request: HttpRequest) -> HttpResponse:
    """Whether there is an address, since when, and the buttons for a new one and none."""
    return _page(request)


def _page(request: HttpRequest, address: str = "", fault: str = "") -> HttpResponse:
    feed = CalendarFeed.objects.visible_to(request.user).open().first()
    context = {"feed": feed, "address": address, "fault": fault, "fresh_key": fresh_key, "now": timezone.now()}
    return render(request, "workorders/calendar.html", context, status=422 if fault else 200)


@require_POST
@requires(Act.VIEW_WORK)
def make(request: HttpRequest) -> HttpResponse:
    """A new address, shown this once; what was read under an earlier one is read no more."""
    now, own = timezone.now(), reverse("workorders:calendar")
    made: list[str] = []

    def act() -> str:
        made.append(feeds.make(by=request.user, now=now))
        return own

    try:
        to = once(key=request.POST.get(FIELD, ""), by=request.user, action="calendar", now=now, act=act)
    except KeyRefused as refusal:
        return _page(request, fault=str(refusal))
    if not made:  # sent twice: the first answer had the address
        return redirect(to)
    return _page(request, f"{settings.BASE_URL}{reverse('workorders:calendar_feed', args=made)}")


@require_POST
@requires(Act.VIEW_WORK)
def stop(request: HttpRequest) -> HttpResponse:
    """No address any more."""
    feeds.stop(by=request.user, now=timezone.now())
    return moved(request, reverse("workorders:calendar"), "The address is switched off.")


@require_safe
@public
def feed(request: HttpRequest, key: str) -> HttpResponseBase:
    """The visits of whoever made this address, as a calendar; unchanged since the reader's copy: 304."""
    owner = feeds.owner_of(key)
    if owner is None:
        raise Http404
    content = feeds.as_calendar(owner, feeds.visits_for(owner, now=timezone.now()))
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="visits.ics"'
    response["Cache-Control"] = "private, no-cache"
    response["X-Robots-Tag"] = "noindex"
    etag = f'"{hashlib.sha256(content).hexdigest()}"'
    response["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response) or response
