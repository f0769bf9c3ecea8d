"""How far a vendor goes: entered, shown and told in the unit of its country, kept in kilometers."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from accounts.once import fresh_key
from accounts.words import in_km, in_unit, long_way
from tests.cast import Cast
from vendors.models import Coverage, Vendor
from vendors.roster_forms import RadiusField

type Enter = Callable[[User], Client]

COUNTRIES = st.sampled_from(["US", "CA", "MX"])
TENTHS = st.integers(10, 99_990).map(lambda tenths: Decimal(tenths) / 10)
METERS = st.integers(1_610, 20_000_000).map(lambda meters: Decimal(meters) / 1000)


def field(country: str, known: Decimal | None = None) -> RadiusField:
    made = RadiusField()
    made.measure(country, known)
    return made


def said(response: Any) -> str:
    return " ".join(str(response.content.decode()).split())


@given(entered=TENTHS, country=COUNTRIES)
def test_what_is_entered_is_shown_again_as_it_was(entered: Decimal, country: str) -> None:
    kept = field(country).clean(str(entered))
    assert kept is not None
    assert Decimal(in_unit(kept, country)) == entered
    assert kept == in_km(entered, country)
    assert field(country, kept).clean(field(country, kept).prepare_value(kept)) == kept


@given(kept=METERS, country=COUNTRIES)
def test_what_came_by_a_file_and_is_saved_untouched_stays_to_the_meter(kept: Decimal, country: str) -> None:
    shown = field(country, kept).prepare_value(kept)
    assert field(country, kept).clean(shown) == kept


def test_a_mile_is_a_mile_and_a_kilometer_a_kilometer() -> None:
    assert in_km(Decimal(30), "US") == Decimal("48.280")
    assert in_km(Decimal(30), "CA") == Decimal("30.000")
    assert [long_way(Decimal(km), "US") for km in ("48.28", "80", "1.609")] == ["30 mi", "49.7 mi", "1 mi"]
    assert [long_way(Decimal(km), "CA") for km in ("48.28", "80")] == ["48.3 km", "80 km"]


@pytest.mark.parametrize(
    ("country", "entered", "sentence"),
    [
        ("US", "far", "Enter miles, like 50."),
        ("CA", "far", "Enter kilometers, like 50."),
        ("US", "0", "Ensure this value is greater than or equal to 1."),
        ("US", "1e9", "Ensure this value is less than or equal to 20000."),
        ("US", "1.25", "Ensure that there are no more than 1 decimal place."),
    ],
)
def test_what_is_no_radius_is_refused_in_the_unit_of_the_country(country: str, entered: str, sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        field(country).clean(entered)
    assert sentence in refused.value.messages


def test_one_unit_from_the_form_to_the_company_itself(cast: Cast, enter: Enter) -> None:
    assert cast.hilltop
    Vendor.objects.filter(pk=cast.cascade.pk).update(latitude=Decimal("47.604"), longitude=Decimal("-122.33"))
    Coverage.objects.filter(vendor=cast.cascade, trade=cast.plumbing).delete()
    desk, page = enter(cast.admin), f"/vendors/{cast.cascade.code}/coverage"
    given = {"trade": cast.plumbing.pk, "radius_km": "30", "operation": fresh_key()}
    assert desk.post(f"{page}/new", given).status_code == 302
    row = Coverage.objects.get(vendor=cast.cascade, radius_km__isnull=False)
    assert row.radius_km == Decimal("48.280")
    for country, shown, unit in (("US", "30", "mi"), ("CA", "48.3", "km")):
        Vendor.objects.filter(pk=cast.cascade.pk).update(country=country)
        form = desk.get(f"{page}/{row.pk}").context["form"]
        assert (form["radius_km"].value(), form.fields["radius_km"].widget.attrs["data-suffix"]) == (shown, unit)
        answer = desk.get(f"{page}?trade=plumbing")
        assert f"{shown} {unit} around the base" in said(answer)
        assert answer.context["map"].scale_words.endswith(unit)
        assert f"{shown} {unit} around you" in said(enter(cast.dispatcher).get("/company"))
        same = {"trade": cast.plumbing.pk, "radius_km": shown, "operation": fresh_key()}
        assert desk.post(f"{page}/{row.pk}", same).status_code == 302
        row.refresh_from_db()
        assert row.radius_km == Decimal("48.280")
