"""A store reports a problem: what the form asks, what it warns of, what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.once import fresh_key
from assets.models import CriticalityQuestion, SelfHelpStep, Site
from tests.cast import Cast
from tests.factories.assets import AreaFactory, AssetFactory, ProblemTypeFactory
from tests.factories.clock import NOW
from tests.factories.workorders import Story, photo
from workorders.models import (
    AttachmentKind,
    AvoidedVisit,
    DuplicateChoice,
    WorkOrder,
)

pytestmark = pytest.mark.django_db

Enter = Callable[[User], Client]


@pytest.fixture(autouse=True)
def in_july(time_machine: Any) -> None:
    """Pages read the clock: it stands at the present of the stories."""
    time_machine.move_to(NOW + timedelta(days=1), tick=False)


def answers(cast: Cast, **changed: Any) -> dict[str, Any]:
    """A complete report of the walk-in cooler, as the form sends it."""
    given = {
        "operation": fresh_key(),
        "site": cast.hilltop.code,
        "trade": cast.refrigeration.code,
        "problem_type": str(cast.too_warm.pk),
        "asset": cast.cooler.tag,
        "working": "down",
        "description": "Dairy walk-in is at 52.",
        "access_note": "Rear dock",
        "requester_name": "Jo Alvarez",
        "requester_phone": "253 555 0114",
        **changed,
    }
    return {name: value for name, value in given.items() if value is not None}


def said(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


# Reporting


def test_a_report_gets_a_number_and_its_page_at_once(cast: Cast, enter: Enter) -> None:
    client = enter(cast.store)
    response = client.post("/report", answers(cast, photos=[photo("display.jpg")]))
    row = WorkOrder.objects.get()
    assert response.status_code == 302
    assert response["Location"] == f"/requests/{row.number}"
    assert (row.status, row.asset, row.working, row.requester_name) == ("new", cast.cooler, "down", "Jo Alvarez")
    assert row.attachments.get().kind == AttachmentKind.PROBLEM
    page = said(client.get(response["Location"]))
    assert row.number in page
    assert "Facilities is looking at it" in page


def test_the_only_store_of_a_person_is_chosen_already(cast: Cast, enter: Enter) -> None:
    page = said(enter(cast.store).get("/report"))
    assert f'<input type="hidden" name="site" value="{cast.hilltop.code}"' in page


def test_a_person_with_several_stores_chooses(cast: Cast, enter: Enter) -> None:
    assert cast.hilltop != cast.harbor
    client = enter(cast.district)
    page = said(client.get("/report"))
    assert f'<option value="{cast.harbor.code}">' in page
    assert cast.desert.code not in page
    response = client.post("/report", answers(cast, site=""))
    assert response.status_code == 422
    assert "Choose the store." in said(response)


def test_a_report_for_a_store_out_of_sight_is_refused_like_one_that_does_not_exist(cast: Cast, enter: Enter) -> None:
    client = enter(cast.store)
    answered = [client.post("/report", answers(cast, site=code)) for code in (cast.desert.code, "M-999")]
    assert [response.status_code for response in answered] == [422, 422]
    assert not WorkOrder.objects.exists()
    assert cast.desert.name not in said(answered[0])


def test_bad_input_comes_back_with_every_answer_and_each_fault_by_its_field(cast: Cast, enter: Enter) -> None:
    response = enter(cast.store).post(
        "/report", answers(cast, description="", working=None, access_note="Ring the bell at the dock")
    )
    page = said(response)
    assert response.status_code == 422
    assert "<title>Error: Report a problem" in page
    assert 'href="#id_description">Say what is wrong, in your own words.' in page
    assert "Say whether it still works." in page
    assert "Ring the bell at the dock" in page
    assert re.search(rf'value="{cast.too_warm.pk}"[^>]*checked', page)
    assert re.search(rf'<option value="{cast.cooler.tag}" selected', page)
    assert not WorkOrder.objects.exists()


def test_sending_twice_reports_once(cast: Cast, enter: Enter) -> None:
    client = enter(cast.store)
    given = answers(cast)
    first, second = client.post("/report", given), client.post("/report", given)
    assert first["Location"] == second["Location"]
    assert WorkOrder.objects.count() == 1


def test_a_form_without_its_key_is_shown_again_with_a_new_one(cast: Cast, enter: Enter) -> None:
    response = enter(cast.store).post("/report", answers(cast, operation=""))
    assert response.status_code == 422
    assert re.search(r'name="operation" value="\w{32}"', said(response))
    assert not WorkOrder.objects.exists()


def test_a_chosen_trade_brings_its_problems_and_a_problem_its_questions(cast: Cast, enter: Enter) -> None:
    question = CriticalityQuestion.objects.create(problem_type=cast.too_warm, text="Is food at risk?", level_if_yes=1)
    client = enter(cast.store)
    assert cast.too_warm.name not in said(client.get("/report"))
    look = {"look": "1", "site": cast.hilltop.code, "trade": cast.refrigeration.code}
    page = said(client.post("/report", look))
    assert cast.too_warm.name in page
    assert question.text not in page
    look |= {"problem_type": str(cast.too_warm.pk), f"question_{question.pk}": "yes"}
    response = client.post("/report", look, headers={"HX-Request": "true", "HX-Target": "report-more"})
    page = said(response)
    assert response.status_code == 200
    assert page.strip().startswith("<div")
    assert question.text in page
    assert "This goes as P1 Emergency." in page
    assert "There is a problem" not in page
    assert not WorkOrder.objects.exists()


def test_every_question_needs_an_answer_and_a_yes_raises_the_priority(cast: Cast, enter: Enter) -> None:
    question = CriticalityQuestion.objects.create(problem_type=cast.too_warm, text="Is food at risk?", level_if_yes=1)
    client = enter(cast.store)
    response = client.post("/report", answers(cast))
    assert response.status_code == 422
    assert f"Answer yes or no: {question.text}" in said(response)
    client.post("/report", answers(cast, **{f"question_{question.pk}": "yes"}))
    assert WorkOrder.objects.get().priority == 1


def test_something_else_needs_no_problem_type_but_nothing_is_not_something_else(cast: Cast, enter: Enter) -> None:
    assert cast.too_warm
    client = enter(cast.store)
    assert client.post("/report", answers(cast, problem_type=None)).status_code == 422
    assert client.post("/report", answers(cast, problem_type="other")).status_code == 302
    assert WorkOrder.objects.get().problem_type is None


def test_a_problem_that_needs_photo_and_unit_says_so(cast: Cast, enter: Enter) -> None:
    cast.too_warm.photos_required = 1
    cast.too_warm.asset_required = True
    cast.too_warm.save()
    client = enter(cast.store)
    response = client.post("/report", answers(cast, asset=""))
    page = said(response)
    assert response.status_code == 422
    assert "Add a photo of the problem." in page
    assert "Choose the unit." in page
    assert client.post("/report", answers(cast, photos=[photo()])).status_code == 302


def test_a_file_that_is_no_photo_is_refused_by_its_content(cast: Cast, enter: Enter) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    fake = SimpleUploadedFile("display.jpg", b"<script>alert(1)</script>", content_type="image/jpeg")
    response = enter(cast.store).post("/report", answers(cast, photos=[fake]))
    assert response.status_code == 422
    assert "display.jpg" in said(response)
    assert not WorkOrder.objects.exists()


def test_a_problem_that_is_not_taken_here_shows_its_message_and_stops(cast: Cast, enter: Enter) -> None:
    cast.too_warm.requester_message = "Call the landlord at 253 555 0100."
    cast.too_warm.stops_request = True
    cast.too_warm.save()
    client = enter(cast.store)
    look = {"look": "1", "trade": cast.refrigeration.code, "problem_type": str(cast.too_warm.pk)}
    assert "Call the landlord" in said(client.post("/report", look))
    response = client.post("/report", answers(cast))
    assert response.status_code == 422
    assert not WorkOrder.objects.exists()


def test_self_help_that_solved_it_is_counted_and_nothing_is_sent(cast: Cast, enter: Enter) -> None:
    SelfHelpStep.objects.create(problem_type=cast.too_warm, text="Is the breaker on?")
    client = enter(cast.store)
    look = {"look": "1", "trade": cast.refrigeration.code, "problem_type": str(cast.too_warm.pk)}
    assert "Is the breaker on?" in said(client.post("/report", look))
    given = answers(cast, solved="1", description="")
    for _ in range(2):
        assert client.post("/report", given)["Location"] == reverse("workorders:store_home")
    assert AvoidedVisit.objects.get().problem_type == cast.too_warm
    assert not WorkOrder.objects.exists()


def test_a_scanned_label_fills_in_store_trade_and_unit(cast: Cast, enter: Enter) -> None:
    assert cast.harbor
    page = said(enter(cast.district).get(f"/report?asset={cast.cooler.tag.lower()}"))
    assert f'<option value="{cast.hilltop.code}" selected' in page
    assert f'<option value="{cast.cooler.tag}" selected' in page
    assert re.search(rf'value="{cast.refrigeration.code}"[^>]*checked', page)


def test_an_unknown_label_and_one_of_another_store_look_the_same(cast: Cast, enter: Enter) -> None:
    foreign = AssetFactory(tag="RF-201-01", name="Foreign freezer", site=cast.desert, category=cast.cooler.category)
    client = enter(cast.store)
    pages = [said(client.get(f"/report?asset={tag}")) for tag in (foreign.tag, "RF-201-99")]
    assert all("Nothing here has the code" in page for page in pages)
    assert foreign.name not in pages[0]


def test_words_suggest_problems(cast: Cast, enter: Enter) -> None:
    assert cast.too_warm and cast.leak
    page = said(enter(cast.store).get("/report?say=cooler is warm"))
    assert f"problem={cast.too_warm.pk}" in page
    page = said(enter(cast.store).get(f"/report?say=cooler is warm&problem={cast.too_warm.pk}"))
    assert re.search(rf'value="{cast.too_warm.pk}"[^>]*checked', page)
    assert "cooler is warm</textarea>" in page


# Duplicates


def test_open_work_that_may_be_the_same_is_shown_and_asked_about(cast: Cast, enter: Enter) -> None:
    known = Story(cast).reported().work_order
    client = enter(cast.store)
    response = client.post("/report", answers(cast))
    page = said(response)
    assert response.status_code == 422
    assert known.number in page
    assert "Facilities is looking at it" in page
    assert WorkOrder.objects.count() == 1


def test_same_thing_joins_the_open_work_without_any_other_answer(cast: Cast, enter: Enter) -> None:
    known = Story(cast).reported(by=cast.district).work_order
    response = enter(cast.store).post(
        "/report", {"operation": fresh_key(), "duplicate": f"same:{known.number}", "photos": [photo()]}
    )
    assert response["Location"] == f"/requests/{known.number}"
    assert known.watchers.filter(user=cast.store).exists()
    assert known.attachments.count() == 1
    assert DuplicateChoice.objects.get().choice == "same"
    assert WorkOrder.objects.count() == 1


def test_it_got_worse_raises_the_cost_of_waiting(cast: Cast, enter: Enter) -> None:
    known = Story(cast).reported().work_order
    enter(cast.store).post("/report", answers(cast, duplicate=f"worse:{known.number}", description="Now at 60."))
    known.refresh_from_db()
    assert known.working == "down"
    assert DuplicateChoice.objects.get().words == "Now at 60."


def test_something_different_needs_its_reason_and_carries_it(cast: Cast, enter: Enter) -> None:
    known = Story(cast).reported().work_order
    client = enter(cast.store)
    given = answers(cast, duplicate="different", seen=[known.number])
    response = client.post("/report", given)
    assert response.status_code == 422
    assert "Say what is different" in said(response)
    assert client.post("/report", given | {"different_because": "The door, not the fan"}).status_code == 302
    choice = DuplicateChoice.objects.get()
    assert (choice.choice, choice.reason, list(choice.shown.all())) == ("different", "The door, not the fan", [known])
    assert WorkOrder.objects.count() == 2


def test_different_does_not_count_for_work_that_the_person_has_not_seen(cast: Cast, enter: Enter) -> None:
    Story(cast).reported()
    response = enter(cast.store).post(
        "/report", answers(cast, duplicate="different", different_because="The door", seen=[])
    )
    assert response.status_code == 422
    assert "Look at it first." in said(response)


def test_joining_work_that_ended_meanwhile_is_too_late(cast: Cast, enter: Enter) -> None:
    known = Story(cast).reported().canceled().work_order
    response = enter(cast.store).post("/report", answers(cast, duplicate=f"same:{known.number}"))
    assert response.status_code == 409
    assert "over already" in said(response)


def test_nobody_joins_work_of_another_store(cast: Cast, enter: Enter) -> None:
    known = Story(cast).reported().work_order
    response = enter(cast.foreign_store).post(
        "/report", {"operation": fresh_key(), "duplicate": f"same:{known.number}", "description": "Me too"}
    )
    assert response.status_code == 422
    assert not known.watchers.filter(user=cast.foreign_store).exists()


@pytest.mark.parametrize("page", ["/report", "/report?asset=RF-114-02"])
def test_the_report_form_asks_as_much_for_many_units_as_for_one(
    cast: Cast, enter: Enter, page: str, django_assert_max_num_queries: Any
) -> None:
    assert cast.cooler and cast.too_warm
    client = enter(cast.store)
    AreaFactory(site=cast.hilltop)
    client.get(page)
    with django_assert_max_num_queries(8) as one:
        client.get(page)
    few = len(one)
    AssetFactory.create_batch(20, site=cast.hilltop, category=cast.cooler.category)
    ProblemTypeFactory.create_batch(20, trade=cast.refrigeration)
    with django_assert_max_num_queries(few):
        client.get(page)


def test_a_unit_says_where_in_the_store_it_stands(cast: Cast, enter: Enter) -> None:
    area = AreaFactory(site=cast.hilltop, name="Dairy")
    cast.cooler.area = area
    cast.cooler.save()
    client = enter(cast.store)
    assert "Where in the store?" in said(client.get("/report"))
    assert "Where in the store?" not in said(client.get(f"/report?asset={cast.cooler.tag}"))
    client.post("/report", answers(cast))
    assert WorkOrder.objects.get().area == area


def test_how_soon_is_said_when_the_problem_is_named(cast: Cast, enter: Enter) -> None:
    assert cast.too_warm
    client = enter(cast.store)
    look = {"look": "1", "trade": cast.refrigeration.code}
    assert "This goes as" not in said(client.post("/report", look))
    assert "This goes as P3 Standard." in said(client.post("/report", look | {"problem_type": "other"}))


def test_closed_stores_are_not_offered(cast: Cast, enter: Enter) -> None:
    assert cast.hilltop
    cast.harbor.retired_at = NOW
    cast.harbor.save()
    assert Site.objects.count() == 2
    assert cast.harbor.code not in said(enter(cast.district).get("/report"))
