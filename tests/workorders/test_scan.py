"""A label is scanned: each kind of person comes to a form of their own, a visitor to one that tells nothing."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.once import fresh_key
from assets.models import Asset, AssetStatus, OldCode, Site
from tests.cast import Cast
from tests.factories.clock import HOUSE, NOW
from tests.factories.workorders import Story, photo
from workorders import scans
from workorders.models import AvoidedVisit, Source, WorkOrder

pytestmark = pytest.mark.django_db

type Enter = Callable[[User], Client]


def address(place: Asset | Site) -> str:
    place.refresh_from_db()
    return reverse("workorders:scan", args=[place.scan_code])


@pytest.fixture
def opened(cast: Cast) -> None:
    assert {cast.cooler.name, cast.too_warm.name, cast.leak.name, cast.desert.name}
    scans.IS_OPEN.change(value=True, by=HOUSE, now=NOW)


def given(cast: Cast, **more: Any) -> dict[str, Any]:
    return {
        "operation": fresh_key(), "problem_type": cast.too_warm.pk, "working": "down", "requester_name": "Pat Passer",
        "description": "It drips and hums.",
    } | more  # fmt: skip


def test_it_is_closed_until_an_administrator_opens_it(cast: Cast, client: Client) -> None:
    place = address(cast.cooler)
    for answer in (client.get(place), client.post(place, given(cast))):
        assert answer.status_code == 302
        assert answer.headers["Location"] == f"/accounts/login/?next={place.replace('/', '%2F')}"
    assert not WorkOrder.objects.exists()
    assert client.get(f"/q/{uuid.uuid4()}").status_code == 404


def test_each_kind_of_person_comes_to_their_own_form(cast: Cast, enter: Enter) -> None:
    place, where = address(cast.cooler), f"asset={cast.cooler.tag}&site=M-114"
    led = {
        cast.store: f"/report?{where}",
        cast.district: f"/report?{where}",
        cast.fm: f"/work-orders/new?{where}",
        cast.auditor: f"/assets/{cast.cooler.tag}",
        cast.dispatcher: "/jobs",
        cast.technician: "/jobs",
    }
    for person, there in led.items():
        assert enter(person).get(place).headers["Location"] == there, person
    for stranger in (cast.foreign_store, cast.stranger):
        assert enter(stranger).get(place).status_code == 404
    assert enter(cast.store).get(address(cast.hilltop)).headers["Location"] == "/report?site=M-114"


def test_a_technician_on_site_comes_to_what_else_is_wrong(cast: Cast, enter: Enter) -> None:
    story = Story(cast).on_site()
    led = enter(cast.technician).get(address(cast.cooler)).headers["Location"]
    assert led.startswith(f"/jobs/{story.work_order.number}/found?asset={cast.cooler.tag}")


def test_a_visitor_reports_for_the_place_of_the_label_and_nothing_else(
    cast: Cast, client: Client, opened: None
) -> None:
    page = client.get(address(cast.cooler))
    assert page.status_code == 200
    assert cast.too_warm.name in page.content.decode()
    wanted = given(cast, site=cast.desert.code, asset="RF-201", photos=[photo()])
    answer = client.post(address(cast.cooler), wanted)
    row = WorkOrder.objects.get()
    assert (row.site, row.asset, row.trade, row.source) == (cast.hilltop, cast.cooler, cast.refrigeration, Source.SCAN)
    assert (row.requester, row.requester_name) == (None, "Pat Passer")
    assert row.attachments.count() == 1
    thanks = client.get(answer.headers["Location"])
    assert row.number in thanks.content.decode()
    assert (
        client.post(address(cast.cooler), wanted | {"photos": [photo()]}).headers["Location"]
        == answer.headers["Location"]
    )
    assert WorkOrder.objects.count() == 1
    assert client.get(answer.headers["Location"] + "x").status_code == 404


def test_the_label_of_a_site_asks_for_the_trade(cast: Cast, client: Client, opened: None) -> None:
    place = address(cast.hilltop)
    assert client.post(place, given(cast)).status_code == 422
    assert client.post(place, given(cast, trade="plumbing")).status_code == 422, "the problem is of another trade"
    assert client.post(place, given(cast, trade="plumbing", problem_type="other")).status_code == 302
    assert (WorkOrder.objects.get().trade, WorkOrder.objects.get().asset) == (cast.plumbing, None)


def test_a_visitor_sees_nothing_of_the_place_s_work(cast: Cast, client: Client, opened: None) -> None:
    """The pages are the same, to the letter, before and after there is work of every kind."""

    def seen() -> list[str]:
        pages = [client.get(address(place)) for place in (cast.cooler, cast.hilltop)]
        pages.append(client.post(address(cast.cooler), given(cast, look="1")))
        # Tokens and one-time keys are new with every answer.
        return [re.sub(r"[A-Za-z0-9]{32,}", "", page.content.decode()) for page in pages]

    before = seen()
    Story(cast, facts={"title": "Cooler quokka", "description": "It drips and hums, quokka."}).on_site()
    assert seen() == before
    made = client.post(address(cast.cooler), given(cast))
    thanks = client.get(made.headers["Location"]).content.decode()
    assert "quokka" not in thanks
    newest = WorkOrder.objects.latest("pk")
    assert newest.requester_name == "Pat Passer"
    assert newest.screenings.filter(step="duplicate", found=True).exists(), "facilities sees that it is known"


def test_photos_are_asked_for_and_let_in_by_what_they_are(cast: Cast, client: Client, opened: None) -> None:
    cast.too_warm.photos_required = 1
    cast.too_warm.save()
    without = client.post(address(cast.cooler), given(cast))
    assert "Add a photo of the problem." in without.content.decode()
    script = SimpleUploadedFile("photo.jpg", b"<svg><script>steal()</script></svg>", content_type="image/jpeg")
    refused = client.post(address(cast.cooler), given(cast, photos=[script]))
    assert refused.status_code == 422
    assert "is of a kind that is not accepted" in refused.content.decode()
    many = client.post(address(cast.cooler), given(cast, photos=[photo() for _ in range(4)]))
    assert "Choose at most 3 files" in many.content.decode()
    assert not WorkOrder.objects.exists()


def test_a_problem_that_is_not_taken_here_says_so_and_help_that_helped_is_counted(
    cast: Cast, client: Client, opened: None
) -> None:
    cast.too_warm.self_help.create(text="Close the door.")
    looked = client.post(address(cast.cooler), given(cast, look="1")).content.decode()
    assert "Close the door." in looked
    solved = client.post(address(cast.cooler), given(cast, solved="1"))
    assert "Nothing was sent" in client.get(solved.headers["Location"]).content.decode()
    assert AvoidedVisit.objects.get().asset == cast.cooler
    cast.too_warm.stops_request, cast.too_warm.requester_message = True, "Call the landlord."
    cast.too_warm.save()
    refused = client.post(address(cast.cooler), given(cast))
    assert refused.status_code == 422
    assert "Call the landlord." in refused.content.decode()
    assert not WorkOrder.objects.exists()


def test_a_retired_unit_and_a_closed_site_say_so(cast: Cast, client: Client, opened: None) -> None:
    Asset.objects.filter(pk=cast.cooler.pk).update(condition=AssetStatus.RETIRED)
    for answer in (client.get(address(cast.cooler)), client.post(address(cast.cooler), given(cast))):
        assert answer.status_code == 410
        assert "This unit is out of use" in answer.content.decode()
    Site.objects.filter(pk=cast.harbor.pk).update(retired_at=NOW)
    assert "closed for good" in client.get(address(cast.harbor)).content.decode()
    assert not WorkOrder.objects.exists()


def test_so_many_and_no_more_in_an_hour(cast: Cast, client: Client, opened: None) -> None:
    scans.PER_CODE.change(value=2, by=HOUSE, now=NOW)
    scans.PER_ADDRESS.change(value=3, by=HOUSE, now=NOW)

    def report(place: Asset | Site, visitor: str = "198.51.100.7") -> int:
        facts = given(cast, trade="refrigeration", description="It drips. " + uuid.uuid4().hex)
        return client.post(address(place), facts, REMOTE_ADDR=visitor).status_code

    with time_machine.travel(NOW, tick=False) as clock:
        assert [report(cast.cooler), report(cast.cooler), report(cast.cooler)] == [302, 302, 429]
        assert report(cast.hilltop, "198.51.100.8") == 302, "another label, another visitor"
        assert [report(cast.harbor), report(cast.harbor)] == [302, 429], "the same visitor as before"
        clock.shift(timedelta(hours=1))
        assert report(cast.cooler) == 302


def test_a_replaced_label_says_so_and_takes_nothing(cast: Cast, enter: Enter, client: Client, opened: None) -> None:
    old = {place: address(place) for place in (cast.cooler, cast.hilltop)}
    admin = enter(cast.admin)
    tag, key = cast.cooler.tag, fresh_key()
    assert admin.get(f"/equipment/{tag}/label/replace").status_code == 405
    for _ in range(2):  # a double press makes one new code
        assert admin.post(f"/equipment/{tag}/label/replace", {"operation": key}).status_code == 302
    assert admin.post(f"/equipment/{tag}/label/replace").status_code == 302
    assert admin.post("/labels/M-114/replace", {"operation": fresh_key()}).status_code == 302
    assert OldCode.objects.count() == 2
    for place, before in old.items():
        assert address(place) != before
        for answer in (client.get(before), client.post(before, given(cast)), enter(cast.store).get(before)):
            assert answer.status_code == 410
            assert "This label was replaced." in answer.content.decode()
        assert client.get(address(place)).status_code == 200
    assert not WorkOrder.objects.exists()
    assert "gave it a new code" in admin.get(f"/assets/{tag}").content.decode()
    assert "gave the site a new code" in admin.get("/sites/M-114").content.decode()


def test_only_who_keeps_a_place_replaces_its_label(cast: Cast, enter: Enter) -> None:
    unit, site = f"/equipment/{cast.cooler.tag}/label", "/labels/M-114/replace"
    for person, replaces in ((cast.store, (403, 403)), (cast.foreign_fm, (404, 403)), (cast.fm, (302, 403))):
        client = enter(person)
        answers = tuple(client.post(one, {"operation": fresh_key()}).status_code for one in (f"{unit}/replace", site))
        assert answers == replaces, person
    assert "New code" in enter(cast.fm).get(unit).content.decode()
    assert "New code" not in enter(cast.store).get(unit).content.decode()
    assert "New code for M-114" in enter(cast.admin).get("/labels?site=M-114").content.decode()
    assert "New code for M-114" not in enter(cast.fm).get("/labels?site=M-114").content.decode()
