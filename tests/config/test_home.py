"""The first page, and the frame as real people see it."""

from django.test import RequestFactory

from config.menu import Shell


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
