"""One work order as its page at the desk shows it: few queries, whatever the length of its history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, Count, DateTimeField, F, OuterRef, QuerySet
from django.db.models.functions import Cast, JSONObject

from accounts.permissions import Act
from accounts.prepared import KEY, prepared
from accounts.together import Asking, hand_out, nothing, rows_of, side_by_side, totals
from accounts.words import Due, span
from assets.hours import as_columns, hours_from, hours_of_sites
from workorders import delay
from workorders.labels import mark_of
from workorders.models import (
    Answer,
    Attachment,
    Authorization,
    Clock,
    ClockState,
    Grounds,
    Invoice,
    LaborLine,
    Milestone,
    Offer,
    PartUsed,
    Proposal,
    Screening,
    ScreeningStep,
    Status,
    Visit,
    Watcher,
    WorkOrder,
)
from workorders.models.status import BILLABLE, UNDISPATCHED

if TYPE_CHECKING:
    from collections.abc import Collection

    from accounts.actors import Actor
    from accounts.words import Mark

HISTORY = timedelta(days=365)
OF_PAST = (
    "number", "title", "reported_at", "status", "rework_count", "merged_into", "recommendation", "asset",
    "hold_reason__label", "hold_reason__code",
)  # fmt: skip
PAST = 6
"""Past work shown of the unit, and of the rest of the site."""


def _list(rows: QuerySet[Any], **columns: Any) -> ArraySubquery:
    """The rows of another table that belong to each row, as one column: one query less per table."""
    return ArraySubquery(rows.filter(work_order=OuterRef("pk")).order_by("pk").values(as_json=JSONObject(**columns)))


def find(number: str, *, by: Actor) -> WorkOrder:
    """The work order with what its page shows joined in. Raises WorkOrder.DoesNotExist out of sight."""
    for row in _whole(WorkOrder.objects.visible_to(by, Act.VIEW_DESK), number=number.upper()):
        return row
    raise WorkOrder.DoesNotExist(number)


@prepared(number=CharField())
def _whole(rows: QuerySet[WorkOrder], *, number: Any) -> QuerySet[WorkOrder]:
    """What few have (an owner, the one that it was merged into) is left to be asked for: every column joined in costs
    every page."""
    text = CharField()
    return (
        rows.filter(number=number)
        .select_related(
            "site__region", "area", "trade", "problem_type", "asset__category", "vendor", "hold_reason", "root_cause",
            "resolution",
        )
        .annotate(
            said_answers=_list(Answer.objects.all(), text="text", yes="is_yes", level="level_if_yes"),
            said_screenings=_list(
                Screening.objects.all(), step="step", found="found", sentence="sentence",
                related=F("related__number"), stands=F("related__status"), send_to=F("send_to__name"),
            ),
            said_ledger=_list(
                Authorization.objects.all(), grounds="grounds", change=Cast("change_amount", text),
                result=Cast("resulting_amount", text), reason="reason", by=F("made_by__name"), at="made_at",
            ),
            said_clocks=_list(
                Clock.objects.all(), milestone="milestone", state="state", started="started_at", due="due_at",
                stopped="stopped_at", agreed="agreed_due_at",
            ),
            **as_columns(),
            said_watchers=_list(Watcher.objects.all(), id="user_id", name=F("user__name")),
        )
    )  # fmt: skip


class Found(NamedTuple):
    """One screening step as the page says it."""

    sentence: str
    tone: str
    icon: str
    related: str
    step: str


CHECKED = {
    "duplicate": ("wait", "copy"),
    "repeat": ("wait", "repeat"),
    "warranty": ("done", "shield-check"),
    "responsibility": ("wait", "file-text"),
    "rules": ("wait", "workflow"),
    "criticality": ("wait", "triangle-alert"),
}


def screenings_of(row: WorkOrder) -> list[Found]:
    """What screening found, in its fixed order; a step that found nothing is said too."""
    told = []
    for one in row.said_screenings:  # type: ignore[attr-defined]
        tone, icon = CHECKED[one["step"]] if one["found"] else ("done", "check")
        told.append(Found(one["sentence"], tone, icon, one["related"] or "", one["step"]))
    return told


def may_be_recall(row: WorkOrder) -> bool:
    """Whether screening found finished work of which this, which no vendor has yet, may be a recall."""
    return row.status in UNDISPATCHED and not row.recall_of_id and any(
        one["step"] == ScreeningStep.REPEAT and one["found"] and one["stands"] in BILLABLE
        for one in row.said_screenings  # type: ignore[attr-defined]
    )  # fmt: skip


class Entry(NamedTuple):
    """One entry of the authorization ledger."""

    label: str
    change_amount: Decimal
    resulting_amount: Decimal
    reason: str
    by: str
    at: datetime


def ledger_of(row: WorkOrder) -> list[Entry]:
    return [
        Entry(
            Grounds(one["grounds"]).label,
            Decimal(one["change"]),
            Decimal(one["result"]),
            one["reason"],
            one["by"] or "Mainstay",
            datetime.fromisoformat(one["at"]),
        )
        for one in row.said_ledger  # type: ignore[attr-defined]
    ]


SAID = {
    Milestone.TRIAGE: ("Looked at in", "To be looked at"),
    Milestone.RESPONSE: ("Answered in", "To be answered"),
    Milestone.ARRIVAL: ("On site in", "On site"),
    Milestone.COMPLETION: ("Completed in", "Completed"),
}


class Target(NamedTuple):
    """One clock as the page says it: its chip, the due instant, and by when the vendor agreed to it (if it did)."""

    label: str
    due: Due
    due_at: datetime
    agreed_at: datetime | None


def targets_of(row: WorkOrder, now: datetime) -> list[Target]:
    """The clocks of a work order, met and missed ones by their instants, running ones with the time left."""
    told = []
    for one in row.said_clocks:  # type: ignore[attr-defined]
        if one["state"] == ClockState.DROPPED:
            continue
        done, ahead = SAID[Milestone(one["milestone"])]
        start, due = datetime.fromisoformat(one["started"]), datetime.fromisoformat(one["due"])
        if one["stopped"]:
            stopped = datetime.fromisoformat(one["stopped"])
            chip = Due(f"{done} {span(stopped - start)}", "met" if stopped <= due else "missed", 0)
        elif one["state"] == ClockState.PAUSED:
            chip = Due(f"Paused, {span(max(due - now, timedelta(0)))} left", "paused", 100)
        elif due < now:
            chip = Due(f"{span(now - due)} late", "late", 0)
        else:
            share = max(0, min(100, round((due - now) / max(due - start, timedelta(minutes=1)) * 100)))
            late_soon = share < 25 or due - now < timedelta(hours=1)
            chip = Due(f"{span(due - now)} left", "risk" if late_soon else "ok", share)
        agreed = datetime.fromisoformat(one["agreed"]) if one["agreed"] and row.vendor_id else None
        told.append(Target(ahead, chip, due, agreed))
    return told


class Waiting(NamedTuple):
    """What the delay costs, in amounts; `around_the_clock` where stock is at risk, `over` once nothing waits."""

    per_hour_amount: Decimal
    so_far_amount: Decimal
    around_the_clock: bool
    over: bool


def waiting_of(row: WorkOrder, now: datetime) -> Waiting | None:
    """What waiting for this work costs and has cost; None where it never cost anything."""
    hours = hours_from(row, row.site.time_zone) if delay.follows_hours(row) else None
    spent = delay.so_far(row, now=now, hours=hours)
    if not (spent or row.cost_per_hour_amount):
        return None
    return Waiting(row.cost_per_hour_amount, spent, row.stock_at_risk, not delay.waits(row))


def waiting_of_all(rows: Iterable[WorkOrder], now: datetime) -> dict[int, Waiting]:
    """What waiting costs for those of `rows` that still wait, by id; the hours of all their sites in one go."""
    costly = [row for row in rows if row.cost_per_hour_amount and delay.waits(row)]
    places = [row.site for row in costly if delay.follows_hours(row)]
    hours = hours_of_sites(places) if places else {}
    return {
        row.pk: Waiting(
            row.cost_per_hour_amount, delay.so_far(row, now=now, hours=hours.get(row.site_id)), row.stock_at_risk, False
        )
        for row in costly
    }


class Past(NamedTuple):
    """One earlier or other piece of work here."""

    number: str
    title: str
    at: datetime
    mark: Mark
    of_asset: bool
    recommendation: str


def history_of(row: WorkOrder, *, by: Actor, now: datetime) -> Asking[list[Past]]:
    """Work of the last 12 months on the same unit, and after it at the rest of the site."""
    seen = WorkOrder.objects.visible_to(by)
    here = {"own": row.pk, "since": now - HISTORY, "site": row.site_id, "asset": row.asset_id or 0}
    own, rest = yield from side_by_side(
        rows_of(_past(seen, True, True, **here)) if row.asset_id else nothing(),
        rows_of(_past(seen, False, bool(row.asset_id), **here)),
    )
    return [
        Past(one.number, one.title, one.reported_at, mark_of(one), of_asset, one.recommendation)
        for of_asset, found in ((True, own), (False, rest))
        for one in found
    ]


@prepared(own=KEY, since=DateTimeField(), site=KEY, asset=KEY)
def _past(
    rows: QuerySet[WorkOrder], of_asset: bool, has_asset: bool, *, own: Any, since: Any, site: Any, asset: Any
) -> QuerySet[WorkOrder]:
    """The newest work on the unit, or at the site on anything but the unit."""
    rows = rows.filter(reported_at__gte=since).exclude(pk=own)
    if of_asset:
        rows = rows.filter(asset=asset)
    else:
        rows = rows.filter(site=site)
        rows = rows.exclude(asset=asset) if has_asset else rows
    return rows.select_related("hold_reason").only(*OF_PAST).order_by("-reported_at")[:PAST]


MOVING = (("watcher", "watchers"), ("message", "messages"), ("photo or file", "photos and files"))


def thread_of(row: WorkOrder, by: Actor) -> Asking[str]:
    """What would move along if this work order were merged into another, in a sentence."""
    rows = WorkOrder.objects.visible_to(by).filter(pk=row.pk)
    counts = [totals(rows, number=Count(name)) for name in ("watchers", "comments", "attachments")]
    yield counts
    found = [number for count in counts for (number,) in count]
    parts = [
        row.requester_name or "The requester",
        *(
            f"{number} {one if number == 1 else many}"
            for number, (one, many) in zip(found, MOVING, strict=True)
            if number
        ),
    ]  # fmt: skip
    said = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"{said} {'moves' if len(parts) == 1 else 'move'} to the work order that stays."


@dataclass
class Trail:
    """What was asked of vendors, done by them, shown and billed."""

    offers: list[Offer] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    photos: list[Attachment] = field(default_factory=list)
    papers: list[Attachment] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)

    @property
    def open_offers(self) -> list[Offer]:
        return [offer for offer in self.offers if offer.state == "open"]


def trail_of(row: WorkOrder, *, by: Actor) -> Asking[Trail]:
    """Offers, visits, files and bills; what cannot be there yet is not asked for."""
    offers = row.offers.select_related(
        "vendor", "offered_by", "answered_by", "decline_reason", "suggested_trade"
    ).order_by("-pk")
    trail = Trail()
    files, trail.offers, trail.proposals, trail.visits, trail.invoices = yield from side_by_side(
        rows_of(Attachment.objects.on(row, by).select_related("file")),
        rows_of(offers) if row.triaged_at else nothing(),
        proposals_of(row),
        trips_of(row) if row.first_appointment_at else nothing(),
        rows_of(Invoice.objects.on(row, by).select_related("vendor")) if row.first_check_in_at else nothing(),
    )
    for one in files:
        if one.comment_id is None:  # what was sent with a message stands with it
            (trail.photos if one.file.is_image else trail.papers).append(one)
    return trail


@prepared(work=KEY)
def _parts(rows: QuerySet[PartUsed], *, work: Any) -> QuerySet[PartUsed]:
    return rows.filter(visit__work_order=work).order_by("pk")


@prepared(work=KEY)
def _labor(rows: QuerySet[LaborLine], *, work: Any) -> QuerySet[LaborLine]:
    return rows.filter(visit__work_order=work).order_by("pk")


@prepared(work=KEY)
def _going(rows: QuerySet[Any], *, work: Any) -> QuerySet[Any]:
    return rows.filter(visit__work_order=work).select_related("user").order_by("pk")


def proposals_of(row: WorkOrder) -> Asking[list[Proposal]]:
    """The times that vendors propose and that wait for an answer; only offered work has any."""
    asked = rows_of(_proposals(Proposal.objects.open(), work=row.pk)) if row.status == Status.OFFERED else nothing()
    return (yield from asked)


@prepared(work=KEY)
def _proposals(rows: QuerySet[Proposal], *, work: Any) -> QuerySet[Proposal]:
    return rows.filter(offer__work_order=work).select_related("offer__vendor", "technician").order_by("pk")


def trips_of(row: WorkOrder, *, vendor_ids: Collection[int] | None = None) -> Asking[list[Visit]]:
    """The trips of a work order, of these vendors or of all, each with its helpers, parts and hours."""
    trips = row.visits.select_related("technician", "vendor", "position_reason")
    if vendor_ids is not None:
        trips = trips.filter(vendor_id__in=vendor_ids)
    parts, labor = _parts(PartUsed.objects.all(), work=row.pk), _labor(LaborLine.objects.all(), work=row.pk)
    going = _going(Visit.helpers.through.objects.all(), work=row.pk)
    yield trips, parts, labor, going
    hand_out(parts, of=trips, by="visit_id", name="parts")
    hand_out(labor, of=trips, by="visit_id", name="labor")
    hand_out(going, of=trips, by="visit_id", name="helpers", take=attrgetter("user"))
    return list(trips)
