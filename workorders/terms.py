"""By which terms work is given out: the dispatch policy that fits it best, or what the house does as usual.

A policy speaks of a trade, a priority and a region, each or none of them. Where several fit, one that names the trade
goes before one that does not, whatever else they name; then the one that names the nearest region, from the site's
own up to the company; then one that names the priority. Where none fits, the thresholds say everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import SmallIntegerField

from accounts.changes import allow, keep, remove
from accounts.permissions import Act
from accounts.prepared import KEY, KEYS, each, prepared
from accounts.thresholds import asked_of, declare
from accounts.together import Asking, ask, rows_of, side_by_side
from assets import hours
from assets.models import Priority
from workorders.models import DispatchMode, DispatchOrder, DispatchPolicy, ExpiryUnit, WorkOrder

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from accounts.actors import Actor
    from workorders.models.policy import DispatchPolicyQuerySet

RANK_FIRST = declare("dispatch.rank_first", True, "", "Fixed ranks go before the score")
WEIGHTS = {
    name: declare(f"dispatch.weight_{name}", Decimal(share), "share", f"Weight of {what}", maximum=1, weighs="dispatch")
    for name, share, what in (
        ("scorecard", "0.35", "the scorecard"), ("cost", "0.20", "the expected cost"),
        ("arrival", "0.20", "the time to arrive"), ("distance", "0.10", "the distance"),
        ("load", "0.05", "the open jobs"), ("preference", "0.10", "being preferred"),
    )
}  # fmt: skip
EXPIRY = {
    Priority.P1: declare("offers.expire_p1", 30, "minutes", "Minutes in which a P1 offer must be answered", minimum=5),
    Priority.P2: declare("offers.expire_p2", 60, "minutes", "Minutes in which a P2 offer must be answered", minimum=5),
    Priority.P3: declare(
        "offers.expire_p3", 8, "hours", "Business hours in which a P3 offer must be answered", minimum=1
    ),
    Priority.P4: declare(
        "offers.expire_p4", 24, "hours", "Business hours in which a P4 offer must be answered", minimum=1
    ),
}
CASCADE_ON = declare("offers.cascade_on", True, "", "After a decline or an expiry, ask the next vendor by itself")
CASCADE_DEPTH = declare("offers.cascade_depth", 3, "vendors", "Vendors asked one after another", minimum=1, maximum=20)

AS_USUAL = "As usual"
POLICIES = "dispatch_policies"
"""The chain of the log that tells how the policies changed."""


@dataclass(frozen=True)
class Terms:
    """How one piece of work is given out.

    `depth`: vendors asked one after another, 1 for the first alone. `size`: vendors asked at once in a broadcast.
    """

    name: str
    policy_id: int | None
    rank_first: bool
    weights: dict[str, Decimal]
    mode: DispatchMode
    expires: timedelta
    in_business_hours: bool
    depth: int
    size: int
    accepts_for_crews: bool

    @property
    def order(self) -> str:
        return "rank, then score" if self.rank_first else "score"

    def expires_at(self, work_order: WorkOrder, now: datetime) -> datetime:
        """Until when a vendor that is asked at `now` may answer: elapsed time, or the site's business hours."""
        if not self.in_business_hours:
            return now + self.expires
        return hours.due(now, self.expires, hours.hours_of(work_order.site))


def terms_of(work_order: WorkOrder) -> Terms:
    """By which terms `work_order` is given out now."""
    return ask(asked_terms(work_order))


def asked_terms(work_order: WorkOrder) -> Asking[Terms]:
    """The same, beside other questions."""
    fitting = _fitting(
        DispatchPolicy.objects.all(), trade=work_order.trade_id, priority=work_order.priority,
        regions=work_order.site.region.ancestor_ids(),
    )  # fmt: skip
    expiry = EXPIRY[Priority(work_order.priority)]
    policies, usual = yield from side_by_side(
        rows_of(fitting),
        asked_of(RANK_FIRST, *WEIGHTS.values(), expiry, CASCADE_ON, CASCADE_DEPTH),
    )
    by_clock = work_order.priority <= Priority.P2
    expires = timedelta(**{expiry.unit: usual[expiry.name]})
    if not policies:
        return Terms(
            AS_USUAL, None, usual[RANK_FIRST.name],
            {name: usual[threshold.name] for name, threshold in WEIGHTS.items()}, DispatchMode.SUGGEST, expires,
            not by_clock, usual[CASCADE_DEPTH.name] if usual[CASCADE_ON.name] else 1, 1, False,
        )  # fmt: skip
    (policy,) = policies
    own = policy.expires_in is not None
    return Terms(
        str(policy), policy.pk, policy.order == DispatchOrder.RANK,
        {name: getattr(policy, f"weight_{name}") for name in WEIGHTS}, DispatchMode(policy.mode),
        timedelta(**{policy.expires_unit: policy.expires_in}) if own else expires,
        policy.expires_unit == ExpiryUnit.HOURS if own else not by_clock, policy.cascade_depth, policy.broadcast_size,
        policy.accepts_for_crews,
    )  # fmt: skip


@prepared(trade=KEY, priority=SmallIntegerField(), regions=KEYS)
def _fitting(rows: DispatchPolicyQuerySet, trade: Any, priority: Any, regions: Any) -> QuerySet[DispatchPolicy]:
    return rows.fitting(trade, priority, each(regions)).select_related("trade", "region")[:1]


# Keeping them


def keep_policy(*, policy: DispatchPolicy, by: Actor, now: datetime, **facts: Any) -> DispatchPolicy:
    """Set by which terms work is given out from now on; offers made before keep theirs. Raises NotAllowed, Faulty."""
    allow(by, Act.MANAGE_SETTINGS)
    return keep(policy, facts, stream=lambda row: POLICIES, noun="dispatch_policy", by=by, now=now)


def remove_policy(*, policy: DispatchPolicy, by: Actor, now: datetime) -> None:
    """Take out a policy; the next wider one counts. Raises NotAllowed."""
    allow(by, Act.MANAGE_SETTINGS)
    remove(policy, stream=POLICIES, noun="dispatch_policy", by=by, now=now)
