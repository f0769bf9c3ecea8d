"""Two hands on one offer at the same instant: one wins, the other is told. A hundred trials of each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.actors import Actor, LinkHolder
from accounts.models import User
from tests.cast import Cast
from tests.factories.workorders import Story, reason
from vendors import roster
from vendors.models import Standing, Vendor
from workorders import expiry, lifecycle, offers, proposals
from workorders.models import Offer, OfferState, Proposal, ProposalState, Status, Under, WorkOrder
from workorders.refusals import Refused

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
TRIALS = 100
type Hand = Callable[[], Any]


def together(*hands: Hand) -> list[Any]:
    """Run the hands at once, each in a thread with its own connection; what each returned or raised."""
    barrier = threading.Barrier(len(hands))
    outcomes: list[Any] = [None] * len(hands)

    def run(place: int, hand: Hand) -> None:
        try:
            barrier.wait(timeout=30)
            outcomes[place] = hand()
        except Exception as error:
            outcomes[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(hands)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return outcomes


def winners(outcomes: list[Any]) -> list[int]:
    """The places of the hands that got what they wanted; every other must have been refused with a sentence."""
    assert all(not isinstance(one, Exception) or isinstance(one, Refused) for one in outcomes), outcomes
    return [place for place, one in enumerate(outcomes) if not isinstance(one, Exception)]


@pytest.fixture
def fresh_offers(cast: Cast) -> Callable[..., Iterator[tuple[WorkOrder, list[Offer]]]]:
    """Work orders that are offered to Cascade, and to Summit too when asked for: the first made by the rules, the
    others its twins."""

    def make(vendors: list[Vendor], trials: int = TRIALS) -> Iterator[tuple[WorkOrder, list[Offer]]]:
        story = Story(cast).offered()
        row, offer = story.work_order, story.offer
        for trial in range(trials):
            row.pk, row.number = None, f"WO-9{trial:05}"
            row._state.adding = True
            row.save(force_insert=True)
            made = []
            for vendor in vendors:
                offer.pk, offer.work_order, offer.vendor = None, row, vendor
                offer._state.adding = True
                offer.save(force_insert=True)
                made.append(Offer.objects.select_related("work_order", "vendor").get(pk=offer.pk))
            yield WorkOrder.objects.get(pk=row.pk), made

    return make


def accepting(offer: Offer, by: Actor) -> Hand:
    now = offer.offered_at + timedelta(minutes=1)
    return lambda: offers.accept(
        offer, by=by, now=now, start_at=now + timedelta(hours=1), end_at=now + timedelta(hours=2)
    )


def check(row: WorkOrder, status: str, **states: int) -> None:
    """The work order stands at `status`, its offers at `states`, and its events tell one story."""
    row.refresh_from_db()
    assert row.status == status
    counted = {state: row.offers.filter(state=state).count() for state in states}
    assert counted == states
    # The one move, beside what a loser of the same moment is told.
    assert row.events.exclude(verb="offer.taken").count() == 1


def test_accept_against_withdraw(cast: Cast, fresh_offers: Any) -> None:
    dispatcher, fm = cast.dispatcher, cast.fm
    wins = [0, 0]
    for row, (offer,) in fresh_offers([cast.cascade]):
        now = offer.offered_at + timedelta(minutes=1)
        (winner,) = winners(
            together(accepting(offer, dispatcher), lambda offer=offer, now=now: offers.withdraw(offer, by=fm, now=now))
        )
        wins[winner] += 1
        if winner == 0:
            check(row, Status.SCHEDULED, accepted=1, withdrawn=0)
        else:
            check(row, Status.READY, accepted=0, withdrawn=1)
    assert sum(wins) == TRIALS


def test_accept_against_accept(cast: Cast, fresh_offers: Any) -> None:
    dispatcher, rival = cast.dispatcher, cast.rival
    for row, (ours, theirs) in fresh_offers([cast.cascade, cast.summit]):
        (winner,) = winners(together(accepting(ours, dispatcher), accepting(theirs, rival)))
        check(row, Status.SCHEDULED, accepted=1, withdrawn=1)
        assert row.vendor == (cast.cascade, cast.summit)[winner]


def test_the_same_accept_twice(cast: Cast, fresh_offers: Any) -> None:
    dispatcher = cast.dispatcher
    for row, (offer,) in fresh_offers([cast.cascade]):
        assert len(winners(together(accepting(offer, dispatcher), accepting(offer, dispatcher)))) == 1
        check(row, Status.SCHEDULED, accepted=1)
        assert row.visits.count() == 1


def test_one_link_on_two_phones(cast: Cast, fresh_offers: Any) -> None:
    for row, (offer,) in fresh_offers([cast.cascade]):
        held = LinkHolder(link_id=1, work_order_id=row.pk, vendor_id=cast.cascade.pk, email=cast.cascade.email)
        assert len(winners(together(accepting(offer, held), accepting(offer, held)))) == 1
        check(row, Status.SCHEDULED, accepted=1)
        assert row.visits.count() == 1


def test_accept_against_expiry(cast: Cast, fresh_offers: Any) -> None:
    dispatcher = cast.dispatcher
    for row, (offer,) in fresh_offers([cast.cascade]):
        end = offer.expires_at
        (winner,) = winners(
            together(accepting(offer, dispatcher), lambda offer=offer, end=end: offers.expire(offer, now=end))
        )
        check(row, (Status.SCHEDULED, Status.READY)[winner], accepted=1 - winner, expired=winner)


def test_accept_against_the_sweep(cast: Cast, fresh_offers: Any) -> None:
    dispatcher = cast.dispatcher
    for row, (offer,) in fresh_offers([cast.cascade]):
        end = offer.expires_at
        accepted, swept = together(accepting(offer, dispatcher), lambda end=end: expiry.sweep(now=end))
        assert not isinstance(swept, Exception), swept
        took = len(winners([accepted]))
        check(row, Status.SCHEDULED if took else Status.READY, accepted=took, expired=1 - took)


def test_the_sweep_against_itself(cast: Cast, fresh_offers: Any) -> None:
    for row, (ours, _) in fresh_offers([cast.cascade, cast.summit], trials=TRIALS // 2):
        end = ours.expires_at
        assert len(winners(together(*[lambda end=end: expiry.sweep(now=end)] * 3))) == 3
        row.refresh_from_db()
        assert (row.status, row.offers.filter(state=OfferState.EXPIRED).count()) == (Status.READY, 2)
        assert [event.data["after"] for event in row.events.order_by("position")] == ["offered", "ready"]


def test_one_company_declines_while_the_sweep_ends_the_offer_of_the_other(cast: Cast, fresh_offers: Any) -> None:
    """Whoever is last gives the work back: it is never offered with nobody asked."""
    dispatcher, no = cast.dispatcher, reason(Under.DECLINE, "Too far")
    for row, (ours, theirs) in fresh_offers([cast.cascade, cast.summit], trials=TRIALS // 2):
        end = theirs.expires_at
        Offer.objects.filter(pk=ours.pk).update(expires_at=end + timedelta(days=1))
        outcomes = together(
            lambda ours=ours, end=end: offers.decline(ours, by=dispatcher, now=end, reason=no),
            lambda end=end: expiry.sweep(now=end),
        )
        assert len(winners(outcomes)) == 2
        expiry.sweep(now=end)  # what the one was at, the other has left for the next time
        row.refresh_from_db()
        assert (row.status, row.offers.open().count()) == (Status.READY, 0)


def proposed(offer: Offer, now: datetime) -> Proposal:
    return Proposal.objects.create(
        offer=offer, start_at=now + timedelta(hours=30), end_at=now + timedelta(hours=31), note="Busy", made_at=now
    )


@pytest.mark.parametrize("rival", ["withdraw", "expire", "accept"])
def test_agreeing_to_another_time_against_what_ends_the_offer(cast: Cast, fresh_offers: Any, rival: str) -> None:
    dispatcher, fm, other = cast.dispatcher, cast.fm, cast.second_fm
    for row, (offer,) in fresh_offers([cast.cascade], trials=TRIALS // 2):
        now = offer.offered_at + timedelta(minutes=1)
        asked, end = proposed(offer, now), offer.expires_at
        against: dict[str, Hand] = {
            "withdraw": lambda offer=offer, now=now: offers.withdraw(offer, by=other, now=now),
            "expire": lambda offer=offer, end=end: offers.expire(offer, now=end),
            "accept": accepting(offer, dispatcher),
        }
        (winner,) = winners(
            together(lambda asked=asked, now=now: proposals.agree(asked, by=fm, now=now), against[rival])
        )
        taken = winner == 0 or rival == "accept"
        check(row, Status.SCHEDULED if taken else Status.READY, accepted=int(taken))
        asked.refresh_from_db()
        assert asked.state == (ProposalState.LAPSED if winner else ProposalState.ACCEPTED)
        assert row.visits.count() == int(taken)
        assert not taken or row.scheduled_start_at == (asked.start_at if winner == 0 else now + timedelta(hours=1))


def suspending(offer: Offer, by: User) -> Hand:
    """Suspend the company; what had become of the offer at the very moment at which that counts."""

    def suspend() -> str:
        with transaction.atomic():
            roster.set_standing(
                vendor=offer.vendor, standing=Standing.SUSPENDED, reason="Insurance", by=by, now=offer.offered_at
            )
            return Offer.objects.values_list("state", flat=True).get(pk=offer.pk)

    return suspend


def test_accept_against_suspend(cast: Cast, fresh_offers: Any) -> None:
    """Whoever accepts in time has the job, and whoever suspends knows it; else the answer says why not."""
    dispatcher, admin = cast.dispatcher, cast.admin
    for row, (offer,) in fresh_offers([cast.cascade]):
        Vendor.objects.filter(pk=cast.cascade.pk).update(standing=Standing.APPROVED)
        accepted, state = together(accepting(offer, dispatcher), suspending(offer, admin))
        assert Vendor.objects.get(pk=cast.cascade.pk).standing == Standing.SUSPENDED
        if isinstance(accepted, Exception):
            assert isinstance(accepted, Refused)
            assert (accepted.sentence, state) == (
                "Your company cannot take jobs at the moment. Call facilities.", OfferState.OPEN
            )  # fmt: skip
            check_unanswered(row)
        else:
            assert state == OfferState.ACCEPTED
            check(row, Status.SCHEDULED, accepted=1)


def check_unanswered(row: WorkOrder) -> None:
    row.refresh_from_db()
    assert row.status == Status.OFFERED
    assert row.offers.get().state == OfferState.OPEN


def unlocked(work_order: WorkOrder) -> WorkOrder:
    return WorkOrder.objects.select_related("site").get(pk=work_order.pk)


@pytest.fixture
def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both hands have read the open offer before either writes."""
    both_have_read = threading.Barrier(2)

    def open_when_read(row: WorkOrder, offer: Offer) -> Offer:
        fresh = Offer.objects.select_related("vendor").get(pk=offer.pk)
        both_have_read.wait(timeout=30)
        return fresh

    monkeypatch.setattr(lifecycle, "lock", unlocked)
    monkeypatch.setattr(offers, "still_open", open_when_read)


def test_without_the_lock_both_would_win(cast: Cast, fresh_offers: Any, without_locks: None) -> None:
    """The negative control: the same trial with the locks taken out shows the accident that they prevent."""
    dispatcher, fm = cast.dispatcher, cast.fm
    ((_, (offer,)),) = fresh_offers([cast.cascade], trials=1)
    now = offer.offered_at + timedelta(minutes=1)
    outcomes = together(accepting(offer, dispatcher), lambda: offers.withdraw(offer, by=fm, now=now))
    assert len(winners(outcomes)) == 2


def test_without_the_lock_an_expired_offer_would_be_accepted(
    cast: Cast, fresh_offers: Any, without_locks: None
) -> None:
    """The negative control of accept against expiry."""
    dispatcher = cast.dispatcher
    ((_, (offer,)),) = fresh_offers([cast.cascade], trials=1)
    outcomes = together(accepting(offer, dispatcher), lambda: offers.expire(offer, now=offer.expires_at))
    assert len(winners(outcomes)) == 2


@pytest.mark.parametrize("locked", [True, False])
def test_without_the_lock_the_sweep_would_end_an_offer_that_is_being_accepted(
    cast: Cast, fresh_offers: Any, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """The negative control of accept against the sweep, beside the same with the lock."""
    dispatcher = cast.dispatcher
    has_read, has_swept = threading.Event(), threading.Event()

    def open_when_read(row: WorkOrder, offer: Offer) -> Offer:
        fresh = Offer.objects.select_related("vendor").get(pk=offer.pk)
        has_read.set()
        assert has_swept.wait(timeout=30)
        return fresh

    monkeypatch.setattr(offers, "still_open", open_when_read)
    if not locked:
        monkeypatch.setattr(lifecycle, "lock", unlocked)
    ((row, (offer,)),) = fresh_offers([cast.cascade], trials=1)

    def sweep_meanwhile() -> int:
        assert has_read.wait(timeout=30)
        try:
            return expiry.sweep(now=offer.expires_at)
        finally:
            has_swept.set()

    assert len(winners(together(accepting(offer, dispatcher), sweep_meanwhile))) == 2
    told = list(row.events.order_by("position").values_list("verb", flat=True))
    assert told == [*([] if locked else ["workorder.offer_expired"]), "workorder.accepted"]


def test_without_the_lock_only_the_database_would_stop_the_second_company(
    cast: Cast, fresh_offers: Any, without_locks: None
) -> None:
    """The negative control of accept against accept: the loser would read an error, not a sentence."""
    dispatcher, rival = cast.dispatcher, cast.rival
    ((_, (ours, theirs)),) = fresh_offers([cast.cascade, cast.summit], trials=1)
    outcomes = together(accepting(ours, dispatcher), accepting(theirs, rival))
    errors = [one for one in outcomes if isinstance(one, Exception) and not isinstance(one, Refused)]
    assert len(errors) == 1
    assert isinstance(errors[0], DatabaseError)


def test_without_the_lock_a_company_would_accept_after_it_was_suspended(
    cast: Cast, fresh_offers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of accept against suspend."""
    dispatcher, admin = cast.dispatcher, cast.admin
    has_read, is_suspended = threading.Event(), threading.Event()

    def company_when_read(offer: Offer) -> Vendor:
        company = Vendor.objects.get(pk=offer.vendor_id)
        has_read.set()
        assert is_suspended.wait(timeout=30)
        return company

    monkeypatch.setattr(offers, "_company", company_when_read)
    ((_, (offer,)),) = fresh_offers([cast.cascade], trials=1)

    def suspend_meanwhile() -> str:
        assert has_read.wait(timeout=30)
        state: str = suspending(offer, admin)()
        is_suspended.set()
        return state

    accepted, state = together(accepting(offer, dispatcher), suspend_meanwhile)
    assert not isinstance(accepted, Exception)
    assert state == OfferState.OPEN
