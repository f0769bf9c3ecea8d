"""The operator's page: is the queue alive, what waits, what failed; and another try for each of them."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts import delivery, outbox
from accounts.guards import requires
from accounts.models import User
from accounts.pages import moved, page_or_partial
from accounts.permissions import Act
from config import queue
from config.schedule import JOBS
from config.standing import standing


@requires(Act.OPERATE)
@require_safe
def operations(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    context = {"now": now, "standing": standing(now)}
    return page_or_partial(request, "config/operations.html", context, partials=("standing",))


@requires(Act.OPERATE)
@require_POST
def run_job(request: HttpRequest, name: str) -> HttpResponse:
    if name not in JOBS:
        raise Http404
    queue.replay(name)
    return moved(request, "config:operations", "The queue was asked to run it now.")


@requires(Act.OPERATE)
@require_POST
def replay_event(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        outbox.replay(unsettled_id=pk, by=_operator(request), now=timezone.now())
    except outbox.NotWaiting as problem:
        return _too_late(request, problem)
    return moved(request, "config:operations", "The event is back in line.")


@requires(Act.OPERATE)
@require_POST
def replay_notice(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        delivery.send_again(notice_id=pk, by=_operator(request), now=timezone.now())
    except delivery.NotFailing as problem:
        return _too_late(request, problem)
    return moved(request, "config:operations", "The notice is back in line.")


def _operator(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - the guard has let nobody else in
    return request.user


def _too_late(request: HttpRequest, problem: Exception) -> HttpResponse:
    return render(request, "409.html", {"sentence": str(problem), "back_label": "Back to operations"}, status=409)
