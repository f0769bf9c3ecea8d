"""A page or a part of it; who gets through the door; where it goes after a move."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from accounts.guards import PUBLIC, public, requires
from accounts.models import User
from accounts.permissions import Act
from tests.cast import Cast


@requires(Act.TRIAGE)
def triage(request: HttpRequest) -> HttpResponse:
    return HttpResponse("come in")


def ask(person: object, **headers: str) -> HttpRequest:
    request = RequestFactory().get("/somewhere?q=1", headers=headers)
    request.user = person  # type: ignore[assignment]
    return request


def test_whoever_may_comes_in_and_others_are_refused(cast: Cast) -> None:
    assert triage(ask(cast.fm)).content == b"come in"
    for person in (cast.store, cast.admin, cast.dispatcher, cast.stranger):
        with pytest.raises(PermissionDenied):
            triage(ask(person))


def test_whoever_is_signed_out_is_sent_to_sign_in_and_back(cast: Cast) -> None:
    answer = triage(ask(AnonymousUser()))
    assert answer["Location"] == "/accounts/login/?next=%2Fsomewhere%3Fq%3D1"


def test_a_region_of_a_page_sends_the_whole_page_to_sign_in(cast: Cast) -> None:
    request = ask(AnonymousUser(), **{"HX-Request": "true", "HX-Current-URL": "http://testserver/queue?view=mine"})
    answer = triage(request)
    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/accounts/login/?next=%2Fqueue%3Fview%3Dmine")


def test_a_mark_says_what_it_asks_for() -> None:
    assert triage.guard == Act.TRIAGE  # type: ignore[attr-defined]
    assert public(lambda request: HttpResponse()).guard == PUBLIC  # type: ignore[attr-defined]


def test_a_step_back_in_the_history_is_a_whole_page(cast: Cast, enter: Callable[[User], Client]) -> None:
    headers = {"HX-Request": "true", "HX-Target": "people-results", "HX-History-Restore-Request": "true"}
    assert "<html" in enter(cast.admin).get("/people", headers=headers).content.decode()


def test_after_a_move_htmx_is_led_on_and_told(cast: Cast, enter: Callable[[User], Client]) -> None:
    client = enter(cast.admin)
    answer = client.post("/people/new", {"name": "Nora", "email": "nora@example.com"}, headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert "Nora gets a link" in client.get(answer["HX-Redirect"]).content.decode()
