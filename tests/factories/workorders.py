"""Work orders at any point of their life, brought there by the real rules and nothing else."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.models import User
from tests.cast import Cast
from tests.factories.clock import NOW
from vendors.models import Vendor
from workorders import conversation, intake, lifecycle, offers, visits
from workorders.models import (
    AttachmentKind,
    CodeKind,
    CompletionCode,
    Offer,
    Outcome,
    Reason,
    Status,
    Under,
    Visit,
    WorkOrder,
)
from workorders.position import Position


def photo(name: str = "after.jpg", color: str = "green") -> SimpleUploadedFile:
    """A small real picture."""
    buffer = io.BytesIO()
    Image.new("RGB", (32, 24), color).save(buffer, "JPEG")
    return SimpleUploadedFile(name, buffer.getvalue(), content_type="image/jpeg")


def reason(under: str, label: str = "Some reason", **flags: Any) -> Reason:
    """A reason that a person can choose."""
    made, _ = Reason.objects.get_or_create(
        under=under, code=label.lower().replace(" ", "-"), defaults={"label": label, **flags}
    )
    return made


def papers() -> dict[str, Any]:
    """What completion asks for, filled in."""
    cause, _ = CompletionCode.objects.get_or_create(kind=CodeKind.ROOT_CAUSE, trade=None, label="Worn part")
    fix, _ = CompletionCode.objects.get_or_create(kind=CodeKind.RESOLUTION, trade=None, label="Replaced")
    return {
        "root_cause": cause,
        "resolution": fix,
        "resolution_note": "New door gasket",
        "nothing_recommended": True,
        "no_parts_used": True,
    }


@dataclass
class Story:
    """Takes one work order through its life with the cast; each step plays what must come before it.

    `now` moves by ten minutes with every step, as in life.
    """

    cast: Cast
    now: datetime = NOW
    facts: dict[str, Any] = field(default_factory=dict)
    row: WorkOrder | None = None

    def later(self, **span: int) -> datetime:
        self.now += timedelta(**(span or {"minutes": 10}))
        return self.now

    @property
    def work_order(self) -> WorkOrder:
        assert self.row is not None
        return self.row

    def reported(self, **facts: Any) -> Story:
        cast = self.cast
        given = {
            "by": cast.store, "now": self.now, "site": cast.hilltop, "trade": cast.refrigeration,
            "problem_type": cast.too_warm, "asset": cast.cooler, "description": "The walk-in cooler is warm.",
            **self.facts, **facts,
        }  # fmt: skip
        self.row = intake.report(**given)
        return self

    def ready(self) -> Story:
        if self.row is None:
            self.reported()
        self.row = lifecycle.triage(self.work_order, by=self.cast.fm, now=self.later())
        return self

    def offered(self, vendor: Vendor | None = None, nte: Decimal | None = Decimal("500.00")) -> Story:
        if self.row is None or self.row.status == Status.NEW:
            self.ready()
        offers.offer(
            self.work_order, vendor=vendor or self.cast.cascade, by=self.cast.fm, now=self.later(), nte_amount=nte,
            override_reason="They know the unit",
        )  # fmt: skip
        return self.fresh()

    @property
    def offer(self) -> Offer:
        return self.work_order.offers.order_by("-pk")[0]

    def scheduled(self, technician: User | None = None) -> Story:
        if self.row is None or self.row.status in (Status.NEW, Status.READY):
            self.offered()
        now = self.later()
        self.row = offers.accept(
            self.offer, by=self.cast.dispatcher, now=now, start_at=now + timedelta(hours=1),
            end_at=now + timedelta(hours=2), technician=technician or self.cast.technician,
        )  # fmt: skip
        return self

    @property
    def visit(self) -> Visit:
        return self.work_order.visits.order_by("-pk")[0]

    def on_site(self) -> Story:
        if self.row is None or self.row.status != Status.SCHEDULED:
            self.scheduled()
        site = self.work_order.site
        here = Position(site.latitude + Decimal("0.000200"), site.longitude, 12)
        visits.check_in(self.visit, by=self.cast.technician, now=self.later(hours=1), position=here)
        return self.fresh()

    def completed(self) -> Story:
        if self.row is None or self.row.status != Status.IN_PROGRESS:
            self.on_site()
        conversation.attach(
            self.work_order, upload=photo(), kind=AttachmentKind.AFTER, by=self.cast.technician, now=self.later(),
            visit=self.visit,
        )  # fmt: skip
        self.row = visits.check_out(
            self.visit, by=self.cast.technician, now=self.later(minutes=50), outcome=Outcome.RESOLVED, **papers()
        )
        return self

    def verified(self) -> Story:
        if self.row is None or self.row.status != Status.COMPLETED:
            self.completed()
        self.row = lifecycle.verify(self.work_order, by=self.cast.store, now=self.later(), rating=5)
        return self

    def closed(self) -> Story:
        if self.row is None or self.row.status != Status.VERIFIED:
            self.verified()
        self.row = lifecycle.close(
            self.work_order, by=self.cast.finance, now=self.later(), not_billable_reason="Goodwill of the vendor"
        )
        return self

    def on_hold(self) -> Story:
        if self.row is None:
            self.ready()
        self.row = lifecycle.hold(
            self.work_order, by=self.cast.fm, now=self.later(), reason=reason(Under.HOLD, "Our request")
        )
        return self

    def canceled(self) -> Story:
        if self.row is None:
            self.reported()
        self.row = lifecycle.cancel(self.work_order, by=self.cast.fm, now=self.later(), reason="Not needed any more")
        return self

    def at(self, status: str) -> Story:
        """The story up to `status`, named as in the table of statuses."""
        steps = {
            Status.NEW: self.reported, Status.READY: self.ready, Status.OFFERED: self.offered,
            Status.SCHEDULED: self.scheduled, Status.IN_PROGRESS: self.on_site, Status.ON_HOLD: self.on_hold,
            Status.COMPLETED: self.completed, Status.VERIFIED: self.verified, Status.CLOSED: self.closed,
            Status.CANCELED: self.canceled,
        }  # fmt: skip
        return steps[Status(status)]()

    def fresh(self) -> Story:
        self.row = WorkOrder.objects.get(pk=self.work_order.pk)
        return self
