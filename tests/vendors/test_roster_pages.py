"""Vendors at the desk: who reads them, and what only an administrator sets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from accounts.models import LogEvent, User
from accounts.once import fresh_key
from tests.cast import Cast
from tests.factories.vendors import VendorFactory
from vendors.models import Coverage, RateCard, Vendor

type Enter = Callable[[User], Client]

RATES = {
    "labor_regular_amount": "90", "labor_overtime_amount": "135", "labor_emergency_amount": "150",
    "labor_holiday_amount": "180", "helper_amount": "0", "trip_amount": "75", "minimum_hours": "1",
    "rounding_minutes": "15", "parts_markup_percent": "10", "tax_percent": "0", "currency": "USD",
}  # fmt: skip


def said(response: Any) -> str:
    return str(response.content.decode())


def test_the_desk_reads_vendors_and_their_own_people_do_not(cast: Cast, enter: Enter) -> None:
    assert cast.summit
    for reader in (cast.fm, cast.finance, cast.auditor, cast.admin):
        assert "Cascade Refrigeration" in said(enter(reader).get(f"/vendors/{cast.cascade.code.lower()}"))
    for stranger in (cast.store, cast.dispatcher, cast.technician):
        assert enter(stranger).get(f"/vendors/{cast.cascade.code}").status_code == 403
    assert "Summit" not in said(enter(cast.fm).get("/vendors?q=cascade"))


@pytest.mark.parametrize(
    "page", ["edit", "standing", "bar", "trades", "contacts/new", "coverage/new", "rates/new", "targets/new"]
)
def test_only_an_administrator_changes_a_vendor(cast: Cast, enter: Enter, page: str) -> None:
    address = f"/vendors/{cast.cascade.code}/{page}"
    assert enter(cast.fm).get(address).status_code == 403
    assert enter(cast.admin).get(address).status_code == 200


def test_a_new_vendor_is_a_prospect(cast: Cast, enter: Enter) -> None:
    answers = {
        "code": "NORD", "name": "Nordic Cooling", "kind": "external", "trial_jobs": "5",
        "email": "jobs@nordic.example.com", "country": "us",
        "time_zone": "America/Los_Angeles", "currency": "USD", "operation": fresh_key(),
    }  # fmt: skip
    client = enter(cast.admin)
    assert client.post("/vendors/new", answers)["Location"] == "/vendors/NORD"
    assert Vendor.objects.get(code="NORD").standing == "prospect"
    again = client.post("/vendors/new", answers | {"code": "nord", "operation": fresh_key()})
    assert again.status_code == 422
    assert again.context["form"].errors["code"] == ["Another vendor has this code."]


def test_a_vendor_is_barred_with_a_reason_and_let_in_again(cast: Cast, enter: Enter) -> None:
    client, address = enter(cast.admin), f"/vendors/{cast.cascade.code}"
    assert client.post(f"{address}/bar", {"reason": " ", "operation": fresh_key()}).status_code == 422
    client.post(f"{address}/bar", {"reason": "Sent no report twice", "operation": fresh_key()})
    assert "Sent no report twice" in said(client.get(address))
    assert not Vendor.objects.dispatchable().filter(pk=cast.cascade.pk).exists()
    client.post(f"{address}/let-in")
    assert Vendor.objects.dispatchable().filter(pk=cast.cascade.pk).exists()
    verbs = LogEvent.objects.filter(stream=f"vendor:{cast.cascade.pk}").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["vendor.barred", "vendor.let_in"]


def test_rates_that_overlap_are_refused_with_the_days_in_the_way(cast: Cast, enter: Enter) -> None:
    client, address = enter(cast.admin), f"/vendors/{cast.cascade.code}/rates"
    old = RateCard.objects.get(vendor=cast.cascade, trade=cast.plumbing)
    answers = RATES | {"trade": cast.plumbing.pk, "starts_on": "2030-01-01", "operation": fresh_key()}
    refused = client.post(f"{address}/new", answers)
    assert refused.status_code == 422
    sentence = refused.context["form"].errors["starts_on"][0]
    assert sentence.startswith("Rates for Plumbing are in force from")
    assert "until further notice" in sentence
    ended = answers | {"starts_on": old.starts_on.isoformat(), "ends_on": "2030-01-01", "operation": fresh_key()}
    assert client.post(f"{address}/{old.pk}", ended).status_code == 302
    assert client.post(f"{address}/new", answers).status_code == 302
    assert RateCard.objects.in_force(date(2030, 1, 1)).get(vendor=cast.cascade, trade=cast.plumbing).pk != old.pk


def test_coverage_is_one_kind_of_place(cast: Cast, enter: Enter) -> None:
    client, address = enter(cast.admin), f"/vendors/{cast.cascade.code}/coverage"
    answers = {
        "trade": cast.plumbing.pk,
        "region": cast.company.pk,
        "site": cast.hilltop.code,
        "operation": fresh_key(),
    }
    both = client.post(f"{address}/new", answers)
    assert both.status_code == 422
    assert both.context["form"].errors["radius_km"] == ["Choose a region, a site or a radius."]
    left_out = answers | {"region": "", "is_excluded": "on"}
    assert client.post(f"{address}/new", left_out).status_code == 302
    row = Coverage.objects.get(vendor=cast.cascade, site=cast.hilltop)
    assert row.is_excluded
    assert enter(cast.admin).post(f"/vendors/{cast.summit.code}/coverage/{row.pk}/remove").status_code == 404
    client.post(f"{address}/{row.pk}/remove")
    assert not Coverage.objects.filter(pk=row.pk).exists()


def test_the_list_asks_as_much_for_many_vendors_as_for_one(
    cast: Cast, enter: Enter, django_assert_max_num_queries: Any
) -> None:
    assert cast.cascade
    client = enter(cast.fm)
    client.get("/vendors")
    with django_assert_max_num_queries(8) as one:
        client.get("/vendors")
    VendorFactory.create_batch(55, trades=[cast.plumbing])
    with django_assert_max_num_queries(len(one)):
        assert 'rel="next"' in said(client.get("/vendors"))
