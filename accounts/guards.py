"""Who gets through a view's door.

Every view wears exactly one mark: @requires(act) for signed-in people whose role allows the act, or
@public. A system check walks the addresses and refuses to start on a view without one.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, resolve_url

from accounts.permissions import may

PUBLIC = "public"

type View = Callable[..., HttpResponseBase]


def requires(act: Any) -> Callable[[View], View]:
    """Let in signed-in people who may do the act; others are sent to sign in, or refused with 403."""

    def mark(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _sign_in(request)
            if not may(request.user, act):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.guard = act  # type: ignore[attr-defined]
        return guarded

    return mark


def public(view: View) -> View:
    """Mark a view that anybody may open; it must not betray anything."""
    view.guard = PUBLIC  # type: ignore[attr-defined]
    return view


def _sign_in(request: HttpRequest) -> HttpResponseBase:
    """To the sign-in page and afterwards back to where the person was, not to a fragment or a form's target."""
    htmx = request.headers.get("HX-Request") == "true"
    back = request.get_full_path() if request.method == "GET" and not htmx else _own_page(request)
    address = f"{resolve_url('account_login')}?{urlencode({'next': back})}"
    if htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)


def _own_page(request: HttpRequest) -> str:
    """The path of the page that the request was sent from, if it is one of ours."""
    came_from = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer") or "")
    if came_from.netloc != request.get_host():
        return "/"
    return came_from.path + (f"?{came_from.query}" if came_from.query else "")
