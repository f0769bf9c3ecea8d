"""The whole story: one broken cooler from the report to the closed work order, by the people who do it.

Each at the own device, with the worker running and real mail; then once more with JavaScript switched off.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.controller import Controller
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from accounts.words import when
from assets.models import CriticalityQuestion, Warranty
from tests.browser.hands import DESK, PHONE, Hands, Postbox, Worker, until
from tests.cast import Cast
from tests.factories.workorders import Story, papers, photo
from vendors.models import Vendor
from workorders.catalog import load_targets
from workorders.models import InvoiceState, Status, WorkOrder

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WORDS = "The display shows 52 since six in the morning, the fans are still."
ASKED = "Is food at risk?"


@pytest.fixture
def postbox(live_server: Any, tmp_path: Path) -> Iterator[Postbox]:
    """Mail of the running worker."""
    box = Postbox()
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    post = Controller(box, hostname="127.0.0.1", port=port)
    post.start()
    worker = Worker(tmp_path, address=live_server.url, mail_port=port)
    yield box
    worker.stop()
    post.stop()


@pytest.fixture
def known(cast: Cast) -> WorkOrder:
    """What the story finds there: people, vendors, a warranty, and work that is open on the same cooler."""
    for person in (cast.store, cast.fm, cast.finance, cast.dispatcher, cast.technician, cast.rival):
        assert person.pk
    Vendor.objects.update(takes_emergencies=True)
    Vendor.objects.filter(pk=cast.cascade.pk).update(latitude=Decimal("47.20"), longitude=Decimal("-122.40"))
    Vendor.objects.filter(pk=cast.summit.pk).update(latitude=Decimal("47.60"), longitude=Decimal("-122.30"))
    CriticalityQuestion.objects.create(problem_type=cast.too_warm, text=ASKED, level_if_yes=1)
    papers()
    load_targets()
    today = timezone.localdate()
    Warranty.objects.create(
        asset=cast.cooler, provider_name="Frostline", starts_on=today - timedelta(days=300),
        ends_on=today + timedelta(days=60),
    )  # fmt: skip
    return Story(cast, now=timezone.now() - timedelta(hours=3)).reported(by=cast.fm).work_order


def picture(name: str) -> dict[str, Any]:
    upload = photo(name)
    return {"name": name, "mimeType": "image/jpeg", "buffer": upload.read()}


def reported(page: Page, cast: Cast, *, script: bool = True) -> None:
    """The store says what is broken, how bad it is, and that it is not the same as the open work."""
    page.get_by_role("link", name="Report a problem").click()
    page.get_by_text(cast.refrigeration.name, exact=True).click()
    if not script:
        page.get_by_role("button", name="Go on to the problem").click()
    page.get_by_text(cast.too_warm.name, exact=True).click()
    if not script:
        page.get_by_role("button", name="Go on to the questions").click()
    page.get_by_role("group", name=ASKED).get_by_text("Yes").click()
    page.get_by_label("Which unit?").select_option(cast.cooler.tag)
    page.get_by_text("Not working at all").click()
    page.get_by_text("No, it is something different").click()
    page.get_by_label("What is different?").fill("The other one is about the door.")
    page.get_by_label("What do you see").fill(WORDS)
    page.locator("input[type=file]").set_input_files([picture("display.jpg")])


def test_one_cooler_from_the_report_to_the_closed_work_order(
    cast: Cast, known: WorkOrder, hands: Hands, postbox: Postbox
) -> None:
    # The store reports on its phone.
    store = hands.give(cast.store, device=PHONE)
    hands.look(store, "01-store-home")
    reported(store, cast)
    expect(store.locator("#priority-result")).to_contain_text("This goes as P1 Emergency.")
    expect(store.locator("#duplicate-check")).to_contain_text(known.number)
    hands.look(store, "02-report")
    store.get_by_role("button", name="Send request").click()
    expect(store.get_by_text("We have it. Your number is")).to_be_visible()
    row = WorkOrder.objects.latest("pk")
    hands.look(store, "03-request")
    postbox.wait_for(cast.store, "We have your request")

    # Facilities finds it at the top, with what was checked, and sends the best vendor.
    mail = postbox.wait_for(cast.fm, f"P1 {row.number}")
    fm = hands.give(cast.fm, device=DESK, to="/queue")
    first = fm.locator(".q-table tr[id]").first
    expect(first).to_contain_text(row.number)
    hands.look(fm, "04-queue")
    first.get_by_role("link").click()
    peek = fm.locator("#queue-peek")
    expect(peek).to_contain_text(WORDS)
    expect(peek).to_contain_text(f"{known.number} is open")
    expect(peek).to_contain_text("Under warranty by Frostline")
    hands.look(fm, "05-peek")
    fm.goto(mail.link)
    expect(fm.get_by_role("heading", level=1)).to_have_text(row.title)
    fm.get_by_role("button", name="Accept", exact=True).click()
    fm.get_by_role("dialog").get_by_role("button", name="Accept", exact=True).click()
    expect(fm.get_by_text("Accepted. Choose who goes.")).to_be_visible()
    postbox.wait_for(cast.store, "is accepted")
    choices = fm.locator("#vendor-recs details.rec")
    expect(choices).to_have_count(2)
    asked = choices.first
    expect(asked).to_contain_text(f"{cast.cascade.name} Best match")
    expect(asked).to_contain_text("Answers emergencies at any hour.")
    expect(asked).to_contain_text(" mi away.")
    hands.look(fm, "06-vendors")
    asked.get_by_label("Not to exceed").fill("900")
    asked.get_by_role("button", name=f"Offer to {cast.cascade.name}").click()
    expect(fm.get_by_text("Waiting for an answer")).to_be_visible()
    expect(fm.get_by_text("$900.00").first).to_be_visible()
    hands.look(fm, "07-offered")

    # The vendor's dispatcher follows the mail and takes the job, with a time and a technician.
    mail = postbox.wait_for(cast.dispatcher, f"Job offer {row.number}")
    dispatcher = hands.give(cast.dispatcher, device=PHONE, to=mail.link)
    expect(dispatcher.get_by_text("Do you take this job?")).to_be_visible()
    expect(dispatcher.get_by_text("$900.00").first).to_be_visible()
    hands.look(dispatcher, "08-offer")
    dispatcher.goto("/jobs")
    hands.look(dispatcher, "09-jobs")
    dispatcher.goto(mail.link)
    dispatcher.get_by_role("combobox", name="Technician").select_option(label=cast.technician.name)
    dispatcher.get_by_role("button", name="Accept job").click()
    expect(dispatcher.get_by_text(f"{cast.technician.name} goes")).to_be_visible()
    hands.look(dispatcher, "10-taken")
    postbox.wait_for(cast.store, "Cascade Refrigeration comes")
    postbox.wait_for(cast.fm, "accepted by Cascade")

    # The technician checks in where the site is, and documents the work.
    mail = postbox.wait_for(cast.technician, f"Your job {row.number}")
    site = cast.hilltop
    here = {"latitude": float(site.latitude) + 0.0002, "longitude": float(site.longitude), "accuracy": 12}
    tech = hands.give(cast.technician, device=PHONE, to=mail.link, geolocation=here, permissions=["geolocation"])
    hands.look(tech, "11-job")
    tech.get_by_role("button", name="Check in", exact=True).click()
    expect(tech.get_by_text("Inside the check-in area.")).to_be_visible()
    postbox.wait_for(cast.store, "The technician is there")
    store.reload()
    expect(store.get_by_text("On site since")).to_be_visible()
    documented(tech)
    hands.look(tech, "12-on-site")
    tech.get_by_role("link", name="Check out", exact=True).click()
    tech.get_by_text("It works again").click()
    hands.look(tech, "13-check-out")
    tech.get_by_role("button", name="Check out", exact=True).click()
    expect(tech.get_by_text("Checked out.")).to_be_visible()
    expect(tech.get_by_role("heading", name="Jobs", level=1)).to_be_visible()
    hands.look(tech, "14-done")

    # The store looks at it and confirms.
    mail = postbox.wait_for(cast.store, "Is it fixed?")
    postbox.wait_for(cast.fm, "is completed")
    store.goto(mail.link)
    hands.look(store, "15-is-it-fixed")
    store.get_by_role("group", name="How was it?").get_by_text("5 of 5").click()
    store.get_by_role("button", name="Yes, it works").click()
    expect(store.get_by_text("It failed again")).to_be_visible()
    postbox.wait_for(cast.fm, "is confirmed")

    # The draft made from visit and rate card is checked and sent.
    mail = postbox.wait_for(cast.dispatcher, "send your invoice")
    dispatcher.goto(mail.link)
    hands.look(dispatcher, "16-confirmed")
    sent(dispatcher)
    hands.look(dispatcher, "17-sent")

    # Finance approves, and with that the work order is closed.
    mail = postbox.wait_for(cast.finance, "Invoice CR-2041")
    finance = hands.give(cast.finance, device=DESK, to=mail.link)
    hands.look(finance, "18-invoice")
    approved(finance)
    postbox.wait_for(cast.dispatcher, "was approved")
    until(lambda: WorkOrder.objects.get(pk=row.pk).status == Status.CLOSED)
    fm.goto(f"/work-orders/{row.number}")
    expect(fm.locator("#wo-head")).to_contain_text("Closed")
    hands.look(fm, "19-closed")

    # The cooler remembers it.
    store.goto(f"/equipment/{cast.cooler.tag}")
    expect(store.get_by_role("link", name=row.title).first).to_be_visible()
    expect(store.locator("#unit-work")).to_contain_text(row.number)
    hands.look(store, "20-cooler")

    row.refresh_from_db()
    invoice = row.invoices.get()
    visit = row.visits.get()
    assert (row.rating, invoice.state, visit.in_verdict, visit.flags) == (5, InvoiceState.APPROVED, "inside", [])
    assert [part.name for part in visit.parts.all()] == ["Fan motor"]
    assert invoice.total_amount > 0
    assert postbox.about(row.number) == sorted(
        (person.email, subject) for person, subjects in told(cast, row) for subject in subjects
    )
    assert hands.complaints == []
    assert hands.faults == []


def test_the_same_with_forms_alone(cast: Cast, known: WorkOrder, hands: Hands) -> None:
    def of(person: User, device: dict[str, Any], to: str) -> Page:
        return hands.give(person, device=device, to=to, script=False)

    store = of(cast.store, PHONE, "/store")
    reported(store, cast, script=False)
    store.get_by_role("button", name="Send request").click()
    expect(store.get_by_text("We have it. Your number is")).to_be_visible()
    row = WorkOrder.objects.latest("pk")
    assert (row.priority, row.attachments.count()) == (1, 1)

    fm = of(cast.fm, DESK, f"/work-orders/{row.number}")
    fm.get_by_role("button", name="Accept", exact=True).click()
    fm.get_by_role("dialog").get_by_role("button", name="Accept", exact=True).click()
    fm.get_by_role("link", name="Choose a vendor").click()
    asked = fm.locator("#vendor-recs details.rec").first
    asked.get_by_label("Not to exceed").fill("900")
    asked.get_by_role("button", name=f"Offer to {cast.cascade.name}").click()
    expect(fm.get_by_text("Waiting for an answer")).to_be_visible()

    dispatcher = of(cast.dispatcher, PHONE, "/jobs")
    dispatcher.get_by_role("combobox", name="Technician").select_option(label=cast.technician.name)
    dispatcher.get_by_role("button", name="Accept job").click()
    expect(dispatcher.get_by_text(f"{cast.technician.name} goes")).to_be_visible()

    tech = of(cast.technician, PHONE, f"/jobs/{row.number}")
    tech.locator("summary").filter(has_text="Check in without position").click()
    tech.get_by_label("Why").fill("No signal in the basement")
    tech.get_by_role("button", name="Check in without position").click()
    expect(tech.get_by_text("Without position, flagged: No signal in the basement")).to_be_visible()
    documented(tech)
    tech.get_by_role("link", name="Check out", exact=True).click()
    tech.get_by_text("It works again").click()
    tech.get_by_role("button", name="Check out", exact=True).click()
    expect(tech.get_by_text("Checked out.")).to_be_visible()

    store.goto(f"/requests/{row.number}")
    store.get_by_role("group", name="How was it?").get_by_text("4 of 5").click()
    store.get_by_role("button", name="Yes, it works").click()
    expect(store.get_by_text("It failed again")).to_be_visible()
    call_command("tick", stdout=StringIO())

    dispatcher.goto(f"/jobs/{row.number}")
    sent(dispatcher)
    finance = of(cast.finance, DESK, "/approvals")
    finance.get_by_role("link", name="CR-2041").first.click()
    approved(finance)
    call_command("tick", stdout=StringIO())
    row.refresh_from_db()
    assert (row.status, row.rating, row.visits.get().in_verdict) == (Status.CLOSED, 4, "unavailable")
    assert hands.complaints == []


def sent(page: Page) -> None:
    """The vendor opens the draft of the job, numbers it and sends it."""
    page.get_by_role("link", name="Draft").click()
    expect(page.get_by_label("Item").first).not_to_have_value("")
    page.get_by_label("Your invoice number").fill("CR-2041")
    page.get_by_role("button", name="Send invoice").click()
    expect(page.get_by_text("Facilities decides about it.")).to_be_visible()


def approved(page: Page) -> None:
    page.get_by_label("Reason").fill("Checked against the visit.")
    page.get_by_role("button", name=re.compile("^Approve ")).click()
    expect(page.get_by_text("Approved by Fin Finance")).to_be_visible()


def documented(page: Page) -> None:
    """Cause, work done, next steps, a part and a photo."""
    page.get_by_role("group", name="Cause").get_by_text("Worn part").click()
    page.get_by_role("group", name="What was done").get_by_text("Replaced").click()
    page.get_by_label("What you did").fill("New fan motor, defrosted the coil.")
    page.get_by_label("Recommendation").fill("Replace the door gasket before summer.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.locator("#parts summary").filter(has_text="Add part").click()
    page.get_by_label("Part", exact=True).fill("Fan motor")
    page.get_by_label("How many").fill("1")
    page.get_by_label("One costs you").fill("86.50")
    page.locator("#parts").get_by_role("button", name="Add part").click()
    expect(page.locator("#parts li").filter(has_text="Fan motor")).to_be_visible()
    page.get_by_label("What they show").select_option(label="After")
    page.locator("#photos input[type=file]").set_input_files([picture("after.jpg")])
    page.get_by_role("button", name="Add photos").click()
    expect(page.locator("#photos figure, #photos .photo").first).to_be_visible()


def told(cast: Cast, row: WorkOrder) -> list[tuple[Any, list[str]]]:
    """Who is told what about the work order, each thing once."""
    number, title, where = row.number, row.title, f"{row.site.code} {row.site.name}"
    start = when(row.first_appointment_at, ZoneInfo(row.site.time_zone), timezone.now())
    return [
        (cast.store, [
            f"We have your request {number}: {title}", f"{number} is accepted: {title}",
            f"Cascade Refrigeration comes {start}: {number}", f"The technician is there: {number}",
            f"Is it fixed? {number} {title}",
        ]),
        (cast.fm, [
            f"P1 {number} {title}, {where}", f"{number} accepted by Cascade Refrigeration",
            f"{number} is completed: {title}", f"{number} is confirmed",
        ]),
        (cast.dispatcher, [
            f"Job offer {number}: {title}, {where}", f"{number} is confirmed: send your invoice",
            f"Invoice CR-2041 for {number} was approved",
        ]),
        (cast.technician, [f"Your job {number}: {title}"]),
        (cast.finance, [f"Invoice CR-2041 for {number}"]),
    ]  # fmt: skip
