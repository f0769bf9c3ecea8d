"""Where a vendor goes for a trade: which of many sites its coverage reaches, and by what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from vendors.eligibility import distance_km
from vendors.models import Coverage, Vendor

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from assets.models import Site

MOST_SITES = 20_000


class Point(NamedTuple):
    """What the coverage needs to know of a site."""

    site_id: int
    code: str
    name: str
    latitude: float | None
    longitude: float | None
    path: str
    """Of its region: ids from the root down."""

    @property
    def region_ids(self) -> list[int]:
        return [int(part) for part in self.path.split(".") if part]


def points_of(sites: QuerySet[Site]) -> QuerySet[Site, Point]:
    """These sites as points, by code."""
    columns = ("pk", "code", "name", "latitude", "longitude", "region__path")
    return sites.order_by("code").values_list(*columns)[:MOST_SITES]


def read(rows: Iterable[tuple[object, ...]]) -> list[Point]:
    """Rows of `points_of` as points."""
    return [
        Point(pk, code, name, _degrees(up), _degrees(along), path)  # type: ignore[arg-type]
        for pk, code, name, up, along, path in rows
    ]


def _degrees(value: object) -> float | None:
    return None if value is None else float(value)  # type: ignore[arg-type]


@dataclass
class Reach:
    """The coverage of one vendor in one trade, ready to be asked about sites."""

    vendor: Vendor
    rows: list[Coverage]
    single: dict[int, Coverage] = field(default_factory=dict)
    regions: dict[int, Coverage] = field(default_factory=dict)
    radius: Coverage | None = None

    def __post_init__(self) -> None:
        for row in self.rows:
            if row.site_id:
                self.single[row.site_id] = row
            elif row.region_id:
                self.regions[row.region_id] = row
            else:
                self.radius = row

    @property
    def is_stranded(self) -> bool:
        """Whether there is a radius around nowhere."""
        return self.radius is not None and not self.vendor.has_position

    def rows_for(self, point: Point) -> list[Coverage]:
        """Every row that reaches the site, or leaves it out."""
        found = [self.single[point.site_id]] if point.site_id in self.single else []
        found += [self.regions[region] for region in point.region_ids if region in self.regions]
        if self.radius is not None and self._within(self.radius, point):
            found.append(self.radius)
        return found

    def _within(self, row: Coverage, point: Point) -> bool:
        up, along = self.vendor.latitude, self.vendor.longitude
        if up is None or along is None or point.latitude is None or point.longitude is None:
            return False
        return distance_km(float(up), float(along), point.latitude, point.longitude) <= (row.radius_km or 0)

    def how(self, point: Point) -> str:
        """By what the site is reached: "region", "single", "radius"; "out" if it is left out; nothing if it is not."""
        found = self.rows_for(point)
        if not found:
            return ""
        if any(row.is_excluded for row in found):
            return "out"
        return "single" if found[0].site_id else "region" if found[0].region_id else "radius"
