"""Where a person's role applies: regions with everything below them, single sites, and trades."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from accounts.actors import Actor, person
from accounts.events import record
from accounts.models.role import Membership
from accounts.people import NotForOneself, stream_of
from assets.models import Region, RegionScope, Site, SiteScope, Trade, TradeScope


def post(
    *,
    membership: Membership,
    regions: Iterable[Region] = (),
    sites: Iterable[Site] = (),
    trades: Iterable[Trade] = (),
    by: Actor,
    now: datetime,
) -> None:
    """Let a role apply in `regions` and at `sites`, for `trades` only where any are given. Replaces what was.

    Raises NotForOneself: nobody widens his own sight.
    """
    if person(by) == membership.user:
        raise NotForOneself("You cannot change where your own roles apply. Ask another administrator.")
    regions, sites, trades = list(regions), list(sites), list(trades)
    with transaction.atomic():
        locked = Membership.objects.select_for_update().get(pk=membership.pk)
        locked.region_scopes.exclude(region__in=regions).delete()
        locked.site_scopes.exclude(site__in=sites).delete()
        locked.trade_scopes.exclude(trade__in=trades).delete()
        RegionScope.objects.bulk_create(
            [RegionScope(membership=locked, region=region) for region in regions], ignore_conflicts=True
        )
        SiteScope.objects.bulk_create(
            [SiteScope(membership=locked, site=site) for site in sites], ignore_conflicts=True
        )
        TradeScope.objects.bulk_create(
            [TradeScope(membership=locked, trade=trade) for trade in trades], ignore_conflicts=True
        )
        record(
            stream=stream_of(membership.user),
            verb="role.placed",
            by=by,
            now=now,
            data={
                "role": locked.role,
                "membership": locked.pk,
                "regions": [region.name for region in regions],
                "sites": [site.code for site in sites],
                "trades": [trade.name for trade in trades],
            },
        )
    membership.user.refresh_from_db(fields=["access_version"])
