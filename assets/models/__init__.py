"""Places and equipment."""

from assets.models.asset import Asset, AssetCategory, AssetStatus, Warranty
from assets.models.code import OldCode
from assets.models.region import Region
from assets.models.scope import RegionScope, SiteScope, TradeScope
from assets.models.site import (
    Area,
    Calendar,
    CalendarHours,
    Holiday,
    Responsibility,
    Responsible,
    Site,
    SiteHours,
    Weekday,
)
from assets.models.trade import (
    MEANINGS,
    CompletionDocument,
    CriticalityQuestion,
    Priority,
    PriorityMeaning,
    ProblemType,
    SelfHelpStep,
    Trade,
)

__all__ = [
    "MEANINGS",
    "Area",
    "Asset",
    "AssetCategory",
    "AssetStatus",
    "Calendar",
    "CalendarHours",
    "CompletionDocument",
    "CriticalityQuestion",
    "Holiday",
    "OldCode",
    "Priority",
    "PriorityMeaning",
    "ProblemType",
    "Region",
    "RegionScope",
    "Responsibility",
    "Responsible",
    "SelfHelpStep",
    "Site",
    "SiteHours",
    "SiteScope",
    "Trade",
    "TradeScope",
    "Warranty",
    "Weekday",
]
