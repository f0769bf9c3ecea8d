"""People and their roles, for administrators."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import people as rules
from accounts.filters import PeopleFilter
from accounts.forms import InviteForm, LimitsForm, RoleForm
from accounts.guards import requires
from accounts.log import told
from accounts.models import LogEvent, Membership, User
from accounts.pages import moved, page_or_partial, too_late
from accounts.paging import page_of
from accounts.permissions import Act

HISTORY = 30


@require_safe
@requires(Act.MANAGE_PEOPLE)
def people(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    held = Prefetch("memberships", Membership.objects.visible_to(request.user).current(now).order_by("pk"), "held")
    everybody = User.objects.visible_to(request.user).prefetch_related(held)
    chosen = PeopleFilter(request.GET, everybody, request=request)
    page = page_of(chosen.qs, by="name", asked=request.GET)
    return page_or_partial(
        request, "accounts/people.html", {"filter": chosen, "page": page, "now": now}, partials=("people-results",)
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_PEOPLE)
def invite(request: HttpRequest) -> HttpResponse:
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        now, role = timezone.now(), form.cleaned_data["role"]
        try:
            invited = rules.invite(
                email=form.cleaned_data["email"],
                name=form.cleaned_data["name"],
                roles=[role] if role else [],
                by=request.user,
                now=now,
            )
        except rules.AlreadyHere as here:
            form.add_error("email", str(here))
        else:
            return moved(request, _page(invited), f"{invited.name} gets a link to choose a password.")
    return page_or_partial(request, "accounts/invite.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
@requires(Act.MANAGE_PEOPLE)
def person(request: HttpRequest, pk: int) -> HttpResponse:
    return _show(request, _find(request, pk))


def _find(request: HttpRequest, pk: int) -> User:
    return get_object_or_404(User.objects.visible_to(request.user), pk=pk)


def _page(found: User) -> str:
    return redirect("accounts:person", pk=found.pk)["Location"]


def _show(
    request: HttpRequest,
    found: User,
    *,
    role_form: RoleForm | None = None,
    limits_form: LimitsForm | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    limits = {name: getattr(found, name) for name in rules.LIMITS}
    history = LogEvent.objects.visible_to(request.user).about(rules.stream_of(found)).order_by("-pk")[:HISTORY]
    roles = Membership.objects.visible_to(request.user).filter(user=found)
    words = {
        "person": found,
        "is_self": found == request.user,
        "held": roles.current(now).order_by("pk"),
        "role_form": role_form or RoleForm(),
        "limits_form": limits_form or LimitsForm(initial=limits),
        "form": role_form or limits_form,
        "entries": [told(event) for event in history],
        "now": now,
    }
    return page_or_partial(request, "accounts/person.html", words, status=status)


@require_POST
@requires(Act.MANAGE_PEOPLE)
def grant(request: HttpRequest, pk: int) -> HttpResponse:
    found, form = _find(request, pk), RoleForm(request.POST)
    if form.is_valid():
        role = form.cleaned_data["role"]
        try:
            given = rules.grant(user=found, role=role, by=request.user, now=timezone.now(), ends_at=form.ends_at)
        except rules.NotForOneself as refusal:
            form.add_error(None, str(refusal))
        else:
            return moved(request, _page(found), f"{found.name} is now {given.get_role_display().lower()}.")
    return _show(request, found, role_form=form, status=422)


@require_POST
@requires(Act.MANAGE_PEOPLE)
def end(request: HttpRequest, pk: int, membership: int) -> HttpResponse:
    found = _find(request, pk)
    held = get_object_or_404(Membership.objects.visible_to(request.user), pk=membership, user=found)
    try:
        rules.end(membership=held, by=request.user, now=timezone.now())
    except rules.NotForOneself as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    except rules.NotHeld as refusal:
        return too_late(request, str(refusal), _page(found))
    return moved(request, _page(found), f"{found.name} is no longer {held.get_role_display().lower()}.")


@require_POST
@requires(Act.MANAGE_PEOPLE)
def limits(request: HttpRequest, pk: int) -> HttpResponse:
    found, form = _find(request, pk), LimitsForm(request.POST)
    if form.is_valid():
        try:
            rules.set_limits(user=found, limits=form.cleaned_data, by=request.user, now=timezone.now())
        except rules.NotForOneself as refusal:
            form.add_error(None, str(refusal))
        else:
            return moved(request, _page(found), f"The limits of {found.name} are set.")
    return _show(request, found, limits_form=form, status=422)


@require_POST
@requires(Act.MANAGE_PEOPLE)
def switch(request: HttpRequest, pk: int, way: str) -> HttpResponse:
    found = _find(request, pk)
    act = rules.switch_off if way == "off" else rules.switch_on
    try:
        act(user=found, by=request.user, now=timezone.now())
    except rules.NotForOneself as refusal:
        raise PermissionDenied(str(refusal)) from refusal
    sentence = "cannot sign in any more" if way == "off" else "can sign in again"
    return moved(request, _page(found), f"{found.name} {sentence}.")


@require_POST
@requires(Act.MANAGE_PEOPLE)
def invite_again(request: HttpRequest, pk: int) -> HttpResponse:
    found = _find(request, pk)
    try:
        rules.invite_again(user=found, by=request.user, now=timezone.now())
    except rules.InvitationOver as refusal:
        return too_late(request, str(refusal), _page(found))
    return moved(request, _page(found), f"{found.name} gets a new link. Older ones stop working.")
