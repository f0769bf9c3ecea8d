"""How a work order is said on a page: its status, its due time, its cycle, its story. One function for each."""

from __future__ import annotations

import zoneinfo
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet

from accounts.permissions import Act, may
from accounts.prepared import prepared
from accounts.together import Asking, nothing, rows_of, side_by_side
from accounts.words import Due, Mark, span, when
from vendors.scope import vendor_ids_of
from workorders.models import Attachment, Audience, Comment, Event, Status, VisitState, WorkOrder
from workorders.sides import on_our_side

if TYPE_CHECKING:
    from accounts.actors import Actor

RISK = timedelta(hours=1)
SHOWN = 50
ONLY = MESSAGES, CHANGES = ("messages", "changes")

MARKS = {
    Status.NEW: Mark("New", "us", "circle-dot"),
    Status.READY: Mark("Ready to dispatch", "us", "arrow-right"),
    Status.OFFERED: Mark("Offered", "vendor", "send"),
    Status.SCHEDULED: Mark("Scheduled", "vendor", "calendar-check"),
    Status.IN_PROGRESS: Mark("On site", "vendor", "map-pin-check"),
    Status.ON_HOLD: Mark("On hold", "wait", "circle-pause"),
    Status.COMPLETED: Mark("To verify", "us", "clipboard-check"),
    Status.VERIFIED: Mark("Completed", "done", "circle-check"),
    Status.CLOSED: Mark("Closed", "done", "check-check"),
    Status.CANCELED: Mark("Canceled", "off", "ban"),
}
TIME_PROPOSED = Mark("Time proposed", "us", "calendar-days")
HOLD_ICONS = {"parts": "package", "quote": "file-text"}


def mark_of(row: WorkOrder) -> Mark:
    """The label, tone and icon of where `row` stands. Needs `hold_reason` at hand; asks the database nothing else.

    A row annotated with `failed_offers` says so when a vendor has just turned it down, one with `is_proposed` when a
    vendor waits for our answer about another time.
    """
    if row.status == Status.ON_HOLD and row.hold_reason:
        return Mark(row.hold_reason.label, "wait", HOLD_ICONS.get(row.hold_reason.code, "circle-pause"))
    if row.status == Status.CANCELED and row.merged_into_id:
        return Mark("Duplicate", "off", "copy")
    if row.status == Status.SCHEDULED and row.rework_count:
        return Mark("Rework", "bad", "rotate-ccw")
    if row.status == Status.READY and getattr(row, "failed_offers", False):
        return Mark("Declined by vendor", "bad", "undo-2")
    if row.status == Status.OFFERED and getattr(row, "is_proposed", False):
        return TIME_PROPOSED
    return MARKS[Status(row.status)]


def mark_for_vendor(row: WorkOrder) -> Mark:
    """As `mark_of`, but a hold whose reason is not the vendor's to know is only a hold."""
    if row.status == Status.ON_HOLD and row.hold_reason and not row.hold_reason.vendor_sees:
        return MARKS[Status.ON_HOLD]
    return mark_of(row)


def mark_for(row: WorkOrder, by: Actor) -> Mark | None:
    """Where `row` stands, as far as `by` may know: a company that has lost the job is not told how it goes on."""
    if on_our_side(row, by):
        return mark_of(row)
    own = vendor_ids_of(by)
    asked = row.vendor_id is None and row.offers.open().filter(vendor_id__in=own).exists()
    return mark_for_vendor(row) if row.vendor_id in own or asked else None


def due_of(row: WorkOrder, now: datetime) -> Due | None:
    """The next target as a chip: time left, at risk under 25 % or an hour, late, paused. None when nothing is due."""
    if not row.is_open or row.due_at is None:
        return None
    paused = row.status == Status.ON_HOLD and row.hold_reason is not None and bool(row.hold_reason.pauses)
    # What stood on the clock when it was stopped is what is left.
    left = row.due_at - (row.held_at if paused and row.held_at else now)
    if row.status == Status.COMPLETED:
        return None
    if paused:
        return Due(f"Paused, {span(max(left, timedelta(0)))} left", "paused", 100)
    if left < timedelta(0):
        return Due(f"{span(-left)} late", "late", 0)
    whole = max(row.due_at - row.reported_at, timedelta(minutes=1))
    share = max(0, min(100, round(left / whole * 100)))
    return Due(f"{span(left)} left", "risk" if left < RISK or share < 25 else "ok", share)


STAGES = ("Reported", "Planned", "Dispatch", "On site", "Verified", "Closed")
STAGE_OF = {
    Status.NEW: 0,
    Status.READY: 1,
    Status.OFFERED: 2,
    Status.SCHEDULED: 2,
    Status.IN_PROGRESS: 3,
    Status.COMPLETED: 4,
    Status.VERIFIED: 5,
    Status.CLOSED: 6,
}


def stage_of(row: WorkOrder) -> int:
    """How many of the six stages lie behind `row`; on hold and canceled count where it stood."""
    if row.status in STAGE_OF:
        return STAGE_OF[Status(row.status)]
    if row.held_from:
        return STAGE_OF[Status(row.held_from)]
    if row.first_check_in_at:
        return 3
    return 2 if row.accepted_at else 1 if row.triaged_at else 0


@dataclass(frozen=True)
class Stage:
    """One step of the cycle on a page: "ok" behind, "now", or "" ahead; `text` is when it was reached."""

    label: str
    state: str
    icon: str = ""
    text: str = ""


def cycle_of(row: WorkOrder, now: datetime) -> list[Stage]:
    """The six stages of `row` for the stepper."""
    at = stage_of(row)
    tz = zoneinfo.ZoneInfo(row.site.time_zone)
    reached = (
        row.reported_at, row.triaged_at, row.accepted_at, row.first_check_in_at, row.verified_at, row.closed_at
    )  # fmt: skip
    return [
        Stage(
            label,
            "ok" if place < at else "now" if place == at and row.status != Status.CANCELED else "",
            mark_of(row).icon,
            when(instant, tz, now) if (instant := reached[place]) and place <= at else "",
        )
        for place, label in enumerate(STAGES)
    ]


def store_sentence(row: WorkOrder, now: datetime) -> str:
    """Where `row` stands, in the words of a store: one plain sentence. Needs `vendor`, `hold_reason` and the visits."""
    tz = zoneinfo.ZoneInfo(row.site.time_zone)
    if row.status in (Status.NEW, Status.READY):
        return "Facilities is looking at it"
    if row.status == Status.OFFERED:
        return "A contractor has been asked"
    if row.status == Status.SCHEDULED:
        who = _who_comes(row)
        if row.rework_count:
            return f"{who} comes back to put it right"
        if row.scheduled_start_at is None:
            return f"{who} comes; the time is still to be agreed"
        if row.scheduled_start_at < now:
            return f"{who} is on the way"
        return f"{who} arrives about {when(row.scheduled_start_at, tz, now, with_hour=True)}"
    if row.status == Status.IN_PROGRESS:
        return f"{_who_comes(row)} is working on it"
    if row.status == Status.ON_HOLD:
        until = f", until {when(row.hold_until_at, tz, now)}" if row.hold_until_at else ""
        return f"{row.hold_reason.label if row.hold_reason else 'On hold'}{until}"
    if row.status == Status.COMPLETED:
        return "Is it fixed?"
    if row.status == Status.CANCELED:
        return "Joined with another request" if row.merged_into_id else "Canceled"
    return f"Fixed {when(row.completed_at, tz, now)}" if row.completed_at else "Fixed"


def _who_comes(row: WorkOrder) -> str:
    company = row.vendor.name if row.vendor else "The contractor"
    ahead = [visit for visit in row.visits.all() if visit.state in (VisitState.PLANNED, VisitState.ON_SITE)]
    technician = ahead[-1].technician if ahead else None
    return f"{technician.get_short_name()} from {company}" if technician else company


# What each fact is called in a timeline: sentence, icon, tone. `{…}` are the event's data.
SENTENCES: dict[str, tuple[str, str, str]] = {
    "workorder.reported": ("reported it", "circle-dot", ""),
    "workorder.triaged": ("accepted it as work", "check", "us"),
    "workorder.corrected": ("corrected the {what}", "pencil", "us"),
    "workorder.prioritized": ("changed the priority", "signal", "us"),
    "workorder.assigned": ("gave it to {name} to look after", "user", "us"),
    "workorder.authorized": ("set what may be spent", "circle-dollar-sign", "us"),
    "workorder.offered": ("offered it to {vendors}", "send", "vendor"),
    "workorder.accepted": ("accepted the job", "calendar-check", "vendor"),
    "offer.proposed": ("proposed another time", "calendar-days", "vendor"),
    "offer.proposal_withdrawn": ("took the proposed time back", "undo-2", ""),
    "offer.proposal_refused": ("answered the time that {vendor} proposed", "message-square", "us"),
    "workorder.time_agreed": ("agreed to the time that {vendor} proposed", "calendar-check", "us"),
    "workorder.declined": ("declined: {reason}", "undo-2", "bad"),
    "workorder.offer_expired": ("The offer to {vendor} expired", "clock", "bad"),
    "workorder.offer_withdrawn": ("withdrew the offer to {vendor}", "undo-2", ""),
    "workorder.rescheduled": ("moved the appointment", "calendar-days", "vendor"),
    "workorder.checked_in": ("checked in", "map-pin-check", "vendor"),
    "workorder.checked_out": ("checked out: {outcome}", "log-out", "vendor"),
    "workorder.completed": ("completed the work", "circle-check", "done"),
    "workorder.documented": ("filled in the papers", "file-text", ""),
    "workorder.verified": ("confirmed that it works", "circle-check", "done"),
    "workorder.rejected": ("said it is not fixed", "rotate-ccw", "bad"),
    "workorder.held": ("put it on hold: {reason}", "circle-pause", "wait"),
    "workorder.resumed": ("went on with it", "arrow-right", ""),
    "workorder.hold_over": ("It is on hold for longer than was said", "circle-pause", "wait"),
    "workorder.canceled": ("canceled it", "ban", ""),
    "workorder.request_withdrawn": ("took the request back", "ban", ""),
    "workorder.merged": ("merged it into {into}", "copy", ""),
    "workorder.unmerged": ("took it out of {from} again", "undo-2", ""),
    "workorder.separated": ("took {work_order} out of this again", "undo-2", ""),
    "workorder.absorbed": ("merged {work_order} into this", "copy", ""),
    "workorder.reassigned": ("took the job back to give it to somebody else", "repeat", "us"),
    "workorder.recalled": ("called it back as {recall}", "rotate-ccw", "bad"),
    "workorder.made_recall": ("made it a recall of {recall_of}", "rotate-ccw", "bad"),
    "workorder.closed": ("closed it", "check-check", "done"),
    "workorder.joined": ("has the same problem", "users", ""),
    "workorder.told_apart": ("reported {work_order}, which looks alike, as something different", "copy", "wait"),
    "workorder.got_worse": ("says it got worse", "triangle-alert", "bad"),
    "workorder.verify_reminder": ("The store was reminded to confirm", "bell", ""),
    "workorder.window_missed": ("The window for this planned work closed", "calendar-days", "bad"),
    "visit.check_out_late": ("Nobody has checked out: the {level} was reminded", "clock", "wait"),
    "visit.appointment_missed": ("Nobody came in time: the {level} was reminded", "clock", "bad"),
    "vendor.lapsed": ("Papers do not hold on {on}: {sentences}", "shield-alert", "bad"),
    "offer.taken": ("The offer to {vendor} ended: another vendor accepted", "undo-2", ""),
    "plan.not_sent": ("The plan's vendor could not be asked by itself", "calendar-days", "wait"),
    "dispatch.not_sent": ("It could not be offered by itself", "triangle-alert", "wait"),
    "visit.left": ("left while it was on hold: {outcome}", "log-out", "vendor"),
    "visit.assigned": ("assigned {technician}", "user", "vendor"),
    "visit.part_used": ("used {quantity} × {part}", "package", ""),
    "visit.part_removed": ("removed {part}", "package", ""),
    "visit.labor_added": ("noted {hours} h of {kind} labor", "clock", ""),
    "checklist.answered": ("answered “{step}”: {result}", "clipboard-list", ""),
    "clock.warned": ("{percent}% of the time to {milestone} is used", "clock", "wait"),
    "clock.breached": ("The time to {milestone} is over", "clock", "bad"),
    "clock.overrun": ("The time to {milestone} is over by half again", "clock", "bad"),
    "link.revoked": ("switched off the links mailed to {address}", "ban", "us"),
    "invoice.drafted": ("drafted an invoice", "file-text", ""),
    "invoice.edited": ("edited the draft invoice", "file-text", ""),
    "invoice.submitted": ("sent an invoice", "file-text", "us"),
    "invoice.approved": ("approved the invoice", "check", "done"),
    "invoice.rejected": ("rejected the invoice", "x", "bad"),
    "invoice.disputed": ("disputed the invoice", "x", "bad"),
    "invoice.returned": ("returned the invoice for correction", "undo-2", "wait"),
    "invoice.answered": ("answered about the invoice", "message-square", "us"),
    "invoice.reopened": ("took the invoice back to correct it", "undo-2", ""),
    "invoice.adjusted": ("adjusted the invoice", "file-text", "us"),
    "invoice.voided": ("voided the invoice", "ban", ""),
}
FOR_STORES = frozenset(
    f"workorder.{verb}"
    for verb in (
        "reported", "triaged", "accepted", "time_agreed", "rescheduled", "checked_in", "checked_out", "completed",
        "verified", "rejected", "held", "resumed", "canceled", "request_withdrawn", "merged", "absorbed", "recalled",
        "closed", "joined", "got_worse", "told_apart", "unmerged", "separated",
    )
)  # fmt: skip
ABOUT_MONEY = frozenset({"workorder.closed"})
"""Facts whose note says why nothing was billed, which is not a store's to read."""
# Facts in which a vendor may meet another vendor's name stay on our side.
NOT_FOR_VENDORS = frozenset({"workorder.reassigned", "workorder.canceled", "link.revoked"})
HOUSE_SPEAKS = frozenset(
    {"clock.warned", "clock.breached", "clock.overrun", "workorder.offer_expired", "workorder.verify_reminder",
     "workorder.window_missed", "workorder.hold_over", "visit.check_out_late", "visit.appointment_missed",
     "vendor.lapsed", "offer.taken", "plan.not_sent", "dispatch.not_sent"}
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One line of the timeline on a page (`templates/parts/timeline.html`)."""

    kind: str
    who: str
    text: str
    at: datetime
    icon: str = ""
    tone: str = ""
    tag: str = ""
    tag_icon: str = ""
    inside: bool = False
    calls: Sequence[str] = ()
    files: Sequence[Attachment] = ()

    @property
    def photos(self) -> list[Attachment]:
        return [one for one in self.files if one.file.is_image]

    @property
    def papers(self) -> list[Attachment]:
        return [one for one in self.files if not one.file.is_image]


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return str(value).replace("_", " ") if isinstance(value, str) else str(value)


def sentence_of(event: Event) -> tuple[str, str, str]:
    """The words, icon and tone of one fact."""
    words, icon, tone = SENTENCES.get(event.verb, (event.verb.partition(".")[2].replace("_", " "), "circle-dot", ""))
    data = {name: _said(value) for name, value in event.data.items()}
    return words.format_map(_Blank(data)), icon, tone


def events_for(row: WorkOrder, by: Actor) -> Any:
    """The facts about `row` that `by` may read: all at the desk, the milestones for stores, its own for a vendor."""
    events = Event.objects.filter(work_order=row)
    if _at_desk(row, by):
        return events
    theirs = Q(vendor_id__in=vendor_ids_of(by)) & ~Q(verb__in=NOT_FOR_VENDORS)
    return events.filter(theirs | Q(verb__in=FOR_STORES) if on_our_side(row, by) else theirs)


def _at_desk(row: WorkOrder, by: Actor) -> bool:
    """Whether `by` reads this very work order as facilities: who looks after another region may be its store here."""
    return may(by, Act.VIEW_DESK) and on_our_side(row, by, Act.VIEW_DESK)


def timeline_of(
    row: WorkOrder, by: Actor, *, limit: int | None = SHOWN, only: str = ""
) -> Asking[tuple[list[Entry], bool]]:
    """The newest `limit` facts and messages that `by` may read, oldest first, and whether there are earlier ones.

    `only` is one of `ONLY`: nothing but what people said, or nothing but what was done.
    """
    most = None if limit is None else limit + 1
    files = Attachment.objects.on(row, by).filter(comment__isnull=False).select_related("file")
    newest, comments, sent = yield from side_by_side(
        nothing() if only == MESSAGES else rows_of(_newest(events_for(row, by), most)),
        nothing() if only == CHANGES else rows_of(_last_said(Comment.objects.on(row, by), most)),
        nothing() if only == CHANGES else rows_of(files),
    )
    # Oldest first before the sort, which keeps the order of what happened in the same instant.
    entries = [*_facts(reversed(newest), at_desk=_at_desk(row, by)), *_messages(reversed(comments), sent)]
    entries.sort(key=lambda entry: entry.at)
    if limit is not None and len(entries) > limit:
        return entries[-limit:], True
    return entries, False


AUDIENCES = dict(Audience.choices)
FACT = ("verb", "data", "actor_name", "at", "note")
MESSAGE = ("pk", "audience", "author_name", "body", "written_at", "calls")


@prepared()
def _newest(rows: QuerySet[Event], most: int | None) -> QuerySet[Any]:
    """What happened, the newest first; messages are told by themselves."""
    return rows.exclude(verb="comment.written").order_by("-position").values_list(*FACT, named=True)[:most]


@prepared()
def _last_said(rows: QuerySet[Comment], most: int | None) -> QuerySet[Any]:
    return rows.order_by("-written_at", "-pk").values_list(*MESSAGE, named=True)[:most]


def _facts(events: Iterable[Any], *, at_desk: bool) -> Iterable[Entry]:
    for event in events:
        words, icon, tone = sentence_of(event)
        who = "" if event.verb in HOUSE_SPEAKS else event.actor_name
        note = event.note if at_desk or event.verb in FOR_STORES - ABOUT_MONEY else ""
        if note and event.verb not in ("workorder.reported", "workorder.absorbed"):
            words = f"{words}. “{note}”"
        yield Entry("event", who, words, event.at, icon, tone)


def _messages(comments: Iterable[Any], sent: Iterable[Attachment]) -> Iterable[Entry]:
    files = defaultdict(list)
    for one in sent:
        files[one.comment_id].append(one)
    for comment in comments:
        inside = comment.audience == Audience.INTERNAL
        yield Entry(
            "message", comment.author_name, comment.body, comment.written_at,
            tag=AUDIENCES[comment.audience], tag_icon="lock" if inside else "users", inside=inside,
            calls=comment.calls, files=files[comment.pk],
        )  # fmt: skip
