"""Where a role applies is shown on the person's page through a doorway and changed on a page of its own."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts import people
from accounts.models import Membership, Role, User
from assets.models import Site
from tests.cast import Cast
from tests.factories.clock import HOUSE, NOW
from vendors.scope import vendor_ids_of

Enter = Callable[[User], Client]


def role_of(person: User) -> Membership:
    return person.memberships.get()


def doorway(client: Client, kind: str, membership: Membership) -> str:
    headers = {"HX-Request": "true", "HX-Target": f"scope-{membership.pk}"}
    return client.get(f"/people/roles/{membership.pk}/{kind}", headers=headers).content.decode()


def test_the_doorway_shows_regions_and_sites(cast: Cast, enter: Enter) -> None:
    client = enter(cast.admin)
    assert "North" in doorway(client, "places", role_of(cast.fm))
    assert "M-114" in doorway(client, "places", role_of(cast.store))
    assert "Cascade Refrigeration" in doorway(client, "vendor", role_of(cast.dispatcher))
    assert "<html" not in doorway(client, "places", role_of(cast.fm))


def test_a_role_that_applies_nowhere_says_so(cast: Cast, enter: Enter) -> None:
    membership = people.grant(user=cast.stranger, role=Role.FINANCE, by=HOUSE, now=NOW)
    assert "Applies nowhere yet" in doorway(enter(cast.admin), "places", membership)


def test_places_are_set_and_count_at_once(cast: Cast, enter: Enter) -> None:
    client, membership = enter(cast.admin), role_of(cast.fm)
    sent = {"regions": [cast.south.pk], "sites": f"{cast.hilltop.code.lower()} ; ", "trades": []}
    assert client.post(f"/people/roles/{membership.pk}/places", sent)["Location"] == f"/people/{cast.fm.pk}"
    cast.desert, cast.harbor  # noqa: B018 - they open
    seen = Site.objects.visible_to(User.objects.get(pk=cast.fm.pk))
    assert set(seen) == {cast.hilltop, cast.desert}


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [({"sites": "M-114, X-999"}, "There is no site X-999."), ({"regions": [999999]}, "Select a valid choice")],
)
def test_a_place_that_is_not_there_comes_back(
    cast: Cast, enter: Enter, fault: dict[str, object], sentence: str
) -> None:
    membership = role_of(cast.store)
    answer = enter(cast.admin).post(f"/people/roles/{membership.pk}/places", fault)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert membership.site_scopes.get().site == cast.hilltop


def test_a_technician_changes_vendor(cast: Cast, enter: Enter) -> None:
    sent = {"vendor": cast.summit.pk}
    enter(cast.admin).post(f"/people/roles/{role_of(cast.technician).pk}/vendor", sent)
    assert vendor_ids_of(User.objects.get(pk=cast.technician.pk)) == {cast.summit.pk}


def test_an_operators_role_does_not_go_to_a_vendor(cast: Cast, enter: Enter) -> None:
    answer = enter(cast.admin).post(f"/people/roles/{role_of(cast.fm).pk}/vendor", {"vendor": cast.summit.pk})
    assert answer.status_code == 422
    assert vendor_ids_of(cast.fm) == frozenset()


def test_nobody_widens_the_own_sight(cast: Cast, enter: Enter) -> None:
    own = role_of(cast.admin)
    assert enter(cast.admin).post(f"/people/roles/{own.pk}/places", {"regions": [cast.north.pk]}).status_code == 403
    assert not own.region_scopes.exists()


def test_others_do_not_come_near(cast: Cast, enter: Enter) -> None:
    for kind, person in (("places", cast.fm), ("vendor", cast.dispatcher), ("places", cast.stranger)):
        membership = role_of(cast.store)
        assert enter(person).get(f"/people/roles/{membership.pk}/{kind}").status_code == 403
        assert enter(person).post(f"/people/roles/{membership.pk}/{kind}", {}).status_code == 403
