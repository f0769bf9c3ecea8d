"""Whose place it is: the people whose roles reach a site, from the nearest up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Q

from accounts.models import Membership, User

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from assets.models import Site, Trade


def ladder(site: Site, role: str, now: datetime, *, trade: Trade | None = None) -> list[list[User]]:
    """People who hold `role` over `site` (and `trade`, where their role is narrowed), nearest step first.

    A step is one level of the region tree; a role given for the site itself is nearest of all. Three queries.
    """
    above = site.region.ancestor_ids()
    held = (
        Membership.objects.current(now)
        .filter(role=role, user__is_active=True)
        .filter(Q(region_scopes__region_id__in=above) | Q(site_scopes__site=site))
        .select_related("user")
        .prefetch_related("region_scopes", "site_scopes", "trade_scopes")
        .distinct()
    )
    steps: dict[int, dict[int, User]] = defaultdict(dict)
    for membership in held:
        trades = {scope.trade_id for scope in membership.trade_scopes.all()}
        if trades and trade is not None and trade.pk not in trades:
            continue
        depth = max(
            [above.index(scope.region_id) for scope in membership.region_scopes.all() if scope.region_id in above]
            + [len(above) for scope in membership.site_scopes.all() if scope.site_id == site.pk]
        )
        steps[depth][membership.user_id] = membership.user
    return [list(steps[depth].values()) for depth in sorted(steps, reverse=True)]


def nearest(site: Site, role: str, now: datetime, *, trade: Trade | None = None) -> list[User]:
    """The people of the lowest step of `ladder`; empty when nobody holds the role there."""
    steps = ladder(site, role, now, trade=trade)
    return steps[0] if steps else []


def holders(sites: Iterable[Site], role: str, now: datetime) -> QuerySet[User]:
    """People who hold `role` over at least one of `sites`, by name."""
    places = list(sites)
    above = {region_id for site in places for region_id in site.region.ancestor_ids()}
    reaching = Q(region_scopes__region_id__in=above) | Q(site_scopes__site__in=places)
    held = Membership.objects.current(now).filter(reaching, role=role)
    return User.objects.filter(pk__in=held.values("user_id"), is_active=True).order_by("name", "pk")
