"""People on both sides of the table: an employee who does repairs is a store's manager here and a technician there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from accounts import people
from accounts.models import Role, User
from accounts.once import fresh_key
from tests.cast import Cast
from tests.factories.clock import HOUSE, NOW
from tests.factories.workorders import Story, reason
from vendors.models import Vendor
from vendors.staffing import employ
from workorders import conversation, lifecycle, offers
from workorders.labels import events_for, mark_for
from workorders.models import Audience, Outcome, Reason, Status, Under, Visit, WorkOrder
from workorders.refusals import Incomplete, NotAllowed
from workorders.visits import check_out

pytestmark = pytest.mark.django_db
Enter = Callable[[User], Client]


def also(person: User, role: str, vendor: Vendor) -> User:
    """`person` with a role at `vendor` as well."""
    membership = people.grant(user=person, role=role, by=HOUSE, now=NOW)
    employ(membership=membership, vendor=vendor, by=HOUSE, now=NOW)
    return User.objects.get(pk=person.pk)


def test_a_store_manager_who_also_repairs_sees_who_comes_to_the_own_store(cast: Cast, enter: Enter) -> None:
    story = Story(cast).scheduled()  # Cascade comes
    both = also(cast.store, Role.TECHNICIAN, cast.summit)
    assert list(Visit.objects.visible_to(both)) == [story.visit]
    verbs = set(events_for(story.work_order, both).values_list("verb", flat=True))
    assert {"workorder.reported", "workorder.accepted"} <= verbs
    assert "workorder.authorized" not in verbs
    assert "Tess Technician" in enter(both).get(f"/requests/{story.work_order.number}").content.decode()
    said = conversation.say(
        story.work_order, body="The dock is free", audience=Audience.STORE, by=both, now=story.later()
    )
    assert said.audience == Audience.STORE
    with pytest.raises(Incomplete):
        conversation.say(story.work_order, body="Psst", audience=Audience.INTERNAL, by=both, now=story.later())


def test_at_other_places_the_same_person_is_only_the_company(cast: Cast) -> None:
    story = Story(cast, facts={"by": cast.sibling_store, "site": cast.harbor, "asset": None})
    story.on_site()
    check_out(
        story.visit, by=cast.technician, now=story.later(), outcome=Outcome.RETURN_NEEDED, note="Cascade's secret"
    )
    lifecycle.reassign(story.fresh().work_order, by=cast.fm, now=story.later(), reason="Too slow")
    story.fresh().offered(vendor=cast.summit)
    now = story.later()
    offers.accept(story.offer, by=cast.rival, now=now, start_at=now, end_at=now, technician=cast.rival_technician)
    both = also(cast.store, Role.DISPATCHER, cast.summit)
    assert WorkOrder.objects.visible_to(both).filter(pk=story.work_order.pk).exists()
    assert {visit.vendor for visit in Visit.objects.visible_to(both)} == {cast.summit}
    assert {event.vendor_id for event in events_for(story.work_order, both)} == {cast.summit.pk}
    assert conversation.audiences_for(story.work_order, both) == [Audience.VENDOR, Audience.EVERYONE]


def test_a_facilities_manager_who_also_repairs_holds_for_every_reason_at_the_own_sites_only(cast: Cast) -> None:
    ours = reason(Under.HOLD, "Our request")
    both = also(cast.fm, Role.TECHNICIAN, cast.cascade)
    assert ours in Reason.objects.visible_to(both).under(Under.HOLD)
    story = Story(cast).scheduled()
    row = lifecycle.hold(story.work_order, by=both, now=story.later(), reason=ours)
    assert lifecycle.resume(row, by=both, now=story.later()).status == Status.SCHEDULED
    south = Story(cast, facts={"by": cast.foreign_store, "site": cast.desert, "asset": None})
    south.reported()
    lifecycle.triage(south.work_order, by=cast.foreign_fm, now=south.later())
    offers.offer(
        south.work_order, vendor=cast.cascade, by=cast.foreign_fm, now=south.later(), nte_amount=100,
        override_reason="Near",
    )  # fmt: skip
    now = south.fresh().later()
    offers.accept(south.offer, by=cast.dispatcher, now=now, start_at=now, end_at=now, technician=both)
    with pytest.raises(Incomplete, match="Choose a reason"):
        lifecycle.hold(south.fresh().work_order, by=both, now=south.later(), reason=ours)
    lifecycle.hold(south.work_order, by=cast.foreign_fm, now=south.later(), reason=ours)
    with pytest.raises(NotAllowed, match="Facilities put this on hold"):
        lifecycle.resume(south.fresh().work_order, by=both, now=south.later())


def test_too_late_says_no_secret_reason_to_the_company(cast: Cast, enter: Enter) -> None:
    story = Story(cast).scheduled()
    secret = reason(Under.HOLD, "Quokka dispute", vendor_sees=False)
    lifecycle.hold(story.work_order, by=cast.fm, now=story.later(), reason=secret)
    given = {"operation": fresh_key(), "position_reason": "No signal"}
    answer = enter(cast.technician).post(f"/jobs/{story.work_order.number}/check-in", given)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "On hold" in page
    assert "Quokka" not in page
    assert "Quokka" in enter(cast.fm).get(f"/work-orders/{story.work_order.number}").content.decode()


def test_a_company_that_has_lost_the_job_is_not_told_how_it_goes_on(cast: Cast) -> None:
    story = Story(cast).on_site()
    check_out(story.visit, by=cast.technician, now=story.later(), outcome=Outcome.RETURN_NEEDED, note="Later")
    lifecycle.reassign(story.fresh().work_order, by=cast.fm, now=story.later(), reason="Too slow")
    story.fresh().offered(vendor=cast.summit)
    assert mark_for(story.work_order, cast.dispatcher) is None
    asked, ours = mark_for(story.work_order, cast.rival), mark_for(story.work_order, cast.fm)
    assert asked and asked == ours
    assert asked.label == "Offered"
