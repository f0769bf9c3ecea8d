"""The cases: what people and jobs do all day, and what each may cost against its floor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any
from urllib.parse import urlencode

from django.db import connection, transaction

from accounts.once import FIELD, fresh_key
from accounts.together import ask
from assets.models import Asset, Site
from config.bench import desk, expiring, pool, ranking
from config.bench.floors import FIFTY
from config.bench.load import ABSENT, COMMON, RARE, SELDOM
from config.bench.measure import Case, House, Wrong, counted, undone
from reporting import scorecards, tallies
from workorders import expiry, queue, screening, sla
from workorders.models import WorkOrder

DEEP = 500
"""The page of the queue that is called deep; the last full one where there are fewer."""

F1, F1_STORE, F2, S0 = "F1 empty page", "F1 empty page, store", "F2 empty page and one row", "S0 fifty rows by key"
ONE_LOOK = "one look at what is scored"
LOOKED_AT = {
    "workorder": ("vendor_id", "completed_at"), "clock": ("work_order_id", "stopped_at"),
    "offer": ("vendor_id", "offered_at"), "visit": ("vendor_id", "checked_out_at"),
    "invoice": ("vendor_id", "submitted_at"),
}  # fmt: skip
ONE_UPDATE = "one UPDATE of the due clocks"
WRITTEN_ONCE = "expired offers, their work and clocks written once"
PAIRS = "60,000 pairs told apart"
RANK_1000 = "ranking, 1,000 vendors"
SWEPT_AT = timedelta(days=1)


def page(who: str, address: str) -> Callable[[House], Callable[[], Any]]:
    return lambda house: lambda: house.ask(who, address)


def _fifty(house: House) -> Callable[[], Any]:
    keys = [1 + (place * 7919) % house.company.rows for place in range(50)]

    def do() -> None:
        with connection.cursor() as cursor:
            cursor.execute(FIFTY, [keys])
            cursor.fetchall()

    return do


def _rows_of_queue(who: str) -> Callable[[House], Callable[[], Any]]:
    """The very statement with which the queue reads a page, as this person asks it."""

    def make(house: House) -> Callable[[], Any]:
        rows = WorkOrder.objects.visible_to(house.company.people[who]).open()
        with counted() as statements:
            queue.page_of(rows, order=queue.ORDERS["due"], now=house.company.now)
        (sql, values) = next(pair for pair in statements if "workorders_workorder" in pair[0])

        def do() -> None:
            with connection.cursor() as cursor:
                cursor.execute(sql, values)
                cursor.fetchall()

        return do

    return make


def _deep(who: str) -> Callable[[House], Callable[[], Any]]:
    def make(house: House) -> Callable[[], Any]:
        rows = WorkOrder.objects.visible_to(house.company.people[who]).open().by_due()
        skip = max(0, min((DEEP - 1) * queue.PAGE, rows.count() - queue.PAGE) - 1)
        due_at, pk = rows.values_list("due_at", "pk")[skip]
        key = urlencode({"after": f"{due_at}{queue.SEPARATOR}{pk}"})
        return lambda: house.ask(who, f"/queue?{key}")

    return make


def _detail(which: str) -> Callable[[House], Callable[[], Any]]:
    return lambda house: lambda: house.ask("desk", f"/work-orders/{getattr(house.company, which)}")


# The report of a store


def _report(house: House) -> Callable[[], Any]:
    site = Site.objects.get(pk=1)
    # A unit of a trade in which nothing is open here, so that no report resembles another.
    busy = WorkOrder.objects.open().filter(site=site).values("trade_id")
    unit = (
        Asset.objects.filter(site=site).exclude(category__trade_id__in=busy).select_related("category__trade").first()
    )
    if unit is None:
        raise Wrong("Every trade has open work at the first site.")
    trade = unit.category.trade
    problem = trade.problem_types.prefetch_related("questions").order_by("pk").first()
    answers = {f"question_{question.pk}": "no" for question in problem.questions.all()} if problem else {}
    form = {
        "site": site.code, "trade": trade.code, "problem_type": problem.pk if problem else "other", "asset": unit.tag,
        "working": "down", "description": "It stopped in the night, and the display is dark.",
        "requester_name": "Night crew", **answers,
    }  # fmt: skip
    return lambda: house.ask("store 1", "/report", {**form, FIELD: fresh_key()}, expect=302)


def _forget_report(house: House) -> None:
    """What was reported is over, so that the next one is not taken for the same."""
    WorkOrder.objects.filter(pk__gt=house.company.rows, site_id=1).open().update(
        status="canceled", canceled_at=house.company.now, cancel_reason="Measured"
    )


# Screening


def duplicates(house: House, who: str, *, crowded: bool) -> Callable[[], Any]:
    """Hold a report of a store against what is open there: at the first site, or where as much is open as anywhere."""
    site = Site.objects.trading().order_by("-pk" if crowded else "pk")[0]
    row = WorkOrder.objects.open().filter(site=site, asset__isnull=False).select_related("asset", "trade").first()
    if row is None:
        raise Wrong(f"Nothing is open at {site}.")

    def do() -> None:
        found = ask(screening.duplicates(
            site=site, trade=row.trade, by=house.company.people[who], now=house.company.now, asset=row.asset,
            problem_type=row.problem_type, words="It stopped in the night, and the display is dark.",
        ))  # fmt: skip
        if not found:
            raise Wrong("Screening found nothing that looks the same.")

    return do


# The sweep


def _sweep(house: House) -> int:
    return sla.sweep(now=house.company.now + SWEPT_AT)


def _one_update(house: House) -> int:
    now = house.company.now + SWEPT_AT
    with connection.cursor() as cursor:
        cursor.execute("UPDATE workorders_clock SET told = 1, next_mark_at = marks[2] WHERE next_mark_at < %s", [now])
        return cursor.rowcount


def _nothing_due(house: House) -> Callable[[], Any]:
    return lambda: sla.sweep(now=house.company.now)


# The scores


def _one_look(house: House) -> Callable[[], Any]:
    """Each table that scores are made of, read once from end to end for each window, and nothing made of it. By one
    process, for the effort of others is not counted."""
    now = house.company.now

    def do() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
            for window in tallies.WINDOWS:
                since = now - timedelta(days=window)
                for table, (whose, at) in LOOKED_AT.items():
                    cursor.execute(f"SELECT count({whose}), max({at}) FROM workorders_{table} WHERE {at} > %s", [since])
                    cursor.fetchone()

    return do


def _scores(house: House) -> Callable[[], Any]:
    """The nightly pass over all vendors, each a day after the one before: work comes and goes, every mean moves."""
    nights = count(-60)
    return lambda: scorecards.score_vendors(now=house.company.now + next(nights) * timedelta(days=1))


def _touched(house: House) -> Callable[[], Any]:
    """The cards of one vendor in one trade, after one of its jobs was verified."""
    pair = WorkOrder.objects.exclude(vendor=None).order_by("-pk").values_list("vendor_id", "trade_id")[0]
    return lambda: scorecards.rescore([pair], now=house.company.now)


def _search(words: str, *, history: bool = False) -> Callable[[House], Callable[[], Any]]:
    return page("desk", f"/search?q={words}{'&history=1' if history else ''}")


CASES = [
    Case(F1, page("desk", "/bench/empty")),
    Case(F1_STORE, page("store 1", "/bench/empty")),
    Case(F2, page("store 1", "/bench/one-row")),
    Case(S0, _fifty),
    Case("queue, everything", page("desk", "/queue"), floor=F1, at_most=3.0, growth=1.2, queries=6, row="1, 2"),
    Case("queue, one region", page("region", "/queue"), floor=F1, at_most=3.8, growth=1.2, queries=6, row="1, 2"),
    Case("queue, one district", page("district", "/queue"), floor=F1, at_most=3.8, growth=1.2, queries=6, row="1, 2"),
    Case("queue, deep page", _deep("desk"), floor=F1, at_most=3.0, growth=1.2, queries=6, row="1, 2"),
    Case("queue's SQL, everything", _rows_of_queue("desk"), floor=S0, at_most=2.0, row="3"),
    Case("queue's SQL, one region", _rows_of_queue("region"), floor=S0, at_most=3.0, row="3"),
    Case("work order", _detail("short_number"), floor=F1, at_most=3.5, queries=8, row="5"),
    Case("work order, long history", _detail("long_number"), floor=F1, at_most=3.5, queries=8, row="5"),
    *(
        Case(f"search, {said}{'' if not history else ', all history'}", _search(word, history=history), floor=F1,
             at_most=3.5, row="6")
        for said, word in (("no match", ABSENT), ("three matches", RARE), ("one in a hundred", SELDOM),
                           ("nine in ten", COMMON), ("two words", f"{COMMON}+{SELDOM}"))
        for history in (False, True)
    ),
    Case("counts of 20 saved views", desk.counts_of_views, floor=S0, at_most=14.0, growth=1.2,
         queries=2, row="1"),
    Case("queue's news, nothing happened", lambda house: desk.news(house, happened=False), floor=F1, at_most=1.0,
         growth=1.2, queries=4, row="1"),
    Case("queue's news, times told anew", lambda house: desk.news(house, happened=True), floor=F1, at_most=5.0,
         growth=1.2, queries=8, row="1"),
    Case("bulk move of 500", desk.bulk, floor=F2, at_most=2.0 * desk.BULK, queries=12 * desk.BULK),
    *(
        Case(f"search as you type, {said}", desk.typed("desk", f"/search?q={word}", "palette-results"), floor=F1,
             at_most=3.5, queries=8, row="6")
        for said, word in (("no match", ABSENT), ("three letters", COMMON[:3]), ("a word", COMMON))
    ),
    Case("problems suggested as the store types", desk.typed("store 1", "/report?say=cooler+door+leaks", "suggestions"),
         floor=F1_STORE, at_most=5.0, growth=1.2, queries=8, row="12"),
    Case(ONE_UPDATE, undone(_one_update)),
    Case("SLA sweep, a day's marks", undone(_sweep), floor=ONE_UPDATE, at_most=3.0, row="9"),
    Case("SLA sweep, nothing due", _nothing_due, ms=2.0, row="9"),
    Case(WRITTEN_ONCE, lambda house: lambda: expiring.write_once(house), before=expiring.make,
         after=expiring.take_back),
    Case("offers' sweep, 2,000 have expired", lambda house: lambda: expiring.sweep(house), before=expiring.make,
         after=expiring.take_back, floor=WRITTEN_ONCE, at_most=3.0, row="14"),
    Case("offers' sweep, nothing expired", lambda house: lambda: expiry.sweep(now=house.company.now), ms=2.0,
         queries=1, row="14"),
    Case(ONE_LOOK, _one_look),
    Case("scorecards of all vendors", _scores, floor=ONE_LOOK, at_most=2.0, queries=3, row="13"),
    Case("scorecards after one verification", _touched, queries=3, growth=1.5, row="13"),
    Case("duplicates at a store", lambda house: duplicates(house, "store 1", crowded=False), floor=S0, at_most=10.0,
         growth=1.2, queries=2, row="12"),
    Case("duplicates where much is open", lambda house: duplicates(house, "store many", crowded=True), floor=S0,
         at_most=10.0, growth=1.2, queries=2, row="12"),
    Case(PAIRS, pool.pairs),
    Case("gap list, 5,000 sites x 12 trades", pool.gap_list, floor=PAIRS, at_most=25.0, queries=2),
    Case("forecast of 9,000 planned jobs", pool.ahead, floor=PAIRS, at_most=15.0, queries=1),
    Case("papers' sweep, 500 are over", pool.ended, floor=PAIRS, at_most=12.0, queries=8),
    Case("papers' sweep, nothing to say", pool.nothing_ends, ms=20.0, queries=1),
    Case(RANK_1000, ranking.rank(1_000), floor=F1, at_most=2.0, queries=4),
    Case("ranking, 10,000 vendors", ranking.rank(10_000), floor=RANK_1000, at_most=1.5, queries=4),
    Case("report sent", _report, after=_forget_report, floor=F2, at_most=3.5, queries=12, row="12"),
]  # fmt: skip
