"""Every part of the design on one page, for the tests that look at it. It is no page of the product."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template import engines
from django.urls import path
from django.utils.html import format_html

from accounts.guards import public
from accounts.models import Role, User
from accounts.permissions import acts_of
from accounts.words import Card, Due, Mark
from config.menu import BELL, Shell
from config.urls import handler400, handler403, handler404, handler500
from config.urls import urlpatterns as product

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

NOW = datetime(2026, 7, 16, 16, 42, tzinfo=UTC)
MARKS = (
    Mark("New", "us", "circle-dot"),
    Mark("On site", "vendor", "map-pin-check"),
    Mark("Waiting for parts", "wait", "package"),
    Mark("Declined by vendor", "bad", "undo-2"),
    Mark("Completed", "done", "circle-check"),
    Mark("Canceled", "off", "ban"),
)
CHIPS = (
    Due("3 h 25 m left", "ok", 86),
    Due("40 min left", "risk", 17),
    Due("47 min late", "late"),
    Due("Paused, 1 d 4 h left", "paused"),
    Due("Answered in 14 min", "met"),
    Due("Missed by 20 min", "missed"),
)


class Problem(forms.Form):
    """One of each kind of field, some of them wrong."""

    trade = forms.ChoiceField(
        choices=[
            ("ref", Card("Coolers", icon="snowflake")),
            ("el", Card("Electrical", icon="zap")),
            ("x", Card("Doors", icon="door-open")),
        ],
        widget=forms.RadioSelect(attrs={"data-look": "tiles"}),
    )
    problem = forms.ChoiceField(
        choices=[
            ("warm", Card("Too warm", help="Not holding temperature")),
            ("ice", Card("Ice", help="Leaking or iced up")),
        ],
        widget=forms.RadioSelect(attrs={"data-look": "cards"}),
        help_text="Choose what comes nearest.",
    )
    days = forms.MultipleChoiceField(
        choices=[("mo", "Monday"), ("tu", "Tuesday")], widget=forms.CheckboxSelectMultiple, required=False
    )
    amount_amount = forms.DecimalField(
        label="Not-to-exceed amount",
        help_text="The vendor cannot bill more without your approval.",
        error_messages={"invalid": "Enter an amount in dollars, like 1200.00"},
        widget=forms.TextInput(attrs={"data-prefix": "$", "data-suffix": "USD", "inputmode": "decimal"}),
    )
    reason = forms.CharField(widget=forms.Textarea, error_messages={"required": "Say why you reject the quote"})
    unit = forms.ChoiceField(choices=[("1", "Walk-in cooler 2"), ("2", "I am not sure")])
    order = forms.CharField(label="Purchase order", required=False, initial="PO-22091")
    secret = forms.CharField(label="Password", widget=forms.PasswordInput, required=False)
    keep = forms.BooleanField(label="Keep me signed in on this phone", required=False)


class Files(forms.Form):
    photos = forms.FileField(required=False)
    papers = forms.FileField(label="Add files", required=False)


class Message(forms.Form):
    body = forms.CharField(widget=forms.Textarea)
    audience = forms.ChoiceField(choices=[("in", "Facilities only"), ("all", "Everyone on this job")])


class Frame(Shell):
    """The shell of a facilities manager who is in no database."""

    place = "M-114 Tacoma Hilltop"

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.user = User(pk=7, name="Dana Whitfield", email="dana@example.com")
        manager = frozenset({Role.FACILITIES_MANAGER})
        self.user.__dict__ |= {"roles": manager, "acts": acts_of(manager)}
        self.__dict__["_numbers"] = {BELL: 4, "workorders:mail": 2}


@public
def gallery(request: HttpRequest, shell: str) -> HttpResponse:
    if request.method == "POST" and "expired" in request.GET:
        return redirect("account_login")
    if request.method == "POST" and "taken" in request.GET:
        return redirect("/gallery/plain")
    messages.success(request, "WO-048221 accepted")
    form = (
        Problem({"amount_amount": "twelve hundred"})
        if "errors" in request.GET or request.method == "POST"
        else Problem()
    )
    source = Path(__file__).with_suffix(".html").read_text()
    page = engines["django"].from_string(source)
    return HttpResponse(
        page.render(
            {
                "shell_name": f"shells/{shell}.html",
                "shell": Frame(request),
                "now": NOW,
                "at": NOW - timedelta(hours=1, minutes=50),
                "marks": MARKS,
                "chips": CHIPS,
                "amount": Decimal("1200"),
                "length": timedelta(hours=3, minutes=25),
                "form": form,
                "files": Files(),
                "compose": Message(auto_id="c_%s"),
                "steps": [
                    {"label": "Reported", "state": "ok", "text": "07:52"},
                    {"label": "Planned", "state": "ok", "text": "08:06"},
                    {"label": "Dispatch", "state": "now", "icon": "send", "text": "Choose a vendor"},
                    {"label": "On site", "state": "", "text": "Due 11:52"},
                    {"label": "Verified", "state": "", "text": ""},
                    {"label": "Closed", "state": "", "text": ""},
                ],
                "entries": [
                    {
                        "kind": "event",
                        "who": "Jo Alvarez",
                        "text": "reported this",
                        "at": NOW - timedelta(hours=2),
                        "icon": "user",
                    },
                    {
                        "kind": "event",
                        "who": "",
                        "text": "No duplicate found",
                        "at": NOW,
                        "icon": "check",
                        "tone": "done",
                    },
                    {
                        "kind": "message",
                        "who": "Dana Whitfield",
                        "text": "Got it, @Jo Kim.\nDoor shut.",
                        "calls": ["@Jo Kim"],
                        "at": NOW,
                        "tag": "Store",
                        "tag_icon": "store",
                        "tone": "us",
                    },
                    {
                        "kind": "message",
                        "who": "Marcus Oyelaran",
                        "text": "Third call on this coil.",
                        "calls": [],
                        "at": NOW,
                        "tag": "Facilities only",
                        "tag_icon": "lock",
                        "inside": True,
                    },
                ],
                "photos": [
                    {
                        "url": "/static/icons/mainstay-512.png",
                        "thumb_url": "/static/icons/mainstay-192.png",
                        "caption": "Display",
                    }
                ],
            },
            request,
        ),
        status=422 if request.method == "POST" else 200,
    )


@public
def more(request: HttpRequest) -> HttpResponse:
    """A question that is only asked of those who have chosen a trade."""
    if not request.GET.get("trade"):
        return HttpResponse()
    return HttpResponse(
        format_html(
            '<label for="panel">Which panel?</label><input class="in" id="panel" name="panel" value="{}">',
            request.GET.get("panel", ""),
        )
    )


urlpatterns = [path("gallery/more", more), path("gallery/<slug:shell>", gallery), *product]
