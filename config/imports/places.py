"""Sites and assets from a file."""

from __future__ import annotations

from typing import Any

from django.utils.text import slugify

from assets.models import Area, Asset, AssetCategory, AssetStatus, Region, Site, Trade
from config.imports import fields
from config.imports.importer import Importer, differs
from config.imports.source import Row


def region_named(importer: Importer, known: dict[str, Region], row: Row, name: str) -> Region | None:
    """The region of that code or name; made, when the mapping says so, below the only root there is."""
    region = known.get(name.upper())
    if region is None and "regions" in importer.mapping.create:
        root = next((one for one in known.values() if one.parent_id is None), None)
        code = name[:20] if name[:20].upper() not in known else f"{name[:12]}-{len(known)}"
        region = Region.objects.create(code=code, name=name[:120], parent=root)
        region.refresh_from_db()
        known[name.upper()] = known[code.upper()] = region
        importer.created("regions")
    if region is None:
        importer.wrong(row, "region", name, "is not a region's code or name")
    return region


def regions() -> dict[str, Region]:
    """Every region by code and by name, in capitals."""
    known: dict[str, Region] = {}
    for region in Region.objects.order_by("-path"):
        known[region.name.upper()] = region
    for region in Region.objects.all():
        known[region.code.upper()] = region
    return known


def trade_named(importer: Importer, known: dict[str, Trade], row: Row, name: str) -> Trade | None:
    """The trade of that code or name; made when the mapping says so."""
    trade = known.get(name.upper())
    if trade is None and "trades" in importer.mapping.create:
        code = slugify(name)[:40] or f"trade-{len(known)}"
        trade = Trade.objects.create(
            code=code if code.upper() not in known else f"{code[:34]}-{len(known)}", name=name[:80]
        )
        known[name.upper()] = known[trade.code.upper()] = trade
        importer.created("trades")
    if trade is None:
        importer.wrong(row, "trade", name, "is not a trade's code or name")
    return trade


def trades() -> dict[str, Trade]:
    """Every trade by code and by name, in capitals."""
    known = {trade.name.upper(): trade for trade in Trade.objects.all()}
    return known | {trade.code.upper(): trade for trade in Trade.objects.all()}


class Sites(Importer):
    noun = "sites"
    key = "code"
    creatable = frozenset({"regions"})
    fields = {
        "code": fields.text(20, required=True),
        "name": fields.text(120, required=True),
        "region": fields.text(120, required=True),
        "address_line": fields.text(200),
        "city": fields.text(80),
        "state": fields.text(40),
        "postal_code": fields.text(16),
        "country": fields.country(),
        "phone": fields.text(32),
        "latitude": fields.number(low="-90", high="90", places=6),
        "longitude": fields.number(low="-180", high="180", places=6),
        "time_zone": fields.time_zone("America/New_York"),
        "currency": fields.Field(fields.text(3).read, empty="USD"),
        "cost_center": fields.text(40),
        "tier": fields.text(20),
        "floor_area_m2": fields.whole(),
        "access_note": fields.text(2000),
    }

    def remember(self) -> None:
        self.regions = regions()
        self.known = {site.code.upper(): site for site in Site.objects.all()}

    def store(self, batch: list[tuple[Row, dict[str, Any]]]) -> None:
        new, changed = [], []
        names = [name for name in self.fields if name not in ("code", "region")]
        for row, values in batch:
            region = region_named(self, self.regions, row, values["region"])
            if (values["latitude"] is None) != (values["longitude"] is None):
                self.wrong(
                    row, "longitude", str(values["longitude"] or ""), "goes with a latitude: give both or neither"
                )
                continue
            if region is None:
                continue
            facts = {name: values[name] for name in names}
            site = self.known.get(values["code"].upper())
            if site is None:
                new.append(Site(code=values["code"], region=region, custom=values["custom"], **facts))
            elif (
                differs(site, facts, names)
                or site.region_id != region.pk
                or site.custom != site.custom | values["custom"]
            ):
                for name, value in facts.items():
                    setattr(site, name, value)
                site.region, site.custom = region, site.custom | values["custom"]
                changed.append(site)
            else:
                self.report.unchanged += 1
        Site.objects.bulk_create(new, batch_size=1000)
        if changed:
            Site.objects.bulk_update(changed, [*names, "region", "custom"], batch_size=500)
        self.report.new += len(new)
        self.report.changed += len(changed)


class Assets(Importer):
    noun = "assets"
    key = "tag"
    creatable = frozenset({"categories", "areas", "trades"})
    fields = {
        "tag": fields.text(40, required=True),
        "name": fields.text(120, required=True),
        "site": fields.text(20, required=True),
        "category": fields.text(80, required=True),
        "trade": fields.text(80),
        "area": fields.text(80),
        "make": fields.text(80),
        "model": fields.text(80),
        "serial": fields.text(80),
        "installed_on": fields.day(),
        "purchase_cost_amount": fields.number(low="0", high="9999999999"),
        "replacement_cost_amount": fields.number(low="0", high="9999999999"),
        "condition": fields.choice(AssetStatus.values, empty=AssetStatus.IN_SERVICE),
    }

    def remember(self) -> None:
        self.sites = {site.code.upper(): site for site in Site.objects.all()}
        self.categories = {category.name.upper(): category for category in AssetCategory.objects.all()}
        self.trades = trades()
        self.areas = {(site, name.upper()): pk for pk, site, name in Area.objects.values_list("pk", "site_id", "name")}

    def store(self, batch: list[tuple[Row, dict[str, Any]]]) -> None:
        tags = [values["tag"].upper() for _, values in batch]
        known = {asset.tag.upper(): asset for asset in Asset.objects.filter(tag__in={v["tag"] for _, v in batch})}
        if len(known) < len(tags):  # another spelling of the tag, which the database takes as the same
            known |= {
                asset.tag.upper(): asset for asset in Asset.objects.extra(where=["upper(tag) = ANY(%s)"], params=[tags])
            }
        new, changed = [], []
        names = [
            "name",
            "make",
            "model",
            "serial",
            "installed_on",
            "purchase_cost_amount",
            "replacement_cost_amount",
            "condition",
        ]
        for row, values in batch:
            places = self._places(row, values)
            if places is None:
                continue
            facts = {name: values[name] for name in names} | places
            asset = known.get(values["tag"].upper())
            if asset is None:
                new.append(Asset(tag=values["tag"], custom=values["custom"], **facts))
            elif differs(asset, facts, facts):
                for name, value in facts.items():
                    setattr(asset, name, value)
                changed.append(asset)
            else:
                self.report.unchanged += 1
        Asset.objects.bulk_create(new, batch_size=1000)
        if changed:
            Asset.objects.bulk_update(changed, [*names, "site", "category", "area"], batch_size=500)
        self.report.new += len(new)
        self.report.changed += len(changed)

    def _places(self, row: Row, values: dict[str, Any]) -> dict[str, Any] | None:
        site = self.sites.get(values["site"].upper())
        if site is None:
            self.wrong(row, "site", values["site"], "is not a site's code")
        category = self._category(row, values)
        if site is None or category is None:
            return None
        area = self.areas.get((site.pk, values["area"].upper())) if values["area"] else None
        if values["area"] and area is None:
            if "areas" not in self.mapping.create:
                self.wrong(row, "area", values["area"], f"is not an area of {site.code}")
                return None
            area = Area.objects.create(site=site, name=values["area"]).pk
            self.areas[(site.pk, values["area"].upper())] = area
            self.created("areas")
        return {"site_id": site.pk, "category_id": category.pk, "area_id": area}

    def _category(self, row: Row, values: dict[str, Any]) -> AssetCategory | None:
        category = self.categories.get(values["category"].upper())
        if category is None and "categories" in self.mapping.create:
            trade = trade_named(self, self.trades, row, values["trade"]) if values["trade"] else None
            if trade is None:
                self.wrong(row, "trade", values["trade"], "is needed to create a category")
                return None
            category = AssetCategory.objects.create(name=values["category"], trade=trade)
            self.categories[category.name.upper()] = category
            self.created("categories")
        elif category is None:
            self.wrong(row, "category", values["category"], "is not a category's name")
        return category
