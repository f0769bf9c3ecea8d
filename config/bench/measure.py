"""Running cases: every case at every size in turn, so that what the machine does meanwhile falls on all alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

from django.core.handlers.base import BaseHandler
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http.response import HttpResponseBase
from django.test import RequestFactory

from config.bench import floors
from config.bench.databases import Effort, at, buffers_of, explained
from config.bench.load import Company


class Wrong(Exception):
    """A case did not do what it is there to measure; the text says which and how."""


@dataclass
class House:
    """One loaded size: its database, who is in it, and a door to its pages."""

    company: Company
    database: BaseDatabaseWrapper
    effort: Effort = field(init=False)
    handler: BaseHandler = field(default_factory=BaseHandler)

    def __post_init__(self) -> None:
        self.effort = Effort(self.database)
        self.handler.load_middleware()

    def ask(
        self, who: str, address: str, data: dict[str, Any] | None = None, *, expect: int = 200, into: str = ""
    ) -> HttpResponseBase:
        """The answer to one request of a signed-in person, through every middleware; with `into` as htmx asks."""
        factory = RequestFactory(SERVER_NAME="localhost")
        request = factory.get(address, secure=True) if data is None else factory.post(address, data, secure=True)
        if into:
            request.META |= {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": into}
        request.COOKIES["sessionid"] = self.company.cookies[who]
        request.urlconf = floors.__name__
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        response = self.handler.get_response(request)
        if response.status_code != expect:
            raise Wrong(f"{address} as {who} answered {response.status_code}, not {expect}.")
        return response


@dataclass(frozen=True)
class Case:
    """One thing that is measured: `make` prepares it for a house and returns what is timed.

    `before` lays out what one run needs and `after` puts back what it changed, both untimed. Targets: `floor` names
    the case it is a multiple of, `at_most` that multiple; `growth` the multiple of the smallest size, of the 95th
    percentile; `queries` how many it may ask; `ms` a number of milliseconds that no machine should need.
    """

    name: str
    make: Callable[[House], Callable[[], Any]]
    before: Callable[[House], None] | None = None
    after: Callable[[House], None] | None = None
    floor: str = ""
    at_most: float | None = None
    growth: float | None = None
    queries: int | None = None
    ms: float | None = None
    row: str = ""

    @contextmanager
    def around(self, house: House) -> Iterator[None]:
        """What comes before and after each run."""
        if self.before:
            self.before(house)
        try:
            yield
        finally:
            if self.after:
                self.after(house)


@dataclass
class Result:
    """What one case took at one size; times in milliseconds of processor, of the page and its database together.

    `buffers` are the pages of memory that its questions (not its writes) read, `html` the bytes of the page.
    """

    queries: int = 0
    buffers: int = 0
    html: int = 0
    times: list[float] = field(default_factory=list)
    walls: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return median(self.times)

    @property
    def p95(self) -> float:
        return quantiles(self.times, n=20, method="inclusive")[-1] if len(self.times) > 1 else self.times[0]


@contextmanager
def counted() -> Iterator[list[tuple[str, Any]]]:
    """Every statement that runs inside, with its values."""
    seen: list[tuple[str, Any]] = []

    def keep(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        seen.append((sql, values))
        return execute(sql, values, many, context)

    with connection.execute_wrapper(keep):
        yield seen


class _Undone(Exception):
    """Leaves a transaction so that nothing of it stays."""


def undone(act: Callable[[House], int]) -> Callable[[House], Callable[[], Any]]:
    """`act`, timed and then rolled back. Raises Wrong when there was nothing for it to do."""

    def make(house: House) -> Callable[[], Any]:
        def do() -> None:
            try:
                with transaction.atomic():
                    if not act(house):
                        raise Wrong("There was nothing to do.")
                    raise _Undone
            except _Undone:
                return

        return do

    return make


SMALL = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")


def asked(statements: list[tuple[str, Any]]) -> int:
    """How many of the statements are questions to the tables."""
    return sum(not sql.startswith(SMALL) for sql, _ in statements)


def run(cases: list[Case], houses: list[House], *, rounds: int, times: int, tell: Callable[[], Any]) -> dict[Any, Any]:
    """Each case at each size, `rounds` × `times` often, in turn. Results by (case, rows)."""
    made: dict[tuple[str, int], Callable[[], Any]] = {}
    results: dict[tuple[str, int], Result] = {}
    for house in houses:
        with at(house.database):
            for case in cases:
                key = case.name, house.company.rows
                do = made[key] = case.make(house)
                for _ in range(2):  # what is remembered and prepared from then on
                    with case.around(house), counted() as statements:
                        answer = do()
                results[key] = Result(asked(statements), _read(house, statements), len(getattr(answer, "content", b"")))
    for _ in range(rounds * times):
        for case in cases:
            for house in houses:
                key = case.name, house.company.rows
                with at(house.database), case.around(house):
                    _timed(made[key], house, results[key])
            tell()
    return results


def _read(house: House, statements: list[tuple[str, Any]]) -> int:
    """How many pages of memory the questions among `statements` read."""
    plans = [explained(house.database, sql, values) for sql, values in statements if sql.startswith("SELECT")]
    return sum(buffers_of(one["Plan"]) for one in plans)


def _timed(do: Callable[[], Any], house: House, result: Result) -> None:
    before, own, wall = house.effort.database_ns(), time.thread_time_ns(), time.perf_counter_ns()
    do()
    own, wall = time.thread_time_ns() - own, time.perf_counter_ns() - wall
    after = house.effort.database_ns()
    spent = wall if before is None or after is None else own + after - before
    result.times.append(spent / 1e6)
    result.walls.append(wall / 1e6)
