"""Work orders from a file: what was reported, done and closed elsewhere, with the instants it had there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from assets.models import Asset, ProblemType, Site
from config.imports import fields
from config.imports.importer import Importer
from config.imports.places import trade_named, trades
from config.imports.source import Row
from vendors.models import Standing, Vendor, VendorKind
from workorders import takeover
from workorders.models import Kind, Source, Status, WorkOrder
from workorders.takeover import History

ENDED = (Status.CLOSED, Status.CANCELED)
# Work that was still going on elsewhere begins here as a request, to be triaged by people.
STATES = (Status.NEW, *ENDED)


class WorkOrders(Importer):
    noun = "workorders"
    key = "reference"
    creatable = frozenset({"trades", "problem_types", "vendors"})
    fields = {
        "reference": fields.text(80, required=True),
        "site": fields.text(20, required=True),
        "trade": fields.text(80, required=True),
        "problem_type": fields.text(80),
        "asset": fields.text(40),
        "vendor": fields.text(120),
        "title": fields.cut_text(160),
        "description": fields.cut_text(20000),
        "resolution_note": fields.cut_text(2000),
        "kind": fields.choice(Kind.values, empty=Kind.REACTIVE),
        "status": fields.choice(STATES, empty=Status.NEW),
        "priority": fields.Field(fields.whole(low=1, high=4).read, empty=3),
        "requester_name": fields.cut_text(120),
        "reported_at": fields.instant(required=True),
        "due_at": fields.instant(),
        "completed_at": fields.instant(),
        "cost_amount": fields.number(low="-9999999999", high="9999999999"),
    }

    def remember(self) -> None:
        self.sites = {site.code.upper(): site for site in Site.objects.all()}
        self.trades = trades()
        self.problems = {(one.trade_id, one.name.upper()): one for one in ProblemType.objects.all()}
        self.assets = {tag.upper(): (pk, site) for pk, site, tag in Asset.objects.values_list("pk", "site_id", "tag")}
        self.vendors = {vendor.name.upper(): vendor for vendor in Vendor.objects.all()}
        self.vendors |= {vendor.code.upper(): vendor for vendor in Vendor.objects.all()}

    def store(self, batch: list[tuple[Row, dict[str, Any]]]) -> None:
        references = [values["reference"] for _, values in batch]
        known = set(
            WorkOrder.objects.filter(source=Source.IMPORT, reference__in=references).values_list("reference", flat=True)
        )
        histories = []
        for row, values in batch:
            if values["reference"] in known:
                # Taken over before; what happened to it since is the product's own history.
                self.report.unchanged += 1
            elif history := self._history(row, values):
                histories.append(history)
        takeover.take_over(histories, now=self.now)
        self.report.new += len(histories)

    def _history(self, row: Row, values: dict[str, Any]) -> History | None:
        site = self.sites.get(values["site"].upper())
        if site is None:
            self.wrong(row, "site", values["site"], "is not a site's code")
        trade = trade_named(self, self.trades, row, values["trade"])
        asset_id, stands_at = self.assets.get(values["asset"].upper(), (None, None))
        if values["asset"] and (asset_id is None or (site and stands_at != site.pk)):
            self.wrong(row, "asset", values["asset"], "is not the tag of an asset at this site")
            return None
        reported, completed = values["reported_at"], values["completed_at"]
        if values["status"] == Status.CLOSED and completed is None:
            self.wrong(row, "completed_at", "", "is empty, but the work is closed")
            return None
        if completed and completed < reported and self.mapping.early_ends == "start":
            completed = reported
        if completed and completed < reported:
            self.wrong(row, "completed_at", str(completed), "is before it was reported")
            return None
        if reported > self.now:
            self.wrong(row, "reported_at", str(reported), "lies in the future")
            return None
        if site is None or trade is None:
            return None
        problem = self._problem(row, trade, values["problem_type"]) if values["problem_type"] else None
        vendor = self._vendor(row, values["vendor"]) if values["vendor"] else None
        if (values["problem_type"] and problem is None) or (values["vendor"] and vendor is None):
            return None
        title = values["title"] or values["problem_type"] or values["description"][:160] or "Imported work"
        custom = dict(values["custom"])
        if values["cost_amount"] is not None:
            custom["cost"] = str(values["cost_amount"])
        order = WorkOrder(
            source=Source.IMPORT,
            reference=values["reference"],
            kind=values["kind"],
            site=site,
            region_id=site.region_id,
            trade=trade,
            problem_type=problem,
            asset_id=asset_id,
            vendor=vendor,
            title=title,
            description=values["description"] or title,
            resolution_note=values["resolution_note"],
            priority=values["priority"],
            priority_reasons=[f"P{values['priority']}: as imported"],
            requester_name=values["requester_name"],
            currency=site.currency,
            reported_at=reported,
            due_at=values["due_at"] or reported + timedelta(days=7),
            completed_at=completed if values["status"] == Status.CLOSED else None,
            cancel_reason="Canceled before the import" if values["status"] == Status.CANCELED else "",
            custom=custom,
            names=" ".join([site.code, site.name, trade.name, values["asset"], vendor.name if vendor else ""])[:400],
        )
        return History(order, values["status"], promised_at=values["due_at"], ended_at=completed or reported)

    def _problem(self, row: Row, trade: Any, name: str) -> ProblemType | None:
        problem = self.problems.get((trade.pk, name.upper()))
        if problem is None and "problem_types" in self.mapping.create:
            problem = ProblemType.objects.create(trade=trade, name=name)
            self.problems[(trade.pk, name.upper())] = problem
            self.created("problem types")
        elif problem is None:
            self.wrong(row, "problem_type", name, f"is not a problem of {trade.name}")
        return problem

    def _vendor(self, row: Row, name: str) -> Vendor | None:
        vendor = self.vendors.get(name.upper())
        if vendor is None and "vendors" in self.mapping.create:
            code = f"I{len(self.vendors) + 1:05}"
            vendor = Vendor.objects.create(
                code=code, name=name, kind=VendorKind.INTERNAL, standing=Standing.APPROVED,
                email=f"{code.lower()}@import.invalid", created_at=self.now,
            )  # fmt: skip
            self.vendors[name.upper()] = vendor
            self.created("vendors")
        elif vendor is None:
            self.wrong(row, "vendor", name, "is not a vendor's code or name")
        return vendor
