"""Papers: which ones a job asks for, and whether a vendor's are good on the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Q

from accounts.prepared import KEY, KEYS, each, prepared
from accounts.together import Asking, ask
from accounts.words import MONTHS, money
from vendors.models import ComplianceDocument, DocumentKind, DocumentState, Requirement, Vendor, VendorKind

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from assets.models import Site, Trade

PAPERS = {
    DocumentKind.GENERAL_LIABILITY: "general liability insurance",
    DocumentKind.WORKERS_COMPENSATION: "workers' compensation insurance",
    DocumentKind.AUTO: "auto insurance",
    DocumentKind.UMBRELLA: "umbrella insurance",
    DocumentKind.LICENSE: "license",
    DocumentKind.TAX_FORM: "tax form",
    DocumentKind.AGREEMENT: "agreement",
}


class Check(NamedTuple):
    """One question about one vendor, answered. A failed check that `blocks` keeps the vendor out; others warn."""

    name: str
    passed: bool
    sentence: str
    blocks: bool = True


class Checked:
    """What has been checked, and which of it failed."""

    checks: Sequence[Check]

    @property
    def failed(self) -> list[Check]:
        return [check for check in self.checks if not check.passed]

    @property
    def blocking(self) -> list[Check]:
        """Why it is out: the failed checks that keep it out."""
        return [check for check in self.checks if check.blocks and not check.passed]


class Paper(NamedTuple):
    """What a check needs to know of one compliance document."""

    kind: str
    state: str
    limit_amount: Decimal | None
    starts_on: date
    ends_on: date | None
    jurisdiction: str


@dataclass(frozen=True)
class Folder:
    """The papers of one vendor beside those that one trade at one site needs."""

    vendor: Vendor
    site: Site
    papers: list[Paper]
    requirements: list[Requirement]

    def checks(self, on: date, *, in_hindsight: bool = False) -> list[Check]:
        """As they stand on the local day `on`. `in_hindsight` counts those that were good then and expired since."""
        return check_papers(self.vendor.kind, self.papers, self.requirements, self.site, on, in_hindsight)

    def blocking(self, on: date, *, in_hindsight: bool = False) -> list[Check]:
        """What bars the vendor that day; empty when nothing does."""
        return [check for check in self.checks(on, in_hindsight=in_hindsight) if check.blocks and not check.passed]


def folder_of(vendor: Vendor, site: Site, trade: Trade) -> Asking[Folder]:
    """The papers of one vendor for one site and trade."""
    own = ComplianceDocument.objects.filter(Q(trade=None) | Q(trade=trade), vendor=vendor)
    papers = own.values_list("kind", "state", "limit_amount", "starts_on", "ends_on", "jurisdiction")
    needed = requirements_of(site, trade)
    yield papers, needed
    return Folder(vendor, site, [Paper(*values) for values in papers], list(needed))


def blocking_papers(vendor: Vendor, site: Site, trade: Trade, *, on: date) -> list[Check]:
    """What bars `vendor` by its papers from working at `site` on the local day `on`; empty when nothing does."""
    return ask(folder_of(vendor, site, trade)).blocking(on)


def requirements_of(site: Site, trade: Trade) -> QuerySet[Requirement]:
    """The papers that work of `trade` at `site` needs: asked of every trade or region, or of these."""
    return _needed(Requirement.objects.all(), trade=trade.pk, regions=site.region.ancestor_ids())


@prepared(trade=KEY, regions=KEYS)
def _needed(rows: QuerySet[Requirement], trade: Any, regions: Any) -> QuerySet[Requirement]:
    rows = rows.filter(Q(trade=None) | Q(trade=trade), Q(region=None) | Q(region__in=each(regions)))
    return rows.order_by("kind", "pk")


def check_papers(
    kind: str, papers: list[Paper], requirements: list[Requirement], site: Site, on: date, in_hindsight: bool = False
) -> list[Check]:
    """Three checks: papers that must be there, limits that must be high enough, and papers that only warn."""
    good = {DocumentState.VERIFIED, DocumentState.EXPIRED} if in_hindsight else {DocumentState.VERIFIED}
    missing: list[str] = []
    too_low: list[str] = []
    advised: list[str] = []
    for requirement in requirements:
        if kind == VendorKind.INTERNAL and not requirement.applies_to_internal:
            continue
        own = [paper for paper in papers if paper.kind == requirement.kind and _in_place(paper, site)]
        valid = [
            paper
            for paper in own
            if paper.state in good and paper.starts_on <= on and (paper.ends_on is None or paper.ends_on >= on)
        ]
        if not valid:
            elsewhere = [paper for paper in papers if paper.kind == requirement.kind and paper not in own]
            (missing if requirement.blocks else advised).append(_why_no_paper(requirement, own, elsewhere, site, on))
        elif (limit := max(paper.limit_amount or Decimal(0) for paper in valid)) < requirement.minimum_limit_amount:
            words = (
                f"{_paper_name(requirement)} covers {money(limit, site.currency)},"
                f" {money(requirement.minimum_limit_amount, site.currency)} is needed."
            )
            (too_low if requirement.blocks else advised).append(_capital(words))
    checks = [
        Check("documents", not missing, " ".join(missing) or "Every paper is verified and valid that day."),
        Check("limits", not too_low, " ".join(too_low) or "Insured high enough."),
    ]
    if advised:
        checks.append(Check("documents_advised", False, " ".join(advised), blocks=False))
    return checks


def _paper_name(requirement: Requirement) -> str:
    return PAPERS[DocumentKind(requirement.kind)]


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


def _in_place(paper: Paper, site: Site) -> bool:
    """A license of a state counts in that state only."""
    return (
        paper.kind != DocumentKind.LICENSE
        or not paper.jurisdiction
        or paper.jurisdiction.casefold() == site.state.casefold()
    )


def _why_no_paper(requirement: Requirement, own: list[Paper], elsewhere: list[Paper], site: Site, on: date) -> str:
    """Why a required paper does not count on `on`: ends before, starts later, waits, was rejected, is missing, or is
    of another state."""
    name = _capital(_paper_name(requirement))
    ended = [p.ends_on for p in own if p.ends_on and p.ends_on < on and p.state in ("verified", "expired")]
    starts = [paper.starts_on for paper in own if paper.starts_on > on and paper.state == DocumentState.VERIFIED]
    states = {paper.state for paper in own}
    if DocumentState.PENDING in states:
        return f"{name} waits for review."
    if starts:
        return f"{name} starts on {local_day(min(starts))}."
    if ended:
        return f"{name} ends on {local_day(max(ended))}."
    if DocumentState.REJECTED in states:
        return f"{name} was rejected."
    if named := sorted({paper.jurisdiction for paper in elsewhere if paper.state == DocumentState.VERIFIED}):
        return f"{name} is for {', '.join(named)}, not for {site.state}."
    return f"{name} is missing."


def local_day(day: date) -> str:
    """A local day in words: "3 Mar 2026"."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
