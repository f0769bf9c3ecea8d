"""Equipment at the desk: the unit with its record, and who may change it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.test import Client

from accounts.models import LogEvent, User
from accounts.once import fresh_key
from assets.models import Asset, Warranty
from tests.cast import Cast
from tests.factories.assets import AreaFactory, AssetFactory
from tests.factories.clock import NOW
from workorders import intake

type Enter = Callable[[User], Client]


def said(response: Any) -> str:
    return str(response.content.decode())


def facts(cast: Cast, **more: Any) -> dict[str, Any]:
    return {
        "tag": "RF-114-03", "name": "Walk-in freezer", "category": cast.cooler.category_id, "condition": "in_service",
        "site": "M-114", "operation": fresh_key(),
    } | more  # fmt: skip


def test_a_unit_is_shown_to_those_who_see_its_site(cast: Cast, enter: Enter) -> None:
    address = f"/assets/{cast.cooler.tag.lower()}"
    assert "Walk-in cooler 2" in said(enter(cast.fm).get(address))
    assert enter(cast.foreign_fm).get(address).status_code == 404
    assert enter(cast.dispatcher).get(address).status_code == 403
    for region in ("history", "figures", "planned", "open-work"):
        assert enter(cast.fm).get(f"{address}/{region}").status_code == 200
        assert enter(cast.foreign_fm).get(f"{address}/{region}").status_code == 404


def test_what_an_hour_of_standstill_costs_is_the_units_own_else_its_kinds(cast: Cast, enter: Enter) -> None:
    for own, kind, told in (
        (None, 0, "As the problem says"),
        (None, 240, "$240.00 per hour"),
        (0, 240, "$0.00 per hour"),
    ):
        Asset.objects.filter(pk=cast.cooler.pk).update(downtime_cost_amount=own)
        type(cast.cooler.category).objects.filter(pk=cast.cooler.category_id).update(downtime_cost_amount=kind)
        assert told in said(enter(cast.fm).get(f"/assets/{cast.cooler.tag}"))


def test_the_record_holds_the_work_and_a_region_answers_alone(cast: Cast, enter: Enter) -> None:
    order = intake.report(
        by=cast.store, now=NOW, site=cast.hilltop, trade=cast.refrigeration, problem_type=cast.too_warm,
        asset=cast.cooler, description="It drips", answers={},
    )  # fmt: skip
    client, address = enter(cast.fm), f"/assets/{cast.cooler.tag}"
    assert order.number in said(client.get(f"{address}/open-work"))
    part = said(client.get(f"{address}/history", headers={"HX-Request": "true", "HX-Target": "asset-history"}))
    assert order.number in part
    assert "<html" not in part
    assert "1 failure<" in said(client.get(f"{address}/figures"))


def test_a_facilities_manager_enters_equipment_for_own_sites_only(cast: Cast, enter: Enter) -> None:
    assert cast.desert
    client = enter(cast.fm)
    assert client.post("/assets/new", facts(cast))["Location"] == "/assets/RF-114-03"
    refused = client.post("/assets/new", facts(cast, tag="RF-201-01", site="M-201"))
    assert refused.status_code == 422
    assert refused.context["form"].errors["site"] == ["There is no site M-201."]
    twice = client.post("/assets/new", facts(cast))
    assert twice.context["form"].errors["tag"] == ["Another asset has this tag."]
    assert enter(cast.store).get("/assets/new").status_code == 403


def test_an_area_and_a_larger_unit_stand_at_the_same_site(cast: Cast, enter: Enter) -> None:
    roof = AreaFactory(site=cast.hilltop, name="Roof")
    AreaFactory(site=cast.harbor, name="Cellar")
    client = enter(cast.fm)
    wrong = client.post("/assets/new", facts(cast, area="Cellar", parent="NONE-1"))
    assert set(wrong.context["form"].errors) == {"area", "parent"}
    client.post("/assets/new", facts(cast, area="roof", parent=cast.cooler.tag))
    made = Asset.objects.get(tag="RF-114-03")
    assert (made.area, made.parent) == (roof, cast.cooler)


def test_a_unit_is_changed_and_the_log_says_what(cast: Cast, enter: Enter) -> None:
    client = enter(cast.fm)
    answers = facts(cast, tag=cast.cooler.tag, name="Dairy cooler", replacement_cost_amount="21500")
    assert client.post(f"/assets/{cast.cooler.tag}/edit", answers).status_code == 302
    event = LogEvent.objects.get(stream=f"asset:{cast.cooler.pk}")
    assert event.verb == "asset.changed"
    assert event.data["changed"]["name"] == ["Walk-in cooler 2", "Dairy cooler"]
    assert "serial" not in event.data["changed"]


def test_a_warranty_is_added_and_ends_after_it_starts(cast: Cast, enter: Enter) -> None:
    client, address = enter(cast.fm), f"/assets/{cast.cooler.tag}/warranties"
    answers = {
        "provider_name": "Polar", "covers": "Compressor", "starts_on": "2026-01-01", "ends_on": "2020-01-01",
        "operation": fresh_key(),
    }  # fmt: skip
    wrong = client.post(f"{address}/new", answers)
    assert wrong.context["form"].errors["ends_on"] == ["The warranty ends before it starts."]
    assert client.post(f"{address}/new", answers | {"ends_on": "2090-01-31"}).status_code == 302
    assert Warranty.objects.get().ends_on == date(2090, 1, 31)
    assert "Covers it" in said(client.get(f"/assets/{cast.cooler.tag}"))
    client.post(f"{address}/{Warranty.objects.get().pk}/remove")
    assert not Warranty.objects.exists()


def test_a_retired_unit_leaves_the_list(cast: Cast, enter: Enter) -> None:
    client = enter(cast.fm)
    assert enter(cast.foreign_fm).post(f"/assets/{cast.cooler.tag}/retire").status_code == 404
    client.post(f"/assets/{cast.cooler.tag}/retire")
    assert client.get("/assets").context["lines"] == []
    assert cast.cooler in client.get("/assets?condition=retired").context["page"].rows


def test_the_list_asks_as_much_for_many_units_as_for_one(
    cast: Cast, enter: Enter, django_assert_max_num_queries: Any
) -> None:
    assert cast.cooler
    client = enter(cast.fm)
    client.get("/assets")
    with django_assert_max_num_queries(8) as one:
        client.get("/assets")
    AssetFactory.create_batch(55, site=cast.hilltop, category=cast.cooler.category)
    with django_assert_max_num_queries(len(one)):
        assert 'rel="next"' in said(client.get("/assets"))
