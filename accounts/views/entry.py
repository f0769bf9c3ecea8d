"""Coming in: accepting an invitation."""

from __future__ import annotations

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import people
from accounts.forms import AcceptForm
from accounts.guards import public


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
    return redirect("home")
