"""Whether the books are whole: every chain of events recounted, sums as their ledgers say, files as they came in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from django.core.files.storage import default_storage
from django.db import connection

from accounts.ledger import broken_links
from accounts.models import File

CHAINS = (("workorders_event", "work_order_id"), ("accounts_logevent", "stream"))
"""Each ledger, and the column whose values are its chains."""

INVARIANTS = (
    (
        "its status is not what its last move says.",
        "SELECT w.number FROM workorders_workorder w JOIN LATERAL (SELECT e.data ->> 'after' AS status"
        " FROM workorders_event e WHERE e.work_order_id = w.id AND e.data ->> 'move' IS NOT NULL"
        " ORDER BY e.position DESC LIMIT 1) last ON last.status <> w.status ORDER BY w.id",
    ),
    (
        "what may be spent is not the sum of its ledger.",
        "SELECT w.number FROM workorders_workorder w LEFT JOIN (SELECT work_order_id, sum(change_amount) AS total"
        " FROM workorders_authorization GROUP BY work_order_id) a ON a.work_order_id = w.id"
        " WHERE a.total IS DISTINCT FROM w.authorized_amount ORDER BY w.id",
    ),
    (
        "more is approved than may be spent.",
        "SELECT w.number FROM workorders_workorder w JOIN workorders_invoice i ON i.work_order_id = w.id"
        " AND i.state IN ('approved', 'exported', 'paid') GROUP BY w.id"
        " HAVING sum(i.subtotal_amount) > w.authorized_amount ORDER BY w.id",
    ),
)
"""What must hold for every work order: the sentence for one that breaks it, and the SQL that finds their numbers."""

PIECE = 1 << 20


def faults(*, with_files: bool = True) -> Iterator[str]:
    """One sentence for each thing that is not as it must be; the first broken row of a chain comes first."""
    for table, key in CHAINS:
        yield from broken_links(table, key)
    for sentence, sql in INVARIANTS:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            numbers = [number for (number,) in cursor.fetchall()]
        yield from (f"{number}: {sentence}" for number in numbers)
    if with_files:
        yield from _files()


def _files() -> Iterator[str]:
    rows = File.objects.order_by("added_at", "pk").values_list("path", "sha256", "thumbnail_path")
    for path, digest, thumbnail in rows.iterator(chunk_size=2000):
        if not default_storage.exists(path):
            yield f"{path}: the file is missing."
        elif _digest(path) != digest:
            yield f"{path}: the file is not what was handed in."
        if thumbnail and not default_storage.exists(thumbnail):
            yield f"{thumbnail}: the small picture is missing."


def _digest(path: str) -> str:
    found = hashlib.sha256()
    with default_storage.open(path, "rb") as stream:
        while piece := stream.read(PIECE):
            found.update(piece)
    return found.hexdigest()


def counted() -> dict[str, int]:
    """How much there is to be whole."""
    with connection.cursor() as cursor:
        sums = [f"SELECT count(*), count(DISTINCT {key}) FROM {table}" for table, key in CHAINS]
        cursor.execute(" UNION ALL ".join(sums))
        events, chains = (sum(column) for column in zip(*cursor.fetchall(), strict=True))
    return {"events": events, "chains": chains, "files": File.objects.count()}
