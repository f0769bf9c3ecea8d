"""Two companies that compete: one after the other on the same job, the same unit, at the same site.

Everything that a company says, charges or is called by holds a word of its own, so that a word that turns up with the
other tells where it leaked from.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from accounts import files
from accounts.models import Notice
from accounts.outbox import ledgers, settle
from tests.cast import Cast
from tests.factories.clock import HOUSE, NOW
from tests.factories.workorders import Story, papers, photo
from vendors.models import ComplianceDocument, Contact, DocumentKind, RateCard
from workorders import conversation, invoices, lifecycle, proposals, visits
from workorders.models import Audience, WorkOrder

WORDS = {"cascade": "quokka", "summit": "wombat"}
AMOUNTS = {"cascade": Decimal("611.11"), "summit": Decimal("777.77")}
"""What an hour of each costs: an amount that is on no other page."""

IN_PLACE = {
    "cascade": {},
    "summit": {"cascade": "summit", "dispatcher": "rival", "technician": "rival_technician"},
}  # fmt: skip


class Company:
    """The cast as one of the two companies has it: its own people in the places of the story's."""

    def __init__(self, cast: Cast, name: str) -> None:
        self.cast, self.name, self.word = cast, name, WORDS[name]
        vendor, word = self.cascade, self.word
        self.people = [self.dispatcher, self.technician]
        RateCard.objects.filter(vendor=vendor).update(labor_regular_amount=AMOUNTS[name])
        Contact.objects.create(vendor=vendor, name=f"Bill {word}")
        ComplianceDocument.objects.create(
            vendor=vendor, kind=DocumentKind.LICENSE, issuer=f"State {word}", reference=f"L-{word}", uploaded_at=NOW,
            starts_on=date(2026, 1, 1), file=files.keep(photo(f"license-{word}.jpg"), by=HOUSE, now=NOW),
        )  # fmt: skip

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cast, IN_PLACE[self.name].get(name, name))

    @property
    def betraying(self) -> list[str]:
        """By what the other company would know it: its word, its name, its people, its price."""
        return [self.word, self.cascade.name, *(one.name for one in self.people), str(AMOUNTS[self.name])]

    def told(self) -> str:
        """Everything that its people, or the company itself, were ever sent."""
        rows = Notice.objects.filter(reader__in=self.people) | Notice.objects.filter(address=self.cascade.email)
        return "\n".join("|".join(row) for row in rows.values_list("subject", "body", "path", "action"))


def asked(company: Company, row: WorkOrder, now: Any) -> Story:
    """The job is offered to the company, which proposes a time, is refused, and takes it."""
    story, word = Story(company, now=now, row=row), company.word  # type: ignore[arg-type]
    story.offered(vendor=company.cascade, nte=AMOUNTS[company.name] + 1000)
    offer = story.offer
    type(offer).objects.filter(pk=offer.pk).update(message=f"For you, {word}")
    start = story.now + timedelta(hours=2)
    made = proposals.propose(
        offer, by=company.dispatcher, now=story.later(), start_at=start, end_at=start, note=f"Van is away, {word}"
    )
    proposals.refuse(made, by=company.fm, now=story.later(), answer=f"Not then, {word}")
    story.scheduled(company.technician)
    return story


def worked(story: Story, company: Company, *, is_done: bool) -> None:
    """Somebody of the company goes there, writes, shows and charges, and leaves it done or not."""
    word, row = company.word, story.work_order
    story.on_site()
    visit = story.visit
    for audience, by in ((Audience.VENDOR, company.dispatcher), (Audience.VENDOR, company.fm)):
        conversation.say(row, body=f"Said {word} by {by.name}", audience=audience, by=by, now=story.later())
    conversation.attach(
        row, upload=photo(f"after-{word}.jpg"), kind="after", by=company.technician, now=story.later(), visit=visit,
        caption=f"Caption {word}",
    )  # fmt: skip
    visits.add_part(
        visit, by=company.technician, now=story.later(), name=f"Motor {word}", quantity=Decimal(1),
        unit_cost_amount=AMOUNTS[company.name], part_number=f"PN-{word}", origin="bought",
    )  # fmt: skip
    written = papers() | {
        "resolution_note": f"Motor {word}", "root_cause_note": f"Worn {word}", "no_parts_used": False,
        "nothing_recommended": False, "recommendation": f"Replace it, {word}",
    }  # fmt: skip
    outcome = "resolved" if is_done else "return_needed"
    visits.check_out(visit, by=company.technician, now=story.later(), outcome=outcome, note=f"Left {word}", **written)
    story.fresh()


def lost(story: Story, company: Company) -> None:
    lifecycle.reassign(
        story.work_order, by=company.fm, now=story.later(), reason=f"{company.cascade.name} was too slow"
    )
    settle(now=story.later(), ledgers=ledgers())
    story.fresh()


def billed(story: Story, company: Company) -> None:
    """The work is confirmed, and the company sends its bill."""
    lifecycle.verify(story.work_order, by=company.store, now=story.later(), rating=4, comment="Good")
    draft = invoices.draft_all(story.fresh().work_order, now=story.later())[-1]
    invoices.submit(draft, by=company.dispatcher, now=story.later(), number=f"CR-{company.word}", invoice_on=NOW.date())
    settle(now=story.later(), ledgers=ledgers())
