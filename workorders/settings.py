"""Keeping what an administrator sets for the work: SLA targets, and the reasons people choose from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.actors import Actor
from accounts.changes import allow, keep, remove
from accounts.permissions import Act
from workorders.models import Reason, SlaTarget

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


def keep_reason(*, reason: Reason, by: Actor, now: datetime, **facts: Any) -> Reason:
    """Enter a reason or change one; what was chosen before keeps it. Raises NotAllowed, Faulty."""
    allow(by, Act.MANAGE_SETTINGS)
    return keep(reason, facts, stream=lambda row: f"reason:{row.pk}", noun="reason", by=by, now=now)
