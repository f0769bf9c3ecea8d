"""Where a person's role applies: shown on the person's page through a doorway, changed on a page of its own."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.guards import requires
from accounts.models import Membership
from accounts.pages import moved, page_or_partial
from accounts.people import NotForOneself
from accounts.permissions import Act
from assets.forms import PostingForm
from assets.postings import post


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_PEOPLE)
def membership_scope(request: HttpRequest, pk: int) -> HttpResponse:
    membership = get_object_or_404(Membership.objects.visible_to(request.user).select_related("user"), pk=pk)
    form = PostingForm(request.POST if request.method == "POST" else None, by=request.user, membership=membership)
    if request.method == "POST" and form.is_valid():
        try:
            post(membership=membership, by=request.user, now=timezone.now(), **form.cleaned_data)
        except NotForOneself as refusal:
            raise PermissionDenied(str(refusal)) from refusal
        person = resolve_url("accounts:person", pk=membership.user_id)
        return moved(request, person, f"It is set where {membership.user.name} is {membership.get_role_display()}.")
    words = {
        "membership": membership,
        "regions": [scope.region for scope in membership.region_scopes.select_related("region")],
        "sites": [scope.site for scope in membership.site_scopes.select_related("site")],
        "trades": [scope.trade for scope in membership.trade_scopes.select_related("trade")],
        "form": form,
    }
    return page_or_partial(
        request,
        "assets/membership_scope.html",
        words,
        partials={f"scope-{pk}": "scope"},
        status=422 if form.errors else 200,
    )
