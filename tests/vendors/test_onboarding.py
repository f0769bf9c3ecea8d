"""A company is invited, introduces itself step by step, and is tried, taken on or refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.changes import Faulty, NotAllowed
from accounts.delivery import deliver
from accounts.models import LogEvent, User
from accounts.once import fresh_key
from accounts.outbox import ledgers, settle
from tests.cast import Cast
from tests.factories.clock import NOW
from tests.factories.workorders import Story, photo
from vendors import compliance, onboarding, roster
from vendors.models import (
    ComplianceDocument,
    Coverage,
    Decision,
    DocumentKind,
    Onboarding,
    RateCard,
    Requirement,
    Standing,
    Vendor,
)
from workorders import offers
from workorders.models import Status

pytestmark = pytest.mark.django_db

type Enter = Callable[[User], Client]
ADDRESS = "nora@nordic.example.com"
RATES = {
    "labor_regular_amount": "90", "labor_overtime_amount": "135", "labor_emergency_amount": "180",
    "labor_holiday_amount": "180", "helper_amount": "45", "trip_amount": "60", "minimum_hours": "1",
    "rounding_minutes": "15", "parts_markup_percent": "15", "tax_percent": "0", "starts_on": "2026-07-01",
}  # fmt: skip
COMPANY = {
    "name": "Nordic Cooling", "address_line": "4 Harbor Way", "city": "Tacoma", "state": "WA", "postal_code": "98402",
    "country": "us", "time_zone": "America/Los_Angeles", "email": ADDRESS, "phone": "253 555 0100", "latitude": "",
    "longitude": "",
}  # fmt: skip


@pytest.fixture(autouse=True)
def present() -> Iterator[Any]:
    with time_machine.travel(NOW + timedelta(minutes=30), tick=False) as clock:
        yield clock


@pytest.fixture
def asked(cast: Cast) -> Requirement:
    """Work in the north needs liability insurance of a million."""
    return Requirement.objects.create(
        kind=DocumentKind.GENERAL_LIABILITY, region=cast.north, minimum_limit_amount=Decimal(1_000_000)
    )


@pytest.fixture
def nordic(cast: Cast, enter: Enter, asked: Requirement) -> Vendor:
    """Nordic Cooling, invited from the page."""
    given = {
        "operation": fresh_key(), "name": "Nordic Cooling", "code": "NORD", "contact": "Nora Nordic", "email": ADDRESS,
        "trades": [cast.refrigeration.pk, cast.plumbing.pk], "regions": [cast.north.pk, cast.south.pk],
    }  # fmt: skip
    answer = enter(cast.admin).post(reverse("vendors:vendor_invite"), given)
    assert answer.headers["Location"] == reverse("vendors:introduction", args=["NORD"])
    return Vendor.objects.get(code="NORD")


def letters() -> list[Any]:
    settle(now=timezone.now(), ledgers=ledgers())
    before = len(mail.outbox)
    deliver(now=timezone.now())
    return [one for one in mail.outbox[before:] if ADDRESS in one.to]


@pytest.fixture
def nora(nordic: Vendor) -> Client:
    """Nora at her device, come in by the link of the invitation."""
    (letter,) = letters()
    assert "Introduce Nordic Cooling" in str(letter.body)
    link = re.search(r"/invitation/\S+", str(letter.body))
    assert link
    client = Client()
    answer = client.post(link[0], {"name": "Nora Nordic", "password": "winter-coat-17"}, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("vendors:setup")
    assert client.get(link[0]).status_code == 410, "the link lets in once; from then on the account goes on"
    return client


def step(name: str) -> str:
    return reverse("vendors:setup_step", args=[name])


def post(client: Client, name: str, given: dict[str, Any], query: str = "") -> Any:
    return client.post(step(name) + query, given | {"operation": fresh_key()})


def insurance(**more: Any) -> dict[str, Any]:
    """A certificate that is good until the end of the year."""
    return {
        "kind": DocumentKind.GENERAL_LIABILITY, "limit_amount": "1000000", "starts_on": "2026-01-01",
        "ends_on": "2026-12-31", "issuer": "Polar Mutual", "file": photo("liability.jpg"), **more,
    }  # fmt: skip


def filled(cast: Cast, nora: Client) -> None:
    """Everything that is needed, step by step; each leads to the next that misses something."""
    assert post(nora, "company", COMPANY).headers["Location"] == step("trades")
    assert post(nora, "trades", {"trades": [cast.refrigeration.pk]}).headers["Location"] == step("coverage")
    places = {f"trade-{cast.refrigeration.pk}": [cast.north.pk]}
    assert post(nora, "coverage", places).headers["Location"] == step("rates")
    assert post(nora, "rates", RATES).headers["Location"] == step("documents")
    assert post(nora, "documents", insurance()).headers["Location"] == step("documents")


def sent(nora: Client) -> Any:
    return nora.post(reverse("vendors:setup_send"), {"operation": fresh_key()})


def decided(admin: Client, decision: str, **more: Any) -> Any:
    given = {"operation": fresh_key(), "decision": decision, "trial_jobs": "3", "reason": ""}
    return admin.post(reverse("vendors:introduction", args=["NORD"]), given | more)


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_from_the_invitation_to_the_first_accepted_job(cast: Cast, enter: Enter, nordic: Vendor, nora: Client) -> None:
    assert nordic.standing == Standing.PROSPECT
    page = text_of(nora.get("/", follow=True))
    for words in ("Introduce Nordic Cooling", "Enter a phone number.", "Choose at least one trade."):
        assert words in page
    filled(cast, nora)
    assert "Your profile was sent already" not in text_of(sent(nora))
    assert "Sent" in text_of(nora.get(reverse("vendors:setup")))
    assert post(nora, "company", COMPANY).status_code == 409, "from now on it waits for the decision"

    admin = enter(cast.admin)
    settle(now=timezone.now(), ledgers=ledgers())
    deliver(now=timezone.now())
    assert "Nordic Cooling sent its profile" in {one.subject for one in mail.outbox if cast.admin.email in one.to}
    assert "Waiting for your decision" in text_of(admin.get(reverse("vendors:vendors")))
    review = text_of(admin.get(reverse("vendors:introduction", args=["NORD"])))
    for words in ("Nordic Cooling", "Refrigeration: North", "$90.00 an hour", "Insurance: general liability"):
        assert words in review
    paper = ComplianceDocument.objects.get(vendor=nordic)
    assert admin.post(reverse("vendors:paper_verify", args=[paper.pk])).status_code == 302
    assert decided(admin, Decision.TRIAL).status_code == 302
    nordic.refresh_from_db()
    assert (nordic.standing, nordic.trial_jobs) == (Standing.TRIAL, 3)
    (told,) = letters()
    assert told.subject == "You are taken on, on trial: Nordic Cooling"
    assert "The trial lasts 3 jobs." in str(told.body)

    story = Story(cast, now=timezone.now()).ready()
    offers.offer(story.work_order, vendor=nordic, by=cast.fm, now=story.later(), nte_amount=Decimal(400))
    with time_machine.travel(story.now, tick=False):
        assert nora.get("/").headers["Location"] == "/jobs"
        given = {"operation": fresh_key(), "start_at": "2026-07-14T14:00", "window": "120", "technician": ""}
        given["start_at"] = (story.now + timedelta(hours=20)).strftime("%Y-%m-%dT%H:%M")
        assert nora.post(reverse("workorders:offer_accept", args=[story.offer.pk]), given).status_code == 302
    assert (story.fresh().work_order.status, story.work_order.vendor) == (Status.SCHEDULED, nordic)

    told = LogEvent.objects.filter(stream=roster.stream_of(nordic)).order_by("position")
    assert [one.verb for one in told] == [
        "vendor.added", "onboarding.invited", "vendor.changed", "vendor.trades_set", "coverage.added",
        "rate_card.added", "document.uploaded", "onboarding.submitted", "document.verified", "vendor.changed",
        "vendor.standing_set", "onboarding.decided",
    ]  # fmt: skip


class TestTheSteps:
    def test_each_keeps_what_was_written_and_it_goes_on_later(self, cast: Cast, nora: Client) -> None:
        post(nora, "company", COMPANY)
        post(nora, "trades", {"trades": [cast.refrigeration.pk, cast.plumbing.pk]})
        nora.logout()
        assert nora.get(reverse("vendors:setup")).status_code == 302
        back = Client()
        back.force_login(User.objects.get(email=ADDRESS))
        page = text_of(back.get("/", follow=True))
        assert "Refrigeration" in page
        assert "Say where you go for plumbing." in page
        assert 'value="4 Harbor Way"' in text_of(back.get(step("company")))

    @pytest.mark.parametrize(
        ("name", "wrong", "sentence"),
        [
            ("company", {"phone": " "}, "Enter a phone number."),
            ("company", {"email": "nobody"}, "valid email"),
            ("company", {"latitude": "95", "longitude": "10"}, "Latitude is"),
            ("trades", {"trades": []}, "Choose at least one of these trades."),
            ("trades", {"trades": ["999"]}, "999"),
            ("rates", {"labor_regular_amount": "-1"}, "Rates are zero or more"),
            ("rates", {"labor_regular_amount": "a lot"}, "a lot"),
            ("documents", {"ends_on": "2025-01-01"}, "The paper ends before it starts."),
            ("documents", {"starts_on": "2024-01-01", "ends_on": "2025-01-01"}, "This paper ended on 1 Jan 2025."),
            ("documents", {"limit_amount": ""}, "Enter the limit of the policy"),
            ("documents", {"file": SimpleUploadedFile("virus.exe", b"MZ")}, "virus.exe"),
            ("people", {"email": ADDRESS}, "Somebody already signs in with this e-mail address."),
            ("people", {"role": "administrator"}, "administrator"),
        ],
    )
    def test_what_makes_no_sense_comes_back_with_every_answer(
        self, cast: Cast, nordic: Vendor, nora: Client, name: str, wrong: dict[str, Any], sentence: str
    ) -> None:
        post(nora, "company", COMPANY)
        post(nora, "trades", {"trades": [cast.refrigeration.pk]})
        good = {
            "company": COMPANY, "trades": {"trades": [cast.refrigeration.pk]}, "rates": RATES,
            "documents": insurance(), "people": {"name": "Tom Tech", "email": "t@n.example.com", "role": "technician"},
        }[name]  # fmt: skip
        before = LogEvent.objects.count()
        answer = post(nora, name, good | wrong)
        assert answer.status_code == 422
        assert sentence in text_of(answer)
        for field, typed in good.items():
            if field in wrong or not isinstance(typed, str) or not typed:
                continue
            assert typed in text_of(answer), field
        assert LogEvent.objects.count() == before

    def test_a_radius_needs_a_base(self, cast: Cast, nordic: Vendor, nora: Client) -> None:
        post(nora, "company", COMPANY)
        post(nora, "trades", {"trades": [cast.refrigeration.pk]})
        answer = post(nora, "coverage", {"radius_km": "80"})
        assert answer.status_code == 422
        assert "Enter the position of the vendor&#x27;s base first." in text_of(answer)
        assert not Coverage.objects.filter(vendor=nordic).exists()
        post(nora, "company", COMPANY | {"latitude": "47.2", "longitude": "-122.4"})
        assert post(nora, "coverage", {"radius_km": "80"}).status_code == 302
        assert Coverage.objects.get(vendor=nordic).radius_km == Decimal("128.748"), "80 miles"
        assert post(nora, "coverage", {f"trade-{cast.refrigeration.pk}": [cast.south.pk]}).status_code == 302
        assert Coverage.objects.get(vendor=nordic).region == cast.south

    def test_nowhere_is_no_place(self, cast: Cast, nora: Client) -> None:
        post(nora, "trades", {"trades": [cast.refrigeration.pk]})
        answer = post(nora, "coverage", {"radius_km": ""})
        assert answer.status_code == 422
        assert "Say where you go for refrigeration." in text_of(answer)
        foreign = post(nora, "coverage", {f"trade-{cast.refrigeration.pk}": [cast.company.pk]})
        assert foreign.status_code == 422, "only where somebody is looked for"

    def test_rates_that_overlap_are_refused_by_their_own_words(self, cast: Cast, nordic: Vendor, nora: Client) -> None:
        post(nora, "trades", {"trades": [cast.refrigeration.pk, cast.plumbing.pk]})
        assert post(nora, "rates", RATES).headers["Location"] == step("rates"), "the other trade is still open"
        assert "Refrigeration</h2>" in text_of(nora.get(step("rates")))
        again = post(nora, "rates", RATES | {"trip_amount": "75"}, "?trade=plumbing")
        assert again.status_code == 302, "the same card is changed, none is added"
        assert RateCard.objects.get(vendor=nordic).trip_amount == 75
        fresh = RateCard(vendor=nordic, trade=cast.plumbing)
        facts = {name: Decimal(1) for name in RATES if name.endswith("_amount")}
        with pytest.raises(Faulty, match="are in force"):
            roster.keep_rate_card(
                card=fresh, by=User.objects.get(email=ADDRESS), now=NOW, trade=fresh.trade,
                starts_on=date(2026, 8, 1), **facts,
            )  # fmt: skip

    def test_it_is_not_sent_while_something_is_missing(self, cast: Cast, nora: Client) -> None:
        post(nora, "company", COMPANY)
        answer = sent(nora)
        assert answer.status_code == 422
        assert "Choose at least one trade." in text_of(answer)
        assert Onboarding.objects.get().is_filling


class TestTheDecision:
    def test_what_is_missing_stands_beside_each_step(self, cast: Cast, enter: Enter, nora: Client) -> None:
        post(nora, "trades", {"trades": [cast.plumbing.pk]})
        page = text_of(enter(cast.admin).get(reverse("vendors:introduction", args=["NORD"])))
        for words in ("The company writes.", "Enter rates for plumbing.", "Enter the street."):
            assert words in page
        assert decided(enter(cast.admin), Decision.APPROVED).status_code == 409

    def test_refused_with_the_reason(self, cast: Cast, enter: Enter, nordic: Vendor, nora: Client) -> None:
        filled(cast, nora)
        sent(nora)
        admin = enter(cast.admin)
        bare = decided(admin, Decision.REFUSED)
        assert bare.status_code == 422
        assert "Say why; the company reads it." in text_of(bare)
        assert decided(admin, Decision.REFUSED, reason="No crew at night").status_code == 302
        nordic.refresh_from_db()
        assert nordic.standing == Standing.RETIRED
        (told,) = letters()
        assert "No crew at night" in str(told.body)
        assert "No crew at night" in text_of(nora.get(reverse("vendors:setup")))
        late = decided(admin, Decision.APPROVED)
        assert late.status_code == 409
        assert "It is decided already: refused." in text_of(late)

    def test_given_back_it_is_written_again(self, cast: Cast, enter: Enter, nordic: Vendor, nora: Client) -> None:
        filled(cast, nora)
        sent(nora)
        admin = enter(cast.admin)
        assert decided(admin, "ask").status_code == 422
        assert decided(admin, "ask", reason="Which license do you hold?").status_code == 302
        (told,) = letters()
        assert "Which license do you hold?" in str(told.body)
        assert "Which license do you hold?" in text_of(nora.get(reverse("vendors:setup")))
        assert post(nora, "company", COMPANY | {"city": "Olympia"}).status_code == 302
        assert sent(nora).status_code == 302
        assert decided(admin, Decision.APPROVED).status_code == 302
        nordic.refresh_from_db()
        assert (nordic.standing, nordic.city) == (Standing.APPROVED, "Olympia")

    def test_with_a_gap_only_for_a_reason(
        self, cast: Cast, enter: Enter, nordic: Vendor, nora: Client, present: Any
    ) -> None:
        filled(cast, nora)
        sent(nora)
        paper = ComplianceDocument.objects.get(vendor=nordic)
        compliance.reject(paper, by=cast.admin, now=timezone.now(), reason="Unreadable")
        admin = enter(cast.admin)
        answer = decided(admin, Decision.APPROVED)
        assert answer.status_code == 422
        assert "Say why it is taken on all the same." in text_of(answer)
        assert decided(admin, Decision.APPROVED, reason="The paper comes by mail").status_code == 302

    def test_a_trial_lasts_some_jobs(self, cast: Cast, enter: Enter, nora: Client) -> None:
        filled(cast, nora)
        sent(nora)
        for jobs in ("0", "101", "", "some"):
            answer = decided(enter(cast.admin), Decision.TRIAL, trial_jobs=jobs)
            assert answer.status_code == 422, jobs

    def test_the_database_refuses_a_decision_that_makes_no_sense(self, nordic: Vendor) -> None:
        rows = Onboarding.objects.filter(vendor=nordic)
        for wrong in ({"decision": "refused"}, {"decided_at": NOW}, {"decision": "perhaps"}):
            with pytest.raises(IntegrityError), transaction.atomic():
                rows.update(**wrong)


class TestItsWalls:
    def test_nobody_else_writes_it(self, cast: Cast, enter: Enter, nordic: Vendor, nora: Client) -> None:
        post(nora, "company", COMPANY)
        for person in (cast.dispatcher, cast.technician, cast.fm, cast.store):
            client = enter(person)
            assert post(client, "company", COMPANY).status_code in (403, 404), person
            assert client.get(reverse("vendors:introduction", args=["NORD"])).status_code == 403
        for act in (
            lambda: onboarding.introduce(vendor=nordic, by=cast.dispatcher, now=NOW, city="Elsewhere"),
            lambda: onboarding.submit(vendor=nordic, by=cast.dispatcher, now=NOW),
            lambda: roster.set_trades(vendor=nordic, trades=[], by=cast.dispatcher, now=NOW),
            lambda: onboarding.decide(vendor=nordic, decision="trial", reason="", trial_jobs=1, by=cast.fm, now=NOW),
        ):
            with pytest.raises(NotAllowed):
                act()

    def test_a_company_that_is_taken_on_changes_its_rates_no_more(self, cast: Cast) -> None:
        assert cast.dispatcher
        with pytest.raises(NotAllowed):
            roster.set_trades(vendor=cast.cascade, trades=[], by=cast.dispatcher, now=NOW)
        with pytest.raises(NotAllowed):
            card = RateCard.objects.filter(vendor=cast.cascade)[0]
            roster.keep_rate_card(
                card=card, by=cast.dispatcher, now=NOW, trade=card.trade, starts_on=card.starts_on, trip_amount=999
            )

    def test_it_sees_only_what_it_was_asked_for(self, cast: Cast, nora: Client) -> None:
        harbor = cast.harbor
        post(nora, "company", COMPANY)
        post(nora, "trades", {"trades": [cast.refrigeration.pk]})
        for name in ("company", "trades", "coverage", "rates", "documents", "people"):
            page = text_of(nora.get(step(name)))
            assert harbor.name not in page
            assert "Cascade" not in page
            assert "Summit" not in page
        assert nora.get(step("nothing")).status_code == 404

    def test_an_address_that_signs_in_already_is_said_so(self, cast: Cast, enter: Enter) -> None:
        given = {
            "operation": fresh_key(), "name": "X", "code": "X", "contact": "X", "email": cast.rival.email,
            "trades": [cast.refrigeration.pk], "regions": [cast.north.pk],
        }  # fmt: skip
        assert cast.cascade.code == "CASC"
        answer = enter(cast.admin).post(reverse("vendors:vendor_invite"), given)
        assert answer.status_code == 422
        assert "Somebody already signs in with this e-mail address." in text_of(answer)
        assert not Vendor.objects.filter(code="X").exists()
        again = enter(cast.admin).post(
            reverse("vendors:vendor_invite"),
            given | {"email": "x@x.example.com", "code": "casc", "operation": fresh_key()},
        )
        assert "Another vendor has this code." in text_of(again)

    def test_its_pages_ask_little(self, cast: Cast, enter: Enter, nora: Client) -> None:
        filled(cast, nora)
        for client, page in (
            (nora, reverse("vendors:setup")),
            *((nora, step(name)) for name in ("company", "trades", "coverage", "rates", "documents", "people")),
            (enter(cast.admin), reverse("vendors:introduction", args=["NORD"])),
        ):
            client.get(page)
            with CaptureQueriesContext(connection) as asked:
                assert client.get(page).status_code == 200
            assert len(asked) <= 8, (page, [one["sql"][:90] for one in asked])
