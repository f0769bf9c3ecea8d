"""Regions: the tree of the company."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length

if TYPE_CHECKING:
    from accounts.actors import Actor
    from accounts.permissions import Act


class RegionQuerySet(models.QuerySet["Region"]):
    def visible_to(self, by: Actor, act: Act | None = None) -> RegionQuerySet:
        """Regions wholly in the scope of `by` (the regions given, and what lies below them)."""
        from assets.scope import scope_of

        scope = scope_of(by, act)
        return self.all() if scope.everything else self.filter(pk__in=scope.region_ids)

    def within(self, region: Region) -> RegionQuerySet:
        """`region` and everything below it."""
        return self.filter(path__startswith=region.path)


class Region(models.Model):
    """One node of the company: the company itself, a division, a district."""

    parent = models.ForeignKey("self", models.RESTRICT, null=True, blank=True, related_name="children")
    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    level = models.CharField(max_length=40, blank=True, help_text="Company, division, district: the operator's word.")
    # ids from the root down to this one, each followed by a dot: "1.4.17."
    path = models.CharField(max_length=200, editable=False, default="")
    path_depth = models.GeneratedField(
        expression=Length("path"), output_field=models.IntegerField(), db_persist=True, editable=False
    )
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = RegionQuerySet.as_manager()

    class Meta:
        ordering = ["path"]
        indexes = [models.Index(fields=["path"], name="region_path", opclasses=["varchar_pattern_ops"])]
        constraints = [models.CheckConstraint(condition=~Q(parent=F("id")), name="region_not_its_own_parent")]

    def __str__(self) -> str:
        return self.name

    @property
    def depth(self) -> int:
        return self.path.count(".")

    def ancestor_ids(self) -> list[int]:
        """Ids from the root down to this region itself."""
        return [int(part) for part in self.path.split(".") if part]
