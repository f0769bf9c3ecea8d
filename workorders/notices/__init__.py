"""What is said about a work order to whom, in which words. Called by the reactions; nothing is sent here."""

from __future__ import annotations

from workorders.notices.dispatching import (
    accepted,
    assigned,
    lapsed,
    not_sent,
    offer_ended,
    offer_failed,
    offer_gone,
    offered,
    proposal_refused,
    proposed,
    rescheduled,
    time_agreed,
)
from workorders.notices.money import authorized, invoice_moved
from workorders.notices.requests import (
    absorbed,
    called_off,
    commented,
    got_worse,
    held,
    hold_over,
    prioritized,
    reported,
    resumed,
    triaged,
)
from workorders.notices.working import checked_in, checked_out, completed, rejected, verified, verify_reminder

__all__ = [
    "absorbed",
    "accepted",
    "assigned",
    "authorized",
    "called_off",
    "checked_in",
    "checked_out",
    "commented",
    "completed",
    "got_worse",
    "held",
    "hold_over",
    "invoice_moved",
    "lapsed",
    "not_sent",
    "offer_ended",
    "offer_failed",
    "offer_gone",
    "offered",
    "prioritized",
    "proposal_refused",
    "proposed",
    "rejected",
    "reported",
    "rescheduled",
    "resumed",
    "time_agreed",
    "triaged",
    "verified",
    "verify_reminder",
]
