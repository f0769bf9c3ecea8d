"""Reviewing papers one after the other: the paper beside what was entered, verified or sent back with a reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import requires
from accounts.once import FIELD, KeyRefused, done, fresh_key, once
from accounts.pages import moved, page_or_partial, too_late
from accounts.permissions import Act
from accounts.together import together
from vendors import compliance as rules
from vendors.models import ComplianceDocument, DocumentState, Requirement
from vendors.models.compliance import ComplianceDocumentQuerySet
from vendors.roster_forms import ReasonForm
from vendors.views.papers import MARKS, find


def _line(request: HttpRequest) -> ComplianceDocumentQuerySet:
    """What this person may review, the longest waiting first: nobody reviews what he handed in himself."""
    papers = ComplianceDocument.objects.visible_to(request.user, Act.VERIFY_DOCUMENTS).waiting()
    return papers.exclude(uploaded_by=request.user.pk)


def _after(request: HttpRequest, paper: ComplianceDocument) -> str:
    """The next paper in line behind this one, else the first, else the list."""
    line = _line(request).exclude(pk=paper.pk)
    later = line.filter(Q(uploaded_at__gt=paper.uploaded_at) | Q(uploaded_at=paper.uploaded_at, pk__gt=paper.pk))
    following = later.first() or line.first()
    return resolve_url("vendors:paper_review", following.pk) if following else resolve_url("vendors:compliance")


@require_safe
@requires(Act.VERIFY_DOCUMENTS)
def first(request: HttpRequest) -> HttpResponse:
    """On to the paper that has waited longest."""
    waiting = _line(request).first()
    if waiting is None:
        return moved(request, resolve_url("vendors:compliance"), "No paper waits for you.")
    return moved(request, resolve_url("vendors:paper_review", waiting.pk))


@require_safe
@requires(Act.VERIFY_DOCUMENTS)
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """One paper beside its fields, with what speaks against it and the way to the next."""
    return _show(request, find(request, pk, Act.VERIFY_DOCUMENTS), ReasonForm())


def _show(request: HttpRequest, paper: ComplianceDocument, form: ReasonForm, status: int = 200) -> HttpResponse:
    others = paper.vendor.documents.filter(kind=paper.kind, state=DocumentState.VERIFIED).exclude(pk=paper.pk)
    others = others.order_by("-ends_on")[:1]
    needs = Requirement.objects.visible_to(request.user).filter(kind=paper.kind).order_by("-minimum_limit_amount")[:1]
    line = _line(request)[:200]
    together(others, needs, line)
    place = next((number for number, one in enumerate(line, start=1) if one.pk == paper.pk), None)
    by_number = {number: one.pk for number, one in enumerate(line, start=1)}
    context: dict[str, Any] = {
        "paper": paper,
        "vendor": paper.vendor,
        "mark": MARKS[DocumentState(paper.state)],
        "twins": rules.twins_of(paper),
        "earlier": next(iter(others), None),
        "most": next((need for need in needs if need.minimum_limit_amount), None),
        "place": place,
        "many": len(line),
        "before": by_number.get(place - 1) if place else None,
        "after": by_number.get(place + 1) if place else None,
        "is_own": paper.uploaded_by_id == request.user.pk,
        "decides": paper.state == DocumentState.PENDING and paper.uploaded_by_id != request.user.pk,
        "form": form,
        "operation": fresh_key(),
        "now": timezone.now(),
    }
    return page_or_partial(request, "vendors/review.html", context, status=status)


def _decided(
    request: HttpRequest, paper: ComplianceDocument, act: Callable[[], object], said: str, form: ReasonForm
) -> HttpResponse:
    """Decide once and go on to the next in line; a second press of the same button changes nothing."""
    key = request.POST.get(FIELD, "")
    if key and (kept_at := done(key=key, by=request.user, action=request.path)):
        return moved(request, kept_at, said)

    def decide() -> str:
        act()
        return _after(request, paper)

    try:
        to = once(key=key or fresh_key(), by=request.user, action=request.path, now=timezone.now(), act=decide)
    except rules.NotYours as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except (rules.NotWaiting, KeyRefused) as refusal:
        return too_late(request, str(refusal), resolve_url("vendors:compliance"))
    except rules.Faulty as refusal:
        for name, sentence in refusal.faults.items():
            form.add_error(name if name in form.fields else None, sentence)
        return _show(request, paper, form, status=422)
    return moved(request, to, said)


@require_POST
@requires(Act.VERIFY_DOCUMENTS)
def verify(request: HttpRequest, pk: int) -> HttpResponse:
    paper = find(request, pk, Act.VERIFY_DOCUMENTS)
    form = ReasonForm({"reason": "verified"})
    form.is_valid()
    return _decided(
        request, paper, lambda: rules.verify(paper, by=request.user, now=timezone.now()),
        f"{paper.get_kind_display()} of {paper.vendor.name} is verified.", form,
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.VERIFY_DOCUMENTS)
def reject(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a paper back with the reason; looked at, it is the page of the review."""
    paper = find(request, pk, Act.VERIFY_DOCUMENTS)
    if request.method != "POST":
        return moved(request, resolve_url("vendors:paper_review", paper.pk))
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _show(request, paper, form, status=422)
    return _decided(
        request, paper, lambda: rules.reject(paper, by=request.user, now=timezone.now(), **form.cleaned_data),
        "Rejected. The vendor reads why.", form,
    )  # fmt: skip
