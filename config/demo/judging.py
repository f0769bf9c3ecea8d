"""What the demo company makes of its vendors: one is tried out, every one has a score, one job does not count, and one
vendor has something to say."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from assets.models import ProblemType, Site
from reporting import drilldown, exclusions, facts, scorecards, snapshots
from vendors.models import Scorecard, Standing, Vendor
from workorders import intake, lifecycle, offers
from workorders.models import Offer, Status, Working

if TYPE_CHECKING:
    from config.demo.company import Company
    from config.demo.life import Life

TRIED = 4
"""Jobs of the vendor on trial, so that the trial is nearly over."""


def give_each_a_turn(life: Life) -> None:
    """Lay out small jobs: one for each vendor, so that each has a score, several for whoever is on trial."""
    company = life.company
    days = max(1, (life.until - company.start).days)
    for place, vendor in enumerate(company.vendors.values()):
        covered = [site for site in company.sites if _covers(vendor, site)]
        jobs = TRIED if vendor.standing == Standing.TRIAL else 1
        for number in range(jobs if covered else 0):
            day = company.start + timedelta(days=days * (number + 1) / (jobs + 2), hours=place)
            site = covered[(place + number) % len(covered)]
            life.soon(day, lambda now, site=site, vendor=vendor: _try(life, vendor, site, now))


def _covers(vendor: Vendor, site: Site) -> bool:
    return bool(vendor.coverage.filter(region__in=site.region.ancestor_ids()).exists())


def _try(life: Life, vendor: Vendor, site: Site, now: datetime) -> None:
    problem = ProblemType.objects.active().filter(
        trade__in=vendor.trades.values("trade"), stops_request=False, asset_required=False
    ).select_related("trade").order_by("trade__code", "name").first()  # fmt: skip
    if problem is None:
        return
    by = life.company.facilities[life.company.division(site)]
    row = intake.report(
        by=by, now=now, site=site, trade=problem.trade, problem_type=problem, working=Working.WORKING, answers={},
        description="A small thing, to see how they work.",
        photos=[life.photo(problem.name)] * max(1, problem.photos_required), different_because="A first job",
    )  # fmt: skip
    lifecycle.triage(row, by=by, now=now, priority=4, priority_reason="It can wait")
    row = life.fresh(row)
    if row.status != Status.READY:
        return
    offer = offers.offer(
        row, vendor=vendor, by=by, now=now, nte_amount=row.authorized_amount or Decimal(450),
        override_reason="So that each gets a turn",
    )  # fmt: skip
    life.after(now, 30, 200, lambda at: life.answer(Offer.objects.get(pk=offer.pk), at))


def judge(company: Company, *, now: datetime) -> None:
    """Write all scores and the months that are over, leave one late clock out, and let its vendor reply."""
    scorecards.score_vendors(now=now)
    while snapshots.take_snapshots(now=now):
        pass
    card = (
        Scorecard.objects.filter(window_days=90, vendor__in=company.dispatchers, vendor__kind="external")
        .order_by("-jobs", "pk")
        .first()
    )
    if card is None:
        return
    by = company.facilities["MF"]
    for name in facts.PARTS:
        found = drilldown.opened(card, name, by=by, asked={"only": drilldown.LESS}).rows
        if found and name in ("sla", "first_time_fix", "invoices", "documentation"):
            exclusions.exclude(
                vendor=card.vendor, work_order=found[0].work_order, milestone=found[0].milestone, by=by, now=now,
                reason="The road to the store was closed that day.",
            )  # fmt: skip
            exclusions.reply(
                vendor=card.vendor, work_order=found[0].work_order, by=company.dispatchers[card.vendor_id], now=now,
                body="Thank you for leaving it out. We now call the store before we set off.",
            )  # fmt: skip
            return
