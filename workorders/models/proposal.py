"""Proposals: a vendor that is asked would come, but at another time."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.actors import System
from workorders.models.offer import Offer

if TYPE_CHECKING:
    from accounts.actors import Actor
    from accounts.permissions import Act


class ProposalState(models.TextChoices):
    OPEN = "open", "Waits for facilities"
    ACCEPTED = "accepted", "Agreed"
    REFUSED = "refused", "Not possible"
    WITHDRAWN = "withdrawn", "Taken back"
    LAPSED = "lapsed", "Ended with the offer"


PROPOSAL_RULES: dict[ProposalState, frozenset[ProposalState]] = {
    ProposalState.OPEN: frozenset(ProposalState) - {ProposalState.OPEN},
    ProposalState.ACCEPTED: frozenset(),
    ProposalState.REFUSED: frozenset(),
    ProposalState.WITHDRAWN: frozenset(),
    ProposalState.LAPSED: frozenset(),
}


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def visible_to(self, by: Actor, act: Act | None = None) -> ProposalQuerySet:
        """As the offer it answers: facilities, and the company that made it."""
        return self.all() if isinstance(by, System) else self.filter(offer__in=Offer.objects.visible_to(by, act))

    def open(self) -> ProposalQuerySet:
        """Facilities can still answer."""
        return self.filter(state=ProposalState.OPEN)

    def end(self, *, now: datetime, state: ProposalState = ProposalState.LAPSED) -> None:
        """Those that nobody has answered end in `state`; by itself, because the offer has ended."""
        self.open().update(state=state, answered_at=now)


class Proposal(models.Model):
    """One time at which a vendor would come instead, until facilities answers or the offer ends."""

    offer = models.ForeignKey(Offer, models.RESTRICT, related_name="proposals")
    state = models.CharField(max_length=10, choices=ProposalState.choices, default=ProposalState.OPEN, editable=False)
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    technician = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")
    note = models.CharField(max_length=300)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")
    made_at = models.DateTimeField()
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=300, blank=True)

    objects = ProposalQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ProposalState.values), name="proposal_state_known"),
            models.CheckConstraint(condition=Q(end_at__gte=F("start_at")), name="proposal_window_in_order"),
            models.CheckConstraint(
                condition=Q(state="open", answered_at=None) | ~Q(state="open") & Q(answered_at__isnull=False),
                name="proposal_ended_has_time",
            ),
            models.CheckConstraint(condition=~Q(state="refused") | ~Q(answer=""), name="proposal_refused_has_reason"),
            models.UniqueConstraint(fields=["offer"], condition=Q(state="open"), name="proposal_one_open_per_offer"),
        ]

    def __str__(self) -> str:
        return f"{self.offer_id} {self.state} {self.start_at:%Y-%m-%d %H:%M}"
