"""What holds on every machine: how many questions a page asks, how the database answers them, and no lost number."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from django.db import connection
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.once import fresh_key, once
from assets.models import Site
from config.bench import desk
from config.bench.cases import CASES, duplicates
from config.bench.databases import at, buffers_of, explained, open_connection
from config.bench.load import ABSENT, COMMON, MANY, RARE
from config.bench.measure import House, Wrong, asked, counted
from config.menu import Shell
from workorders import intake, queue, search
from workorders.models import Invoice, WorkOrder

MOST_QUERIES = 8
MOST_BUFFERS = 1_500
MOST_HTML = 25 * 1024
TABLE = "workorders_workorder"
AT_ONCE, EACH = 4, 5
FEW_MOVED, MANY_MOVED = 10, 50
MOST_EACH = 12
"""Its key and what came of it, the locked row, what it is reckoned by, two clocks, the row, its event, and no more."""


class Verdict(NamedTuple):
    """One thing that was checked: what it is, what was found, and whether that is good enough."""

    name: str
    found: str
    good: bool


# The same questions for one row as for fifty


def _pages(house: House, amount: str) -> Iterator[tuple[str, str, str]]:
    """Name, person and address of every list and detail page, where there is `amount` ("few", "many") of all."""
    company = house.company
    for audience in ("", "store ", "vendor "):
        who = f"{audience}{amount}".strip()
        request = RequestFactory().get("/")
        request.user = company.people[who]
        shell = Shell(request)
        lines = shell.tabs if audience else [line for group in shell.sections for line in group.items]
        for line in lines:
            yield f"{audience or 'desk '}{line.label.lower()}", who, line.url
    first = company.rows + (1 if amount == "few" else 5)
    orders = {row.status: row for row in WorkOrder.objects.filter(pk__range=(first, first + 3)).order_by("pk")}
    for status, row in orders.items():
        yield f"desk work order, {status}", amount, reverse("workorders:order", args=[row.number])
        yield f"store request, {status}", f"store {amount}", reverse("workorders:request", args=[row.number])
        yield f"vendor job, {status}", f"vendor {amount}", reverse("workorders:job", args=[row.number])
    for view in ("day", "week"):
        yield f"vendor schedule, {view}", f"vendor {amount}", f"{reverse('workorders:job_schedule')}?view={view}"
    yield (
        "vendor propose a time",
        f"vendor {amount}",
        reverse("workorders:offer_propose", args=[orders["offered"].offers.open().earliest("pk").pk]),
    )
    yield "vendor calendar", f"vendor {amount}", reverse("workorders:calendar")
    bill = Invoice.objects.get(work_order=orders["closed"])
    yield "desk invoice", amount, reverse("workorders:invoice", args=[bill.pk])
    yield "vendor bill", f"vendor {amount}", reverse("workorders:vendor_invoice", args=[bill.pk])
    unit = orders["offered"].asset
    if unit:
        yield "store unit", f"store {amount}", reverse("assets:unit", args=[unit.tag])
    yield "desk search", amount, f"{reverse('config:search')}?q={COMMON}"
    yield "store requests, finished", f"store {amount}", f"{reverse('workorders:requests')}?show=all"


def pages(house: House) -> list[Verdict]:
    """Every list and detail page asks as much for one row as for fifty, and not more than it may."""
    counts: dict[str, dict[str, int]] = {}
    for amount in ("few", "many"):
        for name, who, address in list(_pages(house, amount)):
            for _ in range(2):  # the second time, what is remembered about the person is there
                with counted() as statements:
                    house.ask(who, address)
            counts.setdefault(name, {})[amount] = asked(statements)
    verdicts = []
    for name, found in counts.items():
        one, many = found.get("few", 0), found.get("many", 0)
        verdicts.append(Verdict(f"{name}: 1 row, {MANY} rows", f"{one}, {many} queries", one == many <= MOST_QUERIES))
    return verdicts


def cases(house: House) -> list[Verdict]:
    """The cases that have a limit of questions keep it."""
    verdicts = []
    for case in CASES:
        if case.queries is None:
            continue
        do = case.make(house)
        for _ in range(2):
            with case.around(house), counted() as statements:
                do()
        found = asked(statements)
        verdicts.append(Verdict(f"{case.name}: at most {case.queries}", f"{found} queries", found <= case.queries))
    return verdicts


# One move for many rows


def bulk_moves(house: House) -> list[Verdict]:
    """Each row of a bulk move costs the same few statements, however many rows there are."""
    counts = []
    for most in (FEW_MOVED, MANY_MOVED):
        moved = len(desk.to_move(house, most))
        if moved != most:
            raise Wrong(f"Only {moved} work orders can be moved.")
        do = desk.bulk(house, most=most)
        do()
        with counted() as statements:
            do()
        counts.append(asked(statements))
    more, rows = counts[1] - counts[0], MANY_MOVED - FEW_MOVED
    name = f"bulk move: at most {MOST_EACH} statements a row"
    return [Verdict(name, f"{more} for {rows} rows more", more <= MOST_EACH * rows)]


# How the database finds the rows


class Plan(NamedTuple):
    """A query by name, and the indexes of which one must serve it."""

    name: str
    statements: list[tuple[str, Any]]
    indexes: tuple[str, ...]


def _named(house: House) -> Iterator[Plan]:
    company, now = house.company, house.company.now
    due = queue.ORDERS["due"]

    def seen(who: str) -> Any:
        return WorkOrder.objects.visible_to(company.people[who])

    with counted() as statements:
        page = queue.page_of(seen("desk").open(), order=due, now=now)
    yield Plan("queue, everything", list(statements), ("work_order_queue",))
    with counted() as statements:
        queue.page_of(seen("desk").open(), order=due, now=now, after=page.after)
    yield Plan("queue, next page", list(statements), ("work_order_queue",))
    for who in ("region", "district"):
        with counted() as statements:
            queue.page_of(seen(who).open(), order=due, now=now)
        yield Plan(f"queue, one {who}", list(statements), ("work_order_queue", "work_order_region_queue"))
    with counted() as statements:
        queue.counts({"open": seen("desk").open()})
    yield Plan("queue, how many", list(statements), ("work_order_",))
    for said, word in (("no match", ABSENT), ("few matches", RARE)):
        with counted() as statements:
            search.find(company.people["desk"], word, history=True)
        yield Plan(f"search, {said}", list(statements), ("work_order_search",))
    screen = duplicates(house, "store many", crowded=True)
    with counted() as statements:
        screen()
    screened = [one for one in statements if 'AS "strength"' in one[0]]
    yield Plan("duplicates where much is open", screened, ("work_order_site_open",))
    with counted() as statements:
        search.find(company.people["desk"], company.long_number)
    yield Plan("search, number", list(statements), ("number",))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def plans(house: House) -> list[Verdict]:
    """Named queries use their index, scan no work orders, and read few pages of memory."""
    verdicts = []
    for named in _named(house):
        used: set[str] = set()
        scans = buffers = 0
        for sql, values in named.statements:
            if TABLE not in sql or sql.startswith("EXPLAIN"):
                continue
            plan = explained(house.database, sql, values)["Plan"]
            buffers += buffers_of(plan)
            for node in _nodes(plan):
                used.add(node.get("Index Name", ""))
                scans += node["Node Type"].endswith("Seq Scan") and node.get("Relation Name") == TABLE
        served = any(index in name for name in used for index in named.indexes)
        said = f"{buffers} buffers, {scans} scans, {', '.join(sorted(used - {''})) or 'no index'}"
        verdicts.append(Verdict(f"plan of {named.name}", said, served and not scans and buffers <= MOST_BUFFERS))
    return verdicts


# How much HTML the queue is


def sizes(house: House) -> list[Verdict]:
    """Fifty rows of the queue are not more than `MOST_HTML` bytes, their headings included."""
    page = house.ask("desk", "/queue")
    rows = getattr(page, "content", b"").partition(b"<tbody>")[2].partition(b"</tbody>")[0]
    number = rows.count(b"<tr") - rows.count(b"class=grp")
    said = f"{len(rows):,} bytes, {number} rows"
    return [
        Verdict(
            f"rows of the queue: at most {MOST_HTML:,} bytes", said, number == queue.PAGE and len(rows) <= MOST_HTML
        )
    ]


# Several at once


def at_once(house: House) -> list[Verdict]:
    """Four stores that report at the same moment each get their numbers, none of them twice."""
    barrier = threading.Barrier(AT_ONCE)

    def store(place: int) -> list[str]:
        database = open_connection(str(house.database.settings_dict["NAME"]))
        try:
            with at(database):
                by, site = house.company.people[f"store {place}"], Site.objects.get(pk=place)
                unit = site.assets.select_related("category__trade").order_by("pk")[0]
                barrier.wait(30)
                return [_one(by, site, unit) for _ in range(EACH)]
        finally:
            database.close()

    def _one(by: Any, site: Site, unit: Any) -> str:
        now = timezone.now()

        def act() -> str:
            return intake.report(
                by=by, now=now, site=site, trade=unit.category.trade, asset=unit, description="It stopped."
            ).number

        return once(key=fresh_key(), by=by, action="report", now=now, act=act)

    before = WorkOrder.objects.count()
    numbers: list[str] = []
    failures = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for work in [pool.submit(store, place) for place in range(1, AT_ONCE + 1)]:
            try:
                numbers += work.result()
            except Exception:
                failures += 1
    good = not failures and len(set(numbers)) == AT_ONCE * EACH == WorkOrder.objects.count() - before
    connection.close()
    return [Verdict(f"{AT_ONCE} stores report at once", f"{len(set(numbers))} numbers, {failures} failures", good)]


def every(house: House) -> list[Verdict]:
    """All that is checked, at one size."""
    return [*cases(house), *pages(house), *bulk_moves(house), *plans(house), *sizes(house), *at_once(house)]
