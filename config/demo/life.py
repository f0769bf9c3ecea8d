"""Months of work in the demo company, played through the rules by its people, in the order of time."""

from __future__ import annotations

import heapq
import io
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

from accounts.actors import Actor
from accounts.outbox import ledgers, settle
from accounts.together import ask
from assets.models import Asset, CompletionDocument, CriticalityQuestion, Priority, ProblemType, Site
from config.demo.bills import Money
from config.demo.company import Company
from config.demo.mistakes import Mistakes, Noticed
from config.demo.names import PARTS, RATING_WORDS, WORDS
from vendors import compliance
from vendors.models import Vendor
from workorders import (
    conversation,
    dispatch,
    intake,
    lifecycle,
    links,
    offers,
    plans,
    sla,
    visits,
    watch,
)
from workorders.models import (
    AttachmentKind,
    Audience,
    CodeKind,
    CompletionCode,
    Kind,
    Move,
    Offer,
    OfferState,
    Outcome,
    Plan,
    PlanTarget,
    Reason,
    Status,
    Under,
    Visit,
    VisitState,
    Working,
    WorkOrder,
)
from workorders.models.status import RULES
from workorders.position import Position
from workorders.refusals import Refused

SWEEP_EVERY = timedelta(hours=6)
NO_EMERGENCY = 0.3
TRADE_OF_PREFIX = {
    "RF": "refrigeration",
    "AC": "hvac",
    "KT": "kitchen",
    "PL": "plumbing",
    "DR": "doors",
    "EL": "electrical",
}


@dataclass
class Life:
    """A queue of what happens when. Each act plays one rule and puts what follows from it into the queue."""

    company: Company
    until: datetime
    chance: random.Random
    tell: Callable[[datetime], None]
    queue: list[tuple[datetime, int, Callable[[datetime], None]]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    _order: Any = field(default_factory=itertools.count)
    _photo: bytes = b""
    mistakes: Mistakes = field(init=False)
    money: Money = field(init=False)

    def __post_init__(self) -> None:
        self.mistakes = Mistakes(self.chance)
        self.money = Money(self)

    def soon(self, at: datetime, act: Callable[[datetime], None]) -> None:
        if at < self.until:
            heapq.heappush(self.queue, (at, next(self._order), act))

    def after(self, now: datetime, low: float, high: float, act: Callable[[datetime], None]) -> None:
        """`act` between `low` and `high` minutes from now."""
        self.soon(now + timedelta(minutes=self.chance.uniform(low, high)), act)

    def play(self) -> None:
        """Play until the queue is empty. What a rule refuses is noted; a person would shrug and go on."""
        while self.queue:
            now, _, act = heapq.heappop(self.queue)
            try:
                act(now)
            except Refused as refusal:
                self.refused.append(f"{now:%Y-%m-%d %H:%M} {getattr(act, '__name__', act)}: {refusal.sentence}")
            settle(now=now, ledgers=ledgers())
            self.tell(now)

    # The house

    def start(self, per_site_and_month: float) -> None:
        """Lay out the reports of all months, the plans, and the sweeps that run by themselves."""
        at = self.company.start
        days = max(1, (self.until - at).days)
        for site in self.company.sites:
            for _ in range(max(2, round(per_site_and_month * days / 30))):
                day = self.company.start + timedelta(days=self.chance.randrange(days))
                self.soon(self._open_hour(site, day), lambda now, site=site: self.report(site, now))
        # A last busy day, so that every stage is there to be seen.
        for number, site in enumerate(self.company.sites * 2):
            ago = self.chance.uniform(3, 30) if number % 4 == 0 else self.chance.uniform(30, 60 * (6 + number * 2))
            recent = self.until - timedelta(minutes=ago)
            self.soon(recent, lambda now, site=site: self.report(site, now))
        self._plans()
        while at < self.until:
            self.soon(at, self.sweep)
            at += SWEEP_EVERY
        self.soon(self.until - timedelta(minutes=1), self.sweep)

    def _open_hour(self, site: Site, day: datetime) -> datetime:
        zone = ZoneInfo(site.time_zone)
        local = datetime.combine(day.astimezone(zone).date(), datetime.min.time(), tzinfo=zone)
        return local + timedelta(hours=self.chance.triangular(7, 21, 10))

    def sweep(self, now: datetime) -> None:
        for offer in Offer.objects.expired(now).select_related("work_order", "vendor"):
            offers.expire(offer, now=now)
        sla.sweep(now=now)
        watch.sweep_missed(now=now)
        watch.verify_silent(now=now)
        plans.generate(now=now)
        compliance.sweep_documents(now=now)
        settle(now=now, ledgers=ledgers())
        for row in WorkOrder.objects.filter(kind=Kind.PREVENTIVE, status=Status.NEW).select_related("site", "plan"):
            self.after(now, 60, 60 * 30, lambda at, row=row: self.triage(row, at))
        # What the cascade has offered by itself waits for an answer too.
        for offer in Offer.objects.open().filter(mode="cascade", offered_at__gt=now - SWEEP_EVERY):
            self.after(now, 5, 60, lambda at, offer=offer: self.answer(offer, at))

    def _plans(self) -> None:
        owner = self.company.facilities["MF"]
        first = self.company.start.date()
        rows = (
            (
                "Quarterly walk-in service",
                "refrigeration",
                "Walk-in cooler 2",
                "FREQ=MONTHLY;INTERVAL=3",
                260,
                ("Clean condenser coil", "Check door gaskets", "Read temperatures", "Test defrost"),
            ),
            (
                "Rooftop unit filters",
                "hvac",
                "Rooftop unit 1",
                "FREQ=MONTHLY;INTERVAL=2",
                190,
                ("Change filters", "Check belt", "Clear drain line"),
            ),
        )
        for name, trade, named, rule, nte, checklist in rows:
            plan = Plan.objects.create(
                name=name,
                trade=self._trade(trade),
                rule=rule,
                nte_amount=Decimal(nte),
                owner=owner,
                checklist=list(checklist),
                description=f"{name}: follow the checklist and photograph anything worn.",
                created_at=self.company.start,
            )
            for number, asset in enumerate(Asset.objects.filter(name__startswith=named).order_by("pk")):
                anchor = first + timedelta(days=(number * 11) % 75)
                PlanTarget.objects.create(
                    plan=plan,
                    asset=asset,
                    anchor_on=anchor,
                    next_due_on=anchor,
                    generate_on=anchor - timedelta(days=plan.lead_days),
                )

    def _trade(self, code: str) -> Any:
        return ProblemType.objects.select_related("trade").filter(trade__code=code).first().trade

    # The store

    def report(self, site: Site, now: datetime) -> None:
        chance = self.chance
        assets = list(Asset.objects.filter(site=site).select_related("category__trade", "area").order_by("pk"))
        asset = chance.choices(assets, weights=[3 if "cooler" in one.name else 1 for one in assets])[0]
        loose = chance.random() < 0.18
        code = (
            chance.choice(["plumbing", "lighting", "pest", "building", "fire"]) if loose else asset.category.trade.code
        )
        kinds = list(ProblemType.objects.active().filter(trade__code=code, stops_request=False).select_related("trade"))
        problem = chance.choice(kinds)
        unit = None if loose and not problem.asset_required else asset
        if unit is not None and problem.trade_id != unit.category.trade_id:
            return
        words = chance.choice(WORDS[code])
        by = self.company.managers[site.pk]
        truth, problem, unit = self.mistakes.said(problem, unit)
        if self.mistakes.solved_first() and problem.self_help.exists():
            intake.solved_by_self_help(by=by, now=now, site=site, problem_type=problem, asset=unit)
            return
        matches = ask(
            intake.screening.duplicates(
                site=site, trade=problem.trade, by=by, now=now, problem_type=problem, asset=unit, words=words
            )
        )
        if matches and chance.random() < 0.6:
            worse = chance.random() < 0.3
            intake.join(
                matches[0].work_order,
                by=by,
                now=now,
                worse=worse,
                words=words,
                shown=[match.work_order for match in matches],
            )
            return
        answers = {
            question: chance.random() < 0.22
            for question in CriticalityQuestion.objects.filter(problem_type=problem, retired_at=None)
        }
        row = intake.report(
            by=by,
            now=now,
            site=site,
            trade=problem.trade,
            problem_type=problem,
            asset=unit,
            area=unit.area if unit else None,
            description=words,
            working=chance.choices([Working.DOWN, Working.DEGRADED, Working.WORKING], weights=[4, 4, 3])[0],
            answers=answers,
            requester_phone=site.phone,
            access_note="Any time. Ring at the dock door.",
            photos=[self.photo(f"{unit.name if unit else problem.name}")] * max(1, problem.photos_required),
            shown=[match.work_order for match in matches],
            different_because="Another unit" if matches else "",
        )
        self.mistakes.remember(row, truth)
        quick = 4 if row.priority <= Priority.P2 else 15
        self.after(now, quick, quick * 8, lambda at: self.triage(row, at))

    def photo(self, words: str) -> SimpleUploadedFile:
        """A picture that says what it would show."""
        if not self._photo:
            image = Image.new("RGB", (640, 480), (206, 214, 220))
            draw = ImageDraw.Draw(image)
            draw.rectangle((150, 60, 490, 430), fill=(232, 236, 240), outline=(120, 132, 142), width=6)
            draw.rectangle((190, 110, 450, 390), fill=(188, 198, 206), outline=(120, 132, 142), width=4)
            draw.ellipse((418, 240, 438, 260), fill=(90, 100, 110))
            buffer = io.BytesIO()
            image.save(buffer, "JPEG", quality=70)
            self._photo = buffer.getvalue()
        return SimpleUploadedFile(f"{words}.jpg", self._photo, content_type="image/jpeg")

    def confirm(self, row: WorkOrder, now: datetime) -> None:
        row = self.fresh(row)
        if row.status != Status.COMPLETED:
            return
        by = self.company.managers[row.site_id]
        if row.rework_count == 0 and self.chance.random() < 0.07:
            lifecycle.reject(row, by=by, now=now, reason="It failed again within the hour.")
            self.after(now, 120, 60 * 20, lambda at: self.arrive(row, at))
            return
        lifecycle.verify(
            row,
            by=by,
            now=now,
            rating=self.chance.choices([5, 4, 3], weights=[6, 3, 1])[0],
            comment=self.chance.choice(RATING_WORDS),
        )
        self.after(now, 60, 60 * 40, lambda at: self.money.bill(row, at))

    # The desk

    def triage(self, row: WorkOrder, now: datetime) -> None:
        row = self.fresh(row)
        if row.status != Status.NEW:
            return
        by = self.company.facilities[self.company.division(row.site)]
        if row.kind == Kind.REACTIVE and self.chance.random() < 0.03:
            lifecycle.cancel(row, by=by, now=now, reason="Solved with the store on the phone.")
            return
        lifecycle.triage(row, by=by, now=now, **self.noticed(row))
        if self.chance.random() < 0.12:
            body = "Please keep the doors shut until the technician is there."
            conversation.say(row, body=body, audience=Audience.STORE, by=by, now=now)
        if row.kind == Kind.REACTIVE and self.chance.random() < 0.04:
            reason = Reason.objects.filter(under=Under.HOLD, needs_date=False, needs_note=False).order_by("pk").first()
            if reason:
                lifecycle.hold(row, by=by, now=now, reason=reason, note="Waiting for the landlord's answer.")
            return
        self.after(now, 2, 25 if row.priority <= 2 else 180, lambda at: self.send(row, at))

    def noticed(self, row: WorkOrder) -> dict[str, Any]:
        """What the desk puts right when it accepts a report: most of what is wrong, and false emergencies."""
        noticed = self.mistakes.noticed(row)
        facts = self.mistakes.put_right(row) if noticed and noticed.by_desk else {}
        if row.kind == Kind.REACTIVE and row.priority == Priority.P1 and self.chance.random() < NO_EMERGENCY:
            facts |= {"priority": Priority.P2, "priority_reason": "The stock is moved; it can wait until the morning."}
        return facts

    def correct(self, row: WorkOrder, now: datetime) -> None:
        """A vendor has said that it is not their trade: the job is taken back, put right, and goes to somebody else."""
        row = self.fresh(row)
        by = self.company.facilities[self.company.division(row.site)]
        if row.status in RULES[Move.REASSIGN].before:
            row = lifecycle.reassign(row, by=by, now=now, reason="Another trade is needed.")
        if row.status == Status.READY and (facts := self.mistakes.put_right(row)):
            lifecycle.correct(row, by=by, now=now, **facts)
            self.after(now, 5, 90, lambda at: self.send(row, at))

    def send(self, row: WorkOrder, now: datetime) -> None:
        row = self.fresh(row)
        if row.status != Status.READY:
            return
        by = self.company.facilities[self.company.division(row.site)]
        best = dispatch.consider(row, now=now, by=by).best()
        if best is None:
            return
        nte = row.authorized_amount if row.authorized_amount is not None else Decimal(450)
        offer = offers.offer(row, vendor=best.vendor, by=by, now=now, nte_amount=nte)
        self.after(now, 4, 26 if row.priority <= 2 else 240, lambda at: self.answer(offer, at))

    # The vendor

    def speaks_for(self, vendor: Vendor, row: WorkOrder) -> Actor | None:
        """A vendor's dispatcher; of a company without accounts, whoever holds the link that was mailed for the job."""
        if known := self.company.dispatchers.get(vendor.pk):
            return known
        link = row.links.live().filter(vendor=vendor).select_related("vendor").order_by("-pk").first()
        return link and links.holder_of(link)

    def comes_for(self, visit: Visit, row: WorkOrder) -> Actor | None:
        """Who is on site: the technician; of a company without accounts, whoever holds the link."""
        return visit.technician or self.speaks_for(visit.vendor, row)

    def answer(self, offer: Offer, now: datetime) -> None:
        offer = Offer.objects.select_related("work_order__site", "vendor").get(pk=offer.pk)
        roll = self.chance.random()
        if offer.state != OfferState.OPEN or offer.expires_at <= now or roll < 0.04:
            return
        by = self.speaks_for(offer.vendor, offer.work_order)
        if by is None:
            return
        if self.mistakes.noticed(offer.work_order) is Noticed.TRADE_BY_VENDOR:
            offers.decline(
                offer, by=by, now=now, reason=Reason.objects.get(under=Under.DECLINE, code=offers.WRONG_TRADE)
            )
            self.after(now, 10, 120, lambda at: self.correct(offer.work_order, at))
            return
        if roll < 0.11:
            reason = Reason.objects.filter(under=Under.DECLINE, needs_note=False).order_by("pk").first()
            offers.decline(offer, by=by, now=now, reason=reason)
            return
        row = offer.work_order
        wait = {1: (40, 200), 2: (90, 400), 3: (60 * 4, 60 * 40), 4: (60 * 20, 60 * 120)}[row.priority]
        start = now + timedelta(minutes=self.chance.uniform(*wait))
        crew = self.company.technicians[offer.vendor_id]
        technician = self.chance.choice(crew) if crew else None
        offers.accept(offer, by=by, now=now, start_at=start, end_at=start + timedelta(hours=2), technician=technician)
        self.soon(start + timedelta(minutes=self.chance.triangular(-10, 100, 15)), lambda at: self.arrive(row, at))

    def arrive(self, row: WorkOrder, now: datetime) -> None:
        row = self.fresh(row)
        visit = row.visits.ahead().select_related("technician").order_by("-pk").first()
        by = visit and self.comes_for(visit, row)
        if row.status != Status.SCHEDULED or visit is None or by is None:
            return
        if visit.technician and Visit.objects.on_site().filter(technician=visit.technician).exists():
            self.after(now, 20, 90, lambda at: self.arrive(row, at))
            return
        off = Decimal(
            self.chance.choice(["0.0003", "0.0006", "0.0011", "0.0200"] if self.chance.random() < 0.15 else ["0.0003"])
        )
        jitter = Decimal(str(round(self.chance.uniform(-0.0002, 0.0002), 6)))
        here = Position(row.site.latitude + off + jitter, row.site.longitude + jitter, self.chance.randint(6, 40))
        visits.check_in(
            visit,
            by=by,
            now=now,
            position=here,
            note="Parked around the corner." if off > 1 / 100 else "",
        )
        if self.chance.random() > 0.02:
            self.after(now, 25, 170, lambda at: self.leave(row, visit, at))

    def leave(self, row: WorkOrder, visit: Visit, now: datetime) -> None:
        row, visit = self.fresh(row), Visit.objects.select_related("technician").get(pk=visit.pk)
        if row.status != Status.IN_PROGRESS or visit.state != VisitState.ON_SITE:
            return
        by, chance = self.comes_for(visit, row), self.chance
        if by is None:
            return
        if self.mistakes.noticed(row) is Noticed.TRADE_ON_SITE:
            note = "This is not our trade. The store showed us where it comes from."
            visits.check_out(visit, by=by, now=now, outcome=Outcome.WRONG_TRADE, note=note)
            self.after(now, 20, 180, lambda at: self.correct(row, at))
            return
        trips = row.visits.made().count()
        roll = chance.random() if trips < 2 else 1.0
        if roll < 0.14 and row.kind != Kind.PREVENTIVE:
            outcome = Outcome.PARTS_NEEDED if roll < 0.08 else Outcome.RETURN_NEEDED
            back = now + timedelta(hours=chance.uniform(20, 70))
            visits.check_out(
                visit, by=by, now=now, outcome=outcome, note="Part is ordered, back when it is here.", return_at=back
            )
            self.soon(back, lambda at: self.go_on(row, at))
            return
        parts = PARTS.get(row.trade.code, ())
        used = bool(parts) and chance.random() < 0.55
        if used:
            name, cost = chance.choice(parts)
            visits.add_part(visit, by=by, now=now, name=name, quantity=Decimal(1), unit_cost_amount=Decimal(cost))
        for item in row.checklist.filter(result=""):
            visits.answer(item, result="pass", by=by, now=now)
        for kind, words in self.pictures(row):
            conversation.attach(row, upload=self.photo(words), kind=kind, by=by, now=now, visit=visit)
        visits.check_out(
            visit,
            by=by,
            now=now,
            outcome=Outcome.RESOLVED,
            note="Tested under load, runs as it should.",
            root_cause=self.code(CodeKind.ROOT_CAUSE, row),
            resolution=self.code(CodeKind.RESOLUTION, row),
            resolution_note="Found, repaired and tested with the store manager.",
            no_parts_used=not used,
            recommendation="Replace within a year: wear on the compressor." if chance.random() < 0.12 else "",
            nothing_recommended=True,
        )
        if chance.random() < 0.8:
            self.after(now, 20, 60 * 30, lambda at: self.confirm(row, at))
        self.soon(now + timedelta(days=5, hours=8), lambda at: self.money.bill(row, at))

    def pictures(self, row: WorkOrder) -> list[tuple[str, str]]:
        """What the technician photographs before leaving: the work, and a certificate where one is asked for."""
        wanted = [(AttachmentKind.AFTER, "After the repair")]
        if row.problem_type and CompletionDocument.CERTIFICATE in row.problem_type.required_documents:
            wanted.append((AttachmentKind.CERTIFICATE, "Test certificate"))
        return wanted

    def go_on(self, row: WorkOrder, now: datetime) -> None:
        row = self.fresh(row)
        if row.status == Status.ON_HOLD:
            lifecycle.resume(row, by=self.company.facilities[self.company.division(row.site)], now=now)
        self.after(now, 5, 120, lambda at: self.arrive(row, at))

    def code(self, kind: str, row: WorkOrder) -> CompletionCode:
        codes = CompletionCode.objects.filter(kind=kind, trade_id__in=[row.trade_id]) or CompletionCode.objects.filter(
            kind=kind, trade=None
        )
        return self.chance.choice(list(codes))

    def fresh(self, row: WorkOrder) -> WorkOrder:
        return WorkOrder.objects.select_related("site__region", "trade", "vendor", "plan", "problem_type").get(
            pk=row.pk
        )
