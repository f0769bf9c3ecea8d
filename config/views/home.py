"""The first page: to each audience its own."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render

from accounts.guards import public
from config.menu import Shell


@public
def home(request: HttpRequest) -> HttpResponseBase:
    """To the sign-in page, or to where this person's work is. Who has no role yet is told so."""
    if not request.user.is_authenticated:
        return redirect("account_login")
    landing = Shell(request).landing
    return redirect(landing) if landing else render(request, "no_role.html", status=403)
