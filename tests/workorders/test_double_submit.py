"""Every form that makes something, sent twice at the same instant: it is made once, and both hands see it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client

from accounts.models import User
from accounts.once import fresh_key
from tests.cast import Cast
from tests.factories.bills import drafted
from tests.factories.clock import NOW
from tests.factories.workorders import Story
from tests.workorders.test_races import together
from workorders.models import Comment, InvoiceState, OfferState, PartUsed, Status, WorkOrder

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
TRIALS = 20


@pytest.fixture(autouse=True)
def present() -> Any:
    with time_machine.travel(NOW + timedelta(hours=3)):
        yield


def twice(person: User, address: str, given: dict[str, Any]) -> list[str]:
    """Two browsers of one person send the same form at once; where each is led to."""
    clients = [Client(), Client()]
    for client in clients:
        client.force_login(person)
    form = {"operation": fresh_key(), **given}
    hands = [lambda client=client: client.post(address, form) for client in clients]
    answers = together(*hands)
    assert [getattr(one, "status_code", one) for one in answers] == [302, 302]
    return [one["Location"] for one in answers]


def made(count: Callable[[], int], *sendings: Callable[[], list[str]]) -> None:
    """Each double sending made one, and led both hands to it."""
    for send in sendings:
        before = count()
        places = send()
        assert count() == before + 1
        assert places[0] == places[1]


def test_report(cast: Cast) -> None:
    facts = {
        "site": cast.hilltop.code, "trade": cast.plumbing.code, "problem_type": cast.leak.pk, "working": "down",
        "description": "Water everywhere.", "requester_name": "Stella", "duplicate": "different",
        "different_because": "Another sink",
    }  # fmt: skip

    def send() -> list[str]:
        seen = list(WorkOrder.objects.values_list("number", flat=True))
        return twice(cast.store, "/report", facts | {"seen": seen})

    made(WorkOrder.objects.count, *[send] * TRIALS)


@pytest.mark.parametrize(
    ("who", "place", "audience"),
    [
        ("store", "/requests/{}/messages", "store"),
        ("fm", "/work-orders/{}/do/say", "internal"),
        ("dispatcher", "/jobs/{}/messages", "vendor"),
    ],
)
def test_message(cast: Cast, who: str, place: str, audience: str) -> None:
    address = place.format(Story(cast).scheduled().work_order.number)
    given = {"body": "Is it cold again?", "audience": audience}
    made(Comment.objects.count, *[lambda: twice(getattr(cast, who), address, given)] * TRIALS)


def test_part(cast: Cast) -> None:
    row = Story(cast).on_site().work_order
    given = {"name": "Fan motor", "quantity": "1", "unit_cost_amount": "80.00", "origin": "bought"}
    made(PartUsed.objects.count, *[lambda: twice(cast.technician, f"/jobs/{row.number}/parts", given)] * TRIALS)


def test_invitation(cast: Cast) -> None:
    """An address is invited once; the second hand is told that it is here already."""
    clients = [Client(), Client()]
    for client in clients:
        client.force_login(cast.admin)
    for number in range(TRIALS):
        given = {"name": f"Nora {number}", "email": f"nora{number}@example.com"}
        hands = [lambda client=client, given=given: client.post("/people/new", given) for client in clients]
        answers = together(*hands)
        assert sorted(one.status_code for one in answers) == [302, 422]
        assert User.objects.filter(email=given["email"]).count() == 1


def test_offer_and_accept(cast: Cast) -> None:
    assert cast.cascade and cast.technician
    row = Story(cast).ready().work_order
    given = {"vendor": cast.cascade.pk, "nte_amount": "500.00", "version": row.version}
    twice(cast.fm, f"/work-orders/{row.number}/offer", given)
    offer = row.offers.get()
    given = {"technician": cast.technician.pk, "start_at": "2026-07-14T14:00", "window": "120"}
    twice(cast.dispatcher, f"/jobs/offers/{offer.pk}/accept", given)
    offer.refresh_from_db()
    row.refresh_from_db()
    assert (offer.state, row.status, row.visits.count()) == (OfferState.ACCEPTED, Status.SCHEDULED, 1)
    assert row.events.filter(verb="workorder.accepted").count() == 1


def test_invoice(cast: Cast) -> None:
    invoice = drafted(Story(cast))
    line = invoice.lines.get(kind="labor")
    given = {
        "lines-TOTAL_FORMS": "1", "lines-INITIAL_FORMS": "1", "lines-0-kind": "labor", "lines-0-quantity": "1.00",
        "lines-0-description": line.description, "lines-0-unit_amount": "95.00", "lines-0-labor_kind": line.labor_kind,
        "lines-0-visit": line.visit_id, "tax_percent": "0", "number": "CR-1", "invoice_on": "2026-07-14", "send": "1",
    }  # fmt: skip
    twice(cast.dispatcher, f"/jobs/invoices/{invoice.pk}", given)
    invoice.refresh_from_db()
    assert (invoice.state, invoice.number) == (InvoiceState.SUBMITTED, "CR-1")
    assert invoice.work_order.events.filter(verb="invoice.submitted").count() == 1
    connection.close()
