"""`manage.py verify` finds what is not whole, names it, and fails."""

from io import StringIO

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import File
from tests.cast import Cast
from tests.factories.workorders import Story, photo

pytestmark = pytest.mark.django_db


def verified() -> tuple[bool, str]:
    out = StringIO()
    try:
        call_command("verify", stdout=out)
    except CommandError as problem:
        return False, f"{out.getvalue()}{problem}"
    return True, out.getvalue()


def by_sql(statement: str, *facts: object, table: str = "workorders_event") -> None:
    """What only somebody with the keys to the database can do."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement, facts)
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def test_a_story_is_whole_and_says_how_much_it_is(cast: Cast) -> None:
    Story(cast, facts={"photos": [photo()]}).closed()
    good, said = verified()
    assert good, said
    assert said.startswith("Whole: ")
    assert "2 files" in said


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE workorders_event SET verb = 'workorder.closed' WHERE position = 2", "position 2): its contents"),
        ("UPDATE workorders_event SET note = 'Other words' WHERE position = 1", "position 1): its note does not match"),
        ("DELETE FROM workorders_event WHERE position = 1", "position 2): position 1 was expected"),
        ("UPDATE workorders_event SET data = '{}' WHERE position = 3", "position 3): its contents do not match"),
    ],
)
def test_a_changed_or_removed_event_is_named_first(cast: Cast, statement: str, words: str) -> None:
    Story(cast).scheduled()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_unsettled")
    by_sql(statement)
    good, said = verified()
    assert not good
    assert words in said.splitlines()[0]


def test_a_status_or_a_sum_that_nobody_moved_is_named(cast: Cast) -> None:
    number = Story(cast).offered().work_order.number
    by_sql("UPDATE workorders_workorder SET status = 'new', authorized_amount = 9000", table="workorders_workorder")
    good, said = verified()
    assert not good
    assert f"{number}: its status is not what its last move says." in said
    assert f"{number}: what may be spent is not the sum of its ledger." in said
    assert "2 things are not whole." in said


def test_a_file_that_is_gone_or_another_is_named(cast: Cast) -> None:
    Story(cast, facts={"photos": [photo(), photo("b.jpg", "red")]}).reported()
    gone, other = File.objects.order_by("pk")
    default_storage.delete(gone.path)
    default_storage.delete(other.path)
    with default_storage.open(other.path, "wb") as stream:
        stream.write(b"another")
    good, said = verified()
    assert not good
    assert f"{gone.path}: the file is missing." in said
    assert f"{other.path}: the file is not what was handed in." in said
    out = StringIO()
    call_command("verify", without_files=True, stdout=out)
    assert "files" not in out.getvalue()
