"""The lists of the settings as files: out, changed in a spreadsheet, and back through the same rules."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import LogEvent, User
from accounts.once import fresh_key
from assets.models import Area, CriticalityQuestion, Priority, PriorityMeaning, ProblemType, Responsibility, Trade
from config.sheets import SHEETS, as_csv, take_in
from tests.cast import Cast
from tests.factories.clock import NOW
from workorders.catalog import load_catalog
from workorders.models import DispatchPolicy
from workorders.terms import EXPIRY

pytestmark = pytest.mark.django_db

type Enter = Callable[[User], Client]


def upload(text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("list.csv", text.encode())


def bring(cast: Cast, noun: str, *lines: str, dry_run: bool = False) -> Any:
    return take_in(SHEETS[noun], upload("\n".join(lines) + "\n"), by=cast.admin, now=NOW, dry_run=dry_run)


def faults(outcome: Any) -> list[str]:
    return [str(fault) for fault in outcome.report.faults]


@pytest.mark.parametrize("noun", SHEETS)
def test_what_goes_out_comes_back_and_changes_nothing(cast: Cast, noun: str) -> None:
    load_catalog(now=NOW)
    Trade.objects.filter(code="pest").update(name="=Pests", retired_at=NOW)
    Area.objects.create(site=cast.hilltop, name="Back room")
    Responsibility.objects.create(
        site=cast.hilltop, trade=Trade.objects.get(code="hvac"), who="landlord", contact_email="lou@example.com",
        lease_note="Roof units\nare his.",
    )  # fmt: skip
    hvac = Trade.objects.get(code="hvac")
    DispatchPolicy.objects.create(trade=hvac, region=cast.north, priority=1, mode="broadcast", expires_in=20)
    DispatchPolicy.objects.create(weight_cost=1)
    sheet = as_csv(SHEETS[noun], by=cast.admin, now=NOW)
    events = LogEvent.objects.count()
    outcome = take_in(SHEETS[noun], upload(sheet), by=cast.admin, now=NOW, dry_run=False)
    rows = len(list(csv.reader(io.StringIO(sheet)))) - 1
    assert faults(outcome) == []
    assert (outcome.report.new, outcome.report.changed, outcome.report.unchanged) == (0, 0, rows)
    assert LogEvent.objects.count() == events + 1
    assert not any(cell.startswith("=") for line in csv.reader(io.StringIO(sheet)) for cell in line)


def test_a_new_kind_of_trouble_comes_with_its_questions_and_steps(cast: Cast) -> None:
    assert cast.plumbing
    outcome = bring(
        cast, "problems", "trade,name,default_priority,questions,steps,photos_required,default_nte_amount",
        'Plumbing,Fountain dry,P4,"P2 Is it loud?\nP1 Could it fall? (stock)","Look at the valve.\nCall Joe.",1,250',
    )  # fmt: skip
    assert faults(outcome) == []
    made = ProblemType.objects.get(name="Fountain dry")
    assert (made.default_priority, made.photos_required, made.default_nte_amount) == (4, 1, 250)
    assert [str(one) for one in made.questions.all()] == ["Is it loud?", "Could it fall?"]
    assert CriticalityQuestion.objects.get(text="Could it fall?").puts_stock_at_risk
    assert [str(one) for one in made.self_help.all()] == ["Look at the valve.", "Call Joe."]
    event = LogEvent.objects.get(stream=f"problem:{made.pk}", verb="problem.added")
    assert event.actor == cast.admin


def test_a_column_that_is_left_out_leaves_what_it_says(cast: Cast) -> None:
    leak = cast.leak
    leak.questions.create(text="Is it loud?", level_if_yes=2)
    outcome = bring(cast, "problems", "trade,name,photos_required", "Plumbing,LEAK,2")
    assert (outcome.report.changed, faults(outcome)) == (1, [])
    leak.refresh_from_db()
    assert (leak.photos_required, leak.questions.filter(retired_at=None).count()) == (2, 1)


@pytest.mark.parametrize(
    ("noun", "header", "row", "fault"),
    [
        (
            "problems",
            "trade,name,duplicate_window_days",
            "Plumbing,Leak,-1",
            "Row 2, duplicate_window_days: “-1” is not",
        ),
        ("problems", "trade,name,repeat_window_days", "Plumbing,Leak,many", "“many” is not a whole number"),
        ("problems", "trade,name", "Roofing,Leak", "Row 2, trade: “Roofing” is not a trade's code or name"),
        ("problems", "trade,name,default_priority", "Plumbing,Leak,P9", "is not a priority from P1 to P4"),
        ("problems", "trade,name,questions", "Plumbing,Leak,Is it loud?", "does not begin with P1 to P4"),
        ("problems", "trade,name,required_documents", "Plumbing,Leak,poem", "names poem, which is not one of"),
        ("problems", "trade,name,stock_at_risk", "Plumbing,Leak,perhaps", "is neither yes nor no"),
        ("problems", "trade,name", "Plumbing,", "Row 2, name: “” is empty, but must be there"),
        ("areas", "site,name", "M-999,Roof", "Row 2, site: “M-999” is not a site's code"),
        ("responsibilities", "site,trade,who", "M-114,plumbing,us all", "is not one of us, landlord"),
        ("responsibilities", "site,trade,category,who", "M-114,plumbing,Boat,us", "is not a kind of equipment"),
        ("trades", "code,name", "roofing works!,Roofing", "Row 2, code: “roofing works!” is refused"),
    ],
)
def test_each_fault_names_row_and_column_and_nothing_is_stored(
    cast: Cast, noun: str, header: str, row: str, fault: str
) -> None:
    assert (cast.leak.name, cast.hilltop.code) == ("Leak", "M-114")
    good = {"problems": "Plumbing,Good", "areas": "M-114,Good", "responsibilities": "M-114,plumbing",
            "trades": "good,Good"}[noun]  # fmt: skip
    width = header.count(",") - good.count(",")
    if noun == "responsibilities":
        good += "," * (width - 1) + ",us"
        width = 0
    outcome = bring(cast, noun, header, row, good + "," * width)
    assert fault in "\n".join(faults(outcome)), faults(outcome)
    assert not ProblemType.objects.filter(name="Good").exists()
    assert not Area.objects.filter(name="Good").exists()
    assert not Responsibility.objects.exists()
    assert not Trade.objects.filter(code="good").exists()


def test_two_of_one_name_in_a_trade_are_told_apart_from_two_trades(cast: Cast) -> None:
    assert (cast.plumbing, cast.refrigeration) != ()
    outcome = bring(cast, "problems", "trade,name", "plumbing,Noise", "refrigeration,Noise", "plumbing,NOISE")
    assert faults(outcome) == ["Row 4, name: “NOISE” stands in row 2 already."]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        ("trade,name,color\n", "nobody reads a column “color”"),
        ("name\n", "the column “trade” is missing"),
        ("trade,name\nplumbing\n", "Row 2: 1 cells where the header has 2"),
    ],
)
def test_a_file_that_is_no_such_list_is_refused_whole(cast: Cast, text: str, problem: str) -> None:
    outcome = take_in(SHEETS["problems"], upload(text), by=cast.admin, now=NOW, dry_run=False)
    assert problem in outcome.problem


def test_the_page_checks_first_and_stores_only_when_told(cast: Cast, enter: Enter) -> None:
    client, address = enter(cast.admin), "/settings/areas/sheet"
    text = f"site,name\n{cast.hilltop.code},Bakery\n"
    looked = client.post(address, {"file": upload(text), "look": "1", "operation": fresh_key()})
    assert looked.status_code == 200
    assert "1 new, 0 changed, 0 as before. Nothing is stored yet." in looked.content.decode()
    assert not Area.objects.exists()

    wrong = client.post(address, {"file": upload(text + "M-0,Roof\n"), "keep": "1", "operation": fresh_key()})
    assert wrong.status_code == 422
    assert "is not a site&#x27;s code" in wrong.content.decode()
    assert not Area.objects.exists()

    key = fresh_key()
    for _ in range(2):
        kept = client.post(address, {"file": upload(text), "keep": "1", "operation": key})
        assert kept.status_code == 302
    assert Area.objects.get().name == "Bakery"
    assert client.post(address, {"keep": "1", "operation": fresh_key()}).status_code == 422
    assert client.get("/settings/reasons/sheet").status_code == 404
    file = client.get("/settings/areas/sheet.csv")
    assert file.content.decode().splitlines() == ["site,name,retired", "M-114,Bakery,no"]
    assert enter(cast.fm).get("/settings/areas/sheet.csv").status_code == 403


def test_an_entry_shows_who_changed_what_from_what(cast: Cast, enter: Enter) -> None:
    bring(cast, "problems", "trade,name,photos_required,questions", f"{cast.leak.trade.code},Leak,2,P1 Is it hot?")
    page = enter(cast.admin).get(f"/settings/problems/{cast.leak.pk}").content.decode()
    assert "Ada Admin" in page
    assert "Photos needed: 0" in page
    assert "Questions: nothing" in page
    assert "P1 Is it hot?" in page
    untouched = enter(cast.admin).get(f"/settings/trades/{cast.plumbing.pk}").content.decode()
    assert "nobody has changed it" in untouched


def test_priorities_come_as_a_file_and_their_faults_are_told(cast: Cast) -> None:
    load_catalog(now=NOW)
    header = "priority,meaning,answer_within"
    outcome = bring(cast, "priorities", header, "P1,Nobody can shop.,45", "4,It can wait.,24")
    assert faults(outcome) == []
    assert (outcome.report.changed, EXPIRY[Priority.P1].value(), EXPIRY[Priority.P4].value()) == (2, 45, 24)
    assert PriorityMeaning.objects.visible_to(cast.admin).of(1) == "Nobody can shop."
    wrong = bring(cast, "priorities", header, "P5,Never,10", "P2,,10", "P3,Soon,0", "P1,Now,2")
    assert [(fault.row, fault.column) for fault in wrong.report.faults] == [
        (2, "priority"), (3, "meaning"), (4, "answer_within"), (5, "answer_within"),
    ]  # fmt: skip
    assert EXPIRY[Priority.P1].value() == 45
    assert bring(cast, "priorities", header.removesuffix(",answer_within"), "P1,Nobody can shop.").report.unchanged == 1


def test_dispatch_policies_come_in_by_what_they_speak_of(cast: Cast) -> None:
    assert cast.plumbing.pk
    assert cast.north.pk
    head = "trade,region,priority,mode,weight_cost"
    assert faults(bring(cast, "dispatch", head, "plumbing,NORTH,P1,broadcast,0.5", ",,,offer,")) == []
    outcome = bring(cast, "dispatch", head, "Plumbing,north,P1,offer,0.5", ",,,offer,0.20")
    assert (outcome.report.new, outcome.report.changed, outcome.report.unchanged) == (0, 1, 1)
    kept = {str(row): row for row in DispatchPolicy.objects.all()}
    assert {name: (row.mode, str(row.weight_cost)) for name, row in kept.items()} == {
        "Plumbing, P1, North": ("offer", "0.50"), "All work": ("offer", "0.20"),
    }  # fmt: skip


def test_dispatch_policies_that_make_no_sense_are_told_by_their_row(cast: Cast) -> None:
    weights = [f"weight_{name}" for name in ("scorecard", "cost", "arrival", "distance", "load", "preference")]
    zero = bring(cast, "dispatch", ",".join(["trade", *weights]), "," + ",".join("0" * 6))
    assert "Give at least one part a weight above 0" in faults(zero)[0]
    assert "P1 to P4" in faults(bring(cast, "dispatch", "priority", "P9"))[0]
    code = cast.plumbing.code
    unknown = bring(cast, "dispatch", "trade,region", "piping,WEST", f"{code},", f"{code},")
    said = "; ".join(faults(unknown))
    for words in ("is not a trade's code or name", "is not a region's code", "stands in row"):
        assert words in said
    assert not DispatchPolicy.objects.exists()
