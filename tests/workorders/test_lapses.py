"""A visit set for a day on which the vendor's papers have ended: everybody knows at once, until a new paper is
verified."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils.html import strip_tags

from accounts import outbox
from accounts.models import Notice
from tests.factories.clock import NOW
from tests.factories.workorders import Story, photo
from tests.pages import told
from vendors import compliance
from vendors.models import ComplianceDocument, Requirement, Vendor
from workorders import offers, visits
from workorders.lapses import LAPSED
from workorders.models import Visit

ENDS = date(2026, 7, 20)
WHY = "General liability insurance ends on 20 Jul 2026."
PACIFIC = ZoneInfo("America/Los_Angeles")


@pytest.fixture(autouse=True)
def insured(cast: Any) -> ComplianceDocument:
    """Every job needs insurance, and Cascade's ends on 20 July."""
    Requirement.objects.create(kind="general_liability")
    return insurance(cast, ENDS)


def insurance(cast: Any, ends_on: date) -> ComplianceDocument:
    return ComplianceDocument.objects.create(
        vendor=cast.cascade, kind="general_liability", state="verified", uploaded_at=NOW, reviewed_at=NOW,
        starts_on=date(2026, 1, 1), ends_on=ends_on,
    )  # fmt: skip


def accepted(story: Story, start_at: datetime) -> Story:
    story.offered()
    story.row = offers.accept(
        story.offer, by=story.cast.dispatcher, now=story.later(), start_at=start_at,
        end_at=start_at + timedelta(hours=2), technician=story.cast.technician,
    )  # fmt: skip
    return story


def settle(story: Story) -> None:
    for _ in range(2):
        outbox.settle(now=story.later(), ledgers=outbox.ledgers(), limit=10_000)


def flags(story: Story) -> list[dict[str, Any]]:
    return [event.data for event in story.work_order.events.filter(verb=LAPSED).order_by("position")]


def subjects(person: Any) -> list[str]:
    found = Notice.objects.filter(reader=person, channel="app", subject__contains="do not hold")
    return list(found.values_list("subject", flat=True))


def test_a_time_after_the_insurance_ends_is_told_to_facilities_and_to_the_vendor(cast: Any) -> None:
    story = accepted(Story(cast), datetime(2026, 7, 21, 9, tzinfo=PACIFIC))
    settle(story)
    assert [(one["day"], one["sentences"]) for one in flags(story)] == [("2026-07-21", [WHY])]
    number = story.work_order.number
    assert subjects(cast.fm) == [f"{number}: papers of Cascade Refrigeration do not hold on 21 Jul 2026"]
    assert subjects(cast.dispatcher) == [f"{number}: your papers do not hold on 21 Jul 2026"]
    assert subjects(cast.rival) == subjects(cast.store) == []


def test_both_see_it_on_the_job_until_a_new_paper_is_verified(cast: Any, enter: Any) -> None:
    story = accepted(Story(cast), datetime(2026, 7, 21, 9, tzinfo=PACIFIC))
    settle(story)
    number = story.work_order.number

    def pages() -> tuple[str, str, str]:
        with time_machine.travel(story.later(), tick=False):
            return (
                strip_tags(told(enter(cast.fm).get(f"/work-orders/{number}"))),
                strip_tags(told(enter(cast.dispatcher).get(f"/jobs/{number}"))),
                strip_tags(told(enter(cast.technician).get(f"/jobs/{number}"))),
            )

    desk, dispatcher, technician = pages()
    assert f"Cascade Refrigeration has no valid papers for 21 Jul 2026. {WHY}" in desk
    assert f"Papers do not hold on 21 Jul 2026: {WHY}" in desk
    assert f"Your papers do not hold on 21 Jul 2026. {WHY} Send the new one before then" in dispatcher
    assert f"{WHY} The new one must reach facilities before then" in technician
    new = compliance.upload(
        vendor=cast.cascade, by=cast.dispatcher, now=story.later(), kind="general_liability", starts_on=ENDS,
        ends_on=date(2027, 7, 20), limit_amount=1, file=photo("policy.jpg"),
    )  # fmt: skip
    assert all("General liability insurance waits for review." in page for page in pages())
    compliance.verify(new, by=cast.admin, now=story.later())
    assert [("has no valid papers" in page, "Your papers do not hold" in page) for page in pages()] == [
        (False, False)
    ] * 3


def test_a_time_on_the_last_good_day_of_the_site_is_fine(cast: Any) -> None:
    """Five in the afternoon on the 20th is the 21st by UTC."""
    story = accepted(Story(cast), datetime(2026, 7, 20, 17, 30, tzinfo=PACIFIC))
    settle(story)
    assert flags(story) == []


def test_moving_the_visit_behind_the_end_is_told_and_moving_it_back_is_not_told_again(cast: Any) -> None:
    story = accepted(Story(cast), datetime(2026, 7, 17, 9, tzinfo=PACIFIC))
    settle(story)
    assert flags(story) == []
    for day in (22, 17, 22):
        start_at = datetime(2026, 7, day, 9, tzinfo=PACIFIC)
        story.row = visits.reschedule(
            story.work_order, start_at=start_at, end_at=start_at + timedelta(hours=1), by=cast.dispatcher,
            now=story.later(), reason="The part is late",
        )  # fmt: skip
        settle(story)
    assert [one["day"] for one in flags(story)] == ["2026-07-22"]


def test_a_paper_that_ends_flags_what_is_still_to_be_done_and_not_what_is_done(cast: Any) -> None:
    done, ahead = Story(cast).completed(), Story(cast, facts={"asset": None}).scheduled()
    settle(ahead)
    later = NOW + timedelta(days=8)
    assert compliance.sweep_documents(now=later) == 1
    for _ in range(2):
        outbox.settle(now=later, ledgers=outbox.ledgers(), limit=10_000)
    assert flags(done) == []
    assert [one["sentences"] for one in flags(ahead)] == [[WHY]]
    assert len(subjects(cast.fm)) == 1
    assert subjects(cast.dispatcher) == []  # told once of the paper, not once more for each job


def test_a_company_without_an_account_is_mailed_about_it(cast: Any) -> None:
    Vendor.objects.filter(pk=cast.cascade.pk).update(email="offers@casc.example.com")
    story = accepted(Story(cast), datetime(2026, 7, 21, 9, tzinfo=PACIFIC))
    cast.dispatcher.memberships.all().delete()
    settle(story)
    mailed = Notice.objects.filter(address="offers@casc.example.com", subject__contains="do not hold").get()
    assert mailed.path.startswith("/j/")


def test_a_check_in_without_papers_is_flagged_in_words(cast: Any, desk: Any, insured: ComplianceDocument) -> None:
    story = Story(cast).scheduled()
    ComplianceDocument.objects.filter(pk=insured.pk).update(ends_on=date(2026, 7, 1))
    story.on_site()
    assert Visit.objects.get().flags == ["not_compliant"]
    settle(story)
    with time_machine.travel(story.later(), tick=False):
        page = told(desk.get(f"/work-orders/{story.work_order.number}"))
    assert "Papers not valid that day" in page
    assert "not_compliant" not in page
    notice = Notice.objects.filter(reader=cast.fm, channel="app", subject__contains="look at this check-in").get()
    assert "flagged: papers not valid that day." in notice.body
