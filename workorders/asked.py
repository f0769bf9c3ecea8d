"""What a vendor weighs before it answers an offer: how far, at which rates, what it knows of the unit, when it can.

Everything here is the vendor's own or the job's: nothing of what other companies did, said or charge.
"""

from __future__ import annotations

import zoneinfo
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import Q

from accounts.together import Asking, side_by_side
from assets.hours import asked_hours
from assets.models import Priority
from vendors.eligibility import distance_km
from vendors.models import RateCard
from workorders.models import Attachment, AttachmentKind, Offer, Proposal, ProposalState, Visit, VisitState
from workorders.slots import AHEAD, Slot, suggest

if TYPE_CHECKING:
    from accounts.models import User
    from assets.hours import Hours, Period

EARLIER = timedelta(days=366)
MOST_VISITS = 200
MOST_BOOKED = 1000
SHOWN = 3


@dataclass
class Weighed:
    """What one offer is weighed by. `distance_m` from the vendor's base in a straight line, None where not known."""

    offer: Offer
    distance_m: float | None = None
    card: RateCard | None = None
    hour_amount: Decimal | None = None
    hour_word: str = ""
    visits: list[Visit] = field(default_factory=list)
    advised: Visit | None = None
    photos: list[Attachment] = field(default_factory=list)
    proposal: Proposal | None = None
    slots: list[Slot] = field(default_factory=list)

    @property
    def waits(self) -> Proposal | None:
        """The time that facilities has not answered yet."""
        return self.proposal if self.proposal and self.proposal.state == ProposalState.OPEN else None

    @property
    def refused(self) -> Proposal | None:
        """The time to which facilities said no, while no other is proposed."""
        return self.proposal if self.proposal and self.proposal.state == ProposalState.REFUSED else None


def weighed(
    offers: Sequence[Offer], *, by: User, vendor_ids: Collection[int], crew: Mapping[int, Sequence[User]], now: datetime
) -> Asking[dict[int, Weighed]]:
    """What each of `offers` (with `vendor`, `work_order__site` and `arrive_by_at`) is weighed by, by its id.

    `vendor_ids` are the companies of the reader; `crew` whom each of them can send. One statement for all.
    """
    rows = [offer.work_order for offer in offers]
    cards = RateCard.objects.filter(
        Q(ends_on=None) | Q(ends_on__gte=now.date()), vendor_id__in={offer.vendor_id for offer in offers},
        trade_id__in={row.trade_id for row in rows}, starts_on__lte=now.date() + timedelta(days=1),
    )  # fmt: skip
    visits = Visit.objects.filter(
        vendor_id__in=vendor_ids, state=VisitState.LEFT, checked_out_at__gt=now - EARLIER,
        work_order__asset_id__in={row.asset_id for row in rows if row.asset_id},
    ).select_related("work_order", "technician").order_by("-checked_out_at")[:MOST_VISITS]  # fmt: skip
    booked = Visit.objects.filter(
        technician_id__in={one.pk for people in crew.values() for one in people}, state=VisitState.PLANNED,
        is_dated=True, planned_end_at__gt=now, planned_start_at__lt=now + AHEAD,
    ).only("technician_id", "planned_start_at", "planned_end_at")[:MOST_BOOKED]  # fmt: skip
    photos = (
        Attachment.objects.visible_to(by)
        .filter(work_order__in=[row.pk for row in rows], kind=AttachmentKind.PROBLEM)
        .select_related("file")
    )
    proposals = Proposal.objects.filter(offer__in=[offer.pk for offer in offers], offer__vendor_id__in=vendor_ids)
    proposals = proposals.select_related("technician").order_by("pk")
    hours, _ = yield from side_by_side(
        asked_hours({row.site_id: row.site for row in rows}.values()),
        _all(cards, visits, booked, photos, proposals),
    )
    told = {offer.pk: Weighed(offer) for offer in offers}
    latest = {proposal.offer_id: proposal for proposal in proposals}
    promised: dict[int, list[Period]] = defaultdict(list)
    for trip in booked:
        promised[trip.technician_id or 0].append((trip.planned_start_at, trip.planned_end_at))
    for one in told.values():
        row = one.offer.work_order
        one.distance_m = _away(one.offer)
        one.card = _card(one.offer, cards, now)
        if one.card:
            emergency = row.priority == Priority.P1
            one.hour_word = "an emergency hour" if emergency else "an hour"
            one.hour_amount = one.card.labor_emergency_amount if emergency else one.card.labor_regular_amount
        if row.asset_id:
            own = [visit for visit in visits if visit.work_order.asset_id == row.asset_id]
            one.visits = [visit for visit in own if visit.work_order_id != row.pk][:SHOWN]
            # What was advised belongs to whoever finished the work.
            one.advised = next(
                (v for v in own if v.work_order.recommendation and v.work_order.vendor_id == one.offer.vendor_id), None
            )
        one.photos = [photo for photo in photos if photo.work_order_id == row.pk and photo.file.is_image]
        one.proposal = latest.get(one.offer.pk)
        one.slots = suggest(
            now=now, hours=_counted(hours[row.site_id], row.priority), crew=crew.get(one.offer.vendor_id, []),
            booked=promised, arrive_by_at=getattr(one.offer, "arrive_by_at", None),
        )  # fmt: skip
    return told


def _all(*questions: object) -> Asking[None]:
    yield questions  # type: ignore[misc]


def _away(offer: Offer) -> float | None:
    base, site = offer.vendor, offer.work_order.site
    places = (base.latitude, base.longitude, site.latitude, site.longitude)
    if any(one is None for one in places):
        return None
    return distance_km(*(float(one) for one in places if one is not None)) * 1000


def _card(offer: Offer, cards: Iterable[RateCard], now: datetime) -> RateCard | None:
    """The vendor's own rates for the trade, in force on the site's day."""
    row = offer.work_order
    today = now.astimezone(zoneinfo.ZoneInfo(row.site.time_zone)).date()
    return next(
        (
            card for card in cards
            if card.vendor_id == offer.vendor_id and card.trade_id == row.trade_id and card.starts_on <= today
            and (card.ends_on is None or card.ends_on > today)
        ),
        None,
    )  # fmt: skip


def _counted(hours: Hours, priority: int) -> Hours | None:
    """What is urgent is not put off until the site opens."""
    return None if priority <= Priority.P2 else hours
