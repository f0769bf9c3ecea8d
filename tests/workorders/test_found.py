"""A technician on site finds something else: new work, linked, with nothing to spend before facilities has looked."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import Notice, User
from accounts.once import fresh_key
from accounts.tasks import settle
from tests.cast import Cast
from tests.factories.workorders import Story, photo
from workorders import intake
from workorders.models import Source, Status, WorkOrder
from workorders.refusals import NotAllowed, NotNow

pytestmark = pytest.mark.django_db

type Enter = Callable[[User], Client]


def given(cast: Cast, **more: Any) -> dict[str, Any]:
    return {
        "operation": fresh_key(), "trade": cast.plumbing.pk, "problem_type": cast.leak.pk, "working": "degraded",
        "description": "The drain under the cooler is cracked.",
    } | more  # fmt: skip


def test_what_is_found_follows_the_job_and_nothing_may_be_spent_on_it(cast: Cast, enter: Enter) -> None:
    story = Story(cast).on_site()
    cast.leak.default_nte_amount = Decimal(400)
    cast.leak.save()
    client, page = enter(cast.technician), f"/jobs/{story.work_order.number}/found"
    assert "Something else is wrong" in client.get(page).content.decode()
    answer = client.post(page, given(cast, photos=[photo()], asset=cast.cooler.tag.lower()))
    assert answer.headers["Location"] == f"/jobs/{story.work_order.number}"
    made = story.work_order.follow_ups.get()
    assert (made.status, made.source, made.site, made.asset) == (
        Status.NEW, Source.FOLLOW_UP, cast.hilltop, cast.cooler,
    )  # fmt: skip
    assert made.authorized_amount == 0
    assert (made.requester, made.requester_name) == (None, "Tess Technician")
    assert made.attachments.count() == 1
    settle(story.now.isoformat())
    assert Notice.objects.filter(topic="workorder.reported", reader=cast.fm).exists()
    assert not Notice.objects.filter(topic="workorder.confirmation", address=cast.technician.email).exists()
    assert enter(cast.technician).get(f"/jobs/{made.number}").status_code == 404


def test_questions_of_the_problem_are_asked_before_it_goes(cast: Cast, enter: Enter) -> None:
    story = Story(cast).on_site()
    question = cast.leak.questions.create(text="Could somebody slip?", level_if_yes=1)
    client, page = enter(cast.technician), f"/jobs/{story.work_order.number}/found"
    first = client.post(page, given(cast))
    assert "Could somebody slip?" in first.content.decode()
    assert not story.work_order.follow_ups.exists()
    client.post(page, given(cast, asked=str(cast.leak.pk), **{f"question_{question.pk}": "yes"}))
    assert story.work_order.follow_ups.get().priority == 1


def test_it_is_screened_like_any_report_but_shows_the_technician_nothing(cast: Cast, enter: Enter) -> None:
    known = Story(cast, facts={"asset": None, "problem_type": cast.leak, "trade": cast.plumbing,
                               "title": "Drain quokka"}).reported().work_order  # fmt: skip
    story = Story(cast).on_site()
    with time_machine.travel(story.later(), tick=False):
        client = enter(cast.technician)
        answer = client.post(f"/jobs/{story.work_order.number}/found", given(cast), follow=True)
    assert "quokka" not in answer.content.decode()
    found = story.work_order.follow_ups.get().screenings.get(step="duplicate", found=True)
    assert known.number in found.sentence


def test_only_while_on_site_and_only_there(cast: Cast, enter: Enter) -> None:
    story = Story(cast).scheduled()
    client, page = enter(cast.technician), f"/jobs/{story.work_order.number}/found"
    early = client.get(page)
    assert early.status_code == 409
    # Nobody was faster: the heading says so too.
    assert "<h1>This cannot be done now</h1><p>Check in first" in early.content.decode()
    assert client.post(page, given(cast)).status_code == 409
    story.on_site()
    assert "No unit at M-114 has this tag." in client.post(page, given(cast, asset="RF-999")).content.decode()
    with pytest.raises(NotNow):
        intake.found_on_site(
            story.work_order, by=cast.rival_technician, now=story.now, trade=cast.plumbing, description="Leak"
        )
    with pytest.raises(NotAllowed):
        intake.report(
            by=cast.technician, now=story.now, site=cast.harbor, trade=cast.plumbing, description="Leak",
            follows=story.work_order,
        )  # fmt: skip
    assert WorkOrder.objects.count() == 1
