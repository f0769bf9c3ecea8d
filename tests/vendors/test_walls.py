"""Vendors compete: whatever act a page asks with, a vendor's people meet their own company and no other."""

from datetime import date
from decimal import Decimal

import pytest

from accounts import people
from accounts.models import Role
from accounts.permissions import Act
from tests.cast import Cast
from tests.factories.clock import NOW
from tests.factories.workorders import photo
from vendors import compliance
from vendors.models import ComplianceDocument, DocumentKind, Vendor
from vendors.scope import sees_every_vendor

pytestmark = pytest.mark.django_db

ACTS = [None, *Act]


def everything_seen(person, act) -> set[str]:
    return {vendor.code for vendor in Vendor.objects.visible_to(person, act)} | {
        paper.vendor.code for paper in ComplianceDocument.objects.visible_to(person, act)
    }


@pytest.fixture
def papers(cast: Cast) -> None:
    for vendor, by in ((cast.cascade, cast.dispatcher), (cast.summit, cast.rival)):
        compliance.upload(
            vendor=vendor, by=by, now=NOW, kind=DocumentKind.GENERAL_LIABILITY, starts_on=date(2026, 1, 1),
            ends_on=date(2026, 12, 31), limit_amount=Decimal(2_000_000), file=photo("policy.jpg"),
        )  # fmt: skip


@pytest.mark.usefixtures("papers")
def test_no_act_shows_a_vendors_people_another_company(cast: Cast) -> None:
    own = {cast.cascade.code}
    for person in (cast.dispatcher, cast.technician):
        assert everything_seen(person, None) == own
        assert {act: seen for act in ACTS if (seen := everything_seen(person, act)) - own} == {}


@pytest.mark.usefixtures("papers")
def test_the_operators_people_see_all_companies_where_they_may_view_them(cast: Cast) -> None:
    both = {cast.cascade.code, cast.summit.code}
    assert everything_seen(cast.fm, Act.VIEW_VENDORS) == both == everything_seen(cast.admin, Act.MANAGE_VENDORS)
    assert everything_seen(cast.store, Act.VIEW_WORK) == set() == everything_seen(cast.stranger, None)


@pytest.mark.usefixtures("papers")
def test_an_act_of_the_vendors_side_does_not_widen_what_the_other_role_shows(cast: Cast, now) -> None:
    both_sides = cast.store
    people.grant(user=both_sides, role=Role.TECHNICIAN, by=cast.admin, now=now)
    assert not sees_every_vendor(both_sides, Act.VIEW_JOBS)
    assert everything_seen(both_sides, Act.VIEW_JOBS) == set()
