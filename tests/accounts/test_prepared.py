"""A prepared question finds what it would find if it was made anew, each time with other values."""

import pytest
from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, CharField, F

from accounts.actors import CLOCK
from accounts.prepared import KEYS, as_written, each, prepared
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


def ways(site):
    """Questions of one table that read differently, each narrowed to a site."""
    rows = WorkOrder.objects.filter(site=site)
    return [
        rows.order_by("pk"), rows.order_by("-title", "pk"), rows.order_by("pk")[:1], rows.order_by("pk")[1:],
        rows.select_related("site").order_by("site__name", "pk"), rows.order_by("pk").only("number"),
        rows.order_by("pk").defer("number"), rows.order_by("pk").values_list("number", flat=True),
        rows.order_by("pk").values_list("number", "title"), rows.order_by("pk").values_list("title", "number"),
        rows.order_by("pk").values_list("number", "title", named=True), rows.order_by("pk").values("number"),
        rows.order_by("pk").reverse(), rows.exclude(title="b").order_by("pk"), rows.order_by(F("title").desc(), "pk"),
        rows.filter(site__code="M-114").order_by("pk"), rows.order_by("title").distinct("title"), rows.none(),
        rows.annotate(place=F("site__code")).order_by("pk"), rows.order_by("pk").filter(title__in=[]),
    ]  # fmt: skip


def told(rows):
    return [
        {name: one.__dict__[name] for name in one.__dict__ if name != "_state"} if hasattr(one, "_meta") else one
        for one in rows
    ]


def test_questions_that_read_alike_share_a_statement_and_find_their_own(cast):
    for site in (cast.hilltop, cast.harbor):
        for title in "abc":
            WorkOrderFactory(site=site, title=title)
    for site in (cast.hilltop, cast.harbor, cast.desert):
        for asked, alone in zip(ways(site), ways(site), strict=True):
            assert told(as_written(asked)) == told(alone), str(alone.query)


def test_what_was_asked_in_a_shared_statement_can_still_be_narrowed(cast):
    first, _ = (WorkOrderFactory(site=cast.hilltop, title=title) for title in "ab")
    rows = WorkOrder.objects.filter(site=cast.hilltop).order_by("pk")
    for _ in range(2):
        asked = rows.all()
        together(asked)
        assert len(asked) == 2 and numbers(asked.filter(title="a")) == [first.number]
