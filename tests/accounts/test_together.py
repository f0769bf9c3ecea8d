from datetime import timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.db.models import Count, F, Max, Sum
from django.db.models.functions import TruncMonth

from accounts.models import Membership, User
from accounts.together import ByHand, ask, hand_out, nothing, rows_of, side_by_side, together, totals
from assets.models import Site, Trade
from tests.factories.workorders import Story
from workorders import invoices, visits
from workorders.catalog import load_targets
from workorders.models import Clock, Invoice, PartUsed, Visit, WorkOrder

pytestmark = pytest.mark.django_db


def facts(row):
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_every_table_says_the_same_beside_others_as_alone(cast, django_assert_num_queries):
    load_targets()
    story = Story(cast).verified()
    invoices.draft_all(story.work_order, now=story.later())
    models = [model for model in apps.get_models() if model._meta.managed and model._base_manager.exists()]
    assert {WorkOrder, Visit, Invoice, User, Site, Clock} <= set(models)
    asked = [model._base_manager.order_by("pk") for model in models]
    with django_assert_num_queries(1):
        together(*asked)
        told = [list(rows) for rows in asked]
    for model, rows in zip(models, told, strict=True):
        assert [facts(row) for row in rows] == [facts(row) for row in model._base_manager.order_by("pk")], model


def test_joined_rows_tuples_values_lengths_and_months_are_what_they_are_alone(cast, django_assert_num_queries):
    story = Story(cast).verified()
    invoices.draft_all(story.work_order, now=story.later())

    def questions():
        return [
            WorkOrder.objects.select_related("site__region", "asset", "vendor").order_by("pk"),
            WorkOrder.objects.annotate(waited=F("completed_at") - F("reported_at")).values_list("waited", flat=True),
            Invoice.objects.values("currency").annotate(total=Sum("total_amount")),
            WorkOrder.objects.values_list(TruncMonth("reported_at"), "number").annotate(Count("visits")),
            Membership.objects.filter(user=cast.fm).values_list("role", named=True),
        ]

    asked = questions()
    with django_assert_num_queries(1):
        together(*asked)
        told = [list(rows) for rows in asked]
        assert told[0][0].site.region.name
    assert told == [list(rows) for rows in questions()]
    assert told[1] and isinstance(told[1][0], timedelta)


def test_what_finds_nothing_has_no_rows_and_what_cannot_find_anything_is_not_asked(cast, django_assert_num_queries):
    nobody, nowhere = User.objects.filter(name="Nobody"), Site.objects.none()
    with django_assert_num_queries(1):
        together(nobody, nowhere)
        assert list(nobody) == list(nowhere) == []
    with django_assert_num_queries(0):
        together(Trade.objects.none())
        together()


def test_children_are_handed_out_as_a_prefetch_would(cast, django_assert_num_queries):
    story = Story(cast).on_site()
    for name in ("Gasket", "Hinge"):
        visits.add_part(
            story.visit, by=cast.technician, now=story.later(), name=name, quantity=1, unit_cost_amount=Decimal(5)
        )
    trips, parts = Visit.objects.all(), PartUsed.objects.select_related("visit").order_by("pk")
    with django_assert_num_queries(1):
        together(trips, parts)
        hand_out(parts, of=trips, by="visit_id", name="parts")
        hand_out(parts, of=trips, by="visit_id", name="labor", take=lambda part: part.name)
        assert [part.name for part in trips[0].parts.all()] == ["Gasket", "Hinge"]
        assert list(trips[0].labor.all()) == ["Gasket", "Hinge"]
        assert trips[0].parts.all()[1].name == "Hinge"


def test_several_askings_go_side_by_side_for_as_long_as_each_of_them_asks(cast, django_assert_num_queries):
    Story(cast).reported()

    def sites_of_first_region():
        (first, *_) = yield from rows_of(Site.objects.order_by("pk"))
        sites = yield from rows_of(Site.objects.filter(region=first.region_id))
        return len(sites)

    def people():
        numbers = totals(User.objects.all(), number=Count("pk"), last=Max("pk"))
        yield [numbers]
        return numbers[0]

    with django_assert_num_queries(2):
        found = ask(side_by_side(sites_of_first_region(), nothing(), people()))
    assert found[1:] == [[], (User.objects.count(), User.objects.order_by("-pk").first().pk)]
    assert found[0] == Site.objects.filter(region=Site.objects.order_by("pk").first().region).count()


def test_sql_by_hand_goes_beside_querysets_or_alone_and_says_one_thing(cast, django_assert_num_queries):
    sql = """SELECT json_build_array(%(word)s::text, count(*), 7 %% 4)
        FROM assets_site WHERE id <> %(but)s AND %(word)s <> ''"""
    number = len([cast.hilltop, cast.harbor, cast.desert])
    sites = Site.objects.order_by("pk")
    for others in ((), (sites,)):
        asked = ByHand(sql, word="50 %", but=cast.hilltop.pk)
        with django_assert_num_queries(1):
            together(asked, *others)
            assert asked.answer == asked.answer == ["50 %", number - 1, 3]
    with django_assert_num_queries(0):
        assert len(sites) == number
    with django_assert_num_queries(1):
        assert ByHand("SELECT json_build_object('one', NULL)").answer == {"one": None}
    with pytest.raises(KeyError, match="but"):
        ByHand(sql, word="50 %")
