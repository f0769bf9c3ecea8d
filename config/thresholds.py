"""Every threshold of the house, whatever has been imported so far: the rooms that declare one are named here."""

from __future__ import annotations

from importlib import import_module

from accounts.thresholds import REGISTRY, Threshold

DECLARING = (
    "accounts.delivery",
    "accounts.files",
    "accounts.people",
    "accounts.tasks",
    "reporting.board",
    "reporting.report_card",
    "reporting.scorecards",
    "workorders.board",
    "workorders.dispatch",
    "workorders.findings",
    "workorders.invoices",
    "workorders.links",
    "workorders.merging",
    "workorders.position",
    "workorders.scans",
    "workorders.screening",
    "workorders.terms",
    "workorders.watch",
)


def every_threshold() -> dict[str, Threshold]:
    """All thresholds by name."""
    for module in DECLARING:
        import_module(module)
    return REGISTRY
