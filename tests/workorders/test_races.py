"""Two hands on one offer at the same instant: one wins, the other is told. A hundred trials of each."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from tests.cast import Cast
from tests.factories.workorders import Story
from vendors.models import Standing, Vendor
from workorders import lifecycle, offers, proposals
from workorders.models import Offer, OfferState, Proposal, ProposalState, Status, WorkOrder
from workorders.refusals import NotNow, Refused

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


def accepting(offer: Offer, by: User) -> Hand:
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


def test_accept_against_expiry(cast: Cast, fresh_offers: Any) -> None:
    dispatcher = cast.dispatcher
    for row, (offer,) in fresh_offers([cast.cascade]):
        end = offer.expires_at
        (winner,) = winners(
            together(accepting(offer, dispatcher), lambda offer=offer, end=end: offers.expire(offer, now=end))
        )
        check(row, (Status.SCHEDULED, Status.READY)[winner], accepted=1 - winner, expired=winner)


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


def test_a_suspended_vendor_cannot_accept_what_it_was_offered(cast: Cast, fresh_offers: Any) -> None:
    dispatcher = cast.dispatcher
    for row, (offer,) in fresh_offers([cast.cascade], trials=1):
        Vendor.objects.filter(pk=cast.cascade.pk).update(standing=Standing.SUSPENDED)
        with pytest.raises(NotNow, match="cannot take jobs"):
            accepting(offer, dispatcher)()
        check_unanswered(row)


def check_unanswered(row: WorkOrder) -> None:
    row.refresh_from_db()
    assert row.status == Status.OFFERED
    assert row.offers.get().state == OfferState.OPEN


def test_without_the_lock_both_would_win(cast: Cast, fresh_offers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: the same trial with the locks taken out shows the accident that they prevent."""
    dispatcher, fm = cast.dispatcher, cast.fm
    both_have_read = threading.Barrier(2)

    def unlocked(work_order: WorkOrder) -> WorkOrder:
        return WorkOrder.objects.select_related("site").get(pk=work_order.pk)

    def open_when_read(row: WorkOrder, offer: Offer) -> Offer:
        fresh = Offer.objects.select_related("vendor").get(pk=offer.pk)
        both_have_read.wait(timeout=30)
        return fresh

    monkeypatch.setattr(lifecycle, "lock", unlocked)
    monkeypatch.setattr(offers, "still_open", open_when_read)
    ((_, (offer,)),) = fresh_offers([cast.cascade], trials=1)
    now = offer.offered_at + timedelta(minutes=1)
    outcomes = together(accepting(offer, dispatcher), lambda: offers.withdraw(offer, by=fm, now=now))
    assert len(winners(outcomes)) == 2
