"""Settings: only an administrator changes them, and every change is kept with who and when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import LogEvent, User
from accounts.models.setting import Setting
from accounts.once import fresh_key
from accounts.thresholds import REGISTRY
from assets.models import MEANINGS, Calendar, Priority, PriorityMeaning
from config.catalogs import CATALOGS
from config.thresholds import DECLARING, every_threshold
from tests.cast import Cast
from tests.factories.clock import NOW
from tests.house.reading import calls, modules
from vendors.models import Requirement
from workorders.catalog import load_catalog
from workorders.models import DispatchPolicy, Reason, SlaTarget
from workorders.terms import EXPIRY, WEIGHTS

type Enter = Callable[[User], Client]


def said(response: Any) -> str:
    return str(response.content.decode())


@pytest.mark.parametrize("page", ["", "/thresholds", *(f"/{name}" for name in CATALOGS)])
def test_settings_are_the_administrators(cast: Cast, enter: Enter, page: str) -> None:
    assert enter(cast.admin).get(f"/settings{page}").status_code == 200
    for other in (cast.fm, cast.auditor, cast.store, cast.dispatcher):
        assert enter(other).get(f"/settings{page}").status_code == 403


def test_every_room_that_declares_a_threshold_is_known() -> None:
    declaring = {
        module.removesuffix(".py").replace("/", ".")
        for module, tree in modules().items()
        if module != "accounts/thresholds.py" and any(called == "declare" for called, _ in calls(tree))
    }
    assert declaring == set(DECLARING)


def test_every_threshold_is_listed_and_opens(cast: Cast, enter: Enter) -> None:
    client = enter(cast.admin)
    page = said(client.get("/settings/thresholds"))
    assert [name for name in every_threshold() if f"/settings/thresholds/{name}" not in page] == []
    assert client.get("/settings/thresholds/nothing").status_code == 404


def test_the_last_weight_of_dispatch_cannot_be_nothing(cast: Cast, enter: Enter) -> None:
    client, names = enter(cast.admin), [one.name for one in WEIGHTS.values()]
    answers = [client.post(f"/settings/thresholds/{name}", {"value": "0", "operation": fresh_key()}) for name in names]
    assert [answer.status_code for answer in answers] == [302, 302, 302, 302, 302, 422]
    assert "every other weight of dispatch is 0. Give one of them a value first." in said(answers[-1])
    assert WEIGHTS["preference"].value() == Decimal("0.10")


def test_a_threshold_keeps_its_versions(cast: Cast, enter: Enter) -> None:
    client, address = enter(cast.admin), "/settings/thresholds/silence.verify"
    refused = client.post(address, {"value": "-1", "operation": fresh_key()})
    assert refused.status_code == 422
    for value in ("4", "7"):
        client.post(address, {"value": value, "operation": fresh_key()})
    assert REGISTRY["silence.verify"].value() == 7
    assert [row.changed_by for row in Setting.objects.filter(name="silence.verify")] == [cast.admin] * 2
    page = said(client.get(address))
    assert "<b>4</b>" in page
    assert "Ada Admin" in page


def test_a_share_stays_a_share_and_a_switch_a_switch(cast: Cast, enter: Enter) -> None:
    client = enter(cast.admin)
    client.post("/settings/thresholds/dispatch.weight_cost", {"value": "0.25", "operation": fresh_key()})
    client.post("/settings/thresholds/offers.cascade_on", {"operation": fresh_key()})
    assert str(REGISTRY["dispatch.weight_cost"].value()) == "0.25"
    assert REGISTRY["offers.cascade_on"].value() is False


def test_a_target_is_set_once_per_milestone_and_place(cast: Cast, enter: Enter) -> None:
    answers = {
        "milestone": "arrival", "priority": "1", "trade": cast.plumbing.pk, "tier": "", "minutes": "90",
        "clock_type": "elapsed", "operation": fresh_key(),
    }  # fmt: skip
    client = enter(cast.admin)
    assert client.post("/settings/targets/new", answers).status_code == 302
    again = client.post("/settings/targets/new", answers | {"operation": fresh_key()})
    assert again.status_code == 422
    row = SlaTarget.objects.get(trade=cast.plumbing)
    assert "Arrival: 1 h 30 m" in said(client.get("/settings/targets"))
    assert client.post(f"/settings/targets/{row.pk}/remove").status_code == 302
    assert not SlaTarget.objects.filter(pk=row.pk).exists()


def test_a_priority_says_what_it_means_and_keeps_what_it_was(cast: Cast, enter: Enter) -> None:
    load_catalog(now=NOW)
    client, row = enter(cast.admin), PriorityMeaning.objects.get(priority=1)
    with CaptureQueriesContext(connection) as asked:
        page = said(client.get("/settings/priorities"))
    assert len(asked) <= 8
    assert "P1 Emergency" in page
    assert MEANINGS[Priority.P1] in page
    assert "arrival 24 h in opening hours" in page
    assert "offers answered within 30 minutes" in page
    assert "offers answered within 24 business hours" in page
    assert "/settings/targets" in page
    address = f"/settings/priorities/{row.pk}"
    answers = {"meaning": "A person is hurt, or the doors stay shut.", "answer_within": "20"}
    assert client.post(address, answers | {"operation": fresh_key()}).status_code == 302
    assert EXPIRY[Priority.P1].value() == 20
    assert "offers answered within 20 minutes" in said(client.get("/settings/priorities"))
    page = said(client.get(address))
    assert "Ada Admin" in page
    assert "What it means: People are in danger" in page
    assert "Offers are answered within: 30" in page
    for wrong in ({"answer_within": "2"}, {"answer_within": "ten"}, {"meaning": ""}, {"meaning": "x" * 161}):
        refused = client.post(address, answers | wrong | {"operation": fresh_key()})
        assert refused.status_code == 422
        assert list(refused.context["form"].errors) == list(wrong)
    assert EXPIRY[Priority.P1].value() == 20
    for nowhere in ("new", f"{row.pk}/remove", f"{row.pk}/retire"):
        assert client.post(f"/settings/priorities/{nowhere}", answers).status_code == 404


def test_who_reports_is_told_what_the_priority_means_here(cast: Cast, enter: Enter) -> None:
    PriorityMeaning.objects.create(priority=3, meaning="Within the week is soon enough.")
    look = {"look": "1", "site": cast.hilltop.code, "trade": cast.plumbing.code, "problem_type": cast.leak.pk}
    page = said(enter(cast.store).post("/report", look))
    assert "This goes as P3 Standard.</strong> Within the week is soon enough." in page
    PriorityMeaning.objects.all().delete()
    assert MEANINGS[Priority.P3] in said(enter(cast.store).post("/report", look))


def test_a_dispatch_policy_is_entered_changed_and_told_with_who_and_what(cast: Cast, enter: Enter) -> None:
    weights = {f"weight_{name}": "0" for name in ("scorecard", "cost", "arrival", "distance", "load", "preference")}
    answers = {
        "trade": cast.plumbing.pk, "region": cast.north.pk, "priority": "1", "order": "score", "mode": "broadcast",
        "cascade_depth": "3", "broadcast_size": "4", "expires_in": "20", "expires_unit": "minutes", **weights,
    }  # fmt: skip
    client = enter(cast.admin)
    refused = client.post("/settings/dispatch/new", answers | {"operation": fresh_key()})
    assert refused.status_code == 422
    assert "Give at least one part a weight above 0, or every score is 0." in said(refused)
    assert 'value="20"' in said(refused)
    answers["weight_arrival"] = "1"
    assert client.post("/settings/dispatch/new", answers | {"operation": fresh_key()}).status_code == 302
    row = DispatchPolicy.objects.get()
    page = said(client.get("/settings/dispatch"))
    for words in ("Plumbing, P1, North", "Offer to several, first wins", "to 4 at once", "open for 20 minutes"):
        assert words in page
    again = client.post("/settings/dispatch/new", answers | {"operation": fresh_key()})
    assert "Another policy speaks of the same trade, priority and region." in said(again)
    address = f"/settings/dispatch/{row.pk}"
    assert client.post(address, answers | {"mode": "offer", "operation": fresh_key()}).status_code == 302
    page = said(client.get(address))
    assert "Ada Admin" in page
    assert "Who asks: broadcast" in page
    assert client.post(f"{address}/remove").status_code == 302
    assert not DispatchPolicy.objects.exists()


def test_a_problem_asks_and_advises_in_order_and_keeps_what_was_asked(cast: Cast, enter: Enter) -> None:
    client, address = enter(cast.admin), f"/settings/problems/{cast.leak.pk}"
    answers = {
        "trade": cast.plumbing.pk, "name": "Leak", "default_priority": "3", "sort_order": "10", "photos_required": "1",
        "downtime_cost_amount": "0", "duplicate_window_days": "30", "repeat_window_days": "30",
        "question_lines": "P1 Is water near power?\nP2 Is stock wet? (stock)", "step_lines": "Close the valve",
    }  # fmt: skip
    assert client.post(address, answers | {"operation": fresh_key()}).status_code == 302
    asked = [(row.text, row.level_if_yes, row.puts_stock_at_risk) for row in cast.leak.questions.all()]
    assert asked == [("Is water near power?", 1, False), ("Is stock wet?", 2, True)]
    client.post(address, answers | {"question_lines": "P2 Is stock wet?", "operation": fresh_key()})
    assert cast.leak.questions.get(retired_at=None).text == "Is stock wet?"
    assert cast.leak.questions.count() == 2
    wrong = client.post(address, answers | {"question_lines": "Is it bad?", "operation": fresh_key()})
    assert "question_lines" in wrong.context["form"].errors


def test_a_reason_is_retired_and_offered_again(cast: Cast, enter: Enter) -> None:
    row = Reason.objects.create(under="hold", code="moon", label="Wrong phase of the moon")
    client = enter(cast.admin)
    client.post(f"/settings/reasons/{row.pk}/retire")
    assert not Reason.objects.under("hold").filter(pk=row.pk).exists()
    client.post(f"/settings/reasons/{row.pk}/return")
    assert Reason.objects.under("hold").filter(pk=row.pk).exists()
    assert client.post(f"/settings/reasons/{row.pk}/remove").status_code == 404
    assert LogEvent.objects.filter(stream=f"reason:{row.pk}").count() == 2


def test_a_paper_is_asked_for_and_a_calendar_closes(cast: Cast, enter: Enter) -> None:
    client = enter(cast.admin)
    answers = {"kind": "auto", "region": cast.north.pk, "minimum_limit_amount": "1000000", "blocks": "on"}
    assert client.post("/settings/requirements/new", answers | {"operation": fresh_key()}).status_code == 302
    assert Requirement.objects.get().region == cast.north
    answers = {"name": "Retail", "day_0": "09:00-21:00", "holiday_lines": "2026-12-25 Christmas"}
    assert client.post("/settings/calendars/new", answers | {"operation": fresh_key()}).status_code == 302
    made = Calendar.objects.get()
    assert made.holidays.get().day_on == date(2026, 12, 25)
    assert "1 holiday<" in said(client.get("/settings/calendars"))


def test_a_choice_that_is_not_made_yet_is_called_so(cast, enter):
    page = enter(cast.admin).get("/settings/problems/new").content.decode()
    assert '<option value="" selected>Choose</option>' in page
    assert "Select an option" not in page
