"""The lists of the settings as sheets: given out as CSV, taken in again row by row through the rules that keep them.

All of a sheet or nothing. A column that is left out leaves what it says as it is; a row that says what is there already
changes nothing.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, ClassVar

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet

from accounts.actors import Actor
from accounts.changes import Faulty
from accounts.events import record
from accounts.models import LogEvent
from accounts.tables import FORMULA, safe
from accounts.thresholds import values_of
from assets import places, trades
from assets.models import (
    Area,
    AssetCategory,
    CompletionDocument,
    Priority,
    PriorityMeaning,
    ProblemType,
    Region,
    Responsibility,
    Responsible,
    Site,
    Trade,
)
from assets.models.trade import LONGEST_WINDOW
from config.forms import LONGEST_ANSWER
from config.imports import fields
from config.imports.fields import Field, Unreadable
from config.imports.importer import Importer, Report
from config.imports.places import trades as known_trades
from config.imports.source import BadFile, Row, Table
from config.imports.source import Mapping as FileMapping
from workorders import settings as work
from workorders import terms
from workorders.models import DispatchMode, DispatchOrder, DispatchPolicy, ExpiryUnit
from workorders.terms import EXPIRY

MOST_ROWS = 20_000
QUESTION = re.compile(r"P([1-4])[:\s]+(.{1,160}?)(\s*\(stock\))?", re.IGNORECASE)


def yes_no(said: str, mapping: FileMapping) -> bool:
    if said.lower() not in ("yes", "no"):
        raise Unreadable("is neither yes nor no")
    return said.lower() == "yes"


def priority(said: str, mapping: FileMapping) -> int:
    if not re.fullmatch(r"P?[1-4]", said, re.IGNORECASE):
        raise Unreadable("is not a priority from P1 to P4")
    return int(said[-1])


def _questions(said: str, mapping: FileMapping) -> list[tuple[str, int, bool]]:
    found = []
    for line in filter(None, map(str.strip, said.splitlines())):
        match = QUESTION.fullmatch(line)
        if match is None:
            raise Unreadable("has a line that does not begin with P1 to P4, or is too long")
        found.append((match[2].strip(), int(match[1]), bool(match[3])))
    return found


def _steps(said: str, mapping: FileMapping) -> list[str]:
    steps = [line.strip() for line in said.splitlines() if line.strip()]
    if any(len(step) > 240 for step in steps):
        raise Unreadable("has a step longer than 240 characters")
    return steps


def _papers(said: str, mapping: FileMapping) -> list[str]:
    named = [one.strip() for one in said.split(";") if one.strip()]
    if unknown := [one for one in named if one not in CompletionDocument.values]:
        raise Unreadable(f"names {unknown[0]}, which is not one of {', '.join(CompletionDocument.values)}")
    return named


YES_NO = Field(yes_no, empty=False)


class Sheet(Importer):
    """One list: its columns, its rows as they are, and how one row is kept."""

    do_not_call_in_templates: ClassVar[bool] = True
    label: ClassVar[str]
    keys: ClassVar[tuple[str, ...]]

    def __init__(self, *, by: Actor, now: datetime) -> None:
        self.by = by
        self.mark = 0
        super().__init__(FileMapping(), now=now)

    def run(self, rows: Iterable[Row]) -> Report:
        seen: dict[tuple[str, ...], int] = {}
        for row in rows:
            if row.number > MOST_ROWS:
                raise BadFile(f"There are more than {MOST_ROWS:,} rows. Divide the file.")
            plain = {name: said[1:] if said.startswith("'") and said[1:].startswith(FORMULA) else said
                     for name, said in row.cells.items()}  # fmt: skip
            values = self.clean(row := Row(row.number, plain))
            if values is None:
                continue
            key = tuple(str(values[name]).upper() for name in self.keys)
            if key in seen:
                self.wrong(row, self.keys[-1], row.cells.get(self.keys[-1], ""), f"stands in row {seen[key]} already")
                continue
            seen[key] = row.number
            facts = {name: value for name, value in values.items() if name in row.cells}
            self._one(row, facts)
        return self.report

    def _one(self, row: Row, facts: dict[str, Any]) -> None:
        try:
            with transaction.atomic():
                stream = self.keep(row, facts)
        except Faulty as refusal:
            for name, sentence in refusal.faults.items():
                column = name if name in self.fields else self.keys[-1]
                self.wrong(row, column, row.cells.get(column, ""), f"is refused: {sentence.rstrip('.')}")
            return
        if stream is None:
            return
        written = LogEvent.objects.about(stream).order_by("-pk").first()
        if written is None or written.pk <= self.mark:
            self.report.unchanged += 1
        elif LogEvent.objects.about(stream).filter(pk__gt=self.mark, verb__endswith=".added").exists():
            self.report.new += 1
        else:
            self.report.changed += 1
        self.mark = max(self.mark, written.pk if written else 0)

    def remember(self) -> None:
        self.mark = LogEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

    def keep(self, row: Row, facts: dict[str, Any]) -> str | None:
        """Keep one row by its rule; which stream of the log tells of it. None when a fault is told. Raises Faulty."""
        raise NotImplementedError

    def lines(self) -> Iterator[Mapping[str, Any]]:
        """The list as it is, a mapping per row."""
        raise NotImplementedError

    def _retired(self, facts: dict[str, Any], existing: Any) -> None:
        """Turn the column "retired" into the moment that the row keeps."""
        if "retired" in facts:
            before = getattr(existing, "retired_at", None)
            facts["retired_at"] = (before or self.now) if facts.pop("retired") else None


class Trades(Sheet):
    noun, label, keys = "trades", "Trades", ("code",)
    fields = {
        "code": fields.text(40, required=True),
        "name": fields.text(80, required=True),
        "icon": Field(fields.text(40).read, empty="wrench"),
        "sort_order": Field(fields.whole(high=30_000).read, empty=100),
        "retired": YES_NO,
    }

    def keep(self, row: Row, facts: dict[str, Any]) -> str | None:
        existing = Trade.objects.filter(code__iexact=facts["code"]).first()
        self._retired(facts, existing)
        kept = trades.keep_trade(trade=existing or Trade(), by=self.by, now=self.now, **facts)
        return f"trade:{kept.pk}"

    def lines(self) -> Iterator[Mapping[str, Any]]:
        for row in Trade.objects.visible_to(self.by):
            yield {name: getattr(row, name) for name in ("code", "name", "icon", "sort_order")} | {
                "retired": row.retired_at is not None
            }


class Problems(Sheet):
    noun, label, keys = "problems", "Problem types", ("trade", "name")
    fields = {
        "trade": fields.text(80, required=True),
        "name": fields.text(80, required=True),
        "default_priority": Field(priority, empty=Priority.P3),
        "default_nte_amount": fields.number(low="0", high="9999999999"),
        "requester_message": fields.text(500),
        "stops_request": YES_NO,
        "photos_required": Field(fields.whole(high=10).read, empty=0),
        "asset_required": YES_NO,
        "questions": Field(_questions, empty=[]),
        "steps": Field(_steps, empty=[]),
        "required_documents": Field(_papers, empty=[]),
        "late_documents": Field(_papers, empty=[]),
        "downtime_cost_amount": Field(fields.number(low="0", high="9999999999").read, empty=Decimal("0.00")),
        "stock_at_risk": YES_NO,
        "duplicate_window_days": Field(fields.whole(high=LONGEST_WINDOW).read, empty=30),
        "repeat_window_days": Field(fields.whole(high=LONGEST_WINDOW).read, empty=30),
        "likeness_needed": fields.number(low="0.1", high="1"),
        "sort_order": Field(fields.whole(high=30_000).read, empty=100),
        "retired": YES_NO,
    }

    def remember(self) -> None:
        super().remember()
        self.trades = known_trades()

    def keep(self, row: Row, facts: dict[str, Any]) -> str | None:
        trade = self.trades.get(facts["trade"].upper())
        if trade is None:
            self.wrong(row, "trade", facts["trade"], "is not a trade's code or name")
            return None
        existing = ProblemType.objects.filter(trade=trade, name__iexact=facts["name"]).first()
        problem = existing or ProblemType()
        self._retired(facts, existing)
        facts["trade"] = trade
        asked = [(one.text, one.level_if_yes, one.puts_stock_at_risk) for one in _asked(existing)] if existing else []
        tried = [one.text for one in existing.self_help.all()] if existing else []
        kept = trades.keep_problem(
            problem=problem, questions=facts.pop("questions", asked), steps=facts.pop("steps", tried), by=self.by,
            now=self.now, **facts,
        )  # fmt: skip
        return f"problem:{kept.pk}"

    def lines(self) -> Iterator[Mapping[str, Any]]:
        rows = ProblemType.objects.visible_to(self.by).select_related("trade")
        plain = [name for name in self.fields if name not in ("trade", "questions", "steps", "retired")]
        for row in rows.prefetch_related("questions", "self_help").order_by("trade__sort_order", "sort_order", "name"):
            yield {name: getattr(row, name) for name in plain} | {
                "trade": row.trade.code,
                "default_priority": f"P{row.default_priority}",
                "questions": "\n".join(
                    f"P{one.level_if_yes} {one.text}{' (stock)' if one.puts_stock_at_risk else ''}"
                    for one in row.questions.all()
                    if one.retired_at is None
                ),
                "steps": "\n".join(one.text for one in row.self_help.all()),
                "retired": row.retired_at is not None,
            }


def _asked(problem: ProblemType) -> QuerySet[Any]:
    return problem.questions.filter(retired_at=None)


class Priorities(Sheet):
    noun, label, keys = "priorities", "Priorities", ("priority",)
    fields = {
        "priority": Field(priority, required=True),
        "meaning": fields.text(160, required=True),
        "answer_within": Field(fields.whole(low=1, high=LONGEST_ANSWER).read),
    }

    def keep(self, row: Row, facts: dict[str, Any]) -> str | None:
        existing = PriorityMeaning.objects.filter(priority=facts["priority"]).first()
        kept = work.keep_priority(row=existing or PriorityMeaning(), by=self.by, now=self.now, **facts)
        return work.stream_of_priority(kept)

    def lines(self) -> Iterator[Mapping[str, Any]]:
        within = values_of(*EXPIRY.values())
        for row in PriorityMeaning.objects.visible_to(self.by):
            answer = within[EXPIRY[Priority(row.priority)].name]
            yield {"priority": f"P{row.priority}", "meaning": row.meaning, "answer_within": answer}


class Areas(Sheet):
    noun, label, keys = "areas", "Areas", ("site", "name")
    fields = {
        "site": fields.text(20, required=True),
        "name": fields.text(80, required=True),
        "retired": YES_NO,
    }

    def remember(self) -> None:
        super().remember()
        self.sites = {site.code.upper(): site for site in Site.objects.visible_to(self.by)}

    def keep(self, row: Row, facts: dict[str, Any]) -> str | None:
        site = self.sites.get(facts["site"].upper())
        if site is None:
            self.wrong(row, "site", facts["site"], "is not a site's code")
            return None
        existing = site.areas.filter(name__iexact=facts["name"]).first()
        self._retired(facts, existing)
        facts["site"] = site
        places.keep_area(area=existing or Area(site=site), by=self.by, now=self.now, **facts)
        return places.stream_of(site)

    def lines(self) -> Iterator[Mapping[str, Any]]:
        rows = Area.objects.filter(site__in=Site.objects.visible_to(self.by)).select_related("site")
        for row in rows.order_by("site__code", "name"):
            yield {"site": row.site.code, "name": row.name, "retired": row.retired_at is not None}


class Responsibilities(Sheet):
    noun, label, keys = "responsibilities", "Responsibilities", ("site", "trade", "category")
    fields = {
        "site": fields.text(20, required=True),
        "trade": fields.text(80, required=True),
        "category": fields.text(80),
        "who": Field(fields.choice(Responsible.values, empty="").read, required=True),
        "contact_name": fields.text(120),
        "contact_email": fields.email(),
        "contact_phone": fields.text(32),
        "lease_note": fields.text(2000),
    }

    def remember(self) -> None:
        super().remember()
        self.sites = {site.code.upper(): site for site in Site.objects.visible_to(self.by)}
        self.trades = known_trades()
        self.categories = {row.name.upper(): row for row in AssetCategory.objects.visible_to(self.by)}

    def keep(self, row: Row, facts: dict[str, Any]) -> str | None:
        site, trade = self.sites.get(facts["site"].upper()), self.trades.get(facts["trade"].upper())
        named = facts.get("category", "")
        category = self.categories.get(named.upper())
        for column, found, noun in (("site", site, "site's code"), ("trade", trade, "trade's code or name")):
            if found is None:
                self.wrong(row, column, facts[column], f"is not a {noun}")
        if named and category is None:
            self.wrong(row, "category", named, "is not a kind of equipment")
        if site is None or trade is None or (named and category is None):
            return None
        facts |= {"site": site, "trade": trade, "category": category}
        existing = site.responsibilities.filter(trade=trade, category=category).first()
        places.keep_responsibility(
            responsibility=existing or Responsibility(site=site), by=self.by, now=self.now, **facts
        )
        return places.stream_of(site)

    def lines(self) -> Iterator[Mapping[str, Any]]:
        rows = Responsibility.objects.filter(site__in=Site.objects.visible_to(self.by))
        for row in rows.select_related("site", "trade", "category").order_by("site__code", "trade__code", "pk"):
            yield {
                "site": row.site.code, "trade": row.trade.code, "category": row.category.name if row.category else "",
                "who": row.who, "contact_name": row.contact_name, "contact_email": row.contact_email,
                "contact_phone": row.contact_phone, "lease_note": row.lease_note,
            }  # fmt: skip


def _some_priority(said: str, mapping: FileMapping) -> int | None:
    return priority(said, mapping) if said else None


class Policies(Sheet):
    noun, label, keys = "dispatch", "Dispatch policies", ("trade", "region", "priority")
    fields = {
        "trade": fields.text(80),
        "region": fields.text(20),
        "priority": Field(_some_priority, empty=None),
        "order": Field(fields.choice(DispatchOrder.values, empty="").read, empty=DispatchOrder.RANK),
        **{
            f"weight_{name}": Field(fields.number(low="0", high="1").read, empty=threshold.default)
            for name, threshold in terms.WEIGHTS.items()
        },
        "mode": Field(fields.choice(DispatchMode.values, empty="").read, empty=DispatchMode.SUGGEST),
        "cascade_depth": Field(fields.whole(high=20).read, empty=3),
        "broadcast_size": Field(fields.whole(high=20).read, empty=3),
        "expires_in": Field(fields.whole(high=10_080).read, empty=None),
        "expires_unit": Field(fields.choice(ExpiryUnit.values, empty="").read, empty=ExpiryUnit.MINUTES),
        "accepts_for_crews": YES_NO,
    }

    def remember(self) -> None:
        super().remember()
        self.trades = known_trades()
        self.regions = {row.code.upper(): row for row in Region.objects.visible_to(self.by)}

    def keep(self, row: Row, facts: dict[str, Any]) -> str | None:
        """A policy is found by what it speaks of; a cell that is empty, or left out, means any."""
        known: dict[str, Mapping[str, Any]] = {"trade": self.trades, "region": self.regions}
        where: dict[str, Any] = {"priority": facts.pop("priority", None)}
        for column, noun in (("trade", "trade's code or name"), ("region", "region's code")):
            named = facts.pop(column, "")
            where[column] = known[column].get(named.upper()) if named else None
            if named and where[column] is None:
                self.wrong(row, column, named, f"is not a {noun}")
        if any(row.cells.get(column) and where[column] is None for column in known):
            return None
        policy = DispatchPolicy.objects.filter(**where).first() or DispatchPolicy()
        terms.keep_policy(policy=policy, by=self.by, now=self.now, **where, **facts)
        return terms.POLICIES

    def lines(self) -> Iterator[Mapping[str, Any]]:
        rows = DispatchPolicy.objects.visible_to(self.by).select_related("trade", "region")
        plain = [name for name in self.fields if name not in self.keys]
        for row in rows.order_by("trade__code", "region__code", "priority"):
            yield {name: getattr(row, name) for name in plain} | {
                "trade": row.trade.code if row.trade else "",
                "region": row.region.code if row.region else "",
                "priority": Priority(row.priority).short if row.priority else "",
            }


SHEETS: dict[str, type[Sheet]] = {
    kind.noun: kind for kind in (Priorities, Trades, Problems, Areas, Responsibilities, Policies)
}


def as_csv(kind: type[Sheet], *, by: Actor, now: datetime) -> str:
    """The list as it is, in the columns in which it is taken in again; nothing in it begins a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(kind.fields)
    for line in kind(by=by, now=now).lines():
        writer.writerow([_cell(line[name]) for name in kind.fields])
    return out.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return safe("; ".join(value) if isinstance(value, list) else value)


@dataclass(frozen=True)
class Outcome:
    """What came of a sheet, or would come of it."""

    report: Report
    problem: str = ""
    """Why the file could not be read at all."""

    @property
    def is_sound(self) -> bool:
        return not (self.problem or self.report.failed)


class _TakeBack(Exception):
    pass


def take_in(kind: type[Sheet], upload: UploadedFile, *, by: Actor, now: datetime, dry_run: bool) -> Outcome:
    """Keep every row of `upload` by its rule, or none when any has a fault or `dry_run` is on."""
    with NamedTemporaryFile(suffix=".csv") as file:
        for chunk in upload.chunks():
            file.write(chunk)
        file.flush()
        report = Report()
        try:
            with transaction.atomic():
                report = _read(kind, Path(file.name), by, now)
                if dry_run or report.failed:
                    raise _TakeBack
                data = {"sheet": kind.noun, "file": str(upload.name)[:120], "new": report.new}
                record(
                    stream=f"sheet:{kind.noun}", verb="sheet.taken_in", by=by, now=now,
                    data=data | {"changed": report.changed},
                )  # fmt: skip
        except _TakeBack:
            pass
        except BadFile as refusal:
            return Outcome(report, str(refusal).replace(file.name, "The file"))
        return Outcome(report)


def _read(kind: type[Sheet], path: Path, by: Actor, now: datetime) -> Report:
    table = Table(path, FileMapping())
    try:
        if unknown := [name for name in table.header if name not in kind.fields]:
            raise BadFile(f"Row 1: nobody reads a column “{unknown[0][:40]}”. There are: {', '.join(kind.fields)}.")
        if missing := [name for name in kind.keys if name not in table.header and kind.fields[name].required]:
            raise BadFile(f"Row 1: the column “{missing[0]}” is missing.")
        return kind(by=by, now=now).run(table)
    finally:
        table.close()
