"""What is checked before anybody is sent: duplicate, repeat, warranty, responsibility, criticality, in this order."""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Q
from rapidfuzz import fuzz, utils

from accounts.thresholds import asked_of, declare
from accounts.together import Asking, first_of, rows_of
from accounts.words import ago
from assets.models import Responsibility, Responsible, Warranty
from workorders.models import Screening, ScreeningStep, WorkOrder
from workorders.models.status import DONE

if TYPE_CHECKING:
    from accounts.actors import Actor
    from assets.models import Area, Asset, ProblemType, Site, Trade

ALIKE = declare("screening.alike", 0.55, "", "How alike words must be to warn of a duplicate", minimum=0.1, maximum=1)
REPEAT_WINDOW = declare("screening.repeat_days", 30, "days", "Days in which the same trouble counts as a repeat")
CANDIDATES = 200


@dataclass(frozen=True)
class Match:
    """Open work that may be the same thing, and why it may."""

    work_order: WorkOrder
    why: str


def duplicates(
    *,
    site: Site,
    trade: Trade,
    by: Actor,
    problem_type: ProblemType | None = None,
    asset: Asset | None = None,
    area: Area | None = None,
    words: str = "",
    other_than: WorkOrder | None = None,
) -> Asking[list[Match]]:
    """Open work at the site that may be the same thing, the strongest likeness first.

    Same asset, or same problem type, or same trade and area, or same trade and words alike (token-set likeness).
    """
    same = Q(trade=trade)
    if asset:
        same |= Q(asset=asset)
    if problem_type:
        same |= Q(problem_type=problem_type)
    candidates = WorkOrder.objects.visible_to(by).open().filter(same, site=site)
    if other_than:
        candidates = candidates.exclude(pk=other_than.pk)
    newest = candidates.select_related("vendor", "asset", "trade", "site").order_by("-reported_at")
    rows = yield from rows_of(newest[:CANDIDATES])
    if not rows:
        return []
    enough = (yield from asked_of(ALIKE))[ALIKE.name] * 100
    ranked: list[tuple[float, Match]] = []
    for row in rows:
        if asset and row.asset_id == asset.pk:
            ranked.append((4, Match(row, f"Same unit, {asset.tag}")))
        elif problem_type and row.problem_type_id == problem_type.pk:
            ranked.append((3, Match(row, f"Same problem, {problem_type.name.lower()}")))
        elif area and row.area_id == area.pk and row.trade_id == trade.pk:
            ranked.append((2, Match(row, f"Same trade in the same place, {area.name.lower()}")))
        elif row.trade_id == trade.pk and words.strip():
            likeness = alike(words, f"{row.title} {row.description}")
            if likeness >= enough:
                ranked.append((likeness / 100, Match(row, "Described in much the same words")))
    ranked.sort(key=lambda pair: -pair[0])
    return [match for _, match in ranked]


def alike(one: str, other: str) -> float:
    """Likeness of two descriptions, 0 to 100, whatever the order of words."""
    return fuzz.token_set_ratio(one, other, processor=utils.default_process)


def repeat_window(problem_type: ProblemType | None) -> timedelta:
    """How long after completion the same trouble counts as a repeat."""
    return timedelta(days=problem_type.repeat_window_days if problem_type else REPEAT_WINDOW.value())


def repeat_of(
    *, site: Site, trade: Trade, problem_type: ProblemType | None, asset: Asset | None, now: datetime
) -> Asking[WorkOrder | None]:
    """The latest work of the same asset and trade, or same site and problem type, completed within the window."""
    same = Q()
    if asset:
        same |= Q(asset=asset, trade=trade)
    if problem_type:
        same |= Q(site=site, problem_type=problem_type)
    if not same:
        return None
    since = now - repeat_window(problem_type)
    done = WorkOrder.objects.filter(same, status__in=DONE, completed_at__gte=since, completed_at__lte=now)
    return (yield from first_of(done.select_related("vendor").order_by("-completed_at")))


def warranty_for(asset: Asset | None, trade: Trade, site: Site, now: datetime) -> Asking[Warranty | None]:
    """The warranty that pays for this trade on this asset today, by the site's own calendar."""
    if asset is None:
        return None
    today = now.astimezone(zoneinfo.ZoneInfo(site.time_zone)).date()
    covering = Warranty.objects.covering(asset, trade, today).select_related("provider__vendor")
    return (yield from first_of(covering))


def responsibility_for(site: Site, trade: Trade, asset: Asset | None) -> Asking[Responsibility | None]:
    """Whose the repair is when it is not simply ours; the row of the asset's category goes before the trade's."""
    rows = Responsibility.objects.filter(site=site, trade=trade).exclude(who=Responsible.US)
    category = Q(category=None) | Q(category=asset.category_id) if asset else Q(category=None)
    return (yield from first_of(rows.filter(category).select_related("send_to__vendor").order_by("category_id")))


def screened(
    row: WorkOrder, *, now: datetime, matches: list[Match] | None = None, repeat: WorkOrder | None = None,
    warranty: Warranty | None = None, responsibility: Responsibility | None = None,
) -> list[Screening]:  # fmt: skip
    """Each step's finding about a new work order, in the fixed order, to be written down."""
    found: list[Screening] = []

    def note(step: str, is_found: bool, sentence: str, **links: object) -> None:
        found.append(
            Screening(work_order=row, step=step, found=is_found, sentence=sentence[:400], made_at=now, **links)
        )

    if matches:
        for match in matches[:3]:
            note(
                ScreeningStep.DUPLICATE,
                True,
                f"{match.why}: {match.work_order.number} is open",
                related=match.work_order,
            )
    else:
        note(ScreeningStep.DUPLICATE, False, "No open work here looks the same")
    if repeat and repeat.completed_at:
        vendor = f" by {repeat.vendor.name}" if repeat.vendor else ""
        note(
            ScreeningStep.REPEAT, True,
            f"{repeat.number} was completed {ago(repeat.completed_at, now)}{vendor}: may be a recall",
            related=repeat,
        )  # fmt: skip
    else:
        note(ScreeningStep.REPEAT, False, "Nothing like it was completed lately")
    if warranty:
        provider = getattr(warranty, "provider", None)
        covered = f"until {warranty.ends_on:%-d %b %Y} ({warranty.covers.lower()})"
        note(
            ScreeningStep.WARRANTY, True, f"Under warranty by {warranty.provider_name} {covered}",
            warranty=warranty, send_to=provider.vendor if provider else None,
        )  # fmt: skip
    else:
        note(
            ScreeningStep.WARRANTY,
            False,
            "No warranty covers this" if row.asset_id else "No asset named, so no warranty",
        )
    if responsibility:
        send_to = getattr(responsibility, "send_to", None)
        who = responsibility.get_who_display()
        contact = f", {responsibility.contact_name}" if responsibility.contact_name else ""
        note(
            ScreeningStep.RESPONSIBILITY, True, f"{who} answers for {row.trade.name.lower()} here{contact}",
            responsibility=responsibility, send_to=send_to.vendor if send_to else None,
        )  # fmt: skip
    else:
        note(ScreeningStep.RESPONSIBILITY, False, "Ours to repair")
    note(ScreeningStep.CRITICALITY, row.priority <= 2, row.priority_reasons[0])
    return found
