"""Each audience gets its own frame, and only the lines it may use."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from django.urls import resolve

from accounts.models import Role, User
from accounts.permissions import acts_of
from config.menu import DESK, FOOT, STORE, VENDOR, Audience, Shell, address, audience
from tests.house.test_templates import SPRITE


def person(role: Role) -> User:
    user = User(pk=7, name="Dana Whitfield", email="dana@example.com")
    user.__dict__ |= {"roles": frozenset({role}), "acts": acts_of(frozenset({role}))}
    return user


def shell(user: object, path: str = "/") -> Shell:
    request = RequestFactory().get(path)
    request.user = user  # type: ignore[assignment]
    return Shell(request)


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        (Role.STORE_MANAGER, Audience.STORE),
        (Role.DISTRICT_MANAGER, Audience.DESK),
        (Role.FACILITIES_MANAGER, Audience.DESK),
        (Role.ADMINISTRATOR, Audience.DESK),
        (Role.FINANCE, Audience.DESK),
        (Role.AUDITOR, Audience.DESK),
        (Role.DISPATCHER, Audience.VENDOR),
        (Role.TECHNICIAN, Audience.VENDOR),
    ],
)
def test_the_role_decides_the_shell(role, seen):
    assert audience(person(role)) is seen


def test_pages_of_every_audience_take_the_shell_of_the_person():
    assert shell(person(Role.FACILITIES_MANAGER)).own == "shells/desk.html"
    assert shell(person(Role.TECHNICIAN)).own == "shells/mobile.html"
    assert shell(AnonymousUser()).own == "shells/plain.html"


@pytest.mark.django_db  # lines that count ask
def test_nobody_sees_a_line_whose_act_is_not_theirs():
    for role in Role.values:
        user = person(Role(role))
        frame = shell(user)
        shown = {line.url for group in frame.sections for line in group.items} | {line.url for line in frame.foot}
        for item in [*(item for section in DESK for item in section.items), *FOOT]:
            if item.act not in user.acts:
                assert address(item.url_name) not in shown, (role, item.label)


def test_a_letter_after_g_goes_to_one_place():
    letters = [item.key for section in DESK for item in section.items if item.key]
    assert len(letters) == len(set(letters))


def test_signed_out_nothing_of_the_house_is_shown():
    frame = shell(AnonymousUser())
    assert frame.sections == []
    assert frame.tabs == []
    assert frame.person == ""
    assert frame.unread == 0


def test_every_icon_of_the_menu_exists():
    for item in [*(item for section in DESK for item in section.items), *FOOT, *STORE, *VENDOR]:
        assert item.icon in SPRITE, item.label


def test_every_line_of_every_menu_leads_somewhere():
    for item in [*(item for section in DESK for item in section.items), *FOOT, *STORE, *VENDOR]:
        assert resolve(address(item.url_name)), item.label


def test_no_two_lines_of_a_menu_lead_to_the_same_place():
    for menu in ([item for section in DESK for item in section.items], STORE, VENDOR):
        addresses = [address(item.url_name) for item in menu]
        assert len(addresses) == len(set(addresses))
