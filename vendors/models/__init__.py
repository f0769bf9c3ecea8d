"""Who can be sent."""

from vendors.models.compliance import ComplianceDocument, DocumentKind, DocumentState, Requirement
from vendors.models.coverage import Coverage, NegotiatedTarget, RateCard
from vendors.models.onboarding import Decision, Onboarding
from vendors.models.scorecard import Scorecard
from vendors.models.shift import Shift, ShiftException
from vendors.models.vendor import (
    DISPATCHABLE,
    Contact,
    ResponsibleVendor,
    Standing,
    Vendor,
    VendorHours,
    VendorKind,
    VendorScope,
    VendorTrade,
    WarrantyProvider,
)

__all__ = [
    "DISPATCHABLE",
    "ComplianceDocument",
    "Contact",
    "Coverage",
    "Decision",
    "DocumentKind",
    "DocumentState",
    "NegotiatedTarget",
    "Onboarding",
    "RateCard",
    "Requirement",
    "ResponsibleVendor",
    "Scorecard",
    "Shift",
    "ShiftException",
    "Standing",
    "Vendor",
    "VendorHours",
    "VendorKind",
    "VendorScope",
    "VendorTrade",
    "WarrantyProvider",
]
