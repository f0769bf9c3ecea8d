"""Offers: a vendor is asked whether it takes a job."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.actors import LinkHolder, System
from assets.scope import scope_of
from vendors.scope import vendor_ids_of
from workorders.models.work_order import WorkOrder

if TYPE_CHECKING:
    from accounts.actors import Actor
    from accounts.permissions import Act


class OfferState(models.TextChoices):
    OPEN = "open", "Open"
    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"
    EXPIRED = "expired", "Expired"
    WITHDRAWN = "withdrawn", "Withdrawn"
    FINISHED = "finished", "Finished"


# A vendor keeps seeing a job that it was offered, has, or has done something billable for.
IN_SIGHT = (OfferState.OPEN, OfferState.ACCEPTED, OfferState.FINISHED)

OFFER_RULES: dict[OfferState, frozenset[OfferState]] = {
    OfferState.OPEN: frozenset({OfferState.ACCEPTED, OfferState.DECLINED, OfferState.EXPIRED, OfferState.WITHDRAWN}),
    OfferState.ACCEPTED: frozenset({OfferState.WITHDRAWN, OfferState.FINISHED}),
    OfferState.DECLINED: frozenset(),
    OfferState.EXPIRED: frozenset(),
    OfferState.WITHDRAWN: frozenset(),
    OfferState.FINISHED: frozenset(),
}


class OfferMode(models.TextChoices):
    MANUAL = "manual", "By a person"
    CASCADE = "cascade", "By itself, one after another"
    BROADCAST = "broadcast", "To several, first wins"


class OfferQuerySet(models.QuerySet["Offer"]):
    def visible_to(self, by: Actor, act: Act | None = None) -> OfferQuerySet:
        """Operators see the offers of their work; a vendor's dispatchers see their own company's and no other.

        The holder of a link sees those of its company for its one job.
        """
        if isinstance(by, System):
            return self.all()
        if isinstance(by, LinkHolder):
            return self.filter(work_order_id=by.work_order_id, vendor_id__in=vendor_ids_of(by, act))
        condition = Q(work_order__in=WorkOrder.objects.filter(scope_of(by, act).work()))
        if vendor_ids := vendor_ids_of(by, act):
            condition |= Q(vendor_id__in=vendor_ids)
        return self.filter(condition)

    def open(self) -> OfferQuerySet:
        return self.filter(state=OfferState.OPEN)

    def with_arrival(self) -> OfferQuerySet:
        """Each with `arrive_by_at`, the instant by which somebody must be there."""
        from workorders.models.clock import Clock, ClockState
        from workorders.models.reason import Milestone

        arrival = Clock.objects.filter(
            work_order=models.OuterRef("work_order"), milestone=Milestone.ARRIVAL, state=ClockState.RUNNING
        )
        return self.annotate(arrive_by_at=models.Subquery(arrival.values("due_at")[:1]))

    def for_table(self) -> OfferQuerySet:
        """What a card of the vendor's inbox shows, joined in."""
        return self.with_arrival().select_related(
            "vendor", "work_order__site", "work_order__trade", "work_order__asset", "work_order__recall_of"
        )

    def expired(self, now: datetime) -> OfferQuerySet:
        return self.open().filter(expires_at__lte=now)


class Offer(models.Model):
    """One work order put before one vendor until a moment, with what was shown when it was."""

    work_order = models.ForeignKey(WorkOrder, models.RESTRICT, related_name="offers")
    vendor = models.ForeignKey("vendors.Vendor", models.RESTRICT, related_name="offers")
    state = models.CharField(max_length=10, choices=OfferState.choices, default=OfferState.OPEN, editable=False)
    mode = models.CharField(max_length=10, choices=OfferMode.choices, default=OfferMode.MANUAL)
    offered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")
    offered_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")
    authorized_amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    message = models.CharField(max_length=500, blank=True)
    override_reason = models.CharField(max_length=300, blank=True)
    # Every vendor considered, each check and score part, as it stood at this moment.
    explanation = models.JSONField(default=dict)
    decline_reason = models.ForeignKey("workorders.Reason", models.RESTRICT, null=True, blank=True, related_name="+")
    decline_note = models.CharField(max_length=500, blank=True)
    # Declined as not its trade: the one that it may be, as the vendor says or as the house makes it out.
    suggested_trade = models.ForeignKey("assets.Trade", models.RESTRICT, null=True, blank=True, related_name="+")

    objects = OfferQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=OfferState.values), name="offer_state_known"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("offered_at")), name="offer_expires_after_it_is_made"),
            models.UniqueConstraint(
                fields=["work_order"], condition=Q(state="accepted"), name="offer_one_accepted_per_work_order"
            ),
            models.UniqueConstraint(
                fields=["work_order", "vendor"], condition=Q(state="open"), name="offer_one_open_per_vendor"
            ),
            # What composite foreign keys of visits and invoices hold on to.
            models.UniqueConstraint(fields=["id", "work_order", "vendor"], name="offer_identity"),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "declined"]) | Q(answered_at__isnull=False),
                name="offer_answered_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="declined") | Q(decline_reason__isnull=False), name="offer_declined_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(authorized_amount=None) | Q(authorized_amount__gte=0), name="offer_nte_not_negative"
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(state="open"), name="offer_expiring"),
            models.Index(fields=["vendor", "state"], name="offer_vendor"),
        ]

    def __str__(self) -> str:
        return f"{self.work_order_id} to {self.vendor_id}: {self.state}"


def failed_offers(work_order: models.OuterRef) -> OfferQuerySet:
    """Offers of one row of an outer query that its vendors declined or let expire."""
    return Offer.objects.filter(work_order=work_order, state__in=[OfferState.DECLINED, OfferState.EXPIRED])
