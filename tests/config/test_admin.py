"""The operator looks at everything and changes nothing."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from accounts import people
from accounts.models import Notice
from config.admin import OURS
from tests.cast import Cast
from tests.factories.clock import NOW

TABLES = [model for label in OURS for model in apps.get_app_config(label).get_models()]


def page(model, kind, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{kind}", args=args)


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model.__name__)
def test_every_table_can_be_looked_at_and_not_be_added_to(cast: Cast, enter, model):
    client = enter(cast.operator)
    assert client.get(page(model, "changelist")).status_code == 200
    assert client.get(page(model, "add")).status_code == 403


def test_a_row_shows_no_secret_and_takes_no_change(cast: Cast, enter):
    client = enter(cast.operator)
    invited = people.invite(email="nora@example.com", name="Nora", by=cast.admin, now=NOW)
    person = client.get(page(type(invited), "change", invited.pk))
    assert "Nora" in person.content.decode()
    assert invited.password not in person.content.decode()
    notice = Notice.objects.get(topic="invitation")
    assert "/invitation/" not in client.get(page(Notice, "change", notice.pk)).content.decode()
    assert client.post(page(type(invited), "change", invited.pk), {"name": "Eve"}).status_code == 403
    assert client.post(page(type(invited), "delete", invited.pk), {"post": "yes"}).status_code == 403


def test_nothing_of_a_library_is_open_to_change_either(cast: Cast):
    strangers = {model._meta.app_label for model in admin.site._registry} - set(OURS)
    assert strangers == set()


def test_only_staff_come_to_the_window(cast: Cast, enter):
    for person in (cast.admin, cast.fm, cast.stranger):
        assert enter(person).get("/admin/", follow=True).status_code == 403
