"""Places, trades and equipment."""

from decimal import Decimal
from typing import Any

import factory
from factory.django import DjangoModelFactory

from assets.models import Area, Asset, AssetCategory, ProblemType, Region, Site, Trade


class RegionFactory(DjangoModelFactory[Region]):
    """A region as it is found in the database, where its path is written."""

    class Meta:
        model = Region

    code = factory.Sequence(lambda number: f"R{number}")
    name = factory.Sequence(lambda number: f"Region {number}")

    @classmethod
    def _create(cls, model_class: type[Region], *args: Any, **facts: Any) -> Region:
        region = super()._create(model_class, *args, **facts)
        region.refresh_from_db()
        return region


class SiteFactory(DjangoModelFactory[Site]):
    """A store in Tacoma with a position."""

    class Meta:
        model = Site

    code = factory.Sequence(lambda number: f"S-{number}")
    name = factory.Sequence(lambda number: f"Store {number}")
    region = factory.SubFactory(RegionFactory)
    address_line = "100 Main Street"
    city = "Tacoma"
    state = "WA"
    latitude = Decimal("47.252900")
    longitude = Decimal("-122.444300")
    time_zone = "America/Los_Angeles"


class AreaFactory(DjangoModelFactory[Area]):
    class Meta:
        model = Area

    site = factory.SubFactory(SiteFactory)
    name = "Back room"


class TradeFactory(DjangoModelFactory[Trade]):
    class Meta:
        model = Trade

    code = factory.Sequence(lambda number: f"trade-{number}")
    name = factory.Sequence(lambda number: f"Trade {number}")


class ProblemTypeFactory(DjangoModelFactory[ProblemType]):
    class Meta:
        model = ProblemType

    trade = factory.SubFactory(TradeFactory)
    name = factory.Sequence(lambda number: f"Problem {number}")


class AssetCategoryFactory(DjangoModelFactory[AssetCategory]):
    class Meta:
        model = AssetCategory

    trade = factory.SubFactory(TradeFactory)
    name = factory.Sequence(lambda number: f"Category {number}")
    downtime_cost_amount = Decimal("40.00")


class AssetFactory(DjangoModelFactory[Asset]):
    class Meta:
        model = Asset

    tag = factory.Sequence(lambda number: f"A-{number}")
    name = factory.Sequence(lambda number: f"Unit {number}")
    site = factory.SubFactory(SiteFactory)
    category = factory.SubFactory(AssetCategoryFactory)
