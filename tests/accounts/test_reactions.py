"""Whoever is given or loses a role hears of it."""

from accounts import outbox, people
from accounts.models import Notice, Role, Unsettled
from tests.cast import Cast
from tests.factories.clock import NOW


def settle() -> None:
    outbox.settle(now=NOW, ledgers=outbox.ledgers(), limit=10_000)


def subjects(person: object) -> list[str]:
    found = Notice.objects.filter(reader=person, channel="app", topic="access.changed").order_by("pk")
    return list(found.values_list("subject", flat=True))


def test_a_person_is_told_of_a_role_given_and_ended(cast: Cast) -> None:
    membership = people.grant(user=cast.stranger, role=Role.FINANCE, by=cast.admin, now=NOW)
    people.end(membership=membership, by=cast.admin, now=NOW)
    settle()
    settle()
    assert subjects(cast.stranger) == ["You are now finance", "You are no longer finance"]


def test_who_is_only_invited_is_not_told_twice(cast: Cast) -> None:
    invited = people.invite(email="nora@example.com", name="Nora", roles=[Role.FINANCE], by=cast.admin, now=NOW)
    settle()
    assert subjects(invited) == []


def test_the_log_leaves_nothing_unsettled(cast: Cast) -> None:
    people.switch_off(user=cast.stranger, by=cast.admin, now=NOW)
    settle()
    assert not Unsettled.objects.exists()
