"""The technician's pages: check in, papers, parts, photos, check out; all by plain forms."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from accounts.once import fresh_key
from tests.factories.clock import NOW
from tests.factories.workorders import Story, papers, photo
from workorders.models import Attachment, ChecklistItem, Outcome, Status, Verdict, Visit


@pytest.fixture(autouse=True)
def present():
    """Pages read the clock: it stands 3 hours after the story begins, on a Tuesday in business hours."""
    with time_machine.travel(NOW + timedelta(hours=3)):
        yield


@pytest.fixture
def story(cast) -> Story:
    return Story(cast)


def address(story: Story, name: str, *args) -> str:
    return reverse(f"workorders:{name}", args=[story.work_order.number, *args])


def form(**facts) -> dict[str, str]:
    return {"operation": fresh_key(), **facts}


def visit(story: Story) -> Visit:
    return Visit.objects.get(pk=story.visit.pk)


class TestCheckIn:
    def test_inside_the_area_by_position(self, cast, enter, story):
        story.scheduled()
        page = enter(cast.technician).post(
            address(story, "job_check_in"), form(lat="47.253000", lon="-122.444300", accuracy="15")
        )
        assert page.status_code == 302
        assert (visit(story).in_verdict, visit(story).flags) == (Verdict.INSIDE, [])
        assert story.fresh().work_order.status == Status.IN_PROGRESS
        text = enter(cast.technician).get(address(story, "job")).content.decode()
        assert "ft from the site. Inside the check-in area." in text

    def test_without_script_a_reason_is_enough_and_it_is_flagged(self, cast, enter, story):
        story.scheduled()
        client = enter(cast.technician)
        page = client.post(address(story, "job_check_in"), form(without_position="1"))
        assert page.status_code == 422
        assert "Your position is not known. Say why, then check in." in page.content.decode()
        page = client.post(
            address(story, "job_check_in"), form(without_position="1", position_reason="Phone has no signal")
        )
        assert page.status_code == 302
        assert (visit(story).in_verdict, visit(story).flags) == (Verdict.UNAVAILABLE, ["unavailable"])
        assert "flagged: Phone has no signal" in client.get(address(story, "job")).content.decode()

    def test_outside_says_how_far_and_keeps_the_reason(self, cast, enter, story):
        story.scheduled()
        client = enter(cast.technician)
        there = {"lat": "47.300000", "lon": "-122.444300", "accuracy": "15"}
        page = client.post(address(story, "job_check_in"), form(**there))
        assert page.status_code == 422
        text = page.content.decode()
        assert " mi from the site. Say why, then check in." in text
        # It is known where they are, so nothing speaks of a missing position, and what was measured is sent again.
        assert "Check in from where you are</summary>" in text
        assert "without position" not in text
        assert 'name="lat" value="47.300000"' in text
        assert client.post(
            address(story, "job_check_in"), form(**there, position_reason="Loading dock is behind the mall")
        ).status_code == 302  # fmt: skip
        assert visit(story).flags == ["outside"]

    def test_a_position_that_is_nonsense_counts_as_none(self, cast, enter, story):
        story.scheduled()
        page = enter(cast.technician).post(
            address(story, "job_check_in"), form(lat="north", lon="999", accuracy="-3", claimed_at="now")
        )
        assert page.status_code == 422
        assert "Your position is not known" in page.content.decode()

    def test_pressing_twice_checks_in_once_and_a_later_press_is_too_late(self, cast, enter, story):
        story.scheduled()
        client, given = enter(cast.technician), form(lat="47.253000", lon="-122.444300", accuracy="15")
        assert client.post(address(story, "job_check_in"), given).status_code == 302
        assert client.post(address(story, "job_check_in"), given).status_code == 302
        again = client.post(address(story, "job_check_in"), {**given, "operation": fresh_key()})
        assert again.status_code == 409

    def test_somebody_elses_trip_is_out_of_sight_and_the_dispatcher_has_no_such_act(self, cast, enter, story):
        story.scheduled()
        given = form(lat="47.253000", lon="-122.444300", accuracy="15")
        assert enter(cast.colleague).post(address(story, "job_check_in"), given).status_code == 404
        assert enter(cast.rival_technician).post(address(story, "job_check_in"), given).status_code == 404
        assert enter(cast.dispatcher).post(address(story, "job_check_in"), given).status_code == 403


class TestOnSite:
    def test_papers_are_saved_as_far_as_they_are_known(self, cast, enter, story):
        story.on_site()
        made = papers()
        page = enter(cast.technician).post(
            address(story, "job_papers"),
            form(root_cause=str(made["root_cause"].pk), resolution_note="Cleared the ice", no_parts_used="on"),
        )
        assert page.status_code == 302
        row = story.fresh().work_order
        assert (row.root_cause, row.resolution, row.resolution_note) == (made["root_cause"], None, "Cleared the ice")

    def test_a_cause_that_is_no_choice_comes_back(self, cast, enter, story):
        story.on_site()
        page = enter(cast.technician).post(
            address(story, "job_papers"), form(root_cause="999999", resolution_note="Kept words")
        )
        assert page.status_code == 422
        assert "Kept words" in page.content.decode()

    def test_parts_are_added_and_taken_back(self, cast, enter, story):
        story.on_site()
        client = enter(cast.technician)
        bad = client.post(address(story, "job_part_add"), form(name="Timer", quantity="0", unit_cost_amount="x"))
        assert bad.status_code == 422
        assert 'value="Timer"' in bad.content.decode()
        good = client.post(
            address(story, "job_part_add"),
            form(name="Timer", quantity="2", unit_cost_amount="86.50", part_number="8145", origin="stock"),
        )
        assert good.status_code == 302
        part = visit(story).parts.get()
        assert (part.quantity, part.unit_cost_amount) == (Decimal(2), Decimal("86.50"))
        assert "$86.50" in client.get(address(story, "job")).content.decode()
        assert client.post(address(story, "job_part_remove", part.pk), form()).status_code == 302
        assert not visit(story).parts.exists()
        assert client.post(address(story, "job_part_remove", part.pk), form()).status_code == 404

    def test_hours_that_differ_are_noted(self, cast, enter, story):
        story.on_site()
        client = enter(cast.technician)
        bad = client.post(address(story, "job_labor_add"), form(kind="regular", hours="60"))
        assert bad.status_code == 422
        assert client.post(address(story, "job_labor_add"), form(kind="helper", hours="1.5")).status_code == 302
        assert visit(story).labor.get().hours == Decimal("1.5")

    def test_photos_are_kept_and_what_is_none_is_named(self, cast, enter, story):
        story.on_site()
        client = enter(cast.technician)
        none = client.post(address(story, "job_photo_add"), form(kind="after"))
        assert none.status_code == 422
        assert "Take a photo or choose one." in none.content.decode()
        wrong = photo("evil.jpg")
        wrong.file.seek(0)
        wrong.file.write(b"<svg>")
        wrong.file.truncate()
        wrong.file.seek(0)
        assert client.post(address(story, "job_photo_add"), form(kind="after", photos=wrong)).status_code == 422
        both = form(kind="after", photos=[photo("a.jpg"), photo("b.jpg")])
        assert client.post(address(story, "job_photo_add"), both).status_code == 302
        assert Attachment.objects.filter(work_order=story.work_order, visit=story.visit).count() == 2

    def test_a_checklist_step_that_failed_needs_words(self, cast, enter, story):
        story.on_site()
        step = ChecklistItem.objects.create(work_order=story.work_order, text="Door closes by itself")
        client = enter(cast.technician)
        bad = client.post(address(story, "job_checklist_answer", step.pk), form(result="fail"))
        assert bad.status_code == 422
        assert "Say what failed." in bad.content.decode()
        good = client.post(address(story, "job_checklist_answer", step.pk), form(result="fail", note="Hinge is bent"))
        assert good.status_code == 302
        step.refresh_from_db()
        assert (step.result, step.note) == ("fail", "Hinge is bent")

    def test_a_rival_finds_none_of_the_doors(self, cast, enter, story):
        story.on_site()
        client = enter(cast.rival_technician)
        for name in ("job_papers", "job_part_add", "job_labor_add", "job_photo_add", "job_check_out"):
            assert client.post(address(story, name), form()).status_code == 404


class TestCheckOut:
    def test_missing_papers_are_listed_with_the_way_to_each(self, cast, enter, story):
        story.on_site()
        client = enter(cast.technician)
        text = client.get(address(story, "job_check_out")).content.decode()
        assert f'href="{address(story, "job")}#photos"' in text
        assert f'href="{address(story, "job")}#papers"' in text
        page = client.post(address(story, "job_check_out"), form(outcome="resolved"))
        assert page.status_code == 422
        assert "Add a photo of the finished work." in page.content.decode()
        assert story.fresh().work_order.status == Status.IN_PROGRESS

    def test_done_with_every_paper_completes_the_job(self, cast, enter, story):
        story.on_site()
        client, made = enter(cast.technician), papers()
        client.post(
            address(story, "job_papers"),
            form(root_cause=str(made["root_cause"].pk), resolution=str(made["resolution"].pk), resolution_note="Gasket",
                 nothing_recommended="on", no_parts_used="on"),
        )  # fmt: skip
        client.post(address(story, "job_photo_add"), form(kind="after", photos=photo()))
        page = client.post(address(story, "job_check_out"), form(outcome="resolved"))
        assert client.get(page["Location"]).status_code == 200  # the job itself is out of sight now
        assert page.status_code == 302
        assert story.fresh().work_order.status == Status.COMPLETED
        assert "The store confirms it" in enter(cast.dispatcher).get(address(story, "job")).content.decode()

    def test_parts_needed_asks_what_is_left_and_puts_it_on_hold(self, cast, enter, story):
        story.on_site()
        client = enter(cast.technician)
        assert client.post(address(story, "job_check_out"), form(outcome="parts_needed")).status_code == 422
        page = client.post(address(story, "job_check_out"), form(outcome="parts_needed", note="Compressor"))
        assert page.status_code == 302
        assert story.fresh().work_order.status == Status.ON_HOLD
        assert Visit.objects.filter(work_order=story.work_order, outcome=Outcome.PARTS_NEEDED).exists()

    def test_a_forgotten_answer_is_asked_for(self, cast, enter, story):
        story.on_site()
        page = enter(cast.technician).post(address(story, "job_check_out"), form())
        assert page.status_code == 422
        assert "Say how the visit ended." in page.content.decode()

    def test_who_is_not_on_site_cannot_leave(self, cast, enter, story):
        story.scheduled()
        assert enter(cast.technician).get(address(story, "job_check_out")).status_code == 409

    def test_the_dispatcher_completes_after_a_trip(self, cast, enter, story):
        story.on_site()
        client, made = enter(cast.dispatcher), papers()
        given = form(root_cause=str(made["root_cause"].pk), resolution=str(made["resolution"].pk),
                     nothing_recommended="on", no_parts_used="on")  # fmt: skip
        refused = client.post(address(story, "job_complete"), given)
        assert refused.status_code == 422
        assert "Add a photo of the finished work." in refused.content.decode()
        enter(cast.technician).post(address(story, "job_photo_add"), form(kind="after", photos=photo()))
        assert client.post(address(story, "job_complete"), {**given, "operation": fresh_key()}).status_code == 302
        assert story.fresh().work_order.status == Status.COMPLETED


class TestLatePapers:
    def test_a_certificate_may_come_after_the_work_and_lets_the_bill_go(self, cast, enter, story):
        story.completed()
        client = enter(cast.dispatcher)
        assert address(story, "job_photo_add") in client.get(address(story, "job")).content.decode()
        assert client.post(address(story, "job_photo_add"), form(kind="certificate", photos=photo())).status_code == 302
        assert Attachment.objects.get(kind="certificate").vendor == cast.cascade

    def test_nobody_adds_papers_to_a_job_that_has_not_begun(self, cast, enter, story):
        story.scheduled()
        page = enter(cast.dispatcher).post(address(story, "job_photo_add"), form(kind="certificate", photos=photo()))
        assert page.status_code == 409
        assert not Attachment.objects.filter(kind="certificate").exists()
