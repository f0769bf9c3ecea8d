"""The record of a vendor, tab by tab: who reads what, where it goes, what it charges, what it lacks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.models import LogEvent, User
from accounts.once import fresh_key
from tests.cast import Cast
from tests.factories.assets import SiteFactory
from tests.factories.clock import NOW
from tests.factories.vendors import RateCardFactory
from vendors.models import ComplianceDocument, Coverage, Requirement, Vendor

type Enter = Callable[[User], Client]

TABS = ("", "/jobs", "/rates", "/coverage", "/documents", "/invoices", "/people")
VENDOR = {
    "code": "CASC", "name": "Cascade Refrigeration", "kind": "external", "country": "US", "trial_jobs": "5",
    "email": "jobs@cascade.example.com", "time_zone": "America/Los_Angeles", "currency": "USD",
}  # fmt: skip


def said(response: Any) -> str:
    return str(response.content.decode())


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_is_a_page_of_its_own_in_few_questions(
    cast: Cast, enter: Enter, tab: str, django_assert_max_num_queries: Any
) -> None:
    client, address = enter(cast.fm), f"/vendors/{cast.cascade.code}{tab}"
    client.get(address)
    with django_assert_max_num_queries(8):
        page = said(client.get(address))
    assert page.count('aria-current="page"') >= 2  # the menu's line, and the tab
    assert f'<a href="{address}" aria-current="page">' in page
    assert "Vendor since" in page
    assert enter(cast.dispatcher).get(address).status_code == 403


def test_own_numbers_office_hours_and_since_when_are_kept_and_shown(cast: Cast, enter: Enter) -> None:
    client, address = enter(cast.admin), f"/vendors/{cast.cascade.code}"
    given = VENDOR | {"since_on": "2021-03-15", "custom_lines": "GL number: 6110-20\nOur code: 0042"}
    assert client.post(f"{address}/edit", given | {"operation": fresh_key()}).status_code == 302
    hours = {"day_0": "08:00-17:00", "day_1": "08:00-12:00, 13:00-17:00"}
    assert client.post(f"{address}/hours", hours | {"operation": fresh_key()}).status_code == 302
    page = said(client.get(address))
    assert "Vendor since Mar 2021" in page
    assert "6110-20" in page
    assert "Mon 08:00–17:00" in page
    assert Vendor.objects.get(pk=cast.cascade.pk).custom == {"GL number": "6110-20", "Our code": "0042"}
    changed = LogEvent.objects.about(f"vendor:{cast.cascade.pk}").earliest("pk").data["changed"]
    assert changed["custom"] == [[], ["GL number: 6110-20", "Our code: 0042"]]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("6110-20", "Write a name, a colon and what it is, without semicolons: “6110-20”."),
        ("GL: 1\nGL: 2", "“GL” stands there twice."),
        ("\n".join(f"N{number}: 1" for number in range(21)), "Enter up to 20 of them."),
    ],
)
def test_own_numbers_that_make_no_sense_come_back_with_everything(
    cast: Cast, enter: Enter, lines: str, sentence: str
) -> None:
    given = VENDOR | {"custom_lines": lines, "city": "Olympia", "operation": fresh_key()}
    answer = enter(cast.admin).post(f"/vendors/{cast.cascade.code}/edit", given)
    assert answer.status_code == 422
    assert answer.context["form"].errors["custom_lines"] == [sentence]
    assert answer.context["form"]["city"].value() == "Olympia"


def test_hours_that_overlap_are_refused_beside_their_day(cast: Cast, enter: Enter) -> None:
    given = {"day_2": "08:00-12:00, 11:00-17:00", "operation": fresh_key()}
    answer = enter(cast.admin).post(f"/vendors/{cast.cascade.code}/hours", given)
    assert answer.status_code == 422
    assert answer.context["form"].errors["day_2"] == ["Wednesday: the hours overlap."]


# Coverage


def test_the_map_and_the_list_tell_the_same_of_the_sites_in_sight(cast: Cast, enter: Enter) -> None:
    assert cast.hilltop and cast.desert
    SiteFactory(code="M-116", region=cast.north)
    Coverage.objects.create(vendor=cast.cascade, trade=cast.plumbing, site=cast.hilltop, rank=1)
    Coverage.objects.create(vendor=cast.cascade, trade=cast.plumbing, site=cast.harbor, is_excluded=True)
    answer = enter(cast.fm).get(f"/vendors/{cast.cascade.code}/coverage?trade=plumbing")
    assert (answer.context["covered"], answer.context["sites"]) == (2, 3)  # Desert is out of sight
    assert answer.context["map"].said == "Sites in sight: 1 left out, 1 by region, 1 by itself."
    of_plumbing = dict(answer.context["groups"])[cast.plumbing]
    assert [(place.name, place.said) for place in of_plumbing] == [
        (str(cast.hilltop), ""), ("North", "3 sites in sight"), ("South", "0 sites in sight"), (str(cast.harbor), ""),
    ]  # fmt: skip
    assert "M-114 Tacoma Hilltop" in said(answer)
    whole = enter(cast.admin).get(f"/vendors/{cast.cascade.code}/coverage?trade=plumbing")
    assert whole.context["sites"] == 4


def test_a_radius_is_drawn_around_the_base_in_the_lengths_of_the_place(cast: Cast, enter: Enter) -> None:
    assert cast.hilltop
    Vendor.objects.filter(pk=cast.cascade.pk).update(latitude=Decimal("47.604"), longitude=Decimal("-122.33"))
    Coverage.objects.filter(vendor=cast.cascade, trade=cast.plumbing).delete()
    row = Coverage.objects.create(vendor=cast.cascade, trade=cast.plumbing, radius_km=40)
    answer = enter(cast.fm).get(f"/vendors/{cast.cascade.code}/coverage?trade=plumbing")
    assert len(answer.context["map"].rings) == 1
    ((place,),) = [places for trade, places in answer.context["groups"] if trade == cast.plumbing]
    assert (place.row, place.name, place.said) == (row, "24.9 mi around the base", "1 site in sight")


def test_a_radius_around_nowhere_is_refused_and_one_that_lost_its_base_is_told(cast: Cast, enter: Enter) -> None:
    client, address = enter(cast.admin), f"/vendors/{cast.cascade.code}/coverage"
    Coverage.objects.filter(vendor=cast.cascade, trade=cast.plumbing).delete()
    given = {"trade": cast.plumbing.pk, "radius_km": "40", "rank": "3", "operation": fresh_key()}
    refused = client.post(f"{address}/new", given)
    assert refused.status_code == 422
    assert refused.context["form"].errors["radius_km"] == ["Enter the position of the vendor's base first."]
    assert refused.context["form"]["rank"].value() == "3"
    Coverage.objects.create(vendor=cast.cascade, trade=cast.plumbing, radius_km=40)
    assert "has no position, so a radius covers nothing" in said(client.get(address))


def test_a_site_that_is_not_covered_cannot_be_left_out(cast: Cast, enter: Enter) -> None:
    client, address = enter(cast.admin), f"/vendors/{cast.cascade.code}/coverage"
    Coverage.objects.filter(vendor=cast.cascade, trade=cast.plumbing, region=cast.south).delete()
    given = {"trade": cast.plumbing.pk, "site": cast.desert.code, "is_excluded": "on", "operation": fresh_key()}
    refused = client.post(f"{address}/new", given)
    assert refused.status_code == 422
    assert refused.context["form"].errors["is_excluded"] == [
        "Cascade Refrigeration does not cover M-201 for Plumbing, so there is nothing to leave out. "
        "Add the region or the radius first."
    ]
    assert refused.context["form"]["site"].value() == "M-201"
    Coverage.objects.create(vendor=cast.cascade, trade=cast.plumbing, region=cast.company)
    assert client.post(f"{address}/new", given).status_code == 302
    Coverage.objects.filter(vendor=cast.cascade, trade=cast.plumbing, region=cast.company).delete()
    assert "not covered anyway" in said(client.get(f"{address}?trade=plumbing"))


# Rates


def test_rates_are_told_by_when_they_are_in_force(cast: Cast, enter: Enter) -> None:
    cast.cascade.rate_cards.filter(trade=cast.plumbing).update(ends_on=date(2026, 3, 1))
    now = RateCardFactory(
        vendor=cast.cascade, trade=cast.plumbing, starts_on=date(2026, 3, 1), ends_on=date(2099, 1, 1)
    )
    later = RateCardFactory(vendor=cast.cascade, trade=cast.plumbing, starts_on=date(2099, 1, 1))
    context = enter(cast.fm).get(f"/vendors/{cast.cascade.code}/rates").context
    assert now in context["cards"]
    assert context["coming"] == [later]
    assert [card.ends_on for card in context["past"]] == [date(2026, 3, 1)]


def test_every_number_of_a_rate_card_is_read_by_both_sides(cast: Cast, enter: Enter) -> None:
    cast.cascade.rate_cards.filter(trade=cast.refrigeration).update(
        helper_amount="61.50", minimum_hours="1.50", rounding_minutes=20, parts_markup_percent="12.5",
        tax_percent="8.875",
    )  # fmt: skip
    desk = said(enter(cast.fm).get(f"/vendors/{cast.cascade.code}/rates"))
    own = said(enter(cast.dispatcher).get("/company"))
    for number in ("$61.50", "1.50 h", "20 min", "12.50%", "8.875%"):
        assert number in desk
        assert number in own


# Documents


def test_what_the_work_needs_is_told_with_whether_it_is_met(cast: Cast, enter: Enter) -> None:
    Requirement.objects.create(kind="general_liability", minimum_limit_amount=1_000_000)
    Requirement.objects.create(kind="auto", trade=cast.plumbing, blocks=False)
    Requirement.objects.create(kind="license", trade=cast.too_warm.trade, region=cast.north)
    ComplianceDocument.objects.create(
        vendor=cast.cascade, kind="general_liability", state="verified", uploaded_at=NOW, reviewed_at=NOW,
        starts_on=date(2020, 1, 1), ends_on=date(2090, 1, 1), limit_amount=500_000,
    )  # fmt: skip
    needs = enter(cast.fm).get(f"/vendors/{cast.cascade.code}/documents").context["needs"]
    assert [(one["requirement"].kind, one["mark"].label, one["mark"].tone) for one in needs] == [
        ("auto", "Auto insurance is missing.", "wait"),
        ("general_liability", "General liability insurance covers $500,000.00, $1,000,000.00 is needed.", "bad"),
        ("license", "License is missing.", "bad"),
    ]
    ComplianceDocument.objects.update(limit_amount=1_000_000)
    needs = enter(cast.fm).get(f"/vendors/{cast.cascade.code}/documents").context["needs"]
    assert needs[1]["mark"].label == "Met"


# People


def test_people_and_contacts_of_the_own_company_and_of_no_other(cast: Cast, enter: Enter) -> None:
    assert cast.technician and cast.rival
    page = said(enter(cast.fm).get(f"/vendors/{cast.cascade.code}/people"))
    assert "Tess Technician" in page
    assert "Rita Rival" not in page
