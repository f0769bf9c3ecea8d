"""The dashboard: what needs this person now, and where work waits."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.guards import requires
from accounts.models import User
from accounts.permissions import Act, may
from accounts.together import Asking, ask, rows_of, side_by_side
from accounts.words import money_short
from assets.models import Priority
from reporting import board, measures
from workorders import queue
from workorders.filters import QueueFilter
from workorders.labels import MARKS
from workorders.models import Invoice, Status, WorkOrder

SHOWN = 5
NOON, EVENING = 12, 18
STAGES = (Status.NEW, Status.READY, Status.OFFERED, Status.SCHEDULED, Status.IN_PROGRESS, Status.ON_HOLD,
          Status.COMPLETED)  # fmt: skip


class Need(NamedTuple):
    """One tile: something that waits for this person."""

    label: str
    count: str
    sub: str
    icon: str
    tone: str
    url: str


class Wait(NamedTuple):
    """How much work stands in one status."""

    label: str
    tone: str
    icon: str
    count: int
    said: str
    url: str


class Age(NamedTuple):
    """How much work has been open for about as long."""

    label: str
    count: int


@require_GET
@requires(Act.VIEW_DESK)
def dashboard(request: HttpRequest) -> HttpResponse:
    """What needs me now, and how my places are."""
    now = timezone.now()
    today = timezone.localdate(now)
    seen = WorkOrder.objects.visible_to(request.user, Act.VIEW_DESK)
    emergencies = seen.open().filter(priority=Priority.P1)
    sets = {
        "triage": seen.open().filter(status=Status.NEW),
        "urgent": emergencies.filter(status=Status.NEW),
        "emergencies": emergencies,
        "overdue": seen.overdue(now),
        "declined": QueueFilter(QueryDict("declined=true"), by=request.user, now=now).qs,
        "verify": seen.open().filter(status=Status.COMPLETED),
        "open": seen.open(),
        **{f"stage:{status}": seen.open().filter(status=status) for status in STAGES},
    }
    counts = queue.counts(sets)
    waits = [
        Wait(MARKS[status].label, MARKS[status].tone, MARKS[status].icon, counts[f"stage:{status}"],
             queue.said(counts[f"stage:{status}"]), _queue(f"status={status}"))
        for status in STAGES
    ]  # fmt: skip
    (found, waiting, figures) = ask(
        side_by_side(
            measures.open_by_age(request.user, now=now),
            _waiting(request.user),
            _figures(request.user, today, now),
        )
    )
    ages = [Age(label, count) for label, count in found]
    context = {
        "greeting": _greeting(now),
        "now": now,
        "today": today,
        "open": queue.said(counts["open"]),
        "needs": _needs(counts, waiting),
        "waits": waits,
        "most": max(wait.count for wait in waits) or 1,
        "ages": ages,
        "oldest": max(age.count for age in ages) or 1,
        "emergencies": queue.page_of(emergencies, order=queue.ORDERS["due"], now=now).lines[:SHOWN],
        "urgent": queue.said(counts["emergencies"]),
        "costly": [
            line for line in queue.page_of(seen.open(), order=queue.ORDERS["cost"], now=now).lines[:SHOWN]
            if line.cost_per_hour_amount
        ],
        **figures,
    }  # fmt: skip
    return render(request, "reporting/dashboard.html", context)


def _figures(by: User, today: date, now: datetime) -> Asking[dict[str, Any]]:
    """What is measured over weeks and months, as far as this person may read it."""
    asked: dict[str, Asking[Any]] = {}
    if may(by, Act.VIEW_REPORTS):
        asked["figures"] = board.figures(by, today=today, now=now)
        asked["weeks"] = board.by_week(by, today=today)
    if may(by, Act.VIEW_SPEND):
        asked["spending"] = board.spending(by, today=today)
    if may(by, Act.VIEW_VENDORS):
        asked["watched"] = board.to_watch(by)
    found = yield from side_by_side(*asked.values())
    return {
        "days": board.DAYS,
        "may_spend": may(by, Act.VIEW_SPEND),
        "may_watch": may(by, Act.VIEW_VENDORS),
        **dict(zip(asked, found, strict=True)),
    }


def _queue(query: str) -> str:
    return f"{reverse('workorders:queue')}?{query}"


def _greeting(now: datetime) -> str:
    hour = timezone.localtime(now).hour
    return "Good morning" if hour < NOON else "Good afternoon" if hour < EVENING else "Good evening"


def _needs(counts: dict[str, int], waiting: Need | None) -> list[Need]:
    said = {name: queue.said(count) for name, count in counts.items()}
    needs = [
        Need("Needs triage", said["triage"], _emergencies(counts["urgent"]), "inbox", "us", _queue("status=new")),
        Need("Overdue", said["overdue"], "open past its due time", "circle-alert", "bad", _queue("due=overdue")),
        Need("Declined", said["declined"], "pick another vendor", "undo-2", "bad", _queue("declined=true")),
        Need("To verify", said["verify"], "completed, not confirmed", "clipboard-check", "us",
             _queue("status=completed")),
    ]  # fmt: skip
    if waiting:
        needs.insert(1, waiting)
    return needs


def _emergencies(count: int) -> str:
    if not count:
        return "no emergencies"
    return "1 emergency" if count == 1 else f"{queue.said(count)} emergencies"


def _waiting(by: User) -> Asking[Need | None]:
    """Bills that wait, by currency: sums of different currencies are never added. Nothing for who decides on none."""
    if not may(by, Act.APPROVE_INVOICE):
        return None
    waiting = Invoice.objects.visible_to(by, Act.APPROVE_INVOICE).waiting().order_by("currency")
    sums = yield from rows_of(waiting.values_list("currency").annotate(total=Sum("total_amount"), number=Count("pk")))
    total = " and ".join(money_short(amount or Decimal(0), currency) for currency, amount, _ in sums)
    return Need(
        "Needs approval", f"{sum(number for *_, number in sums):,}", f"{total} waiting" if total else "no invoices",
        "stamp", "us", reverse("workorders:approvals"),
    )  # fmt: skip
