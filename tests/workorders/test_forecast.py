"""Planned work that nobody could be sent to on its day, and the paper that would help; against the rule, job by job."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from assets.models import Site
from tests.cast import Cast
from tests.factories.assets import AssetFactory
from tests.factories.clock import NOW
from tests.factories.vendors import VendorFactory
from vendors.eligibility import consider_vendors
from vendors.models import ComplianceDocument, Coverage, DocumentKind, Requirement
from workorders import plans
from workorders.forecast import Forecast, forecast
from workorders.models import WorkOrder

type Enter = Callable[[User], Client]

TODAY = date(2026, 7, 14)
ENDS = date(2026, 7, 31)


def said(response: Any) -> str:
    return str(response.content.decode())


def plan(cast: Cast, *, rule: str = "FREQ=WEEKLY", trade: Any = None, assets: Any = None, lead_days: int = 0) -> Any:
    return plans.create(
        by=cast.admin, now=NOW, name="Cooler service", trade=trade or cast.refrigeration, rule=rule, owner=cast.admin,
        assets=assets or [cast.cooler], anchor_on=date(2026, 7, 15), lead_days=lead_days,
    )  # fmt: skip


def paper(
    vendor: Any, *, ends_on: date | None = ENDS, kind: str = DocumentKind.GENERAL_LIABILITY
) -> ComplianceDocument:
    return ComplianceDocument.objects.create(
        vendor=vendor, kind=kind, state="verified", uploaded_at=NOW, reviewed_at=NOW, starts_on=date(2026, 1, 1),
        ends_on=ends_on, limit_amount=1_000_000,
    )  # fmt: skip


def seen(days: int = 30, sites: Any = None) -> Forecast:
    until = TODAY + timedelta(days=days)
    return forecast(sites=sites if sites is not None else Site.objects.all(), today=TODAY, until=until)


@pytest.fixture
def insured(cast: Cast) -> ComplianceDocument:
    """Cascade alone serves the cooler every Wednesday from 15 July on, insured until 31 July."""
    Requirement.objects.create(kind=DocumentKind.GENERAL_LIABILITY, minimum_limit_amount=1_000_000)
    ends = paper(cast.cascade)
    plan(cast)
    return ends


def test_each_day_counts_the_papers_that_are_valid_on_that_day(cast: Cast, insured: ComplianceDocument) -> None:
    found = seen()
    assert found.planned == 5
    assert [one.job.on for one in found.lost] == [date(2026, 8, 5), date(2026, 8, 12)]
    assert found.lost[0].cell.sentence == "1 vendor covers it: 1 without valid papers."
    assert not any(one.today for one in found.lost)
    assert found.newly == 2


def test_it_says_which_paper_of_whom_saves_how_many_jobs(cast: Cast, insured: ComplianceDocument) -> None:
    assert [tuple(one) for one in seen().remedies] == [
        ("CASC", "Cascade Refrigeration", DocumentKind.GENERAL_LIABILITY, 2, ENDS)
    ]
    ComplianceDocument.objects.create(
        vendor=cast.cascade, kind=DocumentKind.GENERAL_LIABILITY, state="verified", uploaded_at=NOW, reviewed_at=NOW,
        starts_on=date(2026, 8, 1), ends_on=date(2027, 7, 31), limit_amount=1_000_000,
    )  # fmt: skip
    assert seen() == Forecast(5, [], [])


def test_a_second_vendor_with_papers_saves_the_job(cast: Cast, insured: ComplianceDocument) -> None:
    paper(cast.summit, ends_on=None)
    assert seen().lost == []


def test_a_day_that_is_a_gap_already_today_is_told_as_such(cast: Cast, insured: ComplianceDocument) -> None:
    Coverage.objects.filter(vendor=cast.cascade).delete()
    found = seen()
    assert len(found.lost) == 5
    assert all(one.today for one in found.lost)
    assert found.newly == 0
    assert found.remedies == []


def test_work_that_is_made_and_not_yet_sent_counts_once(cast: Cast, insured: ComplianceDocument) -> None:
    plans.generate(now=NOW + timedelta(days=1))
    made = WorkOrder.objects.get(plan__isnull=False)
    assert made.planned_on == date(2026, 7, 15)
    ComplianceDocument.objects.all().delete()
    found = seen()
    assert found.planned == 5
    assert [one.job.number for one in found.lost] == [made.number, "", "", "", ""]


def test_retired_plans_units_and_sites_ask_for_nobody(cast: Cast, insured: ComplianceDocument) -> None:
    AssetFactory(site=cast.harbor, category=cast.cooler.category, condition="retired")
    Site.objects.filter(pk=cast.hilltop.pk).update(retired_at=NOW)
    assert seen(sites=Site.objects.all().trading()).planned == 0


def test_every_job_is_what_the_rule_says_of_it(cast: Cast) -> None:
    Requirement.objects.create(kind=DocumentKind.GENERAL_LIABILITY, minimum_limit_amount=500_000)
    Requirement.objects.create(kind=DocumentKind.AUTO, trade=cast.plumbing, region=cast.north)
    local = VendorFactory(trades=[cast.plumbing], regions=[cast.north])
    paper(cast.cascade)
    paper(cast.summit, ends_on=date(2026, 7, 24))
    paper(local, ends_on=None)
    paper(local, ends_on=date(2026, 8, 5), kind=DocumentKind.AUTO)
    Coverage.objects.create(vendor=cast.summit, trade=cast.refrigeration, site=cast.harbor, is_excluded=True)
    units = [
        AssetFactory(site=site, category=cast.cooler.category) for site in (cast.hilltop, cast.harbor, cast.desert)
    ]
    for trade, rule in ((cast.refrigeration, "FREQ=DAILY;INTERVAL=3"), (cast.plumbing, "FREQ=WEEKLY")):
        plan(cast, rule=rule, trade=trade, assets=units)
    found = seen()
    lost = [one.job for one in found.lost]
    assert found.planned > len(lost) > 5
    trades = {trade.pk: trade for trade in (cast.refrigeration, cast.plumbing)}
    sites = Site.objects.select_related("region").in_bulk()
    expected = 0
    for trade in trades.values():
        for site in sites.values():
            for day in (TODAY + timedelta(days=number) for number in range(31)):
                jobs = [job for job in lost if (job.site_id, job.trade_id, job.on) == (site.pk, trade.pk, day)]
                able = any(one.eligible for one in consider_vendors(site=site, trade=trade, priority=3, on=day))
                assert not (jobs and able)
                expected += len(jobs)
    assert expected == len(lost)
    kept = found.planned - len(lost)
    able_jobs = sum(
        any(one.eligible for one in consider_vendors(site=sites[unit.site_id], trade=trade, priority=3, on=day))
        for trade, step in ((cast.refrigeration, 3), (cast.plumbing, 7))
        for unit in units
        for day in (date(2026, 7, 15) + timedelta(days=number) for number in range(0, 30, step))
        if day <= TODAY + timedelta(days=30)
    )
    assert kept == able_jobs


# The page


@time_machine.travel(NOW)
def test_the_page_tells_the_jobs_of_the_own_region_and_narrows_to_what_a_paper_saves(
    cast: Cast, enter: Enter, insured: ComplianceDocument
) -> None:
    client = enter(cast.fm)
    page = client.get("/compliance/forecast")
    assert page.context["total"] == 2
    assert "saves 2 jobs" in said(page)
    assert "Ends before that day" in said(page)
    narrowed = client.get("/compliance/forecast?days=30&vendor=CASC&paper=general_liability")
    assert narrowed.context["total"] == 2
    assert "Saved by general liability insurance of Cascade Refrigeration" in said(narrowed)
    assert client.get("/compliance/forecast?days=60").context["total"] > 2
    assert enter(cast.foreign_fm).get("/compliance/forecast?days=nonsense").context["found"].planned == 0
    assert enter(cast.dispatcher).get("/compliance/forecast").status_code == 403


@time_machine.travel(NOW)
def test_the_page_asks_as_much_for_many_jobs_as_for_one(
    cast: Cast, enter: Enter, insured: ComplianceDocument, django_assert_max_num_queries: Any
) -> None:
    client = enter(cast.fm)
    client.get("/compliance/forecast")
    with django_assert_max_num_queries(8) as one:
        client.get("/compliance/forecast")
    plan(cast, rule="FREQ=DAILY", assets=AssetFactory.create_batch(5, site=cast.harbor, category=cast.cooler.category))
    with django_assert_max_num_queries(len(one)):
        assert "1 to 50 of" in said(client.get("/compliance/forecast"))
