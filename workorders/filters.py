"""The filters of the queue, spelled in its address: shared by the page, its counts, saved views and the export."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import django_filters as filters
from django.db.models import Exists, OuterRef, Q
from django.forms import Form
from django.http import QueryDict
from django.utils import timezone

from accounts.actors import CLOCK
from assets.models import Priority, Region, Site
from vendors.models import Vendor
from workorders import search
from workorders.labels import MARKS
from workorders.models import Kind, Status, WorkOrder
from workorders.models.offer import failed_offers
from workorders.models.status import OPEN

if TYPE_CHECKING:
    from accounts.models import User
    from workorders.models.work_order import WorkOrderQuerySet

SOON = timedelta(hours=4)
ME, NOBODY = "me", "none"
"""Owners that are said by who reads: a view that is shared means everybody's own work."""
DUE = (
    ("overdue", "Overdue"),
    ("soon", "In the next 4 hours"),
    ("today", "Today"),
    ("week", "In the next 7 days"),
)
STATES = [(status.value, MARKS[status].label) for status in Status]


def end_of_day(now: datetime) -> datetime:
    """The midnight that ends the reader's own day."""
    local = timezone.localtime(now)
    return timezone.make_aware(datetime.combine(local.date() + timedelta(days=1), time.min))


@cache
def _form_class() -> type[Form]:
    made: type[Form] = QueueFilter(QueryDict(), by=CLOCK, now=datetime.min.replace(tzinfo=UTC)).get_form_class()
    return made


@lru_cache(maxsize=256)
def _read(query: str) -> Form:
    """What a query string asks for, whoever asks and whenever."""
    form = _form_class()(QueryDict(query))
    form.full_clean()
    return form


class QueueFilter(filters.FilterSet):
    """What the query string of the queue means. Nothing here asks the database by itself."""

    q = filters.CharFilter(label="Words", method="by_words", max_length=200)
    status = filters.MultipleChoiceFilter(label="Status", choices=STATES)
    priority = filters.MultipleChoiceFilter(
        label="Priority", choices=[(str(value), label) for value, label in Priority.choices]
    )
    due = filters.ChoiceFilter(label="Due", choices=DUE, method="by_due")
    trade = filters.NumberFilter(label="Trade", field_name="trade_id")
    kind = filters.MultipleChoiceFilter(label="Kind", choices=Kind.choices)
    region = filters.NumberFilter(label="Region", method="in_region")
    site = filters.CharFilter(label="Site", method="at_site", max_length=120)
    vendor = filters.CharFilter(label="Vendor", method="of_vendor", max_length=120)
    reason = filters.CharFilter(label="Waiting for", field_name="hold_reason__code", max_length=40)
    owner = filters.CharFilter(label="Owner", method="of_owner", max_length=20)
    declined = filters.BooleanFilter(label="Declined by a vendor", method="turned_down")

    class Meta:
        model = WorkOrder
        fields: list[str] = []

    def __init__(self, data: QueryDict, *, by: User, now: datetime) -> None:
        self.by, self.now = by, now
        super().__init__(data, queryset=WorkOrder.objects.visible_to(by))

    @property
    def form(self) -> Form:
        """What is asked for, read once for all who ask for the same: it is not to be changed."""
        known = [(name, value) for name in self.filters for value in self.data.getlist(name)]
        return _read(urlencode(known))

    def filter_queryset(self, queryset: WorkOrderQuerySet) -> WorkOrderQuerySet:
        return self.narrow(queryset, self.form.cleaned_data)

    def narrow(self, rows: WorkOrderQuerySet, asked: Mapping[str, Any]) -> WorkOrderQuerySet:
        """Open work, unless the filters name a status in which work is over."""
        if set(asked.get("status") or ()) <= OPEN:
            rows = rows.open()
        for name, value in asked.items():
            rows = self.filters[name].filter(rows, value)
        return rows

    def several(self, queries: Iterable[str]) -> list[WorkOrderQuerySet]:
        """The rows of other query strings. Filters for each would take longer than the rows of the page."""
        return [self.narrow(self.queryset, _read(query).cleaned_data) for query in queries]

    @property
    def over(self) -> bool:
        """Whether work that is over is asked for: such rows have no due time to be sorted by."""
        return self.is_valid() and not set(self.form.cleaned_data["status"]) <= OPEN

    def by_words(self, rows: WorkOrderQuerySet, name: str, value: str) -> WorkOrderQuerySet:
        return search.matching(rows, value)

    def by_due(self, rows: WorkOrderQuerySet, name: str, value: str) -> WorkOrderQuerySet:
        midnight = end_of_day(self.now)
        between: dict[str, tuple[datetime | None, datetime]] = {
            "overdue": (None, self.now),
            "soon": (self.now, self.now + SOON),
            "today": (midnight - timedelta(days=1), midnight),
            "week": (self.now, self.now + timedelta(days=7)),
        }
        start, end = between[value]
        # Nothing is late whose clock stands; what is due later may well stand still meanwhile.
        return (
            rows.ticking().filter(due_at__lt=end) if start is None else rows.filter(due_at__gte=start, due_at__lt=end)
        )

    def in_region(self, rows: WorkOrderQuerySet, name: str, value: Any) -> WorkOrderQuerySet:
        """The region and everything below it, as far as this person sees them."""
        key = f"{int(value)}."
        below = Region.objects.visible_to(self.by).filter(Q(path__startswith=key) | Q(path__contains=f".{key}"))
        return rows.filter(region_id__in=below.values("pk"))

    def at_site(self, rows: WorkOrderQuerySet, name: str, value: str) -> WorkOrderQuerySet:
        sites = Site.objects.visible_to(self.by).filter(Q(code__iexact=value) | Q(name__icontains=value))
        return rows.filter(site_id__in=sites.values("pk"))

    def of_vendor(self, rows: WorkOrderQuerySet, name: str, value: str) -> WorkOrderQuerySet:
        vendors = Vendor.objects.visible_to(self.by).filter(Q(code__iexact=value) | Q(name__icontains=value))
        return rows.filter(vendor_id__in=vendors.values("pk"))

    def of_owner(self, rows: WorkOrderQuerySet, name: str, value: str) -> WorkOrderQuerySet:
        """Whoever reads it, nobody, or the person with this id."""
        if value == NOBODY:
            return rows.filter(owner=None)
        if value == ME:
            return rows.filter(owner_id=self.by.pk)
        return rows.filter(owner_id=int(value)) if value.isdecimal() else rows.none()

    def turned_down(self, rows: WorkOrderQuerySet, name: str, value: bool) -> WorkOrderQuerySet:
        return rows.filter(Exists(failed_offers(OuterRef("pk"))), status=Status.READY) if value else rows
