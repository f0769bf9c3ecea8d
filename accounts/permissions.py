"""Who may do what: the acts of the trade, the roles that grant them, and the one question `may`.

Scope (which sites, which vendor) is not here: rows in the apps above point at a membership and
every queryset's `visible_to(user)` reads them. This room knows no one above it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from accounts.models.role import Role

if TYPE_CHECKING:
    from accounts.actors import Actor


class Act(StrEnum):
    """One thing a person may be allowed to do. Moves of a work order, pages and settings all name one."""

    # requests and work
    VIEW_WORK = "view work"
    VIEW_DESK = "view the desk"
    VIEW_REQUESTS = "view requests"
    REPORT = "report a problem"
    REPORT_FOR_SITE = "report for a site"
    COMMENT = "comment"
    COMMENT_INTERNALLY = "comment internally"
    WITHDRAW_REQUEST = "withdraw a new request"
    CONFIRM = "confirm or reject completion"
    RECALL = "ask for a recall"
    TRIAGE = "triage"
    EDIT_WORK = "edit work"
    DISPATCH = "dispatch"
    RESCHEDULE = "reschedule"
    HOLD = "hold and resume"
    CANCEL = "cancel"
    MERGE = "merge"
    REASSIGN = "reassign"
    CLOSE = "close"
    # money
    VIEW_SPEND = "view spend"
    AUTHORIZE = "set a not-to-exceed amount"
    APPROVE_INVOICE = "approve invoices"
    EXPORT = "export"
    # places, equipment and plans
    VIEW_ASSETS = "view equipment"
    VIEW_SITES = "view sites"
    MANAGE_ASSETS = "manage equipment"
    MANAGE_SITES = "manage sites"
    MANAGE_PLANS = "manage planned maintenance"
    # vendors
    VIEW_VENDORS = "view vendors"
    MANAGE_VENDORS = "manage vendors"
    VERIFY_DOCUMENTS = "verify compliance documents"
    JUDGE_VENDORS = "decide what counts in a vendor's score"
    # the vendor's own side
    VIEW_JOBS = "view jobs"
    VIEW_OWN_VENDOR = "view own company"
    ANSWER_OFFER = "answer offers"
    ASSIGN_TECHNICIAN = "assign technicians"
    CHECK_IN = "check in"
    REPORT_FOUND = "report what is found on site"
    CHECK_OUT = "check out"
    COMPLETE = "complete"
    INVOICE = "invoice"
    MANAGE_OWN_VENDOR = "manage own company"
    # what every signed-in person may, whatever the role
    OWN_ACCOUNT = "use the own account"
    # insight and the house itself
    VIEW_REPORTS = "view reports"
    AUDIT = "read the audit log"
    MANAGE_PEOPLE = "manage people"
    MANAGE_SETTINGS = "manage settings"
    OPERATE = "operate the queue"
    # what only the house does by itself
    EXPIRE_OFFER = "expire an offer"


_STORE = {
    Act.VIEW_WORK,
    Act.VIEW_REQUESTS,
    Act.REPORT,
    Act.COMMENT,
    Act.WITHDRAW_REQUEST,
    Act.CONFIRM,
    Act.RECALL,
    Act.VIEW_ASSETS,
    Act.VIEW_SITES,
}
_READ_ALL = {
    Act.VIEW_WORK,
    Act.VIEW_DESK,
    Act.VIEW_ASSETS,
    Act.VIEW_SITES,
    Act.VIEW_VENDORS,
    Act.VIEW_SPEND,
    Act.VIEW_REPORTS,
}

GRANTS: dict[str, frozenset[Act]] = {
    Role.STORE_MANAGER: frozenset(_STORE),
    Role.DISTRICT_MANAGER: frozenset(_STORE | _READ_ALL | {Act.AUTHORIZE, Act.APPROVE_INVOICE}),
    Role.FACILITIES_MANAGER: frozenset(
        _READ_ALL
        | {
            Act.REPORT_FOR_SITE,
            Act.COMMENT,
            Act.COMMENT_INTERNALLY,
            Act.CONFIRM,
            Act.RECALL,
            Act.TRIAGE,
            Act.EDIT_WORK,
            Act.DISPATCH,
            Act.RESCHEDULE,
            Act.HOLD,
            Act.CANCEL,
            Act.MERGE,
            Act.REASSIGN,
            Act.AUTHORIZE,
            Act.APPROVE_INVOICE,
            Act.MANAGE_ASSETS,
            Act.MANAGE_PLANS,
            Act.JUDGE_VENDORS,
            Act.EXPORT,
        }
    ),
    Role.ADMINISTRATOR: frozenset(
        _READ_ALL
        | {
            Act.COMMENT,
            Act.COMMENT_INTERNALLY,
            Act.MANAGE_ASSETS,
            Act.MANAGE_SITES,
            Act.MANAGE_PLANS,
            Act.MANAGE_VENDORS,
            Act.VERIFY_DOCUMENTS,
            Act.JUDGE_VENDORS,
            Act.MANAGE_PEOPLE,
            Act.MANAGE_SETTINGS,
            Act.OPERATE,
            Act.AUDIT,
            Act.EXPORT,
        }
    ),
    Role.FINANCE: frozenset(
        _READ_ALL | {Act.COMMENT, Act.COMMENT_INTERNALLY, Act.APPROVE_INVOICE, Act.CLOSE, Act.EXPORT}
    ),
    Role.AUDITOR: frozenset(_READ_ALL | {Act.AUDIT, Act.EXPORT}),
    Role.DISPATCHER: frozenset(
        {
            Act.VIEW_WORK,
            Act.VIEW_JOBS,
            Act.VIEW_OWN_VENDOR,
            Act.COMMENT,
            Act.ANSWER_OFFER,
            Act.RESCHEDULE,
            Act.ASSIGN_TECHNICIAN,
            Act.HOLD,
            Act.COMPLETE,
            Act.INVOICE,
            Act.MANAGE_OWN_VENDOR,
        }
    ),
    Role.TECHNICIAN: frozenset(
        {
            Act.VIEW_WORK,
            Act.VIEW_JOBS,
            Act.COMMENT,
            Act.CHECK_IN,
            Act.REPORT_FOUND,
            Act.CHECK_OUT,
            Act.COMPLETE,
            Act.HOLD,
        }
    ),
}

# Nobody needs a role for these: the own profile, the own notices.
EVERYBODY = frozenset({Act.OWN_ACCOUNT})

# Roles that stand on the vendor's side of the table: prices of other vendors, internal notes
# and screening details are never theirs to read.
VENDOR_ROLES = frozenset({Role.DISPATCHER, Role.TECHNICIAN})

# What the house does without a person: the clock expires offers and verifies by silence, rules triage
# and dispatch, plans and sensors report, a settled order closes itself.
SYSTEM_GRANTS = frozenset(
    {
        Act.REPORT,
        Act.REPORT_FOR_SITE,
        Act.TRIAGE,
        Act.DISPATCH,
        Act.ANSWER_OFFER,
        Act.EXPIRE_OFFER,
        Act.CONFIRM,
        Act.CLOSE,
        Act.CHECK_OUT,
        Act.RECALL,
        Act.COMMENT,
    }
)

# What the holder of a link may do for the vendor, on the one job of the link: the whole way from the offer to the bill.
LINK_GRANTS = frozenset(
    {
        Act.VIEW_WORK,
        Act.VIEW_JOBS,
        Act.COMMENT,
        Act.ANSWER_OFFER,
        Act.RESCHEDULE,
        Act.HOLD,
        Act.CHECK_IN,
        Act.CHECK_OUT,
        Act.COMPLETE,
        Act.INVOICE,
    }
)


def roles_granting(act: Act) -> frozenset[str]:
    """The roles whose grants hold `act`."""
    return frozenset(role for role, acts in GRANTS.items() if act in acts)


def may(by: Actor, act: Act) -> bool:
    """Whether any role that `by` holds now grants `act`. Where it applies is `visible_to(by, act)`'s to say."""
    return act in by.acts


def acts_of(roles: frozenset[str]) -> frozenset[Act]:
    """Everything that people with `roles` may do."""
    return EVERYBODY.union(*(GRANTS[role] for role in roles))
