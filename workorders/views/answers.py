"""What a view answers when a rule was asked: done and on, too late, not yours, or the form again."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts import files
from accounts.once import FIELD, KeyRefused, once
from accounts.pages import moved
from workorders.labels import mark_for
from workorders.models import WorkOrder
from workorders.refusals import Incomplete, NotAllowed, NotNow


def answered(
    request: HttpRequest,
    *,
    action: str,
    act: Callable[[], str],
    back: str,
    sentence: str = "",
    form: BaseForm | None = None,
    file_field: str = "photos",
) -> HttpResponse | None:
    """Run `act` once under the form's one-time key and go to the path that it returns, saying `sentence`.

    Too late is 409 with how things stand and a way `back`; not this person's is 403 (PermissionDenied). When the
    rule finds faults they are put beside their fields of `form` and None is returned: show the form again with 422.
    """
    try:
        to = once(key=request.POST.get(FIELD, ""), by=request.user, action=action, now=timezone.now(), act=act)
    except NotNow as refusal:
        return too_late(request, refusal, back)
    except NotAllowed as refusal:
        raise PermissionDenied(refusal.sentence) from refusal
    except Incomplete as refusal:
        faults = refusal.faults
    except files.Refused as refusal:
        faults = {file_field: str(refusal)}
    except KeyRefused as refusal:
        faults = {"": str(refusal)}
    else:
        return moved(request, to, sentence)
    if form is None:
        return render(request, "422.html", {"faults": list(faults.values()), "back_url": back}, status=422)
    for name, words in faults.items():
        form.add_error(name if name in form.fields else None, words)
    return None


def too_late(request: HttpRequest, refusal: NotNow, back: str) -> HttpResponse:
    """409: what happened or is in the way, how it stands now, and where to look at it."""
    row = refusal.work_order
    in_sight = row is not None and WorkOrder.objects.visible_to(request.user).filter(pk=row.pk).exists()
    context = {
        "heading": refusal.heading,
        "sentence": refusal.sentence,
        "back_url": back,
        "state": mark_for(row, request.user) if row and in_sight else None,
    }
    if request.headers.get("HX-Request") == "true":
        return render(request, "parts/refusal.html", {"refusal": "too_late", **context}, status=409)
    return render(request, "409.html", context, status=409)
