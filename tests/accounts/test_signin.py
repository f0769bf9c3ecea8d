"""Guessing is locked out, keys of an account are watched over, and all of it is written down."""

import re
from collections.abc import Callable
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts import people
from accounts.models import LogEvent, Notice, User
from tests.cast import Cast

LOGIN = "/accounts/login/"
PASSWORD = "correct horse battery"


def knock(client: Client, person: User, password: str = PASSWORD, **more: Any) -> Any:
    return client.post(LOGIN, {"login": person.email, "password": password, **more})


def refused(answer: Any) -> bool:
    return answer.status_code == 200 and bool(answer.context["form"].errors)


def verbs(stream: str) -> list[str]:
    return list(LogEvent.objects.filter(stream=stream).order_by("pk").values_list("verb", flat=True))


def test_signing_in_and_out_is_written_down_with_where_from(cast: Cast) -> None:
    client = Client(headers={"User-Agent": "Stella's phone"})
    assert knock(client, cast.store)["Location"] == "/"
    client.post("/accounts/logout/")
    own = people.stream_of(cast.store)
    assert verbs(own)[-2:] == ["signin.succeeded", "signin.ended"]
    entered = LogEvent.objects.get(verb="signin.succeeded")
    assert (entered.actor, entered.data) == (cast.store, {"ip": "127.0.0.1", "browser": "Stella's phone"})


def test_the_address_is_the_same_in_any_case(cast: Cast) -> None:
    answer = Client().post(LOGIN, {"login": cast.store.email.upper(), "password": PASSWORD})
    assert answer.status_code == 302


def test_after_five_wrong_guesses_even_the_right_password_waits(cast: Cast) -> None:
    client = Client()
    for _ in range(5):
        assert refused(knock(client, cast.store, "wrong"))
    assert refused(knock(client, cast.store))
    assert refused(knock(Client(headers={"X-Forwarded-For": "10.9.8.7"}), cast.store))
    assert verbs(people.stream_of(cast.store))[-6:] == ["signin.failed"] * 5 + ["signin.locked_out"]
    assert knock(Client(), cast.fm).status_code == 302


def test_a_flood_of_guesses_is_not_a_flood_of_events(cast: Cast) -> None:
    client = Client()
    for _ in range(9):
        knock(client, cast.store, "wrong")
    assert verbs(people.stream_of(cast.store)).count("signin.locked_out") == 1


def test_a_mistyped_address_is_not_kept_as_it_was_typed(db: None) -> None:
    Client().post(LOGIN, {"login": "my-password-by-mistake@example.com", "password": "x"})
    (event,) = LogEvent.objects.filter(stream="signin")
    assert "my-password" not in str(event.data)


def test_known_and_unknown_addresses_get_the_same_answer(cast: Cast) -> None:
    def page(address: str) -> str:
        answer = Client().post(LOGIN, {"login": address, "password": "wrong"})
        return re.sub(r"[A-Za-z0-9]{64}", "token", answer.content.decode().replace(address, "…"))

    assert page(cast.store.email) == page("nobody@example.com")


def test_who_is_switched_off_does_not_come_in(cast: Cast) -> None:
    people.switch_off(user=cast.store, by=cast.admin, now=timezone.now())
    client = Client()
    assert knock(client, cast.store)["Location"] == "/accounts/inactive/"
    assert client.get("/me").status_code == 302


def test_a_reset_mails_nobody_who_is_unknown_or_has_not_accepted(cast: Cast) -> None:
    invited = people.invite(email="nora@example.com", name="Nora", by=cast.admin, now=timezone.now())
    for address in ("nobody@example.com", invited.email, cast.store.email):
        answer = Client().post("/accounts/password/reset/", {"email": address})
        assert answer["Location"] == "/accounts/password/reset/done/"
    assert list(Notice.objects.filter(topic="password").values_list("address", flat=True)) == [cast.store.email]


def test_a_changed_password_is_written_down_and_told_by_mail(cast: Cast, enter: Callable[[User], Client]) -> None:
    client = Client()
    knock(client, cast.store)
    new = "seven crates of milk"
    sent = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert client.post("/accounts/password/change/", sent).status_code == 302
    assert verbs(people.stream_of(cast.store))[-1] == "password.changed"
    assert Notice.objects.get(topic="password").subject == "Your password was changed"
    assert client.get("/me").status_code == 200


def test_a_password_is_asked_for_again_before_a_second_factor_is_touched(
    cast: Cast, enter: Callable[[User], Client]
) -> None:
    client = enter(cast.store)
    asked = client.get("/accounts/2fa/totp/activate/")
    assert "/accounts/reauthenticate/" in asked["Location"]
    client.post("/accounts/reauthenticate/?next=/accounts/2fa/totp/activate/", {"password": "wrong"})
    assert client.get("/accounts/2fa/totp/activate/").status_code == 302
    client.post("/accounts/reauthenticate/?next=/accounts/2fa/totp/activate/", {"password": PASSWORD})
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200


def test_a_form_sent_after_the_session_ended_leads_back_to_its_page(cast: Cast) -> None:
    answer = Client().post("/me", {"name": "Stella"}, headers={"Referer": "http://testserver/me"})
    assert answer["Location"] == "/accounts/login/?next=%2Fme"
    assert knock(Client(), cast.store, next="/me")["Location"] == "/me"


def test_a_sign_in_never_leads_out_of_the_house(cast: Cast) -> None:
    assert knock(Client(), cast.store, next="https://evil.example.com/")["Location"] == "/"
