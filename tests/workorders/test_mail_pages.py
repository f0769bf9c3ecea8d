"""The page on which facilities sorts mail that nobody is proved to have written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Notice, User
from accounts.once import fresh_key
from tests.cast import Cast
from tests.factories.clock import NOW
from tests.factories.workorders import Story, photo
from tests.workorders.test_letters import mail
from workorders import inbox
from workorders.models import AttachmentKind, Comment, Letter, LetterState, Source, WorkOrder

pytestmark = pytest.mark.django_db

type Enter = Callable[[User], Client]


def letter(text: str = "Water drips from the ceiling.", **headers: str) -> Letter:
    headers = {"From": "Ed Egger <ed@landlord.example.com>", "Subject": "Roof of M-114"} | headers
    message = mail(text, **headers)
    message.add_attachment(photo("roof.jpg").read(), maintype="image", subtype="jpeg", filename="roof.jpg")
    message.add_attachment(b"<svg><script>", maintype="image", subtype="png", filename="logo<b>.png")
    return inbox.receive(message.as_bytes(), now=NOW)


def test_what_waits_is_listed_with_why_and_facilities_is_told_in_the_app(cast: Cast, enter: Enter) -> None:
    assert {cast.hilltop.code, cast.fm.name, cast.foreign_fm.name}
    waiting = letter()
    told = Notice.objects.get(topic="mail.waits")
    assert (told.reader, told.channel, told.path) == (cast.fm, "app", f"/mail/{waiting.pk}")
    letter(Auto_Submitted="auto-replied", MessageID="<2@x>", Subject="Out of office")
    page = enter(cast.fm).get(reverse("workorders:mail")).content.decode()
    assert "Roof of M-114" in page
    assert "Nobody here has this address." in page
    assert "Out of office" not in page
    ignored = enter(cast.fm).get(reverse("workorders:mail") + "?show=ignored").content.decode()
    assert "Out of office" in ignored
    assert waiting.written_by.partition(" <")[0] in page


def test_a_mail_is_shown_with_its_files_and_nothing_in_it_runs(cast: Cast, enter: Enter) -> None:
    row = letter("<script>alert(1)</script> \N{RIGHT-TO-LEFT OVERRIDE}hello")
    page = enter(cast.fm).get(reverse("workorders:letter", args=[row.pk])).content.decode()
    assert "<script>alert" not in page
    assert "is of a kind that is not accepted" in page
    kept = row.enclosures.exclude(file=None).get()
    answer = enter(cast.fm).get(reverse("workorders:letter_file", args=[kept.pk]) + "?thumb")
    assert answer["Content-Type"] == "image/webp"
    b"".join(answer)  # type: ignore[arg-type]
    lost = row.enclosures.get(file=None)
    assert enter(cast.fm).get(reverse("workorders:letter_file", args=[lost.pk])).status_code == 404


def test_of_a_very_long_mail_the_beginning_stands_above_what_to_do(cast: Cast, enter: Enter) -> None:
    row = letter("Leak. " * 2000 + "The end.")
    page = enter(cast.fm).get(reverse("workorders:letter", args=[row.pk])).content.decode()
    before, after = page.split("Read all of it")
    assert before.count("Leak.") < 400 < after.count("Leak.")
    assert "The end." in after


def test_a_mail_becomes_a_work_order_with_its_words_and_photos(cast: Cast, enter: Enter) -> None:
    assert cast.hilltop.code == "M-114"
    row, client = letter(), enter(cast.fm)
    form = client.get(reverse("workorders:order_new"), {"letter": row.pk}).context["form"]
    assert form["site"].value() == "M-114"
    assert form["description"].value() == "Water drips from the ceiling."
    given: dict[str, Any] = {
        "operation": fresh_key(), "letter": row.pk, "site": "M-114", "kind": "reactive", "trade": cast.plumbing.pk,
        "working": "working", "title": "Roof", "description": form["description"].value(), "photos": photo("own.jpg"),
        "requester_name": form["requester_name"].value(),
    }  # fmt: skip
    answer = client.post(reverse("workorders:order_new"), given)
    made = WorkOrder.objects.get()
    assert answer.headers["Location"] == reverse("workorders:order", args=[made.number])
    assert (made.source, made.requester_name) == (Source.EMAIL, "Ed Egger")
    assert made.attachments.filter(kind=AttachmentKind.PROBLEM).count() == 2
    row.refresh_from_db()
    assert (row.state, row.work_order, row.decided_by) == (LetterState.REPORTED, made, cast.fm)

    again = client.post(reverse("workorders:order_new"), given | {"operation": fresh_key(), "photos": photo()})
    assert again.status_code == 422
    assert "Somebody has sorted this mail already" in again.content.decode()
    assert WorkOrder.objects.count() == 1


def test_a_mail_is_added_to_work_in_sight_only(cast: Cast, enter: Enter) -> None:
    near, far = Story(cast).reported().work_order, Story(cast).reported().work_order
    WorkOrder.objects.filter(pk=far.pk).update(site=cast.desert, region=cast.south, asset=None)
    row, client = letter(), enter(cast.fm)
    address = reverse("workorders:letter_file_away", args=[row.pk])
    wrong = client.post(address, {"operation": fresh_key(), "work_order": far.number, "audience": "internal"})
    assert wrong.status_code == 422
    assert "No work order has this number." in wrong.content.decode()
    right = client.post(address, {"operation": fresh_key(), "work_order": near.number, "audience": "store"})
    assert right.headers["Location"] == reverse("workorders:mail")
    assert Comment.objects.get(work_order=near).audience == "store"
    late = client.post(address, {"operation": fresh_key(), "work_order": near.number, "audience": "store"})
    assert late.status_code == 409


def test_discarding_says_why_and_can_be_taken_back(cast: Cast, enter: Enter) -> None:
    row, client = letter(), enter(cast.fm)
    address = reverse("workorders:letter_discard", args=[row.pk])
    assert client.post(address, {"operation": fresh_key(), "reason": ""}).status_code == 422
    assert client.post(address, {"operation": fresh_key(), "reason": "Advertising"}).status_code == 302
    page = client.get(reverse("workorders:letter", args=[row.pk])).content.decode()
    assert "Discarded" in page
    assert "“Advertising”" in page
    back = client.post(reverse("workorders:letter_take_back", args=[row.pk]), {"operation": fresh_key()})
    assert back.status_code == 302
    row.refresh_from_db()
    assert row.state == LetterState.HELD
