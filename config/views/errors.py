"""What people see when a page cannot be shown. Each says what happened and what to do next.

An htmx request gets a notice for its region, everybody else a whole page.
"""

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

KEPT_OUT = ("csrfmiddlewaretoken", "password", "password1", "password2", "oldpassword")


def _answer(request: HttpRequest, status: int, name: str, **context: object) -> HttpResponse:
    template = "parts/refusal.html" if request.headers.get("HX-Request") == "true" else f"{status}.html"
    return render(request, template, {"refusal": name, **context}, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 400, "bad")


def not_allowed(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 403, "not_allowed")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The same body for what does not exist and for what this person may not know of."""
    return _answer(request, 404, "not_found")


def broken(request: HttpRequest) -> HttpResponse:
    """Rendered without the request: whatever broke must not break this page too."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(render_to_string("parts/refusal.html", {"refusal": "broken"}), status=500)
    return HttpResponse(render_to_string("500.html"), status=500)


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose safety token is missing or old. One of our own pages may send its answers again."""
    if request.headers.get("HX-Request") == "true":
        return render(request, "parts/refusal.html", {"refusal": "expired"}, status=403)
    answers = (
        [(name, value) for name, values in request.POST.lists() if name not in KEPT_OUT for value in values]
        if _from_own_page(request)
        else []
    )
    return render(request, "form_expired.html", {"answers": answers, "had_files": bool(request.FILES)}, status=403)


def _from_own_page(request: HttpRequest) -> bool:
    """Whether the browser vouches that the form stood on a page of ours; only then may its answers be offered again."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return urlsplit(request.headers.get("Origin", "")).netloc == request.get_host()
