"""One work order, from the store's call to the end, by the rules alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django_q.models import OrmQ

from accounts.models import Notice, User
from accounts.outbox import ledgers, settle
from tests.cast import Cast
from tests.factories.workorders import Story
from workorders import conversation
from workorders.models import Audience, Status

pytestmark = pytest.mark.django_db


def test_a_dead_cooler_is_reported_repaired_confirmed_and_closed(cast: Cast) -> None:
    story = Story(cast)
    for status in (
        Status.NEW, Status.READY, Status.OFFERED, Status.SCHEDULED, Status.IN_PROGRESS, Status.COMPLETED,
        Status.VERIFIED, Status.CLOSED,
    ):  # fmt: skip
        story.at(status)
        assert story.fresh().work_order.status == status
    verbs = [event.verb.partition(".")[2] for event in story.work_order.events.all()]
    assert verbs == [
        "reported", "triaged", "authorized", "offered", "accepted", "checked_in", "completed", "verified", "closed",
    ]  # fmt: skip


def test_everybody_concerned_is_told_of_each_stage_once(cast: Cast) -> None:
    for name in ("fm", "dispatcher", "technician", "store", "foreign_fm", "rival", "sibling_store"):
        getattr(cast, name)
    story = Story(cast)
    settle(now=story.now, ledgers=ledgers())  # what they were told of their own roles
    told: dict[str, set[str]] = {}
    for status in (
        Status.NEW, Status.READY, Status.OFFERED, Status.SCHEDULED, Status.IN_PROGRESS, Status.COMPLETED,
        Status.VERIFIED,
    ):  # fmt: skip
        before = set(Notice.objects.values_list("pk", flat=True))
        story.at(status)
        for _ in range(2):
            settle(now=story.now, ledgers=ledgers())
        fresh = Notice.objects.exclude(pk__in=before).select_related("reader")
        told[status] = {str(notice.reader or notice.address) for notice in fresh}
    assert told == {
        Status.NEW: {cast.store.email, "Fay Facilities"},
        Status.READY: {"Stella Store"},
        Status.OFFERED: {"Dex Dispatcher"},
        Status.SCHEDULED: {"Stella Store", "Fay Facilities", "Tess Technician"},
        Status.IN_PROGRESS: {"Stella Store"},
        Status.COMPLETED: {"Stella Store", "Fay Facilities"},
        Status.VERIFIED: {"Fay Facilities", "Dex Dispatcher"},
    }
    assert not {str(one) for one in (cast.foreign_fm, cast.rival, cast.sibling_store)} & set().union(*told.values())


def test_people_are_told_of_a_move_without_waiting_for_the_sweep(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        Story(cast).reported()
    assert [queued.task["args"] for queued in OrmQ.objects.all()] == [("settle",)]


def test_every_notice_leads_its_reader_to_a_page_that_opens(cast: Cast, enter: Callable[[User], Client]) -> None:
    story = Story(cast).reported()
    clients = {
        person: enter(person)
        for person in (cast.fm, cast.dispatcher, cast.technician, cast.store, cast.district, cast.admin, cast.finance)
    }
    for person in (cast.fm, cast.district, cast.admin):
        conversation.watch(story.work_order, by=person, now=story.now)
    seen: set[int] = set()
    for status in (
        Status.NEW, Status.READY, Status.OFFERED, Status.SCHEDULED, Status.IN_PROGRESS, Status.COMPLETED,
        Status.VERIFIED,
    ):  # fmt: skip
        if status != Status.NEW:
            story.at(status)
        conversation.say(
            story.work_order, body="Look", audience=Audience.EVERYONE, by=cast.finance, now=story.later(seconds=1)
        )
        settle(now=story.now, ledgers=ledgers())
        for notice in Notice.objects.exclude(pk__in=seen).exclude(reader=None).select_related("reader"):
            seen.add(notice.pk)
            answer = clients[notice.reader].get(notice.path, follow=True)
            assert answer.status_code == 200, (status, notice.reader, notice.subject, notice.path)
    assert len(seen) > 20
