"""Who may do what: the table of grants as the business states it."""

from datetime import timedelta

import pytest
import time_machine

from accounts import people
from accounts.actors import CLOCK
from accounts.models import Role, User
from accounts.permissions import EVERYBODY, GRANTS, VENDOR_ROLES, Act, acts_of, may, roles_granting
from tests.cast import Cast
from tests.factories.clock import HOUSE, NOW

SPENDING = {Act.AUTHORIZE, Act.APPROVE_INVOICE}


def test_every_role_has_its_grants_and_no_other_name_has() -> None:
    assert set(GRANTS) == set(Role.values)


def test_every_act_is_somebodys() -> None:
    nobodys = {act for act in Act if not roles_granting(act)} - EVERYBODY
    assert nobodys == {Act.EXPIRE_OFFER}
    assert may(CLOCK, Act.EXPIRE_OFFER)


@pytest.mark.parametrize(
    ("act", "roles"),
    [
        (Act.TRIAGE, {Role.FACILITIES_MANAGER}),
        (Act.DISPATCH, {Role.FACILITIES_MANAGER}),
        (Act.AUTHORIZE, {Role.DISTRICT_MANAGER, Role.FACILITIES_MANAGER}),
        (Act.APPROVE_INVOICE, {Role.DISTRICT_MANAGER, Role.FACILITIES_MANAGER, Role.FINANCE}),
        (Act.MANAGE_PEOPLE, {Role.ADMINISTRATOR}),
        (Act.MANAGE_SETTINGS, {Role.ADMINISTRATOR}),
        (Act.AUDIT, {Role.ADMINISTRATOR, Role.AUDITOR}),
        (Act.ANSWER_OFFER, {Role.DISPATCHER}),
        (Act.CHECK_IN, {Role.TECHNICIAN}),
    ],
)
def test_the_weighty_acts_belong_to_just_these_roles(act: Act, roles: set[str]) -> None:
    assert roles_granting(act) == roles


def test_the_administrator_has_no_spending_power() -> None:
    assert not GRANTS[Role.ADMINISTRATOR] & SPENDING


def test_the_auditor_only_reads() -> None:
    assert all(act.startswith(("view", "read", "export")) for act in GRANTS[Role.AUDITOR])


def test_stores_see_no_money_and_vendors_no_desk() -> None:
    assert Act.VIEW_SPEND not in GRANTS[Role.STORE_MANAGER]
    for role in VENDOR_ROLES:
        assert not GRANTS[role] & {Act.VIEW_SPEND, Act.VIEW_DESK, Act.VIEW_VENDORS, Act.COMMENT_INTERNALLY}


def test_several_roles_add_up(cast: Cast) -> None:
    person = cast.person("Two Hats", Role.AUDITOR)
    people.grant(user=person, role=Role.FINANCE, by=HOUSE, now=NOW)
    assert person.acts == acts_of(frozenset({Role.AUDITOR, Role.FINANCE}))


def test_a_role_that_has_ended_grants_nothing(cast: Cast) -> None:
    person = cast.stranger
    people.grant(user=person, role=Role.FINANCE, by=HOUSE, now=NOW, ends_at=NOW + timedelta(days=1))
    with time_machine.travel(NOW + timedelta(hours=23)):
        assert may(User.objects.get(pk=person.pk), Act.APPROVE_INVOICE)
    with time_machine.travel(NOW + timedelta(days=1)):
        assert not may(User.objects.get(pk=person.pk), Act.APPROVE_INVOICE)


def test_who_is_switched_off_may_nothing(cast: Cast) -> None:
    people.switch_off(user=cast.fm, by=cast.admin, now=NOW)
    assert User.objects.get(pk=cast.fm.pk).acts == frozenset()


def test_a_stranger_may_only_keep_the_own_account(cast: Cast) -> None:
    assert cast.stranger.acts == EVERYBODY


def test_a_granted_role_counts_at_once_although_acts_are_remembered(cast: Cast) -> None:
    assert not may(cast.stranger, Act.TRIAGE)
    membership = people.grant(user=cast.stranger, role=Role.FACILITIES_MANAGER, by=HOUSE, now=NOW)
    assert may(User.objects.get(pk=cast.stranger.pk), Act.TRIAGE)
    people.end(membership=membership, by=HOUSE, now=NOW)
    assert not may(User.objects.get(pk=cast.stranger.pk), Act.TRIAGE)
