"""The frame around every page: which shell a person gets, its menu, and what the header shows.

The menu is a table per audience. An item is shown to people who may do its act; the guard on the page
itself decides again. It lives here because it lists what every app offers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils.functional import cached_property

from accounts.actors import LinkHolder
from accounts.models import Notice, User
from accounts.permissions import VENDOR_ROLES, Act, may
from accounts.together import together, totals
from assets.models import Site
from vendors.models import Onboarding, Vendor
from workorders.models import Letter


class Audience(StrEnum):
    """Whose shell a person sees."""

    DESK = "desk"
    STORE = "store"
    VENDOR = "vendor"


@dataclass(frozen=True)
class Item:
    """One line of a menu: where it leads, who sees it, the letter after G that goes there, what it counts."""

    label: str
    url_name: str
    icon: str
    act: Act
    key: str = ""
    count: Callable[[User], QuerySet[Any]] | None = None


@dataclass(frozen=True)
class Section:
    """A titled group of the desk's menu."""

    label: str
    items: tuple[Item, ...]


class Line(NamedTuple):
    """An item as one person sees it on one page."""

    label: str
    url: str
    icon: str
    key: str
    current: bool
    waiting: int


class Group(NamedTuple):
    """A section as one person sees it on one page."""

    label: str
    items: list[Line]


def _waiting_mail(user: User) -> QuerySet[Letter]:
    return Letter.objects.visible_to(user).held()


BELL = "accounts:notices"
DESK = (
    Section(
        "Work",
        (
            Item("Dashboard", "reporting:dashboard", "layout-dashboard", Act.VIEW_DESK, key="d"),
            Item("Queue", "workorders:queue", "inbox", Act.VIEW_DESK, key="q"),
            Item("Mail", "workorders:mail", "mail", Act.TRIAGE, key="m", count=_waiting_mail),
            Item("Approvals", "workorders:approvals", "stamp", Act.APPROVE_INVOICE, key="a"),
        ),
    ),
    Section(
        "Portfolio",
        (
            Item("Sites", "assets:sites", "store", Act.VIEW_SITES, key="s"),
            Item("Assets", "assets:assets", "package", Act.VIEW_ASSETS, key="e"),
            Item("Planned maintenance", "workorders:plans", "repeat", Act.VIEW_ASSETS, key="p"),
        ),
    ),
    Section(
        "Vendors",
        (
            Item("Vendors", "vendors:vendors", "users", Act.VIEW_VENDORS, key="v"),
            Item("Compliance", "vendors:compliance", "shield-check", Act.VIEW_VENDORS, key="c"),
            Item("Invoices", "workorders:invoices", "receipt", Act.VIEW_SPEND, key="i"),
        ),
    ),
    Section(
        "Reports",
        (Item("Intake quality", "reporting:intake_quality", "chart-column", Act.VIEW_REPORTS),),
    ),
    Section(
        "Administration",
        (
            Item("People", "accounts:people", "user", Act.MANAGE_PEOPLE),
            Item("Audit log", "accounts:log", "history", Act.AUDIT),
            Item("Operations", "config:operations", "gauge", Act.OPERATE),
        ),
    ),
)
FOOT = (Item("Settings", "config:settings", "settings", Act.MANAGE_SETTINGS),)
STORE = (
    Item("Home", "workorders:store_home", "house", Act.VIEW_REQUESTS),
    Item("Requests", "workorders:requests", "clipboard-list", Act.VIEW_REQUESTS),
    Item("Report", "workorders:report", "plus", Act.REPORT),
    Item("Equipment", "assets:equipment", "package", Act.VIEW_ASSETS),
    Item("Me", "accounts:me", "user", Act.OWN_ACCOUNT),
)
VENDOR = (
    Item("Jobs", "workorders:jobs", "inbox", Act.VIEW_JOBS),
    Item("Schedule", "workorders:job_schedule", "calendar-days", Act.VIEW_JOBS),
    Item("Invoices", "workorders:vendor_invoices", "receipt", Act.INVOICE),
    Item("Company", "vendors:company", "briefcase", Act.VIEW_OWN_VENDOR),
    Item("Me", "accounts:me", "user", Act.OWN_ACCOUNT),
)


def audience(user: User) -> Audience:
    """The desk for those who work at one, else the vendor's or the store's phone."""
    if may(user, Act.VIEW_DESK):
        return Audience.DESK
    return Audience.VENDOR if user.roles & VENDOR_ROLES else Audience.STORE


def address(url_name: str) -> str:
    """The path of a named page."""
    return _address(get_urlconf() or settings.ROOT_URLCONF, get_script_prefix(), url_name)


@lru_cache(maxsize=512)
def _address(urlconf: str, prefix: str, url_name: str) -> str:
    return reverse(url_name, urlconf)


class Shell:
    """What the shells show besides the page itself. Nothing is asked of the database until a template asks."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        user = getattr(request, "user", None)
        self.user: User | None = user if isinstance(user, User) else None
        self.holder: LinkHolder | None = user if isinstance(user, LinkHolder) else None

    organization: str = settings.ORGANIZATION
    phone: str = settings.FACILITIES_PHONE
    department = "Facilities"

    @property
    def theme(self) -> str:
        return self.user.theme if self.user else ""

    @property
    def keys(self) -> bool:
        return self.user is None or self.user.shortcuts_on

    @property
    def person(self) -> str:
        """Under which this device keeps the person's unsent answers."""
        if self.holder:
            return f"link-{self.holder.link_id}"
        return str(self.user.pk) if self.user else ""

    @property
    def name(self) -> str:
        return self.user.name if self.user else ""

    @cached_property
    def audience(self) -> Audience | None:
        return audience(self.user) if self.user else None

    @property
    def own(self) -> str:
        """The shell of pages that every audience has: {% extends shell.own %}."""
        if self.audience is None:
            return "shells/plain.html"
        return "shells/desk.html" if self.audience is Audience.DESK else "shells/mobile.html"

    # The menu

    @cached_property
    def sections(self) -> list[Group]:
        groups = [Group(section.label, self._lines(section.items)) for section in DESK]
        return [group for group in groups if group.items]

    @cached_property
    def foot(self) -> list[Line]:
        return self._lines(FOOT)

    @cached_property
    def tabs(self) -> list[Line]:
        return self._lines(VENDOR if self.audience is Audience.VENDOR else STORE)

    def _lines(self, items: tuple[Item, ...]) -> list[Line]:
        user = self.user
        if user is None:
            return []
        return [
            Line(
                item.label,
                address(item.url_name),
                item.icon,
                item.key,
                address(item.url_name) == self._nearest,
                self._numbers[item.url_name] if item.count else 0,
            )
            for item in items
            if may(user, item.act)
        ]

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """How much waits behind each line that counts, and behind the bell, by the name of its page; one query."""
        user = self.user
        if user is None:
            return {}
        counted: dict[str, QuerySet[Any]] = {BELL: Notice.objects.visible_to(user).unread()}
        for item in (item for section in DESK for item in section.items):
            if item.count and may(user, item.act):
                counted[item.url_name] = item.count(user)
        numbers = {name: totals(rows, number=Count("pk")) for name, rows in counted.items()}
        together(*numbers.values())
        return {name: sum(number for (number,) in found) for name, found in numbers.items()}

    @cached_property
    def _nearest(self) -> str:
        """The menu address that the page lies under: the longest that its path begins with."""
        every = [*(item for section in DESK for item in section.items), *FOOT, *STORE, *VENDOR]
        path = self.request.path
        homes = {address(item.url_name) for item in every}
        return max((home for home in homes if path == home or path.startswith(f"{home}/")), key=len, default="")

    # Where the header's buttons lead

    @property
    def home_url(self) -> str:
        return reverse("home")

    @property
    def landing(self) -> str:
        """Where this person's work begins: the first line of their menu. Nowhere for somebody without a role."""
        if self.user is None or not self.user.roles:
            return ""
        if self._introduces_itself(self.user):
            return reverse("vendors:setup")
        lines = (
            [line for group in self.sections for line in group.items] if self.audience is Audience.DESK else self.tabs
        )
        return lines[0].url if lines else ""

    def _introduces_itself(self, user: User) -> bool:
        """Whether the person speaks for a company that is not taken on yet."""
        if not may(user, Act.MANAGE_OWN_VENDOR):
            return False
        return Onboarding.objects.visible_to(user, Act.MANAGE_OWN_VENDOR).filter(decided_at=None).exists()

    @property
    def login_url(self) -> str:
        return address("account_login")

    @property
    def me_url(self) -> str:
        return address("accounts:me")

    @property
    def at_me(self) -> bool:
        return self.request.path == self.me_url

    @property
    def search_url(self) -> str:
        return address("config:search") if self.audience is Audience.DESK else ""

    @property
    def notices_url(self) -> str:
        return address("accounts:notices") if self.user else ""

    @property
    def calendar_url(self) -> str:
        return address("workorders:calendar") if self.user and may(self.user, Act.VIEW_WORK) else ""

    @property
    def new_url(self) -> str:
        return address("workorders:order_new") if self.user and may(self.user, Act.REPORT_FOR_SITE) else ""

    @property
    def unread(self) -> int:
        return self._numbers[BELL] if self.user else 0

    @cached_property
    def place(self) -> str:
        """What the phone shell names at the top: the person's store, or the vendor they work for."""
        if self.holder:
            return self.holder.company
        if self.user is None:
            return self.organization
        if self.audience is Audience.VENDOR:
            vendor = Vendor.objects.visible_to(self.user).first()
            return vendor.name if vendor else self.organization
        sites = list(Site.objects.visible_to(self.user).trading().order_by("code")[:2])
        return f"{sites[0].code} {sites[0].name}" if len(sites) == 1 else self.organization

    @property
    def place_note(self) -> str:
        if self.holder:
            return f"One job for {self.organization}"
        return f"Contractor portal of {self.organization}" if self.audience is Audience.VENDOR else "Maintenance"


def shell(request: HttpRequest) -> dict[str, Shell]:
    """Context processor: `shell` in every template."""
    return {"shell": Shell(request)}
