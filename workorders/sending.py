"""Giving work out by itself: the first offer under a policy that says so, the next after a no or a silence, and the
yes of our own crews.

Nobody is asked by itself for work whose limit (NTE) is not known, nor past a check: both are for people to decide.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from django.db import transaction

from accounts.actors import CLOCK
from accounts.models import User
from accounts.together import ask
from assets.hours import Period
from vendors.models import Vendor, VendorKind
from vendors.shifts import Who, asked_rotas
from workorders import crews, dispatch, lifecycle, offers
from workorders.models import DispatchMode, Offer, OfferMode, OfferState, Status, Visit, WorkOrder
from workorders.refusals import Incomplete, NotNow
from workorders.terms import Terms, terms_of

NOT_SENT = "dispatch.not_sent"
"""Work that its policy gives out by itself waits for a person; the note says why."""


def ask_first(work_order: WorkOrder, *, now: datetime) -> list[Offer]:
    """Put ready work before whom its policy asks by itself: the best, or the best few at once. Empty when the policy
    leaves that to people.

    Whom a warranty, a lease or a recall names is asked alone. Raises Incomplete when the limit is not known or nobody
    may go, NotNow when it is not ready any more.
    """
    with transaction.atomic():
        row = lifecycle.lock(work_order)
        terms = terms_of(row)
        if terms.mode == DispatchMode.SUGGEST:
            return []
        if row.status != Status.READY:
            raise NotNow(f"{row.number} is now “{row.get_status_display()}”.", row)
        if row.authorized_amount is None:
            raise Incomplete({"nte_amount": "No limit is set, and what it may cost is for a person to say."})
        return _ask(row, terms, now=now)


def ask_next(work_order: WorkOrder, *, now: datetime, taken_back: int = 0) -> list[Offer]:
    """After a failed offer, ask who has not been asked yet; empty when nobody is left or enough were asked.

    `taken_back` offers, which we ended, count as failed too. A broadcast is made once: when everybody in it has said
    no, a person chooses.
    """
    with transaction.atomic():
        row = lifecycle.lock(work_order)
        terms = terms_of(row)
        enough = (
            offers.failed_offers(row) + taken_back >= terms.depth
            or row.offers.filter(mode=OfferMode.BROADCAST).exists()
        )
        if row.status != Status.READY or enough:
            return []
        try:
            return _ask(row, terms, now=now)
        except Incomplete:
            return []


def _ask(row: WorkOrder, terms: Terms, *, now: datetime) -> list[Offer]:
    """Ask the best of those who were not asked yet. Raises Incomplete when there are none."""
    asked = set(row.offers.values_list("vendor_id", flat=True))
    left = [one for one in dispatch.consider(row, now=now, by=CLOCK).eligible if one.vendor.pk not in asked]
    if not left:
        raise Incomplete({"vendor": "No vendor passes every check."})
    best = left[0]
    alone = best.forced or (terms.accepts_for_crews and best.vendor.kind == VendorKind.INTERNAL)
    if terms.mode != DispatchMode.BROADCAST or alone or len(left) == 1:
        return [offers.offer(row, vendor=best.vendor, by=CLOCK, now=now, mode=OfferMode.CASCADE)]
    chosen = [one.vendor for one in left[: terms.size]]
    return offers.broadcast(row, vendors=chosen, by=CLOCK, now=now, mode=OfferMode.BROADCAST)


def accept_for_crew(offer: Offer, *, now: datetime) -> WorkOrder | None:
    """Take the job for a crew of our own, into the next free window of a shift, with whoever is free then.

    None when policy leaves the answer to the crew, when the offer went to several, or when no window is free within
    two weeks. Raises NotNow when the offer has ended.
    """
    with transaction.atomic():
        row = lifecycle.lock(offer.work_order)
        crew = Vendor.objects.select_for_update(of=("self",), no_key=True).get(pk=offer.vendor_id)
        if crew.kind != VendorKind.INTERNAL or offer.mode == OfferMode.BROADCAST:
            return None
        if not terms_of(row).accepts_for_crews:
            return None
        rota = ask(asked_rotas([crew.pk], now=now))[crew.pk]
        busy: dict[Who, list[Period]] = defaultdict(list)
        ahead = Visit.objects.filter(vendor=crew, state__in=crews.AHEAD, is_dated=True, planned_end_at__gt=now)
        for whose, begins, ends in ahead.values_list("technician_id", "planned_start_at", "planned_end_at"):
            busy[whose].append((begins, ends))
        length = timedelta(hours=float(dispatch.expected_hours(row)))
        found = rota.free_window(since=now, length=length, busy=busy)
        if found is None:
            return None
        who, (start_at, end_at) = found
        technician = None if who is None else User.objects.get(pk=who)
        return offers.accept(offer, by=CLOCK, now=now, start_at=start_at, end_at=end_at, technician=technician)


def accept_for_crews(work_order: WorkOrder, *, now: datetime) -> None:
    """Do so for each open offer of `work_order` to a crew of our own. Raises NotNow when one has ended meanwhile."""
    waiting = work_order.offers.filter(state=OfferState.OPEN, vendor__kind=VendorKind.INTERNAL)
    for offer in waiting.select_related("work_order", "vendor").order_by("pk"):
        accept_for_crew(offer, now=now)
