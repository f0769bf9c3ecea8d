"""Coming in: where home is for whom, and accepting an invitation."""

from __future__ import annotations

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import people
from accounts.forms import AcceptForm
from accounts.guards import public, requires
from accounts.permissions import Act, may

# The first act that a person may do decides where the day begins. The pages belong to apps above.
HOMES = (
    (Act.VIEW_DESK, "reporting:dashboard"),
    (Act.VIEW_DESK, "workorders:queue"),
    (Act.VIEW_REQUESTS, "workorders:store_home"),
    (Act.VIEW_JOBS, "workorders:jobs"),
)


@require_safe
@requires(Act.OWN_ACCOUNT)
def home(request: HttpRequest) -> HttpResponse:
    for act, name in HOMES:
        if may(request.user, act):
            try:
                return redirect(reverse(name))
            except NoReverseMatch:
                continue
    return redirect("admin:index" if request.user.is_staff else "accounts:me")


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@public
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Choose a password by a signed link. Says nothing about the account until it is accepted."""
    now = timezone.now()
    try:
        invited = people.invited(token=token, now=now)
        form = AcceptForm(request.POST or None, invited=invited)
        if request.method != "POST" or not form.is_valid():
            status = 422 if form.is_bound else 200
            return render(request, "accounts/invitation.html", {"form": form}, status=status)
        user = people.accept_invitation(token=token, now=now, **form.cleaned_data)
    except people.InvitationOver as over:
        return render(request, "accounts/invitation_over.html", {"sentence": str(over)}, status=410)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("accounts:home")
