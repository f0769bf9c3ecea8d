"""A vendor on trial: a few small jobs at more than one site, each read early, and a verdict that it is told."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.changes import Faulty, NotAllowed
from accounts.models import LogEvent, Notice
from accounts.once import fresh_key
from accounts.outbox import ledgers, settle
from reporting import scorecards, trials
from tests.factories.clock import NOW
from tests.factories.scores import Past
from tests.factories.workorders import Story
from vendors.models import Standing, Vendor
from vendors.roster import set_standing
from vendors.trials import decide_trial
from workorders import dispatch, offers
from workorders.refusals import NotCovered


@pytest.fixture
def summit(cast) -> Vendor:
    """The rival, on trial since a while."""
    since = timezone.now() - timedelta(days=30)
    return set_standing(vendor=cast.summit, standing="trial", reason="New", by=cast.admin, now=since)


def checks(cast, work_order, vendor) -> dict[str, tuple[bool, str]]:
    found = dispatch.consider(work_order, now=work_order.reported_at, by=cast.fm).candidate(vendor)
    return {one.name: (one.passed, one.sentence) for one in found.checks if one.name.startswith("trial")}


def text(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def ready(cast, **facts):
    return Story(cast, now=timezone.now(), facts={"asset": None, **facts}).ready().work_order


def test_a_pressing_job_goes_to_a_vendor_on_trial_only_with_a_reason(cast, summit):
    job = ready(cast)
    type(job).objects.filter(pk=job.pk).update(priority=2)
    job.refresh_from_db()
    assert checks(cast, job, summit) == {"trial": (False, "On trial, and not for P2.")}
    ask = {"vendor": summit, "by": cast.fm, "now": timezone.now(), "nte_amount": 400}
    with pytest.raises(NotCovered, match="not for P2"):
        offers.offer(job, **ask)
    made = offers.offer(job, **ask, override_reason="Nobody else is near")
    assert made.override_reason == "Nobody else is near"


def test_the_last_jobs_of_a_trial_must_be_at_another_site(cast, summit):
    Vendor.objects.filter(pk=summit.pk).update(trial_jobs=3)
    past = Past(summit, cast.hilltop, cast.refrigeration, timezone.now())
    job = ready(cast)
    assert checks(cast, job, summit) == {
        "trial": (True, "On trial, 0 of 3 jobs."), "trial_sites": (True, "On trial, at 0 of at least 2 sites so far."),
    }  # fmt: skip
    past.job(days=5)
    assert checks(cast, job, summit)["trial_sites"][0] is True
    past.job(days=4)
    said = "On trial, at 1 of at least 2 sites so far. The jobs that are left must be elsewhere."
    assert checks(cast, job, summit) == {"trial": (True, "On trial, 2 of 3 jobs."), "trial_sites": (False, said)}
    elsewhere = ready(cast, site=cast.harbor, by=cast.sibling_store)
    assert checks(cast, elsewhere, summit)["trial_sites"][0] is True
    Past(summit, cast.harbor, cast.refrigeration, past.now).job(days=3)
    assert checks(cast, job, summit) == {"trial": (False, "On trial, 3 of 3 jobs.")}


def test_what_was_before_the_trial_does_not_count_in_it(cast, summit):
    past = Past(summit, cast.hilltop, cast.refrigeration, timezone.now())
    past.job(days=60)
    past.job(days=2)
    assert checks(cast, ready(cast), summit)["trial"] == (True, "On trial, 1 of 5 jobs.")
    assert len(trials.read(summit, by=cast.admin, now=past.now).readings) == 1


def test_each_job_is_read_and_held_against_the_vendors_that_are_there(cast, enter, summit):
    now = timezone.now()
    known = Past(cast.cascade, cast.hilltop, cast.refrigeration, now)
    for _ in range(3):
        known.job(met=[True, True, True], bill="clean")
    scorecards.score_vendors(now=now)
    past = Past(summit, cast.hilltop, cast.refrigeration, now)
    good = past.job(days=9, met=[True, True])
    past.bill(good, "clean", at=now - timedelta(days=1), amount="130.00")
    bad = past.job(days=8, met=[True, False], trips=2, documented=False, in_time=False)
    past.bill(bad, "clean", at=now - timedelta(days=1), amount="80.00")
    there = Past(summit, cast.desert, cast.refrigeration, now).job(days=7)

    found = trials.read(summit, by=cast.fm, now=now)
    first, second, third = found.readings
    assert (first.work_order, second.work_order, third.work_order) == (good, bad, None)
    assert [first.response, first.arrival, first.fix, first.papers] == [
        ("30 min", True), ("In time", True), ("Yes", True), ("Yes", True),
    ]  # fmt: skip
    assert first.price == ("30% above the median", False)
    assert [second.response.good, second.arrival, second.fix.words, second.papers.words, second.price] == [
        False, ("1 h late", False), "No", "Incomplete", ("20% below the median", True),
    ]  # fmt: skip
    assert (third.price.words, found.done, found.jobs, found.sites) == ("No bill yet", 3, 5, 2)
    # (130 + 80) against twice the median of 100
    assert found.price_percent == 5
    beside = {one.title: (one.good, one.number, one.pool) for one in found.beside}
    assert beside["Fixed at the first visit"] == (2, 3, 100)
    page = text(enter(cast.fm).get("/vendors/SUMM/trial"))
    assert "3 of 5 done, at 2 sites" in page
    assert "A job at a place that you do not see" in page
    assert there.number not in page
    assert "Decide" not in page


def test_the_verdict_is_an_administrators_has_a_reason_and_the_vendor_is_told(cast, enter, summit):
    assert cast.rival
    assert enter(cast.fm).get("/vendors/SUMM/trial/verdict").status_code == 403
    client = enter(cast.admin)
    address = "/vendors/SUMM/trial/verdict"
    for answers, fault in (
        ({"verdict": "approve", "reason": ""}, "reason"),
        ({"verdict": "", "reason": "x"}, "verdict"),
        ({"verdict": "extend", "reason": "x"}, "jobs"),
        ({"verdict": "extend", "reason": "x", "jobs": "99"}, "jobs"),
    ):
        answer = client.post(address, answers | {"operation": fresh_key()})
        assert answer.status_code == 422
        assert fault in answer.context["form"].errors
    more = {"verdict": "extend", "reason": "Too few sites", "jobs": "3", "operation": fresh_key()}
    assert client.post(address, more)["Location"] == "/vendors/SUMM/trial"
    assert client.post(address, more)["Location"] == "/vendors/SUMM/trial"
    summit.refresh_from_db()
    assert (summit.standing, summit.trial_jobs) == (Standing.TRIAL, 8)
    client.post(address, {"verdict": "approve", "reason": "Good work", "operation": fresh_key()})
    summit.refresh_from_db()
    assert summit.standing == Standing.APPROVED
    decided = LogEvent.objects.filter(verb="vendor.trial_decided")
    assert [(one.data["verdict"], one.note) for one in decided.order_by("pk")] == [
        ("extend", "Too few sites"), ("approve", "Good work"),
    ]  # fmt: skip
    settle(now=timezone.now(), ledgers=ledgers())
    told = Notice.objects.filter(reader=cast.rival, channel="app", path="/company/score").order_by("pk")
    assert [one.subject for one in told] == ["Your trial goes on", "You are approved"]
    assert "Good work" in told[1].body
    late = client.post(address, {"verdict": "stop", "reason": "x", "operation": fresh_key()})
    assert late.status_code == 422
    assert "is not on trial any more" in text(late)


def test_a_stopped_trial_sends_the_vendor_nowhere(cast, summit):
    decide_trial(vendor=summit, verdict="stop", reason="No show", by=cast.admin, now=timezone.now())
    assert Vendor.objects.get(pk=summit.pk).standing == Standing.SUSPENDED
    assert not dispatch.consider(ready(cast), now=timezone.now(), by=cast.fm).candidate(summit).eligible
    with pytest.raises(NotAllowed):
        decide_trial(vendor=summit, verdict="approve", reason="x", by=cast.fm, now=NOW)
    with pytest.raises(Faulty):
        decide_trial(vendor=summit, verdict="approve", reason="x", by=cast.admin, now=NOW)


def test_after_each_job_whoever_decides_has_its_reading_and_after_the_last_is_asked(cast):
    Vendor.objects.filter(pk=cast.cascade.pk).update(standing="trial", trial_jobs=2)
    assert cast.admin
    first = Story(cast).verified()
    settle(now=first.now, ledgers=ledgers())
    read = Notice.objects.get(reader=cast.admin, channel="app", subject__startswith="Trial")
    assert read.subject == "Trial of Cascade Refrigeration: job 1 of 2"
    assert "Fixed at the first visit: Yes" in read.body
    assert "Price: No bill yet" in read.body
    second = Story(cast, now=first.later(days=1), facts={"asset": None}).verified()
    settle(now=second.now, ledgers=ledgers())
    assert Notice.objects.filter(reader=cast.admin, subject="Trial of Cascade Refrigeration: decide").exists()
