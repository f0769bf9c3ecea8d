"""Everybody keeps the own account and reads the own notices."""

from collections.abc import Callable
from datetime import time
from typing import Any

import pytest
from django.test import Client

from accounts import notices
from accounts.models import Notice, NoticePreference, User
from tests.cast import Cast
from tests.factories.clock import NOW

Enter = Callable[[User], Client]

PROFILE = {
    "name": "Stella Store",
    "phone": "(253) 555-0142",
    "time_zone": "America/Los_Angeles",
    "theme": "dark",
    "quiet_from": "22:00",
    "quiet_until": "06:30",
}


@pytest.fixture
def topic(monkeypatch: pytest.MonkeyPatch) -> notices.Topic:
    topic = notices.Topic("job.done", "A job is done", "Jobs")
    monkeypatch.setattr(notices, "TOPICS", {topic.name: topic})
    return topic


def tell(person: User, number: int = 1, path: str = "/requests/1") -> None:
    notices.plan(
        event_key=f"some:{number}",
        topic="job.done",
        readers=[person],
        subject=f"Cooler {number} fixed",
        body="Is it cold again?",
        path=path,
        now=NOW,
    )


def test_a_profile_is_saved_with_the_phone_in_one_form(cast: Cast, enter: Enter) -> None:
    assert enter(cast.store).post("/me", PROFILE)["Location"] == "/me"
    person = User.objects.get(pk=cast.store.pk)
    assert (person.phone, person.theme, person.shortcuts_on) == ("+12535550142", "dark", False)
    assert (person.quiet_from, person.quiet_until) == (time(22), time(6, 30))


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "name"),
        ("phone", "12", "phone"),
        ("time_zone", "Mars/Olympus", "Select a valid choice"),
        ("quiet_until", "", "Enter both times, or neither."),
    ],
)
def test_a_fault_in_the_profile_comes_back_with_every_answer(
    cast: Cast, enter: Enter, field: str, value: str, sentence: str
) -> None:
    answer = enter(cast.store).post("/me", PROFILE | {field: value})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert 'value="22:00"' in page


def test_a_profile_cannot_smuggle_in_rights(cast: Cast, enter: Enter) -> None:
    enter(cast.store).post("/me", PROFILE | {"is_staff": "on", "nte_limit_amount": "99999", "email": "x@example.com"})
    person = User.objects.get(pk=cast.store.pk)
    assert (person.is_staff, person.nte_limit_amount, person.email) == (False, 0, cast.store.email)


def test_a_wish_is_kept_per_topic_and_channel(cast: Cast, enter: Enter, topic: notices.Topic) -> None:
    client = enter(cast.store)
    assert "A job is done" in client.get("/me").content.decode()
    client.post("/me/wishes", {"job.done:app": "on"})
    assert set(NoticePreference.objects.values_list("channel", "is_on")) == {("app", True), ("email", False)}
    tell(cast.store)
    assert list(Notice.objects.values_list("channel", flat=True)) == ["app"]
    client.post("/me/wishes", {"job.done:app": "on", "job.done:email": "on"})
    assert not notices.unwanted_by(cast.store)


def test_notices_are_ones_own_newest_first(cast: Cast, enter: Enter) -> None:
    tell(cast.store, 1)
    tell(cast.store, 2)
    tell(cast.fm, 3)
    page = enter(cast.store).get("/notices").content.decode()
    assert page.index("Cooler 2 fixed") < page.index("Cooler 1 fixed")
    assert "Cooler 3 fixed" not in page
    assert "2 unread" in page


def test_the_bell_gets_only_its_list(cast: Cast, enter: Enter) -> None:
    tell(cast.store)
    answer = enter(cast.store).get("/notices", headers={"HX-Request": "true", "HX-Target": "bell"})
    assert answer.content.decode().lstrip().startswith('<div id="bell">')


def test_opening_a_notice_marks_it_and_goes_to_its_page(cast: Cast, enter: Enter) -> None:
    tell(cast.store, 1)
    tell(cast.store, 2)
    first = Notice.objects.filter(reader=cast.store, channel="app").first()
    answer = enter(cast.store).post("/notices/read", {"notice": first.pk, "next": first.path})
    assert answer["Location"] == "/requests/1"
    assert Notice.objects.visible_to(cast.store).unread().count() == 1


@pytest.mark.parametrize("elsewhere", ["https://evil.example.com/", "//evil.example.com", "javascript:alert(1)"])
def test_a_notice_never_leads_out_of_the_house(cast: Cast, enter: Enter, elsewhere: str) -> None:
    assert enter(cast.store).post("/notices/read", {"next": elsewhere})["Location"] == "/notices"


def test_all_notices_are_marked_as_read_by_post_only(cast: Cast, enter: Enter) -> None:
    tell(cast.store)
    client = enter(cast.store)
    assert client.get("/notices/read").status_code == 405
    client.post("/notices/read", {"notice": "not a number"})
    assert not Notice.objects.visible_to(cast.store).unread().exists()


def test_every_role_has_an_account_page(cast: Cast, enter: Enter) -> None:
    answers: dict[str, Any] = {
        role: enter(person).get("/me").status_code for role, person in cast.of_every_role().items()
    }
    assert set(answers.values()) == {200}
