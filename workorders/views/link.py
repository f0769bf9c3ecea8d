"""The pages behind a mailed link: one job of one vendor, for whoever holds the link.

They are the portal's own pages, asked in the name of the link's holder and at addresses of the link's own. The token
stands in the mail's address alone: it is put into a cookie for these pages at once, so that no address bar, log, draft
or answer carries it further.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import Resolver404, ResolverMatch, get_script_prefix, resolve, reverse, set_script_prefix
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.guards import public
from accounts.once import fresh_key
from accounts.permissions import Act
from vendors.scope import vendor_ids_of
from workorders import links
from workorders.forms.portal import ClaimForm
from workorders.models import JobLink, WorkOrder
from workorders.views.job import path_of, posted, sent

HOME = frozenset({"workorders:jobs", "workorders:vendor_invoices"})
"""Where a signed-in vendor finds its jobs: here there is one, so these lead to it."""

INSIDE = frozenset(
    f"workorders:{name}"
    for name in (
        "job", "offer", "offer_accept", "offer_decline", "offer_propose", "offer_take_back",
        "offer_propose", "offer_take_back",
        "job_reschedule", "job_hold", "job_resume", "job_message",
        "job_check_in", "job_papers", "job_part_add", "job_part_remove", "job_labor_add", "job_photo_add",
        "job_checklist_answer", "job_check_out", "job_invoice", "vendor_invoice", "vendor_invoice_totals",
        "vendor_invoice_answer", "vendor_invoice_correct", "vendor_invoice_sheet", "attachment",
    )
)  # fmt: skip
"""The portal's pages that are open by a link; everything else does not exist there."""

ACCOUNT = "account"
"""Where the holder asks for an account; only links have it."""

KEPT = 180 * 24 * 60 * 60  # seconds; what the link opens is decided anew every time


@require_safe
@public
def enter(request: HttpRequest, token: str) -> HttpResponseBase:
    """Where the mail leads: to the job's pages, the token put away. Changes nothing, however often it is opened."""
    now = timezone.now()
    try:
        link = links.link_of(token)
    except links.LeadsNowhere as refusal:
        try:
            links.wrong_from(get_adapter(request).get_client_ip(request), now=now)
        except links.TooMany as flood:
            return _closed(request, flood.sentence, status=429)
        return _closed(request, refusal.sentence, status=404)
    answer = redirect("workorders:job_link_home", link.pk)
    answer.set_cookie(
        _cookie(link.pk), token, max_age=KEPT, path=reverse("workorders:job_link_home", args=[link.pk]),
        secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax",
    )  # fmt: skip
    return _private(answer)


def _cookie(pk: int) -> str:
    return f"job-{pk}"


@require_safe
@public
def home(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The job, or what became of it."""
    return _answer(request, pk, "jobs")


@public
def inside(request: HttpRequest, pk: int, rest: str) -> HttpResponseBase:
    """One of the portal's pages, asked in the name of the link's holder."""
    return _answer(request, pk, rest)


def _answer(request: HttpRequest, pk: int, rest: str) -> HttpResponseBase:
    now = timezone.now()
    try:
        link = links.link_of(request.COOKIES.get(_cookie(pk), ""))
        if link.pk != pk:
            raise links.LeadsNowhere(links.NOWHERE)
        if link.has_account or _signed_in(request, link):
            # Whoever has an account by now goes on there: it can be ended, and says who it was.
            return _private(redirect(path_of(link.work_order)))
        links.still_works(link, now=now)
        if request.method not in ("GET", "HEAD"):
            links.one_more(link, now=now)
    except links.LeadsNowhere as refusal:
        return _closed(request, refusal.sentence, status=404)
    except links.TooMany as refusal:
        return _closed(request, refusal.sentence, status=429)
    return _private(_ask(request, link, rest))


def _signed_in(request: HttpRequest, link: JobLink) -> bool:
    return request.user.is_authenticated and link.vendor_id in vendor_ids_of(request.user, Act.VIEW_JOBS)


def _ask(request: HttpRequest, link: JobLink, rest: str) -> HttpResponseBase:
    """The answer to whoever holds the link; everything that is not open by it does not exist."""
    if rest == ACCOUNT:
        return _named(request, link, lambda: _account(request, link))
    try:
        match = resolve(f"/{rest}")
    except Resolver404 as missing:
        raise Http404 from missing
    if match.view_name not in INSIDE | HOME:
        raise Http404
    return _named(request, link, lambda: _portal(request, link, match))


def _named(request: HttpRequest, link: JobLink, ask: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """What `ask` answers in the name of the link's holder, every address on it the link's own."""
    holder, outside = links.holder_of(link), get_script_prefix()
    request.user = holder  # type: ignore[assignment]
    set_script_prefix(reverse("workorders:job_link_home", args=[link.pk]))
    try:
        answer = ask()
    except Http404:
        if _in_sight(request, link):
            raise
        return _closed(request, links.what_became(link))
    finally:
        set_script_prefix(outside)
    if request.method == "POST" and answer.status_code < 400:
        links.used(link, now=timezone.now())
    return answer


def _in_sight(request: HttpRequest, link: JobLink) -> bool:
    return WorkOrder.objects.visible_to(request.user, Act.VIEW_JOBS).filter(pk=link.work_order_id).exists()


def _portal(request: HttpRequest, link: JobLink, match: ResolverMatch) -> HttpResponseBase:
    """One of the portal's pages, or the way to the one job that there is."""
    if match.view_name not in HOME:
        return cast("HttpResponseBase", match.func(request, *match.args, **match.kwargs))
    if _in_sight(request, link):
        return redirect(path_of(link.work_order))
    return _closed(request, links.what_became(link))


def _account(request: HttpRequest, link: JobLink) -> HttpResponse:
    """From the link to an account: the invitation goes to the address of the link and nowhere else."""
    now, row, form = timezone.now(), link.work_order, ClaimForm(posted(request))

    def act() -> str:
        links.claim(link, name=form.cleaned_data["name"], by=request.user, now=now)
        return path_of(row)

    told = f"The invitation is in the mail to {link.email}."
    if done := sent(request, form, action=f"claim:{link.pk}", act=act, row=row, sentence=told):
        return done
    context = {"form": form, "row": row, "email": link.email, "fresh_key": fresh_key}
    return render(request, "workorders/link/account.html", context, status=422 if form.errors else 200)


def _closed(request: HttpRequest, sentence: str, *, status: int = 410) -> HttpResponse:
    """A page that shows nothing of any job."""
    return _private(render(request, "workorders/link/over.html", {"sentence": sentence}, status=status))


def _private[Answer: HttpResponseBase](answer: Answer) -> Answer:
    """Kept by nobody on the way, found by no search engine, and named to no other site."""
    answer["Cache-Control"] = "private, no-store"
    answer["X-Robots-Tag"] = "noindex, nofollow"
    # With "no-referrer" browsers would hide from us, too, where a form was sent from.
    answer["Referrer-Policy"] = "same-origin"
    return answer
