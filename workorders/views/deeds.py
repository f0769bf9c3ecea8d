"""What the desk can do to one work order: for each deed its form, its words and the one rule it calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.urls import reverse

from accounts.permissions import Act
from vendors.models import Vendor
from workorders import (
    authorization,
    conversation,
    dispatch,
    dossier,
    intake,
    lifecycle,
    merging,
    offers,
    ownership,
    recalls,
    visits,
)
from workorders.forms import desk as forms
from workorders.models import Move, Status, WorkOrder
from workorders.models.status import DONE
from workorders.refusals import Incomplete

if TYPE_CHECKING:
    from accounts.models import User

type Done = str
"""The number of the work order to show afterwards."""


@dataclass(frozen=True)
class Deed:
    """One button of the page: `do` calls the rule with the form's facts and returns the number to go on to."""

    name: str
    title: str
    button: str
    said: str
    form: type[forms.MoveForm]
    do: Callable[[WorkOrder, User, datetime, dict[str, Any]], Done]
    icon: str = ""
    move: Move | None = None
    act: Act | None = None
    danger: bool = False
    help: str = ""
    key: str = ""
    """What presses its button."""
    brief: str = ""
    fits: Callable[[WorkOrder], bool] | None = None
    """What else must hold of the work order, as its page knows it."""

    @property
    def short(self) -> str:
        """What stands on its button where there is little room."""
        return self.brief or self.button

    def possible(self, row: WorkOrder, by: User, moves: set[Move]) -> bool:
        """Whether the button is shown: the move is in the table of moves for this person and this moment."""
        if self.fits is not None and not self.fits(row):
            return False
        if self.move is not None:
            return self.move in moves
        return self.act is None or (self._in_time(row) and lifecycle.allowed(row, self.act, by))

    def _in_time(self, row: WorkOrder) -> bool:
        """Money is authorized as long as a bill can come; what was recommended is followed once the work is done."""
        if self.act == Act.REPORT_FOR_SITE:
            return row.status in DONE and bool(row.recommendation)
        return row.is_open or (self.act == Act.AUTHORIZE and row.status != Status.CLOSED)


def _rule(rule: Callable[..., WorkOrder]) -> Callable[[WorkOrder, User, datetime, dict[str, Any]], Done]:
    return lambda row, by, now, facts: rule(row, by=by, now=now, **facts).number


def _versionless(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if name != "version"}


def _recall(row: WorkOrder, by: User, now: datetime, facts: dict[str, Any]) -> Done:
    return intake.recall(row, by=by, now=now, **_versionless(facts)).number


def _merge(row: WorkOrder, by: User, now: datetime, facts: dict[str, Any]) -> Done:
    merging.merge(row, by=by, now=now, **facts)
    return facts["into"].number


def _follow_up(row: WorkOrder, by: User, now: datetime, facts: dict[str, Any]) -> Done:
    return intake.follow_up(row, by=by, now=now).number


def _say(row: WorkOrder, by: User, now: datetime, facts: dict[str, Any]) -> Done:
    conversation.say(row, by=by, now=now, **facts)
    return row.number


def _watch(row: WorkOrder, by: User, now: datetime, facts: dict[str, Any]) -> Done:
    conversation.watch(row, by=by, now=now)
    return row.number


def _stop_watching(row: WorkOrder, by: User, now: datetime, facts: dict[str, Any]) -> Done:
    conversation.stop_watching(row, by=by)
    return row.number


def send(row: WorkOrder, by: User, now: datetime, facts: dict[str, Any], *, vendor: int) -> Done:
    """Offer to one of the vendors that dispatch considers; what is new is accepted first."""
    version = facts.pop("version", None)
    if row.status == Status.NEW:
        row = lifecycle.triage(row, by=by, now=now, version=version)
        version = row.version
    also = Vendor.objects.visible_to(by).filter(pk=vendor, trades__trade=row.trade_id)
    candidate = dispatch.consider(work_order=row, now=now, by=by, also=also).candidate(vendor)
    if candidate is None:
        raise Incomplete({"": "This vendor does not work in the trade any more. Choose another."})
    offers.offer(row, vendor=candidate.vendor, by=by, now=now, version=version, **facts)
    return row.number


DEEDS = {
    deed.name: deed
    for deed in (
        Deed("triage", "Accept this request", "Accept", "Accepted. Choose who goes.", forms.TriageForm,
             _rule(lifecycle.triage), "check", Move.TRIAGE,
             help="Correct what is wrong in it; each correction is kept."),
        Deed("merge", "Is it a duplicate?", "Merge", "Merged. It can be undone for an hour.", forms.MergeForm, _merge,
             "copy", Move.MERGE, key="2"),
        Deed("unmerge", "Undo the merge", "Undo merge", "Taken out again. It stands where it stood.", forms.PlainForm,
             _rule(merging.unmerge), "undo-2", Move.UNMERGE, key="z",
             help="It stands where it stood, with everything that was moved away from it."),
        Deed("ask", "Ask the store", "Send question", "Question sent to the store.", forms.AskForm, _say,
             "message-circle-question-mark", None, Act.COMMENT_INTERNALLY, key="3", brief="Ask store"),
        Deed("hold", "Put on hold", "Put on hold", "Put on hold.", forms.HoldForm, _rule(lifecycle.hold),
             "circle-pause", Move.HOLD, key="h", brief="Hold"),
        Deed("resume", "Resume", "Resume", "It goes on.", forms.PlainForm, _rule(lifecycle.resume), "arrow-right",
             Move.RESUME, key="r"),
        Deed("reschedule", "Move the appointment", "Move appointment", "Appointment moved.", forms.RescheduleForm,
             _rule(visits.reschedule), "calendar-days", Move.RESCHEDULE,
             help="The first appointment is kept and measured."),
        Deed("reassign", "Give the job to somebody else", "Take job back", "Taken back. Choose who goes.",
             forms.WordsForm, _rule(lifecycle.reassign), "undo-2", Move.REASSIGN, danger=True,
             help="The vendor is told. Visits already made stay billable."),
        Deed("verify", "Is the work right?", "Confirm the work", "Confirmed.", forms.VerifyForm,
             _rule(lifecycle.verify), "circle-check", Move.VERIFY, key="1", brief="Confirm"),
        Deed("reject", "Not fixed", "Send back as not fixed", "Sent back to the vendor.", forms.WordsForm,
             _rule(lifecycle.reject), "rotate-ccw", Move.REJECT, danger=True, key="n", brief="Not fixed",
             help="The same vendor comes again. Nothing is billed until it is completed again."),
        Deed("recall", "It failed again", "Call it back", "Called back as this work order.", forms.WordsForm, _recall,
             "rotate-ccw", Move.RECALL, help="A new work order, first to the same vendor, nothing authorized."),
        Deed("make_recall", "Make this a recall?", "Make it a recall", "It is a recall now.", forms.PlainForm,
             _rule(recalls.make_recall), "rotate-ccw", None, Act.TRIAGE, key="l", fits=dossier.may_be_recall),
        Deed("follow_up", "Follow what was recommended", "Make follow-up", "This is the follow-up.", forms.PlainForm,
             _follow_up, "arrow-right", None, Act.REPORT_FOR_SITE,
             help="What the technician recommended becomes a new work order that is linked to this one."),
        Deed("close", "Close", "Close work order", "Closed.", forms.CloseForm, _rule(lifecycle.close), "check-check",
             Move.CLOSE),
        Deed("priority", "Change the priority", "Change priority", "Priority changed.", forms.PriorityForm,
             _rule(lifecycle.set_priority), "signal", None, Act.TRIAGE, key="p", brief="Priority"),
        Deed("assign", "Who looks after it", "Change owner", "Somebody else looks after it now.", forms.OwnerForm,
             _rule(ownership.assign), "user", None, Act.EDIT_WORK, key="a", brief="Owner"),
        Deed("correct", "Correct the request", "Save", "Corrected.", forms.CorrectForm, _rule(lifecycle.correct),
             "pencil", None, Act.EDIT_WORK,
             help="What was reported wrong is counted, so that the next report comes in right."),
        Deed("authorize", "Set what may be spent", "Set amount", "Amount set.", forms.AuthorizeForm,
             _rule(authorization.authorize), "circle-dollar-sign", None, Act.AUTHORIZE,
             help="Not to exceed (NTE), before tax."),
        Deed("cancel", "Cancel this work order?", "Cancel work order", "Canceled.", forms.WordsForm,
             _rule(lifecycle.cancel), "ban", Move.CANCEL, danger=True,
             help="Open offers are withdrawn. A trip already made stays billable as a trip.", key="4", brief="Cancel"),
        Deed("say", "Write a message", "Send", "Message sent.", forms.SayForm, _say, "message-square", None,
             Act.COMMENT),
        Deed("watch", "Watch", "Watch", "You are kept posted.", forms.PlainForm, _watch, "eye"),
        Deed("unwatch", "Stop watching", "Stop watching", "You are not kept posted any more.", forms.PlainForm,
             _stop_watching, "eye"),
    )
}  # fmt: skip


def address(number: str) -> str:
    return reverse("workorders:order", args=[number])
