"""Sites: the stores and restaurants, their places and their hours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper

from accounts.codes import stands_in_address
from accounts.models.user import known_time_zone
from assets.models.region import Region

if TYPE_CHECKING:
    from accounts.actors import Actor
    from accounts.permissions import Act


class Weekday(models.IntegerChoices):
    """As Python counts: Monday is 0."""

    MONDAY = 0, "Monday"
    TUESDAY = 1, "Tuesday"
    WEDNESDAY = 2, "Wednesday"
    THURSDAY = 3, "Thursday"
    FRIDAY = 4, "Friday"
    SATURDAY = 5, "Saturday"
    SUNDAY = 6, "Sunday"


class CalendarQuerySet(models.QuerySet["Calendar"]):
    def visible_to(self, by: Actor) -> CalendarQuerySet:
        """Business hours are no secret."""
        return self.all()


class Calendar(models.Model):
    """Named business hours with holidays, for sites that do not keep their own."""

    name = models.CharField(max_length=80, unique=True)

    objects = CalendarQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class Holiday(models.Model):
    """One local day on which a calendar is closed."""

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="holidays")
    day_on = models.DateField()
    name = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["calendar", "day_on"], name="holiday_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.day_on}"


class HoursShape(models.Model):
    """Open from one minute of a weekday to another; after midnight is the next day's row."""

    weekday = models.SmallIntegerField(choices=Weekday.choices)
    opens_minute = models.SmallIntegerField(help_text="Minutes since local midnight, 0 to 1439.")
    closes_minute = models.SmallIntegerField(help_text="Minutes since local midnight, up to 1440.")

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(opens_minute__gte=0, closes_minute__lte=1440, closes_minute__gt=F("opens_minute")),
                name="%(class)s_in_a_day",
            ),
            models.CheckConstraint(condition=Q(weekday__gte=0, weekday__lte=6), name="%(class)s_weekday"),
        ]

    def __str__(self) -> str:
        opens, closes = self.opens_minute, self.closes_minute
        return f"{self.get_weekday_display()} {opens // 60:02}:{opens % 60:02}–{closes // 60:02}:{closes % 60:02}"


class CalendarHours(HoursShape):
    """Weekly hours of a named calendar."""

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="hours")


class SiteQuerySet(models.QuerySet["Site"]):
    def visible_to(self, by: Actor, act: Act | None = None) -> SiteQuerySet:
        """Sites in the scope of `by`; with `act`, only where a role that grants it applies.

        Other visibility follows from this one. Vendors reach sites through their jobs, never through here.
        """
        from assets.scope import scope_of

        return self.filter(scope_of(by, act).sites())

    def called(self, codes: Iterable[str]) -> SiteQuerySet:
        """Sites with one of these codes, in any case."""
        return self.annotate(code_upper=Upper("code")).filter(code_upper__in=[code.upper() for code in codes])

    def trading(self) -> SiteQuerySet:
        return self.filter(retired_at=None)

    def for_table(self) -> SiteQuerySet:
        return self.select_related("region")


class Site(models.Model):
    """One store, restaurant, depot or office that is kept running."""

    code = models.CharField(max_length=20, validators=[stands_in_address], help_text="As people call it: M-114.")
    name = models.CharField(max_length=120)
    region = models.ForeignKey(Region, models.RESTRICT, related_name="sites")
    address_line = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=40, blank=True)
    postal_code = models.CharField(max_length=16, blank=True)
    country = models.CharField(max_length=2, default="US")
    phone = models.CharField(max_length=32, blank=True)
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    geofence_radius_m = models.PositiveIntegerField(default=150)
    position_required = models.BooleanField(default=False, help_text="Refuse a check-in outside the area.")
    time_zone = models.CharField(max_length=64, default="America/New_York", validators=[known_time_zone])
    calendar = models.ForeignKey(Calendar, models.RESTRICT, null=True, blank=True, related_name="sites")
    currency = models.CharField(max_length=3, default="USD")
    cost_center = models.CharField(max_length=40, blank=True)
    tier = models.CharField(max_length=20, blank=True)
    floor_area_m2 = models.PositiveIntegerField(null=True, blank=True)
    access_note = models.TextField(blank=True, max_length=2000)
    custom = models.JSONField(default=dict, blank=True)
    scan_code = models.UUIDField(unique=True, db_default=RandomUUID(), editable=False, help_text="On its label.")
    retired_at = models.DateTimeField(null=True, blank=True)
    search = models.GeneratedField(
        expression=SearchVector("code", weight="A", config="simple")
        + SearchVector("name", weight="A", config="simple")
        + SearchVector("city", "address_line", weight="B", config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
        editable=False,
    )

    objects = SiteQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                Upper("code"), name="site_code_unique", violation_error_message="Another site has this code."
            ),
            models.CheckConstraint(
                condition=Q(latitude=None, longitude=None)
                | Q(latitude__isnull=False, longitude__isnull=False)
                & Q(latitude__gte=-90, latitude__lte=90, longitude__gte=-180, longitude__lte=180),
                name="site_position_in_range",
                violation_error_message="Latitude is −90 to 90 and longitude −180 to 180, both or neither.",
            ),
            models.CheckConstraint(
                condition=Q(geofence_radius_m__gte=10, geofence_radius_m__lte=20000),
                name="site_geofence_sensible",
                violation_error_message="The check-in area is 10 to 20,000 meters.",
            ),
            models.CheckConstraint(condition=Q(currency__regex="^[A-Z]{3}$"), name="site_currency_code"),
        ]
        indexes = [GinIndex(fields=["search"], name="site_search")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def has_position(self) -> bool:
        return self.latitude is not None

    @property
    def address(self) -> str:
        town = " ".join(part for part in (self.state, self.postal_code) if part)
        return ", ".join(part for part in (self.address_line, self.city, town) if part)


class SiteHours(HoursShape):
    """Opening hours of one site. A site without rows and without a calendar is taken as always open."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="hours")


class Area(models.Model):
    """A place inside a site: kitchen, sales floor, roof."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="areas")
    name = models.CharField(max_length=80)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                "site",
                Upper("name"),
                name="area_name_unique",
                violation_error_message="This site has an area of that name.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Responsible(models.TextChoices):
    US = "us", "Us"
    LANDLORD = "landlord", "Landlord"
    OTHER_TENANT = "other_tenant", "Other tenant"


class Responsibility(models.Model):
    """Who answers for a trade at a site when it is not simply us: lease facts and whom to call."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="responsibilities")
    trade = models.ForeignKey("assets.Trade", models.RESTRICT, related_name="+")
    category = models.ForeignKey("assets.AssetCategory", models.RESTRICT, null=True, blank=True, related_name="+")
    who = models.CharField(max_length=14, choices=Responsible.choices)
    contact_name = models.CharField(max_length=120, blank=True)
    contact_email = models.EmailField(blank=True)
    contact_phone = models.CharField(max_length=32, blank=True)
    lease_note = models.TextField(blank=True, max_length=2000)

    class Meta:
        verbose_name_plural = "responsibilities"
        constraints = [
            models.UniqueConstraint(
                fields=["site", "trade", "category"], name="responsibility_once", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(who__in=Responsible.values), name="responsibility_who_known"),
        ]

    def __str__(self) -> str:
        return f"{self.site_id} {self.trade_id}: {self.get_who_display()}"
