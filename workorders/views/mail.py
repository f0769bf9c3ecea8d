"""Mail that came in, for facilities to sort: made a work order, added to one, or discarded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts import files
from accounts.guards import requires
from accounts.once import fresh_key
from accounts.pages import page_or_partial
from accounts.paging import page_of
from accounts.permissions import Act
from accounts.words import Mark
from workorders import inbox
from workorders.forms.mail import DiscardForm, FileForm
from workorders.models import Enclosure, Letter, LetterState
from workorders.views.answers import answered

MARKS = {
    LetterState.HELD: Mark("Waits for you", "us", "inbox"),
    LetterState.POSTED: Mark("Added as a message", "done", "message-square"),
    LetterState.REPORTED: Mark("Made a work order", "done", "circle-check"),
    LetterState.DISCARDED: Mark("Discarded", "off", "archive"),
    LetterState.IGNORED: Mark("Ignored", "off", "ban"),
}
TABS = {
    "held": ("Waiting", {LetterState.HELD}),
    "taken": ("Taken in", {LetterState.POSTED, LetterState.REPORTED}),
    "left": ("Discarded", {LetterState.DISCARDED}),
    "ignored": ("Ignored", {LetterState.IGNORED}),
}


def _find(request: HttpRequest, pk: int) -> Letter:
    letters = Letter.objects.visible_to(request.user).select_related("work_order", "site", "sender", "decided_by")
    return get_object_or_404(letters, pk=pk)


@require_safe
@requires(Act.TRIAGE)
def letters(request: HttpRequest) -> HttpResponse:
    """What waits, or what became of the rest; the newest first."""
    show = request.GET.get("show", "")
    show = show if show in TABS else "held"
    label, states = TABS[show]
    rows = Letter.objects.visible_to(request.user).filter(state__in=states).for_table()
    page = page_of(rows, by="-received_at", asked=request.GET)
    context = {
        "page": page,
        "lines": [(letter, MARKS[LetterState(letter.state)]) for letter in page.rows],
        "label": label,
        "show": show,
        "tabs": [(key, words, f"?show={key}") for key, (words, _) in TABS.items()],
    }
    return page_or_partial(request, "workorders/desk/mail.html", context, partials={"mail-results"})


@require_safe
@requires(Act.TRIAGE)
def letter(request: HttpRequest, pk: int) -> HttpResponse:
    """One mail: its words, its files, why it waits, and what can be done with it."""
    return _page(request, _find(request, pk))


def _page(request: HttpRequest, row: Letter, *, status: int = 200, **forms: BaseForm) -> HttpResponse:
    context = {
        "letter": row,
        "mark": MARKS[LetterState(row.state)],
        "enclosures": row.enclosures.select_related("file"),
        "waits": row.state == LetterState.HELD,
        "can_wait_again": row.state in (LetterState.DISCARDED, LetterState.IGNORED),
        "file_form": FileForm(by=request.user, letter=row),
        "discard_form": DiscardForm(),
        "failed": bool(forms),
        "operation": fresh_key(),
    }
    return render(request, "workorders/desk/letter.html", context | forms, status=status)


def _sorted(
    request: HttpRequest, row: Letter, name: str, form: BaseForm, sentence: str, act: Callable[[dict[str, Any]], None]
) -> HttpResponse:
    """Ask the rule with the form's facts and go back to what waits, or show the page with what is wrong."""
    if form.is_valid():
        waiting = reverse("workorders:mail")

        def once() -> str:
            act(form.cleaned_data)
            return waiting

        answer = answered(
            request, action=request.path, act=once, sentence=sentence, form=form,
            back=reverse("workorders:letter", args=[row.pk]),
        )  # fmt: skip
        if answer is not None:
            return answer
    return _page(request, row, status=422, **{name: form})


@require_POST
@requires(Act.TRIAGE)
def letter_file_away(request: HttpRequest, pk: int) -> HttpResponse:
    """Add it to a work order as a message."""
    row = _find(request, pk)
    return _sorted(
        request, row, "file_form", FileForm(request.POST, by=request.user, letter=row), "Added as a message.",
        lambda facts: inbox.file_away(row, by=request.user, now=timezone.now(), **facts),
    )  # fmt: skip


@require_POST
@requires(Act.TRIAGE)
def letter_discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Put it aside, with the reason."""
    row = _find(request, pk)
    return _sorted(
        request, row, "discard_form", DiscardForm(request.POST), "Discarded.",
        lambda facts: inbox.discard(row, by=request.user, now=timezone.now(), **facts),
    )  # fmt: skip


@require_POST
@requires(Act.TRIAGE)
def letter_take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Let it wait again."""
    row = _find(request, pk)
    address = reverse("workorders:letter", args=[pk])

    def act() -> str:
        inbox.take_back(row, by=request.user, now=timezone.now())
        return address

    return answered(request, action=request.path, act=act, back=address, sentence="It waits again.")


@require_safe
@requires(Act.TRIAGE)
def letter_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A file that came with a mail, or with `?thumb` its small picture."""
    found = get_object_or_404(Enclosure.objects.visible_to(request.user).select_related("file"), pk=pk)
    if found.file is None:
        raise Http404
    return files.serve(found.file, thumbnail="thumb" in request.GET)
