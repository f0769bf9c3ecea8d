"""The record of one vendor at the desk, a page per question: who is it, where does it go, what does it charge, is it
insured, who works there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.guards import requires
from accounts.log import told
from accounts.models import LogEvent, Membership, Role, User
from accounts.pages import page_or_partial
from accounts.permissions import Act, may
from accounts.together import together
from accounts.words import Mark
from assets.hours import week_in_words
from assets.maps import Picture, Ring, Spot, draw
from assets.models import Site, Trade
from vendors import roster as rules
from vendors.models import Coverage, Requirement, Vendor, VendorKind
from vendors.papers import Paper, check_papers
from vendors.reach import Point, Reach, points_of, read
from vendors.staffing import staff_of
from vendors.views.papers import MARKS as PAPER_MARKS
from vendors.views.roster import WINDOW_DAYS, mark_of

HISTORY = 15
TABS = {
    "profile": "Profile", "score": "Scorecard", "trial": "Trial", "jobs": "Jobs", "rates": "Rates",
    "coverage": "Coverage", "documents": "Documents", "invoices": "Invoices", "people": "People",
}  # fmt: skip
WORDS = {
    "base": "Base", "region": "By region", "single": "By itself", "radius": "By radius", "out": "Left out",
    "other": "Not covered",
}  # fmt: skip


class Page(NamedTuple):
    """One vendor as a page is about to show it: the row, the present and its own day."""

    vendor: Vendor
    now: datetime
    today: date
    context: dict[str, Any]


def head(request: HttpRequest, code: str, tab: str) -> Page:
    """The vendor of the address, with what the head of each of its pages says; 404 when out of sight."""
    found = get_object_or_404(Vendor.objects.visible_to(request.user, Act.VIEW_VENDORS), code__iexact=code)
    now = timezone.now()
    context = {
        "vendor": found,
        "mark": mark_of(found),
        "tab": tab,
        "tab_label": TABS[tab],
        "may_manage": may(request.user, Act.MANAGE_VENDORS),
        "now": now,
    }
    return Page(found, now, now.astimezone(ZoneInfo(found.time_zone)).date(), context)


@require_safe
@requires(Act.VIEW_VENDORS)
def profile(request: HttpRequest, code: str) -> HttpResponse:
    """Who it is: how to reach it and when, its trades, our own numbers for it, and what was changed."""
    found, _, _, context = head(request, code, "profile")
    trades = found.trades.select_related("trade").order_by("trade__sort_order", "trade__name")
    scores = found.scorecards.filter(window_days=WINDOW_DAYS).select_related("trade").order_by("-jobs")
    hours = found.hours.order_by("weekday", "opens_minute")
    history = LogEvent.objects.visible_to(request.user).about(rules.stream_of(found)).order_by("-pk")[:HISTORY]
    together(trades, scores, hours, history)
    context |= {
        "trades": trades,
        "hours": week_in_words(hours, found.time_zone),
        "numbers": list(found.custom.items()),
        "scores": [(card, round(card.score)) for card in scores],
        "window_days": WINDOW_DAYS,
        "entries": [told(event) for event in history],
    }
    return page_or_partial(request, "vendors/vendor.html", context)


@require_safe
@requires(Act.VIEW_VENDORS)
def rates(request: HttpRequest, code: str) -> HttpResponse:
    """What it charges: in force, agreed for later, and before; and how fast it agreed to be."""
    found, _, today, context = head(request, code, "rates")
    cards = found.rate_cards.select_related("trade").order_by("trade__name", "-starts_on")
    targets = found.targets.select_related("trade").order_by("priority", "trade__name")
    together(cards, targets)
    context |= {
        "cards": [card for card in cards if card.starts_on <= today and not _ended(card.ends_on, today)],
        "coming": [card for card in cards if card.starts_on > today],
        "past": [card for card in cards if _ended(card.ends_on, today)],
        "targets": targets,
    }
    return page_or_partial(request, "vendors/vendor_rates.html", context)


def _ended(ends_on: date | None, today: date) -> bool:
    return ends_on is not None and ends_on <= today


@require_safe
@requires(Act.VIEW_VENDORS)
def coverage(request: HttpRequest, code: str) -> HttpResponse:
    """Where it goes, trade by trade: on a map of the sites in sight, and as a list with the fixed ranks."""
    found, _, _, context = head(request, code, "coverage")
    trades = Trade.objects.visible_to(request.user).filter(pk__in=found.trades.values("trade_id"))
    rows = found.coverage.select_related("trade", "region", "site").order_by("pk")
    sites = points_of(Site.objects.visible_to(request.user, Act.VIEW_VENDORS).trading())
    together(trades, rows, sites)
    points = read(sites)
    crafts = {row.trade_id: row.trade for row in rows} | {trade.pk: trade for trade in trades}
    listed = sorted(crafts.values(), key=lambda trade: (trade.sort_order, trade.name))
    asked = request.GET.get("trade", "")
    chosen = next((trade for trade in listed if trade.code == asked), listed[0] if listed else None)
    reach = {trade.pk: Reach(found, [row for row in rows if row.trade_id == trade.pk]) for trade in listed}
    by_how = _by_how(reach[chosen.pk], points) if chosen else {}
    context |= {
        "trades": listed,
        "chosen": chosen,
        "groups": [(trade, _places(reach[trade.pk], points)) for trade in listed],
        "map": _map(reach[chosen.pk], by_how, chosen) if chosen else None,
        "covered": sum(len(by_how.get(how, ())) for how in ("region", "single", "radius")),
        "sites": len(points),
        "stranded": any(one.is_stranded for one in reach.values()),
    }
    return page_or_partial(request, "vendors/vendor_coverage.html", context)


def _by_how(reach: Reach, points: Iterable[Point]) -> dict[str, list[Point]]:
    found: dict[str, list[Point]] = {}
    for point in points:
        found.setdefault(reach.how(point) or "other", []).append(point)
    return found


def _map(reach: Reach, by_how: dict[str, list[Point]], trade: Trade) -> Picture | None:
    spots = [
        Spot(point.latitude, point.longitude, how, f"{point.code} {point.name}")
        for how, points in by_how.items()
        for point in points
        if point.latitude is not None and point.longitude is not None
    ]
    vendor, rings = reach.vendor, []
    if vendor.latitude is not None and vendor.longitude is not None:
        up, along = float(vendor.latitude), float(vendor.longitude)
        spots.append(Spot(up, along, "base", f"Base of {vendor.name}"))
        if reach.radius and reach.radius.radius_km:
            rings.append(Ring(up, along, float(reach.radius.radius_km) * 1000))
    said = ", ".join(f"{len(points)} {WORDS[how].lower()}" for how, points in sorted(by_how.items()))
    return draw(
        title=f"Where {vendor.name} goes for {trade.name}", said=f"Sites in sight: {said or 'none'}.", spots=spots,
        rings=rings, country=vendor.country, words=WORDS,
    )  # fmt: skip


class Place(NamedTuple):
    """One row of the coverage in words."""

    row: Coverage
    name: str
    said: str


def _places(reach: Reach, points: list[Point]) -> list[Place]:
    """The rows of one trade, with how many sites in sight each reaches; places with a rank first."""
    reached: dict[int, int] = dict.fromkeys((row.pk for row in reach.rows), 0)
    covered_without = set()
    for point in points:
        found = reach.rows_for(point)
        for row in found:
            reached[row.pk] += 1
        if len(found) == 1 and found[0].is_excluded:
            covered_without.add(found[0].pk)
    places = [Place(row, _name(row), _said(row, reached[row.pk], row.pk in covered_without)) for row in reach.rows]
    return sorted(places, key=lambda place: (place.row.is_excluded, place.row.rank or 99_999, place.name))


def _name(row: Coverage) -> str:
    return f"{row.reach} around the base" if row.radius_km else str(row.region or row.site)


def _said(row: Coverage, reached: int, without: bool) -> str:
    if row.is_excluded:
        return "not covered anyway" if without else ""
    if row.site_id:
        return ""
    return "1 site in sight" if reached == 1 else f"{reached} sites in sight"


@require_safe
@requires(Act.VIEW_VENDORS)
def documents(request: HttpRequest, code: str) -> HttpResponse:
    """Its papers, and which of those that its work needs it has today."""
    found, _, today, context = head(request, code, "documents")
    papers = found.documents.for_table().order_by("kind", "-ends_on", "-pk")
    trades = found.trades.values("trade_id")
    needs = Requirement.objects.visible_to(request.user).select_related("trade", "region")
    needs = needs.filter(trade__isnull=True) | needs.filter(trade__in=trades)
    needs = needs.order_by("kind", "trade__name", "region__path")
    together(papers, needs)
    context |= {
        "papers": [(paper, PAPER_MARKS[paper.state]) for paper in papers],
        "needs": [
            {"requirement": need, "mark": _holds(found, need, papers, today)}
            for need in needs
            if found.kind != VendorKind.INTERNAL or need.applies_to_internal
        ],
        "may_verify": may(request.user, Act.VERIFY_DOCUMENTS),
    }
    return page_or_partial(request, "vendors/vendor_documents.html", context)


def _holds(vendor: Vendor, need: Requirement, papers: Iterable[Any], today: date) -> Mark:
    """Whether one requirement is met today, wherever the paper counts."""
    own = [
        Paper(one.kind, one.state, one.limit_amount, one.starts_on, one.ends_on, "")
        for one in papers
        if one.kind == need.kind and (one.trade_id is None or need.trade_id in (None, one.trade_id))
    ]
    anywhere = Site(state="", currency=vendor.currency)
    failed = [check for check in check_papers(vendor.kind, own, [need], anywhere, today) if not check.passed]
    if not failed:
        return Mark("Met", "done", "shield-check")
    return Mark(failed[0].sentence, "bad" if need.blocks else "wait", "shield-alert")


@require_safe
@requires(Act.VIEW_VENDORS)
def people(request: HttpRequest, code: str) -> HttpResponse:
    """Who works there: people who sign in, and contacts to call."""
    found, now, today, context = head(request, code, "people")
    staff, contacts = staff_of([found.pk], now=now), found.contacts.order_by("name", "pk")
    own = found.kind == VendorKind.INTERNAL
    shifts = found.shifts.annotate(opens_minute=F("starts_minute"), closes_minute=F("ends_minute"))
    days = found.shift_exceptions.filter(day_on__gte=today).select_related("technician").order_by("day_on", "pk")
    together(staff, contacts, *((shifts, days) if own else ()))
    context |= {"staff": staff, "contacts": contacts, "weeks": _weeks(staff, shifts, found.time_zone) if own else None,
                "days": days if own else (), "may_dispatch": may(request.user, Act.DISPATCH)}  # fmt: skip
    return page_or_partial(request, "vendors/vendor_people.html", context)


def _weeks(staff: Iterable[Membership], shifts: Iterable[Any], time_zone: str) -> list[tuple[User | None, str]]:
    """The shifts of the crew, then of each of its technicians, in words; empty where a person has none of the own."""
    weeks: dict[int | None, list[Any]] = {}
    for row in shifts:
        weeks.setdefault(row.technician_id, []).append(row)
    crew: dict[int, User] = {one.user_id: one.user for one in staff if one.role == Role.TECHNICIAN}
    people: list[User | None] = [None, *crew.values()]
    return [(who, week_in_words(weeks.get(who.pk if who else None, ()), time_zone)) for who in people]
