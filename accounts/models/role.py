"""Roles, and the fact that a person holds one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from accounts.actors import Actor


class Role(models.TextChoices):
    """What a person is to the work. Scope rows in the apps above say where."""

    STORE_MANAGER = "store_manager", "Store manager"
    DISTRICT_MANAGER = "district_manager", "District manager"
    FACILITIES_MANAGER = "facilities_manager", "Facilities manager"
    ADMINISTRATOR = "administrator", "Facilities administrator"
    FINANCE = "finance", "Finance"
    AUDITOR = "auditor", "Analyst or auditor"
    DISPATCHER = "dispatcher", "Vendor dispatcher"
    TECHNICIAN = "technician", "Technician"


class MembershipQuerySet(models.QuerySet["Membership"]):
    def visible_to(self, by: Actor) -> MembershipQuerySet:
        """Everybody's roles for those who manage people, else only one's own."""
        from accounts.permissions import Act, may

        return self.all() if may(by, Act.MANAGE_PEOPLE) else self.filter(user=by.pk)

    def current(self, now: datetime | models.Expression) -> MembershipQuerySet:
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=now))


class Membership(models.Model):
    """One person holding one role, for good or until a moment. Scope rows above point here."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=24, choices=Role.choices)
    ends_at = models.DateTimeField(null=True, blank=True)
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")
    granted_at = models.DateTimeField()

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=models.F("granted_at")), name="membership_ends_after_grant"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.get_role_display()}"

    @property
    def is_vendor_side(self) -> bool:
        """Whether it applies to a vendor; the others apply at regions and sites, or everywhere."""
        return self.role in {Role.DISPATCHER, Role.TECHNICIAN}

    @property
    def is_everywhere(self) -> bool:
        return self.role in {Role.ADMINISTRATOR, Role.AUDITOR}
