"""Where a person may look: membership scopes folded into conditions that every queryset starts from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q

import accounts.among  # noqa: F401  (the lookup `among`)
from accounts.access import remembered
from accounts.actors import LinkHolder, System
from accounts.models.role import Membership, Role
from accounts.permissions import GRANTS, VENDOR_ROLES

if TYPE_CHECKING:
    from accounts.actors import Actor
    from accounts.permissions import Act

# Roles whose sight has no edge.
EVERYWHERE = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})
NOTHING = Q(pk__in=[])


@dataclass(frozen=True)
class Reach:
    """How far one membership reaches. `trade_ids` empty means all trades."""

    everywhere: bool
    region_ids: frozenset[int]
    site_ids: frozenset[int]
    trade_ids: frozenset[int]

    def places(self, prefix: str, region: str, site: str) -> Q:
        if self.everywhere:
            return Q()
        if self.region_ids and self.site_ids:
            return Q(**{f"{prefix}{region}__among": self.region_ids}) | Q(**{f"{prefix}{site}__among": self.site_ids})
        if self.region_ids:
            return Q(**{f"{prefix}{region}__among": self.region_ids})
        return Q(**{f"{prefix}{site}__among": self.site_ids}) if self.site_ids else NOTHING

    def covers(self, region_id: int, site_id: int, trade_id: int) -> bool:
        here = self.everywhere or region_id in self.region_ids or site_id in self.site_ids
        return here and (not self.trade_ids or trade_id in self.trade_ids)


@dataclass(frozen=True)
class Scope:
    """Everything that one actor's memberships reach on the operator's side of the table."""

    reaches: tuple[Reach, ...]

    @property
    def everything(self) -> bool:
        return any(reach.everywhere and not reach.trade_ids for reach in self.reaches)

    @property
    def region_ids(self) -> frozenset[int]:
        return frozenset().union(*(reach.region_ids for reach in self.reaches)) if self.reaches else frozenset()

    @property
    def site_ids(self) -> frozenset[int]:
        return frozenset().union(*(reach.site_ids for reach in self.reaches)) if self.reaches else frozenset()

    def sites(self, prefix: str = "") -> Q:
        """The condition on sites (reached over `prefix`) that are in scope."""
        return self._any(prefix, region="region_id", site="id")

    def work(self, prefix: str = "") -> Q:
        """The condition on rows that carry `region_id`, `site_id` and `trade_id` themselves, as work orders do."""
        return self._any(prefix, region="region_id", site="site_id", trade="trade_id")

    def covers_site(self, *, region_id: int, site_id: int) -> bool:
        """What `sites` says of one site that is already at hand, without asking the database."""
        return any(
            reach.everywhere or region_id in reach.region_ids or site_id in reach.site_ids for reach in self.reaches
        )

    def covers(self, *, region_id: int, site_id: int, trade_id: int) -> bool:
        """What `work` says of one row that is already at hand, without asking the database."""
        return any(reach.covers(region_id, site_id, trade_id) for reach in self.reaches)

    def _any(self, prefix: str, *, region: str, site: str, trade: str | None = None) -> Q:
        if not self.reaches:
            return NOTHING
        if self.everything:
            return Q()
        condition = Q()
        for reach in self.reaches:
            one = reach.places(prefix, region, site)
            if trade and reach.trade_ids:
                one &= Q(**{f"{prefix}{trade}__among": reach.trade_ids})
            if not one:
                return Q()
            condition |= one
        return condition


ALL = Scope((Reach(True, frozenset(), frozenset(), frozenset()),))


def scope_of(by: Actor, act: Act | None = None) -> Scope:
    """What `by` reaches now; with `act`, only through memberships whose role grants it.

    The house itself reaches everything; the vendor's side reaches nothing here, its jobs are given to it above.
    """
    if isinstance(by, System):
        return ALL
    if isinstance(by, LinkHolder) or not by.is_active:
        return Scope(())
    reaches = remembered(by, "reaches", lambda: _reaches(by.pk))
    return Scope(
        tuple(
            reaches[membership.pk]
            for membership in by.current_memberships
            if membership.role not in VENDOR_ROLES
            and membership.pk in reaches
            and (act is None or act in GRANTS[membership.role])
        )
    )


def _reaches(user_id: int) -> dict[int, Reach]:
    """Each membership of a person and how far it reaches, subtrees resolved."""
    from assets.models.region import Region

    memberships = Membership.objects.filter(user_id=user_id).prefetch_related(
        "region_scopes__region", "site_scopes", "trade_scopes"
    )
    reaches = {}
    for membership in memberships:
        below = Q()
        for scope in membership.region_scopes.all():
            below |= Q(path__startswith=scope.region.path)
        reaches[membership.pk] = Reach(
            everywhere=membership.role in EVERYWHERE,
            region_ids=frozenset(Region.objects.filter(below).values_list("pk", flat=True)) if below else frozenset(),
            site_ids=frozenset(scope.site_id for scope in membership.site_scopes.all()),
            trade_ids=frozenset(scope.trade_id for scope in membership.trade_scopes.all()),
        )
    return reaches
