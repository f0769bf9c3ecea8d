"""A prepared question finds what it would find if it was made anew, each time with other values."""

import pytest
from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, CharField, F

from accounts.actors import CLOCK
from accounts.prepared import KEYS, each, prepared
from accounts.together import together
from tests.factories.work import WorkOrderFactory
from tests.factories.workorders import Story
from workorders.models import Offer, WorkOrder

pytestmark = pytest.mark.django_db


def question():
    """A question, and how often it was made."""
    made = []

    @prepared(title=CharField(), site=BigIntegerField())
    def of_site(rows, falling=False, *, title, site):
        made.append(falling)
        rows = (
            rows.filter(site=site).exclude(title=title).select_related("site__region").annotate(place=F("site__code"))
        )
        return rows.order_by("-pk" if falling else "pk")

    return of_site, made


def numbers(rows):
    return [row.number for row in rows]


def test_it_is_made_once_and_finds_what_each_value_asks_for(cast, django_assert_num_queries):
    of_site, made = question()
    rows = [WorkOrderFactory(site=site, title=title) for site in (cast.hilltop, cast.harbor) for title in "abc"]
    every = WorkOrder.objects.visible_to(CLOCK)
    for site in (cast.hilltop, cast.harbor):
        for title in "ab":
            wanted = [row.number for row in rows if row.site_id == site.pk and row.title != title]
            with django_assert_num_queries(1):
                found = list(of_site(every, title=title, site=site.pk))
                assert numbers(found) == wanted
                assert {row.site.region.pk for row in found} == {site.region_id}
                assert {row.place for row in found} == {site.code}
            assert numbers(of_site(every, True, title=title, site=site.pk)) == wanted[::-1]
    assert made == [False, True]


def test_each_person_is_asked_for_in_his_own_sight(cast):
    of_site, made = question()
    row = WorkOrderFactory(site=cast.hilltop)
    asked = {"title": "-", "site": cast.hilltop.pk}
    seen = {
        name: numbers(of_site(WorkOrder.objects.visible_to(getattr(cast, name)), **asked))
        for name in ("fm", "store", "rival", "auditor")
    }
    assert seen == {"fm": [row.number], "store": [row.number], "rival": [], "auditor": [row.number]}
    assert list(of_site(WorkOrder.objects.none(), **asked)) == []
    assert len(made) <= 2, "what finds nothing anyway may be made anew, the rest is made once"


def test_rows_that_other_tables_narrow_or_that_are_sorted_are_asked_for_as_ever(cast):
    of_site, made = question()
    here, there = WorkOrderFactory(site=cast.hilltop), WorkOrderFactory(site=cast.harbor)
    asked = {"title": "-", "site": cast.hilltop.pk}
    every = WorkOrder.objects.visible_to(CLOCK)
    for _ in range(2):
        assert numbers(of_site(every.filter(site__code="M-114"), **asked)) == [here.number]
        assert numbers(of_site(every.filter(site__code="M-115"), **asked)) == []
        assert there.number not in numbers(of_site(every.order_by("title"), **asked))
    assert len(made) == 6


def test_beside_other_questions_it_says_the_same(cast, django_assert_num_queries):
    of_site, _ = question()
    for title in "ab":
        WorkOrderFactory(site=cast.hilltop, title=title)
    every = WorkOrder.objects.visible_to(CLOCK)
    for title in "abc":
        asked = of_site(every, title=title, site=cast.hilltop.pk)
        with django_assert_num_queries(1):
            together(asked, WorkOrder.objects.visible_to(CLOCK).values_list("number"))
            found = list(asked)
        assert numbers(found) == numbers(of_site(every, title=title, site=cast.hilltop.pk))
        assert [row.site.code for row in found] == ["M-114"] * len(found)


def test_rows_of_one_work_order_know_it_without_asking(cast, django_assert_num_queries):
    @prepared()
    def newest(rows):
        return rows.select_related("vendor").order_by("-pk")

    row = Story(cast).scheduled().work_order
    for _ in range(2):
        with django_assert_num_queries(1):
            (offer,) = newest(row.offers.all())
            assert offer.work_order is row and offer.vendor == cast.cascade
    assert list(newest(Offer.objects.filter(work_order_id=row.pk))) == [offer]


def test_it_cannot_be_changed_any_more(cast):
    of_site, _ = question()
    asked = of_site(WorkOrder.objects.visible_to(CLOCK), title="-", site=cast.hilltop.pk)
    with pytest.raises(TypeError, match="prepared"):
        asked.filter(title="a")


def test_a_list_is_one_value_however_long_it_is(cast, django_assert_num_queries):
    made = []

    @prepared(sites=KEYS, titles=ArrayField(CharField()))
    def among(rows, sites, titles):
        made.append(sites)
        return rows.filter(site__in=each(sites), title__in=each(titles)).order_by("pk").values_list("site", "title")

    for site in (cast.hilltop, cast.harbor):
        for title in ("a", "b, c", "d"):
            WorkOrderFactory(site=site, title=title)
    every, here, both = WorkOrder.objects.all(), [cast.hilltop.pk], [cast.hilltop.pk, cast.harbor.pk]
    for sites, titles in ((here, ["a", "b, c"]), (both, ["d"]), (both, []), ([], ["a"])):
        with django_assert_num_queries(1):
            found = list(among(every, sites=sites, titles=titles))
        assert found == [(site, title) for site in sites for title in titles]
    assert len(made) == 1
    assert each(here) is here
