"""What people say and show about a work order, and to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.actors import System
from accounts.permissions import Act, may
from assets.scope import scope_of
from vendors.scope import vendor_ids_of
from workorders.models.work_order import WorkOrder

if TYPE_CHECKING:
    from collections.abc import Collection

    from accounts.actors import Actor


class Audience(models.TextChoices):
    """Who may read it, narrowest first."""

    INTERNAL = "internal", "Facilities only"
    STORE = "store", "Facilities and the store"
    VENDOR = "vendor", "Facilities and the vendor"
    EVERYONE = "everyone", "Everyone on the job"


FOR_STORES = Q(audience__in=[Audience.STORE, Audience.EVERYONE])


def _for_vendors(vendor_ids: Collection[int]) -> Q:
    own = Q(vendor_id__in=vendor_ids) | Q(audience=Audience.EVERYONE, vendor=None)
    return Q(audience__in=[Audience.VENDOR, Audience.EVERYONE]) & own


class AudienceQuerySet[M: models.Model](models.QuerySet[M]):
    def visible_to(self, by: Actor) -> AudienceQuerySet[M]:
        """Rows of visible work orders whose audience `by` belongs to.

        A vendor reads only what was said to it, or to everyone while the job was its own or nobody's: a job
        that changes hands reveals nothing of the earlier vendor's thread.
        """
        if isinstance(by, System):
            return self.all()
        work = WorkOrder.objects.visible_to(by)
        desk = scope_of(by, Act.VIEW_DESK).work("work_order__") if may(by, Act.VIEW_DESK) else Q(pk__in=[])
        if not desk:
            # Everywhere at the desk: an empty condition that is joined to others would be lost.
            return self.filter(work_order__in=work)
        store = FOR_STORES & scope_of(by).work("work_order__")
        condition = desk | store
        if vendor_ids := vendor_ids_of(by):
            condition |= _for_vendors(vendor_ids)
        return self.filter(condition, work_order__in=work)

    def on(self, work_order: WorkOrder, by: Actor) -> AudienceQuerySet[M]:
        """What `visible_to` says, about one work order that was found in sight of `by`: no place is asked for again."""
        rows = self.filter(work_order=work_order)
        place = {name: getattr(work_order, name) for name in ("region_id", "site_id", "trade_id")}
        at_desk = may(by, Act.VIEW_DESK) and scope_of(by, Act.VIEW_DESK).covers(**place)
        if isinstance(by, System) or at_desk:
            return rows
        condition = FOR_STORES if scope_of(by).covers(**place) else Q(pk__in=[])
        if vendor_ids := vendor_ids_of(by):
            condition |= _for_vendors(vendor_ids)
        return rows.filter(condition)


class AudienceShape(models.Model):
    """A row with an audience. `vendor` is the vendor that had the job when it was written."""

    audience = models.CharField(max_length=8, choices=Audience.choices, default=Audience.INTERNAL)
    vendor = models.ForeignKey("vendors.Vendor", models.RESTRICT, null=True, blank=True, related_name="+")

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(condition=Q(audience__in=Audience.values), name="%(class)s_audience_known"),
            models.CheckConstraint(
                condition=~Q(audience="vendor") | Q(vendor__isnull=False), name="%(class)s_vendor_audience_has_vendor"
            ),
        ]


class Comment(AudienceShape):
    """One message on a work order."""

    work_order = models.ForeignKey(WorkOrder, models.RESTRICT, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")
    author_name = models.CharField(max_length=120)
    body = models.TextField(max_length=10000)
    written_at = models.DateTimeField()
    calls = ArrayField(models.TextField(), default=list, blank=True, help_text="Who is called in it, as written there.")

    objects = AudienceQuerySet["Comment"].as_manager()

    class Meta(AudienceShape.Meta):
        ordering = ["written_at", "id"]
        indexes = [models.Index(fields=["work_order", "written_at"], name="comment_work_order")]

    def __str__(self) -> str:
        return self.body[:60]


class AttachmentKind(models.TextChoices):
    PROBLEM = "problem", "Photo of the problem"
    BEFORE = "before", "Before"
    AFTER = "after", "After"
    DOCUMENT = "document", "Document"
    CERTIFICATE = "certificate", "Test certificate"
    SIGNATURE = "signature", "Signature"


class Attachment(AudienceShape):
    """A photo or paper on a work order."""

    work_order = models.ForeignKey(WorkOrder, models.RESTRICT, related_name="attachments")
    visit = models.ForeignKey("workorders.Visit", models.RESTRICT, null=True, blank=True, related_name="attachments")
    comment = models.ForeignKey(Comment, models.RESTRICT, null=True, blank=True, related_name="attachments")
    file = models.OneToOneField("accounts.File", models.RESTRICT, related_name="+")
    kind = models.CharField(max_length=12, choices=AttachmentKind.choices)
    caption = models.CharField(max_length=200, blank=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")
    added_at = models.DateTimeField()

    objects = AudienceQuerySet["Attachment"].as_manager()

    class Meta(AudienceShape.Meta):
        ordering = ["added_at", "id"]
        indexes = [models.Index(fields=["work_order"], name="attachment_work_order")]
        constraints = [
            *AudienceShape.Meta.constraints,
            models.CheckConstraint(condition=Q(kind__in=AttachmentKind.values), name="attachment_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.work_order_id}"


class Watcher(models.Model):
    """A person who is kept posted about a work order."""

    work_order = models.ForeignKey(WorkOrder, models.CASCADE, related_name="watchers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="watching")
    since_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["work_order", "user"], name="watcher_once")]

    def __str__(self) -> str:
        return f"{self.user_id} watches {self.work_order_id}"


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, by: Actor) -> SavedViewQuerySet:
        """A person's own views and those that others share."""
        return self.filter(Q(owner_id=by.pk) | Q(is_shared=True))


class SavedView(models.Model):
    """A named query string of the queue."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000, blank=True)
    is_shared = models.BooleanField(default=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                name="saved_view_name_once",
                violation_error_message="You have a view of that name.",
            )
        ]

    def __str__(self) -> str:
        return self.name
