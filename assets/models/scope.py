"""Where a membership applies: rows that point from places down at people's roles."""

from __future__ import annotations

from django.db import models

from assets.models.region import Region
from assets.models.site import Site
from assets.models.trade import Trade


class RegionScope(models.Model):
    """A membership applies in this region and everything below it."""

    membership = models.ForeignKey("accounts.Membership", models.CASCADE, related_name="region_scopes")
    region = models.ForeignKey(Region, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["membership", "region"], name="region_scope_once")]

    def __str__(self) -> str:
        return f"{self.membership_id} in {self.region_id}"


class SiteScope(models.Model):
    """A membership applies at this site."""

    membership = models.ForeignKey("accounts.Membership", models.CASCADE, related_name="site_scopes")
    site = models.ForeignKey(Site, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["membership", "site"], name="site_scope_once")]

    def __str__(self) -> str:
        return f"{self.membership_id} at {self.site_id}"


class TradeScope(models.Model):
    """A membership applies to work of this trade only (several rows: any of them)."""

    membership = models.ForeignKey("accounts.Membership", models.CASCADE, related_name="trade_scopes")
    trade = models.ForeignKey(Trade, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["membership", "trade"], name="trade_scope_once")]

    def __str__(self) -> str:
        return f"{self.membership_id} for {self.trade_id}"
