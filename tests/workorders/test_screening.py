"""Screening as a table: what was there before, what is reported, and what each step must say about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.together import ask
from assets.models import Asset, Priority, ProblemType, Responsibility, Responsible, Warranty
from tests.cast import Cast
from tests.factories.assets import AreaFactory, AssetCategoryFactory, AssetFactory, ProblemTypeFactory
from tests.factories.clock import NOW
from tests.factories.workorders import Story
from vendors.models import ResponsibleVendor, WarrantyProvider
from workorders import dispatch, intake, lifecycle, merging, screening, visits
from workorders.models import Kind, ScreeningStep, Source, WorkOrder

pytestmark = pytest.mark.django_db

type Before = Callable[[Cast], WorkOrder | None]
type Facts = Callable[[Cast], dict[str, Any]]

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
WARM = "The walk-in cooler is far too warm"
CLEAR = {"duplicate": "", "repeat": "", "warranty": "", "responsibility": "", "rules": ""}


def reported(cast: Cast, at: datetime = NOW - DAY, **facts: Any) -> WorkOrder:
    """Work that Stella reported yesterday: the walk-in cooler is warm."""
    given = {
        "by": cast.store, "site": cast.hilltop, "trade": cast.refrigeration, "problem_type": cast.too_warm,
        "asset": cast.cooler, "description": WARM, **facts,
    }  # fmt: skip
    return intake.report(now=at, **given)


def before(**facts: Any) -> Before:
    """The same, where a fact that is a function is made from the cast."""
    return lambda cast: reported(cast, **made(facts, cast))


def report(**facts: Any) -> Facts:
    return lambda cast: made(facts, cast)


def made(facts: dict[str, Any], cast: Cast) -> dict[str, Any]:
    return {name: value(cast) if callable(value) else value for name, value in facts.items()}


def at_status(status: str, ago: timedelta = DAY, **facts: Any) -> Before:
    """The work of the story, brought to `status` by the rules; it was reported `ago`."""
    return lambda cast: Story(cast, now=NOW - ago, facts=made(facts, cast)).at(status).work_order


def nothing(cast: Cast) -> None:
    return None


def alike(**facts: Any) -> list[screening.Match]:
    return ask(screening.duplicates(**facts))


# What the cases are made of


def other_cooler(cast: Cast) -> Asset:
    return unit(cast, "RF-114-05")


def unit(cast: Cast, tag: str) -> Asset:
    found = Asset.objects.filter(tag=tag).first()
    return found or AssetFactory(tag=tag, name=tag, site=cast.hilltop, category=cast.cooler.category)


def back_room(cast: Cast) -> Any:
    return cast.hilltop.areas.first() or AreaFactory(site=cast.hilltop, name="Back room")


def kitchen(cast: Cast) -> Any:
    return AreaFactory(site=cast.hilltop, name="Kitchen")


def problem(name: str, **facts: Any) -> Callable[[Cast], ProblemType]:
    """A problem of refrigeration, the same one whoever asks for it."""

    def make(cast: Cast) -> ProblemType:
        known = ProblemType.objects.filter(name=name).first()
        return known or ProblemTypeFactory(trade=cast.refrigeration, name=name, **facts)

    return make


def warranty(cast: Cast, **facts: Any) -> Warranty:
    given = {
        "asset": cast.cooler, "provider_name": "Frost Factory", "starts_on": NOW.date() - 100 * DAY,
        "ends_on": NOW.date() + 100 * DAY, **facts,
    }  # fmt: skip
    return Warranty.objects.create(**given)


def warranted(**facts: Any) -> Before:
    def make(cast: Cast) -> None:
        warranty(cast, **made(facts, cast))

    return make


def agreed(who: str, *, category: Callable[[Cast], Any] = nothing, trade: str = "refrigeration") -> Before:
    def make(cast: Cast) -> None:
        Responsibility.objects.create(
            site=cast.hilltop, trade=getattr(cast, trade), category=category(cast), who=who, contact_name="Lee Lord"
        )

    return make


def both(*parts: Before) -> Before:
    def make(cast: Cast) -> WorkOrder | None:
        return [part(cast) for part in parts][-1]

    return make


def merged_away(cast: Cast) -> WorkOrder:
    """A twin of other work that was merged into a third, elsewhere in the store."""
    twin = reported(cast)
    survivor = reported(cast, problem_type=None, asset=other_cooler(cast), description="Cabinet light is off")
    return merging.merge(twin, survivor, by=cast.fm, now=NOW - DAY + 10 * MINUTE)


def sent_back(cast: Cast) -> WorkOrder:
    row = Story(cast, now=NOW - DAY).completed().work_order
    return lifecycle.reject(row, by=cast.store, now=NOW - 10 * MINUTE, reason="Still warm")


def with_a_part(cast: Cast) -> WorkOrder:
    """Cascade put a gasket in 90 days ago and gave a year's warranty on it."""
    story = Story(cast, now=NOW - 90 * DAY).on_site()
    visits.add_part(
        story.visit, by=cast.technician, now=story.later(), name="Door gasket", quantity=Decimal(1),
        unit_cost_amount=Decimal(80), warranty_until_on=NOW.date() + 275 * DAY,
    )  # fmt: skip
    return story.verified().work_order


@dataclass(frozen=True)
class Case:
    """`says` names, for each step that must find something, words of its sentence; all other steps find nothing."""

    name: str
    before: Before = nothing
    facts: Facts = field(default=report())
    says: dict[str, str] = field(default_factory=dict)
    at: Callable[[WorkOrder], datetime] | datetime = NOW


UNIT = {"duplicate": "Same unit, RF-114-02"}
LOOSE = {"problem_type": None, "asset": None}
PAST = {"asset": None, "problem_type": problem("Ice build-up")}

CASES = [
    Case("nothing is open"),
    Case("same unit, same problem", before(), says=UNIT),
    Case("same unit, another trade", before(trade=lambda c: c.plumbing, problem_type=lambda c: c.leak), says=UNIT),
    Case("same unit, open for two months", before(at=NOW - 60 * DAY), says=UNIT),
    Case("same unit, on hold", at_status("on_hold"), says=UNIT),
    Case("same unit, somebody is on site", at_status("in_progress"), says=UNIT),
    Case("same unit, called off yesterday", at_status("canceled")),
    Case("same unit, merged into something else", merged_away),
    Case("same unit, planned maintenance", before(by=lambda c: c.fm, kind=Kind.PREVENTIVE, source=Source.PLAN)),
    Case("same unit at another store", before(
        by=lambda c: c.sibling_store, site=lambda c: c.harbor,
        asset=lambda c: AssetFactory(tag="RF-115-01", site=c.harbor, category=c.cooler.category))),
    Case("same unit, done but not confirmed", at_status("completed"),
         says=UNIT | {"repeat": "was completed"}),
    Case("same unit, sent back as not fixed", sent_back, says=UNIT),
    Case("same problem, no unit named", before(asset=None), report(asset=None),
         {"duplicate": "Same problem, cooler too warm"}),
    Case("same problem, a unit named only now", before(asset=None),
         says={"duplicate": "Same problem, cooler too warm"}),
    Case("same problem on another unit", before(asset=other_cooler),
         says={"duplicate": "Same problem, cooler too warm, on another unit, RF-114-05"}),
    Case("same problem at another store", before(by=lambda c: c.sibling_store, site=lambda c: c.harbor, asset=None),
         report(asset=None)),
    Case("same problem, reported exactly at the edge of the window", before(at=NOW - 30 * DAY, asset=None),
         report(asset=None), {"duplicate": "Same problem"}),
    Case("same problem, reported a minute before the window", before(at=NOW - 30 * DAY - MINUTE, asset=None),
         report(asset=None)),
    Case("same problem, four days ago, that looks back three", before(
        at=NOW - 4 * DAY, asset=None, problem_type=problem("Light out", duplicate_window_days=3)),
        report(asset=None, problem_type=problem("Light out"), description="Dark again")),
    Case("same trade and place, another problem", before(
        asset=None, area=back_room, description="Puddle under the ice cuber"),
        report(asset=None, area=back_room, problem_type=None, description="Display shows an error"),
        {"duplicate": "Same trade in the same place, back room"}),
    Case("same place, another trade", before(
        asset=None, area=back_room, trade=lambda c: c.plumbing, problem_type=lambda c: c.leak, description="Puddle"),
        report(asset=None, area=back_room, problem_type=None, description="Display shows an error")),
    Case("same trade, another place, other words", before(
        asset=None, area=back_room, problem_type=None, description="Puddle under the ice cuber"),
        report(asset=None, area=kitchen, problem_type=None, description="Display shows an error")),
    Case("same trade, same words", before(**LOOSE), report(**LOOSE), {"duplicate": "much the same words"}),
    Case("same trade, the same words in another order", before(**LOOSE),
         report(**LOOSE, description="far too warm is the cooler, the walk-in"),
         {"duplicate": "much the same words"}),
    Case("same trade, said shorter", before(**LOOSE), report(**LOOSE, description="cooler far too warm"),
         {"duplicate": "much the same words"}),
    Case("same trade, other words", before(**LOOSE), report(**LOOSE, description="Ice maker drips on the floor")),
    Case("near miss: one word in common", before(**LOOSE), report(**LOOSE, description="Cooler door will not shut")),
    Case("same words, another trade", before(trade=lambda c: c.plumbing, **LOOSE), report(**LOOSE)),
    Case("same words, a month and a day ago", before(at=NOW - 31 * DAY, **LOOSE), report(**LOOSE)),
    Case("a problem that asks for the very words", before(**LOOSE), report(
        asset=None, problem_type=problem("Hums", likeness_needed=Decimal("0.95")),
        description="Walk-in door gasket torn")),
    Case("a problem that is content with few words in common", before(**LOOSE), report(
        asset=None, problem_type=problem("Drips", likeness_needed=Decimal("0.30")),
        description="Cooler door has come off"), {"duplicate": "much the same words"}),
    Case("words of another alphabet", before(**LOOSE, description="🧊 الثلاجة ساخنة"),
         report(**LOOSE, description="🧊🧊🧊")),
    Case("same unit, closed yesterday", at_status("closed"),
         says={"repeat": "by Cascade Refrigeration: may be a recall"}),
    Case("same problem, closed yesterday, no unit", at_status("closed", asset=None), report(asset=None),
         {"repeat": "may be a recall"}),
    Case("completed exactly thirty days ago", at_status("verified"), says={"repeat": "may be a recall"},
         at=lambda row: row.completed_at + 30 * DAY),
    Case("completed thirty days and a minute ago", at_status("verified"),
         at=lambda row: row.completed_at + 30 * DAY + MINUTE),
    Case("completed eight days ago, repeats within seven", both(
        lambda c: ProblemType.objects.filter(pk=c.too_warm.pk).update(repeat_window_days=7) and None,
        at_status("verified")),
        report(problem_type=lambda c: ProblemType.objects.get(pk=c.too_warm.pk)),
        at=lambda row: row.completed_at + 8 * DAY),
    Case("another trade was done on the unit yesterday", at_status(
        "verified", trade=lambda c: c.plumbing, problem_type=lambda c: c.leak)),
    Case("another problem of the trade was done on the unit yesterday", at_status(
        "verified", problem_type=problem("Ice build-up")), says={"repeat": "may be a recall"}),
    Case("under warranty", warranted(), says={"warranty": "Under warranty by Frost Factory until"}),
    Case("the warranty ended yesterday", warranted(ends_on=NOW.date() - DAY)),
    Case("the warranty begins tomorrow", warranted(starts_on=NOW.date() + DAY)),
    Case("the last evening of the warranty at the store, tomorrow already in London", warranted(
        ends_on=date(2026, 7, 10)), says={"warranty": "until 10 Jul 2026"},
        at=datetime(2026, 7, 11, 5, 0, tzinfo=UTC)),
    Case("the morning after the last day of the warranty", warranted(ends_on=date(2026, 7, 10)),
         at=datetime(2026, 7, 11, 8, 0, tzinfo=UTC)),
    Case("the warranty covers another trade", warranted(trade=lambda c: c.plumbing)),
    Case("the warranty covers this trade", warranted(trade=lambda c: c.refrigeration),
         says={"warranty": "Under warranty"}),
    Case("the warranty of another unit", warranted(asset=other_cooler)),
    Case("under warranty, but no unit named", warranted(), report(asset=None)),
    Case("two warranties", both(
        warranted(provider_name="Long Maker", ends_on=NOW.date() + 900 * DAY), warranted()),
        says={"warranty": "Under warranty by Frost Factory"}),
    Case("the warranty of a part that was put in", with_a_part,
         says={"warranty": "Cascade Refrigeration until"}),
    Case("the landlord's trade", agreed(Responsible.LANDLORD),
         says={"responsibility": "Landlord answers for refrigeration here, Lee Lord"}),
    Case("the landlord's trade, no unit named", agreed(Responsible.LANDLORD), report(asset=None),
         {"responsibility": "Landlord"}),
    Case("another tenant's trade", agreed(Responsible.OTHER_TENANT), says={"responsibility": "Other tenant"}),
    Case("the landlord's trade, but walk-in coolers are ours", both(
        agreed(Responsible.LANDLORD), agreed(Responsible.US, category=lambda c: c.cooler.category))),
    Case("the landlord answers for another kind of unit", agreed(
        Responsible.LANDLORD, category=lambda c: AssetCategoryFactory(trade=c.refrigeration, name="Freezer"))),
    Case("the landlord answers for another trade", agreed(Responsible.LANDLORD, trade="plumbing")),
    Case("ours by a written agreement", agreed(Responsible.US)),
    Case("under warranty and the landlord's", both(warranted(), agreed(Responsible.LANDLORD)),
         says={"warranty": "Frost Factory", "responsibility": "Landlord"}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_each_step_says_what_it_must(cast: Cast, case: Case) -> None:
    earlier = case.before(cast)
    at = case.at if isinstance(case.at, datetime) else case.at(earlier)
    row = reported(cast, at=at, **case.facts(cast))
    told: dict[str, str] = {}
    for one in row.screenings.exclude(step=ScreeningStep.CRITICALITY):
        told.setdefault(one.step, one.sentence if one.found else "")
    assert {step for step, words in told.items() if words} == set(case.says), told
    assert {step: words for step, words in case.says.items() if words not in told[step]} == {}
    assert told.keys() == CLEAR.keys()
    related = {one.related_id for one in row.screenings.filter(step__in=("duplicate", "repeat"), found=True)}
    assert related <= {earlier.pk if earlier else None}


def test_there_are_enough_cases_and_no_two_of_one_name() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 40


class TestTheOrder:
    def test_is_fixed_and_every_step_speaks(self, cast: Cast) -> None:
        steps = list(reported(cast).screenings.values_list("step", flat=True))
        assert steps == ["duplicate", "repeat", "warranty", "responsibility", "rules", "criticality"]

    def test_puts_the_same_unit_before_the_same_problem_before_the_same_place_before_the_same_words(
        self, cast: Cast
    ) -> None:
        room = back_room(cast)
        words = reported(cast, **LOOSE)
        place = reported(cast, asset=None, problem_type=None, area=room, description="Puddle")
        trouble = reported(cast, asset=None, description="Cuber")
        elsewhere = reported(cast, asset=other_cooler(cast), description="Case 5")
        same = reported(cast, problem_type=None, description="It hums")
        found = alike(
            site=cast.hilltop, trade=cast.refrigeration, by=cast.store, now=NOW, problem_type=cast.too_warm,
            asset=cast.cooler, area=room, words=WARM,
        )  # fmt: skip
        assert [match.work_order for match in found] == [same, trouble, place, elsewhere, words]

    def test_puts_the_likest_words_first_and_of_the_like_the_newest(self, cast: Cast) -> None:
        older = reported(cast, asset=None, at=NOW - 3 * DAY)
        newer = reported(cast, asset=None, at=NOW - 2 * DAY)
        reported(cast, asset=None, description="Something drips")
        found = alike(
            site=cast.hilltop, trade=cast.refrigeration, by=cast.store, now=NOW, problem_type=cast.too_warm, words=WARM
        )
        assert [match.work_order for match in found][:2] == [newer, older]


class TestWhoSees:
    def test_a_store_is_warned_of_nothing_that_is_out_of_its_sight(self, cast: Cast) -> None:
        reported(cast)
        found = alike(site=cast.hilltop, trade=cast.refrigeration, by=cast.sibling_store, now=NOW, asset=cast.cooler)
        assert found == []

    def test_what_a_technician_finds_is_held_against_everything_open_here_but_the_job_itself(self, cast: Cast) -> None:
        other = reported(cast, asset=None, problem_type=None, description="Ice on the fan guard")
        job = Story(cast, now=NOW - DAY).on_site().work_order
        new = WorkOrder(
            site=cast.hilltop, trade=cast.refrigeration, asset=cast.cooler, description="Ice on the guard of the fan",
            source=Source.FOLLOW_UP, follows=job,
        )  # fmt: skip
        found = ask(screening.check(new, answers={}, by=cast.technician, now=NOW))
        assert [one.related for one in found if one.step == "duplicate"] == [other]


class TestWhatFollows:
    def test_work_under_warranty_starts_with_nothing_to_spend_and_goes_to_its_provider_first(self, cast: Cast) -> None:
        WarrantyProvider.objects.create(warranty=warranty(cast), vendor=cast.summit)
        assert cast.cascade.pk
        row = reported(cast, at=NOW)
        assert row.authorized_amount == 0
        best = dispatch.consider(row, now=NOW, by=cast.fm).candidates[0]
        assert (best.vendor, best.forced[:14]) == (cast.summit, "Under warranty")

    def test_of_two_warranties_the_one_that_ends_first_is_used_and_both_are_told(self, cast: Cast) -> None:
        warranty(cast, provider_name="Long Maker", ends_on=NOW.date() + 900 * DAY)
        first = warranty(cast)
        row = reported(cast)
        told = list(row.screenings.filter(step="warranty"))
        assert told[0].warranty == first
        assert told[1].sentence.startswith("Also under warranty by Long Maker")

    def test_a_part_that_was_entered_by_mistake_takes_its_warranty_with_it(self, cast: Cast) -> None:
        story = Story(cast).on_site()
        part = visits.add_part(
            story.visit, by=cast.technician, now=story.later(), name="Fan", quantity=Decimal(1),
            unit_cost_amount=Decimal(80), warranty_until_on=story.now.date() + DAY,
        )  # fmt: skip
        assert part.warranty.provider.vendor == cast.cascade
        visits.remove_part(part, by=cast.technician, now=story.later())
        assert not Warranty.objects.exists()

    def test_whom_the_landlord_wants_sent_is_asked_first(self, cast: Cast) -> None:
        agreed(Responsible.LANDLORD)(cast)
        ResponsibleVendor.objects.create(responsibility=Responsibility.objects.get(), vendor=cast.summit)
        assert cast.cascade.pk
        best = dispatch.consider(reported(cast, at=NOW), now=NOW, by=cast.fm).candidates[0]
        assert (best.vendor, best.forced[:8]) == (cast.summit, "Landlord")

    def test_called_back_work_goes_to_whom_it_failed_and_to_no_warranty(self, cast: Cast) -> None:
        warranty(cast)
        old = Story(cast, now=NOW - DAY).verified().work_order
        row = intake.recall(old, by=cast.store, now=NOW, reason="Warm again")
        told = {one.step: one for one in row.screenings.all()}
        assert (told["repeat"].send_to, told["repeat"].related) == (cast.cascade, old)
        assert not told["warranty"].found


class TestRulesOfTheHouse:
    @pytest.fixture
    def rule(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def at_hilltop(row: WorkOrder, by: Any, now: datetime) -> Iterator[screening.Finding]:
            if row.site.code == "M-114":
                words = "Hilltop is the flagship"
                yield screening.Finding(ScreeningStep.RULES, True, words, priority=Priority.P2)

        monkeypatch.setattr(screening, "HOUSE_RULES", [at_hilltop])

    def test_speak_after_responsibility_and_may_raise_the_priority(self, cast: Cast, rule: None) -> None:
        row = reported(cast)
        assert (row.priority, row.priority_reasons[0]) == (Priority.P2, "P2: Hilltop is the flagship")
        told = list(row.screenings.values_list("step", "sentence"))
        assert told[4:] == [("rules", "Hilltop is the flagship"), ("criticality", "P2: Hilltop is the flagship")]

    def test_keep_silent_where_none_applies(self, cast: Cast, rule: None) -> None:
        row = reported(cast, by=cast.sibling_store, site=cast.harbor, asset=None)
        assert row.screenings.get(step="rules").sentence == "No rule applies"
        assert row.priority == Priority.P3
