"""Sites at the desk: who sees which, and what an administrator may set there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import LogEvent, User
from accounts.once import fresh_key
from assets.models import Responsibility, Site
from tests.cast import Cast
from tests.factories.assets import SiteFactory

type Enter = Callable[[User], Client]

FACTS = {
    "name": "Tacoma Hilltop", "address_line": "100 Main Street", "city": "Tacoma", "state": "WA", "country": "US",
    "latitude": "47.2529", "longitude": "-122.4443", "geofence_radius_m": "150", "time_zone": "America/Los_Angeles",
    "currency": "USD",
}  # fmt: skip


def said(response: Any) -> str:
    return str(response.content.decode())


def test_the_list_holds_the_sites_in_sight(cast: Cast, enter: Enter) -> None:
    assert cast.hilltop and cast.harbor and cast.desert
    page = said(enter(cast.fm).get("/sites"))
    assert "M-114" in page
    assert "M-201" not in page
    assert "M-201" in said(enter(cast.admin).get(f"/sites?region={cast.south.pk}"))
    assert "M-115" not in said(enter(cast.admin).get("/sites?q=hilltop"))


def test_a_site_of_another_region_is_not_there(cast: Cast, enter: Enter) -> None:
    assert enter(cast.fm).get(f"/sites/{cast.hilltop.code.lower()}").status_code == 200
    assert enter(cast.foreign_fm).get(f"/sites/{cast.hilltop.code}").status_code == 404
    assert enter(cast.dispatcher).get(f"/sites/{cast.hilltop.code}").status_code == 403


@pytest.mark.parametrize("page", ["new", "M-114/edit", "M-114/hours", "M-114/areas/new", "M-114/responsibilities/new"])
def test_only_an_administrator_changes_a_site(cast: Cast, enter: Enter, page: str) -> None:
    assert cast.hilltop
    assert enter(cast.fm).get(f"/sites/{page}").status_code == 403
    assert enter(cast.admin).get(f"/sites/{page}").status_code == 200


def test_a_site_is_entered_once_and_told_in_the_log(cast: Cast, enter: Enter) -> None:
    client, answers = enter(cast.admin), {**FACTS, "code": "M-116", "region": cast.north.pk, "operation": fresh_key()}
    for _ in range(2):
        assert client.post("/sites/new", answers)["Location"] == "/sites/M-116"
    site = Site.objects.get(code="M-116")
    event = LogEvent.objects.get(stream=f"site:{site.pk}")
    assert (event.verb, event.actor) == ("site.added", cast.admin)


def test_what_the_database_refuses_is_told_beside_its_field(cast: Cast, enter: Enter) -> None:
    answers = {**FACTS, "region": cast.north.pk, "operation": fresh_key()}
    assert cast.hilltop
    answer = enter(cast.admin).post("/sites/new", answers | {"code": "m-114", "latitude": "99", "city": "Olympia"})
    assert answer.status_code == 422
    errors = answer.context["form"].errors
    assert errors["code"] == ["Another site has this code."]
    assert "latitude" in errors
    assert "Olympia" in said(answer)


def test_hours_are_written_by_the_day(cast: Cast, enter: Enter) -> None:
    client = enter(cast.admin)
    answers = {"day_0": "09:00-12:00, 13:00-21:00", "day_1": "9:00-24:00", "operation": fresh_key()}
    assert client.post("/sites/M-114/hours", answers).status_code == 404
    address = f"/sites/{cast.hilltop.code}"
    assert client.post(f"{address}/hours", answers).status_code == 302
    assert "Mon 09:00–12:00 and 13:00–21:00, Tue 09:00–24:00" in said(client.get(address))
    wrong = client.post(f"{address}/hours", answers | {"day_2": "21:00-09:00", "operation": fresh_key()})
    assert wrong.status_code == 422
    assert wrong.context["form"].errors["day_2"] == ["Wednesday: the hours end before they begin."]
    assert cast.hilltop.hours.count() == 3


def test_the_landlord_may_answer_for_a_trade(cast: Cast, enter: Enter) -> None:
    client, address = enter(cast.admin), f"/sites/{cast.hilltop.code}"
    answers = {"trade": cast.plumbing.pk, "who": "landlord", "contact_name": "Lou Lord", "operation": fresh_key()}
    assert client.post(f"{address}/responsibilities/new", answers).status_code == 302
    assert "Lou Lord" in said(client.get(address))
    again = client.post(f"{address}/responsibilities/new", answers | {"operation": fresh_key()})
    assert again.status_code == 422
    assert "trade" in again.context["form"].errors
    row = Responsibility.objects.get()
    assert client.post(f"{address}/responsibilities/{row.pk}/remove").status_code == 302
    assert not Responsibility.objects.exists()


def test_a_retired_site_leaves_the_list_and_comes_back(cast: Cast, enter: Enter) -> None:
    client = enter(cast.admin)
    client.post(f"/sites/{cast.hilltop.code}/retire")
    assert cast.hilltop not in client.get("/sites").context["page"].rows
    assert cast.hilltop in client.get("/sites?state=retired").context["page"].rows
    client.post(f"/sites/{cast.hilltop.code}/reopen")
    assert cast.hilltop in client.get("/sites").context["page"].rows


def test_the_list_asks_as_much_for_many_sites_as_for_one(
    cast: Cast, enter: Enter, django_assert_max_num_queries: Any
) -> None:
    assert cast.hilltop
    client = enter(cast.fm)
    client.get("/sites")
    with django_assert_max_num_queries(8) as one:
        client.get("/sites")
    SiteFactory.create_batch(55, region=cast.north)
    with django_assert_max_num_queries(len(one)):
        assert 'rel="next"' in said(client.get("/sites"))


def test_an_area_and_a_responsibility_show_what_they_were(cast: Cast, enter: Enter) -> None:
    client, address = enter(cast.admin), f"/sites/{cast.hilltop.code}"
    assert "What it was" not in said(client.get(f"{address}/areas/new"))
    client.post(f"{address}/areas/new", {"name": "Back room", "operation": fresh_key()})
    area = cast.hilltop.areas.get()
    client.post(f"{address}/areas/{area.pk}", {"name": "Cold room", "operation": fresh_key()})
    answers = {"trade": cast.plumbing.pk, "who": "landlord", "contact_name": "Lou"}
    client.post(f"{address}/responsibilities/new", answers | {"operation": fresh_key()})
    row = cast.hilltop.responsibilities.get()
    client.post(f"{address}/responsibilities/{row.pk}", answers | {"contact_name": "Lee", "operation": fresh_key()})
    page = said(client.get(f"{address}/areas/{area.pk}"))
    assert "What it was" in page
    assert "Ada Admin" in page
    assert "Back room" in page
    assert "Lou" not in page
    page = said(client.get(f"{address}/responsibilities/{row.pk}"))
    assert ": Lou " in page
    assert "Back room" not in page


def test_a_site_is_drawn_among_those_in_sight_and_one_without_a_position_is_not(cast: Cast, enter: Enter) -> None:
    assert cast.hilltop and cast.desert
    near = SiteFactory(code="M-116", region=cast.south)
    answer = enter(cast.fm).get(f"/sites/{cast.harbor.code}")
    assert [one.code for one in answer.context["near"]] == ["M-114"]  # the south is not this manager's
    assert answer.context["map"].said.endswith("Other sites around it: 1.")
    assert all(f'id="site-map-{where}t"' in answer.content.decode() for where in ("cw", "cn"))
    Site.objects.filter(pk=near.pk).update(latitude=None, longitude=None)
    assert enter(cast.admin).get(f"/sites/{near.code}").context["map"] is None
