"""What happened to a work order, for good."""

from __future__ import annotations

from django.db import models

from accounts.models.event import EventShape
from workorders.models.work_order import WorkOrder


class Event(EventShape):
    """One fact about one work order: its timeline, its audit log and its outbox. One chain per work order.

    `data` holds `before` and `after` of what changed, and ids of what the fact is about. `vendor` is set where
    the fact concerns one vendor alone, so that another vendor's timeline never shows it.
    """

    takes_replies = True

    work_order = models.ForeignKey(WorkOrder, models.RESTRICT, related_name="events")
    vendor = models.ForeignKey("vendors.Vendor", models.RESTRICT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["work_order", "position"]
        constraints = [models.UniqueConstraint(fields=["work_order", "position"], name="event_position_once")]
        indexes = [models.Index(fields=["-at"], name="event_at")]
