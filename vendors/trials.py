"""The end of a trial: the vendor is approved, tried longer, or sent nowhere any more, with the reason it reads."""

from __future__ import annotations

from datetime import datetime

from django.db import models, transaction

from accounts.actors import Actor
from accounts.changes import Faulty, allow
from accounts.events import record
from accounts.permissions import Act
from vendors import roster
from vendors.models import Standing, Vendor

MOST_JOBS = 20
"""By how many jobs a trial is made longer at most."""


class Verdict(models.TextChoices):
    """What comes of a trial."""

    APPROVE = "approve", "Approve: it is offered jobs like any other"
    EXTEND = "extend", "Go on: a few more jobs"
    STOP = "stop", "Stop: it is offered nothing any more"


ENDS_AS = {Verdict.APPROVE: Standing.APPROVED, Verdict.STOP: Standing.SUSPENDED}


def decide_trial(
    *, vendor: Vendor, verdict: str, reason: str, by: Actor, now: datetime, jobs: int | None = None
) -> Vendor:
    """End a vendor's trial, or make it `jobs` longer. The vendor is told.

    Raises NotAllowed, and Faulty without a reason, or when the vendor is not on trial any more.
    """
    allow(by, Act.MANAGE_VENDORS)
    faults = {}
    if verdict not in Verdict.values:
        faults["verdict"] = "Choose what comes of the trial."
    if not reason.strip():
        faults["reason"] = "Say why; the vendor reads it."
    if verdict == Verdict.EXTEND and not 1 <= (jobs or 0) <= MOST_JOBS:
        faults["jobs"] = f"Say how many more jobs, 1 to {MOST_JOBS}."
    if faults:
        raise Faulty(faults)
    with transaction.atomic():
        fresh = Vendor.objects.select_for_update(of=("self",)).get(pk=vendor.pk)
        if fresh.standing != Standing.TRIAL:
            raise Faulty({"": f"{fresh.name} is not on trial any more. Load the page again."})
        if verdict == Verdict.EXTEND:
            fresh.trial_jobs += jobs or 0
            fresh.save(update_fields=["trial_jobs"])
        else:
            fresh = roster.set_standing(vendor=fresh, standing=ENDS_AS[Verdict(verdict)], reason=reason, by=by, now=now)
        data = {"vendor": fresh.pk, "name": fresh.name, "verdict": verdict, "jobs": fresh.trial_jobs}
        record(stream=roster.stream_of(fresh), verb="vendor.trial_decided", by=by, now=now, data=data,
               note=reason.strip())  # fmt: skip
    return fresh
