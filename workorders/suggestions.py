"""What people may mean by the first words they type: problem types, told by what was reported in such words before."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import QuerySet, Value
from django.db.models.functions import Concat, Left

from accounts.actors import CLOCK
from accounts.together import Asking, nothing, rows_of, side_by_side
from assets.models import ProblemType
from workorders.likeness import likest
from workorders.models import Kind, WorkOrder

if TYPE_CHECKING:
    from accounts.actors import Actor
    from assets.models import Site

SUGGESTED = 5
NAMED_ALIKE = 0.5
SAID_ALIKE = 0.65
SHORTEST = 3
"""Letters: what is shorter tells nothing yet."""
HERE, ELSEWHERE = 200, 500
"""The latest reports that are looked through, of the site and of the chain: as many whatever the history's length."""
READ = 300
SITES_ENOUGH = 3
"""How many other sites must have called something so before it is known of the chain, and of none of them."""


class Suggestion(NamedTuple):
    """A problem type, and how many of the site's latest reports in such words were about it."""

    problem: ProblemType
    here: int


def suggestions(words: str, *, by: Actor, site: Site | None) -> Asking[list[Suggestion]]:
    """Problem types that people may mean by `words`, the likeliest first.

    First what this site called so before, the most often reported first; then what the chain did; then by likeness to
    the name of problem and trade. A report that was corrected counts for what it turned out to be. What other sites
    said counts once several of them said it, so that nothing is told of any one of them.
    """
    words = " ".join(words.split())
    if len(words) < SHORTEST:
        return []
    told = WorkOrder.objects.visible_to(by)
    chain = WorkOrder.objects.visible_to(CLOCK)
    catalog, here, elsewhere = yield from side_by_side(
        rows_of(ProblemType.objects.visible_to(by).active().filter(trade__retired_at=None).select_related("trade")),
        rows_of(_said(told.filter(site=site).order_by("-reported_at"), HERE)) if site else nothing(),
        rows_of(_said((chain.exclude(site=site) if site else chain).order_by("-pk"), ELSEWHERE)),
    )
    known = {row.pk: row for row in catalog}
    # With the name of the trade where somebody types that too; the shorter name is met by longer sentences.
    named = likest(words, {pk: f"{row.name} {row.trade.name}" for pk, row in known.items()}, least=NAMED_ALIKE)
    for pk, likeness in likest(words, {pk: row.name for pk, row in known.items()}, least=NAMED_ALIKE).items():
        named[pk] = max(likeness, named.get(pk, 0.0))
    own, common = _called(words, here), _called(words, elsewhere, sites=SITES_ENOUGH)
    meant = [pk for pk in known if pk in named or pk in own or pk in common]
    meant.sort(key=lambda pk: (-own[pk], -common[pk], -named.get(pk, 0.0), known[pk].name))
    return [Suggestion(known[pk], own[pk]) for pk in meant[:SUGGESTED]]


def _said(reports: QuerySet[WorkOrder], most: int) -> QuerySet[WorkOrder, tuple[int, int, str]]:
    """Of each report its problem type, its site and how it was put."""
    named = reports.filter(kind=Kind.REACTIVE, problem_type__isnull=False)
    return named.values_list("problem_type", "site", Concat("title", Value(" "), Left("description", READ)))[:most]


def _called(words: str, said: list[tuple[int, int, str]], *, sites: int = 1) -> Counter[int]:
    """How often each problem type was put in words like these; nothing where fewer than so many sites did."""
    alike = likest(words, dict(enumerate(put for *_, put in said)), least=SAID_ALIKE)
    often = Counter(said[place][0] for place in alike)
    by_site = {said[place][:2] for place in alike}
    spread = Counter(problem for problem, _ in by_site)
    return Counter({problem: number for problem, number in often.items() if spread[problem] >= sites})
