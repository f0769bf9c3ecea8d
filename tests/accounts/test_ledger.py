"""The log of events: numbered and chained by the database, checked by other code, changed by nobody."""

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.events import record
from accounts.ledger import broken_links
from accounts.models import LogEvent, Unsettled
from tests.factories.clock import HOUSE, NOW

pytestmark = pytest.mark.django_db


def tell(verb: str, stream: str = "vendor:1", note: str = "") -> LogEvent:
    return record(stream=stream, verb=verb, by=HOUSE, now=NOW, data={"b": 1, "a": "ü"}, note=note)


def by_sql(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)


def links() -> list[str]:
    return list(broken_links("accounts_logevent", "stream"))


def test_each_stream_is_a_chain_of_its_own() -> None:
    for verb in ("document.added", "document.verified"):
        tell(verb)
    tell("document.added", stream="vendor:2")
    first, second = LogEvent.objects.filter(stream="vendor:1").order_by("position")
    other = LogEvent.objects.get(stream="vendor:2")
    assert (first.position, second.position, other.position) == (1, 2, 1)
    assert second.previous_hash == first.hash != ""
    assert other.previous_hash == ""
    assert links() == []


def test_every_event_waits_to_be_settled() -> None:
    event = tell("document.added")
    assert Unsettled.objects.get(event_id=event.pk).ledger == "accounts_logevent"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_logevent SET verb = 'document.refused'",
        "UPDATE accounts_logevent SET note = 'other words'",
        "UPDATE accounts_logevent SET note = '', verb = 'document.refused'",
        "DELETE FROM accounts_logevent",
        "TRUNCATE accounts_logevent CASCADE",
    ],
)
def test_the_database_refuses_to_change_or_remove_an_event(statement: str) -> None:
    tell("document.added", note="Called them twice.")
    with pytest.raises(DatabaseError, match="never changed or removed"):
        by_sql(statement)
    assert LogEvent.objects.get().note == "Called them twice."


def test_a_personal_note_can_be_blanked_without_breaking_the_chain() -> None:
    tell("document.added", note="Maria was ill.")
    tell("document.verified")
    by_sql("UPDATE accounts_logevent SET note = '' WHERE position = 1")
    assert LogEvent.objects.get(position=1).note == ""
    assert links() == []


@pytest.mark.parametrize(
    ("tampering", "what_is_found"),
    [
        ("UPDATE accounts_logevent SET verb = 'document.refused' WHERE position = 2", "do not match its hash"),
        ("UPDATE accounts_logevent SET note = 'Fine.' WHERE position = 2", "note does not match its digest"),
        ("UPDATE accounts_logevent SET at = at - interval '1 day' WHERE position = 2", "do not match its hash"),
        ("DELETE FROM accounts_logevent WHERE position = 2", "position 2 was expected"),
        ("UPDATE accounts_logevent SET data = '{}' WHERE position = 1", "position 1): its contents"),
    ],
)
def test_whoever_gets_past_the_triggers_is_found_out(tampering: str, what_is_found: str) -> None:
    for verb in ("document.added", "document.read", "document.verified"):
        tell(verb, note="Looks right.")
    by_sql("ALTER TABLE accounts_logevent DISABLE TRIGGER USER")
    by_sql(tampering)
    assert any(what_is_found in sentence for sentence in links())


def test_an_access_version_never_goes_back(cast) -> None:
    person = cast.admin
    with pytest.raises(DatabaseError, match="only grows"):
        by_sql(f"UPDATE accounts_user SET access_version = 0 WHERE id = {person.pk}")


def test_switching_a_person_off_raises_the_access_version(cast) -> None:
    person = cast.admin
    before = person.access_version
    by_sql(f"UPDATE accounts_user SET is_active = false WHERE id = {person.pk}")
    person.refresh_from_db()
    assert person.access_version == before + 1


def test_saving_a_person_never_takes_back_an_access_version(cast) -> None:
    person = cast.admin
    by_sql(f"UPDATE accounts_user SET access_version = access_version + 5 WHERE id = {person.pk}")
    person.name = "Ada Lovelace"
    person.save()
    before = person.access_version
    person.refresh_from_db()
    assert (person.name, person.access_version) == ("Ada Lovelace", before + 5)
