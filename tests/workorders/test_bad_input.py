"""Bad input at intake: a clear sentence for each, and nothing lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts.models import User
from accounts.once import fresh_key
from assets.models import AssetStatus, ProblemType
from tests.cast import Cast
from tests.factories.assets import AssetFactory
from tests.factories.clock import NOW
from tests.factories.workorders import Story
from workorders import intake
from workorders.models import WorkOrder
from workorders.refusals import Incomplete

pytestmark = pytest.mark.django_db

Enter = Callable[[User], Client]
WORDS_AND_SIGNS = "❄️ الثلاجة لا تعمل 🧊 — המקרר חם \u202ereversed\u202c 冷蔵庫が暖かい"


def answers(cast: Cast, **changed: Any) -> dict[str, Any]:
    return {
        "operation": fresh_key(), "site": cast.hilltop.code, "trade": cast.refrigeration.code,
        "problem_type": str(cast.too_warm.pk), "asset": cast.cooler.tag, "working": "down",
        "description": "Dairy walk-in is at 52.", "access_note": "Rear dock", "requester_name": "Jo Alvarez",
        "requester_phone": "253 555 0114", **changed,
    }  # fmt: skip


def said(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def problem(cast: Cast, **changed: Any) -> dict[str, Any]:
    """A problem type as its settings page sends it."""
    return {
        "operation": fresh_key(), "trade": cast.refrigeration.pk, "name": "Hums", "default_priority": 3,
        "sort_order": 100, "photos_required": 0, "downtime_cost_amount": "0", "duplicate_window_days": 30,
        "repeat_window_days": 30, "question_lines": "P1 Is it loud?", "step_lines": "Close the door", **changed,
    }  # fmt: skip


class TestAProblemType:
    @pytest.mark.parametrize("field", ["duplicate_window_days", "repeat_window_days"])
    @pytest.mark.parametrize("days", ["-1", "100000", "soon"])
    def test_with_a_window_that_is_no_number_of_days_is_refused(
        self, cast: Cast, enter: Enter, field: str, days: str
    ) -> None:
        response = enter(cast.admin).post("/settings/problems/new", problem(cast, **{field: days}))
        page = said(response)
        assert response.status_code == 422
        assert "Enter a number of days, 0 to 730." in page
        assert f'value="{days}"' in page
        assert "P1 Is it loud?" in page
        assert not ProblemType.objects.filter(name="Hums").exists()

    @pytest.mark.parametrize("likeness", ["0", "1.5", "-1"])
    def test_with_a_likeness_that_no_words_have_is_refused(self, cast: Cast, enter: Enter, likeness: str) -> None:
        response = enter(cast.admin).post("/settings/problems/new", problem(cast, likeness_needed=likeness))
        assert response.status_code == 422
        assert "Enter 0.10 to 1.00, or leave it empty." in said(response)

    @pytest.mark.parametrize("name", ["Cooler too warm", "COOLER TOO WARM"])
    def test_of_a_name_that_its_trade_has_already_is_refused(self, cast: Cast, enter: Enter, name: str) -> None:
        assert cast.too_warm
        response = enter(cast.admin).post("/settings/problems/new", problem(cast, name=name))
        assert response.status_code == 422
        assert "This trade has a problem type of that name." in said(response)

    def test_keeps_its_windows_and_its_likeness(self, cast: Cast, enter: Enter) -> None:
        facts = problem(cast, duplicate_window_days=3, repeat_window_days=7, likeness_needed="0.7")
        assert enter(cast.admin).post("/settings/problems/new", facts).status_code == 302
        row = ProblemType.objects.get(name="Hums")
        assert (row.duplicate_window_days, row.repeat_window_days, str(row.likeness_needed)) == (3, 7, "0.70")

    @pytest.mark.parametrize(
        "change", ["repeat_window_days = -1", "duplicate_window_days = 731", "likeness_needed = 0.05"]
    )
    def test_is_refused_by_the_database_too(self, cast: Cast, change: str) -> None:
        sql = f"UPDATE assets_problemtype SET {change} WHERE id = %s"
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, [cast.too_warm.pk])


class TestAReport:
    def test_of_fifty_thousand_words_comes_back_whole(self, cast: Cast, enter: Enter) -> None:
        long = "warm " * 50_000
        response = enter(cast.store).post("/report", answers(cast, description=long))
        page = response.content.decode()
        assert response.status_code == 422
        assert "This is too long for one report. Keep the first 20,000 characters" in page
        assert page.count("warm") >= 50_000
        assert "Rear dock" in page
        assert not WorkOrder.objects.exists()

    def test_of_fifty_thousand_words_is_refused_by_the_rule_whoever_brings_it(self, cast: Cast) -> None:
        with pytest.raises(Incomplete, match="too long for one report"):
            Story(cast).reported(description="warm " * 50_000)

    def test_in_any_alphabet_is_kept_to_the_letter_and_shown(self, cast: Cast, enter: Enter) -> None:
        response = enter(cast.store).post("/report", answers(cast, description=WORDS_AND_SIGNS, problem_type="other"))
        assert response.status_code == 302
        row = WorkOrder.objects.get()
        assert (row.description, row.title) == (WORDS_AND_SIGNS, WORDS_AND_SIGNS)
        assert WORDS_AND_SIGNS in enter(cast.fm).get(f"/work-orders/{row.number}").content.decode()
        assert WORDS_AND_SIGNS in enter(cast.store).get(f"/requests/{row.number}").content.decode()

    def test_in_any_alphabet_is_screened(self, cast: Cast) -> None:
        loose = {"asset": None, "problem_type": None, "description": WORDS_AND_SIGNS}
        first = Story(cast).reported(**loose).work_order
        second = Story(cast).reported(**loose).work_order
        assert second.screenings.get(step="duplicate").related == first

    def test_with_a_script_for_a_photo_keeps_every_answer(self, cast: Cast, enter: Enter) -> None:
        for name, content in (("cat.jpg", b"<script>alert(1)</script>"), ("cat.svg", b"<svg onload='alert(1)'/>")):
            fake = SimpleUploadedFile(name, content, content_type="image/jpeg")
            response = enter(cast.store).post("/report", answers(cast, photos=[fake]))
            page = said(response)
            assert response.status_code == 422
            assert name in page
            assert "Dairy walk-in is at 52." in page
        assert not WorkOrder.objects.exists()

    def test_of_markup_is_shown_as_words(self, cast: Cast, enter: Enter) -> None:
        row = Story(cast).reported(description="<b onclick=x>warm</b>").work_order
        page = enter(cast.fm).get(f"/work-orders/{row.number}").content.decode()
        assert "<b onclick" not in page
        assert "&lt;b onclick=x&gt;warm" in page


class TestALabel:
    def test_of_a_retired_unit_says_so_and_leaves_the_rest_to_be_reported(self, cast: Cast, enter: Enter) -> None:
        assert cast.cooler
        AssetFactory(
            tag="RF-114-01", name="Old cooler", site=cast.hilltop, category=cast.cooler.category,
            condition=AssetStatus.RETIRED,
        )  # fmt: skip
        page = said(enter(cast.store).get("/report?asset=rf-114-01"))
        assert "RF-114-01 Old cooler is retired.</strong> Choose the unit that stands there now." in page
        assert 'value="RF-114-02"' in page

    def test_of_a_retired_unit_of_another_store_says_nothing_of_it(self, cast: Cast, enter: Enter) -> None:
        AssetFactory(
            tag="RF-201-01", name="Secret cooler", site=cast.desert, category=cast.cooler.category,
            condition=AssetStatus.RETIRED,
        )  # fmt: skip
        page = said(enter(cast.store).get("/report?asset=RF-201-01"))
        assert "Nothing here has the code RF-201-01" in page
        assert "Secret" not in page

    def test_of_a_unit_that_retired_meanwhile_is_refused_by_the_rule(self, cast: Cast) -> None:
        cast.cooler.condition = AssetStatus.RETIRED
        cast.cooler.save()
        with pytest.raises(Incomplete, match="RF-114-02 is retired"):
            intake.report(
                by=cast.store, now=NOW, site=cast.hilltop, trade=cast.refrigeration, asset=cast.cooler,
                description="Warm",
            )  # fmt: skip
