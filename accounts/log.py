"""Saying an event of the log in words, for people pages and the audit log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models.event import LogEvent
from accounts.models.role import Role
from accounts.models.user import User

PERSON = "user:"

# verb: icon, sentence. `{…}` are taken from the event's data.
SENTENCES: dict[str, tuple[str, str]] = {
    "person.invited": ("mail", "invited {name}"),
    "person.came_in": ("door-open", "accepted the invitation"),
    "person.switched_off": ("ban", "switched the account off"),
    "person.switched_on": ("circle-check", "switched the account on again"),
    "profile.changed": ("user", "changed the profile ({fields})"),
    "role.granted": ("shield-check", "gave the role {role}"),
    "role.ended": ("ban", "ended the role {role}"),
    "role.placed": ("map-pin", "set where the role {role} applies"),
    "limits.changed": ("circle-dollar-sign", "changed the limits"),
    "asset.code_replaced": ("qr-code", "gave it a new code; the old label counts no longer"),
    "site.code_replaced": ("qr-code", "gave the site a new code; the old label counts no longer"),
    "signin.succeeded": ("door-open", "signed in"),
    "signin.ended": ("log-out", "signed out"),
    "signin.failed": ("circle-alert", "saw a wrong password"),
    "signin.locked_out": ("lock", "refused more guesses for a while"),
    "password.changed": ("key-round", "changed the password"),
    "password.reset": ("key-round", "set a new password over a mailed link"),
    "password.set": ("key-round", "set a password"),
    "second_factor.added": ("shield-check", "added a second factor"),
    "second_factor.removed": ("circle-alert", "removed a second factor"),
    "recovery_codes.made": ("key-round", "made new recovery codes"),
    "setting.changed": ("settings", "changed “{setting}” from {from} to {to}"),
    "document.uploaded": ("file-text", "handed in a paper"),
    "document.verified": ("shield-check", "verified a paper"),
    "document.rejected": ("ban", "rejected a paper"),
    "document.reminded": ("bell", "reminded of a paper that ends in {days} days"),
    "document.expired": ("circle-alert", "ended a paper that was good until {ends}"),
    "vendor.added": ("plus", "entered the vendor"),
    "vendor.changed": ("pencil", "changed the facts of the vendor"),
    "vendor.corrected": ("pencil", "corrected how to reach the company"),
    "vendor.standing_set": ("shield-check", "set the standing from {from} to {to}"),
    "vendor.barred": ("ban", "barred the vendor from being sent"),
    "vendor.let_in": ("circle-check", "let the vendor be sent again"),
    "vendor.trades_set": ("wrench", "set the trades"),
    "vendor.hours_set": ("clock", "set the office hours"),
    "vendor.shifts_set": ("clock", "set the shifts of {who}"),
    "vendor.trial_decided": ("stamp", "decided about the trial: {verdict}"),
    "contact.added": ("user", "added the contact {name}"),
    "contact.changed": ("user", "changed the contact {name}"),
    "contact.removed": ("user", "took out the contact {name}"),
    "coverage.added": ("map-pin", "added coverage: {name}"),
    "coverage.changed": ("map-pin", "changed coverage: {name}"),
    "coverage.removed": ("map-pin", "took out coverage: {name}"),
    "rate_card.added": ("circle-dollar-sign", "put rates in force"),
    "rate_card.changed": ("circle-dollar-sign", "changed rates"),
    "target.added": ("clock", "agreed times"),
    "target.changed": ("clock", "changed agreed times"),
    "target.removed": ("clock", "took out agreed times"),
    "rates.change_asked": ("circle-dollar-sign", "asked for other rates"),
    "score.excluded": ("ban", "left {work_order} out of the score"),
    "score.put_back": ("undo-2", "put {work_order} back into the score"),
    "score.replied": ("message-square", "replied to the score"),
    "onboarding.invited": ("mail", "invited {person} to introduce {name}"),
    "onboarding.submitted": ("send", "sent the profile"),
    "onboarding.returned": ("undo-2", "gave the profile back"),
    "onboarding.decided": ("stamp", "decided: {decision}"),
    "account.claimed": ("user", "asked for an account as {name}"),
    "site.hours_set": ("clock", "set the opening hours"),
    "calendar.hours_set": ("clock", "set the hours of a calendar"),
    "calendar.made": ("calendar-days", "made an address for the own calendar"),
    "calendar.stopped": ("calendar-days", "switched the address of the own calendar off"),
    "problem.asks": ("clipboard-list", "set what is asked and advised"),
    "priority.changed": ("signal", "changed what a priority means"),
    "plan.created": ("calendar-days", "made the plan {name}"),
    "plan.changed": ("calendar-days", "changed the plan"),
    "plan.retired": ("calendar-days", "retired the plan"),
    "plan.targets_dropped": ("calendar-days", "took out {count} units of the plan"),
    "queue.exported": ("download", "took the queue out as a file"),
    "gaps.exported": ("download", "took the gaps out as a file"),
    "score.exported": ("download", "took the rows of a score out as a file"),
    "sheet.taken_in": ("upload", "took in a file"),
    "import.done": ("upload", "finished an import"),
    "catalog.loaded": ("upload", "loaded what is there to begin with"),
    "outbox.replayed": ("rotate-ccw", "ran an event again"),
    "notice.replayed": ("rotate-ccw", "sent a notice again"),
}

OF_ANYTHING = {
    "added": ("plus", "entered the {what} {name}"),
    "changed": ("pencil", "changed the {what} {name}"),
    "removed": ("ban", "took out the {what} {name}"),
}
"""What `accounts.changes` writes of whatever is kept by it."""


@dataclass(frozen=True)
class Told:
    """One event as a page shows it: who did what, when."""

    who: str
    text: str
    at: datetime
    icon: str
    kind: str = "event"


class _Said(dict[str, Any]):
    """Data of an event in words; what is missing is said to be unknown rather than failing the page."""

    def __missing__(self, key: str) -> str:
        return "?"


def told(event: LogEvent) -> Told:
    """`event` in words. A verb that this room does not know is said as it is written."""
    what, _, done = event.verb.replace("_", " ").partition(".")
    icon, sentence = SENTENCES.get(event.verb) or OF_ANYTHING.get(done) or ("circle-dot", f"{what} {done}")
    said = _Said(event.data | {"what": what})
    if said.get("role") in Role.values:
        said["role"] = Role(said["role"]).label.lower()
    if isinstance(said.get("fields"), list):
        said["fields"] = ", ".join(name.replace("_", " ") for name in said["fields"])
    return Told(event.actor_name, sentence.format_map(said), event.at, icon)


def subjects_of(events: Iterable[LogEvent]) -> dict[str, str]:
    """What the chains of `events` are about, in words: a person by name, anything else as it is called."""
    streams = {event.stream for event in events}
    numbers = {stream: stream.removeprefix(PERSON) for stream in streams if stream.startswith(PERSON)}
    names = dict(User.objects.filter(pk__in=numbers.values()).values_list("pk", "name"))
    return {stream: names.get(int(numbers[stream]), stream) if stream in numbers else stream for stream in streams}
