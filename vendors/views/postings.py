"""Which vendor a person's role applies to: shown through a doorway, changed on a page of its own."""

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
from vendors.forms import EmployForm
from vendors.staffing import NotAVendorRole, employ


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.MANAGE_PEOPLE)
def membership_scope(request: HttpRequest, pk: int) -> HttpResponse:
    everybodys = Membership.objects.visible_to(request.user).select_related("user", "vendor_scope__vendor")
    membership = get_object_or_404(everybodys, pk=pk)
    form = EmployForm(request.POST if request.method == "POST" else None, by=request.user, membership=membership)
    if request.method == "POST" and form.is_valid():
        vendor = form.cleaned_data["vendor"]
        try:
            employ(membership=membership, vendor=vendor, by=request.user, now=timezone.now())
        except NotForOneself as refusal:
            raise PermissionDenied(str(refusal)) from refusal
        except NotAVendorRole as refusal:
            form.add_error("vendor", str(refusal))
        else:
            person = resolve_url("accounts:person", pk=membership.user_id)
            return moved(request, person, f"{membership.user.name} works for {vendor.name}.")
    words = {"membership": membership, "scope": getattr(membership, "vendor_scope", None), "form": form}
    return page_or_partial(
        request,
        "vendors/membership_scope.html",
        words,
        partials={f"scope-{pk}": "scope"},
        status=422 if form.errors else 200,
    )
