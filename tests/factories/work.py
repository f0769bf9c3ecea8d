"""Rows of work for tests of clocks and sweeps, which care for a work order's times and not for how it came in."""

import factory
from factory.django import DjangoModelFactory

from tests.factories.assets import SiteFactory, TradeFactory
from tests.factories.clock import NOW
from workorders.models import Source, WorkOrder


class WorkOrderFactory(DjangoModelFactory[WorkOrder]):
    """A new work order as the rules of clocks meet it: reported, without clocks yet."""

    class Meta:
        model = WorkOrder

    site = factory.SubFactory(SiteFactory)
    region = factory.SelfAttribute("site.region")
    trade = factory.SubFactory(TradeFactory)
    title = "Cooler too warm"
    description = "It is 50 degrees in there."
    source = Source.PORTAL
    priority = 3
    reported_at = NOW
    due_at = NOW
