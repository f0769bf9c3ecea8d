"""The gap list at the desk: what is in sight, narrowed by its address, given out as a file, and one place explained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import LogEvent, User
from tests.cast import Cast
from tests.factories.assets import SiteFactory
from tests.factories.clock import NOW
from tests.factories.vendors import VendorFactory
from vendors.models import Coverage, RateCard, Vendor

type Enter = Callable[[User], Client]


def said(response: Any) -> str:
    return str(response.content.decode())


@pytest.fixture
def north_only(cast: Cast) -> Vendor:
    """Cascade goes to the north alone, and for plumbing without rates."""
    assert cast.hilltop and cast.desert
    vendor: Vendor = cast.cascade
    vendor.coverage.filter(region=cast.south).delete()
    RateCard.objects.filter(vendor=vendor, trade=cast.plumbing).delete()
    return vendor


def rows(answer: Any) -> list[tuple[str, str, str]]:
    return [(gap.code, gap.trade, gap.cell.sentence) for gap, _ in answer.context["lines"]]


def test_a_person_sees_the_gaps_of_the_own_region_and_no_other(cast: Cast, enter: Enter, north_only: Vendor) -> None:
    lacks = "1 vendor covers it: 1 without rates in force."
    assert rows(enter(cast.fm).get("/compliance/gaps")) == [("M-114", "Plumbing", lacks)]
    assert rows(enter(cast.admin).get("/compliance/gaps")) == [
        ("M-114", "Plumbing", lacks),
        ("M-201", "Plumbing", "Nobody covers it."),
        ("M-201", "Refrigeration", "Nobody covers it."),
    ]
    assert enter(cast.dispatcher).get("/compliance/gaps").status_code == 403


def test_the_address_narrows_by_region_trade_and_reason(cast: Cast, enter: Enter, north_only: Vendor) -> None:
    client = enter(cast.admin)

    def codes(query: str) -> list[tuple[str, str]]:
        return [row[:2] for row in rows(client.get(f"/compliance/gaps?{query}"))]

    assert codes(f"region={cast.south.pk}&trade={cast.plumbing.pk}") == [("M-201", "Plumbing")]
    assert codes("why=rates") == [("M-114", "Plumbing")]
    assert len(codes("why=uncovered")) == 2
    assert codes("why=papers") == []
    assert len(codes("region=nowhere&page=abc")) == 3  # what cannot be read narrows nothing
    assert "No gaps" not in said(client.get("/compliance/gaps?why=papers"))
    part = client.get("/compliance/gaps", headers={"HX-Request": "true", "HX-Target": "gap-results"})
    assert said(part).lstrip().startswith('<section class="card" id="gap-results"')


def test_the_file_says_the_same_logged_and_runs_nothing(cast: Cast, enter: Enter, north_only: Vendor) -> None:
    SiteFactory(code="M-300", name="=1+1", region=cast.south)
    client = enter(cast.admin)
    answer = client.post("/compliance/gaps.csv", {"region": cast.south.pk, "trade": cast.plumbing.pk})
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert lines[1:] == [
        "M-201,Tucson Desert,South,Plumbing,Nobody covers it.,0,0,0,0,0",
        "M-300,'=1+1,South,Plumbing,Nobody covers it.,0,0,0,0,0",
    ]
    assert LogEvent.objects.filter(stream="exports", verb="gaps.exported").count() == 1
    assert client.get("/compliance/gaps.csv").status_code == 405
    assert enter(cast.district).post("/compliance/gaps.csv").status_code == 403


def test_one_place_tells_what_each_vendor_lacks_the_nearest_first(cast: Cast, enter: Enter, north_only: Vendor) -> None:
    far = VendorFactory(name="Aardvark", trades=[cast.plumbing])
    answer = enter(cast.admin).get(f"/compliance/gaps/m-114/{cast.plumbing.code}")
    assert [one.vendor for one, _ in answer.context["lines"]] == [north_only, far]
    page = said(answer)
    assert "No rate card for Plumbing on" in page
    assert "Does not cover M-114." in page
    assert f"/vendors/{far.code}/coverage/new?trade={cast.plumbing.pk}" in page
    assert enter(cast.fm).get(f"/compliance/gaps/M-201/{cast.plumbing.code}").status_code == 404
    filled = enter(cast.admin).get(f"/vendors/{far.code}/coverage/new?trade={cast.plumbing.pk}&site=M-114")
    assert filled.context["form"].initial["site"] == "M-114"


def test_a_gap_that_is_filled_leaves_the_list(cast: Cast, enter: Enter, north_only: Vendor) -> None:
    client = enter(cast.admin)
    answers = {"trade": cast.refrigeration.pk, "site": "M-201"}
    assert client.post(f"/vendors/{north_only.code}/coverage/new", answers).status_code in (302, 422)
    Coverage.objects.get_or_create(vendor=north_only, trade=cast.refrigeration, site=cast.desert)
    assert ("M-201", "Refrigeration") not in [row[:2] for row in rows(client.get("/compliance/gaps"))]
    Vendor.objects.filter(pk=north_only.pk).update(do_not_dispatch_since_at=NOW, do_not_dispatch_reason="Fines")
    assert len(rows(client.get("/compliance/gaps"))) == 4


def test_the_page_asks_as_much_for_many_gaps_as_for_one(
    cast: Cast, enter: Enter, django_assert_max_num_queries: Any
) -> None:
    assert cast.hilltop and cast.plumbing
    client = enter(cast.fm)
    client.get("/compliance/gaps")
    with django_assert_max_num_queries(8) as one:
        client.get("/compliance/gaps")
    SiteFactory.create_batch(60, region=cast.north)
    with django_assert_max_num_queries(len(one)):
        assert "1 to 50 of 61" in said(client.get("/compliance/gaps"))
