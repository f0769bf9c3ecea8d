"""What the demo company consists of, as data for scripts and tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from config.demo.company import Company
from config.demo.names import ORGANIZATION
from workorders.models import Offer, WorkOrder


def manifest(company: Company, until: datetime) -> dict[str, Any]:
    """People with role, scope and password; places; vendors; work orders with their relations."""
    asked: dict[int, list[str]] = {}
    for order_id, code in Offer.objects.order_by("pk").values_list("work_order_id", "vendor__code"):
        asked.setdefault(order_id, []).append(code)
    return {
        "organization": ORGANIZATION,
        "as_of": until.isoformat(),
        "users": company.sign_ins,
        "regions": [
            {"code": region.code, "name": region.name, "parent": region.parent.code if region.parent else None}
            for region in company.regions.values()
        ],
        "sites": [
            {
                "code": site.code,
                "name": site.name,
                "region": site.region.code,
                "managers": [company.managers[site.pk].email],
                "assets": list(site.assets.order_by("tag").values_list("tag", flat=True)),
            }
            for site in company.sites
        ],
        "vendors": [
            {
                "code": vendor.code,
                "name": vendor.name,
                "dispatcher": company.dispatchers[vendor.pk].email if vendor.pk in company.dispatchers else None,
                "technicians": [technician.email for technician in company.technicians[vendor.pk]],
            }
            for vendor in company.vendors.values()
        ],
        "work_orders": [_order(row, asked.get(row.pk, [])) for row in _orders()],
    }


def _orders() -> Any:
    return WorkOrder.objects.select_related(
        "site", "asset", "vendor", "trade", "requester", "merged_into", "recall_of", "plan"
    ).order_by("pk")


def _order(row: WorkOrder, asked: list[str]) -> dict[str, Any]:
    return {
        "number": row.number,
        "title": row.title,
        "status": row.status,
        "priority": row.priority,
        "kind": row.kind,
        "site": row.site.code,
        "trade": row.trade.code,
        "asset": row.asset.tag if row.asset else None,
        "vendor": row.vendor.code if row.vendor else None,
        "vendors_asked": asked,
        "requester": row.requester.email if row.requester else None,
        "merged_into": row.merged_into.number if row.merged_into else None,
        "recall_of": row.recall_of.number if row.recall_of else None,
        "plan": row.plan.name if row.plan else None,
        "invoices": [invoice.number for invoice in row.invoices.exclude(number="")],
    }
