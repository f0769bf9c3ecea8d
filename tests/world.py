"""The cast's whole world at once, on three sides of the walls: one's own, the sibling's and the foreign one.

Every text that a side holds has that side's own word in it, so that a word that turns up elsewhere tells where it
leaked from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from email.message import EmailMessage
from typing import Any

from accounts import files, notices, people
from accounts.models import Membership, Role
from assets.models import Asset, Responsibility, Responsible, Trade, Warranty
from reporting import exclusions
from reporting.models import Exclusion
from tests.cast import Cast
from tests.factories.assets import AreaFactory, AssetFactory, TradeFactory
from tests.factories.clock import HOUSE, NOW
from tests.factories.workorders import Story, papers, photo
from vendors.models import ComplianceDocument, Contact, DocumentKind, NegotiatedTarget, Onboarding, ShiftException
from workorders import conversation, inbox, invoices, lifecycle, proposals, visits
from workorders.models import (
    Attachment,
    Audience,
    ChecklistItem,
    Enclosure,
    Invoice,
    Letter,
    PartUsed,
    Plan,
    PlanTarget,
    Proposal,
    SavedView,
    SlaTarget,
    Visit,
    WorkOrder,
)

OWN, SIBLING, FOREIGN = "own", "sibling", "foreign"
SWAPS = {
    OWN: {},
    SIBLING: {
        "store": "sibling_store", "hilltop": "harbor", "cascade": "summit", "dispatcher": "rival",
    },
    FOREIGN: {
        "store": "foreign_store", "hilltop": "desert", "cascade": "summit", "dispatcher": "rival", "fm": "foreign_fm",
    },
}  # fmt: skip
WORDS = {OWN: "quokka", SIBLING: "narwhal", FOREIGN: "axolotl"}
"""A word that stands on no page of ours by itself."""


class Neighbors:
    """The cast as one side sees it: its own store, people, vendor and cooler in the places of the story's."""

    def __init__(self, cast: Cast, side: str) -> None:
        self.cast, self.side = cast, side
        self.cooler: Asset = cast.cooler
        if side != OWN:
            category = cast.cooler.category
            # Nobody is at two places at once.
            self.technician = cast.person(f"Rob {side}", Role.TECHNICIAN, vendor=cast.summit)
            self.cooler = AssetFactory(tag=f"RF-{side}", name="Walk-in", site=self.hilltop, category=category)

    @property
    def roofing(self) -> Trade:
        """A trade that is the landlord's everywhere."""
        return Trade.objects.filter(code="roofing").first() or TradeFactory(code="roofing", name="Roofing")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cast, SWAPS[self.side].get(name, name))


@dataclass
class Side:
    """One side's things: work that is done and billed, work under way, and work that waits for an answer."""

    cast: Neighbors
    word: str
    story: Story = field(init=False)
    done: WorkOrder = field(init=False)
    visit: Visit = field(init=False)
    invoice: Invoice = field(init=False)
    waiting: WorkOrder = field(init=False)
    proposal: Proposal = field(init=False)
    live: WorkOrder = field(init=False)
    live_photo: Attachment = field(init=False)
    live_part: PartUsed = field(init=False)
    live_item: ChecklistItem = field(init=False)
    paper: ComplianceDocument = field(init=False)
    letter: Letter = field(init=False)
    enclosure: Enclosure = field(init=False)
    left_out: Exclusion = field(init=False)

    def __post_init__(self) -> None:
        self.furnish()
        word = self.word
        Asset.objects.filter(pk=self.cast.cooler.pk).update(name=f"Walk-in {word}", serial=f"SN-{word}")
        self.cast.cooler.refresh_from_db()
        facts = {
            "description": f"It is warm, {word}.", "title": f"Cooler {word}", "access_note": f"Ring twice, {word}",
            "photos": [photo(f"{word}.jpg")],
        }  # fmt: skip
        self.story = story = Story(self.cast, facts=facts)  # type: ignore[arg-type]
        story.on_site()
        self.visit = story.visit
        item = ChecklistItem.objects.create(work_order=story.work_order, text=f"Look at the coil {word}")
        visits.add_part(
            self.visit, by=self.cast.technician, now=story.later(), name=f"Motor {word}", quantity=Decimal(1),
            unit_cost_amount=Decimal("80.00"), part_number=f"PN-{word}", origin="bought",
        )  # fmt: skip
        visits.answer(item, result="pass", by=self.cast.technician, now=story.later(), note=f"Fine {word}")
        for audience, by in (
            (Audience.INTERNAL, self.cast.fm),
            (Audience.STORE, self.cast.store),
            (Audience.VENDOR, self.cast.dispatcher),
            (Audience.EVERYONE, self.cast.fm),
        ):
            conversation.say(
                story.work_order, body=f"Said {word} {audience}", audience=audience, by=by, now=story.later()
            )
        conversation.attach(
            story.work_order, upload=photo(f"after-{word}.jpg"), kind="after", by=self.cast.technician,
            now=story.later(), visit=self.visit, caption=f"Caption {word}",
        )  # fmt: skip
        visits.check_out(
            self.visit, by=self.cast.technician, now=story.later(minutes=50), outcome="resolved", note=f"Left {word}",
            **papers()
            | {"resolution_note": f"Motor {word}", "root_cause_note": f"Worn {word}", "no_parts_used": False},
        )  # fmt: skip
        story.fresh()
        lifecycle.verify(story.work_order, by=self.cast.store, now=story.later(), rating=4, comment=f"Good {word}")
        self.done = story.fresh().work_order
        draft = invoices.draft_all(self.done, now=story.later())[0]
        self.invoice = invoices.submit(
            draft, by=self.cast.dispatcher, now=story.later(), number=f"CR-{word}", invoice_on=NOW.date(),
        )  # fmt: skip
        leak = {"asset": None, "problem_type": self.cast.leak, "trade": self.cast.plumbing, "photos": ()}
        other = Story(self.cast, now=story.now, facts=facts | leak)  # type: ignore[arg-type]
        self.waiting = other.offered(vendor=self.cast.cascade).work_order
        self.proposal = proposals.propose(
            other.offer, by=self.cast.dispatcher, now=other.later(), start_at=other.now + timedelta(days=2),
            end_at=other.now + timedelta(days=2, hours=2), note=f"The van is away, {word}",
        )  # fmt: skip
        going = Story(self.cast, now=story.now, facts=facts | leak)  # type: ignore[arg-type]
        self.live = going.on_site().work_order
        self.live_photo = conversation.attach(
            self.live, upload=photo(f"before-{word}.jpg"), kind="before", by=self.cast.technician, now=going.later(),
            visit=going.visit,
        )  # fmt: skip
        self.live_item = ChecklistItem.objects.create(work_order=self.live, text=f"Look {word}")
        self.live_part = visits.add_part(
            going.visit, by=self.cast.technician, now=going.later(), name=f"Seal {word}", quantity=Decimal(1),
            unit_cost_amount=Decimal("8.00"), origin="bought",
        )  # fmt: skip
        # A vendor's own words are no side's secret, wherever the vendor works.
        vendors_word = WORDS[OWN if self.cast.side == OWN else SIBLING]
        self.paper = ComplianceDocument.objects.create(
            vendor=self.cast.cascade, kind=DocumentKind.LICENSE, issuer="State", reference=f"L-{vendors_word}",
            starts_on=date(2026, 1, 1), uploaded_at=NOW,
            file=files.keep(photo(f"license-{vendors_word}.jpg"), by=HOUSE, now=NOW),
        )  # fmt: skip

        self.letter, self.enclosure = self.mail(word)
        exclusions.reply(
            vendor=self.cast.cascade, work_order=self.done, body=f"Not us, {word}", by=self.cast.dispatcher,
            now=other.later(),
        )  # fmt: skip
        self.left_out = exclusions.exclude(
            vendor=self.cast.cascade, work_order=self.done, milestone="arrival", reason=f"Road closed {word}",
            by=self.cast.fm, now=other.later(),
        )  # fmt: skip

    def mail(self, word: str) -> tuple[Letter, Enclosure]:
        """Mail of a stranger about work of this side."""
        mail = EmailMessage()
        mail["From"], mail["Subject"] = f"Lou {word} <lou@{word}.example.com>", f"About {self.live.number}, {word}"
        mail["Message-ID"] = f"<{word}@example.com>"
        mail.set_content(f"The key is next door, {word}.")
        mail.add_attachment(photo(f"key-{word}.jpg").read(), maintype="image", subtype="jpeg", filename=f"{word}.jpg")
        letter = inbox.receive(mail.as_bytes(), now=NOW)
        return letter, letter.enclosures.get()

    def furnish(self) -> None:
        """What the places and the vendor are known by."""
        site, unit, trade, word = self.cast.hilltop, self.cast.cooler, self.cast.refrigeration, self.word
        self.area = AreaFactory(site=site, name=f"Back room {word}")
        self.responsibility = Responsibility.objects.create(
            site=site, trade=self.cast.roofing, who=Responsible.LANDLORD, contact_name=f"Lou {word}",
        )  # fmt: skip
        self.warranty = Warranty.objects.create(
            asset=unit, provider_name=f"Frostline {word}", starts_on=date(2020, 1, 1), ends_on=date(2021, 1, 1)
        )
        Onboarding.objects.get_or_create(
            vendor=self.cast.cascade,
            defaults={"invited_at": NOW, "submitted_at": NOW, "decided_at": NOW, "decision": "approved"},
        )
        self.crew_day, _ = ShiftException.objects.get_or_create(vendor=self.cast.cascade, day_on=NOW.date())
        self.contact, _ = Contact.objects.get_or_create(vendor=self.cast.cascade, name="Bill")
        self.agreed, _ = NegotiatedTarget.objects.get_or_create(
            vendor=self.cast.cascade, trade=trade, priority=1, defaults={"arrival_minutes": 120}
        )


class World:
    """Some or all of the three sides, and what there is only once: a saved view, a notice, an invitation."""

    def __init__(self, cast: Cast, sides: tuple[str, ...] = (OWN, SIBLING, FOREIGN)) -> None:
        self.cast = cast
        self.sides: dict[str, Side] = {}
        for name in sides:
            self.add(name)
        self.plan = Plan.objects.create(
            name="Clean coils", trade=cast.refrigeration, rule="FREQ=MONTHLY", owner=cast.fm, created_at=NOW
        )
        self.kept = PlanTarget.objects.create(
            plan=self.plan, asset=cast.cooler, anchor_on=date(2027, 1, 1), next_due_on=date(2027, 1, 1)
        )
        self.target = SlaTarget.objects.create(
            milestone="arrival", priority=4, trade=cast.plumbing, minutes=600, clock_type="elapsed"
        )
        self.view = SavedView.objects.create(owner=cast.fm, name="Mine", query="status=new")
        notices.plan(
            event_key="house:1", topic="job.done", readers=[cast.admin], subject="Done", body="Done", now=NOW,
        )  # fmt: skip
        self.guest = people.invite(email="nora@example.com", name="Nora New", by=cast.admin, now=NOW)

    def add(self, name: str) -> None:
        self.sides[name] = Side(Neighbors(self.cast, name), WORDS[name])

    def places(self, name: str, side: str) -> dict[str, Any]:
        """What the address called `name` needs to point at `side`'s things."""
        there = self.sides[side if side in self.sides else OWN]
        space, _, page = name.partition(":")
        if space == "accounts" and page in ("person", "grant", "limits", "invite_again"):
            return {"pk": self.guest.pk}
        if space == "accounts":
            return {
                "role_end": {"pk": self.cast.fm.pk, "membership": self.membership(self.cast.fm).pk},
                "switch": {"pk": self.guest.pk, "way": "off"},
            }.get(page, {})
        if page == "membership_scope":
            who = self.cast.fm if space == "assets" else self.cast.dispatcher
            return {"pk": self.membership(who).pk}
        if found := self.furniture(space, page, there):
            return found
        offer = there.waiting.offers.get()
        ways: dict[str, dict[str, Any]] = {
            "config:run_job": {"name": "settle"},
            "config:replay_event": {"pk": 1},
            "config:replay_notice": {"pk": 1},
            "vendors:document_file": {"pk": there.paper.pk},
            "vendors:company_dismiss": {"pk": self.membership(there.cast.technician).pk},
            "workorders:attachment": {"pk": there.live_photo.pk},
            "workorders:view_change": {"pk": self.view.pk},
            "workorders:order_file": {"number": there.live.number, "pk": there.live_photo.pk},
            "workorders:offer_shown": {"number": there.waiting.number, "pk": offer.pk},
            "workorders:offer_withdraw": {"number": there.waiting.number, "pk": offer.pk},
            "workorders:order_proposal_agree": {"number": there.waiting.number, "pk": there.proposal.pk},
            "workorders:order_proposal_refuse": {"number": there.waiting.number, "pk": there.proposal.pk},
            "workorders:order_act": {"number": there.done.number, "name": "say"},
            "workorders:job_part_remove": {"number": there.live.number, "pk": there.live_part.pk},
            "workorders:job_checklist_answer": {"number": there.live.number, "pk": there.live_item.pk},
        }
        if space == "reporting":
            return self.scores(page, there)
        if name in ways:
            return ways[name]
        if page in ("offer", "offer_accept", "offer_decline", "offer_propose", "offer_take_back"):
            return {"pk": offer.pk}
        if page.startswith("letter"):
            return {"pk": there.enclosure.pk if page == "letter_file" else there.letter.pk}
        if page.startswith(("invoice_", "vendor_invoice_")) or page in ("invoice", "vendor_invoice"):
            return {"pk": there.invoice.pk}
        if page in ("order_new", "order_suggest", "job_schedule"):
            return {}
        named = page in ("request", "order", "job") or page.startswith(("request_", "order_", "job_", "queue_peek"))
        row = there.live if page.startswith("job") else there.done
        return {"number": row.number} if space == "workorders" and named else {}

    def furniture(self, space: str, page: str, there: Side) -> dict[str, Any]:
        """Of the pages about places, equipment, vendors, plans and settings."""
        site, unit, vendor = {"code": there.cast.hilltop.code}, {"tag": there.cast.cooler.tag}, there.cast.cascade
        rows: dict[str, Any] = {
            "warranty": there.warranty, "area": there.area, "responsibility": there.responsibility,
            "contact": there.contact, "coverage": vendor.coverage.earliest("pk"), "target": there.agreed,
            "rate_card": vendor.rate_cards.earliest("pk"), "crew_day": there.crew_day,
        }  # fmt: skip
        about, _, way = page.rpartition("_")
        about = about if way in ("new", "remove", "retire") else page
        if page == "catalog_remove":
            return {"name": "targets", "pk": self.target.pk}
        if page in ("sheet", "sheet_file"):
            return {"name": "areas"}
        if page.startswith("catalog"):
            return {"name": "trades"} | ({} if page in ("catalog", "catalog_new") else {"pk": self.cast.plumbing.pk})
        if page in ("labels", "labels_pdf", "labels_replace"):
            return {} if page == "labels" else site
        if page == "threshold":
            return {"name": "screening.alike"}
        if about in rows:
            base = {"vendors": {"code": vendor.code}, "assets": unit if about == "warranty" else site}[space]
            return base if way == "new" else base | {"pk": rows[about].pk}
        if page in ("paper_file", "paper_review", "paper_verify", "paper_reject"):
            return {"pk": there.paper.pk}
        if page.startswith("plan") and page not in ("plans", "plan_new"):
            return {"pk": self.plan.pk} | ({"target": self.kept.pk} if page == "plan_drop" else {})
        of_vendor = ("vendor_work", "vendor_jobs", "vendor_bills", "vendor_links")
        if space == "workorders" and page.startswith(("site_", "asset_", *of_vendor)):
            return site if page.startswith("site_") else unit if page.startswith("asset_") else {"code": vendor.code}
        if page == "crew_shifts_of":
            return {"code": vendor.code, "pk": there.cast.technician.pk}
        if page == "crew_shifts":
            return {"code": vendor.code}
        if page == "setup_step":
            return {"step": "company"}
        if page == "gap":
            return site | {"trade": self.cast.plumbing.code}
        if page in (
            "vendors",
            "vendor_new",
            "vendor_invite",
            "compliance",
            "review",
            "gaps",
            "gaps_csv",
            "sites",
            "site_new",
            "assets",
            "asset_new",
            "equipment",
        ):
            return {}
        own_pages = (
            "company",
            "setup",
            "setup_send",
            "company_profile",
            "company_rates",
            "company_hire",
            "company_dismiss",
            "document_upload",
            "document_file",
        )
        if space == "vendors" and page not in own_pages:
            return {"code": vendor.code}
        if space == "assets":
            return site if page.startswith("site") else unit
        return {}

    @staticmethod
    def scores(page: str, there: Side) -> dict[str, Any]:
        """Of the pages about a vendor's score."""
        named = {"name": "first_time_fix"} if "_part" in page else {}
        if not page.startswith(("vendor_", "score_", "trial_")):
            return named
        more = {"score_exclude": {"number": there.done.number}, "score_put_back": {"pk": there.left_out.pk}}
        return {"code": there.cast.cascade.code} | named | more.get(page, {})

    @staticmethod
    def membership(person: Any) -> Membership:
        return Membership.objects.filter(user=person).earliest("pk")
