"""What happened, in words."""

import pytest

from accounts.events import record
from accounts.log import told
from accounts.models import LogEvent
from tests.cast import Cast
from tests.factories.clock import NOW


@pytest.mark.parametrize(
    ("verb", "data", "words"),
    [
        ("score.excluded", {"work_order": "WO-000002"}, "left WO-000002 out of the score"),
        ("score.replied", {}, "replied to the score"),
        ("vendor.shifts_set", {"who": "the whole crew"}, "set the shifts of the whole crew"),
        ("rates.change_asked", {}, "asked for other rates"),
        ("requirement.added", {"name": "License"}, "entered the requirement License"),
        ("sla_target.changed", {"name": "arrival P1"}, "changed the sla target arrival P1"),
        ("shift_exception.removed", {"name": "2026-12-24: off"}, "took out the shift exception 2026-12-24: off"),
        ("something.happened_here", {}, "something happened here"),
    ],
)
def test_a_fact_is_said_as_a_person_would(cast: Cast, verb: str, data: dict[str, str], words: str) -> None:
    record(stream="vendor:1", verb=verb, by=cast.fm, now=NOW, data=data)
    assert told(LogEvent.objects.get(verb=verb)).text == words
