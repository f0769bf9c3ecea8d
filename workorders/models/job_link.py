"""Links that let a vendor without an account do one job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from accounts.models import User
from assets.scope import scope_of
from vendors.models import Contact
from workorders.models.work_order import WorkOrder

if TYPE_CHECKING:
    from datetime import datetime

    from accounts.actors import Actor
    from accounts.permissions import Act


class JobLinkQuerySet(models.QuerySet["JobLink"]):
    def visible_to(self, by: Actor, act: Act | None = None) -> JobLinkQuerySet:
        """The links of work that `by` reaches on the operator's side; a vendor finds its own in its mail."""
        return self.filter(work_order__in=WorkOrder.objects.filter(scope_of(by, act).work()))

    def live(self) -> JobLinkQuerySet:
        return self.filter(revoked_at=None)

    def opening(self, now: datetime) -> JobLinkQuerySet:
        """Those whose time is not over: it runs on while the job is the vendor's."""
        theirs = Q(work_order__vendor=F("vendor"), work_order__is_open=True)
        return self.live().filter(Q(expires_at__gt=now) | theirs)

    def with_reader(self) -> JobLinkQuerySet:
        """Each with `is_written_to`: its address is still the vendor's; and `has_account`: its reader signs in now."""
        address = Lower(models.OuterRef("email"))
        contacts = Contact.objects.filter(vendor=models.OuterRef("vendor")).annotate(own=Lower("email"))
        crew = User.objects.filter(memberships__vendor_scope__vendor=models.OuterRef("vendor"), is_active=True)
        crew = crew.annotate(own=Lower("email")).filter(own=address)
        return self.select_related("work_order", "vendor").annotate(
            is_written_to=models.ExpressionWrapper(
                Q(vendor__email__iexact=F("email"))
                | models.Exists(contacts.filter(own=address))
                | models.Exists(crew.filter(memberships__ends_at=None)),
                output_field=models.BooleanField(),
            ),
            has_account=models.Exists(crew.come_in()),
        )


class JobLink(models.Model):
    """One link, mailed to one address of a vendor: opens one job, for that vendor, to whoever holds it.

    What the link says is known to the mail alone; here is its digest.
    """

    work_order = models.ForeignKey(WorkOrder, models.RESTRICT, related_name="links")
    vendor = models.ForeignKey("vendors.Vendor", models.RESTRICT, related_name="links")
    email = models.EmailField(help_text="Where it was sent.")
    digest = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256 of its secret.")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="It works longer while the job is the vendor's.")
    used_at = models.DateTimeField(null=True, blank=True, help_text="When something was last done by it.")
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.RESTRICT, null=True, blank=True, related_name="+")

    objects = JobLinkQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("made_at")), name="job_link_expires_after_it_is_made"),
            models.CheckConstraint(
                condition=Q(revoked_by=None) | Q(revoked_at__isnull=False), name="job_link_revoked_has_time"
            ),
            models.CheckConstraint(condition=Q(digest__regex="^[0-9a-f]{64}$"), name="job_link_digest_is_one"),
        ]
        indexes = [models.Index(fields=["work_order", "vendor"], name="job_link_job")]

    def __str__(self) -> str:
        return f"{self.work_order_id} to {self.email}"
