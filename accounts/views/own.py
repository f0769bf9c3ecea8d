"""The own account: profile, wishes, notices."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import notices as rules
from accounts import people
from accounts.forms import ProfileForm, WishesForm
from accounts.guards import requires
from accounts.models import Notice
from accounts.pages import moved, page_or_partial
from accounts.paging import page_of
from accounts.permissions import Act

BELL = 8


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.OWN_ACCOUNT)
def me(request: HttpRequest) -> HttpResponse:
    user = request.user
    initial = {name: getattr(user, name) for name in people.PROFILE}
    form = ProfileForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        people.change_profile(user=user, facts=form.cleaned_data, now=timezone.now())
        return moved(request, reverse("accounts:me"), "Your profile is saved.")
    words = {"form": form, "wishes": WishesForm(user=user)}
    return page_or_partial(request, "accounts/me.html", words, status=422 if form.errors else 200)


@require_POST
@requires(Act.OWN_ACCOUNT)
def wishes(request: HttpRequest) -> HttpResponse:
    form = WishesForm(request.POST, user=request.user)
    form.full_clean()  # boxes only: there is nothing to get wrong
    rules.wish(user=request.user, wanted=form.wanted)
    return moved(request, reverse("accounts:me"), "We tell you what you have ticked.")


@require_safe
@requires(Act.OWN_ACCOUNT)
def notices(request: HttpRequest) -> HttpResponse:
    own = Notice.objects.visible_to(request.user).in_app()
    page = page_of(own.for_table(), by="-created_at", asked=request.GET)
    words = {"page": page, "newest": page.rows[:BELL], "unread": own.unread().count(), "now": timezone.now()}
    return page_or_partial(request, "accounts/notices.html", words, partials=("notices-list", "bell"))


@require_POST
@requires(Act.OWN_ACCOUNT)
def read(request: HttpRequest) -> HttpResponse:
    """Mark one notice (and go to its page), or all of them, as read."""
    chosen = request.POST.get("notice", "")
    rules.mark_read(by=request.user, now=timezone.now(), notice_id=int(chosen) if chosen.isdecimal() else None)
    onward = request.POST.get("next", "")
    if not (onward.startswith("/") and url_has_allowed_host_and_scheme(onward, allowed_hosts=None)):
        onward = reverse("accounts:notices")
    return moved(request, onward)
