"""What an administrator sets for the work: SLA targets, what priorities mean, the reasons to choose from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.actors import Actor
from accounts.changes import Faulty, allow, keep, remove
from accounts.events import record
from accounts.permissions import Act
from accounts.thresholds import OutOfBounds
from assets.models import Priority, PriorityMeaning
from workorders.models import Reason, SlaTarget
from workorders.terms import EXPIRY

TARGETS = "sla_targets"
"""The chain of the log that tells how the targets changed."""


def keep_target(*, target: SlaTarget, by: Actor, now: datetime, **facts: Any) -> SlaTarget:
    """Set how soon a milestone is due; the clocks of open work follow. Raises NotAllowed, Faulty."""
    allow(by, Act.MANAGE_SETTINGS)
    return keep(target, facts, stream=lambda row: TARGETS, noun="sla_target", by=by, now=now)


def remove_target(*, target: SlaTarget, by: Actor, now: datetime) -> None:
    """Take out a target; the wider one counts. Raises NotAllowed."""
    allow(by, Act.MANAGE_SETTINGS)
    remove(target, stream=TARGETS, noun="sla_target", by=by, now=now)


def stream_of_priority(row: PriorityMeaning) -> str:
    """The chain of the log that tells how a priority came to be what it is."""
    return f"priority:{row.priority}"


def keep_priority(
    *, row: PriorityMeaning, by: Actor, now: datetime, answer_within: int | None = None, **facts: Any
) -> PriorityMeaning:
    """Say what a priority means, and within how long its offers are to be answered (in the unit of their threshold).

    None leaves that time as it is. Raises NotAllowed, Faulty.
    """
    allow(by, Act.MANAGE_SETTINGS)
    with transaction.atomic():
        kept = keep(row, facts, stream=stream_of_priority, noun="priority", by=by, now=now)
        expiry = EXPIRY[Priority(kept.priority)]
        before = expiry.value()
        if answer_within not in (None, before):
            try:
                expiry.change(value=answer_within, by=by, now=now)
            except OutOfBounds as refusal:
                raise Faulty({"answer_within": str(refusal)}) from refusal
            data = {"name": str(kept), "changed": {"answer_within": [before, answer_within]}}
            record(stream=stream_of_priority(kept), verb="priority.changed", by=by, now=now, data=data)
    return kept


def keep_reason(*, reason: Reason, by: Actor, now: datetime, **facts: Any) -> Reason:
    """Enter a reason or change one; what was chosen before keeps it. Raises NotAllowed, Faulty."""
    allow(by, Act.MANAGE_SETTINGS)
    return keep(reason, facts, stream=lambda row: f"reason:{row.pk}", noun="reason", by=by, now=now)
