"""Where a work order stands, and the whole of what can happen to it.

`RULES` is the table that the moves, the buttons, the documents and the exhaustive test are read from.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db import models

from accounts.permissions import Act


class Status(models.TextChoices):
    """Whose move it is."""

    NEW = "new", "New"
    READY = "ready", "Ready to dispatch"
    OFFERED = "offered", "Offered"
    SCHEDULED = "scheduled", "Scheduled"
    IN_PROGRESS = "in_progress", "On site"
    ON_HOLD = "on_hold", "On hold"
    COMPLETED = "completed", "To verify"
    VERIFIED = "verified", "Completed"
    CLOSED = "closed", "Closed"
    CANCELED = "canceled", "Canceled"


OPEN = frozenset(
    {Status.NEW, Status.READY, Status.OFFERED, Status.SCHEDULED, Status.IN_PROGRESS, Status.ON_HOLD, Status.COMPLETED}
)
"""Somebody still has to do something about the work itself."""

WITH_VENDOR = frozenset({Status.SCHEDULED, Status.IN_PROGRESS})
UNDISPATCHED = frozenset({Status.NEW, Status.READY})
DONE = frozenset({Status.COMPLETED, Status.VERIFIED, Status.CLOSED})
BILLABLE = frozenset({Status.VERIFIED, Status.CLOSED})


class Move(StrEnum):
    """One thing that can happen to a work order."""

    REPORT = "report"
    TRIAGE = "triage"
    OFFER = "offer"
    ACCEPT = "accept"
    AGREE = "agree"
    DECLINE = "decline"
    EXPIRE = "expire"
    WITHDRAW = "withdraw"
    RESCHEDULE = "reschedule"
    CHECK_IN = "check_in"
    CHECK_OUT = "check_out"
    HOLD = "hold"
    RESUME = "resume"
    COMPLETE = "complete"
    VERIFY = "verify"
    REJECT = "reject"
    CLOSE = "close"
    CANCEL = "cancel"
    WITHDRAW_REQUEST = "withdraw_request"
    MERGE = "merge"
    UNMERGE = "unmerge"
    REASSIGN = "reassign"
    RECALL = "recall"


@dataclass(frozen=True)
class Rule:
    """A move: from which statuses, to which, by whom, and the words for the button and for its refusal."""

    before: frozenset[Status]
    after: frozenset[Status]
    act: Act
    label: str
    verb: str


def _rule(before: set[Status], after: set[Status], act: Act, label: str, verb: str) -> Rule:
    return Rule(frozenset(before), frozenset(after), act, label, f"workorder.{verb}")


S = Status
RULES: dict[Move, Rule] = {
    Move.REPORT: _rule(set(), {S.NEW}, Act.REPORT, "Send request", "reported"),
    Move.TRIAGE: _rule({S.NEW}, {S.READY}, Act.TRIAGE, "Accept", "triaged"),
    Move.OFFER: _rule({S.READY}, {S.OFFERED}, Act.DISPATCH, "Offer to vendor", "offered"),
    Move.ACCEPT: _rule({S.OFFERED}, {S.SCHEDULED}, Act.ANSWER_OFFER, "Accept job", "accepted"),
    Move.AGREE: _rule({S.OFFERED}, {S.SCHEDULED}, Act.DISPATCH, "Accept this time", "time_agreed"),
    Move.DECLINE: _rule({S.OFFERED}, {S.READY, S.OFFERED}, Act.ANSWER_OFFER, "Decline job", "declined"),
    Move.EXPIRE: _rule({S.OFFERED}, {S.READY, S.OFFERED}, Act.EXPIRE_OFFER, "Expire offer", "offer_expired"),
    Move.WITHDRAW: _rule({S.OFFERED}, {S.READY, S.OFFERED}, Act.DISPATCH, "Withdraw offer", "offer_withdrawn"),
    Move.RESCHEDULE: _rule({S.SCHEDULED}, {S.SCHEDULED}, Act.RESCHEDULE, "Change time", "rescheduled"),
    Move.CHECK_IN: _rule({S.SCHEDULED}, {S.IN_PROGRESS}, Act.CHECK_IN, "Check in", "checked_in"),
    Move.CHECK_OUT: _rule(
        {S.IN_PROGRESS}, {S.SCHEDULED, S.ON_HOLD, S.COMPLETED}, Act.CHECK_OUT, "Check out", "checked_out"
    ),
    Move.HOLD: _rule({S.NEW, S.READY, S.SCHEDULED, S.IN_PROGRESS}, {S.ON_HOLD}, Act.HOLD, "Put on hold", "held"),
    Move.RESUME: _rule({S.ON_HOLD}, {S.NEW, S.READY, S.SCHEDULED, S.IN_PROGRESS}, Act.HOLD, "Resume", "resumed"),
    Move.COMPLETE: _rule({S.IN_PROGRESS, S.SCHEDULED}, {S.COMPLETED}, Act.COMPLETE, "Complete", "completed"),
    Move.VERIFY: _rule({S.COMPLETED}, {S.VERIFIED}, Act.CONFIRM, "Yes, it works", "verified"),
    Move.REJECT: _rule({S.COMPLETED}, {S.SCHEDULED}, Act.CONFIRM, "Not fixed", "rejected"),
    Move.CLOSE: _rule({S.VERIFIED}, {S.CLOSED}, Act.CLOSE, "Close", "closed"),
    Move.CANCEL: _rule(
        {S.NEW, S.READY, S.OFFERED, S.SCHEDULED, S.IN_PROGRESS, S.ON_HOLD}, {S.CANCELED}, Act.CANCEL, "Cancel",
        "canceled",
    ),
    Move.WITHDRAW_REQUEST: _rule(
        {S.NEW}, {S.CANCELED}, Act.WITHDRAW_REQUEST, "Cancel request", "request_withdrawn"
    ),
    Move.MERGE: _rule({S.NEW, S.READY}, {S.CANCELED}, Act.MERGE, "Merge", "merged"),
    Move.UNMERGE: _rule({S.CANCELED}, {S.NEW, S.READY}, Act.MERGE, "Undo merge", "unmerged"),
    Move.REASSIGN: _rule({S.OFFERED, S.SCHEDULED, S.ON_HOLD}, {S.READY}, Act.REASSIGN, "Reassign", "reassigned"),
    Move.RECALL: _rule(
        {S.VERIFIED, S.CLOSED}, {S.VERIFIED, S.CLOSED}, Act.RECALL, "It failed again", "recalled"
    ),
}  # fmt: skip
