"""The papers of a job: what was wrong, what was done, what should come next, and which of them are still missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accounts.together import Asking
from assets.models import CompletionDocument
from assets.models.trade import DEFAULT_DOCUMENTS
from workorders.models import AttachmentKind, Kind, PartUsed, WorkOrder
from workorders.refusals import Incomplete

if TYPE_CHECKING:
    from workorders.models import CompletionCode

BLANK: dict[str, Any] = {
    "root_cause": None, "root_cause_note": "", "resolution": None, "resolution_note": "", "recommendation": "",
    "nothing_recommended": False, "no_parts_used": False,
}  # fmt: skip
"""The papers that are written on the work order itself, and how each looks before anybody wrote it."""


@dataclass(frozen=True)
class Missing:
    """One paper that completion needs and does not have, with the field where it is entered."""

    code: str
    sentence: str


def fill_in(row: WorkOrder, papers: dict[str, Any]) -> None:
    """Write papers on a locked row. Raises Incomplete for a code from another list, TypeError for no paper at all."""
    if unknown := set(papers) - set(BLANK):
        raise TypeError(f"A job has no papers called {', '.join(sorted(unknown))}.")
    for name in ("root_cause", "resolution"):
        code: CompletionCode | None = papers.get(name)
        if code is not None and (code.kind != name or code.trade_id not in (None, row.trade_id)):
            raise Incomplete({name: "Choose from the list."})
    for name, value in papers.items():
        setattr(row, name, value.strip() if isinstance(value, str) else value)
    if row.nothing_recommended and row.recommendation:
        row.nothing_recommended = False


def put_away(row: WorkOrder) -> dict[str, str]:
    """Blank what is written on a locked row: the next one who does the work writes anew. Returns it for the event."""
    written = {name: str(getattr(row, name)) for name, blank in BLANK.items() if getattr(row, name) != blank}
    for name, blank in BLANK.items():
        setattr(row, name, blank)
    return written


def put_checklist_away(row: WorkOrder) -> None:
    """Blank the answers of a checklist whose vendor leaves the job: the next one looks for itself."""
    row.checklist.update(result="", note="", answered_by=None, answered_at=None)


def missing_papers(row: WorkOrder, *, with_late: bool = False) -> Asking[list[Missing]]:
    """What this work still needs from the vendor that has it before it counts as completed, in the order of the form.

    `with_late` adds the papers that may come after the work: they bar billing, not completion.
    """
    if row.plan:
        needed = set(row.plan.required_documents or DEFAULT_DOCUMENTS[:2])
    elif row.problem_type:
        late = set(row.problem_type.late_documents)
        needed = set(row.problem_type.required_documents)
        needed = needed | late if with_late else needed - late
    else:
        needed = set(DEFAULT_DOCUMENTS)
    missing = []

    def need(code: str, present: bool, sentence: str) -> None:
        if code in needed and not present:
            missing.append(Missing(code, sentence))

    # What an earlier vendor showed or fitted does not speak for this one, nor what did not hold.
    since = row.rejected_at
    proofs = row.attachments.filter(vendor=row.vendor_id)
    used = PartUsed.objects.filter(visit__work_order=row, visit__vendor=row.vendor_id)
    if since:
        proofs, used = proofs.filter(added_at__gt=since), used.filter(visit__checked_in_at__gt=since)
    shown = proofs.order_by().values_list("kind", flat=True).distinct()
    fitted = used.values_list("pk")[:1]
    unanswered = row.checklist.filter(result="").values_list("pk")[:1]
    yield shown, fitted, unanswered
    kinds = set(shown)
    need(CompletionDocument.ROOT_CAUSE, row.root_cause_id is not None, "Choose what caused it.")
    need(CompletionDocument.RESOLUTION, row.resolution_id is not None, "Choose what was done.")
    need(
        CompletionDocument.RECOMMENDATION,
        bool(row.recommendation) or row.nothing_recommended,
        "Write what should happen next, or say that nothing is needed.",
    )
    need(CompletionDocument.PARTS, bool(fitted) or row.no_parts_used, "Add the parts used, or say that none were.")
    if row.kind in (Kind.REACTIVE, Kind.RECALL) or row.plan_id:
        need(CompletionDocument.AFTER_PHOTO, AttachmentKind.AFTER in kinds, "Add a photo of the finished work.")
    need(CompletionDocument.SIGNATURE, AttachmentKind.SIGNATURE in kinds, "Add the signature.")
    need(CompletionDocument.CERTIFICATE, AttachmentKind.CERTIFICATE in kinds, "Add the test certificate.")
    if unanswered:
        missing.append(Missing(CompletionDocument.CHECKLIST, "Answer every step of the checklist."))
    return missing
