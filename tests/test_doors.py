"""Every address × every role × {own, sibling, foreign}: who gets in, who is refused, and who learns nothing.

DOORS says it for each address by its name; an address that is not declared there is red. Out of a person's sight is
404, not allowed is 403, the wrong method is 405, and whoever is not signed in is sent to sign in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
import time_machine
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import Role
from accounts.once import fresh_key
from config.checks import third_party
from tests.cast import Cast
from tests.factories.clock import NOW
from tests.world import World

pytestmark = pytest.mark.django_db

LETTERS = {
    "S": Role.STORE_MANAGER, "D": Role.DISTRICT_MANAGER, "F": Role.FACILITIES_MANAGER, "A": Role.ADMINISTRATOR,
    "N": Role.FINANCE, "U": Role.AUDITOR, "V": Role.DISPATCHER, "T": Role.TECHNICIAN, "-": "",
}  # fmt: skip
EVERYBODY = "SDFANUVT-"
OPERATOR = "SDFANU"
DESK = "DFANU"

SEES = {
    "": {"own": EVERYBODY},
    "work": {"own": "SDFANUVT", "sibling": DESK, "foreign": "AU"},
    "unit": {"own": OPERATOR, "sibling": DESK, "foreign": "AU"},
    "request": {"own": "SD", "sibling": "D", "foreign": ""},
    "job": {"own": "VT", "sibling": "", "foreign": ""},
    "paper": {"own": "V", "foreign": ""},
    "crew": {"own": "V", "foreign": ""},
    "view": {"own": "F"},
    "company": {"own": DESK, "sibling": DESK},
    "plan": {"own": OPERATOR},
    "letter": {"own": "F", "sibling": "F", "foreign": ""},
}
"""Which roles see the thing that an address names, by whose it is. The cast: Hilltop and Cascade are one's own."""


TOO_LATE = 409
"""In sight and allowed, only not at this moment of the work's life."""


class Door(NamedTuple):
    roles: str
    sees: str = ""
    post: bool = False
    """Acts only, and cannot be looked at."""
    answer: int = 200
    partial: bool = False
    """A part of a page: asked for as htmx asks."""


def look(roles: str, sees: str = "", answer: int = 200, *, partial: bool = False) -> Door:
    return Door(roles, sees, answer=answer, partial=partial)


def act(roles: str, sees: str = "") -> Door:
    return Door(roles, sees, post=True)


PUBLIC = {
    "home", "health_live", "health_ready", "accounts:invitation", "workorders:calendar_feed", "workorders:scan",
    "workorders:scan_done", "workorders:job_link", "workorders:job_link_home", "workorders:job_link_inside",
}  # fmt: skip

DOORS = {
    "config:search": look(DESK),
    "config:operations": look("A"),
    "config:run_job": act("A"),
    "config:replay_event": act("A"),
    "config:replay_notice": act("A"),
    "accounts:me": look(EVERYBODY),
    "accounts:wishes": act(EVERYBODY),
    "accounts:notices": look(EVERYBODY),
    "accounts:notices_read": act(EVERYBODY),
    "accounts:people": look("A"),
    "accounts:invite": look("A"),
    "accounts:person": look("A"),
    "accounts:grant": act("A"),
    "accounts:role_end": act("A"),
    "accounts:limits": act("A"),
    "accounts:switch": act("A"),
    "accounts:invite_again": act("A"),
    "accounts:log": look("AU"),
    "assets:membership_scope": look("A"),
    "assets:equipment": look(OPERATOR),
    "assets:unit": look(OPERATOR, "unit"),
    "assets:label": look(OPERATOR, "unit"),
    "assets:label_code": look(OPERATOR, "unit"),
    "assets:labels": look(OPERATOR),
    "assets:labels_pdf": act(OPERATOR, "unit"),
    "assets:label_replace": act("FA", "unit"),
    "assets:labels_replace": act("A", "unit"),
    "vendors:membership_scope": look("A"),
    "vendors:company": look("V"),
    "vendors:company_profile": act("V"),
    "vendors:company_rates": act("V"),
    "vendors:document_upload": act("V"),
    "vendors:document_file": look("V", "paper"),
    "vendors:company_hire": act("V"),
    "vendors:company_dismiss": act("V", "crew"),
    "vendors:setup": look("V"),
    "vendors:setup_send": act("V"),
    "vendors:setup_step": look("V"),
    "workorders:store_home": look("SD"),
    "workorders:report": look("SD"),
    "workorders:requests": look("SD"),
    "workorders:request": look("SD", "request"),
    "workorders:request_message": act("SDFANVT", "request"),
    "workorders:request_worse": act("SD", "request"),
    "workorders:request_cancel": act("SD", "request"),
    "workorders:request_confirm": act("SDF", "request"),
    "workorders:request_reject": act("SDF", "request"),
    "workorders:request_recall": act("SDF", "request"),
    "workorders:attachment": look("SDFANUVT", "work"),
    "workorders:queue": look(DESK),
    "workorders:queue_news": look(DESK),
    "workorders:queue_filters": look(DESK),
    "workorders:queue_peek": look(DESK, "work", partial=True),
    "workorders:queue_bulk": act(DESK),
    "workorders:queue_csv": act("FANU"),
    "workorders:view_save": act(DESK),
    "workorders:view_change": look(DESK, "view"),
    "workorders:approvals": look("DFN"),
    "workorders:order_new": look("F"),
    "workorders:order_suggest": look("F"),
    "workorders:order": look(DESK, "work"),
    "workorders:order_sheet": look(DESK, "work"),
    "workorders:order_people": look("FAN", "work"),
    "workorders:order_file": look(DESK, "work"),
    "workorders:order_links": look("F", "work"),
    "workorders:order_links_end": act("F", "work"),
    "workorders:order_vendors": look("F", "work"),
    "workorders:order_merge": look("F", "work"),
    "workorders:order_offer": act("F", "work"),
    "workorders:offer_shown": look(DESK, "work"),
    "workorders:offer_withdraw": act("F", "work"),
    "workorders:order_act": look(DESK, "work"),
    "workorders:order_proposal_agree": act("F", "work"),
    "workorders:order_proposal_refuse": look("F", "work"),
    "workorders:mail": look("F"),
    "workorders:letter": look("F", "letter"),
    "workorders:letter_file_away": act("F", "letter"),
    "workorders:letter_discard": act("F", "letter"),
    "workorders:letter_take_back": act("F", "letter"),
    "workorders:letter_file": look("F", "letter"),
    "workorders:job_check_in": act("T", "job"),
    "workorders:job_papers": act("VT", "job"),
    "workorders:job_part_add": act("T", "job"),
    "workorders:job_part_remove": act("T", "job"),
    "workorders:job_labor_add": act("T", "job"),
    "workorders:job_photo_add": act("VT", "job"),
    "workorders:job_checklist_answer": act("VT", "job"),
    "workorders:job_found": look("T", "job"),
    "workorders:job_check_out": look("T", "job"),
    "workorders:vendor_invoices": look("V"),
    "workorders:vendor_invoice": look("V", "work"),
    "workorders:vendor_invoice_totals": act("V", "work"),
    "workorders:vendor_invoice_answer": act("V", "work"),
    "workorders:vendor_invoice_correct": act("V", "work"),
    "workorders:vendor_invoice_sheet": look("V", "work"),
    "workorders:job_invoice": act("V", "job"),
    "workorders:invoices": look(DESK),
    "workorders:invoice": look(DESK, "work"),
    "workorders:invoice_approve": act("DFN", "work"),
    "workorders:invoice_adjust": look("DFN", "work"),
    "workorders:invoice_dispute": act("DFN", "work"),
    "workorders:invoice_reject": act("DFN", "work"),
    "workorders:invoice_return": act("DFN", "work"),
    "workorders:invoice_void": act("DFN", "work"),
    "workorders:invoice_sheet": look(DESK, "work"),
    "workorders:jobs": look("VT"),
    "workorders:calendar": look("SDFANUVT"),
    "workorders:calendar_new": act("SDFANUVT"),
    "workorders:calendar_stop": act("SDFANUVT"),
    "workorders:job_schedule": look("VT"),
    "workorders:offer": look("V", "work", answer=302),
    "workorders:offer_accept": act("V", "work"),
    "workorders:offer_decline": look("V", "work"),
    "workorders:offer_propose": look("V", "work"),
    "workorders:offer_take_back": act("V", "work"),
    "workorders:job": look("VT", "job"),
    "workorders:job_assign": look("V", "job"),
    "workorders:job_reschedule": look("FV", "job"),
    "workorders:job_hold": look("FVT", "job"),
    "workorders:job_resume": act("FVT", "job"),
    "workorders:job_complete": act("V", "job"),
    "workorders:job_message": act("SDFANVT", "job"),
    "config:settings": look("A"),
    "config:thresholds": look("A"),
    "config:threshold": look("A"),
    "config:catalog": look("A"),
    "config:catalog_new": look("A"),
    "config:sheet": look("A"),
    "config:sheet_file": look("A"),
    "config:catalog_entry": look("A"),
    "config:catalog_remove": act("A"),
    "config:catalog_retire": act("A"),
    "config:catalog_return": act("A"),
    "assets:assets": look(OPERATOR),
    "assets:asset_new": look("FA"),
    "assets:asset": look(OPERATOR, "unit"),
    "assets:asset_edit": look("FA", "unit"),
    "assets:asset_retire": act("FA", "unit"),
    "assets:asset_return": act("FA", "unit"),
    "assets:warranty_new": look("FA", "unit"),
    "assets:warranty": look("FA", "unit"),
    "assets:warranty_remove": act("FA", "unit"),
    "assets:sites": look(OPERATOR),
    "assets:site_new": look("A"),
    "assets:site": look(OPERATOR, "unit"),
    "assets:site_edit": look("A", "unit"),
    "assets:site_hours": look("A", "unit"),
    "assets:site_retire": act("A", "unit"),
    "assets:site_reopen": act("A", "unit"),
    "assets:area_new": look("A", "unit"),
    "assets:area": look("A", "unit"),
    "assets:area_retire": act("A", "unit"),
    "assets:responsibility_new": look("A", "unit"),
    "assets:responsibility": look("A", "unit"),
    "assets:responsibility_remove": act("A", "unit"),
    "vendors:vendors": look(DESK),
    "vendors:vendor_new": look("A"),
    "vendors:vendor": look(DESK, "company"),
    "vendors:vendor_coverage": look(DESK, "company"),
    "vendors:vendor_rates": look(DESK, "company"),
    "vendors:vendor_documents": look(DESK, "company"),
    "vendors:vendor_people": look(DESK, "company"),
    "vendors:vendor_hours": look("A", "company"),
    "vendors:vendor_invite": look("A"),
    "vendors:introduction": look("A", "company"),
    "vendors:vendor_edit": look("A", "company"),
    "vendors:standing": look("A", "company"),
    "vendors:bar": look("A", "company"),
    "vendors:let_in": act("A", "company"),
    "vendors:trades": look("A", "company"),
    "vendors:crew_shifts": look("A", "company"),
    "vendors:crew_shifts_of": look("A", "company"),
    "vendors:crew_day_new": look("A", "company"),
    "vendors:crew_day_remove": act("A", "company"),
    "vendors:contact_new": look("A", "company"),
    "vendors:contact": look("A", "company"),
    "vendors:contact_remove": act("A", "company"),
    "vendors:coverage_new": look("A", "company"),
    "vendors:coverage": look("A", "company"),
    "vendors:coverage_remove": act("A", "company"),
    "vendors:rate_card_new": look("A", "company"),
    "vendors:rate_card": look("A", "company"),
    "vendors:target_new": look("A", "company"),
    "vendors:target": look("A", "company"),
    "vendors:target_remove": act("A", "company"),
    "vendors:paper_new": look("A", "company"),
    "vendors:compliance": look(DESK),
    "vendors:review": look("A", answer=302),
    "vendors:paper_review": look("A", "company"),
    "vendors:gaps": look(DESK),
    "vendors:gaps_csv": act("FANU"),
    "vendors:gap": look(DESK, "unit"),
    "vendors:paper_file": look(DESK, "company"),
    "vendors:paper_verify": act("A", "company"),
    "vendors:paper_reject": look("A", "company", answer=302),
    "workorders:site_work": look(DESK, "unit"),
    "workorders:asset_work": look(OPERATOR, "unit"),
    "workorders:asset_history": look(OPERATOR, "unit"),
    "workorders:asset_figures": look(OPERATOR, "unit"),
    "workorders:asset_plans": look(OPERATOR, "unit"),
    "workorders:vendor_work": look(DESK, "company"),
    "workorders:forecast": look(DESK),
    "workorders:vendor_jobs": look(DESK, "company"),
    "workorders:vendor_links": look("F", "company"),
    "workorders:vendor_links_end": act("F", "company"),
    "workorders:vendor_bills": look(DESK, "company"),
    "workorders:plans": look(OPERATOR),
    "workorders:plan_new": look("FA"),
    "workorders:plan": look(OPERATOR, "plan"),
    "workorders:plan_edit": look("FA", "plan"),
    "workorders:plan_targets": look("FA", "plan"),
    "workorders:plan_drop": act("FA", "plan"),
    "workorders:plan_retire": act("FA", "plan"),
    "reporting:dashboard": look(DESK),
    "reporting:intake_quality": look(DESK),
    "reporting:vendor_score": look(DESK, "company"),
    "reporting:vendor_score_part": look(DESK, "company"),
    "reporting:score_part_csv": act("FANU", "company"),
    "reporting:score_exclude": look("FA", "work"),
    "reporting:score_put_back": act("FA", "work"),
    "reporting:vendor_trial": look(DESK, "company"),
    "reporting:trial_verdict": look("A", "company"),
    "reporting:own_score": look("V"),
    "reporting:own_score_part": look("V"),
    "reporting:own_score_reply": act("V"),
}
"""Who gets through: by the letters of LETTERS, and which kind of thing must be in sight besides."""


def ours(patterns: Any, space: str = "") -> Iterator[str]:
    """The names of all addresses of ours."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from ours(pattern.url_patterns, inner)
        elif isinstance(pattern, URLPattern) and not third_party(pattern.callback):
            yield f"{space}{pattern.name}"


def test_every_address_is_declared_once():
    names = list(ours(get_resolver().url_patterns))
    assert len(set(names)) == len(names)
    assert set(names) == set(DOORS) | PUBLIC


LATER = time_machine.travel(NOW + timedelta(hours=8))
"""Soon after what the world tells, before its offers end."""


@dataclass
class Town:
    """The world, and somebody of every role with a browser."""

    world: World
    clients: dict[str, Client]


@pytest.fixture(scope="module")
def town(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Made once; every knock is taken back."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch, LATER, transaction.atomic():
        patch.setattr(settings, "MEDIA_ROOT", str(tmp_path_factory.mktemp("files")))
        cast = Cast()
        world = World(cast)
        clients = {}
        people = cast.of_every_role()
        for letter, role in LETTERS.items():
            clients[letter] = Client(raise_request_exception=False)
            clients[letter].force_login(people[role])
        yield Town(world, clients)
        transaction.set_rollback(True)


@pytest.fixture
def own_files() -> None:
    """The town has its own."""


def knock(client: Client, address: str, *, post: bool, partial: bool = False) -> int:
    headers = {"HX-Request": "true"} if partial else {}
    with transaction.atomic():
        given = {"operation": fresh_key()}
        answer = client.post(address, given) if post else client.get(address, headers=headers)
        if answer.streaming:
            b"".join(answer)  # read to its end, a file is closed
        transaction.set_rollback(True)
    return answer.status_code


@pytest.mark.parametrize("name", DOORS)
def test_a_door_lets_in_whom_it_should(town: Town, name: str) -> None:
    door, wrong = DOORS[name], []
    for side_name, seen_by in SEES[door.sees].items():
        address = reverse(name, kwargs=town.world.places(name, side_name))
        for letter, client in town.clients.items():
            got = knock(client, address, post=door.post, partial=door.partial)
            if letter not in door.roles:
                right = got == 403
            elif letter not in seen_by:
                right = got == 404
            elif door.post:
                right = got in (200, 204, 302, 422, TOO_LATE)
            else:
                right = got in (door.answer, TOO_LATE)
            if not right:
                wrong.append(f"{LETTERS[letter] or 'no role'} at {side_name} {address}: {got}")
    assert wrong == []


@pytest.mark.parametrize("name", DOORS)
def test_who_is_not_signed_in_is_sent_to_sign_in(town: Town, name: str) -> None:
    door = DOORS[name]
    address = reverse(name, kwargs=town.world.places(name, "own"))
    client = Client()
    answer = client.post(address) if door.post else client.get(address)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=")


@pytest.mark.parametrize("name", [name for name, door in DOORS.items() if door.post])
def test_nothing_acts_when_it_is_only_looked_at(town: Town, name: str) -> None:
    door = DOORS[name]
    address = reverse(name, kwargs=town.world.places(name, "own"))
    assert knock(town.clients[door.roles[0]], address, post=False) == 405
