"""A vendor's phone with the link from its mail, for the stories of links."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.actors import LinkHolder
from accounts.delivery import deliver
from accounts.models import LogEvent, Notice, Operation
from accounts.once import fresh_key
from accounts.outbox import ledgers, settle
from tests.factories.workorders import Story
from workorders import links
from workorders.models import Event, Invoice, JobLink, Offer, Visit, WorkOrder

ADDRESS = "offers@casc.example.com"
"""Cascade is a company of one here: nobody of it signs in."""

LINK = re.compile(r"/j/[\w.=-]{40,}")


def posted() -> list[str]:
    """The links in the mails that go out now."""
    settle(now=timezone.now(), ledgers=ledgers())
    before = len(mail.outbox)
    deliver(now=timezone.now())
    return [found[0] for one in mail.outbox[before:] if one.to == [ADDRESS] and (found := LINK.search(str(one.body)))]


def opened(link: str) -> tuple[Client, str]:
    """A phone that has opened the link, and where its pages are."""
    client = Client()
    answer = client.get(link)
    assert answer.status_code == 302
    return client, answer.headers["Location"]


def job(story: Story) -> str:
    return f"jobs/{story.work_order.number}"


def local(story: Story, **ahead: int) -> str:
    zone = ZoneInfo(story.work_order.site.time_zone)
    return (timezone.now() + timedelta(**ahead)).astimezone(zone).strftime("%Y-%m-%dT%H:%M")


def accept(client: Client, home: str, story: Story, **more: Any) -> Any:
    given = {"operation": fresh_key(), "start_at": local(story, hours=3), "window": "120", "technician": ""}
    return client.post(f"{home}jobs/offers/{story.offer.pk}/accept", given | more)


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def everything() -> dict[str, list[Any]]:
    """All that looking could have changed."""
    models = (WorkOrder, Offer, Visit, Invoice, Event, JobLink, Notice, Operation, LogEvent)
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in models}


def holder(story: Story) -> LinkHolder:
    return links.holder_of(JobLink.objects.with_reader().filter(work_order=story.work_order)[0])
