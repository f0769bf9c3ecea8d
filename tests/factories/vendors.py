"""Companies that can be sent."""

from datetime import date
from decimal import Decimal
from typing import Any

import factory
from factory.django import DjangoModelFactory

from tests.factories.clock import NOW
from vendors.models import Coverage, RateCard, Vendor, VendorTrade
from vendors.models.vendor import Standing


class VendorFactory(DjangoModelFactory[Vendor]):
    """An approved company; `trades=[…]` lets it work in them, `regions=[…]` covers these for all its trades."""

    class Meta:
        model = Vendor
        skip_postgeneration_save = True

    code = factory.Sequence(lambda number: f"V{number}")
    name = factory.Sequence(lambda number: f"Vendor {number}")
    email = factory.LazyAttribute(lambda vendor: f"offers@{vendor.code.lower()}.example.com")
    standing = Standing.APPROVED
    time_zone = "America/Los_Angeles"
    created_at = NOW

    @factory.post_generation
    def trades(self: Vendor, create: bool, extracted: Any, **options: Any) -> None:
        for trade in extracted or ():
            VendorTrade.objects.create(vendor=self, trade=trade)
            RateCardFactory(vendor=self, trade=trade)

    @factory.post_generation
    def regions(self: Vendor, create: bool, extracted: Any, **options: Any) -> None:
        for region in extracted or ():
            for line in self.trades.all():
                Coverage.objects.create(vendor=self, trade=line.trade, region=region)


class RateCardFactory(DjangoModelFactory[RateCard]):
    class Meta:
        model = RateCard

    vendor = factory.SubFactory(VendorFactory)
    starts_on = date(2026, 1, 1)
    labor_regular_amount = Decimal("95.00")
    labor_overtime_amount = Decimal("142.50")
    labor_emergency_amount = Decimal("190.00")
    labor_holiday_amount = Decimal("190.00")
    trip_amount = Decimal("75.00")
