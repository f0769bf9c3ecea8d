"""Papers that end soon or have ended with nothing in their place: what a vendor must renew to stay dispatchable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Max
from django.db.models.functions import Coalesce

from vendors.models import ComplianceDocument, DocumentKind, DocumentState

if TYPE_CHECKING:
    from django.db.models import QuerySet

SHOWN = timedelta(days=60)  # from the day of the first reminder on


class Renewal(NamedTuple):
    """One paper to renew: its kind, its last good day, days left (negative: over), and whether a new one waits."""

    label: str
    ends_on: date
    days: int
    waits: bool

    @property
    def is_over(self) -> bool:
        return self.days < 0


def renewals(papers: Iterable[Mapping[str, Any]], *, today: date) -> list[Renewal]:
    """What to renew, the most pressing first. `papers` are rows with `kind`, `trade`, `state` and `ends_on`.

    Of each kind and trade only the paper that runs longest counts; one that waits for review is named as waiting.
    """
    soon = today + SHOWN
    good: dict[tuple[str, Any], date] = {}
    waiting: set[tuple[str, Any]] = set()
    for paper in papers:
        key, ends_on = (paper["kind"], paper["trade"]), _day(paper["ends_on"])
        if paper["state"] == DocumentState.PENDING:
            waiting.add(key)
        elif paper["state"] in (DocumentState.VERIFIED, DocumentState.EXPIRED):
            good[key] = max(good.get(key, date.min), ends_on or date.max)
    return sorted(
        (
            Renewal(DocumentKind(kind).label, ends_on, (ends_on - today).days, (kind, trade) in waiting)
            for (kind, trade), ends_on in good.items()
            if ends_on <= soon
        ),
        key=lambda renewal: renewal.ends_on,
    )


def over_since(today: date) -> QuerySet[ComplianceDocument, Any]:
    """The ids of vendors of whom some paper is over on `today` with none in its place."""
    counted = ComplianceDocument.objects.filter(state__in=(DocumentState.VERIFIED, DocumentState.EXPIRED))
    last = Max(Coalesce("ends_on", date.max))
    return counted.values("vendor", "kind", "trade").annotate(last_on=last).filter(last_on__lt=today).values("vendor")


def _day(value: str | date | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value
