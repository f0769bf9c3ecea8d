"""Who hears of what while work is under way: once, on a page that opens, and nobody of what is not his."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from accounts.models import Notice, User
from accounts.outbox import ledgers, settle
from tests.cast import Cast
from tests.factories.workorders import Story, reason
from workorders import authorization, lifecycle, offers, visits, watch
from workorders.models import Under

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]


class Ear:
    """What has been told since it last listened: subject by reader, and that each page opens for its reader."""

    def __init__(self, enter: Enter) -> None:
        self.enter = enter
        self.heard: set[int] = set()

    def __call__(self, story: Story) -> dict[str, list[str]]:
        for _ in range(2):
            settle(now=story.now, ledgers=ledgers(), limit=10_000)
        told: dict[str, list[str]] = {}
        for notice in Notice.objects.exclude(pk__in=self.heard).filter(channel="app").select_related("reader"):
            told.setdefault(str(notice.reader), []).append(notice.subject)
            assert self.enter(notice.reader).get(notice.path, follow=True).status_code == 200, notice.path
        self.heard = set(Notice.objects.values_list("pk", flat=True))
        return told


@pytest.fixture
def ear(enter: Enter) -> Ear:
    return Ear(enter)


def everybody(cast: Cast) -> None:
    for name in ("fm", "dispatcher", "technician", "colleague", "store", "foreign_fm", "rival", "sibling_store"):
        getattr(cast, name)


def test_the_company_that_has_the_job_hears_what_it_may_cost_at_most(cast: Cast, ear: Ear) -> None:
    everybody(cast)
    story = Story(cast).scheduled()
    assert not [one for one in ear(story).get("Dex Dispatcher", ()) if "at most" in one]
    for amount, words in (("800", "raised to $800.00"), ("600", "now at most $600.00"), ("0", "Nothing authorized")):
        authorization.authorize(
            story.work_order, amount=Decimal(amount), by=cast.fm, now=story.later(), reason="Our secret"
        )
        told = ear(story)
        assert set(told) == {"Dex Dispatcher", "Tess Technician"}
        assert words in told["Dex Dispatcher"][0]
    assert not Notice.objects.filter(body__contains="Our secret").exists()


def test_a_company_that_is_asked_hears_of_another_amount_but_not_of_the_one_in_its_offer(cast: Cast, ear: Ear) -> None:
    everybody(cast)
    story = Story(cast).ready()
    ear(story)
    offers.broadcast(
        story.work_order, vendors=[cast.cascade, cast.summit], by=cast.fm, now=story.later(), nte_amount=Decimal(500),
        override_reason="Quick",
    )  # fmt: skip
    told = ear(story)
    assert [one.partition(" ")[0] for one in told["Dex Dispatcher"] + told["Rita Rival"]] == ["Job", "Job"]
    authorization.authorize(story.fresh().work_order, amount=Decimal(700), by=cast.fm, now=story.later())
    told = ear(story)
    assert set(told) == {"Dex Dispatcher", "Rita Rival"}
    page = ear.enter(cast.dispatcher).get(f"/jobs/{story.work_order.number}").content.decode()
    assert "$700.00" in page
    assert "$500.00" not in page
    offers.accept(
        story.work_order.offers.get(vendor=cast.cascade), by=cast.dispatcher, now=story.later(),
        start_at=story.now + timedelta(hours=1), end_at=story.now + timedelta(hours=2),
    )  # fmt: skip
    authorization.authorize(story.fresh().work_order, amount=Decimal(900), by=cast.fm, now=story.later())
    assert "Rita Rival" not in {name for name, said in ear(story).items() if any("900" in one for one in said)}


def test_another_priority_is_heard_by_all_who_go_by_it(cast: Cast, ear: Ear) -> None:
    everybody(cast)
    story = Story(cast).scheduled()
    ear(story)
    lifecycle.set_priority(story.work_order, by=cast.fm, now=story.later(), priority=1, reason="Stock is melting")
    told = ear(story)
    assert set(told) == {"Dex Dispatcher", "Tess Technician", "Stella Store"}
    assert "is now P1 Emergency" in told["Stella Store"][0]
    assert not Notice.objects.exclude(reader=cast.fm).filter(body__contains="melting").exists()


def test_facilities_hears_of_a_priority_that_somebody_else_changed(cast: Cast, ear: Ear) -> None:
    everybody(cast)
    other = cast.person("Fred Facilities", "facilities_manager", regions=[cast.north])
    story = Story(cast).ready()
    ear(story)
    lifecycle.set_priority(story.work_order, by=other, now=story.later(), priority=2, reason="Stock is melting")
    assert set(ear(story)) == {"Fay Facilities", "Stella Store"}
    assert Notice.objects.get(reader=cast.fm, channel="app", body__contains="melting")


def test_who_is_relieved_of_a_trip_hears_it(cast: Cast, ear: Ear) -> None:
    everybody(cast)
    story = Story(cast).scheduled()
    ear(story)
    visits.assign(story.visit, technician=cast.colleague, by=cast.dispatcher, now=story.later())
    told = ear(story)
    assert told["Theo Technician"][0].startswith("Your job")
    assert told["Tess Technician"][0].startswith("No longer your job")
    visits.assign(story.visit, technician=cast.colleague, by=cast.dispatcher, now=story.later())
    assert ear(story) == {}
    start = story.now + timedelta(hours=5)
    visits.reschedule(
        story.fresh().work_order, start_at=start, end_at=start, reason="Van", technician=cast.technician,
        by=cast.dispatcher, now=story.later(),
    )  # fmt: skip
    told = ear(story)
    assert told["Tess Technician"][0].startswith("Your job")
    assert told["Theo Technician"] == [f"No longer your job: {story.work_order.number} {story.work_order.title}"]


def test_who_asks_about_a_hold_that_lasts_too_long(cast: Cast, ear: Ear) -> None:
    everybody(cast)
    story = Story(cast).scheduled()
    for label, flags, told_too in (
        ("Parts", {"vendor_may_choose": True}, {"Dex Dispatcher", "Tess Technician"}),
        ("Our request", {}, set()),
    ):
        until = story.later() + timedelta(hours=1)
        lifecycle.hold(
            story.fresh().work_order, by=cast.fm, now=story.now, reason=reason(Under.HOLD, label, **flags),
            until_at=until,
        )  # fmt: skip
        ear(story)
        story.now = until
        watch.sweep_holds(now=story.now)
        assert set(ear(story)) == {"Fay Facilities"} | told_too
        lifecycle.resume(story.fresh().work_order, by=cast.fm, now=story.later())
        ear(story)


def test_the_company_hears_that_its_appointment_has_passed_while_on_hold(cast: Cast, ear: Ear) -> None:
    everybody(cast)
    story = Story(cast).scheduled().on_hold()
    ear(story)
    lifecycle.resume(story.work_order, by=cast.fm, now=story.later(days=1))
    assert "Tess Technician" in ear(story)
    assert Notice.objects.filter(reader=cast.dispatcher, body__contains="Agree on another").exists()
    page = ear.enter(cast.store).get(f"/requests/{story.work_order.number}").content.decode()
    assert "the time is still to be agreed" in page
    assert "Set a time" in ear.enter(cast.dispatcher).get(f"/jobs/{story.work_order.number}").content.decode()


def test_every_reaction_says_what_it_does() -> None:
    silent = [
        f"{one.__module__}.{one.__name__}"
        for ledger in ledgers().values()
        for reactions in ledger.follows.values()
        for one in reactions
        if not (one.__doc__ or "").strip()
    ]
    assert silent == []
