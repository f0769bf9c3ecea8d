"""One page for one form: shown, sent back with its faults, or kept once by a rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone

from accounts import files
from accounts.changes import Faulty, NotAllowed
from accounts.facts import place
from accounts.once import FIELD, KeyRefused, done, fresh_key, once
from accounts.pages import moved, page_or_partial


def sent(request: HttpRequest) -> QueryDict | None:
    """The answers of a form that was sent, or None while it is only being looked at."""
    return request.POST if request.method == "POST" else None


def edit(
    request: HttpRequest,
    form: forms.BaseForm,
    keep: Callable[[forms.BaseForm], object],
    *,
    heading: str,
    crumbs: Iterable[tuple[str, str]],
    back: str | Callable[[], str],
    said: str,
    action: str = "Save",
    note: str = "",
    template: str = "edit.html",
    extra: Mapping[str, Any] | None = None,
    peek: Callable[[forms.BaseForm], dict[str, Any]] | None = None,
) -> HttpResponse:
    """Show `form`, or keep what was sent by one call of `keep` and go `back`, saying `said`.

    `crumbs` are labels and addresses of the pages above. A form with faults comes back with 422, in its own words.
    With `peek` a second button shows what would come of the answers, and keeps nothing.
    """
    crumbs = list(crumbs)

    def act() -> str:
        keep(form)
        return back() if callable(back) else back

    seen = dict(extra or {})
    key = request.POST.get(FIELD, "")
    if key and (kept_at := done(key=key, by=request.user, action=request.path)):
        return moved(request, kept_at, said)  # what was kept would now look like somebody else's
    if request.method == "POST" and form.is_valid() and peek and "peek" in request.POST:
        seen |= peek(form)
    elif request.method == "POST" and form.is_valid():
        try:
            to = once(key=key, by=request.user, action=request.path, now=timezone.now(), act=act)
        except Faulty as refusal:
            for name, sentence in refusal.faults.items():
                place(form, name, sentence)
        except NotAllowed as refusal:
            raise PermissionDenied(str(refusal)) from refusal
        except files.Refused as refusal:
            place(form, "file", str(refusal))
        except KeyRefused as refusal:
            place(form, "", str(refusal))
        else:
            return moved(request, to, said)
    titles = getattr(form, "sections", ()) or (("", list(form.fields)),)
    context = seen | {
        "form": form,
        "may_peek": peek is not None,
        "sections": [(title, [form[name] for name in names if name in form.fields]) for title, names in titles],
        "heading": heading,
        "note": note,
        "crumbs": crumbs,
        "back_url": crumbs[-1][1],
        "action": action,
        "operation": key or fresh_key(),
        "draft": request.path.strip("/").replace("/", "-"),
    }
    return page_or_partial(request, template, context, status=422 if form.errors else 200)
