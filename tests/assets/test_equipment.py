"""Equipment as stores look it up, and the label that leads to a report."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from assets.models import AssetStatus, Warranty
from tests.cast import Cast
from tests.factories.assets import AssetFactory

pytestmark = pytest.mark.django_db

Enter = Callable[[User], Client]


def said(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def test_a_store_finds_its_own_units_and_no_others(cast: Cast, enter: Enter) -> None:
    AssetFactory(tag="RF-115-01", name="Harbor freezer", site=cast.harbor, category=cast.cooler.category)
    page = said(enter(cast.store).get("/equipment"))
    assert cast.cooler.tag in page
    assert "Harbor freezer" not in page
    both = said(enter(cast.district).get("/equipment"))
    assert cast.cooler.tag in both
    assert "Harbor freezer" in both
    assert cast.cooler.tag not in said(enter(cast.district).get(f"/equipment?site={cast.harbor.code}"))


def test_units_are_found_by_tag_name_and_kind(cast: Cast, enter: Enter) -> None:
    assert cast.cooler
    client = enter(cast.store)
    for words in ("rf-114", "walk-in", "COOLER 2"):
        assert cast.cooler.name in said(client.get("/equipment", {"q": words})), words
    assert "Nothing matches “unicorn”" in said(client.get("/equipment?q=unicorn"))


def test_a_store_without_units_is_told_that_it_can_report_all_the_same(cast: Cast, enter: Enter) -> None:
    assert "You can report a problem without one." in said(enter(cast.store).get("/equipment"))


def test_a_retired_unit_is_no_longer_listed_nor_reported(cast: Cast, enter: Enter) -> None:
    cast.cooler.condition = AssetStatus.RETIRED
    cast.cooler.save()
    client = enter(cast.store)
    assert cast.cooler.tag not in said(client.get("/equipment"))
    page = said(client.get(f"/equipment/{cast.cooler.tag}"))
    assert "This unit is retired." in page
    assert "/report?asset=" not in page


def test_the_page_of_a_unit_leads_to_a_report_and_says_what_covers_it(cast: Cast, enter: Enter) -> None:
    Warranty.objects.create(
        asset=cast.cooler, provider_name="Polar", covers="Compressor", starts_on=date(2020, 1, 1),
        ends_on=date(2090, 1, 31),
    )  # fmt: skip
    page = said(enter(cast.store).get(f"/equipment/{cast.cooler.tag.lower()}"))
    assert f"/report?asset={cast.cooler.tag}" in page
    assert "Compressor covered by Polar until 31 Jan 2090." in page
    assert f"/requests?unit={cast.cooler.tag}" in page


@pytest.mark.parametrize("page", ["", "/label", "/label.svg"])
def test_a_unit_of_another_store_is_not_there(cast: Cast, enter: Enter, page: str) -> None:
    address = f"/equipment/{cast.cooler.tag}{page}"
    assert enter(cast.store).get(address).status_code == 200
    assert enter(cast.fm).get(address).status_code == 200
    for other in (cast.sibling_store, cast.foreign_store, cast.foreign_fm):
        assert enter(other).get(address).status_code == 404
    assert enter(cast.dispatcher).get(address).status_code == 403


def test_a_label_holds_the_address_of_a_report_for_the_unit(cast: Cast, enter: Enter, settings: Any) -> None:
    settings.BASE_URL = "https://maintenance.example.com"
    client = enter(cast.fm)
    page = said(client.get(f"/equipment/{cast.cooler.tag}/label"))
    cast.cooler.refresh_from_db()
    assert f"https://maintenance.example.com/q/{cast.cooler.scan_code}" in page
    picture = client.get(f"/equipment/{cast.cooler.tag}/label.svg")
    assert picture["Content-Type"] == "image/svg+xml"
    assert picture.content.startswith(b"<svg")


def test_the_list_asks_as_much_for_many_units_as_for_one(
    cast: Cast, enter: Enter, django_assert_max_num_queries: Any
) -> None:
    assert cast.cooler
    client = enter(cast.store)
    client.get("/equipment")
    with django_assert_max_num_queries(8) as one:
        client.get("/equipment")
    few = len(one)
    AssetFactory.create_batch(60, site=cast.hilltop, category=cast.cooler.category)
    with django_assert_max_num_queries(few):
        page = said(client.get("/equipment"))
    assert 'rel="next"' in page
