import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assets.models import Site
from assets.scope import scope_of
from tests.factories.workorders import Story
from workorders.models import WorkOrder

pytestmark = pytest.mark.django_db


def test_among_finds_what_in_finds_with_one_value_however_many_keys(cast):
    Story(cast).reported()
    regions = [cast.north.pk, *range(10_000, 10_500)]
    with CaptureQueriesContext(connection) as asked:
        found = set(WorkOrder.objects.filter(region_id__among=regions))
    assert found == set(WorkOrder.objects.filter(region_id__in=regions)) != set()
    assert asked[0]["sql"].count("%s") + asked[0]["sql"].count("ANY(") <= 2
    assert set(Site.objects.filter(id__among=[cast.hilltop.pk])) == {cast.hilltop}


def test_among_nothing_is_nothing(cast):
    Story(cast).reported()
    assert not WorkOrder.objects.filter(site_id__among=[]).exists()


def test_what_a_person_sees_is_asked_as_one_list(cast):
    sql = str(WorkOrder.objects.filter(scope_of(cast.fm).work()).query)
    assert "ANY(" in sql
    assert " IN (" not in sql
