"""How work comes in: reported, joined to what is open already, solved on the spot, or called back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from accounts.actors import CLOCK, person
from accounts.events import settle_soon
from accounts.permissions import VENDOR_ROLES, Act, may
from accounts.together import add_together, ask, side_by_side
from assets.models import CriticalityQuestion, Priority, Site
from assets.scope import scope_of
from workorders import conversation, delay, ledger, lifecycle, screening, search, sla
from workorders.models import (
    RULES,
    Answer,
    AttachmentKind,
    Audience,
    Authorization,
    AvoidedVisit,
    ChecklistItem,
    Choice,
    DuplicateChoice,
    Grounds,
    Kind,
    Move,
    Source,
    Status,
    VisitState,
    Watcher,
    Working,
    WorkOrder,
)
from workorders.priority import cost_per_hour, priority_of
from workorders.refusals import Incomplete, InTheWay, NotAllowed, NotNow

if TYPE_CHECKING:
    from accounts.actors import Actor
    from assets.models import Area, Asset, ProblemType, Trade
    from workorders.screening import Finding

LONGEST = 20_000
TOO_LONG = f"This is too long for one report. Keep the first {LONGEST:,} characters and attach the rest as a file."


def report(
    *,
    by: Actor,
    now: datetime,
    site: Site,
    trade: Trade,
    description: str,
    problem_type: ProblemType | None = None,
    asset: Asset | None = None,
    area: Area | None = None,
    title: str = "",
    working: str = Working.WORKING,
    answers: Mapping[CriticalityQuestion, bool] | None = None,
    access_note: str = "",
    requester_name: str = "",
    requester_phone: str = "",
    source: str = Source.PORTAL,
    kind: str = Kind.REACTIVE,
    photos: Sequence[UploadedFile] = (),
    shown: Sequence[WorkOrder] = (),
    different_because: str = "",
    follows: WorkOrder | None = None,
    recall_of: WorkOrder | None = None,
) -> WorkOrder:
    """Take a report in: number, priority, screening in its fixed order, first authorization, clocks, one event.

    `shown` are the open work orders that the person was warned of and called something different, for
    `different_because`. Raises NotAllowed, Incomplete (fields: site, trade, problem_type, asset, area, description,
    photos), and what `accounts.files` refuses.
    """
    _check(site, trade, problem_type, asset, area, description, photos, source, by, follows)
    if shown and not different_because.strip():
        raise Incomplete({"different_because": "Say what is different, in a few words."})
    of_vendor = bool(by.roles & VENDOR_ROLES)
    answers = answers or {}
    expected, _ = priority_of(problem_type, answers)
    with transaction.atomic():
        row = WorkOrder(
            source=source, kind=kind, site=site, region_id=site.region_id, area=area, trade=trade,
            problem_type=problem_type, asset=asset, description=description.strip(),
            title=(title.strip() or _title(problem_type, asset, description))[:160],
            access_note=access_note[:500], requester=None if of_vendor else person(by),
            requester_name=(requester_name or str(by))[:120], requester_phone=requester_phone[:32], working=working,
            stock_at_risk=bool(problem_type and problem_type.stock_at_risk)
            or any(question.puts_stock_at_risk for question, yes in answers.items() if yes),
            cost_per_hour_amount=cost_per_hour(asset, problem_type, working), currency=site.currency,
            reported_at=now, due_at=now,
            follows=follows, recall_of=recall_of, is_billable=recall_of is None,
        )  # fmt: skip
        row.names = search.names_of(row)
        # Facilities learns what a vendor's own sight does not reach; the vendor is shown nothing of it.
        looker = CLOCK if of_vendor else by
        found, (hours, targets) = ask(
            side_by_side(
                screening.check(row, answers=answers, by=looker, now=now), sla.promised_at(site, trade, expected)
            )
        )
        if row.priority != expected:
            hours, targets = ask(sla.promised_at(site, trade, row.priority))
        entry = _first_authorization(row, next((one.warranty for one in found if one.warranty), None), by, now)
        clocks = sla.prepare(row, now=now, hours=hours, targets=targets)
        row.save()
        if shown:
            found = _told_apart(row, found, shown, different_because.strip(), by=by, now=now)
        for photo in photos:
            conversation.attach(row, upload=photo, kind=AttachmentKind.PROBLEM, by=by, now=now)
        data: dict[str, Any] = {"move": "report", "after": "new", "priority": int(row.priority), "source": str(source)}
        add_together(
            *([entry] if entry else []),
            *clocks,
            *(
                Answer(work_order=row, question=asked, text=asked.text, is_yes=yes, level_if_yes=asked.level_if_yes)
                for asked, yes in answers.items()
            ),
            *screening.screened(row, found, now=now),
            *([Watcher(work_order=row, user=row.requester, since_at=now)] if row.requester else []),
            lifecycle.fact(row, RULES[Move.REPORT].verb, by=by, now=now, data=data, note=row.description),
        )
        settle_soon()
    return row


def _check(
    site: Site, trade: Trade, problem_type: ProblemType | None, asset: Asset | None, area: Area | None,
    description: str, photos: Sequence[UploadedFile], source: str, by: Actor, follows: WorkOrder | None,
) -> None:  # fmt: skip
    acts = [act for act in (Act.REPORT, Act.REPORT_FOR_SITE) if may(by, act)]
    here = any(scope_of(by, act).covers_site(region_id=site.region_id, site_id=site.pk) for act in acts)
    if not here and not (follows and follows.site_id == site.pk and on_site(follows, by)):
        raise NotAllowed("You cannot report a problem for this site.")
    faults: dict[str, str] = {}
    if site.retired_at:
        faults["site"] = f"{site.code} is closed for good."
    if not description.strip():
        faults["description"] = "Say what is wrong, in your own words."
    if len(description) > LONGEST:
        faults["description"] = TOO_LONG
    if problem_type and problem_type.trade_id != trade.pk:
        faults["problem_type"] = "This problem belongs to another trade. Choose again."
    if asset and asset.site_id != site.pk:
        faults["asset"] = "This unit is at another site. Choose one of this site."
    if asset and asset.condition == "retired":
        faults["asset"] = f"{asset.tag} is retired. Choose the unit that replaced it."
    if area and area.site_id != site.pk:
        faults["area"] = "This place is at another site. Choose one of this site."
    if problem_type and source in (Source.PORTAL, Source.SCAN):
        if problem_type.asset_required and asset is None and source == Source.PORTAL:
            faults.setdefault("asset", "Choose the unit. The technician needs to know which one.")
        if len(photos) < problem_type.photos_required:
            count = problem_type.photos_required
            faults["photos"] = f"Add {'a photo' if count == 1 else f'{count} photos'} of the problem."
        if problem_type.stops_request:
            faults["problem_type"] = problem_type.requester_message
    if faults:
        raise Incomplete(faults)


def _title(problem_type: ProblemType | None, asset: Asset | None, description: str) -> str:
    first_line = description.strip().splitlines()[0]
    if problem_type is None:
        return first_line
    return f"{asset.name}: {problem_type.name.lower()}" if asset else problem_type.name


def _first_authorization(row: WorkOrder, warranty: Any, by: Actor, now: datetime) -> Authorization | None:
    """What may be spent from the start, not saved yet; nothing where no limit is set."""
    first = ledger.entry_of
    if row.recall_of_id:
        return first(row, amount=Decimal(0), grounds=Grounds.RECALL, by=by, now=now)
    if warranty:
        return first(row, amount=Decimal(0), grounds=Grounds.WARRANTY, by=by, now=now, reason=str(warranty))
    if row.follows_id and not may(by, Act.AUTHORIZE):
        # Found by the vendor itself: nothing may be spent on it before somebody has looked.
        return first(row, amount=Decimal(0), grounds=Grounds.INITIAL, by=by, now=now, reason=str(row.follows))
    if row.problem_type and row.problem_type.default_nte_amount is not None:
        return first(row, amount=row.problem_type.default_nte_amount, grounds=Grounds.INITIAL, by=by, now=now)
    return None


def _told_apart(
    row: WorkOrder, found: Sequence[Finding], shown: Sequence[WorkOrder], because: str, *, by: Actor, now: datetime
) -> list[Finding]:
    """Keep that the person has seen what looks alike and calls it different: on both sides, and as a choice."""
    choice = DuplicateChoice.objects.create(
        site=row.site, made=row, choice=Choice.DIFFERENT, reason=because[:300], chosen_by=person(by), chosen_at=now
    )
    choice.shown.set(shown)
    alike = {one.pk for one in shown}
    for one in WorkOrder.objects.select_for_update(of=("self",)).filter(pk__in=alike).order_by("pk"):
        lifecycle.append(
            one, "workorder.told_apart", by=by, now=now, data={"work_order": row.number}, note=because
        )  # fmt: skip
    said = f". {by} says it is different: “{because}”"
    return [
        replace(one, sentence=one.sentence + said) if one.related and one.related.pk in alike else one for one in found
    ]


def join(
    work_order: WorkOrder,
    *,
    by: Actor,
    now: datetime,
    worse: bool = False,
    words: str = "",
    photos: Sequence[UploadedFile] = (),
    shown: Sequence[WorkOrder] = (),
    working: str = Working.DOWN,
    answers: Mapping[CriticalityQuestion, bool] | None = None,
) -> WorkOrder:
    """ "Same thing, keep me posted" or "it got worse": no second work order, the person follows this one.

    Worse makes it `working` (never better than it was known to be), which raises the cost of waiting; a question of
    its problem type that is answered yes only now raises the priority, and puts stock at risk where it says so.
    Raises NotAllowed, NotNow when it is over.
    """
    with transaction.atomic():
        row = lifecycle.lock(work_order)
        if not lifecycle.allowed(row, Act.REPORT, by) and not lifecycle.allowed(row, Act.REPORT_FOR_SITE, by):
            raise NotAllowed("You cannot report a problem for this site.")
        if not row.is_open:
            raise InTheWay(f"{row.number} is over already. Report it as something new.", row)
        conversation.watch(row, by=by, now=now)
        choice = DuplicateChoice.objects.create(
            site=row.site, chosen=row, choice=Choice.WORSE if worse else Choice.SAME, words=words, chosen_by=person(by),
            chosen_at=now,
        )  # fmt: skip
        choice.shown.set(shown or [row])
        for photo in photos:
            conversation.attach(
                row, upload=photo, kind=AttachmentKind.PROBLEM, by=by, now=now, audience=Audience.EVERYONE
            )
        before = row.priority
        if worse:
            _worsen(row, working, answers or {}, by=by, now=now)
        row.version += 1
        row.save()
        verb = "workorder.got_worse" if worse else "workorder.joined"
        data = {"before": {"priority": before}, "after": {"priority": row.priority}} if before != row.priority else {}
        lifecycle.append(row, verb, by=by, now=now, data=data, note=words.strip())
    return row


def answered(work_order: WorkOrder, yes: Sequence[int]) -> dict[CriticalityQuestion, bool]:
    """The questions of its problem that are answered yes, from their ids, as `join` takes them."""
    asked = CriticalityQuestion.objects.filter(problem_type=work_order.problem_type_id, pk__in=yes)
    return dict.fromkeys(asked, True) if yes else {}


def _worsen(
    row: WorkOrder, working: str, answers: Mapping[CriticalityQuestion, bool], *, by: Actor, now: datetime
) -> None:
    """Take in what is worse than what was known: what was overridden meanwhile gives way to new facts only."""
    known = set(row.answers.filter(is_yes=True).values_list("question_id", flat=True))
    fresh = [
        question for question, is_yes in answers.items()
        if is_yes and question.pk not in known and question.problem_type_id == row.problem_type_id
    ]  # fmt: skip
    worst = min(row.working, working, key=list(Working.values).index)
    at_risk = row.stock_at_risk or any(question.puts_stock_at_risk for question in fresh)
    if (worst, at_risk) != (row.working, row.stock_at_risk):
        row.working = worst
        delay.reprice(row, now=now, stock_at_risk=at_risk)
    for question in fresh:
        facts = {"is_yes": True, "text": question.text, "level_if_yes": question.level_if_yes}
        row.answers.update_or_create(question=question, defaults=facts)
    raising = sorted((one for one in fresh if one.level_if_yes < row.priority), key=lambda one: one.level_if_yes)
    if raising:
        level = Priority(raising[0].level_if_yes)
        row.priority = level
        row.priority_reasons = [f"{level.short}: “{raising[0].text}” is now answered yes", *row.priority_reasons]
        sla.reckon(row, because="It got worse", by=by, now=now)


def solved_by_self_help(
    *, by: Actor, now: datetime, site: Site, problem_type: ProblemType, asset: Asset | None = None
) -> AvoidedVisit:
    """Record that a self-help step solved it: an avoided visit, no work order. Raises NotAllowed."""
    if not may(by, Act.REPORT) or not Site.objects.visible_to(by, Act.REPORT).filter(pk=site.pk).exists():
        raise NotAllowed("You cannot report a problem for this site.")
    return AvoidedVisit.objects.create(
        site=site, problem_type=problem_type, asset=asset, solved_by=person(by), solved_at=now
    )


def recall(work_order: WorkOrder, *, by: Actor, now: datetime, reason: str) -> WorkOrder:
    """It failed again: a new work order of kind recall, nothing authorized, not billable, first to the same vendor.

    Raises Incomplete without words, NotNow unless the work was verified and completed within the window in which the
    same trouble counts as a repeat, or while another recall is open, NotAllowed.
    """
    if not reason.strip():
        raise Incomplete({"reason": "Say what failed again."})
    with lifecycle.moving(work_order, Move.RECALL, by=by, now=now) as step:
        old = step.work_order
        step.to(old.status)
        if not in_recall_window(old, now=now):
            days = screening.repeat_window(old.problem_type).days
            raise InTheWay(f"{old.number} was completed more than {days} days ago. Report it as something new.", old)
        if earlier := old.recalls.open().first():
            raise NotNow(f"{old.number} was called back already: {earlier.number} is open.", old)
        answers = {answer.question: answer.is_yes for answer in old.answers.select_related("question")}
        new = report(
            by=by, now=now, site=old.site, trade=old.trade, description=reason, problem_type=old.problem_type,
            asset=old.asset, area=old.area, title=f"Again: {old.title}", working=old.working, answers=answers,
            source=Source.FOLLOW_UP, kind=Kind.RECALL, recall_of=old,
        )  # fmt: skip
        step.data["recall"] = new.number
        step.note = reason.strip()
    return new


def in_recall_window(work_order: WorkOrder, *, now: datetime) -> bool:
    """Whether the same trouble still counts as a repeat of this work."""
    completed_at = work_order.completed_at
    return completed_at is not None and now <= completed_at + screening.repeat_window(work_order.problem_type)


def follow_up(work_order: WorkOrder, *, by: Actor, now: datetime) -> WorkOrder:
    """What the technician recommended, as new work that follows this one.

    Raises NotNow when nothing was recommended or it is followed already, NotAllowed.
    """
    with transaction.atomic():
        row = lifecycle.lock(work_order)
        if not lifecycle.allowed(row, Act.REPORT_FOR_SITE, by):
            raise NotAllowed("You cannot make work for this site.")
        words = row.recommendation.strip()
        if not words:
            raise InTheWay(f"Nothing was recommended on {row.number}.", row)
        same = row.follow_ups.filter(description=words).exclude(status=Status.CANCELED)
        if earlier := same.first():
            raise NotNow(f"{earlier.number} follows {row.number} already.", row)
        return _following(row, by=by, now=now, title=f"Follow-up: {row.title}", description=words)


def on_site(work_order: WorkOrder, by: Actor) -> bool:
    """Whether `by` is there for this work at this moment, checked in and not yet out."""
    user = person(by)
    if user is None or not may(by, Act.REPORT_FOUND):
        return False
    return work_order.visits.of_person(user).filter(state=VisitState.ON_SITE).exists()


def found_on_site(
    work_order: WorkOrder,
    *,
    by: Actor,
    now: datetime,
    trade: Trade,
    description: str,
    problem_type: ProblemType | None = None,
    asset: Asset | None = None,
    working: str = Working.DEGRADED,
    answers: Mapping[CriticalityQuestion, bool] | None = None,
    photos: Sequence[UploadedFile] = (),
) -> WorkOrder:
    """Something else that a technician sees while on site: new work that follows this one, nothing authorized yet.

    Facilities looks at it as at any report. Raises NotNow when the visit is over, Incomplete, and what
    `accounts.files` refuses.
    """
    with transaction.atomic():
        row = lifecycle.lock(work_order)
        if not on_site(row, by):
            raise InTheWay("You are not on site any more. Tell facilities in a message.", row)
        return report(
            by=by, now=now, site=row.site, trade=trade, description=description, problem_type=problem_type, asset=asset,
            area=asset.area if asset else None, working=working, answers=answers, photos=photos,
            source=Source.FOLLOW_UP, follows=row,
        )  # fmt: skip


def correct_failed_steps(work_order: WorkOrder, *, by: Actor, now: datetime) -> list[WorkOrder]:
    """New work for each checklist step that failed, following this one. A second run makes nothing."""
    with transaction.atomic():
        row = lifecycle.lock(work_order)
        known = set(row.follow_ups.values_list("title", flat=True))
        made = []
        for item in row.checklist.filter(result=ChecklistItem.Result.FAIL):
            title = f"Failed: {item.text}"[:160]
            if title not in known and not row.site.retired_at:
                words = f"{item.note}\n\nFound on {row.number}: “{item.text}” failed."
                made.append(_following(row, by=by, now=now, title=title, description=words, working=Working.DEGRADED))
        return made


def _following(
    row: WorkOrder, *, by: Actor, now: datetime, title: str, description: str, working: str = Working.WORKING
) -> WorkOrder:
    """Reactive work after `row`, on the same unit where it still stands there."""
    asset = row.asset
    if asset and (asset.site_id != row.site_id or asset.condition == "retired"):
        asset = None
    return report(
        by=by, now=now, site=row.site, trade=row.trade, description=description, asset=asset, area=row.area,
        title=title[:160], working=working, source=Source.FOLLOW_UP, follows=row,
    )  # fmt: skip
