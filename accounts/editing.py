"""One page for one form: shown, sent back with its faults, or kept once by a rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone

from accounts import files
from accounts.changes import Faulty, NotAllowed, faults_of
from accounts.once import FIELD, KeyRefused, done, fresh_key, once
from accounts.pages import moved, page_or_partial

DOLLARS = {"inputmode": "decimal", "autocomplete": "off", "data-prefix": "$"}
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class FactsForm(forms.ModelForm):
    """The facts of one row. What the database would refuse is told beside its field."""

    sections: Sequence[tuple[str, Sequence[str]]] = ()
    """Titles and their fields, for a form too long for one card."""

    def validate_unique(self) -> None:
        """Left to the row's own check below, with the other constraints."""

    def validate_constraints(self) -> None:
        unset = {
            field.name
            for field in self.instance._meta.concrete_fields
            if field.name not in self.fields
            and not field.generated
            and getattr(self.instance, field.attname) is None
        }
        for name, sentence in faults_of(self.instance, exclude=unset | self.errors.keys()).items():
            place(self, name, sentence)

    def facts(self) -> dict[str, Any]:
        """What was entered, as the row keeps it."""
        return dict(self.cleaned_data)


def sent(request: HttpRequest) -> QueryDict | None:
    """The answers of a form that was sent, or None while it is only being looked at."""
    return request.POST if request.method == "POST" else None


def place(form: forms.BaseForm, name: str, sentence: str) -> None:
    """Put a fault beside its field, or above the form; said once."""
    known = name if name in form.fields else None
    if sentence not in form.errors.get(known or forms.forms.NON_FIELD_ERRORS, ()):
        form.add_error(known, sentence)


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

    seen: dict[str, Any] = {}
    key = request.POST.get(FIELD, "")
    if key and (kept_at := done(key=key, by=request.user, action=request.path)):
        return moved(request, kept_at, said)  # what was kept would now look like somebody else's
    if request.method == "POST" and form.is_valid() and peek and "peek" in request.POST:
        seen = peek(form)
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
