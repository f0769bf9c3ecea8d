"""The starter catalog of an installation: what it knows before anybody has set anything."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from accounts.actors import IMPORTER
from accounts.events import record
from assets import catalog as places
from assets.models import MEANINGS, Priority, PriorityMeaning, Trade
from workorders.models import CodeKind, CompletionCode, Reason, SlaTarget
from workorders.starter.codes import RESOLUTIONS, ROOT_CAUSES
from workorders.starter.reasons import REASONS
from workorders.starter.targets import CLOCK_TYPES, MINUTES


def load_catalog(*, now: datetime) -> int:
    """Put in what is missing of the starter catalog, and leave alone what is there, changed or retired.

    Trades, problems and equipment, SLA targets, what priorities mean, reasons, completion codes. Returns how many
    rows were added; running it again adds none.
    """
    with transaction.atomic():
        added, trades = places.load()
        added += load_targets() + _priorities() + _reasons() + _codes(trades)
        if added:
            record(stream="catalog", verb="catalog.loaded", by=IMPORTER, now=now, data={"added": added})
    return added


def load_targets() -> int:
    """The SLA targets for all trades and tiers; a milestone and priority that has one keeps it. How many were added."""
    known = set(SlaTarget.objects.filter(trade=None, tier="").values_list("milestone", "priority"))
    missing = [
        SlaTarget(milestone=milestone, priority=priority, minutes=minutes, clock_type=clock_type)
        for milestone, by_priority in MINUTES.items()
        for priority, minutes, clock_type in zip(Priority.values, by_priority, CLOCK_TYPES, strict=True)
        if (milestone, priority) not in known
    ]
    return len(SlaTarget.objects.bulk_create(missing))


def _priorities() -> int:
    known = set(PriorityMeaning.objects.values_list("priority", flat=True))
    missing = [PriorityMeaning(priority=one, meaning=said) for one, said in MEANINGS.items() if one not in known]
    return len(PriorityMeaning.objects.bulk_create(missing))


def _reasons() -> int:
    known = set(Reason.objects.values_list("under", "code"))
    labels = {(under, label.upper()) for under, label in Reason.objects.values_list("under", "label")}
    missing = [
        Reason(**row._asdict() | {"pauses": list(row.pauses)}, sort_order=number * 10)
        for number, row in enumerate(REASONS, start=1)
        if (row.under, row.code) not in known and (row.under, row.label.upper()) not in labels
    ]
    return len(Reason.objects.bulk_create(missing))


def _codes(trades: dict[str, Trade]) -> int:
    known = set(CompletionCode.objects.values_list("kind", "trade_id", "label"))
    missing = [
        CompletionCode(kind=kind, trade_id=trade_id, label=label, sort_order=place)
        for kind, trade_id, label, place in _code_rows(trades)
        if (kind, trade_id, label) not in known
    ]
    return len(CompletionCode.objects.bulk_create(missing))


def _code_rows(trades: dict[str, Trade]) -> Iterator[tuple[str, int | None, str, int]]:
    for kind, table in ((CodeKind.ROOT_CAUSE, ROOT_CAUSES), (CodeKind.RESOLUTION, RESOLUTIONS)):
        for trade, labels in table.items():
            # What is said of one trade alone is looked for first.
            for number, label in enumerate(labels, start=1):
                yield kind, trades[trade].pk if trade else None, label, number * 10 + (0 if trade else 500)
