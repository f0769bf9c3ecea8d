"""The pages written from the code say what the code says."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from config import documents
from config.variables import TABLE, Variable


def test_every_written_page_is_up_to_date():
    assert documents.stale() == [], "run: ./run manage docs"


def test_a_new_setting_makes_the_page_stale(monkeypatch):
    monkeypatch.setitem(TABLE, "NEW_ONE", Variable("NEW_ONE", "text", "", "Nobody has written this down."))
    assert documents.stale() == ["docs/settings.md"]
    with pytest.raises(CommandError, match=r"docs/settings\.md"):
        call_command("docs", check=True)


def test_periods_are_said_in_words():
    said = {documents.how_often(timedelta(minutes=minutes)) for minutes in (1, 15, 60, 120, 1440)}
    assert said == {"every minute", "every 15 minutes", "every hour", "every 2 hours", "every day"}


@pytest.mark.parametrize(("command", "key"), [("doors", "address"), ("data_dictionary", "table")])
def test_the_tables_are_there_as_data(command, key):
    out = StringIO()
    call_command(command, json=True, stdout=out)
    found = json.loads(out.getvalue())
    assert len({row[key] for row in found}) == len(found) > 1
