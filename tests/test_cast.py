"""The cast stands where the stories say it stands."""

from assets.models import Site
from tests.cast import Cast
from vendors.scope import vendor_ids_of


def test_everybody_sees_the_sites_of_the_story_that_are_theirs(cast: Cast) -> None:
    hilltop, harbor, desert = cast.hilltop, cast.harbor, cast.desert
    seen = {
        name: set(Site.objects.visible_to(getattr(cast, name)))
        for name in ("store", "sibling_store", "foreign_store", "fm", "foreign_fm", "admin", "dispatcher", "stranger")
    }
    assert seen == {
        "store": {hilltop},
        "sibling_store": {harbor},
        "foreign_store": {desert},
        "fm": {hilltop, harbor},
        "foreign_fm": {desert},
        "admin": {hilltop, harbor, desert},
        "dispatcher": set(),
        "stranger": set(),
    }


def test_vendors_people_work_for_their_own_company_only(cast: Cast) -> None:
    assert vendor_ids_of(cast.technician) == {cast.cascade.pk}
    assert vendor_ids_of(cast.rival) == {cast.summit.pk}
    assert vendor_ids_of(cast.fm) == frozenset()


def test_one_person_per_role_holds_just_that_role(cast: Cast) -> None:
    for role, person in cast.of_every_role().items():
        assert person.roles == ({role} if role else set())
