"""Everything that happens by itself, in one table, in the order in which one job feeds the next.

Each job is a sweep over the state of the database: running it twice, eight at once, or after four days
of silence has the same result. A job works in batches shorter than the queue's time limit and answers
how many things it did; `manage.py tick` goes round until every job answers none.
"""

from dataclasses import dataclass
from datetime import timedelta

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Job:
    """One recurring job: the task it runs, how often, and what that is good for.

    `feeds` are the jobs that are asked for at once when this one did something, so that a batch that was
    full goes on, and what it made does not wait for the next tick.
    """

    name: str
    task: str
    every: timedelta
    says: str
    feeds: tuple[str, ...] = ()


SCHEDULE = (
    Job(
        "fetch_mail",
        "workorders.tasks.fetch_mail",
        MINUTE,
        "Mail that came in becomes messages, or waits for somebody to look.",
        feeds=("fetch_mail",),
    ),
    Job("expire_offers", "workorders.tasks.expire_offers", MINUTE, "Offers past their time go to the next vendor."),
    Job("sweep_clocks", "workorders.tasks.sweep_clocks", MINUTE, "Clocks near or past due warn and breach."),
    Job(
        "reckon_clocks",
        "workorders.tasks.reckon_clocks",
        MINUTE,
        "Clocks are walked anew after a change of targets or hours.",
        feeds=("reckon_clocks",),
    ),
    Job("sweep_visits", "workorders.tasks.sweep_visits", 15 * MINUTE, "Visits that nobody checked out of are closed."),
    Job("sweep_holds", "workorders.tasks.sweep_holds", 15 * MINUTE, "Holds past their date are asked about."),
    Job("verify_silent", "workorders.tasks.verify_silent", HOUR, "Completed work that nobody answers is verified."),
    Job("generate_plans", "workorders.tasks.generate_plans", 15 * MINUTE, "Preventive work is created when it is due."),
    Job(
        "sweep_documents", "vendors.tasks.sweep_documents", HOUR, "Papers near their end are reminded of, then expire."
    ),
    Job(
        "settle",
        "accounts.tasks.settle",
        MINUTE,
        "Events that nobody reacted to yet get their reactions.",
        feeds=("settle", "deliver"),
    ),
    Job(
        "deliver",
        "accounts.tasks.deliver",
        MINUTE,
        "Notices that wait are sent, failed ones again after a pause.",
        feeds=("deliver",),
    ),
    Job("rebuild_days", "reporting.tasks.rebuild_dirty_days", 5 * MINUTE, "Days that changed are counted again."),
    Job(
        "score_touched",
        "reporting.tasks.score_touched",
        MINUTE,
        "Scorecards are written anew of vendors whose work was just done, rated, billed or declined.",
        feeds=("score_touched",),
    ),
    Job("score_vendors", "reporting.tasks.score_vendors", DAY, "Scorecards of all vendors are written anew."),
    Job(
        "take_snapshots",
        "reporting.tasks.take_snapshots",
        DAY,
        "Scores are kept as they were at the end of each month.",
        feeds=("take_snapshots",),
    ),
    Job("purge", "accounts.tasks.purge", DAY, "Links, sessions, counts and operation keys past their use are removed."),
)

JOBS = {job.name: job for job in SCHEDULE}
