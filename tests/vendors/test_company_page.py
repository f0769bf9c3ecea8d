"""A vendor's page about itself: papers, people, how to reach it; and nothing of its rivals."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import LogEvent, Notice, Role, User
from accounts.once import fresh_key
from accounts.outbox import ledgers, settle
from tests.factories.clock import NOW
from vendors import staffing
from vendors.models import ComplianceDocument, DocumentState
from vendors.profile import ask_for_rates
from vendors.renewals import renewals

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture(autouse=True)
def present():
    with time_machine.travel(NOW):
        yield


def form(**facts):
    return {"operation": fresh_key(), **facts}


def paper(vendor, **facts) -> ComplianceDocument:
    usual = {
        "kind": "general_liability", "starts_on": date(2026, 1, 1), "ends_on": date(2026, 7, 28),
        "state": DocumentState.VERIFIED, "uploaded_at": NOW, "reviewed_at": NOW,
    }  # fmt: skip
    return ComplianceDocument.objects.create(vendor=vendor, **usual | facts)


class TestPage:
    def test_the_dispatcher_sees_papers_people_rates_and_places_of_the_own_company(self, cast, enter):
        paper(cast.cascade)
        paper(cast.summit, issuer="Rival Mutual")
        assert cast.technician and cast.rival_technician
        text = enter(cast.dispatcher).get("/company").content.decode()
        for said in (
            "Insurance: general liability",
            "in 14 days, on 28 Jul 2026",
            cast.technician.name,
            "$95.00",
            "North",
        ):
            assert said in text
        for hidden in ("Rival Mutual", cast.rival_technician.name, cast.summit.name):
            assert hidden not in text

    def test_technicians_and_stores_have_no_such_page(self, cast, enter):
        assert enter(cast.technician).get("/company").status_code == 403
        assert enter(cast.store).get("/company").status_code == 403

    def test_another_companys_paper_is_not_found(self, cast, enter):
        theirs = paper(cast.summit)
        assert enter(cast.dispatcher).get(f"/company/documents/{theirs.pk}").status_code == 404


class TestPapers:
    def test_a_paper_is_handed_in_and_waits(self, cast, enter):
        given = form(
            kind="auto", starts_on="2026-07-01", ends_on="2027-06-30", limit_amount="1000000", issuer="Acme Mutual",
            file=SimpleUploadedFile("coi.pdf", PDF, content_type="application/pdf"),
        )  # fmt: skip
        page = enter(cast.dispatcher).post("/company/documents", given)
        assert (page.status_code, page["Location"]) == (302, "/company#documents")
        handed = ComplianceDocument.objects.get()
        assert (handed.state, handed.vendor, handed.uploaded_by) == ("pending", cast.cascade, cast.dispatcher)
        file = enter(cast.dispatcher).get(f"/company/documents/{handed.pk}")
        assert b"".join(file.streaming_content) == PDF
        file.close()

    def test_what_is_missing_is_named_and_the_rest_is_kept(self, cast, enter):
        given = form(kind="auto", starts_on="2026-07-01", ends_on="2026-06-30", issuer="Acme Mutual")
        page = enter(cast.dispatcher).post("/company/documents", given)
        assert page.status_code == 422
        assert "Add the paper as a file." in page.content.decode()
        assert 'value="Acme Mutual"' in page.content.decode()
        given["file"] = SimpleUploadedFile("coi.pdf", PDF, content_type="application/pdf")
        page = enter(cast.dispatcher).post("/company/documents", {**given, "operation": fresh_key()})
        assert page.status_code == 422
        assert "The paper ends before it starts." in page.content.decode()

    def test_only_the_paper_that_runs_longest_counts(self):
        def row(state: str, ends_on: date | None, kind: str = "auto") -> dict[str, object]:
            return {"kind": kind, "trade": None, "state": state, "ends_on": ends_on}

        today = NOW.date()
        soon, later = today + timedelta(days=5), today + timedelta(days=300)
        assert renewals([row("verified", soon), row("verified", later)], today=today) == []
        assert renewals([row("verified", None)], today=today) == []
        [one] = renewals([row("verified", soon), row("pending", later)], today=today)
        assert (one.days, one.waits, one.is_over) == (5, True, False)
        [over] = renewals([row("expired", today - timedelta(days=1))], today=today)
        assert (over.days, over.is_over) == (-1, True)


class TestPeople:
    def test_a_technician_is_invited_and_works_for_this_company_only(self, cast, enter):
        page = enter(cast.dispatcher).post(
            "/company/people", form(name="Ray Okafor", email="ray@example.com", role="technician")
        )
        assert page.status_code == 302
        ray = User.objects.get(email="ray@example.com")
        [held] = list(staffing.staff_of([cast.cascade.pk], now=NOW))[-1:]
        assert {one.user for one in staffing.staff_of([cast.cascade.pk], now=NOW)} == {cast.dispatcher, ray}
        assert held.role in (Role.TECHNICIAN, Role.DISPATCHER)
        assert ray not in {one.user for one in staffing.staff_of([cast.summit.pk], now=NOW)}

    def test_no_other_role_can_be_given_and_nobody_is_invited_twice(self, cast, enter):
        client = enter(cast.dispatcher)
        page = client.post("/company/people", form(name="Eve", email="eve@example.com", role="administrator"))
        assert page.status_code == 422
        assert not User.objects.filter(email="eve@example.com").exists()
        page = client.post("/company/people", form(name="Fay", email=cast.fm.email, role="technician"))
        assert page.status_code == 422
        assert "Somebody already signs in with this e-mail address." in page.content.decode()

    def test_a_role_ends_and_with_it_the_sight_of_jobs(self, cast, enter):
        held = cast.technician.memberships.get()
        client = enter(cast.dispatcher)
        assert client.post(f"/company/people/{held.pk}/end", form()).status_code == 302
        assert enter(User.objects.get(pk=cast.technician.pk)).get("/jobs").status_code == 403

    def test_neither_rivals_nor_oneself_can_be_ended(self, cast, enter):
        theirs, own = cast.rival_technician.memberships.get(), cast.dispatcher.memberships.get()
        client = enter(cast.dispatcher)
        assert client.post(f"/company/people/{theirs.pk}/end", form()).status_code == 404
        assert client.post(f"/company/people/{own.pk}/end", form()).status_code == 403


class TestProfile:
    def test_how_to_reach_the_company_is_corrected_and_nothing_else(self, cast, enter):
        given = form(email="jobs@casc.example.com", phone="253 555 0100", standing="preferred", name="Best Ever Inc")
        assert enter(cast.dispatcher).post("/company/profile", given).status_code == 302
        cast.cascade.refresh_from_db()
        assert (cast.cascade.email, cast.cascade.phone) == ("jobs@casc.example.com", "253 555 0100")
        assert (cast.cascade.standing, cast.cascade.name) == ("approved", "Cascade Refrigeration")

    def test_an_address_that_is_none_comes_back(self, cast, enter):
        page = enter(cast.dispatcher).post("/company/profile", form(email="nowhere", phone="253 555 0100"))
        assert page.status_code == 422
        assert 'value="253 555 0100"' in page.content.decode()


class TestRates:
    def test_a_change_is_asked_for_and_an_administrator_is_told_and_the_rates_stay(self, cast, enter):
        assert cast.admin
        client = enter(cast.dispatcher)
        page = client.post("/company/rates", form(words="Overtime to $150 from January"))
        assert (page.status_code, page["Location"]) == (302, "/company#rates")
        settle(now=NOW, ledgers=ledgers())
        notice = Notice.objects.get(reader=cast.admin, channel="app", topic="rates")
        assert cast.cascade.name in notice.subject
        assert "Overtime to $150 from January" in notice.body
        assert "$95.00" in client.get("/company").content.decode()

    def test_a_wish_without_words_comes_back(self, cast, enter):
        page = enter(cast.dispatcher).post("/company/rates", form(words=" "))
        assert page.status_code == 422
        assert "Say what should change" in page.content.decode()

    def test_sent_twice_it_is_asked_once(self, cast, enter):
        client, given = enter(cast.dispatcher), form(words="Overtime to $150")
        for _ in range(2):
            assert client.post("/company/rates", given).status_code == 302
        assert LogEvent.objects.filter(verb="rates.change_asked").count() == 1

    def test_nobody_asks_for_another_company(self, cast):
        with pytest.raises(staffing.NotYourCompany):
            ask_for_rates(vendor=cast.cascade, by=cast.rival, now=NOW, words="Less")
