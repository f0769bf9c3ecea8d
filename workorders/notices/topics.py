"""What people can be told of about work, each a thing that they may switch off."""

from __future__ import annotations

from accounts.notices import topic

STORE = "For stores"
DESK = "For facilities"
VENDOR = "For vendors"
T_REPORTED = topic("workorder.reported", "A problem is reported", group=DESK)
T_CONFIRMED = topic("workorder.confirmation", "Confirmation of your request", group=STORE)
T_PROGRESS = topic("workorder.progress", "Progress of a request", group=STORE)
T_CHECK = topic("workorder.completed", "Work waits for your confirmation", group=STORE)
T_OFFER = topic("workorder.offered", "A job is offered", group=VENDOR)
T_JOB = topic("workorder.job", "A job changes", group=VENDOR)
T_ASSIGNED = topic("visit.assigned", "A visit is assigned to you", group=VENDOR)
T_DISPATCH = topic("workorder.dispatch", "Vendors answer offers", group=DESK)
T_DONE = topic("workorder.done", "Work is completed, confirmed or rejected", group=DESK)
T_CLOCK = topic("clock", "Time targets run out", group=DESK)
T_VISIT = topic("visit", "Check-outs and appointments are missed", group=DESK)
T_COMMENT = topic("comment.written", "Messages", group="Everybody")
T_MENTION = topic("comment.mention", "Somebody calls you in a message", group="Everybody")
T_INVOICE = topic("invoice", "Invoices", group="Everybody")
