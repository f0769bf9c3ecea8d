"""The shifts of our own crews, entered at the desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client

from accounts.models import LogEvent, User
from accounts.once import fresh_key
from accounts.together import ask
from tests.cast import Cast
from tests.factories.clock import NOW
from tests.factories.vendors import VendorFactory
from vendors.models import ShiftException, Vendor, VendorKind
from vendors.shifts import asked_rotas

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]
TUESDAY = date(2026, 7, 14)


@pytest.fixture
def crew(cast: Cast) -> Vendor:
    made: Vendor = VendorFactory.create(code="CREW", name="Own crew", kind=VendorKind.INTERNAL)
    for name in ("Ina Internal", "Ivo Internal"):
        cast.person(name, "technician", vendor=made)
    return made


def hours(crew: Vendor, day: date = TUESDAY) -> timedelta:
    return ask(asked_rotas([crew.pk], now=NOW))[crew.pk].hours_on(day)


def week(**days: str) -> dict[str, str]:
    return {**{f"day_{day}": "" for day in range(7)}, **days, "operation": fresh_key()}


def test_the_crews_week_counts_for_everybody_without_own_hours(cast: Cast, crew: Vendor, enter: Enter) -> None:
    client = enter(cast.admin)
    people = client.get("/vendors/CREW/people").content.decode()
    assert "None entered, so hours are not counted" in people
    assert client.post("/vendors/CREW/shifts", week(day_1="08:00-12:00, 13:00-17:00")).status_code == 302
    assert hours(crew) == timedelta(hours=16)
    ina = User.objects.get(name="Ina Internal")
    assert client.post(f"/vendors/CREW/shifts/{ina.pk}", week(day_1="10:00-14:00")).status_code == 302
    assert hours(crew) == timedelta(hours=12)
    people = client.get("/vendors/CREW/people").content.decode()
    for words in ("Tue 08:00–12:00 and 13:00–17:00", "Tue 10:00–14:00", "As the crew"):
        assert words in people
    assert "08:00–12:00, 13:00–17:00" in client.get("/vendors/CREW/shifts").content.decode()
    told = LogEvent.objects.filter(verb="vendor.shifts_set").order_by("pk")
    assert [(one.actor_name, one.data["who"]) for one in told] == [
        ("Ada Admin", "the whole crew"), ("Ada Admin", "Ina Internal"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("eight to five", "write hours like 09:00"), ("17:00-08:00", "A shift ends after it begins"),
        ("08:00-12:00, 11:00-17:00", "Two shifts of a day overlap."),
    ],
)  # fmt: skip
def test_hours_that_make_no_sense_are_refused_and_kept_in_the_form(
    cast: Cast, crew: Vendor, enter: Enter, said: str, words: str
) -> None:
    answer = enter(cast.admin).post("/vendors/CREW/shifts", week(day_1=said))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert said in answer.content.decode()
    assert not crew.shifts.exists()


def test_a_day_off_and_other_hours_are_entered_once_and_taken_out(cast: Cast, crew: Vendor, enter: Enter) -> None:
    client, ina = enter(cast.admin), User.objects.get(name="Ina Internal")
    client.post("/vendors/CREW/shifts", week(day_1="08:00-16:00"))
    form = {"day_on": "2026-07-14", "technician": ina.pk, "hours": "", "note": "Vacation"}
    assert client.post("/vendors/CREW/days/new", form | {"operation": fresh_key()}).status_code == 302
    assert hours(crew) == timedelta(hours=8)
    again = client.post("/vendors/CREW/days/new", form | {"operation": fresh_key()})
    assert again.status_code == 422
    assert "This day is entered already." in again.content.decode()
    for wrong in ("noon", "16:00-09:00", "20:00-25:00"):
        refused = client.post("/vendors/CREW/days/new", form | {"hours": wrong, "operation": fresh_key()})
        assert refused.status_code == 422
    everybody = form | {"technician": "", "hours": "10:00-12:00", "operation": fresh_key()}
    assert client.post("/vendors/CREW/days/new", everybody).status_code == 302
    assert hours(crew) == timedelta(hours=2)  # Ina is off, Ivo works as the crew does
    for row in ShiftException.objects.all():
        assert client.post(f"/vendors/CREW/days/{row.pk}/remove").status_code == 302
    assert hours(crew) == timedelta(hours=16)


def test_a_company_keeps_its_own_hours(cast: Cast, enter: Enter) -> None:
    assert cast.cascade.pk
    client = enter(cast.admin)
    assert "Shifts" not in client.get("/vendors/CASC/people").content.decode()
    refused = client.post("/vendors/CASC/shifts", week(day_1="08:00-16:00"))
    assert refused.status_code == 422
    assert "is no crew of our own" in refused.content.decode()


def test_somebody_of_another_company_has_no_shifts_here(cast: Cast, crew: Vendor, enter: Enter) -> None:
    assert enter(cast.admin).get(f"/vendors/CREW/shifts/{cast.technician.pk}").status_code == 404
    assert enter(cast.fm).get("/vendors/CREW/shifts").status_code == 403
