"""Answering a request: a page or one region of it, and where to go after a move."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers


def page_or_partial(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    partials: Collection[str] | Mapping[str, str] = (),
    status: int = 200,
) -> HttpResponse:
    """The whole page, or the one partial of it that htmx asks for.

    A partial's name is the id of its element and the `hx-target` of whoever asks for it. Only names in
    `partials` are answered with less than the page (a mapping says which partial an id asks for, where a
    page shows several of a kind); a step back in the history is always a whole page.
    """
    wanted = request.headers.get("HX-Target", "")
    asked = request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"
    whole = not asked or request.headers.get("HX-History-Restore-Request") == "true"
    partial = partials.get(wanted, "") if isinstance(partials, Mapping) else wanted if wanted in partials else ""
    name = template if whole or not partial else f"{template}#{partial}"
    response = render(request, name, dict(context), status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def moved(request: HttpRequest, to: str, sentence: str = "") -> HttpResponse:
    """After a move: on to the page `to`, which says `sentence`. Works with and without htmx."""
    if sentence:
        messages.success(request, sentence)
    response: HttpResponse = redirect(to)
    if request.headers.get("HX-Request") != "true":
        return response
    return HttpResponse(status=204, headers={"HX-Redirect": response["Location"]})


def too_late(request: HttpRequest, sentence: str, back: str, *, label: str = "See it as it is now") -> HttpResponse:
    """409: it was done or changed meanwhile. `back` shows the fresh state."""
    asked = request.headers.get("HX-Request") == "true"
    words = {"refusal": "too_late", "sentence": sentence, "back_url": back, "back_label": label}
    return render(request, "parts/refusal.html" if asked else "409.html", words, status=409)
