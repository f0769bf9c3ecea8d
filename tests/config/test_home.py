"""The first page, and the frame as real people see it."""

import pytest
from django.test import RequestFactory
from django.urls import resolve

from config.menu import Audience, Shell


def shell(user: object, path: str = "/") -> Shell:
    request = RequestFactory().get(path)
    request.user = user  # type: ignore[assignment]
    return Shell(request)


def test_a_stranger_to_the_house_is_asked_to_sign_in(client):
    assert client.get("/")["Location"] == "/accounts/login/"


def test_somebody_without_a_role_is_told_whom_to_ask(cast, enter):
    page = enter(cast.stranger).get("/")
    assert page.status_code == 403
    assert "You have no role yet" in page.content.decode()


def test_a_store_manager_sees_the_name_of_the_store(cast):
    assert shell(cast.store).place == "M-114 Tacoma Hilltop"


def test_people_of_a_vendor_see_their_own_vendor_and_never_its_rival(cast):
    assert shell(cast.rival).place == "Summit Mechanical"
    assert shell(cast.dispatcher).place == "Cascade Refrigeration"
    assert shell(cast.technician).place == "Cascade Refrigeration"


@pytest.mark.parametrize("role", ["store", "fm", "admin", "finance", "auditor", "district", "dispatcher", "technician"])
def test_everybody_with_a_role_lands_on_a_page_of_theirs(cast, enter, role):
    person = getattr(cast, role)
    answer = enter(person).get("/")
    assert answer.status_code == 302
    assert resolve(answer["Location"])
    assert enter(person).get(answer["Location"]).status_code == 200


@pytest.mark.parametrize("role", ["store", "fm", "admin", "finance", "auditor", "district", "dispatcher", "technician"])
def test_every_line_of_the_own_menu_opens(cast, enter, role):
    person = getattr(cast, role)
    frame = shell(person)
    desk = [*(line for group in frame.sections for line in group.items), *frame.foot]
    lines = desk if frame.audience is Audience.DESK else frame.tabs
    refused = [line.label for line in lines if enter(person).get(line.url).status_code != 200]
    assert refused == []
