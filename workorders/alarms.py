"""What is said when time runs out: targets, forgotten check-outs, missed appointments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import Role, User
from assets.reach import ladder, nearest
from vendors.staffing import dispatchers
from workorders.models import Event, Milestone, Visit
from workorders.notices.topics import T_ASSIGNED, T_CLOCK, T_JOB, T_VISIT
from workorders.readers import desk_path, facilities, job_path, tell, where_of


def clock_marked(event: Event, now: datetime) -> None:
    """At a warning and at the breach whoever holds the work; half as late again, the step above.

    Silent where a later mark was passed by the same time, and about warnings of what is over anyway.
    """
    if event.data.get("superseded") or (event.data.get("ended") and event.verb == "clock.warned"):
        return
    row = event.work_order
    milestone = Milestone(event.data["milestone"]).label.lower()
    steps = ladder(row.site, Role.FACILITIES_MANAGER, now, trade=row.trade)
    readers: list[User | str] = list(steps[0]) if steps else []
    if event.verb == "clock.overrun":
        readers += steps[1] if len(steps) > 1 else nearest(row.site, Role.DISTRICT_MANAGER, now)
    if (
        row.vendor
        and event.data["milestone"] in (Milestone.ARRIVAL, Milestone.COMPLETION)
        and event.verb != "clock.overrun"
    ):
        tell(
            event,
            now,
            topic=T_JOB,
            readers=dispatchers(row.vendor, now),
            subject=f"{row.number}: time to {milestone}",
            body=f"{row.number} at {where_of(row)}: the time to {milestone} is {_used(event)}.\n\n"
            "Go there or say when you come.",
            path=job_path(row),
            action="Open the job",
            company=row.vendor,
        )
    tell(
        event,
        now,
        topic=T_CLOCK,
        readers=readers,
        subject=f"{row.number}: time to {milestone} is {_used(event)}",
        body=f"{row.number} {row.title} at {where_of(row)}: the time to {milestone} is {_used(event)}.\n\n"
        "See what it waits for.",
        path=desk_path(row),
        action="Open the work order",
    )


def _used(event: Event) -> str:
    return f"{event.data['percent']} % used" if event.verb == "clock.warned" else "over"


def visit_late(event: Event, now: datetime) -> None:
    """A forgotten check-out or a missed appointment: the technician, then the vendor, then facilities (`level`).

    Where nobody with an account goes, the vendor is told in the technician's place.
    """
    row = event.work_order
    visit = Visit.objects.filter(pk=event.data.get("visit")).select_related("technician", "vendor").first()
    if visit is None:
        return
    out = event.verb.startswith("visit.check_out")
    what = "has not checked out" if out else "did not come"
    who = str(visit.technician) if visit.technician else str(visit.vendor)
    words: dict[str, Any] = {
        "subject": f"{row.number}: {who} {what}",
        "body": f"{who} {what} at {where_of(row)} ({row.number}).\n\nSee what is wrong.",
    }
    level = event.data.get("level", "facilities")
    if level == "technician" and visit.technician:
        tell(event, now, topic=T_ASSIGNED, readers=[visit.technician], path=job_path(row), action="Check out", **words)
    elif level in ("technician", "vendor"):
        tell(
            event,
            now,
            topic=T_JOB,
            readers=dispatchers(visit.vendor, now),
            path=job_path(row),
            action="Open the job",
            company=visit.vendor,
            **words,
        )
    else:
        tell(
            event,
            now,
            topic=T_VISIT,
            readers=facilities(row, now),
            path=desk_path(row),
            action="Open the work order",
            **words,
        )
