"""The work itself."""

from workorders.models.clock import Clock, ClockChange, ClockState, ClockType, Pause, Reckoning, SlaTarget
from workorders.models.conversation import Attachment, AttachmentKind, Audience, Comment, SavedView, Watcher
from workorders.models.event import Event
from workorders.models.feed import CalendarFeed
from workorders.models.job_link import JobLink
from workorders.models.letter import Enclosure, Letter, LetterState
from workorders.models.offer import Offer, OfferMode, OfferState
from workorders.models.plan import Occurrence, OccurrenceState, Plan, PlanTarget
from workorders.models.policy import DispatchMode, DispatchOrder, DispatchPolicy, ExpiryUnit
from workorders.models.proposal import PROPOSAL_RULES, Proposal, ProposalState
from workorders.models.reason import CodeKind, CompletionCode, Milestone, Reason, Under
from workorders.models.screening import (
    Answer,
    AvoidedVisit,
    ChecklistItem,
    Choice,
    DuplicateChoice,
    FaultKind,
    IntakeFault,
    Screening,
    ScreeningStep,
)
from workorders.models.spend import Authorization, Grounds, Invoice, InvoiceLine, InvoiceState, LineKind
from workorders.models.status import RULES, Move, Status
from workorders.models.visit import (
    LaborKind,
    LaborLine,
    Outcome,
    PartOrigin,
    PartUsed,
    Verdict,
    Visit,
    VisitState,
)
from workorders.models.work_order import Kind, Source, Working, WorkOrder

__all__ = [
    "PROPOSAL_RULES",
    "RULES",
    "Answer",
    "Attachment",
    "AttachmentKind",
    "Audience",
    "Authorization",
    "AvoidedVisit",
    "CalendarFeed",
    "ChecklistItem",
    "Choice",
    "Clock",
    "ClockChange",
    "ClockState",
    "ClockType",
    "CodeKind",
    "Comment",
    "CompletionCode",
    "DispatchMode",
    "DispatchOrder",
    "DispatchPolicy",
    "DuplicateChoice",
    "Enclosure",
    "Event",
    "ExpiryUnit",
    "FaultKind",
    "Grounds",
    "IntakeFault",
    "Invoice",
    "InvoiceLine",
    "InvoiceState",
    "JobLink",
    "Kind",
    "LaborKind",
    "LaborLine",
    "Letter",
    "LetterState",
    "LineKind",
    "Milestone",
    "Move",
    "Occurrence",
    "OccurrenceState",
    "Offer",
    "OfferMode",
    "OfferState",
    "Outcome",
    "PartOrigin",
    "PartUsed",
    "Pause",
    "Plan",
    "PlanTarget",
    "Proposal",
    "ProposalState",
    "Reason",
    "Reckoning",
    "SavedView",
    "Screening",
    "ScreeningStep",
    "SlaTarget",
    "Source",
    "Status",
    "Under",
    "Verdict",
    "Visit",
    "VisitState",
    "Watcher",
    "WorkOrder",
    "Working",
]
