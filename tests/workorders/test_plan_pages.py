"""Planned maintenance at the desk: looking ahead before saving, keeping units, and who may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client

from accounts.models import User
from accounts.once import fresh_key
from tests.cast import Cast
from tests.factories.assets import AssetFactory
from workorders.models import Plan

type Enter = Callable[[User], Client]


def said(response: Any) -> str:
    return str(response.content.decode())


def answers(cast: Cast, **more: Any) -> dict[str, Any]:
    return {
        "name": "Clean the coil", "trade": cast.refrigeration.pk, "every": "3", "unit": "MONTHLY",
        "anchor_on": "2030-01-31", "assets": cast.cooler.tag.lower(), "lead_days": "14", "window_after_days": "14",
        "priority": "4", "minutes": "60", "nte_amount": "450", "operation": fresh_key(),
    } | more  # fmt: skip


def test_a_plan_is_looked_at_before_it_is_saved(cast: Cast, enter: Enter) -> None:
    client = enter(cast.fm)
    page = client.post("/planned-maintenance/new", answers(cast, anchor_on="2026-01-31", peek="1"))
    assert page.status_code == 200
    assert page.context["preview"].total_amount == 450 * len(page.context["preview"].days) > 0
    assert not Plan.objects.exists()
    made = client.post("/planned-maintenance/new", answers(cast))
    plan = Plan.objects.get()
    assert made["Location"] == f"/planned-maintenance/{plan.pk}"
    assert (plan.rule, plan.owner) == ("FREQ=MONTHLY;INTERVAL=3", cast.fm)
    assert "Every 3 months on the 31st" in said(client.get(made["Location"]))


def test_faults_stand_beside_their_fields(cast: Cast, enter: Enter) -> None:
    wrong = enter(cast.fm).post(
        "/planned-maintenance/new", answers(cast, rule="FREQ=SOMETIMES", assets="XX-1", nte_amount="99999")
    )
    assert wrong.status_code == 422
    assert {"rule", "assets"} <= wrong.context["form"].errors.keys()
    dear = enter(cast.fm).post("/planned-maintenance/new", answers(cast, nte_amount="99999"))
    assert "nte_amount" in dear.context["form"].errors


def test_a_plan_is_changed_aimed_and_retired_by_those_who_plan(cast: Cast, enter: Enter) -> None:
    client = enter(cast.fm)
    client.post("/planned-maintenance/new", answers(cast))
    plan, other = Plan.objects.get(), AssetFactory(tag="RF-115-01", site=cast.harbor, category=cast.cooler.category)
    address = f"/planned-maintenance/{plan.pk}"
    client.post(f"{address}/edit", answers(cast, rule="FREQ=MONTHLY;BYDAY=1MO"))
    plan.refresh_from_db()
    assert plan.rule == "FREQ=MONTHLY;BYDAY=1MO"
    client.post(f"{address}/units", {"assets": other.tag, "anchor_on": "2030-01-01", "operation": fresh_key()})
    assert plan.targets.count() == 2
    assert enter(cast.district).get(address).status_code == 200
    assert enter(cast.district).get(f"{address}/edit").status_code == 403
    assert enter(cast.foreign_fm).get(address).status_code == 404
    client.post(f"{address}/units/{plan.targets.get(asset=other).pk}/drop")
    assert [target.asset for target in plan.targets.all()] == [cast.cooler]
    client.post(f"{address}/retire")
    assert plan.name not in [row.name for row in client.get("/planned-maintenance").context["page"].rows]


def test_the_list_asks_as_much_for_many_plans_as_for_one(
    cast: Cast, enter: Enter, django_assert_max_num_queries: Any
) -> None:
    client = enter(cast.fm)
    client.post("/planned-maintenance/new", answers(cast))
    client.get("/planned-maintenance")
    with django_assert_max_num_queries(8) as one:
        client.get("/planned-maintenance")
    plan = Plan.objects.get()
    for number in range(20):
        plan.pk, plan.name = None, f"Plan {number}"
        plan.save()
    with django_assert_max_num_queries(len(one)):
        client.get("/planned-maintenance")
