"""The administrator lets people in, gives them roles and limits, and switches them off."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import notices, people
from accounts.models import LogEvent, Membership, Notice, Role, User
from tests.cast import Cast
from tests.factories.clock import NOW

Enter = Callable[[User], Client]


def test_people_are_listed_by_name_with_their_roles(cast: Cast, enter: Enter) -> None:
    cast.fm, cast.stranger  # noqa: B018 - they come in
    page = enter(cast.admin).get("/people").content.decode()
    assert page.index("Ada Admin") < page.index("Fay Facilities") < page.index("Stan Stranger")
    assert "Facilities manager" in page
    assert "No role" in page


def test_the_list_is_narrowed_by_word_role_and_state(cast: Cast, enter: Enter) -> None:
    cast.fm, cast.stranger  # noqa: B018 - they come in
    client = enter(cast.admin)

    def names(query: str) -> list[str]:
        return [person.name for person in client.get(f"/people?{query}").context["page"].rows]

    assert names("q=fay") == ["Fay Facilities"]
    assert names("role=administrator") == ["Ada Admin"]
    assert names("state=off") == []
    assert names("state=in") == ["Ada Admin", "Fay Facilities", "Stan Stranger"]
    assert names("q=nobody") == []


def test_htmx_gets_only_the_results(cast: Cast, enter: Enter) -> None:
    answer = enter(cast.admin).get("/people", headers={"HX-Request": "true", "HX-Target": "people-results"})
    assert answer.content.decode().lstrip().startswith("<section")
    assert "HX-Request" in answer["Vary"]


def test_a_target_that_is_not_a_partial_of_the_page_gets_the_page(cast: Cast, enter: Enter) -> None:
    answer = enter(cast.admin).get("/people", headers={"HX-Request": "true", "HX-Target": "../../secret"})
    assert "<html" in answer.content.decode()


def test_people_come_in_pages_that_neither_lose_nor_repeat_a_row(cast: Cast, enter: Enter) -> None:
    for number in range(120):
        User.objects.create_user(f"crew{number}@example.com", None, name=f"Crew {number % 7}")
    client, seen, address = enter(cast.admin), [], "/people"
    while True:
        page = client.get(address).context["page"]
        seen += [person.pk for person in page.rows]
        if not page.next:
            break
        address = f"/people{page.next}"
    assert len(seen) == len(set(seen)) == User.objects.count()
    back = client.get(f"/people{page.previous}").context["page"]
    assert [person.pk for person in back.rows] == seen[-50 - len(page.rows) : -len(page.rows)]


@pytest.mark.parametrize("key", ["after=nonsense", "after=W10", "before=", "after=%00"])
def test_a_page_key_that_cannot_be_read_is_the_first_page(cast: Cast, enter: Enter, key: str) -> None:
    assert enter(cast.admin).get(f"/people?{key}").context["page"].rows == [cast.admin]


def test_inviting_makes_the_account_gives_the_role_and_plans_the_mail(cast: Cast, enter: Enter) -> None:
    sent = {"name": "Nora New", "email": "Nora@Example.com", "role": Role.FINANCE}
    answer = enter(cast.admin).post("/people/new", sent)
    nora = User.objects.get(email__iexact="nora@example.com")
    assert answer["Location"] == reverse("accounts:person", args=[nora.pk])
    assert nora.is_invited
    assert nora.roles == {Role.FINANCE}
    assert Notice.objects.get(topic="invitation").address == "nora@example.com"


def test_an_address_that_is_here_already_comes_back_with_the_answers(cast: Cast, enter: Enter) -> None:
    answer = enter(cast.admin).post("/people/new", {"name": "Ada Again", "email": cast.admin.email.upper()})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Somebody already signs in with this e-mail address." in page
    assert "Ada Again" in page


def test_a_role_is_given_and_ended(cast: Cast, enter: Enter) -> None:
    client, person = enter(cast.admin), cast.stranger
    client.post(f"/people/{person.pk}/roles", {"role": Role.FINANCE})
    membership = Membership.objects.get(user=person)
    assert (membership.role, membership.granted_by) == (Role.FINANCE, cast.admin)
    page = client.get(f"/people/{person.pk}").content.decode()
    assert "gave the role finance" in page
    client.post(f"/people/{person.pk}/roles/{membership.pk}/end")
    assert User.objects.get(pk=person.pk).roles == frozenset()
    assert client.post(f"/people/{person.pk}/roles/{membership.pk}/end").status_code == 409


def test_a_last_day_in_the_past_is_refused(cast: Cast, enter: Enter) -> None:
    sent = {"role": Role.FINANCE, "last_on": "2020-01-01"}
    answer = enter(cast.admin).post(f"/people/{cast.stranger.pk}/roles", sent)
    assert answer.status_code == 422
    assert "Enter today or a later day." in answer.content.decode()
    assert not cast.stranger.memberships.exists()


def test_limits_are_set_in_dollars_and_nobody_raises_his_own(cast: Cast, enter: Enter) -> None:
    sent = {"nte_limit_amount": "1500.00", "quote_limit_amount": "0", "invoice_limit_amount": "0"}
    client = enter(cast.admin)
    assert client.post(f"/people/{cast.stranger.pk}/limits", sent).status_code == 302
    assert User.objects.get(pk=cast.stranger.pk).nte_limit_amount == Decimal(1500)
    answer = client.post(f"/people/{cast.admin.pk}/limits", sent)
    assert answer.status_code == 422
    assert "You cannot raise your own limits." in answer.content.decode()
    assert User.objects.get(pk=cast.admin.pk).nte_limit_amount == 0
    changed = LogEvent.objects.get(verb="limits.changed", stream=f"user:{cast.stranger.pk}")
    assert changed.data == {"Not-to-exceed limit": ["$0.00", "$1,500.00"]}


@pytest.mark.parametrize("amount", ["-1", "much", "1e99", "12.345"])
def test_a_limit_that_is_no_amount_comes_back(cast: Cast, enter: Enter, amount: str) -> None:
    sent = {"nte_limit_amount": amount, "quote_limit_amount": "0", "invoice_limit_amount": "0"}
    answer = enter(cast.admin).post(f"/people/{cast.stranger.pk}/limits", sent)
    assert answer.status_code == 422
    assert amount in answer.content.decode()


def test_switching_off_ends_the_session_and_switching_on_lets_in_again(cast: Cast, enter: Enter) -> None:
    theirs, client = enter(cast.fm), enter(cast.admin)
    assert theirs.get("/me").status_code == 200
    client.post(f"/people/{cast.fm.pk}/switch/off")
    assert theirs.get("/me").status_code == 302
    client.post(f"/people/{cast.fm.pk}/switch/on")
    assert User.objects.get(pk=cast.fm.pk).is_active


def test_nobody_changes_the_own_roles_or_switches_himself_off(cast: Cast, enter: Enter) -> None:
    client, own = enter(cast.admin), cast.admin.memberships.get()
    assert client.post(f"/people/{cast.admin.pk}/roles", {"role": Role.FINANCE}).status_code == 422
    assert client.post(f"/people/{cast.admin.pk}/roles/{own.pk}/end").status_code == 403
    assert client.post(f"/people/{cast.admin.pk}/switch/off").status_code == 403
    assert User.objects.get(pk=cast.admin.pk).roles == {Role.ADMINISTRATOR}


@pytest.mark.parametrize("way", ["get", "post"])
@pytest.mark.parametrize("address", ["/people", "/people/new", "/people/1", "/people/1/roles", "/log"])
def test_people_and_the_log_are_closed_to_others(cast: Cast, enter: Enter, way: str, address: str) -> None:
    for person in (cast.fm, cast.store, cast.dispatcher, cast.stranger):
        assert getattr(enter(person), way)(address).status_code in (403, 405)
    assert Client().get("/people")["Location"].startswith("/accounts/login/")


def test_a_person_who_does_not_exist_is_not_found(cast: Cast, enter: Enter) -> None:
    assert enter(cast.admin).get("/people/999999").status_code == 404
    assert enter(cast.admin).post("/people/999999/roles", {"role": Role.FINANCE}).status_code == 404


def test_nothing_of_people_acts_on_get(cast: Cast, enter: Enter) -> None:
    client = enter(cast.admin)
    for address in ("roles", "limits", "switch/off", "invite"):
        assert client.get(f"/people/{cast.stranger.pk}/{address}").status_code == 405


def test_the_log_tells_who_did_what_in_words(cast: Cast, enter: Enter) -> None:
    enter(cast.admin).post(f"/people/{cast.stranger.pk}/roles", {"role": Role.FINANCE})
    page = enter(cast.auditor).get("/log?what=role.granted&who=Ada")
    assert [entry.text for _, entry, _ in page.context["entries"]] == ["gave the role finance"]
    about: Any = enter(cast.auditor).get(f"/log?about=user:{cast.stranger.pk}").context["entries"]
    assert {event.verb for event, *_ in about} == {"role.granted"}


@pytest.mark.parametrize(("address", "queries"), [("/people", 5), ("/log", 5), ("/notices", 5)])
def test_a_list_asks_as_much_for_many_rows_as_for_few(
    cast: Cast, enter: Enter, address: str, queries: int, django_assert_max_num_queries: Any
) -> None:
    client = enter(cast.admin)
    client.get(address)
    for number in range(40):
        user = people.invite(
            email=f"crew{number}@example.com", name=f"Crew {number}", roles=[Role.FINANCE], by=cast.admin, now=NOW
        )
        notices.plan(
            event_key=f"some:{number}", topic="job.done", readers=[cast.admin, user], subject="S", body="B", now=NOW
        )
    with django_assert_max_num_queries(queries):
        client.get(address)
