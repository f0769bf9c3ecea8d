"""What a mailed link does not open: another job, the house, anything after an account; and who learns its secret."""

from __future__ import annotations

import logging
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import people
from accounts.actors import by_link
from accounts.delivery import deliver
from accounts.keys import KeysHidden, hidden
from accounts.models import LogEvent, Notice, Role, User
from accounts.once import fresh_key
from accounts.outbox import ledgers, settle
from config.logs import logging_settings
from tests.cast import Cast
from tests.factories.clock import NOW
from tests.factories.workorders import Story, reason
from tests.test_canaries import plain
from tests.workorders.by_link import ADDRESS, LINK, accept, holder, job, opened, posted, text_of
from tests.world import FOREIGN, OWN, SIBLING, WORDS, World
from vendors import staffing
from workorders import drafts, invoices, lifecycle, links, notices, offers, visits
from workorders.authorization import check_limit
from workorders.models import (
    Invoice,
    JobLink,
    Offer,
    OfferState,
    Under,
    Visit,
    WorkOrder,
)
from workorders.refusals import NotAllowed, OverLimit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("present")]


@pytest.fixture
def story(cast: Cast) -> Story:
    return Story(cast).offered()


class TestItOpensOneJob:
    @pytest.fixture
    def other(self, cast: Cast) -> Story:
        """Another job that the same company has."""
        return Story(cast, facts={"asset": None, "description": "Another one", "different_because": "Other"})

    def test_no_page_of_another_job_and_none_of_the_house_is_there(
        self, cast: Cast, story: Story, link: str, other: Story
    ) -> None:
        client, home = opened(link)
        other.offered()
        for page in (job(other), f"jobs/offers/{other.offer.pk}", f"jobs/offers/{other.offer.pk}/decline"):
            assert client.get(f"{home}{page}").status_code == 404, page
        for page in ("company", "people", "queue", "jobs/schedule", "j/1/", "settings", "nowhere", "me", "admin/"):
            assert client.get(f"{home}{page}").status_code == 404, page
        assert accept(client, home, other).status_code == 404

    def test_the_rules_hold_the_holder_to_the_job_too(self, cast: Cast, story: Story, other: Story) -> None:
        posted()
        by, now = holder(story), timezone.now()
        other.scheduled(technician=cast.technician)
        with pytest.raises(NotAllowed):
            offers.decline(other.offer, by=by, now=now, reason=reason(Under.DECLINE, "No"))
        with pytest.raises(NotAllowed):
            visits.check_in(other.visit, by=by, now=now, note="Here")
        with pytest.raises(NotAllowed):
            visits.add_part(other.on_site().visit, by=by, now=now, name="x", quantity=Decimal(1),
                            unit_cost_amount=Decimal(1))  # fmt: skip
        with pytest.raises(NotAllowed):
            lifecycle.hold(other.work_order, by=by, now=now, reason=reason(Under.HOLD, "P", vendor_may_choose=True))
        done = other.completed().work_order
        with pytest.raises(NotAllowed):
            drafts.draft(done, vendor=cast.cascade, now=now, by=by)
        bill = drafts.draft(done, vendor=cast.cascade, now=now)
        assert bill is not None
        for act in (
            lambda: invoices.submit(bill, by=by, now=now, number="1", invoice_on=now.date()),
            lambda: invoices.void(bill, by=by, now=now, reason="x"),
            lambda: invoices.edit_lines(bill, lines=[], by=by, now=now),
        ):
            with pytest.raises(NotAllowed):
                act()
        for model in (WorkOrder, Offer, Visit, Invoice):
            seen = model.objects.visible_to(by)  # type: ignore[attr-defined]
            assert not seen.filter(pk__in=[other.work_order.pk if model is WorkOrder else 0]).exists()
            if model is not WorkOrder:
                assert not seen.filter(work_order=other.work_order).exists()
        assert not JobLink.objects.visible_to(by).exists()

    def test_nobody_spends_by_a_link(self, story: Story) -> None:
        posted()
        with pytest.raises(OverLimit):
            check_limit(Decimal(1), holder(story))

    def test_a_visit_of_somebody_with_an_account_is_his(self, cast: Cast, story: Story, link: str) -> None:
        client, home = opened(link)
        accept(client, home, story, technician=str(cast.technician.pk))
        assert story.visit.technician == cast.technician
        page = text_of(client.get(f"{home}{job(story)}"))
        assert "Tess Technician goes" in page
        there = client.post(f"{home}{job(story)}/check-in", {"operation": fresh_key(), "position_reason": "x"})
        assert there.status_code == 403

    def test_two_small_vendors_on_site_do_not_stand_in_each_others_way(
        self, cast: Cast, story: Story, link: str, other: Story
    ) -> None:
        client, home = opened(link)
        accept(client, home, story)
        other.offered(cast.summit)
        settle(now=timezone.now(), ledgers=ledgers())
        deliver(now=timezone.now())
        (theirs,) = [LINK.search(str(one.body)) for one in mail.outbox if one.to == ["offers@summ.example.com"]]
        assert theirs
        rival, there = opened(theirs[0])
        accept(rival, there, other)
        arrive = {"operation": fresh_key(), "position_reason": "No signal", "without_position": "1"}
        assert rival.post(f"{there}{job(other)}/check-in", arrive).status_code == 302
        answer = client.post(f"{home}{job(story)}/check-in", arrive | {"operation": fresh_key()})
        assert answer.status_code == 302
        assert Visit.objects.on_site().count() == 2


class TestTheSecret:
    def test_it_is_in_the_mail_alone(self, story: Story, link: str) -> None:
        token = link.removeprefix("/j/")
        client, home = opened(link)
        accept(client, home, story)
        secret = token.rpartition(".")[0]
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names():
                cursor.execute(f'SELECT count(*) FROM "{table}" AS row WHERE row::text LIKE %s', [f"%{secret}%"])
                assert cursor.fetchone() == (0,), table
        assert Notice.objects.get(address=ADDRESS).path == "/j/…"
        assert secret not in text_of(client.get(home, follow=True))

    def test_no_log_names_it(self, link: str) -> None:
        token = link.removeprefix("/j/")
        record = logging.LogRecord("django.request", 30, "", 1, "Not Found: %s", (f"/j/{token}",), None)
        assert KeysHidden().filter(record)
        assert record.getMessage() == "Not Found: /j/…"
        assert logging_settings(as_json=True, level="INFO")["handlers"]["console"]["filters"] == ["keys"]
        for said, told in (
            ('"GET /j/abc.def HTTP/1.1" 302', '"GET /j/… HTTP/1.1" 302'),
            ("/invitation/WzEsIng=:a:b?x=1", "/invitation/…?x=1"),
            ("/accounts/password/reset/key/1-set/", "/accounts/password/reset/key/…/"),
            ("/j/5/jobs/WO-1", "/j/5/jobs/WO-1"),
            ("/jobs/5", "/jobs/5"),
        ):
            assert hidden(said) == told

    def test_a_made_up_one_opens_nothing_and_guessing_ends(self, story: Story, link: str) -> None:
        wrong = link[:-1] + ("A" if link[-1] != "A" else "B")
        client = Client()
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(wrong)
        assert answer.status_code == 404
        assert not [one for one in asked if "job" in one["sql"]], "the signature alone refuses it"
        for _ in range(links.WRONG_PER_ADDRESS.value()):
            last = client.get(wrong)
        assert last.status_code == 429
        assert client.get(link).status_code == 302, "what is right still opens"

    def test_a_page_without_its_link_shows_nothing(self, story: Story, link: str) -> None:
        _, home = opened(link)
        bare = Client()
        for page in (home, f"{home}{job(story)}"):
            answer = bare.get(page)
            assert answer.status_code == 404
            assert story.work_order.number not in text_of(answer)
        client, _ = opened(link)
        client.cookies["job-999"] = client.cookies[home.strip("/").replace("j/", "job-")].value
        assert client.get("/j/999/").status_code == 404

    def test_its_pages_are_kept_by_nobody_and_named_to_nobody(self, story: Story, link: str) -> None:
        client, home = opened(link)
        for answer in (client.get(link), client.get(home), client.get(f"{home}{job(story)}"), Client().get(home)):
            assert answer.headers["Cache-Control"] == "private, no-store"
            assert answer.headers["Referrer-Policy"] == "same-origin"
            assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        cookie = client.cookies[home.strip("/").replace("j/", "job-")]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", home)

    def test_a_flood_of_forms_is_stopped(self, story: Story, link: str) -> None:
        client, home = opened(link)
        for _ in range(links.ACTS_PER_LINK.value()):
            client.post(f"{home}{job(story)}/nothing")
        assert accept(client, home, story).status_code == 429
        assert story.offer.state == OfferState.OPEN

    def test_a_sweep_that_runs_twice_makes_one_link(self, story: Story) -> None:
        event = story.work_order.events.get(verb="workorder.offered")
        for _ in range(2):
            notices.offered(event, timezone.now())
        assert JobLink.objects.count() == 1
        assert Notice.objects.filter(address=ADDRESS).count() == 1


class TestAnAccountLater:
    def test_it_is_claimed_with_the_history_kept(self, cast: Cast, enter: Any, story: Story, link: str) -> None:
        client, home = opened(link)
        accept(client, home, story)
        now = timezone.now()
        user = people.invite(email=ADDRESS, name="Olga Owner", by=cast.admin, now=now)
        membership = people.grant(user=user, role=Role.DISPATCHER, by=cast.admin, now=now)
        staffing.employ(membership=membership, vendor=cast.cascade, by=cast.admin, now=now)
        assert client.get(f"{home}{job(story)}").status_code == 200, "invited is not come in"
        token = people.invitation_token(user, now)
        user = people.accept_invitation(token=token, name="Olga Owner", password="winter-coat-17", now=now)
        page = text_of(enter(user).get(f"/{job(story)}"))
        assert by_link(ADDRESS) in page
        led = client.get(home)
        assert led.headers["Location"] == f"/{job(story)}", "from now on by the account"
        assert client.get(led.headers["Location"]).headers["Location"].startswith("/accounts/login/")

    def test_somebody_of_the_company_who_is_signed_in_comes_to_his_own_page(
        self, cast: Cast, story: Story, link: str
    ) -> None:
        client, home = opened(link)
        client.force_login(cast.dispatcher)
        assert client.get(home).headers["Location"] == f"/{job(story)}"

    def test_whoever_holds_the_link_asks_for_one(self, cast: Cast, enter: Any, story: Story, link: str) -> None:
        client, home = opened(link)
        assert f"{home}account" in text_of(client.get(f"{home}{job(story)}"))
        assert client.post(f"{home}account", {"operation": fresh_key(), "name": " "}).status_code == 422
        before = len(mail.outbox)
        given = {"operation": fresh_key(), "name": "Olga Owner"}
        assert client.post(f"{home}account", given).headers["Location"] == f"{home}{job(story)}"
        deliver(now=timezone.now())
        (invitation,) = [one for one in mail.outbox[before:] if one.to == [ADDRESS]]
        assert "/invitation/" in str(invitation.body)
        again = client.post(f"{home}account", given | {"operation": fresh_key()})
        assert again.status_code == 409
        assert "has an account, or an invitation to one" in text_of(again)
        user = User.objects.get(email=ADDRESS)
        assert user.roles == {Role.DISPATCHER}
        told = LogEvent.objects.filter(stream=f"vendor:{cast.cascade.pk}").latest("pk")
        assert (told.verb, told.actor_name, told.via) == ("account.claimed", by_link(ADDRESS), "link")
        assert client.get(f"{home}{job(story)}").status_code == 200, "the link still works until it is accepted"
        Story(cast, now=timezone.now(), facts={"different_because": "Another"}).offered()
        assert len(posted()) == 1, "and so do the next ones"

    def test_a_company_with_a_dispatcher_is_mailed_no_link(self, cast: Cast) -> None:
        assert cast.dispatcher
        Story(cast).offered()
        assert posted() == []
        assert not JobLink.objects.exists()


@pytest.mark.slow
def test_what_others_do_changes_no_page_behind_a_link(cast: Cast, present: Any) -> None:
    """Read before the other sides exist and after, to the letter, as everybody's pages are."""
    present.move_to(NOW + timedelta(days=1))
    world = World(cast, sides=())
    world.add(OWN)
    own = world.sides[OWN]
    phones = []
    for row in (own.waiting, own.live, own.done):
        token = links.make(row, vendor=cast.cascade, email=cast.cascade.email, now=timezone.now())
        client, home = opened(f"/j/{token}")
        pages = [home, f"{home}jobs/{row.number}", f"{home}jobs/{row.number}/check-out"]
        pages += [f"{home}jobs/offers/{one.pk}/decline" for one in row.offers.all()]
        pages += [f"{home}jobs/invoices/{one.pk}" for one in row.invoices.all()]
        phones.append((client, pages))

    def read() -> dict[str, str]:
        return {page: plain(client.get(page, follow=True)) for client, pages in phones for page in pages}

    before = read()
    world.add(SIBLING)
    world.add(FOREIGN)
    after = read()
    assert len(before) >= 10
    assert before == after
    assert not [page for page, text in after.items() for word in (WORDS[SIBLING], WORDS[FOREIGN]) if word in text]
    assert [page for page, text in after.items() if WORDS[OWN] in text]
