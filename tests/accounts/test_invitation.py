"""Coming in by a link that works once, acts only when it is sent, and betrays nothing."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client

from accounts import people
from accounts.models import LogEvent, Notice, User
from accounts.models.event import Via
from tests.cast import Cast
from tests.factories.clock import NOW

NEW = {"name": "Nora Nilsson", "password": "seven crates of milk"}


@pytest.fixture(autouse=True)
def today() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def nora(cast: Cast) -> User:
    return people.invite(email="nora@example.com", name="Nora New", by=cast.admin, now=NOW)


def link_of(person: User) -> str:
    newest = Notice.objects.filter(topic="invitation", address=person.email).latest("pk")
    return newest.path


def test_the_link_asks_for_a_name_and_a_password_and_says_nothing_of_the_account(nora: User) -> None:
    page = Client().get(link_of(nora))
    html = page.content.decode()
    assert page.status_code == 200
    assert "nora" not in html.replace(link_of(nora), "").lower()
    assert page["Cache-Control"].startswith("max-age=0")


def test_looking_at_the_link_changes_nothing(nora: User) -> None:
    for _ in range(2):
        assert Client().get(link_of(nora)).status_code == 200
        assert Client().head(link_of(nora)).status_code == 200
    assert User.objects.get(pk=nora.pk).is_invited


def test_accepting_sets_the_password_and_signs_in(nora: User) -> None:
    client = Client()
    assert client.post(link_of(nora), NEW)["Location"] == "/"
    assert client.get("/me").status_code == 200
    came = User.objects.get(pk=nora.pk)
    assert (came.name, came.check_password(NEW["password"])) == ("Nora Nilsson", True)
    event = LogEvent.objects.get(verb="person.came_in")
    assert (event.actor, event.via) == (came, Via.LINK)


def test_the_link_works_once(nora: User) -> None:
    link = link_of(nora)
    Client().post(link, NEW)
    assert Client().get(link).status_code == 410
    assert Client().post(link, NEW | {"password": "another long password"}).status_code == 410
    assert User.objects.get(pk=nora.pk).check_password(NEW["password"])


def test_a_weak_password_comes_back_and_the_link_still_works(nora: User) -> None:
    answer = Client().post(link_of(nora), {"name": "Nora", "password": "short"})
    assert answer.status_code == 422
    assert 'value="Nora"' in answer.content.decode()
    assert Client().post(link_of(nora), NEW).status_code == 302


@pytest.mark.parametrize(("later", "works"), [(timedelta(days=6, hours=23), True), (timedelta(days=7), False)])
def test_the_link_is_good_for_seven_days(nora: User, later: timedelta, works: bool) -> None:
    link = link_of(nora)
    with time_machine.travel(NOW + later, tick=False):
        assert (Client().get(link).status_code == 200) is works


def test_only_the_newest_link_works(cast: Cast, nora: User) -> None:
    first = link_of(nora)
    people.invite_again(user=nora, by=cast.admin, now=NOW + timedelta(hours=1))
    assert Client().get(first).status_code == 410
    assert Client().get(link_of(nora)).status_code == 200


def test_a_link_of_one_who_was_switched_off_is_over(cast: Cast, nora: User) -> None:
    people.switch_off(user=nora, by=cast.admin, now=NOW)
    assert Client().get(link_of(nora)).status_code == 410


@pytest.mark.parametrize("token", ["nonsense", "WzEsIngiLDFd:1abc:forged", "%00", "a" * 2000])
def test_a_forged_link_is_over(db: None, token: str) -> None:
    assert Client().get(f"/invitation/{token}").status_code == 410


def test_who_has_come_in_cannot_be_invited_again(cast: Cast, nora: User, now: datetime) -> None:
    Client().post(link_of(nora), NEW)
    with pytest.raises(people.InvitationOver):
        people.invite_again(user=nora, by=cast.admin, now=now)
