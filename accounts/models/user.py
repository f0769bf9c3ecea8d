"""People who sign in."""

from __future__ import annotations

import zoneinfo
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property

if TYPE_CHECKING:
    from accounts.models.role import Membership
    from accounts.permissions import Act


def known_time_zone(value: str) -> None:
    """Raise ValidationError unless `value` names an IANA time zone."""
    if value not in zoneinfo.available_timezones():
        raise ValidationError("Choose a time zone from the list, like America/Chicago.")


class Theme(models.TextChoices):
    SYSTEM = "", "As the device"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, by: Any) -> UserQuerySet:
        """People whose names `by` may list: everyone for those who manage people, else only oneself."""
        from accounts.permissions import Act, may

        if may(by, Act.MANAGE_PEOPLE):
            return self.all()
        return self.filter(pk=by.pk)

    def switched_off(self) -> UserQuerySet:
        return self.filter(is_active=False)

    def invited(self) -> UserQuerySet:
        """Let in, but no password chosen yet."""
        return self.filter(_NO_PASSWORD, is_active=True)

    def come_in(self) -> UserQuerySet:
        return self.filter(~_NO_PASSWORD, is_active=True)


_NO_PASSWORD = Q(("password__startswith", UNUSABLE_PASSWORD_PREFIX))


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Makes people; the address is kept as typed and compared in lower case."""

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> User:
        if not email:
            raise ValueError("A person needs an e-mail address.")
        user = self.model(email=email.strip(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> User:
        """The operator of the installation: opens the admin window, has no role in the work."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **extra)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """One person (or one integration) that signs in by e-mail. Roles come from `memberships`."""

    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=120)
    phone = models.CharField(max_length=32, blank=True)
    job_title = models.CharField(max_length=80, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    joined_at = models.DateTimeField(default=timezone.now)
    # Nobody spends until somebody says so.
    nte_limit_amount = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    quote_limit_amount = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    invoice_limit_amount = models.DecimalField(max_digits=12, decimal_places=2, default=Decimal(0))
    time_zone = models.CharField(max_length=64, default="America/New_York", validators=[known_time_zone])
    theme = models.CharField(max_length=8, choices=Theme.choices, default=Theme.SYSTEM, blank=True)
    shortcuts_on = models.BooleanField(default=True)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    # Raised by database triggers on every table that decides what the person may see, so that
    # what is remembered about (person, version) can never be stale.
    access_version = models.BigIntegerField(default=1, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    objects = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique",
                violation_error_message="Somebody already signs in with this e-mail address.",
            ),
            models.CheckConstraint(
                condition=Q(nte_limit_amount__gte=0, quote_limit_amount__gte=0, invoice_limit_amount__gte=0),
                name="user_limits_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def save(self, **options: Any) -> None:
        """As Django's, but never writes `access_version` over what the triggers made of it meanwhile."""
        if not self._state.adding and options.get("update_fields") is None:
            loaded = {field.name for field in self._meta.concrete_fields if field.attname in self.__dict__}
            options["update_fields"] = loaded - {"id", "access_version"}
        super().save(**options)

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0]

    @property
    def initials(self) -> str:
        words = self.name.split()
        return (words[0][:1] + words[-1][:1]).upper() if len(words) > 1 else self.name[:2].upper()

    @cached_property
    def current_memberships(self) -> list[Membership]:
        """The roles held now, oldest first. Remembered per (person, access version)."""
        from accounts.access import memberships_of

        return memberships_of(self, timezone.now())

    @cached_property
    def roles(self) -> frozenset[str]:
        return frozenset(membership.role for membership in self.current_memberships)

    @cached_property
    def acts(self) -> frozenset[Act]:
        """Everything this person may do now; empty for one who is switched off."""
        from accounts.permissions import acts_of

        return acts_of(self.roles) if self.is_active else frozenset()

    @property
    def is_invited(self) -> bool:
        """Has been invited and has not chosen a password yet."""
        return not self.has_usable_password()

    def quiet_at(self, now: datetime) -> bool:
        """Whether `now` falls in the person's quiet hours, in the person's own time zone."""
        if self.quiet_from is None or self.quiet_until is None:
            return False
        local = now.astimezone(zoneinfo.ZoneInfo(self.time_zone)).time()
        if self.quiet_from <= self.quiet_until:
            return self.quiet_from <= local < self.quiet_until
        return local >= self.quiet_from or local < self.quiet_until
